"""The order of multiplication in a chain of matrices and vectors."""

from __future__ import annotations

LONGEST_OPTIMAL_CHAIN = 40
"""A longer chain is multiplied from the end that is a vector, or from the left."""

_TURNED = {"plain": "transposed", "transposed": "plain", "inv": "inv-transposed", "inv-transposed": "inv"}


class Operand:
    """A factor of a chain: the code of its value, how the value is represented, and its lengths.

    rows is None for a row vector, columns is None for a column vector.
    """

    __slots__ = ("code", "columns", "form", "rows")

    def __init__(self, code: str, form: str, rows: int | None, columns: int | None) -> None:
        self.code = code
        self.form = form
        self.rows = rows
        self.columns = columns

    @property
    def entries(self) -> int:
        if self.form == "diag":
            return self.rows or 1
        return (self.rows or 1) * (self.columns or 1)

    def with_code(self, code: str) -> Operand:
        return Operand(code, self.form, self.rows, self.columns)

    def transposed(self) -> Operand:
        is_vector = self.rows is None or self.columns is None
        form = self.form if is_vector else _TURNED.get(self.form, self.form)
        return Operand(self.code, form, self.columns, self.rows)


def association(operands: list[Operand]) -> dict[tuple[int, int], int]:
    """Where to split each span of the chain that is multiplied: (first, last) -> last place of the left part.

    The cheapest order by dynamic programming (Cormen et al., Introduction to Algorithms, section 14.2).
    """
    count = len(operands)
    if count > LONGEST_OPTIMAL_CHAIN:
        if operands[-1].columns is None:
            return {(first, count - 1): first for first in range(count - 1)}
        return {(0, last): last - 1 for last in range(1, count)}
    lengths = [operands[0].rows or 1, *[operand.columns or 1 for operand in operands]]
    cost = {(place, place): 0 for place in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for width in range(1, count):
        for first in range(count - width):
            last = first + width
            best: tuple[int, int] | None = None
            for split in range(first, last):
                own = _cost(operands, lengths, first, split, last)
                total = cost[first, split] + cost[split + 1, last] + own
                if best is None or total < best[0]:
                    best = total, split
            assert best is not None
            cost[first, last], splits[first, last] = best
    return splits


def _cost(operands: list[Operand], lengths: list[int], first: int, split: int, last: int) -> int:
    """What multiplying two neighbouring parts costs; a diagonal factor scales, an inverse is solved with.

    An inverse that is not solved with, beside a diagonal or another inverse, has to be computed.
    """
    rows, inner, columns = lengths[first], lengths[split + 1], lengths[last + 1]
    alone = [operands[place].form for place, single in ((first, split == first), (last, split + 1 == last)) if single]
    inverses = sum([form.startswith("inv") for form in alone])
    scales = "diag" in alone
    solves = 0 if scales else min(inverses, 1)
    multiplied = rows * columns if scales else rows * inner * columns
    return multiplied + solves * (inner**3 // 3) + (inverses - solves) * inner**3
