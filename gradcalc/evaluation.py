"""Derivatives in numbers: compiled functions, values on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.checking.sealing.numbers import NumberSeal
from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import names_in, size_of, split_off
from gradcalc.numeric.arrays import check_memory, complete, data_shape
from gradcalc.numeric.contraction import tensor_value
from gradcalc.numeric.definedness import require_defined
from gradcalc.numeric.escalation import VALUE, Escalator
from gradcalc.numeric.points import draw
from gradcalc.numeric.program import CompiledProgram, compile_program
from gradcalc.numeric.structures import has_structure

if TYPE_CHECKING:
    from gradcalc.api import Derivative, Problem
    from gradcalc.language.shapes import Typing, Variable
    from gradcalc.tensor.answer import Answer, Component, Formula

Array = Any


class Evaluator:
    """The objective and the derivatives of a `Derivative` on arrays."""

    def __init__(self, derivative: Derivative, sizes: Mapping[str, int] | None = None) -> None:
        self.derivative = derivative
        self.typing = derivative.problem.typing
        self.objective = derivative.objective
        self.answers = [self._whole(answer) for answer in derivative.answers]
        self._simplified = derivative.program_form(self.objective)
        formulas: dict[str, Any] = {VALUE: self._simplified}
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
        labels = {self._key(place): f"the derivative by {answer.wrt}" for place, answer in enumerate(self.answers)}
        self._run = Escalator(self.program, formulas, derivative.problem, {VALUE: "the value", **labels})

    @property
    def warnings(self) -> list[str]:
        """What the last call has to say: a norm that was zero, digits that float64 does not have."""
        return self._run.warnings

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
        outputs = self._run(arrays, sizes)
        value = outputs[VALUE] if VALUE in outputs else self._tensor(self.objective, arrays, sizes)
        derivatives = [
            outputs[self._key(place)] if self._key(place) in outputs else self._tensor(answer, arrays, sizes)
            for place, answer in enumerate(self.answers)
        ]
        return value, derivatives

    def require_defined(self, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> None:
        """Raises GradcalcError of kind numeric where the expression as typed has no value."""
        problem = self.derivative.problem
        require_defined(problem.program, problem.typing, self._simplified, arrays, sizes)

    def _tensor(self, formula: Formula, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
        return np.asarray(tensor_value(formula.node, self.typing, arrays, sizes), dtype=float)

    def seal(
        self, arrays: Mapping[str, Array], sizes: Mapping[str, int], value: Array, derivatives: Sequence[Array]
    ) -> None:
        """Holds what was computed against the interpreter. Raises GradcalcError of kind internal where it is wrong."""
        derivative = self.derivative
        seal = NumberSeal(derivative.problem.program, self.typing, derivative.variables, arrays, sizes)
        seal.value(value)
        for answer, array in zip(self.answers, derivatives):
            seal.derivative(derivative.written(answer), answer.wrt, array)


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

    def seal(self) -> None:
        """Holds the program against the interpreter at a random point, where there is one.

        Raises GradcalcError of kind internal where it computes something else.
        """
        problem, evaluator = self._derivative.problem, self._evaluator
        if self._derivative.directions is not None:
            return
        try:
            arrays, sizes = draw(problem.program, problem.typing, {}, seed=0)
            value, derivatives = evaluator(arrays, sizes)
        except GradcalcError as error:
            if error.kind == "internal":
                raise
            return
        evaluator.seal(arrays, sizes, value, derivatives)

    def value_and_gradient(self, **arrays: Any) -> tuple[Any, Any]:
        prepared, sizes = prepare_arrays(self._derivative.problem, arrays, self._derivative.variables)
        self._evaluator.require_defined(prepared, sizes)
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


def numbered(answer: Answer) -> tuple[Component, ...]:
    """What a derivative is by, the whole variable for an entry at a named index."""
    return tuple(
        [
            (name, () if any(isinstance(position, str) for position in positions) else positions)
            for name, positions in answer.components
        ]
    )
