"""Slips at operators: signs, products that should be others, factors and terms that are too many."""

from __future__ import annotations

from collections.abc import Iterator

from gradcalc.checking.claims.search.known import Known, Slip, per_character
from gradcalc.checking.claims.search.places import transposed
from gradcalc.checking.claims.search.powers import slips_of_power
from gradcalc.checking.claims.wording import negated, quoted
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, Negative, Number, Transpose, with_children

Kinds = tuple["str | None", "str | None"]

PRODUCTS = ("*", ".*")

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def slips_of_operator(node: Binary, known: Known) -> Iterator[Slip]:
    """The slips at an operator with two operands."""
    kinds = known.kind_of(node.left), known.kind_of(node.right)
    operator = node.operator
    if operator in ("+", "-"):
        yield from _of_sum(node, kinds, known)
    elif operator in PRODUCTS:
        yield from _of_product(node, kinds, known)
    elif operator in ("/", "./"):
        yield from _of_quotient(node, kinds, known)
    elif operator in ("^", ".^"):
        yield from slips_of_power(node)
        if kinds[0] != "scalar":
            other = "^" if operator == ".^" else ".^"
            made = Binary(other, node.left, node.right)
            yield Slip("hadamard", f"`{operator}` stands where `{other}` is meant", 1.0, made)
    elif operator in _TURNED:
        turned = Binary(_TURNED[operator], node.left, node.right)
        yield Slip("sign", f"the comparison {quoted(node)} is the wrong way round", 1.0, turned)


def _of_sum(node: Binary, kinds: Kinds, known: Known) -> Iterator[Slip]:
    operator, left, right = node.operator, node.left, node.right
    where = f"in {quoted(node)} is wrong"
    other = "-" if operator == "+" else "+"
    yield Slip("sign", f"the sign of {quoted(right)} {where}", 1.0, Binary(other, left, right))
    yield Slip("sign", f"the sign of {quoted(left)} {where}", 1.0, Binary(operator, negated(left), right))
    if operator == "-":
        reverse = Binary("-", right, left)
        yield Slip("sign", f"{quoted(node)} should be {quoted(reverse)}", 0.98, reverse)
    kind = known.dropped(node, "extra-term")
    yield Slip(kind, f"the term {quoted(right)} is one too many", 1.3, left)
    yield Slip(kind, f"the term {quoted(left)} is one too many", 1.3, right if operator == "+" else negated(right))
    product = Binary(".*", left, right)
    yield Slip("hadamard", f"{quoted(node)} is a sum where the product is meant", 1.9, product)
    if set(kinds) <= {"matrix", "scalar"} and "scalar" in kinds:
        yield from _with_identity(node, kinds, known)


def _with_identity(node: Binary, kinds: Kinds, known: Known) -> Iterator[Slip]:
    """A number that is added to every entry where a multiple of the identity matrix is meant."""
    for place, kind in enumerate(kinds):
        if kind != "scalar":
            continue
        number = node.children[place]
        for length in known.lengths:
            identity = Call("eye", (Name(length),))
            multiple = identity if number == Number(1) else Binary("*", number, identity)
            children = (*node.children[:place], multiple, *node.children[place + 1 :])
            message = f"{quoted(number)} stands where {quoted(multiple)} is meant"
            yield Slip("shape", message, 1.0, with_children(node, children))


def _of_quotient(node: Binary, kinds: Kinds, known: Known) -> Iterator[Slip]:
    operator, left, right = node.operator, node.left, node.right
    product = Binary("*" if operator == "/" else ".*", left, right)
    yield Slip("exponent", f"{quoted(right)} is divided by where it is multiplied by", 1.1, product)
    kind = known.dropped(right, "extra-factor")
    yield Slip(kind, f"the division by {quoted(right)} is one too many", 1.2, left)
    yield Slip("exponent", f"{quoted(node)} is upside down", 1.2, Binary(operator, right, left))
    if kinds[1] == "scalar" and not known.is_number(right):
        for what, divisor in (("root", Call("sqrt", (right,))), ("square", Binary("^", right, Number(2)))):
            message = f"a {what} is missing: {quoted(right)} should be {quoted(divisor)}"
            yield Slip("exponent", message, 1.05, Binary(operator, left, divisor))
    if kinds[1] == "matrix" and operator == "./" and left == Number(1):
        message = f"{quoted(node)} inverts the entries where the matrix is inverted"
        yield Slip("hadamard", message, 1.0, Call("inv", (right,)))


