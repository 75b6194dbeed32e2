"""The structures that a variable may be declared to have: one entry each.

Written for any algebra of `gradcalc.meaning`: `np` has NumPy's names over its arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Array = Any
"""A square matrix of the algebra, n x n."""

Map = Callable[[Any, Array], Array]
"""`map(np, matrix)`."""


class Structure:
    """A linear space of matrices, or a set of them that is reached from any matrix.

    name: as it is declared. part: the orthogonal projection onto the matrices of the structure where they are a linear
    space, else None. nearest: a matrix of the structure that is easy to reach from any matrix. independent: whether the
    entry at a row and a column, from 0, is one of those that determine the matrix.
    """

    def __init__(
        self,
        name: str,
        *,
        part: Map | None,
        nearest: Map | None = None,
        independent: Callable[[int, int], bool] = lambda row, column: True,
    ) -> None:
        self.name = name
        self.part = part
        self._nearest = nearest
        self.independent = independent

    def nearest(self, np: Any, matrix: Array) -> Array:
        if self._nearest is not None:
            return self._nearest(np, matrix)
        return matrix if self.part is None else self.part(np, matrix)

    def tangent(self, np: Any, point: Array, direction: Array) -> Array:
        """The orthogonal projection of a direction onto those in which a matrix of the structure may move."""
        if self.part is not None:
            return self.part(np, direction)
        if self.name != "orthogonal":
            return direction
        inner = point.T @ direction
        return point @ ((inner - inner.T) * np.number(1) / 2)


def _symmetric(np: Any, x: Array) -> Array:
    return (x + x.T) / 2


def _along_diagonals(np: Any, x: Array) -> Array:
    """The means along the diagonals, laid out on them."""
    answer = np.zeros_like(x)
    for offset in range(1 - x.shape[0], x.shape[1]):
        entries = np.diagonal(x, offset)
        answer = answer + np.sum(entries) / len(entries) * np.eye(*x.shape, offset)
    return answer


def _rotation(np: Any, x: Array) -> Array:
    """Cayley's transform of the skew part."""
    skew, one = (x - x.T) / 2, np.eye(len(x))
    return np.linalg.solve(one + skew, one - skew)


STRUCTURES = {
    entry.name: entry
    for entry in (
        Structure("symmetric", part=_symmetric, independent=lambda i, j: i >= j),
        Structure(
            "spd", part=_symmetric, nearest=lambda np, x: x @ x.T + np.eye(len(x)), independent=lambda i, j: i >= j
        ),
        Structure("skew", part=lambda np, x: (x - x.T) / 2, independent=lambda i, j: i > j),
        Structure("diagonal", part=lambda np, x: np.tril(np.triu(x)), independent=lambda i, j: i == j),
        Structure("lower", part=lambda np, x: np.tril(x), independent=lambda i, j: i >= j),
        Structure("upper", part=lambda np, x: np.triu(x), independent=lambda i, j: i <= j),
        Structure("toeplitz", part=_along_diagonals, independent=lambda i, j: i == 0 or j == 0),
        Structure("orthogonal", part=None, nearest=_rotation),
        Structure("positive", part=None, nearest=lambda np, x: np.abs(x)),
    )
}
