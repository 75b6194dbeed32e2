"""The quantities of which the difference between a claim and the derivative may be made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradcalc.checking.claims.search.functions import MISTAKEN, is_steep
from gradcalc.checking.claims.search.places import is_sum
from gradcalc.checking.claims.search.stage import Quantity, Stage, is_constant
from gradcalc.functions import catalogue
from gradcalc.language.syntax import Binary, Call, Expr, Index, Negative, postorder

Array = Any


class Pool:
    """factors, terms: what the whole claim may lack or have too many. functions: those that may stand for one another.

    inner_factors, inner_terms: what may be put into the claim.
    """

    def __init__(
        self,
        stage: Stage,
        answers: Sequence[Expr],
        hints: Sequence[Expr],
        indices: Sequence[str],
        claimed: Array | None,
    ) -> None:
        """answers: the derivative, and what it names. hints: more trees to look into. claimed: the claim's value."""
        trees = stage.claim.trees
        whole = [stage.target] if claimed is None else [stage.target, claimed]

        def useful(quantities: Iterable[Quantity]) -> list[Quantity]:
            """Those that explain something: not the derivative itself, nor the claim itself."""
            return [each for each in quantities if not any(is_multiple(each.array, array) for array in whole)]

        parts = useful(stage.quantities(answers))
        steep = useful(stage.quantities(slopes([*hints, *answers])))
        others = useful(stage.quantities([*hints, *trees]))
        factors = distinct([*parts, *steep, *others])
        terms = useful(terms_of(stage, [*answers, *hints]))
        inner = distinct([*useful(factors_of(stage, answers)), *parts, *steep])
        self.factors = [*factors, *useful(entries_of(stage, factors, indices))]
        self.terms = distinct([*terms, *self.factors])
        self.inner_factors = [*inner, *useful(entries_of(stage, inner, indices))][:_MOST_FACTORS]
        self.inner_terms = terms[:_MOST_TERMS]
        self.functions = functions_of([*hints, *answers, *trees])


_MOST_FACTORS = 24
_MOST_TERMS = 10


def is_multiple(array: Array, other: Array) -> bool:
    """Whether one array is a multiple of another; of numbers whether they are equal up to the sign."""
    if array.size != other.size:
        return False
    left, right = array.reshape(-1), other.reshape(-1)
    if left.size == 1:
        return bool(np.isclose(abs(left[0]), abs(right[0]), rtol=1e-9, atol=0))
    place = int(np.argmax(np.abs(right)))
    if not right[place]:
        return not np.any(left)
    scale = float(left[place] / right[place])
    return bool(np.allclose(left, scale * right, rtol=1e-9, atol=0))


def entries_of(stage: Stage, quantities: Sequence[Quantity], indices: Sequence[str]) -> list[Quantity]:
    """The entries of vectors at the free indices, which stand in claims about entries."""
    vectors = [quantity.tree for quantity in quantities if quantity.kind == "vector"]
    entries = [Index(tree, (index,)) for tree in vectors for index in dict.fromkeys(indices)]
    found = [stage.quantity(tree) for tree in entries]
    return [quantity for quantity in found if quantity is not None]


def distinct(quantities: Iterable[Quantity]) -> list[Quantity]:
    """Each quantity once."""
    found: dict[Expr, Quantity] = {}
    for quantity in quantities:
        found.setdefault(quantity.tree, quantity)
    return list(found.values())


def slopes(trees: Sequence[Expr]) -> list[Expr]:
    """The derivatives of the elementwise functions in some trees, at their operands."""
    found: list[Expr] = []
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Call) and len(node.children) == 1 and not node.primes and is_steep(node.function):
                found.append(Call(node.function, node.children, 1))
    return found


def factors_of(stage: Stage, trees: Sequence[Expr]) -> list[Quantity]:
    """The factors of the products in some trees."""
    found: list[Expr] = []
    for tree in trees:
        for node in postorder(tree):
            if _multiplies(node):
                found += [child for child in node.children if not _multiplies(child)]
    quantities = [stage.quantity(tree) for tree in dict.fromkeys(found)]
    return [quantity for quantity in quantities if quantity is not None and not is_constant(quantity.tree)]


def _multiplies(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in ("*", ".*", "/", "./")


def terms_of(stage: Stage, trees: Sequence[Expr]) -> list[Quantity]:
    """The terms of the sums in some trees."""
    found: list[Expr] = []
    for tree in trees:
        for node in postorder(tree):
            if is_sum(node):
                found += [_without_sign(child) for child in node.children]
    quantities = [stage.quantity(tree) for tree in dict.fromkeys(found)]
    return [quantity for quantity in quantities if quantity is not None]


def _without_sign(node: Expr) -> Expr:
    return node.operand if isinstance(node, Negative) else node


def functions_of(trees: Sequence[Expr]) -> list[str]:
    """The elementwise functions of some trees, and those that they are mistaken for."""
    found: dict[str, None] = {}
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Call) and len(node.children) == 1:
                entry = catalogue.lookup(node.function)
                if entry is None or isinstance(entry, catalogue.Elementwise):
                    found[node.function] = None
    for group in MISTAKEN:
        if any(name in found for name in group):
            found.update(dict.fromkeys(group))
    return list(found)
