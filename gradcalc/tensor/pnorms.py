"""Powers of sum(abs(x).^p), where p is not a known number, as powers of normp(x, p)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcalc.language.syntax import Binary, Call, Expr, Number
from gradcalc.tensor.nodes import ONE, Contraction, Elementwise, Node, Sum, Term
from gradcalc.tensor.rewriting import is_function

if TYPE_CHECKING:
    from gradcalc.tensor.raising import Raising


def p_norm(raising: Raising, base: Node, exponent: Node) -> Expr | None:
    """base^exponent as normp(x, p)^(p*exponent), where base is sum(abs(x).^p) and the exponent is divided by p."""
    parts = _norm_and_power(raising, base)
    if parts is None or not _divides(exponent):
        return None
    vector, power = parts
    graph = raising.graph
    terms: tuple[Term, ...] = exponent.terms if isinstance(exponent, Sum) else ((ONE, exponent),)
    total = graph.sum([(scale, graph.product([term, power])) for scale, term in terms], ())
    if _divides(total):
        return None
    norm = Call("normp", (raising.tree(vector), raising.tree(power)))
    written = raising.tree(total)
    return norm if written == Number(1) else Binary("^", norm, written)


def _norm_and_power(raising: Raising, base: Node) -> tuple[Node, Node] | None:
    """(x, p) where the node is sum(abs(x).^p)."""
    if not isinstance(base, Contraction) or not base.is_closed or len(base.factors) != 1:
        return None
    leaf, exponent, indices = base.factors[0]
    if base.coefficient != ONE or exponent != 1 or len(set(indices)) < len(indices) or not is_function(leaf, "exp"):
        return None
    (inside,) = leaf.operands
    if not isinstance(inside, Contraction) or not inside.is_entrywise:
        return None
    tensors = [factor for factor in inside.factors if factor[2]]
    scalars = [factor for factor in inside.factors if not factor[2]]
    if len(tensors) != 1 or tensors[0][1:] != (1, inside.output) or not is_function(tensors[0][0], "log"):
        return None
    (absolute,) = tensors[0][0].operands
    if not isinstance(absolute, Elementwise) or absolute.function != ("abs", 0):
        return None
    return absolute.operand, raising.graph.contraction(inside.coefficient, scalars, (), {})


def _divides(node: Node) -> bool:
    """Whether something is divided by in the node."""
    terms = [term for _, term in node.terms] if isinstance(node, Sum) else [node]
    return any(power < 0 for term in terms if isinstance(term, Contraction) for _, power, _ in term.factors)
