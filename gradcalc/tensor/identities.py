"""Identities of determinants, inverses, matrix functions, absolute values and signs.

Each holds wherever the form that it replaces is defined. Sources: Petersen and Pedersen, The Matrix Cookbook (2012),
sections 1.1, 3.1 and 10.2; Higham, Functions of Matrices (2008), chapter 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard

from gradcalc.language.polynomial import Dim
from gradcalc.tensor.nodes import ONE, Atom, Contraction, Elementwise, Factor, Node, Pattern, Symbol, exact_power
from gradcalc.tensor.rewriting import MINUS_ONE, Powers, is_identity, is_zero, operand_of, replaced, stands

if TYPE_CHECKING:
    from gradcalc.tensor.graph import Graph


def recognised_atom(graph: Graph, name: str, operand: Node, *others: Node) -> Node | None:
    """A function of a tensor by a simpler form; None where there is none."""
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
    if name == "prod" and _is_atom(operand, "eigvals"):
        return graph.atom("det", operand_of(operand))
    if name in ("det", "logdet"):
        return _determinant(graph, name, operand)
    if name == "expm" and is_zero(operand):
        return graph.identity(operand.dims[:1])
    return _inverse(graph, operand) if name == "inv" else None


def _is_atom(node: Node, name: str) -> bool:
    return isinstance(node, Atom) and node.name == name and not node.batch


def _determinant(graph: Graph, name: str, operand: Node) -> Node | None:
    """det(inv(A)) = 1/det(A), det(expm(A)) = exp(tr(A)), and their logarithms; det(A^k) = det(A)^k for a number k."""
    if is_identity(operand):
        return graph.constant(1 if name == "det" else 0)
    if _is_atom(operand, "inv"):
        inner = graph.atom(name, operand_of(operand))
        return graph.power(inner, -1) if name == "det" else graph.scaled(MINUS_ONE, inner)
    if name == "det" and isinstance(operand, Atom) and _is_atom(operand, "matpow"):
        exponent = operand.operands[1]
        if isinstance(exponent, Contraction) and not exponent.factors and not exponent.coefficient[1]:
            return graph.power(graph.atom(name, operand.operand), exponent.coefficient[0])
    if _is_atom(operand, "expm"):
        inside = operand_of(operand)
        trace = graph.contraction(ONE, [(inside, 1, (0, 0))], (), {0: inside.dims[0]})
        return trace if name == "logdet" else graph.elementwise(("exp", 0), trace)
    return None


MOST_FACTORS_OF_A_POWER = 12
"""A whole power of a matrix up to this is a product, a higher one a function of its own."""


def _whole_power(graph: Graph, operand: Node, exponent: Node) -> Node | None:
    """A low power of a matrix as a product, of its inverse where it is negative; a power of a power as one."""
    if _is_atom(operand, "matpow"):
        assert isinstance(operand, Atom)
        base, inner = operand.operands
        return graph.atom("matpow", base, graph.product([inner, exponent]))
    if is_identity(operand):
        return operand
    if not isinstance(exponent, Contraction) or exponent.factors or exponent.coefficient[1]:
        return None
    count = Fraction(exponent.coefficient[0])
    if count.denominator != 1 or abs(count) > MOST_FACTORS_OF_A_POWER:
        return None
    if count < 0:
        operand = graph.atom("inv", operand)
    length = abs(int(count))
    factors: list[Factor] = [(operand, 1, (place, place + 1)) for place in range(length)]
    ranges: dict[int, Dim] = dict.fromkeys(range(length + 1), operand.dims[0])
    return graph.contraction(ONE, factors, (0, length), ranges)


def _inverse(graph: Graph, operand: Node) -> Node | None:
    """inv(inv(A)) = A, inv(expm(A)) = expm(-A), inv(A^k) = A^(-k), inv(t*A) = inv(A)/t, inv of a Kronecker product."""
    if is_identity(operand):
        return operand
    if is_orthogonal(operand) or is_orthogonal(graph.transpose(operand)):
        return graph.transpose(operand)
    if _is_atom(operand, "inv"):
        return operand_of(operand)
    if _is_atom(operand, "expm"):
        return graph.atom("expm", graph.scaled(MINUS_ONE, operand_of(operand)))
    if _is_atom(operand, "matpow"):
        return graph.atom("matpow", operand_of(operand), graph.scaled(MINUS_ONE, operand.operands[1]))
    if not isinstance(operand, Contraction) or operand.is_closed:
        return None
    return _inverse_of_scaled(graph, operand) or _inverse_of_kronecker(graph, operand)


def is_orthogonal(node: Node) -> bool:
    return isinstance(node, Symbol) and node.structure == "orthogonal"


def cancelled_orthogonal(
    graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]
) -> Powers | None:
    """Q'*Q and Q*Q' as the identity, where the index between them stands nowhere else."""
    node, indices = key
    if powers[key] != 1 or indices[0] == indices[1]:
        return None
    for other, exponent in powers.items():
        if other[0] is not node or exponent != 1 or other == key:
            continue
        for joint in (0, 1):
            shared = indices[joint]
            if other[1][joint] == shared and shared not in outputs and stands(powers, shared) == 2:
                ends = (indices[1 - joint], other[1][1 - joint])
                return replaced(powers, [key, other], [(graph.identity((node.dims[0],)), 1, ends)])
    return None


def _inverse_of_scaled(graph: Graph, operand: Contraction) -> Node | None:
    """inv(t*A) as inv(A)/t."""
    scalars = [factor for factor in operand.factors if not factor[2]]
    scale = exact_power(operand.coefficient, -1)
    if scale is None or (not scalars and scale == ONE):
        return None
    matrices = [factor for factor in operand.factors if factor[2]]
    core = graph.contraction(ONE, matrices, operand.output, dict(enumerate(operand.index_dims)))
    inverse = graph.atom("inv", core)
    factors: list[Factor] = [(node, -exponent, ()) for node, exponent, _ in scalars]
    return graph.contraction(scale, [*factors, (inverse, 1, (0, 1))], (0, 1), dict(enumerate(operand.dims)))


def _inverse_of_kronecker(graph: Graph, operand: Contraction) -> Node | None:
    """inv(kron(A, B)) as kron(inv(A), inv(B)), for square A and B."""
    merges = [factor for factor in operand.factors if isinstance(factor[0], Pattern) and factor[0].name == "merge"]
    if len(merges) != 2 or [merge[2][2] for merge in merges] not in (list(operand.output), list(operand.output)[::-1]):
        return None
    if merges[0][2][2] != operand.output[0]:
        merges.reverse()
    ends = [(merges[0][2][side], merges[1][2][side]) for side in (0, 1)]
    dims = dict(enumerate(operand.index_dims))
    if any(dims[row] != dims[column] for row, column in ends):
        return None
    parts: list[Node] = []
    left = [factor for factor in operand.factors if factor not in merges]
    for own, other in (ends, ends[::-1]):
        part = _reached(left, set(own))
        if any(index in other for _, _, indices in part for index in indices):
            return None
        left = [factor for factor in left if factor not in part]
        parts.append(graph.contraction(ONE, part, own, dict(dims)))
    if left:
        return None
    fresh: dict[int, Dim] = {}
    factors: list[Factor] = []
    for side, square in enumerate(parts):
        factors.append((graph.atom("inv", square), 1, (2 * side, 2 * side + 1)))
        fresh.update({2 * side: square.dims[0], 2 * side + 1: square.dims[1]})
    fresh.update({4: operand.dims[0], 5: operand.dims[1]})
    factors += [(merges[0][0], 1, (0, 2, 4)), (merges[1][0], 1, (1, 3, 5))]
    return graph.contraction(ONE, factors, (4, 5), fresh)


def _reached(factors: list[Factor], indices: set[int]) -> list[Factor]:
    """The factors that are joined to the indices, directly or by others."""
    reached: list[Factor] = []
    growing = True
    while growing:
        growing = False
        for factor in factors:
            if factor not in reached and not indices.isdisjoint(factor[2]):
                reached.append(factor)
                indices = indices.union(factor[2])
                growing = True
    return reached


def rewritten(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """One step of rewriting at a factor that is a function of a matrix: an inverse or a power beside its matrix."""
    node, indices = key
    if powers[key] != 1 or len(indices) != 2 or indices[0] == indices[1]:
        return None
    if _is_atom(node, "inv"):
        return _cancelled_inverse(graph, powers, key, outputs) or _cancelled_end(graph, powers, key, outputs)
    return _joined_powers(graph, powers, key, outputs) if _is_atom(node, "matpow") else None


def _cancelled_inverse(
    graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]
) -> Powers | None:
    """inv(A)*A and A*inv(A) as the identity, where the index between them stands nowhere else."""
    inverse, (row, column) = key
    operand = operand_of(inverse)
    for other, exponent in powers.items():
        node, indices = other
        if node is not operand or exponent != 1 or other == key:
            continue
        for first, second in _ways(node, indices):
            for joint, ends in ((column, (row, second)), (row, (first, column))):
                if joint in outputs or stands(powers, joint) != 2:
                    # In inv(A)' .* A both indices stay: nothing is summed, and nothing cancels.
                    continue
                if joint == first if joint == column and ends[0] == row else joint == second:
                    return replaced(powers, [key, other], [(graph.identity((node.dims[0],)), 1, ends)])
    return None


def _ways(node: Node, indices: tuple[int, ...]) -> list[tuple[int, int]]:
    """The row and the column of a matrix, both ways round where it is symmetric."""
    first, second = indices
    return [(first, second), (second, first)] if node.symmetric else [(first, second)]


def _cancelled_end(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """inv(F*Q)*F as inv(Q) and F*inv(Q*F) as inv(Q), for square F and Q."""
    product = operand_of(key[0])
    if not isinstance(product, Contraction) or product.is_closed or len(set(product.output)) < 2:
        return None
    # The column of the inverse belongs to the row of the product.
    for end, joint, far in ((0, key[1][1], key[1][0]), (1, key[1][0], key[1][1])):
        if joint in outputs or stands(powers, joint) != 2:
            continue
        for number, (node, exponent, own) in enumerate(product.factors):
            inner = _square_end(product, number, end)
            if exponent != 1 or inner is None:
                continue
            for other in powers:
                if other[0] is not node or powers[other] != 1 or joint not in other[1]:
                    continue
                for first, second in _ways(node, other[1]):
                    at_end, beyond = (first, second) if own[0] == product.output[end] else (second, first)
                    if at_end != joint or beyond == joint:
                        continue
                    rest = [factor for place, factor in enumerate(product.factors) if place != number]
                    output = (inner, product.output[1]) if end == 0 else (product.output[0], inner)
                    core = graph.contraction(product.coefficient, rest, output, dict(enumerate(product.index_dims)))
                    ends = (far, beyond) if end == 0 else (beyond, far)
                    return replaced(powers, [key, other], [(graph.atom("inv", core), 1, ends)])
    return None


def _square_end(product: Contraction, number: int, end: int) -> int | None:
    """The index that the factor joins to an end of the product, where it is a square matrix alone at that end."""
    _, _, own = product.factors[number]
    outer = product.output[end]
    if len(own) != 2 or outer not in own or own[0] == own[1]:
        return None
    inner = own[1] if own[0] == outer else own[0]
    others = [index for place, factor in enumerate(product.factors) if place != number for index in factor[2]]
    if inner in product.output or inner not in others or outer in others:
        return None
    return inner if product.index_dims[inner] == product.index_dims[outer] else None


def _joined_powers(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]) -> Powers | None:
    """X^a*X^b as X^(a + b), where X and inv(X) are X^1 and X^(-1)."""
    node, (row, column) = key
    assert isinstance(node, Atom)
    base, exponent = node.operands
    for other in powers:
        if other == key or powers[other] != 1 or len(other[1]) != 2:
            continue
        further = _exponent_over(graph, other[0], base)
        if further is None:
            continue
        for first, second in _ways(other[0], other[1]):
            for joint, start, ends in ((column, first, (row, second)), (row, second, (first, column))):
                if joint == start and joint not in outputs and stands(powers, joint) == 2:
                    total = graph.sum([(ONE, exponent), (ONE, further)], ())
                    return replaced(powers, [key, other], [(graph.atom("matpow", base, total), 1, ends)])
    return None


def _exponent_over(graph: Graph, node: Node, base: Node) -> Node | None:
    """k where the node is base^k."""
    if node is base:
        return graph.constant(1)
    if _is_atom(node, "inv") and operand_of(node) is base:
        return graph.constant(-1)
    if isinstance(node, Atom) and _is_atom(node, "matpow") and node.operand is base:
        return node.operands[1]
    return None


MATRIX_FUNCTIONS = ("inv", "expm", "logm", "sqrtm", "matpow")
"""Functions that a power series gives, somewhere: they commute with their matrix and with the transpose."""


def is_function_of_transpose(node: Node, matrix: Node) -> bool:
    """Whether the node is a product of numbers and of functions of the transpose of a square matrix.

    It then commutes with every such function.
    """
    base, turned = _base(matrix)
    factors: tuple[Factor, ...] = node.factors if isinstance(node, Contraction) else ((node, 1, (0, 1)),)
    left = [factor for factor in factors if factor[2]]
    current, last = node.output if isinstance(node, Contraction) else (0, 1)
    if not left:
        return current == last
    # Each step of a product leads on to an index that was not met: a diagonal is no product.
    met = {current}
    while left:
        for factor in left:
            leaf, exponent, own = factor
            inside, inside_turned = _base(leaf.operand if _is_matrix_function(leaf) else leaf)
            if exponent != 1 or len(own) != 2 or inside is not base:
                return False
            ways = _ways(leaf, own if inside_turned == turned else own[::-1])
            step = next((row for row, column in ways if column == current), None)
            if step is not None:
                break
        else:
            return False
        if step in met:
            return False
        met.add(step)
        left.remove(factor)
        current = step
    return current == last


def _is_matrix_function(node: Node) -> TypeGuard[Atom]:
    return isinstance(node, Atom) and node.name in MATRIX_FUNCTIONS and not node.batch


def _base(matrix: Node) -> tuple[Node, bool]:
    """The matrix that this one is a multiple of, and whether it is one of the transpose."""
    if isinstance(matrix, Contraction):
        tensors = [factor for factor in matrix.factors if factor[2]]
        if len(tensors) == 1 and tensors[0][1] == 1 and len(set(tensors[0][2])) == 2 == len(matrix.index_dims):
            if tensors[0][2] == matrix.output:
                return tensors[0][0], False
            if tensors[0][2] == matrix.output[::-1]:
                return tensors[0][0], True
    return matrix, False


_MOST_MATRICES = 8
"""The largest power of eigenvalues whose sum is written as the trace of a power."""


def reduced_eigenvalues(
    graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]], outputs: set[int]
) -> Powers | None:
    """sum(eigvals(X)) as tr(X), sum(eigvals(X).^k) as tr(X^k), sum(log(eigvals(X))) as logdet(X)."""
    node, (index,) = key
    exponent = powers[key]
    if index in outputs or stands(powers, index) != 1:
        return None
    if isinstance(node, Elementwise):
        if node.function != ("log", 0) or not _is_atom(node.operand, "eigvals") or exponent != 1:
            return None
        return replaced(powers, [key], [(graph.atom("logdet", operand_of(node.operand)), 1, ())])
    if (
        not _is_atom(node, "eigvals")
        or Fraction(exponent).denominator != 1
        or not -_MOST_MATRICES <= exponent <= _MOST_MATRICES
    ):
        return None
    matrix = operand_of(node)
    count = int(exponent)
    if count < 0:
        matrix, count = graph.atom("inv", matrix), -count
    around: list[Factor] = [(matrix, 1, (place, (place + 1) % count)) for place in range(count)]
    ranges: dict[int, Dim] = dict.fromkeys(range(count), matrix.dims[0])
    trace = graph.contraction(ONE, around, (), ranges)
    return replaced(powers, [key], [(trace, 1, ())])


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
                turned = graph.elementwise(("relu", 0), graph.scaled(MINUS_ONE, one))
                return graph.scaled(MINUS_ONE, turned)
    return None
