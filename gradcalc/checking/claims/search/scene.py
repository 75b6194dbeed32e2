"""Expressions at one point, evaluated again and again: a claim and hundreds of edits of it, which share their parts.

The kinds of all names are known, so that kinds are worked out on the way up; what does not fit has no value. Every
node is evaluated by the reference interpreter, once.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.checking.claims.truth import Point
from gradcalc.functions import catalogue
from gradcalc.language.kinds import MASKS, NAMES, block_kind, revised, table_of
from gradcalc.language.polynomial import Dim, added, names_in, size_of
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Block,
    Call,
    Definition,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Number,
    Program,
    postorder,
)
from gradcalc.numeric.reference import Interpreter, Observation

Array = Any

Valued = tuple[str, Array]
"""The kind of an expression and its value."""

_S = MASKS["scalar"]


class _KindsAtHand(Typing):
    """A typing that is told the kinds of the nodes that are being evaluated, and knows all sizes."""

    def __init__(self, functions: Mapping[str, FunctionDefinition], lengths: Mapping[str, int]) -> None:
        super().__init__(Program(Number(0)))
        self.functions = dict(functions)
        self.own_kinds: dict[int, str] = {}
        self.own_slices: dict[tuple[int, int], tuple[Dim, Dim]] = {}
        self.ranges: dict[tuple[int, str], int] = {}
        self.lengths = lengths

    def kind(self, node: Expr) -> str:
        return self.own_kinds[id(node)]

    def slice_of(self, node: Index, axis: int) -> tuple[Dim, Dim]:
        return self.own_slices[id(node), axis]

    def index_dim(self, node: IndexedSum, name: str) -> Dim:
        return self.ranges[id(node), name]

    def named_length(self, name: str) -> Dim:
        return self.lengths[name]


class Scene:
    """The names at a point with their kinds and values, and what expressions of them are worth.

    definitions that do not fit have no value either.
    """

    def __init__(
        self,
        point: Point,
        kinds: Mapping[str, str],
        functions: Mapping[str, FunctionDefinition],
        lengths: Mapping[str, int],
        indices: Mapping[str, int] | None = None,
    ) -> None:
        self.point = point
        self._kinds = kinds
        self._functions = functions
        self._lengths = lengths
        self._indices = dict(indices or {})
        self._typing = _KindsAtHand(functions, lengths)
        self._interpreter = Interpreter(self._typing, {}, lengths, Observation())
        self._names: dict[str, Valued | None] = {
            name: (kind, np.asarray(point.arrays[name], dtype=float)) for name, kind in kinds.items()
        }
        self._values: dict[Expr, Valued | None] = {}

    def with_definitions(self, definitions: Mapping[str, Expr] | tuple[Definition, ...]) -> Scene:
        """The scene with more names, in an order in which each uses those before."""
        made = Scene(self.point, self._kinds, self._functions, self._lengths, self._indices)
        made._names = dict(self._names)
        items = (
            [(item.name, item.expression) for item in definitions]
            if isinstance(definitions, tuple)
            else list(definitions.items())
        )
        for name, expression in items:
            made._names[name] = made.value(expression)
            made._values.clear()
        return made

    @property
    def names(self) -> Mapping[str, Valued | None]:
        return self._names

    def value(self, root: Expr) -> Valued | None:
        """The kind and value of an expression; None where its shapes do not fit or a name is not known."""
        values = self._values
        if root in values:
            return values[root]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pending: list[tuple[Expr, bool]] = [(root, False)]
            while pending:
                node, ready = pending.pop()
                if node in values:
                    continue
                # The inside of an indexed sum is evaluated with the sum.
                waiting = () if ready or isinstance(node, IndexedSum) else [c for c in node.children if c not in values]
                if waiting:
                    pending.append((node, True))
                    pending.extend([(child, False) for child in waiting])
                else:
                    values[node] = self._node(node, values)
        return values[root]

    def _node(self, node: Expr, values: dict[Expr, Valued | None]) -> Valued | None:
        if isinstance(node, Name):
            return self._name(node.name)
        if isinstance(node, IndexedSum):
            return self._indexed_sum(node)
        first = catalogue.first_size(node.function) if isinstance(node, Call) else None
        operands = node.children if first is None else node.children[:first]
        masks: list[int] = []
        arrays: dict[int, Array] = {}
        for child in operands:
            known = values.get(child)
            if known is None:
                return None
            masks.append(MASKS[known[0]])
            arrays[id(child)] = known[1]
            self._typing.own_kinds[id(child)] = known[0]
        kind = self._kind(node, masks)
        if kind is None:
            return None
        self._typing.own_kinds[id(node)] = kind
        try:
            if isinstance(node, Index) and not self._places(node, arrays[id(node.operand)]):
                return None
            array = np.asarray(self._interpreter.node(node, arrays, self._indices))
        except (ValueError, KeyError, IndexError, TypeError, AssertionError, StopIteration, np.linalg.LinAlgError):
            return None
        if np.iscomplexobj(array):
            return None
        wanted = {"scalar": 0, "vector": 1, "row": 1, "matrix": 2}[kind]
        return (kind, array) if array.ndim == wanted else None

    def _name(self, name: str) -> Valued | None:
        if name in self._indices:
            return "scalar", np.asarray(float(self._indices[name]))
        if name in self._names:
            return self._names[name]
        if name == "pi":
            return "scalar", np.asarray(np.pi)
        return ("scalar", np.asarray(float(self._lengths[name]))) if name in self._lengths else None

    def _kind(self, node: Expr, masks: list[int]) -> str | None:
        """The kind of a node whose operands have those kinds."""
        if isinstance(node, Number):
            return "scalar"
        if isinstance(node, Block):
            return NAMES[block_kind(node, masks)]
        if isinstance(node, Call) and node.function not in self._functions:
            masks = masks + [_S] * (len(node.children) - len(masks))
        table = table_of(node, True, self._functions)
        result = revised(table, (*masks, 15))[-1]
        return NAMES.get(result)

    def _places(self, node: Index, operand: Array) -> bool:
        """Works out the slices of an index node; False where a position is past the end."""
        for axis, position in enumerate(node.positions):
            length = operand.shape[axis]
            if position is None:
                continue
            known = {**self._lengths, **self._indices, "end": length}
            bounds = position if isinstance(position, tuple) else (position, position)
            if any(name not in known for bound in bounds for name in names_in(bound)):
                return False
            first, last = [size_of(bound, known) for bound in bounds]
            if not 1 <= first <= last <= length:
                return False
            self._typing.own_slices[id(node), axis] = (added(first, -1), last - first + 1)
        return True

    def _indexed_sum(self, node: IndexedSum) -> Valued | None:
        """A sum, its body evaluated in a scene of its own for each value of the index."""
        (name, first, last), *others = node.ranges
        body: Expr = IndexedSum(tuple(others), node.body) if others else node.body
        known = {**self._lengths, **self._indices}
        low = size_of(first, known) if first is not None else 1
        high = size_of(last, known) if last is not None else self._range(node.body, name)
        if high is None:
            return None
        total: Valued | None = None
        for number in range(low, high + 1):
            inner = Scene(self.point, self._kinds, self._functions, self._lengths, {**self._indices, name: number})
            inner._names = self._names
            value = inner.value(body)
            if value is None:
                return None
            total = value if total is None else (value[0], total[1] + value[1])
        return total

    def _range(self, body: Expr, name: str) -> int | None:
        """How far an index runs: to the end of the axis where it stands alone."""
        for node in postorder(body):
            if isinstance(node, Index) and name in node.positions:
                operand = self.value(node.operand) if not _uses_index(node.operand, name) else None
                axis = node.positions.index(name)
                if operand is not None and axis < operand[1].ndim:
                    return int(operand[1].shape[axis])
        return None


def _uses_index(root: Expr, name: str) -> bool:
    return any(isinstance(node, Index) and name in node.positions for node in postorder(root))
