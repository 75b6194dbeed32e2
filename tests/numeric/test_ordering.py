"""The order of products: the cheapest association, where a diagonal scales and an inverse is solved with."""

from __future__ import annotations

import pytest

from gradcalc.numeric.ordering import Operand, association

N = 10
KINDS = {
    "A": ("plain", N, N), "T": ("plain", N, 2), "W": ("plain", 2, N), "x": ("plain", N, None), "y": ("plain", None, N),
    "V": ("plain", N, 30), "d": ("diag", N, N), "i": ("inv", N, N), "j": ("inv-transposed", N, N),
}  # fmt: skip


def _written(chain: str) -> str:
    """The chain with its parentheses."""
    splits = association([Operand(letter, *KINDS[letter]) for letter in chain])

    def span(first: int, last: int) -> str:
        if first == last:
            return chain[first]
        split = splits[first, last]
        return f"({span(first, split)}{span(split + 1, last)})"

    return span(0, len(chain) - 1)


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("AAx", "(A(Ax))"),
        ("yAA", "((yA)A)"),
        ("AAT", "(A(AT))"),
        ("TWA", "(T(WA))"),
        ("dAx", "(d(Ax))"),
        # Multiplied with a diagonal first, the inverse would have to be computed.
        ("dix", "(d(ix))"),
        ("yid", "((yi)d)"),
        ("djT", "(d(jT))"),
        ("diV", "(d(iV))"),
        # Two inverses are solved with one after the other.
        ("ijx", "(i(jx))"),
        ("yij", "((yi)j)"),
        ("iiT", "(i(iT))"),
        ("AiT", "(A(iT))"),
        ("WiA", "((Wi)A)"),
    ],
)
def test_the_cheapest_order(chain: str, expected: str) -> None:
    assert _written(chain) == expected
