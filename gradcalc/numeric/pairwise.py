"""Products of many arrays summed over indices, two arrays at a time in an order that keeps what is between small.

A sum over all indices at once takes as many steps as the product of all their lengths; pair by pair it takes little
more than the largest array on the way. Source: Smith and Gray, opt_einsum (2018), the greedy order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

Array = Any

Operand = tuple[Array, tuple[int, ...]]
"""An array, and the index of each of its axes."""


def contracted(operands: Sequence[Operand], output: Sequence[int]) -> Array:
    """The sum of the product of the arrays over all indices that are not in the output, whose axes are in its order.

    Any number of indices, each in any number of arrays; those of the output are distinct and stand in some array.
    """
    lengths: dict[int, int] = {}
    for array, indices in operands:
        lengths.update(zip(indices, np.shape(array)))
    left: list[Operand] = []
    for place, (array, indices) in enumerate(operands):
        others = {index for other, (_, own) in enumerate(operands) if other != place for index in own}
        left.append(_summed(array, indices, others.union(output)))
    while len(left) > 2:
        first, second = _cheapest(left, set(output), lengths)
        one, other = left[first], left[second]
        rest = [operand for place, operand in enumerate(left) if place not in (first, second)]
        needed = {index for _, indices in rest for index in indices}.union(output)
        kept = tuple([index for index in dict.fromkeys([*one[1], *other[1]]) if index in needed])
        left = [*rest, (_einsum([one, other], kept), kept)]
    return _einsum(left, tuple(output))


def _summed(array: Array, indices: tuple[int, ...], needed: set[int]) -> Operand:
    """The array on its diagonal where an index is repeated, and without the indices that nothing else has."""
    kept = tuple([index for index in dict.fromkeys(indices) if index in needed])
    return (array, indices) if kept == indices else (_einsum([(array, indices)], kept), kept)


def _cheapest(operands: list[Operand], output: set[int], lengths: dict[int, int]) -> tuple[int, int]:
    """The two arrays whose product is smallest beside them; those with an index in common before others."""
    counts = Counter([index for _, indices in operands for index in indices])
    best: tuple[bool, int, int] | None = None
    chosen = (0, 1)
    for first, second in combinations(range(len(operands)), 2):
        one, other = set(operands[first][1]), set(operands[second][1])
        shared = one & other
        gone = {i for i in one | other if i not in output and counts[i] == (2 if i in shared else 1)}
        made = prod([lengths[index] for index in (one | other) - gone])
        saved = prod([lengths[index] for index in one]) + prod([lengths[index] for index in other])
        key = (not shared, made - saved, made)
        if best is None or key < best:
            best, chosen = key, (first, second)
    return chosen


def _einsum(operands: Sequence[Operand], output: tuple[int, ...]) -> Array:
    """One or two arrays, with their indices numbered anew: einsum knows 52 of them."""
    numbers = {index: number for number, index in enumerate(dict.fromkeys([i for _, own in operands for i in own]))}
    arguments: list[Any] = []
    for array, indices in operands:
        arguments += [array, [numbers[index] for index in indices]]
    return np.einsum(*arguments, [numbers[index] for index in output], optimize=len(operands) > 1)
