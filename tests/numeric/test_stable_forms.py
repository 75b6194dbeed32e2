"""The forms that programs compute: as many digits as the function has, and no overflow on the way."""

from __future__ import annotations

import math
import re

import mpmath
import numpy as np
import pytest

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.language.parser import parse, parse_expression
from gradcalc.language.shapes import infer
from gradcalc.numeric.stable_forms import stabilised

RULES = [(entry, *rule) for entry in catalogue.ENTRIES for rule in entry.stable.items()]


def rewritten(text: str, **shapes: tuple[str, ...]) -> object:
    program = parse(text)
    return stabilised(program.objective, infer(program, shapes))


@pytest.mark.parametrize(
    ("text", "stable"),
    [
        ("1 - tanh(t)^2", "sech(t).^2"),
        ("s + 3 - 3*tanh(t)^2", "3*sech(t).^2 + s"),
        ("tanh(t)^2 - 1", "-sech(t).^2"),
        ("log(1 + s*t)", "log1p(s*t)"),
        ("log(s + 1 + t)", "log1p(s + t)"),
        ("sqrt(s^2 + t^2)", "hypot(s, t)"),
        ("s*exp(-t^2)/(2*erfc(t))", "s/(2*erfcx(t))"),
        ("2 - tanh(t)^2", "2 - tanh(t)^2"),
        ("1 - tanh(s)*tanh(t)", "1 - tanh(s)*tanh(t)"),
        ("sqrt(s^2 - t^2)", "sqrt(s^2 - t^2)"),
        ("sinh(s)/cosh(t)", "sinh(s)/cosh(t)"),
    ],
)
def test_form(text: str, stable: str) -> None:
    assert rewritten(text, s=(), t=()) == parse_expression(stable)


@pytest.mark.parametrize(
    ("text", "stable"),
    [
        ("x'*A*x/norm2(x)^2", "(x ./ norm2(x))'*A*(x ./ norm2(x))"),
        ("x'*y/(norm2(x)*norm2(y))", "(x ./ norm2(x))'*y/norm2(y)"),
        ("(y .* exp(x))/(y'*exp(x))", "(y .* softmax(x))/(y'*softmax(x))"),
        ("x/norm2(x)", "x/norm2(x)"),
        ("(x + y)/norm2(x)^2", "(x + y)/norm2(x)^2"),
        ("(exp(x) + y)/(y'*exp(x))", "(exp(x) + y)/(y'*exp(x))"),
        ("tanh(A)*tanh(A)", "tanh(A)*tanh(A)"),
        ("eye(n) - tanh(A)^2", "eye(n) - tanh(A)^2"),
        ("1 - tanh(A).^2", "sech(A).^2"),
        ("2*det(A)*inv(A)'", "2*adj(A)'"),
        ("det(A)*(x'*inv(A)*y)", "x'*adj(A)*y"),
        ("det(A)*(inv(A)*inv(A))", "det(A)*(inv(A)*inv(A))"),
        ("det(A)*inv(A + A)", "det(A)*inv(A + A)"),
    ],
)
def test_form_of_arrays(text: str, stable: str) -> None:
    shapes = {name: dims for name, dims in {"x": ("n",), "y": ("n",), "A": ("n", "n")}.items() if name in text}
    assert rewritten(text, **shapes) == parse_expression(stable)


@pytest.mark.parametrize(("entry", "pattern", "replacement"), RULES, ids=[pattern for _, pattern, _ in RULES])
def test_rule_is_an_identity(entry: catalogue.Function, pattern: str, replacement: str) -> None:
    """The two sides agree at an ordinary point."""
    text = pattern.replace("t^k)^r", "t.^4)^0.75"), replacement.replace("k*r", "3").replace("k", "4")
    vectors = any(mark in pattern for mark in ("'", "norm2", "sum"))
    point = {"t": [0.9, 0.4, 1.3], "u": [0.3, 0.2, 0.7]} if vectors else {"t": 0.9, "u": 0.3}
    if pattern == "log(1 - exp(t))":
        point = {"t": -0.9}
    point |= {"X": [[2.0, 1.0], [0.5, 3.0]]}
    values: list[object] = []
    for side in text:
        names = {name: value for name, value in point.items() if re.search(rf"\b{name}\b", side)}
        kinds = ["matrix" if name == "X" else "vector" if vectors else "scalar" for name in names]
        declared = "; ".join([f"{name}: {kind}" for name, kind in zip(names, kinds)])
        wrt = next(iter(names))
        values.append(gradcalc.derive(f"{declared}; {side}", wrt=wrt).value_and_gradient(**names)[0])
    np.testing.assert_allclose(values[0], values[1], rtol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("t", [-40.0, -3.0, 1e-9, 0.3, 4.0, 15.0, 300.0])
@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("tanh(3 + tanh(t))", lambda t: mpmath.sech(3 + mpmath.tanh(t)) ** 2 * mpmath.sech(t) ** 2),
        ("log(cosh(t))", mpmath.tanh),
        ("erf(t)", lambda t: 2 * mpmath.exp(-t * t) / mpmath.sqrt(mpmath.pi)),
        ("sqrt(1 + t^2)", lambda t: t / mpmath.sqrt(1 + t * t)),
        ("log(erfc(t))", lambda t: -2 * mpmath.exp(-t * t) / mpmath.erfc(t) / mpmath.sqrt(mpmath.pi)),
        ("log(1 + exp(-2*t))", lambda t: -2 / (1 + mpmath.exp(2 * t))),
    ],
)
def test_gradient_keeps_its_digits(text: str, slope: object, t: float) -> None:
    with mpmath.workdps(400):
        wanted = float(slope(mpmath.mpf(t)))  # type: ignore[operator]
    assert float(gradcalc.derive(text, wrt="t").function()(t=t)) == pytest.approx(wanted, rel=1e-12, abs=1e-307)


def test_emitted_code_is_stable() -> None:
    code = gradcalc.derive("sum(log(1 - exp(-x)))", wrt="x").code("numpy")
    scope: dict[str, object] = {}
    exec(code, scope)
    function = next(value for name, value in scope.items() if name == "derivative")
    found = function(np.array([1e-12, 40.0]))  # type: ignore[operator]
    assert found["value"] == pytest.approx(math.log(1e-12) - 5e-13 - math.exp(-40), rel=1e-14)
    assert found["dx"] == pytest.approx([1e12, math.exp(-40)], rel=1e-11)


@pytest.mark.parametrize("size", [1e-160, 1.0, 1e160])
def test_quotients_of_norms_at_any_size(size: float) -> None:
    A, x, y = np.array([[2.0, 1.0], [0.0, 3.0]]), size * np.array([3.0, 4.0]), np.array([1.0, 0.0])
    value, gradient = gradcalc.derive("x'*A*x/(x'*x)", wrt="x").value_and_gradient(A=A, x=x)
    assert value == pytest.approx((18 + 12 + 48) / 25)
    # (A + A')*x = [16, 27] and 2*78/25*x = [18.72, 24.96] at x = [3, 4].
    assert gradient * size == pytest.approx([-2.72 / 25, 2.04 / 25])
    value, gradient = gradcalc.derive("x'*y/(norm2(x)*norm2(y))", wrt="x").value_and_gradient(x=x, y=y)
    assert (float(value), list(gradient * size)) == (pytest.approx(0.6), pytest.approx([0.128, -0.096]))


def test_long_sums_are_matched_in_linear_time() -> None:
    text = " + ".join([f"tanh(t + {k})" for k in range(1000)])
    assert rewritten(text, t=()) == parse_expression(text)
