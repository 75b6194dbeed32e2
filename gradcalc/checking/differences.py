"""Derivatives held against the function itself: complex step where it is analytic, differences where it is not.

Sources: Squire and Trapp, Using complex variables to estimate derivatives of real functions (1998); Ridders, Accurate
computation of F'(x) and F'(x)F''(x) (1982); Griewank and Walther (2008) for the convergence order of the remainder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.checking.result import CheckResult

Array = Any
Function = Callable[[Array], Array]
"""From an array, real or complex, to the value; NaN where it is not defined."""

MOST_ENTRIES = 64
"""With more entries than this, random directions are compared instead of entries."""

DIRECTIONS = 12

TOLERANCE = 1e-7

DIRECTION_TOLERANCE = 1e-9
"""Along a direction, an error in one entry is small beside the sum: the tolerance has to be tighter."""

DIFFERENCE_TOLERANCE = 1e-5

_STEP = 1e-30

_REFINEMENTS = 3

_DIFFERENCED = 1e4
"""By how much differences enlarge what rounding leaves in the function."""

_SETTLED = 1e-7
"""How small the error of a slope should be, beside the largest slope of the same direction."""


def check_derivative(
    function: Function,
    point: Array,
    derivative: Array,
    *,
    analytic: bool,
    kink_distance: float,
    generator: np.random.Generator,
    direction_within: Callable[[Array], Array] | None = None,
    rounding: float = 0.0,
    vanishing: float = 0.0,
) -> CheckResult:
    """Compares a derivative with the function's own variation at a point.

    point: shape (v...); derivative: shape (o..., v...) where function(point) has shape (o...).
    analytic: whether the complex step may be used. kink_distance: how near the point is to a kink.
    rounding: the absolute error that rounding may leave in an entry. vanishing: slopes below it may be what rounding
    leaves of terms that cancel, and are zero to working precision.
    direction_within: a projection onto the directions in which the point may move (for a structured variable).
    """
    point = np.asarray(point, dtype=float)
    derivative = np.asarray(derivative, dtype=float)
    if kink_distance == 0:
        return CheckResult.inconclusive("the point is at a kink, where there is no derivative")
    if derivative.size == 0:
        return CheckResult.inconclusive("nothing was compared: the derivative has no entries")
    if not np.all(np.isfinite(derivative)):
        return CheckResult.inconclusive("the derivative is not finite here")
    counted = _Counted(function)
    value = np.asarray(counted(point))
    if not np.all(np.isfinite(value)):
        return CheckResult.inconclusive("the value is not finite here")
    if value.shape + point.shape != derivative.shape:
        return CheckResult.wrong_shape(value.shape + point.shape, derivative.shape)
    with np.errstate(all="ignore"):
        return _compared(
            counted,
            point,
            value,
            derivative,
            analytic,
            kink_distance,
            generator,
            direction_within,
            rounding,
            vanishing,
        )


def _compared(
    counted: _Counted,
    point: Array,
    value: Array,
    derivative: Array,
    analytic: bool,
    kink_distance: float,
    generator: np.random.Generator,
    direction_within: Callable[[Array], Array] | None,
    rounding: float,
    vanishing: float,
) -> CheckResult:
    slope, method, noise = _slope(counted, point, value, analytic, kink_distance)
    if slope is None:
        return CheckResult.inconclusive("the function does not vary smoothly enough here to be compared")
    if point.size <= MOST_ENTRIES and direction_within is None:
        return _entry_by_entry(counted, slope, method, noise, point, derivative, rounding, vanishing)
    return _along_directions(
        counted, slope, method, noise, point, derivative, generator, direction_within, rounding, vanishing
    )


class _Counted:
    def __init__(self, function: Function) -> None:
        self._function = function
        self.evaluations = 0

    def __call__(self, point: Array) -> Array:
        self.evaluations += 1
        return self._function(point)


def _complex_slope(function: Function, point: Array, direction: Array) -> Array:
    return np.imag(function(point + 1j * _STEP * direction)) / _STEP


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


Slope = Callable[[Array], tuple[Array, Array]]
"""From a direction to the slope of the function along it and an estimate of the slope's error."""


