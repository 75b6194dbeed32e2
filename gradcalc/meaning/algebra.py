"""The algebras: what the walk and the catalogue's references ask of numbers and arrays.

Each has NumPy's names for what NumPy has, so that a reference, `reference(np, *operands)`, is written once and computes
with any of them. What an algebra cannot do it says: `NoForm`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from math import factorial, isfinite, prod
from typing import Any

from gradcalc.functions.entry import Elementwise
from gradcalc.meaning import linear_algebra as matrices
from gradcalc.meaning.linear_algebra import NotDefinedError, SingularError
from gradcalc.meaning.python_numbers import PythonNumbers
from gradcalc.meaning.small import Array, Data, combined, einsum, mapped, matrix, quotient
from gradcalc.meaning.stand_in import StandIn

Scalar = Any


class NoForm(Exception):
    """The algebra cannot express this."""


def _lifted(name: str) -> Callable[..., Data]:
    def apply(self: SmallAlgebra, *operands: Data) -> Data:
        return mapped(getattr(self.numbers, name), *operands)

    return apply


class _LinearAlgebra:
    """What stands under `np.linalg`. A singular matrix raises SingularError, one without the factor NotDefinedError."""

    def __init__(self, algebra: SmallAlgebra) -> None:
        self._algebra = algebra

    @staticmethod
    def _matrix(rows: matrices.Rows) -> Array:
        return matrix(rows)

    def det(self, x: Array) -> Scalar:
        return matrices.determinant(x.tolist())

    def inv(self, x: Array) -> Array:
        return self._matrix(matrices.inverse(x.tolist()))

    def solve(self, x: Array, right: Array) -> Array:
        if right.ndim == 1:
            column: Array = right[:, None]
            return Array(right.shape, self.solve(x, column).entries)
        return self._matrix(matrices.solved(x.tolist(), right.tolist())[0])

    def slogdet(self, x: Array) -> tuple[Scalar, Scalar]:
        determinant, np = self.det(x), self._algebra
        size = np.abs(determinant)
        return (determinant / size, np.log(size)) if size != 0 else (size, -np.inf)

    def matrix_power(self, x: Array, exponent: int) -> Array:
        return self._matrix(matrices.power(x.tolist(), exponent))

    def cholesky(self, x: Array) -> Array:
        return self._matrix(matrices.cholesky(x.tolist(), self._algebra.sqrt))

    def eigh(self, x: Array) -> tuple[Array, Array]:
        values, vectors = matrices.eigen(x.tolist(), self._algebra.sqrt, self._algebra.precision)
        return Array((len(values),), values), self._matrix(vectors)

    def eigvalsh(self, x: Array) -> Array:
        return self.eigh(x)[0]

    def svd(self, x: Array, compute_uv: bool = True, full_matrices: bool = False) -> Any:
        left, values, right = matrices.singular(x.tolist(), self._algebra.sqrt, self._algebra.precision)
        sizes = Array((len(values),), values)
        return (self._matrix(left), sizes, self._matrix(right)) if compute_uv else sizes

    def is_regular(self, x: Array) -> bool:
        """Whether the matrix has an inverse to working precision."""
        rows = [[entry.real for entry in row] for row in x.tolist()]
        if not all(self._algebra.numbers.is_finite(entry) for row in rows for entry in row):
            return True
        try:
            condition = matrices.largest(rows) * matrices.largest(matrices.inverse(rows))
        except (SingularError, ZeroDivisionError):
            return False
        return bool(condition * self._algebra.precision < 1 / 50)


class SmallAlgebra:
    """Arrays of a few numbers of one sort; `numbers` has its functions."""

    small = True
    symbolic = False
    float64 = float

    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers
        self.pi, self.inf, self.nan = numbers.pi, numbers.inf, numbers.nan
        self.precision = numbers.precision
        self.number = numbers.number
        self.linalg = _LinearAlgebra(self)

    # Entry by entry.

    exp, log, log1p, expm1, sqrt = map(_lifted, ("exp", "log", "log1p", "expm1", "sqrt"))
    sin, cos, tan, arcsin, arccos, arctan = map(_lifted, ("sin", "cos", "tan", "arcsin", "arccos", "arctan"))
    sinh, cosh, tanh = map(_lifted, ("sinh", "cosh", "tanh"))
    arcsinh, arccosh, arctanh = map(_lifted, ("arcsinh", "arccosh", "arctanh"))
    erf, erfc, erfinv, normcdf, lognormcdf = map(_lifted, ("erf", "erfc", "erfinv", "normcdf", "lognormcdf"))
    gamma, log_gamma, polygamma = map(_lifted, ("gamma", "log_gamma", "polygamma"))
    arctan2, power, floor, ceil, round = map(_lifted, ("arctan2", "power", "floor", "ceil", "round"))

    def abs(self, t: Data) -> Data:
        return mapped(abs, t)

    def real(self, t: Data) -> Data:
        return mapped(lambda e: e.real, t)

    def imag(self, t: Data) -> Data:
        return mapped(lambda e: e.imag, t)

    def sign(self, t: Data) -> Data:
        return mapped(lambda e: self.number((e > 0) - (e < 0)) if e == e else e, t)

    def where(self, condition: Data, yes: Data, no: Data) -> Data:
        return mapped(lambda c, a, b: a if c else b, condition, yes, no)

    def minimum(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a if a.real <= b.real else b, t, u)

    def maximum(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a if a.real >= b.real else b, t, u)

    def true_divide(self, left: Data, right: Data) -> Data:
        is_array = type(left) is Array or type(right) is Array
        return combined(quotient, left, right) if is_array else quotient(left, right)

    def greater(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a > b, t, u)

    def greater_equal(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a >= b, t, u)

    def less(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a < b, t, u)

    def less_equal(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a <= b, t, u)

    def equal(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a == b, t, u)

    def not_equal(self, t: Data, u: Data) -> Data:
        return mapped(lambda a, b: a != b, t, u)

    # Of whole arrays.

    def iscomplexobj(self, t: Data) -> bool:
        return any(map(self.numbers.is_complex, _entries(t)))

    def ndim(self, t: Data) -> int:
        return t.ndim if type(t) is Array else 0

    def size(self, t: Data) -> int:
        return len(_entries(t))

    def array(self, nested: Any) -> Data:
        """The array of nested lists of numbers."""
        if not isinstance(nested, list):
            return nested
        if not nested or not isinstance(nested[0], list):
            return Array((len(nested),), list(nested))
        return matrix(nested)

    def asarray(self, t: Data) -> Data:
        return t

    def sum(self, t: Data) -> Scalar:
        return sum(_entries(t))

    def mean(self, t: Data) -> Scalar:
        return quotient(self.sum(t), self.number(self.size(t)))

    def prod(self, t: Data) -> Scalar:
        return prod(_entries(t))

    def max(self, t: Data, initial: Scalar | None = None) -> Scalar:
        return max(_entries(t)) if initial is None else max(_entries(t), default=initial)

    def argmax(self, t: Data) -> int:
        entries = _entries(t)
        return max(range(len(entries)), key=entries.__getitem__)

    def sort(self, t: Array) -> Array:
        return Array(t.shape, sorted(t.entries))

    def ravel(self, t: Data, order: str = "C") -> Array:
        entries = _entries(t.T if order == "F" and self.ndim(t) == 2 else t)
        return Array((len(entries),), list(entries))

    def reshape(self, t: Data, shape: tuple[int, ...], order: str = "C") -> Array:
        entries = _entries(t)
        known = prod([length for length in shape if length >= 0])
        shape = tuple([length if length >= 0 else len(entries) // max(known, 1) for length in shape])
        if prod(shape) != len(entries):
            raise ValueError(f"{len(entries)} entries do not fill the shape {shape}")
        return Array(shape[::-1], entries).T if order == "F" else Array(shape, entries)

    def stack(self, parts: Sequence[Data]) -> Array:
        own = parts[0].shape if type(parts[0]) is Array else ()
        return Array((len(parts), *own), [entry for part in parts for entry in _entries(part)])

    def concatenate(self, parts: Sequence[Array], axis: int = 0) -> Array:
        if parts[0].ndim == 2 and axis == 1:
            return self.concatenate([part.T for part in parts]).T
        if any(part.shape[1:] != parts[0].shape[1:] for part in parts):
            raise ValueError("the parts of a block do not fit")
        entries = [entry for part in parts for entry in part.entries]
        return Array((sum([len(part) for part in parts]), *parts[0].shape[1:]), entries)

    def full(self, shape: tuple[int, ...], value: Scalar) -> Array:
        return Array(shape, [value] * prod(shape))

    def zeros(self, shape: tuple[int, ...]) -> Array:
        return self.full(shape, self.number(0))

    def ones(self, shape: tuple[int, ...]) -> Array:
        return self.full(shape, self.number(1))

    def eye(self, rows: int, columns: int | None = None, offset: int = 0) -> Array:
        columns = rows if columns is None else columns
        one, zero = self.number(1), self.number(0)
        return Array((rows, columns), [one if j - i == offset else zero for i in range(rows) for j in range(columns)])

    def zeros_like(self, t: Array) -> Array:
        return self.zeros(t.shape)

    def diagonal(self, t: Array, offset: int = 0) -> Array:
        rows, columns = t.shape
        entries = [t.entries[i * columns + i + offset] for i in range(rows) if 0 <= i + offset < columns]
        return Array((len(entries),), entries)

    def outer(self, x: Data, y: Data) -> Array:
        return Array((self.size(x), self.size(y)), [a * b for a in _entries(x) for b in _entries(y)])

    def _by_rows(self, t: Array, move: Callable[[list[Data]], Iterable[Data]]) -> Array:
        """The rows of a matrix, or the entries of a vector, moved or combined."""
        moved = list(move(list(t)))
        return self.stack(moved) if moved else Array((0, *t.shape[1:]), [])

    def cumsum(self, t: Array, axis: int = 0) -> Array:
        return self._by_rows(t, accumulate)

    def diff(self, t: Array, axis: int = 0) -> Array:
        return self._by_rows(t, lambda rows: [after - before for before, after in pairwise(rows)])

    def flip(self, t: Array, axis: int = 0) -> Array:
        return self._by_rows(t, reversed)

    def _kept(self, t: Array, keeps: Callable[[int, int], bool]) -> Array:
        columns, zero = t.shape[1], self.number(0)
        return Array(t.shape, [e if keeps(*divmod(place, columns)) else zero for place, e in enumerate(t.entries)])

    def tril(self, t: Array) -> Array:
        return self._kept(t, lambda i, j: j <= i)

    def triu(self, t: Array) -> Array:
        return self._kept(t, lambda i, j: j >= i)

    def kron(self, a: Array, b: Array) -> Array:
        if a.ndim == 1:
            return Array((len(a) * len(b),), [x * y for x in a.entries for y in b.entries])
        (m, n), (p, q) = a.shape, b.shape
        one, other = a.entries, b.entries
        shape = (m * p, n * q)
        return Array(
            shape,
            [one[i * n + j] * other[k * q + l] for i in range(m) for k in range(p) for j in range(n) for l in range(q)],  # noqa: E741
        )

    def tile(self, t: Array, counts: tuple[int, int]) -> Array:
        rows, columns = counts
        return self.kron(self.ones((rows, columns)), t)

    def expm(self, x: Array) -> Array:
        return matrix(matrices.exponential(x.tolist(), self.precision))

    def logm(self, x: Array) -> Array:
        return matrix(matrices.logarithm(x.tolist(), self.precision))

    def sqrtm(self, x: Array) -> Array:
        return matrix(matrices.square_root(x.tolist(), self.precision))

    def einsum(self, subscripts: str, operands: Sequence[Data], lengths: dict[str, int]) -> Data:
        return einsum(subscripts, operands, lengths, self.number(1))

    # What the walk asks.

    def applied(self, entry: Elementwise, operands: Sequence[Data]) -> Data:
        """A scalar function, entry by entry."""
        assert entry.reference is not None
        return self.by_entries(entry.reference, operands)

    def by_entries(self, function: Callable[..., Scalar], operands: Sequence[Data]) -> Data:
        """`function(np, *numbers)` entry by entry."""

        def apply(*entries: Scalar) -> Scalar:
            try:
                return function(self, *entries)
            except (ZeroDivisionError, OverflowError, ValueError):
                return self.nan

        return mapped(apply, *operands)

    def each(self, function: Callable[[Scalar], Scalar], t: Data) -> Data:
        return mapped(function, t)

    def unspecified(self, name: str, t: Data, order: int) -> Data:
        """The stand-in of an unspecified function, or its derivative of an order, entry by entry."""
        return StandIn(name).evaluate(self, t, order)

    def cholesky(self, x: Array) -> Array:
        return self.linalg.cholesky(x)

    def slope(self, function: Callable[[Data], Data], point: Data, order: int, radius: Data) -> Data:
        """The derivative of an order of a function entry by entry, from its values on a circle around each.

        Source: Fornberg, Numerical differentiation of analytic functions (1981).
        """
        import cmath

        nodes = 32
        total: Data = 0
        for place in range(nodes):
            turn = cmath.exp(2j * cmath.pi * (place + 0.5) / nodes)
            total = total + function(point + radius * turn) * turn**-order
        value = total * factorial(order) / nodes / radius**order
        return value if self.iscomplexobj(point) else self.real(value)

    def is_regular(self, matrix: Array) -> bool:
        return self.linalg.is_regular(matrix)

    def largest(self, t: Data) -> float:
        """The largest finite absolute value."""
        return max([size for size in (float(abs(entry)) for entry in _entries(t)) if isfinite(size)], default=0.0)

    def smallest(self, t: Data) -> float:
        """The smallest absolute value; inf where there is none."""
        return min([float(abs(entry)) for entry in _entries(t)], default=float("inf"))

    def outside(self, t: Data, low: float, high: float, closed: bool) -> float | None:
        """A real part that is not between two ends, if there is one."""
        for entry in _entries(t):
            real = entry.real
            if not (low < real < high or (closed and real in (low, high))) and real == real:
                return float(real)
        return None

    def is_finite(self, t: Data) -> bool:
        return all(map(self.numbers.is_finite, _entries(t)))

    def any(self, t: Data) -> bool:
        return any(_entries(t))


def _entries(t: Data) -> list[Scalar]:
    return t.entries if type(t) is Array else [t]


PYTHON = SmallAlgebra(PythonNumbers())
"""Floats and complex numbers, without NumPy."""

__all__ = ["PYTHON", "NoForm", "NotDefinedError", "SingularError", "SmallAlgebra"]
