"""A point at which a wrong claim is seen to be wrong: small sizes, numbers that one can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcalc.checking.claims.layouts import NATURAL
from gradcalc.checking.claims.numbers import claimed, difference
from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.errors import GradcalcError
from gradcalc.numeric.sizes import choose_sizes
from gradcalc.numeric.structures import nearest

Array = Any

_SIZES = (2, 3, 4, 5, 6, 7, 8, 9, 10)
_TRIES = 40
_VISIBLE = 1e-3
"""By how much, relative to the larger, claimed and actual entry should differ."""


class Counterexample:
    """inputs: arrays by name. claimed, actual: one entry of each, or all of both where the shapes differ.

    entry: which one, counted from 1; None where all are given. claimed is None where the claim has no value.
    """

    def __init__(self, point: Point, claimed_: Array | None, actual: Array, entry: tuple[int, ...] | None) -> None:
        self.inputs = point.arrays
        self.sizes = point.sizes
        self.claimed = claimed_
        self.actual = actual
        self.entry = entry


def counterexample(
    claim: Claim,
    truth: Truth,
    seed: int,
    sizes: Mapping[str, int] | None = None,
    known: Point | None = None,
    given: Mapping[str, Array] | None = None,
) -> Counterexample | None:
    """A point of small numbers at which the claim differs; else the point at which it is known to.

    given: arrays that are fixed.
    """
    best: tuple[float, Counterexample] | None = None
    if not given:
        for point in readable_points(truth, seed, sizes or {}):
            found = _compared(claim, truth, point)
            if found is not None and (best is None or found[0] > best[0]):
                best = found
            if best is not None and best[0] > _VISIBLE:
                return best[1]
    if known is not None:
        found = _compared(claim, truth, known)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return best[1] if best is not None and best[0] > 0 else None


def readable_points(truth: Truth, seed: int, sizes: Mapping[str, int]) -> Iterator[Point]:
    """Points of small sizes and small whole numbers, halves and tenths."""
    typing = truth.problem.typing
    try:
        lengths = choose_sizes(typing, sizes, 0, _SIZES)
    except GradcalcError:
        return
    generator = np.random.default_rng([seed, 2])
    for attempt in range(_TRIES):
        arrays: dict[str, Array] = {}
        for name, variable in typing.variables.items():
            shape = truth.shape(variable, lengths)
            array = _readable(generator, shape, attempt)
            if variable.whole:
                array = np.asarray(2.0)
            if variable.structure is not None:
                array = np.round(nearest(variable.structure, np.asarray(array)), 6)
            arrays[name] = np.asarray(array, dtype=float)
        try:
            point = truth.point(arrays, lengths)
        except GradcalcError:
            continue
        if np.all(np.isfinite(point.derivative)):
            yield point


def _readable(generator: np.random.Generator, shape: tuple[int, ...], attempt: int) -> Array:
    """Whole numbers first, then halves, then tenths between 0 and 1."""
    style = attempt % 4
    if style == 0:
        numbers = generator.integers(-2, 3, shape)
        return np.where(numbers == 0, 1, numbers) + 0.0
    if style == 1:
        return generator.integers(1, 4, shape) + 0.0
    if style == 2:
        return generator.integers(-5, 6, shape) / 2
    return generator.integers(1, 10, shape) / 10


def _compared(claim: Claim, truth: Truth, point: Point) -> tuple[float, Counterexample] | None:
    """How visibly claim and derivative differ at a point, and where."""
    actual = truth.selected(point)
    if claim.typing is None:
        return 1.0, Counterexample(point, None, actual, None)
    value = claimed(claim, truth, point)
    if value.fault is not None or not np.all(np.isfinite(value.array)):
        return None
    indices = len(set(truth.named))
    forms = truth.layouts.forms(actual, indices)
    fitting = [
        (form, array)
        for form, (kind, array) in forms.items()
        if kind == value.kind and array.shape == value.array.shape
    ]
    if not fitting:
        return 1.0, Counterexample(point, value.array, actual, None)
    _, array = min(fitting, key=lambda item: (difference(value.array, item[1]), item[0] != NATURAL))
    gap = np.abs(value.array - array)
    if not np.any(gap):
        return None
    place = np.unravel_index(int(np.argmax(gap)), gap.shape) if gap.ndim else ()
    size = max(abs(float(value.array[place])), abs(float(array[place])))
    entry = tuple([int(number) + 1 for number in place])
    return float(gap[place]) / size, Counterexample(point, value.array[place], array[place], entry)
