"""Sizes for the named dimensions: distinct for distinct dimensions, such that everything fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import names_in, size_of
from gradcalc.language.shapes import Typing

LENGTHS = tuple(range(3, 1000))
"""The sizes that dimensions are given, the first that is not taken."""


def choose_sizes(
    typing: Typing, asked: Mapping[str, int], order: int = 0, lengths: Sequence[int] = LENGTHS
) -> dict[str, int]:
    """A size for each named dimension: as asked, else of `lengths`, all distinct. `order` numbers the choices.

    Raises GradcalcError of kind usage for an unknown dimension.
    """
    names = typing.dimension_names
    for name, size in asked.items():
        if name not in names:
            known = ", ".join(names) or "none"
            raise GradcalcError(
                "usage", f"there is no dimension {name} to give a size", hint=f"The dimensions are: {known}."
            )
        if size < 1:
            raise GradcalcError("usage", f"the size of {name} must be at least 1, not {size}")
        least = typing.minimum_sizes.get(name, 1)
        if size < least:
            raise GradcalcError("shape", f"{name}={size} is too small: position {least} is used")
    fixed = {dim for variable in typing.variables.values() for dim in variable.dims if isinstance(dim, int)}
    taken = set(asked.values()) | fixed
    free = [name for name in names if name not in asked]
    if order % 2:
        free.reverse()
    sizes = dict(asked)
    for place, name in enumerate(free):
        least = typing.minimum_sizes.get(name, 1)
        # With more dimensions than lengths, some are equal.
        again = max(least, lengths[place % len(lengths)])
        sizes[name] = next((length for length in lengths if length not in taken and length >= least), again)
        taken.add(sizes[name])
    return _consistent(typing, sizes, [name for name in names if name not in asked])


_SIZES_TRIED = (3, 2, 4, 1, 6, 5, 8, 9, 10, 12)
_MOST_TRIED = 200_000


def _consistent(typing: Typing, sizes: dict[str, int], free: list[str]) -> dict[str, int]:
    """The sizes, others for the free dimensions where lengths that have to be equal are not.

    Raises GradcalcError of kind shape where no sizes are found.
    """
    equalities, reaches = typing.equalities, typing.reaches
    involved = list(
        dict.fromkeys([n for pair in [*equalities, *reaches] for dim in pair for n in names_in(dim) if n in free])
    )

    def fits(candidate: dict[str, int]) -> bool:
        equal = all(size_of(left, candidate) == size_of(right, candidate) for left, right in equalities)
        return equal and all(size_of(axis, candidate) >= size_of(least, candidate) for axis, least in reaches)

    if fits(sizes):
        return sizes
    for choice in islice(product(_SIZES_TRIED, repeat=len(involved)), _MOST_TRIED):
        candidate = {**sizes, **dict(zip(involved, choice))}
        if fits(candidate):
            return candidate
    left, right = [*equalities, *reaches][0]
    raise GradcalcError(
        "shape", f"no sizes were found for which {left} fits {right}", hint="Give the sizes with --size n=3."
    )
