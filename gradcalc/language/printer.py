"""The syntax tree back to text, with as few parentheses as the parser needs."""

from __future__ import annotations

from fractions import Fraction

from gradcalc.functions import catalogue
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Declaration,
    Expr,
    Index,
    IndexedSum,
    IndexRange,
    Name,
    Negative,
    Number,
    Position,
    Program,
    Transpose,
)

_COMPARISON, _SUM, _PRODUCT, _UNARY, _POWER, _POSTFIX = 1, 2, 3, 4, 5, 6

_LEVELS = {
    **dict.fromkeys(COMPARISONS, _COMPARISON),
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "\\", ".*", "./"), _PRODUCT),
    **dict.fromkeys(("^", ".^"), _POWER),
}

_SPACED = {"+", "-", ".*", "./", *COMPARISONS}

_LONGEST_PLAIN_NUMBER = 16


def to_text(root: Expr) -> str:
    """The text of an expression: `parse_expression(to_text(tree)) == tree`.

    A number that is no finite decimal, which no text can give, is written as a quotient.
    """
    out: list[str] = []
    pending: list[str | tuple[Expr, int]] = [(root, 0)]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            out.append(piece)
            continue
        node, least = piece
        own, pieces = _pieces(node)
        if own < least:
            out.append("(")
            pending.append(")")
        pending.extend(reversed(pieces))
    return "".join(out)


def _pieces(node: Expr) -> tuple[int, list[str | tuple[Expr, int]]]:
    """The level of a node, and its text with the operands still as trees and the level they need."""
    if isinstance(node, Name):
        return _POSTFIX, [node.name]
    if isinstance(node, Number):
        text = number_text(node.value)
        return (_PRODUCT if "/" in text else _POSTFIX), [text]
    if isinstance(node, Negative):
        return _UNARY, ["-", (node.operand, _UNARY)]
    if isinstance(node, Transpose):
        return _POSTFIX, [(node.operand, _POSTFIX), "'"]
    if isinstance(node, Binary):
        return _binary_pieces(node)
    if isinstance(node, Call):
        entry = catalogue.lookup(node.function)
        name = node.function if entry is None else entry.spelling
        pieces: list[str | tuple[Expr, int]] = [name + "'" * node.primes + "("]
        for place, child in enumerate(node.children):
            if place:
                pieces.append(", ")
            pieces.append((child, 0))
        return _POSTFIX, [*pieces, ")"]
    if isinstance(node, Block):
        return _POSTFIX, _block_pieces(node)
    if isinstance(node, Index):
        return _POSTFIX, [(node.operand, _POSTFIX), "[" + ",".join([_position(p) for p in node.positions]) + "]"]
    assert isinstance(node, IndexedSum)
    return _POSTFIX, ["sum[" + ",".join([_range(r) for r in node.ranges]) + "](", (node.body, 0), ")"]


def _block_pieces(node: Block) -> list[str | tuple[Expr, int]]:
    pieces: list[str | tuple[Expr, int]] = ["["]
    for number, row in enumerate(node.rows):
        if number:
            pieces.append("; ")
        for place, part in enumerate(row):
            if place:
                pieces.append(", ")
            pieces.append((part, 0))
    return [*pieces, "]"]


def _binary_pieces(node: Binary) -> tuple[int, list[str | tuple[Expr, int]]]:
    operator = node.operator
    level = _LEVELS[operator]
    written = f" {operator} " if operator in _SPACED else operator
    if level == _POWER:
        # The exponent may carry a sign; the base may not.
        return level, [(node.left, _POSTFIX), written, (node.right, _UNARY)]
    left = level
    if level == _PRODUCT and operator not in _SPACED and _is_spaced_product(node.left):
        # Not needed by the parser, but `(a .* b)*c` reads as it is meant.
        left = _UNARY
    right = level + 1
    if isinstance(node.right, Negative) and level != _COMPARISON:
        right = _POWER
    return level, [(node.left, left), written, (node.right, right)]


def _is_spaced_product(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in (".*", "./")


def number_text(value: Fraction) -> str:
    """A non-negative rational: decimal digits, an exponent where that is shorter, or a quotient."""
    if value.denominator == 1:
        digits = str(value.numerator)
        if len(digits) <= _LONGEST_PLAIN_NUMBER:
            return digits
        stripped = digits.rstrip("0")
        return digits if len(digits) - len(stripped) < 3 else f"{stripped}e{len(digits) - len(stripped)}"
    scale = _decimal_places(value.denominator)
    if scale is None:
        return f"{value.numerator}/{value.denominator}"
    digits = str(value.numerator * 10**scale // value.denominator)
    if scale > _LONGEST_PLAIN_NUMBER and len(digits) + 4 < scale:
        return f"{digits}e-{scale}"
    digits = digits.rjust(scale + 1, "0")
    return f"{digits[:-scale]}.{digits[-scale:]}"


def _decimal_places(denominator: int) -> int | None:
    """The smallest k such that the denominator divides 10^k, or None."""
    places = [0, 0]
    for number, prime in enumerate((2, 5)):
        while denominator % prime == 0:
            denominator //= prime
            places[number] += 1
    return max(places) if denominator == 1 else None


def _position(position: Position) -> str:
    if isinstance(position, tuple):
        return f"{position[0]}:{position[1]}"
    return ":" if position is None else str(position)


def _range(bound: IndexRange) -> str:
    name, first, last = bound
    return name if first is None else f"{name}={first}..{last}"


def program_text(program: Program) -> str:
    """The program on one line, statements separated by `; `."""
    statements = [_declaration_text(declaration) for declaration in program.declarations]
    for function in program.functions:
        if function.body is None:
            statements.append(f"{function.name}(.)")
        else:
            statements.append(f"{function.name}({function.parameter}) = {to_text(function.body)}")
    statements += [f"{definition.name} = {to_text(definition.expression)}" for definition in program.definitions]
    return "; ".join([*statements, to_text(program.objective)])


def _declaration_text(declaration: Declaration) -> str:
    dims = "" if declaration.dims is None else "[" + ", ".join([str(dim) for dim in declaration.dims]) + "]"
    return f"{', '.join(declaration.names)}: {declaration.kind}{dims}"
