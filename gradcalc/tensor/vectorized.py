"""Tensors of more than two axes as matrices: of vec(result) by vec(variable), columns one below the other.

Source: Magnus and Neudecker, Matrix Differential Calculus (2019), chapters 2 and 9.
"""

from __future__ import annotations

from gradcalc.language.polynomial import multiplied
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Contraction, Factor, Node, Sum, Term, times

MOST_TERMS = 64
"""A tensor with more terms than this is not multiplied out."""


def multiplied_out(graph: Graph, node: Node) -> list[Term] | None:
    """The node as a sum of terms whose factors have at most two axes, as far as sums of more axes stand in the way.

    None where there would be too many.
    """
    done: list[Term] = []
    pending: list[Term] = [(ONE, node)]
    while pending:
        coefficient, term = pending.pop()
        if isinstance(term, Sum) and len(term.dims) > 2:
            pending.extend([(times(coefficient, scale), part) for scale, part in reversed(term.terms)])
            continue
        wide = _wide_sum(term)
        if wide is None or not isinstance(term, Contraction):
            done.append((coefficient, term))
        else:
            leaf, _, indices = wide
            assert isinstance(leaf, Sum)
            rest = [factor for factor in term.factors if factor is not wide]
            dims = dict(enumerate(term.index_dims))
            for scale, part in reversed(leaf.terms):
                flat = graph.contraction(term.coefficient, [*rest, (part, 1, indices)], term.output, dict(dims))
                pending.append((times(coefficient, scale), flat))
        if len(done) + len(pending) > MOST_TERMS:
            return None
    return done


def _wide_sum(node: Node) -> Factor | None:
    if not isinstance(node, Contraction):
        return None
    return next((f for f in node.factors if isinstance(f[0], Sum) and len(f[0].dims) > 2 and f[1] == 1), None)


def vectorized(graph: Graph, node: Node, columns: int) -> Node | None:
    """The matrix whose rows are the first axes, stacked, and whose columns are the last `columns` axes, stacked.

    None where there are more than two axes on a side. Sums are stacked term by term, so that their terms keep factors.
    """
    rows = len(node.dims) - columns
    if not 1 <= rows <= 2 or not 1 <= columns <= 2:
        return None
    terms = multiplied_out(graph, node)
    if terms is None:
        return None
    stacked = [(coefficient, _stacked(graph, term, columns)) for coefficient, term in terms]
    return graph.sum(stacked, stacked[0][1].dims)


def _stacked(graph: Graph, node: Node, columns: int) -> Node:
    count = len(node.dims)
    rows = count - columns
    axes = tuple(range(count))
    dims = dict(enumerate(node.dims))
    factors: list[Factor] = [(node, 1, axes)]
    output: list[int] = []
    for side in (axes[:rows], axes[rows:]):
        if len(side) == 1:
            output.append(side[0])
            continue
        fast, slow = side
        whole = multiplied(node.dims[fast], node.dims[slow])
        fresh = len(dims)
        dims[fresh] = whole
        factors.append((graph.pattern("merge", (node.dims[fast], node.dims[slow], whole)), 1, (fast, slow, fresh)))
        output.append(fresh)
    return graph.contraction(ONE, factors, output, dims)
