"""A claim that is written as an expression: judged, and explained where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.checking.claims.conditions import conditions
from gradcalc.checking.claims.correction import Correction, corrected
from gradcalc.checking.claims.counterexample import Counterexample, counterexample
from gradcalc.checking.claims.judging import RIGHT, WRONG, Judgement, judge
from gradcalc.checking.claims.reading import Claim, read_claim
from gradcalc.checking.claims.search.stage import is_constant
from gradcalc.checking.claims.truth import Truth
from gradcalc.checking.claims.wording import Finding, quoted
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.language.syntax import Binary, Call, Expr, Index, IndexedSum, Negative, postorder

Array = Any

_ORDER = (
    "sign", "factor", "symmetry", "special-case", "shape", "missing-term", "extra-term", "missing-factor",
    "extra-factor", "substitution", "argument", "function", "exponent", "transpose", "hadamard",
)  # fmt: skip
"""What is said first where several things are wrong."""

_WORTH_SAYING = 1.41
"""What a condition may cost to be said beside an explanation."""


class Outcome:
    """What `judged` finds; see `gradcalc.verification.Verification`."""

    def __init__(
        self,
        judgement: Judgement,
        layout: str | None,
        diagnosis: Sequence[Finding] = (),
        correction: Correction | None = None,
        counterexample: Counterexample | None = None,
    ) -> None:
        self.judgement = judgement
        self.layout = layout
        self.diagnosis = list(diagnosis)
        self.correction = correction
        self.counterexample = counterexample


def judged(claim: Claim, truth: Truth, seed: int, sizes: Mapping[str, int], given: Mapping[str, Array]) -> Outcome:
    """The verdict on a claim and why. Raises GradcalcError where the expression has no value anywhere."""
    with np.errstate(all="ignore"):
        return _judged(claim, truth, seed, sizes, given)


def _judged(claim: Claim, truth: Truth, seed: int, sizes: Mapping[str, int], given: Mapping[str, Array]) -> Outcome:
    judgement = judge(claim, truth, seed, sizes, given)
    if judgement.verdict == RIGHT:
        layout = truth.layouts.name(judgement.form) if judgement.form is not None else None
        return Outcome(judgement, layout, layout_findings(truth, layout))
    if judgement.verdict != WRONG:
        return Outcome(judgement, None)
    known = judgement.points[-1] if judgement.points else None
    example = counterexample(claim, truth, seed, sizes, known, given)
    findings, correction = _diagnosed(claim, truth, seed)
    return Outcome(judgement, None, findings, correction, example)


def layout_findings(truth: Truth, layout: str | None) -> list[Finding]:
    """That a right claim is in the other layout than the one that answers are given in."""
    default = "numerator" if truth.outputs else "denominator"
    if layout is None or layout == default:
        return []
    what = "the Jacobian" if truth.outputs else "the gradient"
    rows = (
        "a row for each entry of the variable"
        if truth.outputs
        else "a row"
        if truth.rank == 1
        else "the transpose of the variable's shape"
    )
    return [
        Finding("layout", f"it is {what} in {layout} layout ({rows}); in {default} layout it is the transpose", 0.0)
    ]


def _diagnosed(claim: Claim, truth: Truth, seed: int) -> tuple[list[Finding], Correction | None]:
    from gradcalc.checking.claims.search.diagnosis import Search, points_for

    answer = truth.asked.answers[0]
    named = {name: tree for name, tree in answer.where if _is_plain(tree)}
    program = truth.problem.program
    hints = [program.objective, *[item.expression for item in program.definitions]]
    try:
        best = Search(claim, truth, points_for(truth, seed), named, [answer.tree], hints).best()
    except GradcalcError as error:
        if error.kind not in ("numeric", "shape", "limit"):
            raise
        best = None
    except (OverflowError, ZeroDivisionError):
        # Numbers beyond floating point, in a claim that is known to be wrong.
        best = None
    found = conditions(claim, truth, seed)
    misfit = _misfit(claim, truth)
    correction = None
    if best is not None:
        taken = {definition.name for definition in [*claim.outside, *claim.definitions]}
        correction = corrected(claim, best.trees, {name: tree for name, tree in named.items() if name not in taken})
        if not _is_right(correction.text, truth, seed):
            # What does not make it right explains nothing, though it did at two points.
            constant = {finding.kind for finding in best.findings} <= {"factor", "sign"}
            best, correction = best if constant else None, None
    explained = in_order(best.findings) if best is not None else []
    findings = _joined(explained, misfit, claim.fault is not None)
    turned = best is not None and {finding.kind for finding in best.findings} == {"transpose"}
    if found and not turned and (best is None or found[0].cost < best.cost):
        findings = [found[0], *findings]
    elif found and found[0].cost <= _WORTH_SAYING:
        findings.append(found[0])
    if not findings and _is_function(claim.tree) and _is_function(answer.tree):
        message = f"{quoted(claim.tree)} stands where {quoted(answer.tree)} belongs"
        findings = [Finding("function", message, 4.0)]
    if not findings:
        findings = [Finding("unexplained", "no change of one or two places makes it right", 9.0)]
    return _once(findings), correction


def _is_right(text: str, truth: Truth, seed: int) -> bool:
    """Whether a correction is right as it is written."""
    try:
        claim = read_claim(text, truth.problem, truth.components, len(truth.answer.dims))
        again = Truth(truth.problem, truth.components, truth.answer.order, truth.structured)
        again.at(claim)
        return judge(claim, again, seed).verdict == RIGHT
    except GradcalcError:
        return False


def _is_plain(tree: Expr) -> bool:
    return not any(isinstance(node, (Index, IndexedSum)) for node in postorder(tree))


def _is_function(tree: Expr) -> bool:
    """Whether an expression is one elementwise function or power, but for constants."""
    while isinstance(tree, (Negative, Binary)):
        if isinstance(tree, Binary) and tree.operator in ("^", ".^"):
            return True
        constants = [child for child in tree.children if is_constant(child)]
        others = [child for child in tree.children if not is_constant(child)]
        if len(others) != 1 or (isinstance(tree, Binary) and len(constants) != 1):
            return False
        if isinstance(tree, Binary) and tree.operator in ("/", "./") and others[0] is tree.right:
            return True
        tree = others[0]
    return isinstance(tree, Call) and isinstance(
        catalogue.lookup(tree.function), (catalogue.Elementwise, catalogue.Atom)
    )


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, the most important first."""
    return sorted(findings, key=_place)


