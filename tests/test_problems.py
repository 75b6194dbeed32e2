"""The five problems that the tool exists for: derived, evaluated, checked, and what was published about them."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.evaluation import Evaluator
from gradcalc.language.parser import parse
from gradcalc.language.shapes import infer
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import observe

P1 = "1/(1+exp(-w'*x))"
P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"
P3 = "||A*sigmoid(x)||^2"
P4 = "phi(.); phi(W*x)'*beta"
P4_LOGISTIC = "sigmoid(W*x)'*beta"
P4_IDENTITY = "(W*x)'*beta"
P5 = "z = W*x+b; s = sigmoid(z); r = s-y; r'*r"
P5_BATCH = "sum((y - sigmoid(X*w)).^2)"

VARIABLES = [
    *[(P1, name) for name in ("w", "x")],
    *[(P2, name) for name in ("W", "w", "x", "b", "y")],
    *[(P3, name) for name in ("x", "A")],
    *[(P4, name) for name in ("W", "x", "beta")],
    *[(P4_LOGISTIC, name) for name in ("W", "x", "beta")],
    *[(P4_IDENTITY, name) for name in ("W", "x", "beta")],
    *[(P5, name) for name in ("W", "x", "b", "y")],
    *[(P5_BATCH, name) for name in ("X", "w", "y")],
]


@pytest.mark.parametrize("layout", [None, "numerator", "denominator"])
@pytest.mark.parametrize(("objective", "wrt"), VARIABLES)
def test_every_variable_in_every_layout_passes_the_check(objective: str, wrt: str, layout: str | None) -> None:
    assert gradcalc.derive(objective, wrt=wrt, layout=layout).check(seed=1).verdict == "passed"


@pytest.mark.parametrize(("objective", "wrt"), VARIABLES)
def test_component_form_has_the_value_of_the_matrix_form(objective: str, wrt: str) -> None:
    """The entry at named indices, evaluated for each of their values."""
    problem = Problem(objective)
    derivative = Derivative(problem, problem.components(wrt), 1, None)
    arrays, sizes = draw(problem.program, problem.typing, {}, seed=4)
    _, (gradient,) = Evaluator(derivative, sizes)(arrays, sizes)
    for entry in np.ndindex(*gradient.shape):
        component = f"{wrt}[{','.join([str(place + 1) for place in entry])}]" if entry else wrt
        one = Derivative(problem, problem.components(component), 1, None)
        _, (value,) = Evaluator(one, sizes)(arrays, sizes)
        assert float(value) == pytest.approx(float(gradient[entry]), rel=1e-10, abs=1e-14)


RIGHT = [
    (P1, "w", "f = 1/(1+exp(-w'*x)); (f - f^2)*x"),
    (P1, "w", "f = 1/(1+exp(-w'*x)); f*(1-f)*x"),
    (P1, "w", "exp(-w'*x)/(1+exp(-w'*x))^2 * x"),
    (
        P2,
        "W",
        "s = sigmoid(W*x+b); alpha = exp(-y*w'*s); lambda = log(1+alpha); -exp(-lambda)*alpha*y*diag(s - s.*s)'*w*x'",
    ),
    (P2, "W", "s = sigmoid(W*x+b); -y*sigmoid(-y*w'*s)*(w .* s .* (1-s))*x'"),
    (P3, "x", "s = sigmoid(x); 2*diag(s - s.*s)'*A'*A*s"),
    (P3, "x", "s = sigmoid(x); 2*(s - s.*s) .* (A'*A*s)"),
    (P4, "W", "phi(.); (beta .* phi'(W*x))*x'"),
    (P4_LOGISTIC, "W", "s = sigmoid(W*x); (beta.*s - beta.*s.*s)*x'"),
    (P4_IDENTITY, "W", "beta*x'"),
    (P5, "W", "s = sigmoid(W*x+b); S = diag(s); 2*(S - S^2)*(s-y)*x'"),
    (P5_BATCH, "w", "s = sigmoid(X*w); -2*X'*((y-s).*s.*(1-s))"),
]

WRONG = [
    (P1, "w", "exp(-w'*x)*x/(1+exp(-w'*x))^(-2)"),
    (P2, "W", "s = sigmoid(W*x+b); e1 = exp(-y*w'*s); -(1+e1)^-1*e1*y*(w'*(s.*(1-s)))*ones(m)*x'"),
    (P5, "W", "z = W*x+b; 2*((y-z).*z.*(1-z))*x'"),
]


def _values(objective: str, wrt: str, claim: str) -> tuple[np.ndarray, np.ndarray]:
    problem = Problem(objective)
    derivative = Derivative(problem, problem.components(wrt), 1, None)
    arrays, sizes = draw(problem.program, problem.typing, {}, seed=9)
    _, (gradient,) = Evaluator(derivative, sizes)(arrays, sizes)
    program = parse(claim)
    shapes = {name: variable.dims for name, variable in problem.typing.variables.items()}
    known = {name: shape for name, shape in shapes.items() if name in claim}
    return gradient, np.asarray(observe(program, infer(program, known), arrays, sizes).value)


@pytest.mark.parametrize(("objective", "wrt", "claim"), RIGHT)
def test_right_published_answers_have_our_value(objective: str, wrt: str, claim: str) -> None:
    gradient, claimed = _values(objective, wrt, claim)
    assert claimed == pytest.approx(gradient, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize(("objective", "wrt", "claim"), WRONG)
def test_wrong_published_answers_do_not(objective: str, wrt: str, claim: str) -> None:
    gradient, claimed = _values(objective, wrt, claim)
    assert claimed != pytest.approx(gradient, rel=1e-6)


def test_the_row_of_the_squared_norm() -> None:
    """2*s'*A'*A*diag(s - s.*s), which is right in numerator layout."""
    derivative = gradcalc.derive(P3, wrt="x", layout="numerator")
    assert derivative.answers[0].kind == "row"
    arrays = {"A": np.arange(6.0).reshape(2, 3), "x": np.array([0.1, -0.2, 0.3])}
    s = 1 / (1 + np.exp(-arrays["x"]))
    row = 2 * s @ arrays["A"].T @ arrays["A"] @ np.diag(s - s * s)
    assert derivative.function()(**arrays) == pytest.approx(row)


def test_the_definitions_come_back() -> None:
    derivative = gradcalc.derive(P5, wrt="W")
    assert derivative.where == {"z": "W*x + b", "s": "sigmoid(z)", "r": "s - y"}
    assert "r" in derivative.text


DOCUMENTED = [
    ("0.5*x'*A*x", "x"), ("A*exp(x)", "x"), ("(y.*v)'*x", "v"), ("a^b", "a"), ("a^b", "b"), ("norm1(A*x-y)", "x"),
    ("norm2(A*x-y)^2", "x"), ("sum(log(exp(-y.*(X*w)) + vector(1)))", "w"), ("tr(A*X'*B*X*C)", "X"),
    ("log(det(inv(X)))", "X"), ("sum(exp(X) + matrix(1))", "X"),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "wrt"), DOCUMENTED)
def test_documented_examples_of_the_field(objective: str, wrt: str) -> None:
    assert gradcalc.derive(objective, wrt=wrt).check(seed=2).verdict == "passed"
