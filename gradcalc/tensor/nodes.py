"""The nodes of the tensor graph: small frozen values, made only by `gradcalc.tensor.graph.Graph`.

A node is a tensor with ordered axes and no free indices; the indices of a contraction are local to it, so equal
tensors are the same node. Within a graph, nodes are compared by identity. `id` counts nodes in the order in which they
were first met, which for what the user typed is the user's order.
"""

from __future__ import annotations

from collections.abc import Container
from fractions import Fraction

from gradcalc.language.polynomial import Dim, polynomial

Rational = int | Fraction

Coefficient = tuple[Rational, tuple[tuple[str, int], ...]]
"""A rational number, and powers of named dimensions in order of their names."""

ONE: Coefficient = (1, ())

FunctionName = tuple[str, int]
"""A scalar function and how many times it is differentiated."""


class Node:
    """dims: the lengths of the axes. symmetric: two axes that may be swapped."""

    __slots__ = ("dims", "id", "symmetric")

    def __init__(self, number: int, dims: tuple[Dim, ...], symmetric: bool = False) -> None:
        self.id = number
        self.dims = dims
        self.symmetric = symmetric

    @property
    def operands(self) -> tuple[Node, ...]:
        return ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {list(self.dims)}>"


Factor = tuple[Node, Rational, tuple[int, ...]]
"""A factor of a contraction: a tensor, the power to which each of its entries is taken, an index for each axis."""

Term = tuple[Coefficient, Node]


class Symbol(Node):
    """A variable, or the constant `pi`. structure: of the variable, as it was declared."""

    __slots__ = ("name", "structure")

    def __init__(
        self, number: int, name: str, dims: tuple[Dim, ...], symmetric: bool, structure: str | None = None
    ) -> None:
        super().__init__(number, dims, symmetric)
        self.name = name
        self.structure = structure


class Basis(Node):
    """The basis vector that is 1 at `position` (1-based, or the name of an index) and 0 elsewhere."""

    __slots__ = ("position",)

    def __init__(self, number: int, dim: Dim, position: int | str) -> None:
        super().__init__(number, (dim,))
        self.position = position


class Contraction(Node):
    """coefficient * the sum over all indices not in `output` of the product of `factors`: an einsum.

    `index_dims[i]` is the range of index i. An index may stand in any number of factors. One that is repeated in
    `output` puts the entries on a diagonal; one that stands in `output` alone repeats them.
    """

    __slots__ = ("coefficient", "factors", "index_dims", "output")

    def __init__(
        self,
        number: int,
        coefficient: Coefficient,
        factors: tuple[Factor, ...],
        output: tuple[int, ...],
        index_dims: tuple[Dim, ...],
    ) -> None:
        super().__init__(number, tuple([index_dims[i] for i in output]))
        self.coefficient = coefficient
        self.factors = factors
        self.output = output
        self.index_dims = index_dims

    @property
    def operands(self) -> tuple[Node, ...]:
        return tuple([factor[0] for factor in self.factors])

    @property
    def is_closed(self) -> bool:
        """Whether this is a scalar that sums over indices: one number, never taken apart again."""
        return not self.output and bool(self.index_dims)

    @property
    def sums(self) -> bool:
        """Whether an index is summed over: it does not stand in the output."""
        return len(set(self.output)) < len(self.index_dims)

    @property
    def has_diagonal(self) -> bool:
        """Whether an index is repeated in the output: entries off that diagonal are 0, whatever the factors are."""
        return len(set(self.output)) < len(self.output)

    @property
    def is_entrywise(self) -> bool:
        """Whether each entry is the coefficient times one entry of every factor."""
        return not self.sums and not self.has_diagonal


class Sum(Node):
    """The sum of coefficient * node over the terms, which all have the dims of the sum."""

    __slots__ = ("terms",)

    def __init__(self, number: int, terms: tuple[Term, ...], dims: tuple[Dim, ...], symmetric: bool) -> None:
        super().__init__(number, dims, symmetric)
        self.terms = terms

    @property
    def operands(self) -> tuple[Node, ...]:
        return tuple([node for _, node in self.terms])


class Pattern(Node):
    """A constant tensor of zeros and ones (and minus ones): `gradcalc.functions.entry.PATTERNS` says which.

    offset: of a shift, how many columns come before its first one.
    """

    __slots__ = ("name", "offset")

    def __init__(self, number: int, name: str, dims: tuple[Dim, ...], offset: Dim, symmetric: bool) -> None:
        super().__init__(number, dims, symmetric)
        self.name = name
        self.offset = offset


