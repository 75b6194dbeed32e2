"""Forms that are recognised when a node is made, because they have a name that is finite where they are not.

log(1 + exp(t)) is softplus(t), exp(x)/sum(exp(x)) is softmax(x), log(det(A)) is logdet(A), and so on. Each function
here returns the recognised node, or None. Source: Higham, Accuracy and Stability of Numerical Algorithms (2002).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise as ElementwiseEntry
from gradcalc.language.polynomial import Dim
from gradcalc.tensor import identities, signs
from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Basis,
    Contraction,
    Elementwise,
    Factor,
    Node,
    Pattern,
    Sum,
    Term,
)
from gradcalc.tensor.rewriting import MINUS_ONE, Powers, is_function, is_one, operand_of, replaced, stands
from gradcalc.tensor.selections import entries_of_sum, joined_merges, picked, selected

if TYPE_CHECKING:
    from gradcalc.tensor.graph import Graph


def _one_plus_exp(node: Node) -> Node | None:
    """u where the node is 1 + exp(u)."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    (first, one), (second, other) = node.terms
    if first != ONE or second != ONE:
        return None
    if is_one(one) and is_function(other, "exp"):
        return operand_of(other)
    if is_one(other) and is_function(one, "exp"):
        return operand_of(one)
    return None


def _two_exps(node: Node) -> tuple[Node, Node] | None:
    """(a, b) where the node is exp(a) + exp(b)."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    (first, left), (second, right) = node.terms
    if first == second == ONE and is_function(left, "exp") and is_function(right, "exp"):
        return operand_of(left), operand_of(right)
    return None


def _signed_pair(graph: Graph, node: Node) -> tuple[Node, Node] | None:
    """(a, b) where the node is a - b."""
    coefficient, core = graph.split(node)
    if coefficient not in (ONE, MINUS_ONE) or not isinstance(core, Sum) or len(core.terms) != 2:
        return None
    (first, left), (second, right) = core.terms
    if {first, second} != {ONE, MINUS_ONE}:
        return None
    return (left, right) if first == coefficient else (right, left)


def _exp_minus_exp(graph: Graph, node: Node) -> tuple[Node, Node] | None:
    """(a, b) where the node is exp(a) - exp(b); 1 is exp(0)."""
    pair = _signed_pair(graph, node)
    if pair is None or not any(is_function(part, "exp") for part in pair):
        return None
    exponents: list[Node] = []
    for part in pair:
        if is_function(part, "exp") and not _is_power(part):
            exponents.append(operand_of(part))
        elif is_one(part):
            exponents.append(graph.constant(0, part.dims))
        else:
            return None
    return exponents[0], exponents[1]


def _sum_of_exp(node: Node) -> Node | None:
    """u where the node is the sum of all entries of exp(u)."""
    if isinstance(node, Contraction) and node.is_closed and len(node.factors) == 1:
        leaf, exponent, indices = node.factors[0]
        if exponent == 1 and is_function(leaf, "exp") and len(set(indices)) == len(indices) and not _is_power(leaf):
            return operand_of(leaf)
    return None


def _is_power(exponential: Node) -> bool:
    """Whether the node is a^b, which is kept as exp(b*log(a))."""
    operand = operand_of(exponential)
    return isinstance(operand, Contraction) and any(
        is_function(leaf, "log") and power == 1 for leaf, power, _ in operand.factors
    )


def rewrite_factors(graph: Graph, powers: Powers, outputs: set[int]) -> Powers | None:
    """The factors of a contraction after one step of rewriting, or None when there is nothing to rewrite."""
    exponentials: dict[tuple[int, ...], tuple[Node, tuple[int, ...]]] = {}
    for key, exponent in powers.items():
        node, indices = key
        found: Powers | None = None
        if isinstance(node, Elementwise):
            if node.function == ("exp", 0):
                found = _joined_exponentials(graph, powers, key, exponentials.get(indices))
                exponentials[indices] = key
            elif node.function in (("abs", 0), ("sign", 0)):
                found = signs.rewritten(graph, powers, key)
            elif exponent > 0 and node.function[0] in catalogue.QUOTIENTS:
                found = _quotient(graph, powers, key)
        elif isinstance(node, Sum):
            if exponent < 0:
                found = _inverse_sum_of_exp(graph, powers, key)
            elif exponent == 1 and len(indices) == 2:
                found = _weighed_sum(graph, powers, key)
            else:
                found = entries_of_sum(graph, powers, key, outputs)
        elif isinstance(node, Contraction):
            found = _root_or_softmax(graph, powers, key)
        elif isinstance(node, Pattern):
            if node.name == "shift":
                found = selected(graph, powers, key, outputs)
            elif node.name == "merge" and exponent == 1:
                found = joined_merges(graph, powers, key, outputs)
        elif isinstance(node, Atom) and not node.batch:
            found = identities.rewritten(graph, powers, key, outputs)
        elif identities.is_orthogonal(node):
            found = identities.cancelled_orthogonal(graph, powers, key, outputs)
        elif isinstance(node, Basis) and indices[0] not in outputs and stands(powers, indices[0]) == 1:
            # The entries of a unit vector add up to one.
            found = replaced(powers, [key], [])
        elif isinstance(node, Basis):
            found = picked(graph, powers, key, outputs)
        if found is None and isinstance(node, (Atom, Elementwise)) and len(indices) == 1:
            found = identities.reduced_eigenvalues(graph, powers, key, outputs)
        if found is not None:
            return found
    return _logistic(graph, powers, exponentials) if exponentials else None


def _joined_exponentials(
    graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], other: tuple[Node, tuple[int, ...]] | None
) -> Powers | None:
    """exp(u)^p as exp(p*u), exp(u)*exp(v) as exp(u + v), where exp(v) is `other`."""
    node, indices = key
    exponent = powers[key]
    if exponent != 1:
        merged = graph.elementwise(("exp", 0), graph.scaled((exponent, ()), operand_of(node)))
        return replaced(powers, [key], [(merged, 1, indices)])
    if other is not None and len(set(indices)) == len(indices):
        total = graph.sum([(ONE, operand_of(other[0])), (ONE, operand_of(node))], node.dims)
        return replaced(powers, [key, other], [(graph.elementwise(("exp", 0), total), 1, indices)])
    return _absorbed_base(graph, powers, key)


def _inverse_sum_of_exp(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """1/(1 + exp(u)) and 1/(exp(a) + exp(b)) by sigmoid."""
    node, indices = key
    exponent = powers[key]
    inner = _one_plus_exp(node)
    if inner is not None:
        logistic = graph.elementwise(("sigmoid", 0), graph.scaled(MINUS_ONE, inner))
        return replaced(powers, [key], [(logistic, -exponent, indices)])
    pair = _two_exps(node)
    if pair is None:
        return None
    first, second = pair
    gap = graph.sum([(ONE, first), (MINUS_ONE, second)], node.dims)
    for other, power in powers.items():
        if other[1] == indices and power >= 1 and exponent == -1 and isinstance(other[0], Sum):
            above = _exp_minus_exp(graph, other[0])
            if above is not None and set(above) == {first, second}:
                half = graph.scaled((Fraction(1, 2) if above[0] is first else Fraction(-1, 2), ()), gap)
                tangent = graph.elementwise(("tanh", 0), half)
                return replaced(powers, [key], [(other[0], -1, indices), (tangent, 1, indices)])
    logistic = graph.elementwise(("sigmoid", 0), gap)
    inverse = graph.elementwise(("exp", 0), graph.scaled((exponent, ()), first))
    return replaced(powers, [key], [(logistic, -exponent, indices), (inverse, 1, indices)])


def _quotient(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """sinh(u)/cosh(u) as tanh(u), for every entry that is a quotient of two functions."""
    node, indices = key
    assert isinstance(node, Elementwise)
    if node.function[1]:
        return None
    for entry in catalogue.QUOTIENTS[node.function[0]]:
        assert entry.quotient is not None
        for other, power in powers.items():
            if power < 0 and other[1] == indices and is_function(other[0], entry.quotient[1]):
                if operand_of(other[0]) is not node.operand:
                    continue
                shared = min(powers[key], -power)
                made = graph.elementwise((entry.name, 0), node.operand)
                return replaced(
                    powers, [], [(node, -shared, indices), (other[0], shared, indices), (made, shared, indices)]
                )
    return None


def _root_or_softmax(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    node, indices = key
    assert isinstance(node, Contraction)
    even = signs.root_of_even_power(node, powers[key])
    if even is not None:
        leaf, power = even
        return replaced(powers, [key], [(graph.elementwise(("abs", 0), leaf), power, indices)])
    inner = _sum_of_exp(node) if powers[key] < 0 else None
    return None if inner is None else _softmax(graph, powers, key, inner)


def _logistic(
    graph: Graph, powers: Powers, exponentials: dict[tuple[int, ...], tuple[Node, tuple[int, ...]]]
) -> Powers | None:
    """exp(u)*sigmoid(-u) as sigmoid(u)."""
    for key, exponent in powers.items():
        node, indices = key
        other = exponentials.get(indices)
        if exponent < 1 or other is None or not is_function(node, "sigmoid"):
            continue
        coefficient, core = graph.split(operand_of(other[0]))
        if graph.split(operand_of(node)) == ((-coefficient[0], coefficient[1]), core):
            logistic = graph.elementwise(("sigmoid", 0), operand_of(other[0]))
            return replaced(powers, [other], [(node, -1, indices), (logistic, 1, indices)])
    return None


def _absorbed_base(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """a^b * a^p as a^(b + p), where a^b is exp(b*log(a))."""
    exponential, indices = key
    operand = operand_of(exponential)
    if not isinstance(operand, Contraction) or operand.is_closed:
        return None
    for node, exponent, places in operand.factors:
        if not is_function(node, "log") or exponent != 1 or places != operand.output:
            continue
        base = operand_of(node)
        power = powers.get((base, indices))
        if power is not None:
            total = graph.sum([(ONE, operand), ((power, ()), node)], operand.dims)
            return replaced(powers, [key, (base, indices)], [(graph.elementwise(("exp", 0), total), 1, indices)])
    return None


def _weighed_sum(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """(I - p*ones')*diag(p) as diag(p) - p*p': a vector goes into a matrix that repeats a vector along its axis."""
    total, indices = key
    assert isinstance(total, Sum)
    for axis in (0, 1):
        if not any(_repeats_a_vector(term, axis) for _, term in total.terms):
            continue
        weights = [other for other in powers if other[1] == (indices[axis],)]
        if not weights or indices[0] == indices[1]:
            continue
        inside: list[Factor] = [(node, powers[node, place], (axis,)) for node, place in weights]
        dims = dict(enumerate(total.dims))
        terms = [
            (coefficient, graph.contraction(ONE, [(term, 1, (0, 1)), *inside], (0, 1), dict(dims)))
            for coefficient, term in total.terms
        ]
        return replaced(powers, [key, *weights], [(graph.sum(terms, total.dims), 1, indices)])
    return None


def _repeats_a_vector(term: Node, axis: int) -> bool:
    if not isinstance(term, Contraction) or len(set(term.output)) < 2:
        return False
    carried = {index for _, _, indices in term.factors for index in indices}
    return term.output[axis] not in carried and term.output[1 - axis] in carried


def _softmax(graph: Graph, powers: Powers, total: tuple[Node, tuple[int, ...]], inner: Node) -> Powers | None:
    """exp(u)/sum(exp(u)), where sum(exp(u)) is `total` and u is `inner`; exp(u) may stand inside another number."""
    exponential = graph.elementwise(("exp", 0), inner)
    softmax = graph.atom("softmax", inner)
    for key, exponent in powers.items():
        node, indices = key
        if exponent != 1:
            continue
        if node is exponential:
            return replaced(powers, [key], [(softmax, 1, indices), (total[0], 1, ())])
        if isinstance(node, Contraction) and node.is_closed:
            for number, (leaf, power, places) in enumerate(node.factors):
                if leaf is exponential and power == 1:
                    factors = list(node.factors)
                    factors[number] = (softmax, 1, places)
                    closed = graph.contraction(ONE, factors, (), dict(enumerate(node.index_dims)))
                    return replaced(powers, [key], [(closed, 1, ()), (total[0], 1, ())])
    return None


def recognised_sum(graph: Graph, terms: list[Term], dims: tuple[Dim, ...]) -> Node | None:
    """1 - sigmoid(t) as sigmoid(-t)."""
    if len(terms) != 2:
        return None
    for (scale, one), (other_scale, node) in (terms, terms[::-1]):
        if is_one(one) and isinstance(node, Elementwise) and node.function[1] == 0:
            entry = catalogue.lookup(node.function[0])
            if (
                isinstance(entry, ElementwiseEntry)
                and entry.reflects
                and (other_scale[0], other_scale[1]) == (-scale[0], scale[1])
            ):
                return graph.scaled(scale, graph.elementwise(node.function, graph.scaled(MINUS_ONE, node.operand)))
    return None


def recognised_function(graph: Graph, name: str, operand: Node) -> Node | None:
    """f(operand) by another name, or with the sign or a positive factor of the operand outside."""
    entry = catalogue.lookup(name)
    if name == "log":
        return _logarithm(graph, operand)
    if name == "exp":
        return _exponential(graph, operand)
    if name == "logsigmoid":
        return graph.scaled(MINUS_ONE, graph.elementwise(("softplus", 0), graph.scaled(MINUS_ONE, operand)))
    if name in ("abs", "sign"):
        known = signs.recognised(graph, name, operand)
        if known is not None:
            return known
    if not isinstance(entry, ElementwiseEntry) or not entry.parity or not isinstance(operand, Contraction):
        return None
    if operand.coefficient[0] < 0:
        sign = -1 if entry.parity == "odd" else 1
        return graph.scaled((sign, ()), graph.elementwise((name, 0), graph.scaled(MINUS_ONE, operand)))
    return None


def _exponential(graph: Graph, operand: Node) -> Node | None:
    if is_function(operand, "log"):
        return operand_of(operand)
    if isinstance(operand, Atom) and operand.name == "logdet" and not operand.batch:
        return graph.atom("det", operand.operand)
    coefficient, core = graph.split(operand)
    if coefficient == MINUS_ONE and is_function(core, "softplus"):
        return graph.elementwise(("sigmoid", 0), graph.scaled(MINUS_ONE, operand_of(core)))
    if isinstance(operand, Sum) and len(operand.terms) == 2:
        for (scale, node), (other_scale, other) in (operand.terms, operand.terms[::-1]):
            if scale != ONE or other_scale != MINUS_ONE:
                continue
            if isinstance(other, Contraction) and other.is_entrywise and len(other.factors) == 1:
                lse = other.factors[0][0]
                if (
                    isinstance(lse, Atom)
                    and lse.name == "logsumexp"
                    and not lse.batch
                    and lse.operand is node
                    and other.factors[0][1] == 1
                ):
                    return graph.atom("softmax", node)
    return None


def _logarithm(graph: Graph, operand: Node) -> Node | None:
    known = _known_logarithm(graph, operand)
    if known is not None:
        return known
    pair = _exp_minus_exp(graph, operand)
    if pair is not None:
        gap = graph.sum([(ONE, pair[0]), (MINUS_ONE, pair[1])], operand.dims)
        return graph.sum([(ONE, pair[0]), (ONE, graph.elementwise(("log1mexp", 0), gap))], operand.dims)
    pair = _two_exps(operand)
    if pair is not None:
        first, second = pair
        gap = graph.sum([(ONE, second), (MINUS_ONE, first)], operand.dims)
        return graph.sum([(ONE, first), (ONE, graph.elementwise(("softplus", 0), gap))], operand.dims)
    if not isinstance(operand, Contraction) or not operand.is_entrywise:
        return None
    return _logarithm_of_product(graph, operand)


def _known_logarithm(graph: Graph, node: Node) -> Node | None:
    """log(node) for a node that is positive by its form, or a determinant."""
    if is_function(node, "exp"):
        return operand_of(node)
    entry = catalogue.lookup(node.function[0]) if isinstance(node, Elementwise) and not node.function[1] else None
    if isinstance(entry, ElementwiseEntry) and entry.logarithm is not None:
        return graph.elementwise((entry.logarithm, 0), operand_of(node))
    if is_function(node, "sigmoid"):
        return graph.scaled(MINUS_ONE, graph.elementwise(("softplus", 0), graph.scaled(MINUS_ONE, operand_of(node))))
    inner = _one_plus_exp(node)
    if inner is not None:
        return graph.elementwise(("softplus", 0), inner)
    inner = _sum_of_exp(node)
    if inner is not None:
        return graph.atom("logsumexp", inner)
    if isinstance(node, Atom) and not node.batch:
        if node.name == "det":
            return graph.atom("logdet", node.operand)
        if node.name == "softmax":
            total = graph.repeated(graph.atom("logsumexp", node.operand), node.dims)
            return graph.sum([(ONE, node.operand), (MINUS_ONE, total)], node.dims)
    return None


def _logarithm_of_product(graph: Graph, operand: Contraction) -> Node | None:
    """log of a product with its factors that are positive by their form outside; log of an odd power outside."""
    dims = dict(enumerate(operand.index_dims))
    terms: list[Term] = []
    rest: list[Factor] = []
    for factor in operand.factors:
        node, exponent, indices = factor
        known = (
            None if isinstance(node, Atom) and node.name == "det" and not node.batch else _known_logarithm(graph, node)
        )
        if known is None:
            rest.append(factor)
        else:
            spread = graph.contraction(ONE, [(known, 1, indices)], operand.output, dict(dims))
            terms.append(((exponent, ()), spread))
    if len(rest) == 1 and operand.coefficient[0] > 0:
        node, exponent, indices = rest[0]
        odd = Fraction(exponent).numerator % 2 == 1 and exponent != 1
        is_det = (
            isinstance(node, Atom) and node.name == "det" and not node.batch and Fraction(exponent).numerator % 2 == 1
        )
        if operand.coefficient == ONE and (odd or is_det):
            inner = graph.elementwise(("log", 0), node)
            spread = graph.contraction(ONE, [(inner, 1, indices)], operand.output, dict(dims))
            terms.append(((exponent, ()), spread))
            return graph.sum(terms, operand.dims)
    if not terms or (not rest and operand.coefficient[0] <= 0):
        return None
    if rest or operand.coefficient != ONE:
        remainder = graph.contraction(operand.coefficient, rest, operand.output, dict(dims))
        terms.append((ONE, graph.elementwise(("log", 0), remainder)))
    return graph.sum(terms, operand.dims)
