"""The JSON object of the contract: what `--json` prints and `batch` answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcalc import __version__
from gradcalc.errors import GradcalcError
from gradcalc.language.printer import to_text
from gradcalc.visible import json_visible

if TYPE_CHECKING:
    from gradcalc.api import Derivative, Problem
    from gradcalc.checking.result import CheckResult
    from gradcalc.derivation.explanation import Explanation
    from gradcalc.language.syntax import Expr
    from gradcalc.tensor.answer import Answer, Formula

Json = dict[str, Any]

FORMATS = ("latex", "mathml", "index", "einsum", "action", "numpy", "sympy", "unicode")

TENSOR_FORMATS = ("index", "einsum", "action")
"""What is always given of a tensor of more than two axes."""


def base_result(command: str, problem: Problem) -> Json:
    typing = problem.typing
    variables = []
    for variable in typing.variables.values():
        entry: Json = {
            "name": variable.name,
            "kind": variable.kind,
            "shape": list(variable.dims),
            "origin": variable.origin,
        }
        if variable.structure is not None:
            entry["structure"] = variable.structure
        variables.append(entry)
    objective = problem.program.objective
    kind = typing.kind(objective)
    return {
        "gradcalc": __version__,
        "ok": True,
        "command": command,
        "expression": problem.expression,
        "variables": variables,
        "objective": {"kind": "vector" if kind == "row" else kind, "shape": list(typing.dims(objective))},
        "derivatives": [],
        "warnings": list(typing.warnings),
    }


def answer_entry(derivative: Derivative, answer: Answer, formats: Sequence[str]) -> Json:
    entry: Json = {
        "wrt": answer.wrt,
        "order": answer.order,
        "kind": answer.kind,
        "shape": list(answer.dims),
        "text": to_text(answer.tree),
        "where": [{"name": name, "text": to_text(tree)} for name, tree in answer.where],
    }
    full = derivative.full(answer)
    if full is not None:
        entry["full"] = full
    entry["operations"] = answer.operations
    doubt = derivative.unverified(answer)
    entry["verified"] = doubt is None
    if doubt is not None:
        entry["unverified"] = doubt
    if len(answer.dims) > 2 or answer.indices:
        entry["indices"] = list(derivative.index_formula(answer).indices)
    if answer.layout is not None:
        entry["layout"] = answer.layout
    if answer.vectorized:
        entry["vectorized"] = True
    if answer.structured is not None:
        entry["structured"] = answer.structured
    if answer.directions:
        entry["directions"] = list(answer.directions)
    wanted = dict.fromkeys([*formats, *(TENSOR_FORMATS if len(answer.dims) > 2 else ())])
    texts = {name: _format(derivative, answer, name) for name in wanted}
    written = {name: text for name, text in texts.items() if text is not None}
    if written:
        entry["formats"] = written
    return entry


def _format(derivative: Derivative, answer: Answer, name: str) -> str | None:
    """The answer in a format; None where it has none."""
    if name == "latex":
        from gradcalc.output.latex import formula_latex

        return formula_latex(answer)
    if name == "index":
        return _with_where(derivative.index_formula(answer), to_text)
    if name == "mathml":
        from gradcalc.output.mathml import equation_mathml

        return equation_mathml(answer)
    if name == "einsum":
        return derivative.einsum(answer)
    if name == "action":
        from gradcalc.output.text import action_text

        return action_text(derivative, answer) if not answer.directions else None
    if name == "sympy":
        from gradcalc.output.sympysource import to_sympy_source

        return to_sympy_source(derivative).rstrip()
    if name == "unicode":
        from gradcalc.output.unicode import to_unicode

        return _with_where(answer, to_unicode)
    return derivative.code("numpy") if derivative.has_code else None


def written_formats(derivative: Derivative, name: str) -> list[str]:
    """Every answer in a format. Raises GradcalcError of kind usage where one has none."""
    texts: list[str] = []
    for answer in derivative.answers:
        text = _format(derivative, answer, name)
        if text is None:
            raise GradcalcError(
                "usage",
                f"the derivative by {answer.wrt} has no form as {name}",
                hint="The index format shows its entries.",
            )
        texts.append(text)
        if name == "sympy":
            break
    return texts


def _with_where(formula: Formula, written: Callable[[Expr], str]) -> str:
    where = "; ".join([f"{name} = {written(tree)}" for name, tree in formula.where])
    return written(formula.tree) + (f" where {where}" if where else "")


def check_formats(formats: Sequence[str]) -> None:
    """Raises GradcalcError of kind usage for a format that there is not."""
    for name in formats:
        if name not in FORMATS:
            raise GradcalcError("usage", f"there is no format {name!r}", hint=f"The formats are {', '.join(FORMATS)}.")


def derivation_result(command: str, derivative: Derivative, formats: Sequence[str] = ()) -> Json:
    result = base_result(command, derivative.problem)
    check_formats(formats)
    result["warnings"] = list(derivative.warnings)
    result["derivatives"] = [answer_entry(derivative, answer, formats) for answer in derivative.answers]
    for entry in result["derivatives"]:
        for name in formats:
            if name not in entry.get("formats", {}):
                result["warnings"].append(f"the derivative by {entry['wrt']} has no form as {name}")
    return result


def explanation_result(explanation: Explanation, formats: Sequence[str] = ()) -> Json:
    """The result of the derivation, with its lines."""
    from gradcalc.output.explanation import fold_warning
    from gradcalc.output.explanation_latex import step_latex

    result = derivation_result("explain", explanation.derivative, formats)
    result["steps"] = [
        {
            "text": step.text,
            "latex": step_latex(step, one.differentials),
            "rule": step.rule,
            "checked": step.checked,
        }
        for one in explanation.derived
        for step in one.steps
    ]
    result["warnings"] += [
        *fold_warning(explanation),
        *[remark for one in explanation.derived for remark in one.remarks],
    ]
    return result


def add_values(result: Json, value: Any, values: Sequence[Any], allow_nonfinite: bool) -> None:
    """Adds the values of the objective and of the derivatives."""
    result["objective"]["value"] = numbers(value, "the value", allow_nonfinite)
    for entry, array in zip(result["derivatives"], values):
        entry["value"] = numbers(array, f"the derivative by {entry['wrt']}", allow_nonfinite)


def add_check(entry: Json, check: CheckResult) -> None:
    entry["check"] = strict(check.to_dict())


def numbers(array: Any, what: str, allow_nonfinite: bool = False) -> Any:
    """An array as nested lists. Raises GradcalcError of kind numeric for what is not finite."""
    return _finite(array.tolist() if hasattr(array, "tolist") else array, what, allow_nonfinite)


def _finite(value: Any, what: str, allow_nonfinite: bool) -> Any:
    if isinstance(value, list):
        return [_finite(item, what, allow_nonfinite) for item in value]
    if math.isfinite(value):
        return value
    if allow_nonfinite:
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    raise GradcalcError(
        "numeric",
        f"{what} is not finite here",
        hint="It is outside the domain, at a singularity, or overflows; --allow-nonfinite shows it all the same.",
    )


def strict(value: Any) -> Any:
    """A value with numbers that are not finite as the strings that strict JSON has for them."""
    if isinstance(value, dict):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def error_result(command: str, expression: str | None, error: GradcalcError) -> Json:
    result: Json = {"gradcalc": __version__, "ok": False, "command": command}
    if expression is not None:
        result["expression"] = expression
    result["error"] = error.to_dict()
    if expression is not None and error.source not in (None, expression):
        # The span is in a declaration that stands elsewhere.
        result["error"].pop("span", None)
    return result


def add_inputs(result: Json, seed: int, arrays: Mapping[str, Any]) -> None:
    """Adds what was drawn at random."""
    result["seed"] = seed
    result["inputs"] = {name: array.tolist() for name, array in arrays.items()}


def dumps(result: Json) -> str:
    """One line of strict JSON that any UTF-8 stream takes; what cannot be seen stands as escapes in it."""
    import json

    return json_visible(json.dumps(result, ensure_ascii=False, allow_nan=False))
