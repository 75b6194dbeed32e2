"""The independent opinion: an interpreter of the syntax tree as it was typed.

It shares nothing with lowering, derivatives, raising or programs. Vectors are arrays of one axis, rows too; arrays may
be complex, for the complex step, and every function is continued analytically.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError, Span
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Elementwise, Function, Linear
from gradcalc.language.kinds import axis_literals
from gradcalc.language.polynomial import Dim, names_in, size_of
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
)

Array = Any
"""A NumPy array or scalar, real or complex."""

_SMALL_STEP = 1e-12

_LARGEST_CONDITION = 1e14
"""A matrix with a larger condition number is singular to working precision."""


class Observation:
    """A value and what was met on the way to it.

    kink_distance: how near an operand came to a kink of its function, relative to the operand's scale; inf where no
    function has one. fault: a sentence about the first operand outside a domain, with its place, or None.
    analytic: no function with a kink was met. real_only: a function was met that takes no complex numbers.
    degenerate: a formula of the derivative fails here, though there is one. largest: the largest finite number on the
    way.
    """

    def __init__(self) -> None:
        self.value: Array = np.nan
        self.kink_distance = float("inf")
        self.fault: tuple[str, Span | None] | None = None
        self.analytic = True
        self.real_only = False
        self.degenerate = False
        self.largest = 0.0

    def meet(self, value: Array) -> None:
        size = float(np.max(np.abs(value), initial=0.0))
        if self.largest < size < float("inf"):
            self.largest = size

    def meet_kinks(self, kinks: tuple[float, ...], operand: Array) -> None:
        if not kinks or not np.size(operand):
            return
        self.analytic = False
        real = np.real(operand)
        for kink in kinks:
            self.kink_distance = min(self.kink_distance, float(np.min(np.abs(real - kink))))

    def meet_gap(self, gap: Array) -> None:
        """gap: zero at a kink."""
        self.analytic = False
        self.kink_distance = min(
            self.kink_distance, float(np.min(np.abs(np.asarray(gap, dtype=float)), initial=np.inf))
        )

    def fail(self, sentence: str, span: Span | None) -> None:
        if self.fault is None:
            self.fault = (sentence, span)


class StandIn:
    """The smooth function that takes the place of an unspecified one when numbers are asked for.

    phi(t) = sin(t + c) + t^2/4, with a constant c of its own for each name.
    """

    def __init__(self, name: str) -> None:
        self.shift = 0.25 + 0.5 * (sum(ord(letter) * (place + 1) for place, letter in enumerate(name)) % 7) / 7

    @property
    def text(self) -> str:
        return f"sin(t + {self.shift:.6g}) + t^2/4"

    def evaluate(self, t: Array, order: int) -> Array:
        """The derivative of an order, entry by entry."""
        shift = float(f"{self.shift:.6g}")
        wave = (np.sin, np.cos, lambda u: -np.sin(u), lambda u: -np.cos(u))[order % 4](t + shift)
        polynomial = {0: t * t / 4, 1: t / 2, 2: 0 * t + 0.5}.get(order, 0 * t)
        return wave + polynomial


def observe(
    program: Program,
    typing: Typing,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    indices: Mapping[str, int] | None = None,
) -> Observation:
    """The value of the objective and what was met on the way; never raises for what the numbers are.

    arrays: one for each variable, in its shape. sizes: the lengths of the named dimensions. indices: the values of free
    indices, counted from 1.
    """
    observation = Observation()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interpreter = Interpreter(typing, arrays, sizes, observation)
        interpreter.free = indices or {}
        observation.value = interpreter.value(program.objective, indices)
    if observation.fault is None and not np.all(np.isfinite(observation.value)):
        observation.fail("the value is not finite", program.objective.span)
    return observation


def evaluate(program: Program, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value of the objective. Raises GradcalcError of kind numeric outside a domain or where it is not finite."""
    observation = observe(program, typing, arrays, sizes)
    if observation.fault is not None:
        sentence, span = observation.fault
        raise GradcalcError("numeric", sentence, span=span, source=program.source)
    return observation.value


