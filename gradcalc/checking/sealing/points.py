"""Points of small sizes, without NumPy: inside the domain, off kinks, within the structures of the variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from gradcalc.checking.sealing.draws import Draws
from gradcalc.errors import GradcalcError
from gradcalc.functions.structures import STRUCTURES
from gradcalc.language.polynomial import Dim, names_in, size_of
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Program
from gradcalc.meaning.algebra import PYTHON
from gradcalc.meaning.linear_algebra import SingularError
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import observed
from gradcalc.meaning.values import NoMeaning
from gradcalc.numeric.sizes import choose_sizes

Nested = Any
"""A number, or nested lists of numbers."""

Data = Any
"""A number or an array of an algebra."""

_WIDE, _TALL, _WITH_ONE = (0, (2, 3, 4, 5, 6, 7)), (1, (2, 3, 4, 5, 6, 7)), (1, (1, 3, 2, 4, 5, 6))
"""Sizes to choose from, for the dimensions in order or in the opposite one."""

_CHOICES = ((_WIDE, _TALL), (_WITH_ONE, _TALL, _WIDE))
"""What is tried for one point, and for the next."""

_PLANS = {"normal": 3, "definite": 2, "mixed": 5, "small": 2, "positive": 3, "unit": 3}
"""How the numbers are drawn, and how often. Those of both signs come first: x.^2 is x.*abs(x) for positive ones."""

_DRAWN_EACH = ("normal", "positive", "unit", "definite")
"""What is mixed, a plan for each variable."""

_NEAR_A_KINK = 1e-2
_AT_A_KINK = "every point was at a kink"
_LARGEST_VALUE = 1e6

_MANY_NAMES = 12
_FEW_LENGTHS = (2, 3)
"""What so many dimensions are given in turn, so that their arrays stay small."""

MOST_ENTRIES = 20_000
"""The variables of a point have no more entries than this together."""


class Point:
    """Sizes, and an array for each variable and each direction as nested lists.

    observation: what the objective met here. number: which point it is. tied: it is at a kink, as every point is that
    was tried: two equal entries of a constant, an expression beside itself.
    """

    def __init__(
        self,
        number: int,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Nested],
        observation: Observation,
        tied: bool = False,
    ) -> None:
        self.number = number
        self.sizes = sizes
        self.arrays = arrays
        self.observation = observation
        self.tied = tied

    def data(self, algebra: Any) -> dict[str, Data]:
        """The arrays in an algebra."""
        return {name: as_data(algebra, array) for name, array in self.arrays.items()}


class NoPoint(Exception):
    """No point was found; the text says why."""


def as_data(algebra: Any, array: Nested) -> Data:
    """Nested lists of floats as an array of an algebra."""
    if not isinstance(array, list):
        return algebra.number(array)
    return algebra.array([as_nested(algebra, entry) for entry in array])


def as_nested(algebra: Any, array: Nested) -> Nested:
    return [as_nested(algebra, entry) for entry in array] if isinstance(array, list) else algebra.number(array)


class Points:
    """Points of sizes that differ from one to the next, each drawn once.

    variables: those of the program, and directions. reach: how long the axes of a variable have to be. tick: called
    before every operation; it may raise.
    """

    def __init__(
        self,
        program: Program,
        typing: Typing,
        variables: Mapping[str, Variable],
        seed: int,
        reach: Mapping[str, Sequence[int]],
        tick: Callable[[], None],
    ) -> None:
        self._program = program
        self._typing = typing
        self._variables = variables
        self._seed = seed
        self._reach = reach
        self._tick = tick
        self._drawn: dict[int, Point | NoPoint] = {}

    def __getitem__(self, number: int) -> Point:
        """Raises NoPoint where none is found."""
        found = self._drawn.get(number)
        if found is None:
            try:
                found = self._draw(number)
            except NoPoint as none:
                found = none
            self._drawn[number] = found
        if isinstance(found, NoPoint):
            raise found
        return found

    def _largest_sign(self, name: str, number: int) -> int:
        """The sign of a variable's largest number, where both are tried: another one at every second point."""
        return Draws(f"{self._seed}.{name}").choice((-1, 1)) * (-1 if number % 2 else 1)

    def _draw(self, number: int) -> Point:
        fault = "no point was tried"
        tied: Point | None = None
        for attempt, sizes in enumerate(_sizes(self._typing, number)):
            shapes = {name: [size_of(dim, sizes) for dim in v.dims] for name, v in self._variables.items()}
            if sum([prod(shape) for shape in shapes.values()]) > MOST_ENTRIES:
                raise NoPoint("its sizes cannot be small")
            if any(a < b for name, needs in self._reach.items() for a, b in zip(shapes[name], needs)):
                continue
            generator = Draws(f"{self._seed}.{number}.{attempt}")
            for plan in [plan for plan, tries in _PLANS.items() for _ in range(tries)]:
                try:
                    arrays = {
                        name: _array(self._variables[name], shape, generator, plan, self._largest_sign(name, number))
                        for name, shape in shapes.items()
                    }
                    found = self._observed(arrays, sizes)
                except (SingularError, ArithmeticError):
                    continue
                except (NoMeaning, GradcalcError) as error:
                    # At these sizes a sum is empty.
                    fault = str(error)
                    break
                refusal = _refusal(found)
                if refusal is None:
                    return Point(number, sizes, arrays, found)
                if refusal == _AT_A_KINK and tied is None:
                    tied = Point(number, sizes, arrays, found, tied=True)
                fault = refusal
        if tied is not None:
            return tied
        raise NoPoint(f"no random point inside the domain was found: {fault}")

    def _observed(self, arrays: Mapping[str, Nested], sizes: Mapping[str, int]) -> Observation:
        data = {name: as_data(PYTHON, array) for name, array in arrays.items()}
        return observed(self._program, self._typing, data, sizes, PYTHON, measures=True, tick=self._tick)


