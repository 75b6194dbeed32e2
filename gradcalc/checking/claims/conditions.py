"""Whether a wrong claim is right under a condition that people take for granted: symmetric matrices, labels 1 and -1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.residuals import Finding, Residuals
from gradcalc.checking.claims.stage import Stage
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Variable

Array = Any

_POINTS = 3


class Condition:
    """What a variable is made to fulfil. applies: to which variables; made: the array that fulfils it."""

    def __init__(
        self,
        kind: str,
        sentence: str,
        cost: float,
        applies: Callable[[Variable], bool],
        made: Callable[[Array], Array],
    ) -> None:
        self.kind = kind
        self.sentence = sentence
        self.cost = cost
        self.applies = applies
        self.made = made


def _is_square(variable: Variable) -> bool:
    return variable.kind == "matrix" and variable.dims[0] == variable.dims[1] and variable.structure is None


def _is_plain(variable: Variable) -> bool:
    return variable.kind != "matrix" and not variable.whole and variable.structure is None


def _symmetric(array: Array) -> Array:
    return (array + array.T) / 2


def _orthogonal(array: Array) -> Array:
    return np.linalg.qr(array)[0]


def _unit(array: Array) -> Array:
    return array / np.sqrt(np.sum(array**2))


CONDITIONS = (
    Condition("symmetry", "right if {} is symmetric", 1.04, _is_square, _symmetric),
    Condition("special-case", "right only where {} is 1 or -1", 1.06, _is_plain, lambda a: np.where(a < 0, -1.0, 1.0)),
    Condition("special-case", "right only where {} is 0 or 1", 1.08, _is_plain, lambda a: np.where(a < 0, 0.0, 1.0)),
    Condition(
        "special-case", "right only where {} has length 1", 1.4, lambda v: v.kind == "vector" and _is_plain(v), _unit
    ),
    Condition("special-case", "right only where {} is positive", 1.3, _is_plain, np.abs),
    Condition("special-case", "right only where {} is 1", 1.5, lambda v: v.kind == "scalar", np.ones_like),
    Condition("special-case", "right only if {} is orthogonal", 1.45, _is_square, _orthogonal),
    Condition("special-case", "right only if {} is diagonal", 1.6, _is_square, lambda a: np.diag(np.diag(a))),
)

_FOR_NUMBERS = 3.0


def conditions(claim: Claim, truth: Truth, seed: int) -> list[Finding]:
    """The conditions under which a claim is right, the most likely first."""
    found: list[Finding] = []
    variables = truth.problem.typing.variables
    for condition in CONDITIONS:
        for name, variable in variables.items():
            if condition.applies(variable) and _holds(claim, truth, seed, condition, name):
                found.append(Finding(condition.kind, condition.sentence.format(name), condition.cost))
    if not found and truth.problem.typing.dimension_names and _is_right_for_numbers(claim, truth, seed):
        found.append(Finding("special-case", "right only where every length is 1", _FOR_NUMBERS))
    return sorted(found, key=lambda finding: finding.cost)


def _holds(claim: Claim, truth: Truth, seed: int, condition: Condition, name: str) -> bool:
    met = 0
    for point in _points(truth, seed, condition, name):
        if not _is_right(claim, truth, point):
            return False
        met += 1
    return met > 0


def _points(truth: Truth, seed: int, condition: Condition, name: str) -> Iterator[Point]:
    """Points at which a variable fulfils a condition."""
    for number in range(_POINTS):
        try:
            drawn = truth.drawn(seed + number, number=number)
            arrays = {**drawn.arrays, name: np.asarray(condition.made(drawn.arrays[name]), dtype=float)}
            point = truth.point(arrays, drawn.sizes)
        except (GradcalcError, np.linalg.LinAlgError):
            continue
        if np.all(np.isfinite(point.derivative)) and np.any(point.derivative):
            yield point


def _is_right_for_numbers(claim: Claim, truth: Truth, seed: int) -> bool:
    sizes = dict.fromkeys(truth.problem.typing.dimension_names, 1)
    try:
        points = [truth.drawn(seed + number, sizes) for number in range(_POINTS)]
    except GradcalcError:
        return False
    return all(_is_right(claim, truth, point) for point in points)


def _is_right(claim: Claim, truth: Truth, point: Point) -> bool:
    stage = Stage(claim, truth, point, {})
    value = stage.value(claim.trees)
    residual = Residuals(stage, (), ()).of(*value, wide=False) if value is not None else None
    return residual is not None and not residual.findings