def _place(finding: Finding) -> int:
    return _ORDER.index(finding.kind) if finding.kind in _ORDER else len(_ORDER)


def _joined(explained: list[Finding], misfit: Finding | None, is_ill_shaped: bool) -> list[Finding]:
    """What explains the difference, and that the shape is another: that first, unless the shapes do not fit at all."""
    if misfit is None:
        return explained
    if is_ill_shaped and explained:
        return [*explained, misfit]
    return [misfit, *explained]


def _once(findings: Sequence[Finding]) -> list[Finding]:
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        found.setdefault((finding.kind, finding.message), finding)
    return list(found.values())


def _misfit(claim: Claim, truth: Truth) -> Finding | None:
    """That the claim has no shape, or not that of the derivative."""
    if claim.fault is not None:
        return Finding("shape", f"its shapes do not fit: {claim.fault.message}", 1.0)
    assert claim.typing is not None
    kind = claim.typing.kind(claim.program.objective)
    dims = claim.typing.dims(claim.program.objective)
    wanted = truth.dims
    if len(wanted) > 2:
        return None
    if kind == ("scalar", "vector", "matrix")[len(wanted)] and dims == wanted:
        return None
    if (kind == "row" and len(wanted) == 1 and dims == wanted) or (
        kind == "matrix" and dims == tuple(reversed(wanted))
    ):
        return None
    return Finding("shape", f"it is {_described(kind, dims)}, and the derivative is {_described(None, wanted)}", 1.0)


def _described(kind: str | None, dims: Sequence[object]) -> str:
    kind = kind or ("scalar", "vector", "matrix")[len(dims)]
    if kind == "scalar":
        return "a number"
    if kind == "matrix":
        return f"a matrix of {dims[0]} x {dims[1]}"
    return f"a {kind} of {dims[0]} entries"
