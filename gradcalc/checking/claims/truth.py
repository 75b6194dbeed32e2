"""What a claim is held against: the derivative, as a node, and in numbers at points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.api import Derivative
from gradcalc.checking.checks import check_point, rounded_runs
from gradcalc.checking.claims.layouts import Layouts
from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.lines import spread_of
from gradcalc.checking.noise import Noise
from gradcalc.errors import GradcalcError
from gradcalc.evaluation import Evaluator, numbered
from gradcalc.language.polynomial import Dim, size_of
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import observe

if TYPE_CHECKING:
    from gradcalc.api import Problem
    from gradcalc.language.shapes import Variable
    from gradcalc.tensor.answer import Component

Array = Any
Accept = Callable[[Mapping[str, Array], Mapping[str, int]], "str | None"]

_LENGTHS = (tuple(range(3, 12)), tuple(range(2, 11)), tuple(range(4, 13)))

_SCALES = (1.0, 1.0, 3.0, 0.3, 8.0, 30.0, 100.0, 1e3, 1e4)
"""By how much the variables of a point are scaled, in turn: pieces of a function lie at different sizes."""

Selection = tuple["int | str | None", ...]
"""For each axis of a derivative the entry that a claim is about, the name of a free index, or None for all of it."""


class Point:
    """arrays and sizes of a point; derivative: its value there, natural layout. scale: the size of numbers on the way.
    smooth: no function with a kink was met. at_kink: a number on the way stands at a kink or a tie."""

    __slots__ = ("arrays", "at_kink", "derivative", "scale", "sizes", "smooth", "value")

    def __init__(
        self,
        arrays: Mapping[str, Array],
        sizes: Mapping[str, int],
        value: Array,
        derivative: Array,
        scale: float,
        smooth: bool,
        at_kink: bool = False,
    ) -> None:
        self.arrays = arrays
        self.sizes = sizes
        self.value = value
        self.derivative = derivative
        self.scale = scale
        self.smooth = smooth
        self.at_kink = at_kink

    def moved(self, arrays: Mapping[str, Array]) -> Point:
        """A place of the same sizes where nothing is known but the arrays."""
        return Point(arrays, self.sizes, self.value, self.derivative, self.scale, self.smooth, self.at_kink)


class Truth:
    """The derivative of a problem by some components, as far as a claim is about it.

    derivative: by whole variables where entries at named indices are asked for, in no layout. selection: which entries
    of it a claim is about.
    """

    def __init__(
        self, problem: Problem, components: Sequence[Component], order: int = 1, structured: str | None = None
    ) -> None:
        self.problem = problem
        self.structured = structured
        self.components = list(components)
        asked = Derivative(problem, self.components, order, None, structured)
        if len(asked.answers) != 1:
            raise GradcalcError("usage", "a claim is about one derivative", hint="Give one variable with -w.")
        self.asked = asked
        whole = numbered(asked.answers[0])
        self.derivative = (
            asked
            if whole == asked.answers[0].components
            else Derivative(problem, list(whole[:1]), order, None, structured)
        )
        self.answer = self.derivative.answers[0]
        self.outputs = len(asked.objective.dims)
        self.selection: Selection = (None,) * self.outputs + self._selected(asked.answers[0].components)
        self._evaluator: Evaluator | None = None
        lengths: dict[str, Dim] = {}
        for dim, position in zip(self.answer.dims, self.selection):
            if isinstance(position, str) and lengths.setdefault(position, dim) != dim:
                raise GradcalcError(
                    "shape",
                    f"the index {position} stands on two axes of different lengths, {lengths[position]} and {dim}",
                    hint="Use two indices, or declare the matrix square.",
                )

    def _selected(self, components: Sequence[Component]) -> Selection:
        """For the axes of the variables: the positions of an entry, where one at a named index is asked for."""
        chosen: list[int | str | None] = []
        for (name, positions), (_, kept) in zip(components, self.answer.components):
            rank = len(self.problem.typing.variables[name].dims)
            if positions and not kept:
                chosen += positions
            elif not kept:
                chosen += [None] * rank
        return tuple(chosen)

    @property
    def named(self) -> list[str]:
        return [position for position in self.selection if isinstance(position, str)]

    @property
    def rank(self) -> int:
        """How many axes a claim has to have."""
        return sum([position is None for position in self.selection])

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The lengths of the axes that a claim has to have."""
        return tuple([dim for dim, position in zip(self.answer.dims, self.selection) if position is None])

    def at(self, claim: Claim) -> None:
        """Takes the indices of a claim for the axes that they stand for, where none were asked for.

        A claim whose indices run over other lengths does not fit.
        """
        if claim.indices and not self.named:
            names = iter(claim.indices)
            self.selection = tuple([next(names) if p is None else p for p in self.selection])
        if claim.typing is None:
            return
        for dim, name in zip(self.answer.dims, self.selection):
            length = claim.typing.free_indices.get(name, dim) if isinstance(name, str) else dim
            if length != dim:
                claim.fault = GradcalcError(
                    "shape", f"the index {name} runs to {length} in the claim, and to {dim} in the derivative"
                )
                claim.typing = None
                return

    @property
    def layouts(self) -> Layouts:
        return Layouts(self.outputs, self.rank)

    def point(self, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Point:
        """The numbers at a point. Raises GradcalcError of kind numeric where there are none."""
        if self._evaluator is None:
            self._evaluator = Evaluator(self.derivative)
        observation = observe(self.problem.program, self.problem.typing, arrays, sizes)
        if observation.fault is not None:
            raise GradcalcError("numeric", observation.fault[0])
        with np.errstate(all="ignore"):
            value, (derivative,) = self._evaluator(arrays, sizes)
        largest = max(observation.largest, float(np.max(np.abs(derivative), initial=0.0)))
        at_kink = observation.kink_distance == 0
        return Point(arrays, sizes, value, np.asarray(derivative, dtype=float), largest, observation.analytic, at_kink)

    def spread(self, point: Point, unit: float) -> Array:
        """How far the derivative moves at a point, entry by entry, where every number is rounded by the unit."""
        assert self._evaluator is not None
        noise = Noise(np.random.default_rng([point.derivative.size, 3]), unit)
        runs = rounded_runs(self._evaluator, point.arrays, point.sizes, noise)
        return spread_of([derivative for _, (derivative,) in runs], point.derivative.shape)

    def drawn(
        self,
        seed: int,
        sizes: Mapping[str, int] | None = None,
        accept: Accept | None = None,
        number: int = 0,
        given: Mapping[str, Array] | None = None,
        lengths: Sequence[int] = (),
    ) -> Point:
        """A random point, the `number`-th of a seed: of other sizes and another scale than the one before.

        lengths: the sizes to choose from. Raises GradcalcError of kind numeric where none is found.
        """
        problem = self.problem
        lengths = lengths or _LENGTHS[number % len(_LENGTHS)]
        arrays, chosen = draw(problem.program, problem.typing, sizes or {}, seed + number, given, lengths, accept)
        scaled = self._scaled(arrays, _SCALES[number % len(_SCALES)], given or {})
        try:
            if accept is None or accept(scaled, chosen) is None:
                found = self.point(scaled, chosen)
                if np.all(np.isfinite(found.derivative)) and found.scale < 1e12:
                    return found
        except GradcalcError:
            pass
        return self.point(arrays, chosen)

    def _scaled(self, arrays: Mapping[str, Array], scale: float, given: Mapping[str, Array]) -> dict[str, Array]:
        variables = self.problem.typing.variables
        return {
            name: array
            if name in given or variables[name].whole or variables[name].structure == "orthogonal"
            else scale * array
            for name, array in arrays.items()
        }

    @staticmethod
    def shape(variable: Variable, sizes: Mapping[str, int]) -> tuple[int, ...]:
        return tuple([size_of(dim, sizes) for dim in variable.dims])

    def selected(self, point: Point) -> Array:
        """The entries that a claim is about: axes of the free indices first, in their order, then the others."""
        return self.select(point.derivative, self.selection)

    @staticmethod
    def select(derivative: Array, selection: Selection) -> Array:
        fixed = tuple([slice(None) if not isinstance(p, int) else p - 1 for p in selection])
        kept = [p for p in selection if not isinstance(p, int)]
        array = derivative[fixed]
        names = list(dict.fromkeys([p for p in kept if isinstance(p, str)]))
        letters = {name: chr(ord("A") + place) for place, name in enumerate(names)}
        own = "".join([letters[p] if isinstance(p, str) else chr(ord("a") + axis) for axis, p in enumerate(kept)])
        rest = "".join([letter for letter, p in zip(own, kept) if p is None])
        return np.einsum(f"{own}->{''.join(letters.values())}{rest}", array)

    def index_values(self, point: Point) -> Iterator[dict[str, int]]:
        """Every value of the free indices, counted from 1, the last of them fastest."""
        ranges: dict[str, int] = {}
        for position, dim in zip(self.selection, self.answer.dims):
            if isinstance(position, str):
                ranges[position] = min(ranges.get(position, 1 << 60), size_of(dim, point.sizes))
        for values in product(*[range(1, length + 1) for length in ranges.values()]):
            yield dict(zip(ranges, values))

    def self_check(self, point: Point, seed: int) -> None:
        """Holds the derivative itself against the expression. Raises GradcalcError of kind internal."""
        assert self._evaluator is not None
        for result in check_point(self.derivative, self._evaluator, point.arrays, point.sizes, seed):
            if result.verdict == "failed":
                raise GradcalcError(
                    "internal",
                    "the derivative does not agree with the expression: no claim is judged by it",
                    hint="This is a fault of gradcalc; please report the expression.",
                )
