"""The algebra of NumPy's arrays, real or complex: as fast as arrays of any size allow."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy

from gradcalc.errors import GradcalcError
from gradcalc.functions.entry import Elementwise
from gradcalc.meaning import linear_algebra as matrices
from gradcalc.meaning.linear_algebra import NotDefinedError
from gradcalc.meaning.stand_in import StandIn

Array = Any
"""A NumPy array or scalar, real or complex."""

_LARGEST_CONDITION = 1e14
"""A matrix with a larger condition number is singular to working precision."""

_SMALL_STEP = 1e-12

_SCIPY = {
    "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "normcdf": "ndtr", "lognormcdf": "log_ndtr",
}  # fmt: skip
"""The functions that SciPy computes, and what it calls them."""


def scipy_module(name: str) -> Any:
    """`scipy.special` or `scipy.linalg`. Raises GradcalcError of kind usage where SciPy is not installed."""
    import importlib

    try:
        return importlib.import_module(f"scipy.{name}")
    except ImportError:
        raise GradcalcError(
            "usage",
            "this function is computed with SciPy, which is not installed",
            hint="Install the extra: pip install 'gradcalc[special]'. Formulas need no SciPy.",
        ) from None


class NumPyAlgebra:
    """NumPy itself, with what it lacks taken from SciPy."""

    small = False
    symbolic = False
    precision = float(numpy.finfo(float).eps)
    linalg = numpy.linalg

    def __getattr__(self, name: str) -> Any:
        theirs = _SCIPY.get(name)
        return getattr(numpy, name) if theirs is None else getattr(scipy_module("special"), theirs)

    @staticmethod
    def number(value: Fraction | int) -> Array:
        try:
            return float(value)
        except OverflowError:
            return math.inf

    @staticmethod
    def array(nested: Any) -> Array:
        return numpy.array(nested, dtype=float)

    def gamma(self, t: Array) -> Array:
        """Left of 1/2 by reflection, which keeps the small imaginary part of a complex step."""
        gamma = scipy_module("special").gamma
        if not numpy.iscomplexobj(t):
            return gamma(t)
        left = numpy.real(t) < 0.5
        reflected = numpy.pi / (numpy.sin(numpy.pi * t) * gamma(1 - t))
        return numpy.where(left, reflected, gamma(numpy.where(left, 1.0, t)))

    def log_gamma(self, t: Array) -> Array:
        """log(abs(gamma(t))), continued analytically."""
        special = scipy_module("special")
        if not numpy.iscomplexobj(t):
            return special.gammaln(t)
        left = numpy.real(t) < 0.5
        sine = numpy.log(numpy.sin(numpy.pi * t) ** 2)
        reflected = numpy.log(numpy.pi) - 0.5 * sine - special.loggamma(numpy.where(left, 1 - t, 1.0))
        return numpy.where(left, reflected, special.loggamma(numpy.where(left, 1.0, t)))

    def polygamma(self, order: Array, t: Array) -> Array:
        special = scipy_module("special")
        return special.psi(t) if numpy.all(order == 0) else special.polygamma(order, t)

    def expm(self, x: Array) -> Array:
        return scipy_module("linalg").expm(x)

    def logm(self, x: Array) -> Array:
        return _if_real(scipy_module("linalg").logm(x))

    def sqrtm(self, x: Array) -> Array:
        return _if_real(scipy_module("linalg").sqrtm(x))

    def power(self, base: Array, exponent: Array) -> Array:
        base, exponent = numpy.asarray(base), numpy.asarray(exponent)
        whole = numpy.real(exponent) == numpy.round(numpy.real(exponent))
        if not numpy.iscomplexobj(exponent) and exponent.ndim == 0 and whole and abs(exponent) < 1000:
            # Whole powers by multiplication: exact for complex arrays, where NumPy's power is not.
            return _whole_power(base, int(exponent))
        is_complex = numpy.iscomplexobj(base) or numpy.iscomplexobj(exponent)
        if is_complex and not numpy.any((numpy.real(base) < 0) & whole):
            return numpy.exp(exponent * numpy.log(base))
        return numpy.power(base, exponent)

    def einsum(self, subscripts: str, operands: Sequence[Array], lengths: dict[str, int]) -> Array:
        inputs, output = subscripts.split("->")
        if len(set(output)) < len(output):
            (line,) = operands or (numpy.ones(lengths[output[0]]),)
            return numpy.diag(line)
        alone = [letter for letter in output if letter not in inputs]
        groups = [*(inputs.split(",") if operands else ()), *alone]
        return numpy.einsum(f"{','.join(groups)}->{output}", *operands, *[numpy.ones(lengths[a]) for a in alone])

    # What the walk asks.

    def applied(self, entry: Elementwise, operands: Sequence[Array]) -> Array:
        assert entry.reference is not None
        return self.by_entries(entry.reference, operands)

    def by_entries(self, function: Callable[..., Array], operands: Sequence[Array]) -> Array:
        """`function(np, *arrays)`, which acts entry by entry."""
        return function(self, *[numpy.asarray(operand) for operand in operands])

    def each(self, function: Callable[[Array], Array], t: Array) -> Array:
        return numpy.array([function(entry) for entry in numpy.ravel(t)]).reshape(numpy.shape(t))

    def unspecified(self, name: str, t: Array, order: int) -> Array:
        """The stand-in of an unspecified function, or its derivative of an order, entry by entry."""
        return StandIn(name).evaluate(self, t, order)

    def cholesky(self, x: Array) -> Array:
        """Without conjugation where the matrix is complex, so that it continues analytically."""
        if not numpy.iscomplexobj(x):
            return numpy.linalg.cholesky(x)
        return numpy.array(matrices.cholesky(x.tolist(), cmath.sqrt))

    def slope(self, function: Callable[[Array], Array], point: Array, order: int, radius: Array) -> Array:
        """The derivative of an order of an analytic function entry by entry, from its values on a circle.

        A small imaginary part, a complex step, would be lost beside the radius: it goes with the next derivative.
        Source: Fornberg, Numerical differentiation of analytic functions (1981).
        """
        nodes = 32
        step = numpy.imag(point)
        if numpy.iscomplexobj(point) and numpy.max(numpy.abs(step), initial=0.0) < _SMALL_STEP:
            here, slope = [self.slope(function, numpy.real(point), order + more, radius) for more in (0, 1)]
            return here + 1j * step * slope
        turns = numpy.exp(2j * numpy.pi * (numpy.arange(nodes) + 0.5) / nodes)
        total: Array = 0
        for turn in turns:
            total = total + function(point + radius * turn) * turn**-order
        answer = total * math.factorial(order) / (nodes * radius**order)
        return answer if numpy.iscomplexobj(point) else numpy.real(answer)

    def is_regular(self, matrix: Array) -> bool:
        """Whether the matrix is regular to working precision; one that is not finite is left to others to judge."""
        return not numpy.all(numpy.isfinite(matrix)) or bool(numpy.linalg.cond(matrix) < _LARGEST_CONDITION)

    def largest(self, t: Array) -> float:
        size = float(numpy.max(numpy.abs(t), initial=0.0))
        return size if size < math.inf else 0.0

    def smallest(self, t: Array) -> float:
        return float(numpy.min(numpy.abs(numpy.asarray(numpy.real(t), dtype=float)), initial=math.inf))

    def outside(self, t: Array, low: float, high: float, closed: bool) -> float | None:
        real = numpy.asarray(numpy.real(t))
        beyond = (real < low) | (real > high) | (((real == low) | (real == high)) & (not closed))
        return float(real[beyond].flat[0]) if numpy.any(beyond) else None

    def is_finite(self, t: Array) -> bool:
        return bool(numpy.all(numpy.isfinite(t)))

    def any(self, t: Array) -> bool:
        return bool(numpy.any(t))


def _if_real(value: Array) -> Array:
    """A matrix without its imaginary part where that is rounding, else not a number."""
    size = numpy.max(numpy.abs(value), initial=0.0)
    if numpy.max(numpy.abs(numpy.imag(value)), initial=0.0) > 1e-9 * size:
        raise NotDefinedError
    return numpy.real(value)


def _whole_power(base: Array, exponent: int) -> Array:
    if exponent < 0:
        return numpy.true_divide(1.0, _whole_power(base, -exponent))
    answer: Array = numpy.ones_like(base)
    square = base
    while exponent:
        if exponent % 2:
            answer = answer * square
        exponent //= 2
        if exponent:
            square = square * square
    return answer


NUMPY = NumPyAlgebra()
