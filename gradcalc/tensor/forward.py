"""Forward mode by a number: the derivative of a function of matrices that vary with it, det(Y)*tr(inv(Y)*dY).

Sources: Griewank and Walther, Evaluating Derivatives (2008), section 3.1; Higham, Functions of Matrices (2008), section
3.2: the derivative along E of a function that has a power series is the pullback of E at the transposed matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcalc.tensor.graph import Graph
from gradcalc.tensor.identities import MATRIX_FUNCTIONS
from gradcalc.tensor.nodes import ONE, Atom, Contraction, Elementwise, Factor, Node, Sum, Term

if TYPE_CHECKING:
    from gradcalc.tensor.differentiation import Rules

_OF_MATRICES = (*MATRIX_FUNCTIONS, "det", "logdet")


def serves(order: Sequence[Node], variable: Node) -> bool:
    """Whether forward mode is taken: by a number, through functions of matrices, each of which has a rule here."""
    return not variable.dims and passes_matrices(order)


def passes_matrices(order: Sequence[Node]) -> bool:
    """Whether there are functions of matrices among the nodes, and each function has a rule here."""
    atoms = [node for node in order if isinstance(node, Atom)]
    return any(node.name in _OF_MATRICES for node in atoms) and all(
        not node.batch
        and not any(parameter in order for parameter in node.operands[1:])
        and (not node.dims or node.name in MATRIX_FUNCTIONS)
        for node in atoms
    )


def tangent(graph: Graph, rules: Rules, order: Sequence[Node], variable: Node, direction: Node | None = None) -> Node:
    """The derivative of the last node along a direction of the variable, by the variable itself for a number.

    order: what depends on the variable, operands first. direction: a tensor with the dims of the variable.
    """
    tangents: dict[Node, Node] = {variable: graph.constant(1) if direction is None else direction}
    for node in order:
        if node is not variable:
            tangents[node] = _tangent(graph, rules, node, tangents)
    return tangents[order[-1]]


def _tangent(graph: Graph, rules: Rules, node: Node, tangents: dict[Node, Node]) -> Node:
    if isinstance(node, Contraction):
        return _of_contraction(graph, node, tangents)
    if isinstance(node, Sum):
        return graph.sum([(c, tangents[term]) for c, term in node.terms if term in tangents], node.dims)
    if isinstance(node, Elementwise):
        return graph.sum(
            [
                (ONE, graph.product([rules.elementwise(node, place), tangents[operand]]))
                for place, operand in enumerate(node.operands)
                if operand in tangents
            ],
            node.dims,
        )
    assert isinstance(node, Atom)
    direction = tangents[node.operand]
    if node.dims:
        operands = (graph.transpose(node.operand), *node.operands[1:])
        at_transpose = Atom(node.id, node.name, operands, 0, node.dims, node.symmetric)
        return rules.pullback(at_transpose, direction)
    slope = rules.pullback(node, graph.constant(1))
    axes = tuple(range(len(direction.dims)))
    return graph.contraction(ONE, [(slope, 1, axes), (direction, 1, axes)], (), dict(enumerate(direction.dims)))


def _of_contraction(graph: Graph, node: Contraction, tangents: dict[Node, Node]) -> Node:
    """The product rule."""
    terms: list[Term] = []
    number, powers = node.coefficient
    for place, (operand, exponent, indices) in enumerate(node.factors):
        if operand in tangents:
            factors: list[Factor] = list(node.factors)
            factors[place] = (operand, exponent - 1, indices)
            factors.append((tangents[operand], 1, indices))
            ranges = dict(enumerate(node.index_dims))
            terms.append((ONE, graph.contraction((number * exponent, powers), factors, node.output, ranges)))
    return graph.sum(terms, node.dims)
