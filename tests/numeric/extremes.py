"""Functions at points where float64 overflows on the way, cancels or divides 0 by 0, and the truth there.

A family is an expression of the language, the same function written in mpmath by hand, and points. The truth comes from
the hand-written function alone: its value, and central differences of it, in arithmetic of so many digits that nothing
is lost. `python tests/numeric/extremes.py` prints the share of points that come out right to 10 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
from mpmath import mp, mpf

import gradcalc

DIGITS = 600
"""Of the arithmetic of the truth: 400 for numbers between 1e-200 and 1e200 side by side, the rest for differences."""

_STEP = mpf(10) ** -50

Point = Mapping[str, Any]


class Family:
    """expression: with the variable `wrt` differentiated by; truth(**arrays of mpf as nested lists) -> mpf."""

    def __init__(self, expression: str, wrt: str, truth: Callable[..., Any], points: Sequence[Point]) -> None:
        self.expression = expression
        self.wrt = wrt
        self.truth = truth
        self.points = points

    def __repr__(self) -> str:
        return self.expression

    def value_gradient_hessian(self, point: Point) -> tuple[Any, list[Any], list[list[Any]]]:
        """The truth, the variable's entries row by row."""
        with mp.workdps(DIGITS):
            arrays = {name: _exact(array) for name, array in point.items()}
            start = _entries(arrays[self.wrt])
            scale = max([abs(entry) for entry in start])
            steps = [_STEP * (abs(entry) if entry else scale or mpf(1)) for entry in start]

            def at(*moves: tuple[int, int]) -> Any:
                moved = list(start)
                for place, sign in moves:
                    moved[place] += sign * steps[place]
                there = {**arrays, self.wrt: _shaped(moved, arrays[self.wrt])}
                return self.truth(**there) if len(there) > 1 else self.truth(*there.values())

            entries = range(len(start))
            value = at()
            ahead, behind = [at((k, 1)) for k in entries], [at((k, -1)) for k in entries]
            gradient = [(ahead[k] - behind[k]) / (2 * steps[k]) for k in entries]
            hessian = [[mpf(0)] * len(start) for _ in entries]
            for k in entries:
                hessian[k][k] = (ahead[k] - 2 * value + behind[k]) / steps[k] ** 2
                for j in range(k):
                    mixed = at((k, 1), (j, 1)) - at((k, 1), (j, -1)) - at((k, -1), (j, 1)) + at((k, -1), (j, -1))
                    hessian[k][j] = hessian[j][k] = mixed / (4 * steps[k] * steps[j])
            return value, gradient, hessian


def _exact(array: Any) -> Any:
    return [_exact(part) for part in array] if isinstance(array, list) else mpf(array)


def _entries(array: Any) -> list[Any]:
    return [entry for part in array for entry in _entries(part)] if isinstance(array, list) else [array]


def _shaped(entries: list[Any], like: Any) -> Any:
    if not isinstance(like, list):
        return entries[0]
    if like and isinstance(like[0], list):
        width = len(like[0])
        return [entries[start : start + width] for start in range(0, len(entries), width)]
    return entries


def _scalars(*values: float) -> list[Point]:
    return [{"t": value} for value in values]


def _vectors(*values: Sequence[float]) -> list[Point]:
    return [{"x": list(value)} for value in values]


def dot(x: Any, y: Any) -> Any:
    return mpmath.fsum([a * b for a, b in zip(x, y)])


def matvec(matrix: Any, x: Any) -> Any:
    return [dot(row, x) for row in matrix]


def squares(x: Any) -> Any:
    return dot(x, x)


def exps(x: Any) -> list[Any]:
    return [mpmath.exp(entry) for entry in x]


def mean(x: Any) -> Any:
    return mpmath.fsum(x) / len(x)


def spread(x: Any) -> Any:
    centre = mean(x)
    return mpmath.fsum([(entry - centre) ** 2 for entry in x])


def det(matrix: Any) -> Any:
    return mpmath.det(mpmath.matrix(matrix))


def solve(matrix: Any, x: Any) -> list[Any]:
    return list(mpmath.lu_solve(mpmath.matrix(matrix), mpmath.matrix(x)))


