"""A claim at a point beside what it should be, and the quantities of which the difference may be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.search.scene import Scene, Valued
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.functions import catalogue
from gradcalc.language.polynomial import names_in, size_of
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import (
    Binary,
    Call,
    Definition,
    Expr,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
)

Array = Any

_MOST_INDICES = 6
"""At how many values of the free indices a claim is looked at."""

_MOST_QUANTITIES = 80
_LONGEST_QUANTITY = 60
_LONGEST_PART = 30
_MOST_PARTS = 400


class Quantity:
    """An expression with its kind and its value, one for each value of the free indices."""

    __slots__ = ("array", "kind", "text", "tree")

    def __init__(self, tree: Expr, kind: str, array: Array) -> None:
        self.tree = tree
        self.kind = kind
        self.array = array
        self.text = to_text(tree)


class Stage:
    """trees: of the definitions of the claim, and last of what it claims."""

    def __init__(
        self,
        claim: Claim,
        truth: Truth,
        point: Point,
        named: Mapping[str, Expr],
        wanted: Array | None = None,
        most_indices: int = _MOST_INDICES,
    ) -> None:
        """named: more names that may stand in quantities, in an order in which each uses those before.

        wanted: what the claim should be, where that is not the derivative. most_indices: at how many values of the free
        indices the claim is looked at.
        """
        typing = truth.problem.typing
        self.claim = claim
        self.truth = truth
        self.point = point
        self.indices = len(set(truth.named))
        self._own = [definition.name for definition in claim.definitions]
        functions = {item.name: item for item in claim.program.functions}
        kinds = {name: variable.kind for name, variable in typing.variables.items()}
        lengths = {
            name: size_of(typing.named_length(name), point.sizes)
            for name in {n for dim in typing.dimension_names for n in names_in(dim)}
        }
        self.lengths = lengths
        outside = {item.name: item.expression for item in _in_order(claim.outside)}
        values = list(islice(_spread_out(list(truth.index_values(point))), most_indices))
        self._outside: list[Scene] = []
        for indices in values:
            scene = Scene(point, kinds, functions, lengths, indices)
            self._outside.append(scene.with_definitions(outside))
        self._inside = [scene.with_definitions(claim.definitions) for scene in self._outside]
        extra = {name: tree for name, tree in named.items() if name not in self._inside[0].names}
        self._wide = [scene.with_definitions(extra) for scene in self._inside]
        self.extra = extra
        self._places = [tuple([number - 1 for number in indices.values()]) for indices in values]
        self.target: Array = self._at_indices(truth.selected(point) if wanted is None else wanted)
        self._parts: set[tuple[float, ...]] | None = None
        self._last: tuple[tuple[Expr, ...], list[Scene]] = (self._definitions(claim.definitions), self._inside)

    @staticmethod
    def _definitions(definitions: Sequence[Definition]) -> tuple[Expr, ...]:
        return tuple([definition.expression for definition in definitions])

    @property
    def names(self) -> Mapping[str, Valued | None]:
        """The names of the claim and of the problem with their kinds and values."""
        return self._inside[0].names

    def value(self, trees: Sequence[Expr]) -> tuple[str, Array] | None:
        """The kind and value of a claim with other trees; None where the shapes do not fit."""
        return self._stacked(self._scenes(tuple(trees[:-1])), trees[-1])

    def _scenes(self, definitions: tuple[Expr, ...]) -> list[Scene]:
        own = self._definitions(self.claim.definitions)
        if all(new is old for new, old in zip(definitions, own)):
            return self._inside
        if self._last[0] is not definitions and self._last[0] != definitions:
            made = tuple([Definition(name, tree) for name, tree in zip(self._own, definitions)])
            self._last = definitions, [scene.with_definitions(made) for scene in self._outside]
        return self._last[1]

    def kind(self, trees: Sequence[Expr], node: Expr) -> str | None:
        """The kind of a node of the claim; None where it has none, or stands inside an indexed sum."""
        found = self._scenes(tuple(trees[:-1]))[0].value(node)
        return None if found is None else found[0]

    def _stacked(self, scenes: Sequence[Scene], tree: Expr) -> tuple[str, Array] | None:
        parts: list[Array] = []
        kind = ""
        for scene in scenes:
            found = scene.value(tree)
            if found is None:
                return None
            kind = found[0]
            parts.append(found[1])
        return kind, np.stack(parts) if self.indices else parts[0]

    def _at_indices(self, whole: Array) -> Array:
        """The entries at the values of the free indices that are looked at."""
        return np.stack([whole[place] for place in self._places]) if self.indices else whole

    def entries(self, tree: Expr) -> Array | None:
        """What a claim is about, of an expression in the shape of the whole derivative; None where it has another."""
        found = self._wide[0].value(tree)
        shape = self.point.derivative.shape
        if found is None or not np.all(np.isfinite(found[1])):
            return None
        array = found[1].reshape(shape) if found[1].size == self.point.derivative.size else found[1]
        if array.shape != shape:
            return None
        return self._at_indices(Truth.select(array, self.truth.selection))

    def holds(self, tree: Expr) -> bool:
        """Whether a factor or a term of the claim has the value of an expression."""
        quantity = self.quantity(tree)
        if self._parts is None:
            parts = [self.quantity(node) for root in self.claim.trees for node in _parts_of(root)]
            self._parts = {_fingerprint(part.array) for part in parts if part is not None}
        return quantity is not None and _fingerprint(quantity.array) in self._parts

    def quantity(self, tree: Expr) -> Quantity | None:
        """An expression in the names of the claim, of the problem, and of the answer; None where it has no value."""
        found = self._stacked(self._wide, tree)
        if found is None or not np.all(np.isfinite(found[1])):
            return None
        return Quantity(tree, *found)

    def quantities(self, trees: Iterable[Expr]) -> list[Quantity]:
        """The different values among all parts of some trees, each in its shortest form, short ones first."""
        found: dict[tuple[Any, ...], Quantity] = {}
        for node in _short_parts(trees):
            if isinstance(node, Number) or (isinstance(node, Name) and node.name in self.lengths) or is_constant(node):
                continue
            quantity = self.quantity(node)
            if quantity is None or len(quantity.text) > _LONGEST_QUANTITY:
                continue
            key = (quantity.kind, quantity.array.shape, _fingerprint(quantity.array))
            if key not in found or len(quantity.text) < len(found[key].text):
                found[key] = quantity
        return sorted(found.values(), key=lambda quantity: (len(quantity.text), quantity.text))[:_MOST_QUANTITIES]


def _short_parts(trees: Iterable[Expr]) -> list[Expr]:
    """The different parts of some trees that are short enough to be said, the first `_MOST_PARTS` of them."""
    lengths: dict[Expr, int] = {}
    for root in trees:
        for node in postorder(root):
            lengths[node] = 1 + sum([lengths[child] for child in node.children])
    return [node for node, length in lengths.items() if length <= _LONGEST_PART][:_MOST_PARTS]


def _parts_of(root: Expr) -> Iterable[Expr]:
    """The factors and terms of an expression, and theirs, down to the functions."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (Binary, Negative, Transpose)) or (isinstance(node, Call) and node.function == "diag"):
            pending += node.children


