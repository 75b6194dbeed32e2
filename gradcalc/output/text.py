"""What a person reads at a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcalc.language.printer import to_text
from gradcalc.tensor.answer import component_text
from gradcalc.tensor.structures import meaning

if TYPE_CHECKING:
    from gradcalc.api import Derivative, Problem
    from gradcalc.checking.result import CheckResult
    from gradcalc.language.syntax import Expr
    from gradcalc.tensor.answer import Answer, Formula

_LONGEST_LINE = 100
_GAP = "      "


def label(derivative: Derivative, answer: Answer) -> str:
    """What stands left of the equals sign: df/dW, d2f/dx2, dz/dx; df, Df[v] and d2f/dx2*v along a direction."""
    name = _objective_name(derivative)
    if answer.directions:
        return _direction_label(name, answer)
    order = str(answer.order) if answer.order > 1 else ""
    below = [f"d{component_text(component)}{times if times > 1 else ''}" for component, times in answer.repeated]
    return f"d{order}{name}/{' '.join(below)}"


def _direction_label(name: str, answer: Answer) -> str:
    if answer.is_differential:
        return f"d{name}"
    along = ", ".join(answer.directions)
    if answer.order == 1:
        return f"D{name}[{along}]"
    row = component_text(answer.components[0])
    whole = len(answer.directions) == 1 and answer.components[0] == answer.components[1]
    return f"d2{name}/d{row}2*{along}" if whole else f"d(D{name}[{along}])/d{row}"


def _objective_name(derivative: Derivative) -> str:
    program = derivative.problem.program
    objective = to_text(program.objective)
    return objective if objective in {item.name for item in program.definitions} else "f"


def where_text(formula: Formula) -> str:
    return ", ".join([f"{name} = {to_text(tree)}" for name, tree in formula.where])


def formula_line(
    derivative: Derivative, answer: Answer, index: bool = False, written: Callable[[Expr], str] = to_text
) -> str:
    """`df/dW = ...      where s = ...`, with each name on a line of its own where the line would be long."""
    formula: Formula = derivative.index_formula(answer) if index else answer
    left = label(derivative, answer)
    if formula.indices:
        left += f"[{','.join(formula.indices)}]"
    notes = [f"{answer.layout} layout"] if answer.layout is not None and len(answer.dims) <= 2 else []
    if formula.vectorized:
        notes.append("vec by vec, columns one below the other")
    notes += structure_notes(derivative, answer)
    line = f"{left} = {written(formula.tree)}" + (f"  ({'; '.join(notes)})" if notes else "")
    if not formula.where:
        return line
    names = [f"{name} = {written(tree)}" for name, tree in formula.where]
    where = ", ".join(names)
    if len(line) + len(_GAP) + len(where) + 6 <= _LONGEST_LINE:
        return f"{line}{_GAP}where {where}"
    return "\n".join([line, f"  where {names[0]}", *[f"        {text}" for text in names[1:]]])


def structure_notes(derivative: Derivative, answer: Answer) -> list[str]:
    """What was done to the gradient for the structure of its variables."""
    if answer.structured is None:
        return []
    variables = derivative.problem.typing.variables
    names = answer.components[:1] if answer.directions else answer.components
    structures = dict.fromkeys([variables[name].structure for name, _ in names])
    return [
        f"{answer.structured}: {meaning(kind, answer.structured)}" for kind in structures if kind and kind != "positive"
    ]


def tensor_lines(derivative: Derivative, answer: Answer) -> list[str]:
    """The other forms of a tensor of more than two axes: its entry, an einsum, what it makes of a change."""
    lines: list[str] = []
    if not answer.entrywise:
        entry = derivative.index_formula(answer)
        where = f" where {where_text(entry)}" if entry.where else ""
        lines.append(f"entry [{','.join(entry.indices)}]: {to_text(entry.tree)}{where}")
    einsum = derivative.einsum(answer)
    if einsum is not None:
        lines.append(f"einsum: {einsum}")
    lines.append(f"action: {action_text(derivative, answer)}")
    return ["  " + line for line in lines]


def action_text(derivative: Derivative, answer: Answer) -> str:
    """What the derivative makes of a change of its variable: `dX -> A*dX`."""
    action = derivative.action(answer)
    where = f" where {where_text(action)}" if action.where else ""
    index = f"[{','.join(action.indices)}] " if action.indices else ""
    return f"{derivative.change_name(answer)} -> {index}{to_text(action.tree)}{where}"


def shapes_text(problem: Problem) -> str:
    """What is a scalar, a vector and a matrix, and how that is known."""
    groups: dict[str, list[str]] = {}
    for variable in problem.typing.variables.values():
        dims = " x ".join([str(dim) for dim in variable.dims])
        kind = variable.structure or variable.kind
        groups.setdefault(variable.origin, []).append(f"{variable.name} {kind}{' ' + dims if dims else ''}")
    order = [origin for origin in ("declared", "given", "inferred", "assumed") if origin in groups]
    return "\n".join([f"{origin}: {', '.join(groups[origin])}" for origin in order])


def array_text(array: Any, indent: str = "  ") -> str:
    """An array for people: six digits, long ones cut."""
    import numpy as np

    value = np.asarray(array)
    if value.ndim == 0:
        return f"{float(value):.10g}"
    with np.printoptions(precision=6, suppress=False, linewidth=96, threshold=200, edgeitems=3):
        text = str(value)
    return "\n".join([indent + line for line in text.splitlines()])


def check_lines(name: str, result: CheckResult) -> list[str]:
    """The verdict on one derivative."""
    if result.verdict == "inconclusive":
        return [f"check {name}: inconclusive: {result.reason}"]
    points = f"{result.points} point{'' if result.points == 1 else 's'}"
    lines = [
        f"check {name}: {result.verdict}  ({result.method}, {points}, {result.evaluations} evaluations,"
        f" largest relative error {result.max_rel_error or 0:.1e}, tolerance {result.tolerance or 0:.0e})"
    ]
    if result.reason:
        lines.append(f"  {result.reason}")
    if result.worst is not None:
        place = ",".join([str(number) for number in result.worst["entry"]])
        at = f"entry [{place}]" if place else "the value"
        lines.append(
            f"  worst: {at}: the derivative has {result.worst['derivative']:.10g},"
            f" differences give {result.worst['differences']:.10g}"
        )
    return lines


def warning_lines(warnings: Sequence[str]) -> list[str]:
    return [f"warning: {warning}" for warning in warnings]
