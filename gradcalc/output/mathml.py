"""Expressions in presentation MathML, within what browsers show (MathML Core)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gradcalc.language.lexer import GREEK
from gradcalc.language.syntax import Expr
from gradcalc.output.boxes import Box, written
from gradcalc.output.typesetting import box_of, left_side, name_box

if TYPE_CHECKING:
    from gradcalc.tensor.answer import Answer

Pieces = list["str | Box"]

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

_LETTERS = {"pi": "π", **{name: letter for letter, name in GREEK.items() if letter not in "ςϕϵ"}}

_CHARACTERS = {
    "-": "−",
    r"\odot": "⊙",
    r"\oslash": "⊘",
    r"\otimes": "⊗",
    r"\circ": "∘",
    r"\times": "×",
    r"\cdot": "⋅",
    r"\top": "⊤",
    r"\partial": "∂",
    r"\infty": "∞",
    r"\geq": "≥",
    r"\leq": "≤",
    r"\neq": "≠",
    r"\ge": "≥",
    r"\le": "≤",
    r"\ne": "≠",
    r"\prod": "∏",
    r"\varphi": "ϕ",
}
"""Signs by their name in TeX."""

_DELIMITERS = {
    "(": "()",
    "[": "[]",
    r"\{": "{}",
    "|": "||",
    r"\lvert": "||",
    r"\lVert": "‖‖",
    r"\langle": "⟨⟩",
    r"\lceil": "⌈⌉",
    r"\lfloor": "⌊⌋",
}

_TIMES, _APPLY, _COMMA = "\u2062", "\u2061", "\u2063"
"""The invisible operators: a product, a function at its argument, and between indices."""

_THIN = '<mspace width="0.167em"/>'

_GLUE = {
    "close": f"<mo>{_TIMES}</mo>",
    "thin": f"<mo>{_TIMES}</mo>{_THIN}",
    "operator": f"<mo>{_TIMES}</mo>{_THIN}",
    "dot": "<mo>⋅</mo>",
    "index": f"<mo>{_COMMA}</mo>",
    "names": _THIN,
    "touching": "",
    "differentials": _THIN,
}

_PRIMES = {"'": "′", "''": "″", "'''": "‴"}


def to_mathml(root: Expr) -> str:
    """The MathML of an expression: one element, to stand inside `<math>`."""
    return _written(box_of(root))


def equation_mathml(answer: Answer) -> str:
    """A whole `<math>` of a derivative as an equation; what it names stands in rows below, aligned at the signs."""
    rows = [(_written(left_side(answer)), to_mathml(answer.tree))]
    for place, (name, tree) in enumerate(answer.where):
        text = "" if place else "<mtext>where\u00a0</mtext>"
        rows.append((f"<mrow>{text}{_written(name_box(name))}</mrow>", to_mathml(tree)))
    body = "<mrow>{}<mo>=</mo>{}</mrow>".format(*rows[0]) if len(rows) == 1 else _aligned(rows)
    return f'<math xmlns="{NAMESPACE}" display="block">{body}</math>'


def _aligned(rows: Iterable[tuple[str, str]]) -> str:
    cells = [
        f"<mtr>{_cell('right', left)}{_cell('center', '<mo>=</mo>')}{_cell('left', right)}</mtr>"
        for left, right in rows
    ]
    return f'<mtable displaystyle="true" columnspacing="0em" rowspacing="0.5em">{"".join(cells)}</mtable>'


def _cell(side: str, content: str) -> str:
    """Browsers align by the style, other programs by the attribute."""
    return f'<mtd columnalign="{side}" style="text-align: {side}">{content}</mtd>'


def in_mathml(box: Box) -> str:
    """The MathML of a box: one element."""
    return _written(box)


def _written(box: Box) -> str:
    return written(Box("one", "", (box,)), _pieces)


def _pieces(box: Box) -> Pieces:
    return _WRITERS[box.kind](box)


def escaped(text: str) -> str:
    """The text as it stands between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one(box: Box) -> Pieces:
    """A box as one element."""
    return ["<mrow>", box, "</mrow>"] if box.kind in ("row", "call", "sum", "group") else [box]


