"""The checks of a problem's derivatives and of its value at points: the program against the expression as typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.checking.differences import MOST_ENTRIES, Rounding, check_derivative, compare_values
from gradcalc.checking.noise import SAMPLES, Noise, instrumented, rounded_value
from gradcalc.checking.result import CheckResult, combined
from gradcalc.errors import GradcalcError
from gradcalc.evaluation import Evaluator, numbered, prepare_arrays
from gradcalc.language.shapes import infer
from gradcalc.language.syntax import Program
from gradcalc.meaning.observation import Observation
from gradcalc.numeric.contraction import tensor_value
from gradcalc.numeric.points import draw
from gradcalc.numeric.program import compile_program
from gradcalc.numeric.reference import observe
from gradcalc.numeric.structures import (
    basis,
    directions_within,
    from_independent,
    independent_mask,
    linear_part,
)

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer, Component

Array = Any

CHECKED_POINTS = 3


class Checked:
    """What was checked at a number of points.

    derivatives: each with its check; value: the check of the objective's value. arrays, sizes: the first point.
    """

    def __init__(
        self,
        derivatives: list[tuple[Answer, CheckResult]],
        value: CheckResult,
        arrays: dict[str, Array],
        sizes: dict[str, int],
    ) -> None:
        self.derivatives = derivatives
        self.value = value
        self.arrays = arrays
        self.sizes = sizes


class _Place:
    """A point with what was met there, and the program computed anew with noise."""

    def __init__(
        self,
        derivative: Derivative,
        arrays: Mapping[str, Array],
        sizes: Mapping[str, int],
        seed: int,
        evaluator: Evaluator | None = None,
    ) -> None:
        self.derivative = derivative
        self.problem = derivative.problem
        self.arrays = arrays
        self.sizes = sizes
        self.seed = seed
        self.observation = observe(self.problem.program, self.problem.typing, arrays, sizes)
        self._evaluator = evaluator
        self._samples: list[tuple[Array, list[Array]]] | None = None

    @property
    def evaluator(self) -> Evaluator:
        if self._evaluator is None:
            self._evaluator = Evaluator(self.derivative, self.sizes)
        return self._evaluator

    def outside(self) -> CheckResult | None:
        """That nothing can be said where the objective has no value."""
        fault = self.observation.fault
        return None if fault is None else CheckResult.inconclusive(f"the point is outside the domain: {fault[0]}")

    def samples(self, noise: Noise) -> list[tuple[Array, list[Array]]]:
        """The value and the derivatives, computed a few times with inputs and results moved by the noise."""
        if self._samples is None:
            self._samples = rounded_runs(self.evaluator, self.arrays, self.sizes, noise)
        return self._samples

    def rounding(self, answer: Answer, function: Callable[[Noise, Array], Array] | None, natural: float) -> Rounding:
        places = [place for place, own in enumerate(self.evaluator.answers) if own.components == answer.components]
        rank = np.ndim(self.observation.value)

        def derivatives(noise: Noise) -> list[Array]:
            return [
                _natural_layout(found[place], answer, rank) for _, found in self.samples(noise) for place in places[:1]
            ]

        return Rounding(function, derivatives, natural)


def rounded_runs(
    evaluator: Evaluator, arrays: Mapping[str, Array], sizes: Mapping[str, int], noise: Noise
) -> list[tuple[Array, list[Array]]]:
    """The value and the derivatives as they are, and a few times with inputs and results moved by the noise."""
    rounding = copy(evaluator)
    rounding.program = instrumented(evaluator.program, noise)
    found = []
    for number in range(SAMPLES + 1):
        moved = {name: noise(np.asarray(array, dtype=float)) for name, array in arrays.items()}
        try:
            found.append(rounding(moved, sizes) if number else evaluator(arrays, sizes))
        except GradcalcError:
            continue
    return found


def check_point(
    derivative: Derivative, evaluator: Evaluator, arrays: Mapping[str, Array], sizes: Mapping[str, int], seed: int
) -> list[CheckResult]:
    """The check of every derivative at one point."""
    return check_everything(derivative, evaluator, arrays, sizes, seed)[0]


def check_everything(
    derivative: Derivative, evaluator: Evaluator, arrays: Mapping[str, Array], sizes: Mapping[str, int], seed: int
) -> tuple[list[CheckResult], CheckResult]:
    """The check of every derivative at one point, and that of the value."""
    place = _Place(derivative, arrays, sizes, seed, evaluator)
    outside = place.outside()
    if outside is not None:
        return [outside for _ in evaluator.answers], outside
    value, values = evaluator(arrays, sizes)
    results = []
    for answer, array in zip(evaluator.answers, values):
        try:
            results.append(_check_answer(place, answer, array))
        except GradcalcError as error:
            results.append(CheckResult.inconclusive(error.message))
    return results, _check_objective(place, value)


def check_value(
    derivative: Derivative,
    answer: Answer,
    value: Array,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    seed: int,
) -> CheckResult:
    """The check of a value of a derivative, wherever the value comes from, at one point."""
    place = _Place(derivative, arrays, sizes, seed)
    outside = place.outside()
    return _check_answer(place, answer, value) if outside is None else outside


def check_objective(
    derivative: Derivative, value: Array, arrays: Mapping[str, Array], sizes: Mapping[str, int], seed: int
) -> CheckResult:
    """The check of a value of the objective, wherever it comes from: held against the expression as typed."""
    place = _Place(derivative, arrays, sizes, seed)
    outside = place.outside()
    return _check_objective(place, value) if outside is None else outside


def _check_objective(place: _Place, value: Array) -> CheckResult:
    problem, observation = place.problem, place.observation
    wanted = np.real(np.asarray(observation.value))
    if np.shape(value) != wanted.shape:
        return CheckResult(
            "failed", reason=f"the value has the shape {list(np.shape(value))}, not {list(wanted.shape)}"
        )
    noise = Noise(np.random.default_rng([place.seed, 2]))

    def samples() -> tuple[list[Array], list[Array]]:
        typed = problem.program, problem.typing, place.arrays, place.sizes
        own = [np.real(np.asarray(rounded_value(*typed, noise))) for _ in range(SAMPLES)]
        return own, [found for found, _ in place.samples(noise)]

    with np.errstate(all="ignore"):
        return compare_values(np.asarray(value, dtype=float), wanted, samples, observation.largest)


def _check_answer(place: _Place, answer: Answer, value: Array) -> CheckResult:
    problem, arrays, sizes, observation = place.problem, place.arrays, place.sizes, place.observation
    last, positions = numbered(answer)[-1]
    component = _counted_from_zero(positions)
    value = _natural_layout(value, answer, np.ndim(observation.value))
    generator = np.random.default_rng([place.seed, 1])
    start = np.asarray(arrays[last] if component is None else arrays[last][component], dtype=float)
    structure = problem.typing.variables[last].structure
    within = directions_within(structure, start) if component is None else None
    length = float(np.max(np.abs(start), initial=0.0)) or 1.0
    natural = max(float(np.max(np.abs(observation.value), initial=0.0)), observation.largest) / length**answer.order

    moved = _moved_with(answer, structure, np.asarray(arrays[last], dtype=float), component)

    def at(point: Array) -> dict[str, Array]:
        return {**arrays, last: point if component is None else arrays[last] + (point - start) * moved}

    lower = (
        _Lower.of(problem.program, problem.typing, sizes, at, observation)
        if answer.order == 1
        else _lower_derivative(place, answer, at)
    )
    if answer.structured == "independent" and component is None and structure is not None:
        typed = _Lower.of(problem.program, problem.typing, sizes, at, observation)
        return _check_independent(place, answer, typed, start, value, generator, natural)
    rounding = place.rounding(answer, lower.rounded, natural)
    return check_derivative(
        lower.function,
        start,
        value,
        analytic=lower.analytic,
        kink_distance=observation.kink_distance,
        generator=generator,
        direction_within=within,
        rounding=rounding,
    )


def _moved_with(answer: Answer, structure: str | None, array: Array, component: tuple[int, ...] | None) -> Array:
    """What moves with an entry: the entry alone, or within its structure those that are tied to it."""
    unit = np.zeros_like(array)
    if component is None:
        return unit
    unit[component] = 1.0
    if answer.structured == "independent" and structure is not None:
        return np.sum([part[component] * part for part in basis(structure, len(array))], axis=0)
    within = directions_within(structure, array) if answer.structured == "projected" else None
    return unit if within is None else within(unit)


class _Lower:
    """What a derivative is the derivative of, as a function of the last variable. analytic: complex steps may be used.

    rounded: the same with every result moved by a noise; None where that cannot be had.
    """

    def __init__(
        self,
        function: Callable[[Array], Array],
        analytic: bool,
        rounded: Callable[[Noise, Array], Array] | None = None,
    ) -> None:
        self.function = function
        self.analytic = analytic
        self.rounded = rounded

    @classmethod
    def of(
        cls,
        program: Program,
        typing: Any,
        sizes: Mapping[str, int],
        at: Callable[[Array], dict[str, Array]],
        observation: Observation,
    ) -> _Lower:
        """An expression, as the interpreter has it."""
        return cls(
            lambda point: observe(program, typing, at(point), sizes).value,
            (observation.analytic or observation.kink_distance > 0) and not observation.real_only,
            lambda noise, point: rounded_value(program, typing, at(point), sizes, noise),
        )


def _check_independent(
    place: _Place,
    answer: Answer,
    typed: _Lower,
    start: Array,
    value: Array,
    generator: np.random.Generator,
    natural: float,
) -> CheckResult:
    """The check of a derivative by the independent entries of a matrix, which is a function of those alone.

    typed: the objective as a function of the matrix.
    """
    names = {name for name, _ in answer.components}
    structure = place.problem.typing.variables[answer.components[-1][0]].structure
    assert structure is not None
    order = answer.order
    if order > 2 or len(names) > 1 or (order == 2 and not typed.analytic):
        return CheckResult.inconclusive("this derivative by independent entries is not compared")
    mask = independent_mask(structure, len(start))
    laid_out = np.array([from_independent(structure, part) for part in value.reshape(-1, *start.shape)])
    if not np.allclose(laid_out.reshape(value.shape), value, rtol=1e-9, atol=1e-12 * float(np.max(np.abs(value)))):
        return CheckResult.inconclusive("the derivative is not laid out like the matrix")

    def restricted(entries: Array) -> Array:
        return typed.function(from_independent(structure, entries))

    def by_steps(entries: Array) -> Array:
        """The first derivative by the independent entries, laid out like the matrix, by complex steps."""
        slopes = [np.zeros_like(np.real(typed.function(start)))] * mask.size
        for number in np.flatnonzero(mask):
            step = np.zeros(mask.size, dtype=complex)
            step[number] = 1e-30j
            slopes[number] = np.imag(restricted(entries + step.reshape(mask.shape))) / 1e-30
        stacked = np.moveaxis(np.array(slopes), 0, -1)
        parts = [from_independent(structure, part.reshape(mask.shape)) for part in stacked.reshape(-1, mask.size)]
        return np.reshape(parts, stacked.shape[:-1] + mask.shape)

    rounded = typed.rounded
    assert rounded is not None
    return check_derivative(
        restricted if order == 1 else by_steps,
        start * mask,
        value * mask,
        analytic=typed.analytic and order == 1,
        kink_distance=place.observation.kink_distance,
        generator=generator,
        rounding=place.rounding(
            answer,
            (lambda noise, entries: rounded(noise, from_independent(structure, entries))) if order == 1 else None,
            natural,
        ),
    )


def _lower_derivative(place: _Place, answer: Answer, at: Callable[[Array], dict[str, Array]]) -> _Lower:
    """The derivative of one order less as a function of the last variable.

    By its own formula in the interpreter where that passes its check here; else by complex steps of the interpreter
    where that is possible; else as the compiled program has it.
    """
    problem, arrays, sizes = place.problem, place.arrays, place.sizes
    components = numbered(answer)[:-1]
    written = _written_lower(place, components, at)
    if written is not None:
        return written
    first = components[0][0]
    entries = int(np.size(arrays[first]))
    observation = place.observation
    analytic = observation.kink_distance == float("inf") and not observation.real_only
    flat = problem.typing.variables[first].structure != "orthogonal"
    if answer.order == 2 and analytic and flat and entries <= MOST_ENTRIES:
        return _Lower(_stepped(place, components[0], at), False)
    lower = problem.derivation([]).differentiate(components)
    program = (
        None
        if lower.entrywise or lower.vectorized
        else compile_program(
            {"0": lower.expanded},
            problem.typing.variables,
            sizes=sizes,
            functions=problem.typing.functions,
            dimensions=problem.typing.dimension_names,
        )
    )

    def compiled(point: Array) -> Array:
        if program is None:
            return tensor_value(lower.node, problem.typing, at(point), sizes)
        return program(at(point))["0"]

    return _Lower(compiled, False)


def _written_lower(
    place: _Place, components: tuple[Component, ...], at: Callable[[Array], dict[str, Array]]
) -> _Lower | None:
    """A derivative's own formula, as the interpreter has it; None where it has none, or does not pass its check."""
    problem = place.problem
    below = problem.derivation([]).differentiate(components)
    tree = below.full()
    if tree is None or below.entrywise or below.vectorized or below.structured == "independent":
        return None
    variables = problem.typing.variables
    shapes = {name: variable.dims for name, variable in variables.items()}
    structures = {name: variable.structure for name, variable in variables.items() if variable.structure is not None}
    program = Program(tree, functions=tuple(problem.typing.functions.values()))
    try:
        typing = infer(program, shapes, dimension_names=problem.typing.dimension_names, structure=structures)
        observation = observe(program, typing, place.arrays, place.sizes)
        if observation.fault is not None or observation.real_only or observation.kink_distance == 0:
            return None
        value = np.real(np.asarray(observation.value, dtype=complex))
        if not _check_answer(place, below, value):
            return None
    except GradcalcError:
        return None
    return _Lower.of(program, typing, place.sizes, at, observation)


