"""An explanation in LaTeX, one `align*`, and in Markdown, as code hosts render it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from gradcalc.derivation.steps import Fold, Step
from gradcalc.output.boxes import Box
from gradcalc.output.explanation import fold_text, heading, notes
from gradcalc.output.explanation_boxes import rule_pieces, sides
from gradcalc.output.latex import in_latex
from gradcalc.output.text import shapes_text
from gradcalc.tensor.answer import component_text

if TYPE_CHECKING:
    from gradcalc.derivation.explanation import Derived, Explanation

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "^": r"\^{}", "&": r"\&", "%": r"\%", "#": r"\#",
    "$": r"\$", "~": r"\~{}",
}  # fmt: skip


def step_latex(step: Step, differentials: Mapping[str, str]) -> str:
    """One line as an equation."""
    left, right = sides(step, differentials)
    return f"{in_latex(left)} = {in_latex(right)}"


def explanation_latex(explanation: Explanation) -> str:
    """All lines in one `align*`, for amsmath: sections by their headings, the rules at the right."""
    rows: list[str] = []
    for one in explanation.derived:
        for section, group in groupby(one.lines, key=lambda line: line.section):
            title = heading(one, section)
            if len(explanation.derived) > 1:
                title += f" (by {component_text(one.component)})"
            rows.append(rf"& \textbf{{{_escaped(title)}}}")
            rows += _rows(one, list(group))
            rows[-1] += r" \\[1ex]"
    body = "\n".join([row if row.endswith("[1ex]") else rf"{row} \\" for row in rows])
    body = re.sub(r" \\\\\[1ex\]$", "", body)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _rows(one: Derived, lines: Sequence[Step | Fold]) -> list[str]:
    rows: list[str] = []
    for line in lines:
        if isinstance(line, Fold):
            rows.append(rf"& \text{{{_escaped(fold_text(line))}}}")
            continue
        left, right = sides(line, one.differentials)
        name = "" if line.continues else in_latex(left) + " "
        rule = f" && {rule_latex(line.rule, one.differentials)}" if line.rule else ""
        rows.append(f"{name}&= {in_latex(right)}{rule}")
    return rows


def rule_latex(rule: str, differentials: Mapping[str, str]) -> str:
    """A rule with its formulas set as such."""
    return "".join(
        [in_latex(piece) if isinstance(piece, Box) else _text(piece) for piece in rule_pieces(rule, differentials)]
    )


def _text(words: str) -> str:
    return rf"\text{{{_escaped(words)}}}"


def _escaped(text: str) -> str:
    return "".join([_ESCAPES.get(character, character) for character in text])


def explanation_markdown(explanation: Explanation) -> str:
    """Headings, and a block of mathematics for each section."""
    derivative = explanation.derivative
    lines = [f"# Derivation of the derivative of `{derivative.problem.expression}`", ""]
    for one in explanation.derived:
        if len(explanation.derived) > 1:
            lines += [f"## By {component_text(one.component)}", ""]
        level = "###" if len(explanation.derived) > 1 else "##"
        for section, group in groupby(one.lines, key=lambda line: line.section):
            rows = " \\\\\n".join(_rows(one, list(group)))
            block = f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
            lines += [f"{level} {heading(one, section)}", "", "```math", _for_code_hosts(block), "```", ""]
    remarks = [
        *notes(explanation, "⊙", "δ with indices i, j"),
        *shapes_text(derivative.problem).split("\n"),
        *derivative.warnings,
    ]
    return "\n".join([*lines, *[f"- {_code(remark)}" for remark in remarks]])


def _for_code_hosts(latex: str) -> str:
    r"""Code hosts refuse \operatorname."""
    return re.sub(r"\\operatorname\{([^{}]*)\}", r"\\mathop{\\mathrm{\1}}", latex)


def _code(remark: str) -> str:
    """A remark in which formulas would be read as emphasis."""
    return re.sub(r"(A : B|tr\(A'\*B\)|df/dx'|df/dx\b)", r"`\1`", remark)
