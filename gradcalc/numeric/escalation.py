"""Values in as many digits as they need, where float64 overflows on the way or loses digits, and the arrays are small.

The objective as it was typed and the formulas of its derivatives are evaluated by the interpreter in numbers of many
digits, more and more of them, until the first sixteen stay what they are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr, Program
from gradcalc.meaning.algebra import NoForm, NotDefinedError, SingularError
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.many_digits import ManyDigitsAlgebra, many_digits
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import observed, surroundings
from gradcalc.meaning.small import Array, Data
from gradcalc.meaning.values import NoMeaning
from gradcalc.numeric.continuation import STEPS, Entries, Move, is_continuous, limit, moves, shifted
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

_VANISHED = 1e-20
"""What cancels leaves rounding: this in few digits, and in `_DIGITS_OF_ZERO` less than any float."""

_VAST = 1e165
"""Its inverse squared is less than any float."""

_SECONDS = 5.0


_MOST_ENTRIES = 600
"""How many numbers the arrays and the outputs may have for float64 to be doubted."""

_MOST_MISSING = 4000
"""How many they may have where some of them are not finite."""

_DOUBT = 1e-11
"""The relative error from which on an output is computed in more digits."""

_TOLD = 1e-10
"""The relative error of float64 from which on that is said."""

VALUE = "value"
"""What the objective is called among the outputs."""


class _OutOfTime(Exception):
    pass


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
        try:
            outputs = self._program(arrays)
        except GradcalcError as error:
            self.warnings = list(self._program.warnings)
            return self._continued(arrays, sizes, error)
        self.warnings = list(self._program.warnings)
        entries = sum([np.size(array) for array in (*arrays.values(), *outputs.values())])
        if entries > (_MOST_ENTRIES if all(np.all(np.isfinite(each)) for each in outputs.values()) else _MOST_MISSING):
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
            formula, shape = self._formula(name), np.shape(outputs[name])
            found = escalation.value(formula, shape)
            if found is None:
                closed = escalation.limit(formula, self._problem.program, shape)
                if closed is not None:
                    better[name] = closed
                    if not np.all(np.isfinite(outputs[name])):
                        self._tell_limit(name)
                    elif not _is_near(outputs[name], closed):
                        told[name] = STEPS[-1][0]
                continue
            better[name], digits = found
            if not _is_right(outputs[name], better[name]):
                told[name] = digits
        if told:
            fate = "overflows" if audit.overflows else "underflows" if audit.vanishes else "loses digits"
            self.warnings.append(self._sentence(list(told), max(told.values()), fate))
        return better

    def _formula(self, name: str) -> Formula:
        return self._problem.program.objective if name == VALUE else self._formulas[name]

    def _continued(self, arrays: Mapping[str, Any], sizes: Mapping[str, int], error: GradcalcError) -> dict[str, Any]:
        """The outputs where the program has none: values and limits of the formulas. Raises the error without those."""
        if error.kind != "numeric" or sum([np.size(array) for array in arrays.values()]) > _MOST_ENTRIES:
            raise error
        escalation = Escalation(self._problem.typing, arrays, sizes)
        if not escalation.is_inside(self._problem.program):
            raise error
        outputs = {}
        for name in self._formulas:
            formula = self._formula(name)
            found = escalation.value(formula)
            if found is not None:
                outputs[name] = found[0]
                continue
            closed = escalation.limit(formula, self._problem.program)
            if closed is None:
                raise error
            outputs[name] = closed
            self._tell_limit(name)
        return outputs

    def _tell_limit(self, name: str) -> None:
        if name != VALUE:
            self.warnings.append(f"{self._labels[name]} is the limit of its formula, which has no value here")

    def _sentence(self, names: list[str], digits: int, fate: str) -> str:
        labels = [self._labels[name] for name in names]
        what = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
        verb = "is" if len(labels) == 1 else "are"
        return f"{what} {verb} computed in {digits} digits: float64 {fate} on the way"


def _is_right(output: Any, truth: Any) -> bool:
    with np.errstate(all="ignore"):
        size = np.where(truth == 0, np.max(np.abs(truth), initial=0.0), np.abs(truth))
        near = np.abs(output - truth) <= _TOLD * size + np.finfo(float).tiny
    return bool(np.all(near | (output == truth)))


def _is_near(output: Any, truth: Any) -> bool:
    """Whether no entry is off by more than a little of the largest."""
    return bool(np.max(np.abs(output - truth), initial=0.0) <= _TOLD * np.max(np.abs(truth), initial=0.0))


class Escalation:
    """Formulas at a point in many digits. typing, arrays and sizes: what the names in the formulas stand for."""

    def __init__(self, typing: Typing, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self._typing = typing
        self._arrays = arrays
        self._sizes = sizes
        self._end = time.monotonic() + _SECONDS
        self._at_kink = False
        self._moves: list[Move] | None = None
        entries = np.abs(np.concatenate([np.ravel(array) for array in arrays.values()] or [np.ones(1)]))
        self._is_far = bool(np.any((entries > _FAR) | ((entries < 1 / _FAR) & (entries > 0))))

    def is_inside(self, program: Program) -> bool:
        """Whether the objective has a value at the point, as it was typed: in some number of digits."""
        for digits in LADDER[:-1]:
            algebra = many_digits(digits)
            try:
                seen = observed(program, self._typing, self._exact(algebra), self._sizes, algebra)
            except _NO_VALUE:
                return False
            if seen.fault is None:
                self._at_kink = seen.kink_distance == 0
                return True
        return False

    def _exact(self, algebra: ManyDigitsAlgebra, move: Move | None = None, sign: int = 1) -> dict[str, Data]:
        held = {name: _exact(algebra, array) for name, array in self._arrays.items()}
        for name, by in (move or {}).items():
            point = held[name]
            entries = shifted(_entries(point), by, algebra.number, sign)
            held[name] = Array(point.shape, entries) if isinstance(point, Array) else entries[0]
        return held

    def limit(self, formula: Formula, program: Program, shape: tuple[int, ...] | None = None) -> Any:
        """The nearest floats to the limit of a formula that has no value at the point, where the objective is
        continuous and has no kink; None where there is no limit, or no time for it."""
        if self._at_kink or self._is_far:
            return None
        if self._moves is None:
            self._moves = list(moves(self._typing.variables, self._arrays))
        try:
            objective = _entries(self._at(program.objective, STEPS[-1][0]))
            if not is_continuous(objective, self._near(program.objective)[1]):
                return None
            own, near = self._near(formula)
            found = limit(near)
        except (*_NO_VALUE, _OutOfTime):
            return None
        shape = own if shape is None else shape
        if found is None or len(found) != int(np.prod(shape)):
            return None
        return np.array([_nearest(entry) for entry in found]).reshape(shape)

    def _near(self, formula: Formula) -> tuple[tuple[int, ...], list[tuple[Entries, Entries]]]:
        """The shape of a formula's value, and its entries on both sides of the point at each step."""
        assert self._moves is not None
        shape: tuple[int, ...] = ()
        near = []
        for (digits, _), move in zip(STEPS, self._moves):
            sides = [self._at(formula, digits, move, sign) for sign in (1, -1)]
            shape = getattr(sides[0], "shape", ())
            near.append((_entries(sides[0]), _entries(sides[1])))
        return shape, near

    def _tick(self) -> None:
        if time.monotonic() > self._end:
            raise _OutOfTime

    def value(self, formula: Formula, shape: tuple[int, ...] | None = None) -> tuple[Any, int] | None:
        """The nearest floats and the digits that it took; None where there is no such value, or no time for it.

        shape: of the output, where it may be laid out otherwise than the formula's value.
        """
        previous: list[Any] | None = None
        fewer = 0
        for digits in LADDER[1:] if self._is_far else LADDER:
            start = time.monotonic()
            try:
                found = self._at(formula, digits)
            except (*_NO_VALUE, _OutOfTime):
                return None
            entries = _entries(found)
            if shape is None:
                shape = getattr(found, "shape", ())
            if len(entries) != int(np.prod(shape)):
                return None
            if previous is not None and all(_agree(one, other, digits) for one, other in zip(previous, entries)):
                return np.array([_nearest(entry) for entry in entries]).reshape(shape), fewer
            previous, fewer = entries, digits
            if time.monotonic() + 4 * (time.monotonic() - start) > self._end:
                return None
        return None

    def _at(self, formula: Formula, digits: int, move: Move | None = None, sign: int = 1) -> Data:
        """The value of a formula at the point, or beside it."""
        algebra = many_digits(digits)
        around = surroundings(self._typing, self._exact(algebra, move, sign), self._sizes)
        interpreter = Interpreter(around, algebra, Observation(), tick=self._tick)
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


def _entries(value: Data) -> Entries:
    return value.entries if isinstance(value, Array) else [value]


def _agree(one: Any, other: Any, digits: int) -> bool:
    """Whether a number is the same in fewer digits and in so many, as far as a float can tell."""
    if not (one == one and other == other):
        return False
    if other == 0:
        return bool(one == 0) and digits >= _DIGITS_OF_ZERO
    if digits >= _DIGITS_OF_ZERO and abs(other) * _VAST <= _VAST**-1 and abs(one) <= _VANISHED:
        return True
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
