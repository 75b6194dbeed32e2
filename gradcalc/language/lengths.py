"""The lengths of the axes of every node, by unification."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from gradcalc.errors import GradcalcError
from gradcalc.functions.entry import Atom, Linear
from gradcalc.language.dimensions import Clash, Dimensions
from gradcalc.language.kinds import NAMES, C, M, R, S
from gradcalc.language.scopes import Scopes
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
)

Axes = tuple[int, ...]
"""The class of each axis in `Dimensions`."""


class Lengths:
    """Gives every node its axes, operands first.

    kinds: the kind of every node by `id`. variables: the axes of each variable. not_sizes:
    names of variables, which no size is called by. describe: where the kind of a variable
    comes from. Raises GradcalcError of kind shape where lengths that have to be equal are not.
    """

    def __init__(
        self,
        scopes: Scopes,
        dimensions: Dimensions,
        kinds: Mapping[int, int],
        variables: Mapping[str, Axes],
        not_sizes: Container[str],
        describe: Callable[[str], str | None],
    ) -> None:
        self._scopes = scopes
        self._dimensions = dimensions
        self._kinds = kinds
        self._variables = variables
        self._not_sizes = not_sizes
        self._describe = describe
        self.of: dict[int, Axes] = {}
        self.indices: dict[tuple[int, str], int] = {}
        self.minimums: list[tuple[Expr, int, int]] = []
        for name in scopes.size_names:
            if not self._is_variable(name):
                dimensions.of(name, loose=True)
        for node in scopes.order:
            self.of[id(node)] = self._node(node)
        self.free: dict[str, int] = {}
        for index, axis, name in scopes.free:
            self._attach(index, axis, name, self.free)

    def _is_variable(self, name: str) -> bool:
        return name in self._not_sizes or name in self._scopes.definitions

    def _require(self, node: Expr, left: int, right: int) -> None:
        """Makes two lengths equal; a clash is the node's."""
        try:
            self._dimensions.unify(left, right)
        except Clash as clash:
            from gradcalc.language import messages

            operands = [
                messages.Operand(
                    child, self._kinds.get(id(child), S), [self._dimensions.known(axis) for axis in self.of[id(child)]]
                )
                for child in node.children
                if id(child) in self.of
            ]
            raise messages.clash(node, operands, clash, self._scopes, self._describe) from None

    def _node(self, node: Expr) -> Axes:
        if isinstance(node, Number):
            return ()
        if isinstance(node, Name):
            definition = self._scopes.definition(node)
            if definition is not None:
                return self.of[id(definition)]
            return () if self._kinds[id(node)] == S else self._variables[node.name]
        if isinstance(node, Negative):
            return self.of[id(node.operand)]
        if isinstance(node, Transpose):
            return self.of[id(node.operand)][::-1]
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Index):
            return self._index(node)
        if isinstance(node, IndexedSum):
            self._bind(node)
            return self.of[id(node.body)]
        assert isinstance(node, Call)
        return self._call(node)

    def _binary(self, node: Binary) -> Axes:
        left, right = self.of[id(node.left)], self.of[id(node.right)]
        kinds = (self._kinds[id(node.left)], self._kinds[id(node.right)])
        if node.operator == "^":
            if kinds[0] == M:
                self._require(node, left[0], left[1])
            return left
        if S in kinds:
            return right if kinds[0] == S else left
        if node.operator == "\\":
            self._require(node, left[0], left[1])
            self._require(node, left[1], right[0])
            return right
        if node.operator == "*":
            if kinds == (C, R):
                return left + right
            self._require(node, left[-1], right[0])
            return left[:-1] + right[1:]
        if kinds[0] == kinds[1]:
            for one, other in zip(left, right):
                self._require(node, one, other)
            return left
        matrix, (vector,), kind = (left, right, kinds[1]) if kinds[0] == M else (right, left, kinds[0])
        self._require(node, matrix[0 if kind == C else 1], vector)
        return matrix

    def _index(self, node: Index) -> Axes:
        operand = self.of[id(node.operand)]
        for axis, position in zip(operand, node.positions):
            if isinstance(position, int):
                self.minimums.append((node, axis, position))
        return tuple([axis for axis, position in zip(operand, node.positions) if position is None])

    def _attach(self, index: Index, axis: int, name: str, ranges: dict[str, int]) -> None:
        """The index runs over that axis of the operand."""
        length = self.of[id(index.operand)][axis]
        self._require(index, ranges.setdefault(name, length), length)

    def _bind(self, node: IndexedSum) -> None:
        """Gives the indices of a sum the lengths of the axes that they run over."""
        dimensions = self._dimensions
        ranges: dict[str, int] = {}
        for index, axis, name in self._scopes.positions[id(node)]:
            self._attach(index, axis, name, ranges)
        for name, _, last in node.ranges:
            own = ranges.get(name)
            if own is None and last is None:
                raise GradcalcError(
                    "shape",
                    f"nothing says how far the index {name} runs",
                    span=node.span,
                    hint=f"Index something with it, or give its range: sum[{name}=1..3](...).",
                )
            if own is None:
                assert last is not None
                own = dimensions.of(last, loose=True)
            elif isinstance(last, str):
                self._require(node, own, dimensions.of(last, loose=True))
            elif last is not None:
                size = dimensions.known(own)
                if isinstance(size, int) and last > size:
                    raise GradcalcError(
                        "shape",
                        f"the index {name} runs to {last}, and the axis to {size}",
                        span=node.span,
                        hint=f"Without a range, sum[{name}](...) runs over the whole axis.",
                    )
                self.minimums.append((node, own, last))
            self.indices[id(node), name] = own

    def _call(self, node: Call) -> Axes:
        entry = self._scopes.entry(node)
        if isinstance(entry, (Linear, Atom)):
            return self._einsum(node, entry)
        if entry is None or self._kinds[id(node)] != S:
            return self.of[id(node.children[0])]
        return ()

    def _einsum(self, node: Call, entry: Linear | Atom) -> Axes:
        if node.children and id(node.children[0]) in self._scopes.sizes:
            kinds = ["dimension"] * len(node.children)
            axes: list[Axes] = [(self._size(child),) for child in node.children]
        else:
            kinds = [NAMES[self._kinds[id(child)]] for child in node.children]
            axes = [self.of[id(child)] for child in node.children]
        inputs, output = entry.variants[",".join(kinds)][0].split("->")
        letters: dict[str, int] = {}
        for own, given in zip(inputs.split(","), axes):
            for letter, axis in zip(own, given):
                self._require(node, letters.setdefault(letter, axis), axis)
        for letter in output:
            if letter not in letters:
                letters[letter] = self._dimensions.new()
        return tuple([letters[letter] for letter in output])

    def _size(self, node: Expr) -> int:
        if isinstance(node, Number) and node.value.denominator == 1 and node.value > 0:
            return self._dimensions.of(int(node.value))
        if isinstance(node, Name) and not self._is_variable(node.name):
            return self._dimensions.of(node.name, loose=True)
        message = "a size is a whole number or the name of a dimension"
        if isinstance(node, Name):
            message += f", and {node.name} is a variable"
        raise GradcalcError("shape", message, span=node.span, hint="For example: eye(3), or eye(n) with x: vector[n].")
