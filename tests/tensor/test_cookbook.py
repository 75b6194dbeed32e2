"""Answers beside those of The Matrix Cookbook: no longer, equal in value, and checked by differences."""

from __future__ import annotations

import pytest
from cookbook import COOKBOOK, Entry
from textbook import answer, length, values

from gradcalc.api import Problem
from gradcalc.errors import GradcalcError


def _understood(program: str) -> bool:
    try:
        Problem(program)
    except GradcalcError:
        return False
    return True


@pytest.fixture(params=COOKBOOK, ids=[f"{label} {program} by {wrt}" for label, program, wrt, *_ in COOKBOOK])
def entry(request: pytest.FixtureRequest) -> Entry:
    found: Entry = request.param
    missing = [needed for needed in found[-1] if not _understood(needed)]
    if missing:
        pytest.skip(f"not in the language: {', '.join(missing)}")
    return found


def test_no_longer_than_the_book(entry: Entry) -> None:
    _, program, wrt, order, book, _ = entry
    assert answer(program, wrt, order).answers[0].operations <= length(book)


def test_equal_to_the_book(entry: Entry) -> None:
    _, program, wrt, order, book, _ = entry
    value, expected = values(answer(program, wrt, order), book)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_checked_by_differences(entry: Entry) -> None:
    _, program, wrt, order, _, _ = entry
    assert answer(program, wrt, order).check(seed=0).verdict == "passed"


@pytest.mark.parametrize("program", ["S: matrix[n, n]; det(exp(S))", "S: matrix[n, n]; logdet(exp(S))"])
def test_an_inverse_beside_its_matrix_entry_by_entry_does_not_cancel(program: str) -> None:
    """inv(A)' .* A was taken for the product of the two, and the gradient for a matrix of ones."""
    assert answer(program, "S", 1).check(seed=0).verdict == "passed"
