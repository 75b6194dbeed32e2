"""Indices by other names, so that an expression can stand inside a sum over indices that it uses itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from gradcalc.derivation.notation import Ratio
from gradcalc.language.polynomial import Dim, names_in, substituted
from gradcalc.language.syntax import Expr, Index, IndexedSum, Name, Position, postorder, transformed
from gradcalc.tensor.indexing import index_names


def bound_names(tree: Expr) -> set[str]:
    """The names of the indices that sums in the expression bind."""
    return {name for node in postorder(tree) if isinstance(node, IndexedSum) for name, _, _ in node.ranges}


def placed_names(tree: Expr) -> set[str]:
    """The names of the indices that something is indexed with."""
    places = [place for node in postorder(tree) if isinstance(node, Index) for place in node.positions]
    return {name for place in places if isinstance(place, str) for name in names_in(place)}


def moving_nodes(tree: Expr, indices: Sequence[str]) -> set[int]:
    """The nodes whose value depends on an index, and derivatives that are not written out."""
    names = {*indices, *bound_names(tree)}
    moving: set[int] = set()
    for node in postorder(tree):
        own = isinstance(node, Ratio) or (isinstance(node, Name) and node.name in names)
        if isinstance(node, Index):
            places = [place for place in node.positions if isinstance(place, str)]
            own = any(name in names for place in places for name in names_in(place))
        if own or isinstance(node, IndexedSum) or any(id(child) in moving for child in node.children):
            moving.add(id(node))
    return moving


def renamed(tree: Expr, names: Mapping[str, str]) -> Expr:
    """The expression with indices by other names, bound ones as well."""

    def rename(dim: Dim) -> Dim:
        if isinstance(dim, str) and any(name in names for name in names_in(dim)):
            return substituted(dim, lambda name: names.get(name, name))
        return dim

    def position(place: Position) -> Position:
        if isinstance(place, tuple):
            return rename(place[0]), rename(place[1])
        return None if place is None else rename(place)

    def replace(node: Expr) -> Expr | None:
        if isinstance(node, Index):
            return Index(node.operand, tuple([position(place) for place in node.positions]))
        if isinstance(node, IndexedSum):
            ranges = tuple([(names.get(name, name), first, last) for name, first, last in node.ranges])
            return IndexedSum(ranges, node.body)
        if isinstance(node, Name) and type(node) is Name and node.name in names:
            return Name(names[node.name])
        return None

    return transformed(tree, replace)


def apart(tree: Expr, used: Iterable[str], reserved: Collection[str]) -> Expr:
    """The expression with its bound indices renamed where they are among those used outside of it."""
    used = set(used)
    bound = bound_names(tree)
    clashing = [name for name in sorted(bound) if name in used]
    # A bound index may not get the name of a free one, which it would capture.
    fresh = index_names(used | bound | placed_names(tree) | set(reserved))
    return renamed(tree, {name: next(fresh) for name in clashing}) if clashing else tree


def at_indices(tree: Expr, old: tuple[str, ...], new: tuple[str, ...], reserved: Collection[str]) -> Expr:
    """The entry at other free indices."""
    return renamed(apart(tree, new, reserved), dict(zip(old, new)))
