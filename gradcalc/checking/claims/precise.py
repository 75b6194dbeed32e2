"""The second opinion in sixty digits: a claim and differences of the expression itself, both computed by SymPy.

Nothing of the derivative's own formula takes part: central differences with a step of 10^-20 leave an error of 10^-40.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import sympy

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.checking.exact import SymbolicInterpreter, entrywise
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr
from gradcalc.meaning.stand_in import StandIn
from gradcalc.numeric.structures import linear_part

Array = Any

DIGITS = 25
"""To how many digits a claim has to agree."""

_WORKING = {1: 70, 2: 110}
"""The digits of the arithmetic, by order."""

_STEP = sympy.Rational(1, 10**20)


class _Interpreter(SymbolicInterpreter):
    """The interpreter of arrays of numbers with many digits; an unspecified function is its stand-in."""

    def _unspecified(self, name: str, operand: Any, primes: int) -> Any:
        stand_in = StandIn(name)
        t = sympy.Dummy(real=True)
        formula = sympy.diff(sympy.sin(t + sympy.Rational(f"{stand_in.shift:.6g}")) + t**2 / 4, t, primes)
        return entrywise(lambda number: formula.subs(t, number), operand)


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
    digits = _WORKING[order]
    arrays = {name: _precise(array, digits) for name, array in point.arrays.items()}
    directions = _directions(truth, point, covered)
    try:
        slope = _slope(truth, arrays, directions, point, digits, deadline).reshape(-1)
        value = _claimed(claim, truth, arrays, point, digits, deadline)
    except (NotImplementedError, TypeError, ValueError, KeyError, ZeroDivisionError, RecursionError):
        raise NoOpinion from None
    weights = directions[0].reshape(-1)
    for direction in directions[1:]:
        weights = np.outer(weights, direction.reshape(-1)).reshape(-1)
    predicted = [sympy.Integer(0)] * slope.size
    size = sympy.Integer(0)
    for place, entry in zip(covered.reshape(-1), value.reshape(-1)):
        output, variable = divmod(int(place), weights.size)
        predicted[output] += entry * weights[variable]
        size = max(size, abs(entry))
    gap = max([abs(one - other) for one, other in zip(slope, predicted)])
    largest = max(size, *[abs(number) for number in slope])
    return bool(gap <= sympy.Float(10) ** -DIGITS * max(largest, sympy.Float(10) ** -DIGITS * point.scale))


def _covered(truth: Truth, point: Point, form: str) -> Array:
    """Which entry of the derivative each entry of a claim in a form stands for."""
    places = np.arange(point.derivative.size).reshape(point.derivative.shape)
    return truth.layouts.forms(truth.select(places, truth.selection), len(set(truth.named)))[form][1]


def _directions(truth: Truth, point: Point, covered: Array) -> list[Array]:
    """A random direction for each variable, along the entries that the claim is about."""
    generator = np.random.default_rng([point.derivative.size, 20])
    shapes = [() if positions else np.shape(point.arrays[name]) for name, positions in truth.answer.components]
    directions: list[Array] = []
    for shape, (name, _) in zip(shapes, truth.answer.components):
        numbers: Array = 2.0 * generator.integers(3, 40, shape) * generator.choice([-1, 1], shape)
        structure = truth.problem.typing.variables[name].structure
        if structure not in (None, "positive") and shape:
            numbers = linear_part(structure, numbers)
        direction = np.empty(shape, dtype=object)
        for entry in np.ndindex(*shape):
            direction[entry] = sympy.Rational(float(np.asarray(numbers)[entry])) / 32
        directions.append(direction)
    if len(directions) == 1:
        about = np.zeros(directions[0].size, dtype=bool)
        about[np.unique(covered.reshape(-1) % directions[0].size)] = True
        directions[0] = np.where(about.reshape(shapes[0]), directions[0], sympy.Integer(0))
    return directions


def _precise(array: Array, digits: int) -> Array:
    made = np.empty(np.shape(array), dtype=object)
    for entry in np.ndindex(*made.shape):
        number = float(np.asarray(array)[entry])
        made[entry] = sympy.Integer(int(number)) if number == int(number) else sympy.Float(number, digits)
    return made


def _value(tree: Expr, typing: Typing, arrays: Mapping[str, Array], point: Point, scope: Any, digits: int) -> Array:
    found = np.asarray(_Interpreter(typing, arrays, point.sizes).value(tree, scope), dtype=object)
    numbers = np.empty(found.shape, dtype=object)
    for entry in np.ndindex(*found.shape):
        number = sympy.sympify(found[entry]).evalf(digits)
        if not number.is_number or not number.is_real or not number.is_finite:
            raise NoOpinion
        numbers[entry] = number
    return numbers


def _claimed(
    claim: Claim, truth: Truth, arrays: Mapping[str, Array], point: Point, digits: int, deadline: float
) -> Array:
    assert claim.typing is not None
    parts: list[Array] = []
    shape: dict[str, int] = {}
    for values in truth.index_values(point):
        if time.monotonic() > deadline:
            raise NoOpinion
        scope = {name: sympy.Integer(number) for name, number in values.items()}
        parts.append(_value(claim.program.objective, claim.typing, arrays, point, scope, digits))
        shape = {name: max(shape.get(name, 1), number) for name, number in values.items()}
    return np.stack(parts).reshape((*shape.values(), *parts[0].shape)) if shape else parts[0]


def _slope(
    truth: Truth,
    arrays: Mapping[str, Array],
    directions: Sequence[Array],
    point: Point,
    digits: int,
    deadline: float,
) -> Array:
    """The derivative along a direction for each time, by central differences."""
    problem = truth.problem
    components = truth.answer.components
    total: Array = 0
    for signs in product((1, -1), repeat=len(components)):
        if time.monotonic() > deadline:
            raise NoOpinion
        moved = dict(arrays)
        for (name, positions), direction, sign in zip(components, directions, signs):
            array = moved[name].copy()
            if positions:
                entry = tuple([int(position) - 1 for position in positions])
                array[entry] = array[entry] + sign * _STEP * direction[()]
            else:
                array = array + sign * _STEP * direction
            moved[name] = np.asarray(array, dtype=object)
        value = _value(problem.program.objective, problem.typing, moved, point, {}, digits)
        total = total + int(np.prod(signs)) * value
    return np.asarray(total / (2 * _STEP) ** len(components), dtype=object)
