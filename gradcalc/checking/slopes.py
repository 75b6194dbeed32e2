"""How a function varies along a direction: by complex steps where it is analytic, by differences where it is not.

Sources: Squire and Trapp, Using complex variables to estimate derivatives of real functions (1998); Ridders, Accurate
computation of F'(x) and F'(x)F''(x) (1982); Griewank and Walther (2008) for the convergence order of the remainder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
Function = Callable[[Array], Array]
"""From an array, real or complex, to the value; NaN where it is not defined."""

TOLERANCE = 1e-7

DIFFERENCE_TOLERANCE = 1e-5

_STEP = 1e-20
"""The complex step, beside the smallest entry that it moves."""

_FINER = 1e-10
"""By how much a second complex step is smaller, which shows what the first one leaves."""

_REFINEMENTS = 3

_SETTLED = 1e-7
"""How small the error of a slope should be, beside the largest slope of the same direction."""

_PROBES = 4
"""Along how many random directions a function is tried for a kink."""

_KINK_STEPS = (1e-2, 1e-2 / 64, 1e-2 / 4096)


class Slopes:
    """How slopes are found at a point. method: what that is called; exact: no step leaves an error."""

    def __init__(self, method: str, point: Array, start: float) -> None:
        """start: the first step of differences, for a direction whose largest entry is 1; 0 for complex steps."""
        self.method = method
        self.exact = not start
        self._point = point
        self._start = start

    def along(self, function: Function, direction: Array) -> tuple[Array, Array]:
        """The slope of the function along a direction, and an estimate of the error that the steps leave."""
        if self.exact:
            slope = _complex_slope(function, self._point, direction)
            return slope, np.zeros_like(slope)
        return self._differences(function, direction)

    def left(self, function: Function, direction: Array, slope: Array) -> Array:
        """What the step may leave in a slope that was found, and what underflows."""
        if not self.exact:
            return np.zeros_like(slope)
        step = _step(self._point, direction) * _FINER
        finer = np.imag(function(self._point + 1j * step * direction)) / step
        return np.abs(finer - slope) + np.finfo(float).tiny / step

    def _differences(self, function: Function, direction: Array) -> tuple[Array, Array]:
        longest = float(np.max(np.abs(direction), initial=0.0)) or 1.0
        return _central_slope(function, self._point, direction, self._start / longest)


def find_slopes(
    function: Function, point: Array, value: Array, *, analytic: bool, kink_distance: float
) -> Slopes | None:
    """How slopes are found at a point where the function has a value.

    point: shape (v...). analytic: whether the complex step may be used. kink_distance: how near the point is to a kink.
    None where the function does not vary smoothly enough.
    """
    norm = float(np.max(np.abs(point), initial=0.0)) or 1.0
    probe = np.ones_like(point)
    if analytic and _complex_steps_hold(function, point, value, probe, norm):
        return Slopes("complex-step", point, 0.0)
    start = min(0.05 * norm, kink_distance / 8 if np.isfinite(kink_distance) else np.inf)
    start = _tame_step(function, point, value, probe, start, norm)
    return Slopes("central-differences", point, start) if start >= 1e-9 * norm else None


def slope_at(
    function: Function, point: Array, *, analytic: bool, kink_distance: float
) -> tuple[Callable[[Array], tuple[Array, Array]], float] | None:
    """How the function varies along directions at a point, and the relative error that is to be tolerated.

    point: shape (v...); analytic: whether the complex step may be used. None where it does not vary smoothly enough.
    """
    with np.errstate(all="ignore"):
        found = find_slopes(
            function, point, np.asarray(function(point)), analytic=analytic, kink_distance=kink_distance
        )
    if found is None:
        return None
    slopes = found
    return lambda direction: slopes.along(function, direction), TOLERANCE if slopes.exact else DIFFERENCE_TOLERANCE


def has_kink(
    function: Function,
    point: Array,
    value: Array,
    generator: np.random.Generator,
    within: Callable[[Array], Array] | None = None,
) -> bool:
    """Whether the slopes ahead and behind differ along a random direction, or there is no value beside the point.

    Entries that tie need not make a kink: the smallest entry of A*A' always stands in two places.
    """
    norm = float(np.max(np.abs(point), initial=0.0)) or 1.0
    size = float(np.max(np.abs(value), initial=0.0))
    for _ in range(_PROBES):
        direction = generator.normal(size=point.shape)
        direction = within(direction) if within is not None else direction
        jumps = []
        for part in _KINK_STEPS:
            step = part * norm
            ahead, behind = (np.real(function(point + sign * step * direction)) for sign in (1, -1))
            jumps.append(np.abs(ahead + behind - 2 * np.real(value)) / step)
        if not np.all(np.isfinite(jumps[-1])):
            return True
        rounding = 64 * np.finfo(float).eps * size / (_KINK_STEPS[-1] * norm)
        # The jump of a smooth function goes with the step, that of one with a kink stays.
        stays = ~(jumps[-1] <= 0.05 * np.maximum(jumps[0], jumps[1]))
        if np.any(stays & (jumps[-1] > rounding)):
            return True
    return False


def taylor_supports(
    function: Function, point: Array, claimed: float, differences: float, place: tuple[Any, ...]
) -> bool:
    """Whether the remainder of the first-order expansion vanishes against the step for the entry in question.

    |f(p + h*d) - f(p) - h*<g, d>| / h tends to zero if and only if the derivative is right; where the function varies
    on a much smaller scale than the point, this shows at steps at which extrapolated differences have gone astray.
    claimed, differences: the entry at `place` of the derivative, and what differences make of it.
    """
    entry = place[len(place) - point.ndim :]
    output = place[: len(place) - point.ndim]
    direction = np.zeros_like(point)
    direction[entry] = 1.0
    length = float(np.max(np.abs(point), initial=0.0)) or 1.0
    here = np.real(function(point))[output]
    before = False
    for halvings in range(8, 38, 2):
        step = length * 2.0**-halvings
        slope = (np.real(function(point + step * direction))[output] - here) / step
        near = bool(abs(slope - claimed) <= 0.1 * abs(differences - claimed))
        if near and before:
            return True
        # At a single step the slopes may merely pass by on their way to another limit.
        before = near
    return False


def _complex_steps_hold(function: Function, point: Array, value: Array, probe: Array, norm: float) -> bool:
    """Whether the function is continued analytically: no difference that settles contradicts its complex step.

    Near a pole differences do not settle, and say nothing against it.
    """
    try:
        slope = np.asarray(_complex_slope(function, point, probe))
        rough = _rough_slope(function, point, probe, 1e-5 * norm)
    except (TypeError, ValueError, np.linalg.LinAlgError):
        return False

    def near(one: Array, other: Array) -> Array:
        scale = np.maximum(np.abs(one), np.abs(other)) + np.abs(value) / norm
        return np.abs(one - other) <= 1e-3 * scale + 1e-12

    differing = ~near(rough, slope) & np.isfinite(rough)
    if np.any(differing) and np.all(np.isfinite(slope)):
        differing &= near(rough, _rough_slope(function, point, probe, 1e-7 * norm))
    return bool(np.all(np.isfinite(slope)) and not np.any(differing))


def _rough_slope(function: Function, point: Array, direction: Array, step: float) -> Array:
    ahead, behind = (np.real(function(point + sign * step * direction)) for sign in (1, -1))
    return (ahead - behind) / (2 * step)


def _complex_slope(function: Function, point: Array, direction: Array) -> Array:
    step = _step(point, direction)
    return np.imag(function(point + 1j * step * direction)) / step


def _step(point: Array, direction: Array) -> float:
    """A complex step that is small beside every entry that it moves."""
    moved = (direction != 0) & (point != 0)
    ratios = np.abs(point[moved]) / np.abs(direction[moved])
    smallest = float(np.min(ratios, initial=np.inf))
    if not np.isfinite(smallest):
        smallest = 1.0 / (float(np.max(np.abs(direction), initial=0.0)) or 1.0)
    return _STEP * max(smallest, 1e-100)


def _central_slope(function: Function, point: Array, direction: Array, start: float) -> tuple[Array, Array]:
    """The slope, and an estimate of its error; with smaller steps where larger ones do not settle, as near a pole."""
    best, error = _extrapolated_slope(function, point, direction, start)
    for _ in range(_REFINEMENTS):
        if np.all(error <= _SETTLED * np.max(np.abs(best), initial=0.0)):
            break
        start /= 32
        finer, finer_error = _extrapolated_slope(function, point, direction, start)
        better = ~(error <= finer_error)
        best, error = np.where(better, finer, best), np.where(better, finer_error, error)
    return best, error


def _extrapolated_slope(function: Function, point: Array, direction: Array, start: float) -> tuple[Array, Array]:
    """Central differences extrapolated to a step of zero, and an estimate of the error (Ridders)."""
    factor = 1.6
    table: list[list[Array]] = []
    best: Array | None = None
    error: Array | None = None
    step = start
    for row in range(8):
        above, below = (np.real(function(point + sign * step * direction)) for sign in (1, -1))
        entries = [(above - below) / (2 * step)]
        rounding = np.finfo(float).eps * np.maximum(np.abs(above), np.abs(below)) / step
        scale = factor**2
        for column in range(row):
            entries.append((entries[column] * scale - table[-1][column]) / (scale - 1))
            scale *= factor**2
            change = np.maximum(np.abs(entries[-1] - entries[-2]), np.abs(entries[-1] - table[-1][column]))
            if error is None or best is None:
                best, error = np.asarray(entries[-1]), np.asarray(change)
            else:
                better = change < error
                best, error = np.where(better, entries[-1], best), np.where(better, change, error)
        table.append(entries)
        step /= factor
    assert best is not None
    assert error is not None
    return best, np.maximum(error, rounding)


def _tame_step(function: Function, point: Array, value: Array, probe: Array, start: float, norm: float) -> float:
    """A first step over which the function does not change beyond its own size: no pole lies within it."""
    size = float(np.max(np.abs(value), initial=0.0))
    while start > 1e-4 * norm and size > 0:
        ahead, behind = np.real(function(point + start * probe)), np.real(function(point - start * probe))
        change = max(float(np.max(np.abs(other - value), initial=0.0)) for other in (ahead, behind))
        if change <= 2 * size:
            break
        start /= 4
    return start
