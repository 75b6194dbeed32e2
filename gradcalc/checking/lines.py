"""Numbers that were claimed beside numbers that were found: passed, failed, or not to be told apart from noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcalc.checking.noise import UNIT

Array = Any

RESOLUTION = 1e-6
"""The relative error of an entry that a comparison has to be able to see for a pass."""

_FINE = 1e-9
"""Numbers that agree to this, relative to themselves, are equal whatever the noise."""

_WITHIN = 16.0
"""How many times the measured noise a gap may be that noise makes."""

_BEYOND = 1000.0
"""How many times the measured noise a gap is that noise does not make."""

_SHARED = 4.0
"""How many times the noise of the noisiest entry a gap is that noise does not make in any."""

_VISIBLE = 0.25
"""A relative gap that no rounding of single numbers makes, however short the numbers are."""

_ZERO = 1e-9
"""Noise below this, beside the derivatives that the numbers on the way could have, is zero to working precision."""


class Lines:
    """Numbers that were claimed, numbers that were found, and how the two compare.

    size: what a gap is relative to. error: what steps leave in what was found. resolution: the relative error that has
    to be seen. failed, open: where the gap is too large, and where that cannot be told.
    """

    direction: Array

    def __init__(
        self,
        claimed: Array,
        found: Array,
        size: Array,
        error: Array,
        resolution: float,
        fine: float = _FINE,
        unit: float = UNIT,
    ) -> None:
        """fine: numbers that agree to this are equal. unit: the relative rounding of a number that was claimed."""
        self.found = found
        gap = np.abs(np.asarray(claimed - found))
        self.gap = np.where(np.isnan(gap), np.inf, gap)
        self.size = np.asarray(size)
        self.resolution = resolution
        self._error = np.asarray(error)
        self._fine = fine
        self._least = 4 * unit
        self.failed = np.zeros(self.gap.shape, dtype=bool)
        self.open = np.zeros(self.gap.shape, dtype=bool)
        self._zero = np.zeros(self.gap.shape, dtype=bool)
        self._spread: Array | None = None

    @property
    def judged(self) -> bool:
        return self._spread is not None

    def doubtful(self) -> Array:
        """Where the numbers do not agree so closely that nothing has to be asked about noise."""
        close = self.gap <= self._fine * self.size
        stepped = (self.gap <= 4 * self._error) & (4 * self._error <= self.resolution * self.size)
        return ~(close | stepped)

    def judge(self, spread: Array, natural: float) -> None:
        """Settles what is doubtful by what rounding and steps make of the numbers."""
        # A step's error is already an upper estimate.
        noise = np.maximum(spread, self._error / 4) + self._least * self.size
        within = self.gap <= _WITHIN * noise
        resolved = _WITHIN * noise <= self.resolution * self.size
        self._zero = (self.size <= _WITHIN * noise) & (_WITHIN * noise <= _ZERO * natural)
        doubtful = self.doubtful()
        beyond = min(_BEYOND, max(_WITHIN, _VISIBLE / self._least))
        # Rounding is of the size of the largest entry where it is passed on from one to another.
        shared = _SHARED * float(np.max(np.where(doubtful, noise, 0.0)))
        self.failed = doubtful & ~self._zero & (self.gap > np.maximum(beyond * noise, shared))
        self.open = doubtful & ~self.failed & ~self._zero & ~(within & resolved)
        self._spread = noise

    def relative(self) -> Array:
        relative = self.gap / np.maximum(self.size, np.finfo(float).tiny)
        return np.where(self._zero, 0.0, relative)

    def verdict(self) -> str:
        return "failed" if self.failed.any() else "inconclusive" if self.open.any() else "passed"

    def largest(self) -> float:
        return float(np.max(self.relative()))

    def worst(self) -> tuple[Any, ...]:
        """Where the failed entry with the largest gap stands, else what is open, else the largest relative error."""
        chosen = self.failed if self.failed.any() else self.open
        score = np.where(chosen, self.gap, -1.0) if chosen.any() else self.relative()
        return np.unravel_index(int(np.argmax(score)), score.shape) if score.ndim else ()

    def noise_found(self) -> float | None:
        """The largest relative noise that was measured."""
        if self._spread is None:
            return None
        relative = self._spread / np.maximum(self.size, np.finfo(float).tiny)
        return float(np.max(np.where(self._zero, 0.0, relative)))

    def reason(self, place: Any, name: str = "the derivative") -> str:
        assert self._spread is not None
        at = place if place is not None else self.worst()
        noise = float(np.asarray(self._spread / np.maximum(self.size, np.finfo(float).tiny))[at])
        what = f"entry [{','.join([str(int(number) + 1) for number in place])}]" if place else name
        hidden = bool(self.gap[at] <= _WITHIN * self._spread[at])
        verdict = "tells nothing" if hidden else "is too near to that to tell"
        return (
            f"rounding alone changes {what} by up to {_share(noise)} here: a difference of"
            f" {_share(float(self.relative()[at]), False)} {verdict}"
        )


def spread_of(samples: list[Array], shape: tuple[int, ...]) -> Array:
    """How far apart samples of one quantity lie, entry by entry; 0 where there are none."""
    if not samples:
        return np.zeros(shape)
    change = np.max(samples, axis=0) - np.min(samples, axis=0)
    return np.where(np.isfinite(change), change, 0.0)


def _share(relative: float, whole: bool = True) -> str:
    if not relative < 1:
        return "more than its own size" if whole else "that size"
    return f"{relative:.1g} of its size" if whole else f"{relative:.1g}"
