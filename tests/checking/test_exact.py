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


STRUCTURES = ["symmetric", "spd", "skew", "diagonal", "lower", "upper", "toeplitz", "orthogonal"]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_derivative_within_a_structure_passes_and_one_without_fails(structure: str) -> None:
    """The gradient of tr(A*S*S) by a free S is (A*S + S*A)'."""
    derivative = gradcalc.derive(f"S: {structure}[n]; A: matrix[n, n]; tr(A*S*S)", wrt="S")
    answer = derivative.answers[0]
    assert prove(derivative, answer).verdict == "passed"
    answer.expanded = parse_expression("(A*S + S*A)'")
    assert prove(derivative, answer).verdict == "failed"


@pytest.mark.parametrize("structure", ["symmetric", "skew", "toeplitz", "lower"])
def test_a_derivative_by_independent_entries_passes_and_the_projected_one_fails(structure: str) -> None:
    expression = f"S: {structure}[n]; A: matrix[n, n]; tr(A*S*A)"
    derivative = gradcalc.derive(expression, wrt="S", structured="independent")
    projected = gradcalc.derive(expression, wrt="S").answers[0].expanded
    answer = derivative.answers[0]
    assert prove(derivative, answer).verdict == "passed"
    if structure != "lower":
        answer.expanded = projected
        assert prove(derivative, answer).verdict == "failed"


def test_an_entry_of_a_structured_variable() -> None:
    derivative = gradcalc.derive("S: symmetric[n]; x, y: vector[n]; x'*S*y", wrt="S[1,2]")
    assert prove(derivative, derivative.answers[0]).verdict == "passed"


def test_what_sympy_has_no_form_for_is_inconclusive() -> None:
    derivative = gradcalc.derive("tr(expm(A))", wrt="A")
    assert prove(derivative, derivative.answers[0]).verdict == "inconclusive"


@pytest.mark.parametrize("expression", ["x: vector[2]; y: vector[3]; A: matrix[3, 2]; tr(A*kron(x, y'))", "tr(A^k)"])
def test_products_of_kronecker_and_whole_powers_are_written_out(expression: str) -> None:
    derivative = gradcalc.derive(expression, wrt="A")
    assert prove(derivative, derivative.answers[0]).verdict == "passed"


def test_unspecified_functions_on_both_sides_are_the_same_functions() -> None:
    derivative = gradcalc.derive("phi(.); psi(.); phi(x)'*psi(x)", wrt="x")
    answer = derivative.answers[0]
    assert prove(derivative, answer).verdict == "passed"
    answer.expanded = parse_expression("psi(x)")
    assert prove(derivative, answer).verdict == "failed"
