"""Canonical names for the indices of a contraction, so that contractions equal up to renaming become identical.

Colour refinement tells the indices apart by where they stand; where it cannot, each of the tied indices is tried
first in turn and the smallest outcome is taken (McKay and Piperno, Practical graph isomorphism II, 2014).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from gradcalc.language.polynomial import Dim
from gradcalc.tensor.nodes import Factor, Node, Rational

_MOST_OUTCOMES = 64
"""How many outcomes of ties are compared. Beyond, equal contractions may stay distinct, which is never wrong."""

_Key = tuple[tuple[int, Rational, tuple[int, ...]], ...]


def canonical_order(factors: Sequence[Factor], output: Sequence[int], dims: dict[int, Dim]) -> list[int]:
    """The indices of the contraction in canonical order, those of the output first."""
    order = list(dict.fromkeys(output))
    place = {index: number for number, index in enumerate(order)}
    outside = len(place)
    keyed = sorted(
        [
            ((node.id, exponent, _at([place.get(index, outside) for index in indices], node)), number)
            for number, (node, exponent, indices) in enumerate(factors)
        ]
    )
    for this, following in itertools.pairwise(keyed):
        if this[0] == following[0] and len(factors[this[1]][2]):
            return _refined_order(factors, output, dims)
    for _, number in keyed:
        node, _, indices = factors[number]
        fresh = [index for index in indices if index not in place]
        if len(fresh) > 1 and node.symmetric:
            return _refined_order(factors, output, dims)
        for index in fresh:
            if index not in place:
                place[index] = len(order)
                order.append(index)
    return order


def _at(places: list[int], node: Node) -> list[int]:
    """Where a factor stands, whichever way round a symmetric one was written."""
    return sorted(places) if node.symmetric else places


def _refined_order(factors: Sequence[Factor], output: Sequence[int], dims: dict[int, Dim]) -> list[int]:
    indices = list(dict.fromkeys([*output, *[index for factor in factors for index in factor[2]]]))
    start = {
        index: (tuple([at for at, out in enumerate(output) if out == index]) or (len(output),), str(dims[index]))
        for index in indices
    }
    ranks = {key: rank for rank, key in enumerate(sorted(set(start.values())))}
    colours = {index: ranks[start[index]] for index in indices}
    best: tuple[_Key, list[int]] | None = None
    outcomes = 0
    pending = [colours]
    while pending and outcomes < _MOST_OUTCOMES:
        colours = _refine(factors, pending.pop())
        tied = _first_tie(colours)
        if not tied:
            outcomes += 1
            order = sorted(colours, key=lambda index: colours[index])
            key = _key(factors, order)
            if best is None or key < best[0]:
                best = key, order
            continue
        for index in tied:
            branch = {other: 2 * colour + 1 for other, colour in colours.items()}
            branch[index] -= 1
            pending.append(branch)
    assert best is not None
    return best[1]


def _refine(factors: Sequence[Factor], colours: dict[int, int]) -> dict[int, int]:
    """Colours that tell apart what the colours of the neighbours tell apart, until nothing changes."""
    count = len(set(colours.values()))
    while True:
        around: dict[int, list[tuple[object, ...]]] = {index: [] for index in colours}
        for node, exponent, indices in factors:
            seen = [colours[index] for index in indices]
            if node.symmetric:
                seen.sort()
            for axis, index in enumerate(indices):
                around[index].append((node.id, exponent, tuple(seen), 0 if node.symmetric else axis))
        keys = {index: (colours[index], tuple(sorted(around[index]))) for index in colours}
        ranks = {key: rank for rank, key in enumerate(sorted(set(keys.values())))}
        colours = {index: ranks[keys[index]] for index in colours}
        if len(ranks) == count:
            return colours
        count = len(ranks)


def _first_tie(colours: dict[int, int]) -> list[int]:
    classes: dict[int, list[int]] = {}
    for index, colour in colours.items():
        classes.setdefault(colour, []).append(index)
    for colour in sorted(classes):
        if len(classes[colour]) > 1:
            return classes[colour]
    return []


def _key(factors: Sequence[Factor], order: list[int]) -> _Key:
    place = {index: number for number, index in enumerate(order)}
    return tuple(sorted([placed(factor, place) for factor in factors]))


def placed(factor: Factor, place: dict[int, int]) -> tuple[int, Rational, tuple[int, ...]]:
    """The factor with canonical indices: the node's number, the exponent, the indices."""
    node, exponent, indices = factor
    renamed = [place[index] for index in indices]
    if node.symmetric:
        renamed.sort()
    return node.id, exponent, tuple(renamed)
