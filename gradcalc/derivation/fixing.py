"""What stays the same while something else varies, under names of its own: it is evaluated once."""

from __future__ import annotations

from collections.abc import Collection

from gradcalc.derivation.fragments import Context
from gradcalc.derivation.names import placeholder
from gradcalc.functions import catalogue
from gradcalc.language.syntax import Binary, Call, Expr, Name, postorder, transformed


def with_fixed_parts(tree: Expr, moving: Collection[int], context: Context) -> tuple[Expr, dict[str, Expr]]:
    """The expression with names for what does not move, as `?fixed0[i,j]` for `inv(Z)[i,j]`, and what they stand for.

    moving: the nodes that vary.
    """
    parts: dict[str, Expr] = {}
    names: dict[Expr, Expr] = {}
    parents = [node for node in postorder(tree) if id(node) in moving]
    for child in [child for node in parents for child in _values_in(node)]:
        if id(child) in moving or not isinstance(child, (Call, Binary)) or child in names:
            continue
        if not any(isinstance(leaf, Name) and leaf.name in context.shapes for leaf in postorder(child)):
            continue
        if context.typing(context.program(child)).kind(child) == "row":
            continue
        name = placeholder("fixed", len(parts))
        parts[name] = child
        names[child] = Name(name)
    return transformed(tree, names.get), parts


def _values_in(node: Expr) -> tuple[Expr, ...]:
    """The operands of a node that are values; those of reshape(x, m, n) after the first are sizes."""
    sizes = catalogue.first_size(node.function) if isinstance(node, Call) else None
    return node.children[:sizes]