def _stepped(place: _Place, component: Component, at: Callable[[Array], dict[str, Array]]) -> Callable[[Array], Array]:
    """The gradient by complex steps of the objective as typed, as a function of the last variable."""
    problem = place.problem
    first, own = component
    positions = _counted_from_zero(own)

    def by_steps(point: Array) -> Array:
        base = at(point)
        columns = []
        for entry in np.ndindex(*np.shape(base[first])):
            if positions is not None and entry != positions:
                continue
            moved = np.array(base[first], dtype=complex)
            moved[entry] += 1e-30j
            columns.append(
                np.imag(observe(problem.program, problem.typing, {**base, first: moved}, place.sizes).value) / 1e-30
            )
        if positions is not None:
            return np.asarray(columns[0])
        stacked = np.stack(columns, axis=-1)
        whole = stacked.reshape(stacked.shape[:-1] + np.shape(base[first]))
        structure = problem.typing.variables[first].structure
        if structure in (None, "positive"):
            return whole
        parts = [linear_part(structure, part) for part in whole.reshape(-1, *np.shape(base[first]))]
        return np.reshape(parts, whole.shape)

    return by_steps


def _counted_from_zero(positions: tuple[int | str, ...]) -> tuple[int, ...] | None:
    return tuple([int(position) - 1 for position in positions]) or None


