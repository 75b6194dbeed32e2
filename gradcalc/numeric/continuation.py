"""Where a formula has no value though what it is the formula of has one: det(X)*inv(X)' at a singular matrix.

Such a gap is closed by the limit. A function that is continuous at a point, and whose derivative near it tends to a
limit, is differentiable there with that limit for its derivative (by the mean value theorem), and so on for higher
orders. Many digits let the formula be evaluated so near that its distance from the limit is beyond what a float holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.language.shapes import Variable
from gradcalc.numeric.structures import directions_within

Move = Mapping[str, Any]
"""For each variable how far it is moved: an array of fractions in its shape."""

Entries = list[Any]

STEPS = ((200, 25), (400, 40))
"""Digits, and how far beside the largest entry of a variable it is moved: 10 to minus the second."""

_SHRINKS = 1e-5
"""What is continuous differs less on both sides of the point from the first step to the second, at least by this."""

_VANISHES = 1e-20
"""What an entry that tends to 0 is multiplied by at least: an error of the square of the step is by 1e-30."""

_SAME = 2.0**-56

_ROUNDING = 1e-120
"""What differs from one step to the next and is smaller than this is nothing but rounding."""


def moves(variables: Mapping[str, Variable], arrays: Mapping[str, Any]) -> Iterator[Move]:
    """For each step a random move of all variables within their structures, another one for each."""
    generator = np.random.default_rng(0)
    for _, exponent in STEPS:
        move = {}
        for name, array in arrays.items():
            held = np.asarray(array, dtype=float)
            variable = variables[name]
            if variable.whole or variable.structure == "orthogonal":
                continue
            within = directions_within(variable.structure, held)
            direction = generator.uniform(0.25, 1.0, held.shape) * generator.choice([-1.0, 1.0], held.shape)
            direction = np.asarray(direction if within is None else within(direction))
            step = Fraction(float(np.max(np.abs(held), initial=0.0)) or 1.0) / 10**exponent
            move[name] = [Fraction(float(entry)) * step for entry in direction.flat]
        yield move


def limit(near: Sequence[tuple[Entries, Entries]]) -> Entries | None:
    """The limit of a formula, whose entries at each step are given on both sides of the point; None if it has none."""
    (up, down), (closer_up, closer_down) = near
    if not _shrinks([_gap(*pair) for pair in near]):
        return None
    found: Entries = []
    for entry, closer in zip(_means(up, down), _means(closer_up, closer_down)):
        if abs(entry - closer) <= _SAME * abs(closer):
            found.append(closer)
        elif abs(closer) <= max(_VANISHES * abs(entry), _ROUNDING):
            found.append(0 * closer)
        else:
            return None
    return found


def is_continuous(value: Entries, near: Sequence[tuple[Entries, Entries]]) -> bool:
    """Whether a function tends to its value at the point, given its entries at each step on both sides of it."""
    return _shrinks([max(_gap(value, side) for side in pair) for pair in near])


def _shrinks(gaps: Sequence[Any]) -> bool:
    """Whether differences vanish with the step."""
    return bool(gaps[1] <= max(_SHRINKS * gaps[0], _ROUNDING))


def _means(one: Entries, other: Entries) -> Entries:
    """What is left has an error of the square of the step."""
    return [(a + b) / 2 for a, b in zip(one, other)]


def _gap(one: Entries, other: Entries) -> Any:
    return _largest([a - b for a, b in zip(one, other)])


def _largest(entries: Entries) -> Any:
    """The largest absolute value; not a number where an entry is none."""
    largest: Any = 0
    for entry in entries:
        size = abs(entry)
        if not size <= largest:
            largest = size
        if size != size:
            break
    return largest


def shifted(point: Entries, move: Sequence[Fraction], number: Callable[[Fraction], Any], sign: int) -> Entries:
    """The entries of a variable after a move, or after the opposite one."""
    return [entry + number(sign * by) for entry, by in zip(point, move)]
