"""The syntax tree: what was typed, and what answers are written in.

Trees are immutable and compare by structure, not by place: `span` says where a node was typed and takes no part
in equality. Nothing here recurses over the depth of a tree, so a tree may be as deep as its text is long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from gradcalc.errors import GradcalcError, Span

Label = tuple[object, ...]


class Expr:
    """A node: a label (everything but the operands) and its operands, in the order they are written."""

    __slots__ = ("_hash", "children", "label", "span")

    label: Label
    children: tuple[Expr, ...]
    span: Span | None
    _hash: int

    def __init__(self, label: Label, children: tuple[Expr, ...], span: Span | None = None) -> None:
        self.label = label
        self.children = children
        self.span = span
        self._hash = hash((label, tuple([child._hash for child in children])))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Expr):
            return NotImplemented
        pending: list[tuple[Expr, Expr]] = [(self, other)]
        met: set[tuple[int, int]] = set()
        while pending:
            left, right = pending.pop()
            if left is right:
                continue
            if left._hash != right._hash or left.label != right.label or len(left.children) != len(right.children):
                return False
            pair = (id(left), id(right))
            if left.children and pair not in met:
                met.add(pair)
                pending.extend(zip(left.children, right.children))
        return True

    def __repr__(self) -> str:
        from gradcalc.language.printer import to_text

        return f"<{type(self).__name__} {to_text(self)}>"


_MOST_BITS = 13_288
"""Of 4,000 digits. Python writes no longer numbers, and floating point ends at 309 digits."""


class Number(Expr):
    """An exact non-negative rational number; `0.5` is one half."""

    __slots__ = ("value",)

    def __init__(self, value: Fraction | int, span: Span | None = None) -> None:
        self.value = Fraction(value)
        if max(self.value.numerator.bit_length(), self.value.denominator.bit_length()) > _MOST_BITS:
            raise GradcalcError(
                "limit",
                "a number has more than 4,000 digits",
                span=span,
                hint="Numbers end at 1e308 when they are evaluated.",
            )
        super().__init__(("number", self.value), (), span)


class Name(Expr):
    """A variable, a definition, the constant `pi`, or a bound index used as a number."""

    __slots__ = ("name",)

    def __init__(self, name: str, span: Span | None = None) -> None:
        self.name = name
        super().__init__(("name", name), (), span)


class Negative(Expr):
    """Unary minus. (Unary plus leaves no trace in the tree.)"""

    __slots__ = ()

    def __init__(self, operand: Expr, span: Span | None = None) -> None:
        super().__init__(("negative",), (operand,), span)

    @property
    def operand(self) -> Expr:
        return self.children[0]


class Transpose(Expr):
    __slots__ = ()

    def __init__(self, operand: Expr, span: Span | None = None) -> None:
        super().__init__(("transpose",), (operand,), span)

    @property
    def operand(self) -> Expr:
        return self.children[0]


COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

OPERATORS = ("+", "-", "*", "/", "\\", ".*", "./", "^", ".^", *COMPARISONS)


class Binary(Expr):
    """`left operator right`; `operator` is one of `OPERATORS`."""

    __slots__ = ("operator",)

    def __init__(self, operator: str, left: Expr, right: Expr, span: Span | None = None) -> None:
        self.operator = operator
        super().__init__(("binary", operator), (left, right), span)

    @property
    def left(self) -> Expr:
        return self.children[0]

    @property
    def right(self) -> Expr:
        return self.children[1]


class Call(Expr):
    """`function(arguments)`; `primes` counts the derivative marks of `phi''(x)`.

    `function` is the name as the catalogue spells it (aliases are resolved by the parser), or a user's function.
    """

    __slots__ = ("function", "primes")

    def __init__(self, function: str, arguments: tuple[Expr, ...], primes: int = 0, span: Span | None = None) -> None:
        self.function = function
        self.primes = primes
        super().__init__(("call", function, primes), arguments, span)


Slice = tuple[int | str, int | str]
"""The first and the last position of a part of an axis: numbers, lengths as `n - 1`, with `end` for the last of all."""

Position = int | str | Slice | None
"""Where an axis is indexed: a 1-based number, the name of an index or a sum with one (`i + 1`), a slice, or None for
`:` (the whole axis)."""


class Index(Expr):
    """`operand[positions]`."""

    __slots__ = ("positions",)

    def __init__(self, operand: Expr, positions: tuple[Position, ...], span: Span | None = None) -> None:
        self.positions = positions
        super().__init__(("index", positions), (operand,), span)

    @property
    def operand(self) -> Expr:
        return self.children[0]


class Block(Expr):
    """`[A, B; C, D]`: operands beside each other, rows of them below each other. widths: how many stand in each row."""

    __slots__ = ("widths",)

    def __init__(self, widths: tuple[int, ...], parts: tuple[Expr, ...], span: Span | None = None) -> None:
        self.widths = widths
        super().__init__(("block", widths), parts, span)

    @property
    def rows(self) -> list[tuple[Expr, ...]]:
        """The operands row by row."""
        answer: list[tuple[Expr, ...]] = []
        start = 0
        for width in self.widths:
            answer.append(self.children[start : start + width])
            start += width
        return answer


IndexRange = tuple[str, "int | str | None", "int | str | None"]
"""A bound index: its name, and first and last value when a range was written (`i=1..n - 1`), else None twice.

