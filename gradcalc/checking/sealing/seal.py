"""Is what is about to be shown the derivative of what was typed? Asked of every answer, at points of small sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from random import Random
from typing import Any

from gradcalc.checking.sealing.points import NoPoint, Point, as_data, points
from gradcalc.checking.sealing.readback import EinsumTerm, Entries, Reader, Written, entries_of
from gradcalc.checking.sealing.slopes import Move, along, along_precisely
from gradcalc.errors import GradcalcError
from gradcalc.functions.structures import STRUCTURES
from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Program
from gradcalc.meaning.algebra import PYTHON, NoForm
from gradcalc.meaning.programs import observed
from gradcalc.meaning.small import Array
from gradcalc.meaning.values import NoMeaning

Data = Any

Position = int | str

Component = tuple[str, tuple[Position, ...]]

_POINTS = 2
"""At how many points an answer has to agree."""

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

    def __init__(self, program: Program, typing: Typing, variables: Mapping[str, Variable], seed: int = 0) -> None:
        """variables: those of the program, and the directions."""
        self._program = program
        self._typing = typing
        self._variables = variables
        self._seed = seed
        self._reader = Reader(program, typing, variables, self._tick)
        self._deadline = float("inf")
        self._ticks = 0
        self._points: list[Point] = []
        self._source: Iterator[Point] = points(program, typing, variables, seed)

    def verify(self, claimed: Claimed) -> str | None:
        """Holds an answer against the objective."""
        self._deadline = time.process_time() + SECONDS
        if len(claimed.written.text) > _LONGEST:
            return "it is too long to be read again"
        doubts: list[str] = []
        number = passed = 0
        try:
            enough = _POINTS if len(claimed.written.text) < _LONG else 1
            while passed < enough and len(doubts) < 2:
                point = self._point(number)
                number += 1
                doubt = self._at(claimed, point)
                if doubt is None:
                    passed += 1
                else:
                    doubts.append(doubt)
        except (NoPoint, _OutOfTime) as none:
            if not passed:
                return str(none)
        if doubts:
            return self._precisely(claimed)
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
        return Seal(self._program, self._typing, {**self._variables, name: change}, self._seed)

    def _hold(self, claimed: Claimed, read: Callable[..., Entries]) -> None:
        """read: the entries of another form, at arrays, sizes, in an algebra, at values of open indices."""
        from gradcalc.meaning.many_digits import many_digits

        self._deadline = time.process_time() + SECONDS
        try:
            point = self._point(0)
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
        free = dict.fromkeys(_open_indices(claimed.components), 1)
        try:
            entries = self._reader.tensor(claimed.written, arrays, point.sizes, algebra, free)
            again = read(arrays, point.sizes, algebra, free)
        except (NoMeaning, GradcalcError) as error:
            return str(error)
        largest = max([abs(entry) for entry in entries], default=0)
        return _difference(entries, again, [largest] * len(entries), close, noise * point.observation.largest)

    def _point(self, number: int) -> Point:
        while len(self._points) <= number:
            try:
                self._points.append(next(self._source))
            except StopIteration:
                # The source has said so before, and ended.
                raise NoPoint("no random point inside the domain was found") from None
        return self._points[number]

    def _at(self, claimed: Claimed, point: Point) -> str | None:
        """What is wrong at a point in Python's numbers, if anything."""
        found = point.observation
        analytic = not found.real_only and (found.analytic or found.kink_distance > 0)
        if len(claimed.components) > _HIGHEST_ORDER:
            return "its order is high"
        arrays = point.data(PYTHON)

        def slopes(moves: Sequence[Move]) -> Entries:
            return along(lambda at: self._objective(at, point, PYTHON), arrays, moves, analytic)

        try:
            return self._compared(claimed, point, arrays, PYTHON, slopes, _CLOSE, _NOISE)
        except (NoMeaning, GradcalcError, Unsealed) as error:
            return str(error)

    def _precisely(self, claimed: Claimed) -> str | None:
        """The last word, in many digits: what fails there is never shown."""
        from gradcalc.meaning.many_digits import many_digits

        self._deadline = time.process_time() + LAST_SECONDS
        algebra = many_digits(_DIGITS if len(claimed.components) < 3 else _MOST_DIGITS)
        verdicts: list[str | None] = []
        try:
            for number in range(2):
                point = self._point(number)
                arrays = point.data(algebra)

                def slopes(moves: Sequence[Move], point: Point = point, arrays: Any = arrays) -> Entries:
                    return along_precisely(lambda at: self._objective(at, point, algebra), arrays, moves, algebra)

                verdicts.append(
                    self._compared(claimed, point, arrays, algebra, slopes, _PRECISELY_CLOSE, _PRECISE_NOISE)
                )
        except (Unsealed, NoForm, NoPoint, _OutOfTime) as reason:
            if not verdicts:
                return str(reason)
        except (NoMeaning, GradcalcError) as error:
            verdicts.append(str(error))
        wrong = next((verdict for verdict in verdicts if verdict is not None), None)
        if wrong is None:
            return None
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
        generator = Random(f"{self._seed}.{point.number}.directions")
        components, free = _with_positions(claimed.components, point, generator)
        rows = components[: len(claimed.rows)]
        given: list[Move] = []
        if claimed.directions:
            given = [self._given(components[len(rows) :], claimed, arrays, algebra)]
        floor = noise * point.observation.largest
        for place in self._places(claimed, rows, point, generator):
            moves, weights = [], []
            for number, component in enumerate(rows):
                direction = _random_like(
                    point.arrays[component[0]], generator, None if place is None else place[number]
                )
                move, weight = self._direction(component, as_data(algebra, direction), arrays, algebra, claimed)
                moves.append(move)
                weights.append(weight)
            expected = slopes([*moves, *given])
            if not all(algebra.is_finite(entry) for entry in expected):
                raise Unsealed("differences of the expression have no value at a random point")
            at = None if place is None else tuple([number for own in place for number in own])
            entries = self._reader.tensor(claimed.written, arrays, point.sizes, algebra, free, at)
            if claimed.transposed:
                entries = _exchanged(entries, claimed.written, point)
            predicted, sizes = _contracted(entries, weights)
            fault = _difference(expected, predicted, sizes, close, floor)
            if fault is not None:
                return fault
        return None

    def _places(
        self, claimed: Claimed, rows: Sequence[Component], point: Point, generator: Random
    ) -> list[list[tuple[int, ...]] | None]:
        """The places of the only entries that are looked at of a long formula in indices; else None, once."""
        written = claimed.written
        shapes = [() if positions else _shape(point.arrays[name]) for name, positions in rows]
        count = prod([size_of(dim, point.sizes) for dim in written.dims])
        if not written.indices or count <= _MANY_ENTRIES or claimed.independent or claimed.transposed:
            return [None]
        return [
            [tuple([generator.randint(1, length) for length in shape]) for shape in shapes] for _ in range(_SAMPLES)
        ]

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
            unit = _unit(data, [int(place) - 1 for place in positions], algebra)
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
        direction = self._within(self._variables[name], data, _unit(data, place, algebra), algebra)
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
                step = step * _unit(arrays[name], [int(place) - 1 for place in positions], algebra)
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


