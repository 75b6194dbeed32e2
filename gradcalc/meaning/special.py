"""The special functions on Python's numbers, real and complex, to about fifteen digits.

Sources: DLMF 5.11 (the series of log gamma and polygamma in 1/t, after moving t to the right), 5.5.3 (reflection),
7.6.1 and 7.9.3 (the series and the continued fraction of erf), 26.2 (the normal distribution).
"""

from __future__ import annotations

import cmath
import math
from typing import Any

Scalar = Any

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
"""The Bernoulli numbers of even order, from the second."""

_FAR = 16.0
"""From here on the series in 1/t have all digits."""


def _log(t: Scalar) -> Scalar:
    return cmath.log(t) if isinstance(t, complex) else math.log(t)


def _exp(t: Scalar) -> Scalar:
    return cmath.exp(t) if isinstance(t, complex) else math.exp(t)


def _sin(t: Scalar) -> Scalar:
    return cmath.sin(t) if isinstance(t, complex) else math.sin(t)


def erf(t: Scalar) -> Scalar:
    if not isinstance(t, complex):
        return math.erf(t)
    if abs(t) > 3:
        return 1 - erfc(t) if t.real > 0 else erfc(-t) - 1
    # The series that has terms of one sign on the real line.
    term = total = t
    order = 0
    while abs(term) > 1e-18 * abs(total):
        order += 1
        term = term * t * t * 2 / (2 * order + 1)
        total += term
    return total * 2 / math.sqrt(math.pi) * cmath.exp(-t * t)


def erfc(t: Scalar) -> Scalar:
    if not isinstance(t, complex):
        return math.erfc(t)
    if t.real < 0:
        return 2 - erfc(-t)
    if abs(t) < 2:
        return 1 - erf(t)
    fraction: Scalar = t
    for order in range(200, 0, -1):
        fraction = t + order / 2 / fraction
    return cmath.exp(-t * t) / (math.sqrt(math.pi) * fraction)


def erfinv(t: float) -> float:
    """By Newton's method of third order on erf, from Giles's rough start."""
    if isinstance(t, complex) or not -1 < t < 1:
        return math.nan
    if t == 0:
        return 0.0
    rest = math.log1p(-t * t)
    half = 2 / (math.pi * 0.147) + rest / 2
    root = math.copysign(math.sqrt(math.sqrt(half * half - rest / 0.147) - half), t)
    for _ in range(6):
        gap = math.erf(root) - t
        if abs(t) > 0.5:
            gap = math.copysign(1.0, t) * ((1 - abs(t)) - math.erfc(abs(root)))
        step = gap / (2 / math.sqrt(math.pi) * math.exp(-root * root))
        root -= step / (1 + root * step)
    return root


def normcdf(t: Scalar) -> Scalar:
    return erfc(-t / math.sqrt(2)) / 2


def lognormcdf(t: Scalar) -> Scalar:
    if t.real > 2:
        # log(1 - w) by its series: w is small.
        w, total, power = normcdf(-t), 0.0, 1.0
        for order in range(1, 12):
            power *= w
            total -= power / order
        return total
    if t.real > -5:
        return _log(normcdf(t))
    # log of erfc's continued fraction, which does not underflow.
    u = -t / math.sqrt(2)
    fraction = u
    for order in range(200, 0, -1):
        fraction = u + order / 2 / fraction
    return -u * u - _log(2 * math.sqrt(math.pi) * fraction)


def log_gamma(t: Scalar) -> Scalar:
    """log(abs(gamma(t))), continued analytically from the real line; not a number at the poles."""
    if t.real < 0.5:
        square = _sin(math.pi * t) ** 2
        return math.log(math.pi) - 0.5 * _log(square) - log_gamma(1 - t)
    shift: Scalar = 0.0
    while t.real < _FAR:
        shift += _log(t)
        t += 1
    total = (t - 0.5) * _log(t) - t + 0.5 * math.log(2 * math.pi)
    power = t
    for order, number in enumerate(_BERNOULLI, 1):
        total += number / (2 * order * (2 * order - 1) * power)
        power *= t * t
    return total - shift


def gamma(t: Scalar) -> Scalar:
    if not isinstance(t, complex):
        return math.gamma(t)
    if t.real < 0.5:
        return math.pi / (cmath.sin(math.pi * t) * gamma(1 - t))
    return cmath.exp(log_gamma(t))


def polygamma(order: float, t: Scalar) -> Scalar:
    """The derivative of an order of digamma; of order 0 digamma itself."""
    k = round(order.real)
    if k != order or k < 0:
        return math.nan
    if t.real < 0.5 and not isinstance(t, complex) and t == math.floor(t):
        return math.nan
    sign, factorial = (-1) ** (k + 1), math.factorial(k)
    total: Scalar = 0.0
    # psi_k(t) = psi_k(t + 1) - (-1)^k k!/t^(k + 1), also to the left of the poles.
    while t.real < _FAR:
        total += sign * factorial / t ** (k + 1)
        t += 1
    if k == 0:
        total += _log(t) - 0.5 / t
    else:
        total += sign * (math.factorial(k - 1) / t**k + factorial / (2 * t ** (k + 1)))
    for place, number in enumerate(_BERNOULLI, 1):
        weight = 1 / (2 * place) if k == 0 else math.factorial(2 * place + k - 1) / math.factorial(2 * place)
        total += (-1 if k == 0 else sign) * number * weight / t ** (2 * place + k)
    return total
