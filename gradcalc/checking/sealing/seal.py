"""Is what is about to be shown the derivative of what was typed? Asked of every answer, at points of small sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from gradcalc.checking.sealing.directions import (
    Component,
    contracted,
    difference,
    exchanged,
    random_like,
    reach,
    shape_of,
    unit_like,
    with_places,
)
from gradcalc.checking.sealing.draws import Draws
from gradcalc.checking.sealing.points import NoPoint, Point, Points, as_data
from gradcalc.checking.sealing.readback import EinsumTerm, Entries, Reader, Written
from gradcalc.checking.sealing.slopes import Move, along, along_precisely, is_smooth
from gradcalc.errors import GradcalcError
from gradcalc.functions.structures import STRUCTURES
from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Program
from gradcalc.limits import share_of_time
from gradcalc.meaning.algebra import PYTHON, NoForm
from gradcalc.meaning.programs import observed
from gradcalc.meaning.small import Array
from gradcalc.meaning.values import NoMeaning

Data = Any

_POINTS = 2
"""At how many points an answer has to agree."""

_POINTS_IN_PIECES = 6
"""The same where a function has pieces: each entry lies in one of them only."""

_LONG = 2_000
"""A text with so many characters is looked at in one point only."""

_LONGEST = 200_000
"""A text with more characters is not read again: that alone would take a second."""

_CLOSE = 1e-7
"""How near, beside the size of its terms, a derivative has to come to pass in Python's numbers."""

_PRECISELY_CLOSE = 1e-9

_NOISE, _PRECISE_NOISE = 1e-13, 1e-24
"""What rounding may leave of a derivative that is zero, beside the largest number on the way to the objective."""

_DIGITS = 60
_MOST_DIGITS = 120

SECONDS = 1.0
"""How long an answer may take; the points that are done by then have to do."""

_STRIDE = 64
"""How many operations lie between two looks at the clock."""

LAST_SECONDS = 5.0
"""How long the last word may take, in many digits: only an answer that seems to be wrong comes to it."""

_HIGHEST_ORDER = 3
"""Differences of differences in Python's numbers are of no use beyond this order."""


_MANY_ENTRIES, _SAMPLES = 40, 3
"""A formula in indices with more entries than that is looked at in a few of them."""


class Claimed:
    """What an answer is said to be.

    written: its text. components: by what, one for each time. directions: names of what the last components are
    multiplied by. transposed: its two axes are exchanged. independent: by the independent entries of a structure.
    """

    def __init__(
        self,
        written: Written,
        components: Sequence[Component],
        directions: Sequence[str],
        transposed: bool,
        independent: bool,
    ) -> None:
        self.written = written
        self.components = tuple(components)
        self.directions = tuple(directions)
        self.transposed = transposed
        self.independent = independent

    @property
    def rows(self) -> tuple[Component, ...]:
        """By what the answer has axes of its own: not those that are multiplied by a direction."""
        return self.components[: len(self.components) - len(self.directions)]

    @property
    def columns(self) -> tuple[Component, ...]:
        return self.components[len(self.components) - len(self.directions) :]


class _OutOfTime(Exception):
    pass


class Unsealed(Exception):
    """The answer could neither be verified nor refuted; the text says why."""


