"""From the syntax tree to the tensor graph: every operator of the language as a contraction, a sum or a function.

A lowered value is a node whose axes are first the indices that are free in the expression (`x[i]` inside a `sum[i]`),
then the axes of its kind. An elementwise function of the user is lowered by letting the axes of its operand be free
indices, so that its body is arithmetic of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom as AtomEntry
from gradcalc.functions.entry import Composite as CompositeEntry
from gradcalc.functions.entry import Elementwise as ElementwiseEntry
from gradcalc.functions.entry import Function
from gradcalc.functions.entry import Linear as LinearEntry
from gradcalc.language.kinds import MASKS, NAMES, axis_literals, block_kind
from gradcalc.language.polynomial import Dim, added, multiplied, polynomial, substituted
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
)
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.identities import is_function_of_transpose
from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Coefficient,
    Elementwise,
    Factor,
    Node,
    Symbol,
    Term,
    length_coefficient,
    times,
)
from gradcalc.tensor.plans import Binders, bound_name, formula, label_of, plan_of
from gradcalc.tensor.rewriting import is_zero
from gradcalc.tensor.signs import is_positive
from gradcalc.tensor.values import AXES, KINDS, Arithmetic, Part, Signed, Value, rational

_MOST_NUMBERS = 12
"""Up to how many numbers an index stands for are written out."""


class Lowering(Arithmetic):
    """Lowers the expressions of one program into one graph."""

    def __init__(self, graph: Graph, typing: Typing) -> None:
        super().__init__(graph)
        self.typing = typing
        self._definitions: dict[str, Value] = {}
        self._formula_size: Dim | None = None
        self._open: IndexedSum | None = None

    @property
    def used_definitions(self) -> list[str]:
        """The definitions that have been lowered, each after those that it uses."""
        return list(self._definitions)

    def definition(self, name: str) -> Value:
        """The value of a definition; those it uses are lowered before it."""
        pending = [name]
        while pending:
            current = pending[-1]
            if current in self._definitions:
                pending.pop()
                continue
            expression = self.typing.definitions[current]
            waiting = [
                node.name
                for node in postorder(expression)
                if isinstance(node, Name)
                and node.name in self.typing.definitions
                and node.name not in self._definitions
            ]
            if waiting:
                pending.extend(waiting)
            else:
                self._definitions[current] = self.lower(expression)
                pending.pop()
        return self._definitions[name]

    def symbol(self, name: str) -> Symbol:
        variable = self.typing.variables[name]
        symmetric = variable.structure in ("symmetric", "spd", "diagonal")
        return self.graph.symbol(name, variable.dims, symmetric, variable.structure)

    def lower(self, root: Expr, parameters: Mapping[str, Value] | None = None) -> Value:
        """The value of an expression; `parameters` are values of names, for the formulas of functions."""
        values: dict[int, Value] = {}
        chains: dict[int, Signed] = {}
        order, absorbed, bound = plan_of(root)
        for node in order:
            if isinstance(node, Binary) and node.operator in ("+", "-"):
                chain = chains.pop(id(node.left)) if id(node.left) in absorbed else [(1, values[id(node.left)])]
                chain.append((1 if node.operator == "+" else -1, values[id(node.right)]))
                if id(node) in absorbed:
                    chains[id(node)] = chain
                else:
                    values[id(node)] = self._sum(chain)
            else:
                arguments = [values[id(child)] for child in _operands(node)]
                values[id(node)] = self._lowered(node, arguments, parameters, bound)
        return values[id(root)]

    def summand(self, root: IndexedSum) -> tuple[Value, list[str]]:
        """What is summed, its indices left free, and the labels of the indices, one for each of them."""
        self._open = root
        try:
            return self.lower(root), [label_of(root, name) for name, _, _ in root.ranges]
        finally:
            self._open = None

    def _lowered(
        self, node: Expr, operands: list[Value], parameters: Mapping[str, Value] | None, bound: Binders
    ) -> Value:
        if isinstance(node, Number):
            return Value(self.graph.constant(node.value), "scalar")
        if isinstance(node, Name):
            return self._name(node, parameters, bound)
        if isinstance(node, Negative):
            operand = operands[0]
            return Value(self.graph.scaled((-1, ()), operand.node), operand.kind, operand.labels)
        if isinstance(node, Transpose):
            return self._transposed(operands[0])
        if isinstance(node, Binary):
            return self._binary(node, operands[0], operands[1])
        if isinstance(node, Call):
            return self._call(node, operands, parameters)
        if isinstance(node, Index):
            return self._indexed(node, operands[0], bound)
        if isinstance(node, Block):
            return self._block(node, operands)
        assert isinstance(node, IndexedSum)
        return self._indexed_sum(node, operands[0])

    def _name(self, node: Name, parameters: Mapping[str, Value] | None, bound: Binders) -> Value:
        name = node.name
        if parameters is not None and name in parameters:
            return parameters[name]
        binder = bound.get((id(node), name))
        if binder is not None:
            return self._index_as_number(binder, name)
        if name in self.typing.definitions:
            return self.definition(name)
        if name == "pi" and name not in self.typing.variables:
            return Value(self.graph.symbol("pi", ()), "scalar")
        if name in self.typing.variables:
            return Value(self.symbol(name), self.typing.variables[name].kind)
        length = length_coefficient(self.typing.named_length(name))
        return Value(self.graph.contraction(length, (), (), {}), "scalar")

    def _index_as_number(self, binder: IndexedSum, name: str) -> Value:
        """The number that a bound index is: how many entries of its range there are up to it, and what comes before."""
        dim = self.typing.index_dim(binder, name)
        first = next(first for own, first, _ in binder.ranges if own == name)
        before = added(first, -1) if first is not None else 0
        if isinstance(dim, int) and isinstance(before, int) and dim <= _MOST_NUMBERS:
            numbers: list[Term] = [((before + place, ()), self.graph.basis(dim, place)) for place in range(1, dim + 1)]
            return Value(self.graph.sum(numbers, (dim,)), "scalar", (label_of(binder, name),))
        axes = {0: dim, 1: dim}
        ones = self.graph.pattern("lower", (dim, dim))
        count = self.graph.contraction(ONE, [(ones, 1, (0, 1))], (0,), dict(axes))
        terms: list[Term] = [(ONE, count)]
        if before != 0:
            lengths = [(names, number) for names, number in polynomial(before).items()]
            for names, number in lengths:
                scale: Coefficient = (number, ())
                for factor in names:
                    scale = times(scale, length_coefficient(self.typing.named_length(factor)))
                terms.append((scale, self.graph.constant(1, (dim,))))
        return Value(self.graph.sum(terms, (dim,)), "scalar", (label_of(binder, name),))

    def _transposed(self, value: Value) -> Value:
        if value.kind == "matrix":
            sign = -1 if isinstance(value.node, Symbol) and value.node.structure == "skew" else 1
            if sign < 0:
                return Value(self.graph.scaled((sign, ()), value.node), "matrix")
            return self.contract([(value, 1, (1, 0))], (0, 1), "matrix")
        kind = {"scalar": "scalar", "vector": "row", "row": "vector"}[value.kind]
        return Value(value.node, kind, value.labels)

    def _binary(self, node: Binary, left: Value, right: Value) -> Value:
        operator = node.operator
        if operator == "*":
            return self._matrix_product(left, right)
        if operator == ".*":
            return self._entrywise(left, right, 1)
        if operator == "/" and right.kind == "matrix":
            return self._matrix_product(left, self._atom("inv", [right], node))
        if operator in ("/", "./"):
            self._refuse_zero(node, right)
            return self._entrywise(left, right, -1)
        if operator == "\\":
            if left.kind == "scalar":
                self._refuse_zero(node, left)
                return self._entrywise(right, left, -1)
            return self._matrix_product(self._atom("inv", [left], node), right)
        if operator == "^" and left.kind == "matrix":
            return self._atom("matpow", [left, right], node)
        if operator in COMPARISONS:
            return self._elementwise((catalogue.BY_OPERATOR[operator].name, 0), [left, right])
        exponent = rational(right)
        if exponent is not None and exponent < 0:
            self._refuse_zero(node, left)
        return self._power(left, right)

    def _refuse_zero(self, node: Expr, divisor: Value) -> None:
        """Raises GradcalcError of kind numeric where the user divides by what is zero whatever the variables are."""
        if is_zero(divisor.node) and self.typing.knows(node):
            raise GradcalcError(
                "numeric",
                f"division by zero in {to_text(node)}",
                span=node.span,
                hint="The divisor is zero whatever the variables are.",
            )

    def _indexed(self, node: Index, operand: Value, bound: Binders) -> Value:
        parts: list[Part] = []
        own = list(range(len(node.positions)))
        output: list[int] = []
        names: dict[str, int] = {}
        for axis, position in enumerate(node.positions):
            if position is None:
                output.append(axis)
            elif isinstance(position, tuple):
                offset, length = self._slice(node, axis)
                fresh = len(node.positions) + axis
                shift = Value(self.graph.pattern("shift", (length, operand.dims[axis]), offset), "matrix")
                parts.append((shift, 1, (fresh, axis)))
                output.append(fresh)
            elif (
                isinstance(position, str) and bound_name(node, position, bound) is None and self._is_length(node, axis)
            ):
                offset, _ = self.typing.slice_of(node, axis)
                parts.append((Value(self.graph.basis(operand.dims[axis], added(offset, 1)), "vector"), 1, (axis,)))
            elif isinstance(position, str) and (name := bound_name(node, position, bound)) is not None:
                label = label_of(bound[id(node), name], name)
                if self._formula_size is None and self.typing.is_part(node, axis):
                    offset, length = self.typing.slice_of(node, axis)
                    fresh = names.setdefault(label, 2 * len(node.positions) + axis)
                    shift = Value(self.graph.pattern("shift", (length, operand.dims[axis]), offset), "constant")
                    parts.append((shift, 1, (fresh, axis)))
                else:
                    names[label] = own[axis] = names.get(label, axis)
            else:
                parts.append((Value(self.graph.basis(operand.dims[axis], position), "vector"), 1, (axis,)))
        rows = len(node.positions)
        kind = "scalar" if not output else "row" if rows == 2 and output[0] in (1, rows + 1) else "vector"
        if len(output) == 2:
            kind = "matrix"
        elif rows == 1 and output:
            kind = operand.kind
        value = self.contract([(operand, 1, tuple(own)), *parts], (*names.values(), *output), kind)
        value = Value(value.node, kind, (*value.labels, *names))
        return value if len(set(value.labels)) == len(value.labels) else self._diagonal(value)

    def _is_length(self, node: Index, axis: int) -> bool:
        """Whether a position is made of lengths, as in x[n]; in answers there are free indices as well."""
        return self._formula_size is None and self.typing.is_part(node, axis)

    def _indexed_sum(self, node: IndexedSum, body: Value) -> Value:
        if node is self._open:
            return body
        for name, _, _ in node.ranges:
            dim = self.typing.index_dim(node, name)
            own = label_of(node, name)
            keep = [label for label in body.labels if label != own]
            axes = {label: place for place, label in enumerate(dict.fromkeys([*body.labels, own]))}
            factors: list[Factor] = [
                (body.node, 1, tuple([axes[label] for label in body.labels]) + _shifted(body, len(axes)))
            ]
            dims: dict[int, Dim] = dict(zip(factors[0][2], body.node.dims))
            dims[axes[own]] = dim
            output = tuple([axes[label] for label in keep]) + _shifted(body, len(axes))
            if own not in body.labels:
                body = Value(self.graph.scaled(length_coefficient(dim), body.node), body.kind, body.labels)
                continue
            body = Value(self.graph.contraction(ONE, factors, output, dims), body.kind, tuple(keep))
        return body

    def _call(self, node: Call, operands: list[Value], parameters: Mapping[str, Value] | None) -> Value:
        user = self.typing.functions.get(node.function)
        if user is not None:
            operand = operands[0]
            if user.body is None:
                made = self.graph.elementwise((node.function, node.primes), operand.node)
                return Value(made, operand.kind, operand.labels)
            body = user.body if not node.primes else self._differentiated(user.body, user.parameter, node.primes)
            return self.entry_by_entry(body, [user.parameter], [operand])
        entry = catalogue.meant(node.function, tuple([operand.kind for operand in operands]))
        assert entry is not None
        if isinstance(entry, ElementwiseEntry):
            return self._entrywise_call(node, entry, operands)
        if entry.axis and len(node.children) == 2 and axis_literals(node)[1]:
            return self._along_axis(node, entry, operands[0], axis_literals(node)[1])
        return self._applied(node, entry, operands)

    def _entrywise_call(self, node: Call, entry: ElementwiseEntry, operands: list[Value]) -> Value:
        operands = operands + self.default_operands(entry, len(operands))
        if entry.expands:
            return self.entry_by_entry(formula(entry.meaning), entry.parameters, operands)
        if node.primes:
            body = formula(entry.derivative)
            if node.primes > 1:
                body = self._differentiated(body, "t", node.primes - 1)
            return self.entry_by_entry(body, entry.parameters, operands)
        return self._elementwise((entry.name, 0), operands)

    def default_operands(self, entry: ElementwiseEntry, given: int) -> list[Value]:
        """The operands that were left out."""
        missing = len(entry.parameters) - given
        return (
            [self.lower(formula(text)) for text in entry.defaults[len(entry.defaults) - missing :]] if missing else []
        )

    def _along_axis(self, node: Call, entry: Function, operand: Value, axis: int) -> Value:
        """The function of every column (axis 1) or every row (axis 2): the other axis is a free index meanwhile."""
        if operand.kind != "matrix":
            return self._applied(node, entry, [operand])
        if axis == 1:
            operand = self._transposed(operand)
        own = f"line of {id(node)}"
        result = self._applied(node, entry, [Value(operand.node, "vector", (*operand.labels, own))])
        if result.kind == "scalar":
            # The free index comes back as the axis of the result; it has to stand last.
            return self._with_axis(result, own, "row" if axis == 1 else "vector")
        whole = self._with_axis(result, own, "matrix")
        return self._transposed(whole) if axis == 1 else whole

    def _applied(self, node: Call, entry: Function, operands: list[Value]) -> Value:
        if isinstance(entry, LinearEntry):
            return self._linear(node, entry, operands)
        if isinstance(entry, CompositeEntry):
            return self.lower(formula(entry.meaning), dict(zip(entry.parameters, operands)))
        assert isinstance(entry, AtomEntry)
        return self._atom(entry.name, operands, node)

    def entry_by_entry(self, body: Expr, parameters: Sequence[str], operands: Sequence[Value]) -> Value:
        """A formula in numbers, at every entry of the operands."""
        nodes, kind, labels, shape = self._alike(operands)
        names = labels + tuple([f"{axis} of {id(body)}" for axis in range(AXES[kind])])
        value = self.lower(body, {name: Value(node, "scalar", names) for name, node in zip(parameters, nodes)})
        return Value(self._spread(value, names, shape), kind, labels)

    def _differentiated(self, body: Expr, parameter: str, order: int) -> Expr:
        """The derivative of a formula in one number, as a formula again."""
        from gradcalc.tensor.answer import derivative_of_formula

        return derivative_of_formula(body, parameter, order, self.typing)

    def _linear(self, node: Call, entry: LinearEntry, operands: list[Value]) -> Value:
        sizes = [self._dimension(child) for child in node.children[len(operands) :] if entry.first_size is not None]
        variant = ",".join([*[value.kind for value in operands], *["dimension"] * len(sizes)])
        spec, kind = entry.variants[variant]
        inputs, output = spec.split("->")
        letters = inputs.split(",")
        lengths: dict[str, Dim] = {}
        for own, value in zip(letters, operands):
            lengths.update(zip(own, value.dims))
        lengths.update(zip(letters[len(operands) :], sizes))
        patterns = list(zip(entry.patterns(variant), letters[len(operands) + len(sizes) :]))
        for pattern, own in patterns:
            _complete_lengths(pattern, own, lengths)
        for letter, dim in zip(output, self.typing.dims(node) if set(output) - set(lengths) else ()):
            lengths.setdefault(letter, dim)
        number = {letter: place for place, letter in enumerate(lengths)}
        axes = tuple([number[letter] for letter in output])
        if entry.zero or not (operands or patterns):
            dims = {number[letter]: dim for letter, dim in lengths.items()}
            return Value(self.graph.contraction((0 if entry.zero else 1, ()), (), axes, dims), kind)
        parts: list[Part] = [
            (value, 1, tuple([number[letter] for letter in own])) for own, value in zip(letters, operands)
        ]
        for pattern, own in patterns:
            constant = self.graph.pattern(pattern, tuple([lengths[letter] for letter in own]))
            parts.append((Value(constant, "constant"), 1, tuple([number[letter] for letter in own])))
        answer = self._einsum(parts, axes, kind, lengths, number)
        if entry.averages:
            for letter in dict.fromkeys(inputs.replace(",", "")):
                if letter not in output:
                    by = length_coefficient(lengths[letter], -1)
                    answer = Value(self.graph.scaled(by, answer.node), answer.kind, answer.labels)
        return answer

    def _atom(self, name: str, operands: Sequence[Value], node: Expr) -> Value:
        entry = catalogue.lookup(name)
        assert isinstance(entry, AtomEntry)
        operand, *others = operands
        kind = entry.variants[",".join([value.kind for value in operands])][1]
        if entry.symmetric == "required" and not operand.node.symmetric:
            raise GradcalcError(
                "shape",
                f"{name} takes a symmetric matrix",
                span=node.span,
                hint=f"Declare it symmetric, as in A: symmetric; or write {name}(sym(A)).",
            )
        if any(value.labels for value in others):
            raise GradcalcError("shape", f"a parameter of {name} depends on an index of a sum", span=node.span)
        made = self.graph.atom(name, operand.node, *[value.node for value in others], batch=len(operand.labels))
        return Value(made, kind, operand.labels)

    def _block(self, node: Block, parts: list[Value]) -> Value:
        """The sum of the parts, each moved to its place."""
        kind = NAMES[block_kind(node, [MASKS[part.kind] for part in parts])]
        whole = _block_dims(node, kind, parts)
        terms: list[Value] = []
        row_start: Dim = 0
        place = 0
        for width in node.widths:
            column_start: Dim = 0
            height: Dim = 1
            for part in parts[place : place + width]:
                height, own_width = _height_and_width(part)
                terms.append(self._placed(part, kind, whole, row_start, column_start))
                column_start = added(column_start, own_width)
            row_start = added(row_start, height)
            place += width
        return self._sum([(1, term) for term in terms])

    def _placed(self, part: Value, kind: str, whole: tuple[Dim, ...], row: Dim, column: Dim) -> Value:
        """A part as a block of the whole with zeros around it."""
        height, width = _height_and_width(part)
        starts = {"vector": [(height, row)], "row": [(width, column)]}.get(kind, [(height, row), (width, column)])
        own_axes = {"scalar": (), "vector": (0,), "row": (1,) if kind == "matrix" else (0,), "matrix": (0, 1)}[
            part.kind
        ]
        count = len(starts)
        factors: list[Part] = [(part, 1, own_axes)]
        for axis, (length, start) in enumerate(starts):
            shift = self.graph.pattern("shift", (length, whole[axis]), start)
            factors.append((Value(shift, "constant"), 1, (axis, count + axis)))
        return self.contract(factors, tuple(range(count, 2 * count)), kind)

    def elementwise_derivative(self, node: Elementwise, place: int) -> Node:
        """The derivative of the node's function by an operand, with the dims of the node."""
        name, primes = node.function
        entry = catalogue.lookup(name)
        if name in self.typing.functions or not isinstance(entry, ElementwiseEntry):
            return self.graph.elementwise((name, primes + 1), node.operand)
        texts = entry.derivatives
        if entry.where_positive is not None:
            parameter, shorter = entry.where_positive
            texts = shorter if is_positive(node.operands[entry.parameters.index(parameter)]) else texts
        text = texts[place]
        if text is None:
            raise GradcalcError("shape", f"{name} has no derivative by its parameter {entry.parameters[place]}")
        names = tuple([str(axis) for axis in range(len(node.dims))])
        operands = {
            parameter: Value(operand, "scalar", names) for parameter, operand in zip(entry.parameters, node.operands)
        }
        return self._spread(self.lower(formula(text), operands), names, node.dims)

    def atom_pullback(self, node: Atom, cotangent: Node) -> Node:
        """The cotangent of the first operand of an atom, linear in `cotangent`."""
        entry = catalogue.lookup(node.name)
        assert isinstance(entry, AtomEntry)
        labels = tuple([f"{axis} of a batch" for axis in range(node.batch)])
        operand = Value(node.operand, KINDS[len(node.operand.dims) - node.batch], labels)
        given = Value(cotangent, KINDS[len(node.dims) - node.batch], labels)
        commutes = entry.trace_rule is not None and not node.batch and is_function_of_transpose(cotangent, node.operand)
        if entry.pullback is None:
            raise GradcalcError(
                "shape",
                f"{node.name} has no derivative here",
                hint="Only first derivatives of what it belongs to exist.",
            )
        parameters = {"X": operand, "G": given}
        if len(node.operands) > 1:
            parameters["K"] = Value(node.operands[1], "scalar")
        if commutes:
            assert entry.trace_rule is not None
            value = self._lower_formula(entry.trace_rule, parameters, operand)
            factors: list[Factor] = [(cotangent, 1, (0, 2)), (value.node, 1, (2, 1))]
            return self.graph.contraction(ONE, factors, (0, 1), {0: node.dims[0], 1: node.dims[0], 2: node.dims[0]})
        value = self._lower_formula(entry.pullback, parameters, operand)
        places = tuple([labels.index(label) for label in value.labels])
        axes = tuple(range(len(node.operand.dims)))
        own = places + axes[node.batch :][: AXES[value.kind]]
        return self.graph.contraction(ONE, [(value.node, 1, own)], axes, dict(enumerate(node.operand.dims)))

    def _lower_formula(self, text: str, parameters: dict[str, Value], operand: Value) -> Value:
        """A formula of the catalogue; `n` in it is the number of rows of the operand."""
        before, self._formula_size = self._formula_size, operand.dims[0] if operand.dims else 1
        try:
            return self.lower(formula(text), parameters)
        finally:
            self._formula_size = before

    def _dimension(self, node: Expr) -> Dim:
        """The length that a size means; in a formula of the catalogue `n` is the only name."""
        if self._formula_size is None:
            return self.typing.dimension(node)
        return self._formula_size if isinstance(node, Name) else int(node.value) if isinstance(node, Number) else 0

    def _slice(self, node: Index, axis: int) -> tuple[Dim, Dim]:
        """How many entries come before a slice, and how long it is."""
        size = self._formula_size
        if size is None:
            return self.typing.slice_of(node, axis)
        position = node.positions[axis]
        assert isinstance(position, tuple)
        first, last = [substituted(bound, lambda _: size) for bound in position]
        return added(first, -1), added(added(last, first, -1), 1)