def softplus(t: Any) -> Any:
    return mpmath.log1p(mpmath.exp(t))


def smooth_quotient(numerator: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda t: numerator(t) / t


e, log, sqrt, tanh = mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.tanh

HILBERT = [[1 / (row + column + 1) for column in range(5)] for row in range(5)]

SCALARS = [
    Family("log(cosh(t))", "t", lambda t: log(mpmath.cosh(t)), _scalars(1e-8, 0.5, 3, 20, 710, -1000, 3e4)),
    Family(
        "(exp(t)-exp(-t))/(exp(t)+exp(-t))", "t", tanh, _scalars(1e-12, 1e-3, 0.3, -4, 15, 300, -340),
    ),
    Family("sqrt(1+t^2)", "t", lambda t: sqrt(1 + t * t), _scalars(1e-150, 0.7, 1e8, 1e60, 1e90)),
    Family("log(erfc(t))", "t", lambda t: log(mpmath.erfc(t)), _scalars(-3, 0.1, 5, 26.5, 28, 30, 100)),
    Family("log(1-exp(-t))", "t", lambda t: log(-mpmath.expm1(-t)), _scalars(1e-20, 1e-8, 0.3, 5, 37, 80, 600)),
    Family("log(exp(t)-1)", "t", lambda t: log(mpmath.expm1(t)), _scalars(1e-18, 1e-7, 0.7, 40, 300, 712, 2000)),
    Family("(exp(t)-1)/t", "t", smooth_quotient(mpmath.expm1), _scalars(1e-20, -1e-13, 1e-8, 1e-4, 0.2, -800)),
    Family("t/(exp(t)-1)", "t", lambda t: t / mpmath.expm1(t), _scalars(1e-15, -1e-9, 1e-3, 2, 300, -750)),
    Family("1/(exp(t)-1)", "t", lambda t: 1 / mpmath.expm1(t), _scalars(1e-30, 1e-10, 0.4, 50, 500)),
    Family("sin(t)/t", "t", smooth_quotient(mpmath.sin), _scalars(1e-20, 1e-9, 1e-5, 0.01, 2)),
    Family("(1-cos(t))/t^2", "t", lambda t: 2 * mpmath.sin(t / 2) ** 2 / t**2, _scalars(1e-15, 1e-8, 1e-4, 0.1)),
    Family("tanh(t)/t", "t", smooth_quotient(tanh), _scalars(1e-15, 1e-7, 0.01, 25, 400)),
    Family("log(1+t)/t", "t", smooth_quotient(mpmath.log1p), _scalars(1e-22, 1e-12, 1e-6, 0.3, 1e10)),
    Family("log(1+exp(t))", "t", softplus, _scalars(-300, -40, 0, 36, 700, 1e5)),
    Family("1/(1+exp(-t))", "t", lambda t: 1 / (1 + e(-t)), _scalars(-340, -30, 0.1, 20, 40, 340)),
    Family("exp(t)/(1+exp(t))", "t", lambda t: 1 / (1 + e(-t)), _scalars(-340, -3, 17, 200)),
    Family("exp(t)/(1+exp(t))^2", "t", lambda t: 1 / (2 * mpmath.cosh(t / 2)) ** 2, _scalars(-300, -20, 1, 25, 340)),
    Family("sigmoid(t)*(1-sigmoid(t))", "t", lambda t: 1 / (2 * mpmath.cosh(t / 2)) ** 2, _scalars(-90, 4, 30, 340)),
    Family("1-tanh(t)^2", "t", lambda t: mpmath.sech(t) ** 2, _scalars(1e-5, 4, -12, 30, 170)),
    Family("tanh(3+tanh(t))", "t", lambda t: tanh(3 + tanh(t)), _scalars(-15, 0.2, 4, 20, 100)),
    Family("sigmoid(t^2)", "t", lambda t: 1 / (1 + e(-t * t)), _scalars(0.3, 3, 5, -7, 15)),
    Family("1-sigmoid(t)", "t", lambda t: 1 / (1 + e(t)), _scalars(-3, 20, 40, 300)),
    Family("log(1-sigmoid(t))", "t", lambda t: -softplus(t), _scalars(-300, 30, 40, 500)),
    Family("log(sigmoid(t))", "t", lambda t: -softplus(-t), _scalars(-500, -30, 40, 300)),
    Family("sqrt(t+1)-sqrt(t)", "t", lambda t: 1 / (sqrt(t + 1) + sqrt(t)), _scalars(1, 1e6, 1e12, 1e16, 1e30)),
    Family("t-sqrt(t^2-1)", "t", lambda t: 1 / (t + sqrt(t * t - 1)), _scalars(1.5, 1e4, 1e8, 1e20)),
    Family("1/t-1/(t+1)", "t", lambda t: 1 / (t * (t + 1)), _scalars(0.5, 1e7, 1e14, 1e30)),
    Family("exp(t^2)*erfc(t)", "t", lambda t: e(t * t) * mpmath.erfc(t), _scalars(-2, 1, 5, 26, 27, 40)),
    Family("atan(t+1)-atan(t)", "t", lambda t: mpmath.atan(1 / (1 + t * (t + 1))), _scalars(1, 1e5, 1e10, 1e20)),
    Family("acosh(1+t)", "t", lambda t: mpmath.acosh(1 + t), _scalars(1e-20, 1e-12, 1e-6, 1)),
    Family("asinh(t)", "t", mpmath.asinh, _scalars(1e-30, -3, -1e10, 1e60)),
    Family("t^50/(1+t^50)", "t", lambda t: 1 / (1 + t**-50), _scalars(0.5, 3, 1e4, 1e10)),
    Family("log(1+t^2/3)", "t", lambda t: mpmath.log1p(t * t / 3), _scalars(1e-100, 1e-9, 2, 1e100)),
    Family("log(t+sqrt(t^2+1))", "t", mpmath.asinh, _scalars(-1e8, -1e3, 1e-9, 1e-3, 5, 1e70)),
    Family("exp(exp(t)-exp(-t))", "t", lambda t: e(2 * mpmath.sinh(t)), _scalars(1e-10, -3, 2)),
    Family("1/(1+exp(exp(t)))", "t", lambda t: 1 / (1 + e(e(t))), _scalars(-30, 1, 4, 6)),
    Family("log(log(1+exp(t)))", "t", lambda t: log(softplus(t)), _scalars(-500, -40, 1, 800)),
    Family("t^2*log(1+1/t^2)", "t", lambda t: t**2 * mpmath.log1p(t**-2), _scalars(0.1, 1e5, 1e10, 1e60)),
    Family("(t^2-1)/(t-1)", "t", lambda t: t + 1, [{"t": value} for value in (1 + 2**-50, 1 + 2**-30, 3.0)]),
    Family("cosh(t)-sinh(t)", "t", lambda t: e(-t), _scalars(1, 15, 100, 600)),
    Family("sinh(t)/cosh(t)", "t", tanh, _scalars(1e-5, 3, 300, -340)),
    Family("log(2*cosh(t)/exp(t))", "t", lambda t: mpmath.log1p(e(-2 * t)), _scalars(-800, 1, 20, 300)),
    Family("1-erf(t)", "t", mpmath.erfc, _scalars(0.1, 3, 5, 20)),
    Family("log(normcdf(t))", "t", lambda t: log(mpmath.erfc(-t / sqrt(mpf(2))) / 2), _scalars(-100, -40, -5, 0, 8)),
    Family("gelu(t)", "t", lambda t: t * mpmath.erfc(-t / sqrt(mpf(2))) / 2, _scalars(-30, -10, 0.1, 10)),
    Family("silu(t)", "t", lambda t: t / (1 + e(-t)), _scalars(-300, -20, 0.1, 50)),
    Family("mish(t)", "t", lambda t: t * tanh(softplus(t)), _scalars(-300, -20, 0.1, 5, 50)),
    Family("log(sinh(t))", "t", lambda t: log(mpmath.sinh(t)), _scalars(1e-10, 1, 700, 800)),
    Family("sqrt(1+t)-1", "t", lambda t: t / (sqrt(1 + t) + 1), _scalars(1e-20, -1e-9, 1e-5)),
    Family("exp(-1/t^2)", "t", lambda t: e(-1 / t**2), _scalars(0.05, 1, 1e8)),
    Family("log(1+exp(-t))-log(1+exp(t))", "t", lambda t: -t, _scalars(1e-9, 50, -300)),
    Family("softplus(t)-t", "t", lambda t: softplus(-t), _scalars(1, 30, 300)),
    Family("logit(sigmoid(t))", "t", lambda t: t, _scalars(-50, 1, 30, 300)),
]  # fmt: skip

PAIRS = [
    Family(
        "log(exp(a)+exp(t))", "t", lambda a, t: log(e(a) + e(t)),
        [{"a": a, "t": t} for a, t in ((1000, 1001), (-900, -905), (0, 200), (5e4, 5e4))],
    ),
    Family(
        "log(exp(t)-exp(a))", "t", lambda a, t: log(e(t) - e(a)),
        [{"a": a, "t": t} for a, t in ((1000, 1001), (-900, -895), (1, 1 + 1e-10), (0, 300))],
    ),
    Family(
        "exp(t)/(exp(t)+exp(a))", "t", lambda a, t: 1 / (1 + e(a - t)),
        [{"a": a, "t": t} for a, t in ((1000, 1001), (-900, -895), (0, 300), (40, 0))],
    ),
    Family(
        "sqrt(a^2+t^2)", "t", lambda a, t: sqrt(a * a + t * t),
        [{"a": a, "t": t} for a, t in ((3e180, 4e180), (3e-170, 1e-170), (1e10, 1e-3), (-3, 4))],
    ),
    Family(
        "a*t/(a^2+t^2)", "t", lambda a, t: a * t / (a * a + t * t),
        [{"a": a, "t": t} for a, t in ((1e120, 2e120), (1e-120, 3e-120), (1e100, 1), (2, -1))],
    ),
    Family(
        "exp(a)*exp(-t)", "t", lambda a, t: e(a - t),
        [{"a": a, "t": t} for a, t in ((1000, 1001), (-900, -905), (0, 200), (7000, 7100))],
    ),
    Family(
        "(exp(a)-exp(t))/(a-t)", "t", lambda a, t: e(t) * mpmath.expm1(a - t) / (a - t),
        [{"a": a, "t": t} for a, t in ((1, 1 + 2.0**-40), (0.5, 0.5 - 2.0**-20), (3, 1))],
    ),
    Family(
        "log(a*exp(t)+(1-a)*exp(-t))", "t", lambda a, t: log(a * e(t) + (1 - a) * e(-t)),
        [{"a": a, "t": t} for a, t in ((0.25, 1000), (0.25, -1000), (0.999, 20), (0.5, 1e-6))],
    ),
    Family(
        "a*log(a/t)+t-a", "t", lambda a, t: a * log(a / t) + t - a,
        [{"a": a, "t": t} for a, t in ((1, 1 + 2.0**-30), (1e200, 3e200), (1e-200, 1e-201))],
    ),
]  # fmt: skip

_LARGE = ([1e100, 2e100, -3e100], [1e-100, -2e-100, 3e-100], [1.0, -2.0, 0.5], [1e120, 1e-120, 1.0])
_EXPONENTS = ([1000.0, 1001.0, 998.0], [-1000.0, -1001.0, -990.0], [0.1, -0.3, 2.0], [800.0, -800.0, 0.0])


def _with(name: str, value: Any, vectors: Sequence[Sequence[float]], **more: Any) -> list[Point]:
    return [{name: value, "x": list(vector), **more} for vector in vectors]


def _norm4(x: Any) -> Any:
    return mpmath.fsum([entry**4 for entry in x]) ** (mpf(1) / 4)


def _mixture(x: Any, M: Any, p: Any) -> Any:
    parts = [
        weight * e(-mpmath.fsum([(x[row] - M[row][k]) ** 2 for row in range(len(x))]) / 2) for k, weight in enumerate(p)
    ]
    return log(mpmath.fsum(parts))


MATRIX = [[2.0, -1.0, 0.5], [0.3, 1.5, -0.7], [1.0, 0.2, 3.0]]
WEIGHTS = [0.2, 0.5, 0.3]
MEANS = [[1.0, -2.0], [0.5, 3.0]]

VECTORS = [
    Family("sum(x.^4)^(1/4)", "x", _norm4, _vectors(*_LARGE)),
    Family("normp(x, 4)", "x", _norm4, _vectors(*_LARGE)),
    Family(
        "sum(x.^6)^(1/3)", "x", lambda x: mpmath.fsum([entry**6 for entry in x]) ** (mpf(1) / 3),
        _vectors([1e60, 2e60, 3e60], [1e-60, 2e-60, 1e-60], [1.0, 2.0, 3.0]),
    ),
    Family("norm2(x)", "x", lambda x: sqrt(squares(x)), _vectors([1e200, 2e200, -1e200], [1e-170, 3e-170, 0.0])),
    Family("sqrt(x'*x)", "x", lambda x: sqrt(squares(x)), _vectors(*_LARGE)),
    Family("sqrt(sum(x.^2)+1)", "x", lambda x: sqrt(squares(x) + 1), _vectors(*_LARGE)),
    Family(
        "log(x'*x)", "x", lambda x: log(squares(x)),
        _vectors([1e140, 2e140, -1e140], [1e-140, 2e-140, 5e-140], *_LARGE),
    ),
    Family("log(1+x'*x)", "x", lambda x: mpmath.log1p(squares(x)), _vectors(*_LARGE)),
    Family(
        "log(p'*exp(x))", "x", lambda p, x: log(dot(p, exps(x))), _with("p", WEIGHTS, _EXPONENTS),
    ),
    Family(
        "log(sum(p .* exp(x)))", "p", lambda p, x: log(dot(p, exps(x))), _with("p", WEIGHTS, _EXPONENTS),
    ),
    Family(
        "log(sum(exp(A*x)))", "x", lambda A, x: log(mpmath.fsum(exps(matvec(A, x)))), _with("A", MATRIX, _EXPONENTS),
    ),
    Family("log(sum(exp(x)))", "x", lambda x: log(mpmath.fsum(exps(x))), _vectors(*_EXPONENTS)),
    Family("log(mean(exp(x)))", "x", lambda x: log(mean(exps(x))), _vectors(*_EXPONENTS)),
    Family("-log(sum(exp(-x)))", "x", lambda x: -log(mpmath.fsum([e(-t) for t in x])), _vectors(*_EXPONENTS)),
    Family(
        "a*log(sum(exp(x/a)))", "x", lambda a, x: a * log(mpmath.fsum([e(t / a) for t in x])),
        _with("a", 0.01, ([1.0, 1.2, 0.7], [30.0, 31.0, 30.5], [-20.0, 4.0, 4.01])),
    ),
    Family(
        "sum(x .* exp(x))/sum(exp(x))", "x", lambda x: dot(x, exps(x)) / mpmath.fsum(exps(x)), _vectors(*_EXPONENTS),
    ),
    Family(
        "y'*log(exp(x)/sum(exp(x)))", "x", lambda y, x: dot(y, [t - log(mpmath.fsum(exps(x))) for t in x]),
        _with("y", [0.2, 0.5, 0.4], _EXPONENTS),
    ),
    Family(
        "y'*exp(x)/sum(exp(x))", "x", lambda y, x: dot(y, exps(x)) / mpmath.fsum(exps(x)),
        _with("y", [0.2, 0.5, 0.4], _EXPONENTS),
    ),
    Family(
        "sum(log(1+exp(-y.*x)))", "x", lambda y, x: mpmath.fsum([softplus(-a * b) for a, b in zip(y, x)]),
        _with("y", [1.0, -1.0, 1.0], ([100.0, 0.1, -3.0], [700.0, -30.0, -800.0])),
    ),
    Family(
        "sum(sigmoid(x).*(1-sigmoid(x)))", "x",
        lambda x: mpmath.fsum([1 / (2 * mpmath.cosh(t / 2)) ** 2 for t in x]),
        _vectors([40.0, 30.0, 38.0], [-300.0, -305.0, -310.0], [0.1, 1.0, 20.0]),
    ),
    Family(
        "sigmoid(norm2(2+x)^2)", "x", lambda x: 1 / (1 + e(-squares([2 + t for t in x]))),
        _vectors([1.0, 0.5, 2.0], [3.0, -1.0, 4.0], [0.1, 0.0, -2.0]),
    ),
    Family(
        "sum(tanh(tanh(3+x)))", "x", lambda x: mpmath.fsum([tanh(tanh(3 + t)) for t in x]),
        _vectors([1.0, 4.0, 9.0], [-3.0, 15.0, -20.0]),
    ),
    Family("norm1(3+tanh(x))", "x", lambda x: mpmath.fsum([3 + tanh(t) for t in x]), _vectors([4.0, -9.0, 15.0])),
    Family(
        "x'*A*x/(x'*x)", "x", lambda A, x: dot(x, matvec(A, x)) / squares(x),
        _with("A", MATRIX, (*_LARGE, [1e150, -2e150, 1e150], [1e-150, 2e-150, 1e-150])),
    ),
    Family(
        "(x'*A*x)/norm2(x)^2", "A", lambda A, x: dot(x, matvec(A, x)) / squares(x),
        _with("A", MATRIX, ([1e160, 2e160, -1e160], [1e-170, 2e-170, 1e-170], [1.0, 2.0, 3.0])),
    ),
    Family(
        "x'*y/(norm2(x)*norm2(y))", "x", lambda x, y: dot(x, y) / sqrt(squares(x) * squares(y)),
        _with("y", [0.5, -1.0, 2.0], (*_LARGE, [1e150, -2e150, 1e150], [1e-150, 2e-150, 1e-150])),
    ),
    Family(
        "x'*y/sqrt((x'*x)*(y'*y))", "y", lambda x, y: dot(x, y) / sqrt(squares(x) * squares(y)),
        _with("y", [0.5, -1.0, 2.0], ([1e200, 2e200, -1e200], [1e-200, 3e-200, 1e-200], [1.0, 2.0, 3.0])),
    ),
    Family(
        "norm2(A*x)/norm2(x)", "x", lambda A, x: sqrt(squares(matvec(A, x)) / squares(x)),
        _with("A", MATRIX, (*_LARGE,)),
    ),
    Family(
        "norm2(x)^2/norm2(y)^2", "x", lambda x, y: squares(x) / squares(y),
        _with("y", [1e180, -2e180, 1e180], ([1e180, 1e179, 2e180], [2e170, 1e170, 1e171])),
    ),
    Family(
        "log(sum(exp(-(x-m).^2/2)))", "x",
        lambda x, m: log(mpmath.fsum([e(-((a - b) ** 2) / 2) for a, b in zip(x, m)])),
        _with("m", [0.0, 1.0, 2.0], ([40.0, 41.0, 39.0], [1e3, -1e3, 2e3], [0.1, 0.2, 3.0])),
    ),
    Family(
        "log(sum[k](p[k]*exp(-norm2(x - M[:,k])^2/2)))", "x", _mixture,
        [{"x": x, "M": MEANS, "p": [0.4, 0.6]} for x in ([0.3, 1.0], [30.0, 40.0], [-60.0, 20.0], [1e3, 2e3])],
    ),
    Family(
        "log(sum[k](p[k]*exp(-norm2(x - M[:,k])^2/2)))", "M", _mixture,
        [{"x": x, "M": MEANS, "p": [0.4, 0.6]} for x in ([0.3, 1.0], [30.0, 40.0], [-60.0, 20.0])],
    ),
    Family(
        "log(sum[k](p[k]*exp(-norm2(x - M[:,k])^2/2)))", "p", _mixture,
        [{"x": x, "M": MEANS, "p": [0.4, 0.6]} for x in ([0.3, 1.0], [30.0, 40.0], [-60.0, 20.0])],
    ),
    Family(
        "log(a*exp(-norm2(x-m)^2/2) + (1-a)*exp(-norm2(x+m)^2/2))", "x",
        lambda a, x, m: log(
            a * e(-squares([s - t for s, t in zip(x, m)]) / 2)
            + (1 - a) * e(-squares([s + t for s, t in zip(x, m)]) / 2)
        ),
        _with("m", [1.0, 2.0], ([0.1, 0.2], [40.0, 30.0], [-100.0, 20.0], [1e-3, 50.0]), a=0.3),
    ),
    Family(
        "exp(-norm2(x-y)^2/2)", "x", lambda x, y: e(-squares([s - t for s, t in zip(x, y)]) / 2),
        _with("y", [1.0, 2.0, 0.0], ([30.0, 20.0, 1.0], [0.5, 1.5, 0.0], [1 + 1e-9, 2.0, 0.0])),
    ),
    Family(
        "sum(x.^2)/3 - mean(x)^2", "x", lambda x: spread(x) / 3,
        _vectors([1e8, 1e8 + 1, 1e8 + 3], [1e15, 1e15 + 2, 1e15 + 7], [0.1, 0.2, 0.4]),
    ),
    Family("var(x)", "x", lambda x: spread(x) / 3, _vectors([1e8, 1e8 + 1, 1e8 + 3], [1e15, 1e15 + 2, 1e15 + 7])),
    Family("std(x)", "x", lambda x: sqrt(spread(x) / 3), _vectors([1e8, 1e8 + 1, 1e8 + 3], [1e200, 2e200, 4e200])),
    Family(
        "mean(x)/std(x)", "x", lambda x: mean(x) / sqrt(spread(x) / 3),
        _vectors([1e8, 1e8 + 1, 1e8 + 3], [1e150, 2e150, 4e150], [1e-150, 2e-150, 4e-150]),
    ),
    Family(
        "prod(x)^(1/3)", "x", lambda x: (x[0] * x[1] * x[2]) ** (mpf(1) / 3),
        _vectors([1e120, 2e120, 3e120], [1e-115, 2e-115, 3e-115], [1.0, 2.0, 3.0]),
    ),
    Family(
        "log(prod(x))", "x", lambda x: log(x[0] * x[1] * x[2]),
        _vectors([1e120, 2e120, 3e120], [1e-80, 2e-80, 3e-80], [1.0, 2.0, 3.0]),
    ),
    Family(
        "sum(x.^2)/sum(x)", "x", lambda x: squares(x) / mpmath.fsum(x),
        _vectors([1e100, 2e100, 3e100], [1e-100, 2e-100, 3e-100], [1.0, -1.0, 1e-9]),
    ),
    Family(
        "a'*x/(b'*x)", "x", lambda a, b, x: dot(a, x) / dot(b, x),
        _with("a", [1.0, 2.0, 3.0], ([1e150, 1e150, 2e150], [1e-120, 2e-120, 1e-120]), b=[0.5, 1.0, -0.25]),
    ),
    Family(
        "x'*x - sum(x)^2/3", "x", spread, _vectors([1e8, 1e8 + 1, 1e8 + 3], [1e12, 1e12 + 2, 1e12 + 7]),
    ),
    Family(
        "norm2(x)-norm2(y)", "x", lambda x, y: sqrt(squares(x)) - sqrt(squares(y)),
        _with("y", [1.0, 2.0, 2.0], ([1.0, 2.0, 2.0 + 2.0**-45], [1.0, 2.0, 2.0 + 1e-9])),
    ),
    Family(
        "sqrt(1-x'*x)", "x", lambda x: sqrt(1 - squares(x)), _vectors([0.6, 0.8 - 1e-14], [0.1, 0.2], [0.0, 1 - 1e-15]),
    ),
    Family(
        "logsumexp(x)-max(x)", "x", lambda x: log(mpmath.fsum([e(t - max(x)) for t in x])),
        _vectors([1000.0, 960.0, 950.0], [1.0, 0.5, 0.0]),
    ),
    Family(
        "sum(log(cosh(x)))", "x", lambda x: mpmath.fsum([log(mpmath.cosh(t)) for t in x]),
        _vectors([1e-9, 800.0, -1e4], [0.1, -3.0, 20.0]),
    ),
    Family(
        "sum(sqrt(1+x.^2)-1)", "x", lambda x: mpmath.fsum([t * t / (sqrt(1 + t * t) + 1) for t in x]),
        _vectors([1e-12, 2e-12, 1e-11], [1e-5, 3.0, 1e8]),
    ),
]  # fmt: skip

MATRICES = [
    Family(
        "logdet(A)", "A", lambda A: log(det(A)),
        [{"A": [[factor * entry for entry in row] for row in MATRIX]} for factor in (1.0, 1e120, 1e-120)],
    ),
    Family(
        "log(det(A))", "A", lambda A: log(det(A)),
        [{"A": [[factor * entry for entry in row] for row in MATRIX]} for factor in (1e120, 1e-120)],
    ),
    Family("det(A)", "A", det, [{"A": [row[:4] for row in HILBERT[:4]]}, {"A": [[1.0, 2.0], [2.0, 4.0 + 1e-12]]}]),
    Family(
        "x'*inv(A)*x", "x", lambda A, x: dot(x, solve(A, x)),
        [{"A": HILBERT, "x": [1.0, 2.0, -1.0, 0.5, 3.0]}, {"A": MATRIX, "x": [1e100, 1e-100, 1.0]}],
    ),
    Family(
        "x'*inv(A)*x", "A", lambda A, x: dot(x, solve(A, x)),
        [
            {"A": [row[:3] for row in HILBERT[:3]], "x": [1.0, 2.0, -1.0]},
            {"A": [[1.0, 2.0], [2.0, 4.0 + 1e-9]], "x": [1.0, 1.0]},
        ],
    ),
    Family(
        "tr(A*A)/tr(A)^2", "A",
        lambda A: mpmath.fsum([A[i][j] * A[j][i] for i in range(3) for j in range(3)])
        / mpmath.fsum([A[i][i] for i in range(3)]) ** 2,
        [{"A": [[factor * entry for entry in row] for row in MATRIX]} for factor in (1.0, 1e90, 1e-90)],
    ),
    Family(
        "norm2(A*x - b)^2/norm2(b)^2", "x",
        lambda A, x, b: squares([s - t for s, t in zip(matvec(A, x), b)]) / squares(b),
        _with("A", MATRIX, ([1e180, 2e180, 1e180],), b=[1e180, -1e180, 3e180]),
    ),
]  # fmt: skip

FAMILIES = [*SCALARS, *PAIRS, *VECTORS, *MATRICES]


def right(found: Any, truth: Any, digits: float = 1e-10) -> bool:
    """Whether a float is the truth to ten digits; a truth below what float64 holds may be off by the smallest float."""
    return bool(abs(mpf(float(found)) - truth) <= digits * abs(truth) + mpf(10) ** -307)


def misses(family: Family) -> Iterator[tuple[Point, str]]:
    """Where a family is wrong, and what: value, gradient, Hessian, or an error."""
    functions = {order: gradcalc.derive(family.expression, wrt=family.wrt, order=order).function() for order in (1, 2)}
    for point in family.points:
        value, gradient, hessian = family.value_gradient_hessian(point)
        for order, wanted in ((1, gradient), (2, [entry for row in hessian for entry in row])):
            if any(abs(entry) > mpf(10) ** 308 for entry in wanted):
                continue
            try:
                found, derivative = functions[order].value_and_gradient(**point)
            except gradcalc.GradcalcError as error:
                yield point, f"order {order}: {error.message}"
                continue
            if not right(found, value):
                yield point, f"value: {float(found)!r} instead of {mpmath.nstr(value, 17)}"
            for entry, truth in zip(np.ravel(derivative), wanted):
                if not right(entry, truth):
                    yield point, f"order {order}: {float(entry)!r} instead of {mpmath.nstr(truth, 17)}"
                    break


def main() -> None:
    total = wrong = 0
    for family in FAMILIES:
        total += len(family.points)
        found = list(misses(family))
        wrong += len({str(point) for point, _ in found})
        for point, what in found:
            print(family, point, what, sep="\n    ")
    print(f"{total - wrong} of {total} points are right: {100 * (total - wrong) / total:.1f} %")


if __name__ == "__main__":
    main()
