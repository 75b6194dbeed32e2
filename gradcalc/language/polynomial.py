"""Lengths of axes as whole numbers, names, or sums and products of them: `m*n`, `n - 1`, `m + 2*n`.

A length is kept as a number or as text in one fixed order, so that equal lengths are equal texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from gradcalc.errors import GradcalcError

Dim = int | str
"""The length of an axis: a number, the name of a dimension, or a polynomial in names as text."""

LARGEST_LENGTH = 10**18
"""Larger ones are refused where they are typed: no axis has as many entries."""

Monomial = tuple[str, ...]
"""The names of a product, sorted; a name stands as often as it is a factor."""

Polynomial = dict[Monomial, int]

_PIECE = re.compile(r"\s*([+-]?)\s*([^+-]+)")


def polynomial(dim: Dim) -> Polynomial:
    """The length as whole coefficients of products of names."""
    if isinstance(dim, int):
        return {(): dim} if dim else {}
    if dim.isidentifier():
        return {(dim,): 1}
    found: Polynomial = {}
    for sign, product in _PIECE.findall(dim):
        number, names = (-1 if sign == "-" else 1), []
        for factor in product.split("*"):
            factor = factor.strip()
            if factor.isdigit():
                number *= int(factor)
            else:
                names.append(factor)
        key = tuple(sorted(names))
        found[key] = found.get(key, 0) + number
    return found


def as_dim(terms: Mapping[Monomial, int]) -> Dim:
    """The number or the text of a polynomial; positive terms first, so that no text starts with a sign."""
    kept = [(names, number) for names, number in terms.items() if number]
    if not kept:
        return 0
    if len(kept) == 1 and not kept[0][0]:
        return kept[0][1]
    kept.sort(key=lambda term: (term[1] < 0, not term[0], term[0]))
    text = ""
    for names, number in kept:
        size = abs(number)
        factors = [*([str(size)] if size != 1 or not names else []), *names]
        sign = (" - " if number < 0 else " + ") if text else ("-" if number < 0 else "")
        text += sign + "*".join(factors)
    return text


def added(left: Dim, right: Dim, sign: int = 1) -> Dim:
    """left + sign*right."""
    total = polynomial(left)
    for names, number in polynomial(right).items():
        total[names] = total.get(names, 0) + sign * number
    return as_dim(total)


def multiplied(left: Dim, right: Dim) -> Dim:
    """left*right."""
    total: Polynomial = {}
    for names, number in polynomial(left).items():
        for others, factor in polynomial(right).items():
            key = tuple(sorted(names + others))
            total[key] = total.get(key, 0) + number * factor
    return as_dim(total)


def substituted(dim: Dim, value: Callable[[str], Dim]) -> Dim:
    """The length with other lengths for its names."""
    if isinstance(dim, int):
        return dim
    if dim.isidentifier():
        return value(dim)
    total: Dim = 0
    for names, number in polynomial(dim).items():
        term: Dim = number
        for name in names:
            term = multiplied(term, value(name))
        total = added(total, term)
    return total


def names_in(dim: Dim) -> Iterable[str]:
    """The names of dimensions that a length is made of."""
    if isinstance(dim, int):
        return ()
    if dim.isidentifier():
        return (dim,)
    return dict.fromkeys([name for names in polynomial(dim) for name in names])


def split_off(dim: Dim, name: str) -> Dim | None:
    """What is left of a length without one `name` in it: 1 of `i + 1`; None where the name is no term by itself."""
    terms = polynomial(dim)
    if terms.get((name,)) != 1 or any(name in names for names in terms if names != (name,)):
        return None
    del terms[(name,)]
    return as_dim(terms)


def size_of(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The length where the sizes of the names are known. Raises GradcalcError of kind data where one is not."""
    if isinstance(dim, int):
        return dim
    if dim in sizes:
        return sizes[dim]
    total = 0
    for names, number in polynomial(dim).items():
        for name in names:
            if name not in sizes:
                raise GradcalcError(
                    "data", f"the size of the dimension {name} is not known", hint=f"Give it with --size {name}=3."
                )
            number *= sizes[name]
        total += number
    return total
