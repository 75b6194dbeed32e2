"""What is said of a claim, and expressions as a correction writes them and a sentence quotes them."""

from __future__ import annotations

from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Expr, Negative, Number

_LONGEST_QUOTE = 60


class Finding:
    """One thing that is wrong. kind: of the JSON contract; message: a sentence; cost: how unlikely it is.

    subject: the factor that is missing or too many.
    """

    __slots__ = ("cost", "kind", "message", "subject")

    def __init__(self, kind: str, message: str, cost: float, subject: Expr | None = None) -> None:
        self.kind = kind
        self.message = message
        self.cost = cost
        self.subject = subject


def quoted(tree: Expr) -> str:
    """An expression within a sentence."""
    text = to_text(tree)
    return f"`{text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 3] + '...'}`"


def negated(tree: Expr) -> Expr:
    """The expression with the other sign, in front of a product."""
    if isinstance(tree, Negative):
        return tree.operand
    if isinstance(tree, Binary) and tree.operator in ("*", "/", ".*", "./"):
        return Binary(tree.operator, negated(tree.left), tree.right, tree.span)
    if isinstance(tree, Binary) and tree.operator == "-":
        return Binary("-", tree.right, tree.left, tree.span)
    return Negative(tree)


def scaled(tree: Expr, factor: Expr) -> Expr:
    """A factor in front of a product, joined with the number that stands there."""
    if isinstance(tree, Negative):
        return Negative(scaled(tree.operand, factor))
    if isinstance(tree, Binary) and tree.operator in ("*", "/", ".*", "./") and _leads(tree.left):
        left = scaled(tree.left, factor)
        if left == Number(1) and tree.operator in ("*", ".*"):
            return tree.right
        return Binary(tree.operator, left, tree.right, tree.span)
    if isinstance(tree, Number) and isinstance(factor, Number):
        return Number(tree.value * factor.value)
    if isinstance(tree, Number) and tree.value == 1:
        return factor
    if isinstance(tree, Number) and isinstance(factor, Binary) and isinstance(factor.left, Number):
        return Binary(factor.operator, Number(factor.left.value * tree.value), factor.right)
    return Binary("*", factor, tree)


def _leads(tree: Expr) -> bool:
    """Whether a number stands in front."""
    while isinstance(tree, (Binary, Negative)):
        if isinstance(tree, Binary) and tree.operator not in ("*", "/", ".*", "./"):
            return False
        tree = tree.children[0]
    return isinstance(tree, Number)
