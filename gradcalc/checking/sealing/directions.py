"""In which directions and at which entries the seal looks, and how near two tensors have to come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from gradcalc.checking.sealing.draws import Draws
from gradcalc.checking.sealing.points import Point
from gradcalc.checking.sealing.readback import Entries, Written, entries_of
from gradcalc.language.polynomial import size_of
from gradcalc.meaning.small import Array

Data = Any

Position = int | str

Component = tuple[str, tuple[Position, ...]]


def reach(components: Sequence[Component]) -> dict[str, list[int]]:
    """How long the axes of a variable have to be for the entries that were asked for."""
    found: dict[str, list[int]] = {}
    for name, positions in components:
        needs = [place if isinstance(place, int) else 1 for place in positions]
        known = found.setdefault(name, [1] * len(needs))
        found[name] = [max(pair) for pair in zip(known, needs)] if known else needs
    return found


def with_places(
    components: Sequence[Component], point: Point, generator: Draws
) -> list[tuple[list[Component], dict[str, int]]]:
    """The components with a place for each open index, and what was chosen: places that differ, and equal ones.

    2*B[i,j] is B[i,j] + B[j,i] where i = j, and eye(n)[i,j] is 0 wherever they differ.
    """
    lengths: dict[str, int] = {}
    for name, positions in components:
        for length, position in zip(shape_of(point.arrays[name]), positions):
            if isinstance(position, str):
                lengths[position] = min(length, lengths.get(position, length))
    if not lengths:
        return [(list(components), {})]
    start = generator.whole(0, max(lengths.values()) - 1)
    choices = [{name: 1 + (start + step * k) % lengths[name] for k, name in enumerate(lengths)} for step in (1, 0)]
    if len(lengths) == 1:
        choices.append({name: 1 + (start + 1) % length for name, length in lengths.items()})
    return [
        ([(name, tuple([free.get(str(place), place) for place in places])) for name, places in components], free)
        for free in choices
    ]


def shape_of(array: Any) -> tuple[int, ...]:
    return (len(array), *shape_of(array[0])) if isinstance(array, list) else ()


def random_like(array: Any, generator: Draws, place: tuple[int, ...] | None = None) -> Any:
    """A random direction in the shape of an array; with a place, counted from 1, the unit direction there."""
    if not isinstance(array, list):
        return 1.0 if place is not None else generator.choice((-1, 1)) * generator.uniform(0.3, 1.0)
    if place is None:
        return [random_like(entry, generator) for entry in array]
    return [
        random_like(entry, generator, place[1:]) if number == place[0] else _zeros(entry)
        for number, entry in enumerate(array, 1)
    ]


def _zeros(array: Any) -> Any:
    return [_zeros(entry) for entry in array] if isinstance(array, list) else 0.0


def unit_like(data: Data, place: Sequence[int], algebra: Any) -> Data:
    """The array like another with a one at a place."""
    shape = data.shape
    flat = place[0] if len(place) == 1 else place[0] * shape[1] + place[1]
    return Array(shape, [algebra.number(1 if each == flat else 0) for each in range(data.size)])


def exchanged(entries: Entries, written: Written, point: Point) -> Entries:
    """The entries of a matrix, of its transpose."""
    rows, columns = [size_of(dim, point.sizes) for dim in written.dims]
    return [entries[i * columns + j] for j in range(columns) for i in range(rows)]


def contracted(entries: Entries, weights: Sequence[Data]) -> tuple[Entries, Entries]:
    """The last axes of a tensor summed with a weight for each variable; and the sizes of what was summed."""
    lines: list[Any] = [1]
    for weight in weights:
        lines = [a * b for a, b in product(lines, entries_of(weight))]
    groups = [entries[start : start + len(lines)] for start in range(0, len(entries), len(lines))]
    terms = [[a * b for a, b in zip(group, lines)] for group in groups]
    return [sum(each) for each in terms], [sum([abs(term) for term in each]) for each in terms]


def difference(expected: Entries, found: Entries, sizes: Sequence[Any], close: float, floor: float) -> str | None:
    """The first entry that is not the expected one, in words."""
    if len(expected) != len(found):
        return f"{len(found)} entries where there are {len(expected)}"
    for place, (a, b, size) in enumerate(zip(expected, found, sizes)):
        if not abs(a - b) <= max(close * max(size, abs(a)), floor):
            return f"entry {place + 1} is {float(b.real):.9g}, differences give {float(a.real):.9g}"
    return None
