"""Derivatives with more than two axes in all their forms: Kronecker products, entries, einsums, actions."""

from __future__ import annotations

import numpy as np
import pytest
from textbook import stacked

import gradcalc
from gradcalc.api import Derivative
from gradcalc.evaluation import Evaluator
from gradcalc.language.parser import parse
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import evaluate

KRONECKER = [
    ("norm2(T - U*V')^2", "U", 2, "2*kron(V'*V, eye(m))"),
    ("A*X*B", "X", 1, "kron(B', A)"),
    ("X'*A", "X", 1, "kron(A', eye(n))*commutation(m, n)"),
    ("X*x", "X", 1, "kron(x, eye(m))'"),
    ("inv(X)", "X", 1, "-kron(inv(X)', inv(X))"),
    ("sum(exp(X))", "X", 2, "diag(vec(exp(X)))"),
    ("X.*X", "X", 1, "2*diag(vec(X))"),
    ("tr(X*X)", "X", 2, "2*commutation(n, n)"),
    ("logdet(X)", "X", 2, "-kron(inv(X), inv(X)')*commutation(n, n)"),
    ("X: matrix[m, n]; vec(X)", "X", 1, "eye(m*n)"),
]

OTHERS = [
    ("sigmoid(A*X)", "X", 1),
    ("softmax(X, 2)", "X", 1),
    ("X'*X", "X", 1),
    ("X^3", "X", 1),
    ("sum(exp(x))", "x", 3),
    ("x'*A*x*x'*x", "x", 3),
    ("tr(X'*A*X*B)", "X", 2),
    ("x*x'*A", "x", 1),
    ("x: vector; x*x'", "x", 1),
    ("expm(X)", "X", 1),
    ("kron(A, X)", "X", 1),
    ("[X; A]", "X", 1),
    ("X[1:2,:]", "X", 1),
    ("sum(X, 2)", "X", 1),
    ("max(X, Y)", "X", 1),
    ("inv(A + x*x')", "x", 1),
]


def _arrays(derivative: Derivative) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    return draw(derivative.problem.program, derivative.problem.typing, {}, seed=11)


def _value(derivative: Derivative) -> np.ndarray:
    arrays, sizes = _arrays(derivative)
    return Evaluator(derivative, sizes)(arrays, sizes)[1][0]


def _read(derivative: Derivative, text: str, **more: np.ndarray) -> np.ndarray:
    """The value of a text by the reference interpreter, at the same arrays."""
    arrays, sizes = _arrays(derivative)
    program = parse(text)
    shapes = {name: variable.dims for name, variable in derivative.problem.typing.variables.items()}
    shapes.update({name: array.shape for name, array in more.items()})
    return evaluate(program, infer(program, shapes), {**arrays, **more}, sizes)


@pytest.mark.parametrize(("expression", "wrt", "order", "expected"), KRONECKER)
def test_kronecker_form(expression: str, wrt: str, order: int, expected: str) -> None:
    """vec of the result by vec of the variable, columns one below the other."""
    derivative = gradcalc.derive(expression, wrt=wrt, order=order)
    (answer,) = derivative.answers
    full = answer.full()
    assert full is not None
    assert to_text(full) == expected
    value = _value(derivative)
    columns = len(derivative.problem.typing.variables[wrt].dims)
    assert _read(derivative, expected) == pytest.approx(stacked(value, columns))


@pytest.mark.parametrize(("expression", "wrt", "order"), [*[case[:3] for case in KRONECKER], *OTHERS])
def test_every_form_has_the_value(expression: str, wrt: str, order: int) -> None:
    derivative = gradcalc.derive(expression, wrt=wrt, order=order)
    assert derivative.check(seed=2).verdict == "passed"
    (answer,) = derivative.answers
    value = _value(derivative)
    change = np.random.default_rng(12).normal(size=_arrays(derivative)[0][wrt].shape)
    expected = np.tensordot(value, change, axes=change.ndim)
    action = derivative.action(answer)
    full = action.full()
    if full is not None and not action.indices:
        found = _read(derivative, to_text(full), **{f"d{wrt}": change})
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-10)
    entry = derivative.index_formula(answer)
    assert len(entry.indices) == value.ndim


@pytest.mark.parametrize(("expression", "wrt", "order"), [*[case[:3] for case in KRONECKER], *OTHERS])
def test_the_einsum_is_compiled(expression: str, wrt: str, order: int) -> None:
    """Where there is an einsum, the program computes it; elsewhere `code` says that there is none."""
    derivative = gradcalc.derive(expression, wrt=wrt, order=order)
    text = derivative.einsum(derivative.answers[0])
    if text is None:
        assert expression in ("kron(A, X)", "expm(X)") or not derivative.has_code
    else:
        assert "einsum(" in text
        assert derivative.has_code


def test_an_action_along_a_kronecker_product() -> None:
    derivative = gradcalc.derive("A*X*B", wrt="X")
    assert to_text(derivative.action(derivative.answers[0]).tree) == "A*dX*B"
