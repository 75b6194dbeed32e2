"""Block literals with parts of one row or one column: shapes, values and gradients against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc

ARRAYS: dict[str, Any] = {
    "x": np.array([0.3]),
    "y": np.array([-0.4]),
    "z": np.array([0.5, -0.2]),
    "A": np.array([[0.1, 0.7]]),
    "B": np.array([[0.6], [-0.3]]),
    "t": 0.9,
}
DECLARED = "x, y: vector[1]; z: vector[2]; A: matrix[1, 2]; B: matrix[2, 1]; t: scalar; "

BLOCKS: list[tuple[str, Callable[..., Any]]] = [
    ("[x, A]", lambda x, A, **_: np.block([[x[:, None], A]])),
    ("[A, x]", lambda x, A, **_: np.block([[A, x[:, None]]])),
    ("[x, y]", lambda x, y, **_: np.block([[x[:, None], y[:, None]]])),
    ("[x, y']", lambda x, y, **_: np.block([[x[:, None], y[None]]])),
    ("[x', A, t]", lambda x, A, t, **_: np.block([[x[None], A, np.full((1, 1), t)]])),
    ("[A, z']", lambda A, z, **_: np.block([[A, z[None]]])),
    ("[t; B]", lambda B, t, **_: np.block([[np.full((1, 1), t)], [B]])),
    ("[z, B]", lambda z, B, **_: np.block([[z[:, None], B]])),
    ("[x, A; z', y]", lambda x, y, z, A, **_: np.block([[x[:, None], A], [z[None], y[:, None]]])),
    ("[B; x]", lambda x, B, **_: np.block([[B], [x[:, None]]])),
]


@pytest.mark.parametrize(("text", "block"), BLOCKS, ids=[text for text, _ in BLOCKS])
def test_a_block_with_parts_of_one_entry(text: str, block: Callable[..., Any]) -> None:
    names = [name for name in ARRAYS if name in text]
    given = {name: ARRAYS[name] for name in names}
    derivation = gradcalc.derive(f"{DECLARED}sum(exp({text}))", wrt=names)
    value, gradients = derivation.value_and_gradient(**given)
    assert value == pytest.approx(np.sum(np.exp(block(**given))))
    for name in names:
        array = np.asarray(ARRAYS[name], dtype=complex)
        expected = np.zeros(array.shape)
        for place in np.ndindex(*array.shape):
            moved = array.copy()
            moved[place] += 1e-30j
            expected[place] = np.imag(np.sum(np.exp(block(**{**given, name: moved})))) / 1e-30
        gradient = gradients[name] if len(names) > 1 else gradients
        assert np.shape(gradient) == expected.shape
        assert np.asarray(gradient) == pytest.approx(expected)


def test_a_sum_of_squares_of_a_block_has_the_gradient_of_its_part() -> None:
    text = "a: vector[2]; B: matrix[2, 1]; C: matrix[2, 2]; norm2([a, B, C])^2"
    assert [str(gradcalc.derive(text, wrt=name)) for name in "aBC"] == ["df/da = 2*a", "df/dB = 2*B", "df/dC = 2*C"]
