"""Places in a tree: every node with the way to it, and the tree with another node there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from gradcalc.functions import catalogue
from gradcalc.language.syntax import Binary, Call, Expr, Negative, Transpose, with_children

Path = tuple[int, ...]
"""Which operand to take at each step down from the root."""


def places(root: Expr) -> Iterator[tuple[Path, Expr, Expr | None]]:
    """Every node with its path and the node above, those near the root first; sizes of functions are left out."""
    pending: deque[tuple[Path, Expr, Expr | None]] = deque([((), root, None)])
    while pending:
        path, node, above = pending.popleft()
        yield path, node, above
        first = catalogue.first_size(node.function) if isinstance(node, Call) else None
        children = node.children if first is None else node.children[:first]
        pending.extend([((*path, step), child, node) for step, child in enumerate(children)])


def replaced(root: Expr, path: Path, new: Expr) -> Expr:
    """The tree with another node at a path."""
    spine: list[Expr] = [root]
    for step in path[:-1]:
        spine.append(spine[-1].children[step])
    for node, step in zip(reversed(spine), reversed(path)):
        new = with_children(node, (*node.children[:step], new, *node.children[step + 1 :]))
    return new


def transposed(node: Expr) -> Expr:
    """The transpose, without two of them over each other."""
    return node.operand if isinstance(node, Transpose) else Transpose(node)


def is_diagonal(node: Expr | None) -> bool:
    """Whether a node is the diagonal matrix of a vector."""
    return isinstance(node, Call) and node.function == "diag"


def is_sum(node: Expr | None) -> bool:
    return isinstance(node, Binary) and node.operator in ("+", "-")


def is_product(node: Expr | None) -> bool:
    """Whether a node multiplies its operands, divides them, or takes a power."""
    return isinstance(node, (Binary, Negative)) and not is_sum(node)
