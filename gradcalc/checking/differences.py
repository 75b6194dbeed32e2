"""Derivatives held against the function itself, with a verdict that knows what rounding makes of both.

A derivative passes where it agrees as closely as the comparison could have told, fails where the gap is far beyond
what rounding and steps leave, and is inconclusive between the two. Everything is relative to what is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.checking.lines import RESOLUTION, Lines, spread_of
from gradcalc.checking.noise import SAMPLES, Noise
from gradcalc.checking.result import CheckResult
from gradcalc.checking.slopes import (
    DIFFERENCE_TOLERANCE,
    TOLERANCE,
    Function,
    Slopes,
    find_slopes,
    has_kink,
    slope_at,
    taylor_supports,
)

__all__ = ["DIFFERENCE_TOLERANCE", "TOLERANCE", "check_derivative", "slope_at"]

Array = Any

MOST_ENTRIES = 64
"""With more entries than this, random directions are compared instead of entries."""

DIRECTIONS = 12

_RESOLUTION_OF_DIFFERENCES = 5e-6

_SMALLEST_WEIGHT = 1e-3
"""The smallest entry, beside the largest, that a direction gives the same weight as the others."""

_RESTLESS = 1e-10
"""By how much rounding may change a value, beside the numbers on the way, where differences are to be trusted."""

Rounded = Callable[[Noise, Array], Array]
"""The function with every result on the way moved by the noise."""


class Rounding:
    """What is known of the rounding in a comparison.

    function: the function with noise; derivatives: the derivative computed anew with noise, some times; natural: the
    size of a derivative that the numbers on the way could have.
    """

    def __init__(
        self,
        function: Rounded | None = None,
        derivatives: Callable[[Noise], list[Array]] | None = None,
        natural: float = 0.0,
    ) -> None:
        self.function = function
        self._derivatives = derivatives
        self.natural = natural
        self._found: list[Array] | None = None

    def derivatives(self, noise: Noise) -> list[Array]:
        if self._found is None:
            self._found = self._derivatives(noise) if self._derivatives is not None else []
        return self._found


def check_derivative(
    function: Function,
    point: Array,
    derivative: Array,
    *,
    analytic: bool,
    kink_distance: float,
    generator: np.random.Generator,
    direction_within: Callable[[Array], Array] | None = None,
    rounding: Rounding | None = None,
) -> CheckResult:
    """Compares a derivative with the function's own variation at a point.

    point: shape (v...); derivative: shape (o..., v...) where function(point) has shape (o...).
    analytic: whether the complex step may be used. kink_distance: how near the point is to a kink.
    direction_within: a projection onto the directions in which the point may move (for a structured variable).
    """
    point = np.asarray(point, dtype=float)
    derivative = np.asarray(derivative, dtype=float)
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
        if kink_distance == 0:
            if has_kink(counted, point, value, generator, direction_within):
                return CheckResult.inconclusive("the point is at a kink, where there is no derivative")
            kink_distance = float("inf")
            # Noise would break the tie.
            rounding = Rounding(natural=rounding.natural if rounding is not None else 0.0)
        slopes = find_slopes(counted, point, value, analytic=analytic, kink_distance=kink_distance)
        if slopes is None:
            return CheckResult.inconclusive("the function does not vary smoothly enough here to be compared")
        comparison = _Comparison(counted, slopes, point, derivative, generator, rounding or Rounding())
        if point.size <= MOST_ENTRIES and direction_within is None:
            return comparison.entry_by_entry()
        return comparison.along_directions(direction_within)


def compare_values(
    value: Array, wanted: Array, samples: Callable[[], tuple[list[Array], list[Array]]], natural: float
) -> CheckResult:
    """Compares a value with what it should be, entry by entry; both of one shape.

    samples: both computed anew with noise, some times. natural: the size of the numbers on the way.
    """
    if not np.all(np.isfinite(value)):
        return CheckResult.inconclusive("the value is not finite here")
    size = np.maximum(np.abs(value), np.abs(wanted))
    lines = Lines(value, wanted, size, np.zeros_like(size), RESOLUTION)
    if np.any(lines.doubtful()):
        lines.judge(np.sum([spread_of(runs, size.shape) for runs in samples()], axis=0), natural)
    verdict = lines.verdict()
    worst = lines.worst()
    result = CheckResult(verdict, "interpreter", 1, 1, float(np.max(lines.gap)), lines.largest(), lines.resolution)
    result.noise = lines.noise_found()
    if verdict == "failed":
        place = f" in entry [{','.join([str(int(number) + 1) for number in worst])}]" if worst else ""
        result.reason = (
            f"the program makes the objective {float(value[worst]):.10g}{place},"
            f" and the expression as typed is {float(wanted[worst]):.10g}"
        )
    elif verdict == "inconclusive":
        result.reason = lines.reason(worst, "the value")
    return result


class _Counted:
    def __init__(self, function: Function) -> None:
        self._function = function
        self.evaluations = 0

    def __call__(self, point: Array) -> Array:
        self.evaluations += 1
        return self._function(point)


class _Comparison:
    def __init__(
        self,
        function: _Counted,
        slopes: Slopes,
        point: Array,
        derivative: Array,
        generator: np.random.Generator,
        rounding: Rounding,
    ) -> None:
        self._function = function
        self._slopes = slopes
        self._point = point
        self._derivative = derivative
        self._generator = generator
        self._rounding = rounding
        self._noise = Noise(generator)
        self._axes = tuple(range(derivative.ndim - point.ndim, derivative.ndim))
        self._resolution = RESOLUTION if slopes.exact else _RESOLUTION_OF_DIFFERENCES

    def entry_by_entry(self) -> CheckResult:
        found = np.empty_like(self._derivative)
        error = np.empty_like(self._derivative)
        for entry in np.ndindex(*self._point.shape):
            place: Any = (Ellipsis, *entry)
            found[place], error[place] = self._slopes.along(self._function, self._unit(entry))
        if not np.all(np.isfinite(found)):
            return CheckResult.inconclusive("the function is not finite around the point")
        claimed = self._derivative
        lines = Lines(claimed, found, np.maximum(np.abs(found), np.abs(claimed)), error, self._resolution)
        doubtful = lines.doubtful()
        if np.any(doubtful):
            spread = self._spread_of_entries(doubtful, found)
            natural = max(self._rounding.natural, float(np.max(np.abs(found))), float(np.max(np.abs(claimed))))
            lines.judge(spread, natural)
        worst = lines.worst()
        if lines.failed.any() and not self._slopes.exact:
            numbers = float(claimed[worst]), float(found[worst])
            if self._is_restless() or taylor_supports(self._function, self._point, *numbers, worst):
                return _unsettled()
        return self._result(lines, self._slopes.method, worst)

    def _unit(self, entry: tuple[int, ...]) -> Array:
        direction = np.zeros_like(self._point)
        direction[entry] = 1.0
        return direction

    def _spread_of_entries(self, doubtful: Array, found: Array) -> Array:
        """What rounding and steps make of the doubtful entries, on both sides."""
        spread = spread_of([np.reshape(sample, found.shape) for sample in self._samples()], found.shape)
        columns = doubtful.reshape(-1, *self._point.shape).any(axis=0)
        for entry in zip(*np.nonzero(columns)) if columns.ndim else ([()] if columns else []):
            place: Any = (Ellipsis, *entry)
            spread[place] += self._spread_along(self._unit(entry), found[place])
        return spread

    def _is_restless(self) -> bool:
        """Whether the function varies over steps that are not far from rounding: differences step over that."""
        values = [np.real(np.asarray(self._moved(self._point))) for _ in range(SAMPLES)]
        length = float(np.max(np.abs(self._point), initial=0.0)) or 1.0
        largest = max(self._rounding.natural * length, *[float(np.max(np.abs(value))) for value in values])
        return not np.all(spread_of(values, values[0].shape) <= _RESTLESS * largest)

    def _moved(self, point: Array) -> Array:
        """The function with every result on the way moved, or at least its point."""
        rounded = self._rounding.function
        return self._function(self._noise(point)) if rounded is None else rounded(self._noise, point)

    def _samples(self) -> list[Array]:
        return self._rounding.derivatives(self._noise)

    def _spread_along(self, direction: Array, slope: Array) -> Array:
        spread = self._slopes.left(self._function, direction, slope)
        for _ in range(SAMPLES):
            moved, _ = self._slopes.along(self._moved, direction)
            change = np.abs(moved - slope)
            spread = np.maximum(spread, np.where(np.isfinite(change), change, 0.0))
        return spread

    def along_directions(self, within: Callable[[Array], Array] | None) -> CheckResult:
        resolution = self._resolution / max(1.0, np.sqrt(self._point.size))
        every: list[Lines] = []
        for number in range(DIRECTIONS):
            direction = self._direction(number, within)
            found, error = (np.asarray(part) for part in self._slopes.along(self._function, direction))
            if not np.all(np.isfinite(found)):
                return CheckResult.inconclusive("the function is not finite around the point")
            predicted = np.sum(self._derivative * direction, axis=self._axes)
            length = np.sqrt(np.sum((self._derivative * direction) ** 2, axis=self._axes))
            lines = Lines(predicted, found, np.maximum(length, np.abs(found)), error, resolution, 0.1 * resolution)
            lines.direction = direction
            if np.any(lines.doubtful()):
                self._judge_direction(lines, direction, found)
            every.append(lines)
            if lines.failed.any():
                break
        if every[-1].failed.any() and not self._slopes.exact and self._is_restless():
            return _unsettled()
        chosen = max(every, key=lambda lines: (lines.failed.any(), lines.open.any(), lines.largest()))
        method = f"{self._slopes.method} along {DIRECTIONS} directions"
        result = self._result(chosen, method, None)
        result.max_abs_error = max(lines.gap.max() for lines in every)
        result.max_rel_error = max(lines.largest() for lines in every)
        if result.verdict == "failed" and within is None:
            result.worst = self._worst_entry(chosen.direction)
            result.evaluations = self._function.evaluations
        return result

    def _direction(self, number: int, within: Callable[[Array], Array] | None) -> Array:
        """A random direction; every other one gives small and large entries of the derivative the same weight."""
        direction = self._generator.normal(size=self._point.shape)
        if number % 2 and self._slopes.exact:
            outputs = self._derivative.reshape(-1, *self._point.shape)
            weights = np.sqrt(np.sum(outputs**2, axis=0))
            largest = float(np.max(weights))
            if largest > 0:
                direction = np.sign(direction) / np.maximum(weights / largest, _SMALLEST_WEIGHT)
                direction /= np.max(np.abs(direction))
        return within(direction) if within is not None else direction

    def _judge_direction(self, lines: Lines, direction: Array, found: Array) -> None:
        shape = self._derivative.shape
        predicted = [np.sum(np.reshape(sample, shape) * direction, axis=self._axes) for sample in self._samples()]
        spread = spread_of(predicted, found.shape) + self._spread_along(direction, found)
        length = float(np.sqrt(np.sum(direction**2)))
        natural = max(self._rounding.natural * length, float(np.max(lines.size)))
        lines.judge(spread, natural)

    def _result(self, lines: Lines, method: str, worst: Any) -> CheckResult:
        verdict = lines.verdict()
        result = CheckResult(
            verdict=verdict,
            method=method,
            points=1,
            evaluations=self._function.evaluations,
            max_abs_error=float(np.max(lines.gap)),
            max_rel_error=lines.largest(),
            tolerance=lines.resolution,
        )
        result.noise = lines.noise_found()
        if verdict == "failed" and worst is not None:
            result.worst = {
                "entry": [int(place) + 1 for place in worst],
                "derivative": float(self._derivative[worst]),
                "differences": float(lines.found[worst]),
            }
        elif verdict == "inconclusive":
            result.reason = lines.reason(worst)
        return result

    def _worst_entry(self, direction: Array) -> Any:
        """The entry of the variable that is to blame, found by halving the direction."""
        flat = np.arange(direction.size)
        while flat.size > 1:
            halves = (flat[: flat.size // 2], flat[flat.size // 2 :])
            errors = []
            for half in halves:
                part = np.zeros(direction.size)
                part[half] = direction.reshape(-1)[half]
                part = part.reshape(direction.shape)
                found, _ = self._slopes.along(self._function, part)
                errors.append(float(np.max(np.abs(np.sum(self._derivative * part, axis=self._axes) - found))))
            flat = halves[0] if errors[0] >= errors[1] else halves[1]
        entry = np.unravel_index(int(flat[0]), direction.shape)
        found = np.asarray(self._slopes.along(self._function, self._unit(tuple(map(int, entry))))[0])
        place_of_entry: Any = (Ellipsis, *entry)
        own = self._derivative[place_of_entry]
        place = np.unravel_index(int(np.argmax(np.abs(own - found))), found.shape) if found.ndim else ()
        return {
            "entry": [int(number) + 1 for number in (*place, *entry)],
            "derivative": float(own[place]),
            "differences": float(found[place]),
        }


def _unsettled() -> CheckResult:
    return CheckResult.inconclusive("the differences do not settle: the function varies too fast here")
