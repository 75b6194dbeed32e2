"""Expressions as boxes: how each node of the syntax tree is set.

What is not known, an operator or a kind of node, is set as a sign or as a function, so that everything has a box; to
set it better, add it to `_SIGNS` or to `_SETTERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gradcalc.functions import catalogue
from gradcalc.language.printer import number_text
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
)
from gradcalc.output.boxes import (
    COMPARISON,
    POSTFIX,
    PRODUCT,
    SUM,
    UNARY,
    Box,
    Edge,
    applied,
    at,
    called,
    fence,
    fraction,
    glue,
    infix,
    inverted,
    letter,
    negative,
    number,
    operator,
    product,
    quotient,
    row,
    separated,
    slashed,
    subscript,
    summed,
    superscript,
    symbol,
    table,
    transposed,
    word,
)
from gradcalc.output.templates import GREEK_NAMES, filled, function_name

if TYPE_CHECKING:
    from gradcalc.tensor.answer import Answer

_SIGNS: dict[str, tuple[str, int]] = {
    "+": ("+", SUM),
    "-": ("-", SUM),
    ".*": (r"\odot", PRODUCT),
    "./": (r"\oslash", PRODUCT),
    ">": (">", COMPARISON),
    "<": ("<", COMPARISON),
    ">=": (r"\geq", COMPARISON),
    "<=": (r"\leq", COMPARISON),
    "==": ("=", COMPARISON),
    "!=": (r"\neq", COMPARISON),
}
"""The operators that are signs between their operands, by the name of the sign in TeX."""

_POWERS_ON_THE_NAME = frozenset(["log", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth"])
"""The functions of which a power is written between the name and the operand."""

_MOST_PRIMES = 3


Setter = Callable[[Expr, "tuple[Box, ...]"], Box]
"""From a node and the boxes of its operands to its box."""


def box_of(root: Expr, setters: Mapping[type[Expr], Setter] | None = None) -> Box:
    """The box of an expression. setters: for kinds of nodes that are set otherwise than everywhere."""
    special = setters or {}
    done: dict[int, Box] = {}
    for node in postorder(root):
        setter = special.get(type(node)) or _SETTERS.get(type(node), _unknown)
        done[id(node)] = setter(node, tuple([done[id(child)] for child in node.children]))
    return done[id(root)]


def name_box(name: str, *, function: bool = False) -> Box:
    """A name: Greek letters as such, what follows an underscore and digits at the end as an index."""
    stem, *parts = [part for part in name.split("_") if part] or ["?"]
    letters = stem.rstrip("0123456789") or "?"
    parts = [part for part in (stem.removeprefix(letters), *parts) if part]
    base = _letters(letters, function)
    return subscript(base, separated([_index_part(part) for part in parts], symbol(","))) if parts else base


def _letters(text: str, function: bool = False) -> Box:
    if len(text) == 1 or text in GREEK_NAMES:
        return letter(text) if text.isalpha() else symbol(text)
    return operator(text) if function else word(text)


def _index_part(text: str) -> Box:
    return number(text) if text.isdigit() else _letters(text)


def _number(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Number)
    text = number_text(node.value)
    above, over, below = text.partition("/")
    if over:
        return fraction(number(above), number(below), edge=Edge.DIGIT)
    digits, scaled, exponent = text.partition("e")
    if not scaled:
        return number(text)
    ten = superscript(number("10"), _signed(exponent))
    return ten if digits == "1" else row(number(digits), glue("dot"), ten, level=PRODUCT)


def _signed(text: str) -> Box:
    return row(symbol("-"), number(text[1:])) if text.startswith("-") else number(text)


def _name(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Name)
    return name_box(node.name)


def _binary(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Binary)
    left, right = operands
    if node.operator == "*":
        return product(left, right)
    if node.operator == "/":
        return quotient(left, right)
    if node.operator == "\\":
        return product(inverted(left), right)
    if node.operator in ("^", ".^"):
        return _power(node, left, right)
    text, level = _SIGNS.get(node.operator, (node.operator, COMPARISON))
    compared = infix(left, text, right, level)
    # An equation inside an equation is set apart.
    return fence(compared) if node.operator == "==" else compared


def _power(node: Binary, base: Box, exponent: Box) -> Box:
    if node.operator == ".^":
        return superscript(at(base, POSTFIX), row(symbol(r"\odot"), glue("touching"), at(exponent, UNARY)))
    if base.kind == "call" and base.parts[0].text in _POWERS_ON_THE_NAME and _is_whole(node.right):
        name = superscript(base.parts[0], exponent)
        return applied(name, base.parts[1])
    return superscript(at(base, POSTFIX), slashed(exponent))


def _is_whole(exponent: Expr) -> bool:
    """Whether the exponent is 2, 3, ...; a -1 above the name would mean the inverse function."""
    return isinstance(exponent, Number) and exponent.value.denominator == 1 and exponent.value > 1


def index_box(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Index)
    base = operands[0]
    if not isinstance(node.operand, Name) and base.kind != "call":
        base = fence(base)
    return subscript(base, positions_box(node.positions))


def positions_box(positions: tuple[object, ...]) -> Box:
    """Positions of axes: letters side by side, anything longer with commas."""
    if all(isinstance(position, str) and len(position) == 1 and position.isascii() for position in positions):
        return separated([letter(str(position)) for position in positions], glue("index"))
    return separated([_position(position) for position in positions], symbol(","))


def _position(position: object) -> Box:
    """One position; the first and last of a range with a colon between them, anything else as it prints."""
    if position is None:
        return symbol(r"\cdot")
    if isinstance(position, tuple):
        return separated([_position(end) for end in position], symbol(":"))
    text = str(position)
    if text.isdigit():
        return number(text)
    return name_box(text) if text.isidentifier() else symbol(text)


def _indexed_sum(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, IndexedSum)
    bounds: list[tuple[Box, Box | None]] = []
    plain = [name_box(name) for name, first, _ in node.ranges if first is None]
    if plain:
        bounds.append((separated(plain, symbol(",")), None))
    for name, first, last in node.ranges:
        if first is not None:
            below = row(name_box(name), symbol("="), number(str(first)))
            bounds.append((below, _position(last)))
    return summed(bounds, operands[0])


def _call(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Call)
    entry = catalogue.lookup(node.function)
    if isinstance(entry, catalogue.Elementwise) and "{1}" in entry.latex:
        missing = entry.defaults[len(operands) - len(entry.parameters) + len(entry.defaults) :]
        operands += tuple([number(text) for text in missing])
    # A sign for all entries has no place for the axis.
    is_along_axis = getattr(entry, "axis", False) and len(operands) == 2
    if entry is not None and operands and not node.primes and not is_along_axis:
        box = filled(entry.latex, operands)
        if box is not None:
            return box
    known = None if entry is None else function_name(entry.latex)
    name = known or name_box(node.function, function=True)
    if node.primes:
        name = superscript(name, _primes(node.primes))
    return called(name, operands)


def _primes(count: int) -> Box:
    return symbol("'" * count) if count <= _MOST_PRIMES else fence(number(str(count)))


def _block(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Block)
    parts = iter(operands)
    return table([[next(parts) for _ in range(width)] for width in node.widths])


def _unknown(node: Expr, operands: tuple[Box, ...]) -> Box:
    """A kind of node that is not known here: its name, at its operands."""
    return called(operator(type(node).__name__), operands)


_SETTERS: Mapping[type[Expr], Callable[[Expr, tuple[Box, ...]], Box]] = {
    Number: _number,
    Name: _name,
    Negative: lambda node, operands: negative(operands[0]),
    Transpose: lambda node, operands: transposed(operands[0]),
    Binary: _binary,
    Index: index_box,
    IndexedSum: _indexed_sum,
    Call: _call,
    Block: _block,
}


def left_side(answer: Answer) -> Box:
    """The derivative that is asked for: a quotient of differentials, at the indices of an entry."""
    if answer.directions:
        return _direction_side(answer)
    differential = symbol(r"\partial")
    above = superscript(differential, number(str(answer.order))) if answer.order > 1 else differential
    below = []
    for (name, positions), times in answer.repeated:
        variable = name_box(name)
        if positions:
            variable = subscript(variable, positions_box(positions))
        if times > 1:
            nested = variable.kind == "sub"
            variable = superscript(Box("group", "", (variable,)) if nested else variable, number(str(times)))
        below.append(row(differential, glue("touching"), variable))
    left = fraction(row(above, glue("touching"), letter("f")), separated(below, glue("differentials")))
    return subscript(fence(left), positions_box(answer.indices)) if answer.indices else left


def _direction_side(answer: Answer) -> Box:
    """A differential df, a derivative along a direction Df[v], or the Hessian along one."""
    if answer.is_differential:
        return row(operator("d"), letter("f"))
    names = fence(separated([name_box(name) for name in answer.directions], symbol(",")))
    power = superscript(operator("D"), number(str(answer.order))) if answer.order > 1 else operator("D")
    return row(power, letter("f"), names)
