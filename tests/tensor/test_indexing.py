"""Every derivative has a formula, if only in entries, and a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from truth import arrays_of, check_gradient, slopes

import gradcalc
from gradcalc.language.parser import parse
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.numeric.reference import evaluate

expm = scipy.linalg.expm


def _softmax(a: np.ndarray) -> np.ndarray:
    return np.exp(a) / np.sum(np.exp(a))


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("logsumexp(vec(diag(y)))", lambda y: np.log(np.sum(np.exp(np.diag(y))))),
        ("var(vec(diag(y)))", lambda y: np.var(np.diag(y))),
        ("max(vec(diag(y)))", lambda y: np.max(np.diag(y))),
        ("prod(1 + vec(diag(y)))", lambda y: np.prod(1 + np.diag(y))),
        ("sum(cumsum(vec(diag(y))).^2)", lambda y: np.sum(np.cumsum(np.diag(y)) ** 2)),
        ("softmax(vec(diag(y)))", lambda y: _softmax(np.diag(y)).ravel()),
        ("sum(logsumexp(diag(y), 2).^2)", lambda y: np.sum(np.log(np.sum(np.exp(np.diag(y)), axis=1)) ** 2)),
        ("kron(y, y)'*vec(diag(y.^2))", lambda y: np.kron(y, y) @ np.diag(y**2).ravel()),
    ],
)
def test_functions_of_the_entries_of_diagonals(text: str, function: Callable[..., Any]) -> None:
    check_gradient(text, "y", function, arrays_of(y=(3,)))


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("eigvals(sym(B + t))'*x", "t"),
        ("eigvals(sym(eye(3) + B))'*x", "B"),
        ("eigvals((B*B + B) + (B*B + B)')'*x", "B"),
        ("eigvals(sym(B*B*t + B))'*x", "t"),
    ],
)
def test_what_is_symmetric_by_its_form(text: str, wrt: str) -> None:
    arrays = {name: a for name, a in arrays_of(B=(3, 3), t=(), x=(3,)).items() if re.search(rf"\b{name}\b", text)}
    matrices = {
        "sym(B + t)": lambda B, t: B + t,
        "sym(eye(3) + B)": lambda B, t: np.eye(3) + B,
        "(B*B + B) + (B*B + B)'": lambda B, t: 2 * (B @ B + B),
        "sym(B*B*t + B)": lambda B, t: B @ B * t + B,
    }
    matrix = next(made for key, made in matrices.items() if key in text)

    def function(x: Any, B: Any = None, t: Any = 0.0) -> Any:
        made = matrix(B, t)
        return np.linalg.eigvalsh((made + made.T) / 2) @ x

    check_gradient(text, wrt, function, arrays)


_LONGEST_EVALUATED = 500
"""Sums within sums take the interpreter too long."""

REFUSED = [
    # Matrix functions whose directions have no matrix form: their entries are put together.
    ("B", "tr(kron(repmat(diag(B), 1, 2), expm(0.3*(B.^2))))", 2,
     lambda B: np.trace(np.kron(np.tile(np.diag(B)[:, None], (1, 2)), expm(0.3 * B**2)))),
    ("B", "sum(diag(expm(0.3*B)).^2)*B[1,1]", 2, lambda B: np.sum(np.diag(expm(0.3 * B)) ** 2) * B[0, 0]),
    ("B", "expm(0.2*B.*B')", 1, lambda B: expm(0.2 * B * B.T)),
    ("B", "logsumexp(kron(expm(B), B))", 2, lambda B: np.log(np.sum(np.exp(np.kron(expm(B), B))))),
]  # fmt: skip


@pytest.mark.parametrize(("wrt", "text", "order", "function"), REFUSED)
def test_entries_of_every_derivative(wrt: str, text: str, order: int, function: Callable[..., Any]) -> None:
    arrays = {"B": arrays_of(B=(2, 2))["B"] / 2}
    expected: Any = function
    for _ in range(order):
        expected = (lambda inner: lambda **given: slopes(inner, given, wrt, 0.02))(expected)
    expected = expected(**arrays)
    derivative = gradcalc.derive(text, wrt=wrt, order=order, shapes={"B": (2, 2)})
    np.testing.assert_allclose(derivative.function()(**arrays), expected, rtol=1e-4, atol=1e-5)
    form = derivative.index_formula(derivative.answers[0])
    if len(to_text(form.expanded)) > _LONGEST_EVALUATED:
        return
    written = "".join([f"{name} = {to_text(tree)}; " for name, tree in form.where]) + to_text(form.tree)
    for place in ((0,) * expected.ndim, tuple([length - 1 for length in expected.shape])):
        entry = written
        for name, number in zip(form.indices, place):
            entry = re.sub(rf"\b{name}\b", str(number + 1), entry)
        program = parse(entry)
        found = evaluate(program, infer(program, {"B": (2, 2)}), arrays, {})
        assert found == pytest.approx(expected[place], rel=1e-4, abs=1e-5), entry


def test_a_third_derivative_through_eigenvalues() -> None:
    """The sum of exp(eigvals(S)) is tr(expm(S))."""
    root = arrays_of(S=(3, 3))["S"]
    at, along = (root + root.T) / 2, np.array([[1.0, 0.5, 0.0], [0.5, -1.0, 0.7], [0.0, 0.7, 0.25]])
    value = gradcalc.derive("S: symmetric[n]; sum(exp(eigvals(S)))", wrt="S", order=3).function()(S=at)
    found = np.einsum("abcdef,ab,cd,ef", value, along, along, along)
    # A central difference of the second derivative along the line.
    steps = [(-2, -0.5), (-1, 1.0), (1, -1.0), (2, 0.5)]
    width = 2e-3
    expected = sum(weight * np.trace(expm(at + step * width * along)) for step, weight in steps) / width**3
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("text", ["tr(A*Q*B*Q)", "sum(exp(A*Q))"])
def test_second_derivatives_within_the_orthogonal_matrices(text: str) -> None:
    """How the projected gradient changes along a curve Q*expm(t*W) with a skew W."""
    arrays = arrays_of(A=(3, 3), B=(3, 3), Q=(3, 3))
    arrays["Q"] = np.linalg.qr(arrays["Q"])[0]
    arrays = {name: array for name, array in arrays.items() if re.search(rf"\b{name}\b", text)}
    turn = np.array([[0.0, 0.4, -0.3], [-0.4, 0.0, 0.8], [0.3, -0.8, 0.0]])
    functions = {
        "tr(A*Q*B*Q)": lambda A, B, Q: np.trace(A @ Q @ B @ Q),
        "sum(exp(A*Q))": lambda A, Q: np.sum(np.exp(A @ Q)),
    }

    def projected(at: Any) -> Any:
        gradient = slopes(functions[text], {**arrays, "Q": at}, "Q", 0.01)
        return (gradient - at @ gradient.T @ at) / 2

    width = 1e-3
    ends = [projected(arrays["Q"] @ expm(sign * width * turn)) for sign in (1, -1)]
    expected = (ends[0] - ends[1]) / (2 * width)
    declared = f"Q: orthogonal[n]; {text}"
    found = gradcalc.derive(declared, wrt="Q", order=2).function()(**arrays)
    direction = arrays["Q"] @ turn
    assert np.tensordot(found, direction, axes=2) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    product = gradcalc.derive(declared, wrt="Q", order=2, direction="V").function()(**arrays, V=direction)
    assert product == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_second_derivatives_within_the_toeplitz_matrices() -> None:
    """The quadratic form of the second derivative in a Toeplitz direction is the second difference."""
    A, B = arrays_of(A=(3, 3), B=(3, 3)).values()
    at, along = scipy.linalg.toeplitz([1.0, 0.3, -0.2]), scipy.linalg.toeplitz([0.4, -1.0, 0.6], [0.4, 0.9, 0.2])
    found = gradcalc.derive("T: toeplitz[n]; tr(A*T*B*T)", wrt="T", order=2).function()(A=A, B=B, T=at)
    assert np.einsum("abcd,ab,cd", found, along, along) == pytest.approx(2 * np.trace(A @ along @ B @ along))