def _sizes(typing: Typing, number: int) -> Iterator[dict[str, int]]:
    for order, lengths in _CHOICES[number % len(_CHOICES)]:
        few = len(typing.dimension_names) > _MANY_NAMES
        try:
            sizes = choose_sizes(typing, {}, order, _FEW_LENGTHS if few else lengths)
        except GradcalcError:
            continue
        if all(_fits(dim, least, sizes) for dim, least in typing.minimum_sizes.items()):
            yield sizes


def _fits(dim: Dim, least: int, sizes: Mapping[str, int]) -> bool:
    """Whether an axis reaches as far as it is indexed, also where its length is a sum or a product of names."""
    return any(name not in sizes for name in names_in(dim)) or size_of(dim, sizes) >= least


def _refusal(found: Observation) -> str | None:
    if found.fault is not None:
        return found.fault[0]
    if found.empty:
        return "a sum had nothing to sum over"
    if found.degenerate:
        return "every point had a singular matrix"
    if not PYTHON.largest(found.value) < _LARGEST_VALUE:
        return "the values were very large"
    if found.kink_distance < _NEAR_A_KINK:
        return _AT_A_KINK
    return None


def _array(variable: Variable, shape: Sequence[int], generator: Draws, plan: str, sign: int) -> Nested:
    """sign: that of the largest entry. Of two entries one is negative, of four two are, and so on."""
    if variable.whole:
        return float(generator.whole(2, 4))
    if plan == "mixed":
        plan = generator.choice(_DRAWN_EACH)
    signs = [sign * (-1) ** place for place in range(prod(shape))]
    rest = signs[1:]
    generator.shuffle(rest)
    numbers = [_number(variable, generator, plan, each) for each in [*signs[:1], *rest]]
    if any(number < 0 for number in numbers) and sign * max(numbers, key=abs) < 0:
        numbers = [-number for number in numbers]
    if not shape:
        return numbers[0]
    if len(shape) == 1:
        return numbers
    rows, columns = shape
    scale = 1.0 if plan in ("positive", "unit") else columns**-0.5
    lines = [numbers[columns * row : columns * (row + 1)] for row in range(rows)]
    matrix = PYTHON.array([[scale * number for number in line] for line in lines])
    if plan == "definite" and rows == columns:
        noise = PYTHON.array([[0.1 * generator.normal() for _ in range(rows)] for _ in range(rows)])
        matrix = matrix @ matrix.T + PYTHON.eye(rows) + noise
    if variable.structure is not None:
        matrix = STRUCTURES[variable.structure].nearest(PYTHON, matrix)
    return matrix.tolist()


def _number(variable: Variable, generator: Draws, plan: str, sign: int) -> float:
    if plan == "positive" or variable.structure == "positive":
        return generator.uniform(0.5, 1.5)
    if plan == "unit":
        return generator.uniform(0.1, 0.9)
    # Not so near zero that powers and quotients lose their digits.
    size = abs(generator.normal()) + 0.05
    return sign * (0.1 * size if plan == "small" else size)
