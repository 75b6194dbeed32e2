"""Matrices with a structure, in numbers: the nearest one, the directions in which one may move, independent entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.functions.structures import STRUCTURES
from gradcalc.meaning.numpy_numbers import NUMPY

Array = Any
"""A square array of floats."""


def nearest(structure: str, array: Array) -> Array:
    """An array of a structure that is easy to reach from any array."""
    return STRUCTURES[structure].nearest(NUMPY, array)


_CLOSE = 1e-8
"""How far, beside its largest entry, an array may be from its structure."""


def has_structure(structure: str, array: Array) -> bool:
    """Whether an array is of a structure, up to rounding."""
    if structure == "positive":
        return bool(np.all(array > 0))
    scale = _CLOSE * max(float(np.max(np.abs(array), initial=0.0)), 1e-300)
    if structure == "orthogonal":
        return bool(np.all(np.abs(array.T @ array - np.eye(len(array))) <= _CLOSE))
    if np.any(np.abs(array - linear_part(structure, array)) > scale):
        return False
    return structure != "spd" or bool(np.all(np.linalg.eigvalsh(array) > 0))


def linear_part(structure: str, array: Array) -> Array:
    """The orthogonal projection of an array onto a structure that is a linear space."""
    part = STRUCTURES[structure].part
    assert part is not None
    return part(NUMPY, array)


def _toeplitz(along: list[Array]) -> Array:
    """The Toeplitz matrix of the values along its diagonals, from the lowest to the highest."""
    size = (len(along) + 1) // 2
    return np.array([[along[size - 1 + column - row] for column in range(size)] for row in range(size)])


def directions_within(structure: str | None, point: Array) -> Callable[[Array], Array] | None:
    """From any direction to one in which a matrix of a structure may move; None where every one is allowed."""
    if structure in (None, "positive"):
        return None
    if structure == "orthogonal":
        return lambda direction: STRUCTURES["orthogonal"].tangent(NUMPY, point, direction)
    return lambda direction: linear_part(structure or "", direction)


def independent_mask(structure: str, size: int) -> Array:
    """1 at the entries that determine a matrix of a structure, 0 elsewhere."""
    rows, columns = np.indices((size, size))
    if structure in ("symmetric", "spd", "lower"):
        return (rows >= columns) + 0.0
    if structure == "skew":
        return (rows > columns) + 0.0
    if structure == "diagonal":
        return np.eye(size)
    return ((rows <= columns) if structure == "upper" else (rows == 0) | (columns == 0)) + 0.0


def from_independent(structure: str, entries: Array) -> Array:
    """The matrix of a structure whose independent entries stand where `independent_mask` has ones."""
    chosen = entries * independent_mask(structure, len(entries))
    if structure in ("symmetric", "spd"):
        return chosen + chosen.T - np.diag(np.diag(chosen))
    if structure == "skew":
        return chosen - chosen.T
    if structure == "toeplitz":
        return _toeplitz([*chosen[::-1, 0], *chosen[0, 1:]])
    return chosen


def basis(structure: str, size: int) -> list[Array]:
    """For each independent entry the matrix that it contributes, in whole numbers."""
    mask = independent_mask(structure, size)
    found = []
    for entry in zip(*np.nonzero(mask)):
        chosen = np.zeros((size, size))
        chosen[entry] = 1.0
        found.append(np.rint(from_independent(structure, chosen)).astype(int))
    return found