def _of_product(node: Binary, kinds: Kinds, known: Known) -> Iterator[Slip]:
    yield from _too_many_factors(node, known)
    operator, left, right = node.operator, node.left, node.right
    over = "/" if operator == "*" else "./"
    if not isinstance(right, Number):
        message = f"{quoted(right)} is multiplied by where it is divided by"
        yield Slip("exponent", message, 1.15, Binary(over, left, right))
    if isinstance(left, Binary) and left.operator in PRODUCTS and left.operator != operator:
        inner = Binary(left.operator, left.left, Binary(operator, left.right, right))
        yield Slip("shape", f"parentheses are missing: {quoted(inner)}", 0.9, inner)
    if "scalar" in kinds:
        return
    other = ".*" if operator == "*" else "*"
    message = f"`{operator}` stands where `{other}` is meant, in {quoted(node)}"
    # Two columns side by side are a slip of notation.
    cost = 0.5 if operator == "*" and kinds in (("vector", "vector"), ("row", "row")) else 1.0
    yield Slip("hadamard", message, cost, Binary(other, left, right))
    if operator == "*":
        yield from _of_matrix_product(node, known)
    else:
        yield from _of_hadamard_product(node, kinds)
    for whole, vector in (
        (Binary("*", Call("diag", (left,)), right), left),
        (Binary("*", left, Call("diag", (right,))), right),
    ):
        if known.kind_of(vector) in ("vector", "row"):
            message = f"the diagonal matrix of {quoted(vector)} was lost"
            yield Slip("shape", message, 0.86 + 2 * per_character(vector), whole)


def _too_many_factors(node: Binary, known: Known) -> Iterator[Slip]:
    left, right = node.left, node.right
    if not isinstance(right, Number):
        kind = known.dropped(right, "extra-factor")
        yield Slip(kind, f"the factor {quoted(right)} is one too many", 1.1 + per_character(right), left)
    if not isinstance(left, Number):
        kind = known.dropped(left, "extra-factor")
        gone = negated(right) if isinstance(left, Negative) else right
        yield Slip(kind, f"the factor {quoted(left)} is one too many", 1.1 + per_character(left), gone)
    if isinstance(left, Binary) and left.operator == node.operator and not known.is_number(left.left):
        pair = Binary(node.operator, left.right, right)
        cost = 1.3 + per_character(pair)
        yield Slip("extra-factor", f"the factor {quoted(pair)} is one too many", cost, left.left)


def _of_hadamard_product(node: Binary, kinds: Kinds) -> Iterator[Slip]:
    left, right = node.left, node.right
    inner = Binary("*", transposed(left), right)
    yield Slip("shape", f"{quoted(node)} should be summed: {quoted(inner)}", 1.2, inner)
    if kinds == ("vector", "vector"):
        outer = Binary("*", left, Transpose(right))
        message = f"{quoted(node)} multiplies entries where the outer product {quoted(outer)} is meant"
        yield Slip("hadamard", message, 0.8, outer)


def _of_matrix_product(node: Binary, known: Known) -> Iterator[Slip]:
    left, right = node.left, node.right
    message = f"the factors of {quoted(node)} stand in the wrong order"
    yield Slip("shape", message, 1.15, Binary("*", right, left))
    if isinstance(left, Binary) and left.operator == "*":
        yield from _of_last_two(node, left)
    more = 0.0 if isinstance(left, (Name, Transpose)) else 0.04
    for one, two, cost in (
        (transposed(left), right, 1.0),
        (left, transposed(right), 1.0),
        (right, transposed(left), 1.25),
        (transposed(right), left, 1.25),
    ):
        turned = Binary("*", one, two)
        message = f"a transpose is missing: {quoted(node)} should be {quoted(turned)}"
        yield Slip("transpose", message, cost + more, turned)
    if known.kind_of(node) == "scalar":
        yield from _of_inner_product(node, known)
    elif known.kind_of(node) is None and isinstance(left, Transpose):
        outer = Binary("*", left.operand, Transpose(right))
        yield Slip("transpose", f"the transposes of {quoted(node)} are the wrong way round", 1.05, outer)


def _of_last_two(node: Binary, left: Binary) -> Iterator[Slip]:
    """The last two factors of a longer product, in the other order, or transposed."""
    pair = Binary("*", left.right, node.right)
    swapped = Binary("*", Binary("*", left.left, node.right), left.right)
    yield Slip("shape", f"the factors of {quoted(pair)} stand in the wrong order", 1.2, swapped)
    turned = Binary("*", Binary("*", left.left, transposed(node.right)), transposed(left.right))
    yield Slip("transpose", f"{quoted(pair)} should be transposed", 1.15, turned)


def _of_inner_product(node: Binary, known: Known) -> Iterator[Slip]:
    """An inner product where the products of the entries are meant."""
    column: Expr = transposed(node.left)
    entries = Binary(".*", column, node.right)
    message = f"{quoted(node)} is summed over where {quoted(entries)} is meant"
    yield Slip("shape", message, 1.0, entries)
    for index in known.indices:
        at = Binary("*", Index(column, (index,)), Index(node.right, (index,)))
        message = f"{quoted(node)} is summed over where the index {index} is free: {quoted(at)}"
        yield Slip("shape", message, 0.95, at)
