"""Lengths that are declared hold; lengths that would move from term to term of a sum are refused with what to write."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import GradcalcError

X = np.array([1.0, 2.0, 4.0])


def error_of(text: str, **known: object) -> GradcalcError:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive(text, wrt="x", **known)  # type: ignore[arg-type]
    return caught.value


MOVING = [
    # What stands around the sum, the sum as typed, the range that moves, and the value at x = [1, 2, 4] by hand.
    ("sum[i=1..n]({})", "sum[j=1..i](x[i]*x[j])", "j=1..i", 1 * 1 + 2 * 3 + 4 * 7),
    ("{}", "sum[i=1..n, j=i+1..n](x[i]*x[j])", "j=i+1..n", 1 * 2 + 1 * 4 + 2 * 4),
    ("sum[i]({})", "sum[j=i..n](x[i]*x[j])", "j=i..n", 1 * 7 + 2 * 6 + 4 * 4),
    ("sum[i]({})", "sum[j=1..i](x[i]*x[j])", "j=1..i", 1 * 1 + 2 * 3 + 4 * 7),
    ("sum[i=1..n-1]({})", "sum[j=1..i+1](x[i]*x[j])", "j=1..i+1", 1 * 3 + 2 * 7),
    ("sum[i=1..3]({})", "sum[j=4-i..3](x[i]*x[j])", "j=4-i..3", 1 * 4 + 2 * 6 + 4 * 7),
]


@pytest.mark.parametrize(("around", "inner", "typed", "value"), MOVING)
def test_a_range_that_moves_is_refused_and_the_hint_computes_it(
    around: str, inner: str, typed: str, value: float
) -> None:
    text = around.format(inner)
    error = error_of(text)
    assert error.kind == "syntax"
    assert error.span is not None
    assert text[slice(*error.span)] == typed
    found = re.search(r"sum\[.*\)", error.hint or "")
    assert found is not None
    masked = gradcalc.derive(around.format(found[0]), wrt="x")
    assert masked.value_and_gradient(x=X)[0] == value


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("sum[i=1..n](sum(x[1:i]))", "x[1:i]"),
        ("sum[i](x[i]*sum(ones(i)))", "i"),
        ("sum[i](x[i]*tr(eye(2*i)))", "2*i"),
        ("phi(t) = sum[i=1..t](x[i]*t); phi(2)", "i=1..t"),
        ("phi(t) = t*sum(x[1:t]); phi(2)", "x[1:t]"),
        ("phi(t) = t*sum(ones(t)); phi(2)*sum(x)", "t"),
        ("sum[i=1..i](x[i])", "i=1..i"),
    ],
)
def test_sizes_and_slices_do_not_move(text: str, typed: str) -> None:
    error = error_of(text)
    assert error.kind == "syntax"
    assert text[slice(*error.span or (0, 0))] == typed


@pytest.mark.parametrize(
    "text",
    [
        "k = 3; sum[i=1..k](x[i])",
        "k = 3; sum(x[1:k])",
        "k: scalar; k*sum[i=1..k](x[i])",
        "k: scalar; k*sum[i=1..3](x[i + k])",
        "k: scalar; k*sum(x[1:k])",
        "k: scalar; sum(k*ones(k) + x)",
    ],
)
def test_a_variable_is_no_length(text: str) -> None:
    error = error_of(text)
    assert error.kind == "shape"
    assert "k is a variable" in error.message


@pytest.mark.parametrize(
    ("text", "gradient"),
    [
        # n = 3 in each; x has n + 1 or 2*n entries.
        ("x: vector[n + 1]; sum[i=1..n](x[i])", [1, 1, 1, 0]),
        ("x: vector[n + 1]; y: vector[n]; sum[i=1..n](x[i]*y[i])", [1, 2, 3, 0]),
        ("x: vector[2*n]; y: vector[n]; sum[i=1..n](x[i]*y[i])", [1, 2, 3, 0, 0, 0]),
        ("x: vector[n + 1]; sum[i=1..n+1](x[i])", [1, 1, 1, 1]),
        ("x: vector[n + 1]; sum[i=2..n](x[i])", [0, 1, 1, 0]),
    ],
)
def test_a_range_ends_where_it_says_whatever_the_axis(text: str, gradient: list[int]) -> None:
    derivation = gradcalc.derive(text, wrt="x")
    arrays: dict[str, object] = {"x": np.zeros(len(gradient))}
    if "y" in text:
        arrays["y"] = np.array([1.0, 2.0, 3.0])
    assert derivation.function()(**arrays).tolist() == gradient


@pytest.mark.parametrize(
    "text",
    [
        "x: vector[n + 1]; y: vector[n]; x'*y",
        "x: vector[n + 1]; x'*ones(n)",
        "x: vector[2*n]; y: vector[n]; sum[i](x[i]*y[i])",
        "x: vector[m*n]; y: vector[n]; x'*y",
        "x: vector[n]; sum([x; x] - x)",
        "A: matrix[n + 1, n]; tr(A)*sum(x)",
        "x: vector[n - 1]; sum[i=1..n](x[i])",
    ],
)
def test_lengths_that_are_declared_different_are_not_made_equal(text: str) -> None:
    assert error_of(text).kind == "shape"


def test_the_length_of_data_settles_the_names_of_its_declaration() -> None:
    derivation = gradcalc.derive("x: vector[n + 1]; sum[i=1..n](x[i]^2)", wrt="x")
    assert derivation.function()(x=X[:3]).tolist() == [2.0, 4.0, 0.0]
