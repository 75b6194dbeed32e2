"""Sums over indices in LaTeX: what stands below and above the sign, nested sums as one."""

from __future__ import annotations

from gradcalc.errors import GradcalcError, Span
from gradcalc.language.latex.tokens import Token
from gradcalc.language.polynomial import Dim, added
from gradcalc.language.syntax import Expr, IndexedSum, IndexRange

_HINT = "A sum is read over indices from 1: \\sum_{i=1}^{n}, \\sum_i, \\sum_{i,j}."


def index_ranges(below: list[Token], above: list[Token], sign: Token) -> tuple[IndexRange, ...]:
    """The indices of a sum and what they run over. Raises GradcalcError of kind syntax."""
    found = _significant(below)
    if not found:
        raise GradcalcError(
            "syntax", "the sum names no index", span=sign.span, hint="Write \\sum_i or \\sum_{i=1}^{n}."
        )
    span = (sign.start, (above or below)[-1].end)
    last = _last(above, span) if above else None
    names: list[str] = []
    first: int | None = None
    place = 0
    while place < len(found):
        token = found[place]
        if token.kind == "name" and token.text not in names:
            names.append(token.text)
        elif token.kind == "=" and place + 1 < len(found):
            first = _first(found[place + 1], span)
            place += 1
        elif token.kind not in (",", ";"):
            raise GradcalcError("syntax", "the range of the sum is not understood", span=span, hint=_HINT)
        place += 1
    if not names:
        raise GradcalcError("syntax", "the sum names no index", span=span, hint=_HINT)
    if last is None:
        return tuple([(name, None, None) for name in names])
    return tuple([(name, first or 1, last) for name in names])


def _significant(found: list[Token]) -> list[Token]:
    return [token for token in found if token.kind not in ("{", "}", "font")]


def _first(token: Token, span: Span) -> int:
    if not token.text.isdecimal() or int(token.text) < 1:
        raise GradcalcError("syntax", "the sum does not start at a position from 1", span=span, hint=_HINT)
    return int(token.text)


def _last(above: list[Token], span: Span) -> Dim:
    found = _significant(above)
    terms, signs = found[::2], found[1::2]
    if len(found) % 2 == 0 or any(sign.kind not in ("+", "-") for sign in signs):
        raise _not_a_length(span)
    total: Dim = 0
    for sign, term in zip(["+", *[sign.kind for sign in signs]], terms):
        if term.kind not in ("name", "word", "number"):
            raise _not_a_length(span)
        if term.kind == "number" and not term.text.isdecimal():
            raise GradcalcError("syntax", "a sum runs over whole numbers", span=span, hint=_HINT)
        length: Dim = int(term.text) if term.kind == "number" else term.text
        total = added(total, length, 1 if sign == "+" else -1)
    return total


def _not_a_length(span: Span) -> GradcalcError:
    return GradcalcError(
        "syntax",
        "the last index of a sum is a name or a number, or a sum of those",
        span=span,
        hint="Give the range a name of its own: \\sum_{i=1}^{m}.",
    )


def joined_sum(ranges: tuple[IndexRange, ...], body: Expr, place: Span) -> Expr:
    """A sum; a sum of a sum over other indices is one sum. place: where the ranges were typed."""
    outer = {name for name, _, _ in ranges}
    places = (place,) * len(ranges)
    if isinstance(body, IndexedSum) and not outer & {name for name, _, _ in body.ranges}:
        return IndexedSum((*ranges, *body.ranges), body.body, None, (*places, *body.places))
    return IndexedSum(ranges, body, None, places)
