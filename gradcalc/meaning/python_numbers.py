"""The functions of Python's numbers, real and complex: what the algebra of small arrays takes entry by entry.

A function that overflows is infinite, one outside its domain not a number; neither raises.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from gradcalc.meaning import special

Scalar = Any
"""A float or a complex number."""


def _total(real: Callable[..., Scalar], complex_: Callable[..., Scalar]) -> Callable[[Scalar], Scalar]:
    def apply(t: Scalar) -> Scalar:
        try:
            return complex_(t) if type(t) is complex else real(t)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return apply


def _log(t: float) -> float:
    return -math.inf if t == 0 else math.log(t)


def _log1p(t: float) -> float:
    return -math.inf if t == -1 else math.log1p(t)


def _complex_log1p(t: complex) -> complex:
    x, y = t.real, t.imag
    return complex(0.5 * math.log1p(x * (2 + x) + y * y), math.atan2(y, 1 + x))


def _complex_expm1(t: complex) -> complex:
    rise = math.expm1(t.real)
    return complex(rise * math.cos(t.imag) - 2 * math.sin(t.imag / 2) ** 2, (rise + 1) * math.sin(t.imag))


def _power(base: Scalar, exponent: Scalar) -> Scalar:
    """base^exponent by logarithms, the principal branch; for whole exponents by multiplication."""
    try:
        if type(exponent) is not complex and exponent == math.floor(exponent) and abs(exponent) < 1000:
            return _whole_power(base, int(exponent))
        if type(base) is complex or type(exponent) is complex:
            return cmath.exp(exponent * cmath.log(base)) if base != 0 else 0.0 * base
        return base**exponent if base >= 0 else math.nan
    except OverflowError:
        return math.inf
    except (ValueError, ZeroDivisionError):
        return math.nan


def _whole_power(base: Scalar, exponent: int) -> Scalar:
    answer: Scalar = 1.0
    square, left = base, abs(exponent)
    while left:
        if left % 2:
            answer = answer * square
        left //= 2
        if left:
            square = square * square
    return answer if exponent >= 0 else 1.0 / answer


class PythonNumbers:
    """Floats and complex numbers."""

    pi, inf, nan = math.pi, math.inf, math.nan
    precision = 2.0**-52
    symbolic = False

    exp = staticmethod(_total(math.exp, cmath.exp))
    log = staticmethod(_total(_log, cmath.log))
    log1p = staticmethod(_total(_log1p, _complex_log1p))
    expm1 = staticmethod(_total(math.expm1, _complex_expm1))
    sqrt = staticmethod(_total(math.sqrt, cmath.sqrt))
    sin = staticmethod(_total(math.sin, cmath.sin))
    cos = staticmethod(_total(math.cos, cmath.cos))
    tan = staticmethod(_total(math.tan, cmath.tan))
    arcsin = staticmethod(_total(math.asin, cmath.asin))
    arccos = staticmethod(_total(math.acos, cmath.acos))
    arctan = staticmethod(_total(math.atan, cmath.atan))
    sinh = staticmethod(_total(math.sinh, cmath.sinh))
    cosh = staticmethod(_total(math.cosh, cmath.cosh))
    tanh = staticmethod(_total(math.tanh, cmath.tanh))
    arcsinh = staticmethod(_total(math.asinh, cmath.asinh))
    arccosh = staticmethod(_total(math.acosh, cmath.acosh))
    arctanh = staticmethod(_total(math.atanh, cmath.atanh))
    erf = staticmethod(_total(special.erf, special.erf))
    erfc = staticmethod(_total(special.erfc, special.erfc))
    erfinv = staticmethod(_total(special.erfinv, special.erfinv))
    normcdf = staticmethod(_total(special.normcdf, special.normcdf))
    lognormcdf = staticmethod(_total(special.lognormcdf, special.lognormcdf))
    gamma = staticmethod(_total(special.gamma, special.gamma))
    log_gamma = staticmethod(_total(special.log_gamma, special.log_gamma))
    power = staticmethod(_power)

    @staticmethod
    def number(value: Fraction | float) -> Scalar:
        try:
            return float(value)
        except OverflowError:
            return math.inf

    @staticmethod
    def polygamma(order: Scalar, t: Scalar) -> Scalar:
        return _total(lambda u: special.polygamma(order, u), lambda u: special.polygamma(order, u))(t)

    @staticmethod
    def arctan2(t: Scalar, u: Scalar) -> Scalar:
        return math.atan2(t, u)

    @staticmethod
    def is_complex(t: Scalar) -> bool:
        return type(t) is complex

    @staticmethod
    def is_finite(t: Scalar) -> bool:
        return cmath.isfinite(t)

    @staticmethod
    def floor(t: float) -> float:
        return float(math.floor(t)) if math.isfinite(t) else t

    @staticmethod
    def ceil(t: float) -> float:
        return float(math.ceil(t)) if math.isfinite(t) else t

    @staticmethod
    def round(t: float) -> float:
        return float(round(t)) if math.isfinite(t) else t
