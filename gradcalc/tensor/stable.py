"""Forms that are recognised when a node is made, because they have a name that is finite where they are not.

log(1 + exp(t)) is softplus(t), exp(x)/sum(exp(x)) is softmax(x), log(det(A)) is logdet(A), and so on. Each function
here returns the recognised node, or None. Source: Higham, Accuracy and Stability of Numerical Algorithms (2002).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise as ElementwiseEntry
from gradcalc.language.polynomial import Dim, added, polynomial
from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Basis,
    Contraction,
    Elementwise,
    Factor,
    Node,
    Pattern,
    Rational,
    Sum,
    Term,
    exact_power,
)

if TYPE_CHECKING:
    from gradcalc.tensor.graph import Graph

Powers = dict[tuple[Node, tuple[int, ...]], Rational]

_MINUS_ONE = (-1, ())


def _is(node: Node, name: str) -> bool:
    return isinstance(node, Elementwise) and node.function == (name, 0)


def _operand(node: Node) -> Node:
    assert isinstance(node, (Elementwise, Atom))
    return node.operand


def _is_one(node: Node) -> bool:
    """Whether every entry is the number 1."""
    return (
        isinstance(node, Contraction)
        and not node.factors
        and node.coefficient == ONE
        and len(set(node.output)) == len(node.output)
    )


def is_identity(node: Node) -> bool:
    return isinstance(node, Contraction) and not node.factors and node.coefficient == ONE and node.output == (0, 0)


def _one_plus_exp(node: Node) -> Node | None:
    """u where the node is 1 + exp(u)."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    (first, one), (second, other) = node.terms
    if first != ONE or second != ONE:
        return None
    if _is_one(one) and _is(other, "exp"):
        return _operand(other)
    if _is_one(other) and _is(one, "exp"):
        return _operand(one)
    return None


