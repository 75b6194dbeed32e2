"""The independent opinion: an interpreter of the syntax tree as it was typed.

It shares nothing with lowering, derivatives, raising or programs. Vectors are arrays of one axis, rows too; arrays may
be complex, for the complex step, and every function is continued analytically.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError, Span
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Elementwise, Linear
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Binary,
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

_LARGEST_CONDITION = 1e14
"""A matrix with a larger condition number is singular to working precision."""


class Observation:
    """A value and what was met on the way to it.

    kink_distance: how near an operand came to a kink of its function, relative to the operand's scale; inf where no
    function has one. fault: a sentence about the first operand outside a domain, with its place, or None.
    analytic: no function with a kink was met. degenerate: a formula of the derivative fails here, though there is one.
    """

    def __init__(self) -> None:
        self.value: Array = np.nan
        self.kink_distance = float("inf")
        self.fault: tuple[str, Span | None] | None = None
        self.analytic = True
        self.degenerate = False

    def meet_kinks(self, kinks: tuple[float, ...], operand: Array) -> None:
        if not kinks or not np.size(operand):
            return
        self.analytic = False
        real = np.real(operand)
        for kink in kinks:
            self.kink_distance = min(self.kink_distance, float(np.min(np.abs(real - kink))))

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


def observe(program: Program, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Observation:
    """The value of the objective and what was met on the way; never raises for what the numbers are.

    arrays: one for each variable, in its shape. sizes: the lengths of the named dimensions.
    """
    observation = Observation()
    with np.errstate(all="ignore"):
        observation.value = _Interpreter(typing, arrays, sizes, observation).value(program.objective)
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


class _Interpreter:
    def __init__(
        self, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int], observation: Observation
    ) -> None:
        self._typing = typing
        self._arrays = arrays
        self._sizes = sizes
        self._observation = observation
        self._definitions: dict[str, Array] = {}

    def value(self, root: Expr, scope: Mapping[str, Array] | None = None) -> Array:
        """The value of an expression. scope: values of parameters and bound indices."""
        scope = scope or {}
        values: dict[int, Array] = {}
        for node in _evaluation_order(root):
            values[id(node)] = self._node(node, values, scope)
        return values[id(root)]

    def _node(self, node: Expr, values: dict[int, Array], scope: Mapping[str, Array]) -> Array:
        if isinstance(node, Number):
            return float(node.value)
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
            places = [
                slice(None) if p is None else (p if isinstance(p, int) else int(scope[p])) - 1 for p in node.positions
            ]
            return values[id(node.operand)][tuple(places)]
        if isinstance(node, IndexedSum):
            return self._indexed_sum(node, scope)
        assert isinstance(node, Call)
        return self._call(node, values)

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
                self._definitions[current] = self.value(expression)
        return self._definitions[name]

    def _length(self, name: str) -> int:
        known = self._typing.named_length(name)
        return known if isinstance(known, int) else self._sizes[known]

    def _size(self, dim: int | str) -> int:
        return dim if isinstance(dim, int) else self._sizes[dim]

    def _binary(self, node: Binary, left: Array, right: Array) -> Array:
        operator = node.operator
        if operator == "*":
            return self._product(node, left, right)
        if operator == "\\":
            return self._solve(node, left, right)
        if operator == "^" and np.ndim(left) == 2:
            return self._matrix_power(node, left, right)
        left, right = self._aligned(node, left, right)
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        if operator == ".*":
            return left * right
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
        return self._guarded(lambda: np.linalg.matrix_power(left, round(float(right))), left, node)

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
            high = self._size(self._typing.index_dim(node, name)) if last is None or isinstance(last, str) else last
            ranges.append(range(1 if first is None else first, high + 1))
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
        entry = catalogue.lookup(node.function)
        if isinstance(entry, Linear):
            return self._linear(node, entry, values)
        operands = [values[id(child)] for child in node.children]
        if isinstance(entry, Elementwise):
            return self._elementwise(node, entry, operands[0])
        if isinstance(entry, Composite):
            if entry.name == "norm2":
                self._observe_norm(operands[0])
            elif entry.name == "norm1":
                self._observation.meet_kinks((0.0,), operands[0])
            assert entry.reference is not None
            return entry.reference(np, *[np.asarray(operand) for operand in operands])
        assert isinstance(entry, Atom)
        assert entry.reference is not None
        return self._atom(node, entry, np.asarray(operands[0]))

    def _observe_norm(self, operand: Array) -> None:
        length = float(np.sqrt(np.sum(np.abs(operand) ** 2)))
        if length == 0:
            self._observation.kink_distance = 0.0
        self._observation.kink_distance = min(self._observation.kink_distance, length)

    def _elementwise(self, node: Call, entry: Elementwise, operand: Array) -> Array:
        self._observation.meet_kinks(entry.kinks, operand)
        low, high = entry.domain
        real = np.real(operand)
        outside = (real < low) | (real > high) | (((real == low) | (real == high)) & (entry.power is None))
        if np.any(outside):
            worst = float(np.asarray(real)[outside].flat[0])
            self._observation.fail(f"{entry.name} of {worst:.6g}, outside its domain, in {_short(node)}", node.span)
        if entry.power is not None and entry.domain[0] == 0 and np.any(real == 0):
            self._observation.kink_distance = 0.0
        if node.primes:
            return self._derivative(entry, np.asarray(operand), node.primes)
        assert entry.reference is not None
        return entry.reference(np, np.asarray(operand))

    def _derivative(self, entry: Elementwise, operand: Array, order: int) -> Array:
        """A derivative of a function of the catalogue, by its formula; of higher ones by Cauchy's integral."""
        from gradcalc.language.parser import parse_expression

        formula = parse_expression(entry.derivative)

        def slope(t: Array) -> Array:
            return self.value(formula, {"t": t})

        return slope(operand) if order == 1 else _cauchy(slope, operand, order - 1)

    def _user_function(self, user: FunctionDefinition, node: Call, operand: Array) -> Array:
        operand = np.asarray(operand)
        if user.body is None:
            return StandIn(user.name).evaluate(operand, node.primes)
        body = user.body

        def apply(t: Array) -> Array:
            return _Entrywise(self, {user.parameter: t}).value(body) + 0 * t

        return apply(operand) if not node.primes else _cauchy(apply, operand, node.primes)

    def _linear(self, node: Call, entry: Linear, values: dict[int, Array]) -> Array:
        kinds = [
            "dimension" if id(child) not in values else self._typing_kind(child, values[id(child)])
            for child in node.children
        ]
        if any(key.startswith("dimension") for key in entry.variants):
            spec = entry.variants[",".join(["dimension"] * len(node.children))][0]
            output = spec.split("->")[1]
            sizes = [self._size(self._typing.dimension(child)) for child in node.children]
            lengths = dict(zip(spec.split("->")[0].split(","), sizes))
            shape = tuple([lengths[letter] for letter in output])
            if entry.zero:
                return np.zeros(shape)
            return np.eye(shape[0]) if len(set(output)) < len(output) else np.ones(shape)
        inputs, output = entry.variants[",".join(kinds)][0].split("->")
        operands = [np.asarray(values[id(child)]) for child in node.children]
        used = set(inputs)
        if set(output) - used:
            shape = tuple([self._size(dim) for dim in self._typing.dims(node)])
            return np.broadcast_to(operands[0], shape)
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

    def _atom(self, node: Call, entry: Atom, operand: Array) -> Array:
        assert entry.reference is not None
        reference = entry.reference
        if entry.invertible:
            self._require_invertible(operand, node)
        if entry.differentiable_when_invertible and not _is_invertible(operand):
            self._observation.degenerate = True
        value = self._guarded(lambda: reference(np, operand), operand, node)
        if not np.all(np.isfinite(value)) and np.all(np.isfinite(operand)):
            self._observation.fail(f"{entry.name} is not defined at its operand in {_short(node)}", node.span)
        return value


