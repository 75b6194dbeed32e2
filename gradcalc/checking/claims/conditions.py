"""Whether a wrong claim is right under a condition that people take for granted: symmetry, labels that are 1 or -1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Any

import numpy as np

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.search.residuals import Residuals
from gradcalc.checking.claims.search.stage import Stage
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.checking.claims.wording import Finding
from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Variable

Array = Any

_POINTS = 8


class Condition:
    """What variables are made to fulfil. applies: to which variables; made: the array that fulfils it.

    together: the sentence where several variables have to fulfil it at once, if that is tried. labels: it is one that
    only data fulfils.
    """

    def __init__(
        self,
        kind: str,
        sentence: str,
        cost: float,
        applies: Callable[[Variable], bool],
        made: Callable[[Array], Array],
        together: str | None = None,
        labels: bool = False,
    ) -> None:
        self.kind = kind
        self.sentence = sentence
        self.cost = cost
        self.applies = applies
        self.made = made
        self.together = together
        self.labels = labels


def _is_square(variable: Variable) -> bool:
    return variable.kind == "matrix" and variable.dims[0] == variable.dims[1] and variable.structure is None


def _is_plain(variable: Variable) -> bool:
    return variable.kind != "matrix" and not variable.whole and variable.structure is None


def _symmetric(array: Array) -> Array:
    return (array + array.T) / 2


def _orthogonal(array: Array) -> Array:
    return np.linalg.qr(array)[0]


def _signs(array: Array) -> Array:
    return np.where(array < 0, -1.0, 1.0)


def _steps(array: Array) -> Array:
    return np.where(array < 0, 0.0, 1.0)


def _unit(array: Array) -> Array:
    return array / np.sqrt(np.sum(array**2))


CONDITIONS = (
    Condition("symmetry", "right if {} is symmetric", 1.04, _is_square, _symmetric, "right if {} are symmetric"),
    Condition("special-case", "right only where {} is 1 or -1", 1.06, _is_plain, _signs, labels=True),
    Condition("special-case", "right only where {} is 0 or 1", 1.3, _is_plain, _steps, labels=True),
    Condition(
        "special-case",
        "right only where {} has length 1",
        1.4,
        lambda variable: variable.kind == "vector" and _is_plain(variable),
        _unit,
        "right only where {} have length 1",
    ),
    Condition("special-case", "right only where {} is positive", 1.3, _is_plain, np.abs),
    Condition("special-case", "right only where {} is 1", 1.5, lambda v: v.kind == "scalar", np.ones_like),
    Condition("special-case", "right only if {} is orthogonal", 1.45, _is_square, _orthogonal),
    Condition("special-case", "right only if {} is diagonal", 1.6, _is_square, lambda a: np.diag(np.diag(a))),
)

_MOST_VARIABLES = 12
_FOR_NUMBERS = 3.0
_COMMUTING = 1.5
_SQUARE = 1.0


def conditions(claim: Claim, truth: Truth, seed: int) -> list[Finding]:
    """The conditions under which a claim is right, the most likely first."""
    if claim.fault is not None:
        return _of_equal_lengths(claim, truth, seed)
    if _is_right_at(claim, truth, _points(truth, seed, lambda _: {})):
        return [Finding("near-miss", "it differs by less than a part in a hundred million", 5.0)]
    found: list[Finding] = []
    by = {name for name, _ in truth.components}
    for condition in CONDITIONS:
        variables = islice(truth.problem.typing.variables.items(), _MOST_VARIABLES)
        names = [name for name, variable in variables if condition.applies(variable)]
        if condition.labels:
            # What is differentiated by is no label.
            names = [name for name in names if name not in by]
        alone = [name for name in names if _holds(claim, truth, seed, condition, [name])]
        found += [Finding(condition.kind, condition.sentence.format(name), condition.cost) for name in alone]
        if not alone and condition.together and len(names) > 1 and _holds(claim, truth, seed, condition, names):
            found.append(Finding(condition.kind, condition.together.format(_listed(names)), condition.cost + 0.1))
    if not found and _commuting_helps(claim, truth, seed):
        found.append(Finding("special-case", "right only where the square matrices commute", _COMMUTING))
    if not found and truth.problem.typing.dimension_names and _is_right_for_numbers(claim, truth, seed):
        found.append(Finding("special-case", "right only where every length is 1", _FOR_NUMBERS))
    return sorted(found, key=lambda finding: finding.cost)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _holds(claim: Claim, truth: Truth, seed: int, condition: Condition, names: Sequence[str]) -> bool:
    def change(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: condition.made(arrays[name]) for name in names}

    return _is_right_at(claim, truth, _points(truth, seed, change))


def _commuting_helps(claim: Claim, truth: Truth, seed: int) -> bool:
    names = [name for name, variable in truth.problem.typing.variables.items() if _is_square(variable)]
    sizes = {truth.problem.typing.variables[name].dims for name in names}
    if len(names) < 2 or len(sizes) > 1:
        return False

    def change(arrays: Mapping[str, Array]) -> dict[str, Array]:
        first = arrays[names[0]]
        return {name: first @ first * place + (place + 1) * first for place, name in enumerate(names)}

    return _is_right_at(claim, truth, _points(truth, seed, change))


def _is_right_at(claim: Claim, truth: Truth, points: Iterable[Point]) -> bool:
    met = 0
    for point in points:
        if not _is_right(claim, truth, point):
            return False
        met += 1
    return met > 0


def _points(truth: Truth, seed: int, change: Callable[[Mapping[str, Array]], Mapping[str, Array]]) -> Iterator[Point]:
    """Points at which some variables are changed."""
    for number in range(_POINTS):
        try:
            drawn = truth.drawn(seed + number, number=number)
            changed = {name: np.asarray(array, dtype=float) for name, array in change(drawn.arrays).items()}
            point = truth.point({**drawn.arrays, **changed}, drawn.sizes)
        except (GradcalcError, np.linalg.LinAlgError):
            continue
        if np.all(np.isfinite(point.derivative)):
            yield point


def _of_equal_lengths(claim: Claim, truth: Truth, seed: int) -> list[Finding]:
    """That a claim whose shapes fit only where lengths are equal is right there."""
    names = truth.problem.typing.dimension_names
    found: list[Finding] = []
    for one, two in combinations(names, 2):
        try:
            points = [truth.drawn(seed + number, {one: 3 + number, two: 3 + number}) for number in range(2)]
        except GradcalcError:
            continue
        if _is_right_at(claim, truth, points):
            found.append(Finding("special-case", f"right only if {one} = {two}", _SQUARE))
    return found


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
    return value is not None and Residuals(stage).is_zero(*value)
