"""Slips at any expression that has a value: what is missing beside it, and what belongs in its place."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradcalc.checking.claims.search.functions import said_of
from gradcalc.checking.claims.search.known import Known, Slip
from gradcalc.checking.claims.search.operators import PRODUCTS
from gradcalc.checking.claims.search.places import is_diagonal, is_product, is_sum, transposed
from gradcalc.checking.claims.search.stage import Quantity
from gradcalc.checking.claims.wording import quoted
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative, Number, Transpose

_PER_CHARACTER = 0.006
"""What each character of something that is put in adds to the cost."""


def slips_of_value(node: Expr, kind: str, above: Expr | None, is_root: bool, known: Known) -> Iterator[Slip]:
    """The slips at an expression of a kind. above: the node that it is an operand of."""
    yield from _of_kind(node, kind, above)
    if isinstance(node, (Name, Binary)) and not isinstance(above, Call):
        for function in known.functions:
            made = Call(function, (node,))
            message = f"{function} is missing: {quoted(node)} should be {quoted(made)}"
            yield Slip("function", message, 1.35, made)
    inside_product = is_product(above) and not (isinstance(above, Binary) and above.operator == ".*")
    if not inside_product and not isinstance(node, Number):
        for quantity in known.factors:
            yield from _with_factor(node, kind, quantity)
    if is_sum(above) and not isinstance(node, Number):
        for number in (Fraction(2), Fraction(1, 2)):
            message = f"the factor {number} is missing in front of {quoted(node)}"
            yield Slip("factor", message, 1.3, Binary("*", Number(number), node))
    if not isinstance(node, (Number, Transpose)) and not is_sum(above):
        yield from _with_terms(node, kind, known)
    if not is_root:
        yield from _exchanges(node, kind, above, known)
    elif known.stacked:
        yield from _of_stacked(node, kind, known)


def _of_kind(node: Expr, kind: str, above: Expr | None) -> Iterator[Slip]:
    if kind == "vector" and not is_diagonal(above):
        yield Slip("shape", f"the diagonal matrix of {quoted(node)} was lost", 1.1, Call("diag", (node,)))
    if kind == "matrix":
        yield Slip("exponent", f"{quoted(node)} should be inverted", 1.25, Call("inv", (node,)))
    elif not isinstance(node, (Number, Transpose, Negative, Binary)):
        power = "^" if kind == "scalar" else ".^"
        for exponent, cost in ((Fraction(2), 1.1), (Fraction(1, 2), 1.35)):
            made = Binary(power, node, Number(exponent))
            if isinstance(above, Call) and not is_diagonal(above):
                message = f"{said_of(above)} is taken at {quoted(node)} instead of {quoted(made)}"
                yield Slip("argument", message, cost, made)
            else:
                yield Slip("exponent", f"{quoted(node)} should be {quoted(made)}", cost, made)


def _of_stacked(node: Expr, kind: str, known: Known) -> Iterator[Slip]:
    """The Kronecker product with the identity matrix, of which a Jacobian by a matrix is made."""
    if kind == "scalar" or (isinstance(node, Call) and node.function == "kron"):
        return
    for factor in (node, transposed(node)):
        for length in known.lengths:
            identity = Call("eye", (Name(length),))
            for made in (Call("kron", (identity, factor)), Call("kron", (factor, identity))):
                message = f"the Kronecker product with {quoted(identity)} is missing: {quoted(made)}"
                yield Slip("shape", message, 1.0, made)


def _with_factor(node: Expr, kind: str, quantity: Quantity) -> Iterator[Slip]:
    """The expression times a quantity, in every way in which the two can be multiplied."""
    cost = 1.15 + _PER_CHARACTER * len(quantity.text)
    tree = quantity.tree
    turned = transposed(tree)
    ways: list[tuple[Expr, Expr]] = []
    if quantity.kind == "scalar":
        ways.append((tree, Binary("*", tree, node)))
    elif kind in (quantity.kind, "scalar"):
        ways.append((tree, Binary(".*" if kind != "scalar" else "*", node, tree)))
    if kind == "vector" and quantity.kind == "vector":
        ways.append((turned, Binary("*", node, turned)))
    elif kind == "vector" and quantity.kind == "row":
        ways.append((tree, Binary("*", node, tree)))
    elif quantity.kind == "matrix":
        if kind in ("vector", "matrix"):
            ways += [(tree, Binary("*", tree, node)), (turned, Binary("*", turned, node))]
        if kind in ("row", "matrix"):
            ways.append((tree, Binary("*", node, tree)))
    elif kind == "matrix" and quantity.kind == "vector":
        diagonal = Call("diag", (tree,))
        cost += 0.05
        ways += [(tree, Binary("*", diagonal, node)), (tree, Binary("*", node, diagonal))]
    for factor, made in ways:
        yield Slip("missing-factor", f"the factor {quoted(factor)} is missing", cost, made)


def _with_terms(node: Expr, kind: str, known: Known) -> Iterator[Slip]:
    for quantity in known.terms:
        if quantity.kind != kind or quantity.tree == node:
            continue
        cost = 1.3 + _PER_CHARACTER * len(quantity.text)
        for operator, sign, more in (("+", "", 0.0), ("-", "-", 0.1)):
            message = f"the term `{sign}{quantity.text}` is missing beside {quoted(node)}"
            yield Slip("missing-term", message, cost + more, Binary(operator, node, quantity.tree))


def _exchanges(node: Expr, kind: str, above: Expr | None, known: Known) -> Iterator[Slip]:
    """One quantity in the place of another."""
    if isinstance(node, Number) or (isinstance(node, Negative) and isinstance(node.operand, Number)):
        return
    for quantity in [*known.factors, *known.terms]:
        tree = quantity.tree
        if quantity.kind == kind and tree != node and not (isinstance(node, Name) and isinstance(tree, Name)):
            yield exchanged(node, tree, above, known)


def exchanged(node: Expr, tree: Expr, above: Expr | None, known: Known) -> Slip:
    """That one expression stands where another belongs, said by what tells the two apart."""
    length = 0.01 * len(to_text(tree))
    if isinstance(tree, Binary) and node in tree.children:
        other = tree.children[1 - tree.children.index(node)]
        if known.is_number(other):
            return Slip("factor", f"{quoted(node)} should be {quoted(tree)}", 1.9 + length, tree)
        if tree.operator in ("+", "-"):
            sign = "-" if tree.operator == "-" and other is tree.right else ""
            message = f"the term `{sign}{to_text(other)}` is missing beside {quoted(node)}"
            return Slip("missing-term", message, 1.25 + length, tree)
        if tree.operator in PRODUCTS:
            message = f"the factor {quoted(other)} is missing at {quoted(node)}"
            return Slip("missing-factor", message, 1.2 + length, tree)
    if isinstance(node, Call) and isinstance(tree, Call) and len(node.children) == len(tree.children) == 1:
        one, two = node.children[0], tree.children[0]
        if node.label == tree.label and is_diagonal(node):
            return exchanged(one, two, None, known)._replace(replacement=tree)
        if node.label == tree.label:
            message = f"{said_of(node)} is taken at {quoted(one)} instead of {quoted(two)}"
            return Slip("argument", message, 1.2 + length, tree)
        if one == two:
            return Slip("function", f"{quoted(node)} stands where {quoted(tree)} belongs", 1.4 + length, tree)
    cost = (1.25 if isinstance(tree, Name) else 1.75) + 3 * length + 0.01 * len(to_text(node))
    if isinstance(above, Call) and not is_diagonal(above):
        message = f"{said_of(above)} is taken at {quoted(node)} instead of {quoted(tree)}"
        return Slip("argument", message, cost, tree)
    return Slip("substitution", f"{quoted(node)} stands where {quoted(tree)} belongs", cost, tree)
