"""Indices by other names: no free index is captured."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.derivation.explanation import IN_ONE_STEP
from gradcalc.derivation.renaming import apart, at_indices, bound_names
from gradcalc.language.parser import parse
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr


def read(text: str) -> Expr:
    return parse(text).objective


def test_a_bound_index_does_not_get_the_name_of_a_free_one() -> None:
    assert to_text(apart(read("sum[i](Z[j,i]*y[i])"), ("i", "k"), ())) == "sum[l](Z[j,l]*y[l])"


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("sum[k](A[i,k]*x[k])", ("i",), ("k",), "sum[j](A[k,j]*x[j])"),
        ("A[i,j]", ("i", "j"), ("j", "i"), "A[j,i]"),
        ("sum[j](A[i,j]*sum[k](B[j,k]*x[k]))", ("i",), ("j",), "sum[l](A[j,l]*sum[k](B[l,k]*x[k]))"),
        ("x[i + 1]", ("i",), ("k",), "x[k + 1]"),
    ],
)
def test_an_entry_at_other_indices(text: str, old: tuple[str, ...], new: tuple[str, ...], expected: str) -> None:
    found = at_indices(read(text), old, new, ())
    assert to_text(found) == expected
    assert not bound_names(found).intersection(new)


def test_sums_within_sums_have_indices_of_their_own() -> None:
    expression = "theta: vector[n]; y: vector[n]; std((1.5 + sin(theta)).^-2*(1 ./ (0.2 + square(y)))')"
    found = gradcalc.derive(expression, wrt="theta").explain("index")
    assert IN_ONE_STEP not in found.derived[0].remarks
    assert all(step.checked for step in found.steps)
