"""Expressions in LaTeX, as one would typeset them.

The text of a node is made of pieces, strings and tuples of pieces, that are joined once at the end: the cost is linear
in the length of what is written, however deep the expression is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gradcalc.functions import catalogue
from gradcalc.language.lexer import GREEK
from gradcalc.language.printer import number_text
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Position,
    Transpose,
    postorder,
)

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer, Formula

Piece = Any
"""A string, or a tuple of pieces."""

_GREEK = frozenset(["pi", *GREEK.values()])

_COMPARISON, _SUM, _PRODUCT, _UNARY, _POWER, _POSTFIX = 1, 2, 3, 4, 5, 6

_SYMBOLS = {"+": " + ", "-": " - ", "*": r" \, ", ".*": r" \odot ", "./": r" \oslash ", "\\": r" \backslash "}


_COMPARISON_SIGNS = {"<": " < ", ">": " > ", "<=": r" \le ", ">=": r" \ge ", "==": " = ", "!=": r" \ne "}

_PLACE = re.compile(r"(\{\{|\}\}|\{\d\})")


def name_latex(name: str) -> str:
    """A name: Greek letters as such, what follows an underscore and digits at the end as an index."""
    stem, *parts = [part for part in name.split("_") if part] or ["?"]
    letters = stem.rstrip("0123456789")
    parts = [part for part in (stem[len(letters) :], *parts) if part]
    letter = "\\" + letters if letters in _GREEK else letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    return f"{letter}_{{{','.join(parts)}}}" if parts else letter


def to_latex(root: Expr) -> str:
    """The LaTeX of an expression."""
    done: dict[int, tuple[Piece, int]] = {}
    for node in postorder(root):
        done[id(node)] = _latex(node, done)
    return _joined(done[id(root)][0])


def _joined(piece: Piece) -> str:
    texts: list[str] = []
    left = [piece]
    while left:
        piece = left.pop()
        if isinstance(piece, str):
            texts.append(piece)
        else:
            left.extend(reversed(piece))
    return "".join(texts)


def _at(done: dict[int, tuple[Piece, int]], node: Expr, least: int) -> Piece:
    """The text of an operand, in parentheses where it binds less than `least`."""
    piece, level = done[id(node)]
    return (r"\left(", piece, r"\right)") if level < least else piece


def _latex(node: Expr, done: dict[int, tuple[Piece, int]]) -> tuple[Piece, int]:
    if isinstance(node, Number):
        return _number(number_text(node.value))
    if isinstance(node, Name):
        return name_latex(node.name), _POSTFIX
    if isinstance(node, Negative):
        return ("-", _at(done, node.operand, _UNARY)), _UNARY
    if isinstance(node, Transpose):
        return (_at(done, node.operand, _POSTFIX), r"^{\top}"), _POWER
    if isinstance(node, Binary):
        return _binary(node, done)
    if isinstance(node, Index):
        places = ",".join([_position(place) for place in node.positions])
        return (_indexed(done, node.operand), f"_{{{places}}}"), _POSTFIX
    if isinstance(node, IndexedSum):
        signs = ""
        for name, first, last in node.ranges:
            signs += rf"\sum_{{{name}}} " if first is None else rf"\sum_{{{name}={first}}}^{{{last}}} "
        return (signs, _at(done, node.body, _PRODUCT)), _SUM
    if isinstance(node, Block):
        return _block(node, done), _POSTFIX
    assert isinstance(node, Call)
    return _call(node, done)


def _position(place: Position) -> str:
    if isinstance(place, tuple):
        return f"{place[0]}:{place[1]}"
    return r"\cdot" if place is None else str(place)


def _block(node: Block, done: dict[int, tuple[Piece, int]]) -> Piece:
    rows = [_separated([done[id(part)][0] for part in row], " & ") for row in node.rows]
    return (r"\begin{bmatrix} ", *_separated(rows, r" \\ "), r" \end{bmatrix}")


def _number(text: str) -> tuple[Piece, int]:
    above, over, below = text.partition("/")
    if over:
        return rf"\frac{{{above}}}{{{below}}}", _UNARY
    digits, scaled, exponent = text.partition("e")
    return (rf"{digits} \cdot 10^{{{exponent}}}", _PRODUCT) if scaled else (text, _POSTFIX)


def _indexed(done: dict[int, tuple[Piece, int]], node: Expr) -> Piece:
    piece, _ = done[id(node)]
    if isinstance(node, Name):
        return ("{", piece, "}") if "_" in piece else piece
    return (r"\left(", piece, r"\right)")


def _binary(node: Binary, done: dict[int, tuple[Piece, int]]) -> tuple[Piece, int]:
    operator = node.operator
    if operator == "/":
        return (r"\frac{", done[id(node.left)][0], "}{", done[id(node.right)][0], "}"), _UNARY
    if operator in ("^", ".^"):
        mark = r"^{\odot " if operator == ".^" else "^{"
        return (_at(done, node.left, _POSTFIX), mark, done[id(node.right)][0], "}"), _POWER
    if operator in COMPARISONS:
        sides = [_at(done, side, _SUM) for side in node.children]
        return (sides[0], _COMPARISON_SIGNS[operator], sides[1]), _COMPARISON
    level = _SUM if operator in "+-" else _PRODUCT
    left = _at(done, node.left, _UNARY if _is_hadamard(node.left) and operator == "*" else level)
    right = _at(done, node.right, _POWER if isinstance(node.right, Negative) else level + 1)
    return (left, _SYMBOLS[operator], right), level


def _is_hadamard(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in (".*", "./")


def _call(node: Call, done: dict[int, tuple[Piece, int]]) -> tuple[Piece, int]:
    entry = catalogue.lookup(node.function)
    if entry is None or node.primes:
        name = r"\sigma" if node.function == "sigmoid" else name_latex(node.function)
        primes = "^{" + r"\prime" * node.primes + "}" if node.primes else ""
        arguments = [done[id(child)][0] for child in node.children]
        return (f"{name}{primes}" + r"\left(", *_separated(arguments, ", "), r"\right)"), _POSTFIX
    template = entry.latex
    encloses = any(sign in template for sign in ("(", "|", r"\lVert", r"\langle", "sqrt", "_{{{0}}}"))
    arguments = [_at(done, child, 0 if encloses else _POSTFIX) for child in node.children]
    if "{1}" not in template and len(arguments) > 1:
        arguments = [_separated(arguments, ", " if entry.axis else r" \times ")]
    if isinstance(entry, catalogue.Elementwise):
        arguments += entry.defaults[len(entry.defaults) - len(entry.parameters) + len(arguments) :]
    pieces: list[Piece] = []
    for part in _PLACE.split(template):
        if part in ("{{", "}}"):
            pieces.append(part[0])
        else:
            pieces.append(arguments[int(part[1])] if _PLACE.fullmatch(part) else part)
    level = _PRODUCT if r"\," in template or r"\otimes" in template else _POWER if "^" in template else _POSTFIX
    return tuple(pieces), level


def _separated(pieces: list[Piece], separator: str) -> Piece:
    return tuple([part for piece in pieces for part in (separator, piece)][1:])


def formula_latex(formula: Formula) -> str:
    """The right-hand side, with what it names."""
    text = to_latex(formula.tree)
    names = r",\; ".join([f"{name_latex(name)} = {to_latex(tree)}" for name, tree in formula.where])
    return text + (rf" \quad\text{{where}}\; {names}" if names else "")


def left_side(answer: Answer) -> str:
    """The derivative that is asked for: a quotient of differentials, at the indices of an entry."""
    order = f"^{{{answer.order}}}" if answer.order > 1 else ""
    below = []
    for (name, positions), times in answer.repeated:
        variable = name_latex(name)
        if positions:
            variable = f"{{{variable}}}" if "_" in variable else variable
            variable += f"_{{{','.join([str(position) for position in positions])}}}"
        if times > 1:
            variable = f"{{{variable}}}" if positions or "_" in variable else variable
            variable += f"^{{{times}}}"
        below.append(rf"\partial {variable}")
    left = rf"\frac{{\partial{order} f}}{{" + r"\,".join(below) + "}"
    return rf"\left({left}\right)_{{{','.join(answer.indices)}}}" if answer.indices else left


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
