"""Sums multiplied out, to see whether two tensors are equal: for proofs, never for what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import Contraction, Factor, Node, Rational, Sum, Term, times

MOST_TERMS = 256
"""A tensor with more terms than this is not multiplied out."""

Totals = dict[tuple[Node, tuple[tuple[str, int], ...]], Rational]


def are_equal(graph: Graph, left: Node, right: Node) -> bool:
    """Whether two tensors of the same dims are found to be equal: the same node, or the same terms when multiplied out.

    True is a proof; False says nothing.
    """
    if left is right:
        return True
    if left.dims != right.dims:
        return False
    totals: Totals = {}
    return all(_add(graph, totals, node, sign) for node, sign in ((left, 1), (right, -1))) and not any(totals.values())


MOST_OPENED = 12
"""Into how many terms a tensor is taken apart to be shown."""


def openings(graph: Graph, node: Node) -> Iterator[list[Term]]:
    """The tensor as sums of more and more terms: one factor that is a sum is multiplied out after another."""
    terms: list[Term] = [((1, ()), node)]
    while True:
        for place, (coefficient, term) in enumerate(terms):
            inner, core = graph.split(term)
            whole = times(coefficient, inner)
            parts = list(core.terms) if isinstance(core, Sum) else None
            if parts is None and isinstance(core, Contraction):
                parts = _opened(graph, core)
            if parts is not None:
                opened = [(times(whole, scale), part) for scale, part in parts]
                terms = [*terms[:place], *opened, *terms[place + 1 :]]
                break
        else:
            return
        if len(terms) > MOST_OPENED:
            return
        yield terms


def _add(graph: Graph, totals: Totals, node: Node, sign: int) -> bool:
    """Adds the terms of a node to the totals; False where there are too many."""
    pending: list[Term] = [((sign, ()), node)]
    while pending:
        coefficient, term = pending.pop()
        inner, term = graph.split(term)
        coefficient = times(coefficient, inner)
        if isinstance(term, Sum):
            pending.extend([(times(coefficient, scale), part) for scale, part in term.terms])
        elif isinstance(term, Contraction) and (opened := _opened(graph, term)) is not None:
            pending.extend([(times(coefficient, scale), part) for scale, part in opened])
        elif not (isinstance(term, Contraction) and term.coefficient[0] == 0):
            key = (term, coefficient[1])
            totals[key] = totals.get(key, 0) + coefficient[0]
        if len(totals) + len(pending) > MOST_TERMS:
            return False
    return True


def _opened(graph: Graph, node: Contraction) -> list[Term] | None:
    """The terms of a product of which a factor is a sum; None where none is."""
    for place, (leaf, exponent, indices) in enumerate(node.factors):
        if exponent < 1 or Fraction(exponent).denominator != 1:
            continue
        if not isinstance(leaf, Sum):
            inner = _opened(graph, leaf) if isinstance(leaf, Contraction) and leaf.is_closed else None
            if inner is None:
                continue
            terms: list[Term] = inner
        else:
            terms = list(leaf.terms)
        rest: list[Factor] = [*node.factors[:place], *node.factors[place + 1 :]]
        if exponent > 1:
            rest.append((leaf, exponent - 1, indices))
        dims = dict(enumerate(node.index_dims))
        return [
            (scale, graph.contraction(node.coefficient, [*rest, (part, 1, indices)], node.output, dict(dims)))
            for scale, part in terms
        ]
    return None
