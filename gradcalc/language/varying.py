"""Lengths that would differ from term to term of a sum: the language has none, and says what to write instead."""

from __future__ import annotations

from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import Dim, as_dim, names_in, polynomial, substituted
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr, Index, IndexedSum, IndexRange

_LONGEST_BODY = 60

Outer = dict[str, tuple[Dim | None, Dim | None]]
"""The first and the last value of the indices that are bound around a place; None where no range was written."""


def varying_range(node: IndexedSum, place: int, name: str, what: str, outer: Outer) -> GradcalcError:
    """A range that ends at the index of a sum, as sum[j=1..i](...) inside sum[i](...).

    place: which range of the node. name: the index that stands in it. outer: of all indices around the range.
    """
    index = node.ranges[place][0]
    span = node.places[place] if place < len(node.places) else node.span
    if name in [other for other, _, _ in node.ranges]:
        what = "an index of the same sum"
    else:
        what = "an index of a sum around it" if name in outer else what
    return GradcalcError(
        "syntax",
        f"the range of {index} is not fixed: {name} is {what}",
        span=span,
        hint="Ranges are fixed numbers and lengths. " + _mask(node, place, outer),
    )


def _mask(node: IndexedSum, place: int, outer: Outer) -> str:
    """The same sum over a fixed range, with a comparison as a factor."""
    index, first, last = node.ranges[place]
    conditions: list[str] = []
    for sign, bound in ((">=", first), ("<=", last)):
        if bound is not None and any(name in outer and name != index for name in names_in(bound)):
            conditions.append(f"({index} {sign} {bound})")
    if not conditions:
        return "Write a number or the length of an axis."
    low = None if first is None else _widest(first, outer, 0)
    high = None if last is None else _widest(last, outer, 1)
    ranges = list(node.ranges)
    if low is not None and high is not None:
        ranges[place] = (index, low, high)
    elif low in (None, 1):
        # The outer index runs over a whole axis, and so may this one.
        ranges[place] = (index, None, None)
    else:
        return f"Write the condition as a factor: {'*'.join(conditions)}*(...)."
    body = to_text(node.body)
    fixed = ",".join([_written(item) for item in ranges])
    body = body if len(body) <= _LONGEST_BODY else "..."
    return f"Write the condition as a factor: sum[{fixed}]({'*'.join(conditions)}*({body}))."


def _widest(bound: Dim, outer: Outer, end: int) -> Dim | None:
    """The bound at the end (0 first, 1 last) of the indices in it where it lies furthest out; None where unknown."""
    for _ in range(len(outer) + 1):
        moving = [name for name in names_in(bound) if name in outer]
        if not moving:
            return bound
        terms = polynomial(bound)
        values: dict[str, Dim] = {name: name for name in names_in(bound)}
        for name in moving:
            rises = terms.get((name,), 0) > 0
            value = outer[name][end if rises else 1 - end]
            if value is None:
                return 1 if end == 0 and rises and as_dim(terms) == name else None
            values[name] = value
        bound = substituted(bound, values.__getitem__)
    return None


def _written(item: IndexRange) -> str:
    name, first, last = item
    return name if last is None else f"{name}={1 if first is None else first}..{last}"


def varying_slice(node: Index, name: str, what: str) -> GradcalcError:
    """A slice that ends at the index of a sum or at the parameter of a function."""
    return GradcalcError(
        "syntax",
        f"the slice in {to_text(node)} has no fixed length: {name} is {what}",
        span=node.span,
        hint="Slices end at fixed numbers and lengths. Sum over an index with a condition as a factor: "
        "sum[i=1..n,j=1..n]((j <= i)*x[j]) is the sum of the sums of x[1:i].",
    )


def varying_size(node: Expr, name: str, what: str) -> GradcalcError:
    """A size made of the index of a sum, as ones(i), or of the parameter of a function."""
    return GradcalcError(
        "syntax",
        f"the size {to_text(node)} is not fixed: {name} is {what}",
        span=node.span,
        hint="Sizes are whole numbers and lengths: eye(3), or eye(n) with x: vector[n]. A condition may be a factor: "
        "sum[i=1..n,j=1..n]((j <= i)*x[j]).",
    )