The values are numbers or lengths.
"""


class IndexedSum(Expr):
    """`sum[i,j=1..3](body)`. places: where each range was typed, as far as that is known."""

    __slots__ = ("places", "ranges")

    def __init__(
        self,
        ranges: tuple[IndexRange, ...],
        body: Expr,
        span: Span | None = None,
        places: tuple[Span, ...] = (),
    ) -> None:
        self.ranges = ranges
        self.places = places
        super().__init__(("indexed sum", ranges), (body,), span)

    @property
    def body(self) -> Expr:
        return self.children[0]


class Declaration:
    """`names: kind[dims]`, e.g. `W: matrix[m, n]`; `dims` is None where only the kind was declared."""

    __slots__ = ("dims", "kind", "names", "span")

    def __init__(
        self, names: tuple[str, ...], kind: str, dims: tuple[int | str, ...] | None, span: Span | None = None
    ) -> None:
        self.names = names
        self.kind = kind
        self.dims = dims
        self.span = span

    def _key(self) -> tuple[object, ...]:
        return (self.names, self.kind, self.dims)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Declaration) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class Definition:
    """`name = expression`."""

    __slots__ = ("expression", "name", "span")

    def __init__(self, name: str, expression: Expr, span: Span | None = None) -> None:
        self.name = name
        self.expression = expression
        self.span = span

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and (self.name, self.expression) == (other.name, other.expression)

    def __hash__(self) -> int:
        return hash((self.name, self.expression))


class FunctionDefinition:
    """`name(parameter) = body`, elementwise; `body` is None for the unspecified `name(.)`."""

    __slots__ = ("body", "name", "parameter", "span")

    def __init__(self, name: str, parameter: str, body: Expr | None, span: Span | None = None) -> None:
        self.name = name
        self.parameter = parameter
        self.body = body
        self.span = span

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionDefinition) and (self.name, self.parameter, self.body) == (
            other.name,
            other.parameter,
            other.body,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.parameter, self.body))


class Program:
    """Statements in the order they were written, and the objective, which is the last of them.

    `source` is the text as typed; spans point into it. It takes no part in equality.
    """

    __slots__ = ("declarations", "definitions", "functions", "objective", "source")

    def __init__(
        self,
        objective: Expr,
        definitions: tuple[Definition, ...] = (),
        functions: tuple[FunctionDefinition, ...] = (),
        declarations: tuple[Declaration, ...] = (),
        source: str = "",
    ) -> None:
        self.objective = objective
        self.definitions = definitions
        self.functions = functions
        self.declarations = declarations
        self.source = source

    def _key(self) -> tuple[object, ...]:
        return (self.objective, self.definitions, self.functions, self.declarations)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


def postorder(root: Expr, done: set[int] | None = None) -> Iterator[Expr]:
    """Every node of the tree, each object once, operands before the node that uses them.

    done: the `id`s of nodes to leave out with all below them; those that are given out are added to it.
    """
    if done is None:
        done = set()
    elif id(root) in done:
        return
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            yield node
            continue
        if id(node) in done:
            continue
        done.add(id(node))
        pending.append((node, True))
        for child in reversed(node.children):
            if id(child) not in done:
                pending.append((child, False))


def with_children(node: Expr, children: tuple[Expr, ...]) -> Expr:
    """`node` with other operands (the node itself when they are the same objects)."""
    if all(new is old for new, old in zip(children, node.children)):
        return node
    if isinstance(node, Binary):
        return Binary(node.operator, children[0], children[1], node.span)
    if isinstance(node, Negative):
        return Negative(children[0], node.span)
    if isinstance(node, Transpose):
        return Transpose(children[0], node.span)
    if isinstance(node, Call):
        return Call(node.function, children, node.primes, node.span)
    if isinstance(node, Index):
        return Index(children[0], node.positions, node.span)
    if isinstance(node, IndexedSum):
        return IndexedSum(node.ranges, children[0], node.span, node.places)
    if isinstance(node, Block):
        return Block(node.widths, children, node.span)
    return node


def transformed(root: Expr, replace: Callable[[Expr], Expr | None]) -> Expr:
    """The tree with every node for which `replace` gives another tree replaced by it, operands first.

    `replace` sees each node with its operands already replaced, and returns None to keep it.
    """
    done: dict[int, Expr] = {}
    for node in postorder(root):
        rebuilt = with_children(node, tuple([done[id(child)] for child in node.children]))
        replacement = replace(rebuilt)
        done[id(node)] = rebuilt if replacement is None else replacement
    return done[id(root)]


def operations(root: Expr) -> int:
    """How many distinct operations the tree applies: operators, transposes and functions.

    Leaves, negation and indexing are free; equal subexpressions count once.
    """
    numbers: dict[tuple[object, ...], int] = {}
    number_of: dict[int, int] = {}
    count = 0
    for node in postorder(root):
        key = (node.label, *[number_of[id(child)] for child in node.children])
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(numbers)
            if not isinstance(node, (Number, Name, Negative, Index)):
                count += 1
        number_of[id(node)] = number
    return count