class Elementwise(Node):
    """A scalar function of every entry of the operands, which all have the dims of the node."""

    __slots__ = ("function", "operands_")

    def __init__(self, number: int, function: FunctionName, operands: tuple[Node, ...]) -> None:
        symmetric = all(operand.symmetric for operand in operands)
        super().__init__(number, operands[0].dims, symmetric)
        self.function = function
        self.operands_ = operands

    @property
    def operand(self) -> Node:
        """The first operand, of most functions the only one."""
        return self.operands_[0]

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.operands_


class Atom(Node):
    """A function of a tensor that is neither linear nor elementwise; `name` is its entry in the catalogue.

    batch: how many leading axes of the first operand the function is applied along: the rows of logsumexp(X, 2). They
    are the leading axes of the node as well. Further operands are numbers, the same for all.
    """

    __slots__ = ("batch", "name", "operands_")

    def __init__(
        self, number: int, name: str, operands: tuple[Node, ...], batch: int, dims: tuple[Dim, ...], symmetric: bool
    ) -> None:
        super().__init__(number, dims, symmetric)
        self.name = name
        self.operands_ = operands
        self.batch = batch

    @property
    def operand(self) -> Node:
        return self.operands_[0]

    @property
    def operands(self) -> tuple[Node, ...]:
        return self.operands_


def times(left: Coefficient, right: Coefficient) -> Coefficient:
    number = left[0] * right[0]
    if not left[1]:
        return number, right[1]
    if not right[1]:
        return number, left[1]
    powers = dict(left[1])
    for dim, power in right[1]:
        powers[dim] = powers.get(dim, 0) + power
    return number, tuple(sorted((dim, power) for dim, power in powers.items() if power))


def times_dim(coefficient: Coefficient, dim: Dim) -> Coefficient:
    return times(coefficient, length_coefficient(dim))


def length_coefficient(dim: Dim, exponent: int = 1) -> Coefficient:
    """A length to the power 1 or -1 as a coefficient; a product of names as the product of their powers."""
    if isinstance(dim, int):
        return (dim if exponent == 1 else Fraction(1, dim) if dim else 0), ()
    terms = polynomial(dim)
    if len(terms) > 1:
        return 1, ((dim, exponent),)
    ((names, number),) = terms.items()
    answer: Coefficient = (number if exponent == 1 else Fraction(1, number), ())
    for name in names:
        answer = times(answer, (1, ((name, exponent),)))
    return answer


def exact_power(coefficient: Coefficient, exponent: Rational) -> Coefficient | None:
    """coefficient^exponent where that is a coefficient again, else None."""
    number, powers = coefficient
    if number == 1 and not powers:
        return ONE
    numerator, denominator = Fraction(exponent).numerator, Fraction(exponent).denominator
    if denominator == 1:
        if number == 0 and numerator < 0:
            return None
        if numerator > 1000 or numerator < -1000:
            return None
        return Fraction(number) ** numerator, tuple([(dim, power * numerator) for dim, power in powers])
    if number < 0 or powers:
        return None
    value = Fraction(number)
    roots = [_exact_root(part, denominator) for part in (value.numerator, value.denominator)]
    if roots[0] is None or roots[1] is None or abs(numerator) > 1000:
        return None
    if roots[0] == 0 and numerator < 0:
        return None
    return Fraction(roots[0], roots[1]) ** numerator, ()


def _exact_root(value: int, degree: int) -> int | None:
    """The integer whose `degree`-th power is `value`, or None."""
    if value.bit_length() > 4096:
        return None
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**degree < value:
            low = middle + 1
        else:
            high = middle
    return low if low**degree == value else None


def postorder(roots: tuple[Node, ...], known: Container[Node] = ()) -> list[Node]:
    """Every node under the roots once, operands before the node that uses them; not what is below `known` nodes."""
    order: list[Node] = []
    met: set[Node] = set()
    pending: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots) if root not in known]
    while pending:
        node, ready = pending.pop()
        if ready:
            order.append(node)
            continue
        if node in met:
            continue
        met.add(node)
        pending.append((node, True))
        pending.extend([(operand, False) for operand in node.operands if operand not in met and operand not in known])
    return order
