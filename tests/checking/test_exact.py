"""SymPy's opinion, entry by entry, on the five problems and a few more."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.checking.exact import prove
from gradcalc.language.parser import parse_expression

CASES = [
    ("1/(1+exp(-w'*x))", "w"),
    ("log(1+exp(-y*w'*sigmoid(W*x+b)))", "W"),
    ("||A*sigmoid(x)||^2", "x"),
    ("phi(.); phi(W*x)'*beta", "W"),
    ("z = W*x+b; s = sigmoid(z); r = s-y; r'*r", "W"),
    ("sum((y - sigmoid(X*w)).^2)", "w"),
    ("tr(A*X'*B*X*C)", "X"),
    ("x'*inv(A)*x", "A"),
    ("logdet(X)", "X"),
    ("logsumexp(A*x)", "x"),
    ("sum(relu(W*x))", "W"),
    ("sum[i,j](A[i,j]^2*x[j])", "x"),
]


@pytest.mark.parametrize(("expression", "wrt"), CASES)
def test_right_derivatives_pass(expression: str, wrt: str) -> None:
    derivative = gradcalc.derive(expression, wrt=wrt)
    assert prove(derivative, derivative.answers[0]).verdict == "passed"


@pytest.mark.parametrize("wrong", ["A*x", "A'*x", "-(A + A')*x", "2*(A + A')*x", "(A + A')*x + x", "(A - A')*x"])
def test_wrong_derivatives_fail(wrong: str) -> None:
    derivative = gradcalc.derive("x'*A*x", wrt="x")
    answer = derivative.answers[0]
    answer.expanded = parse_expression(wrong)
    assert prove(derivative, answer).verdict == "failed"
