"""Tensors of more than two axes as matrices: of vec(result) by vec(variable), columns one below the other.

Source: Magnus and Neudecker, Matrix Differential Calculus (2019), chapters 2 and 9.
"""

from __future__ import annotations

from gradcalc.language.polynomial import multiplied
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Factor, Node, Sum


def vectorized(graph: Graph, node: Node, columns: int) -> Node | None:
    """The matrix whose rows are the first axes, stacked, and whose columns are the last `columns` axes, stacked.

    None where there are more than two axes on a side. Sums are stacked term by term, so that their terms keep factors.
    """
    rows = len(node.dims) - columns
    if not 1 <= rows <= 2 or not 1 <= columns <= 2:
        return None
    if isinstance(node, Sum):
        terms = [(coefficient, _stacked(graph, term, columns)) for coefficient, term in node.terms]
        return graph.sum(terms, terms[0][1].dims)
    return _stacked(graph, node, columns)


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
