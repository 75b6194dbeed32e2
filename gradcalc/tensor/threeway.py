"""The constants with three axes in a network: what they do to their neighbours has names, vec, reshape, kron and cross.

A merge joins two vertices, the rows and columns of a matrix, to one, the entries of its columns one below the other; a
cross is the vector product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradcalc.language.syntax import Call, Number
from gradcalc.tensor.products import Chain, dimension, is_unit, transposed, written

if TYPE_CHECKING:
    from gradcalc.tensor.network import Edge, Network


class NoMatrixForm(Exception):
    """The tensor has no form in matrix notation."""


def resolve_constants(network: Network, terminals: set[int]) -> None:
    """Replaces the constants with three axes by vectors and matrices. Raises NoMatrixForm where that cannot be done."""
    while network.merges or network.crosses:
        held = terminals.union(*network.merges, *network.crosses)
        network.reduce(held)
        if not _resolved_one(network, terminals):
            raise NoMatrixForm


def _resolved_one(network: Network, terminals: set[int]) -> bool:
    for cross in network.crosses:
        if _crossed(network, cross, terminals):
            network.crosses.remove(cross)
            return True
    for rule in (_unfolded, _stacked, _one_sided):
        if _applied_once(rule, network, terminals):
            return True
    for place, first in enumerate(network.merges):
        for second in network.merges[place + 1 :]:
            if _kronecker(network, first, second, terminals):
                network.merges.remove(first)
                network.merges.remove(second)
                return True
    return _applied_once(_widened, network, terminals)


def _applied_once(rule: Callable[[Network, tuple[int, ...], set[int]], bool], network: Network, ends: set[int]) -> bool:
    for merge in network.merges:
        if rule(network, merge, ends):
            network.merges.remove(merge)
            return True
    return False


def _is_free(network: Network, vertex: int, terminals: set[int]) -> bool:
    """Whether nothing but one constant, weights and edges hold the vertex."""
    holders = [constant for constant in [*network.merges, *network.crosses] if vertex in constant]
    return vertex not in terminals and len(holders) == 1


def _bare(network: Network, vertex: int, terminals: set[int]) -> bool:
    """Whether nothing but one constant and weights hold the vertex."""
    return _is_free(network, vertex, terminals) and not network.edges_at(vertex)


def _gone(network: Network, *vertices: int) -> None:
    for vertex in vertices:
        del network.weights[vertex]
    network.edges = [edge for edge in network.edges if edge.row in network.weights and edge.column in network.weights]


def _unfolded(network: Network, merge: tuple[int, ...], terminals: set[int]) -> bool:
    """A vector at the merged vertex is a matrix between the two others: reshape."""
    fast, slow, whole = merge
    if not _bare(network, whole, terminals):
        return False
    sizes = (dimension(network.dims[fast]), dimension(network.dims[slow]))
    if network.weights[whole]:
        network.connect(fast, slow, ((Call("reshape", (written(network.vector(whole)), *sizes)), "m"),))
    _gone(network, whole)
    return True


def _stacked(network: Network, merge: tuple[int, ...], terminals: set[int]) -> bool:
    """A matrix between the two vertices is a vector at the merged one: vec; two vectors are one: kron."""
    fast, slow, whole = merge
    if not (_is_free(network, fast, terminals) and _is_free(network, slow, terminals)):
        return False
    around = [edge for edge in network.edges if {edge.row, edge.column} & {fast, slow}]
    if any({edge.row, edge.column} != {fast, slow} for edge in around) or len(around) > 1:
        return False
    if around:
        chain = (*network.diagonal(fast), *around[0].seen_from(fast), *network.diagonal(slow))
        made = Call("vec", (written(chain),))
    else:
        made = Call("kron", (written(network.vector(slow)), written(network.vector(fast))))
    if around or network.weights[fast] or network.weights[slow]:
        network.weigh(whole, ((made, "c"),))
    _gone(network, fast, slow)
    return True


def _only_edge(network: Network, vertex: int, terminals: set[int]) -> Edge | None:
    """The edge of a vertex that has one edge, weights and one constant, and nothing else."""
    around = network.edges_at(vertex)
    return around[0] if len(around) == 1 and _is_free(network, vertex, terminals) else None


def _one_sided(network: Network, merge: tuple[int, ...], terminals: set[int]) -> bool:
    """A vector at one vertex and a matrix at the other: the Kronecker product of the two."""
    fast, slow, whole = merge
    for with_matrix, with_vector in ((fast, slow), (slow, fast)):
        if with_matrix in terminals and _bare(network, with_vector, terminals):
            _beside_identity(network, with_matrix, with_vector, merge)
            return True
        edge = _only_edge(network, with_matrix, terminals)
        if edge is None or not _bare(network, with_vector, terminals):
            continue
        far = edge.other(with_matrix)
        if far == with_vector:
            continue
        matrix = written((*network.diagonal(with_matrix), *edge.seen_from(with_matrix)))
        vector = written(network.vector(with_vector))
        made = Call("kron", (vector, matrix) if with_matrix == fast else (matrix, vector))
        _gone(network, fast, slow)
        network.connect(whole, far, ((made, "m"),))
        return True
    return False


def _widened(network: Network, merge: tuple[int, ...], terminals: set[int]) -> bool:
    """A vector at one vertex, whatever holds the other: the Kronecker product with the identity leads there."""
    fast, slow, _ = merge
    for kept, with_vector in ((fast, slow), (slow, fast)):
        if _bare(network, with_vector, terminals):
            _beside_identity(network, kept, with_vector, merge)
            return True
    return False


def _beside_identity(network: Network, kept: int, with_vector: int, merge: tuple[int, ...]) -> None:
    """Joins the merged vertex to one of its two parts by the Kronecker product of the identity and the other part."""
    unit = Call("eye", (dimension(network.dims[kept]),))
    vector = written(network.vector(with_vector))
    _gone(network, with_vector)
    made = Call("kron", (vector, unit) if kept == merge[0] else (unit, vector))
    network.connect(merge[2], kept, ((made, "m"),))


def _kronecker(network: Network, first: tuple[int, ...], second: tuple[int, ...], terminals: set[int]) -> bool:
    """Two merges whose parts are joined pair by pair: a Kronecker product between the merged vertices.

    Where fast is joined to slow, the second one is turned first: by the matrix that makes vec(X) of vec(X').
    """
    (fast, slow, whole), (other_fast, other_slow, other_whole) = first, second
    for turned, (one, other) in ((False, (other_fast, other_slow)), (True, (other_slow, other_fast))):
        inner, outer = _between(network, fast, one, terminals), _between(network, slow, other, terminals)
        if inner is None or outer is None:
            continue
        chain: Chain = ((Call("kron", (written(outer), written(inner))), "m"),)
        if turned:
            sizes = [dimension(network.dims[vertex]) for vertex in (other_fast, other_slow)]
            exchange = (Call("commutation", tuple(sizes)), "m")
            chain = (exchange,) if is_unit(inner) and is_unit(outer) else (*chain, exchange)
        _gone(network, *{fast, slow, one, other})
        network.connect(whole, other_whole, chain)
        return True
    return False


def _between(network: Network, one: int, other: int, terminals: set[int]) -> Chain | None:
    """The matrix between two vertices that nothing else is joined to; an outer product where no edge is.

    For one vertex that both merges hold it is the diagonal matrix of what weighs it.
    """
    if one == other:
        holders = [constant for constant in [*network.merges, *network.crosses] if one in constant]
        if one in terminals or len(holders) != 2 or network.edges_at(one):
            return None
        return network.diagonal(one) or ((Call("eye", (dimension(network.dims[one]),)), "S"),)
    if not (_is_free(network, one, terminals) and _is_free(network, other, terminals)):
        return None
    around = [edge for edge in network.edges if {edge.row, edge.column} & {one, other}]
    if not around:
        return (*network.vector(one), *transposed(network.vector(other)))
    if len(around) > 1 or {around[0].row, around[0].column} != {one, other}:
        return None
    return (*network.diagonal(one), *around[0].seen_from(one), *network.diagonal(other))


def _crossed(network: Network, cross: tuple[int, ...], terminals: set[int]) -> bool:
    for turn in range(3):
        target, left, right = cross[turn], cross[(turn + 1) % 3], cross[(turn + 2) % 3]
        if _bare(network, left, terminals) and _bare(network, right, terminals):
            made = Call("cross", (written(network.vector(left)), written(network.vector(right))))
            _gone(network, left, right)
            network.weigh(target, ((made, "c"),))
            return True
    for turn in range(3):
        row, column, bare = cross[turn], cross[(turn + 1) % 3], cross[(turn + 2) % 3]
        if _bare(network, bare, terminals):
            made = Call("cross", (Call("eye", (Number(3),)), written(network.vector(bare))))
            _gone(network, bare)
            network.connect(row, column, ((made, "m"),))
            return True
    return False
