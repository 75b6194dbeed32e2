"""The lengths of the axes of every node, by unification."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Linear
from gradcalc.language.dimensions import Clash, Dimensions
from gradcalc.language.kinds import NAMES, C, M, R, S, axis_literals
from gradcalc.language.polynomial import LARGEST_LENGTH, Dim, added, multiplied, names_in, substituted
from gradcalc.language.scopes import Scopes, not_bound
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
)

END = "end"
"""The last position of an axis."""

_Use = tuple[Index, int, Dim]
"""Where a bound index stands: the node, the axis, and what is added to the index."""

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
        self.slices: dict[tuple[int, int], tuple[Dim, int]] = {}
        self.reaches: list[tuple[int, Dim]] = []
        self._bounds: list[tuple[str, int]] = []
        for name in scopes.size_names:
            if not self._is_variable(name):
                dimensions.of(name, loose=True)
        for node in scopes.order:
            self.of[id(node)] = self._node(node)
        self._settle_bounds()
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
        if isinstance(node, Block):
            return self._block(node)
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
        if node.operator == "/":
            self._require(node, right[0], right[1])
            self._require(node, left[-1], right[0])
            return left
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
        kept: list[int] = []
        for place, (axis, position) in enumerate(zip(operand, node.positions)):
            if position is None:
                kept.append(axis)
            elif isinstance(position, str) and (id(node), place) in self._scopes.unbound:
                self._require_lengths(node, position)
                where = self._position(node, position, axis)
                self.slices[id(node), place] = (added(where, -1), self._dimensions.of(1))
                self.reaches.append((axis, where))
            elif isinstance(position, tuple):
                self._require_lengths(node, *position)
                first, last = [self._bound(bound, axis) for bound in position]
                length = self._dimensions.derive(added(added(last, first, -1), 1))
                self.slices[id(node), place] = (added(first, -1), length)
                self.reaches.append((axis, last))
                self._check_slice(node, axis, *position)
                kept.append(length)
        return tuple(kept)

    def _require_lengths(self, node: Expr, *bounds: Dim | None) -> None:
        """No variable and no definition stands where only lengths do."""
        for bound in bounds:
            for name in names_in(bound or 1):
                if name != END and self._is_variable(name):
                    raise _no_length(name, node)

    def _bound(self, bound: Dim, axis: int) -> Dim:
        """The end of a slice as a polynomial in classes."""
        self._bounds += [(name, axis) for name in names_in(bound) if name != END]
        return substituted(
            bound, lambda name: self._class(axis if name == END else self._dimensions.of(name, loose=True))
        )

    def _position(self, node: Index, position: str, axis: int) -> Dim:
        """A position made of lengths, as the n of x[n], as a polynomial in classes."""
        for name in names_in(position):
            if name != END and name not in self._dimensions.names:
                raise not_bound(node, position)
        return self._bound(position, axis)

    def _settle_bounds(self) -> None:
        """A name that stands only in the slices of one axis is the length of that axis: the n of x[2:n - 1]."""
        find = self._dimensions.find
        used = {find(axis) for axes in self.of.values() for axis in axes}
        for name, axis in self._bounds:
            number = find(self._dimensions.of(name, loose=True))
            if number not in used and self._dimensions.known(axis) is None:
                self._dimensions.unify(axis, number)
                used.add(find(axis))

    def _class(self, number: int) -> Dim:
        size = self._dimensions.known(number)
        return size if isinstance(size, int) else f"c{number}"

    def _check_slice(self, node: Index, axis: int, first: Dim, last: Dim) -> None:
        if isinstance(last, int):
            self.minimums.append((node, axis, last))
        if isinstance(first, int) and isinstance(last, int) and first > last:
            raise GradcalcError(
                "shape",
                f"the slice {first}:{last} is empty",
                span=node.span,
                hint="A slice runs from the smaller position.",
            )

    def _block(self, node: Block) -> Axes:
        """The axes of a block literal: heights add up down the rows, widths along them."""
        heights: list[int] = []
        widths: list[list[int]] = []
        for row in node.rows:
            sizes = [self._height_and_width(part) for part in row]
            for height, _ in sizes[1:]:
                self._require(node, sizes[0][0], height)
            heights.append(sizes[0][0])
            widths.append([width for _, width in sizes])
        kind = self._kinds[id(node)]
        for row_widths in widths[1:]:
            if kind != C and len(row_widths) == len(widths[0]) and not self._differ(widths[0], row_widths):
                for one, other in zip(widths[0], row_widths):
                    self._require(node, one, other)
        height, width = self._total(heights), self._total(widths[0])
        for row_widths in widths[1:]:
            if len(row_widths) != len(widths[0]) or self._differ(widths[0], row_widths):
                self._require(node, width, self._total(row_widths))
        return (height,) if kind == C else (width,) if kind == R else (height, width)

    def _differ(self, widths: list[int], others: list[int]) -> bool:
        """Whether the parts of two rows of a block are known not to stand below each other: 2 + 1 and 1 + 2."""
        pairs = [(self._dimensions.known(one), self._dimensions.known(other)) for one, other in zip(widths, others)]
        known = all(isinstance(one, int) and isinstance(other, int) for one, other in pairs)
        return known and any(one != other for one, other in pairs)

    def _height_and_width(self, part: Expr) -> tuple[int, int]:
        kind, axes = self._kinds[id(part)], self.of[id(part)]
        if kind == S:
            return self._dimensions.of(1), self._dimensions.of(1)
        if kind == C:
            return axes[0], self._dimensions.of(1)
        return (self._dimensions.of(1), axes[0]) if kind == R else (axes[0], axes[1])

    def _total(self, classes: list[int]) -> int:
        total: Dim = 0
        for number in classes:
            total = added(total, self._class(number))
        return classes[0] if len(classes) == 1 else self._dimensions.derive(total, "+", tuple(classes))

    def _attach(self, index: Index, axis: int, name: str, ranges: dict[str, int]) -> None:
        """The index runs over that axis of the operand."""
        length = self.of[id(index.operand)][axis]
        self._require(index, ranges.setdefault(name, length), length)

    def _bind(self, node: IndexedSum) -> None:
        """Gives the indices of a sum the lengths of the axes that they run over."""
        for name, first, last in node.ranges:
            uses = [(index, axis, rest) for index, axis, own, rest in self._scopes.positions[id(node)] if own == name]
            self._require_lengths(node, first, last, *[rest for _, _, rest in uses])
            moved = any(rest != 0 for _, _, rest in uses)
            plain = last is None or (first in (None, 1) and isinstance(last, str) and last.isidentifier())
            if last is None and (moved or not uses):
                raise GradcalcError(
                    "shape",
                    f"nothing says how far the index {name} runs",
                    span=node.span,
                    hint=f"Index something with it alone, or give its range: sum[{name}=1..3](...).",
                )
            if plain and not moved and not self._ends_before(last, uses):
                self.indices[id(node), name] = self._whole_axis(node, name, last, uses)
            else:
                self.indices[id(node), name] = self._part_of_axes(node, name, first or 1, last or 1, uses)

    def _ends_before(self, last: Dim | None, uses: list[_Use]) -> bool:
        """Whether the end of a range is not the length of the axes: the n of sum[i=1..n](x[i]) for x of n + 1."""
        if last is None:
            return False
        named = self._dimensions.of(last, loose=True)
        return any(self._dimensions.differ(named, self.of[id(index.operand)][axis]) for index, axis, _ in uses)

    def _whole_axis(self, node: IndexedSum, name: str, last: Dim | None, uses: list[_Use]) -> int:
        """An index that runs over the whole of every axis where it stands."""
        ranges: dict[str, int] = {}
        for index, axis, _ in uses:
            self._attach(index, axis, name, ranges)
        if last is not None:
            named = self._dimensions.of(last, loose=True)
            self._require(node, ranges.setdefault(name, named), named)
        return ranges[name]

    def _part_of_axes(self, node: IndexedSum, name: str, first: Dim, last: Dim, uses: list[_Use]) -> int:
        """An index with a range of its own, which may be moved where it stands: x[i + 1]."""
        axes = [self.of[id(index.operand)][axis] for index, axis, _ in uses]
        # The n of a range is the length of an axis whose last entry the index reaches.
        ends = [axis for axis, (_, _, rest) in zip(axes, uses) if str(added(last, rest)).isidentifier()]
        low, high = [self._in_classes(bound, ends or axes) for bound in (first, last)]
        own = self._dimensions.derive(added(added(high, low, -1), 1))
        for (index, place, rest), axis in zip(uses, axes):
            before = added(added(low, -1), self._in_classes(rest, [axis]))
            self.slices[id(index), place] = (before, own)
            self.reaches.append((axis, added(before, added(added(high, low, -1), 1))))
            start, end, size = added(first, rest), added(last, rest), self._dimensions.known(axis)
            if isinstance(start, int) and start < 1:
                raise GradcalcError("shape", f"{name} starts at the position {start}", span=index.span)
            if isinstance(end, int) and isinstance(size, int) and end > size:
                raise GradcalcError(
                    "shape",
                    f"the index {name} runs to {end}, and the axis to {size}",
                    span=node.span,
                    hint=f"Without a range, sum[{name}](...) runs over the whole axis.",
                )
            if isinstance(end, int):
                self.minimums.append((node, axis, end))
        return own

    def _in_classes(self, bound: Dim, axes: list[int]) -> Dim:
        """A bound of a range as a polynomial in classes."""
        self._bounds += [(name, axis) for name in names_in(bound) for axis in axes]
        return substituted(bound, lambda name: self._class(self._dimensions.of(name, loose=True)))

    def _call(self, node: Call) -> Axes:
        entry = self._scopes.entry(node)
        if entry is not None:
            kinds = tuple([NAMES[self._kinds.get(id(child), S)] for child in node.children])
            entry = catalogue.meant(node.function, kinds)
        if entry is not None and entry.axis and len(node.children) == 2 and axis_literals(node)[1]:
            return self._along_axis(node, axis_literals(node)[1])
        if isinstance(entry, (Linear, Atom)) or (
            isinstance(entry, Composite) and all(isinstance(variant, tuple) for variant in entry.variants.values())
        ):
            return self._einsum(node, entry)
        return self._widest(node) if self._kinds[id(node)] != S else ()

    def _widest(self, node: Call) -> Axes:
        """The axes that the operands with the kind of the result share."""
        kind = self._kinds[id(node)]
        axes: Axes | None = None
        for child in node.children:
            if self._kinds[id(child)] != kind:
                continue
            own = self.of[id(child)]
            for one, other in zip(axes or own, own):
                self._require(node, one, other)
            axes = axes or own
        assert axes is not None
        return axes

    def _along_axis(self, node: Call, axis: int) -> Axes:
        operand = self.of[id(node.children[0])]
        if self._kinds[id(node)] == M or len(operand) < 2:
            return operand if self._kinds[id(node)] != S else ()
        return (operand[2 - axis],)

    def _einsum(self, node: Call, entry: Linear | Atom | Composite) -> Axes:
        kinds: list[str] = []
        axes: list[Axes] = []
        for child in node.children:
            is_size = id(child) in self._scopes.sizes
            kinds.append("dimension" if is_size else NAMES[self._kinds[id(child)]])
            axes.append((self._size(child),) if is_size else self.of[id(child)])
        variant = ",".join(kinds)
        inputs, output = entry.variants[variant][0].split("->")
        letters: dict[str, int] = {}
        operands = inputs.split(",")
        for own, given in zip(operands, axes):
            for letter, axis in zip(own, given):
                self._require(node, letters.setdefault(letter, axis), axis)
        if isinstance(entry, Linear):
            for pattern, own in zip(entry.patterns(variant), operands[len(axes) :]):
                self._pattern(node, pattern, own, letters)
        for letter in output:
            if letter not in letters:
                letters[letter] = self._dimensions.new()
        return tuple([letters[letter] for letter in output])

    def _pattern(self, node: Call, pattern: str, own: str, letters: dict[str, int]) -> None:
        """The lengths that a constant tensor relates."""
        dimensions = self._dimensions
        if pattern == "merge":
            fast, slow = [self._class(letters[letter]) for letter in own[:2]]
            parts = (letters[own[0]], letters[own[1]])
            whole = dimensions.derive(multiplied(fast, slow), "*", parts)
        elif pattern == "difference":
            whole = dimensions.derive(added(self._class(letters[own[1]]), -1))
            own = own[1] + own[0]
        elif pattern == "cross":
            for letter in own:
                three = dimensions.of(3)
                self._require(node, letters.setdefault(letter, three), three)
            return
        else:
            known = next(letters[letter] for letter in own if letter in letters)
            for letter in own:
                # A triangle may be of any shape, the others are square.
                if letter not in letters or pattern == "flip":
                    self._require(node, letters.setdefault(letter, known), known)
            return
        self._require(node, letters.setdefault(own[-1], whole), whole)

    def _size(self, node: Expr) -> int:
        value = self._size_value(node)
        if value is not None and not (isinstance(value, int) and value < 1):
            return self._dimensions.derive(value)
        raise _no_length(node.name if isinstance(node, Name) else "", node)

    def _size_value(self, node: Expr) -> Dim | None:
        """The size that an expression of numbers and names of dimensions means, as a polynomial in classes."""
        if isinstance(node, Number):
            if node.value > LARGEST_LENGTH:
                raise GradcalcError("limit", "a size has too many digits", span=node.span)
            return int(node.value) if node.value.denominator == 1 and node.value >= 0 else None
        if isinstance(node, Name):
            return None if self._is_variable(node.name) else self._class(self._dimensions.of(node.name, loose=True))
        if not isinstance(node, Binary) or node.operator not in ("+", "-", "*"):
            return None
        left, right = self._size_value(node.left), self._size_value(node.right)
        if left is None or right is None:
            return None
        if node.operator == "*":
            return multiplied(left, right)
        return added(left, right, 1 if node.operator == "+" else -1)


def _no_length(name: str, node: Expr) -> GradcalcError:
    message = "a size is a whole number or the name of a dimension"
    if name:
        message += f", and {name} is a variable"
    return GradcalcError("shape", message, span=node.span, hint="For example: eye(3), or eye(n) with x: vector[n].")
