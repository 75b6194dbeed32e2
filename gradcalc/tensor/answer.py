"""From a program to its derivatives as formulas: lower, differentiate, raise, name what repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations_with_replacement, groupby

from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr, Index, IndexedSum, operations
from gradcalc.language.syntax import postorder as walked
from gradcalc.tensor.differentiation import Rules, along, derivative, substituted
from gradcalc.tensor.einsum import EinsumTerm, einsum_terms
from gradcalc.tensor.expansion import openings
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.indexing import Indexing, index_names
from gradcalc.tensor.lowering import Lowering
from gradcalc.tensor.naming import expanded_length, named
from gradcalc.tensor.nodes import ONE, Factor, Node, Symbol, Term, postorder
from gradcalc.tensor.products import Flattening
from gradcalc.tensor.raising import Raising
from gradcalc.tensor.structures import Structured
from gradcalc.tensor.threeway import NoMatrixForm
from gradcalc.tensor.values import Value
from gradcalc.tensor.vectorized import multiplied_out, vectorized

Position = int | str
Component = tuple[str, tuple[Position, ...]]
"""What is differentiated by: a variable, and the position of one entry of it (empty for the whole variable)."""

LAYOUTS = ("denominator", "numerator")

STRUCTURED = ("projected", "independent")
"""How a gradient lies within the structure of its variable: projected onto it, or by each independent entry."""

UNSTRUCTURED = "unstructured"
"""The derivative by all entries of a variable, whatever its structure."""

LONGEST_FULL_FORM = 20_000
"""How many nodes an answer may have with nothing named before its full form is left out."""

_KINDS = ("scalar", "vector", "matrix")

_SYMMETRIC = ("symmetric", "spd")


class Formula:
    """A tensor as an expression.

    tree: the expression, with names; where: what the names stand for, in order, each may use the ones before.
    kind: scalar, vector, row, matrix, or tensor for more than two axes, whose tree is the entry at the indices
    `indices`. dims: the lengths of the axes. node: the tensor itself. entrywise: whether the tree is in indices, for
    want of a matrix form or because that was asked for; a number may be a sum over indices. vectorized: the tree is
    the matrix of vec(result) by vec(variable), columns one below the other, for a tensor of more than two axes.
    """

    __slots__ = ("dims", "entrywise", "expanded", "indices", "kind", "node", "tree", "vectorized", "where")

    def __init__(
        self,
        node: Node,
        kind: str,
        expanded: Expr,
        tree: Expr,
        where: tuple[tuple[str, Expr], ...],
        indices: tuple[str, ...] = (),
        entrywise: bool = False,
        vectorized: bool = False,
    ) -> None:
        self.node = node
        self.entrywise = entrywise
        self.vectorized = vectorized
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
    """A derivative.

    components: by what, one for each time; layout: as asked for. directions: the names of what the last components are
    multiplied by: a directional derivative, a product of the Hessian with a vector. structured: the convention for
    the structure of the variables, None where they have none.
    """

    __slots__ = ("components", "directions", "layout", "structured")

    def __init__(
        self,
        formula: Formula,
        components: tuple[Component, ...],
        layout: str | None,
        directions: tuple[str, ...] = (),
        structured: str | None = None,
    ) -> None:
        super().__init__(
            formula.node,
            formula.kind,
            formula.expanded,
            formula.tree,
            formula.where,
            formula.indices,
            formula.entrywise,
            formula.vectorized,
        )
        self.components = components
        self.layout = layout
        self.directions = directions
        self.structured = structured

    @property
    def order(self) -> int:
        """How often the objective is differentiated."""
        return len(self.components) - max(len(self.directions) - 1, 0)

    @property
    def is_differential(self) -> bool:
        """Whether it is df: the derivative along the differentials of its variables."""
        return self.order == 1 and bool(self.directions) and self.directions == differentials(self.components)

    @property
    def wrt(self) -> str:
        """By what, as text: `x` also where it is by `x` twice, `x,y`, `x,x,y`."""
        components = self.components
        if self.directions and len(components) > len(self.directions):
            components = components[:1]
        texts = [component_text(component) for component in components]
        return texts[0] if len(set(texts)) == 1 else ",".join(texts)

    @property
    def repeated(self) -> list[tuple[Component, int]]:
        """Each component and how often it stands in a row."""
        return [(component, len(list(group))) for component, group in groupby(self.components)]


class Derivation:
    """The objective and its derivatives in one graph."""

    def __init__(
        self,
        program_names: set[str],
        lowering: Lowering,
        objective: Value,
        layout: str | None,
        structured: str = "projected",
    ) -> None:
        self._reserved = program_names
        self._lowering = lowering
        self._graph = lowering.graph
        self._value = objective
        self._layout = layout
        self._structured = structured
        self._rules = Rules(lowering.elementwise_derivative, lowering.atom_pullback)
        self._derivatives: dict[tuple[str, ...], Node] = {}
        self.answers: list[Answer] = []

    @property
    def derivatives(self) -> list[Answer]:
        return self.answers

    @property
    def objective_node(self) -> Node:
        return self._value.node

    def transposed(self, node: Node) -> Node:
        """The transpose of a matrix of this graph."""
        return self._graph.transpose(node)

    @property
    def objective(self) -> Formula:
        """The objective itself, in its stable form."""
        return self._formula(self._value.node, self._value.kind)

    def lowered(self, tree: Expr, typing: Typing) -> Value:
        """Another expression in the same variables, in the same graph: equal tensors are the same node."""
        return Lowering(self._graph, typing).lower(tree)

    def lowered_entries(self, tree: IndexedSum, typing: Typing) -> Value | None:
        """The summand of a sum over all free indices, with an axis for each of them in front of its own."""
        value, labels = Lowering(self._graph, typing).summand(tree)
        names = [*labels, *[f"axis {axis}" for axis in range(len(value.dims))]]
        own = [*value.labels, *names[len(labels) :]]
        if set(own) - set(names):
            return None
        lengths = dict(zip(own, value.node.dims))
        lengths.update({label: typing.index_dim(tree, name) for label, (name, _, _) in zip(labels, tree.ranges)})
        places = {name: place for place, name in enumerate(names)}
        factors: list[Factor] = [(value.node, 1, tuple([places[name] for name in own]))]
        dims = {places[name]: lengths[name] for name in names}
        return Value(self._graph.contraction(ONE, factors, range(len(names)), dims), value.kind)

    def terms(self, answer: Formula) -> list[list[Expr]]:
        """A derivative as sums of more and more terms, as far as they have matrix forms."""
        levels: list[list[Expr]] = []
        for opened in openings(self._graph, answer.node):
            nodes = [self._graph.scaled(coefficient, node) for coefficient, node in opened]
            raising = Raising(self._graph, nodes)
            try:
                levels.append([raising.tree(node) for node in nodes])
            except NoMatrixForm:
                return levels
        return levels

    @property
    def graph(self) -> Graph:
        return self._graph

    def differentiate(self, components: Sequence[Component]) -> Answer:
        """The derivative by each of the components in turn."""
        node = self._component(self._within(components), components)
        node, kind = self._laid_out(node)
        return Answer(
            self._formula(node, kind, self._split_of(components)),
            tuple(components),
            self._layout,
            structured=self._convention(components),
        )

    def _within(self, components: Sequence[Component]) -> Node:
        """The derivative within the structures of the variables, by whole variables."""
        if len(components) < 2 or not any(self._is_curved(component) for component in components):
            return self._projected(self._derivative(tuple([name for name, _ in components])), components)
        # What the gradient is projected onto varies with the matrix: the projected gradient is differentiated.
        node = self._value.node
        for component in components:
            axis = len(node.dims)
            node = derivative(self._graph, self._rules, node, self._lowering.symbol(component[0]))
            node = self._projected(node, [component], axis)
        return node

    def _is_curved(self, component: Component) -> bool:
        """Whether the matrices of the structure of a variable are no linear space."""
        structure = self._lowering.typing.variables[component[0]].structure
        return structure == "orthogonal" and self._structured != UNSTRUCTURED

    def along(self, columns: Sequence[Component], names: Sequence[str], row: Component | None = None) -> Answer:
        """The derivative of the objective along directions of those names, one for each of `columns`: a number for a
        scalar objective. With a `row` its derivative by that: the row of the Hessian times the directions.

        A new name is a tensor in the shape of its variable.
        """
        if row is None:
            node = self._moved(self._value.node, columns, names)
            kind = "vector" if self._value.kind == "row" else self._value.kind
            return Answer(self._formula(node, kind), tuple(columns), None, tuple(names))
        if self._is_curved(row):
            node = self._moved(self._within([row]), columns, names, held=True)
        else:
            node = self._moved(self._value.node, columns, names, held=True)
            node = self._projected(derivative(self._graph, self._rules, node, self._lowering.symbol(row[0])), [row])
        for component, name in zip(columns, names):
            held, direction = self._direction(component, name, held=True), self._direction(component, name)
            if held is not direction:
                node = substituted(self._graph, node, held, direction)
        node, kind = self._laid_out(self._component(node, [row]))
        return Answer(self._formula(node, kind), (row, *columns), self._layout, tuple(names), self._convention([row]))

    def _moved(self, value: Node, columns: Sequence[Component], names: Sequence[str], held: bool = False) -> Node:
        """The derivative of a tensor along directions, one for each of the columns. held: they do not vary."""
        parts: list[Node] = []
        for component, name in zip(columns, names):
            direction = self._direction(component, name, held)
            part = self._forward(component, direction) if value is self._value.node else None
            if part is None:
                gradient = derivative(self._graph, self._rules, value, self._lowering.symbol(component[0]))
                if component[1] or self._is_curved(component):
                    gradient = self._projected(gradient, [component], len(value.dims))
                if component[1]:
                    gradient = self._component(gradient, [component], len(value.dims))
                part = self._contracted(gradient, direction)
            parts.append(part)
        return self._graph.sum([(ONE, part) for part in parts], value.dims)

    def einsum(self, formula: Formula) -> list[EinsumTerm] | None:
        """The tensor as a sum of einsums of matrices and vectors; None where it has no such form."""
        try:
            return einsum_terms(Raising(self._graph, [formula.node]), formula.node)
        except NoMatrixForm:
            return None

    def _forward(self, component: Component, direction: Node) -> Node | None:
        """The derivative of the objective along a direction in forward mode, where that is shorter."""
        if component[1] or self._lowering.typing.variables[component[0]].structure is not None:
            return None
        return along(self._graph, self._rules, self._value.node, self._lowering.symbol(component[0]), direction)

    def action(self, answer: Answer, name: str) -> Formula:
        """What a derivative makes of a change of its last variable: its last axes times a tensor of that name."""
        direction = self._direction(answer.components[-1], name)
        node = self._forward(answer.components[-1], direction) if answer.order == 1 else None
        if node is None:
            node = self._contracted(self._by_all_entries(answer), direction)
        kind = "tensor" if len(node.dims) > 2 else _KINDS[len(node.dims)]
        return self._formula(node, kind)

    def _by_all_entries(self, answer: Answer) -> Node:
        """A derivative whose last axes are all entries of its last variable, whatever the layout, also where the
        answer's are independent ones, each of which stands for several."""
        components, apart = answer.components, answer.structured == "independent"
        if components[-1][1] or (answer.layout is None and not apart):
            return answer.node
        node = self._derivative(tuple([name for name, _ in components]))
        return self._component(self._projected(node, components[:-1] if apart else components), components)

    def _direction(self, component: Component, name: str, held: bool = False) -> Symbol:
        """The tensor of a name in the shape of a variable, or of an entry of one.

        held: a variable of the program as a tensor of its own, which does not vary with it.
        """
        variable, positions = component
        dims = self._lowering.typing.variables[variable].dims if not positions else ()
        known = self._lowering.typing.variables.get(name)
        if known is not None and known.dims != dims:
            raise GradcalcError(
                "shape",
                f"the direction {name} is a {known.kind}, and {component_text(component)} has another shape",
                hint="A direction has the shape of the variable; a new name stands for any.",
            )
        if known is not None:
            symbol = self._lowering.symbol(name)
            return self._graph.symbol(f"{name} held", dims, symbol.symmetric, symbol.structure) if held else symbol
        structure = self._lowering.typing.variables[variable].structure
        return self._graph.symbol(name, dims, bool(dims) and structure in (*_SYMMETRIC, "diagonal"))

    def _contracted(self, node: Node, direction: Symbol) -> Node:
        """The node with its last axes, those of the direction, summed with it."""
        dims = direction.dims
        front = len(node.dims) - len(dims)
        axes = tuple(range(len(node.dims)))
        terms = multiplied_out(self._graph, node) or [(ONE, node)]
        contracted: list[Term] = []
        for coefficient, term in terms:
            factors: list[Factor] = [(term, 1, axes), (direction, 1, axes[front:])]
            part = self._graph.contraction(ONE, factors, axes[:front], dict(enumerate(node.dims)))
            contracted.append((coefficient, part))
        return self._graph.sum(contracted, node.dims[:front])

    def _convention(self, components: Sequence[Component]) -> str | None:
        structures = {self._lowering.typing.variables[name].structure for name, _ in components}
        return self._structured if structures - {None, "positive"} else None

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

    def _projected(self, node: Node, components: Sequence[Component], axis: int | None = None) -> Node:
        """Within the structure of the variables: the symmetric part where a variable is symmetric, and so on.

        axis: where the axes of the first component start.
        """
        axis = len(self._value.node.dims) if axis is None else axis
        for name, _ in components:
            variable = self._lowering.typing.variables[name]
            if variable.structure not in (None, "positive") and self._structured != UNSTRUCTURED:
                symbol = self._lowering.symbol(name)
                within = Structured(self._graph, node, axis, symbol)
                node = within.part(variable.structure, name, self._structured == "independent")
            axis += len(variable.dims)
        return node

    def _component(self, node: Node, components: Sequence[Component], axis: int | None = None) -> Node:
        """The entry at the positions that were asked for. axis: where the axes of the first component start."""
        axes = tuple(range(len(node.dims)))
        factors: list[Factor] = [(node, 1, axes)]
        axis = len(self._value.node.dims) if axis is None else axis
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

    def _split_of(self, components: Sequence[Component]) -> int:
        """How many axes are the rows of a matrix of vec by vec: those before the last whole variable's."""
        name, positions = components[-1] if components else ("", ())
        return 0 if positions or not name else len(self._lowering.typing.variables[name].dims)

    def _formula(self, node: Node, kind: str, columns: int = 0) -> Formula:
        definitions = self._definitions()
        roots = [node, *[value for _, value in definitions]]
        raising = Raising(self._graph, roots)
        try:
            expanded = raising.transposed_tree(node) if kind == "row" else raising.tree(node)
        except NoMatrixForm:
            stacked = vectorized(self._graph, node, columns) if len(node.dims) > 2 and columns else None
            whole = self._vectorized_formula(node, stacked) if stacked is not None else None
            return self._index_formula(node) if whole is None else whole
        return self._with_names(raising, node, kind, expanded)

    def _vectorized_formula(self, node: Node, stacked: Node) -> Formula | None:
        """A tensor of more than two axes as the matrix of vec by vec, where it has Kronecker factors."""
        raising = Raising(self._graph, [stacked, *[value for _, value in self._definitions()]])
        try:
            expanded = raising.tree(stacked)
        except NoMatrixForm:
            return None
        return self._with_names(raising, node, "tensor", expanded, stacked=True)

    def _definitions(self) -> list[tuple[str, Node]]:
        """The user's definitions that the objective uses, as nodes."""
        lowering = self._lowering
        return [(name, lowering.definition(name).node) for name in lowering.used_definitions]

    def _taken(self, node: Node) -> set[str]:
        """The names that nothing new may have in a formula of the node: directions have names of their own."""
        return self._reserved | {leaf.name for leaf in postorder((node,)) if isinstance(leaf, Symbol)}

    def _index_formula(self, node: Node, spelled: bool = False) -> Formula:
        names = index_names(self._taken(node))
        indices = tuple([next(names) for _ in node.dims])
        definitions = self._definitions()
        raising = Raising(self._graph, [node, *[value for _, value in definitions]])
        whole = {value for _, value in definitions}
        try:
            expanded = Indexing(raising, names, whole, spelled).entry(node, indices)
        except NoMatrixForm:
            raise GradcalcError(
                "shape",
                "this derivative has no formula: a function of matrices stands in it at every index of another",
                hint="`eval` computes first derivatives; a derivative along a direction may have a formula.",
            ) from None
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
        stacked: bool = False,
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
        tree, where = named(expanded, trees, self._taken(node) | _indices_in(expanded))
        return Formula(node, kind, expanded, tree, where, indices, entrywise, stacked)

    def index_form(self, answer: Formula, spelled: bool = False) -> Formula:
        """The entry of a formula at named indices: `w[i]*s[i]*(1 - s[i])*x[j]`.

        spelled: numbers are written as sums of entries as well, `sum[i](w[i]*x[i])` for `w'*x`.
        """
        return self._index_formula(answer.node, spelled)


def _indices_in(tree: Expr) -> set[str]:
    """The names of all indices of an expression, which nothing else may have."""
    found: set[str] = set()
    for node in walked(tree):
        if isinstance(node, Index):
            found.update([position for position in node.positions if isinstance(position, str)])
        elif isinstance(node, IndexedSum):
            found.update([name for name, _, _ in node.ranges])
    return found


def differentials(components: Sequence[Component]) -> tuple[str, ...]:
    """What the changes of components are called: dx, and dx_2 for that of x[2] where x changes elsewhere as well."""
    times = Counter([name for name, _ in components])
    return tuple(
        [
            f"d{name}" + "".join([f"_{position}" for position in positions if times[name] > 1])
            for name, positions in components
        ]
    )


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
    structured: str = "projected",
) -> Derivation:
    """The derivatives of an objective by each of `wrt`; at higher orders by every combination of them.

    program_names: the names that the program uses, which answers must not take. structured: of `STRUCTURED`.
    Raises GradcalcError where the objective has no place in the graph.
    """
    graph = Graph()
    lowering = Lowering(graph, typing)
    value = lowering.lower(objective)
    derivation = Derivation(program_names, lowering, value, layout, structured)
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
