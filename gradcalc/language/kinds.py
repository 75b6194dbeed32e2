"""Kinds: scalar, column, row, matrix; and which of them each operator and function combines.

A set of kinds is a bit mask. A table lists the allowed kinds of the operands and the result of a node.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import cache
from itertools import product

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Elementwise, Linear
from gradcalc.language.syntax import (
    Binary,
    Block,
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

_QUOTIENT: Table = (*[(kind, S, kind) for kind in _SINGLE], (M, M, M), (R, M, R))

_SOLVE: Table = ((M, C, C), (M, M, M), *[(S, kind, kind) for kind in _SINGLE])

_SAME: Table = tuple([(kind, kind) for kind in _SINGLE])

_TRANSPOSE: Table = ((S, S), (C, R), (R, C), (M, M))

_POWER: Table = ((S, S, S),)

_MATRIX_POWER: Table = ((S, S, S), (M, S, M))

_BY_OPERATOR = {"*": _PRODUCT, "/": _QUOTIENT, "\\": _SOLVE}


def _is_fraction(node: Expr) -> bool:
    if isinstance(node, Negative):
        node = node.operand
    return isinstance(node, Number) and node.value.denominator != 1


def table_of(node: Expr, broadcast: bool, functions: Container[str] = ()) -> Table:
    """The kinds that a node allows: of its operands, then of itself. functions: the names that the user defines."""
    if isinstance(node, Binary):
        if node.operator == "^":
            return _MATRIX_POWER if not _is_fraction(node.right) else _POWER
        known = _BY_OPERATOR.get(node.operator)
        if known is not None:
            return known
        return _BROADCAST if broadcast else _ENTRYWISE
    if isinstance(node, (Negative, IndexedSum)):
        return _SAME
    if isinstance(node, Transpose):
        return _TRANSPOSE
    if isinstance(node, Index):
        return _index_table(tuple([position is None or isinstance(position, tuple) for position in node.positions]))
    assert isinstance(node, Call)
    return _SAME if node.function in functions else function_table(node.function, axis_literals(node))


def axis_literals(node: Call) -> tuple[int, ...]:
    """For each argument the number 1 or 2 that it is, else 0."""
    return tuple([1 if child == _ONE else 2 if child == _TWO else 0 for child in node.children])


_ONE, _TWO = Number(1), Number(2)


def block_tables(node: Block) -> Table:
    """The kinds of any one operand of a block literal, and of the whole."""
    if max(node.widths) == 1:
        return _COLUMN_OF_PARTS
    return _ROW_OF_PARTS if len(node.widths) == 1 else _GRID_OF_PARTS


# Tables are known by their identity, so each is made once.
_COLUMN_OF_PARTS: Table = ((S, C), (C, C), (R, M), (M, M))
_ROW_OF_PARTS: Table = ((S, R), (R, R), (C, M), (M, M))
_GRID_OF_PARTS: Table = tuple([(kind, M) for kind in _SINGLE])


SAME_HEIGHT: Table = tuple([(one, other) for pair in ((S, R), (C, M)) for one in pair for other in pair])
"""The kinds of two operands beside each other in a block: both one row high, or both columns and matrices."""


_ROW_SO_FAR: Table = tuple([(a, b, R if a == R and b in (S, R) else M) for a in (R, M) for b in _SINGLE])
_COLUMN_SO_FAR: Table = tuple([(a, b, C if a == C and b in (S, C) else M) for a in (C, M) for b in _SINGLE])
_ANY_GRID: Table = tuple([(M, kind, M) for kind in _SINGLE])


def growing_block(node: Block) -> tuple[int, Table]:
    """For operands of any kinds whose shapes are known: the kind of a block of none, and what one more makes of it.

    The table has the kind so far, that of the operand, and that of both: a row beside a matrix of one row is a matrix.
    """
    if max(node.widths) == 1:
        return C, _COLUMN_SO_FAR
    return (R, _ROW_SO_FAR) if len(node.widths) == 1 else (M, _ANY_GRID)


def block_kind(node: Block, kinds: Iterable[int]) -> int:
    """The kind of a block literal of operands of those kinds."""
    kind, table = growing_block(node)
    for operand in kinds:
        kind = next(row[2] for row in table if row[:2] == (kind, operand))
    return kind


@cache
def _index_table(whole: tuple[bool, ...]) -> Table:
    if len(whole) == 1:
        return ((C, C), (R, R)) if whole[0] else ((C, S), (R, S))
    rows_whole, columns_whole = whole
    if rows_whole:
        return ((M, M if columns_whole else C),)
    return ((M, R if columns_whole else S),)


@cache
def function_table(name: str, literals: tuple[int, ...]) -> Table:
    """The kinds that a function of the catalogue allows; literals: as `axis_literals` gives them."""
    entry = catalogue.lookup(name)
    count = len(literals)
    if isinstance(entry, Elementwise):
        return _elementwise_table(count)
    if not isinstance(entry, (Linear, Atom, Composite)):
        return _SAME
    rows: list[tuple[int, ...]] = []
    for kinds, result in entry.variants.items():
        operands = kinds.split(",")
        out = MASKS[result if isinstance(result, str) else result[1]]
        if len(operands) == count:
            rows.append((*[MASKS.get(kind, S) for kind in operands], out))
        elif entry.axis and count == 2 and literals[1]:
            rows += [
                row for row in _axis_rows(MASKS[operands[0]], out, literals[1]) if row[0] == M or not entry.pairwise
            ]
    if entry.pairwise is not None and count == 2:
        rows += [row for row in _elementwise_table(2) if row[0] != M]
    return tuple(rows)


def _axis_rows(operand: int, result: int, axis: int) -> list[tuple[int, ...]]:
    """What a function of a vector makes of the columns (axis 1) or rows (axis 2) of a matrix, of a column or a row."""
    if operand == C:
        along = (M, S, (R if axis == 1 else C) if result == S else M)
        return [along, (C, S, result)] if axis == 1 else [along]
    return [(R, S, result)] if operand == R and axis == 2 else []


@cache
def _elementwise_table(count: int) -> Table:
    rows = [(S,) * (count + 1)]
    for kind in (C, R, M):
        rows += [(*operands, kind) for operands in product((S, kind), repeat=count) if kind in operands]
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