class Interpreter:
    def __init__(
        self, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int], observation: Observation
    ) -> None:
        self._typing = typing
        self._arrays = arrays
        self._sizes = sizes
        self._observation = observation
        self._definitions: dict[str, Array] = {}
        self.free: Mapping[str, Array] = {}

    def value(self, root: Expr, scope: Mapping[str, Array] | None = None) -> Array:
        """The value of an expression. scope: values of parameters and bound indices."""
        scope = scope or {}
        values: dict[int, Array] = {}
        for node in _evaluation_order(root):
            value = values[id(node)] = self.node(node, values, scope)
            self._observation.meet(value)
        return values[id(root)]

    def node(self, node: Expr, values: dict[int, Array], scope: Mapping[str, Array]) -> Array:
        if isinstance(node, Number):
            return _float(node.value)
        if isinstance(node, Name):
            return self._name(node.name, scope)
        if isinstance(node, Negative):
            return -values[id(node.operand)]
        if isinstance(node, Transpose):
            operand = values[id(node.operand)]
            return operand.T if np.ndim(operand) == 2 else operand
        if isinstance(node, Binary):
            return self._binary(node, values[id(node.left)], values[id(node.right)])
        if isinstance(node, Index):
            return values[id(node.operand)][
                tuple([self._place(node, axis, scope) for axis in range(len(node.positions))])
            ]
        if isinstance(node, Block):
            return self._block(node, values)
        if isinstance(node, IndexedSum):
            return self._indexed_sum(node, scope)
        assert isinstance(node, Call)
        return self._call(node, values)

    def _place(self, node: Index, axis: int, scope: Mapping[str, Array]) -> int | slice:
        position = node.positions[axis]
        if position is None:
            return slice(None)
        if isinstance(position, tuple):
            offset, length = [self._size(dim) for dim in self._typing.slice_of(node, axis)]
            return slice(offset, offset + length)
        if isinstance(position, str) and not any(name in scope for name in names_in(position)):
            return self._size(self._typing.slice_of(node, axis)[0])
        return self._number_of(position, scope) - 1

    def _number_of(self, dim: Dim, scope: Mapping[str, Array]) -> int:
        """A position or the end of a range, from the values of indices and the lengths of axes."""
        known = {name: int(scope[name]) if name in scope else self._length(name) for name in names_in(dim)}
        return size_of(dim, known)

    def _block(self, node: Block, values: dict[int, Array]) -> Array:
        if self._typing.kind(node) in ("vector", "row"):
            return np.concatenate([np.atleast_1d(values[id(part)]) for part in node.children])
        rows = []
        for row in node.rows:
            parts = [np.asarray(values[id(part)]) for part in row]
            columns = [self._typing.kind(part) == "vector" for part in row]
            rows.append(
                np.concatenate(
                    [p.reshape(-1, 1) if is_column else np.atleast_2d(p) for p, is_column in zip(parts, columns)], 1
                )
            )
        return np.concatenate(rows, axis=0)

    def _name(self, name: str, scope: Mapping[str, Array]) -> Array:
        if name in scope:
            return scope[name]
        if name in self._typing.definitions:
            return self._definition(name)
        if name in self._arrays:
            return self._arrays[name]
        if name == "pi":
            return np.pi
        return float(self._length(name))

    def _definition(self, name: str) -> Array:
        """The value of a definition, those that it uses first."""
        pending = [name]
        while pending:
            current = pending[-1]
            expression = self._typing.definitions[current]
            waiting = [
                leaf.name
                for leaf in postorder(expression)
                if isinstance(leaf, Name)
                and leaf.name in self._typing.definitions
                and leaf.name not in self._definitions
            ]
            if current in self._definitions:
                pending.pop()
            elif waiting:
                pending.extend(waiting)
            else:
                self._definitions[current] = self.value(expression, self.free)
        return self._definitions[name]

    def _length(self, name: str) -> int:
        return self._size(self._typing.named_length(name))

    def _size(self, dim: Dim) -> int:
        return size_of(dim, self._sizes)

    def _binary(self, node: Binary, left: Array, right: Array) -> Array:
        operator = node.operator
        if operator == "*":
            return self._product(node, left, right)
        if operator == "\\":
            return self._solve(node, left, right)
        if operator == "/" and np.ndim(right) == 2:
            return self._right_quotient(node, left, right)
        if operator == "^" and np.ndim(left) == 2:
            return self._matrix_power(node, left, right)
        left, right = self._aligned(node, left, right)
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        if operator == ".*":
            return left * right
        if operator in COMPARISONS:
            return self._applied(node, catalogue.BY_OPERATOR[operator], [left, right])
        if operator in ("/", "./"):
            if np.any(right == 0):
                self._observation.fail(f"division by zero in {_short(node)}", node.span)
            return np.true_divide(left, right)
        return self._power(node, left, right)

    def _aligned(self, node: Binary, left: Array, right: Array) -> tuple[Array, Array]:
        """A column against a matrix repeats along the columns; a row along the rows, as arrays of one axis do."""
        if np.ndim(left) == 1 and np.ndim(right) == 2 and self._typing.kind(node.left) == "vector":
            return left[:, None], right
        if np.ndim(left) == 2 and np.ndim(right) == 1 and self._typing.kind(node.right) == "vector":
            return left, right[:, None]
        return left, right

    def _product(self, node: Binary, left: Array, right: Array) -> Array:
        if np.ndim(left) == 0 or np.ndim(right) == 0:
            return left * right
        if np.ndim(left) == np.ndim(right) == 1 and self._typing.kind(node.left) == "vector":
            return left[:, None] * right[None, :]
        return left @ right

    def _solve(self, node: Binary, left: Array, right: Array) -> Array:
        if np.ndim(left) == 0:
            if left == 0:
                self._observation.fail(f"division by zero in {_short(node)}", node.span)
            return np.true_divide(right, left)
        self._require_invertible(left, node)
        return self._guarded(lambda: np.linalg.solve(left, right), np.asarray(right), node)

    def _right_quotient(self, node: Binary, left: Array, right: Array) -> Array:
        """A/B, which is A*inv(B)."""
        self._require_invertible(right, node)
        return self._guarded(lambda: np.linalg.solve(right.T, left.T).T, np.asarray(left), node)

    def _require_invertible(self, matrix: Array, node: Expr) -> None:
        """Notes a fault where the matrix is singular to working precision."""
        if not _is_invertible(matrix):
            self._observation.fail(f"the matrix is singular in {_short(node)}", node.span)

    def _guarded(self, compute: Any, shape_like: Array, node: Expr) -> Array:
        try:
            return compute()
        except np.linalg.LinAlgError:
            self._observation.fail(f"the matrix is singular in {_short(node)}", node.span)
            return np.full_like(np.asarray(shape_like, dtype=complex), np.nan).real

    def _matrix_power(self, node: Binary, left: Array, right: Array) -> Array:
        exponent = float(np.real(right))
        if exponent != round(exponent):
            self._observation.fail(
                f"the power of a matrix is {exponent:.6g}, not a whole number, in {_short(node)}", node.span
            )
        return self._guarded(lambda: np.linalg.matrix_power(left, round(exponent)), left, node)

    def _power(self, node: Binary, left: Array, right: Array) -> Array:
        base, exponent = np.asarray(left), np.asarray(right)
        whole = np.real(exponent) == np.round(np.real(exponent))
        outside = (np.real(base) < 0) & ~whole
        if np.any(outside):
            self._observation.fail(f"a negative number to a fractional power in {_short(node)}", node.span)
        if np.any((base == 0) & (np.real(exponent) < 0)):
            self._observation.fail(f"division by zero in {_short(node)}", node.span)
        if np.any(~whole & (np.real(base) == 0)):
            self._observation.meet_kinks((0.0,), base)
        if not np.iscomplexobj(exponent) and exponent.ndim == 0 and whole and abs(exponent) < 1000:
            # Whole powers by multiplication: exact for complex arrays, where NumPy's power is not.
            return _whole_power(left, int(exponent))
        if np.iscomplexobj(base) or np.iscomplexobj(exponent):
            negative_whole = (np.real(base) < 0) & whole
            if not np.any(negative_whole):
                return np.exp(exponent * np.log(base))
        return np.power(base, exponent)

    def _indexed_sum(self, node: IndexedSum, scope: Mapping[str, Array]) -> Array:
        ranges = []
        for name, first, last in node.ranges:
            low = 1 if first is None else self._number_of(first, scope)
            high = self._size(self._typing.index_dim(node, name)) if last is None else self._number_of(last, scope)
            ranges.append(range(low, high + 1))
        total: Array = None
        for places in product(*ranges):
            inner = {**scope, **{name: place for (name, _, _), place in zip(node.ranges, places)}}
            value = self.value(node.body, inner)
            total = value if total is None else total + value
        return 0.0 if total is None else total

    def _call(self, node: Call, values: dict[int, Array]) -> Array:
        user = self._typing.functions.get(node.function)
        if user is not None:
            return self._user_function(user, node, values[id(node.children[0])])
        first = catalogue.first_size(node.function)
        operands = [np.asarray(values[id(child)]) for child in node.children[:first]]
        kinds = tuple([self._typing_kind(child, value) for child, value in zip(node.children, operands)])
        entry = catalogue.meant(node.function, kinds)
        assert entry is not None
        if isinstance(entry, Elementwise):
            return self._elementwise(node, entry, operands)
        axis = axis_literals(node)[1] if entry.axis and len(operands) == 2 else 0
        if not axis:
            return self._whole(node, entry, operands, kinds)
        if kinds[0] != "matrix":
            return self._whole(node, entry, operands[:1], kinds[:1])
        lines = operands[0] if axis == 2 else operands[0].T
        results = np.stack([self._whole(node, entry, [line], ("vector",)) for line in lines])
        return results.T if axis == 1 and results.ndim == 2 else results

    def _whole(self, node: Call, entry: Function, operands: list[Array], kinds: tuple[str, ...]) -> Array:
        """A function of whole arrays."""
        if isinstance(entry, Linear):
            return self._linear(node, entry, operands, kinds)
        if isinstance(entry, Composite):
            if entry.kink:
                self._observe_norm(operands[0])
            value: Array = self._composite(entry, operands, kinds)
            return value
        assert isinstance(entry, Atom)
        return self._atom(node, entry, operands)

    def _composite(self, entry: Composite, operands: list[Array], kinds: tuple[str, ...]) -> Array:
        """A function that is short for others: by its own reference, else by its meaning."""
        if entry.reference is not None:
            return entry.reference(np, *operands)
        return _Meaning(self, dict(zip(entry.parameters, zip(operands, kinds)))).value(_parsed(entry.meaning))

    def _observe_norm(self, operand: Array) -> None:
        length = float(np.sqrt(np.sum(np.abs(operand) ** 2)))
        if length == 0:
            self._observation.kink_distance = 0.0
        self._observation.kink_distance = min(self._observation.kink_distance, length)

    def _elementwise(self, node: Call, entry: Elementwise, operands: list[Array]) -> Array:
        operands = operands + [
            np.asarray(float(Fraction(text)))
            for text in entry.defaults[len(operands) - len(entry.parameters) + len(entry.defaults) :]
        ]
        if node.primes:
            self._check_domain(node, entry, operands[0])
            return self._derivative(entry, operands, node.primes)
        return self._applied(node, entry, operands)

    def _applied(self, node: Expr, entry: Elementwise, operands: list[Array]) -> Array:
        """A scalar function, entry by entry."""
        self._check_domain(node, entry, operands[0])
        observation = self._observation
        if entry.gap is not None:
            observation.meet_gap(entry.gap(np, *operands))
        if entry.real_only:
            observation.real_only = True
            if any(np.iscomplexobj(operand) for operand in operands):
                return np.nan * sum(operands)
        assert entry.reference is not None
        return entry.reference(np, *[np.asarray(operand) for operand in operands])

    def _check_domain(self, node: Expr, entry: Elementwise, operand: Array) -> None:
        self._observation.meet_kinks(entry.kinks, operand)
        low, high = entry.domain
        real = np.real(operand)
        outside = (real < low) | (real > high) | (((real == low) | (real == high)) & (entry.power is None))
        if np.any(outside):
            worst = float(np.asarray(real)[outside].flat[0])
            self._observation.fail(f"{entry.name} of {worst:.6g}, outside its domain, in {_short(node)}", node.span)
        if entry.power is not None and entry.domain[0] == 0 and np.any(real == 0):
            self._observation.kink_distance = 0.0

    def _derivative(self, entry: Elementwise, operands: list[Array], order: int) -> Array:
        """A derivative of a function of the catalogue by its first operand."""
        formula = _parsed(entry.derivative)

        def slope(t: Array) -> Array:
            scope = dict(zip(entry.parameters, [t, *operands[1:]]))
            return _Entrywise(self, scope).value(formula) + 0 * t

        if order == 1:
            return slope(operands[0])
        return _cauchy(slope, operands[0], order - 1, _radius(entry, operands[0]))

    def _user_function(self, user: FunctionDefinition, node: Call, operand: Array) -> Array:
        operand = np.asarray(operand)
        if user.body is None:
            return StandIn(user.name).evaluate(operand, node.primes)
        body = user.body

        def apply(t: Array) -> Array:
            return _Entrywise(self, {user.parameter: t}).value(body) + 0 * t

        return apply(operand) if not node.primes else _cauchy(apply, operand, node.primes, np.full(operand.shape, 0.01))

    def _linear(self, node: Call, entry: Linear, operands: list[Array], kinds: tuple[str, ...]) -> Array:
        sizes: list[int] = []
        if entry.first_size is not None:
            sizes = [self._size(self._typing.dimension(child)) for child in node.children[entry.first_size :]]
        variant = ",".join([*kinds, *["dimension"] * len(sizes)])
        inputs, output = entry.variants[variant][0].split("->")
        if entry.reference is not None:
            if entry.name == "kron":
                return _kronecker(operands, kinds)
            return entry.reference(np, *operands, *sizes)
        if sizes:
            lengths = dict(zip(inputs.split(","), sizes))
            shape = tuple([lengths[letter] for letter in output])
            if entry.zero:
                return np.zeros(shape)
            return np.eye(shape[0]) if len(set(output)) < len(output) else np.ones(shape)
        if set(output) - set(inputs):
            return np.broadcast_to(operands[0], tuple([self._size(dim) for dim in self._typing.dims(node)]))
        if len(set(output)) < len(output):
            return np.diag(operands[0])
        answer = np.einsum(f"{inputs}->{output}", *operands)
        if entry.averages:
            answer = answer / max(1, operands[0].size)
        return answer

    def _typing_kind(self, node: Expr, value: Array) -> str:
        rank = np.ndim(value)
        if rank == 1:
            return self._typing.kind(node)
        return "matrix" if rank else "scalar"

    def _atom(self, node: Call, entry: Atom, operands: list[Array]) -> Array:
        assert entry.reference is not None
        reference = entry.reference
        operand = operands[0]
        observation = self._observation
        gap = entry.gap
        if gap is not None:
            observation.meet_gap(self._guarded(lambda: gap(np, *operands), np.zeros(1), node))
        if entry.real_only:
            observation.real_only = True
            if np.iscomplexobj(operand):
                operands = [np.full_like(operand, np.nan).real]
                return np.nan * np.asarray(
                    self._guarded(lambda: reference(np, np.real(operand)), np.real(operand), node)
                )
        if entry.invertible:
            self._require_invertible(operand, node)
        if entry.differentiable_when_invertible and not _is_invertible(operand):
            observation.degenerate = True
        value = self._guarded(lambda: reference(np, *operands), operand, node)
        if not np.all(np.isfinite(value)) and np.all(np.isfinite(operand)):
            observation.fail(f"{entry.name} is not defined at its operand in {_short(node)}", node.span)
        return value


