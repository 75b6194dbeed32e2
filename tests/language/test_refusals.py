"""Inputs that ended in internal errors: each is an error that says what is wrong, or an answer."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.errors import GradcalcError

REFUSED = [
    ("x/0", "x", "numeric", "x/0"),
    ("1/0*x", "x", "numeric", "1/0"),
    ("0^-1*x", "x", "numeric", "0^-1"),
    ("z = 2 - 2; x/z", "x", "numeric", "x/z"),
    ("0\\x", "x", "numeric", "0\\x"),
    ("phi(t) = t/0; phi(x)", "x", "numeric", "t/0"),
    ("x*1e5000", "x", "limit", "1e5000"),
    ("x*1" + "0" * 5000, "x", "limit", "1" + "0" * 5000),
    ("sum[i=1..99999999999999999999](x[1]*i)", "x", "limit", "99999999999999999999"),
    ("eye(99999999999999999999)[1,1]*x", "x", "limit", "99999999999999999999"),
    ("reshape(n, m, n)'*y", "y", "shape", "reshape(n, m, n)"),
]


@pytest.mark.parametrize(("text", "name", "kind", "place"), REFUSED, ids=[str(k) for k in range(len(REFUSED))])
def test_what_is_wrong_is_said_and_where(text: str, name: str, kind: str, place: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive(text, wrt=name)
    assert caught.value.kind == kind
    assert text[slice(*caught.value.span or (0, 0))] == place


@pytest.mark.parametrize("name", ["x²", "²", "x[²]", "x[1,²]", "x[١]", "x[" + "9" * 5000 + "]", "", "x]", "x.y"])
def test_what_is_no_variable_is_refused(name: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("x'*x", wrt=name)
    assert caught.value.kind in ("syntax", "limit")


def test_a_product_of_long_numbers_is_a_limit() -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("9e1999*9e1999*9e1999*x", wrt="x")
    assert caught.value.kind == "limit"


def test_both_positions_may_be_lengths() -> None:
    derivation = gradcalc.derive("A[end,end]*A[end - 1,end]", wrt="A")
    assert derivation.function()(A=[[1.0, 2.0], [3.0, 4.0]]).tolist() == [[0.0, 4.0], [0.0, 2.0]]