def _slope(
    function: _Counted, point: Array, value: Array, analytic: bool, kink_distance: float
) -> tuple[Slope | None, str, float]:
    """How slopes are found here, what that is called, and the relative error to expect."""
    norm = float(np.max(np.abs(point), initial=0.0)) or 1.0
    start = min(0.05 * norm, kink_distance / 8 if np.isfinite(kink_distance) else np.inf)
    probe = np.ones_like(point)

    def by_complex_step(direction: Array) -> tuple[Array, Array]:
        slope = _complex_slope(function, point, direction)
        return slope, np.zeros_like(slope)

    def by_differences(direction: Array) -> tuple[Array, Array]:
        longest = float(np.max(np.abs(direction), initial=0.0)) or 1.0
        return _central_slope(function, point, direction, start / longest)

    if analytic:
        try:
            slope = np.asarray(by_complex_step(probe)[0])
            step = 1e-5 * norm
            rough = (np.real(function(point + step * probe)) - np.real(function(point - step * probe))) / (2 * step)
        except (TypeError, ValueError, np.linalg.LinAlgError):
            slope = np.asarray(np.nan)
            rough = np.asarray(0.0)
        scale = np.maximum(np.abs(slope), np.abs(rough)) + np.abs(value) / norm
        if np.all(np.isfinite(slope)) and (
            not np.all(np.isfinite(rough)) or np.all(np.abs(slope - rough) <= 1e-3 * scale + 1e-12)
        ):
            return by_complex_step, "complex-step", 0.0
    start = _tame_step(function, point, value, probe, start, norm)
    if start < 1e-9 * norm:
        return None, "", 0.0
    return by_differences, "central-differences", 1.0


def slope_at(function: Function, point: Array, *, analytic: bool, kink_distance: float) -> tuple[Slope, float] | None:
    """How the function varies along directions at a point, and the relative error that is to be tolerated.

    point: shape (v...); analytic: whether the complex step may be used. None where it does not vary smoothly enough.
    """
    counted = _Counted(function)
    with np.errstate(all="ignore"):
        slope, _, noise = _slope(counted, point, np.asarray(counted(point)), analytic, kink_distance)
    if slope is None:
        return None
    return slope, DIFFERENCE_TOLERANCE if noise else TOLERANCE


def _taylor_supports(
    function: Function, point: Array, derivative: Array, differences: Array, worst: tuple[Any, ...]
) -> bool:
    """Whether the remainder of the first-order expansion vanishes against the step for the entry in question.

    |f(p + h*d) - f(p) - h*<g, d>| / h tends to zero if and only if the derivative is right; where the function varies
    on a much smaller scale than the point, this shows at steps at which extrapolated differences have gone astray.
    """
    entry = worst[len(worst) - point.ndim :]
    output = worst[: len(worst) - point.ndim]
    direction = np.zeros_like(point)
    direction[entry] = 1.0
    claimed = derivative[worst]
    length = float(np.max(np.abs(point), initial=0.0)) or 1.0
    here = np.real(function(point))[output]
    for halvings in range(8, 38, 2):
        step = length * 2.0**-halvings
        slope = (np.real(function(point + step * direction))[output] - here) / step
        if abs(slope - claimed) <= 0.1 * abs(differences[worst] - claimed):
            return True
    return False


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


def _entry_by_entry(
    function: _Counted,
    slope: Slope,
    method: str,
    noise: float,
    point: Array,
    derivative: Array,
    rounding: float,
    vanishing: float,
) -> CheckResult:
    differences = np.empty_like(derivative)
    errors = np.empty_like(derivative)
    for entry in np.ndindex(*point.shape):
        direction = np.zeros_like(point)
        direction[entry] = 1.0
        place: Any = (Ellipsis, *entry)
        differences[place], errors[place] = slope(direction)
    if not np.all(np.isfinite(differences)):
        return CheckResult.inconclusive("the function is not finite around the point")
    tolerance = DIFFERENCE_TOLERANCE if noise else TOLERANCE
    scale = float(np.max(np.abs(differences), initial=0.0))
    absolute = np.abs(derivative - differences)
    # An entry counts against its own size, but not below what the largest lets be seen.
    floor = scale * (1e-4 if noise else 1e-6) + np.finfo(float).tiny
    relative = absolute / np.maximum(np.maximum(np.abs(differences), np.abs(derivative)), floor)
    accepted = absolute <= rounding
    if np.all(_vanish(np.abs(derivative), differences, errors, noise, vanishing)):
        accepted, relative = np.ones_like(accepted), np.zeros_like(relative)
    if noise:
        accepted |= (absolute <= 4 * errors) & (errors <= 1e-3 * scale)
        wrong = ~accepted & (relative > tolerance)
        settled = bool(np.any(wrong & (errors < 0.1 * absolute)))
        worst = np.unravel_index(int(np.argmax(np.where(wrong, absolute, 0.0))), absolute.shape)
        if np.any(wrong) and (not settled or _taylor_supports(function, point, derivative, differences, worst)):
            return CheckResult.inconclusive("the differences do not settle: the function varies too fast here")
    return _judged(method, function, derivative, differences, absolute, relative, accepted, tolerance)


