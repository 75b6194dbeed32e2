"""Programs made equal on purpose: identities that hold for all operands, applied at random places."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from gradcalc.language.syntax import Binary, Call, Expr, Number, Transpose, postorder, with_children

Rewrite = Callable[[Expr, Callable[[Expr], Any]], "Expr | None"]
"""From a node and the kinds of its operands to a node that means the same; None where it does not fit."""

_ARRAYS = ("vector", "row", "matrix")


def _binary(node: Expr, *operators: str) -> bool:
    return isinstance(node, Binary) and node.operator in operators


def _call(node: Expr, name: str) -> bool:
    return isinstance(node, Call) and node.function == name and len(node.children) == 1


def _product_turned(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """A*B = (B'*A')'."""
    if _binary(node, "*") and all(kind(child) in _ARRAYS for child in node.children):
        left, right = node.children
        return Transpose(Binary("*", Transpose(right), Transpose(left)))
    return None


def _commuted(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """a + b = b + a, a .* b = b .* a, s*X = X*s."""
    if _binary(node, "+", ".*"):
        return Binary(node.label[1], node.children[1], node.children[0])  # type: ignore[arg-type]
    if _binary(node, "*") and "scalar" in [kind(child) for child in node.children]:
        return Binary("*", node.children[1], node.children[0])
    return None


def _regrouped(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """(a + b) + c = a + (b + c), (A*B)*C = A*(B*C) of matrices, (a .* b) .* c = a .* (b .* c)."""
    for operator in ("+", "*", ".*"):
        if _binary(node, operator) and _binary(node.children[0], operator):
            (a, b), c = node.children[0].children, node.children[1]
            if operator != "*" or {kind(a), kind(b), kind(c)} == {"matrix"}:
                return Binary(operator, a, Binary(operator, b, c))
    return None


def _difference(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """a - b = a + (-1)*b."""
    if _binary(node, "-") and kind(node.children[0]) == kind(node.children[1]):
        return Binary("+", node.children[0], Binary("*", Binary("-", Number(0), Number(1)), node.children[1]))
    return None


def _dot(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """sum(a .* b) = a'*b of columns, and back."""
    if _call(node, "sum") and _binary(node.children[0], ".*"):
        left, right = node.children[0].children
        if kind(left) == kind(right) == "vector":
            return Binary("*", Transpose(left), right)
    if _binary(node, "*") and isinstance(node.children[0], Transpose):
        left, right = node.children[0].children[0], node.children[1]
        if kind(left) == kind(right) == "vector":
            return Call("sum", (Binary(".*", left, right),))
    return None


def _scaled_rows(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """diag(s)*x = s .* x."""
    if _binary(node, "*") and _call(node.children[0], "diag"):
        inner, other = node.children[0].children[0], node.children[1]
        if kind(inner) == "vector" and kind(other) in ("vector", "matrix"):
            return Binary(".*", inner, other)
    return None


def _trace(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """tr(A*B) = tr(B*A), tr(A) = tr(A') = sum(diag(A))."""
    if not _call(node, "tr"):
        return None
    inner = node.children[0]
    if _binary(inner, "*") and all(kind(child) == "matrix" for child in inner.children):
        return Call("tr", (Binary("*", inner.children[1], inner.children[0]),))
    return Call("sum", (Call("diag", (inner,)),))


def _square(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """A.^2 = A .* A, s^2 = s*s, A^2 = A*A."""
    if _binary(node, ".^", "^") and node.children[1] == Number(2):
        operator = ".*" if node.label[1] == ".^" else "*"
        return Binary(operator, node.children[0], node.children[0])
    return None


def _total(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """The sum of all entries is the sum of the sums of the columns, and that of the transpose."""
    if _call(node, "sum") and kind(node.children[0]) == "matrix":
        return Call("sum", (Call("sum", (node.children[0], Number(1))),))
    return None


def _twice(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """X'' = X."""
    return Transpose(Transpose(node)) if kind(node) in _ARRAYS else None


def _distributed(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """(A + B)' = A' + B'."""
    if isinstance(node, Transpose) and _binary(node.children[0], "+", "-"):
        left, right = node.children[0].children
        return Binary(node.children[0].label[1], Transpose(left), Transpose(right))  # type: ignore[arg-type]
    return None


def _solved(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """A\\b = inv(A)*b."""
    if _binary(node, "\\") and kind(node.children[0]) == "matrix":
        return Binary("*", Call("inv", (node.children[0],)), node.children[1])
    return None


def _diagonal(node: Expr, kind: Callable[[Expr], Any]) -> Expr | None:
    """diag(A*B) of matrices is the sum of the products of their rows and columns."""
    if _call(node, "diag") and _binary(node.children[0], "*"):
        left, right = node.children[0].children
        if kind(left) == kind(right) == "matrix":
            return Call("sum", (Binary(".*", left, Transpose(right)), Number(2)))
    return None


REWRITES: tuple[Rewrite, ...] = (
    _product_turned,
    _commuted,
    _regrouped,
    _difference,
    _dot,
    _scaled_rows,
    _trace,
    _square,
    _total,
    _twice,
    _distributed,
    _solved,
    _diagonal,
)


def rewritten(root: Expr, typing: Any, chooser: random.Random, times: int = 3) -> Expr:
    """The expression with identities applied at several of its nodes."""

    def kind(node: Expr) -> Any:
        return typing.kind(node) if typing.knows(node) else None

    nodes = [node for node in postorder(root) if node.children and kind(node) is not None]
    chosen = {id(node) for node in chooser.sample(nodes, min(times, len(nodes)))}
    done: dict[int, Expr] = {}
    for node in postorder(root):
        rebuilt = with_children(node, tuple([done[id(child)] for child in node.children]))
        if id(node) in chosen:
            for rewrite in chooser.sample(REWRITES, len(REWRITES)):
                found = rewrite(node, kind)
                if found is not None:
                    # The operands as they have been rewritten below.
                    rebuilt = _with(found, node, done)
                    break
        done[id(node)] = rebuilt
    return done[id(root)]


def _with(found: Expr, node: Expr, done: dict[int, Expr]) -> Expr:
    """The rewritten node, every operand that was kept as it has been rewritten itself."""
    made: dict[int, Expr] = {}
    for part in postorder(found):
        if part is not node and id(part) in done:
            made[id(part)] = done[id(part)]
        elif part is node:
            made[id(part)] = with_children(node, tuple([done[id(child)] for child in node.children]))
        else:
            made[id(part)] = with_children(part, tuple([made[id(child)] for child in part.children]))
    return made[id(found)]
