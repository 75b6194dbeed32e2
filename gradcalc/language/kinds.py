"""Kinds: scalar, column, row, matrix; and which of them each operator and function combines.

A set of kinds is a bit mask. A table lists the allowed kinds of the operands and the result of a node.
"""

from __future__ import annotations

from collections.abc import Container
from functools import cache

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Linear
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Negative,
    Number,
    Transpose,
)

S, C, R, M = 1, 2, 4, 8

ANY = S | C | R | M

VARIABLE = S | C | M
"""A variable is a number, a column or a matrix; rows are transposed columns."""

NAMES = {S: "scalar", C: "vector", R: "row", M: "matrix"}
MASKS = {name: mask for mask, name in NAMES.items()}

RANKS = {S: 0, C: 1, R: 1, M: 2}

Table = tuple[tuple[int, ...], ...]

_SINGLE = (S, C, R, M)

_PRODUCT: Table = (
    *[(S, kind, kind) for kind in _SINGLE],
    *[(kind, S, kind) for kind in (C, R, M)],
    (M, M, M), (M, C, C), (R, M, R), (R, C, S), (C, R, M),
)  # fmt: skip

_ENTRYWISE: Table = (
    *[(kind, kind, kind) for kind in _SINGLE],
    *[(S, kind, kind) for kind in (C, R, M)],
    *[(kind, S, kind) for kind in (C, R, M)],
)

_BROADCAST: Table = (*_ENTRYWISE, (M, C, M), (C, M, M), (M, R, M), (R, M, M))

_QUOTIENT: Table = tuple([(kind, S, kind) for kind in _SINGLE])

_SOLVE: Table = ((M, C, C), (M, M, M), *[(S, kind, kind) for kind in _SINGLE])

_SAME: Table = tuple([(kind, kind) for kind in _SINGLE])

_TRANSPOSE: Table = ((S, S), (C, R), (R, C), (M, M))

_POWER: Table = ((S, S, S),)

_MATRIX_POWER: Table = ((S, S, S), (M, S, M))

_BY_OPERATOR = {"*": _PRODUCT, "/": _QUOTIENT, "\\": _SOLVE}


def is_integer_literal(node: Expr) -> bool:
    if isinstance(node, Negative):
        node = node.operand
    return isinstance(node, Number) and node.value.denominator == 1


def table_of(node: Expr, broadcast: bool, functions: Container[str] = ()) -> Table:
    """The kinds that a node allows: of its operands, then of itself. functions: the names that the user defines."""
    if isinstance(node, Binary):
        if node.operator == "^":
            return _MATRIX_POWER if is_integer_literal(node.right) else _POWER
        known = _BY_OPERATOR.get(node.operator)
        if known is not None:
            return known
        return _BROADCAST if broadcast else _ENTRYWISE
    if isinstance(node, (Negative, IndexedSum)):
        return _SAME
    if isinstance(node, Transpose):
        return _TRANSPOSE
    if isinstance(node, Index):
        return _index_table(tuple([position is None for position in node.positions]))
    assert isinstance(node, Call)
    return _SAME if node.function in functions else function_table(node.function, len(node.children))


@cache
def _index_table(whole: tuple[bool, ...]) -> Table:
    if len(whole) == 1:
        return ((C, C), (R, R)) if whole[0] else ((C, S), (R, S))
    rows_whole, columns_whole = whole
    if rows_whole:
        return ((M, M if columns_whole else C),)
    return ((M, R if columns_whole else S),)


@cache
def function_table(name: str, count: int) -> Table:
    """The kinds that a function of the catalogue allows."""
    entry = catalogue.lookup(name)
    if not isinstance(entry, (Linear, Atom, Composite)):
        return _SAME
    rows: list[tuple[int, ...]] = []
    for kinds, result in entry.variants.items():
        operands = kinds.split(",")
        if len(operands) == count:
            out = result if isinstance(result, str) else result[1]
            rows.append((*[MASKS.get(kind, S) for kind in operands], MASKS[out]))
    return tuple(rows)


_revised: dict[tuple[int, tuple[int, ...]], tuple[int, ...]] = {}


def revised(table: Table, masks: tuple[int, ...]) -> tuple[int, ...]:
    """The masks without the kinds that the table does not allow together; all zero when nothing is left."""
    key = (id(table), masks)
    known = _revised.get(key)
    if known is None:
        new = [0] * len(masks)
        for row in table:
            if all(kind & mask for kind, mask in zip(row, masks)):
                for place, kind in enumerate(row):
                    new[place] |= kind
        known = _revised[key] = tuple(new)
    return known