def _vanish(derivative: Array, slopes: Array, errors: Array, noise: float, vanishing: float) -> Array:
    """Whether a derivative and the slopes that it is compared with are both zero to working precision."""
    largest = vanishing * (_DIFFERENCED if noise else 1.0)
    return (derivative <= vanishing) & (np.abs(slopes) <= largest + 4 * errors)


def _judged(
    method: str,
    function: _Counted,
    derivative: Array,
    differences: Array,
    absolute: Array,
    relative: Array,
    accepted: Array,
    tolerance: float,
) -> CheckResult:
    """The result: every entry has to be within the tolerance, or within what rounding and the step leave open."""
    scale = float(np.max(np.abs(differences), initial=0.0)) or 1.0
    relative = np.where(accepted, np.minimum(relative, absolute / scale), relative)
    suspect = np.where(accepted, 0.0, relative)
    worst = np.unravel_index(int(np.argmax(suspect)), suspect.shape) if suspect.ndim else ()
    result = CheckResult(
        verdict="passed" if float(np.max(suspect)) <= tolerance else "failed",
        method=method,
        points=1,
        evaluations=function.evaluations,
        max_abs_error=float(np.max(absolute)),
        max_rel_error=float(np.max(relative)),
        tolerance=tolerance,
    )
    if result.verdict == "failed":
        result.worst = {
            "entry": [int(place) + 1 for place in worst],
            "derivative": float(derivative[worst]),
            "differences": float(differences[worst]),
        }
    return result


def _along_directions(
    function: _Counted,
    slope: Slope,
    method: str,
    noise: float,
    point: Array,
    derivative: Array,
    generator: np.random.Generator,
    within: Callable[[Array], Array] | None,
    rounding: float,
    vanishing: float,
) -> CheckResult:
    tolerance = DIFFERENCE_TOLERANCE if noise else DIRECTION_TOLERANCE
    outputs = derivative.ndim - point.ndim
    axes = tuple(range(outputs, derivative.ndim))
    worst_relative, worst_absolute = 0.0, 0.0
    failing: Array | None = None
    for _ in range(DIRECTIONS):
        direction = generator.normal(size=point.shape)
        if within is not None:
            direction = within(direction)
        found, error = slope(direction)
        if not np.all(np.isfinite(found)):
            return CheckResult.inconclusive("the function is not finite around the point")
        predicted = np.sum(derivative * direction, axis=axes)
        size = np.sqrt(np.sum((derivative * direction) ** 2, axis=axes))
        scale = np.maximum(size, np.abs(found)) + np.finfo(float).tiny
        absolute = np.abs(predicted - found)
        gone = _vanish(size, found, error, noise, vanishing)
        relative = np.max(np.where(gone, 0.0, np.maximum(absolute - 4 * error - rounding, 0.0) / scale))
        worst_absolute = max(worst_absolute, float(np.max(absolute)))
        if relative > worst_relative:
            worst_relative = float(relative)
            failing = direction
    result = CheckResult(
        verdict="passed" if worst_relative <= tolerance else "failed",
        method=f"{method} along {DIRECTIONS} directions",
        points=1,
        evaluations=function.evaluations,
        max_abs_error=worst_absolute,
        max_rel_error=worst_relative,
        tolerance=tolerance,
    )
    if result.verdict == "failed" and failing is not None and within is None:
        result.worst = _worst_entry(slope, derivative, failing, axes, outputs)
        result.evaluations = function.evaluations
    return result


def _worst_entry(slope: Slope, derivative: Array, direction: Array, axes: tuple[int, ...], outputs: int) -> Any:
    """The entry of the variable that is to blame, found by halving the direction."""
    flat = np.arange(direction.size)
    while flat.size > 1:
        halves = (flat[: flat.size // 2], flat[flat.size // 2 :])
        errors = []
        for half in halves:
            part = np.zeros(direction.size)
            part[half] = direction.reshape(-1)[half]
            part = part.reshape(direction.shape)
            found, _ = slope(part)
            errors.append(float(np.max(np.abs(np.sum(derivative * part, axis=axes) - found))))
        flat = halves[0] if errors[0] >= errors[1] else halves[1]
    entry = np.unravel_index(int(flat[0]), direction.shape)
    unit = np.zeros_like(direction)
    unit[entry] = 1.0
    found = np.asarray(slope(unit)[0])
    place_of_entry: Any = (Ellipsis, *entry)
    own = derivative[place_of_entry]
    place = np.unravel_index(int(np.argmax(np.abs(own - found))), found.shape) if outputs else ()
    return {
        "entry": [int(number) + 1 for number in (*place, *entry)],
        "derivative": float(own[place]),
        "differences": float(found[place]),
    }
