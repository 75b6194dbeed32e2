"""What stands below and above a symbol in LaTeX: indices, parts of a name, transposes, inverses, powers."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from gradcalc.errors import GradcalcError, Span
from gradcalc.language.latex.tokens import Token
from gradcalc.language.latex.words import GREEK_NAMES
from gradcalc.language.polynomial import Dim, added, names_in
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    Index,
    Name,
    Negative,
    Number,
    Position,
    Transpose,
    postorder,
)

_LONGEST_MARK = 8
"""How many tokens an exponent may have that is a mark, as a transpose, and no expression."""

_TRANSPOSES = frozenset(["T", "top", "intercal", "'", "H", "tr"])
_PRIMES = frozenset(["'", "''", "'''"])
_INVERSE_TRANSPOSES = frozenset(["-T", "-top", "-1T", "-intercal", "-'"])
_STARS = frozenset(["*", "star", "ast", "dagger", "+"])

_NORMS = {"1": "norm1", "2": "norm2", "F": "norm2", "Fro": "norm2", "fro": "norm2"}

_NAMED = ("name", "word", "function")


class Subscript(NamedTuple):
    """What was typed below a symbol: indices, or a part of its name.

    parts: names, numbers and None for a whole axis. suffix: the parts as part of a name. bound: whether one of the
    parts is the index of a sum around it.
    """

    parts: tuple[Position, ...]
    suffix: str
    bound: bool
    span: Span

    @property
    def is_index(self) -> bool:
        return self.bound or None in self.parts


class Mark(NamedTuple):
    """An exponent that is no expression. kind: "transpose", "inverse transpose", "label" or "prime"."""

    kind: str
    text: str = ""


def mark_of(found: list[Token]) -> Mark | None:
    """The mark that the tokens of an exponent are, or None for an expression. Raises GradcalcError for a star."""
    if len(found) > _LONGEST_MARK:
        return None
    plain = [token for token in found if token.kind not in ("font", "{", "}")]
    key = "".join(["'" if token.kind == "'" else token.text for token in plain])
    if key in _INVERSE_TRANSPOSES:
        return Mark("inverse transpose")
    if key in _PRIMES:
        return Mark("prime", key)
    if key in _TRANSPOSES:
        return Mark("transpose")
    if key == "t":
        return Mark("t")
    if key in _STARS:
        raise GradcalcError(
            "syntax",
            f"the exponent {key} has several meanings",
            span=(found[0].start, found[-1].end),
            hint="A transpose is written ^T, an inverse ^{-1}; another variable with an index: x_{opt}.",
        )
    if [token.kind for token in plain] in (["open", "name", "close"], ["open", "number", "close"]):
        return Mark("label", plain[1].text)
    return None


def subscript(found: list[Token], bound: Collection[str], span: Span) -> Subscript:
    """Reads the tokens below a symbol; `bound` are the indices of the sums around. Raises GradcalcError."""
    parts: list[Position] = []
    suffix = ""
    before: Token | None = None
    between = ""
    moved = ""
    for token in found:
        kind = token.kind
        if moved and (kind in _NAMED or kind == "number"):
            term = int(token.text) if token.text.isdecimal() else token.text
            parts.append(added(_as_length(parts.pop(), span), term, 1 if moved == "+" else -1))
            moved = ""
        elif kind in ("+", "-") and before is not None and not between:
            moved = kind
        elif kind in _NAMED or kind == "number" or (kind == "command" and token.text in ("infty", "star")):
            suffix += token.text if before is None or _is_glued(before, between, token) else "_" + token.text
            parts.append(int(token.text) if token.text.isdecimal() else token.text)
            before, between = token, ""
        elif kind == ":" or (kind == "*" and token.text != "times"):
            parts.append(None)
        elif kind in (",", ";", "_", "*"):
            between = kind
        elif kind not in ("font", "{", "}", "open", "close"):
            raise _not_below(span)
    if parts == [None]:
        parts, suffix = ["star"], "star"
    if not parts:
        raise GradcalcError("syntax", "nothing stands below the symbol", span=span)
    is_index = any(name in bound for part in parts if isinstance(part, (int, str)) for name in names_in(part))
    if moved or (not is_index and any(isinstance(part, str) and not part.isidentifier() for part in parts)):
        raise _not_below(span)
    return Subscript(tuple(parts), suffix, is_index, span)


def _as_length(position: Position, span: Span) -> Dim:
    if not isinstance(position, (int, str)):
        raise _not_below(span)
    return position


def _not_below(span: Span) -> GradcalcError:
    return GradcalcError(
        "syntax",
        "only names, numbers and sums with an index are read below a symbol",
        span=span,
        hint="For example: x_i, A_{i,j}, w_1, x_{i+1}, x_{\\text{max}}",
    )


def _is_glued(before: Token, between: str, token: Token) -> bool:
    """Whether two parts of a name stand side by side: A_{12}, A_{i,j}, but x_{1,2} with a mark between."""
    numbers = before.kind == token.kind == "number"
    short = all(len(part.text) == 1 or part.kind == "number" for part in (before, token))
    return short and between != "_" and not (between and numbers)


def below(base: Expr, sub: Subscript) -> Expr:
    """A symbol or an expression with its subscript: an entry, or a longer name. Raises GradcalcError."""
    if isinstance(base, Call) and base.function in ("norm2", "abs"):
        return _norm(base, sub)
    sized = _sized(base, sub)
    if sized is not None:
        return sized
    if isinstance(base, Name) and not sub.is_index:
        return Name(f"{base.name}_{sub.suffix}", base.span)
    if isinstance(base, Index) or len(sub.parts) > 2:
        raise GradcalcError("syntax", "a symbol has at most two indices", span=sub.span, hint="For example: A_{i,j}")
    if any(part == 0 for part in sub.parts):
        raise GradcalcError("syntax", "positions are counted from 1", span=sub.span, hint="The first entry is x_1.")
    return Index(base, sub.parts, base.span)


def _norm(base: Call, sub: Subscript) -> Expr:
    if sub.suffix not in _NORMS:
        raise GradcalcError(
            "syntax",
            f"the norm with {sub.suffix} below it is not part of the language",
            span=sub.span,
            hint="The norms are \\|x\\|_1, \\|x\\|_2 and \\|X\\|_F.",
        )
    return Call(_NORMS[sub.suffix], base.children)


def _sized(base: Expr, sub: Subscript) -> Expr | None:
    """The identity, ones or zeros of a size, as I_n."""
    sizes = tuple([Number(part) if isinstance(part, int) else Name(str(part)) for part in sub.parts])
    if sub.is_index:
        return None
    if base == Name("I") and len(sizes) in (1, 2) and sizes[0] == sizes[-1]:
        return Call("eye", sizes[:1])
    if base == Call("vector", (Number(1),)) and len(sizes) < 3:
        return Call("ones", sizes)
    if base == Call("vector", (Number(0),)) and len(sizes) < 3:
        return Call("zeros", sizes)
    return None


def above(base: Expr, mark: Mark | Expr, entrywise: bool = False) -> Expr:
    """A symbol or an expression with its exponent."""
    if isinstance(mark, Expr):
        return Binary(".^" if entrywise else "^", base, mark)
    if mark.kind == "inverse transpose":
        return Transpose(Call("inv", (base,)))
    if mark.kind == "t" and not any(isinstance(node, Name) and node.name[0].isupper() for node in postorder(base)):
        return Binary("^", base, Name("t"))
    if isinstance(base, Binary) and base.operator == "^" and base.right == Negative(Number(1)):
        base = Call("inv", (base.left,))
    for _ in mark.text or "'":
        base = Transpose(base)
    return base


def is_matrix(tree: Expr) -> bool:
    """Whether an expression looks like a matrix: capital letters and block literals, and what they are combined to."""
    found: dict[int, bool | None] = {}
    pending: list[tuple[Expr, bool]] = [(tree, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            found[id(node)] = _looks(node, [found[id(child)] for child in node.children])
        elif id(node) not in found:
            pending.append((node, True))
            pending.extend([(child, False) for child in node.children])
    return found[id(tree)] is True


def _looks(node: Expr, operands: list[bool | None]) -> bool | None:
    """True for a matrix, None for a number, False for anything else."""
    if isinstance(node, Number):
        return None
    if isinstance(node, Name):
        if node.name.split("_")[0] in GREEK_NAMES and node.name[0].islower():
            return None
        return node.name[0].isupper()
    if isinstance(node, Block):
        return True
    if isinstance(node, (Transpose, Negative)):
        return operands[0]
    if isinstance(node, Call):
        return node.function in ("inv", "diag", "eye", "kron", "outer")
    if isinstance(node, Binary):
        if node.operator in ("^", ".^", "/"):
            return operands[0]
        if node.operator in "+-":
            return True in operands
        return False if False in operands else True if True in operands else None
    return False


def negated(tree: Expr) -> Expr:
    """Minus a product, as one writes it: the sign on its first factor."""
    rest: list[Binary] = []
    while isinstance(tree, Binary) and tree.operator in ("*", "/", "\\", ".*", "./"):
        rest.append(tree)
        tree = tree.left
    tree = Negative(tree)
    for node in reversed(rest):
        tree = Binary(node.operator, tree, node.right)
    return tree


def multiplied(left: Expr, right: Expr) -> Expr:
    """A product, in which a fraction on the right is the quotient of the product: x/n and not x*(1/n)."""
    if not isinstance(right, Binary) or right.operator != "/":
        return Binary("*", left, right)
    factors: list[Expr] = []
    above = right.left
    while isinstance(above, Binary) and above.operator == "*":
        factors.append(above.right)
        above = above.left
    if above != Number(1) or factors:
        left = Binary("*", left, above)
    for factor in reversed(factors):
        left = Binary("*", left, factor)
    return Binary("/", left, right.right)
