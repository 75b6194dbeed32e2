"""The exact opinion: the expression in symbols at small sizes, differentiated entry by entry by SymPy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from gradcalc.checking.result import CheckResult
from gradcalc.functions import catalogue
from gradcalc.language.kinds import axis_literals
from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import Dim, names_in, size_of
from gradcalc.language.shapes import Typing, infer
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
)

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer

Array = Any
"""A NumPy array of SymPy expressions."""

SECONDS = 20.0

DIGITS = 40
POINTS = 4

_MOST_ENTRIES = 96


def prove(derivative: Derivative, answer: Answer, seconds: float = SECONDS) -> CheckResult:
    """Compares a derivative with SymPy's, entry by entry at small sizes.

    passed: every entry is equal, by simplification or to 40 digits at random rational points. inconclusive: the entries
    are too many, have no such form, or took too long.
    """
    deadline = time.monotonic() + seconds
    typing = derivative.problem.typing
    expanded = answer.full()
    if expanded is None or answer.entrywise or any(isinstance(p, str) for _, ps in derivative.components for p in ps):
        return CheckResult.inconclusive("the derivative has no short matrix form to write out")
    sizes = _small_sizes(typing)
    symbols = {name: _symbols(name, typing, sizes) for name in typing.variables}
    try:
        objective = SymbolicInterpreter(typing, symbols, sizes).value(derivative.problem.program.objective)
        shapes = {name: variable.dims for name, variable in typing.variables.items()}
        functions = tuple(typing.functions.values())
        claimed_typing = infer(Program(expanded, functions=functions), shapes, dimension_names=typing.dimension_names)
        claimed = np.asarray(SymbolicInterpreter(claimed_typing, symbols, sizes).value(expanded), dtype=object)
        return _compared(derivative, answer, np.asarray(objective, dtype=object), claimed, symbols, deadline)
    except _OutOfTime:
        return CheckResult.inconclusive(f"SymPy did not finish within {seconds:.0f} seconds")
    except NotImplementedError as error:
        return CheckResult.inconclusive(f"SymPy has no form for it: {error}")


class _OutOfTime(Exception):
    pass


def _small_sizes(typing: Typing) -> dict[str, int]:
    sizes: dict[str, int] = {}
    size = 2
    for name in typing.dimension_names:
        sizes[name] = max(size, typing.minimum_sizes.get(name, 1))
        size = 5 - size
    return sizes


def _symbols(name: str, typing: Typing, sizes: Mapping[str, int]) -> Array:
    variable = typing.variables[name]
    shape = tuple([size_of(dim, sizes) for dim in variable.dims])
    symbols = np.empty(shape, dtype=object)
    for entry in np.ndindex(*shape):
        place = tuple(sorted(entry)) if variable.structure in ("symmetric", "spd") else entry
        off_diagonal = variable.structure == "diagonal" and len(set(entry)) > 1
        text = name + "_" + "_".join([str(number + 1) for number in place])
        symbols[entry] = sympy.Integer(0) if off_diagonal else sympy.Symbol(text, real=True)
    return symbols


def _compared(
    derivative: Derivative,
    answer: Answer,
    objective: Array,
    claimed: Array,
    symbols: Mapping[str, Array],
    deadline: float,
) -> CheckResult:
    expected = objective
    for name, positions in _directions(answer):
        expected = _differentiated(expected, symbols[name], positions, deadline)
    variables = derivative.problem.typing.variables
    if any(variables[name].structure is not None for name, _ in answer.components):
        return CheckResult.inconclusive("the exact comparison is for variables without structure")
    if (expected.ndim == claimed.ndim == 2 and answer.layout is not None and expected.shape != claimed.shape) or (
        expected.ndim == 2 and answer.layout == ("numerator" if objective.ndim == 0 else "denominator")
    ):
        expected = expected.T
    if expected.shape != claimed.shape:
        return CheckResult.wrong_shape(expected.shape, claimed.shape)
    if expected.size > _MOST_ENTRIES:
        return CheckResult.inconclusive(f"{expected.size} entries are too many to compare exactly")
    points = _random_points(symbols)
    proved = True
    for entry in np.ndindex(*expected.shape):
        if time.monotonic() > deadline:
            raise _OutOfTime
        gap = expected[entry] - claimed[entry]
        if gap == 0 or sympy.expand(gap) == 0:
            continue
        proved = False
        for point in points:
            left, right = (_number(side, point) for side in (expected[entry], claimed[entry]))
            if left is None or right is None:
                return CheckResult.inconclusive("an entry has no value at a random point")
            if abs(left - right) > sympy.Float(10) ** (10 - DIGITS) * (1 + abs(left)):
                result = CheckResult("failed", "sympy", POINTS, 0, float(abs(left - right)), 1.0, 0.0)
                place = [number + 1 for number in entry]
                result.worst = {"entry": place, "derivative": float(right), "differences": float(left)}
                return result
    method = "sympy" if proved else f"sympy, {DIGITS - 10} digits"
    return CheckResult("passed", method, 1 if proved else POINTS, expected.size, 0.0, 0.0, 0.0)


def _directions(answer: Answer) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, positions in answer.components:
        yield name, tuple([int(position) - 1 for position in positions])


def _differentiated(values: Array, symbols: Array, positions: tuple[int, ...], deadline: float) -> Array:
    chosen = np.asarray(symbols[positions] if positions else symbols, dtype=object)
    answer = np.empty(values.shape + chosen.shape, dtype=object)
    for out in np.ndindex(*values.shape):
        for entry in np.ndindex(*chosen.shape):
            if time.monotonic() > deadline:
                raise _OutOfTime
            answer[out + entry] = sympy.diff(values[out], chosen[entry])
    return answer


def _random_points(symbols: Mapping[str, Array]) -> list[dict[Any, Any]]:
    generator = np.random.default_rng(20260101)
    every = [symbol for array in symbols.values() for symbol in np.asarray(array, dtype=object).reshape(-1)]
    return [
        {symbol: sympy.Rational(int(generator.integers(200, 1800)), 1000) for symbol in every if symbol.free_symbols}
        for _ in range(POINTS)
    ]


def _number(expression: Any, point: Mapping[Any, Any]) -> Any:
    substituted = sympy.sympify(expression).subs(point)
    functions = substituted.atoms(sympy.core.function.AppliedUndef)
    if functions or substituted.has(sympy.Derivative, sympy.Subs):
        substituted = substituted.doit()
        replaced = {}
        for place, item in enumerate(sorted(substituted.atoms(sympy.Derivative, sympy.Subs, *functions), key=str)):
            replaced[item] = sympy.Rational(place + 2, 7)
        substituted = substituted.xreplace(replaced)
    value = substituted.evalf(DIGITS)
    return value if value.is_number and value.is_finite else None


class SymbolicInterpreter:
    """The syntax tree on arrays of SymPy expressions."""

    def __init__(self, typing: Typing, symbols: Mapping[str, Array], sizes: Mapping[str, int]) -> None:
        self._typing = typing
        self._symbols = symbols
        self._sizes = sizes

    def value(self, root: Expr, scope: Mapping[str, Any] | None = None, entrywise: bool = False) -> Any:
        scope = scope or {}
        values: dict[int, Any] = {}
        skipped: set[int] = set()
        for node in postorder(root):
            first = catalogue.first_size(node.function) if isinstance(node, Call) else None
            bodies = (
                node.children if isinstance(node, IndexedSum) else node.children[first:] if first is not None else ()
            )
            skipped.update([id(below) for child in bodies for below in postorder(child)])
        for node in postorder(root):
            if id(node) not in skipped:
                values[id(node)] = self._node(node, values, scope, entrywise)
        return values[id(root)]

    def _node(self, node: Expr, values: dict[int, Any], scope: Mapping[str, Any], entrywise: bool) -> Any:
        if isinstance(node, Number):
            return sympy.Rational(node.value.numerator, node.value.denominator)
        if isinstance(node, Name):
            return self._name(node.name, scope)
        if isinstance(node, Negative):
            return -values[id(node.operand)]
        if isinstance(node, Transpose):
            operand = values[id(node.operand)]
            return operand.T if np.ndim(operand) == 2 else operand
        if isinstance(node, Binary):
            return self._binary(node, values[id(node.left)], values[id(node.right)], entrywise)
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

    def _place(self, node: Index, axis: int, scope: Mapping[str, Any]) -> int | slice:
        position = node.positions[axis]
        if position is None:
            return slice(None)
        if isinstance(position, tuple):
            offset, length = [self._size(dim) for dim in self._typing.slice_of(node, axis)]
            return slice(offset, offset + length)
        if isinstance(position, str) and not any(name in scope for name in names_in(position)):
            return self._size(self._typing.slice_of(node, axis)[0])
        return self._number_of(position, scope) - 1

    def _number_of(self, dim: Dim, scope: Mapping[str, Any]) -> int:
        known = {n: int(scope[n]) if n in scope else self._size(self._typing.named_length(n)) for n in names_in(dim)}
        return size_of(dim, known)

    def _block(self, node: Block, values: dict[int, Any]) -> Any:
        if self._typing.kind(node) in ("vector", "row"):
            return np.concatenate([np.atleast_1d(np.asarray(values[id(part)], dtype=object)) for part in node.children])
        shapes = {"vector": (-1, 1), "row": (1, -1), "scalar": (1, 1)}
        rows = []
        for row in node.rows:
            parts = [(np.asarray(values[id(part)], dtype=object), self._typing.kind(part)) for part in row]
            rows.append(np.concatenate([p if k == "matrix" else p.reshape(shapes[k]) for p, k in parts], axis=1))
        return np.concatenate(rows, axis=0)

    def _name(self, name: str, scope: Mapping[str, Any]) -> Any:
        if name in scope:
            return scope[name]
        if name in self._typing.definitions:
            return self.value(self._typing.definitions[name])
        if name in self._symbols:
            symbols = self._symbols[name]
            return symbols[()] if np.ndim(symbols) == 0 else symbols
        if name == "pi":
            return sympy.pi
        return sympy.Integer(self._size(self._typing.named_length(name)))

    def _size(self, dim: Dim) -> int:
        return size_of(dim, self._sizes)

    def _binary(self, node: Binary, left: Any, right: Any, entrywise: bool) -> Any:
        operator = node.operator
        ranks = (np.ndim(left), np.ndim(right))
        if operator == "*" and 0 not in ranks and not entrywise:
            if ranks == (1, 1) and self._typing.kind(node.left) == "vector":
                return left[:, None] * right[None, :]
            return left @ right
        if operator == "\\" and ranks[0] == 2:
            return _inverse(left) @ right
        if operator == "/" and ranks[1] == 2:
            return left @ _inverse(right)
        if operator == "\\":
            return right / left
        if operator == "^" and ranks[0] == 2 and not entrywise:
            power = int(right)
            base = _inverse(left) if power < 0 else left
            answer = np.array(sympy.eye(len(left)).tolist(), dtype=object)
            for _ in range(abs(power)):
                answer = answer @ base
            return answer
        if ranks == (1, 2) and self._typing.kind(node.left) == "vector":
            left = left[:, None]
        elif ranks == (2, 1) and self._typing.kind(node.right) == "vector":
            right = right[:, None]
        if operator in ("^", ".^"):
            return left**right
        if operator in COMPARISONS:
            return self._elementwise(catalogue.BY_OPERATOR[operator], [left, right], 0)
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        return left / right if operator in ("/", "./") else left * right

    def _indexed_sum(self, node: IndexedSum, scope: Mapping[str, Any]) -> Any:
        ranges = []
        for name, first, last in node.ranges:
            low = 1 if first is None else self._number_of(first, scope)
            high = self._size(self._typing.index_dim(node, name)) if last is None else self._number_of(last, scope)
            ranges.append(range(low, high + 1))
        total: Any = sympy.Integer(0)
        for places in product(*ranges):
            inner = {**scope, **{name: sympy.Integer(p) for (name, _, _), p in zip(node.ranges, places)}}
            total = total + self.value(node.body, inner)
        return total

    def _call(self, node: Call, values: dict[int, Any]) -> Any:
        user = self._typing.functions.get(node.function)
        if user is not None and user.body is None:
            return self._unspecified(user.name, values[id(node.children[0])], node.primes)
        if user is not None:
            body, parameter = user.body, user.parameter
            assert body is not None

            def apply(t: Any) -> Any:
                symbol = sympy.Dummy(real=True)
                inner = self.value(body, {parameter: symbol}, entrywise=True)
                return sympy.diff(inner, symbol, node.primes).subs(symbol, t) if node.primes else inner.subs(symbol, t)

            return entrywise(apply, values[id(node.children[0])])
        first = catalogue.first_size(node.function)
        operands = [values[id(child)] for child in node.children[:first]]
        kinds = tuple([("scalar", "vector", "matrix")[np.ndim(operand)] for operand in operands])
        entry = catalogue.meant(node.function, kinds)
        if isinstance(entry, catalogue.Elementwise):
            operands += [
                sympy.Rational(text)
                for text in entry.defaults[len(operands) - len(entry.parameters) + len(entry.defaults) :]
            ]
            return self._elementwise(entry, operands, node.primes)
        assert entry is not None
        axis = axis_literals(node)[1] if entry.axis and len(operands) == 2 else 0
        if not axis or kinds[0] != "matrix":
            return self._whole(node, entry, operands[:1] if axis else operands)
        results = [self._whole(node, entry, [line]) for line in (operands[0] if axis == 2 else operands[0].T)]
        stacked = np.array(results, dtype=object)
        return stacked.T if axis == 1 and stacked.ndim == 2 else stacked

    def _unspecified(self, name: str, operand: Any, primes: int) -> Any:
        """An unspecified function, or its derivative, of every entry."""
        function = sympy.Function(name)
        return entrywise(lambda t: _derivative_at(function, t, primes), operand)

    def _elementwise(self, entry: catalogue.Elementwise, operands: list[Any], primes: int) -> Any:
        template = entry.sympy if entry.sympy is not None else entry.meaning
        symbols = [sympy.Dummy(name, real=True) for name in entry.parameters]
        names = {f"_{place}": symbol for place, symbol in enumerate(symbols)}
        if entry.sympy is None:
            scope = dict(zip(entry.parameters, symbols))
            formula = self.value(parse_expression(entry.meaning), scope, entrywise=True)
        else:
            formula = eval(template.format(*names), {"sympy": sympy, **names})
        if primes:
            formula = sympy.diff(formula, symbols[0], primes)

        def apply(*entries: Any) -> Any:
            return formula.subs(dict(zip(symbols, entries)), simultaneous=True)

        if all(np.ndim(operand) == 0 for operand in operands):
            return apply(*operands)
        return np.frompyfunc(apply, len(operands), 1)(*operands)

    def _whole(self, node: Call, entry: catalogue.Function, operands: list[Any]) -> Any:
        """A function of whole arrays."""
        if isinstance(entry, catalogue.Linear):
            return self._linear(node, entry, operands)
        if isinstance(entry, catalogue.Composite):
            return _Meaning(self._typing, self._symbols, self._sizes).value(
                parse_expression(entry.meaning), dict(zip(entry.parameters, operands))
            )
        return _atom(node.function, *[np.asarray(operand, dtype=object) for operand in operands])

    def _linear(self, node: Call, entry: catalogue.Linear, values: list[Any]) -> Any:
        sizes: list[int] = []
        if entry.first_size is not None:
            sizes = [self._size(self._typing.dimension(child)) for child in node.children[entry.first_size :]]
        if not values and entry.reference is None:
            if node.function == "eye":
                return np.array(sympy.eye(sizes[0]).tolist(), dtype=object)
            return np.full(tuple(sizes), sympy.Integer(0 if entry.zero else 1), dtype=object)
        operands = [np.asarray(value, dtype=object) for value in values]
        if entry.reference is not None:
            return entry.reference(np, *operands, *sizes)
        kinds = [("scalar", "vector", "matrix")[operand.ndim] for operand in operands]
        inputs, output = entry.variants[",".join(kinds)][0].split("->")
        lengths: dict[str, int] = {}
        for letters, operand in zip(inputs.split(","), operands):
            lengths.update(zip(letters, operand.shape))
        if set(output) - set(lengths):
            return np.full(tuple([self._size(dim) for dim in self._typing.dims(node)]), operands[0][()], dtype=object)
        answer = np.full(tuple([lengths[letter] for letter in output]), sympy.Integer(0), dtype=object)
        names = list(lengths)
        for places in product(*[range(lengths[letter]) for letter in names]):
            at = dict(zip(names, places))
            term: Any = sympy.Integer(1)
            for own, operand in zip(inputs.split(","), operands):
                term = term * operand[tuple([at[letter] for letter in own])]
            answer[tuple([at[letter] for letter in output])] += term
        if entry.averages:
            answer = np.asarray(answer / max(1, operands[0].size), dtype=object)
        return answer[()] if answer.ndim == 0 else answer


class _Meaning(SymbolicInterpreter):
    """The meaning of a function of the catalogue: vectors in it are columns."""

    def _binary(self, node: Binary, left: Any, right: Any, entrywise: bool) -> Any:
        if node.operator == "*" and 0 not in (np.ndim(left), np.ndim(right)):
            return left @ right
        return super()._binary(node, left, right, True)


def entrywise(function: Any, operand: Any) -> Any:
    """A function of one number, of every entry of an array."""
    if np.ndim(operand) == 0:
        return function(operand[()] if isinstance(operand, np.ndarray) else operand)
    answer = np.empty(operand.shape, dtype=object)
    for entry in np.ndindex(*operand.shape):
        answer[entry] = function(operand[entry])
    return answer


def _derivative_at(function: Any, t: Any, order: int) -> Any:
    if not order:
        return function(t)
    symbol = sympy.Dummy("u", real=True)
    return sympy.Subs(sympy.diff(function(symbol), symbol, order), symbol, t)


def _determinant(matrix: Array) -> Any:
    """Leibniz's formula."""
    size = len(matrix)
    total: Any = sympy.Integer(0)
    for order in permutations(range(size)):
        inversions = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        term: Any = sympy.Integer(-1) ** inversions
        for row, column in enumerate(order):
            term = term * matrix[row, column]
        total = total + term
    return total


