"""The constructors of the tensor graph. They keep the normal form, so that equal tensors become the same node.

The normal form of a contraction: contractions among its factors are merged into it, repeated output indices of theirs
identify indices (so a delta vanishes by renaming), equal factors become powers, an index that nothing carries becomes
its dimension in the coefficient, every part that is a number by itself becomes a factor without indices, and the
indices have canonical names. The normal form of a sum: no sums inside, equal terms added up, factors common to all
terms taken out, the coefficients without a common part. Sums are never multiplied out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise as ElementwiseEntry
from gradcalc.language.polynomial import Dim
from gradcalc.limits import spend
from gradcalc.tensor import factoring, identities, stable
from gradcalc.tensor.canonical import canonical_order, placed
from gradcalc.tensor.merging import carried_axes, collected, is_symmetric, merged, with_single_places
from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Basis,
    Coefficient,
    Contraction,
    Elementwise,
    Factor,
    FunctionName,
    Node,
    Pattern,
    Rational,
    Sum,
    Symbol,
    Term,
    exact_power,
    times,
    times_dim,
)

_KIND_OF_RANK = ("scalar", "vector", "matrix")

FLATTEN_LIMIT = 64
"""Sums with more terms than this stay terms of their own."""


class Graph:
    """One graph: makes nodes and knows them all."""

    def __init__(self) -> None:
        self._nodes: dict[object, Node] = {}
        self._counter = 0
        self._transposes: dict[Node, Node] = {}

    def _next(self) -> int:
        spend()
        self._counter += 1
        return self._counter

    def symbol(self, name: str, dims: tuple[Dim, ...], symmetric: bool = False, structure: str | None = None) -> Symbol:
        """A variable. Those of one name with different dims or structures are different tensors."""
        key = ("symbol", name, dims, symmetric, structure)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Symbol(self._next(), name, dims, symmetric, structure)
        assert isinstance(node, Symbol)
        return node

    def basis(self, dim: Dim, position: int | str) -> Basis:
        key = ("basis", dim, position)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Basis(self._next(), dim, position)
        assert isinstance(node, Basis)
        return node

    def pattern(self, name: str, dims: tuple[Dim, ...], offset: Dim = 0) -> Node:
        """A constant tensor; a shift that shifts nothing and a merge with one entry are identities."""
        if name == "merge" and 1 in dims[:2]:
            # One entry beside the others: the merged index is the other index.
            output = (0, 1, 1) if dims[0] == 1 else (0, 1, 0)
            return self.contraction(ONE, (), output, dict(enumerate(dims[:2])))
        if name == "shift":
            if dims[0] == dims[1] and offset == 0:
                return self.identity((dims[0],))
            if dims[0] == 1 and isinstance(offset, int):
                # A row vector of one entry: the basis vector, with an axis of length one beside it.
                return self.contraction(
                    ONE, [(self.basis(dims[1], offset + 1), 1, (1,))], (0, 1), dict(enumerate(dims))
                )
        key = ("pattern", name, dims, offset)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Pattern(self._next(), name, dims, offset, name == "flip")
        return node

    def constant(self, value: Rational, dims: tuple[Dim, ...] = ()) -> Node:
        """A tensor with every entry the same number."""
        return self.contraction((value, ()), (), tuple(range(len(dims))), dict(enumerate(dims)))

    def identity(self, dims: tuple[Dim, ...]) -> Node:
        """The tensor that is 1 where its first axes agree with its last: dims twice over."""
        axes = tuple(range(len(dims)))
        return self.contraction(ONE, (), axes + axes, dict(enumerate(dims)))

    def contraction(
        self,
        coefficient: Coefficient,
        factors: Iterable[Factor],
        output: Sequence[int],
        dims: dict[int, Dim],
    ) -> Node:
        """The contraction of `factors`, whose indices are any numbers with ranges in `dims` (which is consumed)."""
        coefficient, flat, output, same = merged(coefficient, factors, output, dims)
        if coefficient[0] == 0:
            return self._zero(tuple([dims[index] for index in output]))
        flat = with_single_places(flat, output, dims)
        powers = collected(flat)
        outputs = set(output)
        carried = {index for _, indices in powers for index in indices}
        for index in same:
            if index not in outputs and index not in carried:
                coefficient = times_dim(coefficient, dims[index])
        rewritten = stable.rewrite_factors(self, powers, outputs)
        if rewritten is not None:
            again = [(node, exponent, indices) for (node, indices), exponent in rewritten.items()]
            return self.contraction(coefficient, again, output, dims)
        kept: list[Factor] = [(node, exponent, indices) for (node, indices), exponent in powers.items()]
        closed, kept = self._split_closed(kept, outputs, dims)
        for part in closed:
            if isinstance(part, Contraction) and not part.is_closed:
                return self.contraction(coefficient, [*kept, *[(node, 1, ()) for node in closed]], output, dims)
        if closed and (kept or len(closed) > 1 or output or coefficient != ONE):
            scalars = collected([(node, 1, ()) for node in closed] + [factor for factor in kept if not factor[2]])
            kept = [(node, power, ()) for (node, _), power in scalars.items()] + [f for f in kept if f[2]]
        elif closed:
            return closed[0]
        return self._interned(coefficient, kept, output, dims)

    def _zero(self, dims: tuple[Dim, ...]) -> Node:
        return self._interned((0, ()), [], range(len(dims)), dict(enumerate(dims)))

    def _interned(
        self, coefficient: Coefficient, factors: list[Factor], output: Sequence[int], dims: dict[int, Dim]
    ) -> Node:
        order = canonical_order(factors, output, dims)
        place = {index: number for number, index in enumerate(order)}
        number, powers = coefficient
        if type(number) is Fraction and number.denominator == 1:
            coefficient = (number.numerator, powers)
        renamed = sorted(
            zip([placed(factor, place) for factor in factors], [factor[0] for factor in factors]), key=_first
        )
        canonical_output = tuple([place[index] for index in output])
        if (
            coefficient == ONE
            and len(renamed) == 1
            and renamed[0][0][1] == 1
            and renamed[0][0][2] == canonical_output
            and len(order) == len(canonical_output)
        ):
            return renamed[0][1]
        index_dims = tuple([dims[index] for index in order])
        key = (coefficient, tuple([key for key, _ in renamed]), canonical_output, index_dims)
        node = self._nodes.get(key)
        if node is None:
            made: tuple[Factor, ...] = tuple([(node, key[1], key[2]) for key, node in renamed])
            node = self._nodes[key] = Contraction(self._next(), coefficient, made, canonical_output, index_dims)
            node.symmetric = is_symmetric(node)
        return node

    def _split_closed(
        self, factors: list[Factor], outputs: set[int], dims: dict[int, Dim]
    ) -> tuple[list[Node], list[Factor]]:
        """The parts of a contraction that are numbers by themselves, as nodes, and the factors of the rest."""
        if all(index in outputs for _, _, indices in factors for index in indices):
            return [], factors
        group: dict[int, int] = {}

        def root(index: int) -> int:
            while group.setdefault(index, index) != index:
                index = group[index]
            return index

        for _, _, indices in factors:
            if not indices:
                continue
            first = root(indices[0])
            for index in indices:
                top = root(index)
                if top != first:
                    group[top] = first
        open_roots = {root(index) for index in outputs if index in group}
        parts: dict[int, list[Factor]] = {}
        kept: list[Factor] = []
        for factor in factors:
            if factor[2] and root(factor[2][0]) not in open_roots:
                parts.setdefault(root(factor[2][0]), []).append(factor)
            else:
                kept.append(factor)
        if len(parts) == 1 and not kept and not outputs:
            return [self._interned(ONE, next(iter(parts.values())), (), dims)], []
        return [self.contraction(ONE, part, (), dims) for part in parts.values()], kept

    def scaled(self, coefficient: Coefficient, node: Node) -> Node:
        if coefficient == ONE:
            return node
        axes = tuple(range(len(node.dims)))
        return self.contraction(coefficient, [(node, 1, axes)], axes, dict(enumerate(node.dims)))

    def split(self, node: Node) -> Term:
        """The node as a coefficient times a node without one."""
        if not isinstance(node, Contraction) or node.coefficient == ONE or node.coefficient[0] == 0:
            return ONE, node
        core = self._interned(ONE, list(node.factors), node.output, dict(enumerate(node.index_dims)))
        return node.coefficient, core

    def power(self, node: Node, exponent: Rational) -> Node:
        """Every entry to the power `exponent`."""
        axes = tuple(range(len(node.dims)))
        return self.contraction(ONE, [(node, exponent, axes)], axes, dict(enumerate(node.dims)))

    def product(self, nodes: Sequence[Node]) -> Node:
        """The entrywise product of nodes of the same dims, or without dims."""
        dims = max([node.dims for node in nodes], key=len)
        axes = tuple(range(len(dims)))
        return self.contraction(
            ONE, [(node, 1, axes if node.dims else ()) for node in nodes], axes, dict(enumerate(dims))
        )

    def transpose(self, node: Node) -> Node:
        """The node with its two axes swapped."""
        if node.symmetric:
            return node
        known = self._transposes.get(node)
        if known is None:
            known = self.contraction(ONE, [(node, 1, (0, 1))], (1, 0), dict(enumerate(node.dims)))
            self._transposes[node] = known
            self._transposes.setdefault(known, node)
        return known

    def repeated(self, node: Node, dims: tuple[Dim, ...]) -> Node:
        """A number as a tensor with every entry that number."""
        return self.contraction(ONE, [(node, 1, ())], tuple(range(len(dims))), dict(enumerate(dims)))

    def sum(self, terms: Iterable[Term], dims: tuple[Dim, ...]) -> Node:
        """The sum of coefficient * node over the terms, all of the given dims."""
        kept = self._added_up(terms)
        if not kept:
            return self._zero(dims)
        if len(kept) == 1:
            return self.scaled(*kept[0])
        narrowed = self._without_free_axes(kept, dims)
        if narrowed is not None:
            return narrowed
        recognised = stable.recognised_sum(self, kept, dims)
        if recognised is not None:
            return recognised
        joined = self._with_one_diagonal(kept, dims)
        if joined is not None:
            return self.sum(joined, dims)
        factored = factoring.common_factors(self, kept, dims)
        if factored is not None:
            return factored
        grouped = factoring.grouped(self, kept, dims)
        if grouped is not None:
            return self.sum(grouped, dims)
        content = factoring.content(kept)
        if content != ONE:
            inverse = exact_power(content, -1)
            assert inverse is not None
            kept = [(times(inverse, coefficient), node) for coefficient, node in kept]
            if any(_is_opened(*term) for term in kept):
                return self.scaled(content, self.sum(kept, dims))
        return self.scaled(content, self._oriented_sum(kept, dims))

    def _added_up(self, terms: Iterable[Term]) -> list[Term]:
        """The terms with equal ones added up.

        A sum among them is opened where its coefficient is 1 or -1, or where all but one of its terms stand outside it;
        the transpose of a sum likewise.
        """
        split: list[Term] = []
        for coefficient, node in terms:
            inner, core = self.split(node)
            split.append((coefficient if inner is ONE else times(coefficient, inner), core))
        present = {core for _, core in split}
        has_sums = any(isinstance(core, Sum) or _turned_sum(core) is not None for core in present)
        outside = present if has_sums else set()
        totals: dict[tuple[Node, tuple[tuple[str, int], ...]], Rational] = {}
        for coefficient, core in split:
            parts: Iterable[Term] = [(coefficient, core)]
            if isinstance(core, Sum) and (_is_opened(coefficient, core) or _is_shared(core, outside)):
                parts = [(times(coefficient, part), leaf) for part, leaf in core.terms]
            elif has_sums and (turned := _turned_sum(core)) is not None and _is_among(turned, present):
                # A sum and its transpose: their terms may be transposes of each other.
                parts = self._transposed_terms(coefficient, turned)
            for (number, powers), leaf in parts:
                if isinstance(leaf, Contraction) and leaf.coefficient[0] == 0:
                    continue
                key = (leaf, powers)
                totals[key] = totals.get(key, 0) + number
        return [((number, powers), node) for (node, powers), number in totals.items() if number]

    def _transposed_terms(self, coefficient: Coefficient, node: Sum) -> list[Term]:
        """The terms of the transpose of a sum, each times the coefficient."""
        terms = [(times(coefficient, scale), self.split(self.transpose(leaf))) for scale, leaf in node.terms]
        return [(times(scale, inner), core) for scale, (inner, core) in terms]

    def _without_free_axes(self, terms: list[Term], dims: tuple[Dim, ...]) -> Node | None:
        """A sum whose terms all only repeat along an axis, as the sum without that axis, repeated."""
        if not dims:
            return None
        free = set(range(len(dims)))
        for _, term in terms:
            if not isinstance(term, Contraction) or len(set(term.output)) < len(term.output):
                return None
            carried = {index for _, _, indices in term.factors for index in indices}
            free -= {axis for axis, index in enumerate(term.output) if index in carried}
            if not free:
                return None
        kept = [axis for axis in range(len(dims)) if axis not in free]
        inner: list[Term] = []
        for coefficient, term in terms:
            assert isinstance(term, Contraction)
            output = [term.output[axis] for axis in kept]
            ranges = dict(enumerate(term.index_dims))
            inner.append((coefficient, self.contraction(term.coefficient, term.factors, output, ranges)))
        total = self.sum(inner, tuple([dims[axis] for axis in kept]))
        return self.contraction(ONE, [(total, 1, tuple(kept))], range(len(dims)), dict(enumerate(dims)))

    def _with_one_diagonal(self, terms: list[Term], dims: tuple[Dim, ...]) -> list[Term] | None:
        """The terms with diagonal matrices added up to one; None where there are fewer than two."""
        if len(dims) != 2 or dims[0] != dims[1]:
            return None
        diagonals = [(c, t) for c, t in terms if isinstance(t, Contraction) and t.output[0] == t.output[1]]
        if len(diagonals) < 2:
            return None
        entries: list[Term] = []
        for coefficient, term in diagonals:
            ranges = dict(enumerate(term.index_dims))
            entries.append((coefficient, self.contraction(term.coefficient, term.factors, term.output[:1], ranges)))
        diagonal = self.contraction(ONE, [(self.sum(entries, dims[:1]), 1, (0,))], (0, 0), {0: dims[0]})
        return [*[term for term in terms if term not in diagonals], (ONE, diagonal)]

    def _oriented_sum(self, terms: list[Term], dims: tuple[Dim, ...]) -> Node:
        """The sum as it was first met, which may have had the other sign or been transposed."""
        key = _sum_key(terms)
        node = self._nodes.get(key)
        if node is not None:
            return node
        negated = [((-coefficient[0], coefficient[1]), term) for coefficient, term in terms]
        node = self._nodes.get(_sum_key(negated))
        if node is not None:
            return self.scaled((-1, ()), node)
        symmetric = False
        if len(dims) == 2 and dims[0] == dims[1]:
            symmetric = all(term.symmetric for _, term in terms)
        if len(dims) == 2 and not symmetric:
            turned = [(coefficient, self.transpose(term)) for coefficient, term in terms]
            turned = [(times(coefficient, self.split(term)[0]), self.split(term)[1]) for coefficient, term in turned]
            turned_key = _sum_key(turned)
            symmetric = turned_key == key
            if not symmetric:
                for sign, candidate in ((1, turned), (-1, [((-c[0], c[1]), term) for c, term in turned])):
                    node = self._nodes.get(_sum_key(candidate))
                    if node is not None:
                        return self.scaled((sign, ()), self.transpose(node))
        made = Sum(self._next(), tuple(sorted(terms, key=_term_number)), dims, symmetric)
        self._nodes[key] = made
        return made

    def elementwise(self, function: FunctionName, *operands: Node) -> Node:
        """A scalar function of every entry; the operands have equal dims."""
        known = self._known_elementwise(function, operands)
        if known is not None:
            return known
        dims = operands[0].dims
        reduced = self._without_common_axes(operands) if dims else None
        if reduced is not None:
            inner, axes = reduced
            applied = self.elementwise(function, *inner)
            return self.contraction(ONE, [(applied, 1, axes)], tuple(range(len(dims))), dict(enumerate(dims)))
        key = ("elementwise", function, operands)
        node = self._nodes.get(key)
        if node is None and len(dims) == 2 and not all(operand.symmetric for operand in operands):
            turned = self._nodes.get(("elementwise", function, tuple([self.transpose(o) for o in operands])))
            if turned is not None:
                return self.transpose(turned)
        if node is None:
            node = self._nodes[key] = Elementwise(self._next(), function, operands)
        return node

    def _known_elementwise(self, function: FunctionName, operands: tuple[Node, ...]) -> Node | None:
        """The function where it has a simpler form than itself."""
        name = function[0]
        entry = catalogue.lookup(name)
        if len(operands) > 1:
            return identities.recognised_choice(self, name, operands)
        (operand,) = operands
        if isinstance(entry, ElementwiseEntry):
            if entry.power is not None:
                return self.power(operand, entry.power)
            if isinstance(operand, Contraction) and not operand.factors and not operand.coefficient[1]:
                value = entry.exact.get(operand.coefficient[0])
                if value is not None and len(set(operand.output)) == len(operand.output):
                    return self.constant(value, operand.dims)
        return stable.recognised_function(self, name, operand)

    def _without_common_axes(self, operands: tuple[Node, ...]) -> tuple[list[Node], tuple[int, ...]] | None:
        """The operands without the axes along which all of them only repeat, and where the other axes go.

        A single operand that only turns another tensor is that tensor.
        """
        carried: set[int] = set()
        for operand in operands:
            axes = carried_axes(operand)
            if axes is None:
                return None
            carried |= axes
        count = len(operands[0].dims)
        if len(carried) < count:
            kept = tuple(sorted(carried))
            return [self._on_axes(operand, kept) for operand in operands], kept
        operand = operands[0]
        if len(operands) > 1:
            return None
        if isinstance(operand, Contraction) and operand.coefficient == ONE and len(operand.factors) == 1:
            node, exponent, indices = operand.factors[0]
            if exponent == 1 and len(indices) == count and set(indices) == set(operand.output):
                return [node], tuple([operand.output.index(index) for index in indices])
        return None

    def _on_axes(self, operand: Node, axes: tuple[int, ...]) -> Node:
        """A contraction that only repeats along the other axes, without them."""
        assert isinstance(operand, Contraction)
        output = [operand.output[axis] for axis in axes]
        return self.contraction(operand.coefficient, operand.factors, output, dict(enumerate(operand.index_dims)))

    def atom(self, name: str, *operands: Node, batch: int = 0) -> Node:
        """A function of the catalogue that is an `Atom` there, along the leading `batch` axes of the first operand."""
        entry = catalogue.lookup(name)
        assert isinstance(entry, catalogue.Atom)
        if not batch:
            recognised = identities.recognised_atom(self, name, *operands)
            if recognised is not None:
                return recognised
        operand = operands[0]
        kind = _KIND_OF_RANK[len(operand.dims) - batch]
        signature = next(spec for kinds, (spec, _) in entry.variants.items() if kinds.split(",")[0] == kind)
        before, after = signature.split("->")
        core = operand.dims[batch:]
        dims = operand.dims[:batch] + tuple([core[before.index(letter)] for letter in after])
        key = ("atom", name, operands, batch)
        node = self._nodes.get(key)
        turns = not batch and len(operand.dims) == 2 and not operand.symmetric and entry.transposes
        if node is None and turns:
            turned = self._nodes.get(("atom", name, (self.transpose(operand), *operands[1:]), 0))
            if turned is not None:
                return self.transpose(turned) if dims else turned
        if node is None:
            symmetric = not batch and len(dims) == 2 and operand.symmetric and entry.transposes
            node = self._nodes[key] = Atom(self._next(), name, operands, batch, dims, symmetric)
        return node


def _turned_sum(node: Node) -> Sum | None:
    """The short sum that the node is the transpose of."""
    if not isinstance(node, Contraction) or len(node.factors) != 1 or len(node.output) != 2:
        return None
    leaf, exponent, indices = node.factors[0]
    is_turned = exponent == 1 and indices == node.output[::-1] and indices[0] != indices[1]
    return leaf if is_turned and isinstance(leaf, Sum) and len(leaf.terms) <= FLATTEN_LIMIT else None


def _is_among(node: Sum, present: set[Node]) -> bool:
    """Whether the sum, or all of its terms, are among the nodes."""
    return node in present or present.issuperset([leaf for _, leaf in node.terms])


def _is_shared(node: Sum, outside: set[Node]) -> bool:
    """Whether opening a sum adds no terms to those outside it."""
    return len(node.terms) <= FLATTEN_LIMIT and sum([leaf not in outside for _, leaf in node.terms]) < 2


def _is_opened(coefficient: Coefficient, node: Node) -> bool:
    """Whether a term of a sum is a sum whose terms stand in its place."""
    return isinstance(node, Sum) and coefficient in (ONE, (-1, ())) and len(node.terms) <= FLATTEN_LIMIT


def _sum_key(terms: list[Term]) -> object:
    return ("sum", frozenset([(coefficient, node) for coefficient, node in terms]))


def _term_number(term: Term) -> int:
    return term[1].id


def _first(pair: tuple[tuple[int, Rational, tuple[int, ...]], Node]) -> tuple[int, Rational, tuple[int, ...]]:
    return pair[0]
