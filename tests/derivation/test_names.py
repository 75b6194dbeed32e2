"""Names and indices that a derivation makes are those of nothing else, whatever the user's names are."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.derivation.explanation import IN_ONE_STEP, STYLES
from gradcalc.derivation.names import placeholder
from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse

TAKEN = [
    ("sum(exp(operand_*x))", "operand_"),
    ("operand_: matrix[j,i]; X: matrix[i,i]; tr((eye(i) + operand_'*operand_)\\X)", "operand_"),
    ("cotangent_: matrix[m,n]; norm2(tanh(cotangent_)*x)", "cotangent_"),
    ("fixed_0: vector[n]; R: matrix[n,m]; ratio_0: vector[m]; tanh(fixed_0'*R*ratio_0)", "R"),
    ("i: vector[n]; A: matrix[n,j]; j: vector[j]; sum(tanh(i'*A*j))", "A"),
    ("i: vector[n]; h: vector[n]; normalize(h)'*(delta*i)", "h"),
    ("dX: matrix[n,n]; X: matrix[n,n]; tr(exp(X)*dX)", "X"),
    ("z: vector[m]; dz: vector[m]; s: matrix[m,n]; sigmoid(s*f + z)'*dz", "f"),
    ("k: vector[n]; p: vector[n]; q: vector[n]; l: vector[n]; norm2(k.*p.*q - l)", "p"),
    ("A: matrix[m,n]; x: vector[n]; sum[p](tanh(A[p,:]*x))*norm2(x)", "x"),
    ("sum[z](exp(x[z]))*norm2(tanh(A*x))", "x"),
    ("f = norm2(x); f^2*norm1(dx)", "x"),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("expression", "wrt"), TAKEN)
def test_the_user_may_have_taken_any_name(expression: str, wrt: str, style: str) -> None:
    found = gradcalc.derive(expression, wrt=wrt).explain(style)
    assert IN_ONE_STEP not in found.derived[0].remarks
    assert all(step.checked for step in found.steps)
    names = set(gradcalc.derive(expression, wrt=wrt).problem.names)
    assert not names.intersection(index for step in found.steps for index in step.indices)


def test_nobody_can_type_a_placeholder() -> None:
    with pytest.raises(GradcalcError) as caught:
        parse(f"2*{placeholder('operand')}")
    assert caught.value.kind == "syntax"


def test_placeholders_differ() -> None:
    assert len({placeholder(what, number) for what in ("one", "other") for number in range(3)}) == 6
