"""Expressions in indices at all indices at once: an array with one axis for each index.

Where the reference interpreter would evaluate `sum[k](A[i,k]*B[k,j])` entry by entry, here each operator is one of
whole arrays. What has no index in it, every function, and what is made of rows or columns at an index, is still
evaluated by the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from gradcalc.derivation.fixing import with_fixed_parts
from gradcalc.derivation.fragments import Context
from gradcalc.derivation.names import placeholder
from gradcalc.derivation.notation import Ratio, substituted
from gradcalc.derivation.numbers import Point
from gradcalc.derivation.renaming import bound_names, moving_nodes, placed_names
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise
from gradcalc.language.polynomial import Dim, polynomial, size_of
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Program,
    postorder,
    with_children,
)

Array = Any

_MOST_AXES = 16
_MOST_NUMBERS = 1_000_000
_MOST_CHOICES = 2_000

_OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, ".*": np.multiply, "/": np.divide, "./": np.divide,
    "^": np.power, ".^": np.power, "\\": lambda left, right: np.divide(right, left),
    ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


class NotBroadcast(Exception):
    """The expression takes too much space at all indices at once."""


class Broadcasting:
    """Evaluates one expression at one point. largest: the largest number on the way.

    indices: the free indices with their lengths. quotient: the value of a derivative without its indices.
    """

    def __init__(
        self, context: Context, point: Point, indices: Mapping[str, int], quotient: Callable[[Ratio], Array]
    ) -> None:
        self._context = context
        self._point = point
        self._free = indices
        self._quotient = quotient
        self._names: tuple[str, ...] = ()
        self._kinds: Typing | None = None
        self._fixed: dict[Expr, Array] = {}
        self._typed: dict[tuple[Expr, int], tuple[Program, Typing]] = {}
        self.largest = 0.0

    def entries(self, tree: Expr) -> Array:
        """The value at all free indices, which are its axes. Raises NotBroadcast."""
        self._names = (*self._free, *sorted(bound_names(tree) - set(self._free)))
        self._kinds = self._typing_of(tree)
        if len(self._names) > _MOST_AXES:
            raise NotBroadcast
        scope = {name: self._axis(name, range(1, length + 1)) for name, length in self._free.items()}
        with np.errstate(all="ignore"):
            value = np.asarray(self._value(tree, scope), dtype=float)
        shape = (*self._free.values(), *[1] * (len(self._names) - len(self._free)))
        return np.broadcast_to(value, shape).reshape(tuple(self._free.values()))

    def _typing_of(self, tree: Expr) -> Typing | None:
        """What is known of the nodes of an expression; None where it is one of derivatives, which are all numbers."""
        if any(isinstance(node, Ratio) for node in postorder(tree)):
            return None
        return self._context.typing(self._context.program(tree), tuple(self._free))

    def _axis(self, name: str, places: Sequence[int]) -> Array:
        place = self._names.index(name)
        return np.array(places, dtype=int).reshape([-1 if axis == place else 1 for axis in range(len(self._names))])

    def _value(self, root: Expr, scope: Mapping[str, Array]) -> Array:
        moving = moving_nodes(root, tuple(scope))
        values: dict[int, Array] = {}
        pending: list[tuple[Expr, bool]] = [(root, False)]
        while pending:
            node, ready = pending.pop()
            if ready:
                value = values[id(node)] = self._node(node, values, scope, moving)
                self._meet(value)
            elif id(node) in values:
                continue
            elif isinstance(node, Ratio):
                values[id(node)] = self._taken(self._quotient(node), (*node.rows, *node.columns), scope)
            elif id(node) not in moving:
                values[id(node)] = self._number(node)
            elif not self._is_of_numbers(node):
                values[id(node)] = self._stacked(node, scope)[0]
            else:
                pending.append((node, True))
                if not isinstance(node, (Index, IndexedSum)):
                    pending.extend([(child, False) for child in node.children])
        return values[id(root)]

    def _is_of_numbers(self, node: Expr) -> bool:
        """Whether a node that varies is an operator or a function of numbers, a sum, or an entry."""
        if isinstance(node, (Name, IndexedSum)):
            return True
        if isinstance(node, Index):
            return not any(position is None or isinstance(position, tuple) for position in node.positions)
        if isinstance(node, Call) and not self._is_elementwise(node):
            return False
        known = self._kinds
        return known is None or all(not known.knows(child) or known.kind(child) == "scalar" for child in node.children)

    def _is_elementwise(self, node: Call) -> bool:
        if any(function.name == node.function for function in self._context.functions):
            return True
        return isinstance(catalogue.meant(node.function, ("scalar",) * len(node.children)), Elementwise)

    def _stacked(self, node: Expr, scope: Mapping[str, Array]) -> tuple[Array, list[str]]:
        """The values by the interpreter at each choice of the indices that are in it, and these.

        Of a number the axes are those of all indices; of an array they stand for its own indices, before its axes.
        """
        moving = moving_nodes(node, tuple(scope))
        own = [name for name in scope if name in placed_names(node) or Name(name) in postorder(node)]
        choices = list(product(*[scope[name].ravel().tolist() for name in own]))
        if len(choices) > _MOST_CHOICES or bound_names(node) & set(self._names):
            raise NotBroadcast
        plain, parts = with_fixed_parts(node, moving, self._context)
        arrays = {name: self._point.value(part) for name, part in parts.items()}
        program = self._context.program(plain)
        shapes: dict[str, tuple[Dim, ...]] = {name: np.shape(array) for name, array in arrays.items()}
        typing = self._context.typing(program, tuple(own), shapes)
        found = [self._point.observe(program, typing, arrays, dict(zip(own, choice))).value for choice in choices]
        value = np.array(found).reshape([*[scope[name].size for name in own], *np.shape(found[0])])
        if np.ndim(found[0]):
            return value, own
        return value[tuple(np.broadcast_arrays(*[self._offset(scope, name) for name in own]))], own

    def _offset(self, scope: Mapping[str, Array], name: str) -> Array:
        """The places along the axis of an index, counted from zero."""
        return scope[name] - int(scope[name].flat[0])

    def _meet(self, value: Array) -> None:
        size = float(np.max(np.abs(value), initial=0.0))
        if self.largest < size < float("inf"):
            self.largest = size

    def _node(self, node: Expr, values: dict[int, Array], scope: Mapping[str, Array], moving: set[int]) -> Array:
        if isinstance(node, Name):
            return scope[node.name]
        if isinstance(node, Negative):
            return -values[id(node.operand)]
        if isinstance(node, Binary):
            left, right = np.asarray(values[id(node.left)]), np.asarray(values[id(node.right)])
            if np.prod(np.broadcast_shapes(left.shape, right.shape)) > _MOST_NUMBERS:
                raise NotBroadcast
            return _OPERATORS[node.operator](left.astype(float), right.astype(float))
        if isinstance(node, Index):
            if id(node.operand) not in moving:
                return self._taken(self._whole(node.operand), node.positions, scope)
            array, own = self._stacked(node.operand, scope)
            return self._taken(array, node.positions, scope, [self._offset(scope, name) for name in own])
        if isinstance(node, IndexedSum):
            return self._sum(node, scope)
        assert isinstance(node, Call)
        return self._function(node, values, moving)

    def _number(self, node: Expr) -> Array:
        value = self._whole(node)
        if np.ndim(value):
            raise NotBroadcast
        return value

    def _whole(self, node: Expr) -> Array:
        """The value of what has no index in it."""
        if isinstance(node, Number):
            return float(node.value)
        if isinstance(node, Name) and node.name in self._point.arrays:
            return self._point.arrays[node.name]
        if node not in self._fixed:
            value = self._fixed[node] = self._point.value(self._with_lengths(node))
            self._meet(value)
        return self._fixed[node]

    def _with_lengths(self, node: Expr) -> Expr:
        """An expression in nothing but lengths with the lengths as numbers: what they belong to is not in it."""
        names = {leaf.name for leaf in postorder(node) if isinstance(leaf, Name)} - {"pi"}
        if names & set(self._context.shapes):
            return node
        return substituted(node, {name: Number(self._length(name)) for name in names})

    def _taken(
        self, value: Array, positions: Sequence[Any], scope: Mapping[str, Array], stacked: Sequence[Array] = ()
    ) -> Array:
        """The entries at positions; all of it where there are none. stacked: the places along axes before them."""
        places = [*stacked, *[self._position(position, scope) - 1 for position in positions]]
        if len(places) != np.ndim(value):
            raise NotBroadcast
        for place, length in zip(places, np.shape(value)):
            if np.any(place < 0) or np.any(place >= length):
                raise NotBroadcast
        return np.asarray(value)[tuple(np.broadcast_arrays(*places))] if places else value

    def _position(self, position: Any, scope: Mapping[str, Array]) -> Array:
        if not isinstance(position, (int, str)):
            raise NotBroadcast
        total: Array = np.asarray(0)
        for factors, number in polynomial(position).items():
            term: Array = np.asarray(number)
            for name in factors:
                term = term * (scope[name] if name in scope else self._length(name))
            total = total + term
        return total

    def _length(self, dim: Dim) -> int:
        try:
            return size_of(dim, self._point.sizes)
        except GradcalcError:
            raise NotBroadcast from None

    def _sum(self, node: IndexedSum, scope: Mapping[str, Array]) -> Array:
        inner = dict(scope)
        lengths: list[tuple[int, int]] = []
        for name, first, last in node.ranges:
            end = _length_in(node.body, name, self) if last is None else self._length(last)
            places = range(1 if first is None else self._length(first), end + 1)
            inner[name] = self._axis(name, places)
            lengths.append((self._names.index(name), len(places)))
        value = np.asarray(self._value(node.body, inner))
        value = value.reshape((1,) * len(self._names)) if not value.ndim else value
        for axis, length in lengths:
            value = value * length if value.shape[axis] == 1 else value.sum(axis=axis, keepdims=True)
        return value

    def length_of(self, node: Expr, name: str) -> int | None:
        """The length of the axis of which a node takes the entry at an index."""
        if isinstance(node, Ratio):
            positions: Sequence[Any] = (*node.rows, *node.columns)
            return int(np.shape(self._quotient(node))[positions.index(name)]) if name in positions else None
        if isinstance(node, Index) and name in node.positions and self._kinds is not None:
            return self._length(self._kinds.dims(node.operand)[node.positions.index(name)])
        return None

    def _function(self, node: Call, values: dict[int, Array], moving: set[int]) -> Array:
        """A function of each entry, by the interpreter."""
        varying = [child for child in node.children if id(child) in moving]
        operands = np.broadcast_arrays(*[np.asarray(values[id(child)], dtype=float) for child in varying])
        arrays = {placeholder("entry", place): operand.ravel() for place, operand in enumerate(operands)}
        names = {id(child): Name(name) for child, name in zip(varying, arrays)}
        call = with_children(node, tuple([names.get(id(child), child) for child in node.children]))
        size = operands[0].size
        if (call, size) not in self._typed:
            program = self._context.program(call)
            shapes: dict[str, tuple[Dim, ...]] = dict.fromkeys(arrays, (size,))
            self._typed[call, size] = program, self._context.typing(program, (), shapes)
        return np.reshape(self._point.observe(*self._typed[call, size], arrays, {}).value, operands[0].shape)


def _length_in(body: Expr, name: str, values: Broadcasting) -> int:
    """How far a bound index runs: as long as the axis that it stands at."""
    pending = [body]
    while pending:
        node = pending.pop()
        length = values.length_of(node, name)
        if length is not None:
            return length
        if not (isinstance(node, IndexedSum) and any(name == other for other, _, _ in node.ranges)):
            pending.extend(node.children)
    raise NotBroadcast
