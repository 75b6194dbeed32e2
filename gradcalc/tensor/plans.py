"""How an expression is lowered: its nodes in order, the sums inside longer sums, the binders of indices."""

from __future__ import annotations

from functools import cache

from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import names_in
from gradcalc.language.syntax import Binary, Expr, Index, IndexedSum, Name, postorder

Binders = dict[tuple[int, str], IndexedSum]
"""The sum that binds an index, by the place (the `id` of the node) and the name."""

Plan = tuple[list[Expr], set[int], Binders]
"""The nodes in order, the `id`s of the sums inside longer sums, the binders of indices."""

_FORMULA_PLANS: dict[int, Plan] = {}
"""The plans of the catalogue's formulas, which live as long as the process, by `id`."""


@cache
def formula(text: str) -> Expr:
    """An expression of the catalogue, parsed once."""
    tree = parse_expression(text)
    _FORMULA_PLANS[id(tree)] = _plan(tree)
    return tree


def plan_of(root: Expr) -> Plan:
    """The plan of an expression; of a formula of the catalogue the one that was made with it."""
    return _FORMULA_PLANS.get(id(root)) or _plan(root)


def _plan(root: Expr) -> Plan:
    order = list(postorder(root))
    return order, _additive_chains(order), _binders(order)


def bound_name(node: Index, position: str, bound: Binders) -> str | None:
    """The bound index that a position is, alone or with something added."""
    return next((name for name in names_in(position) if (id(node), name) in bound), None)


def label_of(binder: IndexedSum, name: str) -> str:
    """The free index of a bound name: sums that use the same name have indices of their own."""
    return f"{name} of {id(binder)}"


def _binders(order: list[Expr]) -> Binders:
    """For each place where an index stands, the innermost sum around it that binds it."""
    sums = [node for node in order if isinstance(node, IndexedSum)]
    bound: Binders = {}
    for outer in reversed(sums):
        names = {name for name, _, _ in outer.ranges}
        for node in postorder(outer.body):
            if isinstance(node, Name) and node.name in names:
                bound[id(node), node.name] = outer
            elif isinstance(node, Index):
                used = [n for p in node.positions if isinstance(p, str) for n in names_in(p)]
                bound.update({(id(node), name): outer for name in used if name in names})
    return bound


def _additive_chains(order: list[Expr]) -> set[int]:
    """The sums that are the left operand of another sum and of nothing else."""
    uses: dict[int, int] = {}
    candidates: list[Expr] = []
    for node in order:
        for child in node.children:
            uses[id(child)] = uses.get(id(child), 0) + 1
        if isinstance(node, Binary) and node.operator in ("+", "-"):
            candidates.append(node.left)
    return {
        id(node)
        for node in candidates
        if isinstance(node, Binary) and node.operator in ("+", "-") and uses[id(node)] == 1
    }
