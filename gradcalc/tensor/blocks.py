"""Sums of tensors that are moved to places of a larger one, written as block literals: [A, B; C, D]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcalc.language.kinds import C, M, R, S, block_kind
from gradcalc.language.polynomial import Dim, added
from gradcalc.language.syntax import Binary, Block, Call, Expr, Number, Transpose
from gradcalc.tensor.nodes import Basis, Coefficient, Contraction, Factor, Node, Pattern, Sum
from gradcalc.tensor.products import dimension

if TYPE_CHECKING:
    from gradcalc.tensor.raising import Raising

_MOST_PARTS = 64

_Place = tuple[Dim, Dim]
"""Where a part starts on an axis, and how long it is."""

_Part = tuple[Expr, int]
"""A part of a block, and its kind."""

_TURNED = {S: S, R: C, C: R, M: M}


def block_literal(raising: Raising, node: Sum) -> Expr | None:
    """The block literal that the sum is; None where its terms do not fill disjoint places of a grid."""
    if not node.dims or len(node.terms) > _MOST_PARTS:
        return None
    cells: dict[tuple[_Place, ...], _Part] = {}
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
        return Block((1,) * len(rows), tuple([cells[row,][0] for row in rows])) if len(rows) == len(cells) else None
    return _grid(cells, rows, node.dims[1])


def _grid(cells: dict[tuple[_Place, ...], _Part], rows: list[_Place], width: Dim) -> Expr | None:
    """The rows of a matrix, each with columns of its own; where all parts are transposes, its transpose."""
    parts: list[list[_Part]] = []
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
    if len(shared) == 1 and all(isinstance(part, Transpose) or _is_zeros(part) for part, _ in flat):
        turned = [
            (_turned(line[place][0]), _TURNED[line[place][1]]) for place in range(len(parts[0])) for line in parts
        ]
        return Transpose(_matrix((len(rows),) * len(parts[0]), turned))
    return _matrix(tuple([len(line) for line in parts]), flat)


def _matrix(widths: tuple[int, ...], parts: list[_Part]) -> Expr:
    """The block, which is a matrix: of rows alone, or of columns alone, it would be a vector."""
    block = Block(widths, tuple([part for part, _ in parts]))
    kind = block_kind(block, [kind for _, kind in parts])
    if kind == M:
        return block
    one = Call("ones", (Number(1),))
    return Binary("*", one, block) if kind == R else Binary("*", block, Transpose(one))


def _is_zeros(part: Expr) -> bool:
    return part == Number(0) or (isinstance(part, Call) and part.function == "zeros")


def _turned(part: Expr) -> Expr:
    """The transpose of a part that is one, or of zeros."""
    if isinstance(part, Transpose):
        return part.operand
    if isinstance(part, Call) and len(part.children) == 1:
        return Transpose(part)
    return part if isinstance(part, Number) else Call("zeros", part.children[::-1])


def _zeros(dims: tuple[Dim, Dim]) -> _Part:
    """Zeros to fill a place with: a number, a row or a column where the place is one entry high or wide."""
    longer = tuple([dimension(dim) for dim in dims if dim != 1])
    if not longer:
        return Number(0), S
    zeros = Call("zeros", longer)
    if len(longer) == 2:
        return zeros, M
    return (Transpose(zeros), R) if dims[0] == 1 else (zeros, C)


def _placed(raising: Raising, coefficient: Coefficient, term: Node) -> tuple[tuple[_Place, ...], _Part] | None:
    """Where a term stands, and the term without its zeros; an axis of length one is left out."""
    if isinstance(term, Basis) and isinstance(term.position, int):
        return ((term.position - 1, 1),), (raising.tree(raising.graph.contraction(coefficient, [], [], {})), S)
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
    if len(places) == 2 and len(output) == 1 and places[0][1] == 1 and places[1][1] != 1:
        return tuple(places), (raising.transposed_tree(part), R)
    return tuple(places), (raising.tree(part), (S, C, M)[len(output)])


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
