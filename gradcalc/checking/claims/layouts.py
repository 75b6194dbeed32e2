"""The layouts in which a claim may give a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

NATURAL = "natural"
TRANSPOSED = "transposed"
STACKED = "stacked"
STACKED_TRANSPOSED = "stacked transposed"


class Layouts:
    """outputs: how many axes the objective has. rank: how many axes the derivative has that a claim is about."""

    def __init__(self, outputs: int, rank: int) -> None:
        self.outputs = outputs
        self.rank = rank

    def name(self, form: str) -> str | None:
        """The layout that a form is, None where there is but one."""
        if self.rank == 0:
            return None
        natural, other = ("denominator", "numerator") if not self.outputs else ("numerator", "denominator")
        return natural if form in (NATURAL, STACKED) else other

    def forms(self, truth: Array, extra: int = 0) -> dict[str, tuple[str, Array]]:
        """The derivative in each form, with the kind that a claim in that form has.

        truth: its entries, after `extra` axes of free indices.
        """
        kinds = ("scalar", "vector", "matrix")
        rank = truth.ndim - extra
        if rank > 2:
            return self._stacked(truth) if not extra else {}
        found = {NATURAL: (kinds[rank], truth)}
        if rank == 1:
            found[TRANSPOSED] = ("row", truth)
        elif rank == 2:
            found[TRANSPOSED] = ("matrix", np.swapaxes(truth, -1, -2))
        return found

    def arrays(self, truth: Array, extra: int = 0) -> dict[str, Array]:
        """The derivative in each form that an array may have: besides those of a claim, with all its axes."""
        found = {form: array for form, (_, array) in self.forms(truth, extra).items()}
        if truth.ndim - extra > 2:
            outputs = range(extra, extra + self.outputs)
            found[NATURAL] = truth
            found[TRANSPOSED] = np.moveaxis(truth, outputs, range(truth.ndim - self.outputs, truth.ndim))
        return found

    def _stacked(self, truth: Array) -> dict[str, tuple[str, Array]]:
        """A tensor as the matrix of vec by vec, columns one below the other, and transposed."""
        outputs = self.outputs if 1 <= self.outputs <= 2 else truth.ndim - (2 if truth.ndim == 4 else 1)
        rows, columns = truth.shape[:outputs], truth.shape[outputs:]
        if not 1 <= len(columns) <= 2 or not 1 <= len(rows) <= 2:
            return {}
        order = [*reversed(range(outputs)), *reversed(range(outputs, truth.ndim))]
        matrix = np.transpose(truth, order).reshape(int(np.prod(rows)), int(np.prod(columns)))
        return {STACKED: ("matrix", matrix), STACKED_TRANSPOSED: ("matrix", matrix.T)}
