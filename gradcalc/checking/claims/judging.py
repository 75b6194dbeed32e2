"""The verdict on a claim: right in which layout and by which proof, or wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.checking.claims.numbers import (
    Claimed,
    agreeing_forms,
    claimed,
    difference,
    fitting_forms,
    may_be_rounding,
)
from gradcalc.checking.claims.proof import proved_form
from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.errors import GradcalcError

Array = Any

RIGHT, WRONG, INCONCLUSIVE = "right", "wrong", "inconclusive"

SMOOTH_POINTS = 4

KINKED_POINTS = 64
"""Where functions have pieces, a claim may be right on one of them: many points have to agree."""

_CLEAR = 1e-4
"""A relative difference that rounding does not make."""

_FAR = 1e5

_PRECISE_POINTS = 2
_SECONDS = 20.0

_CHANCE_PRECISE = 1e-25
_CHANCE_SMOOTH = 1e-16
_CHANCE_KINKED = 1e-12


class Judgement:
    """verdict: right, wrong or inconclusive. form: in which the claim is right, of `gradcalc.checking.claims.layouts`.

    proof: "symbolic" or "numeric". chance: below which the probability lies that a wrong claim is taken for right.
    points: those that were looked at; a wrong claim differs at the last of them. reason: why it is inconclusive.
    """

    def __init__(
        self,
        verdict: str,
        form: str | None = None,
        proof: str | None = None,
        chance: float | None = None,
        points: Sequence[Point] = (),
        reason: str | None = None,
    ) -> None:
        self.verdict = verdict
        self.form = form
        self.proof = proof
        self.chance = chance
        self.points = list(points)
        self.reason = reason


def judge(
    claim: Claim,
    truth: Truth,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    given: Mapping[str, Array] | None = None,
) -> Judgement:
    """The verdict on a claim of whatever form.

    given: arrays that are fixed; the others are drawn. Raises GradcalcError of kind numeric where the expression has no
    value at any point, internal where the derivative fails its own check.
    """
    if claim.fault is not None:
        return Judgement(WRONG)
    form = proved_form(claim, truth)
    if form is not None and _has_a_value(claim, truth, seed, sizes, given):
        return Judgement(RIGHT, form, "symbolic")
    return _numeric(claim, truth, seed, sizes, given)


def _has_a_value(
    claim: Claim, truth: Truth, seed: int, sizes: Mapping[str, int] | None, given: Mapping[str, Array] | None
) -> bool:
    """Whether a claim has a value where the derivative has one: 0/0 vanishes from a normal form."""
    try:
        point = truth.drawn(seed, sizes, None, 0, given)
    except GradcalcError:
        return True
    return claimed(claim, truth, point).fault is None


def _numeric(
    claim: Claim, truth: Truth, seed: int, sizes: Mapping[str, int] | None, given: Mapping[str, Array] | None
) -> Judgement:
    indices = len(set(truth.named))

    def accept(arrays: Mapping[str, Array], lengths: Mapping[str, int]) -> str | None:
        return claimed(claim, truth, truth.point(arrays, lengths)).fault

    points: list[Point] = []
    forms: set[str] | None = None
    wanted, kinked, number = SMOOTH_POINTS, False, -1
    while number + 1 < wanted:
        number += 1
        try:
            point = truth.drawn(seed, sizes, accept, number, given)
        except GradcalcError as error:
            if error.kind != "numeric":
                raise
            if points:
                break
            truth.drawn(seed, sizes, None, 0, given)
            return Judgement(
                INCONCLUSIVE, reason=f"the claim has no value where the derivative has one: {error.message}"
            )
        if not points:
            truth.self_check(point, seed)
        points.append(point)
        value = claimed(claim, truth, point)
        if not kinked and not (point.smooth and value.smooth):
            wanted, kinked = KINKED_POINTS, True
        found = agreeing_forms(value, truth.selected(point), truth.layouts, indices)
        if not found:
            fitting = fitting_forms(value, truth.selected(point), truth.layouts, indices)
            opinions = {form: _opinion(claim, truth, form, point, array, value) for form, array in fitting.items()}
            found = {form for form, opinion in opinions.items() if opinion}
            if number >= SMOOTH_POINTS and fitting and None in opinions.values():
                # Far out, rounding alone may tell the two apart.
                points.pop()
                continue
        forms = found if forms is None else forms & found
        if not forms:
            return Judgement(WRONG, points=points)
    assert forms
    form = min(forms, key=_preference)
    chance = _CHANCE_KINKED if kinked else _CHANCE_SMOOTH
    differing = _differing_in_many_digits(claim, truth, form, points)
    if differing is not None:
        return (
            Judgement(WRONG, points=[*points, differing[0]])
            if differing
            else Judgement(RIGHT, form, "numeric", min(chance, _CHANCE_KINKED if kinked else _CHANCE_PRECISE), points)
        )
    return Judgement(RIGHT, form, "numeric", chance, points)


def _opinion(claim: Claim, truth: Truth, form: str, point: Point, array: Array, value: Claimed) -> bool | None:
    """Whether a claim that disagrees in double precision agrees in many digits; None where that cannot be said."""
    far = float(np.max(np.abs(array), initial=0.0)) > _FAR
    if difference(value.array, array) > _CLEAR and not may_be_rounding(value, point) and not far:
        return False
    differing = _differing_in_many_digits(claim, truth, form, [point])
    return None if differing is None else not differing


def _differing_in_many_digits(claim: Claim, truth: Truth, form: str, points: Sequence[Point]) -> list[Point] | None:
    """Where a claim that agrees in double precision differs further on; None where that cannot be said."""
    from gradcalc.checking.claims.precise import NoOpinion, agrees

    deadline = time.monotonic() + _SECONDS
    smallest = sorted(points, key=lambda point: point.derivative.size)[:_PRECISE_POINTS]
    try:
        return [point for point in smallest if not agrees(claim, truth, point, form, deadline)]
    except NoOpinion:
        return None


def _preference(form: str) -> tuple[bool, str]:
    """The layout that is the default comes first where a claim is right in both."""
    return "transposed" in form, form
