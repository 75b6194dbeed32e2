"""Kronecker products and repetitions in sums that leave no index: an edge from a vertex to itself is its diagonal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from truth import arrays_of, check_gradient

import gradcalc
from gradcalc.tensor.graph import Graph

SHAPES = {
    "A": (2, 3), "C": (3, 2), "M": (6, 2), "D": (2, 4), "W": (1, 3), "X": (3, 2), "z": (2,), "w": (2,), "c": (),
    "Q": (2, 2),
}  # fmt: skip


def _column(z: np.ndarray) -> np.ndarray:
    return z[:, None]


@pytest.mark.parametrize(
    ("text", "wrt", "function"),
    [
        ("tr(repmat(W, 3, 1))", "W", lambda W: np.trace(np.tile(W, (3, 1)))),
        ("tr(kron(A, C))", "A", lambda A, C: np.trace(np.kron(A, C))),
        ("tr(kron(A, C))", "C", lambda A, C: np.trace(np.kron(A, C))),
        ("tr(kron(A, C)^2)", "A", lambda A, C: np.trace(np.kron(A, C) @ np.kron(A, C))),
        ("sum(diag(kron(A, C)).^2)", "C", lambda A, C: np.sum(np.diag(np.kron(A, C)) ** 2)),
        ("sum(kron(z, X).*M)", "z", lambda z, X, M: np.sum(np.kron(_column(z), X) * M)),
        ("sum(kron(z, X).*M)", "X", lambda z, X, M: np.sum(np.kron(_column(z), X) * M)),
        ("dot(repmat(W, 1, 1), W)", "W", lambda W: np.sum(W * W)),
        ("c*tr(kron(z, D))", "c", lambda c, z, D: c * np.trace(np.kron(_column(z), D))),
        ("c*tr(kron(z, D))", "D", lambda c, z, D: c * np.trace(np.kron(_column(z), D))),
        ("tr(D*kron(eye(2), w))", "w", lambda D, w: np.trace(D @ np.kron(np.eye(2), _column(w)))),
        ("tr(D*kron(w, eye(2)))", "D", lambda D, w: np.trace(D @ np.kron(_column(w), np.eye(2)))),
        ("tr(kron(Q, Q)*kron(Q, eye(2)))", "Q", lambda Q: np.trace(np.kron(Q, Q) @ np.kron(Q, np.eye(2)))),
        ("tr(repmat(z, 1, 2)*Q)", "z", lambda z, Q: np.trace(np.tile(_column(z), (1, 2)) @ Q)),
        ("sum(exp(diag(repmat(A, 3, 2))))", "A", lambda A: np.sum(np.exp(np.diag(np.tile(A, (3, 2)))))),
    ],
)  # fmt: skip
def test_closed_sums(text: str, wrt: str, function: Callable[..., Any]) -> None:
    used = {name: array for name, array in arrays_of(**SHAPES).items() if re.search(rf"\b{name}\b", text)}
    check_gradient(text, wrt, function, used)


def test_worked_out_by_hand() -> None:
    """tr([1 2 3 4; 5 6 7 8] * [1 0; 2 0; 0 1; 0 2]) = (1 + 4) + (7 + 16)."""
    derivative = gradcalc.derive("tr(A*kron(eye(2), w))", wrt="w", shapes={"A": (2, 4), "w": (2,)})
    value, gradient = derivative.value_and_gradient(A=[[1, 2, 3, 4], [5, 6, 7, 8]], w=[1, 2])
    assert value == 28
    assert gradient.tolist() == [1 + 7, 2 + 8]


@pytest.mark.parametrize(("dims", "joined"), [((1, "n", "n"), (0, 1, 1)), (("n", 1, "n"), (0, 1, 0))])
def test_a_merge_with_an_axis_of_one_entry_is_an_identity(dims: tuple[Any, ...], joined: tuple[int, ...]) -> None:
    graph = Graph()
    made = graph.pattern("merge", dims)
    assert made is graph.contraction((1, ()), (), joined, dict(enumerate(dims[:2])))


def test_lengths_that_are_numbers_are_one_number() -> None:
    """Six copies of C, squared and summed: 12*C, not 2*2*3*C."""
    assert gradcalc.derive("C: matrix[n,m]; sum(repmat(C', 2, 3).^2)", wrt="C").text == "12*C"
