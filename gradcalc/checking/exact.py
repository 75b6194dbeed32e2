"""The exact opinion: the expression in symbols at small sizes, differentiated entry by entry by SymPy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from gradcalc.checking import symbols as written_out
from gradcalc.checking.result import CheckResult
from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing, infer
from gradcalc.language.syntax import Expr, Program
from gradcalc.meaning.algebra import NoForm
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import surroundings
from gradcalc.meaning.small import Array as Small
from gradcalc.meaning.stand_in import StandIn
from gradcalc.meaning.symbols import SYMBOLS

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer

Array = Any
"""A NumPy array of SymPy expressions."""

SECONDS = 20.0

DIGITS = 40
POINTS = 4

_MOST_ENTRIES = 96
_MOST_OPERATIONS = 2000
"""A difference of more operations is not expanded, but looked at in numbers."""


def prove(derivative: Derivative, answer: Answer, seconds: float = SECONDS) -> CheckResult:
    """Compares a derivative with SymPy's, entry by entry at small sizes.

    passed: every entry is equal, by simplification or to 30 digits at random rational points. inconclusive: the entries
    are too many, have no such form, or took too long.
    """
    typing = derivative.problem.typing
    tree = answer.full()
    if tree is None or answer.entrywise or any(isinstance(p, str) for _, ps in answer.components for p in ps):
        return CheckResult.inconclusive("the derivative has no short matrix form to write out")
    if answer.directions:
        return CheckResult.inconclusive("a derivative along a direction is not written out")
    orthogonal = any(typing.variables[name].structure == "orthogonal" for name, _ in answer.components)
    if orthogonal and (answer.order > 1 or answer.structured == "independent"):
        return CheckResult.inconclusive("this derivative within orthogonal matrices is not written out")
    try:
        return _Proof(derivative, answer, time.monotonic() + seconds).result(tree)
    except _OutOfTime:
        return CheckResult.inconclusive(f"SymPy did not finish within {seconds:.0f} seconds")
    except NoForm as error:
        return CheckResult.inconclusive(f"SymPy has no form for it: {error}")
    except GradcalcError:
        raise
    except Exception as error:
        # Whatever SymPy raises is no opinion on the derivative.
        return CheckResult.inconclusive(f"SymPy cannot work it out: {type(error).__name__}")


class _OutOfTime(Exception):
    pass


class _Proof:
    def __init__(self, derivative: Derivative, answer: Answer, deadline: float) -> None:
        self._answer = answer
        self._program = derivative.problem.program
        self._typing = derivative.problem.typing
        self._deadline = deadline
        self._sizes = _small_sizes(self._typing)
        self._symbols = written_out.free_symbols(self._typing, self._sizes)
        self._ties = written_out.ties(self._typing, self._symbols)

    def result(self, tree: Expr) -> CheckResult:
        typing = self._typing
        variables = typing.variables
        objective = self._value(self._program.objective, typing)
        if objective.size * int(np.prod([self._chosen(*each).size for each in self._components()])) > _MOST_ENTRIES:
            return CheckResult.inconclusive("the entries are too many to compare exactly")
        shapes = {name: variable.dims for name, variable in variables.items()}
        structure = {name: variable.structure for name, variable in variables.items() if variable.structure is not None}
        program = Program(tree, functions=tuple(typing.functions.values()))
        own = infer(program, shapes, dimension_names=typing.dimension_names, structure=structure)
        claimed = self._tied(self._value(tree, own))
        expected = objective
        for name, positions in self._components():
            expected = self._differentiated(expected, name, positions)
        return self._compared(self._laid_out(self._tied(expected), claimed, objective.ndim), claimed)

    def _components(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for name, positions in self._answer.components:
            yield name, tuple([int(position) - 1 for position in positions])

    def _value(self, tree: Expr, typing: Typing) -> Array:
        arrays = {name: _small(array) for name, array in self._symbols.items()}
        walk = Interpreter(surroundings(typing, arrays, self._sizes), SYMBOLS, Observation())
        value = walk.value(tree)[1]
        if not isinstance(value, Small):
            return np.array(sympy.sympify(value), dtype=object)
        answer = np.empty(value.shape, dtype=object)
        for entry, number in zip(np.ndindex(*value.shape), value.entries):
            answer[entry] = sympy.sympify(number)
        return answer

    def _tied(self, values: Array) -> Array:
        return _each(values, lambda entry: entry.xreplace(self._ties)) if self._ties else values

    def _chosen(self, name: str, positions: tuple[int, ...]) -> Array:
        return np.asarray(self._symbols[name][positions] if positions else self._symbols[name], dtype=object)

    def _differentiated(self, values: Array, name: str, positions: tuple[int, ...]) -> Array:
        within = self._answer.structured in ("projected", "independent")
        chosen = self._chosen(name, () if within else positions)
        answer = np.empty(values.shape + chosen.shape, dtype=object)
        for out in np.ndindex(*values.shape):
            for entry in np.ndindex(*chosen.shape):
                if time.monotonic() > self._deadline:
                    raise _OutOfTime
                answer[out + entry] = sympy.diff(values[out], chosen[entry])
        if not within:
            return answer
        structure = self._typing.variables[name].structure
        independent = self._answer.structured == "independent"
        found = written_out.brought_within(structure, independent, answer, chosen)
        place: Any = (Ellipsis, *positions)
        return found[place] if positions else found

    def _laid_out(self, expected: Array, claimed: Array, rank: int) -> Array:
        layout = self._answer.layout
        if (expected.ndim == claimed.ndim == 2 and layout is not None and expected.shape != claimed.shape) or (
            expected.ndim == 2 and layout == ("numerator" if rank == 0 else "denominator")
        ):
            return expected.T
        return expected

    def _compared(self, expected: Array, claimed: Array) -> CheckResult:
        if expected.shape != claimed.shape:
            return CheckResult.wrong_shape(expected.shape, claimed.shape)
        generator = np.random.default_rng(20260101)
        points = [written_out.random_point(self._typing, self._symbols, generator) for _ in range(POINTS)]
        proved = True
        for entry in np.ndindex(*expected.shape):
            if time.monotonic() > self._deadline:
                raise _OutOfTime
            gap = expected[entry] - claimed[entry]
            if gap == 0 or (gap.count_ops() < _MOST_OPERATIONS and sympy.expand(gap) == 0):
                continue
            proved = False
            compared = 0
            for point in points:
                left, right = (_number(side, point) for side in (expected[entry], claimed[entry]))
                if left is None or right is None:
                    continue
                compared += 1
                if abs(left - right) > sympy.Float(10) ** (10 - DIGITS) * (1 + abs(left)):
                    return _failed(entry, left, right)
            if not compared:
                return CheckResult.inconclusive("an entry has no value at a random point")
        method = "sympy" if proved else f"sympy, {DIGITS - 10} digits"
        return CheckResult("passed", method, 1 if proved else POINTS, expected.size, 0.0, 0.0, 0.0)


def _failed(entry: tuple[int, ...], left: Any, right: Any) -> CheckResult:
    result = CheckResult("failed", "sympy", POINTS, 0, float(abs(left - right)), 1.0, 0.0)
    place = [number + 1 for number in entry]
    result.worst = {"entry": place, "derivative": float(right), "differences": float(left)}
    return result


def _small_sizes(typing: Typing) -> dict[str, int]:
    sizes: dict[str, int] = {}
    size = 2
    for name in typing.dimension_names:
        sizes[name] = max(size, typing.minimum_sizes.get(name, 1))
        size = 5 - size
    return sizes


def _small(array: Array) -> Any:
    return Small(array.shape, list(array.flat)) if array.ndim else array[()]


def _each(values: Array, function: Any) -> Array:
    answer = np.empty(values.shape, dtype=object)
    for entry in np.ndindex(*values.shape):
        answer[entry] = function(values[entry])
    return answer


def _number(expression: Any, point: Mapping[Any, Any]) -> Any:
    """The value at a point, None where there is none; an unspecified function is its stand-in."""
    for function in {item.func for item in expression.atoms(sympy.core.function.AppliedUndef)}:
        shift = sympy.Rational(f"{StandIn(function.__name__).shift:.6g}")
        expression = expression.replace(function, lambda t, shift=shift: sympy.sin(t + shift) + t**2 / 4)
    value = expression.subs(point).doit().evalf(DIGITS)
    return value if value.is_number and value.is_real and value.is_finite else None
