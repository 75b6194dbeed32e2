"""The elementwise functions for which NumPy has nothing and SciPy has: the optional extra `special`.

Sources: DLMF chapters 5 (gamma) and 7 (error functions); Abramowitz and Stegun, chapter 26 (normal distribution).
"""

from __future__ import annotations

from typing import Any

from gradcalc.functions.entry import Elementwise, Function

_INFINITY = float("inf")


def _named(name: str) -> Any:
    return lambda np, *operands: getattr(np, name)(*operands)


def _entry(
    name: str, summary: str, scipy: str, derivative: str, sympy: str, real_only: bool = False, **more: Any
) -> Elementwise:
    more.setdefault("reference", _named(name))
    more.setdefault("latex", r"\operatorname{{" + name + r"}}\left({0}\right)")
    more.setdefault("meaning", f"{name}(t)")
    return Elementwise(
        name, summary, derivative=derivative, sympy=sympy, real_only=real_only,
        numpy=f"_special.{scipy}({{0}})", helpers=("_special",), **more,
    )  # fmt: skip


def _erfcx(np: Any, t: Any) -> Any:
    """exp(t^2)*erfc(t); from 20 on by the continued fraction DLMF 7.9.3, which has some 400 digits there."""
    near = np.where(np.real(t) < 20, t, 0 * t)
    far = np.where(np.real(t) < 20, 20 + 0 * t, t)
    fraction = far
    for order in range(300, 0, -1):
        fraction = far + order / (2 * fraction)
    beyond = 1 / (np.sqrt(np.number(1) * np.pi) * fraction)
    return np.where(np.real(t) < 20, np.exp(near * near) * np.erfc(near), beyond)


def _normal_density(np: Any, t: Any) -> Any:
    return np.exp(-0.5 * t * t) / np.sqrt(2 * np.pi)


def _whole_below_zero(np: Any, t: Any) -> Any:
    """Zero at the poles of gamma: the whole numbers up to zero."""
    return np.where(np.real(t) < 0.5, np.real(t) - np.round(np.real(t)), 1.0)


_POLYGAMMA = "sympy.polygamma({0}, {1})"

SPECIAL: tuple[Function, ...] = (
    _entry(
        "erf", "the error function", "erf", "2*exp(-t^2)/sqrt(pi)", "sympy.erf({0})", parity="odd", exact={0: 0},
        stable={"1 - erf(t)": "erfc(t)", "1 + erf(t)": "erfc(-t)"},
    ),
    _entry(
        "erfc", "1 - erf(t), accurate for large t", "erfc", "-2*exp(-t^2)/sqrt(pi)", "sympy.erfc({0})", exact={0: 1},
        stable={
            "1 - erfc(t)": "erf(t)",
            "2 - erfc(t)": "erfc(-t)",
            "log(erfc(t))": "log(2) + lognormcdf(-sqrt(2)*t)",
            "exp(-t^2)/erfc(t)": "1/erfcx(t)",
        },
    ),
    _entry(
        "erfcx", "exp(t^2)*erfc(t), finite for large t", "erfcx", "2*t*erfcx(t) - 2/sqrt(pi)",
        "sympy.exp(({0})**2)*sympy.erfc({0})", exact={0: 1}, meaning="exp(t^2)*erfc(t)",
        reference=_erfcx, symbolic=lambda np, t: np.exp(t * t) * np.erfc(t),
    ),
    _entry(
        "erfinv", "the inverse of the error function", "erfinv", "0.5*sqrt(pi)*exp(erfinv(t)^2)", "sympy.erfinv({0})",
        real_only=True, parity="odd", exact={0: 0}, domain=(-1.0, 1.0),
    ),
    _entry(
        "normcdf", "the distribution function of the standard normal distribution", "ndtr", "normpdf(t)",
        "(1 + sympy.erf(({0})/sympy.sqrt(2)))/2", latex=r"\Phi\left({0}\right)", aliases=("Phi", "ndtr"), reflects=True,
        meaning="(1 + erf(t/sqrt(2)))/2",
        stable={
            "1 - normcdf(t)": "normcdf(-t)",
            "log(normcdf(t))": "lognormcdf(t)",
            "normpdf(t)/normcdf(t)": "sqrt(2/pi)/erfcx(-sqrt(0.5)*t)",
        },
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
        reference=lambda np, t: t * np.normcdf(t), sympy="({0})*(1 + sympy.erf(({0})/sympy.sqrt(2)))/2",
    ),
    _entry(
        "gamma", "the gamma function", "gamma", "gamma(t)*digamma(t)", "sympy.gamma({0})", gap=_whole_below_zero,
        latex=r"\Gamma\left({0}\right)", exact={1: 1, 2: 1, 3: 2}, example="sum(gamma(exp(x)))",
    ),
    _entry(
        "lgamma", "the logarithm of the absolute value of the gamma function", "gammaln", "digamma(t)",
        "sympy.log(sympy.Abs(sympy.gamma({0})))", aliases=("gammaln", "loggamma"), gap=_whole_below_zero,
        latex=r"\log\Gamma\left({0}\right)", exact={1: 0, 2: 0}, example="sum(lgamma(exp(x)))",
        reference=lambda np, t: np.log_gamma(t),
    ),
    _entry(
        "digamma", "the derivative of lgamma", "psi", "trigamma(t)", "sympy.digamma({0})", aliases=("psi",),
        gap=_whole_below_zero, latex=r"\psi\left({0}\right)", example="sum(digamma(exp(x)))",
        reference=lambda np, t: np.polygamma(np.number(0), t),
    ),
    Elementwise(
        "trigamma", "the derivative of digamma", meaning="polygamma(1, t)", derivative="polygamma(2, t)",
        latex=r"\psi_{{1}}\left({0}\right)", numpy="_special.polygamma(1, {0})", helpers=("_special",),
        sympy="sympy.trigamma({0})", gap=_whole_below_zero, example="sum(trigamma(exp(x)))", real_only=True,
        reference=lambda np, t: np.polygamma(np.number(1), t),
    ),
    Elementwise(
        "polygamma", "the derivative of order k of digamma, k a whole number", parameters=("k", "t"),
        meaning="polygamma(k, t)", derivative=(None, "polygamma(k + 1, t)"),
        latex=r"\psi_{{{0}}}\left({1}\right)", numpy="_special.polygamma({0}, {1})", helpers=("_special",),
        sympy=_POLYGAMMA, gap=lambda np, k, t: _whole_below_zero(np, t), example="sum(polygamma(2, exp(x)))",
        real_only=True, reference=lambda np, k, t: np.polygamma(k, t),
    ),
)  # fmt: skip
