"""Where an expression as typed has no value there is none, whatever it simplifies to; overflow is no fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import GradcalcError

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])

UNDEFINED: list[tuple[str, Any]] = [
    ("sqrt(x)^2", -3.0),
    ("x/x", 0.0),
    ("x*(1/x)", 0.0),
    ("1/(1/x)", 0.0),
    ("x^-1*x", 0.0),
    ("exp(log(x))", -1.0),
    ("0*log(x) + x", -1.0),
    ("x^0.5*x^0.5", -2.0),
    ("f = sqrt(x); f^2", -1.0),
    ("phi(t) = t/t; phi(x)*x", 0.0),
    ("x: vector; sum(x./x)*x[1]", np.array([1.0, 0.0])),
    ("x: matrix; tr(x*inv(x))*x[1,1]", SINGULAR),
    ("x: matrix; sum(x*(x\\x))", SINGULAR),
]

DEFINED: list[tuple[str, float, float]] = [
    ("log(1/(1 + exp(-x)))", -1000.0, -1000.0),
    ("log(1 + exp(x))", 1000.0, 1000.0),
    ("log(exp(-x))", 5000.0, -5000.0),
    ("x/x", 1e-300, 1.0),
    ("acos(x)", 1.0, 0.0),
    ("xlogx(x)", 0.0, 0.0),
    ("sqrt(x)", 0.0, 0.0),
    ("(x^2 + 1)/(x^2 + 1)", 1e200, 1.0),
]


@pytest.mark.parametrize(("text", "x"), UNDEFINED)
def test_the_value_as_typed_decides(text: str, x: Any) -> None:
    derivation = gradcalc.derive(text, wrt="x")
    with pytest.raises(GradcalcError) as caught:
        derivation.function()(x=x)
    assert caught.value.kind == "numeric"
    assert caught.value.span is not None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("text", "x", "value"), DEFINED)
def test_ends_of_domains_and_overflow_on_the_way_have_values(text: str, x: float, value: float) -> None:
    assert gradcalc.derive(text, wrt="x").value_and_gradient(x=x)[0] == pytest.approx(value)
