"""What a compiled program computed, held against the interpreter before it is shown.

The value against the objective as typed, each derivative against the text that is printed. Where they differ by more
than rounding usually does, small arrays are computed in many digits and large ones again with every result moved by a
unit in its last place: the spread of that is what rounding may do here.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.checking.noise import SAMPLES, Noise
from gradcalc.checking.sealing.draws import Draws
from gradcalc.checking.sealing.points import as_data
from gradcalc.checking.sealing.readback import Entries, Reader, Written, entries_of
from gradcalc.checking.sealing.seal import mismatch
from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Program
from gradcalc.limits import share_of_time
from gradcalc.meaning.many_digits import many_digits
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.meaning.programs import observed
from gradcalc.meaning.values import NoMeaning

Array = Any

_CLOSE = 1e-6
"""How near the largest entry the numbers have to come, beside it."""

_BEYOND_NOISE = 100.0
"""How many times the spread of rounding a difference has to be to be none."""

_SMALL = 600
"""Arrays with no more entries than this together are computed in many digits."""

_MOST_ENTRIES = 20_000_000
"""Larger arrays are not computed twice."""

_SECONDS = 2.0
_SAMPLED = 4
"""How many entries are looked at of a formula in indices."""


class _OutOfTime(Exception):
    pass


class NumberSeal:
    """Verifies numbers at one point. Raises GradcalcError of kind internal where one is wrong."""

    def __init__(
        self,
        program: Program,
        typing: Typing,
        variables: Mapping[str, Variable],
        arrays: Mapping[str, Array],
        sizes: Mapping[str, int],
    ) -> None:
        self._program = program
        self._typing = typing
        self._arrays = arrays
        self._sizes = sizes
        self._reader = Reader(program, typing, variables, self._tick)
        self._deadline = time.process_time() + share_of_time(_SECONDS)
        self._entries = sum([int(np.size(array)) for array in arrays.values()])

    def _tick(self) -> None:
        if time.process_time() > self._deadline:
            raise _OutOfTime

    def value(self, value: Array) -> None:
        """The value of the objective."""

        def read(arrays: Mapping[str, Any], algebra: Any) -> Entries:
            found = observed(self._program, self._typing, arrays, self._sizes, algebra, tick=self._tick)
            return entries_of(found.value)

        self._hold("the value", read, np.ravel(value))

    def derivative(self, written: Written, wrt: str, value: Array) -> None:
        """A derivative; of one in indices a few entries."""
        shape = tuple([size_of(dim, self._sizes) for dim in written.dims])
        if not written.indices:
            self._hold(
                f"the derivative by {wrt}",
                lambda arrays, algebra: self._reader.tensor(written, arrays, self._sizes, algebra),
                np.ravel(value),
            )
            return
        generator = Draws(str(shape))
        for _ in range(_SAMPLED):
            place = tuple([generator.whole(1, length) for length in shape])
            self._hold(
                f"the derivative by {wrt}",
                lambda arrays, algebra, place=place: [self._reader.entry(written, place, arrays, self._sizes, algebra)],
                np.ravel(np.asarray(value)[tuple([number - 1 for number in place])]),
                float(np.max(np.abs(value), initial=0.0)),
            )

    def _hold(self, what: str, read: Callable[..., Entries], found: Array, scale: float | None = None) -> None:
        """read: the entries that are right, at arrays in an algebra. scale: the size of all entries."""
        if self._entries + found.size > _MOST_ENTRIES or not np.all(np.isfinite(found)):
            return
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gap, size = self._gap(read(self._arrays, NUMPY), found, scale)
                if gap <= _CLOSE * size:
                    return
                if self._entries <= _SMALL:
                    right = self._precise(read, 50)
                    gap, size = self._gap(right, found, scale)
                    wrong = gap > _CLOSE * size
                    if wrong:
                        # What cancels leaves rounding of so many digits, and not the 0 that it is.
                        more = np.array([float(entry.real) for entry in self._precise(read, 400)])
                        wrong = gap > _CLOSE * size + _BEYOND_NOISE * self._gap(right, more, None)[0]
                else:
                    wrong = gap > _CLOSE * size + _BEYOND_NOISE * self._spread(read)
        except (_OutOfTime, GradcalcError, ArithmeticError):
            return
        except NoMeaning as error:
            raise mismatch(self._program.source, 0, f"{what}: {error}") from None
        if wrong:
            raise mismatch(
                self._program.source, 0, f"{what} that was computed is {gap:.3g} off, where the largest is {size:.3g}"
            )

    def _precise(self, read: Callable[..., Entries], digits: int) -> Entries:
        """What is right, in so many digits."""
        algebra = many_digits(digits)
        arrays = {name: as_data(algebra, np.asarray(array).tolist()) for name, array in self._arrays.items()}
        return read(arrays, algebra)

    @staticmethod
    def _gap(right: Entries, found: Array, scale: float | None) -> tuple[float, float]:
        """The largest difference, and the size of what is compared; no difference where there is no right value."""
        wanted = np.array([float(entry.real) for entry in right])
        if wanted.shape != found.shape:
            return float("inf"), 0.0
        if not np.all(np.isfinite(wanted)):
            return 0.0, 1.0
        size = float(np.max(np.abs(wanted), initial=0.0))
        return float(np.max(np.abs(wanted - found), initial=0.0)), max(size, scale or 0.0)

    def _spread(self, read: Callable[..., Entries]) -> float:
        """How far apart values lie when the arrays and every result are moved by a unit in their last place."""
        noise = Noise(np.random.default_rng(0))
        runs = []
        for _ in range(SAMPLES):
            moved = {name: noise(np.asarray(array, dtype=float)) for name, array in self._arrays.items()}
            runs.append(np.array(read(moved, NUMPY), dtype=float))
        return float(np.max(np.ptp(np.array(runs), axis=0), initial=0.0))
