"""Expressions as Python source that builds them with SymPy.

A vector is a matrix of one column, a row one of one row, and indices count from 0. What SymPy has a node for is written
with it; all else entry by entry, as sums over indices and as `FunctionMatrix`. Long expressions are broken into
assignments, so that the source is no deeper than Python reads and no longer than the expression.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise, Linear
from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import added, names_in
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
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
    transformed,
)
from gradcalc.output.sympyscope import (
    POSTFIX,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Dim,
    Scope,
    Shape,
    Term,
    sympified,
)
from gradcalc.output.sympytensors import (
    ATOMS,
    broadcast,
    entry_of,
    inverse,
    linear,
    matrix_by_entries,
    opaque,
    sized,
    sum_over,
    takes_sizes,
)

_DEEPEST = 24
"""How deep an expression in the source may be."""

_COMPARISONS = {
    ">": "sympy.Gt",
    "<": "sympy.Lt",
    ">=": "sympy.Ge",
    "<=": "sympy.Le",
    "==": "sympy.Eq",
    "!=": "sympy.Ne",
}


_MARK = "@"
"""Stands for an operand where it is counted how often it occurs."""


def without_composites(root: Expr) -> Expr:
    """The expression with every function that is short for others written out."""

    def meaning(node: Expr) -> Expr | None:
        entry = catalogue.lookup(node.function) if isinstance(node, Call) else None
        if not isinstance(entry, catalogue.Composite) or len(entry.parameters) != len(node.children):
            return None
        operands = dict(zip(entry.parameters, node.children))
        return transformed(
            without_composites(parse_expression(entry.meaning)),
            lambda leaf: operands.get(leaf.name) if isinstance(leaf, Name) else None,
        )

    return transformed(root, meaning)


Place = Callable[[str], str]
"""From one index to another, as texts."""


class Terms:
    """The terms of expressions of one typing.

    scope: the names of the source. entrywise: whether everything is a number, as in the body of an elementwise
    function; parameters: what its parameters are called.
    """

    def __init__(
        self, scope: Scope, typing: Typing, *, entrywise: bool = False, parameters: Mapping[str, str] | None = None
    ) -> None:
        self.scope = scope
        self._typing = typing
        self._entrywise = entrywise
        self._parameters = parameters or {}
        self._done: dict[int, Term] = {}

    def term(self, root: Expr) -> Term:
        """The term of an expression; what it needs before it is assigned in the scope."""
        uses = Counter([id(child) for node in postorder(root) for child in node.children])
        for node in postorder(root):
            if id(node) in self._done:
                continue
            writer = _WRITERS.get(type(node), Terms._unknown)
            term = writer(self, node)
            term.depth = 1 + max([self._done[id(child)].depth for child in node.children], default=0)
            if term.depth > _DEEPEST:
                term = self.scope.assigned(term)
            elif uses[id(node)] > 1:
                term = self.scope.reusable(term)
            self._done[id(node)] = term
        return self._done[id(root)]

    def _operands(self, node: Expr) -> list[Term]:
        return [self._done[id(child)] for child in node.children]

    def _kind(self, node: Expr) -> str:
        """scalar, vector, row or matrix; a size has no kind in the typing, and is a number."""
        if self._entrywise:
            return "scalar"
        try:
            return self._typing.kind(node)
        except KeyError:
            return "scalar"

    def _shape(self, node: Expr) -> Shape | None:
        """Rows and columns, or None for a number."""
        if self._kind(node) == "scalar":
            return None
        dims = self._typing.dims(node)
        if self._kind(node) == "vector":
            return (dims[0], 1)
        return (1, dims[0]) if self._kind(node) == "row" else (dims[0], dims[1])

    def _number(self, node: Expr) -> Term:
        assert isinstance(node, Number)
        value = node.value
        if value.denominator == 1:
            return Term(str(value.numerator), POSTFIX, None, whole=True)
        return Term(f"sympy.Rational({value.numerator}, {value.denominator})", POSTFIX, None)

    def _name(self, node: Expr) -> Term:
        assert isinstance(node, Name)
        name = node.name
        if name in self._parameters:
            return Term(self._parameters[name], POSTFIX, None)
        if name in self._typing.variables or name in self._typing.definitions:
            return Term(self.scope.python_name(name), POSTFIX, self._shape(node))
        if self.scope.is_index(name):
            return Term(f"{self.scope.index(name)} + 1", SUM, None)
        if name == "pi":
            return Term("sympy.pi", POSTFIX, None)
        length = self._typing.named_length(name)
        return Term(self.scope.dim(length), POSTFIX, None, whole=isinstance(length, int))

    def _negative(self, node: Expr) -> Term:
        (operand,) = self._operands(node)
        return Term("-" + operand.at(UNARY), UNARY, operand.shape, whole=operand.whole)

    def _transpose(self, node: Expr) -> Term:
        (operand,) = self._operands(node)
        return operand if operand.shape is None else Term(operand.at(POSTFIX) + ".T", POSTFIX, self._shape(node))

    def _binary(self, node: Expr) -> Term:
        assert isinstance(node, Binary)
        left, right = self._operands(node)
        shape = self._shape(node)
        if node.operator in ("+", "-"):
            return self._sum(node.operator, left, right, shape)
        if node.operator == "*":
            return self._product(left, right, shape)
        if node.operator == "\\":
            if left.shape is None:
                return self._quotient(right, left, shape)
            return self._product(inverse(left), right, shape)
        if node.operator == "/" and self._kind(node.right) == "matrix":
            return self._product(left, inverse(right), shape)
        if node.operator in ("/", "./"):
            return self._quotient(left, right, shape)
        if node.operator == ".*":
            return self._hadamard(left, right, shape)
        if node.operator in ("^", ".^"):
            return self._power(node.operator, left, right, shape)
        return self._by_entries([left, right], shape, _indicator(node.operator))

    def _sum(self, operator: str, left: Term, right: Term, shape: Shape | None) -> Term:
        left, right = broadcast(left, shape, self.scope), broadcast(right, shape, self.scope)
        text = f"{left.at(SUM)} {operator} {right.at(PRODUCT)}"
        return Term(text, SUM, shape, whole=left.whole and right.whole)

    def _product(self, left: Term, right: Term, shape: Shape | None) -> Term:
        text = f"{left.at(PRODUCT)}*{right.at(UNARY)}"
        if shape is None and left.shape is not None:
            return Term(f"({text})[0, 0]", POSTFIX, None)
        return Term(text, PRODUCT, shape, whole=left.whole and right.whole)

    def _quotient(self, left: Term, right: Term, shape: Shape | None) -> Term:
        if right.shape is None:
            above = sympified(left) if right.whole else left
            return Term(f"{above.at(PRODUCT)}/{right.at(UNARY)}", PRODUCT, shape)
        below = broadcast(right, shape, self.scope)
        return self._hadamard(left, Term(f"sympy.HadamardPower({below.text}, -1)", POSTFIX, shape), shape)

    def _hadamard(self, left: Term, right: Term, shape: Shape | None) -> Term:
        if left.shape is None or right.shape is None:
            return self._product(left, right, shape)
        left, right = broadcast(left, shape, self.scope), broadcast(right, shape, self.scope)
        return Term(f"sympy.HadamardProduct({left.text}, {right.text})", POSTFIX, shape)

    def _power(self, operator: str, left: Term, right: Term, shape: Shape | None) -> Term:
        if shape is None or (operator == "^" and not self._entrywise):
            base = sympified(left) if right.whole else left
            return Term(f"{base.at(POSTFIX)}**{right.at(UNARY)}", POWER, shape)
        if left.shape is not None and right.shape is None:
            return Term(f"sympy.HadamardPower({left.text}, {right.text})", POSTFIX, shape)
        return self._by_entries([left, right], shape, lambda texts: f"({texts[0]})**({texts[1]})")

    def _by_entries(self, operands: Sequence[Term], shape: Shape | None, write: Callable[[list[str]], str]) -> Term:
        """A function of numbers at the corresponding entries of the operands."""
        operands = [self.scope.reusable(sympified(operand)) for operand in operands]
        if shape is None:
            return Term(write([operand.text for operand in operands]), SUM, None)
        same = [broadcast(operand, shape, self.scope) for operand in operands]
        return matrix_by_entries(self.scope, shape, lambda i, j: write([entry_of(term, i, j) for term in same]))

    def _position(self, position: object) -> str:
        """A position counted from 0."""
        if isinstance(position, int):
            return str(position - 1)
        sizes = self._typing.dimension_names

        def named(found: re.Match[str]) -> str:
            return found[0] if found[0] in sizes else self.scope.index(found[0])

        text = re.sub(r"[^\W\d]\w*", named, str(position))
        if all(name in sizes for name in names_in(str(position))):
            text += " - 1"
        return text if text.isidentifier() else f"({text})"

    def _index(self, node: Expr) -> Term:
        assert isinstance(node, Index)
        (operand,) = self._operands(node)
        if all(position is None for position in node.positions):
            return operand
        if any(isinstance(position, tuple) for position in node.positions):
            return self._slices(node, operand)
        places = [self._place(node, axis) for axis in range(len(node.positions))]
        if len(places) == 1:
            whole: Place = lambda _: "0"  # noqa: E731
            places = [places[0], whole] if self._kind(node.operand) == "vector" else [whole, places[0]]
        row, column = places
        shape = self._shape(node)
        if shape is None:
            return Term(entry_of(operand, row("0"), column("0")), POSTFIX, None)
        return matrix_by_entries(self.scope, shape, lambda i, j: entry_of(operand, row(i), column(j)))

    def _slices(self, node: Index, operand: Term) -> Term:
        """A part of a matrix, where at least one position is a slice."""
        texts: list[str] = []
        for axis, position in enumerate(node.positions):
            if position is None:
                texts.append(":")
            elif isinstance(position, tuple):
                before, length = self._typing.slice_of(node, axis)
                texts.append(f"{self.scope.dim(before)}:{self.scope.dim(added(before, length))}")
            else:
                fixed = self._position(position)
                texts.append(f"{fixed}:{fixed} + 1")
        if len(texts) == 1:
            texts = [texts[0], "0:1"] if self._kind(node.operand) == "vector" else ["0:1", texts[0]]
        return Term(f"{operand.at(POSTFIX)}[{', '.join(texts)}]", POSTFIX, self._shape(node))

    def _place(self, node: Index, axis: int) -> Place:
        """From the index of an entry of the result to the place in the operand, both counted from 0."""
        position = node.positions[axis]
        if position is None:
            return lambda index: index
        fixed = self._position(position)
        return lambda index: fixed

    def _block(self, node: Expr) -> Term:
        assert isinstance(node, Block)
        operands = self._operands(node)
        parts = iter(operands)
        rows = []
        for width in node.widths:
            cells = [next(parts) for _ in range(width)]
            if all(operand.shape is None for operand in operands):
                rows.append(f"[{', '.join([cell.text for cell in cells])}]")
                continue
            texts = [cell.text if cell.shape else f"sympy.ImmutableMatrix([[{cell.text}]])" for cell in cells]
            rows.append(f"[{', '.join(texts)}]")
        made = "ImmutableMatrix" if all(operand.shape is None for operand in operands) else "BlockMatrix"
        return Term(f"sympy.{made}([{', '.join(rows)}])", POSTFIX, self._shape(node))

    def _indexed_sum(self, node: Expr) -> Term:
        assert isinstance(node, IndexedSum)
        (body,) = self._operands(node)
        bounds = []
        for name, first, last in node.ranges:
            end: Dim = self._typing.index_dim(node, name) if last is None else last
            bounds.append((self.scope.index(name), 0 if first is None else added(first, -1), end))
        if body.shape is None:
            return sum_over(self.scope, body.text, bounds)
        return matrix_by_entries(
            self.scope, body.shape, lambda i, j: sum_over(self.scope, entry_of(body, i, j), bounds).text
        )

    def _call(self, node: Expr) -> Term:
        assert isinstance(node, Call)
        entry = catalogue.lookup(node.function)
        shape = self._shape(node)
        if node.function in self._typing.functions or (entry is None and node.primes):
            return self._user_function(node, shape)
        operands = self._operands(node)
        if isinstance(entry, Elementwise) and (len(operands) == 1 or entry.sympy is not None):
            return self._elementwise(node, entry, operands, shape)
        if isinstance(entry, Linear) and entry.reference is not None:
            return opaque(self.scope, node.function, operands, shape)
        if isinstance(entry, Linear) and takes_sizes(entry):
            return sized(self.scope, entry, operands, shape)
        if isinstance(entry, Linear):
            kinds = [self._kind(child) for child in node.children]
            return linear(self.scope, entry, operands, kinds, shape, self._kind(node))
        if node.function in ATOMS and len(operands) == 1 and not node.primes:
            return ATOMS[node.function](self.scope, operands[0])
        return opaque(self.scope, node.function, operands, shape)

    def _elementwise(self, node: Call, entry: Elementwise, operands: list[Term], shape: Shape | None) -> Term:
        if entry.sympy is not None and _places(entry.sympy) != len(operands):
            return opaque(self.scope, entry.name, operands, shape)
        if len(operands) > 1:
            template = entry.sympy or ""
            return self._by_entries(operands, shape, lambda texts: template.format(*[f"({text})" for text in texts]))
        (operand,) = operands
        if node.primes:
            return self._derived(self._formula(entry, self.scope.parameter()), node.primes, operand)
        if shape is not None:
            return Term(f"{operand.at(POSTFIX)}.applyfunc(lambda t: {self._formula(entry, 't')})", POSTFIX, shape)
        operand = sympified(operand)
        if self._formula(entry, _MARK).count(_MARK) > 1:
            operand = self.scope.reusable(operand)
        template = entry.sympy or ""
        enclosed = template.count("({0})") + template.count("({0},") == template.count("{0}")
        return Term(self._formula(entry, operand.text if enclosed else operand.at(POSTFIX)), SUM, None)

    def _formula(self, entry: Elementwise, operand: str) -> str:
        """The function at the text of an operand."""
        if entry.sympy is not None:
            return entry.sympy.format(operand)
        meaning = parse_expression(entry.meaning)
        if any(isinstance(node, Call) and node.function == entry.name for node in postorder(meaning)):
            return f'sympy.Function("{entry.name}")({operand})'
        return Terms(self.scope, self._typing, entrywise=True, parameters={"t": f"({operand})"}).term(meaning).text

    def _user_function(self, node: Call, shape: Shape | None) -> Term:
        (operand,) = self._operands(node)
        function = self.scope.python_name(node.function)
        if node.primes:
            return self._derived(f"{function}({self.scope.parameter()})", node.primes, operand)
        if shape is None:
            return Term(f"{function}({operand.text})", POSTFIX, None)
        return Term(f"{operand.at(POSTFIX)}.applyfunc({function})", POSTFIX, shape)

    def _derived(self, formula: str, order: int, operand: Term) -> Term:
        """The derivative of a formula in the scope's parameter, at the operand."""
        parameter = self.scope.parameter()
        derivative = f"sympy.diff({formula}, {parameter}, {order})"
        if operand.shape is None:
            return Term(f"{derivative}.subs({parameter}, {operand.text})", POSTFIX, None)
        text = f"{operand.at(POSTFIX)}.applyfunc(sympy.Lambda({parameter}, {derivative}))"
        return Term(text, POSTFIX, operand.shape)

    def _unknown(self, node: Expr) -> Term:
        """A kind of node that is not known here: a function of that name, at its operands."""
        return opaque(self.scope, type(node).__name__, self._operands(node), self._shape(node))


def _places(template: str) -> int:
    """How many operands a template has."""
    return len(set(re.findall(r"\{(\d+)\}", template)))


def _indicator(operator: str) -> Callable[[list[str]], str]:
    """1 where two numbers compare so, else 0; an operator that is not known is a function of that name."""
    relation = _COMPARISONS.get(operator)
    if relation is None:
        return lambda texts: f'sympy.Function("{operator}")({", ".join(texts)})'
    return lambda texts: f"sympy.Piecewise((1, {relation}({', '.join(texts)})), (0, True))"


_WRITERS: Mapping[type[Expr], Callable[[Terms, Expr], Term]] = {
    Number: Terms._number,
    Name: Terms._name,
    Negative: Terms._negative,
    Transpose: Terms._transpose,
    Binary: Terms._binary,
    Index: Terms._index,
    Block: Terms._block,
    IndexedSum: Terms._indexed_sum,
    Call: Terms._call,
}
