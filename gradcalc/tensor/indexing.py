"""A tensor entry by entry: the formula of one entry with named indices and explicit sums."""

from __future__ import annotations

from collections.abc import Iterator

from gradcalc.language.syntax import Binary, Call, Expr, Index, IndexedSum, Name, Number, Transpose
from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Basis,
    Contraction,
    Elementwise,
    Node,
    Pattern,
    Rational,
    Sum,
    Symbol,
    postorder,
)
from gradcalc.tensor.products import Product, dimension, negated
from gradcalc.tensor.raising import Raising
from gradcalc.tensor.threeway import NoMatrixForm

Position = int | str

_LETTERS = ("i", "j", "k", "l", "p", "q", "r", "s", "t", "u", "v", "w")


def index_names(taken: set[str]) -> Iterator[str]:
    for letter in _LETTERS:
        if letter not in taken:
            yield letter
    number = 1
    while True:
        if f"i{number}" not in taken:
            yield f"i{number}"
        number += 1


class Indexing:
    """Writes entries of the nodes of one graph."""

    def __init__(
        self, raising: Raising, names: Iterator[str], whole: set[Node] | None = None, spelled: bool = False
    ) -> None:
        """whole: the nodes that have names of their own; entries are taken of them as they are. spelled: numbers are
        written as sums of entries as well, and functions of each entry at the entry.
        """
        self.spelled = spelled
        self.raising = raising
        self.names = names
        self.whole = whole or set()

    def entry(self, node: Node, indices: tuple[Position, ...]) -> Expr:
        """The entry of `node` at the named indices, one for each axis."""
        negative, expr = self._product(node, indices).written()
        return negated(expr) if negative else expr

    def _product(self, node: Node, indices: tuple[Position, ...]) -> Product:
        if isinstance(node, Contraction) and (indices or self.spelled):
            return self._contraction(node, indices)
        if isinstance(node, Contraction):
            try:
                self.raising.tree(node)
                return self.raising.product(node)
            except NoMatrixForm:
                return self._contraction(node, ())
        return Product(ONE, ((self._leaf(node, indices), 1),))

    def _leaf(self, node: Node, indices: tuple[Position, ...]) -> Expr:
        if not indices:
            return self._number(node)
        if isinstance(node, Symbol):
            return Index(Name(node.name), indices)
        if isinstance(node, Basis):
            return Index(Call("eye", (dimension(node.dims[0]),)), (indices[0], node.position))
        if isinstance(node, Sum) and node not in self.whole:
            return self._sum(node, indices)
        if self.spelled and isinstance(node, Elementwise) and node not in self.whole:
            reflected = self.raising.reflected(node)
            if reflected is not None:
                return Binary("-", Number(1), self._leaf(reflected, indices))
            return self.raising.applied(node, [self.entry(operand, indices) for operand in node.operands])
        try:
            expr = self.raising.tree(node)
        except NoMatrixForm:
            if isinstance(node, Elementwise):
                return self.raising.applied(node, [self.entry(operand, indices) for operand in node.operands])
            if isinstance(node, Atom):
                return self._atom(node, indices)
            if isinstance(node, Pattern):
                return self._pattern(node, indices)
            return self.entry(node, indices)
        if isinstance(expr, Number):
            return expr
        if (
            isinstance(node, Elementwise)
            and isinstance(expr, Binary)
            and expr.left == Number(1)
            and expr.operator == "-"
        ):
            return Binary("-", Number(1), Index(expr.right, indices))
        return Index(expr, indices)

    def _atom(self, node: Atom, indices: tuple[Position, ...]) -> Expr:
        """A function along axes: of the part of its operand at the indices of those axes."""
        whole = self.raising.at(node, (*indices[: node.batch], *[None] * (len(node.dims) - node.batch)))
        rest = indices[node.batch :]
        tree = self._whole(whole)
        return Index(tree, rest) if rest else tree

    def _whole(self, node: Node) -> Expr:
        """A number, a column or a matrix; what has no matrix form on the way there is put together from its entries."""
        for part in postorder((node,), self.raising.written):
            if len(part.dims) > 2:
                continue
            try:
                self.raising.tree(part)
            except NoMatrixForm:
                self.raising.tell(part, self._assembled(part))
        return self.raising.tree(node)

    def _assembled(self, node: Node) -> Expr:
        """A tensor as the sum of its entries at their places: sum[i,j](entry*eye(m)[:,i]*eye(n)[j,:])."""
        if not node.dims:
            return self.entry(node, ())
        names = [next(self.names) for _ in node.dims]
        body = self.entry(node, tuple(names))
        for axis, name in enumerate(names):
            unit = Call("eye", (dimension(node.dims[axis]),))
            body = Binary("*", body, Index(unit, (name, None) if axis else (None, name)))
        return IndexedSum(tuple([(name, None, None) for name in names]), body)

    def _pattern(self, node: Pattern, indices: tuple[Position, ...]) -> Expr:
        """An entry of a constant with three axes by its name: the entry of the column that stacks a unit matrix."""
        size = dimension(node.dims[0])
        if node.name == "cross":
            basis = [Index(Call("eye", (Number(3),)), (None, position)) for position in indices]
            return Binary("*", Transpose(basis[0]), Call("cross", (basis[1], basis[2])))
        unit = Binary(
            "*",
            Index(Call("eye", (size,)), (None, indices[0])),
            Transpose(Index(Call("eye", (dimension(node.dims[1]),)), (None, indices[1]))),
        )
        return Index(Call("vec", (unit,)), (indices[2],))

    def _number(self, node: Node) -> Expr:
        """A node without axes."""
        if self.spelled and node not in self.whole:
            if isinstance(node, Sum):
                return self._sum(node, ())
            if isinstance(node, Contraction):
                return self.entry(node, ())
            if isinstance(node, Elementwise) and self.raising.reflected(node) is None:
                return self.raising.applied(node, [self.entry(operand, ()) for operand in node.operands])
        try:
            return self.raising.tree(node)
        except NoMatrixForm:
            if isinstance(node, Sum):
                return self._sum(node, ())
            if isinstance(node, Elementwise):
                return self.raising.applied(node, [self.entry(operand, ()) for operand in node.operands])
            if isinstance(node, Contraction):
                return self.entry(node, ())
            return self._whole(node)

    def _sum(self, node: Sum, indices: tuple[Position, ...]) -> Expr:
        parts = [self._product(term, indices).scaled(coefficient).written() for coefficient, term in node.terms]
        start = next((place for place, (negative, _) in enumerate(parts) if not negative), 0)
        parts.insert(0, parts.pop(start))
        answer = negated(parts[0][1]) if parts[0][0] else parts[0][1]
        for negative, part in parts[1:]:
            answer = Binary("-" if negative else "+", answer, part)
        return answer

    def _contraction(self, node: Contraction, indices: tuple[Position, ...]) -> Product:
        at: dict[int, Position] = {}
        scalars: list[tuple[Expr, Rational]] = []
        inner: list[tuple[Expr, Rational]] = []
        for index, name in zip(node.output, indices):
            if index in at:
                if at[index] == name:
                    continue
                size = node.index_dims[index]
                identity = Call("eye", (dimension(size),))
                scalars.append((Index(identity, (at[index], name)), 1))
            else:
                at[index] = name
        # A basis vector leaves one term of a sum: the one at its position.
        for leaf, _, places in node.factors:
            if isinstance(leaf, Basis):
                at.setdefault(places[0], leaf.position)
        summed = {index: next(self.names) for index in range(len(node.index_dims)) if index not in at}
        at.update(summed)
        for leaf, exponent, places in sorted(node.factors, key=lambda factor: bool(factor[2])):
            if isinstance(leaf, Basis) and at[places[0]] == leaf.position:
                continue
            expr = self._leaf(leaf, tuple([at[place] for place in places]))
            target = inner if any(place in summed for place in places) else scalars
            target.append((expr, exponent))
        if summed:
            _, body = Product(ONE, tuple(inner)).written()
            scalars.append((IndexedSum(tuple([(name, None, None) for name in summed.values()]), body), 1))
        return Product(node.coefficient, tuple(scalars))
