"""The lines of an explanation as boxes: differentials, quotients of them, Frobenius products, rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradcalc.derivation.notation import Differential, Ratio, marked
from gradcalc.errors import GradcalcError
from gradcalc.language.lexer import tokens
from gradcalc.language.parser import ExpressionParser
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, Negative, transformed
from gradcalc.output.boxes import (
    PRODUCT,
    Box,
    at,
    called,
    fence,
    fraction,
    glue,
    letter,
    operator,
    row,
    sign,
    subscript,
    symbol,
    transposed,
    word,
)
from gradcalc.output.typesetting import box_of, index_box, name_box, positions_box

if TYPE_CHECKING:
    from gradcalc.derivation.steps import Step


class _Pair(Call):
    """A Frobenius product that is written with a colon."""

    __slots__ = ()


def sides(step: Step, differentials: Mapping[str, str]) -> tuple[Box, Box]:
    """The left and the right side of a line. differentials: dW -> W."""
    return _box(step.left, differentials), _box(step.right, differentials)


def _box(tree: Expr, differentials: Mapping[str, str]) -> Box:
    return box_of(_with_pairs(marked(tree, differentials)), _SETTERS)


def _with_pairs(tree: Expr) -> Expr:
    """The tree with colons for the Frobenius products among its terms."""
    terms: set[int] = set()
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Negative) or (isinstance(node, Binary) and node.operator in "+-"):
            pending.extend(node.children)
        elif isinstance(node, Call) and node.function == "dot" and len(node.children) == 2:
            terms.add(hash(node))

    def paired(node: Expr) -> Expr | None:
        return _Pair("dot", node.children) if isinstance(node, Call) and hash(node) in terms else None

    return transformed(tree, paired) if terms else tree


def _pair_box(node: Expr, operands: tuple[Box, ...]) -> Box:
    left, right = [_side(box) for box in operands]
    return Box("row", ":", (left, sign(":"), right), level=PRODUCT, open=right.open)


def _side(box: Box) -> Box:
    return fence(box) if box.open or box.text in (r"\odot", r"\oslash") else at(box, PRODUCT)


def _differential_box(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Differential)
    return row(word("d"), name_box(node.base))


def _ratio_box(node: Expr, operands: tuple[Box, ...]) -> Box:
    assert isinstance(node, Ratio)
    d = symbol(r"\partial") if node.direct else word("d")
    above, below = _base(node.above, node.rows), _base(node.below, node.columns)
    below = transposed(below) if node.row else below
    return fraction(row(d, glue("touching"), above), row(d, glue("touching"), below))


def _base(name: str, positions: tuple[int | str, ...]) -> Box:
    inside = name[4:-1] if name.startswith("vec(") else None
    base = called(operator("vec"), [name_box(inside)]) if inside is not None else name_box(name)
    return subscript(base, positions_box(positions)) if positions else base


def _entry_box(node: Expr, operands: tuple[Box, ...]) -> Box:
    """An entry; of the identity it is a Kronecker delta."""
    assert isinstance(node, Index)
    is_identity = isinstance(node.operand, Call) and node.operand.function == "eye"
    if is_identity and len(node.positions) == 2 and all(isinstance(place, (int, str)) for place in node.positions):
        return subscript(letter("delta"), positions_box(node.positions))
    return index_box(node, operands)


_SETTERS = {Differential: _differential_box, Ratio: _ratio_box, _Pair: _pair_box, Index: _entry_box}

_GENERIC = {"dX": "X", "dx": "x", "dt": "t"}
"""The differentials in the rules of functions."""

_WITH_NAMES = re.compile(r"((?:put|linear) in |name what stands before |what stands before )(\w+)(.*)")
_CONSTANTS = re.compile(r"(.+)( (?:is|are) constant)")
_EQUATION_AND_WORDS = re.compile(r"(\S+ = .*?)( says that | is the |, carried )(.*)")


def rule_pieces(rule: str, differentials: Mapping[str, str]) -> list[str | Box]:
    """A rule with its formulas as boxes and the words between them. differentials: dW -> W."""
    pieces: list[str | Box] = []
    for part in re.split(r"(; |, (?=\S+'+\())", rule):
        for piece in _pieces_of(part, differentials):
            last = pieces[-1] if pieces else None
            if isinstance(piece, str) and isinstance(last, str):
                pieces[-1] = last + piece
            elif piece:
                pieces.append(piece)
    return pieces


def _pieces_of(part: str, differentials: Mapping[str, str]) -> list[str | Box]:
    names = _WITH_NAMES.fullmatch(part)
    if names is not None:
        return [names[1], _box(Name(names[2]), differentials), names[3]]
    equation = _EQUATION_AND_WORDS.fullmatch(part)
    if equation is not None:
        return [*_formula(equation[1], differentials), equation[2] + equation[3]]
    constants = _CONSTANTS.fullmatch(part)
    if constants is not None:
        expression = _read(constants[1], differentials)
        return [constants[1] if expression is None else expression, constants[2]]
    return _formula(part, {**_GENERIC, **differentials}) if " = " in part else [part]


def _read(text: str, differentials: Mapping[str, str]) -> Box | None:
    """The box of an expression in names that may be those of functions; None for what is none."""
    words = set(re.findall(r"[^\W\d]\w*(?!\w*\'*\()", text))
    try:
        found = tokens(text)
        parser = ExpressionParser(found, (), words)
        tree = parser.parse(0)
    except GradcalcError:
        return None
    return _box(tree, differentials) if found[parser.position].kind == "end" else None


def _formula(text: str, differentials: Mapping[str, str]) -> list[str | Box]:
    """An equation as a box; the text for what is none."""
    before, colon, equation = text.rpartition(": ") if text.startswith("symmetric: ") else ("", "", text)
    left, _, right = equation.partition(" = ")
    is_differential = left.startswith("d ")
    first, second = _read(left.removeprefix("d "), differentials), _read(right, differentials)
    if first is None or second is None:
        return [text]
    if is_differential:
        first = row(word("d"), glue("operator"), first)
    return [before + colon, row(first, sign("="), second)]
