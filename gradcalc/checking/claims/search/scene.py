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
from gradcalc.language.polynomial import size_of
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
    postorder,
)
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.values import Surroundings

Array = Any

Valued = tuple[str, Array]
"""The kind of an expression and its value."""

_S = MASKS["scalar"]


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
        self._interpreter = Interpreter(Surroundings({}, lengths, {}, functions), NUMPY, Observation())
        self._scope = {name: ("scalar", np.asarray(float(place))) for name, place in self._indices.items()}
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
        operands: list[Valued] = []
        for child in node.children if first is None else node.children[:first]:
            known = values.get(child)
            if known is None:
                return None
            operands.append(known)
        kind = self._kind(node, [MASKS[own] for own, _ in operands])
        if kind is None:
            return None
        try:
            array = np.asarray(self._interpreter.node(node, operands, self._scope)[1])
        except (ValueError, KeyError, IndexError, TypeError, AssertionError):
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
