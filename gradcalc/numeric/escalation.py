"""Values in as many digits as they need, where float64 overflows on the way or loses digits, and the arrays are small.

The objective as it was typed and the formulas of its derivatives are evaluated by the interpreter in numbers of many
digits, more and more of them, until the first sixteen stay what they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np

from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr, Program
from gradcalc.meaning.algebra import NoForm, NotDefinedError, SingularError
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.many_digits import ManyDigits, ManyDigitsAlgebra
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import observed, surroundings
from gradcalc.meaning.small import Array, Data
from gradcalc.meaning.values import NoMeaning
from gradcalc.numeric.program import CompiledProgram
from gradcalc.numeric.rounding import Audit, Auditor
from gradcalc.tensor.einsum import EinsumTerm

Formula = Expr | Sequence[EinsumTerm]


class Objective(Protocol):
    """The program as it was typed, and its typing."""

    program: Program
    typing: Typing


LADDER = (50, 400, 1000, 2500)
"""The digits that are tried one after the other. The steps are wide: what 50 digits do not hold, 100 may not either."""

_FAR = 1e100
"""Numbers larger than this, or smaller than its inverse, need more than the first step to stand side by side."""

_NO_VALUE = (NoForm, NoMeaning, NotDefinedError, SingularError, ArithmeticError, TypeError, NotImplementedError)
"""What the interpreter raises for formulas that it cannot evaluate in many digits."""

_DIGITS_OF_ZERO = 400
"""A number that is 0 in fewer digits may be one that float64 can hold: 1 + 1e-300 - 1."""

_SECONDS = 5.0

_LARGEST_EXPONENT = 5000
"""Functions of numbers beyond 2 to this power are not computed: their own logarithms fill the memory."""


_MOST_ENTRIES = 600
"""How many numbers the arrays and the outputs may have for float64 to be doubted."""

_DOUBT = 1e-11
"""The relative error from which on an output is computed in more digits."""

_TOLD = 1e-10
"""The relative error of float64 from which on that is said."""

VALUE = "value"
"""What the objective is called among the outputs."""


class Escalator:
    """What a program computes, and where float64 is not enough for it, what its formulas are in more digits.

    formulas: of its outputs. labels: what the outputs are called when something is said of them. warnings: what the
    last call has to say.
    """

    def __init__(
        self, program: CompiledProgram, formulas: Mapping[str, Formula], problem: Objective, labels: Mapping[str, str]
    ) -> None:
        self._program = program
        self._formulas = formulas
        self._problem = problem
        self._labels = labels
        self._auditor: Auditor | None = None
        self.warnings: list[str] = []

    def __call__(self, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        """The outputs by name. Raises GradcalcError of kind numeric or limit."""
        outputs = self._program(arrays)
        self.warnings = list(self._program.warnings)
        if sum([np.size(array) for array in (*arrays.values(), *outputs.values())]) > _MOST_ENTRIES:
            return outputs
        if self._auditor is None:
            self._auditor = Auditor(self._program)
        audit = self._auditor(arrays, outputs)
        doubted = [name for name, output in outputs.items() if audit.is_in_doubt(name, output, _DOUBT)]
        return {**outputs, **self._escalated(doubted, arrays, sizes, outputs, audit)} if doubted else outputs

    def _escalated(
        self,
        names: list[str],
        arrays: Mapping[str, Any],
        sizes: Mapping[str, int],
        outputs: Mapping[str, Any],
        audit: Audit,
    ) -> dict[str, Any]:
        """The outputs of these names in as many digits as they need, where that can be had."""
        escalation = Escalation(self._problem.typing, arrays, sizes)
        if not escalation.is_inside(self._problem.program):
            return {}
        better: dict[str, Any] = {}
        told: dict[str, int] = {}
        for name in names:
            formula = self._problem.program.objective if name == VALUE else self._formulas[name]
            found = escalation.value(formula, np.shape(outputs[name]))
            if found is None:
                continue
            better[name], digits = found
            if not _is_right(outputs[name], better[name]):
                told[name] = digits
        if told:
            fate = "overflows" if audit.overflows else "underflows" if audit.vanishes else "loses digits"
            self.warnings.append(self._sentence(list(told), max(told.values()), fate))
        return better

    def _sentence(self, names: list[str], digits: int, fate: str) -> str:
        labels = [self._labels[name] for name in names]
        what = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
        verb = "is" if len(labels) == 1 else "are"
        return f"{what} {verb} computed in {digits} digits: float64 {fate} on the way"


def _is_right(output: Any, truth: Any) -> bool:
    with np.errstate(all="ignore"):
        near = np.abs(output - truth) <= _TOLD * np.abs(truth) + np.finfo(float).tiny
    return bool(np.all(near | (output == truth)))


class Escalation:
    """Formulas at a point in many digits. typing, arrays and sizes: what the names in the formulas stand for."""

    def __init__(self, typing: Typing, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self._typing = typing
        self._arrays = arrays
        self._sizes = sizes
        self._end = time.monotonic() + _SECONDS
        entries = np.abs(np.concatenate([np.ravel(array) for array in arrays.values()] or [np.ones(1)]))
        self._is_far = bool(np.any((entries > _FAR) | ((entries < 1 / _FAR) & (entries > 0))))

    def is_inside(self, program: Program) -> bool:
        """Whether the objective has a value at the point, as it was typed: in some number of digits."""
        for digits in LADDER[:-1]:
            algebra = _algebra(digits)
            try:
                seen = observed(program, self._typing, self._exact(algebra), self._sizes, algebra)
            except _NO_VALUE:
                return False
            if seen.fault is None:
                return True
        return False

    def _exact(self, algebra: ManyDigitsAlgebra) -> dict[str, Data]:
        return {name: _exact(algebra, array) for name, array in self._arrays.items()}

    def value(self, formula: Formula, shape: tuple[int, ...]) -> tuple[Any, int] | None:
        """The nearest floats and the digits that it took; None where there is no such value, or no time for it."""
        previous: list[Any] | None = None
        fewer = 0
        for digits in LADDER[1:] if self._is_far else LADDER:
            start = time.monotonic()
            try:
                found = self._at(formula, digits)
            except _NO_VALUE:
                return None
            entries = found.entries if isinstance(found, Array) else [found]
            if len(entries) != int(np.prod(shape)):
                return None
            if previous is not None and all(_agree(one, other, digits) for one, other in zip(previous, entries)):
                return np.array([_nearest(entry) for entry in entries]).reshape(shape), fewer
            previous, fewer = entries, digits
            if time.monotonic() + 4 * (time.monotonic() - start) > self._end:
                return None
        return None

    def _at(self, formula: Formula, digits: int) -> Data:
        algebra = _algebra(digits)
        around = surroundings(self._typing, self._exact(algebra), self._sizes)
        interpreter = Interpreter(around, algebra, Observation())
        if isinstance(formula, Expr):
            return interpreter.value(formula)[1]
        total: Data = algebra.number(0)
        for term in formula:
            operands = [interpreter.value(operand)[1] for operand in term.operands]
            lengths = self._lengths(term, operands)
            part = algebra.einsum(term.subscripts, operands, lengths) if operands else algebra.number(1)
            if term.scale is not None:
                part = part * interpreter.value(term.scale)[1]
            total = total - part if term.negative else total + part
        return total

    @staticmethod
    def _lengths(term: EinsumTerm, operands: Sequence[Data]) -> dict[str, int]:
        letters = term.subscripts.split("->")[0].split(",")
        return {
            letter: length
            for part, operand in zip(letters, operands)
            for letter, length in zip(part, operand.shape if isinstance(operand, Array) else ())
        }


def _agree(one: Any, other: Any, digits: int) -> bool:
    """Whether a number is the same in fewer digits and in so many, as far as a float can tell."""
    if not (one == one and other == other):
        return False
    if other == 0:
        return bool(one == 0) and digits >= _DIGITS_OF_ZERO
    return bool(abs(one - other) <= abs(other) * 2.0**-56)


def _nearest(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _exact(algebra: ManyDigitsAlgebra, array: Any) -> Data:
    held = np.asarray(array, dtype=float)
    if held.ndim == 0:
        return algebra.number(float(held))
    return Array(held.shape, [algebra.number(entry) for entry in held.ravel().tolist()])


@cache
def _algebra(digits: int) -> ManyDigitsAlgebra:
    return ManyDigitsAlgebra(_Bounded(digits))


class _Bounded(ManyDigits):
    """Numbers of many digits whose functions refuse arguments without measure, of which they would never come back."""

    def __init__(self, digits: int) -> None:
        super().__init__(digits)
        for name in ("exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "gamma", "erf", "erfc"):
            setattr(self, name, self._bounded(getattr(self, name)))

    def _bounded(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def apply(t: Any) -> Any:
            if t == t and abs(t) != self.inf and abs(t) > self._context.ldexp(1, _LARGEST_EXPONENT):
                return self.nan
            return function(t)

        return apply

    def power(self, base: Any, exponent: Any) -> Any:
        if abs(exponent) > self._context.ldexp(1, _LARGEST_EXPONENT):
            return self.nan
        return super().power(base, exponent)
