"""Arrays of a few numbers of any sort: floats, complex numbers, numbers of many digits, symbols.

They behave as NumPy's do as far as the meaning of a function needs, but for one thing: nothing is repeated to fit. Only
numbers, a column made by `[:, None]` and a row beside a matrix combine with arrays of another shape.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import nan, prod
from typing import Any

Scalar = Any
"""One number of the algebra at hand."""

Data = Any
"""A number or an `Array`."""


class Array:
    """The entries of an array of one or two axes (three for a matrix of cases), row by row.

    Raises ValueError where shapes do not fit.
    """

    __slots__ = ("entries", "shape")

    def __init__(self, shape: tuple[int, ...], entries: list[Scalar]) -> None:
        self.shape = shape
        self.entries = entries

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return len(self.entries)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Data]:
        return iter([self[place] for place in range(self.shape[0])])

    def __repr__(self) -> str:
        return f"Array({self.tolist()!r})"

    def tolist(self) -> Any:
        """Nested lists."""
        if len(self.shape) == 1:
            return list(self.entries)
        return [self[place].tolist() for place in range(self.shape[0])]

    @property
    def T(self) -> Array:
        if len(self.shape) != 2:
            return self
        rows, columns = self.shape
        entries = self.entries
        return Array((columns, rows), [entries[place] for start in range(columns) for place in _steps(start, self)])

    def __neg__(self) -> Array:
        return Array(self.shape, [-entry for entry in self.entries])

    def __add__(self, other: Data) -> Array:
        return combined(operator.add, self, other)

    def __radd__(self, other: Data) -> Array:
        return combined(operator.add, other, self)

    def __sub__(self, other: Data) -> Array:
        return combined(operator.sub, self, other)

    def __rsub__(self, other: Data) -> Array:
        return combined(operator.sub, other, self)

    def __mul__(self, other: Data) -> Array:
        return combined(operator.mul, self, other)

    def __rmul__(self, other: Data) -> Array:
        return combined(operator.mul, other, self)

    def __truediv__(self, other: Data) -> Array:
        return combined(quotient, self, other)

    def __rtruediv__(self, other: Data) -> Array:
        return combined(quotient, other, self)

    def __pow__(self, other: Data) -> Array:
        return combined(operator.pow, self, other)

    def __matmul__(self, other: Array) -> Data:
        left, right = self.shape, other.shape
        if left[-1] != right[0]:
            raise ValueError(f"shapes {left} and {right} have no product")
        inner = left[-1]
        shape = left[:-1] + right[1:]
        rows = _lines(self.entries, inner)
        columns = _lines(other.T.entries, inner) if len(right) == 2 else [other.entries]
        # A sum of nothing is zero: no line is left to say how many there are.
        entries = [sum([a * b for a, b in zip(row, column)]) for row in rows for column in columns] or [0] * prod(shape)
        return Array(shape, entries) if shape else entries[0]

    def __getitem__(self, places: Any) -> Data:
        if not isinstance(places, tuple):
            places = (places,)
        if None in places:
            assert places == (slice(None), None)
            return Array((*self.shape, 1), self.entries)
        chosen: list[Sequence[int]] = []
        shape: list[int] = []
        for axis, length in enumerate(self.shape):
            place = places[axis] if axis < len(places) else slice(None)
            if isinstance(place, slice):
                chosen.append(range(length)[place])
                shape.append(len(chosen[-1]))
            else:
                chosen.append((range(length)[place],))
        entries = self.entries
        if len(self.shape) == 1:
            picked = [entries[place] for place in chosen[0]]
        else:
            steps = [prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]
            picked = [entries[sum(map(operator.mul, steps, place))] for place in product(*chosen)]
        return Array(tuple(shape), picked) if shape else picked[0]


def matrix(rows: list[list[Scalar]]) -> Array:
    """The matrix of nested lists."""
    return Array((len(rows), len(rows[0]) if rows else 0), [entry for row in rows for entry in row])


def _steps(start: int, matrix: Array) -> range:
    """The places of the entries of a column."""
    return range(start, len(matrix.entries), matrix.shape[1]) if matrix.entries else range(0)


def _lines(entries: list[Scalar], length: int) -> list[list[Scalar]]:
    """The entries cut into lines of a length."""
    return [entries[start : start + length] for start in range(0, len(entries), length)] if length else []


def quotient(left: Scalar, right: Scalar) -> Scalar:
    """left/right; not a number where right is zero."""
    try:
        return left / right
    except (ZeroDivisionError, OverflowError):
        return nan


def combined(function: Callable[..., Scalar], left: Data, right: Data) -> Array:
    """A function of two numbers, entry by entry, at least one operand being an array."""
    if type(left) is not Array:
        return Array(right.shape, [function(left, entry) for entry in right.entries])
    if type(right) is not Array:
        return Array(left.shape, [function(entry, right) for entry in left.entries])
    if left.shape == right.shape:
        return Array(left.shape, [function(a, b) for a, b in zip(left.entries, right.entries)])
    shape = _common_shape(left.shape, right.shape)
    return Array(shape, [function(a, b) for a, b in zip(spread(left, shape), spread(right, shape))])


def _common_shape(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    for shape, other in ((left, right), (right, left)):
        is_column = len(other) == 2 and other[1] == 1 and other[0] == shape[0]
        if len(shape) == 2 and (is_column or other == shape[1:]):
            return shape
    raise ValueError(f"shapes {left} and {right} do not fit")


def spread(operand: Data, shape: tuple[int, ...]) -> list[Scalar]:
    """The entries of a number, of a column `[:, None]` or of a row, repeated to a shape."""
    if type(operand) is not Array:
        return [operand] * prod(shape)
    if operand.shape == shape:
        return operand.entries
    rows, columns = shape
    if len(operand.shape) == 2:
        return [entry for entry in operand.entries for _ in range(columns)]
    return operand.entries * rows


def mapped(function: Callable[..., Scalar], *operands: Data) -> Data:
    """A function of numbers, entry by entry; of numbers alone a number."""
    if len(operands) == 1:
        (only,) = operands
        return Array(only.shape, [function(e) for e in only.entries]) if type(only) is Array else function(only)
    shapes = [operand.shape for operand in operands if type(operand) is Array]
    if not shapes:
        return function(*operands)
    shape = shapes[0]
    for other in shapes[1:]:
        if other != shape:
            shape = _common_shape(shape, other)
    return Array(shape, [function(*entries) for entries in zip(*[spread(operand, shape) for operand in operands])])


def einsum(subscripts: str, operands: Sequence[Data], lengths: dict[str, int], one: Scalar = 1) -> Data:
    """The sum over all letters that are not in the output of the product of the operands.

    A letter that is repeated in the output puts entries on a diagonal, one that stands in it alone repeats them;
    `lengths` says how long the latter are. one: the number one.
    """
    inputs, output = subscripts.split("->")
    groups = inputs.split(",")
    sizes = dict(lengths)
    for group, operand in zip(groups, operands):
        for letter, length in zip(group, operand.shape if type(operand) is Array else ()):
            if sizes.setdefault(letter, length) != length:
                raise ValueError(f"shapes do not fit {subscripts}")
    letters = list(sizes)
    shape = tuple([sizes[letter] for letter in output])
    totals: list[Scalar] = [0 * one] * prod(shape)
    steps = _places(output, shape, letters)
    places = [_places(group, operand.shape, letters) for group, operand in zip(groups, operands) if group]
    entries = [operand.entries for group, operand in zip(groups, operands) if group]
    numbers = [operand for group, operand in zip(groups, operands) if not group]
    for values in product(*[range(sizes[letter]) for letter in letters]):
        term = one
        for own, place in zip(entries, places):
            term = term * own[sum(map(operator.mul, place, values))]
        totals[sum(map(operator.mul, steps, values))] += term
    for number in numbers:
        totals = [number * total for total in totals]
    return Array(shape, totals) if shape else totals[0]


def _places(group: str, shape: tuple[int, ...], letters: list[str]) -> list[int]:
    """How far one step of each letter moves in the entries of an operand."""
    found = [0] * len(letters)
    for axis, letter in enumerate(group):
        found[letters.index(letter)] += prod(shape[axis + 1 :])
    return found
