"""A claim in numbers: its value at a point, and whether that is the derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcalc.checking.claims.layouts import Layouts
from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.numeric.reference import observe

Array = Any

AGREES = 1e-8
"""The relative difference below which numbers in double precision are taken as equal, for closer inspection."""


class Claimed:
    """The value of a claim at a point, axes of the free indices first.

    fault: why it has none. smooth: no kink was met.
    """

    __slots__ = ("array", "fault", "kind", "smooth")

    def __init__(self, kind: str, array: Array, fault: str | None, smooth: bool) -> None:
        self.kind = kind
        self.array = array
        self.fault = fault
        self.smooth = smooth


def claimed(claim: Claim, truth: Truth, point: Point) -> Claimed:
    """The value of a claim whose shapes fit."""
    assert claim.typing is not None
    kind = claim.typing.kind(claim.program.objective)
    parts: list[Array] = []
    shape: dict[str, int] = {}
    smooth, fault = True, None
    for values in truth.index_values(point):
        observation = observe(claim.program, claim.typing, point.arrays, point.sizes, values)
        smooth = smooth and observation.analytic
        fault = fault or (observation.fault[0] if observation.fault is not None else None)
        array = np.asarray(observation.value)
        if np.iscomplexobj(array):
            if np.max(np.abs(array.imag), initial=0.0) > 1e-12 * np.max(np.abs(array.real), initial=0.0):
                fault = fault or "its value is not real"
            array = array.real
        parts.append(np.asarray(array, dtype=float))
        shape = {name: max(shape.get(name, 1), value) for name, value in values.items()}
    array = np.stack(parts).reshape((*shape.values(), *parts[0].shape)) if shape else parts[0]
    return Claimed(kind, array, fault, smooth)


def difference(left: Array, right: Array) -> float:
    """The largest difference of entries, relative to the largest entry."""
    largest = max(float(np.max(np.abs(left), initial=0.0)), float(np.max(np.abs(right), initial=0.0)))
    return float(np.max(np.abs(left - right), initial=0.0)) / largest if largest else 0.0


def agreeing_forms(value: Claimed, truth: Array, layouts: Layouts, indices: int) -> set[str]:
    """The forms in which a value agrees with the derivative in double precision: a symmetric matrix has two."""
    fitting = fitting_forms(value, truth, layouts, indices)
    return {form for form, array in fitting.items() if difference(value.array, array) < AGREES}


def may_be_rounding(value: Claimed, point: Point) -> bool:
    """Whether claim and derivative are so small beside the numbers on the way that both may be what rounding leaves."""
    largest = max(float(np.max(np.abs(array), initial=0.0)) for array in (value.array, point.derivative))
    return largest <= 1e-12 * point.scale


def fitting_forms(value: Claimed, truth: Array, layouts: Layouts, indices: int) -> dict[str, Array]:
    """The forms of the derivative that have the kind and the shape of a value."""
    return {
        form: array
        for form, (kind, array) in layouts.forms(truth, indices).items()
        if value.kind == kind and value.array.shape == array.shape
    }