def _shifted(value: Value, start: int) -> tuple[int, ...]:
    return tuple(range(start, start + AXES[value.kind]))


def _operands(node: Expr) -> tuple[Expr, ...]:
    """The operands that have values: not sizes, not the axis of a reduction."""
    if not isinstance(node, Call):
        return node.children
    first = catalogue.first_size(node.function)
    return node.children if first is None else node.children[:first]


def _block_dims(node: Block, kind: str, parts: Sequence[Value]) -> tuple[Dim, ...]:
    height: Dim = 0
    place = 0
    for row_width in node.widths:
        height = added(height, _height_and_width(parts[place])[0])
        place += row_width
    width: Dim = 0
    for part in parts[: node.widths[0]]:
        width = added(width, _height_and_width(part)[1])
    return (height,) if kind == "vector" else (width,) if kind == "row" else (height, width)


def _height_and_width(part: Value) -> tuple[Dim, Dim]:
    if part.kind == "matrix":
        return part.dims[0], part.dims[1]
    if part.kind == "vector":
        return part.dims[0], 1
    return (1, part.dims[0]) if part.kind == "row" else (1, 1)


def _complete_lengths(pattern: str, letters: str, lengths: dict[str, Dim]) -> None:
    """The lengths of the axes of a constant tensor that follow from those that are known."""
    first, second, last = letters[0], letters[1], letters[-1]
    if pattern == "merge":
        lengths.setdefault(last, multiplied(lengths[first], lengths[second]))
    elif pattern == "difference":
        lengths.setdefault(first, added(lengths[second], -1))
    else:
        known = next(lengths[letter] for letter in letters if letter in lengths)
        for letter in letters:
            lengths.setdefault(letter, known)
