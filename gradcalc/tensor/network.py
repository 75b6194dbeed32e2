"""The reduction of one contraction to matrix notation: its indices as vertices, its factors as edges and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from gradcalc.language.syntax import Binary, Call, Expr, Index, Number, Position, Transpose
from gradcalc.tensor.nodes import Basis, Contraction, Factor, Node, Pattern, Rational
from gradcalc.tensor.products import (
    Chain,
    Item,
    dimension,
    hadamard,
    is_unit,
    summed_rows,
    transposed,
    transposes,
    written,
)
from gradcalc.tensor.threeway import NoMatrixForm, resolve_constants

if TYPE_CHECKING:
    from gradcalc.tensor.raising import Raising


def item_kind(node: Node) -> str:
    if len(node.dims) == 1:
        return "c"
    return "S" if node.symmetric else "m"


def _has_three_axes(leaf: Node) -> bool:
    return isinstance(leaf, Pattern) and len(leaf.dims) == 3


class _Weight:
    """A vector at a vertex, to a power; `order` places it among others."""

    __slots__ = ("chain", "exponent", "order")

    def __init__(self, chain: Chain, exponent: Rational, order: tuple[int, int, int]) -> None:
        self.chain = chain
        self.exponent = exponent
        self.order = order


class Edge:
    """A matrix between two vertices: the product of the chain has a row for each value of `row`."""

    __slots__ = ("chain", "column", "order", "row")

    def __init__(self, row: int, column: int, chain: Chain, order: tuple[int, int, int]) -> None:
        self.row = row
        self.column = column
        self.chain = chain
        self.order = order

    def seen_from(self, row: int) -> Chain:
        return self.chain if self.row == row else transposed(self.chain)

    def other(self, vertex: int) -> int:
        return self.column if self.row == vertex else self.row


class Network:
    """The graph of one contraction while it is being reduced."""

    def __init__(
        self, raising: Raising, node: Contraction, tensors: list[Factor], turned: frozenset[Node] = frozenset()
    ) -> None:
        """turned: the sums that are written as the transposes of the sums of their transposed terms."""
        self.dims = node.index_dims
        self.output = node.output
        self.scalars: list[tuple[Expr, Rational]] = []
        self.weights: dict[int, list[_Weight]] = {index: [] for index in range(len(node.index_dims))}
        self.edges: list[Edge] = []
        self.merges: list[tuple[int, ...]] = []
        self.crosses: list[tuple[int, ...]] = []
        self._made = 0
        self._sums = raising.sums
        self._orders: dict[Expr, tuple[int, int, int]] = {}
        self._turned = turned
        held = {index for leaf, _, indices in tensors if _has_three_axes(leaf) for index in indices}
        positions = {f[2][0]: f[0].position for f in tensors if isinstance(f[0], Basis) and f[2][0] not in held}
        kept_basis: set[int] = set()
        for leaf, exponent, indices in tensors:
            if isinstance(leaf, Basis):
                (index,) = indices
                if index in held:
                    self._weigh(index, ((raising.leaf(leaf), "c"),), 1, (2, leaf.id, 0))
                    continue
                if positions[index] != leaf.position:
                    raise NoMatrixForm
                if index in node.output and index not in kept_basis:
                    kept_basis.add(index)
                    self._weigh(index, ((raising.leaf(leaf), "c"),), 1, (2, leaf.id, 0))
                continue
            self._add(raising, leaf, exponent, indices, positions)
        for index in positions:
            if index not in node.output:
                del self.weights[index]

    def _add(
        self,
        raising: Raising,
        leaf: Node,
        exponent: Rational,
        indices: tuple[int, ...],
        positions: dict[int, int | str],
    ) -> None:
        if _has_three_axes(leaf):
            if exponent != 1:
                raise NoMatrixForm
            assert isinstance(leaf, Pattern)
            (self.merges if leaf.name == "merge" else self.crosses).append(self._told_apart(indices, leaf.id))
            return
        order = raising.order(leaf)
        at = tuple([positions.get(index) for index in indices])
        free = [index for index in indices if index not in positions]
        if len(free) < len(indices):
            expr = raising.entry(leaf, at)
            if not free:
                self.scalars.append((expr, exponent))
            else:
                self._weigh(free[0], ((expr, "c"),), exponent, order)
            return
        if leaf in self._turned and indices[0] != indices[1]:
            self.edges.append(Edge(indices[1], indices[0], ((raising.turned_sum(leaf), "m"),), order))
            return
        expr = raising.leaf(leaf)
        if len(indices) == 1:
            self._weigh(indices[0], ((expr, "c"),), exponent, order)
        elif indices[0] == indices[1]:
            self._weigh(indices[0], ((Call("diag", (expr,)), "c"),), exponent, order)
        else:
            kind = item_kind(leaf)
            if exponent != 1:
                expr = hadamard([(expr, exponent)])
            self._orders[expr] = order
            self.edges.append(Edge(indices[0], indices[1], ((expr, kind),), order))

    def _told_apart(self, indices: tuple[int, ...], order: int) -> tuple[int, ...]:
        """The indices of a constant, a repeated one as a vertex of its own that the identity joins to the first."""
        apart: list[int] = []
        for index in indices:
            vertex = index
            if index in apart:
                vertex = len(self.dims)
                self.dims = (*self.dims, self.dims[index])
                self.weights[vertex] = []
                unit = Call("eye", (dimension(self.dims[index]),))
                self.edges.append(Edge(index, vertex, ((unit, "S"),), (2, order, 0)))
            apart.append(vertex)
        return tuple(apart)

    def weigh(self, vertex: int, chain: Chain) -> None:
        """Adds a vector that was made here to a vertex."""
        self._weigh(vertex, chain, 1, self._later())

    def connect(self, row: int, column: int, chain: Chain) -> None:
        """Adds a matrix that was made here between two vertices; from a vertex to itself its diagonal is a weight."""
        if row == column:
            self.weigh(row, ((Call("diag", (written(chain),)), "c"),))
            return
        self.edges.append(Edge(row, column, chain, self._later()))

    def edges_at(self, vertex: int) -> list[Edge]:
        return [edge for edge in self.edges if vertex in (edge.row, edge.column)]

    def _weigh(self, vertex: int, chain: Chain, exponent: Rational, order: tuple[int, int, int]) -> None:
        self.weights[vertex].append(_Weight(chain, exponent, order))

    def _later(self) -> tuple[int, int, int]:
        self._made += 1
        return (1, self._made, 0)

    def chain(self) -> Chain:
        """The tensor of one or two axes as a chain."""
        terminals = list(dict.fromkeys(self.output))
        resolve_constants(self, set(terminals))
        self.reduce(set(terminals))
        if len(self.output) == 1:
            return self.vector(terminals[0])
        if len(terminals) == 1:
            vertex = terminals[0]
            if not self.weights[vertex]:
                return ((Call("eye", (dimension(self.dims[vertex]),)), "S"),)
            return ((Call("diag", (written(self.vector(vertex)),)), "S"),)
        row, column = terminals
        if self.edges:
            (edge,) = self.edges
            return (*self.diagonal(row), *edge.seen_from(row), *self.diagonal(column))
        if not self.weights[row] and not self.weights[column]:
            return ((Call("ones", (dimension(self.dims[row]), dimension(self.dims[column]))), "m"),)
        return (*self.vector(row), *transposed(self.vector(column)))

    def diagonal(self, vertex: int) -> Chain:
        if not self.weights[vertex]:
            return ()
        return ((Call("diag", (written(self.vector(vertex)),)), "S"),)

    def vector(self, vertex: int) -> Chain:
        """The entrywise product of the weights of a vertex: ones where there are none."""
        weights = sorted(self.weights[vertex], key=lambda weight: weight.order)
        if not weights:
            return ((Call("ones", (dimension(self.dims[vertex]),)), "c"),)
        if len(weights) == 1 and weights[0].exponent == 1:
            return weights[0].chain
        made = hadamard([(written(weight.chain), weight.exponent) for weight in weights])
        # What cancels is a column of ones, not a number.
        return ((Call("ones", (dimension(self.dims[vertex]),)) if made == Number(1) else made, "c"),)

    def reduce(self, terminals: set[int]) -> None:
        """Removes every vertex that is not a terminal. Raises NoMatrixForm where that cannot be done."""
        while True:
            self.merge_parallel()
            inner = [vertex for vertex in self.weights if vertex not in terminals]
            if not inner:
                return
            around = {vertex: [e for e in self.edges if vertex in (e.row, e.column)] for vertex in inner}
            alone = next((vertex for vertex in inner if not around[vertex]), None)
            if alone is not None:
                self.scalars.append((self._point(alone), 1))
                del self.weights[alone]
                continue
            # Leaves first: a vector is cheaper than a matrix and never needs `diag`.
            leaf = next((vertex for vertex in inner if len(around[vertex]) == 1), None)
            if leaf is not None:
                self._absorb_leaf(leaf, around[leaf][0])
                continue
            joints = [vertex for vertex in inner if len(around[vertex]) == 2]
            if not joints:
                raise NoMatrixForm
            joint = min(joints, key=lambda vertex: bool(self.weights[vertex]))
            self._join(joint, around[joint][0], around[joint][1])

    def _absorb_leaf(self, vertex: int, edge: Edge) -> None:
        other = edge.other(vertex)
        if is_unit(edge.chain):
            self.weights[other] += self.weights.pop(vertex)
            self.edges.remove(edge)
            return
        chain = edge.seen_from(other)
        # The order of one that only sums its rows is that of the matrix.
        made = (*chain, *self.vector(vertex)) if self.weights[vertex] else summed_rows(chain)
        if not self.weights[vertex]:
            last = made[-1][0]
            self._noted(last.operand if isinstance(last, Transpose) else last, vertex)
        self.weigh(other, made)
        self.edges.remove(edge)
        del self.weights[vertex]

    def _join(self, vertex: int, first: Edge, second: Edge) -> None:
        row, column = first.other(vertex), second.other(vertex)
        one_way = (*first.seen_from(row), *self.diagonal(vertex), *second.seen_from(vertex))
        if transposes(one_way) > transposes(transposed(one_way)):
            row, column, one_way = column, row, transposed(one_way)
        self.edges.remove(first)
        self.edges.remove(second)
        del self.weights[vertex]
        self.edges.append(Edge(row, column, one_way, min(first.order, second.order)))

    def merge_parallel(self) -> None:
        groups: dict[frozenset[int], list[Edge]] = {}
        for edge in self.edges:
            groups.setdefault(frozenset((edge.row, edge.column)), []).append(edge)
        if len(groups) == len(self.edges):
            return
        self.edges = []
        for edges in groups.values():
            if len(edges) == 1:
                self.edges.append(edges[0])
                continue
            edges.sort(key=lambda edge: edge.order)
            units = [edge for edge in edges if is_unit(edge.chain)]
            rest = [edge for edge in edges if edge not in units]
            if units and rest:
                # Beside an identity only the diagonal of a matrix counts.
                merged = _merged(rest) if len(rest) > 1 else rest[0]
                self.weigh(merged.row, ((Call("diag", (written(merged.chain),)), "c"),))
            self.edges.append(units[0] if units else _merged(edges))

    def reduce_to_numbers(self) -> None:
        """A closed contraction as numbers: norms, inner products, bilinear forms, traces, sums."""
        resolve_constants(self, set())
        while self.weights:
            part = self._connected(next(iter(self.weights)))
            while len(part) > 2:
                self._shrink(part)
                part = [vertex for vertex in part if vertex in self.weights]
            if len(part) == 2:
                self.scalars.append((self._pair(part[0], part[1]), 1))
            else:
                self.scalars.append((self._point(part[0]), 1))
            for vertex in part:
                del self.weights[vertex]
            self.edges = [edge for edge in self.edges if edge.row not in part]

    def _noted(self, total: Expr, *vertices: int) -> Expr:
        """Keeps how many entries are summed over where the expression is a sum."""
        if isinstance(total, Call) and total.function == "sum":
            self._sums[total] = tuple([self.dims[vertex] for vertex in vertices])
        return total

    def _trace(self, first: Chain, second: Chain) -> Expr:
        """tr(first*second), written with the fewest transposes; a sum of squares as a norm."""
        if transposed(second) == first:
            return Binary("^", Call("norm2", (written(first),)), Number(2))
        around = (*first, *second)
        if len(first) == len(second) == 1:
            for left, right in ((first, transposed(second)), (transposed(first), second)):
                if not transposes(left) and not transposes(right):
                    return Call("sum", (hadamard([(written(left), 1), (written(right), 1)]),))
        return Call("tr", (written(self._first_met(min([around, transposed(around)], key=transposes))),))

    def _first_met(self, around: Chain) -> Chain:
        """The product in a trace from the factor on that was met first."""
        if len(around) < 3 or any(transposes((item,)) for item in around):
            return around
        last = (1, 0, 0)
        start = min(range(len(around)), key=lambda place: self._orders.get(around[place][0], last))
        return around[start:] + around[:start]

    def _point(self, vertex: int) -> Expr:
        if not self.weights[vertex]:
            return dimension(self.dims[vertex])
        total = _inner_product(sorted(self.weights[vertex], key=lambda weight: weight.order))
        return self._noted(total, vertex)

    def _connected(self, start: int) -> list[int]:
        part = [start]
        for vertex in part:
            for edge in self.edges:
                if vertex in (edge.row, edge.column) and edge.other(vertex) not in part:
                    part.append(edge.other(vertex))
        return part

    def _shrink(self, part: list[int]) -> None:
        """One vertex less in a part without terminals."""
        self.merge_parallel()
        around = {vertex: [e for e in self.edges if vertex in (e.row, e.column)] for vertex in part}
        leaf = next((vertex for vertex, edges in around.items() if len(edges) == 1), None)
        if leaf is not None:
            self._absorb_leaf(leaf, around[leaf][0])
            return
        joints = [vertex for vertex, edges in around.items() if len(edges) == 2]
        if not joints:
            raise NoMatrixForm
        joint = min(joints, key=lambda vertex: bool(self.weights[vertex]))
        self._join(joint, around[joint][0], around[joint][1])

    def _pair(self, row: int, column: int) -> Expr:
        """Two vertices: a trace where two matrices run between them and nothing else, else a bilinear form."""
        weighed = bool(self.weights[row] or self.weights[column])
        between = [edge for edge in self.edges if edge.row in (row, column)]
        if len(between) == 2 and not weighed:
            first, second = sorted(between, key=lambda edge: edge.order)
            return self._trace(first.seen_from(row), second.seen_from(column))
        self.merge_parallel()
        (edge,) = [edge for edge in self.edges if edge.row in (row, column)]
        if not weighed:
            return self._noted(_sum_of_entries(edge.chain), row, column)
        if not self.weights[row] or not self.weights[column]:
            empty, full = (row, column) if not self.weights[row] else (column, row)
            return self._noted(_summed(written((*edge.seen_from(empty), *self.vector(full)))), empty)
        left, right = self.vector(row), self.vector(column)
        ways = [(*transposed(left), *edge.seen_from(row), *right), (*transposed(right), *edge.seen_from(column), *left)]
        if left == right and len(edge.chain) == 2 and transposed(edge.chain) == edge.chain:
            return Binary("^", Call("norm2", (written((edge.seen_from(row)[1], *right)),)), Number(2))
        return written(min(ways, key=transposes))


def _merged(edges: list[Edge]) -> Edge:
    """The Hadamard product of parallel edges, the way round that needs fewer transposes."""
    ends = (edges[0].row, edges[0].column)
    best: tuple[int, int, list[Chain]] | None = None
    for row in ends:
        chains = [edge.seen_from(row) for edge in edges]
        count = sum(transposes(chain) for chain in chains)
        if best is None or count < best[0]:
            best = count, row, chains
    assert best is not None
    _, row, chains = best
    symmetric = all(len(chain) == 1 and chain[0][1] == "S" for chain in chains)
    item: Item = (hadamard([(written(chain), 1) for chain in chains]), "S" if symmetric else "m")
    return Edge(row, ends[0] if row == ends[1] else ends[1], (item,), edges[0].order)


def _sum_of_entries(chain: Chain) -> Expr:
    """The sum of all entries of a matrix; of squared entries as a norm."""
    if len(chain) == 1:
        return _summed(chain[0][0])
    return Call("sum", (written(chain),))


def _summed(expr: Expr) -> Expr:
    if isinstance(expr, Binary) and expr.operator == ".^" and expr.right == Number(2):
        return Binary("^", Call("norm2", (expr.left,)), Number(2))
    if isinstance(expr, Call) and expr.function == "abs":
        return Call("norm1", expr.children)
    if isinstance(expr, Transpose) and isinstance(expr.operand, Index):
        expr = expr.operand
    if isinstance(expr, Index) and _is_single(expr.positions[-1]):
        # One entry as a vector.
        return Index(expr.operand, (*expr.positions[:-1], expr.positions[-1][0]))
    return Call("sum", (expr,))


def _is_single(position: Position) -> TypeGuard[tuple[int | str, int | str]]:
    return isinstance(position, tuple) and position[0] == position[1]


def _inner_product(weights: list[_Weight]) -> Expr:
    """The sum over a vertex of the product of its weights."""
    merged: dict[Expr, Rational] = {}
    chains: dict[Expr, Chain] = {}
    for weight in weights:
        expr = written(weight.chain)
        merged[expr] = merged.get(expr, 0) + weight.exponent
        chains[expr] = weight.chain
    parts = list(merged.items())
    if all(exponent == 2 for _, exponent in parts):
        return Binary("^", Call("norm2", (hadamard([(expr, 1) for expr, _ in parts]),)), Number(2))
    if len(parts) == 1:
        first = parts[0][0]
        if parts[0][1] == 1 and isinstance(first, Call) and first.function == "diag":
            return Call("tr", first.children)
        return _summed(parts[0][0] if parts[0][1] == 1 else hadamard(parts))
    # A factor to the first power stands on the left, its chain opened: x'*A*y rather than (A'*x)'*y.
    single = [expr for expr, exponent in parts if exponent == 1]
    if not single:
        return Call("sum", (hadamard(parts),))
    left = single[0]
    rest = [(expr, exponent) for expr, exponent in parts if expr != left]
    right: Chain = chains[rest[0][0]] if len(rest) == 1 and rest[0][1] == 1 else ((hadamard(rest), "c"),)
    return written((*transposed(chains[left]), *right))
