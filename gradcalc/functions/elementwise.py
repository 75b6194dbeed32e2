"""The elementwise functions that NumPy has, or that are made of those.

Sources of the formulas: DLMF chapter 4; Higham, Accuracy and Stability of Numerical Algorithms (2002) for the stable
forms; the papers that introduced them for elu, selu, silu and mish, and Huber (1964).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gradcalc.functions.entry import Elementwise, Function

_INFINITY = float("inf")

_SELU_SCALE, _SELU_ALPHA = "1.0507009873554805", "1.6732632423543772"


def _operator_name(name: str) -> str:
    return r"\operatorname{{" + name + r"}}\left({0}\right)"


def _where(np: Any, condition: Any, yes: Any, no: Any) -> Any:
    return np.where(np.real(condition) != 0, yes, no)


def _clipped(np: Any, t: Any) -> Any:
    """t where its real part is negative, else 0: keeps the unused branch of a `where` from overflowing."""
    return np.where(np.real(t) < 0, t, 0 * t)


def _sigmoid(np: Any, t: Any) -> Any:
    falling = np.exp(_clipped(np, t))
    return np.where(np.real(t) < 0, falling, 1) / (1 + np.where(np.real(t) < 0, falling, np.exp(_clipped(np, -t))))


def _softplus(np: Any, t: Any) -> Any:
    return np.where(np.real(t) > 0, t, 0) + np.log1p(np.exp(np.where(np.real(t) > 0, -t, t)))


def _cbrt(np: Any, t: Any) -> Any:
    below = np.real(t) < 0
    return np.where(below, -1, 1) * np.power(np.where(below, -t, t), np.number(Fraction(1, 3)))


def _logcosh(np: Any, t: Any) -> Any:
    up = np.where(np.real(t) < 0, -t, t)
    return np.where(
        np.real(up) < 1,
        np.log1p(2 * np.sinh(np.where(np.real(up) < 1, up, 0) / 2) ** 2),
        up + np.log1p(np.exp(-2 * up)) - np.log(2.0),
    )


def _log1mexp(np: Any, t: Any) -> Any:
    return np.where(np.real(t) < 0.7, np.log(-np.expm1(-t)), np.log1p(-np.exp(-t)))


def _smaller(np: Any, t: Any, u: Any) -> Any:
    return np.where(t < u, t, u)


def _xlogx(np: Any, t: Any) -> Any:
    return np.where(t == 0, 0.0, t * np.log(np.where(t == 0, 1.0, t)))


def _to_whole(np: Any, t: Any) -> Any:
    """How far t is from the nearest whole number."""
    return np.real(t) - np.round(np.real(t))


ELEMENTARY: tuple[Function, ...] = (
    Elementwise(
        "exp", "the exponential function", latex=r"\exp\left({0}\right)",
        exact={0: 1}, meaning="exp(t)", derivative="exp(t)",
        stable={"exp(t) - 1": "expm1(t)", "exp(t)/(1 - exp(t))": "1/expm1(-t)"},
        reference=lambda np, t: np.exp(t), sympy="sympy.exp({0})",
    ),
    Elementwise(
        "exp2", "2 to the power t", meaning="2^t", derivative="log(2)*exp2(t)", exact={0: 1, 1: 2}, latex=r"2^{{{0}}}",
        reference=lambda np, t: np.exp(t * np.log(np.number(2))), sympy="2**({0})",
    ),
    Elementwise(
        "expm1", "exp(t) - 1, accurate near 0", meaning="exp(t) - 1", derivative="exp(t)", exact={0: 0},
        latex=_operator_name("expm1"), reference=lambda np, t: np.expm1(t), sympy="sympy.exp({0}) - 1",
    ),
    Elementwise(
        "log", "the natural logarithm", aliases=("ln",), latex=r"\log\left({0}\right)",
        exact={1: 0}, meaning="log(t)", derivative="1/t", domain=(0.0, _INFINITY),
        stable={
            "log(1 - exp(t))": "log1mexp(-t)",
            "log(exp(t) - 1)": "t + log1mexp(t)",
            "log(exp(t) - exp(u))": "t + log1mexp(t - u)",
            "log(1 + t)": "log1p(t)",
            "log(norm2(t)^2)": "2*log(norm2(t))",
        },
        reference=lambda np, t: np.log(t), sympy="sympy.log({0})",
    ),
    Elementwise(
        "log1mexp", "log(1 - exp(-t)), accurate for every t above 0", meaning="log(1 - exp(-t))",
        derivative="1/(exp(t) - 1)", domain=(0.0, _INFINITY), latex=r"\log\left(1 - e^{{-{0}}}\right)",
        numpy="_log1mexp({0})", helpers=("_log1mexp",), example="sum(log1mexp(exp(x)))",
        reference=_log1mexp, symbolic=lambda np, t: np.log(1 - np.exp(-t)), sympy="sympy.log(1 - sympy.exp(-({0})))",
    ),
    Elementwise(
        "log2", "the logarithm to the base 2", exact={1: 0, 2: 1}, meaning="log(t)/log(2)", derivative="1/(log(2)*t)",
        domain=(0.0, _INFINITY), latex=r"\log_{{2}}\left({0}\right)",
        reference=lambda np, t: np.log(t) / np.log(np.number(2)), sympy="sympy.log({0})/sympy.log(2)",
    ),
    Elementwise(
        "log10", "the logarithm to the base 10", exact={1: 0, 10: 1}, meaning="log(t)/log(10)",
        derivative="1/(log(10)*t)", domain=(0.0, _INFINITY), latex=r"\log_{{10}}\left({0}\right)",
        reference=lambda np, t: np.log(t) / np.log(np.number(10)), sympy="sympy.log({0})/sympy.log(10)",
    ),
    Elementwise(
        "log1p", "log(1 + t), accurate near 0", exact={0: 0}, meaning="log(1 + t)", derivative="1/(1 + t)",
        domain=(-1.0, _INFINITY), latex=_operator_name("log1p"), example="sum(log1p(exp(x)))",
        reference=lambda np, t: np.log1p(t), sympy="sympy.log(1 + {0})",
    ),
    Elementwise(
        "sqrt", "the square root",
        power=Fraction(1, 2), meaning="t^0.5", derivative="0.5/sqrt(t)", domain=(0.0, _INFINITY),
        stable={"sqrt(1 + t^2)": "hypot(1, t)", "sqrt(t^2 + u^2)": "hypot(t, u)"},
        latex=r"\sqrt{{{0}}}", reference=lambda np, t: np.sqrt(t), sympy="sympy.sqrt({0})",
    ),
    Elementwise(
        "cbrt", "the real cube root", parity="odd", exact={0: 0, 1: 1, 8: 2}, kinks=(0.0,),
        meaning="sign(t)*abs(t)^(1/3)", derivative="1/(3*cbrt(t)^2)", latex=r"\sqrt[3]{{{0}}}",
        reference=_cbrt,
        sympy="sympy.sign({0})*sympy.Abs({0})**sympy.Rational(1, 3)",
    ),
    Elementwise(
        "square", "the square",
        power=Fraction(2), meaning="t^2", derivative="2*t",
        latex=r"{0}^{{\odot 2}}", reference=lambda np, t: t * t, sympy="({0})**2",
    ),
    Elementwise(
        "reciprocal", "1/t",
        power=Fraction(-1), meaning="1/t", derivative="-1/t^2",
        latex=r"\frac{{1}}{{{0}}}", reference=lambda np, t: 1 / t, sympy="1/({0})",
    ),
    Elementwise(
        "abs", "the absolute value",
        aliases=("absolute", "fabs"),
        parity="even", meaning="abs(t)", derivative="sign(t)", kinks=(0.0,),
        latex=r"\left|{0}\right|", sympy="sympy.Abs({0})",
        reference=lambda np, t: np.where(np.real(t) < 0, -t, t),
    ),
    Elementwise(
        "sign", "the sign: -1, 0 or 1", aliases=("sgn", "signum"),
        parity="odd", exact={0: 0}, meaning="sign(t)", kinks=(0.0,),
        latex=r"\operatorname{{sign}}\left({0}\right)", sympy="sympy.sign({0})",
        reference=lambda np, t: np.sign(np.real(t)) + 0 * t,
    ),
    Elementwise(
        "heaviside", "the unit step: 0 below zero, 1 above, one half at zero", aliases=("step",),
        exact={0: Fraction(1, 2)}, meaning="(1 + sign(t))/2", kinks=(0.0,),
        numpy="np.heaviside({0}, 0.5)",
        latex=r"\operatorname{{H}}\left({0}\right)", sympy="sympy.Heaviside({0}, sympy.Rational(1, 2))",
        reference=lambda np, t: 0.5 * (1 + np.sign(np.real(t))) + 0 * t,
    ),
    Elementwise(
        "floor", "the largest whole number that is not above t", meaning="floor(t)", gap=_to_whole,
        latex=r"\left\lfloor {0} \right\rfloor", sympy="sympy.floor({0})", example="sum(x .* floor(x))",
        reference=lambda np, t: np.floor(np.real(t)) + 0 * t,
    ),
    Elementwise(
        "ceil", "the smallest whole number that is not below t", aliases=("ceiling",), meaning="ceil(t)",
        gap=_to_whole, latex=r"\left\lceil {0} \right\rceil", sympy="sympy.ceiling({0})",
        example="sum(x .* ceil(x))", reference=lambda np, t: np.ceil(np.real(t)) + 0 * t,
    ),
    Elementwise(
        "round", "the nearest whole number, of two the even one",
        aliases=("rint",), meaning="round(t)", parity="odd",
        gap=lambda np, t: _to_whole(np, t + 0.5),
        latex=_operator_name("round"), example="sum(x .* round(x))", sympy="sympy.floor({0} + sympy.Rational(1, 2))",
        reference=lambda np, t: np.round(np.real(t)) + 0 * t,
    ),
)  # fmt: skip

TRIGONOMETRIC: tuple[Function, ...] = (
    Elementwise(
        "sin", "the sine", latex=r"\sin\left({0}\right)",
        parity="odd", exact={0: 0}, meaning="sin(t)", derivative="cos(t)", stable={"1 - sin(t)^2": "cos(t).^2"},
        reference=lambda np, t: np.sin(t), sympy="sympy.sin({0})",
    ),
    Elementwise(
        "cos", "the cosine", latex=r"\cos\left({0}\right)",
        parity="even", exact={0: 1}, meaning="cos(t)", derivative="-sin(t)",
        stable={
            "1 - cos(t)": "2*sin(0.5*t).^2", "1 + cos(t)": "2*cos(0.5*t).^2", "1 - cos(t)^2": "sin(t).^2",
        },
        reference=lambda np, t: np.cos(t), sympy="sympy.cos({0})",
    ),
    Elementwise(
        "tan", "the tangent", latex=r"\tan\left({0}\right)",
        parity="odd", exact={0: 0}, meaning="tan(t)", derivative="1 + tan(t)^2", quotient=("sin", "cos"),
        reference=lambda np, t: np.tan(t), sympy="sympy.tan({0})",
    ),
    Elementwise(
        "sec", "the secant 1/cos(t)", parity="even", exact={0: 1}, meaning="1/cos(t)", derivative="sec(t)*tan(t)",
        latex=r"\sec\left({0}\right)", numpy="1.0 / np.cos({0})",
        reference=lambda np, t: 1 / np.cos(t), sympy="sympy.sec({0})",
    ),
    Elementwise(
        "csc", "the cosecant 1/sin(t)", parity="odd", meaning="1/sin(t)", derivative="-csc(t)*cot(t)",
        latex=r"\csc\left({0}\right)", numpy="1.0 / np.sin({0})",
        reference=lambda np, t: 1 / np.sin(t), sympy="sympy.csc({0})",
    ),
    Elementwise(
        "cot", "the cotangent cos(t)/sin(t)", parity="odd", meaning="cos(t)/sin(t)", derivative="-1 - cot(t)^2",
        latex=r"\cot\left({0}\right)", numpy="1.0 / np.tan({0})",
        reference=lambda np, t: np.cos(t) / np.sin(t), sympy="sympy.cot({0})",
    ),
    Elementwise(
        "asin", "the arcsine", aliases=("arcsin",), parity="odd", exact={0: 0}, meaning="asin(t)",
        derivative="1/sqrt(1 - t^2)", domain=(-1.0, 1.0), closed=True,
        latex=r"\arcsin\left({0}\right)", numpy="np.arcsin({0})",
        reference=lambda np, t: np.arcsin(t), sympy="sympy.asin({0})",
    ),
    Elementwise(
        "acos", "the arccosine", aliases=("arccos",), exact={1: 0}, meaning="acos(t)",
        derivative="-1/sqrt(1 - t^2)", domain=(-1.0, 1.0), closed=True,
        latex=r"\arccos\left({0}\right)", numpy="np.arccos({0})",
        reference=lambda np, t: np.arccos(t), sympy="sympy.acos({0})",
    ),
    Elementwise(
        "atan", "the arctangent", aliases=("arctan",), parity="odd", exact={0: 0}, meaning="atan(t)",
        derivative="1/(1 + t^2)", latex=r"\arctan\left({0}\right)", numpy="np.arctan({0})",
        reference=lambda np, t: np.arctan(t), sympy="sympy.atan({0})",
    ),
    Elementwise(
        "atan2", "the angle of the point (u, t): atan(t/u) in the right half plane", aliases=("arctan2",),
        parameters=("t", "u"), meaning="2*atan(t/(hypot(t, u) + u))",
        derivative=("u/(t^2 + u^2)", "-t/(t^2 + u^2)"), latex=r"\operatorname{{atan2}}\left({0}, {1}\right)",
        numpy="np.arctan2({0}, {1})", sympy="sympy.atan2({0}, {1})",
        reference=lambda np, t, u: _arctan2(np, t, u), gap=lambda np, t, u: np.where(np.real(u) < 0, t, 1.0),
    ),
    Elementwise(
        "sinh", "the hyperbolic sine", latex=r"\sinh\left({0}\right)",
        parity="odd", exact={0: 0}, meaning="sinh(t)", derivative="cosh(t)",
        reference=lambda np, t: np.sinh(t), sympy="sympy.sinh({0})",
    ),
    Elementwise(
        "cosh", "the hyperbolic cosine", latex=r"\cosh\left({0}\right)",
        parity="even", exact={0: 1}, meaning="cosh(t)", derivative="sinh(t)", logarithm="logcosh",
        stable={
            "cosh(t) - 1": "2*sinh(0.5*t).^2",
            "cosh(t)^2 - 1": "sinh(t).^2",
            "cosh(t) - sinh(t)": "exp(-t)",
            "cosh(t) + sinh(t)": "exp(t)",
            "sinh(t)/cosh(t)": "tanh(t)",
            "log(cosh(t))": "logcosh(t)",
        },
        reference=lambda np, t: np.cosh(t), sympy="sympy.cosh({0})",
    ),
    Elementwise(
        "tanh", "the hyperbolic tangent", latex=r"\tanh\left({0}\right)",
        parity="odd", exact={0: 0}, meaning="tanh(t)", derivative="1 - tanh(t)^2", quotient=("sinh", "cosh"),
        stable={
            "1 - tanh(t)^2": "sech(t).^2", "1 - tanh(t)": "2*sigmoid(-2*t)", "1 + tanh(t)": "2*sigmoid(2*t)",
        },
        reference=lambda np, t: np.tanh(t), sympy="sympy.tanh({0})",
    ),
    Elementwise(
        "sech", "the hyperbolic secant 1/cosh(t)", parity="even", exact={0: 1}, meaning="1/cosh(t)",
        derivative="-sech(t)*tanh(t)", latex=_operator_name("sech"), numpy="_sech({0})", helpers=("_sech",),
        reference=lambda np, t: 1 / np.cosh(t), sympy="1/sympy.cosh({0})",
    ),
    Elementwise(
        "logcosh", "log(cosh(t)), finite for every t", parity="even", exact={0: 0}, meaning="log(cosh(t))",
        derivative="tanh(t)", latex=r"\log\cosh\left({0}\right)", numpy="_logcosh({0})", helpers=("_logcosh",),
        reference=_logcosh, symbolic=lambda np, t: np.log(np.cosh(t)), sympy="sympy.log(sympy.cosh({0}))",
    ),
    Elementwise(
        "asinh", "the inverse hyperbolic sine", aliases=("arcsinh",), parity="odd", exact={0: 0}, meaning="asinh(t)",
        derivative="1/sqrt(1 + t^2)", latex=_operator_name("arsinh"), numpy="np.arcsinh({0})",
        reference=lambda np, t: np.arcsinh(t), sympy="sympy.asinh({0})",
    ),
    Elementwise(
        "acosh", "the inverse hyperbolic cosine", aliases=("arccosh",), exact={1: 0}, meaning="acosh(t)",
        derivative="1/sqrt(t^2 - 1)", domain=(1.0, _INFINITY), closed=True, latex=_operator_name("arcosh"),
        numpy="np.arccosh({0})", reference=lambda np, t: np.arccosh(t), sympy="sympy.acosh({0})",
        example="sum(acosh(1 + exp(x)))",
    ),
    Elementwise(
        "atanh", "the inverse hyperbolic tangent", aliases=("arctanh",), parity="odd", exact={0: 0},
        meaning="atanh(t)", derivative="1/(1 - t^2)", domain=(-1.0, 1.0), latex=_operator_name("artanh"),
        numpy="np.arctanh({0})", reference=lambda np, t: np.arctanh(t), sympy="sympy.atanh({0})",
    ),
)  # fmt: skip

ACTIVATIONS: tuple[Function, ...] = (
    Elementwise(
        "sigmoid", "the logistic function 1/(1 + exp(-t))", aliases=("logistic", "expit", "sigma"),
        exact={0: Fraction(1, 2)}, meaning="1/(1 + exp(-t))", derivative="sigmoid(t)*(1 - sigmoid(t))", reflects=True,
        stable={"1 - sigmoid(t)": "sigmoid(-t)"},
        latex=r"\sigma\left({0}\right)", numpy="_sigmoid({0})", helpers=("_sigmoid",),
        sympy="1/(1 + sympy.exp(-({0})))", reference=_sigmoid,
    ),
    Elementwise(
        "logsigmoid", "the logarithm of the logistic function",
        aliases=("log_sigmoid",),
        meaning="-log(1 + exp(-t))", derivative="1 - sigmoid(t)",
        latex=r"\log\sigma\left({0}\right)", sympy="-sympy.log(1 + sympy.exp(-({0})))",
        numpy="-np.logaddexp(0.0, -{0})", reference=lambda np, t: -_softplus(np, -t),
    ),
    Elementwise(
        "softplus", "log(1 + exp(t)), finite for every t",
        meaning="log(1 + exp(t))", derivative="sigmoid(t)",
        latex=r"\operatorname{{softplus}}\left({0}\right)", sympy="sympy.log(1 + sympy.exp({0}))",
        numpy="np.logaddexp(0.0, {0})", reference=_softplus,
    ),
    Elementwise(
        "relu", "the positive part max(t, 0)", aliases=("pos", "hinge"),
        exact={0: 0}, meaning="(t + abs(t))/2", derivative="heaviside(t)", kinks=(0.0,),
        latex=r"\operatorname{{relu}}\left({0}\right)", numpy="np.maximum({0}, 0.0)",
        sympy="sympy.Max({0}, 0)",
        reference=lambda np, t: np.where(np.real(t) > 0, t, 0 * t),
    ),
    Elementwise(
        "leaky_relu", "t above zero, a*t below; a is 0.01 unless given",
        aliases=("leakyrelu", "lrelu"), parameters=("t", "a"), defaults=("0.01",),
        meaning="where(t > 0, t, a*t)", derivative=("where(t > 0, 1, a)", "where(t > 0, 0, t)"), kinks=(0.0,),
        latex=r"\operatorname{{leaky\_relu}}\left({0}, {1}\right)", numpy="np.where({0} > 0, {0}, {1} * {0})",
        sympy="sympy.Piecewise(({0}, {0} > 0), ({1}*({0}), True))", example="sum(leaky_relu(x))",
        reference=lambda np, t, a: np.where(np.real(t) > 0, t, a * t),
    ),
    Elementwise(
        "elu", "t above zero, a*(exp(t) - 1) below; a is 1 unless given", parameters=("t", "a"), defaults=("1",),
        meaning="where(t > 0, t, a*expm1(t))", derivative=("where(t > 0, 1, a*exp(t))", "where(t > 0, 0, expm1(t))"),
        kinks=(0.0,), latex=r"\operatorname{{elu}}\left({0}, {1}\right)",
        numpy="np.where({0} > 0, {0}, {1} * np.expm1(np.minimum({0}, 0.0)))", example="sum(elu(x))",
        sympy="sympy.Piecewise(({0}, {0} > 0), ({1}*(sympy.exp({0}) - 1), True))",
        reference=lambda np, t, a: np.where(np.real(t) > 0, t, a * np.expm1(_clipped(np, t))),
    ),
    Elementwise(
        "selu", "the self-normalising elu", kinks=(0.0,), exact={0: 0},
        meaning=f"{_SELU_SCALE}*elu(t, {_SELU_ALPHA})",
        derivative=f"{_SELU_SCALE}*where(t > 0, 1, {_SELU_ALPHA}*exp(t))",
        latex=_operator_name("selu"),
        numpy=f"{_SELU_SCALE} * np.where({{0}} > 0, {{0}}, {_SELU_ALPHA} * np.expm1(np.minimum({{0}}, 0.0)))",
        sympy=f"{_SELU_SCALE}*sympy.Piecewise(({{0}}, {{0}} > 0), ({_SELU_ALPHA}*(sympy.exp({{0}}) - 1), True))",
        reference=lambda np, t: np.number(Fraction(_SELU_SCALE))
        * np.where(np.real(t) > 0, t, np.number(Fraction(_SELU_ALPHA)) * np.expm1(_clipped(np, t))),
    ),
    Elementwise(
        "silu", "t*sigmoid(t)", aliases=("swish",), meaning="t*sigmoid(t)", exact={0: 0},
        derivative="sigmoid(t)*(1 + t*(1 - sigmoid(t)))", latex=_operator_name("silu"),
        numpy="{0} * _sigmoid({0})", helpers=("_sigmoid",), sympy="({0})/(1 + sympy.exp(-({0})))",
        reference=lambda np, t: t * _sigmoid(np, t),
    ),
    Elementwise(
        "mish", "t*tanh(softplus(t))", meaning="t*tanh(softplus(t))", exact={0: 0},
        derivative="tanh(softplus(t)) + t*sigmoid(t)*(1 - tanh(softplus(t))^2)", latex=_operator_name("mish"),
        numpy="{0} * np.tanh(np.logaddexp(0.0, {0}))", sympy="({0})*sympy.tanh(sympy.log(1 + sympy.exp({0})))",
        reference=lambda np, t: t * np.tanh(_softplus(np, t)),
    ),
    Elementwise(
        "hardtanh", "t between -1 and 1, the nearer of them outside", parity="odd", exact={0: 0}, kinks=(-1.0, 1.0),
        meaning="clip(t, -1, 1)", derivative="where(abs(t) < 1, 1, 0)", latex=_operator_name("hardtanh"),
        numpy="np.clip({0}, -1.0, 1.0)", sympy="sympy.Max(-1, sympy.Min(1, {0}))",
        reference=lambda np, t: np.where(np.real(t) > 1, 1, np.where(np.real(t) < -1, -1, t)),
    ),
    Elementwise(
        "huber", "t^2/2 up to |t| = d, linear beyond; d is 1 unless given", parameters=("t", "d"), defaults=("1",),
        meaning="where(abs(t) < d, 0.5*t^2, d*abs(t) - 0.5*d^2)",
        derivative=("where(abs(t) < d, t, d*sign(t))", "relu(abs(t) - d)"),
        where_positive=("d", ("clip(t, -d, d)", "relu(abs(t) - d)")),
        gap=lambda np, t, d: np.abs(np.real(t)) - np.real(d),
        latex=r"\operatorname{{huber}}_{{{1}}}\left({0}\right)", example="sum(huber(A*x - y))",
        numpy="np.where(np.abs({0}) < {1}, 0.5 * {0} * {0}, {1} * (np.abs({0}) - 0.5 * {1}))",
        sympy="sympy.Piecewise((({0})**2/2, sympy.Abs({0}) < {1}), ({1}*(sympy.Abs({0}) - {1}/2), True))",
        reference=lambda np, t, d: np.where(
            np.abs(np.real(t)) < np.real(d), 0.5 * t * t, d * (np.where(np.real(t) < 0, -t, t) - 0.5 * d)
        ),
    ),
    Elementwise(
        "logit", "log(t/(1 - t)), the inverse of the logistic function", exact={Fraction(1, 2): 0},
        meaning="log(t) - log(1 - t)", derivative="1/(t*(1 - t))", domain=(0.0, 1.0), latex=_operator_name("logit"),
        numpy="np.log({0}) - np.log1p(-{0})", sympy="sympy.log(({0})/(1 - ({0})))",
        reference=lambda np, t: np.log(t) - np.log1p(-t),
    ),
    Elementwise(
        "xlogx", "t*log(t), 0 at 0", meaning="t*log(t)", derivative="log(t) + 1", exact={0: 0, 1: 0},
        domain=(0.0, _INFINITY), closed=True,
        latex=_operator_name("xlogx"), numpy="_xlogy({0}, {0})", helpers=("_xlogy",),
        sympy="({0})*sympy.log({0})", reference=_xlogx,
    ),
    Elementwise(
        "entr", "the entropy -t*log(t), 0 at 0", meaning="-t*log(t)", derivative="-1 - log(t)", exact={0: 0, 1: 0},
        domain=(0.0, _INFINITY), closed=True,
        latex=_operator_name("entr"), numpy="-_xlogy({0}, {0})", helpers=("_xlogy",),
        sympy="-({0})*sympy.log({0})", reference=lambda np, t: -_xlogx(np, t),
    ),
)  # fmt: skip

PAIRWISE: tuple[Function, ...] = (
    Elementwise(
        "maximum", "the larger of two numbers, entry by entry", spelling="max", parameters=("t", "u"),
        meaning="where(t > u, t, u)", derivative=("where(t > u, 1, 0)", "where(t > u, 0, 1)"),
        gap=lambda np, t, u: np.real(t) - np.real(u), latex=r"\max\left({0}, {1}\right)",
        numpy="np.maximum({0}, {1})", sympy="sympy.Max({0}, {1})", example="sum(max(x, y))",
        reference=lambda np, t, u: np.where(np.real(t) > np.real(u), t, u),
    ),
    Elementwise(
        "minimum", "the smaller of two numbers, entry by entry", spelling="min", parameters=("t", "u"),
        meaning="where(t < u, t, u)", derivative=("where(t < u, 1, 0)", "where(t < u, 0, 1)"),
        gap=lambda np, t, u: np.real(t) - np.real(u), latex=r"\min\left({0}, {1}\right)",
        numpy="np.minimum({0}, {1})", sympy="sympy.Min({0}, {1})", example="sum(min(x, y))",
        reference=lambda np, t, u: np.where(np.real(t) < np.real(u), t, u),
    ),
    Elementwise(
        "pow", "t to the power u, entry by entry", aliases=("power",), parameters=("t", "u"), meaning="t^u",
        expands=True, numpy="np.power({0}, {1})", example="sum(pow(exp(x), y))",
        reference=lambda np, t, u: np.power(t, u),
    ),
    Elementwise(
        "hadamard", "the product entry by entry", parameters=("t", "u"), meaning="t*u", expands=True,
        numpy="{0} * {1}", example="sum(hadamard(X, Y))", reference=lambda np, t, u: t * u,
    ),
    Elementwise(
        "hypot", "sqrt(t^2 + u^2)", parameters=("t", "u"), meaning="sqrt(t^2 + u^2)",
        derivative=("t/hypot(t, u)", "u/hypot(t, u)"), latex=r"\operatorname{{hypot}}\left({0}, {1}\right)",
        numpy="np.hypot({0}, {1})", sympy="sympy.sqrt(({0})**2 + ({1})**2)",
        reference=lambda np, t, u: np.sqrt(t * t + u * u),
    ),
    Elementwise(
        "logaddexp", "log(exp(t) + exp(u))", parameters=("t", "u"), meaning="log(exp(t) + exp(u))", expands=True,
        latex=r"\log\left(e^{{{0}}} + e^{{{1}}}\right)", numpy="np.logaddexp({0}, {1})",
        sympy="sympy.log(sympy.exp({0}) + sympy.exp({1}))",
        reference=lambda np, t, u: np.where(np.real(t) > np.real(u), t, u)
        + np.log1p(np.exp(np.where(np.real(t) > np.real(u), u - t, t - u))),
    ),
    Elementwise(
        "xlogy", "t*log(u), 0 where t is 0", parameters=("t", "u"), meaning="t*log(u)",
        derivative=("log(u)", "t/u"), latex=r"{0} \log\left({1}\right)", numpy="_xlogy({0}, {1})",
        helpers=("_xlogy",), example="sum(xlogy(x, exp(y)))", sympy="({0})*sympy.log({1})",
        reference=lambda np, t, u: np.where(t == 0, 0 * t, t * np.log(np.where(t == 0, 1.0, u))),
    ),
    Elementwise(
        "where", "t where the condition c holds, u elsewhere",
        aliases=("ifelse",), parameters=("c", "t", "u"), meaning="where(c, t, u)",
        derivative=("0", "where(c, 1, 0)", "where(c, 0, 1)"), example="sum(where(x > 0, x, x.^2))",
        latex=r"\operatorname{{where}}\left({0}, {1}, {2}\right)", numpy="np.where({0}, {1}, {2})",
        sympy="sympy.Piecewise(({1}, sympy.Ne({0}, 0)), ({2}, True))", reference=_where,
    ),
    Elementwise(
        "clip", "t, but not below the lower and not above the upper bound", aliases=("clamp",),
        parameters=("t", "l", "u"), meaning="min(max(t, l), u)",
        derivative=(
            "where(t < l, 0, where(t > u, 0, 1))", "where(t < l, where(l < u, 1, 0), 0)", "where(max(t, l) > u, 1, 0)"
        ),
        gap=lambda np, t, l, u: _smaller(  # noqa: E741
            np, _smaller(np, np.abs(np.real(t - l)), np.abs(np.real(t - u))), np.abs(np.real(l - u))
        ),
        latex=r"\operatorname{{clip}}\left({0}, {1}, {2}\right)", numpy="np.clip({0}, {1}, {2})",
        sympy="sympy.Min({2}, sympy.Max({1}, {0}))", example="sum(clip(x, -1, 1))",
        reference=lambda np, t, l, u: np.where(  # noqa: E741
            np.real(_smaller(np, -np.real(t), -np.real(l))) < -np.real(u), u, np.where(np.real(t) < np.real(l), l, t)
        ),
    ),
)  # fmt: skip


def _arctan2(np: Any, t: Any, u: Any) -> Any:
    if not np.iscomplexobj(t + 0 * u):
        return np.arctan2(t, u)
    # The slope of the angle, which is analytic, carries the imaginary part of the complex step.
    angle = np.arctan2(np.real(t), np.real(u))
    square = np.real(t) ** 2 + np.real(u) ** 2
    return angle + 1j * (np.real(u) * np.imag(t) - np.real(t) * np.imag(u)) / square


def _comparison(
    name: str, operator: str, words: str, holds: str, latex: str, aliases: tuple[str, ...] = ()
) -> Elementwise:
    def reference(np: Any, t: Any, u: Any) -> Any:
        compare = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}
        compare.update({"==": np.equal, "!=": np.not_equal})
        return compare[operator](np.real(t), np.real(u)) + 0.0

    return Elementwise(
        name, f"1 where t is {words} u, 0 elsewhere", aliases=aliases, parameters=("t", "u"), operator=operator,
        meaning=f"t {operator} u", derivative=("0", "0"), gap=lambda np, t, u: np.real(t) - np.real(u),
        latex="{0} " + latex + " {1}",
        numpy=f"np.{name}({{0}}, {{1}}) + 0.0",
        sympy="sympy.Piecewise((1, " + holds + "), (0, True))",
        example=f"sum(x .* (x {operator} y))", reference=reference,
    )  # fmt: skip


COMPARISONS: tuple[Function, ...] = (
    _comparison("greater", ">", "greater than", "{0} > {1}", ">"),
    _comparison("less", "<", "less than", "{0} < {1}", "<"),
    _comparison("greater_equal", ">=", "at least", "{0} >= {1}", r"\ge"),
    _comparison("less_equal", "<=", "at most", "{0} <= {1}", r"\le"),
    _comparison("equal", "==", "equal to", "sympy.Eq({0}, {1})", "="),
    _comparison("not_equal", "!=", "different from", "sympy.Ne({0}, {1})", r"\ne"),
)