def _natural_layout(value: Array, answer: Answer, objective_rank: int) -> Array:
    """The value with the axes of the objective first, then those of the variable, in the order of each."""
    if value.ndim != 2 or answer.layout is None:
        return value
    turned = answer.layout == ("numerator" if objective_rank == 0 else "denominator")
    return value.T if turned else value


def check_all(
    derivative: Derivative, *, seed: int = 0, data: Mapping[str, Any] | None = None, exact: bool = False
) -> CheckResult:
    """One result for the value, all derivatives and points."""
    checked = check_each(derivative, seed=seed, data=data)
    results = [result for _, result in checked.derivatives]
    if exact:
        from gradcalc.checking.exact import prove

        results += [prove(derivative, answer) for answer in derivative.answers]
    if checked.value.verdict == "failed":
        return checked.value
    verdicts = {result.verdict for result in results}
    if "inconclusive" in verdicts and "failed" not in verdicts:
        return next(result for result in results if result.verdict == "inconclusive")
    result = combined(results)
    result.points = max(each.points for each in results)
    return result


def check_each(
    derivative: Derivative,
    *,
    seed: int = 0,
    data: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Checked:
    """The checks of the value and of each derivative; with no data at several random points."""
    problem = derivative.problem
    per_answer: list[list[CheckResult]] = [[] for _ in derivative.answers]
    of_value: list[CheckResult] = []
    first: tuple[dict[str, Array], dict[str, int]] | None = None
    evaluator: Evaluator | None = None
    for number in range(CHECKED_POINTS if data is None else 1):
        if data is None:
            arrays, lengths = draw(problem.program, problem.typing, sizes or {}, seed + number)
        else:
            arrays, lengths = prepare_arrays(problem, data)
        if first is None:
            first = arrays, lengths
        if evaluator is None:
            evaluator = Evaluator(derivative, lengths)
        results, value = check_everything(derivative, evaluator, arrays, lengths, seed + number)
        of_value.append(value)
        for place, result in enumerate(results):
            per_answer[place].append(result)
    assert first is not None
    checked = [(answer, combined(results)) for answer, results in zip(derivative.answers, per_answer)]
    return Checked(checked, combined(of_value), *first)