class Seal:
    """The seal of one problem.

    Its points are drawn once. `verify` returns None where an answer agrees, else why that could not be said.
    Raises GradcalcError of kind internal where it does not agree.
    """

    def __init__(
        self,
        program: Program,
        typing: Typing,
        variables: Mapping[str, Variable],
        seed: int = 0,
        components: Sequence[Component] = (),
    ) -> None:
        """variables: those of the program, and the directions. components: all that will be asked for."""
        self._program = program
        self._typing = typing
        self._variables = variables
        self._seed = seed
        self._reader = Reader(program, typing, variables, self._tick)
        self._deadline = float("inf")
        self._ticks = 0
        self._components = tuple(components)
        self._points = Points(program, typing, variables, seed, reach(components), self._tick)

    def verify(self, claimed: Claimed) -> str | None:
        """Holds an answer against the objective."""
        self._deadline = time.process_time() + share_of_time(SECONDS)
        if len(claimed.written.text) > _LONGEST:
            return "it is too long to be read again"
        doubted: list[int] = []
        number = passed = 0
        try:
            enough = _POINTS if len(claimed.written.text) < _LONG else 1
            while passed < enough and len(doubted) < 2:
                point = self._points[number]
                if enough == _POINTS and not point.observation.analytic:
                    enough = _POINTS_IN_PIECES
                if self._at(claimed, point) is None:
                    passed += 1
                else:
                    doubted.append(number)
                number += 1
        except (NoPoint, _OutOfTime) as none:
            # A doubt is looked into, whatever ended the search for more points.
            if not passed and not doubted:
                return str(none)
        if doubted:
            return self._precisely(claimed, list(dict.fromkeys([*doubted, 0, 1]))[:2])
        return None

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _STRIDE == 0 and time.process_time() > self._deadline:
            raise _OutOfTime("it takes too long to evaluate")

    def same(self, claimed: Claimed, other: Written) -> None:
        """Holds another form of an answer against the answer, at one point. Raises GradcalcError of kind internal."""
        self._hold(claimed, lambda *at: self._reader.tensor(other, *at))

    def same_einsums(self, claimed: Claimed, terms: Sequence[EinsumTerm]) -> None:
        """Holds a sum of einsums against the answer, at one point. Raises GradcalcError of kind internal."""
        self._hold(claimed, lambda *at: self._reader.einsums(terms, *at))

    def with_change(self, name: str, component: Component) -> Seal:
        """The seal of the same problem where a name stands for a change of a variable, or of an entry, as well."""
        variable, positions = component
        like = self._variables[variable]
        kind, dims = ("scalar", ()) if positions else (like.kind, like.dims)
        change = Variable(name, kind, dims, like.origin, None if positions else like.structure)
        return Seal(self._program, self._typing, {**self._variables, name: change}, self._seed, self._components)

    def _hold(self, claimed: Claimed, read: Callable[..., Entries]) -> None:
        """read: the entries of another form, at arrays, sizes, in an algebra, at values of open indices."""
        from gradcalc.meaning.many_digits import many_digits

        self._deadline = time.process_time() + share_of_time(SECONDS)
        try:
            point = self._points[0]
            fault = self._forms_differ(claimed, read, point, PYTHON, _CLOSE, _NOISE)
            if fault is not None:
                fault = self._forms_differ(claimed, read, point, many_digits(_DIGITS), _PRECISELY_CLOSE, _PRECISE_NOISE)
        except (NoPoint, _OutOfTime):
            return
        if fault is not None:
            raise mismatch(self._program.source, self._seed, f"a form of it is another tensor: {fault}")

    def _forms_differ(
        self,
        claimed: Claimed,
        read: Callable[..., Entries],
        point: Point,
        algebra: Any,
        close: float,
        noise: float,
    ) -> str | None:
        arrays = point.data(algebra)
        for _, free in with_places(claimed.components, point, Draws(str(self._seed))):
            try:
                entries = self._reader.tensor(claimed.written, arrays, point.sizes, algebra, free)
                again = read(arrays, point.sizes, algebra, free)
            except (NoMeaning, GradcalcError) as error:
                return str(error)
            if not all(algebra.is_finite(entry) for entry in [*entries, *again]):
                continue
            largest = max([abs(entry) for entry in entries], default=0)
            floor = noise * point.observation.largest
            fault = difference(entries, again, [largest] * len(entries), close, floor)
            if fault is not None:
                return fault
        return None

    def _at(self, claimed: Claimed, point: Point) -> str | None:
        """What is wrong at a point in Python's numbers, if anything."""
        found = point.observation
        analytic = not found.real_only and not point.tied and (found.analytic or found.kink_distance > 0)
        if len(claimed.components) > _HIGHEST_ORDER:
            return "its order is high"
        arrays = point.data(PYTHON)

        def slopes(moves: Sequence[Move]) -> Entries:
            return along(lambda at: self._objective(at, point, PYTHON), arrays, moves, analytic)

        try:
            return self._compared(claimed, point, arrays, PYTHON, slopes, _CLOSE, _NOISE)
        except (NoMeaning, GradcalcError, Unsealed, ArithmeticError) as error:
            return str(error)

    def _precisely(self, claimed: Claimed, numbers: Sequence[int]) -> str | None:
        """The last word, in many digits, at points of those numbers: what fails there is never shown."""
        from gradcalc.meaning.many_digits import many_digits

        self._deadline = time.process_time() + share_of_time(LAST_SECONDS)
        algebra = many_digits(_DIGITS if len(claimed.components) < 3 else _MOST_DIGITS)
        verdicts: list[str | None] = []
        reasons: list[str] = []
        for number in numbers:
            try:
                point = self._points[number]
                arrays = point.data(algebra)

                def slopes(moves: Sequence[Move], point: Point = point, arrays: Any = arrays) -> Entries:
                    def function(at: Mapping[str, Data]) -> Data:
                        return self._objective(at, point, algebra)

                    if point.tied and not is_smooth(function, arrays, moves[0], algebra):
                        raise Unsealed("every point was at a kink")
                    return along_precisely(function, arrays, moves, algebra)

                verdict = self._compared(claimed, point, arrays, algebra, slopes, _PRECISELY_CLOSE, _PRECISE_NOISE)
                if verdict is not None and point.tied and len(claimed.components) > 1:
                    raise Unsealed("every point was at a kink")
                verdicts.append(verdict)
            except (Unsealed, NoForm, NoPoint, _OutOfTime, ArithmeticError) as reason:
                reasons.append(str(reason))
            except (NoMeaning, GradcalcError) as error:
                verdicts.append(str(error))
        wrong = next((verdict for verdict in verdicts if verdict is not None), None)
        if wrong is None:
            return None if verdicts else reasons[0]
        raise mismatch(self._program.source, self._seed, wrong)

    def _objective(self, arrays: Mapping[str, Data], point: Point, algebra: Any) -> Data:
        found = observed(self._program, self._typing, arrays, point.sizes, algebra, tick=self._tick)
        return found.value

    def _compared(
        self,
        claimed: Claimed,
        point: Point,
        arrays: Mapping[str, Data],
        algebra: Any,
        slopes: Callable[[Sequence[Move]], Entries],
        close: float,
        noise: float,
    ) -> str | None:
        """Why the answer is not the derivative along random directions, or None."""
        generator = Draws(f"{self._seed}.{point.number}.directions")
        for components, free in with_places(claimed.components, point, generator):
            fault = self._compared_at(
                claimed, components, free, generator, point, arrays, algebra, slopes, close, noise
            )
            if fault is not None:
                return fault
        return None

    def _compared_at(
        self,
        claimed: Claimed,
        components: Sequence[Component],
        free: Mapping[str, int],
        generator: Draws,
        point: Point,
        arrays: Mapping[str, Data],
        algebra: Any,
        slopes: Callable[[Sequence[Move]], Entries],
        close: float,
        noise: float,
    ) -> str | None:
        """The same with a place for each open index. components: at those. free: where each index is."""
        rows = components[: len(claimed.rows)]
        given: list[Move] = []
        if claimed.directions:
            given = [self._given(components[len(rows) :], claimed, arrays, algebra)]
        floor = noise * point.observation.largest
        for place in self._places(claimed, rows, point, generator):
            moves, weights = [], []
            for number, component in enumerate(rows):
                direction = random_like(point.arrays[component[0]], generator, None if place is None else place[number])
                move, weight = self._direction(component, as_data(algebra, direction), arrays, algebra, claimed)
                moves.append(move)
                weights.append(weight)
            expected = slopes([*moves, *given])
            if not all(algebra.is_finite(entry) for entry in expected):
                raise Unsealed("differences of the expression have no value at a random point")
            at = None if place is None else tuple([number for own in place for number in own])
            entries = self._reader.tensor(claimed.written, arrays, point.sizes, algebra, free, at)
            if claimed.transposed:
                entries = exchanged(entries, claimed.written, point)
            predicted, sizes = contracted(entries, weights)
            if not all(algebra.is_finite(entry) for entry in predicted):
                # No number is no wrong number: prod(x)./x where an entry is 0.
                raise Unsealed("it has no value at a random point, where the expression has a slope")
            fault = difference(expected, predicted, sizes, close, floor)
            if fault is not None:
                return fault
        return None

    def _places(
        self, claimed: Claimed, rows: Sequence[Component], point: Point, generator: Draws
    ) -> list[list[tuple[int, ...]] | None]:
        """The places of the only entries that are looked at of a long formula in indices; else None, once."""
        written = claimed.written
        shapes = [() if positions else shape_of(point.arrays[name]) for name, positions in rows]
        count = prod([size_of(dim, point.sizes) for dim in written.dims])
        if not written.indices or count <= _MANY_ENTRIES or claimed.independent or claimed.transposed:
            return [None]
        return [[tuple([generator.whole(1, length) for length in shape]) for shape in shapes] for _ in range(_SAMPLES)]

    def _direction(
        self, component: Component, weight: Data, arrays: Mapping[str, Data], algebra: Any, claimed: Claimed
    ) -> tuple[Move, Data]:
        """How a variable moves, and what the answer's axes are multiplied by. weight: a direction."""
        name, positions = component
        variable = self._variables[name]
        data = arrays[name]
        if positions:
            if claimed.independent:
                return {name: self._tied(component, data, algebra)}, algebra.number(1)
            unit = unit_like(data, [int(place) - 1 for place in positions], algebra)
            return {name: self._followed(variable, data, unit, algebra)}, algebra.number(1)
        structure = STRUCTURES.get(variable.structure or "")
        if structure is not None and claimed.independent and structure.part is not None:
            moved = structure.part(algebra, weight)
            mask = [structure.independent(*divmod(place, len(data))) for place in range(data.size)]
            kept = [entry if keeps else 0 * entry for entry, keeps in zip(moved.entries, mask)]
            return {name: moved}, Array(moved.shape, kept)
        return {name: self._followed(variable, data, weight, algebra)}, weight

    def _followed(self, variable: Variable, data: Data, direction: Data, algebra: Any) -> Any:
        """The part of a direction along which a variable may move; on curved structures from where it was moved to."""
        structure = STRUCTURES.get(variable.structure or "")
        if structure is None or structure.part is not None:
            return self._within(variable, data, direction, algebra)
        return lambda at: structure.tangent(algebra, at[variable.name], direction)

    def _tied(self, component: Component, data: Data, algebra: Any) -> Data:
        """How a variable moves with an independent entry of it: those that are tied to it move as well."""
        name, positions = component
        place = tuple([int(position) - 1 for position in positions])
        direction = self._within(self._variables[name], data, unit_like(data, place, algebra), algebra)
        own = direction[place]
        return direction / own if own != 0 else direction

    def _within(self, variable: Variable, data: Data, direction: Data, algebra: Any) -> Data:
        """The part of a direction along which a structured variable may move: a projected gradient sees no other."""
        structure = STRUCTURES.get(variable.structure or "")
        return direction if structure is None else structure.tangent(algebra, data, direction)

    def _given(
        self, components: Sequence[Component], claimed: Claimed, arrays: Mapping[str, Data], algebra: Any
    ) -> Move:
        """The move along named directions, all at once."""
        move: dict[str, Data] = {}
        for (name, positions), direction in zip(components, claimed.directions):
            step = arrays[direction]
            if positions and claimed.independent:
                step = step * self._tied((name, positions), arrays[name], algebra)
            elif positions:
                unit = unit_like(arrays[name], [int(place) - 1 for place in positions], algebra)
                step = step * self._within(self._variables[name], arrays[name], unit, algebra)
            else:
                step = self._within(self._variables[name], arrays[name], step, algebra)
            move[name] = move[name] + step if name in move else step
        return move


def mismatch(source: str, seed: int, reason: str) -> GradcalcError:
    """What is shown instead of an answer that is wrong."""
    from gradcalc import __version__

    return GradcalcError(
        "internal",
        f"the answer does not agree with the expression, so it is not shown ({reason})",
        hint=f"Please report the expression {source!r} with version {__version__} and seed {seed}.",
    )
