"""Products in matrix notation, before they are written out: chains of matrices and vectors, Hadamard products, powers.

An item is a syntax tree with its kind: "c" a column, "r" a row, "m" a matrix, "S" a symmetric matrix. A chain is a
tuple of items whose product is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import Dim
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
    with_children,
)
from gradcalc.tensor.nodes import ONE, Coefficient, Rational, times

Item = tuple[Expr, str]
Chain = tuple[Item, ...]


def dimension(dim: Dim) -> Expr:
    """A length as an expression."""
    if isinstance(dim, int):
        return Number(dim)
    return Name(dim) if dim.isidentifier() else parse_expression(dim)


_LARGEST_DECIMAL_DENOMINATOR = 10**17


def transposed(chain: Chain) -> Chain:
    """The transpose of a product: its factors transposed, in the opposite order."""
    return tuple([_transposed_item(item) for item in reversed(chain)])


def _transposed_item(item: Item) -> Item:
    expr, kind = item
    if kind == "S":
        return item
    turned_pattern = _transposed_pattern(expr)
    if turned_pattern is not None:
        return turned_pattern, kind
    turned = {"c": "r", "r": "c", "m": "m"}[kind]
    return (expr.operand if isinstance(expr, Transpose) else Transpose(expr)), turned


def _transposed_pattern(expr: Expr) -> Expr | None:
    """The transpose of a selection of columns or rows, or of a triangle of ones."""
    if isinstance(expr, Index) and _is_call(expr.operand, "eye") and len(expr.positions) == 2:
        return Index(expr.operand, (expr.positions[1], expr.positions[0]))
    triangle = _triangle_of_ones(expr)
    if triangle is not None:
        rows, columns = expr.children[0].children
        return Call("triu" if triangle == "tril" else "tril", (Call("ones", (columns, rows)),))
    return None


def _is_call(expr: Expr, name: str) -> bool:
    return isinstance(expr, Call) and expr.function == name


def applied(chain: Chain) -> Chain:
    """The product with its constant factors applied: x[2:3] for eye(n)[2:3,:]*x, cumsum(x), diff(x), flip(x)."""
    # An identity stands alone only.
    items = [item for item in chain if not is_unit((item,))] or list(chain[:1])
    place = len(items) - 2
    while place >= 0:
        (left, left_kind), (right, right_kind) = items[place], items[place + 1]
        made = _pseudoinverse(items[place], items[place + 1]) or _taken_rows(left, right, right_kind)
        if made is None and left_kind in "mSr":
            turned = _taken_rows(_transposed_item((right, right_kind))[0], *_transposed_item(items[place]))
            made = None if turned is None or right_kind == "c" else _transposed_item(turned)
        if made is not None:
            items[place : place + 2] = [made]
        place = min(place, len(items) - 1) - 1
    return tuple(items)


def is_unit(chain: Chain) -> bool:
    """Whether the product is an identity matrix."""
    return len(chain) == 1 and _is_call(chain[0][0], "eye") and len(chain[0][0].children) == 1


def _pseudoinverse(left: Item, right: Item) -> Item | None:
    """inv(X'*X)*X' and X'*inv(X*X') as pinv(X) for a matrix X; their transposes as its transpose.

    Where the inverse exists X has full rank, and they are the same (Petersen and Pedersen, The Matrix Cookbook, 3.6.2).
    """
    for (inverse, _), (other, kind), before in ((left, right, False), (right, left, True)):
        if kind in "cr":
            continue
        gram = inverse.children[0] if _is_call(inverse, "inv") else None
        if not isinstance(gram, Binary) or gram.operator != "*" or not _are_transposes(gram.left, gram.right):
            continue
        if other != (gram.right if before else gram.left):
            continue
        base = gram.right.operand if isinstance(gram.right, Transpose) else gram.right
        pseudoinverse = Call("pinv", (base,))
        plain = isinstance(gram.right, Transpose) == before
        return (pseudoinverse if plain else Transpose(pseudoinverse)), "m"
    return None


def _are_transposes(one: Expr, other: Expr) -> bool:
    """Whether one matrix is the transpose of the other; a product of symmetric ones does not count."""
    return one == Transpose(other) or other == Transpose(one)


def _taken_rows(operator: Expr, operand: Expr, kind: str) -> Item | None:
    """A constant matrix times a column or a matrix as what it does to it."""
    if kind == "r":
        return None
    result = "c" if kind == "c" else "m"
    if isinstance(operator, Index) and _is_call(operator.operand, "eye") and operator.positions[1:] == (None,):
        rows = operator.positions[0]
        line = operand.operand if isinstance(operand, Transpose) else None
        if kind == "c" and isinstance(line, Index) and len(line.positions) == 2 and line.positions[1] is None:
            return Transpose(Index(line.operand, (line.positions[0], rows))), result
        if kind == "c":
            return Index(operand, (rows,)), "c" if isinstance(rows, tuple) else "s"
        if isinstance(operand, Index) and len(operand.positions) == 2 and operand.positions[0] is None:
            return Index(operand.operand, (rows, operand.positions[1])), result
        if isinstance(operand, Transpose):
            inner = operand.operand
            if isinstance(inner, Index) and isinstance(rows, tuple) and inner.positions[1:] == (None,):
                return Transpose(Index(inner.operand, (inner.positions[0], rows))), result
            return Transpose(Index(operand.operand, (None, rows))), result
        return Index(operand, (rows, None)), result
    if _is_call(operator, "diff") and _is_call(operator.children[0], "eye"):
        return Call("diff", (operand,)), result
    if _is_call(operator, "flip") and _is_call(operator.children[0], "eye"):
        return Call("flip", (operand,)), result
    if _triangle_of_ones(operator) == "tril" and len(set(operator.children[0].children)) == 1:
        return Call("cumsum", (operand,)), result
    return None


def summed_rows(chain: Chain) -> Chain:
    """The sums along the rows of a product: its last matrix is summed."""
    *front, (last, _) = chain
    if _is_call(last, "diag"):
        return (*front, (last.children[0], "c"))
    if isinstance(last, Transpose):
        return (*front, (Transpose(_summed_along(last.operand, 1)), "c"))
    return (*front, (_summed_along(last, 2), "c"))


def _summed_along(matrix: Expr, axis: int) -> Expr:
    """The sums of the columns (axis 1) or the rows (axis 2); of absolute values as norms."""
    if isinstance(matrix, Index) and len(matrix.positions) == 2:
        taken = matrix.positions[axis - 1]
        if isinstance(taken, tuple) and taken[0] == taken[1]:
            # One column, or one row, is its own sum.
            positions = (taken[0], matrix.positions[1]) if axis == 1 else (matrix.positions[0], taken[0])
            return Index(matrix.operand, positions)
    if _is_call(matrix, "abs"):
        return Call("norm1", (*matrix.children, Number(axis)))
    if _triangle_of_ones(matrix) == "tril" and axis == 2 and len(set(matrix.children[0].children)) == 1:
        return Call("cumsum", (Call("ones", matrix.children[0].children[:1]),))
    return Call("sum", (matrix, Number(axis)))


def _root_of_squares(base: Expr, exponent: Rational) -> tuple[Expr, Rational]:
    """sqrt(sum(X.^2, 2)) as norm2(X, 2), sqrt(var(x)) as std(x), and other roots of them as powers of those."""
    if isinstance(base, Transpose):
        inner, power_of_inner = _root_of_squares(base.operand, exponent)
        return (base if inner is base.operand else Transpose(inner)), power_of_inner
    if Fraction(exponent).denominator != 2:
        return base, exponent
    if _is_call(base, "var"):
        return Call("std", base.children), int(2 * exponent)
    if not _is_call(base, "sum") or len(base.children) < 2:
        return base, exponent
    squares, axis = base.children
    if not isinstance(squares, Binary) or squares.operator != ".^" or squares.right != Number(2):
        return base, exponent
    return Call("norm2", (squares.left, axis)), int(2 * exponent)


def transposes(chain: Chain) -> int:
    return sum(isinstance(expr, Transpose) for expr, _ in chain)


def written(chain: Chain, scalars: Sequence[Expr] = ()) -> Expr:
    """The product written out, scalars first; matrices before a column are applied to it one by one.

    Where every matrix is transposed, their product in the opposite order is.
    """
    chain = applied(chain)
    if len(chain) > 1 and all(kind == "m" and isinstance(expr, Transpose) for expr, kind in chain):
        chain = ((Transpose(written(transposed(chain))), "m"),)
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
    repeated = _repetition([item for item in items if item[1] != "s"])
    if repeated is not None:
        part, count = repeated
        items = [item for item in items if item[1] == "s"] + [(power(written(part), count, False), "m")]
    answer: Expr | None = None
    for expr in _with_powers(items):
        answer = expr if answer is None else Binary("*", answer, expr)
    return Number(1) if answer is None else answer


def _repetition(items: list[Item]) -> tuple[Chain, int] | None:
    """(A*B, 2) for A*B*A*B: the factors that a product of matrices repeats, and how often."""
    if len(items) < 4 or items == items[:1] * len(items) or any(kind not in "mS" for _, kind in items):
        return None
    for length in range(2, len(items) // 2 + 1):
        count, rest = divmod(len(items), length)
        if not rest and items == items[:length] * count:
            return tuple(items[:length]), count
    return None


def _with_powers(items: list[Item]) -> Iterator[Expr]:
    """The factors of a product, X^3 for X*X*X unless a vector stands before it, to which X is applied three times."""
    place = 0
    only_matrices = True
    while place < len(items):
        expr, kind = items[place]
        only_matrices = only_matrices and kind in "smS"
        count = 1
        while only_matrices and kind in "mS" and items[place : place + count + 1] == [items[place]] * (count + 1):
            count += 1
        yield power(expr, count, False)
        place += count


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
    return _root_of_squares(base, exponent)


def hadamard(parts: Iterable[tuple[Expr, Rational]]) -> Expr:
    """The entrywise product of powers, equal bases merged; what has a negative exponent is divided by.

    A choice between 0 and 1 takes the other factors into its branches, the ones of a triangle become the triangle.
    """
    merged: dict[Expr, Rational] = {}
    for part, part_exponent in parts:
        base, exponent = _root_of_squares(part, part_exponent)
        merged[base] = merged.get(base, 0) + exponent
    for base, exponent in merged.items():
        if len(merged) > 1 and exponent == 1 and (_is_choice(base) or _triangle_of_ones(base) is not None):
            rest = hadamard([(other, power) for other, power in merged.items() if other != base])
            triangle = _triangle_of_ones(base)
            return _weighted_choice(base, rest) if triangle is None else Call(triangle, (rest,))
    above = [power(base, exponent, True) for base, exponent in merged.items() if exponent > 0]
    below = [power(base, -exponent, True) for base, exponent in merged.items() if exponent < 0]
    answer: Expr | None = None
    for factor in above:
        answer = factor if answer is None else Binary(".*", answer, factor)
    if answer is None:
        answer = Number(1)
    if below:
        divisor = below[0]
        for factor in below[1:]:
            divisor = Binary(".*", divisor, factor)
        answer = Binary("./", answer, divisor)
    return answer


def _is_choice(expr: Expr) -> bool:
    """Whether the expression is where(c, 1, 0) or the like, with 0 in some branch."""
    return (
        isinstance(expr, Call)
        and expr.function == "where"
        and Number(0) in _branches(expr)
        and all(isinstance(leaf, Number) for leaf in _branches(expr))
    )


def _branches(expr: Expr) -> list[Expr]:
    """What a choice, whose branches may be choices, can come to."""
    leaves: list[Expr] = []
    pending = [expr]
    while pending:
        node = pending.pop()
        if isinstance(node, Call) and node.function == "where":
            pending.extend(node.children[1:])
        else:
            leaves.append(node)
    return leaves


def _weighted_choice(expr: Expr, factor: Expr) -> Expr:
    """A choice between numbers, each times the factor."""
    if isinstance(expr, Call) and expr.function == "where":
        condition, yes, no = expr.children
        return Call("where", (condition, _weighted_choice(yes, factor), _weighted_choice(no, factor)))
    if expr in (Number(0), Number(1)):
        return factor if expr == Number(1) else expr
    return Binary(".*", expr, factor)


def _triangle_of_ones(expr: Expr) -> str | None:
    """`tril` or `triu` where the expression is that triangle of ones."""
    is_triangle = isinstance(expr, Call) and expr.function in ("tril", "triu")
    if is_triangle and isinstance(expr.children[0], Call) and expr.children[0].function == "ones":
        assert isinstance(expr, Call)
        return expr.function
    return None


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
            (above if exponent > 0 else below).append(power(dimension(dim), abs(exponent), False))
        for written_base, written_exponent in self.scalars:
            root, taken = scalar_power(written_base, written_exponent)
            (above if taken > 0 else below).append(power(root, taken if taken > 0 else -taken, False))
        quotient = _over_one(self.chain, above)
        if quotient is None:
            quotient = _inside_choice(self.chain, above)
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


def _inside_choice(chain: Chain, scalars: Sequence[Expr]) -> Expr | None:
    """where(c, 2*x, 0) for 2*where(c, x, 0)."""
    if len(chain) != 1 or not scalars:
        return None
    expr, kind = chain[0]
    if not isinstance(expr, Call) or expr.function != "where" or Number(0) not in expr.children[1:]:
        return None
    branches = []
    for branch in expr.children[1:]:
        one = written((), scalars) if branch == Number(1) else written(((branch, kind),), scalars)
        branches.append(branch if branch == Number(0) else one)
    return Call("where", (expr.children[0], *branches))


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
