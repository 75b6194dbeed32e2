"""An array that was computed elsewhere, held against the forms of the derivative at a point, with the noise of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.checking.claims.layouts import NATURAL, TRANSPOSED
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.checking.lines import Lines, spread_of
from gradcalc.checking.noise import UNIT, Noise
from gradcalc.numeric.reference import observe

Array = Any

_FINE = {8: 1e-7, 4: 1e-5, 2: 1e-2}
"""The relative error that a careful implementation may leave in an entry, by the bytes of a number."""

_RESOLUTIONS = {8: 1e-6, 4: 2e-4, 2: 0.2}
"""The relative error of an entry that has to be seen, by the bytes of a number."""

_CALLS = 2
_DIRECTIONS = 24
_KINK_STEP = 1e-7

AGREES, OPEN, DIFFERS = "agrees", "open", "differs"


class Forms:
    """The forms of the derivative that an array may have, at one point.

    found: the array in the shape of each form that it fits; expected: the derivative in those forms. reason: why
    rounding hides whether it agrees, where it does.
    """

    def __init__(self, truth: Truth, point: Point, array: Array, again: Callable[[Point], Array] | None = None) -> None:
        """again: computes the array at other points."""
        self.array = array
        self.reason: str | None = None
        self._truth = truth
        self._point = point
        self._again = again
        self.found: dict[str, Array] = {}
        self.expected: dict[str, Array] = {}
        for form, wanted in self._forms(point.derivative).items():
            shaped = _shaped(array, wanted.shape, form)
            if shaped is not None:
                self.found[form], self.expected[form] = shaped, wanted

    def opinions(self) -> dict[str, str]:
        """For each form that fits: whether the array agrees with it, differs from it, or rounding hides which."""
        lines = {form: self._lines(shaped, self.expected[form]) for form, shaped in self.found.items()}
        if lines and all(np.any(own.doubtful()) for own in lines.values()):
            point = self._point
            # Noise would break a tie.
            bound = np.full(point.derivative.shape, 4 * self._unit * point.scale)
            spread = self._forms(bound) if point.at_kink else self._spread()
            for form, own in lines.items():
                own.judge(spread[form], self._point.scale)
        opinions: dict[str, str] = {}
        for form, own in lines.items():
            verdict = own.verdict() if own.judged or not np.any(own.doubtful()) else "failed"
            opinions[form] = _OPINIONS[verdict]
            if verdict == "inconclusive":
                self.reason = own.reason(own.worst(), "the derivative")
        return opinions

    def _forms(self, derivative: Array) -> dict[str, Array]:
        truth = self._truth
        return truth.layouts.arrays(truth.select(derivative, truth.selection), len(set(truth.named)))

    def _lines(self, array: Array, expected: Array) -> Lines:
        size = np.maximum(np.abs(array), np.abs(expected)).astype(float)
        size = np.where(np.isfinite(array), size, np.abs(expected))
        width = array.dtype.itemsize
        fine, resolution = _FINE.get(width, _FINE[8]), _RESOLUTIONS.get(width, _RESOLUTIONS[8])
        return Lines(array, expected, size, np.zeros(size.shape), resolution, fine, self._unit)

    @property
    def _unit(self) -> float:
        return max(float(np.finfo(self.array.dtype).eps), UNIT)

    def _spread(self) -> dict[str, Array]:
        """What rounding makes of the derivative, and of the array where it can be computed again, in each form."""
        point = self._point
        spread = self._forms(self._truth.spread(point, self._unit))
        if self._again is None:
            return spread
        noise = Noise(np.random.default_rng([point.derivative.size, 5]), self._unit)
        again = []
        for _ in range(_CALLS):
            moved = {name: noise(np.asarray(array, dtype=float)) for name, array in point.arrays.items()}
            array = self._again(point.moved(moved))
            if array.shape == self.array.shape:
                again.append(array)
        for form, shaped in self.found.items():
            own = spread_of([shaped, *[np.reshape(array, shaped.shape) for array in again]], shaped.shape)
            spread[form] = spread[form] + own
        return spread


_OPINIONS = {"passed": AGREES, "inconclusive": OPEN, "failed": DIFFERS}


def _shaped(array: Array, shape: tuple[int, ...], form: str) -> Array | None:
    """The array in a shape: a matrix of one column for a vector, of one row for a transposed one."""
    if array.shape == shape:
        return array if form != TRANSPOSED or array.ndim >= 2 else None
    if len(shape) == 1 and array.shape == ((shape[0], 1) if form == NATURAL else (1, shape[0])):
        return array.reshape(shape)
    return array.reshape(()) if shape == () and array.size == 1 else None


def lies_between_slopes(truth: Truth, point: Point, array: Array) -> bool | None:
    """Whether an array could be a subgradient at a kink: it lies between the slopes ahead and behind everywhere.

    array: of the variable's shape. None where the point is no kink of the objective, or that cannot be told.
    """
    components = truth.answer.components
    if truth.outputs or len(components) != 1 or components[0][1] or truth.answer.order != 1:
        return None
    name = components[0][0]
    start = np.asarray(point.arrays[name], dtype=float)
    if array.shape != start.shape:
        return None
    problem = truth.problem

    def value(moved: Array) -> float:
        arrays = {**point.arrays, name: moved}
        return float(np.real(observe(problem.program, problem.typing, arrays, point.sizes).value))

    here = value(start)
    generator = np.random.default_rng([start.size, 7])
    step = _KINK_STEP * (float(np.max(np.abs(start), initial=0.0)) or 1.0)
    kinked = False
    for _ in range(_DIRECTIONS):
        direction = generator.normal(size=start.shape)
        ahead = (value(start + step * direction) - here) / step
        behind = (here - value(start - step * direction)) / step
        slack = 1e-4 * max(abs(ahead), abs(behind))
        kinked = kinked or abs(ahead - behind) > slack
        if not min(ahead, behind) - slack <= float(np.sum(array * direction)) <= max(ahead, behind) + slack:
            return False
    return True if kinked else None
