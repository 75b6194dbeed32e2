"""From a program to its derivatives as formulas: lower, differentiate, raise, name what repeats."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, groupby

from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr, Index, IndexedSum, operations, postorder
from gradcalc.tensor.differentiation import Rules, derivative
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.indexing import Indexing, index_names
from gradcalc.tensor.lowering import Lowering, Value
from gradcalc.tensor.naming import expanded_length, named
from gradcalc.tensor.nodes import ONE, Factor, Node
from gradcalc.tensor.products import Flattening
from gradcalc.tensor.raising import Raising
from gradcalc.tensor.threeway import NoMatrixForm

Position = int | str
Component = tuple[str, tuple[Position, ...]]
"""What is differentiated by: a variable, and the position of one entry of it (empty for the whole variable)."""

LAYOUTS = ("denominator", "numerator")

LONGEST_FULL_FORM = 20_000
"""How many nodes an answer may have with nothing named before its full form is left out."""

_KINDS = ("scalar", "vector", "matrix")

_SYMMETRIC = ("symmetric", "spd")


class Formula:
    """A tensor as an expression.

    tree: the expression, with names; where: what the names stand for, in order, each may use the ones before.
    kind: scalar, vector, row, matrix, or tensor for more than two axes, whose tree is the entry at the indices
    `indices`. dims: the lengths of the axes. node: the tensor itself. entrywise: whether the tree is in indices, for
    want of a matrix form or because that was asked for; a number may be a sum over indices.
    """

    __slots__ = ("dims", "entrywise", "expanded", "indices", "kind", "node", "tree", "where")

    def __init__(
        self,
        node: Node,
        kind: str,
        expanded: Expr,
        tree: Expr,
        where: tuple[tuple[str, Expr], ...],
        indices: tuple[str, ...] = (),
        entrywise: bool = False,
    ) -> None:
        self.node = node
        self.entrywise = entrywise
        self.kind = kind
        self.dims = node.dims
        self.expanded = expanded
        self.tree = tree
        self.where = where
        self.indices = indices

    @property
    def operations(self) -> int:
        """How many distinct operations the formula applies."""
        return operations(self.expanded)

    def full(self) -> Expr | None:
        """The expression with nothing named; None where it would be too long to be of use."""
        return self.expanded if expanded_length(self.expanded) <= LONGEST_FULL_FORM else None


class Answer(Formula):
    """A derivative. components: by what, one for each time; layout: as asked for."""

    __slots__ = ("components", "layout")

    def __init__(self, formula: Formula, components: tuple[Component, ...], layout: str | None) -> None:
        super().__init__(
            formula.node,
            formula.kind,
            formula.expanded,
            formula.tree,
            formula.where,
            formula.indices,
            formula.entrywise,
        )
        self.components = components
        self.layout = layout

    @property
    def order(self) -> int:
        """How often the objective is differentiated."""
        return len(self.components)

    @property
    def wrt(self) -> str:
        """By what, as text: `x` also where it is by `x` twice, `x,y`, `x,x,y`."""
        texts = [component_text(component) for component in self.components]
        return texts[0] if len(set(texts)) == 1 else ",".join(texts)

    @property
    def repeated(self) -> list[tuple[Component, int]]:
        """Each component and how often it stands in a row."""
        return [(component, len(list(group))) for component, group in groupby(self.components)]


class Derivation:
    """The objective and its derivatives in one graph."""

    def __init__(self, program_names: set[str], lowering: Lowering, objective: Value, layout: str | None) -> None:
        self._reserved = program_names
        self._lowering = lowering
        self._graph = lowering.graph
        self._value = objective
        self._layout = layout
        self._rules = Rules(lowering.elementwise_derivative, lowering.atom_pullback)
        self._derivatives: dict[tuple[str, ...], Node] = {}
        self.answers: list[Answer] = []

    @property
    def derivatives(self) -> list[Answer]:
        return self.answers

    @property
    def objective(self) -> Formula:
        """The objective itself, in its stable form."""
        return self._formula(self._value.node, self._value.kind)

    def differentiate(self, components: Sequence[Component]) -> Answer:
        """The derivative by each of the components in turn."""
        node = self._derivative(tuple([name for name, _ in components]))
        node = self._projected(node, components)
        node = self._component(node, components)
        node, kind = self._laid_out(node)
        return Answer(self._formula(node, kind), tuple(components), self._layout)

    def _derivative(self, names: tuple[str, ...]) -> Node:
        """The derivative by whole variables."""
        if not names:
            return self._value.node
        node = self._derivatives.get(names)
        if node is None:
            variable = self._lowering.symbol(names[-1])
            node = derivative(self._graph, self._rules, self._derivative(names[:-1]), variable)
            self._derivatives[names] = node
        return node

    def _projected(self, node: Node, components: Sequence[Component]) -> Node:
        """Within the structure of the variables: the symmetric part where a variable is symmetric, and so on."""
        axis = len(self._value.node.dims)
        for name, _ in components:
            variable = self._lowering.typing.variables[name]
            rank = len(variable.dims)
            if variable.structure is not None and variable.structure != "positive":
                node = self._projected_axes(node, axis, variable.structure, name)
            axis += rank
        return node

    def _projected_axes(self, node: Node, axis: int, structure: str, name: str) -> Node:
        graph = self._graph
        axes = tuple(range(len(node.dims)))
        dims = dict(enumerate(node.dims))
        if structure == "diagonal":
            merged = (*axes[: axis + 1], axis, *axes[axis + 2 :])
            diagonal = graph.contraction(ONE, [(node, 1, merged)], merged, dict(dims))
            return diagonal
        if structure in _SYMMETRIC or structure == "skew":
            swapped = (*axes[:axis], axis + 1, axis, *axes[axis + 2 :])
            turned = graph.contraction(ONE, [(node, 1, swapped)], axes, dict(dims))
            sign = -1 if structure == "skew" else 1
            total = graph.sum([(ONE, node), ((sign, ()), turned)], node.dims)
            return graph.scaled((Fraction(1, 2), ()), total)
        raise GradcalcError(
            "shape",
            f"the gradient within the structure of {name} ({structure}) is not available",
            hint=f"Declare {name} a plain matrix for the gradient without structure.",
        )

    def _component(self, node: Node, components: Sequence[Component]) -> Node:
        """The entry at the positions that were asked for."""
        axes = tuple(range(len(node.dims)))
        factors: list[Factor] = [(node, 1, axes)]
        axis = len(self._value.node.dims)
        fixed: set[int] = set()
        for name, positions in components:
            for offset, position in enumerate(positions):
                factors.append((self._graph.basis(node.dims[axis + offset], position), 1, (axis + offset,)))
                fixed.add(axis + offset)
            axis += len(self._lowering.typing.variables[name].dims)
        if not fixed:
            return node
        output = [axis for axis in axes if axis not in fixed]
        return self._graph.contraction(ONE, factors, output, dict(enumerate(node.dims)))

    def _laid_out(self, node: Node) -> tuple[Node, str]:
        """The node in the layout asked for, and its kind."""
        rank = len(node.dims)
        scalar = not self._value.node.dims
        if rank > 2:
            return node, "tensor"
        if scalar and self._layout == "numerator":
            return (self._graph.transpose(node), "matrix") if rank == 2 else (node, "row" if rank else "scalar")
        if not scalar and self._layout == "denominator":
            if rank == 2:
                return self._graph.transpose(node), "matrix"
            return node, "row" if rank else "scalar"
        return node, _KINDS[rank]

    def _formula(self, node: Node, kind: str) -> Formula:
        definitions = self._definitions()
        roots = [node, *[value for _, value in definitions]]
        raising = Raising(self._graph, roots)
        try:
            expanded = raising.transposed_tree(node) if kind == "row" else raising.tree(node)
        except NoMatrixForm:
            return self._index_formula(node)
        return self._with_names(raising, node, kind, expanded)

    def _definitions(self) -> list[tuple[str, Node]]:
        """The user's definitions that the objective uses, as nodes."""
        lowering = self._lowering
        return [(name, lowering.definition(name).node) for name in lowering.used_definitions]

    def _index_formula(self, node: Node) -> Formula:
        names = index_names(self._reserved)
        indices = tuple([next(names) for _ in node.dims])
        definitions = self._definitions()
        raising = Raising(self._graph, [node, *[value for _, value in definitions]])
        whole = {value for _, value in definitions}
        expanded = Indexing(raising, names, whole).entry(node, indices)
        kind = "tensor" if len(node.dims) > 2 else _KINDS[len(node.dims)]
        return self._with_names(raising, node, kind, expanded, indices, entrywise=True)

    def _with_names(
        self,
        raising: Raising,
        node: Node,
        kind: str,
        expanded: Expr,
        indices: tuple[str, ...] = (),
        entrywise: bool = False,
    ) -> Formula:
        trees: list[tuple[str, Expr]] = []
        for name, value in self._definitions():
            try:
                trees.append((name, raising.tree(value)))
            except NoMatrixForm:
                continue
        flattening = Flattening([expanded, *[tree for _, tree in trees]], raising.products_of_numbers)
        expanded = flattening.flattened(expanded)
        trees = [(name, flattening.flattened(tree)) for name, tree in trees]
        tree, where = named(expanded, trees, self._reserved | _indices_in(expanded))
        return Formula(node, kind, expanded, tree, where, indices, entrywise)

    def index_form(self, answer: Formula) -> Formula:
        """The entry of a formula at named indices: `w[i]*s[i]*(1 - s[i])*x[j]`."""
        return self._index_formula(answer.node)


