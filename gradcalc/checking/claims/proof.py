"""Proof by normal form: the claim is lowered into the graph of the derivative, where equal tensors are one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcalc.checking.claims.layouts import NATURAL, STACKED, STACKED_TRANSPOSED, TRANSPOSED
from gradcalc.checking.claims.reading import Claim, type_claim
from gradcalc.checking.claims.truth import Truth
from gradcalc.errors import GradcalcError
from gradcalc.language.syntax import Expr, IndexedSum, Name, Program, transformed
from gradcalc.tensor.expansion import are_equal
from gradcalc.tensor.nodes import ONE, Factor, Node
from gradcalc.tensor.rewriting import is_zero
from gradcalc.tensor.values import Value
from gradcalc.tensor.vectorized import vectorized

if TYPE_CHECKING:
    from gradcalc.api import Problem


def proved_form(claim: Claim, truth: Truth) -> str | None:
    """The form in which the claim is the derivative, where their normal forms agree; None says nothing."""
    claimed = _lowered(claim, truth)
    if claimed is None:
        return None
    graph = truth.derivative.derivation.graph
    if claimed.kind == "scalar" and is_zero(claimed.node) and is_zero(truth.answer.node):
        return NATURAL
    for form, (kind, node) in _forms(truth).items():
        if claimed.kind == kind and are_equal(graph, claimed.node, node):
            return form
    return None


def _lowered(claim: Claim, truth: Truth) -> Value | None:
    """The claim as a node, axes of its free indices first; None where it has no place in the graph."""
    derivation = truth.derivative.derivation
    try:
        if not claim.indices:
            return derivation.lowered(claim.program.objective, claim.typing) if claim.typing is not None else None
        closed = _summed(claim, truth.problem)
        assert isinstance(closed.program.objective, IndexedSum)
        if closed.typing is None:
            return None
        return derivation.lowered_entries(closed.program.objective, closed.typing)
    except GradcalcError:
        return None


def _summed(claim: Claim, problem: Problem) -> Claim:
    """A claim about entries as a sum over all of them, with nothing named: its indices are bound then."""
    trees: dict[str, Expr] = {}

    def inlined(node: Expr) -> Expr | None:
        return trees.get(node.name) if isinstance(node, Name) else None

    for item in claim.program.definitions:
        trees[item.name] = transformed(item.expression, inlined)
    names = list(dict.fromkeys(claim.indices))
    tree = IndexedSum(tuple([(name, None, None) for name in names]), transformed(claim.program.objective, inlined))
    made = Claim(claim.source, (), tree, Program(tree, (), claim.program.functions, (), claim.source))
    type_claim(made, problem)
    return made


def _forms(truth: Truth) -> dict[str, tuple[str, Node]]:
    """The derivative as a node in each form that a claim may have, axes of free indices first."""
    graph = truth.derivative.derivation.graph
    node = truth.answer.node
    axes = list(range(len(node.dims)))
    factors: list[Factor] = []
    names: dict[str, int] = {}
    for axis, position in enumerate(truth.selection):
        if isinstance(position, str):
            axes[axis] = names.setdefault(position, axis)
        elif position is not None:
            factors.append((graph.basis(node.dims[axis], position), 1, (axis,)))
    kept = [axis for axis in axes if truth.selection[axis] is None]
    if factors or names:
        output = [*names.values(), *kept]
        node = graph.contraction(ONE, [(node, 1, tuple(axes)), *factors], output, dict(enumerate(node.dims)))
    rank, front = len(kept), tuple(range(len(names)))
    if rank > 2:
        stacked = vectorized(graph, node, rank - truth.outputs) if truth.outputs and not names else None
        if stacked is None:
            return {}
        return {STACKED: ("matrix", stacked), STACKED_TRANSPOSED: ("matrix", graph.transpose(stacked))}
    found = {NATURAL: (("scalar", "vector", "matrix")[rank], node)}
    if rank == 1:
        found[TRANSPOSED] = ("row", node)
    elif rank == 2:
        turned = (*front, len(front) + 1, len(front))
        every = tuple(range(len(node.dims)))
        found[TRANSPOSED] = (
            "matrix",
            graph.contraction(ONE, [(node, 1, every)], turned, dict(enumerate(node.dims))),
        )
    return found
