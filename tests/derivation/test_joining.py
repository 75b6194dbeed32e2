"""Functions of symmetric matrices alone, where every entry varies by itself."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.derivation.explanation import IN_ONE_STEP, STYLES

SYMMETRIC_PARTS = [
    ("sum(square(eigvals(sym(A))))", "A"),
    ("S = sym(B); sum(exp(eigvals(S)))", "B"),
    ("H: symmetric[p]; v: vector[p]; v'*eigvals(sym(H))", "v"),
    ("tr((A*A' + eye(n))\\A)", "A"),
    ("X: matrix[n,m]; B: matrix[n,n]; tr(inv(X*X' + eye(n))*B)", "X"),
    ("logdet(X'*X)*norm2(X'*X)", "X"),
    ("tr(chol(A*A' + eye(n)))", "A"),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("expression", "wrt"), SYMMETRIC_PARTS)
def test_symmetric_parts(expression: str, wrt: str, style: str) -> None:
    found = gradcalc.derive(expression, wrt=wrt).explain(style)
    assert IN_ONE_STEP not in found.derived[0].remarks
    assert all(step.checked for step in found.steps)


def test_eigenvalues_of_a_symmetric_part_are_one_step_where_entries_vary() -> None:
    lines = [step.text for step in gradcalc.derive("sum(square(eigvals(sym(A))))", wrt="A").explain("index").steps]
    assert lines[0] == "z = eigvals(sym(A))"
    lines = [step.text for step in gradcalc.derive("sum(square(eigvals(sym(A))))", wrt="A").explain().steps]
    assert lines[:2] == ["Z = sym(A)", "z = eigvals(Z)"]
