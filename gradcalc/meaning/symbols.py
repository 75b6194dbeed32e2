"""The algebra of symbols: arrays of SymPy expressions, exact, at small sizes.

A function of the catalogue is the SymPy expression of its entry, else its meaning; there are no domains and no kinks.
Source of the determinant and the inverse: Leibniz's formula and Cramer's rule, which need no pivot that is not zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

import sympy

from gradcalc.functions.entry import Elementwise
from gradcalc.meaning.algebra import NoForm, SmallAlgebra
from gradcalc.meaning.small import Array, Data, mapped, matrix

Scalar = Any
"""A SymPy expression."""


class _SymbolicLinearAlgebra:
    def det(self, x: Array) -> Scalar:
        return determinant(x.tolist())

    def inv(self, x: Array) -> Array:
        return matrix(inverse(x.tolist()))

    def solve(self, x: Array, right: Array) -> Data:
        return self.inv(x) @ right

    def slogdet(self, x: Array) -> tuple[Scalar, Scalar]:
        return sympy.Integer(1), sympy.log(self.det(x))

    def matrix_power(self, x: Array, exponent: int) -> Array:
        base = self.inv(x) if exponent < 0 else x
        answer = SYMBOLS.eye(len(x))
        for _ in range(abs(exponent)):
            answer = answer @ base
        return answer

    def __getattr__(self, name: str) -> Any:
        raise NoForm(name)


class SymbolicAlgebra(SmallAlgebra):
    """Arrays of SymPy expressions. Raises NoForm for what SymPy has no form for."""

    symbolic = True

    def __init__(self) -> None:
        self.pi, self.inf, self.nan = sympy.pi, sympy.oo, sympy.nan
        self.linalg = _SymbolicLinearAlgebra()  # type: ignore[assignment]

    @staticmethod
    def number(value: Fraction | int) -> Scalar:
        return sympy.Rational(Fraction(value).numerator, Fraction(value).denominator)

    def exp(self, t: Data) -> Data:
        return mapped(sympy.exp, t)

    def log(self, t: Data) -> Data:
        return mapped(sympy.log, t)

    def sqrt(self, t: Data) -> Data:
        return mapped(sympy.sqrt, t)

    def power(self, base: Data, exponent: Data) -> Data:
        return mapped(lambda b, e: b**e, base, exponent)

    def real(self, t: Data) -> Data:
        return t

    def iscomplexobj(self, t: Data) -> bool:
        return False

    def max(self, t: Data, initial: Scalar | None = None) -> Scalar:
        return sympy.Max(*self.ravel(t).entries)

    def min(self, t: Data) -> Scalar:
        return sympy.Min(*self.ravel(t).entries)

    def unspecified(self, name: str, t: Data, order: int) -> Data:
        """An unspecified function, or its derivative of an order, of every entry."""
        function = sympy.Function(name)
        if not order:
            return mapped(function, t)
        symbol = sympy.Dummy("u", real=True)
        return mapped(lambda e: sympy.Subs(sympy.diff(function(symbol), symbol, order), symbol, e), t)

    def applied(self, entry: Elementwise, operands: Sequence[Data]) -> Data:
        symbols = [sympy.Dummy(name, real=True) for name in entry.parameters]
        formula = self._formula(entry, symbols)
        return mapped(lambda *entries: formula.subs(dict(zip(symbols, entries)), simultaneous=True), *operands)

    def _formula(self, entry: Elementwise, symbols: list[Scalar]) -> Scalar:
        if entry.sympy is None:
            from gradcalc.language.parser import parse_expression
            from gradcalc.meaning.interpreter import Interpreter
            from gradcalc.meaning.observation import Observation
            from gradcalc.meaning.values import Surroundings

            scope = {name: ("scalar", symbol) for name, symbol in zip(entry.parameters, symbols)}
            interpreter = Interpreter(Surroundings({}, {}), self, Observation())
            return interpreter.value(parse_expression(entry.meaning), scope)[1]
        names = {f"_{place}": symbol for place, symbol in enumerate(symbols)}
        # The text is the catalogue's own.
        return eval(entry.sympy.format(*names), {"sympy": sympy, **names})

    def slope(self, function: Callable[[Data], Data], point: Data, order: int, radius: Data) -> Data:
        symbol = sympy.Dummy(real=True)
        formula = sympy.diff(function(symbol), symbol, order)
        return mapped(lambda e: formula.subs(symbol, e), point)

    def is_finite(self, t: Data) -> bool:
        return True

    def expm(self, x: Array) -> Array:
        raise NoForm("expm")

    def logm(self, x: Array) -> Array:
        raise NoForm("logm")

    def sqrtm(self, x: Array) -> Array:
        raise NoForm("sqrtm")


def determinant(rows: list[list[Scalar]]) -> Scalar:
    """Leibniz's formula."""
    size = len(rows)
    total: Scalar = sympy.Integer(0)
    for order in permutations(range(size)):
        inversions = sum([order[i] > order[j] for i in range(size) for j in range(i + 1, size)])
        term: Scalar = sympy.Integer(-1) ** inversions
        for row, column in enumerate(order):
            term = term * rows[row][column]
        total = total + term
    return total


def inverse(rows: list[list[Scalar]]) -> list[list[Scalar]]:
    """Cramer's rule."""
    size = len(rows)
    whole = determinant(rows)
    answer = []
    for i in range(size):
        minors = [[row[:i] + row[i + 1 :] for place, row in enumerate(rows) if place != j] for j in range(size)]
        answer.append([sympy.Integer(-1) ** (i + j) * determinant(minors[j]) / whole for j in range(size)])
    return answer


SYMBOLS = SymbolicAlgebra()
