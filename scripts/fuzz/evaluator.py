"""A third opinion on the value: the syntax tree evaluated as the language page says, in floats or at fifty digits.

Kinds are worked out on the way, from those of the variables: no typing, lowering or compiled program is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.functions import catalogue
from gradcalc.language.polynomial import polynomial
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
)
from scripts.fuzz.algebras import Fault
from scripts.fuzz.meanings import ENTRYWISE, OF_MATRICES, OPERATORS
from scripts.fuzz.values import (
    Unknown,
    Value,
    aligned,
    entrywise,
    joined,
    product,
    quotient,
    solved_shape,
    turned,
    whole,
)

Array = Any


MOST_STEPS = 15_000
"""A formula of nested sums over indices may take any time: beyond so many operations it is given up."""


class Scope:
    """What names stand for.

    values: variables and directions. sizes: lengths of dimensions. definitions and functions: of the program.
    shift: the constant of the stand-in of an unspecified function, which is sin(t + shift) + t^2/4.
    typing: asked for nothing but the size of vector(…) and matrix(…) and the ranges that follow from elsewhere.
    """

    def __init__(
        self,
        algebra: Any,
        values: Mapping[str, Value],
        sizes: Mapping[str, int],
        definitions: Mapping[str, Expr],
        functions: Mapping[str, tuple[str, Expr | None]],
        shift: Any,
        typing: Any = None,
    ) -> None:
        self.algebra = algebra
        self.values = values
        self.sizes = sizes
        self.definitions = definitions
        self.functions = functions
        self.shift = shift
        self.typing = typing
        self.found: dict[str, Value] = {}
        self.closed: dict[Expr, Value] = {}
        self.steps = 0
        self._open: dict[Expr, bool] = {}

    def is_closed(self, node: Expr) -> bool:
        """Whether an expression has one value, whatever the indices are: it names variables and lengths only."""
        known = self._open.get(node)
        if known is None:
            known = all(self.is_closed(child) for child in node.children)
            if isinstance(node, Name):
                known = node.name in self.values or (
                    node.name in self.definitions and self.is_closed(self.definitions[node.name])
                )
            elif isinstance(node, Index):
                known = known and all(_is_fixed(position, self.sizes) for position in node.positions)
            elif isinstance(node, IndexedSum):
                known = False
            self._open[node] = known
        return known

    def size(self, dim: Any, indices: Mapping[str, int] | None = None) -> int:
        """A length or a position: a number, or a polynomial in names."""
        if isinstance(dim, int):
            return dim
        if indices and dim in indices:
            return indices[dim]
        total = 0
        for names, number in polynomial(dim).items():
            for name in names:
                number *= indices[name] if indices and name in indices else self._named(name)
            total += number
        return total

    def _named(self, name: str) -> int:
        if name in self.sizes:
            return self.sizes[name]
        if self.typing is not None:
            known = self.typing.named_length(name)
            if known != name:
                return self.size(known)
        raise Unknown(f"the size {name}")


def evaluated(tree: Expr, scope: Scope, indices: Mapping[str, int] | None = None) -> Value:
    """The value of an expression. indices: the numbers that free indices stand for."""
    return _Walk(scope, dict(indices or {}), None).value(tree)


class _Walk:
    """One walk: bound indices have their numbers, the parameter of a function its operand."""

    def __init__(self, scope: Scope, indices: dict[str, int], parameters: Mapping[str, Value] | None) -> None:
        self.scope = scope
        self.m = scope.algebra
        self.indices = indices
        self.parameters = parameters
        self.known: dict[Expr, Value] = {}

    def value(self, node: Expr) -> Value:
        if not node.children:
            return self._number(node) if isinstance(node, Number) else self._name(node)  # type: ignore[arg-type]
        kept = self.known
        if self.indices and self.parameters is None and self.scope.is_closed(node):
            kept = self.scope.closed
        known = kept.get(node)
        if known is None:
            self.scope.steps += 1
            if self.scope.steps > MOST_STEPS:
                raise Unknown("long")
            known = kept[node] = getattr(self, "_" + type(node).__name__.lower())(node)
        return known

    def _number(self, node: Number) -> Value:
        return Value("scalar", self.m.number(node.value))

    def _name(self, node: Name) -> Value:
        name, scope = node.name, self.scope
        if self.parameters is not None and name in self.parameters:
            return self.parameters[name]
        if name in self.indices:
            return Value("scalar", self.m.number(self.indices[name]))
        if name in scope.definitions:
            if self.indices and not scope.is_closed(scope.definitions[name]):
                # The answer's names may be entries at the free indices.
                return _Walk(scope, self.indices, None).value(scope.definitions[name])
            if name not in scope.found:
                scope.found[name] = _Walk(scope, {}, None).value(scope.definitions[name])
            return scope.found[name]
        if name in scope.values:
            return scope.values[name]
        if name == "pi":
            return Value("scalar", self.m.array(self.m.number(1) * self.m.pi))
        return Value("scalar", self.m.number(scope.size(name)))

    def _negative(self, node: Negative) -> Value:
        inner = self.value(node.operand)
        return Value(inner.kind, -inner.array)

    def _transpose(self, node: Transpose) -> Value:
        return turned(self.value(node.operand))

    def _binary(self, node: Binary) -> Value:
        left, right, operator = self.value(node.left), self.value(node.right), node.operator
        if self.parameters is not None:
            operator = {"*": ".*", "/": "./", "^": ".^"}.get(operator, operator)
            if operator == "\\":
                left, right, operator = right, left, "./"
        if operator == "*" and "scalar" not in (left.kind, right.kind) and "tensor" not in (left.kind, right.kind):
            return product(left, right)
        if operator == "\\":
            if left.kind == "scalar":
                return Value(right.kind, quotient(right.array, left.array))
            return Value(right.kind, self.m.solve(left.array, right.plane).reshape(solved_shape(left, right)))
        if operator == "/" and right.kind == "matrix":
            turned = self.m.solve(right.array.T, left.plane.T).T
            return Value(left.kind, turned.reshape(-1) if left.kind == "row" else turned)
        if operator == "^" and left.kind == "matrix":
            return Value("matrix", OF_MATRICES["matpow"][0](self.m, left.array, right.array))
        kind, a, b = aligned(left, right)
        if operator == "+":
            return Value(kind, a + b)
        if operator == "-":
            return Value(kind, a - b)
        if operator in ("*", ".*"):
            return Value(kind, a * b)
        if operator in ("/", "./"):
            return Value(kind, quotient(a, b))
        if operator in ("^", ".^"):
            return Value(kind, self._power(a, b))
        return Value(kind, ENTRYWISE[OPERATORS[operator]](self.m, a, b))

    def _power(self, a: Array, b: Array) -> Array:
        if np.any((self.m.real(a) == 0) & (self.m.real(b) < 0)):
            raise Fault("division by zero")
        return self.m.power(a, b)

    def _index(self, node: Index) -> Value:
        operand = self.value(node.operand)
        places, kept = [], []
        for axis, position in enumerate(node.positions):
            length = operand.array.shape[axis]
            known = {**self.indices, "end": length}
            if position is None:
                places.append(slice(None))
            elif isinstance(position, tuple):
                first, last = [self.scope.size(end, known) for end in position]
                if not 1 <= first <= last <= length:
                    raise Fault("past the end")
                places.append(slice(first - 1, last))
            else:
                place = self.scope.size(position, known)
                if not 1 <= place <= length:
                    raise Fault("past the end")
                places.append(place - 1)
                continue
            kept.append(axis)
        array = operand.array[tuple(places)]
        if operand.kind in ("vector", "row"):
            return Value(operand.kind if kept else "scalar", np.asarray(array))
        kinds = {(): "scalar", (0,): "vector", (1,): "row", (0, 1): "matrix"}
        return Value(kinds[tuple(kept)], np.asarray(array))

    def _block(self, node: Block) -> Value:
        return joined([[self.value(part) for part in row] for row in node.rows])

    def _indexedsum(self, node: IndexedSum) -> Value:
        total: Value | None = None
        for indices in self._runs(node):
            part = _Walk(self.scope, indices, self.parameters).value(node.body)
            total = part if total is None else Value(part.kind, total.array + part.array)
        if total is None:
            raise Unknown("an empty sum")
        return total

    def _runs(self, node: IndexedSum) -> list[dict[str, int]]:
        runs = [dict(self.indices)]
        for name, first, last in node.ranges:
            longer = []
            for indices in runs:
                if first is None or last is None:
                    low, high = 1, self._range(node, name, indices)
                else:
                    low, high = [self.scope.size(end, indices) for end in (first, last)]
                longer += [{**indices, name: place} for place in range(low, high + 1)]
            runs = longer
        return runs

    def _range(self, node: IndexedSum, name: str, indices: dict[str, int]) -> int:
        """How far an index runs: the length of an axis that it stands at."""
        bound = {bound_name for bound_name, _, _ in node.ranges} | {
            other for inner in postorder(node.body) if isinstance(inner, IndexedSum) for other, _, _ in inner.ranges
        }
        for inner in postorder(node.body):
            if isinstance(inner, Index) and name in inner.positions and not _mentions(inner.operand, bound):
                operand = _Walk(self.scope, indices, self.parameters).value(inner.operand)
                return int(operand.array.shape[inner.positions.index(name)])
        if self.scope.typing is not None:
            return self.scope.size(self.scope.typing.index_dim(node, name))
        raise Unknown("a range")

    def _call(self, node: Call) -> Value:
        m, name = self.m, node.function
        user = self.scope.functions.get(name)
        if user is not None:
            return self._user(node, user)
        entry = catalogue.lookup(name)
        if entry is None:
            raise Unknown(name)
        first = catalogue.first_size(name)
        if first is not None:
            sizes = [self._dimension(child) for child in node.children[first:]]
            return self._sized(name, [self.value(child) for child in node.children[:first]], sizes)
        if node.primes:
            raise Unknown("a derivative of a function of the catalogue")
        operands = [self.value(child) for child in node.children]
        if name in ("vector", "matrix"):
            return self._repeated(node, operands[0])
        if name in ("hcat", "vcat"):
            return joined([operands] if name == "hcat" else [[part] for part in operands])
        if name in ("max", "min") and len(operands) == 2 and not _is_axis(operands[0], node):
            name = {"max": "maximum", "min": "minimum"}[name]
        elif entry.axis and len(operands) == 2:
            return self._along(name, operands[0], int(node.children[1].value))  # type: ignore[attr-defined]
        if name in ENTRYWISE:
            return entrywise(m, name, operands)
        return whole(m, name, operands)

    def _user(self, node: Call, user: tuple[str, Expr | None]) -> Value:
        operand = self.value(node.children[0])
        parameter, body = user
        if body is None:
            return Value(operand.kind, self._stand_in(node.function, operand.array, node.primes))
        if node.primes:
            raise Unknown("a derivative of a function of the program")
        value = _Walk(self.scope, self.indices, {parameter: operand}).value(body)
        return Value(operand.kind, value.array + 0 * operand.array)

    def _stand_in(self, name: str, t: Array, order: int) -> Array:
        m = self.m
        shifted = t + m.number(self.scope.shift(name))
        wave = [m.sin, m.cos, lambda u: -m.sin(u), lambda u: -m.cos(u)][order % 4](shifted)
        return wave + (t * t / 4 if order == 0 else t / 2 if order == 1 else 0 * t + 0.5 if order == 2 else 0 * t)

    def _dimension(self, node: Expr) -> int:
        if isinstance(node, Number):
            return int(node.value)
        if isinstance(node, Name):
            return self.scope.size(node.name, self.indices)
        assert isinstance(node, Binary)
        left, right = self._dimension(node.left), self._dimension(node.right)
        return left * right if node.operator == "*" else left + right if node.operator == "+" else left - right

    def _sized(self, name: str, operands: list[Value], sizes: list[int]) -> Value:
        m = self.m
        if name in ("ones", "zeros"):
            shape = tuple(sizes)
            return Value("vector" if len(shape) == 1 else "matrix", m.array(np.full(shape, float(name == "ones"))))
        if name == "eye":
            return Value("matrix", m.array(np.eye(sizes[0])))
        if name == "commutation":
            rows, columns = sizes
            answer = np.zeros((rows * columns, rows * columns))
            for i, j in np.ndindex(rows, columns):
                answer[j + i * columns, i + j * rows] = 1  # entry (i, j) of X is entry (j, i) of X'
            return Value("matrix", m.array(answer))
        if name == "reshape":
            entries = np.ravel(operands[0].array, order="F")
            return Value("matrix", np.reshape(entries, sizes, order="F"))
        if name == "repmat":
            return Value("matrix", np.tile(operands[0].plane, sizes))
        raise Unknown(name)

    def _repeated(self, node: Call, operand: Value) -> Value:
        if self.scope.typing is None:
            raise Unknown("a size from the surroundings")
        shape = tuple([self.scope.size(dim) for dim in self.scope.typing.dims(node)])
        return Value(node.function, np.zeros(shape) + operand.array)

    def _along(self, name: str, operand: Value, axis: int) -> Value:
        if operand.kind != "matrix":
            return whole(self.m, name, [operand])
        lines = operand.array.T if axis == 1 else operand.array
        results = [whole(self.m, name, [Value("vector", line)]).array for line in lines]
        stacked = np.stack([np.asarray(result) for result in results])
        if stacked.ndim == 1:
            return Value("row" if axis == 1 else "vector", stacked)
        return Value("matrix", stacked.T if axis == 1 else stacked)


def _is_axis(operand: Value, node: Call) -> bool:
    return operand.kind == "matrix" and isinstance(node.children[1], Number) and node.children[1].value in (1, 2)


def _mentions(node: Expr, names: set[str]) -> bool:
    for inner in postorder(node):
        if isinstance(inner, Name) and inner.name in names:
            return True
        if isinstance(inner, Index):
            for position in inner.positions:
                ends = position if isinstance(position, tuple) else (position,)
                if any(isinstance(end, str) and names & set(_words(end)) for end in ends):
                    return True
    return False


def _is_fixed(position: Any, sizes: Mapping[str, int]) -> bool:
    if isinstance(position, tuple):
        return all(_is_fixed(end, sizes) for end in position)
    return not isinstance(position, str) or all(name in sizes or name == "end" for name in _words(position))


def _words(text: str) -> list[str]:
    return [name for names in polynomial(text) for name in names]
