"""Arrays written out as symbols: within their structure, with derivatives in the convention of answers, at points.

A derivative is taken by all entries of an array as if they were free; then it is brought into the structure by a
linear map, and the entries are tied to each other. On an orthogonal matrix the ties are no formulas: there the symbols
are free throughout, and the points are orthogonal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Typing, Variable
from gradcalc.numeric.structures import basis, independent_mask

Array = Any
"""A NumPy array of SymPy expressions."""

WHOLE = 2
"""What a variable stands for that has to be a whole number."""


def free_symbols(typing: Typing, sizes: Mapping[str, int]) -> dict[str, Array]:
    """For each variable an array of symbols, all of them different; a whole number for one that has to be whole."""
    return {name: _free(variable, sizes) for name, variable in typing.variables.items()}


def _free(variable: Variable, sizes: Mapping[str, int]) -> Array:
    symbols = np.empty(tuple([size_of(dim, sizes) for dim in variable.dims]), dtype=object)
    positive = True if variable.structure == "positive" else None
    for entry in np.ndindex(*symbols.shape):
        text = "_".join([variable.name, *[str(number + 1) for number in entry]])
        symbols[entry] = sympy.Symbol(text, real=True, positive=positive)
    return np.array(sympy.Integer(WHOLE), dtype=object) if variable.whole else symbols


def ties(typing: Typing, symbols: Mapping[str, Array]) -> dict[Any, Any]:
    """What the entries of structured matrices are, in terms of the independent ones."""
    found: dict[Any, Any] = {}
    for name, variable in typing.variables.items():
        if variable.structure in (None, "positive", "orthogonal"):
            continue
        own = symbols[name]
        tied: Array = np.full(own.shape, sympy.Integer(0), dtype=object)
        mask = independent_mask(variable.structure, len(own))
        for entry, part in zip(zip(*np.nonzero(mask)), basis(variable.structure, len(own))):
            tied = tied + own[entry] * part
        found.update({symbol: value for symbol, value in zip(own.flat, tied.flat) if symbol != value})
    return found


def brought_within(structure: str | None, independent: bool, gradient: Array, own: Array) -> Array:
    """A gradient by free entries as the gradient within a structure.

    gradient: the last two axes are those of the matrix, whose symbols are `own`. independent: by each independent
    entry, laid out like the matrix; else projected onto the directions in which the matrix may move.
    """
    if structure in (None, "positive"):
        return gradient
    parts = [_within(structure or "", independent, part, own) for part in gradient.reshape(-1, *own.shape)]
    answer = np.empty((len(parts), *own.shape), dtype=object)
    for place, part in enumerate(parts):
        answer[place] = part
    return answer.reshape(gradient.shape)


def _within(structure: str, independent: bool, gradient: Array, own: Array) -> Array:
    if structure == "orthogonal":
        return (gradient - own @ gradient.T @ own) / 2
    total: Array = np.full(own.shape, sympy.Integer(0), dtype=object)
    for part in basis(structure, len(own)):
        slope = np.sum(gradient * part)
        total = total + slope * part / (1 if independent else sympy.Integer(int(np.sum(part * part))))
    return total


def random_point(typing: Typing, symbols: Mapping[str, Array], generator: np.random.Generator) -> dict[Any, Any]:
    """Rational numbers for all free symbols: positive ones, and orthogonal matrices where they have to be."""
    point: dict[Any, Any] = {}
    for name, variable in typing.variables.items():
        own = symbols[name]
        if variable.structure == "orthogonal":
            point.update(zip(own.flat, _orthogonal(len(own), generator).flat))
        else:
            point.update({symbol: _rational(generator) for symbol in own.flat if symbol.free_symbols})
    return point


def _rational(generator: np.random.Generator) -> Any:
    return sympy.Rational(int(generator.integers(200, 1800)), 1000)


def _orthogonal(size: int, generator: np.random.Generator) -> Array:
    """An orthogonal matrix of rational numbers. Source: Cayley, (I - S)*inv(I + S) for a skew S."""
    skew = sympy.zeros(size, size)
    for row in range(size):
        for column in range(row):
            skew[row, column] = _rational(generator)
            skew[column, row] = -skew[row, column]
    identity = sympy.eye(size)
    return np.array(((identity - skew) * (identity + skew).inv()).tolist(), dtype=object).reshape(size, size)
