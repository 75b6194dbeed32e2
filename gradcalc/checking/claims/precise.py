"""The second opinion in many digits: a claim and differences of the expression itself, both by the interpreter.

Nothing of the derivative's own formula takes part: central differences with a step of 10^-20 leave an error of 10^-40.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Program
from gradcalc.meaning.algebra import NoForm
from gradcalc.meaning.many_digits import ManyDigitsAlgebra, many_digits
from gradcalc.meaning.programs import observed
from gradcalc.meaning.small import Array as Small
from gradcalc.numeric.structures import linear_part

Array = Any

DIGITS = 25
"""To how many digits a claim has to agree."""

_WORKING = {1: 70, 2: 110}
"""The digits of the arithmetic, by order."""

_STEP = Fraction(1, 10**20)


class NoOpinion(Exception):
    """There is no such arithmetic for the expression, or it took too long."""


def agrees(claim: Claim, truth: Truth, point: Point, form: str, deadline: float) -> bool:
    """Whether the claim is the derivative in that form at the point, to `DIGITS` digits, along random directions.

    Raises NoOpinion where that cannot be said.
    """
    order = truth.answer.order
    structures = {truth.problem.typing.variables[name].structure for name, _ in truth.components}
    if "orthogonal" in structures or truth.answer.structured == "independent":
        raise NoOpinion
    covered = _covered(truth, point, form)
    if order not in _WORKING or (order > 1 and covered.size < point.derivative.size):
        raise NoOpinion
    numbers = many_digits(_WORKING[order])
    arrays = {name: _precise(array, numbers) for name, array in point.arrays.items()}
    directions = _directions(truth, point, covered, numbers)
    try:
        slope = _slope(truth, arrays, directions, point, numbers, deadline).reshape(-1)
        value = _claimed(claim, truth, arrays, point, numbers, deadline)
    except (NoForm, GradcalcError, TypeError, ValueError, KeyError, ArithmeticError, RecursionError):
        raise NoOpinion from None
    weights = directions[0].reshape(-1)
    for direction in directions[1:]:
        weights = np.outer(weights, direction.reshape(-1)).reshape(-1)
    predicted = [numbers.number(0)] * slope.size
    size = numbers.number(0)
    for place, entry in zip(covered.reshape(-1), value.reshape(-1)):
        output, variable = divmod(int(place), weights.size)
        predicted[output] += entry * weights[variable]
        size = max(size, abs(entry))
    gap = max([abs(one - other) for one, other in zip(slope, predicted)])
    largest = max(size, *[abs(number) for number in slope])
    least = numbers.number(Fraction(1, 10**DIGITS))
    return bool(gap <= least * max(largest, least * numbers.number(float(point.scale))))


def _covered(truth: Truth, point: Point, form: str) -> Array:
    """Which entry of the derivative each entry of a claim in a form stands for."""
    places = np.arange(point.derivative.size).reshape(point.derivative.shape)
    return truth.layouts.forms(truth.select(places, truth.selection), len(set(truth.named)))[form][1]


def _directions(truth: Truth, point: Point, covered: Array, numbers: ManyDigitsAlgebra) -> list[Array]:
    """A random direction for each variable, along the entries that the claim is about."""
    generator = np.random.default_rng([point.derivative.size, 20])
    shapes = [() if positions else np.shape(point.arrays[name]) for name, positions in truth.answer.components]
    directions: list[Array] = []
    for shape, (name, _) in zip(shapes, truth.answer.components):
        direction: Array = 2.0 * generator.integers(3, 40, shape) * generator.choice([-1, 1], shape) / 32
        structure = truth.problem.typing.variables[name].structure
        if structure not in (None, "positive") and shape:
            direction = linear_part(structure, direction)
        directions.append(_precise(direction, numbers))
    if len(directions) == 1:
        about = np.zeros(directions[0].size, dtype=bool)
        about[np.unique(covered.reshape(-1) % directions[0].size)] = True
        directions[0] = np.where(about.reshape(shapes[0]), directions[0], numbers.number(0))
    return directions


def _precise(array: Array, numbers: ManyDigitsAlgebra) -> Array:
    """An array of objects: the same numbers, in many digits."""
    made = np.empty(np.shape(array), dtype=object)
    for entry in np.ndindex(*made.shape):
        made[entry] = numbers.number(float(np.asarray(array)[entry]))
    return made


def _value(
    program: Program,
    typing: Typing,
    arrays: Mapping[str, Array],
    point: Point,
    numbers: ManyDigitsAlgebra,
    indices: Mapping[str, int] | None = None,
) -> Array:
    held = {name: Small(array.shape, list(array.flat)) if array.ndim else array[()] for name, array in arrays.items()}
    value = observed(program, typing, held, point.sizes, numbers, indices).value
    whole, entries = (value.shape, value.entries) if isinstance(value, Small) else ((), [value])
    found = np.empty(whole, dtype=object)
    for place, entry in zip(np.ndindex(*whole), entries):
        if not numbers.is_finite(entry) or numbers.iscomplexobj(entry):
            raise NoOpinion
        found[place] = numbers.number(0) + entry
    return found


def _claimed(
    claim: Claim,
    truth: Truth,
    arrays: Mapping[str, Array],
    point: Point,
    numbers: ManyDigitsAlgebra,
    deadline: float,
) -> Array:
    assert claim.typing is not None
    parts: list[Array] = []
    shape: dict[str, int] = {}
    for values in truth.index_values(point):
        if time.monotonic() > deadline:
            raise NoOpinion
        parts.append(_value(claim.program, claim.typing, arrays, point, numbers, values))
        shape = {name: max(shape.get(name, 1), number) for name, number in values.items()}
    return np.stack(parts).reshape((*shape.values(), *parts[0].shape)) if shape else parts[0]


def _slope(
    truth: Truth,
    arrays: Mapping[str, Array],
    directions: Sequence[Array],
    point: Point,
    numbers: ManyDigitsAlgebra,
    deadline: float,
) -> Array:
    """The derivative along a direction for each time, by central differences."""
    problem = truth.problem
    components = truth.answer.components
    step = numbers.number(_STEP)
    total: Array = 0
    for signs in product((1, -1), repeat=len(components)):
        if time.monotonic() > deadline:
            raise NoOpinion
        moved = dict(arrays)
        for (name, positions), direction, sign in zip(components, directions, signs):
            array = moved[name].copy()
            if positions:
                entry = tuple([int(position) - 1 for position in positions])
                array[entry] = array[entry] + sign * step * direction[()]
            else:
                array = array + sign * step * direction
            moved[name] = np.asarray(array, dtype=object)
        value = _value(problem.program, problem.typing, moved, point, numbers)
        total = total + int(np.prod(signs)) * value
    return np.asarray(total / (2 * step) ** len(components), dtype=object)
