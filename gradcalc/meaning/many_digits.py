"""The functions of numbers of many digits, by mpmath: what the algebra of small arrays takes entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

from gradcalc.meaning.algebra import SmallAlgebra
from gradcalc.meaning.small import Data

Scalar = Any
"""An mpf or mpc of the context at hand."""


_LARGEST_ARGUMENT = 5000
"""Functions of numbers beyond 2 to this power are not computed: their own logarithms fill the memory."""


class ManyDigits:
    """Numbers of `digits` digits, in a context of their own.

    A function outside its domain, of an argument without measure, or that mpmath cannot compute, is not a number; none
    raises.
    """

    symbolic = False

    def __init__(self, digits: int) -> None:
        import mpmath

        context = mpmath.MPContext()
        context.dps = digits
        self._context = context
        self._bound = context.ldexp(1, _LARGEST_ARGUMENT)
        self.pi, self.inf, self.nan = +context.pi, context.inf, context.nan
        self.precision = context.mpf(10) ** -digits
        for name, theirs in _THEIRS.items():
            setattr(self, name, self._total(getattr(context, theirs)))
        root = context.sqrt(2)
        self.normcdf = self._total(lambda t: context.erfc(-t / root) / 2)
        self.lognormcdf = self._total(lambda t: context.log(context.erfc(-t / root) / 2))

    def _total(self, function: Callable[..., Scalar]) -> Callable[..., Scalar]:
        context = self._context

        def apply(t: Scalar) -> Scalar:
            if self._bound < abs(t) < context.inf:
                return context.nan
            try:
                value = function(t)
            except (ValueError, ZeroDivisionError, OverflowError, TypeError, context.NoConvergence):
                return context.nan
            if isinstance(value, context.mpc) and not isinstance(t, context.mpc):
                return context.nan if value.imag else value.real
            return value

        return apply

    def number(self, value: Fraction | float) -> Scalar:
        if isinstance(value, Fraction):
            return self._context.mpf(value.numerator) / value.denominator
        return self._context.mpf(value)

    def log(self, t: Scalar) -> Scalar:
        if t == 0:
            return -self.inf
        return self.nan if not self.is_complex(t) and t < 0 else self._context.log(t)

    def log1p(self, t: Scalar) -> Scalar:
        return self.log(1 + t) if abs(t) > 0.5 else self._context.log1p(t)

    def sqrt(self, t: Scalar) -> Scalar:
        return self.nan if not self.is_complex(t) and t < 0 else self._context.sqrt(t)

    def log_gamma(self, t: Scalar) -> Scalar:
        context = self._context
        if t.real < 0.5:
            square = context.sin(context.pi * t) ** 2
            return self.log(self.pi) - self.log(square) / 2 - self.log_gamma(1 - t) if square != 0 else self.nan
        value = context.loggamma(t)
        return value if self.is_complex(t) else context.re(value)

    def polygamma(self, order: Scalar, t: Scalar) -> Scalar:
        k = round(float(order.real))
        return self._total(lambda u: self._context.psi(k, u))(t) if k == order and k >= 0 else self.nan

    def arctan2(self, t: Scalar, u: Scalar) -> Scalar:
        return self._context.atan2(t, u)

    def power(self, base: Scalar, exponent: Scalar) -> Scalar:
        context = self._context
        if abs(exponent) > self._bound:
            return self.nan
        try:
            if not self.is_complex(exponent) and context.isint(exponent):
                return base ** int(exponent)
            if not self.is_complex(base) and base < 0:
                return self.nan
            return base**exponent
        except (ZeroDivisionError, OverflowError, ValueError):
            return self.nan

    def is_complex(self, t: Scalar) -> bool:
        return isinstance(t, (self._context.mpc, complex))

    def is_finite(self, t: Scalar) -> bool:
        return bool(self._context.isfinite(t))

    def floor(self, t: Scalar) -> Scalar:
        return self._context.floor(t)

    def ceil(self, t: Scalar) -> Scalar:
        return self._context.ceil(t)

    def round(self, t: Scalar) -> Scalar:
        return self._context.nint(t)


_THEIRS = {
    "exp": "exp", "expm1": "expm1", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "gamma": "gamma",
}  # fmt: skip
"""What NumPy calls a function, and what mpmath does."""


class ManyDigitsAlgebra(SmallAlgebra):
    """Arrays of a few numbers of many digits."""

    def slope(self, function: Callable[[Data], Data], point: Data, order: int, radius: Data) -> Data:
        """The derivative of an order of a function entry by entry, by central differences in all its digits.

        Source: Abramowitz and Stegun 25.3: the k-th central difference over h^k has an error of h^2.
        """
        numbers = self.numbers
        step = numbers.precision ** numbers.number(Fraction(1, order + 2))
        total: Data = 0
        for place in range(order + 1):
            weight = (-1) ** place * comb(order, place)
            total = total + function(point + (numbers.number(order) / 2 - place) * step) * weight
        return total / step**order


@cache
def many_digits(digits: int) -> ManyDigitsAlgebra:
    """The algebra of numbers of so many digits."""
    return ManyDigitsAlgebra(ManyDigits(digits))
