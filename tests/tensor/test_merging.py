"""Contractions merged into contractions: a power goes inside only where nothing is summed and nothing is off it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from truth import arrays_of, check_gradient

from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Contraction, Node

SHAPES = {"A": (3, 3), "B": (3, 3), "x": (3,), "r": (3,)}


def _lse(a: np.ndarray) -> np.ndarray:
    return np.log(np.sum(np.exp(a)))


@pytest.mark.parametrize(
    ("text", "wrt", "function"),
    [
        ("sum(diag(A*x).^2)", "x", lambda A, B, x, r: np.sum((A @ x) ** 2)),
        ("norm2(diag(A*x))^2", "A", lambda A, B, x, r: np.sum((A @ x) ** 2)),
        ("sum(diag(A*x).^3)", "x", lambda A, B, x, r: np.sum((A @ x) ** 3)),
        ("sum(sqrt(diag(A.^2*r.^2)))", "r", lambda A, B, x, r: np.sum(np.sqrt(A**2 @ r**2))),
        ("logsumexp(diag(A*x).^2)", "x", lambda A, B, x, r: _lse(np.diag(A @ x) ** 2)),
        ("sum(exp(diag(A*x).^2))", "A", lambda A, B, x, r: np.sum(np.exp(np.diag(A @ x) ** 2))),
        ("sum((diag(A*x) + B).^2)", "x", lambda A, B, x, r: np.sum((np.diag(A @ x) + B) ** 2)),
        ("sum(diag(diag(A*B)).^2 * x)", "A", lambda A, B, x, r: np.diag(A @ B) ** 2 @ x),
        ("sum(cos(diag(x.*r)))", "x", lambda A, B, x, r: np.sum(np.cos(np.diag(x * r)))),
        ("sum(1 ./ (2 + diag(A*x)))", "x", lambda A, B, x, r: np.sum(1 / (2 + np.diag(A @ x)))),
        ("sum(exp(A - logsumexp(A)*eye(3)))", "A", lambda A, B, x, r: np.sum(np.exp(A - _lse(A) * np.eye(3)))),
        ("tr(1 ./ (B.*diag(A*x)))", "x", lambda A, B, x, r: np.sum(1 / (np.diag(B) * (A @ x)))),
    ],
)
def test_powers_and_functions_of_diagonals(text: str, wrt: str, function: Callable[..., Any]) -> None:
    arrays = arrays_of(**SHAPES)
    used = {name: array for name, array in arrays.items() if re.search(rf"\b{name}\b", text)}
    with np.errstate(divide="ignore"):
        check_gradient(text, wrt, lambda **given: function(**{**arrays, **given}), used)


def _diagonal(graph: Graph) -> Node:
    """diag(A*x)."""
    matrix, vector = graph.symbol("A", ("n", "n")), graph.symbol("x", ("n",))
    return graph.contraction(ONE, [(matrix, 1, (0, 1)), (vector, 1, (1,))], (0, 0), {0: "n", 1: "n"})


@pytest.mark.parametrize("exponent", [2, 3, -1])
def test_a_power_of_a_sum_on_a_diagonal_stays_one_factor(exponent: int) -> None:
    graph = Graph()
    node = _diagonal(graph)
    made = graph.power(node, exponent)
    assert isinstance(made, Contraction)
    assert made.factors == ((node, exponent, (0, 1)),)


def test_a_negative_power_goes_inside_at_the_diagonal_only() -> None:
    graph = Graph()
    node = graph.contraction(ONE, [(graph.symbol("x", ("n",)), 1, (0,))], (0, 0), {0: "n"})
    assert graph.power(node, -1).operands == (node,)
    entries = graph.contraction(ONE, [(node, -1, (0, 0))], (0,), {0: "n"})
    assert entries is graph.power(graph.symbol("x", ("n",)), -1)