def _with_positions(
    components: Sequence[Component], point: Point, generator: Random
) -> tuple[list[Component], dict[str, int]]:
    """The components at numbers, a random one for each named index, and what was chosen for those."""
    free: dict[str, int] = {}
    found: list[Component] = []
    for name, positions in components:
        shape = _shape(point.arrays[name])
        for axis, position in enumerate(positions):
            if isinstance(position, str) and position not in free:
                free[position] = generator.randint(1, shape[axis])
        found.append((name, tuple([free[place] if isinstance(place, str) else place for place in positions])))
    return found, free


def _shape(array: Any) -> tuple[int, ...]:
    return (len(array), *_shape(array[0])) if isinstance(array, list) else ()


def _random_like(array: Any, generator: Random, place: tuple[int, ...] | None = None) -> Any:
    """A random direction in the shape of an array; with a place, counted from 1, the unit direction there."""
    if not isinstance(array, list):
        return 1.0 if place is not None else generator.choice((-1, 1)) * generator.uniform(0.3, 1.0)
    if place is None:
        return [_random_like(entry, generator) for entry in array]
    return [
        _random_like(entry, generator, place[1:]) if number == place[0] else _zeros(entry)
        for number, entry in enumerate(array, 1)
    ]


def _zeros(array: Any) -> Any:
    return [_zeros(entry) for entry in array] if isinstance(array, list) else 0.0


def _unit(data: Data, place: Sequence[int], algebra: Any) -> Data:
    """The array like another with a one at a place."""
    shape = data.shape
    flat = place[0] if len(place) == 1 else place[0] * shape[1] + place[1]
    return Array(shape, [algebra.number(1 if each == flat else 0) for each in range(data.size)])


def _exchanged(entries: Entries, written: Written, point: Point) -> Entries:
    """The entries of a matrix, of its transpose."""
    rows, columns = [size_of(dim, point.sizes) for dim in written.dims]
    return [entries[i * columns + j] for j in range(columns) for i in range(rows)]


def _contracted(entries: Entries, weights: Sequence[Data]) -> tuple[Entries, Entries]:
    """The last axes of a tensor summed with a weight for each variable; and the sizes of what was summed."""
    lines: list[Any] = [1]
    for weight in weights:
        lines = [a * b for a, b in product(lines, entries_of(weight))]
    groups = [entries[start : start + len(lines)] for start in range(0, len(entries), len(lines))]
    terms = [[a * b for a, b in zip(group, lines)] for group in groups]
    return [sum(each) for each in terms], [sum([abs(term) for term in each]) for each in terms]


def _difference(expected: Entries, found: Entries, sizes: Sequence[Any], close: float, floor: float) -> str | None:
    """The first entry that is not the expected one, in words."""
    if len(expected) != len(found):
        return f"{len(found)} entries where there are {len(expected)}"
    for place, (a, b, size) in enumerate(zip(expected, found, sizes)):
        if not abs(a - b) <= max(close * max(size, abs(a)), floor):
            return f"entry {place + 1} is {float(b.real):.9g}, differences give {float(a.real):.9g}"
    return None


def _open_indices(components: Sequence[Component]) -> list[str]:
    """The names of indices that an answer leaves open."""
    return [place for _, positions in components for place in positions if isinstance(place, str)]
