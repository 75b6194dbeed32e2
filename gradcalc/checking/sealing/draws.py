"""Random numbers for the points of the seal, without the standard library's `random`, which takes long to import.

Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014): splitmix64.
"""

from __future__ import annotations

import math
from binascii import crc32
from collections.abc import Sequence
from typing import TypeVar

_ALL = (1 << 64) - 1

Item = TypeVar("Item")


class Draws:
    """A stream of random numbers that a text determines."""

    def __init__(self, seed: str) -> None:
        self._state = seed_of(seed) * 0x9E3779B97F4A7C15 & _ALL

    def unit(self) -> float:
        """From 0 to 1, 1 excluded."""
        self._state = self._state + 0x9E3779B97F4A7C15 & _ALL
        mixed = self._state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _ALL
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _ALL
        return ((mixed ^ mixed >> 31) >> 11) / (1 << 53)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def normal(self) -> float:
        """By Box and Muller's method."""
        return math.sqrt(-2 * math.log(1 - self.unit())) * math.cos(2 * math.pi * self.unit())

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def choice(self, items: Sequence[Item]) -> Item:
        return items[self.whole(0, len(items) - 1)]

    def shuffle(self, items: list[Item]) -> None:
        """Puts the items in a random order (Fisher and Yates)."""
        for place in range(len(items) - 1, 0, -1):
            other = self.whole(0, place)
            items[place], items[other] = items[other], items[place]


def seed_of(text: str) -> int:
    """A number for a text, the same in every process."""
    return crc32(text.encode("utf-8", "replace"))
