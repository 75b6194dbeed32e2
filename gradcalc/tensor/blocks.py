"""Sums of tensors that are moved to places of a larger one, written as block literals: [A, B; C, D]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcalc.language.polynomial import Dim, added
from gradcalc.language.syntax import Block, Call, Expr, Number, Transpose
from gradcalc.tensor.nodes import Basis, Coefficient, Contraction, Factor, Node, Pattern, Sum
from gradcalc.tensor.products import dimension

if TYPE_CHECKING:
    from gradcalc.tensor.raising import Raising

_MOST_PARTS = 64

_Place = tuple[Dim, Dim]
"""Where a part starts on an axis, and how long it is."""


def block_literal(raising: Raising, node: Sum) -> Expr | None:
    """The block literal that the sum is; None where its terms do not fill disjoint places of a grid."""
    if not node.dims or len(node.terms) > _MOST_PARTS:
        return None
    cells: dict[tuple[_Place, ...], Expr] = {}
    for coefficient, term in node.terms:
        found = _placed(raising, coefficient, term)
        if found is None or found[0] in cells:
            return None
        cells[found[0]] = found[1]
    rows = _tiling({places[0] for places in cells}, node.dims[0])
    if rows is None:
        return None
    if len(node.dims) == 1:
        # A few entries are shorter as a sum of unit vectors than as a block with zeros between.
        return Block((1,) * len(rows), tuple([cells[row,] for row in rows])) if len(rows) == len(cells) else None
    return _grid(cells, rows, node.dims[1])


def _grid(cells: dict[tuple[_Place, ...], Expr], rows: list[_Place], width: Dim) -> Expr | None:
    """The rows of a matrix, each with columns of its own; where all parts are transposes, its transpose."""
    parts: list[list[Expr]] = []
    shared: set[tuple[_Place, ...]] = set()
    whole = _tiling({places[1] for places in cells}, width)
    for row in rows:
        columns = whole or _tiling({places[1] for places in cells if places[0] == row}, width)
        if columns is None:
            return None
        shared.add(tuple(columns))
        parts.append([cells.get((row, column)) or _zeros((row[1], column[1])) for column in columns])
    flat = [part for line in parts for part in line]
    if len(flat) < 2:
        return None
    if len(shared) == 1 and all(isinstance(part, Transpose) or _is_zeros(part) for part in flat):
        turned = [_turned(line[column]) for column in range(len(parts[0])) for line in parts]
        return Transpose(Block((len(rows),) * len(parts[0]), tuple(turned)))
    return Block(tuple([len(line) for line in parts]), tuple(flat))


def _is_zeros(part: Expr) -> bool:
    return part == Number(0) or (isinstance(part, Call) and part.function == "zeros")


def _turned(part: Expr) -> Expr:
    """The transpose of a part that is one, or of zeros."""
    if isinstance(part, Transpose):
        return part.operand
    if isinstance(part, Call) and len(part.children) == 1:
        return Transpose(part)
    return part if isinstance(part, Number) else Call("zeros", part.children[::-1])


def _zeros(dims: tuple[Dim, ...]) -> Expr:
    """Zeros to fill a place with: a number, a row or a column where the place is one entry high or wide."""
    longer = tuple([dimension(dim) for dim in dims if dim != 1])
    if not longer:
        return Number(0)
    zeros = Call("zeros", longer)
    return Transpose(zeros) if len(dims) == 2 and dims[0] == 1 else zeros


def _placed(raising: Raising, coefficient: Coefficient, term: Node) -> tuple[tuple[_Place, ...], Expr] | None:
    """Where a term stands, and the term without its zeros; an axis of length one is left out."""
    if isinstance(term, Basis) and isinstance(term.position, int):
        return ((term.position - 1, 1),), raising.tree(raising.graph.contraction(coefficient, [], [], {}))
    if not isinstance(term, Contraction) or len(set(term.output)) != len(term.output):
        return None
    shifts: dict[int, Factor] = {}
    for factor in term.factors:
        leaf, exponent, indices = factor
        is_shift = isinstance(leaf, Pattern) and leaf.name == "shift" and indices[1] in term.output
        is_entry = isinstance(leaf, Basis) and isinstance(leaf.position, int) and indices[0] in term.output
        if exponent == 1 and (is_shift or is_entry):
            shifts.setdefault(indices[-1], factor)
    if not shifts:
        return None
    places: list[_Place] = []
    output: list[int] = []
    rest = [factor for factor in term.factors if factor not in shifts.values()]
    carried = {index for _, _, indices in rest for index in indices}
    if not carried.isdisjoint(shifts):
        return None
    for index, dim in zip(term.output, term.dims):
        if index not in shifts:
            places.append((0, dim))
            output.append(index)
            continue
        leaf, _, indices = shifts[index]
        if isinstance(leaf, Basis):
            places.append((int(leaf.position) - 1, 1))
            continue
        assert isinstance(leaf, Pattern)
        places.append((leaf.offset, leaf.dims[0]))
        if leaf.dims[0] != 1 or indices[0] in carried:
            output.append(indices[0])
    inner = raising.graph.contraction(term.coefficient, rest, output, dict(enumerate(term.index_dims)))
    part = raising.graph.scaled(coefficient, inner)
    is_row = len(places) == 2 and len(output) == 1 and places[0][1] == 1
    return tuple(places), raising.transposed_tree(part) if is_row else raising.tree(part)


def _tiling(places: set[_Place], dim: Dim) -> list[_Place] | None:
    """The places in order, with what is between them and after them, where none overlaps another."""
    ordered: list[_Place] = []
    position: Dim = 0
    left = dict(places)
    if len(left) < len(places):
        return None
    while left:
        if position in left:
            length = left.pop(position)
            ordered.append((position, length))
            position = added(position, length)
            continue
        numbers = [start for start in left if isinstance(start, int)]
        if not isinstance(position, int) or not numbers:
            return None
        following = min(numbers)
        if following < position:
            return None
        ordered.append((position, following - position))
        position = following
    if position != dim:
        rest = added(dim, position, -1)
        if isinstance(rest, int) and rest < 0:
            return None
        ordered.append((position, rest))
    return ordered
