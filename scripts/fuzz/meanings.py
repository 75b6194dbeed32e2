"""What each function means, written from the language page: `MEANINGS[name](m, *operands)` in the algebra `m`.

Nothing here is taken from the catalogue's formulas; a function that is missing here is taken from the catalogue's
plain reference, so that a new entry takes part by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scripts.fuzz.algebras import Fault, RealOnly

Array = Any


def _is(m: Any, condition: Array, yes: Array, no: Array) -> Array:
    return m.where(condition, yes, no)


def _positive(m: Any, x: Array) -> Array:
    if np.any(m.real(x) <= 0):
        raise Fault("not positive")
    return x


def _abs(m: Any, t: Array) -> Array:
    return m.where(m.real(t) < 0, -t, t)


def _between(m: Any, t: Array, low: float, high: float) -> Array:
    if np.any(m.real(t) <= low) or np.any(m.real(t) >= high):
        raise Fault("outside the domain")
    return t


def _falling(m: Any, t: Array) -> Array:
    """exp of the negative part: no branch of a `where` overflows."""
    return m.exp(m.where(m.real(t) < 0, t, 0 * t))


def _softplus(m: Any, t: Array) -> Array:
    return m.where(m.real(t) > 0, t, 0 * t) + m.log1p(m.exp(-_abs(m, t)))


def _sigmoid(m: Any, t: Array) -> Array:
    return m.where(m.real(t) < 0, _falling(m, t), 1 + 0 * t) / (1 + m.exp(-_abs(m, t)))


def _sign(m: Any, t: Array) -> Array:
    return m.where(m.real(t) > 0, 1 + 0 * t, m.where(m.real(t) < 0, -1 + 0 * t, 0 * t))


def _cbrt(m: Any, t: Array) -> Array:
    size = m.power(_abs(m, t), m.number(1) / 3)
    return m.where(m.real(t) < 0, -size, size)


def _huber(m: Any, t: Array, d: Array) -> Array:
    return m.where(m.real(_abs(m, t)) < m.real(d), t * t / 2, d * (_abs(m, t) - d / 2))


def _elu(m: Any, t: Array, a: Array) -> Array:
    return m.where(m.real(t) > 0, t, a * (_falling(m, t) - 1))


def _clip(m: Any, t: Array, low: Array, high: Array) -> Array:
    if np.any(m.real(low) > m.real(high)):
        raise Fault("the bounds are the wrong way round")
    return m.where(m.real(t) < m.real(low), low + 0 * t, m.where(m.real(t) > m.real(high), high + 0 * t, t))


def _atan2(m: Any, t: Array, u: Array) -> Array:
    if np.any(m.real(u) <= 0):
        raise Fault("left of the right half plane")
    return m.atan(t / u)


def _logaddexp(m: Any, t: Array, u: Array) -> Array:
    top = m.where(m.real(t) > m.real(u), t, u)
    return top + m.log1p(m.exp(-_abs(m, t - u)))


def _selu(m: Any, t: Array) -> Array:
    return 1.0507009873554805 * _elu(m, t, 1.6732632423543772)


def _erf_slope(m: Any, t: Array) -> Array:
    return 2 * m.exp(-t * t) / m.sqrt(m.number(1) * m.pi)


def _erfinv(m: Any, x: Array) -> Array:
    _between(m, x, -1, 1)
    return m.inverse_of("erfinv", x, lambda t: m.special("erf", t), lambda t: _erf_slope(m, t))


def _gamma(m: Any, t: Array) -> Array:
    if np.any((m.real(t) < 0.5) & (abs(m.real(t) - np.round(np.asarray(m.real(t), dtype=float))) < 1e-3)):
        raise Fault("near a pole")
    if m.name == "floats" and np.any(np.real(t) < 0):
        return np.where(np.real(t) < 0, np.pi / (np.sin(np.pi * t) * m.special("gamma", 1 - t)),
                        m.special("gamma", np.where(np.real(t) < 0, 1.0 + 0 * t, t)))  # fmt: skip
    return m.special("gamma", t)


def _lgamma(m: Any, t: Array) -> Array:
    if m.name == "floats" and np.any(np.real(t) <= 0):
        value = _gamma(m, t)
        return m.log(_abs(m, value))
    return m.special("loggamma", t)


def _comparison(compare: Any) -> Any:
    def apply(m: Any, t: Array, u: Array) -> Array:
        return m.where(compare(m.real(t), m.real(u)), 1 + 0 * (t + u), 0 * (t + u))

    return apply


def _normpdf(m: Any, t: Array) -> Array:
    return m.exp(-t * t / 2) / m.sqrt(m.number(2) * m.pi)


ENTRYWISE: dict[str, Any] = {
    "exp": lambda m, t: m.exp(t),
    "exp2": lambda m, t: m.exp(t * m.log(m.number(2))),
    "expm1": lambda m, t: m.expm1(t),
    "log": lambda m, t: m.log(t),
    "log2": lambda m, t: m.log(t) / m.log(m.number(2)),
    "log10": lambda m, t: m.log(t) / m.log(m.number(10)),
    "log1p": lambda m, t: m.log1p(_between(m, t, -1, np.inf)),
    "sqrt": lambda m, t: m.sqrt(t),
    "cbrt": _cbrt,
    "square": lambda m, t: t * t,
    "reciprocal": lambda m, t: 1 / t,
    "abs": _abs,
    "sign": _sign,
    "heaviside": lambda m, t: (1 + _sign(m, t)) / 2,
    "floor": lambda m, t: m.floor(m.real(t)) + 0 * t,
    "ceil": lambda m, t: m.ceil(m.real(t)) + 0 * t,
    "round": lambda m, t: m.round(m.real(t)) + 0 * t,
    "sin": lambda m, t: m.sin(t),
    "cos": lambda m, t: m.cos(t),
    "tan": lambda m, t: m.sin(t) / m.cos(t),
    "sec": lambda m, t: 1 / m.cos(t),
    "csc": lambda m, t: 1 / m.sin(t),
    "cot": lambda m, t: m.cos(t) / m.sin(t),
    "asin": lambda m, t: m.asin(_between(m, t, -1, 1)),
    "acos": lambda m, t: m.acos(_between(m, t, -1, 1)),
    "atan": lambda m, t: m.atan(t),
    "atan2": _atan2,
    "sinh": lambda m, t: m.sinh(t),
    "cosh": lambda m, t: m.cosh(t),
    "tanh": lambda m, t: m.tanh(t),
    "asinh": lambda m, t: m.asinh(t),
    "acosh": lambda m, t: m.acosh(_between(m, t, 1, np.inf)),
    "atanh": lambda m, t: m.atanh(_between(m, t, -1, 1)),
    "sigmoid": _sigmoid,
    "logsigmoid": lambda m, t: -_softplus(m, -t),
    "softplus": _softplus,
    "relu": lambda m, t: m.where(m.real(t) > 0, t, 0 * t),
    "leaky_relu": lambda m, t, a=0.01: m.where(m.real(t) > 0, t, a * t),
    "elu": lambda m, t, a=1: _elu(m, t, a),
    "selu": _selu,
    "silu": lambda m, t: t * _sigmoid(m, t),
    "mish": lambda m, t: t * m.tanh(_softplus(m, t)),
    "hardtanh": lambda m, t: _clip(m, t, -1 + 0 * t, 1 + 0 * t),
    "huber": lambda m, t, d=1: _huber(m, t, d + 0 * t),
    "logit": lambda m, t: m.log(_between(m, t, 0, 1)) - m.log(1 - t),
    "xlogx": lambda m, t: t * m.log(t),
    "entr": lambda m, t: -t * m.log(t),
    "maximum": lambda m, t, u: m.where(m.real(t) > m.real(u), t + 0 * u, u + 0 * t),
    "minimum": lambda m, t, u: m.where(m.real(t) < m.real(u), t + 0 * u, u + 0 * t),
    "pow": lambda m, t, u: m.power(t, u),
    "hadamard": lambda m, t, u: t * u,
    "hypot": lambda m, t, u: m.sqrt(t * t + u * u),
    "logaddexp": _logaddexp,
    "xlogy": lambda m, t, u: t * m.log(u),
    "where": lambda m, c, t, u: m.where(m.real(c) != 0, t + 0 * u, u + 0 * t),
    "clip": _clip,
    "erf": lambda m, t: m.special("erf", t),
    "erfc": lambda m, t: m.special("erfc", t),
    "erfinv": _erfinv,
    "erfcx": lambda m, t: m.special("erfcx", t),
    "log1mexp": lambda m, t: m.log(-m.expm1(-_positive(m, t))),
    "sech": lambda m, t: 1 / m.cosh(t),
    "logcosh": lambda m, t: _abs(m, t) + m.log1p(m.exp(-2 * _abs(m, t))) - m.log(m.number(2)),
    "normcdf": lambda m, t: m.special("ndtr", t),
    "normpdf": _normpdf,
    "lognormcdf": lambda m, t: m.special("log_ndtr", t),
    "gelu": lambda m, t: t * m.special("ndtr", t),
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": lambda m, t: m.special("psi", t),
    "trigamma": lambda m, t: m.polygamma(m.number(1), t),
    "polygamma": lambda m, k, t: m.polygamma(k, t),
    "greater": _comparison(lambda t, u: t > u),
    "less": _comparison(lambda t, u: t < u),
    "greater_equal": _comparison(lambda t, u: t >= u),
    "less_equal": _comparison(lambda t, u: t <= u),
    "equal": _comparison(lambda t, u: t == u),
    "not_equal": _comparison(lambda t, u: t != u),
}
"""Scalar functions, entry by entry; all operands have one shape, or are numbers."""

OPERATORS = {">": "greater", "<": "less", ">=": "greater_equal", "<=": "less_equal", "==": "equal", "!=": "not_equal"}


def _norm2(m: Any, x: Array) -> Array:
    return m.sqrt(np.asarray(np.sum(x * x)))


def _extreme(m: Any, x: Array, sign: int) -> Array:
    flat = np.ravel(x)
    return flat[np.argmax(np.asarray(sign * m.real(flat)))]


def _logsumexp(m: Any, x: Array) -> Array:
    top = np.max(m.real(np.ravel(x)))
    return top + m.log(np.asarray(np.sum(m.exp(x - top))))


def _softmax(m: Any, x: Array) -> Array:
    e = m.exp(x - np.max(m.real(np.ravel(x))))
    return e / np.sum(e)


def _var(m: Any, x: Array) -> Array:
    mean = np.sum(x) / x.size
    return np.sum((x - mean) * (x - mean)) / x.size


def _normp(m: Any, x: Array, p: Array) -> Array:
    return m.power(np.asarray(np.sum(m.power(_abs(m, x), p))), 1 / p)


REDUCING: dict[str, Any] = {
    "sum": lambda m, x: np.sum(x),
    "mean": lambda m, x: np.sum(x) / x.size,
    "norm1": lambda m, x: np.sum(_abs(m, x)),
    "norm2": _norm2,
    "norminf": lambda m, x: _extreme(m, _abs(m, x), 1),
    "normp": _normp,
    "max": lambda m, x: _extreme(m, x, 1),
    "min": lambda m, x: _extreme(m, x, -1),
    "prod": lambda m, x: np.prod(np.ravel(x)),
    "var": _var,
    "std": lambda m, x: m.sqrt(np.asarray(_var(m, x))),
    "logsumexp": _logsumexp,
}
"""A number of all entries."""


def _shares(m: Any, x: Array, sign: int) -> Array:
    """1 shared by the entries that are largest (or smallest), up to rounding."""
    ranked = sign * m.real(x)
    top = np.max(np.ravel(ranked))
    near = np.asarray(ranked >= top - 1e-12 * (1 + abs(top)), dtype=bool)
    if np.any(near != np.asarray(ranked == top, dtype=bool)):
        raise RealOnly  # a tie up to rounding
    mask = m.where(near, 1 + 0 * x, 0 * x)
    return mask / np.sum(m.real(mask))


KEEPING: dict[str, Any] = {
    "maxima": lambda m, x: _shares(m, x, 1),
    "minima": lambda m, x: _shares(m, x, -1),
    "softmax": _softmax,
    "logsoftmax": lambda m, x: x - _logsumexp(m, x),
    "normalize": lambda m, x: x / _norm2(m, x),
    "cumsum": lambda m, x: np.cumsum(x, axis=0),
    "flip": lambda m, x: x[::-1],
    "diff": lambda m, x: x[1:] - x[:-1],
}
"""Arrays of the same kind."""


def _adjugate(m: Any, a: Array) -> Array:
    """By cofactors, so that singular matrices have one."""
    size = len(a)
    answer = m.zeros(a.shape) + 0 * a
    for i, j in np.ndindex(size, size):
        minor = np.delete(np.delete(a, i, 0), j, 1)
        answer[j, i] = (-1) ** (i + j) * (m.det(minor) if size > 1 else 1)
    return answer


def _pinv(m: Any, a: Array) -> Array:
    return m.solve(a.T @ a, a.T) if a.shape[0] >= a.shape[1] else m.solve(a @ a.T, a).T


def _cholesky(m: Any, a: Array) -> Array:
    a = (a + a.T) / 2
    factor = m.zeros(a.shape) + 0 * a
    for k in range(len(a)):
        rest = a[k:, k] - (factor[k:, :k] @ factor[k, :k] if k else 0)
        factor[k:, k] = rest / m.sqrt(np.asarray(_positive(m, rest[0])))
    return factor


def _matrix_power(m: Any, a: Array, k: Array) -> Array:
    exponent = float(m.real(np.asarray(k)))
    if exponent != round(exponent) or abs(exponent) > 200:
        raise Fault("not a whole power")
    base = a if exponent >= 0 else m.inv(a)
    answer = m.array(np.eye(len(a))) + 0 * a
    for _ in range(abs(round(exponent))):
        answer = answer @ base
    return answer


def _along_diagonals(m: Any, a: Array, mean: bool) -> Array:
    answer = 0 * a
    rows, columns = np.indices(a.shape)
    for offset in range(1 - a.shape[0], a.shape[1]):
        on = columns - rows == offset
        answer[on] = np.sum(a[on]) / (np.sum(on) if mean else 1)
    return answer


def _polar(m: Any, a: Array) -> Array:
    if np.iscomplexobj(a):
        raise RealOnly
    left, _, right = m.svd(a)
    return left @ right


def _leading(m: Any, a: Array) -> Array:
    if np.iscomplexobj(a):
        raise RealOnly
    left, _, right = m.svd(a)
    return np.outer(left[:, 0], right[0])


OF_MATRICES: dict[str, tuple[Any, str]] = {
    "tr": (lambda m, a: np.sum(np.diagonal(a)), "scalar"),
    "det": (lambda m, a: m.det(a), "scalar"),
    "logdet": (lambda m, a: m.log(np.asarray(_positive(m, m.det(a)))), "scalar"),
    "nuclear": (lambda m, a: np.sum(m.svd(a)[1]), "scalar"),
    "spectral": (lambda m, a: m.svd(a)[1][0], "scalar"),
    "eigvals": (lambda m, a: m.eigh((a + a.T) / 2)[0], "vector"),
    "eigvecs": (lambda m, a: m.eigh((a + a.T) / 2)[1], "matrix"),
    "inv": (lambda m, a: m.inv(a), "matrix"),
    "pinv": (_pinv, "matrix"),
    "adj": (_adjugate, "matrix"),
    "sym": (lambda m, a: (a + a.T) / 2, "matrix"),
    "skew": (lambda m, a: (a - a.T) / 2, "matrix"),
    "expm": (lambda m, a: m.expm(a), "matrix"),
    "logm": (lambda m, a: m.logm(a), "matrix"),
    "sqrtm": (lambda m, a: m.sqrtm(a), "matrix"),
    "matpow": (_matrix_power, "matrix"),
    "chol": (_cholesky, "matrix"),
    "toeplitz": (lambda m, a: _along_diagonals(m, a, True), "matrix"),
    "diagsums": (lambda m, a: _along_diagonals(m, a, False), "matrix"),
    "polar": (_polar, "matrix"),
    "leadingpair": (_leading, "matrix"),
    "tril": (lambda m, a: np.tril(a) + 0 * a, "matrix"),
    "triu": (lambda m, a: np.triu(a) + 0 * a, "matrix"),
}
"""Functions of a matrix, and the kind of what they are."""
