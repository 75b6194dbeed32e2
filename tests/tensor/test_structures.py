"""Gradients within a structure, in both conventions, against differences that stay within the structure."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import GradcalcError
from gradcalc.language.programs import STRUCTURES
from gradcalc.numeric.structures import from_independent, independent_mask, linear_part, nearest

OBJECTIVES = ["x'*A*A*y + sum(exp(A))", "tr(A*B*A)", "norm2(A*x - y)^2", "log(2 + norm2(A)^2)"]

LINEAR = [structure for structure in STRUCTURES if structure != "orthogonal"]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_projected(structure: str, objective: str) -> None:
    derivative = gradcalc.derive(f"A: {structure}; {objective}", wrt="A")
    assert derivative.answers[0].structured == "projected"
    assert derivative.check(seed=1).verdict == "passed"


@pytest.mark.parametrize("structure", LINEAR)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_independent(structure: str, objective: str) -> None:
    derivative = gradcalc.derive(f"A: {structure}; {objective}", wrt="A", structured="independent")
    assert derivative.answers[0].structured == "independent"
    assert derivative.check(seed=1).verdict == "passed"


@pytest.mark.parametrize("structure", LINEAR)
def test_a_projected_gradient_lies_within_the_structure(structure: str) -> None:
    arrays = {
        "A": nearest(structure, np.random.default_rng(5).normal(size=(4, 4))),
        "x": np.arange(4.0),
        "y": np.ones(4),
    }
    gradient = gradcalc.derive(f"A: {structure}; x'*A*A*y", wrt="A").function()(**arrays)
    assert gradient == pytest.approx(linear_part(structure, gradient))
    plain = gradcalc.derive("A: matrix; x'*A*A*y", wrt="A").function()(**arrays)
    assert gradient == pytest.approx(linear_part(structure, plain))


@pytest.mark.parametrize("structure", LINEAR)
def test_independent_entries_determine_the_matrix(structure: str) -> None:
    matrix = linear_part(structure, np.random.default_rng(6).normal(size=(4, 4)))
    assert from_independent(structure, matrix * independent_mask(structure, 4)) == pytest.approx(matrix)


def test_the_check_tells_the_conventions_apart() -> None:
    """The projected gradient, held against differences by independent entries, fails."""
    projected = gradcalc.derive("A: symmetric; logdet(A*A + eye(n))", wrt="A")
    projected.answers[0].structured = "independent"
    assert projected.check(seed=1).verdict == "failed"


def test_the_conventions_of_the_cookbook() -> None:
    symmetric = gradcalc.derive("A: spd; logdet(A)", wrt="A", structured="independent")
    assert symmetric.text == "2*inv(A) - diag(diag(inv(A)))"
    assert gradcalc.derive("T: toeplitz; tr(A*T)", wrt="T", structured="independent").text == "diagsums(A')"
    assert gradcalc.derive("D: diagonal; tr(A*D)", wrt="D", structured="independent").text == "diag(diag(A))"


def test_second_derivatives_within_the_symmetric_matrices() -> None:
    derivative = gradcalc.derive("A: symmetric; x'*A*A*y + sum(exp(A))", wrt="A", order=2)
    assert derivative.check(seed=1).verdict == "passed"


@pytest.mark.parametrize("structure", ["symmetric", "skew", "diagonal", "lower"])
def test_second_derivatives_by_independent_entries(structure: str) -> None:
    derivative = gradcalc.derive(f"A: {structure}; x'*A*A*y + sum(exp(A))", wrt="A", order=2, structured="independent")
    assert derivative.check(seed=1).verdict == "passed"


def test_an_orthogonal_matrix_has_no_independent_entries() -> None:
    with pytest.raises(GradcalcError, match="no independent entries"):
        gradcalc.derive("Q: orthogonal; tr(A*Q)", wrt="Q", structured="independent")


def test_an_unknown_convention() -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("A: symmetric; tr(A)", wrt="A", structured="half")
    assert caught.value.kind == "usage"


def test_the_convention_is_named() -> None:
    assert "(projected: the symmetric part)" in str(gradcalc.derive("A: symmetric; x'*A*y", wrt="A"))
    independent = gradcalc.derive("A: symmetric; x'*A*y", wrt="A", structured="independent")
    assert "by each independent entry" in str(independent)
    assert "(" not in str(gradcalc.derive("A: symmetric; x'*A*y", wrt="x"))
