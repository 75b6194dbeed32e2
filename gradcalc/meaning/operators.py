"""The rules of the operators, of parts and of blocks: the value of a node from those of its operands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcalc.functions import catalogue
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import COMPARISONS, Binary, Block, Expr, Index, Negative, Number, Transpose
from gradcalc.meaning.domains import applied, guarded, require_regular
from gradcalc.meaning.values import Data, NoMeaning, Scope, Value, Walk, short, whole_number

_TRANSPOSED = {"scalar": "scalar", "vector": "row", "row": "vector", "matrix": "matrix"}

_KINDS_OF_PARTS = {(True, True): "matrix", (True, False): "vector", (False, True): "row", (False, False): "scalar"}
"""The kind of a part of a matrix, by whether rows and columns are kept as axes."""

_PRODUCTS = {
    ("matrix", "matrix"): "matrix", ("matrix", "vector"): "vector", ("row", "matrix"): "row",
    ("row", "vector"): "scalar", ("vector", "row"): "matrix",
}  # fmt: skip


def number(walk: Walk, node: Number, _: Sequence[Value], scope: Scope) -> Value:
    return "scalar", walk.np.number(node.value)


def index(walk: Walk, node: Index, operands: Sequence[Value], scope: Scope) -> Value:
    kind, data = operands[0]
    shape = data.shape
    if len(shape) != len(node.positions):
        raise NoMeaning(f"{to_text(node)}: a {kind} has {len(shape)} axes")
    places: list[int | slice] = []
    for length, position in zip(shape, node.positions):
        if position is None:
            places.append(slice(0, length))
            continue
        bounds = position if isinstance(position, tuple) else (position, position)
        first, last = [walk.length(bound, scope, length) for bound in bounds]
        if first < 1 or last > length or first > last + 1:
            raise NoMeaning(f"{to_text(node)} is past the end")
        places.append(slice(first - 1, last) if isinstance(position, tuple) else first - 1)
    kept = [isinstance(place, slice) for place in places]
    result = data[tuple(places)]
    if len(kept) == 1:
        return (kind if kept[0] else "scalar"), result
    return _KINDS_OF_PARTS[kept[0], kept[1]], result


def negative(walk: Walk, node: Negative, operands: Sequence[Value], scope: Scope) -> Value:
    kind, data = operands[0]
    return kind, -data


def transpose(walk: Walk, node: Transpose, operands: Sequence[Value], scope: Scope) -> Value:
    kind, data = operands[0]
    return _TRANSPOSED[kind], data.T if kind == "matrix" else data


def binary(walk: Walk, node: Binary, operands: Sequence[Value], scope: Scope) -> Value:
    rule = _OPERATORS.get(node.operator, entrywise)
    return rule(walk, node, operands[0], operands[1])


def entrywise(walk: Walk, node: Binary, left: Value, right: Value) -> Value:
    """Entry by entry: a column is repeated along the columns of a matrix, a row along its rows."""
    (left_kind, one), (right_kind, other) = left, right
    if left_kind == "scalar" or left_kind == right_kind:
        kind = right_kind
    elif right_kind == "scalar":
        kind = left_kind
    elif "matrix" in (left_kind, right_kind):
        kind = "matrix"
        one = one[:, None] if left_kind == "vector" else one
        other = other[:, None] if right_kind == "vector" else other
    else:
        raise NoMeaning(f"{to_text(node)}: a {left_kind} and a {right_kind}")
    operator = node.operator
    if operator == "+":
        return kind, one + other
    if operator == "-":
        return kind, one - other
    if operator == ".*":
        return kind, one * other
    if operator in ("./", "/"):
        return kind, quotient(walk, node, one, other)
    if operator in COMPARISONS:
        return kind, applied(walk, node, catalogue.BY_OPERATOR[operator], [one, other])
    return kind, power(walk, node, one, other)


def product_of(walk: Walk, node: Binary, left: Value, right: Value) -> Value:
    (left_kind, one), (right_kind, other) = left, right
    if left_kind == "scalar" or right_kind == "scalar":
        return (right_kind if left_kind == "scalar" else left_kind), one * other
    kind = _PRODUCTS.get((left_kind, right_kind))
    if kind is None:
        raise NoMeaning(f"{to_text(node)}: a {left_kind} times a {right_kind}")
    if (left_kind, right_kind) == ("vector", "row"):
        return kind, walk.np.outer(one, other)
    return kind, one @ other


def divided(walk: Walk, node: Binary, left: Value, right: Value) -> Value:
    """A/B, which is A*inv(B); a/b of scalars; a/X entry by entry only where X is a scalar."""
    kind, other = right
    if kind == "scalar":
        return left[0], quotient(walk, node, left[1], other)
    if kind != "matrix" or left[0] not in ("matrix", "row"):
        raise NoMeaning(f"{to_text(node)}: a {left[0]} divided by a {kind}")
    require_regular(walk, other, node)
    solved = guarded(walk, lambda: walk.np.linalg.solve(other.T, left[1].T), left[1], node)
    return left[0], solved.T


def solved(walk: Walk, node: Binary, left: Value, right: Value) -> Value:
    r"""A\b, which is inv(A)*b."""
    kind, one = left
    if kind == "scalar":
        return right[0], quotient(walk, node, right[1], one)
    if kind != "matrix" or right[0] not in ("matrix", "vector"):
        raise NoMeaning(f"{to_text(node)}: a {kind} under a {right[0]}")
    require_regular(walk, one, node)
    return right[0], guarded(walk, lambda: walk.np.linalg.solve(one, right[1]), right[1], node)


def raised(walk: Walk, node: Binary, left: Value, right: Value) -> Value:
    if right[0] != "scalar" or left[0] not in ("scalar", "matrix"):
        raise NoMeaning(f"{to_text(node)}: a {left[0]} to the power of a {right[0]}")
    if left[0] == "scalar":
        return "scalar", power(walk, node, left[1], right[1])
    exponent = right[1].real if hasattr(right[1], "real") else right[1]
    whole = whole_number(exponent)
    if exponent != whole:
        walk.observation.fail(
            f"the power of a matrix is {float(exponent):.6g}, not a whole number, in {short(node)}", node.span
        )
    if whole < 0:
        require_regular(walk, left[1], node)
    return "matrix", guarded(walk, lambda: walk.np.linalg.matrix_power(left[1], whole), left[1], node)


def quotient(walk: Walk, node: Expr, one: Data, other: Data) -> Data:
    if not walk.np.symbolic and walk.np.any(walk.np.equal(other, 0)):
        walk.observation.fail(f"division by zero in {short(node)}", node.span)
    return walk.np.true_divide(one, other)


def power(walk: Walk, node: Expr, base: Data, exponent: Data) -> Data:
    np, observation = walk.np, walk.observation
    if not np.symbolic:
        real = np.real(exponent)
        whole = np.equal(real, np.floor(real))
        at_zero = np.equal(base, 0)
        if np.any(np.where(whole, False, np.less(np.real(base), 0))):
            observation.fail(f"a negative number to a fractional power in {short(node)}", node.span)
        if np.any(np.where(np.less(real, 0), at_zero, False)):
            observation.fail(f"division by zero in {short(node)}", node.span)
        if np.any(np.where(whole, False, at_zero)):
            observation.meet_kink(0.0)
    return np.power(base, exponent)


def block(walk: Walk, node: Block, operands: Sequence[Value], scope: Scope) -> Value:
    """Every part as a matrix, beside and below each other; the kind as the kinds of the parts say."""
    kinds = {kind for kind, _ in operands}
    flat = kinds <= ({"scalar", "vector"} if max(node.widths) == 1 else {"scalar", "row"})
    np = walk.np
    if flat and (max(node.widths) == 1 or len(node.widths) == 1):
        parts = [np.reshape(data, (1,)) if kind == "scalar" else data for kind, data in operands]
        return ("vector" if max(node.widths) == 1 else "row"), np.concatenate(parts)
    shapes = {"scalar": (1, 1), "vector": (-1, 1), "row": (1, -1)}
    whole = [data if kind == "matrix" else np.reshape(data, shapes[kind]) for kind, data in operands]
    rows, start = [], 0
    for width in node.widths:
        rows.append(np.concatenate(whole[start : start + width], axis=1))
        start += width
    return "matrix", np.concatenate(rows, axis=0)


_OPERATORS: dict[str, Callable[[Walk, Binary, Value, Value], Value]] = {
    "*": product_of,
    "/": divided,
    "\\": solved,
    "^": raised,
}
