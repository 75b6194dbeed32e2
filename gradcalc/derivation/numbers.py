"""The lines of a derivation in numbers: an opinion that shares nothing with the rules that made them.

At a random point the parts have the values that the reference interpreter gives them, and their differentials are what
complex steps of the interpreter (differences where a function is not analytic) make of a random change of the
variable. A line is true when both sides, read back from their text, have the same value.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.checking.differences import TOLERANCE, slope_at
from gradcalc.derivation.fixing import with_fixed_parts
from gradcalc.derivation.fragments import Context
from gradcalc.derivation.parts import Part
from gradcalc.derivation.renaming import moving_nodes
from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import Dim
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr, Number, Program
from gradcalc.meaning.observation import Observation
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import observe
from gradcalc.numeric.structures import directions_within

Array = Any

_STEP = 1e-30

_MORE_TRIES = 24

_LENGTHS = (3, 4, 5, 6, 7, 8)
"""The lengths of axes: with more dimensions than these, some are equal, for the work grows with the entries."""

_MANY_PARTS = 12
"""With more parts than this, derivatives of the objective by parts are products of those of the parts."""


class Point:
    """The values of everything that has a name, at one random point and for one random change of the variable."""

    def __init__(
        self, program: Program, typing: Typing, context: Context, parts: Sequence[Part], variable: str, seed: int
    ) -> None:
        """Raises GradcalcError of kind numeric where there is no point inside the domain."""
        self.context = context
        self._parts = parts
        self._variable = variable
        self.arrays, self.sizes = _drawn(program, typing, seed)
        self._programs: dict[str, tuple[Program, Typing, dict[str, Array]]] = {}
        self._analytic, self._kink_distance = True, float("inf")
        self.tolerance = 0.0
        self._stepped: set[str] = set()
        self._jacobians: dict[tuple[str, str, bool], Array] = {}
        for part in parts:
            self._add(part)
        self._original = program, typing
        start = np.asarray(self.arrays[variable], dtype=float)
        direction = np.random.default_rng([seed, 2]).normal(size=start.shape)
        within = directions_within(typing.variables[variable].structure, start)
        self.direction = direction if within is None else within(direction)

    def _add(self, part: Part) -> None:
        """The value of a part, and how it may be evaluated near the point."""
        fixed: dict[str, Array] = {}
        tree = part.tree
        if not part.constant:
            # Kinks of what does not vary are of no concern, and it is evaluated once.
            tree, parts = with_fixed_parts(tree, moving_nodes(tree, part.uses), self.context)
            fixed = {name: self.value(inner) for name, inner in parts.items()}
        shapes: dict[str, tuple[Dim, ...]] = {name: np.shape(array) for name, array in fixed.items()}
        program = self.context.program(tree)
        typing = self.context.typing(program, (), shapes)
        self._programs[part.name] = program, typing, fixed
        seen = self.observe(program, typing, fixed, {})
        self.arrays[part.name] = seen.value
        if not part.constant:
            self._analytic &= (seen.analytic or seen.kink_distance > 0) and not seen.real_only
            self._kink_distance = min(self._kink_distance, seen.kink_distance)

    def value(self, tree: Expr) -> Array:
        """The value of an expression in names."""
        program = self.context.program(tree)
        return self.observe(program, self.context.typing(program), {}, {}).value

    def _values(self, known: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
        """The values of parts, in order, where some names have other values than at the point."""
        made: dict[str, Array] = {}
        for name in names:
            program, typing, fixed = self._programs[name]
            arrays = ChainMap(made, dict(known), fixed, self.arrays)
            made[name] = _observed(program, typing, arrays, self.sizes).value
        return made

    def _depending_on(self, name: str) -> list[str]:
        """The parts that a name reaches."""
        reached = {name}
        for part in self._parts:
            if reached.intersection(part.uses):
                reached.add(part.name)
        return [part.name for part in self._parts if part.name in reached and part.name != name]

    def add_tangents(self, differentials: Mapping[str, str]) -> None:
        """The differentials as variables. differentials: W -> dW."""
        wanted = [name for name in self._depending_on(self._variable) if name in differentials]
        start = np.asarray(self.arrays[self._variable], dtype=float)
        shapes = [np.shape(self.arrays[name]) for name in wanted]
        sizes = [int(np.prod(shape)) for shape in shapes]

        def stacked(point: Array) -> Array:
            values = self._values({self._variable: point}, wanted)
            return np.concatenate([np.ravel(values[name]) for name in wanted])

        slope, self.tolerance = self._slope(stacked, start)
        tangent = slope(self.direction)[0] if wanted else np.zeros(0)
        ends = np.cumsum(sizes)
        for name, shape, size, end in zip(wanted, shapes, sizes, ends):
            self.arrays[differentials[name]] = np.reshape(tangent[end - size : end], shape)
        for name in differentials:
            self.arrays.setdefault(differentials[name], np.zeros(np.shape(self.arrays[name])))
        self.arrays[differentials[self._variable]] = self.direction

    def _slope(self, function: Any, start: Array) -> Any:
        try:
            found = slope_at(function, start, analytic=self._analytic, kink_distance=self._kink_distance)
        except ValueError:
            # Where the values near the point have another shape, the function ends here.
            found = None
        if found is None:
            raise GradcalcError("numeric", "the function varies too fast at a random point to be compared")
        return found

    def objective_slope(self) -> Array:
        """How the objective as it was typed varies along the direction."""
        program, typing = self._original

        def value(point: Array) -> Array:
            return _observed(program, typing, {**self.arrays, self._variable: point}, self.sizes).value

        slope, tolerance = self._slope(value, np.asarray(self.arrays[self._variable], dtype=float))
        self.tolerance = max(self.tolerance, tolerance)
        return slope(self.direction)[0]

    def jacobian(self, above: str, below: str, direct: bool = False) -> Array:
        """The derivative of a part by a name, entry by entry; shape (the part's..., the name's...).

        direct: with all other parts fixed; else with all parts between them varying.
        """
        key = above, below, direct
        if key not in self._jacobians:
            far = above == self._parts[-1].name and below != self._variable and len(self._parts) > _MANY_PARTS
            if far and not direct:
                self._accumulate()
            else:
                self._jacobians[key] = self._jacobian(above, below, direct)
        return self._jacobians[key]

    def _accumulate(self) -> None:
        """The derivatives of the objective by all parts, from those of each part by what it uses."""
        objective = self._parts[-1].name
        value = np.asarray(self.arrays[objective])
        found: dict[str, Array] = {objective: np.eye(value.size).reshape(value.shape * 2)}
        for part in reversed(self._parts):
            for name in part.uses if part.name in found else ():
                own = self.jacobian(part.name, name, direct=True)
                passed = np.tensordot(found[part.name], own, axes=np.ndim(self.arrays[part.name]))
                found[name] = found[name] + passed if name in found else passed
        self._jacobians.update(
            {(objective, name, False): array for name, array in found.items() if name != self._variable}
        )

    def _jacobian(self, above: str, below: str, direct: bool) -> Array:
        start = np.asarray(self.arrays[below], dtype=float)
        wanted = [above] if direct else self._depending_on(below)
        columns = []
        if above not in wanted:
            return np.zeros(np.shape(self.arrays[above]) + start.shape)

        def value(point: Array) -> Array:
            return np.asarray(self._values({below: point}, wanted)[above])

        slope = self._known_slope(value, start, above)
        for entry in np.ndindex(*start.shape):
            unit = np.zeros(start.shape)
            unit[entry] = 1.0
            columns.append(slope(unit))
        return np.stack(columns, axis=-1).reshape(np.shape(self.arrays[above]) + start.shape)

    def _known_slope(self, function: Any, start: Array, above: str) -> Any:
        """From a direction to the slope. Where all is analytic, complex steps are tried out once for each part."""
        if above in self._stepped and self._analytic and self._kink_distance == float("inf"):
            return lambda direction: np.imag(function(start + 1j * _STEP * direction)) / _STEP
        slope, self.tolerance = self._slope(function, start)
        if self.tolerance <= TOLERANCE:
            self._stepped.add(above)
        return lambda direction: slope(direction)[0]

    def observe(
        self, program: Program, typing: Typing, arrays: Mapping[str, Array], indices: Mapping[str, int]
    ) -> Observation:
        """The value of a program in names. arrays: of names that only it has. indices: where free indices stand."""
        return _observed(program, typing, ChainMap(dict(arrays), self.arrays), self.sizes, indices)


def _drawn(program: Program, typing: Typing, seed: int) -> tuple[dict[str, Array], dict[str, int]]:
    """A random point off kinks where there is one, else one where the objective has a value.

    Raises GradcalcError of kind numeric where there is neither.
    """
    try:
        return draw(program, typing, {}, seed=seed, lengths=_LENGTHS)
    except GradcalcError as error:
        if error.kind != "numeric":
            raise
        for attempt in range(_MORE_TRIES):
            arrays, sizes = draw(Program(Number(1)), typing, {}, seed + _MORE_TRIES * attempt, None, _LENGTHS)
            if _observed(program, typing, arrays, sizes).fault is None:
                return arrays, sizes
        raise


def _observed(
    program: Program,
    typing: Typing,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    indices: Mapping[str, int] | None = None,
) -> Observation:
    """What the interpreter finds. Raises GradcalcError of kind numeric where a function has no value at all."""
    needed = {name: arrays[name] for name in typing.variables if name in arrays}
    try:
        return observe(program, typing, needed, sizes, indices)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        raise GradcalcError("numeric", f"there is no value at a random point ({error})") from error