def _indices_in(tree: Expr) -> set[str]:
    """The names of all indices of an expression, which nothing else may have."""
    found: set[str] = set()
    for node in postorder(tree):
        if isinstance(node, Index):
            found.update([position for position in node.positions if isinstance(position, str)])
        elif isinstance(node, IndexedSum):
            found.update([name for name, _, _ in node.ranges])
    return found


def component_text(component: Component) -> str:
    name, positions = component
    return f"{name}[{','.join([str(position) for position in positions])}]" if positions else name


def derive(
    program_names: set[str],
    objective: Expr,
    typing: Typing,
    wrt: Sequence[Component],
    order: int = 1,
    layout: str | None = None,
) -> Derivation:
    """The derivatives of an objective by each of `wrt`; at higher orders by every combination of them.

    program_names: the names that the program uses, which answers must not take.
    Raises GradcalcError where the objective has no place in the graph.
    """
    graph = Graph()
    lowering = Lowering(graph, typing)
    value = lowering.lower(objective)
    derivation = Derivation(program_names, lowering, value, layout)
    for components in combinations_with_replacement(wrt, order):
        derivation.answers.append(derivation.differentiate(components))
    return derivation


def derivative_of_formula(body: Expr, parameter: str, order: int, typing: Typing) -> Expr:
    """The derivative of a formula in one number, as a formula in it."""
    graph = Graph()
    lowering = Lowering(graph, typing)
    symbol = graph.symbol(parameter, ())
    node = lowering.lower(body, {parameter: Value(symbol, "scalar")}).node
    rules = Rules(lowering.elementwise_derivative, lowering.atom_pullback)
    for _ in range(order):
        node = derivative(graph, rules, node, symbol)
    return Raising(graph, [node]).tree(node)
