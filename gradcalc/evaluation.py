"""Derivatives in numbers: compiled functions, values on arrays, checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.checking.differences import MOST_ENTRIES, check_derivative
from gradcalc.checking.result import CheckResult, combined
from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import names_in, size_of, split_off
from gradcalc.numeric.arrays import check_memory, complete, data_shape
from gradcalc.numeric.contraction import tensor_value
from gradcalc.numeric.points import draw
from gradcalc.numeric.program import CompiledProgram, compile_program
from gradcalc.numeric.reference import observe
from gradcalc.numeric.structures import (
    directions_within,
    from_independent,
    has_structure,
    independent_mask,
    linear_part,
)

if TYPE_CHECKING:
    from gradcalc.api import Derivative, Problem
    from gradcalc.language.shapes import Typing, Variable
    from gradcalc.tensor.answer import Answer, Component, Formula

Array = Any

CHECKED_POINTS = 3

_VALUE = "value"


class Evaluator:
    """The objective and the derivatives of a `Derivative` on arrays."""

    def __init__(self, derivative: Derivative, sizes: Mapping[str, int] | None = None) -> None:
        self.derivative = derivative
        self.typing = derivative.problem.typing
        self.objective = derivative.objective
        self.answers = [self._whole(answer) for answer in derivative.answers]
        formulas: dict[str, Any] = {_VALUE: derivative.program_form(self.objective)}
        for place, answer in enumerate(self.answers):
            formulas[self._key(place)] = derivative.program_form(answer)
        formulas = {name: formula for name, formula in formulas.items() if formula is not None}
        guarded = frozenset([self._key(place) for place, answer in enumerate(self.answers) if answer.order == 1])
        self.program: CompiledProgram = compile_program(
            formulas,
            derivative.variables,
            sizes=sizes,
            functions=self.typing.functions,
            guarded=guarded,
            dimensions=self.typing.dimension_names,
        )

    def _key(self, place: int) -> str:
        """What a derivative is called in the program's output."""
        return f"d{self.answers[place].wrt}"

    def _whole(self, answer: Answer) -> Answer:
        """The derivative by the whole variable, for an entry at a named index."""
        whole = numbered(answer)
        return answer if whole == answer.components else self.derivative.answer_by(whole)

    def __call__(self, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> tuple[Array, list[Array]]:
        """The value and the derivatives. Raises GradcalcError of kind numeric or limit."""
        for answer in self.answers:
            check_memory("the derivative", [size_of(dim, sizes) for dim in answer.dims])
        outputs = self.program(arrays)
        value = outputs[_VALUE] if _VALUE in outputs else self._tensor(self.objective, arrays, sizes)
        derivatives = [
            outputs[self._key(place)] if self._key(place) in outputs else self._tensor(answer, arrays, sizes)
            for place, answer in enumerate(self.answers)
        ]
        return value, derivatives

    def _tensor(self, formula: Formula, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
        return np.asarray(tensor_value(formula.node, self.typing, arrays, sizes), dtype=float)


class Function:
    """A compiled derivative. Call it with the arrays by name.

    Returns an array of the derivative's shape, or a dict by variable where there are several. source: the program.
    Raises GradcalcError of kind data for missing or misshapen arrays, of kind numeric where a matrix is singular.
    """

    def __init__(self, derivative: Derivative) -> None:
        self._derivative = derivative
        self._evaluator = Evaluator(derivative)
        self.source = self._evaluator.program.source

    def __call__(self, **arrays: Any) -> Any:
        return self.value_and_gradient(**arrays)[1]

    def value_and_gradient(self, **arrays: Any) -> tuple[Any, Any]:
        prepared, sizes = prepare_arrays(self._derivative.problem, arrays, self._derivative.variables)
        value, derivatives = self._evaluator(prepared, sizes)
        if len(derivatives) == 1:
            return value, derivatives[0]
        return value, {answer.wrt: array for answer, array in zip(self._derivative.answers, derivatives)}


def prepare_arrays(
    problem: Problem, arrays: Mapping[str, Any], variables: Mapping[str, Variable] | None = None
) -> tuple[dict[str, Array], dict[str, int]]:
    """The arrays in the shapes of their variables, and the sizes of the dimensions that they give.

    variables: those of the problem unless given. Raises GradcalcError of kind data.
    """
    variables = problem.typing.variables if variables is None else variables
    unknown = [name for name in arrays if name not in variables]
    if unknown:
        raise GradcalcError(
            "data",
            f"{unknown[0]} is not a variable of the expression",
            hint=f"Its variables are {', '.join(variables)}.",
        )
    complete(arrays, variables)
    prepared: dict[str, Array] = {}
    sizes: dict[str, int] = {}
    owners: dict[str, str] = {}
    for name, variable in variables.items():
        try:
            array = np.asarray(arrays[name], dtype=float)
        except (TypeError, ValueError):
            raise GradcalcError("data", f"{name} is not an array of numbers") from None
        array = data_shape(name, array, variable.kind)
        if array.ndim != len(variable.dims):
            raise GradcalcError("data", f"{name} is a {variable.kind} and the data has the shape {list(array.shape)}")
        for dim, size in zip(variable.dims, array.shape):
            wanted = dim if isinstance(dim, int) else sizes.setdefault(dim, size)
            if isinstance(dim, str):
                owners.setdefault(dim, name)
            if wanted != size:
                other = "" if isinstance(dim, int) else f" as {owners[dim]} has it"
                raise GradcalcError(
                    "data", f"{name} has the shape {list(array.shape)}; {size} should be {wanted}{other}"
                )
        if variable.structure is not None and not has_structure(variable.structure, array):
            raise GradcalcError(
                "data",
                f"{name} is declared {variable.structure}, and the data is not",
                hint=f"Give data that is {variable.structure}, or declare {name} a plain matrix.",
            )
        prepared[name] = array
    for dim in [dim for dim in sizes if not dim.isidentifier()]:
        # x of n + 1 entries says how long n is.
        for name in [name for name in names_in(dim) if name not in sizes]:
            rest = split_off(dim, name)
            if isinstance(rest, int):
                sizes[name] = sizes[dim] - rest
        if all(name in sizes for name in names_in(dim)):
            wanted = size_of(dim, {name: sizes[name] for name in names_in(dim)})
            if wanted != sizes[dim]:
                raise GradcalcError("data", f"{owners[dim]} has {sizes[dim]} entries; {dim} is {wanted}")
    for dim, least in problem.typing.minimum_sizes.items():
        if isinstance(dim, str) and dim in sizes and sizes[dim] < least:
            raise GradcalcError("data", f"position {least} is used, but the axis {dim} has {sizes[dim]} entries")
    check_reaches(problem.typing, sizes)
    return prepared, sizes


def check_reaches(typing: Typing, sizes: Mapping[str, int]) -> None:
    """Raises GradcalcError of kind data where a slice or an index of a sum runs past the end of an axis."""
    for axis, least in typing.reaches:
        if any(name not in sizes for dim in (axis, least) for name in names_in(dim)):
            continue
        end, length = size_of(least, sizes), size_of(axis, sizes)
        if end > length:
            raise GradcalcError("data", f"position {end} is past the end: an axis has {length} entries")


def check_point(
    derivative: Derivative, evaluator: Evaluator, arrays: Mapping[str, Array], sizes: Mapping[str, int], seed: int
) -> list[CheckResult]:
    """The check of every derivative at one point."""
    problem = derivative.problem
    observation = observe(problem.program, problem.typing, arrays, sizes)
    if observation.fault is not None:
        reason = f"the point is outside the domain: {observation.fault[0]}"
        return [CheckResult.inconclusive(reason) for _ in evaluator.answers]
    _, values = evaluator(arrays, sizes)
    results = []
    for answer, value in zip(evaluator.answers, values):
        try:
            results.append(_check_answer(derivative, answer, value, arrays, sizes, observation, seed))
        except GradcalcError as error:
            results.append(CheckResult.inconclusive(error.message))
    return results


def check_value(
    derivative: Derivative,
    answer: Answer,
    value: Array,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    seed: int,
) -> CheckResult:
    """The check of a value of a derivative, wherever the value comes from, at one point."""
    problem = derivative.problem
    observation = observe(problem.program, problem.typing, arrays, sizes)
    return _check_answer(derivative, answer, value, arrays, sizes, observation, seed)


def _check_answer(
    derivative: Derivative,
    answer: Answer,
    value: Array,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    observation: Any,
    seed: int,
) -> CheckResult:
    problem = derivative.problem
    last, positions = numbered(answer)[-1]
    component = _counted_from_zero(positions)
    value = _natural_layout(value, answer, np.ndim(observation.value))

    def at(point: Array) -> dict[str, Array]:
        whole = point
        if component is not None:
            whole = np.array(arrays[last], dtype=np.asarray(point).dtype)
            whole[component] = point
        return {**arrays, last: whole}

    def reference(point: Array) -> Array:
        return observe(problem.program, problem.typing, at(point), sizes).value

    generator = np.random.default_rng([seed, 1])
    start = np.asarray(arrays[last] if component is None else arrays[last][component], dtype=float)
    structure = problem.typing.variables[last].structure
    within = directions_within(structure, start) if component is None else None
    length = float(np.max(np.abs(start), initial=0.0)) or 1.0
    size = float(np.max(np.abs(observation.value), initial=0.0))
    # Rounding in the value, over a step that is a fraction of the point's length, once for each order.
    precision = 64 * np.finfo(float).eps / length * (32 / length) ** (answer.order - 1)
    rounding, vanishing = precision * size, precision * max(size, observation.largest)
    if answer.structured == "independent" and component is None and structure is not None:
        return _check_independent(reference, start, value, structure, observation, generator, rounding, answer.order)
    if answer.order == 1:
        return check_derivative(
            reference,
            start,
            value,
            analytic=(observation.analytic or observation.kink_distance > 0) and not observation.real_only,
            kink_distance=observation.kink_distance,
            generator=generator,
            direction_within=within,
            rounding=rounding,
            vanishing=vanishing,
        )
    lower = _lower_derivative(derivative, answer, observation, arrays, sizes, at)
    return check_derivative(
        lower,
        start,
        value,
        analytic=False,
        kink_distance=observation.kink_distance,
        generator=generator,
        direction_within=within,
        rounding=rounding,
        vanishing=vanishing,
    )


def _check_independent(
    function: Callable[[Array], Array],
    start: Array,
    value: Array,
    structure: str,
    observation: Any,
    generator: Any,
    rounding: float,
    order: int,
) -> CheckResult:
    """The check of a derivative by the independent entries of a matrix, which is a function of those alone."""
    mask = independent_mask(structure, len(start))
    smooth = (observation.analytic or observation.kink_distance > 0) and not observation.real_only
    if order > 2 or (order == 2 and not smooth):
        return CheckResult.inconclusive("this derivative by independent entries is not compared")
    laid_out = np.array([from_independent(structure, part) for part in value.reshape(-1, *start.shape)])
    if not np.allclose(laid_out.reshape(value.shape), value, rtol=1e-9, atol=1e-12):
        return CheckResult.inconclusive("the derivative is not laid out like the matrix")

    def restricted(entries: Array) -> Array:
        return function(from_independent(structure, entries))

    def by_steps(entries: Array) -> Array:
        """The first derivative by the independent entries, laid out like the matrix, by complex steps."""
        slopes = [np.zeros_like(np.real(function(start)))] * mask.size
        for place in np.flatnonzero(mask):
            step = np.zeros(mask.size, dtype=complex)
            step[place] = 1e-30j
            slopes[place] = np.imag(restricted(entries + step.reshape(mask.shape))) / 1e-30
        stacked = np.moveaxis(np.array(slopes), 0, -1)
        parts = [from_independent(structure, part.reshape(mask.shape)) for part in stacked.reshape(-1, mask.size)]
        return np.reshape(parts, stacked.shape[:-1] + mask.shape)

    return check_derivative(
        restricted if order == 1 else by_steps,
        start * mask,
        value * mask,
        analytic=smooth and order == 1,
        kink_distance=observation.kink_distance,
        generator=generator,
        rounding=rounding,
    )


def _lower_derivative(
    derivative: Derivative,
    answer: Answer,
    observation: Any,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    at: Callable[[Array], dict[str, Array]],
) -> Callable[[Array], Array]:
    """The derivative of one order less as a function of the last variable.

    By complex steps of the reference interpreter where that is possible; else the compiled derivative.
    """
    problem = derivative.problem
    components = numbered(answer)[:-1]
    first = components[0][0]
    entries = int(np.size(arrays[first]))
    analytic = observation.kink_distance == float("inf") and not observation.real_only
    if answer.order == 2 and analytic and entries <= MOST_ENTRIES:
        positions = _counted_from_zero(components[0][1])

        def by_steps(point: Array) -> Array:
            base = at(point)
            columns = []
            for entry in np.ndindex(*np.shape(base[first])):
                if positions is not None and entry != positions:
                    continue
                moved = np.array(base[first], dtype=complex)
                moved[entry] += 1e-30j
                columns.append(
                    np.imag(observe(problem.program, problem.typing, {**base, first: moved}, sizes).value) / 1e-30
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

    return compiled


def numbered(answer: Answer) -> tuple[Component, ...]:
    """What a derivative is by, the whole variable for an entry at a named index."""
    return tuple(
        [
            (name, () if any(isinstance(position, str) for position in positions) else positions)
            for name, positions in answer.components
        ]
    )


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
    """One result for all derivatives and points."""
    results = [result for _, result in check_each(derivative, seed=seed, data=data)[0]]
    if exact:
        from gradcalc.checking.exact import prove

        results += [prove(derivative, answer) for answer in derivative.answers]
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
) -> tuple[list[tuple[Answer, CheckResult]], dict[str, Array], dict[str, int]]:
    """The check of each derivative; with no data at several random points. Also the first point and its sizes."""
    problem = derivative.problem
    per_answer: list[list[CheckResult]] = [[] for _ in derivative.answers]
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
        for place, result in enumerate(check_point(derivative, evaluator, arrays, lengths, seed + number)):
            per_answer[place].append(result)
    assert first is not None
    checked = [(answer, combined(results)) for answer, results in zip(derivative.answers, per_answer)]
    return checked, first[0], first[1]
