"""Moving factors across the Frobenius product: `A : B*dX` is `B'*A : dX`.

Which identities a move uses is read off the expression between the product and the differential, from the outside in.
What the cotangent becomes is asked of the core, which knows the adjoint of everything; the two are checked together.
"""

from __future__ import annotations

from gradcalc.derivation.notation import frobenius, scaled
from gradcalc.functions import catalogue
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Binary, Call, Expr, Index, IndexedSum, Name, Negative, Number, Transpose, postorder

_FROM_LEFT = "A : B*C = B'*A : C"
_FROM_RIGHT = "A : B*C = A*C' : B"
_BOTH = "A : B*C*D = B'*A*D' : C"
_TRANSPOSE = "A : B' = A' : B"
_HADAMARD = "A : (B .* C) = (A .* B) : C"
_INNER = "b'*c = b : c"
_ROW_FROM_LEFT = "b'*A*c = A*c : b"
_ROW_FROM_RIGHT = "b'*A*c = b*c' : A"
_OUTER = "A : b*c' = A*c : b"
_OUTER_RIGHT = "A : b*c' = A'*b : c"
_DIVIDED = "A : (B ./ C) = (A ./ C) : B"


def paired(cotangent: Expr | None, tree: Expr, is_number: bool) -> Expr:
    """`cotangent : tree`, a plain product for numbers; the tree itself where there is no cotangent."""
    if cotangent is None or cotangent == Number(1):
        return tree
    if is_number:
        return scaled(cotangent, tree)
    return frobenius(cotangent, tree)


def identities(tree: Expr, differential: str, typing: Typing) -> list[str]:
    """The identities that bring `G : tree` into the form `H : differential`, in the order in which they are applied.

    typing: of the tree.
    """
    holds: dict[int, bool] = {}
    for node in postorder(tree):
        holds[id(node)] = node == Name(differential) or any(holds[id(child)] for child in node.children)
    found: list[str] = []
    node = tree
    while node.children:
        inner = [child for child in node.children if holds[id(child)]]
        if len(inner) != 1:
            return [*found, "linear in each place"]
        name = _identity(node, inner[0], typing)
        if name is not None:
            found.append(name)
        node = inner[0]
        if name in _OF_TWO:
            # The identity was for the operator below as well.
            node = next(child for child in node.children if holds[id(child)])
    return _joined(found)


def _identity(node: Expr, inner: Expr, typing: Typing) -> str | None:
    """The identity for one operator; None for a sign or a number, which may stand anywhere in a product."""
    if isinstance(node, Negative):
        return None
    if isinstance(node, Transpose):
        return _TRANSPOSE if typing.kind(node.operand) == "matrix" else None
    if isinstance(node, Binary):
        return _binary_identity(node, inner, typing)
    if isinstance(node, Index):
        return "an entry pairs with a unit vector"
    if isinstance(node, IndexedSum):
        return "entry by entry"
    if isinstance(node, Call):
        return _call_identity(node, inner, typing)
    return "the adjoint of a block"


def _binary_identity(node: Binary, inner: Expr, typing: Typing) -> str | None:
    left, right = typing.kind(node.left), typing.kind(node.right)
    on_left = inner is node.left
    if node.operator in ("+", "-"):
        return None
    if node.operator == "*":
        if "scalar" in (left, right):
            changed = typing.kind(inner) == "scalar" and typing.kind(node) != "scalar"
            return "A : beta*C = beta*(A : C)" if changed else None
        if (left, right) == ("row", "vector"):
            return _INNER
        if (left, right) == ("row", "matrix"):
            return _ROW_FROM_LEFT if on_left else _ROW_FROM_RIGHT
        if (left, right) == ("vector", "row"):
            return _OUTER if on_left else _OUTER_RIGHT
        return _FROM_RIGHT if on_left else _FROM_LEFT
    if node.operator == ".*":
        return _HADAMARD
    if node.operator == "\\":
        return None if left == "scalar" else "A : B\\C = (B'\\A) : C"
    if right == "matrix":
        return "A : B/C = A/C' : B"
    return None if right == "scalar" else _DIVIDED


_TRACE_OF_PRODUCT = "tr(A*B) = A' : B"
_SUM_OF_PRODUCT = "sum(A .* B) = A : B"
_OF_TWO = (_TRACE_OF_PRODUCT, _SUM_OF_PRODUCT)

_CALLS = {
    "tr": "tr(A) = I : A",
    "sum": "sum(A) = ones(m, n) : A",
    "dot": "A : B = B : A",
    "diag": "A : diag(b) = diag(A) : b",
    "mean": "mean(a) = ones(n)/n : a",
}


def _call_identity(node: Call, inner: Expr, typing: Typing) -> str:
    if node.function == "tr" and isinstance(inner, Binary) and inner.operator == "*":
        return _TRACE_OF_PRODUCT
    if node.function == "sum" and isinstance(inner, Binary) and inner.operator == ".*" and len(node.children) == 1:
        return _SUM_OF_PRODUCT
    if node.function == "diag" and typing.kind(inner) == "matrix":
        return "a : diag(B) = diag(a) : B"
    known = _CALLS.get(node.function) if len(node.children) == 1 or node.function == "dot" else None
    entry = catalogue.lookup(node.function)
    return known or f"the adjoint of {node.function if entry is None else entry.spelling}"


def _joined(found: list[str]) -> list[str]:
    """Both sides of a product at once; nothing twice in a row."""
    answer: list[str] = []
    for name in found:
        if answer and {answer[-1], name} == {_FROM_LEFT, _FROM_RIGHT}:
            answer[-1] = _BOTH
        elif answer and answer[-1] == _TRACE_OF_PRODUCT and name in (_FROM_LEFT, _FROM_RIGHT):
            answer[-1] = "tr(A*B*C) = A'*C' : B"
        elif answer and answer[-1] == _INNER and name in (_ROW_FROM_LEFT, _ROW_FROM_RIGHT):
            answer[-1] = name
        elif not answer or answer[-1] != name:
            answer.append(name)
    return answer
