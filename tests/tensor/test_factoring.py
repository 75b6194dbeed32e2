"""What is taken out of a sum, and what must stay: before, after, and where a rule must not be used."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.language.printer import to_text

DECLARED = "x, y: vector[n]; A, B: matrix[n,n]; t, p: scalar; "


def _form(text: str) -> str:
    problem = gradcalc.api.Problem(f"{DECLARED}{text}")
    return to_text(problem.derivation([]).objective.tree)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A*x + B*x", "(A + B)*x"),
        ("x.^3 + x.^2", "x.^2 .* (x + 1)"),
        ("x.^-1 + x.^-2", "(1 ./ x + 1) ./ x"),
        ("x.^1.5 + x.^0.5", "sqrt(x) .* (x + 1)"),
        # Powers of opposite signs and powers that are no whole powers apart share nothing.
        ("x.^2 + x.^-1", "x.^2 + 1 ./ x"),
        ("x + x.^0.5", "x + sqrt(x)"),
        ("t^2 + t^-1", "t^2 + 1/t"),
        # A factor to a power is not the matrix that the rest is multiplied with.
        ("A.^2*x + A*y", "A.^2*x + A*y"),
    ],
)
def test_common_factors(before: str, after: str) -> None:
    assert _form(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("log(sum(exp(x)))", "logsumexp(x)"),
        # A sum of general powers is no sum of exponentials to its reader.
        ("log(sum(x.^p))", "log(sum(x.^p))"),
        ("log(sum(exp(p*log(x))))", "log(sum(x.^p))"),
        ("exp(A)/sum(exp(A))", "softmax(A)"),
        ("log(sum(exp(diag(x))))", "logsumexp(diag(x))"),
        ("log(sum(diag(exp(x))))", "logsumexp(x)"),
    ],
)
def test_sums_of_exponentials(before: str, after: str) -> None:
    assert _form(before) == after
