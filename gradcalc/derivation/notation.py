"""What derivations write beyond the language: differentials, quotients of them, and `A : B` for the Frobenius product.

All of it is text that the parser reads: `dW` is a name, `A : B` is dot(A, B). A quotient `ds/dz` stands alone on the
left of an equation, or for a Jacobian in a product, where it reads as one name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative, Number, transformed


class Differential(Name):
    """`dW`: how W changes. It equals the name that it is written as. base: W."""

    __slots__ = ("base",)

    def __init__(self, name: str, base: str) -> None:
        super().__init__(name)
        self.base = base


class Ratio(Name):
    """`dz[i]/dW[p,q]`: the derivative of one thing by another, or of an entry by an entry.

    above, below: what is differentiated and by what; `vec(W)` for the entries of a matrix one below the other. rows,
    columns: the indices of each. direct: with all other parts fixed, `∂f/∂x`. row: of a number, and so a row,
    `df/dx'`. turned: a matrix that is transposed by the layout.
    """

    __slots__ = ("above", "below", "columns", "direct", "row", "rows", "turned")

    def __init__(
        self,
        above: str,
        below: str,
        rows: Sequence[int | str] = (),
        columns: Sequence[int | str] = (),
        *,
        direct: bool = False,
        row: bool = False,
        turned: bool = False,
    ) -> None:
        d = "∂" if direct else "d"
        mark = "'" if row else ""
        super().__init__(f"{d}{above}{_indices(rows)}/{d}{below}{_indices(columns)}{mark}")
        self.above = above
        self.below = below
        self.rows = tuple(rows)
        self.columns = tuple(columns)
        self.direct = direct
        self.row = row
        self.turned = turned


def _indices(positions: Sequence[int | str]) -> str:
    return f"[{','.join([str(position) for position in positions])}]" if positions else ""


def frobenius(left: Expr, right: Expr) -> Expr:
    """`left : right`, the sum of the products of their entries."""
    return Call("dot", (left, right))


def scaled(factor: Expr, tree: Expr) -> Expr:
    """A number times an expression: the sign in front, and 1/alpha as a division."""
    if factor == Number(1):
        return tree
    if factor == Negative(Number(1)):
        return Negative(tree)
    if isinstance(factor, Binary) and factor.operator == "/" and factor.left == Number(1):
        return Binary("/", tree, factor.right)
    return Binary("*", factor, tree)


Term = tuple[int, Expr]
"""A sign and what it stands before."""


def terms_of(tree: Expr) -> list[Term]:
    """The summands of an expression with their signs, in order."""
    found: list[Term] = []
    pending: list[Term] = [(1, tree)]
    while pending:
        sign, node = pending.pop()
        if isinstance(node, Negative):
            pending.append((-sign, node.operand))
        elif isinstance(node, Binary) and node.operator in "+-":
            pending.append((sign if node.operator == "+" else -sign, node.right))
            pending.append((sign, node.left))
        else:
            found.append((sign, node))
    return found


def total(terms: Iterable[Expr]) -> Expr:
    """The sum of the terms; what begins with a minus sign is subtracted. Zero where there are none."""
    answer: Expr | None = None
    for term in terms:
        positive = without_sign(term)
        if answer is None:
            answer = term
        elif positive is not None:
            answer = Binary("-", answer, positive)
        else:
            answer = Binary("+", answer, term)
    return Number(0) if answer is None else answer


def without_sign(tree: Expr) -> Expr | None:
    """The expression without the minus sign that it begins with; None where it begins with none."""
    path: list[Binary] = []
    node = tree
    while isinstance(node, Binary) and node.operator in ("*", "/", ".*", "./"):
        path.append(node)
        node = node.left
    if isinstance(node, Call) and node.function == "dot" and not path:
        inner = without_sign(node.children[0])
        return None if inner is None else frobenius(inner, node.children[1])
    if not isinstance(node, Negative):
        return None
    answer = node.operand
    for binary in reversed(path):
        answer = Binary(binary.operator, answer, binary.right)
    return answer


def text_of(tree: Expr) -> str:
    """The text of one side of an equation: Frobenius products among its terms stand as `A : B`."""
    pieces: list[str] = []
    for sign, term in terms_of(tree):
        if isinstance(term, Call) and term.function == "dot" and len(term.children) == 2:
            left, right = term.children
            text = f"{_side(left)} : {_side(right)}"
        else:
            text = _factor(term) if sign < 0 and pieces else to_text(term)
            text = (
                f"({text})" if sign < 0 and not pieces and isinstance(term, Binary) and term.operator in "+-" else text
            )
        if pieces:
            pieces.append(f" {'+' if sign > 0 else '-'} {text}")
        else:
            pieces.append(text if sign > 0 else f"-{text}")
    return "".join(pieces)


def _side(tree: Expr) -> str:
    """The text of one side of a Frobenius product: in parentheses where it is no product of matrices."""
    tied = isinstance(tree, Binary) and tree.operator in (".*", "./", "\\")
    return f"({to_text(tree)})" if tied else _factor(tree)


def _factor(tree: Expr) -> str:
    """The text of a factor: a sum or a comparison in parentheses."""
    text = to_text(tree)
    loose = isinstance(tree, Binary) and tree.operator not in ("*", "/", "\\", ".*", "./", "^", ".^")
    return f"({text})" if loose else text


def marked(tree: Expr, differentials: Mapping[str, str]) -> Expr:
    """The tree with its differentials marked as such, for typesetting. differentials: dW -> W."""

    def mark(node: Expr) -> Expr | None:
        if isinstance(node, Name) and type(node) is Name and node.name in differentials:
            return Differential(node.name, differentials[node.name])
        return None

    return transformed(tree, mark)


def substituted(tree: Expr, values: Mapping[str, Expr]) -> Expr:
    """The tree with names replaced by what they stand for."""
    return transformed(tree, lambda node: values.get(node.name) if isinstance(node, Name) else None)
