"""Products in matrix notation, before they are written out: chains of matrices and vectors, Hadamard products, powers.

An item is a syntax tree with its kind: "c" a column, "r" a row, "m" a matrix, "S" a symmetric matrix. A chain is a
tuple of items whose product is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative, Number, Transpose, postorder, with_children
from gradcalc.tensor.nodes import ONE, Coefficient, Rational, times

Item = tuple[Expr, str]
Chain = tuple[Item, ...]

_LARGEST_DECIMAL_DENOMINATOR = 10_000


def transposed(chain: Chain) -> Chain:
    """The transpose of a product: its factors transposed, in the opposite order."""
    return tuple([_transposed_item(item) for item in reversed(chain)])


def _transposed_item(item: Item) -> Item:
    expr, kind = item
    if kind == "S":
        return item
    turned = {"c": "r", "r": "c", "m": "m"}[kind]
    return (expr.operand if isinstance(expr, Transpose) else Transpose(expr)), turned


def transposes(chain: Chain) -> int:
    return sum(isinstance(expr, Transpose) for expr, _ in chain)


def written(chain: Chain, scalars: Sequence[Expr] = ()) -> Expr:
    """The product written out, scalars first; matrices before a column are applied to it one by one."""
    items: list[Item] = [(scalar, "s") for scalar in scalars]
    waiting: list[Item] = []
    for item in chain:
        if item[1] == "c" and waiting:
            expr = item[0]
            while len(waiting) > 1:
                expr = Binary("*", waiting.pop()[0], expr)
            items.append(waiting.pop())
            items.append((expr, "c"))
        elif item[1] in "mS" and (not items or items[-1][1] == "s" or waiting):
            waiting.append(item)
        else:
            items.extend(waiting)
            waiting = []
            items.append(item)
    items.extend(waiting)
    answer: Expr | None = None
    for expr, _ in items:
        answer = expr if answer is None else Binary("*", answer, expr)
    return Number(1) if answer is None else answer


def power(base: Expr, exponent: Rational, entrywise: bool) -> Expr:
    """base^exponent for a positive exponent."""
    if exponent == 1:
        return base
    if exponent == Fraction(1, 2):
        return Call("sqrt", (base,))
    return Binary(".^" if entrywise else "^", base, number(exponent))


def number(value: Rational) -> Expr:
    """A rational number as a tree: a decimal where it is a short one, else a quotient."""
    value = Fraction(value)
    if value < 0:
        return Negative(number(-value))
    if value.denominator == 1 or _is_decimal(value.denominator):
        return Number(value)
    return Binary("/", Number(value.numerator), Number(value.denominator))


def _is_decimal(denominator: int) -> bool:
    if denominator > _LARGEST_DECIMAL_DENOMINATOR:
        return False
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def scalar_power(base: Expr, exponent: Rational) -> tuple[Expr, Rational]:
    """The base and exponent to write for a power of a number: the square of a norm gives its own exponent."""
    if (
        isinstance(base, Binary)
        and base.operator == "^"
        and isinstance(base.left, Call)
        and base.left.function == "norm2"
        and isinstance(base.right, Number)
    ):
        combined = base.right.value * exponent
        return base.left, combined.numerator if combined.denominator == 1 else combined
    return base, exponent


def hadamard(parts: Iterable[tuple[Expr, Rational]]) -> Expr:
    """The entrywise product of powers, equal bases merged; what has a negative exponent is divided by."""
    merged: dict[Expr, Rational] = {}
    for base, exponent in parts:
        merged[base] = merged.get(base, 0) + exponent
    above = [power(base, exponent, True) for base, exponent in merged.items() if exponent > 0]
    below = [power(base, -exponent, True) for base, exponent in merged.items() if exponent < 0]
    answer: Expr | None = None
    for factor in above:
        answer = factor if answer is None else Binary(".*", answer, factor)
    if answer is None:
        answer = Number(1)
    for factor in below:
        answer = Binary("./", answer, factor)
    return answer


class Product:
    """coefficient * powers of numbers * a chain; `chain` is empty for a number."""

    __slots__ = ("chain", "coefficient", "scalars")

    def __init__(
        self, coefficient: Coefficient, scalars: tuple[tuple[Expr, Rational], ...] = (), chain: Chain = ()
    ) -> None:
        self.coefficient = coefficient
        self.scalars = scalars
        self.chain = chain

    def scaled(self, coefficient: Coefficient) -> Product:
        return self if coefficient == ONE else Product(times(coefficient, self.coefficient), self.scalars, self.chain)

    def transposed(self) -> Product:
        return Product(self.coefficient, self.scalars, transposed(self.chain))

    def written(self) -> tuple[bool, Expr]:
        """Whether the product is negative, and its absolute value written out."""
        value, dims = self.coefficient
        value = Fraction(value)
        negative = value < 0
        value = abs(value)
        above: list[Expr] = []
        below: list[Expr] = []
        if value.denominator == 1 or _is_decimal(value.denominator):
            if value != 1:
                above.append(Number(value))
        else:
            if value.numerator != 1:
                above.append(Number(value.numerator))
            below.append(Number(value.denominator))
        for dim, exponent in dims:
            (above if exponent > 0 else below).append(power(Name(dim), abs(exponent), False))
        for written_base, written_exponent in self.scalars:
            root, taken = scalar_power(written_base, written_exponent)
            (above if taken > 0 else below).append(power(root, taken if taken > 0 else -taken, False))
        quotient = _over_one(self.chain, above)
        answer = written(self.chain, above) if quotient is None else quotient
        if below:
            divisor = below[0]
            for factor in below[1:]:
                divisor = Binary("*", divisor, factor)
            answer = Binary("/", answer, divisor)
        return negative, answer


def _over_one(chain: Chain, scalars: Sequence[Expr]) -> Expr | None:
    """0.5 ./ x for 0.5*(1 ./ x): numbers take the place of the 1 that is divided."""
    if len(chain) != 1 or not scalars:
        return None
    path: list[Expr] = []
    expr = chain[0][0]
    while isinstance(expr, Binary) and expr.operator == "./":
        path.append(expr.right)
        expr = expr.left
    if not path or expr != Number(1):
        return None
    answer = written((), scalars)
    for divisor in reversed(path):
        answer = Binary("./", answer, divisor)
    return answer


def negated(expr: Expr) -> Expr:
    """-expr, with the sign at the leftmost factor of a product."""
    path: list[Binary] = []
    while isinstance(expr, Binary) and expr.operator in ("*", "/", ".*", "./", "\\"):
        path.append(expr)
        expr = expr.left
    answer: Expr
    if isinstance(expr, Negative):
        answer = expr.operand
    elif isinstance(expr, Binary) and expr.operator == "-" and path == []:
        answer = Binary("-", expr.right, expr.left)
    else:
        answer = Negative(expr)
    for node in reversed(path):
        answer = Binary(node.operator, answer, node.right)
    return answer


class Flattening:
    """Writes products of numbers without inner parentheses: y*w'*s for y*(w'*s), where w'*s is not shared.

    numbers: the trees that are known to be numbers. Trees that share subtrees share them afterwards.
    """

    def __init__(self, roots: Sequence[Expr], numbers: set[Expr]) -> None:
        self._numbers = numbers
        self._uses: dict[Expr, int] = {}
        self._done: dict[int, Expr] = {}
        self._kept = list(roots)
        met: set[int] = set()
        for root in roots:
            for node in postorder(root, met):
                for child in node.children:
                    if child in numbers:
                        self._uses[child] = self._uses.get(child, 0) + 1

    def flattened(self, root: Expr) -> Expr:
        for node in postorder(root, set(self._done)) if id(root) not in self._done else ():
            rebuilt = with_children(node, tuple([self._done[id(child)] for child in node.children]))
            self._done[id(node)] = self._opened(node, rebuilt)
        return self._done[id(root)]

    def _opened(self, typed: Expr, node: Expr) -> Expr:
        if not isinstance(node, Binary) or node.operator != "*":
            return node
        product = typed.children[1]
        if product not in self._numbers or self._uses[product] > 1:
            return node
        parts: list[Expr] = []
        right = node.right
        while isinstance(right, Binary) and right.operator == "*":
            parts.append(right.right)
            right = right.left
        answer: Expr = Binary("*", node.left, right)
        for part in reversed(parts):
            answer = Binary("*", answer, part)
        return answer