class _Entrywise(_Interpreter):
    """The body of an elementwise function: every operation of it acts entry by entry."""

    def __init__(self, outer: _Interpreter, scope: Mapping[str, Array]) -> None:
        super().__init__(outer._typing, outer._arrays, outer._sizes, outer._observation)
        self._scope = scope

    def value(self, root: Expr, scope: Mapping[str, Array] | None = None) -> Array:
        return super().value(root, {**self._scope, **(scope or {})})

    def _product(self, node: Binary, left: Array, right: Array) -> Array:
        return left * right

    def _aligned(self, node: Binary, left: Array, right: Array) -> tuple[Array, Array]:
        return left, right

    def _matrix_power(self, node: Binary, left: Array, right: Array) -> Array:
        return self._power(node, left, right)


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
        if isinstance(node, IndexedSum) or (isinstance(node, Call) and _takes_dimensions(node)):
            continue
        pending.extend([(child, False) for child in reversed(node.children)])
    return order


def _takes_dimensions(node: Call) -> bool:
    entry = catalogue.lookup(node.function)
    return isinstance(entry, Linear) and any(kinds.startswith("dimension") for kinds in entry.variants)


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


def _cauchy(function: Any, point: Array, order: int, radius: float = 0.05, nodes: int = 32) -> Array:
    """The derivative of an order of an analytic function, from its values on a circle.

    Source: Fornberg, Numerical differentiation of analytic functions (1981).
    """
    total: Array = 0
    for place in range(nodes):
        turn = np.exp(2j * np.pi * place / nodes)
        total = total + function(point + radius * turn) * turn**-order
    factorial = float(np.prod(np.arange(1, order + 1)))
    answer = total * factorial / (nodes * radius**order)
    return answer if np.iscomplexobj(point) else np.real(answer)


def _short(node: Expr) -> str:
    text = to_text(node)
    return text if len(text) <= 40 else text[:37] + "..."
