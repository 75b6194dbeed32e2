"""Which expressions are multilinear, and the product rule for them, term by term as it is written."""

from __future__ import annotations

from collections.abc import Mapping

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Joining, Linear
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Transpose,
    postorder,
    with_children,
)


def is_multilinear_node(node: Expr, varies: Mapping[int, bool], typing: Typing) -> bool:
    """Whether a node is linear in each of its operands that vary."""
    if isinstance(node, (Name, Negative, Transpose, Index, Block, IndexedSum)):
        return True
    if isinstance(node, Binary):
        if node.operator in ("+", "-", "*", ".*"):
            return True
        if node.operator in ("/", "./"):
            return not varies[id(node.right)]
        return node.operator == "\\" and not varies[id(node.left)]
    if isinstance(node, Call) and node.function not in typing.functions and not node.primes:
        entry = catalogue.lookup(node.function)
        kinds = tuple([typing.kind(child) if typing.knows(child) else "dimension" for child in node.children])
        return isinstance(catalogue.meant(node.function, kinds), (Linear, Joining)) and entry is not None
    return False


def is_multilinear_sum(root: IndexedSum, varies: Mapping[int, bool], typing: Typing) -> bool:
    """Whether all that varies in an indexed sum is multilinear."""
    return all(
        is_multilinear_node(node, varies, typing) for node in postorder(root) if varies[id(node)] and node.children
    )


def occurrences(tree: Expr, names: Mapping[str, str], typing: Typing) -> list[tuple[str, Expr]] | None:
    """The product rule: for each place where a name stands, the tree with its differential there.

    names: name -> the name of its differential. Summands without the differential are left out. None where the tree
    is not multilinear, or where a summand that is left out had given the shape.
    """
    varies: dict[int, bool] = {}
    terms: dict[int, list[tuple[str, Expr]] | None] = {}
    for node in postorder(tree):
        own = isinstance(node, Name) and node.name in names
        varies[id(node)] = own or any(varies[id(child)] for child in node.children)
        if not varies[id(node)]:
            terms[id(node)] = []
        elif isinstance(node, Name):
            terms[id(node)] = [(node.name, Name(names[node.name]))]
        elif not is_multilinear_node(node, varies, typing):
            return None
        else:
            found = _of_node(node, terms, varies, typing)
            if found is None:
                return None
            terms[id(node)] = found
    return terms[id(tree)]


def _of_node(
    node: Expr, terms: Mapping[int, list[tuple[str, Expr]] | None], varies: Mapping[int, bool], typing: Typing
) -> list[tuple[str, Expr]] | None:
    answer: list[tuple[str, Expr]] = []
    if isinstance(node, Block) and len(node.children) > 1:
        return None
    entry = catalogue.lookup(node.function) if isinstance(node, Call) else None
    if isinstance(entry, Joining):
        return None
    if isinstance(node, Binary) and node.operator in ("+", "-"):
        for place, child in enumerate(node.children):
            if varies[id(child)] and typing.kind(child) != typing.kind(node):
                return None
            for name, term in terms[id(child)] or ():
                minus = place == 1 and node.operator == "-"
                answer.append((name, Negative(term) if minus else term))
        return answer
    for place, child in enumerate(node.children):
        for name, term in terms[id(child)] or ():
            children = list(node.children)
            children[place] = term
            answer.append((name, with_children(node, tuple(children))))
    return answer
