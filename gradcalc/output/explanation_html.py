"""An explanation as one HTML page: MathML and a little CSS, nothing to load and nothing to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from gradcalc.derivation.steps import Fold, Step
from gradcalc.output.boxes import Box
from gradcalc.output.explanation import fold_text, heading, notes
from gradcalc.output.explanation_boxes import rule_pieces, sides
from gradcalc.output.mathml import NAMESPACE, escaped, in_mathml
from gradcalc.output.text import shapes_text
from gradcalc.tensor.answer import component_text

if TYPE_CHECKING:
    from gradcalc.derivation.explanation import Derived, Explanation

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --faint: #5f6672; --line: #e3e6ea; --paper: #fff; --band: #f6f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --faint: #9aa3af; --line: #32363c; --paper: #17191c; --band: #1f2226; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.35rem; line-height: 1.35; margin: 0 0 .75rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
code { font: .95em ui-monospace, monospace; background: var(--band); border-radius: 4px; padding: .1em .35em; }
.expression { margin: 0; overflow-wrap: anywhere; }
.steps { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; }
td { padding: .45rem .5rem; vertical-align: middle; }
tr + tr td { border-top: 1px solid var(--line); }
tr.next td { border-top: 0; }
.left { text-align: right; width: 1%; padding-left: 1rem; white-space: nowrap; }
.sign { width: 1%; padding: 0; }
.right { white-space: nowrap; }
.rule { color: var(--faint); font-size: .9rem; min-width: 12rem; padding-left: 1.5rem; padding-right: 1rem; }
.fold { color: var(--faint); font-style: italic; padding-left: 1rem; }
math { font-size: 1.1em; }
.rule math { font-size: 1em; }
footer { margin-top: 2rem; color: var(--faint); font-size: .9rem; }
footer p { margin: .2rem 0; }
@media print {
  main { max-width: none; padding: 0; }
  .steps { overflow: visible; break-inside: auto; }
  tr, h2 { break-inside: avoid; }
  h2 { break-after: avoid; }
}
""".strip()


def explanation_html(explanation: Explanation) -> str:
    """The whole page; well-formed XML as well."""
    problem = explanation.derivative.problem
    by = ", ".join([component_text(one.component) for one in explanation.derived])
    title = f"Derivative by {by}, step by step"
    body = [f"<h1>{escaped(title)}</h1>", f'<p class="expression"><code>{escaped(problem.expression)}</code></p>']
    for one in explanation.derived:
        for section, group in groupby(one.lines, key=lambda line: line.section):
            name = heading(one, section)
            if len(explanation.derived) > 1:
                name += f" (by {component_text(one.component)})"
            body += [f"<h2>{escaped(name)}</h2>", _table(one, list(group))]
    remarks = [
        *notes(explanation, "⊙", "δ with indices i, j"),
        *shapes_text(problem).split("\n"),
        *explanation.derivative.warnings,
    ]
    body.append("<footer>" + "".join([f"<p>{escaped(remark)}</p>" for remark in remarks]) + "</footer>")
    content = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{escaped(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{content}\n</main>\n</body>\n</html>"
    )


def _table(one: Derived, lines: Sequence[Step | Fold]) -> str:
    rows = [_row(one, line) for line in lines]
    return '<div class="steps"><table>\n' + "\n".join(rows) + "\n</table></div>"


def _row(one: Derived, line: Step | Fold) -> str:
    if isinstance(line, Fold):
        return f'<tr><td class="fold" colspan="4">{escaped(fold_text(line))}</td></tr>'
    left, right = sides(line, one.differentials)
    name = "" if line.continues else _math(left)
    start = '<tr class="next">' if line.continues else "<tr>"
    return (
        f'{start}<td class="left">{name}</td><td class="sign">{_equal()}</td>'
        f'<td class="right">{_math(right)}</td><td class="rule">{rule_html(line.rule, one.differentials)}</td></tr>'
    )


def _math(box: Box) -> str:
    return f'<math xmlns="{NAMESPACE}" display="inline"><mrow displaystyle="true">{in_mathml(box)}</mrow></math>'


def _equal() -> str:
    return f'<math xmlns="{NAMESPACE}"><mo>=</mo></math>'


def rule_html(rule: str, differentials: Mapping[str, str]) -> str:
    """A rule with its formulas set as such."""
    pieces = rule_pieces(rule, differentials)
    return "".join([_math(piece) if isinstance(piece, Box) else escaped(piece) for piece in pieces])