class _Meaning(Interpreter):
    """The meaning of a function of the catalogue, whose parameters have the kinds of the operands."""

    def __init__(self, outer: Interpreter, operands: Mapping[str, tuple[Array, str]]) -> None:
        super().__init__(outer._typing, outer._arrays, outer._sizes, outer._observation)
        self._parameters = {name: value for name, (value, _) in operands.items()}
        self._parameter_kinds = {name: kind for name, (_, kind) in operands.items()}

    def value(self, root: Expr, scope: Mapping[str, Array] | None = None) -> Array:
        return super().value(root, {**self._parameters, **(scope or {})})

    def _typing_kind(self, node: Expr, value: Array) -> str:
        # Only a vector could be a row, and no meaning tells the two apart.
        return ("scalar", "vector", "matrix")[np.ndim(value)]

    def _product(self, node: Binary, left: Array, right: Array) -> Array:
        return left * right if 0 in (np.ndim(left), np.ndim(right)) else left @ right

    def _aligned(self, node: Binary, left: Array, right: Array) -> tuple[Array, Array]:
        return left, right


class _Entrywise(Interpreter):
    """The body of an elementwise function: every operation of it acts entry by entry."""

    def __init__(self, outer: Interpreter, scope: Mapping[str, Array]) -> None:
        super().__init__(outer._typing, outer._arrays, outer._sizes, outer._observation)
        self._scope = scope

    def value(self, root: Expr, scope: Mapping[str, Array] | None = None) -> Array:
        return super().value(root, {**self._scope, **(scope or {})})

    def _typing_kind(self, node: Expr, value: Array) -> str:
        # The formula is one of numbers: whether a vector is a column or a row does not matter.
        return ("scalar", "vector", "matrix")[min(np.ndim(value), 2)]

    def _product(self, node: Binary, left: Array, right: Array) -> Array:
        return left * right

    def _aligned(self, node: Binary, left: Array, right: Array) -> tuple[Array, Array]:
        return left, right

    def _matrix_power(self, node: Binary, left: Array, right: Array) -> Array:
        return self._power(node, left, right)

    def _right_quotient(self, node: Binary, left: Array, right: Array) -> Array:
        return np.true_divide(left, right)

    def _solve(self, node: Binary, left: Array, right: Array) -> Array:
        return np.true_divide(right, left)


