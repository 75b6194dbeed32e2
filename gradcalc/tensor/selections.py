"""Contractions with constants that move, select or merge entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcalc.language.polynomial import added, polynomial
from gradcalc.tensor.nodes import ONE, Basis, Contraction, Factor, Node, Pattern, Sum
from gradcalc.tensor.rewriting import Powers, replaced, stands

if TYPE_CHECKING:
    from gradcalc.tensor.graph import Graph


def selected(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """The part of an axis that a shift selects: of what another shift has moved there, or of a sum of such terms."""
    shift, (row, column) = key
    assert isinstance(shift, Pattern)
    if column in outputs or stands(powers, column) != 2:
        return None
    for other, exponent in powers.items():
        node, indices = other
        if other == key or column not in indices or exponent != 1:
            continue
        if isinstance(node, Pattern) and node.name == "shift" and indices[1] == column:
            if node is shift:
                return replaced(powers, [key, other], [(graph.identity((node.dims[0],)), 1, (row, indices[0]))])
            if _is_after(node, shift) or _is_after(shift, node):
                return replaced(powers, [key, other], [(graph.constant(0), 1, ())])
        if isinstance(node, Basis) and isinstance(node.position, int) and isinstance(shift.offset, int):
            place = node.position - shift.offset
            length = shift.dims[0]
            if place < 1 or (isinstance(length, int) and place > length):
                return replaced(powers, [key, other], [(graph.constant(0), 1, ())])
            if isinstance(length, int):
                return replaced(powers, [key, other], [(graph.basis(length, place), 1, (row,))])
        if isinstance(node, Sum) and all(_is_moved(term, indices.index(column)) for _, term in node.terms):
            axis = indices.index(column)
            dims = list(node.dims)
            dims[axis] = shift.dims[0]
            axes = tuple(range(len(dims)))
            fresh = len(dims)
            moved = [fresh if place == axis else place for place in axes]
            terms = []
            for coefficient, term in node.terms:
                ranges = {**dict(enumerate(dims)), fresh: node.dims[axis]}
                part = graph.contraction(ONE, [(term, 1, tuple(moved)), (shift, 1, (axis, fresh))], axes, ranges)
                terms.append((coefficient, part))
            selected = graph.sum(terms, tuple(dims))
            return replaced(powers, [key, other], [(selected, 1, tuple([row if i == column else i for i in indices]))])
    return None


def picked(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """What a unit vector picks: nothing of another one or of a shift that is elsewhere; entries of moved terms."""
    unit, (index,) = key
    assert isinstance(unit, Basis)
    for other in powers:
        node, indices = other
        if other == key or index not in indices or not isinstance(unit.position, int):
            continue
        elsewhere = isinstance(node, Basis) and isinstance(node.position, int)
        if isinstance(node, Pattern) and node.name == "shift" and isinstance(node.offset, int) and indices[1] == index:
            place, length = unit.position - node.offset, node.dims[0]
            elsewhere = place < 1 or (isinstance(length, int) and place > length)
        if elsewhere:
            return replaced(powers, [key, other], [(graph.constant(0), 1, ())])
        if not isinstance(node, Sum) or powers[other] != 1 or index in outputs or stands(powers, index) != 2:
            continue
        axis = indices.index(index)
        if all(_is_moved(term, axis) for _, term in node.terms):
            axes = tuple(range(len(indices)))
            kept = axes[:axis] + axes[axis + 1 :]
            terms = [
                (scale, graph.contraction(ONE, [(term, 1, axes), (unit, 1, (axis,))], kept, dict(enumerate(node.dims))))
                for scale, term in node.terms
            ]
            made = graph.sum(terms, tuple([node.dims[place] for place in kept]))
            return replaced(powers, [key, other], [(made, 1, tuple([indices[place] for place in kept]))])
    return None


def _is_after(one: Pattern, other: Pattern) -> bool:
    """Whether what the first shift selects lies behind what the other one does, whatever the lengths are."""
    gap = polynomial(added(one.offset, added(other.offset, other.dims[0]), -1))
    return all(number >= 0 for number in gap.values())


def _is_moved(term: Node, axis: int) -> bool:
    """Whether the term is zero outside a part of an axis."""
    if not isinstance(term, Contraction):
        return False
    index = term.output[axis]
    return any(
        (isinstance(leaf, Pattern) and leaf.name == "shift" and indices[1] == index)
        or (isinstance(leaf, Basis) and indices[0] == index)
        for leaf, _, indices in term.factors
    )


def joined_merges(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """Two merges with the merged index in common, or both others, are one merge, and what is left is equal.

    A merge whose merged index, or whose two others, stand nowhere else is 1 for all the rest.
    """
    node, indices = key
    for other in powers:
        if other[0] is not node or other == key:
            continue
        if other[1][2] == indices[2] or other[1][:2] == indices[:2]:
            equal: list[Factor] = [
                (graph.identity((dim,)), 1, (left, right))
                for dim, left, right in zip(node.dims, indices, other[1])
                if left != right
            ]
            return replaced(powers, [other], equal)
    lonely = {index for index in indices if index not in outputs and stands(powers, index) == 1}
    if lonely in ({indices[2]}, set(indices[:2])) and len(set(indices)) == 3:
        return replaced(powers, [key], [])
    return None


def entries_of_sum(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """Entries of a sum with more axes than a matrix as the sum of the entries, which may have a matrix form."""
    total, indices = key
    assert isinstance(total, Sum)
    fixed = {
        place[0]: leaf
        for leaf, place in powers
        if isinstance(leaf, Basis) and place[0] in indices and place[0] not in outputs and stands(powers, place[0]) == 2
    }
    if len(total.dims) < 3 or not fixed:
        return None
    kept = tuple([axis for axis, index in enumerate(indices) if index not in fixed])
    at: list[Factor] = [(fixed[index], 1, (axis,)) for axis, index in enumerate(indices) if index in fixed]
    axes = tuple(range(len(indices)))
    terms = [
        (scale, graph.contraction(ONE, [(term, 1, axes), *at], kept, dict(enumerate(total.dims))))
        for scale, term in total.terms
    ]
    made = graph.sum(terms, tuple([total.dims[axis] for axis in kept]))
    gone = [key, *[(leaf, (index,)) for index, leaf in fixed.items()]]
    return replaced(powers, gone, [(made, powers[key], tuple([indices[axis] for axis in kept]))])