def _inverse(matrix: Array) -> Array:
    """Cramer's rule."""
    size = len(matrix)
    determinant = _determinant(matrix)
    answer = np.empty((size, size), dtype=object)
    for row in range(size):
        for column in range(size):
            minor = np.delete(np.delete(matrix, column, 0), row, 1)
            answer[row, column] = sympy.Integer(-1) ** (row + column) * _determinant(minor) / determinant
    return answer


def _atom(name: str, operand: Array, *others: Array) -> Any:
    if name == "det":
        return _determinant(operand)
    if name == "logdet":
        return sympy.log(_determinant(operand))
    if name == "inv":
        return _inverse(operand)
    entries = list(operand.reshape(-1))
    if name == "prod":
        return sympy.prod(entries)
    if name in ("max", "min"):
        return (sympy.Max if name == "max" else sympy.Min)(*entries)
    if name == "var":
        mean = sum(entries) / len(entries)
        return sum([(entry - mean) ** 2 for entry in entries]) / len(entries)
    if name == "pinv":
        tall = len(operand) >= operand.shape[1]
        gram = _inverse(operand.T @ operand if tall else operand @ operand.T)
        return gram @ operand.T if tall else operand.T @ gram
    if name not in ("logsumexp", "softmax"):
        raise NotImplementedError(name)
    exponentials = entrywise(sympy.exp, operand)
    total = sum(np.asarray(exponentials, dtype=object).reshape(-1), sympy.Integer(0))
    return sympy.log(total) if name == "logsumexp" else exponentials / total