def _evaluation_order(root: Expr) -> list[Expr]:
    """The nodes in order, without what stands inside indexed sums: that is evaluated for each value of the index."""
    order: list[Expr] = []
    met: set[int] = set()
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            order.append(node)
            continue
        if id(node) in met:
            continue
        met.add(id(node))
        pending.append((node, True))
        if isinstance(node, IndexedSum):
            continue
        first = catalogue.first_size(node.function) if isinstance(node, Call) else None
        pending.extend([(child, False) for child in reversed(node.children[:first])])
    return order


def _float(value: Fraction) -> float:
    """A number in floating point, infinite where it is beyond that."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


@cache
def _parsed(text: str) -> Expr:
    """A formula of the catalogue."""
    from gradcalc.language.parser import parse_expression

    return parse_expression(text)


def _kronecker(operands: list[Array], kinds: tuple[str, ...]) -> Array:
    """The Kronecker product, a vector beside a matrix or a row as a column."""
    if kinds[0] == kinds[1]:
        return np.kron(*operands)
    shapes = {"vector": (-1, 1), "row": (1, -1)}
    return np.kron(*[o if k == "matrix" else np.reshape(o, shapes[k]) for o, k in zip(operands, kinds)])


def _is_invertible(matrix: Array) -> bool:
    """Whether the matrix is regular to working precision; one that is not finite is left to others to judge."""
    return not np.all(np.isfinite(matrix)) or bool(np.linalg.cond(matrix) < _LARGEST_CONDITION)


def _whole_power(base: Array, exponent: int) -> Array:
    if exponent < 0:
        return np.true_divide(1.0, _whole_power(base, -exponent))
    answer: Array = np.ones_like(np.asarray(base))
    square = base
    while exponent:
        if exponent % 2:
            answer = answer * square
        exponent //= 2
        if exponent:
            square = square * square
    return answer


def _radius(entry: Elementwise, point: Array) -> Array:
    """A circle around each entry that keeps well away from the kinks and the ends of the domain."""
    marks = [*entry.kinks, *[end for end in entry.domain if np.isfinite(end)]]
    if (entry.power is not None and entry.power.denominator != 1) or (entry.power is not None and entry.power < 0):
        marks.append(0.0)
    radius = np.full(np.shape(point), 0.05)
    for mark in marks:
        gap = np.abs(np.real(point) - mark)
        radius = np.where(gap > 0, np.minimum(radius, gap / 4), radius)
    return radius


def _cauchy(function: Any, point: Array, order: int, radius: Array, nodes: int = 32) -> Array:
    """The derivative of an order of an analytic function, from its values on a circle.

    A small imaginary part, that of a complex step, would be lost beside the radius: it goes with the next derivative.
    Source: Fornberg, Numerical differentiation of analytic functions (1981).
    """
    step = np.imag(point)
    if np.iscomplexobj(point) and np.max(np.abs(step), initial=0.0) < _SMALL_STEP:
        here, slope = [_cauchy(function, np.real(point), order + more, radius, nodes) for more in (0, 1)]
        return here + 1j * step * slope
    turns = np.exp(2j * np.pi * (np.arange(nodes) + 0.5) / nodes).reshape((nodes,) + (1,) * np.ndim(point))
    total = np.sum(function(point + radius * turns) * turns**-order, axis=0)
    answer = total * math.factorial(order) / (nodes * radius**order)
    return answer if np.iscomplexobj(point) else np.real(answer)


def _short(node: Expr) -> str:
    text = to_text(node)
    return text if len(text) <= 40 else text[:37] + "..."
