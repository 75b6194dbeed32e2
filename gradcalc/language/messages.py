"""What a shape error says: both operands, what they are, where that comes from, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcalc.errors import GradcalcError
from gradcalc.functions.entry import Atom, Composite, Function, Linear
from gradcalc.language.dimensions import Clash
from gradcalc.language.kinds import NAMES, C, M, R, S
from gradcalc.language.printer import to_text
from gradcalc.language.scopes import Scopes
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Transpose,
    postorder,
)

_VERBS = {
    "*": "multiply {} by {}",
    ".*": "multiply {} elementwise by {}",
    "+": "add {} and {}",
    "-": "subtract {1} from {0}",
    "/": "divide {} by {}",
    "./": "divide {} elementwise by {}",
    "\\": "solve {} for {}",
    "^": "raise {} to {}",
    ".^": "raise {} elementwise to {}",
    **dict.fromkeys(COMPARISONS, "compare {} with {}"),
}

_LONGEST_NAMED = 40
_MOST_NAMES = 4
_MOST_NODES = 200

Describe = Callable[[str], "str | None"]


class Operand:
    """An operand with its kind and its dims as far as they are known, None where nothing is known of them."""

    def __init__(self, node: Expr, kind: int, dims: Sequence[int | str | None] | None = None) -> None:
        self.node = node
        self.kind = kind
        self.dims = dims

    def __str__(self) -> str:
        return f"{NAMES[self.kind]} {_short(self.node)}{self._shape()}"

    def _shape(self) -> str:
        if not self.dims or all(dim is None for dim in self.dims):
            return ""
        lengths = [str(dim) if dim is not None else "?" for dim in self.dims]
        return f" (1 x {lengths[0]})" if self.kind == R else f" ({' x '.join(lengths)})"


def no_kind(node: Expr, operands: Sequence[Operand], scopes: Scopes, describe: Describe) -> GradcalcError:
    """A node whose operands have kinds that it does not combine."""
    hint: str | None = None
    if isinstance(node, Binary):
        message = "cannot " + _VERBS[node.operator].format(*operands)
        hint = _binary_hint(node, operands[0].kind, operands[1].kind)
    elif isinstance(node, Call):
        message = f"{node.function} cannot be applied to {_all(operands)}"
        hint = _call_hint(node, operands, scopes.entry(node))
    elif isinstance(node, Block):
        message = f"cannot put {_all(operands)} together in one block"
        hint = "Vectors go below each other [x; y], columns beside each other [A, x], rows below matrices [A; x']."
    elif isinstance(node, Index):
        count = len(node.positions)
        message = f"cannot take {count} position{'' if count == 1 else 's'} of {operands[0]}"
        hint = "A vector has one position x[2], a matrix two X[1,2] or X[1,:]."
    else:
        message = f"{_short(node)} has no kind"
    return _error(message, node, hint, scopes, describe)


def bad_body(name: str, body: Expr, kind: int, scopes: Scopes, describe: Describe) -> GradcalcError:
    """A function of the user whose value is not a number."""
    hint = "It is applied entry by entry: its value has to be a number when its operand is one."
    return _error(f"the value of {name} is the {NAMES[kind]} {_short(body)}", body, hint, scopes, describe)


def clash(node: Expr, operands: Sequence[Operand], lengths: Clash, scopes: Scopes, describe: Describe) -> GradcalcError:
    """A node whose operands have kinds that fit and lengths that do not."""
    hint: str | None = None
    if isinstance(node, Binary):
        matrix = operands[1 if node.operator == "/" else 0]
        if node.operator in ("^", "\\", "/") and matrix.dims and len(set(matrix.dims)) == 2:
            power = (
                "only a square matrix has powers" if node.operator == "^" else "only a square matrix can be solved for"
            )
            message = f"{matrix} is not square: {power}"
        else:
            message = "cannot " + _VERBS[node.operator].format(*operands) + ": the lengths differ"
            hint = _lengths_hint(node, operands)
    elif isinstance(node, Index):
        message = f"an index of {_short(node)} runs over {lengths.left} and over {lengths.right} entries"
        hint = "Each index of a sum has one range."
    elif isinstance(node, Block):
        message = f"cannot put {_all(operands)} together in one block: the lengths differ"
        hint = "What stands in a row has one height, rows have one width."
    elif isinstance(node, IndexedSum):
        message = f"an index of the sum runs over {lengths.left} entries, and to {lengths.right}"
    elif len(operands) == len(node.children) == 1:
        assert isinstance(node, Call)
        message = f"{node.function} takes a square matrix, not {operands[0]}"
    else:
        assert isinstance(node, Call)
        message = f"{node.function} cannot be applied to {_all(operands)}: the lengths differ"
    return _error(message, node, hint, scopes, describe)


def _error(message: str, node: Expr, hint: str | None, scopes: Scopes, describe: Describe) -> GradcalcError:
    origins = _origins(node, scopes, describe)
    whole = " ".join([part for part in (origins, hint) if part])
    return GradcalcError("shape", message, span=node.span, hint=whole or None)


def _origins(node: Expr, scopes: Scopes, describe: Describe) -> str | None:
    """Where the kinds of the first few variables of a node come from."""
    said: dict[str, None] = {}
    definitions: set[str] = set()
    pending = [node]
    for _ in range(_MOST_NODES):
        if not pending or len(said) >= _MOST_NAMES:
            break
        inner = pending.pop()
        if id(inner) in scopes.sizes or id(inner) in scopes.parameters or id(inner) in scopes.bound:
            continue
        if isinstance(inner, Name):
            definition = scopes.definition(inner)
            sentence = describe(inner.name) if definition is None else None
            if sentence is not None:
                said[sentence] = None
            if definition is not None and inner.name not in definitions:
                definitions.add(inner.name)
                pending.append(definition)
        pending.extend(reversed(inner.children))
    return ", ".join(said) + "." if said else None


def _short(node: Expr) -> str:
    if sum(1 for _ in zip(postorder(node), range(_MOST_NODES))) == _MOST_NODES:
        return "..."
    text = to_text(node)
    return text if len(text) <= _LONGEST_NAMED else text[: _LONGEST_NAMED - 3] + "..."


def _all(operands: Sequence[Operand]) -> str:
    return " and ".join([str(operand) for operand in operands])


# Hints.


class _Written:
    """The operands of an operator as they are put into a hint: themselves where they are short, else a and b."""

    def __init__(self, node: Binary) -> None:
        left, right = _short(node.left), _short(node.right)
        fits = "..." not in left + right and len(left) + len(right) <= _LONGEST_NAMED
        self.left = node.left if fits else Name("a")
        self.right = node.right if fits else Name("b")

    def infix(self, operator: str, left: Expr | None = None, right: Expr | None = None) -> str:
        left, right = left or self.left, right or self.right
        text = to_text(Binary(operator, left, right))
        tight = " " not in to_text(left) and " " not in to_text(right) and operator not in "+-"
        return text.replace(" ", "") if tight else text


def _transposed(node: Expr) -> Expr:
    return node.operand if isinstance(node, Transpose) else Transpose(node)


def _binary_hint(node: Binary, left: int, right: int) -> str | None:
    operator, kinds = node.operator, (left, right)
    written = _Written(node)
    a, b = written.left, written.right
    infix = written.infix
    if operator == "*":
        return _product_hint(written, kinds)
    if operator in ("^", ".^"):
        if operator == ".^":
            return _entrywise_hint(node, written, kinds)
        if left == M and right == S:
            return f"A power of a matrix is a whole number, as A^2 or A^-1. Elementwise, write {infix('.^')}."
        if left == M:
            return "A power of a matrix is a whole number, as A^2 or A^-1."
        return f"Write {infix('.^')} for the power of each entry."
    if operator == "/":
        inverse = Call("inv", (b,))
        if right == M and left == S:
            return f"Write {infix('*', right=inverse)} with the inverse, or {infix('./')} elementwise."
        if right == M:
            return f"Write {infix(chr(92), left=b, right=a)} to solve with the matrix."
        return f"Write {infix('./')} to divide elementwise."
    if operator == "\\":
        if left in (C, R) and right == M:
            return f"The matrix stands on the left: {infix(chr(92), left=b, right=a)}."
        if left == M and right == R:
            return f"The right side is a column: {infix(chr(92), right=_transposed(b))}."
        return "The left side is a square matrix, the right side a column or a matrix."
    return _entrywise_hint(node, written, kinds)


def _product_hint(written: _Written, kinds: tuple[int, int]) -> str | None:
    a, b, infix = written.left, written.right, written.infix
    inner, outer = infix("*", left=_transposed(a)), infix("*", right=_transposed(b))
    if kinds == (C, C):
        return f"Write {inner} for the inner product, {outer} for the outer product, {infix('.*')} elementwise."
    if kinds == (R, R):
        return f"Write {outer} for the inner product, {inner} for the outer product, {infix('.*')} elementwise."
    if kinds == (C, M):
        return f"Write {inner} for a row, or {infix('*', left=b, right=a)} for a column."
    if kinds == (M, R):
        return f"Write {outer} for a column, or {infix('*', left=b, right=a)} for a row."
    return None


def _entrywise_hint(node: Binary, written: _Written, kinds: tuple[int, int]) -> str | None:
    a, b, infix, operator = written.left, written.right, written.infix, node.operator
    if kinds == (C, R):
        return f"One is a column, the other a row: write {infix(operator, right=_transposed(b))}."
    if kinds == (R, C):
        return f"One is a column, the other a row: write {infix(operator, left=_transposed(a))}."
    vector = kinds[1] if kinds[0] == M else kinds[0]
    if M in kinds and vector in (C, R):
        ones = "x*ones(n)'" if vector == C else "ones(m)*x'"
        return (
            "A vector is repeated to fill a matrix only where the shapes of both are declared or given; "
            f"otherwise write {ones} for a vector x."
        )
    return None


def _call_hint(node: Call, operands: Sequence[Operand], entry: Function | None) -> str | None:
    if not isinstance(entry, (Linear, Atom, Composite)):
        return None
    kinds = [operand.kind for operand in operands]
    taken = dict.fromkeys(
        [
            " and ".join([f"a {kind}" for kind in variant.replace("row", "vector").split(",")])
            for variant in entry.variants
            if variant.count(",") == len(operands) - 1
        ]
    )
    if not taken and entry.axis:
        axes = f"{node.function}(X, 1) is taken of each column, {node.function}(X, 2) of each row"
        return f"{axes}, {node.function}(X) of all of X."
    hint = f"{node.function} takes {', or '.join(taken)}. "
    if list(taken) == ["a matrix"] and kinds in ([C], [R]):
        hint += f"diag({_short(node.children[0])}) is the matrix with the vector on its diagonal. "
    return hint + f"For example: {entry.example}"


def _lengths_hint(node: Binary, operands: Sequence[Operand]) -> str | None:
    """What would fit where a transpose is missing."""
    written = _Written(node)
    left, right = operands
    if node.operator == "*" and left.kind == M and left.dims and right.dims and left.dims[0] == right.dims[0]:
        return f"Would {written.infix('*', left=_transposed(written.left))} fit?"
    if left.kind == M and right.kind == C and left.dims and right.dims and left.dims[1] == right.dims[0]:
        return f"As a row it would fit: {written.infix(node.operator, right=_transposed(written.right))}."
    return None
