"""Identities of functions of matrices: where each holds, and where it must not be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from truth import arrays_of, check_gradient

import gradcalc
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.identities import is_function_of_transpose
from gradcalc.tensor.nodes import ONE, Node

power = np.linalg.matrix_power
expm = scipy.linalg.expm


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("sum(diag(X^4).^2)", lambda X: np.sum(np.diag(power(X, 4)) ** 2)),
        ("sum(diag(expm(X)).^2)", lambda X: np.sum(np.diag(expm(X)) ** 2)),
        ("tr(expm(X).^2)", lambda X: np.sum(np.diag(expm(X)) ** 2)),
        ("tr(expm(X) .* X)", lambda X: np.sum(np.diag(expm(X)) * np.diag(X))),
        ("tr(expm(X)*X^2)", lambda X: np.trace(expm(X) @ X @ X)),
        ("tr(expm(X)*X')", lambda X: np.trace(expm(X) @ X.T)),
        ("tr(diag(diag(X))*expm(X)*X)", lambda X: np.trace(np.diag(np.diag(X)) @ expm(X) @ X)),
        ("tr(expm(X))*tr(X*expm(2*X))", lambda X: np.trace(expm(X)) * np.trace(X @ expm(2 * X))),
        ("sum(diag(expm(X)*X))", lambda X: np.trace(expm(X) @ X)),
        ("sum(diag(matpow(X, 3)).^2)", lambda X: np.sum(np.diag(power(X, 3)) ** 2)),
        ("tr(diag(diag(X*X))*expm(X))", lambda X: np.sum(np.diag(X @ X) * np.diag(expm(X)))),
    ],
)
def test_functions_of_matrices_beside_diagonals(text: str, function: Callable[..., Any]) -> None:
    check_gradient(text, "X", function, arrays_of(X=(3, 3)))


def test_within_the_symmetric_matrices() -> None:
    """The derivative along symmetric directions is that of the function."""

    root = arrays_of(S=(3, 3))["S"]
    at = (root + root.T) / 2
    value, gradient = gradcalc.derive("S: symmetric[n]; sum(diag(expm(S)).^2)", wrt="S").value_and_gradient(S=at)
    assert value == pytest.approx(np.sum(np.diag(expm(at)) ** 2))
    along = np.array([[1.0, 0.5, 0.0], [0.5, -1.0, 2.0], [0.0, 2.0, 0.25]])
    ends = [np.sum(np.diag(expm(at + step * along)) ** 2) for step in (1e-5, -1e-5)]
    assert np.sum(gradient * along) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


def _products(graph: Graph) -> list[tuple[str, Node, bool]]:
    """Products of X' and functions of it, and whether they are functions of X'."""
    matrix = graph.symbol("X", ("n", "n"))
    function = graph.atom("expm", matrix)

    def product(factors: list[tuple[Node, int, tuple[int, ...]]], output: tuple[int, ...]) -> Node:
        indices = {index for _, _, own in factors for index in own} | set(output)
        return graph.contraction(ONE, factors, output, dict.fromkeys(indices, "n"))

    return [
        ("eye(n)", graph.identity(("n",)), True),
        ("X'", graph.transpose(matrix), True),
        ("X'*expm(X')", product([(matrix, 1, (1, 0)), (function, 1, (2, 1))], (0, 2)), True),
        ("X", matrix, False),
        ("diag(diag(X))", product([(matrix, 1, (0, 0))], (0, 0)), False),
        ("diag(diag(X*X))", product([(matrix, 1, (0, 1)), (matrix, 1, (1, 0))], (0, 0)), False),
        ("diag(diag(X))*X'", product([(matrix, 1, (0, 0)), (matrix, 1, (1, 0))], (0, 1)), False),
        ("X .* X'", product([(matrix, 1, (0, 1)), (matrix, 1, (1, 0))], (0, 1)), False),
        ("diag(diag(X*X))*X'", product([(matrix, 1, (0, 1)), (matrix, 1, (1, 0)), (matrix, 1, (2, 0))], (0, 2)), False),
        ("ones(n,n)", graph.constant(1, ("n", "n")), False),
        ("X'.^2", product([(matrix, 2, (1, 0))], (0, 1)), False),
    ]


def test_what_is_a_function_of_the_transpose() -> None:
    graph = Graph()
    matrix = graph.symbol("X", ("n", "n"))
    for text, node, expected in _products(graph):
        assert is_function_of_transpose(node, matrix) is expected, text


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("tr(A^100000)", "100000*(A^99999)'"),
        ("tr(A^99999999999999999999)", "99999999999999999999*(A^99999999999999999998)'"),
        ("tr(A^-100000)", "-100000*(A^-100001)'"),
        ("tr(matpow(A, 3))", "3*(A^2)'"),
        ("tr(A^-2)", "-2*(inv(A)^3)'"),
        ("x'*A^100000*x", None),
    ],
)
def test_whole_powers_of_any_size(text: str, answer: str | None) -> None:
    derivative = gradcalc.derive(f"A: matrix[n,n]; {text}", wrt="A")
    if answer is not None:
        assert derivative.text == answer
    assert len(derivative.text) < 100


@pytest.mark.parametrize("count", [2, 11, 12, 13, 14, 40, -3, -13])
def test_low_and_high_powers_agree_with_differences(count: int) -> None:
    """Up to a dozen factors a power is a product, beyond it a function of its own."""
    arrays = arrays_of(A=(3, 3), B=(3, 3))
    arrays["A"] = arrays["A"] / 3 + np.eye(3)
    check_gradient(f"tr(A^({count})*B)", "A", lambda A, B: np.trace(power(A, count) @ B), arrays)
    check_gradient(f"det(A^({count}))", "A", lambda A: np.linalg.det(A) ** count, {"A": arrays["A"]})
