"""Values, gradients and Hessians to ten digits where float64 alone does not have them."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import gradcalc
from tests.numeric.extremes import FAMILIES, Family, misses


@pytest.mark.parametrize("family", FAMILIES, ids=[f"{family} by {family.wrt}" for family in FAMILIES])
def test_ten_digits(family: Family) -> None:
    assert list(misses(family)) == []


def evaluated(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "gradcalc", "eval", *arguments, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def test_more_digits_are_said_so() -> None:
    found = evaluated("(exp(t)-1-t)/t", "-w", "t", "--set", "t=1e-9")
    assert found["warnings"] == [
        "the value and the derivative by t are computed in 50 digits: float64 loses digits on the way"
    ]
    found = evaluated("t^50/(1+t^50)", "-w", "t", "--set", "t=1e10")
    assert found["warnings"] == [
        "the value and the derivative by t are computed in 50 digits: float64 overflows on the way"
    ]


def test_nothing_is_said_where_float64_will_do() -> None:
    assert (
        evaluated("log(1+exp(-y*w'*x))", "-w", "w", "--set", "y=1", "--set", "w=[1,2]", "--set", "x=[3,-1]")["warnings"]
        == []
    )


@pytest.mark.parametrize(("text", "t"), [("log(t-2)", 1.0), ("sqrt(sin(t)-1)", 1.0), ("1/(t-2)", 2.0)])
def test_no_digits_help_outside_the_domain(text: str, t: float) -> None:
    try:
        value, _ = gradcalc.derive(text, wrt="t").value_and_gradient(t=t)
    except gradcalc.GradcalcError as error:
        assert error.kind == "numeric"
    else:
        assert not np.isfinite(value)


def test_a_number_that_float64_cannot_hold_is_infinite() -> None:
    value, _ = gradcalc.derive("exp(t)", wrt="t").value_and_gradient(t=1000.0)
    assert value == np.inf


def test_towers_of_exponentials_come_back_at_once() -> None:
    with pytest.raises(gradcalc.GradcalcError, match="not finite"):
        gradcalc.derive("log(exp(exp(exp(exp(t)))))/exp(exp(exp(t)))", wrt="t").value_and_gradient(t=5.0)


def test_large_arrays_are_left_to_float64() -> None:
    x = np.full(5000, 1e-9)
    value, _ = gradcalc.derive("sum((exp(x)-1)./x)", wrt="x").value_and_gradient(x=x)
    assert float(value) == pytest.approx(5000, rel=1e-8)
