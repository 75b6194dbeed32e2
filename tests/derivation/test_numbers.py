"""Points at which lines are compared: what cannot be compared is shown as unchecked, and said."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.derivation.explanation import IN_ONE_STEP, STYLES, Explanation
from gradcalc.output.result import explanation_result


def assert_honest(found: Explanation) -> None:
    unchecked = [step for step in found.steps if not step.checked]
    text, result = str(found), explanation_result(found)
    assert ("Every line was checked" in text) == (not unchecked)
    assert ("could not be checked" in text) == bool(unchecked)
    assert [step["checked"] for step in result["steps"]] == [step.checked for step in found.steps]
    assert any("could not be checked" in warning for warning in result["warnings"]) == bool(unchecked)


@pytest.mark.parametrize("style", STYLES)
def test_a_kink_everywhere_leaves_the_lines_unchecked(style: str) -> None:
    found = gradcalc.derive("X: matrix; tr(minimum(X, X)*A)", wrt="X").explain(style)
    assert not any(step.checked for step in found.steps)
    assert_honest(found)


@pytest.mark.parametrize("style", STYLES)
def test_kinks_of_what_does_not_vary_are_of_no_concern(style: str) -> None:
    expression = "L: lower[n]; x: vector[n]; sum(leaky_relu(L).^2*tanh(x) + relu(L)*square(x))"
    found = gradcalc.derive(expression, wrt="x").explain(style)
    assert all(step.checked for step in found.steps)
    assert_honest(found)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("expression", "wrt"), [("A: diagonal; prod(A.*X,1)", "A"), ("x: vector[n]; prod(x - x + 0*x)", "x")]
)
def test_a_line_without_a_value_is_not_a_false_one(expression: str, wrt: str, style: str) -> None:
    found = gradcalc.derive(expression, wrt=wrt).explain(style)
    assert IN_ONE_STEP not in found.derived[0].remarks
    assert_honest(found)


@pytest.mark.parametrize("style", STYLES)
def test_a_function_that_ends_at_every_point(style: str) -> None:
    assert_honest(gradcalc.derive("pinv(z*y')", wrt="z").explain(style))
