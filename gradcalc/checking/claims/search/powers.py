"""Slips in exponents."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradcalc.checking.claims.search.known import Slip
from gradcalc.checking.claims.wording import quoted
from gradcalc.language.syntax import Binary, Expr, Negative, Number


def slips_of_power(node: Binary) -> Iterator[Slip]:
    """The slips at a power: the sign of the exponent, one too many, one too few, twice or half of it."""
    value = rational(node.right)
    if value is None:
        for operator, said in (("-", "one too high"), ("+", "one too low")):
            made = Binary(node.operator, node.left, Binary(operator, node.right, Number(1)))
            yield Slip("exponent", f"the exponent of {quoted(node)} is {said}", 1.05, made)
        return
    yield Slip("exponent", f"the exponent of {quoted(node)} has the wrong sign", 1.0, _power(node, -value))
    message = f"the exponent of {quoted(node)} is one too many: it is {quoted(node.left)}"
    yield Slip("exponent", message, 1.08, node.left)
    others = dict.fromkeys([value + 1, value - 1, 2 * value, value / 2, Fraction(round(value))])
    for other in others:
        if other not in (0, 1, value):
            message = f"the exponent of {quoted(node)} is wrong: it is {other}"
            yield Slip("exponent", message, 1.08, _power(node, other))


def _power(node: Binary, exponent: Fraction) -> Expr:
    number: Expr = Number(abs(exponent))
    return Binary(node.operator, node.left, Negative(number) if exponent < 0 else number)


def rational(node: Expr) -> Fraction | None:
    """The number that an expression of numbers is; None for any other."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative):
        value = rational(node.operand)
        return None if value is None else -value
    if not isinstance(node, Binary):
        return None
    left, right = rational(node.left), rational(node.right)
    if left is None or right is None:
        return None
    if node.operator == "/":
        return left / right if right else None
    if node.operator == "*":
        return left * right
    if node.operator in ("+", "-"):
        return left + (right if node.operator == "+" else -right)
    return None
