"""Vectors that are counted: in a sum over i, the x_i of w^T x_i is column i of a matrix, not an entry of a vector."""

from __future__ import annotations

from collections.abc import Collection

from gradcalc.language.latex.scripts import is_matrix
from gradcalc.language.latex.words import GREEK_NAMES
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, Negative, Transpose, postorder, transformed


def with_columns(trees: list[Expr], bold: Collection[str]) -> tuple[list[str], list[Expr]]:
    """The names that are matrices of counted vectors, and the trees with x[i] written as x[:,i] for them.

    Where entries of the vectors are used too, x_{ij}, the vectors are the rows. bold: names that were typed as vectors.
    """
    nodes = [node for tree in trees for node in postorder(tree)]
    counted = dict.fromkeys(map(_counted_name, nodes))
    plain = _plain(trees)
    shown = {name for node in nodes for name in _vectors(node)} | set(bold)
    vectors = [name for name in counted if name is not None and name in shown and name not in plain]
    if not vectors:
        return [], trees
    rows = {
        node.operand.name
        for node in nodes
        if isinstance(node, Index) and isinstance(node.operand, Name) and len(node.positions) == 2
    }

    def replaced(node: Expr) -> Expr | None:
        name = _counted_name(node)
        if name not in vectors or not isinstance(node, Index):
            return None
        if name in rows:
            return Transpose(Index(node.operand, (node.positions[0], None)))
        return Index(node.operand, (None, node.positions[0]))

    return vectors, [_without_double_transposes(transformed(tree, replaced)) for tree in trees]


def _counted_name(node: Expr) -> str | None:
    """The x of x[i], where x is a lower-case name."""
    if not isinstance(node, Index) or len(node.positions) != 1 or not isinstance(node.positions[0], str):
        return None
    return node.operand.name if isinstance(node.operand, Name) and node.operand.name[0].islower() else None


def _plain(trees: list[Expr]) -> set[str]:
    """The names that stand somewhere without an index."""
    indexed: set[int] = set()
    names: dict[int, str] = {}
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Name):
                names[id(node)] = node.name
            elif isinstance(node, Index):
                indexed.add(id(node.operand))
    return {name for key, name in names.items() if key not in indexed}


def _vectors(node: Expr) -> list[str]:
    """The counted names that an operation shows to be vectors."""
    sums: tuple[Expr, ...] = ()
    if isinstance(node, Transpose):
        sums = node.children
    elif isinstance(node, Binary) and node.operator == "*":
        left = _last_factor(node.left)
        if isinstance(left, Transpose) or (is_matrix(left) and _counted_name(node.right) not in GREEK_NAMES):
            sums = (node.right,)
    elif isinstance(node, Call) and node.function in ("norm2", "norm1", "dot", "softmax"):
        sums = node.children
    terms = [term for argument in sums for term in _terms(argument)]
    if any(_is_row_product(term) for term in terms):
        return []
    return [name for name in map(_counted_name, terms) if name is not None]


def _last_factor(tree: Expr) -> Expr:
    while isinstance(tree, Binary) and tree.operator in ("*", "/"):
        tree = tree.right
    return tree.operand if isinstance(tree, Negative) else tree


def _terms(tree: Expr) -> list[Expr]:
    """What a sum adds."""
    terms: list[Expr] = []
    while isinstance(tree, Binary) and tree.operator in ("+", "-"):
        terms.append(tree.right)
        tree = tree.left
    return [*terms, tree]


def _is_row_product(tree: Expr) -> bool:
    return isinstance(tree, Binary) and tree.operator == "*" and isinstance(tree.left, Transpose)


def _without_double_transposes(tree: Expr) -> Expr:
    def replaced(node: Expr) -> Expr | None:
        if isinstance(node, Transpose) and isinstance(node.operand, Transpose):
            return node.operand.operand
        return None

    return transformed(tree, replaced)