def _identifier(text: str) -> str:
    upright = ' mathvariant="normal"' if len(text) == 1 else ""
    return f"<mi{upright}>{escaped(text)}</mi>"


def _character(text: str) -> str:
    return escaped(_CHARACTERS.get(text, text.lstrip("\\")))


def _symbol(box: Box) -> Pieces:
    if box.text in _PRIMES:
        return [f"<mo>{_PRIMES[box.text]}</mo>"]
    if box.text in (r"\top", r"\partial", r"\infty", r"\varphi", "?"):
        return [f"<mi>{_character(box.text)}</mi>"]
    if box.text == r"\odot":
        return [f'<mo lspace="0" rspace="0">{_character(box.text)}</mo>']
    return [f"<mo>{_character(box.text)}</mo>"]


def _sign(box: Box) -> Pieces:
    """A sign between operands; a colon is one only here, and has the space of one."""
    space = ' lspace="0.278em" rspace="0.278em"' if box.text == ":" else ""
    return [f"<mo{space}>{_character(box.text)}</mo>"]


def _bold(box: Box) -> Pieces:
    """Bold digits and letters are characters of their own."""
    text = "".join([_bold_character(character) for character in box.text])
    return [f"<mn>{text}</mn>" if box.text.isdigit() else f"<mi>{text}</mi>"]


def _bold_character(character: str) -> str:
    for first, bold in (("0", 0x1D7CE), ("A", 0x1D400), ("a", 0x1D41A)):
        place = ord(character) - ord(first)
        if 0 <= place < (10 if first == "0" else 26):
            return chr(bold + place)
    return escaped(character)


def _element(name: str, parts: Iterable[Box]) -> Pieces:
    pieces: Pieces = [f"<{name}>"]
    for part in parts:
        pieces += _one(part)
    return [*pieces, f"</{name}>"]


def _fence(box: Box) -> Pieces:
    pair = _DELIMITERS.get(box.text, box.text)
    opening = f'<mo form="prefix">{escaped(pair[0])}</mo>'
    closing = f'<mo form="postfix">{escaped(pair[-1])}</mo>'
    return ["<mrow>", opening, *_one(box.parts[0]), closing, "</mrow>"]


def _big_sum(box: Box) -> Pieces:
    name = "munder" if len(box.parts) == 1 else "munderover"
    pieces: Pieces = [f"<{name}><mo>∑</mo>"]
    for part in box.parts:
        pieces += _one(part)
    return [*pieces, f"</{name}>"]


def _table(box: Box) -> Pieces:
    columns = max(1, int(box.text))
    pieces: Pieces = ['<mrow><mo form="prefix">[</mo><mtable>']
    for place, cell in enumerate(box.parts):
        if place % columns == 0:
            pieces.append("<mtr>")
        pieces += ["<mtd>", cell, "</mtd>"]
        if (place + 1) % columns == 0:
            pieces.append("</mtr>")
    return [*pieces, '</mtable><mo form="postfix">]</mo></mrow>']


_WRITERS: Mapping[str, Callable[[Box], Pieces]] = {
    "one": lambda box: _one(box.parts[0]),
    "letter": lambda box: [f"<mi>{_LETTERS.get(box.text, box.text)}</mi>"],
    "word": lambda box: [_identifier(box.text)],
    "operator": lambda box: [_identifier(box.text)],
    "number": lambda box: [f"<mn>{escaped(box.text)}</mn>"],
    "symbol": _symbol,
    "sign": _sign,
    "glue": lambda box: [_GLUE[box.text]],
    "bold": _bold,
    "row": lambda box: [*box.parts],
    "call": lambda box: [box.parts[0], f"<mo>{_APPLY}</mo>", box.parts[1]],
    "sum": lambda box: [*box.parts],
    "group": lambda box: [*box.parts],
    "fraction": lambda box: _element("mfrac", box.parts),
    "root": lambda box: _element("msqrt" if len(box.parts) == 1 else "mroot", box.parts),
    "sub": lambda box: _element("msub", box.parts),
    "sup": lambda box: _element("msup", box.parts),
    "subsup": lambda box: _element("msubsup", box.parts),
    "fence": _fence,
    "bigsum": _big_sum,
    "table": _table,
}
