"""What a search for slips knows of a claim: the kinds of its parts, and what might be meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gradcalc.checking.claims.search.stage import Quantity
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr, Name, postorder


class Slip(NamedTuple):
    """One way in which a node may be wrong. replacement: what was meant; cost: how unlikely the slip is."""

    kind: str
    message: str
    cost: float
    replacement: Expr


class Known:
    """kind_of: the kind of a node, None where it has none by itself. names: the kinds of the names of a claim.

    factors, terms: what may be missing. functions: the elementwise functions that may stand for one another. positions:
    the entry that the claim is about. lengths: the names of the dimensions. stacked: whether the derivative is a matrix
    of vec by vec.
    """

    def __init__(
        self,
        kind_of: Callable[[Expr], str | None],
        names: Mapping[str, str],
        factors: Sequence[Quantity],
        terms: Sequence[Quantity],
        functions: Sequence[str],
        positions: Sequence[int | str],
        lengths: Sequence[str],
        stacked: bool,
    ) -> None:
        self.kind_of = kind_of
        self.names = names
        self.factors = factors
        self.terms = terms
        self.functions = functions
        self.positions = list(dict.fromkeys(positions))
        self.indices = [position for position in self.positions if isinstance(position, str)]
        self.lengths = lengths
        self.stacked = stacked

    def others(self, name: str) -> list[str]:
        """The names of the same kind."""
        kind = self.names.get(name)
        return [other for other, own in self.names.items() if own == kind and other != name]

    def is_number(self, node: Expr) -> bool:
        """Whether an expression is made of numbers and lengths alone."""
        return not any(isinstance(leaf, Name) and leaf.name in self.names for leaf in postorder(node))

    def dropped(self, node: Expr, kind: str) -> str:
        """The kind of slip that a part that is one too many is: a constant is a wrong factor."""
        return "factor" if self.is_number(node) else kind


def per_character(node: Expr) -> float:
    """What the length of an expression adds to a cost: of two explanations the shorter one is likelier."""
    return 0.003 * len(to_text(node))
