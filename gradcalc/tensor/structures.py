"""Derivatives within the structure of their variable.

Projected: the part of the gradient that lies within the structure, the gradient of the function restricted to it.
Independent: the derivative by each independent entry, laid out in the shape of the variable (Petersen and Pedersen, The
Matrix Cookbook, section 2.8).
"""

from __future__ import annotations

from fractions import Fraction

from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import Dim
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Factor, Node, Symbol, Term

MEANINGS = {
    ("symmetric", "projected"): "the symmetric part",
    ("symmetric", "independent"): "G + G' - diag(diag(G))",
    ("skew", "projected"): "the skew part",
    ("skew", "independent"): "G - G'",
    ("diagonal", "projected"): "the diagonal",
    ("lower", "projected"): "the lower triangle",
    ("upper", "projected"): "the upper triangle",
    ("toeplitz", "projected"): "the means along the diagonals",
    ("toeplitz", "independent"): "the sums along the diagonals",
    ("orthogonal", "projected"): "the part tangent to the orthogonal matrices",
}
"""What is done to the gradient G without structure."""


DIRECTIONS = {"spd": "symmetric", "orthogonal": None, "positive": None}
"""The structure of the directions in which a matrix may move, where it is another than that of the matrix."""


def meaning(structure: str, convention: str) -> str:
    """What a convention does to the gradient within a structure."""
    structure = "symmetric" if structure == "spd" else structure
    said = MEANINGS.get((structure, convention)) or MEANINGS.get((structure, "projected"), "")
    return said if convention == "projected" else f"by each independent entry, {said}"


class Structured:
    """A derivative whose axes `axis` and `axis + 1` are those of a variable with a structure."""

    def __init__(self, graph: Graph, node: Node, axis: int, symbol: Symbol) -> None:
        self._graph = graph
        self._node = node
        self._axis = axis
        self._symbol = symbol
        self._axes = tuple(range(len(node.dims)))
        self._swapped = (*self._axes[:axis], axis + 1, axis, *self._axes[axis + 2 :])

    def part(self, structure: str, name: str, independent: bool) -> Node:
        """The derivative within the structure. Raises GradcalcError where that is not defined."""
        if structure in ("symmetric", "spd"):
            if independent:
                return self._sum([(ONE, self._node), (ONE, self._turned()), ((-1, ()), self._diagonal())])
            return self._graph.scaled((Fraction(1, 2), ()), self._sum([(ONE, self._node), (ONE, self._turned())]))
        if structure == "skew":
            whole = self._sum([(ONE, self._node), ((-1, ()), self._turned())])
            return whole if independent else self._graph.scaled((Fraction(1, 2), ()), whole)
        if structure == "diagonal":
            return self._diagonal()
        if structure in ("lower", "upper"):
            return self._triangle(structure)
        if structure == "toeplitz":
            return self._along_diagonals("diagsums" if independent else "toeplitz")
        assert structure == "orthogonal"
        if independent:
            raise GradcalcError(
                "usage",
                f"an orthogonal matrix ({name}) has no independent entries",
                hint="Use the projected convention, the default.",
            )
        return self._tangent()

    def _contraction(self, factors: list[Factor], output: tuple[int, ...], more: dict[int, Dim] | None = None) -> Node:
        return self._graph.contraction(ONE, factors, output, {**dict(enumerate(self._node.dims)), **(more or {})})

    def _sum(self, terms: list[Term]) -> Node:
        return self._graph.sum(terms, self._node.dims)

    def _turned(self) -> Node:
        return self._contraction([(self._node, 1, self._swapped)], self._axes)

    def _diagonal(self) -> Node:
        merged = tuple([self._axis if axis == self._axis + 1 else axis for axis in self._axes])
        return self._contraction([(self._node, 1, merged)], merged)

    def _triangle(self, structure: str) -> Node:
        places = (self._axis, self._axis + 1)
        ones = self._graph.pattern("lower", tuple([self._node.dims[place] for place in places]))
        mask = (ones, 1, places if structure == "lower" else places[::-1])
        return self._contraction([(self._node, 1, self._axes), mask], self._axes)

    def _along_diagonals(self, name: str) -> Node:
        """The function of the matrix on the two axes, along all others."""
        rest = tuple([axis for axis in self._axes if axis not in (self._axis, self._axis + 1)])
        last = self._contraction([(self._node, 1, self._axes)], (*rest, self._axis, self._axis + 1))
        applied = self._graph.atom(name, last, batch=len(rest))
        back = (*rest, self._axis, self._axis + 1)
        return self._contraction([(applied, 1, back)], self._axes)

    def _tangent(self) -> Node:
        """(G - Q*G'*Q)/2: Q times the skew part of Q'*G."""
        row, column = self._axis, self._axis + 1
        fresh = len(self._axes)
        dim = self._node.dims[row]
        inner = (*self._axes[:row], fresh + 1, fresh, *self._axes[column + 1 :])
        turned = self._contraction(
            [(self._symbol, 1, (row, fresh)), (self._node, 1, inner), (self._symbol, 1, (fresh + 1, column))],
            self._axes,
            {fresh: dim, fresh + 1: dim},
        )
        return self._graph.scaled((Fraction(1, 2), ()), self._sum([(ONE, self._node), ((-1, ()), turned)]))
