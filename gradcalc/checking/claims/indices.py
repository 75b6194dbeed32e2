"""The indices of a claim: which are free, which are summed over because they are repeated, and names that clash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gradcalc.language.polynomial import names_in
from gradcalc.language.syntax import (
    Binary,
    Definition,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Position,
    postorder,
    transformed,
    with_children,
)

Trees = tuple[Expr, tuple[Definition, ...]]


def free_and_summed(
    trees: Sequence[Expr], named: Collection[str], lengths: Collection[str]
) -> tuple[list[str], list[str]]:
    """The indices that no sum binds: those that stand once in a term, and those that are repeated in one.

    named: indices that are free whatever they stand in. lengths: names that are lengths, as the n of x[n].
    """
    free: dict[str, None] = {}
    summed: dict[str, None] = {}
    for tree in trees:
        for name, count in _unbound(tree).items():
            if name in lengths:
                continue
            if name in named or count < 2:
                free[name] = None
            else:
                summed[name] = None
    return [name for name in free if name not in summed], list(summed)


def _unbound(root: Expr) -> dict[str, int]:
    """Every index that no sum around it binds, and how often it stands in one term at most."""
    counts: dict[int, dict[str, int]] = {}
    for node in postorder(root):
        own: dict[str, int] = {}
        if isinstance(node, Index):
            for position in node.positions:
                if isinstance(position, str) and position != "end":
                    own.update(dict.fromkeys(names_in(position), 1))
        for child in node.children:
            for name, count in counts[id(child)].items():
                added = isinstance(node, Binary) and node.operator in ("+", "-")
                own[name] = max(own.get(name, 0), count) if added else own.get(name, 0) + count
        if isinstance(node, IndexedSum):
            for name, _, _ in node.ranges:
                own.pop(name, None)
        counts[id(node)] = own
    return counts[id(root)]


def summed_over(root: Expr, name: str) -> Expr:
    """The tree with a sum over an index around the smallest product that has all of its places."""
    if name not in _unbound(root):
        return root
    if isinstance(root, Negative):
        return with_children(root, (summed_over(root.operand, name),))
    inside = [name in _unbound(child) for child in root.children]
    if isinstance(root, Binary) and root.operator in ("+", "-"):
        return with_children(root, tuple([summed_over(child, name) for child in root.children]))
    if sum(inside) == 1 and not isinstance(root, Index) and _unbound(root)[name] > 1:
        place = inside.index(True)
        children = list(root.children)
        children[place] = summed_over(children[place], name)
        return with_children(root, tuple(children))
    return IndexedSum(((name, None, None),), root, root.span)


def renamed_indices(tree: Expr, definitions: Sequence[Definition], new: Mapping[str, str]) -> Trees:
    """The trees with indices by other names."""

    def rename(node: Expr) -> Expr | None:
        if isinstance(node, Index):
            positions = tuple([_renamed(position, new) for position in node.positions])
            return Index(node.operand, positions, node.span) if positions != node.positions else None
        if isinstance(node, IndexedSum):
            ranges = tuple([(new.get(name, name), first, last) for name, first, last in node.ranges])
            return IndexedSum(ranges, node.body, node.span) if ranges != node.ranges else None
        return None

    renamed = tuple([Definition(d.name, transformed(d.expression, rename), d.span) for d in definitions])
    return transformed(tree, rename), renamed


def _renamed(position: Position, new: Mapping[str, str]) -> Position:
    return new.get(position, position) if isinstance(position, str) else position


def named_apart(tree: Expr, definitions: Sequence[Definition], lengths: Collection[str]) -> Trees:
    """The trees with indices that are called as a length otherwise: the k of A[i,k] where an axis has k entries."""
    trees = [tree, *[definition.expression for definition in definitions]]
    used: set[str] = set()
    names: set[str] = set(lengths)
    for root in trees:
        for node in postorder(root):
            if isinstance(node, Index):
                used.update([p for p in node.positions if isinstance(p, str) and p in lengths])
            elif isinstance(node, IndexedSum):
                used.update([name for name, _, _ in node.ranges if name in lengths])
                names.update([name for name, _, _ in node.ranges])
            elif isinstance(node, Name):
                names.add(node.name)
    new: dict[str, str] = {}
    for name in sorted(used):
        number = 1
        while f"{name}{number}" in names:
            number += 1
        new[name] = f"{name}{number}"
        names.add(new[name])
    return renamed_indices(tree, definitions, new) if new else (tree, tuple(definitions))
