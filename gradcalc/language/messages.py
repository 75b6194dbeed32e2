"""What a shape error says: both operands, what they are, where that comes from, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.language.kinds import NAMES, C, M, R, S
from gradcalc.language.printer import to_text
from gradcalc.language.reading import convention
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, postorder

_VERBS = {
    "*": "multiply {} by {}",
    ".*": "multiply {} entrywise by {}",
    "+": "add {} and {}",
    "-": "subtract {} and {}",
    "/": "divide {} by {}",
    "./": "divide {} entrywise by {}",
    "\\": "solve {} for {}",
    "^": "raise {} to {}",
    ".^": "raise {} entrywise to {}",
}

_LONGEST_NAMED = 40

Shape = Sequence[int | str | None]


def _short(node: Expr) -> str:
    text = to_text(node)
    return text if len(text) <= _LONGEST_NAMED else text[: _LONGEST_NAMED - 3] + "..."


def _shape_text(kind: int, dims: Shape) -> str:
    lengths = [str(dim) if dim is not None else "?" for dim in dims]
    if not lengths:
        return ""
    if kind == R:
        return f"(1 x {lengths[0]})"
    return f"({' x '.join(lengths)})"


class Described:
    """Describes operands; `origin` tells how the kind of a variable is known, None for by convention."""

    def __init__(self, origin: Callable[[str], str | None]) -> None:
        self._origin = origin

    def _named(self, node: Expr, kind: int, dims: Shape = ()) -> str:
        shape = _shape_text(kind, dims)
        return f"{NAMES[kind]} {_short(node)}{' ' + shape if shape else ''}"

    def _origins(self, node: Expr) -> str:
        """Where the kinds of the first few variables of a node come from."""
        said: list[str] = []
        names = dict.fromkeys([leaf.name for leaf in postorder(node) if isinstance(leaf, Name)])
        for name in list(names)[:3]:
            origin = self._origin(name)
            if origin is None:
                said.append(f"{name} is a {convention(name)} by convention")
            else:
                said.append(f"{name} is {origin if origin == 'declared' else 'given by the data'}")
        return ", ".join(said)

    def no_kind(self, node: Expr, kinds: Sequence[int]) -> GradcalcError:
        """A node whose operands have kinds that it does not combine."""
        operands = node.children
        if isinstance(node, Binary):
            left, right = [self._named(child, kind) for child, kind in zip(operands, kinds)]
            message = "cannot " + _VERBS[node.operator].format(left, right)
            hint = _hint(node, kinds)
        elif isinstance(node, Call):
            given = ", ".join([self._named(child, kind) for child, kind in zip(operands, kinds)])
            message = f"{node.function} does not take {given}"
            entry = catalogue.lookup(node.function)
            hint = f"For example: {entry.example}" if entry is not None else None
        elif isinstance(node, Index):
            count = len(node.positions)
            message = f"cannot take {count} position{'' if count == 1 else 's'} of {self._named(operands[0], kinds[0])}"
            hint = "A vector has one position x[2], a matrix two X[1,2] or X[1,:]."
        else:
            message = f"{_short(node)} has no kind"
            hint = None
        origins = self._origins(node)
        return GradcalcError("shape", message, span=node.span, hint=" ".join(filter(None, [origins + ".", hint])))

    def clash(self, node: Expr, kinds: Sequence[int], shapes: Sequence[Shape]) -> GradcalcError:
        """A node whose operands have kinds that fit and lengths that do not."""
        named = [self._named(child, kind, dims) for child, kind, dims in zip(node.children, kinds, shapes)]
        if isinstance(node, Binary) and node.operator in ("^", "\\"):
            message = (
                f"{named[0]} has to be square" if node.operator == "^" else f"cannot solve {named[0]} for {named[1]}"
            )
        elif isinstance(node, Binary):
            message = "cannot " + _VERBS[node.operator].format(*named)
        elif named:
            message = f"{_function(node)} does not take {', '.join(named)}: the lengths do not fit"
        else:
            message = f"{_short(node)} has lengths that do not fit"
        return GradcalcError(
            "shape", message + ": the shapes do not fit", span=node.span, hint=self._origins(node) + "."
        )


def _function(node: Expr) -> str:
    return node.function if isinstance(node, Call) else _short(node)


def _hint(node: Binary, kinds: Sequence[int]) -> str | None:
    left, right = to_text(node.left), to_text(node.right)
    simple = len(left) + len(right) < _LONGEST_NAMED
    a, b = (left, right) if simple and not isinstance(node.left, Binary) else ("a", "b")
    if simple and isinstance(node.right, Binary):
        b = f"({right})"
    pair = (kinds[0], kinds[1])
    if node.operator == "*":
        if pair == (C, C):
            return f"Write {a}'*{b} for the inner product, {a}*{b}' for the outer product, {a}.*{b} entrywise."
        if pair == (R, R):
            return f"Write {a}*{b}' for the inner product, {a}.*{b} entrywise."
        if pair == (C, M):
            return f"Write {a}'*{b} for a row, or {b}*{a} for a column."
        if pair == (M, R):
            return f"Write {a}*{b}' with the row as a column."
    if node.operator == "^":
        if kinds[0] in (C, R):
            return f"Write {a}.^{b} for the entrywise power."
        if kinds[0] == M:
            return f"Write {a}.^{b} for the entrywise power; a matrix power has a whole number."
        return f"Write {a}.^{b} for the entrywise power."
    if node.operator == "/":
        if kinds[0] == S and kinds[1] in (C, R, M):
            return f"Write {a}./{b} to divide entrywise" + (
                f", inv({right}) for the inverse." if kinds[1] == M else "."
            )
        if kinds[1] == M:
            return f"Write {a}*inv({right}), or {a}./{b} to divide entrywise."
        return f"Write {a}./{b} to divide entrywise."
    if node.operator == "\\":
        return f"The matrix stands on the left: {a}\\{b} solves {a}*z = {b}."
    if M in pair and (C in pair or R in pair):
        return "A vector combines with a matrix only when both shapes are declared or given."
    if pair in ((C, R), (R, C)):
        return f"One is a column, the other a row: write {a} and {b}' alike."
    return None
