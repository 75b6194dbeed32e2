"""Sums of products of many arrays, pair by pair."""

from __future__ import annotations

import time

import numpy as np
import pytest

import gradcalc
from gradcalc.numeric.pairwise import contracted

GENERATOR = np.random.default_rng(3)


@pytest.mark.parametrize(
    "subscripts",
    ["ab,bc,cd->ad", "ab,ab,a->", "aab,b,c->ac", "a,b,c->bca", "ab,bc,ca->", "abc,cd,bd,ae->e", "aa->", "a,a,ab->ba"],
)
def test_agrees_with_loops(subscripts: str) -> None:
    inputs, output = subscripts.split("->")
    lengths = dict(zip("abcde", (2, 3, 4, 2, 3)))
    arrays = [GENERATOR.normal(size=tuple([lengths[letter] for letter in own])) for own in inputs.split(",")]
    expected = np.zeros(tuple([lengths[letter] for letter in output]))
    letters = sorted(set(inputs) - {","})
    for place in np.ndindex(*[lengths[letter] for letter in letters]):
        at = dict(zip(letters, place))
        term = np.prod([a[tuple([at[letter] for letter in own])] for a, own in zip(arrays, inputs.split(","))])
        expected[tuple([at[letter] for letter in output])] += term
    operands = [(array, tuple([ord(letter) for letter in own])) for array, own in zip(arrays, inputs.split(","))]
    assert contracted(operands, [ord(letter) for letter in output]) == pytest.approx(expected)


def test_more_indices_than_letters() -> None:
    matrices = [GENERATOR.normal(size=(3, 3)) for _ in range(60)]
    chain = contracted([(matrix, (place, place + 1)) for place, matrix in enumerate(matrices)], (0, 60))
    assert chain == pytest.approx(np.linalg.multi_dot(matrices))


def test_many_arrays_take_no_sum_over_all_indices() -> None:
    """All at once this is 30^12 steps."""
    matrices = [GENERATOR.normal(size=(30, 30)) for _ in range(11)]
    start = time.perf_counter()
    contracted([(matrix, (place, place + 1)) for place, matrix in enumerate(matrices)], (0, 11))
    assert time.perf_counter() - start < 2


def test_a_third_derivative_of_a_chain() -> None:
    """The program orders its einsums: d3/dX3 of tr((A*X)^3*B) is computed at 9 x 9 in a moment."""
    derivative = gradcalc.derive("X: matrix[n,n]; A: matrix[n,n]; B: matrix[n,n]; tr(A*X*A*X*A*X*B)", wrt="X", order=3)
    at = {name: GENERATOR.normal(size=(6, 6)) for name in "AXB"}
    along = GENERATOR.normal(size=(6, 6))
    start = time.perf_counter()
    value = derivative.function()(**at)
    assert time.perf_counter() - start < 5
    # The third derivative of a cubic along a line is six times what is cubic in the direction.
    A, B = at["A"], at["B"]
    expected = 6 * np.trace(A @ along @ A @ along @ A @ along @ B)
    assert np.einsum("abcdef,ab,cd,ef", value, along, along, along, optimize=True) == pytest.approx(expected)
