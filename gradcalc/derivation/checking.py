"""Every line of a derivation is held against numbers before anyone sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from gradcalc.derivation.broadcasting import Broadcasting, NotBroadcast
from gradcalc.derivation.fixing import with_fixed_parts
from gradcalc.derivation.fragments import Context
from gradcalc.derivation.names import placeholder
from gradcalc.derivation.notation import Ratio
from gradcalc.derivation.numbers import Point
from gradcalc.derivation.renaming import moving_nodes
from gradcalc.derivation.steps import PARTS, Step
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom
from gradcalc.language.lexer import tokens
from gradcalc.language.parser import ExpressionParser
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Program,
    Transpose,
    postorder,
    transformed,
)

Array = Any

SEEDS = (0, 1)
"""The points at which every line is checked."""

_TOLERANCE = 1e-7
_ROUNDING = 1e-11
"""How much rounding may leave, relative to the largest number on the way."""

MOST_WORK = 40_000
"""How many nodes may be evaluated for a line: where its entries take more, only some are compared."""

_WORK_OF_ATOM = 400
"""A function of a whole matrix takes as long as so many sums and products of small ones."""

_FEWEST_ENTRIES = 3


class Checker:
    """Checks lines at some points."""

    def __init__(self, context: Context, points: Sequence[Point]) -> None:
        self._context = context
        self._points = points
        self._typed: dict[tuple[int, tuple[tuple[str, tuple[int, ...]], ...]], tuple[Program, Typing]] = {}
        self._fixed: dict[tuple[int, int], tuple[Expr, dict[str, Array]]] = {}

    def check(self, step: Step) -> None:
        """Marks a line as checked where it is true at some point. Raises GradcalcError of kind internal where it is not
        true at a point; where its sides have no values, as 0/0 has none, nothing is known of it.
        """
        if step.names is not None and not step.shown:
            self._define(step.names, step.right)
            step.checked = bool(self._points)
            return
        right = step.right
        if not any(isinstance(node, Ratio) for node in postorder(right)):
            right = read_back(self._context, step.right_text)
        self._typed.clear()
        self._fixed.clear()
        for point in self._points:
            if step.names is not None and step.names not in point.arrays:
                point.arrays[step.names] = self._value(right, point, {})[0]
            left, found, largest = self._sides(step, right, point)
            verdict = agree(left, found, max(point.tolerance, _TOLERANCE), largest)
            if verdict is False:
                raise wrong_line(step)
            step.checked = step.checked or verdict is True

    def _sides(self, step: Step, right: Expr, point: Point) -> tuple[Array, Array, float]:
        """The values of both sides, at all indices where there are some, and the largest number on the way."""
        if step.indices or (step.section != PARTS and any(isinstance(node, IndexedSum) for node in postorder(right))):
            indices = {name: self._length(step.left, name, point) for name in step.indices}
            values = Broadcasting(self._context, point, indices, lambda ratio: ratio_value(point, ratio))
            try:
                return values.entries(step.left), values.entries(right), values.largest
            except NotBroadcast:
                pass
        sides = [
            (self._value(step.left, point, indices), self._value(right, point, indices))
            for indices in self._indices(step, point)
        ]
        left, found = [[side[place][0] for side in sides] for place in (0, 1)]
        return np.asarray(left), np.asarray(found), max(side[1][1] for side in sides)

    def _define(self, name: str, tree: Expr) -> None:
        """Gives a name its value, for a line that nobody sees."""
        for point in self._points:
            point.arrays[name] = point.value(tree)

    def _indices(self, step: Step, point: Point) -> Iterator[Mapping[str, int]]:
        """Every choice of the free indices of a line."""
        lengths = [self._length(step.left, name, point) for name in step.indices]
        choices = list(product(*[range(1, length + 1) for length in lengths]))
        affordable = max(_FEWEST_ENTRIES, MOST_WORK // work_of(step.right, step.indices))
        # An odd stride meets entries on and off the diagonal.
        for choice in choices[:: 2 * (len(choices) // affordable // 2) + 1]:
            yield dict(zip(step.indices, choice))

    def _length(self, left: Expr, name: str, point: Point) -> int:
        """The length of the axis that an index of the left side runs over."""
        if isinstance(left, Ratio):
            return _length_of(left, name, point)
        assert isinstance(left, Index)
        assert isinstance(left.operand, Name)
        return int(np.shape(point.arrays[left.operand.name])[left.positions.index(name)])

    def _value(self, tree: Expr, point: Point, indices: Mapping[str, int]) -> tuple[Array, float]:
        """The value of one side, and the largest number on the way to it."""
        if isinstance(tree, Ratio):
            value = _entry(ratio_value(point, tree), [*tree.rows, *tree.columns], indices)
            return value, float(np.max(np.abs(value), initial=0.0))
        if any(isinstance(node, Ratio) and (node.rows or node.columns) for node in postorder(tree)):
            value = _sum_of_quotients(point, tree, indices)
            return value, float(np.max(np.abs(value), initial=0.0))
        arrays: dict[str, Array] = {}

        def instead(node: Expr) -> Expr | None:
            if not isinstance(node, Ratio):
                return None
            name = placeholder("ratio", len(arrays))
            arrays[name] = ratio_value(point, node)
            return Transpose(Name(name)) if node.row and np.ndim(arrays[name]) == 1 else Name(name)

        plain = transformed(tree, instead)
        if not arrays and indices:
            plain = self._with_fixed_parts(tree, point, tuple(indices), arrays)
        shapes = {name: tuple([int(n) for n in np.shape(array)]) for name, array in arrays.items()}
        key = id(tree), tuple(shapes.items())
        if key not in self._typed:
            program = self._context.program(plain)
            self._typed[key] = program, self._context.typing(program, tuple(indices), shapes)
        seen = point.observe(*self._typed[key], arrays, indices)
        return seen.value, seen.largest

    def _with_fixed_parts(self, tree: Expr, point: Point, indices: tuple[str, ...], arrays: dict[str, Array]) -> Expr:
        """The expression with what has no index in it evaluated beforehand: `inv(Z)` in `inv(Z)[i,j]`."""
        key = id(tree), id(point)
        if key not in self._fixed:
            plain, parts = with_fixed_parts(tree, moving_nodes(tree, indices), self._context)
            self._fixed[key] = plain, {name: point.value(part) for name, part in parts.items()}
        plain, found = self._fixed[key]
        arrays.update(found)
        return plain


def _sum_of_quotients(point: Point, tree: Expr, indices: Mapping[str, int]) -> Array:
    """The value of sums of products of derivatives at indices, as `sum[i](df/dz[i]*dz[i]/dx[j])`."""
    if isinstance(tree, Ratio):
        return _entry(ratio_value(point, tree), [*tree.rows, *tree.columns], indices)
    if isinstance(tree, IndexedSum):
        names = [name for name, _, _ in tree.ranges]
        lengths = [_length_of(tree.body, name, point) for name in names]
        places = product(*[range(1, length + 1) for length in lengths])
        return sum(_sum_of_quotients(point, tree.body, {**indices, **dict(zip(names, at))}) for at in places)
    assert isinstance(tree, Binary)
    left, right = [_sum_of_quotients(point, child, indices) for child in tree.children]
    return left * right if tree.operator == "*" else left + right


def _length_of(tree: Expr, name: str, point: Point) -> int:
    """The length of the axis that an index runs over in some derivative."""
    for node in postorder(tree):
        if isinstance(node, Ratio):
            for base, positions in ((node.above, node.rows), (node.below, node.columns)):
                if name in positions:
                    return int(np.shape(point.arrays[base])[positions.index(name)])
    raise AssertionError(name)


def work_of(tree: Expr, indices: Sequence[str] = (), longest: int = 6) -> int:
    """How many nodes are evaluated for one value of an expression, with sums over indices written out.

    indices: its free indices. longest: how long an axis is at most. What has no index in it is evaluated once.
    """
    moving = moving_nodes(tree, indices)
    work: dict[int, int] = {}
    for node in postorder(tree):
        is_atom = isinstance(node, Call) and isinstance(catalogue.lookup(node.function), Atom)
        own = (_WORK_OF_ATOM if is_atom else 1) + sum([work[id(child)] for child in node.children])
        own = own * longest ** len(node.ranges) if isinstance(node, IndexedSum) else own
        work[id(node)] = own if id(node) in moving else 1
    return work[id(tree)]


def _entry(value: Array, positions: Sequence[int | str], indices: Mapping[str, int]) -> Array:
    place = tuple([indices[position] - 1 if isinstance(position, str) else position - 1 for position in positions])
    whole: Any = (Ellipsis, *place)
    return np.asarray(value)[whole]


def ratio_value(point: Point, ratio: Ratio) -> Array:
    """A derivative in numbers: the axes of what is differentiated, then those of what by; stacked where it says vec."""
    above, below = inside_vec(ratio.above), inside_vec(ratio.below)
    value = np.asarray(point.jacobian(above, below, ratio.direct))
    rank = np.ndim(point.arrays[above])
    if above != ratio.above:
        value = _stacked(value, 0, rank)
        rank = 1
    if below != ratio.below:
        value = _stacked(value, rank, value.ndim)
    return value.T if ratio.turned and value.ndim == 2 else value


def _stacked(value: Array, first: int, last: int) -> Array:
    """The axes from first to last as one, the first of them running fastest: columns one below the other."""
    axes = (*range(first), *reversed(range(first, last)), *range(last, value.ndim))
    shape = (*value.shape[:first], -1, *value.shape[last:])
    return np.transpose(value, axes).reshape(shape)


def inside_vec(name: str) -> str:
    return name[4:-1] if name.startswith("vec(") else name


def agree(left: Array, right: Array, tolerance: float, largest: float) -> bool | None:
    """Whether two values are equal to working precision; None where there are none, or not everywhere."""
    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape:
        return False
    if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
        return None
    scale = max(float(np.max(np.abs(left), initial=0.0)), float(np.max(np.abs(right), initial=0.0)))
    return bool(np.max(np.abs(left - right), initial=0.0) <= tolerance * scale + _ROUNDING * largest)


def wrong_line(step: Step) -> GradcalcError:
    return GradcalcError(
        "internal",
        f"a line of the explanation is not true: {step.text[:200]}",
        hint="This is a fault of gradcalc, not of your input. `grad` and `check` do not depend on it.",
    )


def read_back(context: Context, text: str) -> Expr:
    """The expression of a text in which names may be those of functions."""
    found = tokens(text)
    functions = [function.name for function in context.functions]
    return ExpressionParser(found, functions, set(context.shapes)).parse(0)
