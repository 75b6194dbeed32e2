"""Expressions in LaTeX, as one would typeset them. Everything is within amsmath and what MathJax and KaTeX know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gradcalc.language.syntax import Expr
from gradcalc.output import typesetting
from gradcalc.output.boxes import Box, written
from gradcalc.output.templates import GREEK_NAMES, TEX_OPERATORS
from gradcalc.output.typesetting import box_of, name_box

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer, Formula

Pieces = list["str | Box"]


def name_latex(name: str) -> str:
    """A name: Greek letters as such, what follows an underscore and digits at the end as an index."""
    return in_latex(name_box(name))


def to_latex(root: Expr) -> str:
    """The LaTeX of an expression."""
    return in_latex(box_of(root))


def in_latex(box: Box) -> str:
    return written(box, _pieces)


_GLUE = {
    "close": " ",
    "operator": " ",
    "thin": r" \, ",
    "dot": r" \cdot ",
    "index": "",
    "names": "",
    "touching": " ",
    "differentials": r"\,",
}

_DELIMITERS = {
    "(": ("(", ")"),
    "[": ("[", "]"),
    "|": (r"\lvert", r"\rvert"),
    r"\{": (r"\{", r"\}"),
    **{rf"\l{name}": (rf"\l{name}", rf"\r{name}") for name in ("vert", "Vert", "ceil", "floor")},
    r"\langle": (r"\langle", r"\rangle"),
}
"""The pair that a left delimiter begins; plain bars, of which TeX cannot tell left from right, in a form it can."""


def _pieces(box: Box) -> Pieces:
    return _WRITERS[box.kind](box)


def _letter(box: Box) -> Pieces:
    return ["\\" + box.text if box.text in GREEK_NAMES else box.text]


def _operator(box: Box) -> Pieces:
    return ["\\" + box.text if box.text in TEX_OPERATORS else rf"\operatorname{{{_escaped(box.text)}}}"]


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


def _sign(box: Box) -> Pieces:
    if box.text == ",":
        return [", "]
    return [f" {box.text} "]


def _row(box: Box) -> Pieces:
    """The parts, with a space where a command would run into a letter."""
    pieces: Pieces = []
    after_command = False
    for part in box.parts:
        if after_command and part.kind == "letter":
            pieces.append(" ")
        pieces.append(part)
        after_command = part.text[-1:].isalpha() and part.kind in ("letter", "symbol", "operator")
    return pieces


def _fraction(box: Box) -> Pieces:
    return [r"\frac{", box.parts[0], "}{", box.parts[1], "}"]


def _root(box: Box) -> Pieces:
    inside, *degree = box.parts
    pieces: Pieces = [r"\sqrt"]
    for box in degree:
        pieces += ["[", box, "]"]
    return [*pieces, "{", inside, "}"]


def _base(box: Box) -> Pieces:
    """What carries an index or a power: in braces where it has one already."""
    return ["{", box, "}"] if box.kind in ("sub", "sup", "subsup") else [box]


def _scripts(box: Box) -> Pieces:
    base, *scripts = box.parts
    pieces = _base(base)
    for mark, script in zip("_^" if box.kind != "sup" else "^", scripts):
        if script.kind == "symbol" and script.text.startswith("'"):
            pieces.append(script)
        else:
            pieces += [mark + "{", script, "}"]
    return pieces


def _fence(box: Box) -> Pieces:
    left, right = _DELIMITERS.get(box.text, (box.text, box.text))
    if box.tall:
        return [rf"\left{left}", _apart(left), box.parts[0], _apart(right), rf"\right{right}"]
    return [left, _apart(left), box.parts[0], _apart(right), right]


def _apart(delimiter: str) -> str:
    """The space that ends a command."""
    return " " if delimiter.startswith("\\") else ""


def _big_sum(box: Box) -> Pieces:
    below, *above = box.parts
    pieces: Pieces = [r"\sum_{", below, "}"]
    for bound in above:
        pieces += ["^{", bound, "}"]
    return [*pieces, " "]


def _table(box: Box) -> Pieces:
    columns = max(1, int(box.text))
    pieces: Pieces = [r"\begin{bmatrix} "]
    for place, cell in enumerate(box.parts):
        if place:
            pieces.append(" & " if place % columns else r" \\ ")
        pieces.append(cell)
    return [*pieces, r" \end{bmatrix}"]


_WRITERS: Mapping[str, Callable[[Box], Pieces]] = {
    "letter": _letter,
    "word": lambda box: [rf"\mathrm{{{_escaped(box.text)}}}"],
    "operator": _operator,
    "number": lambda box: [box.text],
    "symbol": lambda box: [box.text],
    "sign": _sign,
    "glue": lambda box: [_GLUE[box.text]],
    "bold": lambda box: [rf"\mathbf{{{box.text}}}"],
    "row": _row,
    "call": lambda box: [*box.parts],
    "sum": lambda box: [*box.parts],
    "group": lambda box: ["{", *box.parts, "}"],
    "fraction": _fraction,
    "root": _root,
    "sub": _scripts,
    "sup": _scripts,
    "subsup": _scripts,
    "fence": _fence,
    "bigsum": _big_sum,
    "table": _table,
}


def formula_latex(formula: Formula) -> str:
    """The right-hand side, with what it names."""
    text = to_latex(formula.tree)
    names = r",\; ".join([f"{name_latex(name)} = {to_latex(tree)}" for name, tree in formula.where])
    return text + (rf" \quad\text{{where}}\; {names}" if names else "")


def left_side(answer: Answer) -> str:
    """The derivative that is asked for: a quotient of differentials, at the indices of an entry."""
    return in_latex(typesetting.left_side(answer))


def equation(answer: Answer) -> str:
    """The derivative as an equation, with what it names."""
    return f"{left_side(answer)} = {formula_latex(answer)}"


def display(derivative: Derivative) -> str:
    """All equations, aligned where there is more than one."""
    rows: list[tuple[str, str]] = []
    for answer in derivative.answers:
        rows.append((left_side(answer), to_latex(answer.tree)))
        rows += [(name_latex(name), to_latex(tree)) for name, tree in answer.where]
    if len(rows) == 1:
        return f"{rows[0][0]} = {rows[0][1]}"
    text = " \\\\ ".join([f"{left} &= {right}" for left, right in rows])
    return rf"\begin{{aligned}} {text} \end{{aligned}}"
