"""Chains of functions that are one function by another name: log(1 + exp(t)) is softplus(t).

The core recognises them when an expression is lowered; here it is asked which part of an expression is such a chain,
and of what. The operand is looked for among the dominators of the expression: the subexpressions through which all of
the variable has to pass.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradcalc.derivation import names
from gradcalc.derivation.fragments import Context
from gradcalc.derivation.linearity import is_multilinear_node
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Linear
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
    transformed,
)

OPERAND = names.placeholder("operand")
"""What the operand is called in a recognised form."""

_MOST_DOMINATORS = 5

_LARGEST_REGION = 24
"""How many nodes a chain may have: this bounds the time for large expressions."""


class Recognised:
    """operand: the subexpression that the chain is taken of; form: the one function, of `OPERAND`; constants: what else
    stands in the chain.
    """

    __slots__ = ("constants", "form", "operand")

    def __init__(self, operand: Expr, form: Expr, constants: list[Expr]) -> None:
        self.operand = operand
        self.form = form
        self.constants = constants

    @property
    def is_of_opposite(self) -> bool:
        """Whether the function is taken of -t for an operand t: it is simpler to name the opposite."""
        operand = self.form
        while isinstance(operand, Negative):
            operand = operand.operand
        return isinstance(operand, Call) and operand.children == (Negative(Name(OPERAND)),)


def heights_of(root: Expr) -> dict[int, int]:
    """For each node how many nodes are above a leaf on the longest way down."""
    heights: dict[int, int] = {}
    for node in postorder(root):
        heights[id(node)] = 1 + max([heights[id(child)] for child in node.children], default=0)
    return heights


def recognised(
    node: Expr, varies: Mapping[int, bool], heights: Mapping[int, int], typing: Typing, context: Context
) -> Recognised | None:
    """The chain of functions that begins at the node, with its operand as far down as it goes."""
    if is_multilinear_node(node, varies, typing) and not _is_reduction(node):
        return None
    regions = _dominators(node, varies, heights, typing)
    for operand, region in reversed(regions):
        if typing.kind(operand) == "row" or _count_functions(region, varies, typing) < (
            1 if _is_reduction(node) else 2
        ):
            continue
        form = _single_function(node, operand, typing, context)
        if form is not None:
            inside = {id(inner) for inner in region}
            constants = [
                child
                for inner in region
                for child in inner.children
                if id(child) not in inside and child != operand and not varies[id(child)]
            ]
            return Recognised(operand, form, constants)
    return None


def _is_reduction(node: Expr) -> bool:
    """A sum over entries, which may be a squared norm."""
    return isinstance(node, Call) and node.function in ("sum", "tr") and len(node.children) == 1


def _dominators(
    node: Expr, varies: Mapping[int, bool], heights: Mapping[int, int], typing: Typing
) -> list[tuple[Expr, list[Expr]]]:
    """The subexpressions that all of the variable passes through, nearest first, each with the nodes above it."""
    found: list[tuple[Expr, list[Expr]]] = []
    region: list[Expr] = []
    frontier: dict[Expr, None] = {node: None}
    while len(region) < _LARGEST_REGION and len(found) < _MOST_DOMINATORS:
        top = max(frontier, key=lambda item: heights[id(item)])
        if isinstance(top, (Name, IndexedSum)) or not top.children:
            break
        del frontier[top]
        region.append(top)
        frontier.update(dict.fromkeys([child for child in top.children if varies.get(id(child), False)]))
        if len(frontier) == 1:
            operand = next(iter(frontier))
            if not typing.knows(operand):
                break
            found.append((operand, list(region)))
    return found


def _count_functions(region: list[Expr], varies: Mapping[int, bool], typing: Typing) -> int:
    return sum([not is_multilinear_node(node, varies, typing) for node in region])


def _single_function(node: Expr, operand: Expr, typing: Typing, context: Context) -> Expr | None:
    """The node as one function of the operand, named `OPERAND`, or its product with itself; None where it is not."""
    name = Name(OPERAND)
    tree = transformed(node, lambda inner: name if inner == operand else None)
    context.shapes[name.name] = typing.dims(operand)
    try:
        raised = context.normal(tree).expanded
    except GradcalcError:
        return None
    finally:
        del context.shapes[name.name]
    squared = _square(raised, name, typing.kind(operand))
    if squared is None and not _is_one_function(raised, name, typing):
        return None
    return raised if squared is None else squared


def _square(raised: Expr, name: Name, kind: str) -> Expr | None:
    """d'*d for norm2(d)^2 of a vector, d : d of a matrix, d^2 of a number; with a number before it as well."""
    if isinstance(raised, Binary) and raised.operator in ("*", "/"):
        number, other = (raised.left, raised.right) if raised.operator == "*" else (raised.right, raised.left)
        inner = _square(other, name, kind) if isinstance(number, Number) else None
        if inner is None:
            return None
        pair = (number, inner) if raised.operator == "*" else (inner, number)
        return Binary(raised.operator, *pair)
    norm = Call("norm2", (name,))
    if raised in (Binary("^", norm, Number(2)), Binary("*", Transpose(name), name)):
        return Binary("*", Transpose(name), name) if kind == "vector" else Call("dot", (name, name))
    return None


def _is_one_function(raised: Expr, name: Name, typing: Typing) -> bool:
    """Whether the expression is one function of the catalogue at the name or its opposite, up to sign."""
    while isinstance(raised, Negative):
        raised = raised.operand
    if not isinstance(raised, Call) or raised.function in typing.functions or len(raised.children) != 1:
        return False
    entry = catalogue.lookup(raised.function)
    operand = raised.children[0]
    return entry is not None and not isinstance(entry, Linear) and operand in (name, Negative(name))
