"""The lines of an explanation as boxes: differentials, quotients of them, Frobenius products, rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradcalc.derivation.notation import Differential, Ratio, marked
from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse_expression
from gradcalc.language.syntax import Binary, Call, Expr, Index, Negative, transformed
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


def rule_pieces(rule: str) -> list[str | Box]:
    """A rule with its formulas as boxes and the words between them."""
    pieces: list[str | Box] = []
    for part in re.split(r"(; |, (?=\S+'+\())", rule):
        formula = _formula(part) if " = " in part else None
        pieces += [part] if formula is None else formula
    return pieces


def _formula(text: str) -> list[str | Box] | None:
    """An equation as a box; None for what is none."""
    before, colon, equation = text.rpartition(": ") if text.startswith("symmetric: ") else ("", "", text)
    left, _, right = equation.partition(" = ")
    try:
        if left.startswith("d "):
            first = row(word("d"), glue("operator"), _box(parse_expression(left[2:]), {}))
        else:
            first = _box(parse_expression(left), _GENERIC)
        second = _box(parse_expression(right), _GENERIC)
    except GradcalcError:
        return None
    equal = row(first, sign("="), second)
    return [before + colon, equal] if before else [equal]
