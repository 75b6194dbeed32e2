"""Quotients that overflow only on the way: what is above the line is computed from tensors that are scaled already.

x'*A*x/norm2(x)^2 is u'*A*u with u = x/norm2(x), whatever the size of x; (p .* exp(x))/(p'*exp(x)) is
(p .* s)/(p'*s) with s = softmax(x). Both need to know how often a tensor is a factor above the line: its degree.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from gradcalc.functions import catalogue
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    Index,
    Negative,
    Number,
    Transpose,
    postorder,
    with_children,
)

Degree = Fraction | None
"""How often a tensor is a factor; None where that is not the same for all terms, or where it is a factor of none."""

_NOTHING = Fraction(0)

_MOST_NODES = 2000
"""What stands above a line is looked at up to this size."""


def degree(root: Expr, tensor: Expr, known: Callable[[Expr], Degree] = lambda node: None) -> Degree:
    """How often `tensor` is a factor of the formula.

    known: the degree of a node for which the caller knows it.
    """
    found: dict[int, Degree] = {}
    for count, node in enumerate(postorder(root)):
        if count > _MOST_NODES:
            return None
        given = Fraction(1) if node == tensor else known(node)
        found[id(node)] = given if given is not None else _degree(node, [found[id(child)] for child in node.children])
    return found[id(root)]


def _degree(node: Expr, degrees: list[Degree]) -> Degree:
    """The degree of a node from those of its operands."""
    if any(each is None for each in degrees):
        return None
    numbers = [each for each in degrees if each is not None]
    if not any(numbers):
        return _NOTHING
    if isinstance(node, Binary):
        return _of_operation(node, numbers)
    if isinstance(node, (Negative, Transpose, Index)):
        return numbers[0]
    if isinstance(node, Block):
        return numbers[0] if len(set(numbers)) == 1 else None
    assert isinstance(node, Call)
    entry = catalogue.lookup(node.function)
    if isinstance(entry, catalogue.Linear):
        return sum(numbers, _NOTHING)
    return numbers[0] if entry is not None and entry.homogeneous and not any(numbers[1:]) else None


def _of_operation(node: Binary, degrees: list[Fraction]) -> Degree:
    left, right = degrees
    if node.operator in ("+", "-"):
        return left if left == right else None
    if node.operator in ("*", ".*"):
        return left + right
    if node.operator in ("/", "./"):
        return left - right
    if node.operator in ("^", ".^") and isinstance(node.right, Number) and node.right.value.denominator == 1:
        return left * node.right.value
    return None


def norm_in(divisor: Expr) -> tuple[Call, Fraction] | None:
    """The norm and the power to which it stands, where the divisor is a norm or a power of one."""
    base, power = divisor, Fraction(1)
    if isinstance(divisor, Binary) and divisor.operator == "^" and isinstance(divisor.right, Number):
        base, power = divisor.left, divisor.right.value
    if not isinstance(base, Call) or base.primes:
        return None
    entry = catalogue.lookup(base.function)
    fixed = all(isinstance(child, Number) for child in base.children[1:])
    if entry is None or not entry.homogeneous or not fixed or (entry.axis and len(base.children) > 1):
        return None
    return base, power


def normalised(root: Expr, norm: Call) -> tuple[Expr, Fraction] | None:
    """The formula with the norm's operand divided by its norm, and the degree; None where that is not defined."""
    tensor = norm.children[0]
    times = degree(root, tensor)
    if times is None:
        return None
    unit = Binary("./", tensor, norm)

    def replace(node: Expr) -> Expr | None:
        return Number(1) if node == norm else unit if node == tensor else None

    changed = replaced(root, replace)
    return None if changed == root else (changed, times)


def replaced(root: Expr, replace: Callable[[Expr], Expr | None]) -> Expr:
    """The tree with some nodes replaced, from above: what is replaced is not looked into. Ones are left out."""
    done: dict[int, Expr] = {}
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        node, ready = pending.pop()
        if id(node) in done:
            continue
        new = None if ready else replace(node)
        if new is not None:
            done[id(node)] = new
        elif ready or not node.children:
            done[id(node)] = without_ones(with_children(node, tuple([done[id(child)] for child in node.children])))
        else:
            pending.append((node, True))
            pending.extend([(child, False) for child in node.children])
    return done[id(root)]


def without_ones(node: Expr) -> Expr:
    """A product, quotient or power with a number 1 in it, without it."""
    one = Number(1)
    if isinstance(node, Binary):
        if node.operator == "^" and (node.left == one or node.right == one):
            return node.left
        if node.operator in ("*", "/") and node.right == one:
            return node.left
        if node.operator == "*" and node.left == one:
            return node.right
    return node