def _spread_out(values: Sequence[dict[str, int]]) -> Iterable[dict[str, int]]:
    """The values of the indices, those that follow each other far apart."""
    step = max(1, len(values) * 3 // 8) | 1
    while np.gcd(step, max(1, len(values))) != 1:
        step += 2
    return [values[(place * step) % len(values)] for place in range(len(values))]


def _fingerprint(array: Array) -> tuple[float, ...]:
    largest = float(np.max(np.abs(array), initial=0.0)) or 1.0
    return (float(f"{largest:.9g}"), *np.round(np.asarray(array).reshape(-1) / largest, 9).tolist())


def is_constant(node: Expr) -> bool:
    """Whether an expression has neither variables nor definitions in it: eye(n), 2^3."""
    if isinstance(node, Call) and catalogue.first_size(node.function) == 0:
        return True
    return not any(isinstance(leaf, Name) for leaf in postorder(node))


def _in_order(items: Sequence[Definition]) -> list[Definition]:
    """The definitions, each after those that it uses."""
    names = {item.name for item in items}
    done: dict[str, Definition] = {}
    waiting = list(items)
    while waiting:
        ready = [
            item
            for item in waiting
            if all(
                node.name in done or node.name not in names
                for node in postorder(item.expression)
                if isinstance(node, Name)
            )
        ]
        if not ready:
            break
        done.update({item.name: item for item in ready})
        waiting = [item for item in waiting if item.name not in done]
    return list(done.values())
