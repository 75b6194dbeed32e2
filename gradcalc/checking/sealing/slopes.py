"""Derivatives of the objective as typed, along directions, from its values alone.

In Python's numbers the first direction is a complex step where the function is analytic, every other one a difference
of the sixth order; in many digits all are central differences. Source: Squire and Trapp (1998) for the complex step;
Abramowitz and Stegun 25.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from gradcalc.checking.sealing.readback import Entries, entries_of

Data = Any

Move = Mapping[str, Any]
"""A direction for each variable that moves: an array in its shape, or a function that gives it at arrays, where the
directions in which the variable may move are others at every point. Of several moves the last is made first.
"""

Function = Callable[[Mapping[str, Data]], Data]
"""The value of the objective at arrays."""

_COMPLEX_STEP = 1e-30

_STENCIL = ((1, 0.75), (2, -0.15), (3, 1 / 60))
"""The places and weights of the difference of the sixth order, for one side of a symmetric stencil."""

_STEP = 0.02

_SMOOTH = 1e-6
"""How near the slopes on both sides of a point have to be, beside their size."""


def along(function: Function, arrays: Mapping[str, Data], moves: Sequence[Move], analytic: bool) -> Entries:
    """The mixed derivative along the moves, in Python's numbers."""
    if analytic:
        return _mixed(lambda at: _imaginary(function(_moved(at, moves[0], 1j * _COMPLEX_STEP))), arrays, moves[:0:-1])
    return _mixed(lambda at: entries_of(function(at)), arrays, moves[::-1])


def _imaginary(value: Data) -> Entries:
    return [complex(entry).imag / _COMPLEX_STEP for entry in entries_of(value)]


def _moved(arrays: Mapping[str, Data], move: Move, step: Any) -> dict[str, Data]:
    at = {name: direction(arrays) if callable(direction) else direction for name, direction in move.items()}
    return {**arrays, **{name: arrays[name] + step * direction for name, direction in at.items()}}


def _mixed(
    function: Callable[[Mapping[str, Data]], Entries], arrays: Mapping[str, Data], moves: Sequence[Move]
) -> Entries:
    if not moves:
        return function(arrays)
    total: Entries = []
    for place, weight in _STENCIL:
        above, below = [_mixed(function, _moved(arrays, moves[0], sign * place * _STEP), moves[1:]) for sign in (1, -1)]
        part = [weight * (a - b) / _STEP for a, b in zip(above, below)]
        total = [a + b for a, b in zip(total, part)] if total else part
    return total


def along_precisely(function: Function, arrays: Mapping[str, Data], moves: Sequence[Move], algebra: Any) -> Entries:
    """The mixed derivative along the moves by central differences, in an algebra of many digits.

    With a step of 10^(-d/(k + 2)) truncation and rounding both leave an error near 10^(-2d/(k + 2)).
    """
    order = len(moves)
    step = algebra.precision ** algebra.number(Fraction(1, order + 2))
    total: Entries = []
    for signs in product((1, -1), repeat=order):
        at: Mapping[str, Data] = arrays
        weight = 1
        for sign, move in zip(signs, reversed(moves)):
            at = _moved(at, move, sign * step)
            weight *= sign
        value = [weight * entry for entry in entries_of(function(at))]
        total = [a + b for a, b in zip(total, value)] if total else value
    return [entry / (2 * step) ** order for entry in total]


def is_smooth(function: Function, arrays: Mapping[str, Data], move: Move, algebra: Any) -> bool:
    """Whether the slopes on both sides of a point agree along a move, in an algebra of many digits."""
    step = algebra.precision ** algebra.number(Fraction(1, 3))
    above, here, below = [entries_of(function(_moved(arrays, move, k * step))) for k in (1, 0, -1)]
    gaps = [abs(a - 2 * h + b) / step for a, h, b in zip(above, here, below)]
    return all(gap <= _SMOOTH * max(1, abs(a - b) / step) for gap, a, b in zip(gaps, above, below))