def _two_exps(node: Node) -> tuple[Node, Node] | None:
    """(a, b) where the node is exp(a) + exp(b)."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    (first, left), (second, right) = node.terms
    if first == second == ONE and _is(left, "exp") and _is(right, "exp"):
        return _operand(left), _operand(right)
    return None


def _sum_of_exp(node: Node) -> Node | None:
    """u where the node is the sum of all entries of exp(u)."""
    if isinstance(node, Contraction) and node.is_closed and len(node.factors) == 1:
        leaf, exponent, indices = node.factors[0]
        if exponent == 1 and _is(leaf, "exp") and len(set(indices)) == len(indices) and not _is_power(leaf):
            return _operand(leaf)
    return None


def _is_power(exponential: Node) -> bool:
    """Whether the node is a^b, which is kept as exp(b*log(a))."""
    operand = _operand(exponential)
    return isinstance(operand, Contraction) and any(
        _is(leaf, "log") and power == 1 for leaf, power, _ in operand.factors
    )


def rewrite_factors(graph: Graph, powers: Powers, outputs: set[int]) -> Powers | None:
    """The factors of a contraction after one step of rewriting, or None when there is nothing to rewrite."""
    exponentials: dict[tuple[int, ...], tuple[Node, tuple[int, ...]]] = {}
    for key, exponent in powers.items():
        node, indices = key
        if isinstance(node, Elementwise):
            name = node.function
            if name == ("exp", 0):
                if exponent != 1:
                    merged = graph.elementwise(name, graph.scaled((exponent, ()), node.operand))
                    return _replaced(powers, [key], [(merged, 1, indices)])
                other = exponentials.get(indices)
                if other is not None and len(set(indices)) == len(indices):
                    total = graph.sum([(ONE, _operand(other[0])), (ONE, node.operand)], node.dims)
                    return _replaced(powers, [key, other], [(graph.elementwise(name, total), 1, indices)])
                absorbed = _absorbed_base(graph, powers, key)
                if absorbed is not None:
                    return absorbed
                exponentials[indices] = key
            elif name == ("abs", 0) and Fraction(exponent).denominator == 1 and exponent % 2 == 0:
                return _replaced(powers, [key], [(node.operand, exponent, indices)])
        elif isinstance(node, Sum):
            if exponent < 0:
                inner = _one_plus_exp(node)
                if inner is not None:
                    logistic = graph.elementwise(("sigmoid", 0), graph.scaled(_MINUS_ONE, inner))
                    return _replaced(powers, [key], [(logistic, -exponent, indices)])
                pair = _two_exps(node)
                if pair is not None:
                    first, second = pair
                    gap = graph.sum([(ONE, first), (_MINUS_ONE, second)], node.dims)
                    logistic = graph.elementwise(("sigmoid", 0), gap)
                    inverse = graph.elementwise(("exp", 0), graph.scaled((exponent, ()), first))
                    return _replaced(powers, [key], [(logistic, -exponent, indices), (inverse, 1, indices)])
            if exponent == 1 and len(indices) == 2:
                weighed = _weighed_sum(graph, powers, key)
                if weighed is not None:
                    return weighed
        elif isinstance(node, Contraction):
            even = _root_of_even_power(node, exponent)
            if even is not None:
                leaf, power = even
                return _replaced(powers, [key], [(graph.elementwise(("abs", 0), leaf), power, indices)])
            if exponent < 0:
                inner = _sum_of_exp(node)
                if inner is not None:
                    found = _softmax(graph, powers, key, inner)
                    if found is not None:
                        return found
        elif isinstance(node, Pattern) and node.name == "shift":
            selected = _selected(graph, powers, key, outputs)
            if selected is not None:
                return selected
        elif isinstance(node, Pattern) and node.name == "merge" and exponent == 1:
            joined = _joined_merges(graph, powers, key, outputs)
            if joined is not None:
                return joined
        elif isinstance(node, Atom) and node.name == "inv" and exponent == 1 and not node.batch:
            cancelled = _cancelled_inverse(graph, powers, key)
            if cancelled is not None:
                return cancelled
    return _logistic(graph, powers, exponentials) if exponentials else None


def _logistic(
    graph: Graph, powers: Powers, exponentials: dict[tuple[int, ...], tuple[Node, tuple[int, ...]]]
) -> Powers | None:
    """exp(u)*sigmoid(-u) as sigmoid(u)."""
    for key, exponent in powers.items():
        node, indices = key
        other = exponentials.get(indices)
        if exponent < 1 or other is None or not _is(node, "sigmoid"):
            continue
        coefficient, core = graph.split(_operand(other[0]))
        if graph.split(_operand(node)) == ((-coefficient[0], coefficient[1]), core):
            logistic = graph.elementwise(("sigmoid", 0), _operand(other[0]))
            return _replaced(powers, [other], [(node, -1, indices), (logistic, 1, indices)])
    return None


def _absorbed_base(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """a^b * a^p as a^(b + p), where a^b is exp(b*log(a))."""
    exponential, indices = key
    operand = _operand(exponential)
    if not isinstance(operand, Contraction) or operand.is_closed:
        return None
    for node, exponent, places in operand.factors:
        if not _is(node, "log") or exponent != 1 or places != operand.output:
            continue
        base = _operand(node)
        power = powers.get((base, indices))
        if power is not None:
            total = graph.sum([(ONE, operand), ((power, ()), node)], operand.dims)
            return _replaced(powers, [key, (base, indices)], [(graph.elementwise(("exp", 0), total), 1, indices)])
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
        return _replaced(powers, [key, *weights], [(graph.sum(terms, total.dims), 1, indices)])
    return None


def _repeats_a_vector(term: Node, axis: int) -> bool:
    if not isinstance(term, Contraction) or len(set(term.output)) < 2:
        return False
    carried = {index for _, _, indices in term.factors for index in indices}
    return term.output[axis] not in carried and term.output[1 - axis] in carried


def _replaced(powers: Powers, gone: list[tuple[Node, tuple[int, ...]]], new: list[Factor]) -> Powers:
    answer = {key: exponent for key, exponent in powers.items() if key not in gone}
    for node, exponent, indices in new:
        total = answer.get((node, indices), 0) + exponent
        if total:
            answer[node, indices] = total
        else:
            del answer[node, indices]
    return answer


def _root_of_even_power(node: Contraction, exponent: Rational) -> tuple[Node, Rational] | None:
    """(t, p) where node^exponent is |t|^p: the square root of x^2."""
    if Fraction(exponent).denominator == 1 or len(node.factors) != 1 or node.coefficient != ONE or node.is_closed:
        return None
    leaf, inner, indices = node.factors[0]
    if indices != node.output or len(set(indices)) < len(indices) or len(indices) != len(node.index_dims):
        return None
    if Fraction(inner).numerator % 2:
        return None
    return leaf, inner * exponent


def _softmax(graph: Graph, powers: Powers, total: tuple[Node, tuple[int, ...]], inner: Node) -> Powers | None:
    """exp(u)/sum(exp(u)), where sum(exp(u)) is `total` and u is `inner`; exp(u) may stand inside another number."""
    exponential = graph.elementwise(("exp", 0), inner)
    softmax = graph.atom("softmax", inner)
    for key, exponent in powers.items():
        node, indices = key
        if exponent != 1:
            continue
        if node is exponential:
            return _replaced(powers, [key], [(softmax, 1, indices), (total[0], 1, ())])
        if isinstance(node, Contraction) and node.is_closed:
            for number, (leaf, power, places) in enumerate(node.factors):
                if leaf is exponential and power == 1:
                    factors = list(node.factors)
                    factors[number] = (softmax, 1, places)
                    closed = graph.contraction(ONE, factors, (), dict(enumerate(node.index_dims)))
                    return _replaced(powers, [key], [(closed, 1, ()), (total[0], 1, ())])
    return None


def _cancelled_inverse(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """inv(A)*A and A*inv(A) as the identity, where the index between them stands nowhere else."""
    inverse, (row, column) = key
    operand = _operand(inverse)
    for other, exponent in powers.items():
        node, indices = other
        if node is not operand or exponent != 1 or other == key:
            continue
        ways = [(indices[0], indices[1])]
        if node.symmetric:
            ways.append((indices[1], indices[0]))
        for first, second in ways:
            for joint, ends in ((column, (row, second)), (row, (first, column))):
                if (joint == first if joint == column and ends[0] == row else joint == second) and _stands(
                    powers, joint
                ) == 2:
                    return _replaced(powers, [key, other], [(graph.identity((node.dims[0],)), 1, ends)])
    return None


def _selected(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """The part of an axis that a shift selects: of what another shift has moved there, or of a sum of such terms."""
    shift, (row, column) = key
    assert isinstance(shift, Pattern)
    if column in outputs or _stands(powers, column) != 2:
        return None
    for other, exponent in powers.items():
        node, indices = other
        if other == key or column not in indices or exponent != 1:
            continue
        if isinstance(node, Pattern) and node.name == "shift" and indices[1] == column:
            if node is shift:
                return _replaced(powers, [key, other], [(graph.identity((node.dims[0],)), 1, (row, indices[0]))])
            if _is_after(node, shift) or _is_after(shift, node):
                return _replaced(powers, [key, other], [(graph.constant(0), 1, ())])
        if isinstance(node, Basis) and isinstance(node.position, int) and isinstance(shift.offset, int):
            place = node.position - shift.offset
            length = shift.dims[0]
            if place < 1 or (isinstance(length, int) and place > length):
                return _replaced(powers, [key, other], [(graph.constant(0), 1, ())])
            if isinstance(length, int):
                return _replaced(powers, [key, other], [(graph.basis(length, place), 1, (row,))])
        if isinstance(node, Sum) and all(_is_moved(term, indices.index(column)) for _, term in node.terms):
            axis = indices.index(column)
            dims = list(node.dims)
            dims[axis] = shift.dims[0]
            axes = tuple(range(len(dims)))
            fresh = len(dims)
            moved = [fresh if place == axis else place for place in axes]
            terms = []
            for coefficient, term in node.terms:
                ranges = {**dict(enumerate(dims)), fresh: node.dims[axis]}
                part = graph.contraction(ONE, [(term, 1, tuple(moved)), (shift, 1, (axis, fresh))], axes, ranges)
                terms.append((coefficient, part))
            selected = graph.sum(terms, tuple(dims))
            return _replaced(powers, [key, other], [(selected, 1, tuple([row if i == column else i for i in indices]))])
    return None


def _is_after(one: Pattern, other: Pattern) -> bool:
    """Whether what the first shift selects lies behind what the other one does, whatever the lengths are."""
    gap = polynomial(added(one.offset, added(other.offset, other.dims[0]), -1))
    return all(number >= 0 for number in gap.values())


def _is_moved(term: Node, axis: int) -> bool:
    """Whether the term is zero outside a part of an axis."""
    if not isinstance(term, Contraction):
        return False
    index = term.output[axis]
    return any(
        (isinstance(leaf, Pattern) and leaf.name == "shift" and indices[1] == index)
        or (isinstance(leaf, Basis) and indices[0] == index)
        for leaf, _, indices in term.factors
    )


def _joined_merges(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """Two merges with the merged index in common, or both others, are one merge, and what is left is equal.

    A merge whose merged index, or whose two others, stand nowhere else is 1 for all the rest.
    """
    node, indices = key
    for other in powers:
        if other[0] is not node or other == key:
            continue
        if other[1][2] == indices[2] or other[1][:2] == indices[:2]:
            equal: list[Factor] = [
                (graph.identity((dim,)), 1, (left, right))
                for dim, left, right in zip(node.dims, indices, other[1])
                if left != right
            ]
            return _replaced(powers, [other], equal)
    lonely = {index for index in indices if index not in outputs and _stands(powers, index) == 1}
    if lonely in ({indices[2]}, set(indices[:2])) and len(set(indices)) == 3:
        return _replaced(powers, [key], [])
    return None


def _stands(powers: Powers, index: int) -> int:
    return sum(indices.count(index) for _, indices in powers)


def recognised_sum(graph: Graph, terms: list[Term], dims: tuple[Dim, ...]) -> Node | None:
    """1 - sigmoid(t) as sigmoid(-t)."""
    if len(terms) != 2:
        return None
    for (scale, one), (other_scale, node) in (terms, terms[::-1]):
        if _is_one(one) and isinstance(node, Elementwise) and node.function[1] == 0:
            entry = catalogue.lookup(node.function[0])
            if (
                isinstance(entry, ElementwiseEntry)
                and entry.reflects
                and (other_scale[0], other_scale[1]) == (-scale[0], scale[1])
            ):
                return graph.scaled(scale, graph.elementwise(node.function, graph.scaled(_MINUS_ONE, node.operand)))
    return None


def recognised_function(graph: Graph, name: str, operand: Node) -> Node | None:
    """f(operand) by another name, or with the sign or a positive factor of the operand outside."""
    entry = catalogue.lookup(name)
    if name == "log":
        return _logarithm(graph, operand)
    if name == "exp":
        return _exponential(graph, operand)
    if name == "logsigmoid":
        return graph.scaled(_MINUS_ONE, graph.elementwise(("softplus", 0), graph.scaled(_MINUS_ONE, operand)))
    if not isinstance(entry, ElementwiseEntry) or not entry.parity or not isinstance(operand, Contraction):
        return None
    if operand.coefficient[0] < 0:
        sign = -1 if entry.parity == "odd" else 1
        return graph.scaled((sign, ()), graph.elementwise((name, 0), graph.scaled(_MINUS_ONE, operand)))
    return None


def _exponential(graph: Graph, operand: Node) -> Node | None:
    if _is(operand, "log"):
        return _operand(operand)
    coefficient, core = graph.split(operand)
    if coefficient == _MINUS_ONE and _is(core, "softplus"):
        return graph.elementwise(("sigmoid", 0), graph.scaled(_MINUS_ONE, _operand(core)))
    if isinstance(operand, Sum) and len(operand.terms) == 2:
        for (scale, node), (other_scale, other) in (operand.terms, operand.terms[::-1]):
            if (
                scale == ONE
                and other_scale == _MINUS_ONE
                and isinstance(other, Contraction)
                and len(other.factors) == 1
            ):
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
    pair = _two_exps(operand)
    if pair is not None:
        first, second = pair
        gap = graph.sum([(ONE, second), (_MINUS_ONE, first)], operand.dims)
        return graph.sum([(ONE, first), (ONE, graph.elementwise(("softplus", 0), gap))], operand.dims)
    if not isinstance(operand, Contraction) or operand.is_closed or len(operand.output) != len(operand.index_dims):
        return None
    return _logarithm_of_product(graph, operand)


def _known_logarithm(graph: Graph, node: Node) -> Node | None:
    """log(node) for a node that is positive by its form, or a determinant."""
    if _is(node, "exp"):
        return _operand(node)
    if _is(node, "sigmoid"):
        return graph.scaled(_MINUS_ONE, graph.elementwise(("softplus", 0), graph.scaled(_MINUS_ONE, _operand(node))))
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
            return graph.sum([(ONE, node.operand), (_MINUS_ONE, total)], node.dims)
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


def recognised_choice(graph: Graph, name: str, operands: tuple[Node, ...]) -> Node | None:
    """A function of several operands by a simpler one: a choice between equals, max(t, 0) as relu(t)."""
    if name == "where" and operands[1] is operands[2]:
        return operands[1]
    if name in ("maximum", "minimum"):
        if operands[0] is operands[1]:
            return operands[0]
        for one, other in (operands, operands[::-1]):
            if is_zero(other) and name == "maximum":
                return graph.elementwise(("relu", 0), one)
            if is_zero(other):
                turned = graph.elementwise(("relu", 0), graph.scaled(_MINUS_ONE, one))
                return graph.scaled(_MINUS_ONE, turned)
    return None


def is_zero(node: Node) -> bool:
    return isinstance(node, Contraction) and node.coefficient[0] == 0


def recognised_atom(graph: Graph, name: str, operand: Node, *others: Node) -> Node | None:
    if not operand.dims:
        if name in ("logsumexp", "max", "min", "prod"):
            return operand
        if name == "softmax":
            return graph.constant(1)
        if name == "var":
            return graph.constant(0)
    if name == "matpow":
        return _whole_power(graph, operand, others[0])
    if name in ("toeplitz", "diagsums") and is_zero(operand):
        return operand
    if name in ("det", "logdet"):
        if is_identity(operand):
            return graph.constant(1 if name == "det" else 0)
        if isinstance(operand, Atom) and operand.name == "inv" and not operand.batch:
            inner = graph.atom(name, operand.operand)
            return graph.power(inner, -1) if name == "det" else graph.scaled(_MINUS_ONE, inner)
    if name == "inv":
        if is_identity(operand):
            return operand
        if isinstance(operand, Atom) and operand.name == "inv" and not operand.batch:
            return operand.operand
        return _inverse_of_scaled(graph, operand)
    return None


def _whole_power(graph: Graph, operand: Node, exponent: Node) -> Node | None:
    """A power whose exponent is a small number as a product."""
    if not isinstance(exponent, Contraction) or exponent.factors or exponent.coefficient[1]:
        return None
    count = exponent.coefficient[0]
    if count == 0:
        return graph.identity((operand.dims[0],))
    if count == 1:
        return operand
    if count == -1:
        return graph.atom("inv", operand)
    return None


def _inverse_of_scaled(graph: Graph, operand: Node) -> Node | None:
    """inv(t*A) as inv(A)/t."""
    if not isinstance(operand, Contraction) or operand.is_closed:
        return None
    scalars = [factor for factor in operand.factors if not factor[2]]
    scale = exact_power(operand.coefficient, -1)
    if scale is None or (not scalars and scale == ONE):
        return None
    matrices = [factor for factor in operand.factors if factor[2]]
    core = graph.contraction(ONE, matrices, operand.output, dict(enumerate(operand.index_dims)))
    inverse = graph.atom("inv", core)
    factors: list[Factor] = [(node, -exponent, ()) for node, exponent, _ in scalars]
    return graph.contraction(scale, [*factors, (inverse, 1, (0, 1))], (0, 1), dict(enumerate(operand.dims)))
