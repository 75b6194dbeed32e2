"""The elementwise functions for which NumPy has nothing and SciPy has: the optional extra `special`.

Sources: DLMF chapters 5 (gamma) and 7 (error functions); Abramowitz and Stegun, chapter 26 (normal distribution).
"""

from __future__ import annotations

import math
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.functions.entry import Elementwise, Function

_INFINITY = float("inf")


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


def _special(name: str) -> Any:
    return lambda np, *operands: getattr(scipy_module("special"), name)(*operands)


def _entry(
    name: str, summary: str, scipy: str, derivative: str, sympy: str, real_only: bool = False, **more: Any
) -> Elementwise:
    more.setdefault("reference", _special(scipy))
    more.setdefault("latex", r"\operatorname{{" + name + r"}}\left({0}\right)")
    more.setdefault("meaning", f"{name}(t)")
    return Elementwise(
        name, summary, derivative=derivative, sympy=sympy, real_only=real_only,
        numpy=f"_special.{scipy}({{0}})", helpers=("_special",), **more,
    )  # fmt: skip


def _normal_density(np: Any, t: Any) -> Any:
    return np.exp(-0.5 * t * t) / math.sqrt(2 * math.pi)


def _whole_below_zero(np: Any, t: Any) -> Any:
    """Zero at the poles of gamma: the whole numbers up to zero."""
    return np.where(np.real(t) < 0.5, np.real(t) - np.round(np.real(t)), 1.0)


def _gamma(np: Any, t: Any) -> Any:
    """Gamma; left of 1/2 by reflection, which keeps the small imaginary part of a complex step."""
    gamma = scipy_module("special").gamma
    if not np.iscomplexobj(t):
        return gamma(t)
    left = np.real(t) < 0.5
    return np.where(left, np.pi / (np.sin(np.pi * t) * gamma(1 - t)), gamma(np.where(left, 1.0, t)))


def _lgamma(np: Any, t: Any) -> Any:
    """log(abs(gamma(t))), continued analytically."""
    special = scipy_module("special")
    if not np.iscomplexobj(t):
        return special.gammaln(t)
    left = np.real(t) < 0.5
    reflected = np.log(np.pi) - 0.5 * np.log(np.sin(np.pi * t) ** 2) - special.loggamma(np.where(left, 1 - t, 1.0))
    return np.where(left, reflected, special.loggamma(np.where(left, 1.0, t)))


_POLYGAMMA = "sympy.polygamma({0}, {1})"

SPECIAL: tuple[Function, ...] = (
    _entry("erf", "the error function", "erf", "2*exp(-t^2)/sqrt(pi)", "sympy.erf({0})", parity="odd", exact={0: 0}),
    _entry(
        "erfc", "1 - erf(t), accurate for large t", "erfc", "-2*exp(-t^2)/sqrt(pi)", "sympy.erfc({0})", exact={0: 1},
    ),
    _entry(
        "erfinv", "the inverse of the error function", "erfinv", "0.5*sqrt(pi)*exp(erfinv(t)^2)", "sympy.erfinv({0})",
        real_only=True, parity="odd", exact={0: 0}, domain=(-1.0, 1.0),
    ),
    _entry(
        "normcdf", "the distribution function of the standard normal distribution", "ndtr", "normpdf(t)",
        "(1 + sympy.erf(({0})/sympy.sqrt(2)))/2", latex=r"\Phi\left({0}\right)", aliases=("Phi", "ndtr"), reflects=True,
        meaning="(1 + erf(t/sqrt(2)))/2",
    ),
    Elementwise(
        "normpdf", "the density of the standard normal distribution", parity="even",
        meaning="exp(-t^2/2)/sqrt(2*pi)", derivative="-t*normpdf(t)", latex=r"\varphi\left({0}\right)",
        numpy="np.exp(-0.5 * {0} * {0}) / np.sqrt(2 * np.pi)", reference=_normal_density,
        sympy="sympy.exp(-({0})**2/2)/sympy.sqrt(2*sympy.pi)",
    ),
    _entry(
        "lognormcdf", "log(normcdf(t)), finite for every t", "log_ndtr",
        "exp(-0.5*t^2 - lognormcdf(t))/sqrt(2*pi)", "sympy.log((1 + sympy.erf(({0})/sympy.sqrt(2)))/2)",
        latex=r"\log\Phi\left({0}\right)",
    ),
    Elementwise(
        "gelu", "t*normcdf(t)", meaning="t*normcdf(t)", derivative="normcdf(t) + t*normpdf(t)", exact={0: 0},
        latex=r"\operatorname{{gelu}}\left({0}\right)", numpy="{0} * _special.ndtr({0})", helpers=("_special",),
        reference=lambda np, t: t * _special("ndtr")(np, t), sympy="({0})*(1 + sympy.erf(({0})/sympy.sqrt(2)))/2",
    ),
    _entry(
        "gamma", "the gamma function", "gamma", "gamma(t)*digamma(t)", "sympy.gamma({0})", gap=_whole_below_zero,
        latex=r"\Gamma\left({0}\right)", exact={1: 1, 2: 1, 3: 2}, example="sum(gamma(exp(x)))", reference=_gamma,
    ),
    _entry(
        "lgamma", "the logarithm of the absolute value of the gamma function", "gammaln", "digamma(t)",
        "sympy.log(sympy.Abs(sympy.gamma({0})))", aliases=("gammaln", "loggamma"), gap=_whole_below_zero,
        latex=r"\log\Gamma\left({0}\right)", exact={1: 0, 2: 0}, example="sum(lgamma(exp(x)))",
        reference=_lgamma,
    ),
    _entry(
        "digamma", "the derivative of lgamma", "psi", "trigamma(t)", "sympy.digamma({0})", aliases=("psi",),
        gap=_whole_below_zero, latex=r"\psi\left({0}\right)", example="sum(digamma(exp(x)))",
    ),
    Elementwise(
        "trigamma", "the derivative of digamma", meaning="polygamma(1, t)", derivative="polygamma(2, t)",
        latex=r"\psi_{{1}}\left({0}\right)", numpy="_special.polygamma(1, {0})", helpers=("_special",),
        sympy="sympy.trigamma({0})", gap=_whole_below_zero, example="sum(trigamma(exp(x)))", real_only=True,
        reference=lambda np, t: _special("polygamma")(np, 1, t),
    ),
    Elementwise(
        "polygamma", "the derivative of order k of digamma, k a whole number", parameters=("k", "t"),
        meaning="polygamma(k, t)", derivative=(None, "polygamma(k + 1, t)"),
        latex=r"\psi_{{{0}}}\left({1}\right)", numpy="_special.polygamma({0}, {1})", helpers=("_special",),
        sympy=_POLYGAMMA, gap=lambda np, k, t: _whole_below_zero(np, t), example="sum(polygamma(2, exp(x)))",
        real_only=True, reference=lambda np, k, t: _special("polygamma")(np, k, t),
    ),
)  # fmt: skip
