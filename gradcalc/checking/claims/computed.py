"""A claim that is computed elsewhere: by a function of the user's, or given as an array at given inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gradcalc.checking.claims.arrays import AGREES, DIFFERS, OPEN, Forms, lies_between_slopes
from gradcalc.checking.claims.counterexample import Counterexample, readable_points
from gradcalc.checking.claims.judging import INCONCLUSIVE, KINKED_POINTS, RIGHT, WRONG, Judgement
from gradcalc.checking.claims.reading import read_claim
from gradcalc.checking.claims.search.diagnosis import Search, points_for
from gradcalc.checking.claims.search.edits import Edit
from gradcalc.checking.claims.search.explanations import Explanation
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.checking.claims.wording import Finding, quoted
from gradcalc.checking.claims.written import Outcome, in_order, layout_findings
from gradcalc.errors import GradcalcError
from gradcalc.language.printer import to_text

Array = Any
Computed = Callable[[Point], Array]
"""From a point to the claimed derivative there."""

_POINTS = 6
_KINKED = KINKED_POINTS // 2

_CHANCE = 1e-9

_READABLE = 6
"""How many points of small numbers are tried for a counterexample."""

_OPPOSITE = {
    "extra-factor": "missing-factor",
    "missing-factor": "extra-factor",
    "extra-term": "missing-term",
    "missing-term": "extra-term",
}


@np.errstate(all="ignore")
def judged_function(
    compute: Computed,
    truth: Truth,
    seed: int,
    sizes: Mapping[str, int],
    given: Mapping[str, Array],
) -> Outcome:
    """The verdict on a function, which is called at several random points, with the given arrays among its inputs."""
    points: list[Point] = []
    forms: set[str] | None = None
    agreed, wanted, reason = 0, _POINTS, None
    while agreed < wanted and len(points) < wanted + _POINTS:
        try:
            point = truth.drawn(seed, sizes, None, len(points), given)
        except GradcalcError as error:
            if error.kind != "numeric" or not points:
                raise
            break
        if not points:
            truth.self_check(point, seed)
        points.append(point)
        if not point.smooth:
            wanted = _KINKED
        compared = Forms(truth, point, compute(point), compute)
        opinions = compared.opinions()
        reason = compared.reason or reason
        agreed += AGREES in opinions.values()
        found = {form for form, opinion in opinions.items() if opinion != DIFFERS}
        forms = found if forms is None else forms & found
        if not forms:
            readable = None if given else _readable(compute, truth, seed, sizes)
            return _wrong(compute, truth, [*points, *(readable or ())], None if given else points_for(truth, seed))
    return _right(truth, forms or set(), points) if agreed else _hidden(points, reason)


@np.errstate(all="ignore")
def judged_array(array: Array, truth: Truth, seed: int, point: Point) -> Outcome:
    """The verdict on an array, computed at the point."""
    truth.self_check(point, seed)
    compared = Forms(truth, point, array)
    opinions = compared.opinions()
    for opinion in (AGREES, OPEN):
        forms = {form for form, own in opinions.items() if own == opinion}
        if forms:
            return _right(truth, forms, [point]) if opinion == AGREES else _hidden([point], compared.reason)
    if point.at_kink and any(lies_between_slopes(truth, point, shaped) for shaped in compared.found.values()):
        reason = "the point is at a kink, where there is no one derivative; the claim lies between the slopes beside it"
        return _hidden([point], reason)
    return _wrong(lambda _: array, truth, [point], [point])


def _hidden(points: Sequence[Point], reason: str | None) -> Outcome:
    return Outcome(Judgement(INCONCLUSIVE, points=points, reason=reason or "nothing could be compared"), None)


def _readable(compute: Computed, truth: Truth, seed: int, sizes: Mapping[str, int]) -> list[Point]:
    """A point of small numbers at which the claim differs, if one is found at once."""
    for point in islice(readable_points(truth, seed, sizes), _READABLE):
        if set(Forms(truth, point, compute(point), compute).opinions().values()) <= {DIFFERS}:
            return [point]
    return []


def _right(truth: Truth, forms: set[str], points: Sequence[Point]) -> Outcome:
    form = min(forms, key=lambda name: ("transposed" in name, name))
    layout = truth.layouts.name(form)
    return Outcome(Judgement(RIGHT, form, "numeric", _CHANCE, points), layout, layout_findings(truth, layout))


def _wrong(compute: Computed, truth: Truth, points: Sequence[Point], searched: Sequence[Point] | None) -> Outcome:
    """What is wrong with a claim that differs at the last point. searched: the points at which that is looked for."""
    point = points[-1]
    compared = Forms(truth, point, compute(point))
    findings = _misfit(compared, truth, point)
    if not findings and searched is not None:
        findings = _explained(compute, truth, searched)
    if not findings:
        findings = [Finding("unexplained", "no change of one or two places of the derivative gives it", 9.0)]
    return Outcome(Judgement(WRONG, points=points), None, findings, None, _example(compared, truth, point))


def _misfit(compared: Forms, truth: Truth, point: Point) -> list[Finding]:
    if compared.found:
        if all(np.all(np.isfinite(array)) for array in compared.found.values()):
            return []
        return [Finding("not-finite", "it is not finite where the derivative is", 0.0)]
    wanted = " x ".join([str(length) for length in truth.selected(point).shape]) or "a number"
    own = " x ".join([str(length) for length in compared.array.shape]) or "a number"
    return [Finding("shape", f"its shape is {own}, and the derivative's is {wanted}", 0.0)]


def _example(compared: Forms, truth: Truth, point: Point) -> Counterexample:
    if not compared.found:
        return Counterexample(point, compared.array, truth.selected(point), None)
    form = min(compared.found)
    claimed, actual = compared.found[form], compared.expected[form]
    gap = np.abs(claimed - actual)
    gap = np.where(np.isfinite(gap), gap, np.inf)
    place = np.unravel_index(int(np.argmax(gap)), gap.shape) if gap.ndim else ()
    return Counterexample(point, claimed[place], actual[place], tuple([int(number) + 1 for number in place]))


def _explained(compute: Computed, truth: Truth, points: Sequence[Point]) -> list[Finding]:
    """Which change of the derivative gives what was computed: a mistake that was made on the way."""
    answer = truth.asked.answers[0]
    if answer.entrywise or answer.vectorized:
        return []
    wanted: list[Array] = []
    for point in points:
        forms = Forms(truth, point, compute(point))
        if not forms.found:
            return []
        wanted.append(np.asarray(forms.found[min(forms.found)], dtype=float))
    definitions = [f"{name} = {to_text(tree)}" for name, tree in answer.where]
    text = "; ".join([*definitions, to_text(answer.tree)])
    try:
        formula = read_claim(text, truth.problem, truth.components, truth.rank)
        program = truth.problem.program
        hints = [program.objective, *[item.expression for item in program.definitions]]
        best = Search(formula, truth, points, {}, [answer.tree], hints, wanted).best()
    except GradcalcError as error:
        if error.kind == "internal":
            raise
        return []
    return in_order(_inverted(best)) if best is not None else []


def _inverted(best: Explanation) -> list[Finding]:
    """The edits that lead from the derivative to the claim, as what is wrong with the claim."""
    findings = [_of_edit(edit) for edit in best.edits]
    for finding in best.residual.findings:
        kind = _OPPOSITE.get(finding.kind, finding.kind)
        message = finding.message
        if kind != finding.kind or kind == "factor":
            swapped = message.replace("is missing", "\0").replace("is one too many", "is missing")
            message = swapped.replace("\0", "is one too many")
        findings.append(Finding(kind, message, finding.cost))
    return findings


def _of_edit(edit: Edit) -> Finding:
    kind = _OPPOSITE.get(edit.kind, edit.kind)
    was = f" in the place of {quoted(edit.replaced)}" if edit.replaced is not None else ""
    return Finding(kind, f"it is the derivative with {quoted(edit.replacement)}{was}", edit.cost)
