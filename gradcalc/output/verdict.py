"""A judged claim: what a person reads, and the JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradcalc import __version__
from gradcalc.output.result import derivation_result, strict
from gradcalc.output.text import array_text, formula_line, shapes_text, warning_lines
from gradcalc.tensor.answer import component_text
from gradcalc.visible import on_one_line

if TYPE_CHECKING:
    from gradcalc.checking.claims.counterexample import Counterexample
    from gradcalc.claimsfile import Case
    from gradcalc.verification import Verification

_LONGEST_ARRAY = 400


def verification_text(verification: Verification) -> str:
    """The verdict, the derivative, the reasons, the corrected claim, and a counterexample."""
    derivative = verification.derivative
    answer = derivative.answers[0]
    lines = [f"claim: {verification.text}", f"{verification.verdict}: {_sentence(verification)}"]
    lines.append(formula_line(derivative, answer))
    if verification.diagnosis:
        lines.append("because:" if not verification else "note:")
        lines += [f"  {finding.kind}: {finding.message}" for finding in verification.diagnosis]
    correction = verification.correction
    if correction is not None:
        lines.append(f"corrected: {correction.text}")
        if correction.changes:
            lines.append(f"           {correction.marks}")
    if verification.counterexample is not None:
        lines += counterexample_lines(verification)
    lines += [shapes_text(derivative.problem)]
    lines += warning_lines([*verification.notes, *derivative.warnings])
    return "\n".join([line for line in lines if line])


def _sentence(verification: Verification) -> str:
    judgement = verification.judgement
    if verification.verdict == "inconclusive":
        return judgement.reason or "the claim has no value"
    what = component_text(verification.derivative.components[0])
    name = {1: "derivative", 2: "second derivative"}.get(verification.derivative.order, "derivative")
    if verification.verdict == "wrong":
        return f"this is not the {name} by {what}"
    layout = f", in {verification.layout} layout" if verification.layout is not None else ""
    if judgement.proof == "symbolic":
        return f"this is the {name} by {what}{layout} (proved: both have the same normal form)"
    points = f"{len(judgement.points)} random point{'' if len(judgement.points) == 1 else 's'}"
    chance = f"; a wrong claim would pass with a probability below {judgement.chance:.0e}" if judgement.chance else ""
    return f"this is the {name} by {what}{layout} (in numbers at {points}{chance})"


def counterexample_lines(verification: Verification) -> list[str]:
    """The inputs on lines of their own, and claimed and actual entry."""
    example = verification.counterexample
    assert example is not None
    sizes = ", ".join([f"{name}={size}" for name, size in example.sizes.items()])
    lines = [f"counterexample (seed {verification.seed}{'; ' + sizes if sizes else ''}):"]
    for name, array in example.inputs.items():
        lines.append(f"  {name} = {_inline(array)}")
    at = f"entry [{','.join([str(place) for place in example.entry])}]: " if example.entry else ""
    if example.claimed is not None:
        lines.append(f"  {at}claimed {_inline(example.claimed)}, actual {_inline(example.actual)}")
    else:
        lines.append(f"  the claim has no value; actual {_inline(example.actual)}")
    return lines


def _inline(array: Any) -> str:
    import numpy as np

    value = np.asarray(array)
    if value.ndim == 0:
        return array_text(value).strip()
    if value.size > _LONGEST_ARRAY:
        return f"an array of {' x '.join([str(length) for length in value.shape])}"
    return _listed(value.tolist())


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join([_listed(item) for item in value]) + "]"
    return f"{value:.10g}"


def verification_result(verification: Verification, formats: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON object."""
    result = derivation_result("verify", verification.derivative, formats)
    result["claim"] = claim_entry(verification)
    result["warnings"].extend(verification.notes)
    result["seed"] = verification.seed
    return result


def claim_entry(verification: Verification) -> dict[str, Any]:
    """What is said of the claim."""
    judgement = verification.judgement
    entry: dict[str, Any] = {"text": verification.text, "verdict": verification.verdict}
    if verification.layout is not None:
        entry["layout"] = verification.layout
    if judgement.proof is not None:
        entry["proof"] = judgement.proof
    if judgement.chance is not None:
        entry["error_probability"] = judgement.chance
    if judgement.reason is not None:
        entry["reason"] = judgement.reason
    entry["diagnosis"] = [{"kind": finding.kind, "message": finding.message} for finding in verification.diagnosis]
    correction = verification.correction
    if correction is not None:
        entry["corrected"] = {"text": correction.text, "changes": [list(span) for span in correction.changes]}
    if verification.counterexample is not None:
        entry["counterexample"] = _counterexample_entry(verification.counterexample)
    return entry


def _counterexample_entry(example: Counterexample) -> dict[str, Any]:
    entry: dict[str, Any] = {"inputs": {name: array.tolist() for name, array in example.inputs.items()}}
    if example.entry is not None:
        entry["entry"] = list(example.entry)
    if example.claimed is not None:
        entry["claimed"] = strict(_numbers(example.claimed))
    entry["actual"] = strict(_numbers(example.actual))
    return entry


def _numbers(array: Any) -> Any:
    return array.tolist() if hasattr(array, "tolist") else array


def claims_table(cases: Sequence[Case]) -> str:
    """A line a claim, and a summary."""
    width = max(len(_short(case.name)) for case in cases)
    lines = []
    for case in cases:
        mark = "ok  " if case.complaint is None else "FAIL"
        reason = ", ".join(dict.fromkeys(case.kinds)) if case.error is None else case.error.message
        lines.append(f"{mark}  {_short(case.name):{width}}  {case.verdict:12}  {reason}".rstrip())
        if case.complaint is not None and case.error is None:
            lines.append(f"      {case.complaint}")
    good = sum([case.complaint is None for case in cases])
    plural = "" if len(cases) == 1 else "s"
    return "\n".join([*lines, f"{len(cases)} claim{plural}: {good} as expected, {len(cases) - good} not"])


def _short(name: str) -> str:
    line = on_one_line(" ".join(name.split()))
    return line if len(line) <= 60 else line[:57] + "..."


def claims_result(path: str, cases: Sequence[Case]) -> dict[str, Any]:
    """The JSON object of a file of claims."""
    results = []
    for case in cases:
        result: dict[str, Any] = {"name": case.name, "expected": case.expected, "verdict": case.verdict}
        result["as_expected"] = case.complaint is None
        if case.verification is not None:
            result["claim"] = claim_entry(case.verification)
        if case.error is not None:
            result["error"] = case.error.to_dict()
        results.append(result)
    good = sum([case.complaint is None for case in cases])
    return {
        "gradcalc": __version__,
        "ok": True,
        "command": "verify",
        "file": path,
        "claims": results,
        "as_expected": good,
        "not_as_expected": len(cases) - good,
    }
