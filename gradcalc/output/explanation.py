"""An explanation as text: in sections, aligned at the equals signs, the rules on the right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from gradcalc.derivation.steps import Fold, Step
from gradcalc.output.headings import HEADINGS, NUMBER_RESULT
from gradcalc.output.text import shapes_text, warning_lines
from gradcalc.tensor.answer import component_text

if TYPE_CHECKING:
    from gradcalc.derivation.explanation import Derived, Explanation

RULE_GAP = "   "

_WIDEST_LEFT = 32
"""A left side that is longer stands on a line of its own."""

_WIDEST = 64
"""A line that is longer does not push the rules further to the right."""


def heading(one: Derived, section: str) -> str:
    if section == "result" and not one.material.rank(one.material.objective.name):
        return NUMBER_RESULT
    return HEADINGS[section]


def explanation_text(explanation: Explanation) -> str:
    """The whole explanation for a terminal or a pipe."""
    lines: list[str] = []
    for one in explanation.derived:
        if len(explanation.derived) > 1:
            lines += [f"By {component_text(one.component)}", ""]
        for section, group in groupby(one.lines, key=lambda line: line.section):
            lines += [heading(one, section), *_section_lines(list(group)), ""]
    problem = explanation.derivative.problem
    lines += [*notes(explanation), shapes_text(problem), *warning_lines(explanation.derivative.warnings)]
    return "\n".join(lines).rstrip("\n")


def notes(explanation: Explanation, product: str = ".*", delta: str = "eye(m)[i,j]") -> list[str]:
    """What a reader has to be told once. product, delta: how entrywise products and Kronecker deltas are written."""
    text = "\n".join([step.text for step in explanation.steps])
    found = []
    if " : " in text:
        found.append("A : B is the sum of the products of their entries, tr(A'*B).")
    if ".* " in text:
        found.append(f"{product} multiplies entry by entry.")
    if "/d" in text and explanation.style == "chain" and "'" in "".join([s.left_text for s in explanation.steps]):
        found.append("df/dx' is a row, one derivative for each entry of x; vec puts the columns one below the other.")
    if explanation.style == "index" and "eye(" in text:
        found.append(f"{delta} is Kronecker's delta: 1 where i = j, else 0.")
    return [*found, *remarks(explanation)]


def remarks(explanation: Explanation) -> list[str]:
    """What is left out or could not be checked."""
    found = list(dict.fromkeys([remark for one in explanation.derived for remark in one.remarks]))
    if all(step.checked for step in explanation.steps):
        return [*found, "Every line was checked in numbers at two random points."]
    return found


def fold_warning(explanation: Explanation) -> list[str]:
    """What is left out, for a program."""
    count = explanation.folded
    return [f"{count} part{'s are' if count != 1 else ' is'} not shown: a larger depth shows more"] if count else []


def fold_text(fold: Fold) -> str:
    return f"... {fold.count} part{'' if fold.count == 1 else 's'} not shown; --depth shows more ..."


def _section_lines(lines: Sequence[Step | Fold]) -> list[str]:
    steps = [line for line in lines if isinstance(line, Step)]
    left = max([len(step.left_text) for step in steps if len(step.left_text) <= _WIDEST_LEFT], default=0)
    widths = [len(step.right_text) for step in steps]
    right = max([width for width in widths if width <= _WIDEST], default=0)
    written: list[str] = []
    for line in lines:
        if isinstance(line, Fold):
            written.append(f"  {fold_text(line)}")
            continue
        name = "" if line.continues else line.left_text
        if len(name) > _WIDEST_LEFT:
            written.append(f"  {name}")
            name = ""
        text = f"  {name:<{left}} = {line.right_text:<{right}}"
        written.append(f"{text}{RULE_GAP}{line.rule}".rstrip() if line.rule else text.rstrip())
    return written
