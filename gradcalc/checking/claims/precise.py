"""The second opinion in sixty digits: a claim and differences of the expression itself, both computed by SymPy.

Nothing of the derivative's own formula takes part: central differences with a step of 10^-20 leave an error of 10^-40.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.checking.exact import SymbolicInterpreter, entrywise
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr
from gradcalc.numeric.reference import StandIn

Array = Any

DIGITS = 25
"""To how many digits a claim has to agree."""

_WORKING = {1: 70, 2: 110}
"""The digits of the arithmetic, by order."""

_STEP = sympy.Rational(1, 10**20)

_MOST_ENTRIES = 36


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
    """Whether the claim is the derivative in that form at the point, to `DIGITS` digits.

    Raises NoOpinion where that cannot be said.
    """
    order = truth.answer.order
    if order not in _WORKING or point.derivative.size > _MOST_ENTRIES:
        raise NoOpinion
    digits = _WORKING[order]
    arrays = {name: _precise(array, digits) for name, array in point.arrays.items()}
    try:
        derivative = _differences(truth, arrays, point, digits, deadline)
        value = _claimed(claim, truth, arrays, point, digits, deadline)
    except (NotImplementedError, TypeError, ValueError, ZeroDivisionError, RecursionError):
        raise NoOpinion from None
    wanted = truth.select(derivative, truth.selection) if truth.selection else derivative
    _, array = truth.layouts.forms(wanted, len(truth.named))[form]
    largest = max([abs(entry) for entry in [*array.reshape(-1), *value.reshape(-1)]], default=0)
    gap = max([abs(a - b) for a, b in zip(array.reshape(-1), value.reshape(-1))], default=0)
    return bool(gap <= sympy.Float(10) ** -DIGITS * max(largest, sympy.Float(10) ** -DIGITS * point.scale))


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


def _differences(truth: Truth, arrays: Mapping[str, Array], point: Point, digits: int, deadline: float) -> Array:
    """The derivative by central differences, one after another for each time."""
    problem = truth.problem
    components = truth.answer.components
    places = [
        [tuple([int(p) - 1 for p in positions])] if positions else list(np.ndindex(*np.shape(arrays[name])))
        for name, positions in components
    ]
    slopes: list[Array] = []
    for entries in product(*places):
        total: Array = 0
        for signs in product((1, -1), repeat=len(components)):
            if time.monotonic() > deadline:
                raise NoOpinion
            moved = {name: array.copy() for name, array in arrays.items()}
            for (name, _), entry, sign in zip(components, entries, signs):
                moved[name][entry] = moved[name][entry] + sign * _STEP
            value = _value(problem.program.objective, problem.typing, moved, point, {}, digits)
            total = total + int(np.prod(signs)) * value
        slopes.append(np.asarray(total / (2 * _STEP) ** len(components), dtype=object))
    whole = np.stack(slopes, axis=-1)
    sizes = [length for (name, positions) in components for length in (() if positions else np.shape(arrays[name]))]
    return whole.reshape(*slopes[0].shape, *sizes)
