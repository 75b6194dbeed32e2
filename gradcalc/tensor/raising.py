"""From the tensor graph back to matrix notation.

Indices are vertices, factors with two indices are edges, factors with one index weigh a vertex, output indices are
terminals. Parallel edges become a Hadamard product, a vertex with one edge a matrix-vector product, a vertex with two
edges a matrix product; what is left is a vector at one terminal, a matrix between two, or a number. This ends for every
two-terminal series-parallel graph (Duffin, Topology of series-parallel networks, 1965); for others there is no matrix
form, and the index form has to serve.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise as ElementwiseEntry
from gradcalc.language.polynomial import Dim, added
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, Number, Transpose, operations
from gradcalc.language.syntax import postorder as walked
from gradcalc.tensor.averages import averaged
from gradcalc.tensor.blocks import block_literal
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.network import Network, item_kind
from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Basis,
    Coefficient,
    Contraction,
    Elementwise,
    Factor,
    Node,
    Pattern,
    Rational,
    Sum,
    Symbol,
    Term,
    exact_power,
    postorder,
    times,
)
from gradcalc.tensor.pnorms import p_norm
from gradcalc.tensor.products import (
    Chain,
    Product,
    dimension,
    negated,
    transposed,
    transposes,
)
from gradcalc.tensor.threeway import NoMatrixForm


class Raising:
    """Writes nodes of one graph as syntax trees; a node that is met twice is the same tree object."""

    def __init__(self, graph: Graph, roots: Iterable[Node], turning: bool = True) -> None:
        """roots: what will be written; turning: whether sums may be written as transposes of sums."""
        self.graph = graph
        self._roots = tuple(roots)
        self._turning = turning
        self._trees: dict[Node, Expr] = {}
        self.products_of_numbers: set[Expr] = set()
        self._reflected: dict[Node, Node | None] = {}
        self._present = set(postorder(self._roots))
        self._uses: Counter[Node] | None = None
        self._turned: dict[Node, Expr] = {}
        self._terms: dict[Node, list[Product]] = {}
        self.sums: dict[Expr, tuple[Dim, ...]] = {}

    def tree(self, root: Node) -> Expr:
        """The node in matrix notation: a number, a column or a matrix. Raises NoMatrixForm.

        The first root is written with sums turned round where that is shorter, if it is shorter altogether.
        """
        self._write(root)
        if self._turned and self._turning and root is self._roots[0]:
            plain = Raising(self.graph, self._roots, turning=False)
            if operations(plain.tree(root)) <= operations(self._trees[root]):
                self._trees, self.products_of_numbers = plain._trees, plain.products_of_numbers
            self._turning = False
        return self._trees[root]

    @property
    def written(self) -> Container[Node]:
        """The nodes that have trees."""
        return self._trees

    def tell(self, node: Node, tree: Expr) -> None:
        """Gives a node that has no matrix form a tree to be written with."""
        self._trees[node] = tree
        self._turning = False

    def _write(self, root: Node) -> None:
        for node in postorder((root,), self._trees):
            if isinstance(node, Pattern) and len(node.dims) > 2 and node is not root:
                # It has no form by itself, only with its neighbours.
                continue
            made = self._trees[node] = self._written(self.product(node))
            if not node.dims and isinstance(made, Binary) and made.operator == "*":
                self.products_of_numbers.add(made)

    def transposed_tree(self, root: Node) -> Expr:
        """The transpose of the node, which has one or two axes."""
        self.tree(root)
        return self._written(self.product(root).transposed())

    def _written(self, product: Product) -> Expr:
        negative, expr = averaged(product, self.sums).written()
        return negated(expr) if negative else expr

    def product(self, node: Node) -> Product:
        """The node as a product; its operands must have trees."""
        if isinstance(node, Contraction):
            return self._contraction(node)
        if not node.dims:
            return Product(ONE, ((self.leaf(node), 1),))
        return Product(ONE, (), ((self.leaf(node), item_kind(node)),))

    def leaf(self, node: Node) -> Expr:
        known = self._trees.get(node)
        if known is not None:
            return known
        if isinstance(node, Symbol):
            return Name(node.name)
        if isinstance(node, Basis):
            return Index(Call("eye", (dimension(node.dims[0]),)), (None, node.position))
        if isinstance(node, Elementwise):
            return self._elementwise(node)
        if isinstance(node, Atom):
            return self._atom(node)
        if isinstance(node, Pattern):
            return _pattern(node)
        if isinstance(node, Sum):
            if len(node.dims) > 2:
                raise NoMatrixForm
            return self._sum(node, ONE)
        assert isinstance(node, Contraction)
        return self.tree(node)

    def _elementwise(self, node: Elementwise) -> Expr:
        name, _ = node.function
        reflected = self.reflected(node)
        if reflected is not None:
            return Binary("-", Number(1), self.tree(reflected))
        if name == "exp":
            general_power = self._power_with_variable_exponent(node.operand)
            if general_power is not None:
                return general_power
        return self.applied(node, [self._argument(operand, node) for operand in node.operands])

    def applied(self, node: Elementwise, operands: list[Expr]) -> Expr:
        """The function of the node applied to operands that are written already."""
        name, primes = node.function
        entry = catalogue.lookup(name)
        if isinstance(entry, ElementwiseEntry) and entry.operator is not None:
            return Binary(entry.operator, operands[0], operands[1])
        if isinstance(entry, ElementwiseEntry) and len(operands) > 1:
            operands = _without_defaults(entry, operands)
            if entry.spelling != name and operands[1] in (Number(1), Number(2)):
                # max(X, 2) would be the maxima of the rows.
                operands.reverse()
        return Call(name, tuple(operands), primes)

    def _argument(self, operand: Node, node: Elementwise) -> Expr:
        """An operand of a function: the number that it repeats where another operand has the shape."""
        if len(node.operands) > 1 and any(self._repeated_number(other) is None for other in node.operands):
            number = self._repeated_number(operand) if operand.dims else None
            if number is not None:
                return self.tree(number)
        return self._trees[operand]

    def _atom(self, node: Atom) -> Expr:
        """The call; of a function of the rows of a matrix with the axis, of its columns where it is a transpose."""
        operands = [self._trees[operand] for operand in node.operands]
        if node.name == "matpow":
            return Binary("^", operands[0], operands[1])
        if not node.batch:
            return Call(node.name, tuple(operands))
        entry = catalogue.lookup(node.name)
        if node.batch > 1 or len(node.operand.dims) != 2 or entry is None or not entry.axis:
            raise NoMatrixForm
        if isinstance(operands[0], Transpose):
            return Transpose(Call(node.name, (operands[0].operand, Number(1))))
        return Call(node.name, (operands[0], Number(2)))

    def reflected(self, node: Node) -> Node | None:
        """sigmoid(t) for the node sigmoid(-t), where both are present and sigmoid(t) was met first."""
        if not isinstance(node, Elementwise) or node.function[1]:
            return None
        if node not in self._reflected:
            entry = catalogue.lookup(node.function[0])
            self._reflected[node] = None
            if isinstance(entry, ElementwiseEntry) and entry.reflects:
                other = self.graph.elementwise(node.function, self.graph.scaled((-1, ()), node.operand))
                if other in self._present and other.id < node.id:
                    self._reflected[node] = other
        return self._reflected[node]

    def order(self, node: Node) -> tuple[int, int, int]:
        """Where the node stands among factors: in the order in which nodes were met, 1 - s right after s."""
        base = self.reflected(node)
        return (0, node.id, 0) if base is None else (0, base.id, 1)

    def _power_with_variable_exponent(self, operand: Node) -> Expr | None:
        """a^b for exp(b*log(a))."""
        if not isinstance(operand, Contraction) or operand.is_closed or len(set(operand.output)) < len(operand.output):
            return None
        axes = tuple(range(len(operand.dims)))
        for place, (node, exponent, indices) in enumerate(operand.factors):
            if not isinstance(node, Elementwise) or node.function != ("log", 0) or exponent != 1:
                continue
            if indices not in ((), operand.output):
                continue
            rest = operand.factors[:place] + operand.factors[place + 1 :]
            carried = {index for _, _, others in rest for index in others}
            output = operand.output if carried else ()
            if carried and carried != set(operand.output):
                continue
            factor = self.graph.contraction(operand.coefficient, rest, output, dict(enumerate(operand.index_dims)))
            norm = p_norm(self, node.operand, factor)
            if norm is not None:
                return norm
            base = self.tree(node.operand)
            return Binary(".^" if axes else "^", base, self.tree(factor))
        return None

    def _sum(self, node: Sum, scale: Coefficient) -> Expr:
        """The sum of the terms, the first positive one first; a number that is repeated is written as a number."""
        block = block_literal(self, node) if scale == ONE else None
        if block is not None:
            return block
        return _signed_sum(
            [averaged(product.scaled(scale), self.sums).written() for product in self._term_products(node)]
        )

    def _unreflected(self, node: Sum) -> list[Term]:
        """The terms with 1 - s written out where s is a term as well: 1 - 2*s for (1 - s) - s."""
        present = {term: place for place, (_, term) in enumerate(node.terms)}
        terms = list(node.terms)
        for place, (coefficient, term) in enumerate(node.terms):
            base = self.reflected(term)
            if base is None or base not in present or coefficient[1]:
                continue
            scale, powers = terms[present[base]][0]
            if not powers and scale != coefficient[0]:
                terms[present[base]] = ((scale - coefficient[0], ()), base)
                terms[place] = (coefficient, self.graph.constant(1, node.dims))
        return terms

    def _repeated_number(self, term: Node) -> Node | None:
        """The number that every entry of the term is, if it is one."""
        if not isinstance(term, Contraction) or len(set(term.output)) != len(term.output):
            return None
        if any(indices for _, _, indices in term.factors):
            return None
        number = self.graph.contraction(term.coefficient, term.factors, (), {})
        self.tree(number)
        return number

    def _contraction(self, node: Contraction) -> Product:
        if node.coefficient[0] == 0:
            return _zero(node)
        scalars: list[tuple[Expr, Rational]] = []
        tensors: list[Factor] = []
        for factor in sorted(node.factors, key=lambda factor: self.order(factor[0])):
            if factor[2]:
                tensors.append(factor)
            else:
                scalars.append((self.leaf(factor[0]), factor[1]))
        if len(set(node.output)) > 2 or len(node.output) > 2 or any(_is_wide(f[0]) for f in tensors):
            raise NoMatrixForm
        if len(tensors) == 1 and not scalars and node.output:
            spread = self._distributed(node, tensors[0])
            if spread is not None:
                return spread
        if node.is_closed:
            return self._shortest(node, scalars, tensors)
        if not node.output:
            if not tensors and len(scalars) == 1 and isinstance(node.factors[0][0], Sum) and scalars[0][1] == 1:
                whole = self._scaled_sum(node.factors[0][0], node.coefficient)
                if whole is not None:
                    return Product(ONE, ((whole, 1),))
            return Product(node.coefficient, tuple(scalars))
        return self._shortest(node, scalars, tensors)

    def _shortest(self, node: Contraction, scalars: list[tuple[Expr, Rational]], tensors: list[Factor]) -> Product:
        """The product of the tensors, with sums among them written as the sums of the transposes where that is shorter.

        A sum that stands elsewhere as well keeps its form.
        """
        best = self._reduced(node, scalars, tensors, frozenset())
        turnable = [leaf for leaf, exponent, _ in tensors if exponent == 1 and self._is_turnable(leaf)]
        if not turnable:
            return best
        leaves = {id(self.leaf(leaf)) for leaf in node.operands}
        fewest = _new_nodes(best, leaves)
        for turned in dict.fromkeys([frozenset(turnable), *[frozenset([leaf]) for leaf in turnable]]):
            product = self._reduced(node, scalars, tensors, turned)
            saved = sum([_transposes_saved(self._term_products(leaf)) for leaf in turned if isinstance(leaf, Sum)])
            count = _new_nodes(product, leaves | {id(self.turned_sum(leaf)) for leaf in turned}) - saved
            if count < fewest:
                best, fewest = product, count
        return best

    def _reduced(
        self, node: Contraction, scalars: list[tuple[Expr, Rational]], tensors: list[Factor], turned: frozenset[Node]
    ) -> Product:
        network = Network(self, node, tensors, turned)
        chain: Chain = ()
        if node.is_closed:
            network.reduce_to_numbers()
        else:
            chain = network.chain()
        # The length of an axis that nothing is left on is a number.
        numbers = [(expr.value, power) for expr, power in network.scalars if isinstance(expr, Number)]
        found = [(expr, power) for expr, power in network.scalars if not isinstance(expr, Number)]
        coefficient = node.coefficient
        for value, power in numbers:
            scale = exact_power((value, ()), power)
            if scale is None:
                found.append((Number(value), power))
            else:
                coefficient = times(coefficient, scale)
        return Product(coefficient, (*scalars, *found), chain)

    def _is_turnable(self, node: Node) -> bool:
        """Whether the node is a sum that stands in one place and whose terms have fewer transposes when transposed."""
        if not self._turning or not isinstance(node, Sum) or len(node.dims) != 2 or node.symmetric:
            return False
        if self._uses is None:
            self._uses = Counter([operand for parent in self._present for operand in parent.operands])
        return self._uses[node] <= 1 and _transposes_saved(self._term_products(node)) > 0

    def turned_sum(self, node: Node) -> Expr:
        """The transpose of a sum, written as the sum of the transposed terms."""
        known = self._turned.get(node)
        if known is None:
            known = _signed_sum(
                [averaged(product.transposed(), self.sums).written() for product in self._term_products(node)]
            )
            self._turned[node] = known
        return known

    def _term_products(self, node: Node) -> list[Product]:
        """The terms of a sum as products; a number that is repeated is a number."""
        assert isinstance(node, Sum)
        known = self._terms.get(node)
        if known is not None:
            return known
        products: list[Product] = []
        for coefficient, term in self._unreflected(node):
            number = self._repeated_number(term) if node.dims else None
            products.append(self.product(term if number is None else number).scaled(coefficient))
        self._terms[node] = products
        return products

    def _distributed(self, node: Contraction, factor: Factor) -> Product | None:
        """A number times a sum with the number inside, where that is no longer."""
        inner, exponent, indices = factor
        if not isinstance(inner, Sum) or exponent != 1 or set(indices) != set(node.output):
            return None
        if len(set(node.output)) != len(node.output) or len(indices) != len(node.output):
            return None
        whole = self._scaled_sum(inner, node.coefficient)
        if whole is None:
            return None
        chain: Chain = ((whole, item_kind(inner)),)
        return Product(ONE, (), chain if indices == node.output else transposed(chain))

    def _scaled_sum(self, node: Sum, scale: Coefficient) -> Expr | None:
        if scale == ONE:
            return None
        terms = self._term_products(node)
        inside = [averaged(term.scaled(scale), self.sums).coefficient for term in terms]
        outside = [scale, *[averaged(term, self.sums).coefficient for term in terms]]
        if sum(c not in (ONE, (-1, ())) for c in inside) > sum(c not in (ONE, (-1, ())) for c in outside):
            return None
        return self._sum(node, scale)

    def entry(self, node: Node, positions: tuple[int | str | None, ...]) -> Expr:
        """The node at fixed positions, None for an axis that stays: written at the leaves where that is as short.

        One axis that stays is a column.
        """
        if isinstance(node, Sum) or (isinstance(node, Elementwise) and isinstance(node.operand, Symbol)):
            fixed = self.fixed(node, positions)
            if fixed is not None:
                return self.tree(fixed)
        expr = self.tree(node)
        if (
            isinstance(expr, Binary)
            and expr.operator == "-"
            and expr.left == Number(1)
            and isinstance(node, Elementwise)
            and None not in positions
        ):
            # 1 - s at a position is 1 less s there.
            return Binary("-", Number(1), Index(expr.right, positions))
        part = Index(expr, positions)
        return Transpose(part) if None in positions[1:] else part

    def fixed(self, node: Node, positions: tuple[int | str | None, ...]) -> Node | None:
        """The node at fixed positions as a node of the graph."""
        if isinstance(node, Sum):
            kept = tuple([dim for dim, position in zip(node.dims, positions) if position is None])
            return self.graph.sum([(c, self.at(term, positions)) for c, term in node.terms], kept)
        if isinstance(node, Elementwise):
            return self.graph.elementwise(node.function, *[self.at(operand, positions) for operand in node.operands])
        return None

    def at(self, node: Node, positions: tuple[int | str | None, ...]) -> Node:
        """The node at fixed positions; what has more than two axes at the leaves, where it may have a matrix form."""
        if len(node.dims) > 2 and isinstance(node, (Sum, Elementwise)):
            inner = self.fixed(node, positions)
            assert inner is not None
            return inner
        if isinstance(node, Atom) and any(position is not None for position in positions[: node.batch]):
            return self._atom_at(node, positions)
        if isinstance(node, Contraction):
            return self._contraction_at(node, positions)
        axes = tuple(range(len(positions)))
        return self._held(ONE, [(node, 1, axes)], axes, positions, dict(enumerate(node.dims)))

    def _atom_at(self, node: Atom, positions: tuple[int | str | None, ...]) -> Node:
        """A function along axes at fixed positions of those: the function of a part of its operand."""
        along, rest = positions[: node.batch], positions[node.batch :]
        operand = self.at(node.operand, (*along, *[None] * (len(node.operand.dims) - node.batch)))
        part = self.graph.atom(node.name, operand, *node.operands[1:], batch=along.count(None))
        return self.at(part, (*[None] * along.count(None), *rest)) if any(place is not None for place in rest) else part

    def _contraction_at(self, node: Contraction, positions: tuple[int | str | None, ...]) -> Node:
        held = {index: place for index, place in zip(node.output, positions) if place is not None}
        factors: list[Factor] = []
        for leaf, exponent, indices in node.factors:
            if len(leaf.dims) > 2 and not isinstance(leaf, Pattern) and not held.keys().isdisjoint(indices):
                leaf = self.at(leaf, tuple([held.get(index) for index in indices]))
                indices = tuple([index for index in indices if index not in held])
            factors.append((leaf, exponent, indices))
        return self._held(node.coefficient, factors, node.output, positions, dict(enumerate(node.index_dims)))

    def _held(
        self,
        coefficient: Coefficient,
        factors: list[Factor],
        output: tuple[int, ...],
        positions: tuple[int | str | None, ...],
        dims: dict[int, Dim],
    ) -> Node:
        """The contraction with output indices held at their positions."""
        carried = {index for _, _, indices in factors for index in indices}
        places = list(zip(output, positions))
        bases: list[Factor] = [
            (self.graph.basis(dims[index], position), 1, (index,))
            for index, position in places
            if position is not None and (index in carried or output.count(index) > 1)
        ]
        kept = [index for index, position in places if position is None]
        used = {*carried, *kept, *[index for _, _, (index,) in bases]}
        return self.graph.contraction(
            coefficient, [*factors, *bases], kept, {index: dim for index, dim in dims.items() if index in used}
        )


def _transposes_saved(products: list[Product]) -> int:
    """How many transposes fewer there are in the transposes of the terms than in the terms."""
    return sum([transposes(product.chain) - transposes(transposed(product.chain)) for product in products])


def _new_nodes(product: Product, known: set[int]) -> int:
    """How many operations are written down beside those of the trees that are known by their `id`."""
    _, tree = product.written()
    return len({node for node in walked(tree, known) if not isinstance(node, (Number, Name))})


def _signed_sum(parts: list[tuple[bool, Expr]]) -> Expr:
    """The sum of signed parts, the first positive one first; of transposes as the transpose of a sum."""
    if len(parts) > 1 and all(isinstance(part, Transpose) for _, part in parts):
        return Transpose(_signed_sum([(negative, part.children[0]) for negative, part in parts]))
    parts = _merged_choices(parts)
    start = next((place for place, (negative, _) in enumerate(parts) if not negative), 0)
    parts.insert(0, parts.pop(start))
    negative, answer = parts[0]
    if negative:
        answer = negated(answer)
    for negative, part in parts[1:]:
        answer = Binary("-" if negative else "+", answer, part)
    return answer


def _merged_choices(parts: list[tuple[bool, Expr]]) -> list[tuple[bool, Expr]]:
    """where(c, a, 0) + where(c, 0, b) as where(c, a, b)."""
    merged: list[tuple[bool, Expr]] = []
    for negative, part in parts:
        for place, (other_negative, other) in enumerate(merged):
            joined = _joined_choice(other, part, negative != other_negative)
            if joined is not None:
                merged[place] = (other_negative, joined)
                break
        else:
            merged.append((negative, part))
    return merged


def _joined_choice(one: Expr, other: Expr, opposite: bool) -> Expr | None:
    if not (isinstance(one, Call) and isinstance(other, Call) and one.function == other.function == "where"):
        return None
    if one.children[0] != other.children[0]:
        return None
    branches: list[Expr] = []
    for left, right in zip(one.children[1:], other.children[1:]):
        if right == Number(0):
            branches.append(left)
        elif left == Number(0):
            branches.append(negated(right) if opposite else right)
        else:
            return None
    return Call("where", (one.children[0], *branches))


def _without_defaults(entry: ElementwiseEntry, operands: list[Expr]) -> list[Expr]:
    """The operands without the last ones, where they are what would be taken anyway."""
    least = len(entry.parameters) - len(entry.defaults)
    while len(operands) > least and to_text(operands[-1]) == entry.defaults[len(operands) - least - 1]:
        operands = operands[:-1]
    return operands


def _is_wide(node: Node) -> bool:
    """Whether a tensor has more axes than a matrix; the constants with three have names of their own."""
    return len(node.dims) > 2 and not isinstance(node, Pattern)


def _pattern(node: Pattern) -> Expr:
    """A constant matrix."""
    if node.name == "shift":
        last = added(node.offset, node.dims[0])
        return Index(Call("eye", (dimension(node.dims[1]),)), ((added(node.offset, 1), last), None))
    if node.name == "lower":
        return Call("tril", (Call("ones", (dimension(node.dims[0]), dimension(node.dims[1]))),))
    if node.name in ("difference", "flip"):
        return Call("diff" if node.name == "difference" else "flip", (Call("eye", (dimension(node.dims[1]),)),))
    raise NoMatrixForm


def _zero(node: Contraction) -> Product:
    if not node.dims:
        return Product((0, ()))
    if len(node.dims) > 2:
        raise NoMatrixForm
    zeros = Call("zeros", tuple([dimension(dim) for dim in node.dims]))
    return Product(ONE, (), ((zeros, "c" if len(node.dims) == 1 else "m"),))
