"""Boxes: how a formula is laid out, whatever it is written in.

A box holds smaller boxes. LaTeX and MathML are two ways to write the same boxes; what is above what, where parentheses
stand and how far factors stand apart is decided here. Boxes are built and written without recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from functools import lru_cache

COMPARISON, SUM, PRODUCT, UNARY, POWER, POSTFIX = 0, 1, 2, 3, 4, 5
"""How tightly a box binds."""


class Edge(Enum):
    """What stands at the left or right end of a box, as far as it matters to its neighbour in a product."""

    LETTER = auto()
    TRANSPOSED = auto()
    DIGIT = auto()
    WORD = auto()
    OPERATOR = auto()
    FENCE = auto()
    CALL = auto()
    FRACTION = auto()


class Box:
    """kind: one of those that `gradcalc.output.latex` writes; text and parts: what it consists of.

    A symbol is called as TeX calls it. level: how tightly it binds; tall: higher than a line; first, last: its ends;
    negated: what is left without the minus sign in front, or None; open: ends in a sum whose body is not closed.
    """

    __slots__ = ("first", "kind", "last", "level", "negated", "open", "parts", "tall", "text")

    parts: tuple[Box, ...]
    tall: bool
    first: Edge
    last: Edge

    def __init__(
        self,
        kind: str,
        text: str = "",
        parts: tuple[Box, ...] = (),
        *,
        level: int = POSTFIX,
        tall: bool | None = None,
        first: Edge | None = None,
        last: Edge | None = None,
        negated: Box | None = None,
        open: bool = False,
    ) -> None:
        self.kind = kind
        self.text = text
        self.parts = parts
        self.level = level
        self.tall = any(part.tall for part in parts) if tall is None else tall
        self.first = first or (parts[0].first if parts else Edge.LETTER)
        self.last = last or (parts[-1].last if parts else Edge.LETTER)
        self.negated = negated
        self.open = open


def written(root: Box, pieces: Callable[[Box], Iterable[str | Box]]) -> str:
    """The text of a box. pieces: the text of one box, with the boxes in it still as boxes."""
    texts: list[str] = []
    pending: list[str | Box] = [root]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            texts.append(piece)
        else:
            pending.extend(reversed(list(pieces(piece))))
    return "".join(texts)


def letter(text: str) -> Box:
    """A Latin letter, or a Greek one by its name."""
    return Box("letter", text)


def word(text: str) -> Box:
    """A name of several letters."""
    return Box("word", text, first=Edge.WORD, last=Edge.WORD)


@lru_cache(256)
def operator(text: str) -> Box:
    """The name of a function, upright."""
    return Box("operator", text, first=Edge.OPERATOR, last=Edge.OPERATOR)


def number(text: str) -> Box:
    return Box("number", text, first=Edge.DIGIT, last=Edge.DIGIT)


@lru_cache(256)
def symbol(text: str) -> Box:
    """A sign without space around it."""
    return Box("symbol", text)


@lru_cache(256)
def sign(text: str) -> Box:
    """A sign between two operands."""
    return Box("sign", text)


@lru_cache(256)
def glue(text: str) -> Box:
    """What stands between factors, indices or differentials.

    Between factors: "close", "thin", "dot", or "operator", which is thin where the name of a function does not bring
    its own space. "names" stands between the names of functions, "index" between indices, "differentials" between
    differentials, and "touching" where only the text of LaTeX needs a space.
    """
    return Box("glue", text)


def row(*parts: Box, level: int = POSTFIX) -> Box:
    return Box("row", "", parts, level=level)


def separated(parts: Sequence[Box], separator: Box) -> Box:
    """The boxes with a separator between them; the box itself where there is one."""
    if len(parts) == 1:
        return parts[0]
    return row(*[box for part in parts for box in (separator, part)][1:])


def fence(inside: Box, left: str = "(") -> Box:
    """The box between delimiters, called by the left one."""
    return Box("fence", left, (inside,), first=Edge.FENCE, last=Edge.FENCE)


def at(box: Box, least: int) -> Box:
    """The box, in parentheses where it binds less than `least`."""
    return fence(box) if box.level < least else box


def root(inside: Box, degree: Box | None = None) -> Box:
    parts = (inside,) if degree is None else (inside, degree)
    return Box("root", "", parts, first=Edge.LETTER, last=Edge.LETTER)


def bold(text: str) -> Box:
    return Box("bold", text)


def table(rows: Sequence[Sequence[Box]]) -> Box:
    """A matrix written out. text: how many columns it has."""
    parts = tuple([cell for cells in rows for cell in cells])
    columns = str(len(rows[0]) if rows else 0)
    return Box("table", columns, parts, tall=True, first=Edge.FENCE, last=Edge.FENCE)


def called(name: Box, arguments: Sequence[Box]) -> Box:
    """A function at its arguments."""
    return applied(name, fence(separated(arguments, sign(",")) if arguments else row()))


def applied(name: Box, inside: Box) -> Box:
    """A function at what is in a fence already; the power of a function may be part of its name."""
    level = POWER if name.level == POWER else POSTFIX
    return Box("call", "", (name, inside), level=level, first=name.first, last=Edge.CALL)


def subscript(base: Box, index: Box) -> Box:
    return Box("sub", "", (base, index), first=base.first, last=base.last, tall=base.tall)


def superscript(base: Box, exponent: Box) -> Box:
    """The base must bind as tightly as a name. A power of an index stands above it."""
    parts = (*base.parts, exponent) if base.kind == "sub" else (base, exponent)
    kind = "subsup" if base.kind == "sub" else "sup"
    return Box(kind, "", parts, level=POWER, first=base.first, last=base.last, tall=base.tall)


def negative(box: Box) -> Box:
    operand = fence(box) if box.negated is not None else at(box, PRODUCT)
    level = min(UNARY, operand.level)
    return Box("row", "-", (symbol("-"), operand), level=level, negated=operand, open=operand.open)


def is_minus_one(box: Box) -> bool:
    return box.kind == "row" and [part.text for part in box.parts] == ["-", "1"]


def inverted(box: Box) -> Box:
    return superscript(at(box, POSTFIX), row(symbol("-"), number("1")))


def transposed(box: Box) -> Box:
    """With a T above; that of an inverse is written with one exponent."""
    top = symbol(r"\top")
    if box.kind == "sup" and is_minus_one(box.parts[1]):
        turned = superscript(box.parts[0], row(symbol("-"), top))
    else:
        turned = superscript(at(box, POSTFIX), top)
    turned.first = Edge.TRANSPOSED
    return turned


def product(left: Box, right: Box) -> Box:
    """Juxtaposed factors: parentheses where a factor would read otherwise, and as much space as they need."""
    if left.open or left.level < PRODUCT or left.text in _ENTRYWISE:
        left = fence(left)
    if not _may_follow(right):
        right = fence(right)
    rest = None if left.negated is None else product(left.negated, right)
    return Box("row", "*", (left, between(left, right), right), level=PRODUCT, negated=rest, open=right.open)


_ENTRYWISE = (r"\odot", r"\oslash")


def _may_follow(box: Box) -> bool:
    """Whether a factor needs no parentheses: products associate, and a sum reaches to the end."""
    if box.negated is not None:
        return False
    if box.level >= UNARY or box.kind == "sum":
        return True
    # A transposed factor may begin an inner product, which is one number.
    return box.text == "*" and box.first not in (Edge.TRANSPOSED, Edge.DIGIT)


def between(left: Box, right: Box) -> Box:
    """What stands between two factors."""
    return glue(_glue_between(left.last, right.first))


def _glue_between(left: Edge, right: Edge) -> str:
    if right is Edge.DIGIT or (left is Edge.DIGIT and right is Edge.FRACTION):
        return "dot"
    if right is Edge.OPERATOR:
        return "operator"
    if right in (Edge.WORD, Edge.FRACTION) or left in (Edge.WORD, Edge.CALL, Edge.FRACTION):
        return "thin"
    return "thin" if right is Edge.FENCE and left in (Edge.LETTER, Edge.TRANSPOSED) else "close"


def quotient(above: Box, below: Box) -> Box:
    """A fraction, its sign in front; what is itself high stands beside the fraction and not in it."""
    if above.negated is not None:
        return negative(quotient(above.negated, below))
    if above.tall and not below.tall:
        beside = above.text == "*" and not above.parts[0].tall
        first, rest = (above.parts[0], above.parts[-1]) if beside else (number("1"), above)
        return product(fraction(first, below), rest)
    return fraction(above, below)


def fraction(above: Box, below: Box, *, edge: Edge = Edge.FRACTION) -> Box:
    return Box("fraction", "", (above, below), level=UNARY, tall=True, first=edge, last=edge)


def slashed(box: Box) -> Box:
    """A fraction on one line, as it stands in an exponent, where both its parts are short."""
    if box.kind == "fraction" and all(part.kind in ("letter", "number") for part in box.parts):
        return row(box.parts[0], symbol("/"), box.parts[1])
    return box


def infix(left: Box, text: str, right: Box, level: int) -> Box:
    """Operands on both sides of a sign; one that begins with a minus sign is in parentheses on the right."""
    if level > SUM and left.open:
        left = fence(left)
    if right.level <= level or (right.negated is not None and level > COMPARISON):
        right = fence(right)
    left = at(left, level)
    rest = None
    if left.negated is not None and level == PRODUCT:
        rest = infix(left.negated, text, right, level)
    return Box("row", text, (left, sign(text), right), level=level, negated=rest, open=right.open)


def summed(bounds: Sequence[tuple[Box, Box | None]], body: Box) -> Box:
    """Sums over the bounds (below and above the sign) of the body."""
    body = fence(body) if body.negated is not None else at(body, PRODUCT)
    signs = [Box("bigsum", "", (below,) if above is None else (below, above), tall=True) for below, above in bounds]
    first = Edge.OPERATOR
    return Box("sum", "", (*signs, body), level=PRODUCT, tall=True, first=first, last=body.last, open=True)
