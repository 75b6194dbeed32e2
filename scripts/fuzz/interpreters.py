"""The engine's own interpreter, in each of its algebras, against the third opinion: values and complex steps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.meaning.algebra import PYTHON
from gradcalc.meaning.many_digits import many_digits
from gradcalc.meaning.programs import observed
from scripts.fuzz.points import tangent
from scripts.fuzz.subject import Subject

Array = Any
Settle = Callable[..., None]

_STEP = 1e-30


def _data(algebra: Any, array: Array) -> Any:
    """An array in an algebra: exactly the floats, or complex numbers as they are."""

    def number(entry: Any) -> Any:
        if isinstance(entry, list):
            return [number(each) for each in entry]
        return entry if isinstance(entry, complex) else algebra.number(Fraction(entry))

    return algebra.array(number(np.asarray(array).tolist()))


def _array(value: Any, kind: Any = complex) -> Array:
    return np.array(value.tolist() if hasattr(value, "tolist") else value, dtype=kind)


def in_python_numbers(subject: Subject, settle: Settle) -> None:
    """The value, and the slope along one direction by a complex step."""
    problem, objective = subject.problem, subject.objective()
    arrays = {name: _data(PYTHON, array) for name, array in subject.arrays.items()}
    found = observed(problem.program, problem.typing, arrays, subject.sizes, PYTHON)
    if found.fault is not None:
        return
    settle("interpreter in Python numbers: value", np.real(_array(found.value)), lambda m: objective(m, {}), None, "")
    if found.real_only or not (found.analytic or found.kink_distance > 1e-6):
        return
    name = sorted(subject.arrays)[len(subject.arrays) // 2]
    point, structure = subject.arrays[name], subject.typing.variables[name].structure
    direction = np.cos(np.arange(np.size(point)) + 0.3).reshape(np.shape(point))
    direction = tangent(structure, point, direction)
    arrays[name] = _data(PYTHON, point + 1j * _STEP * direction)
    moved = observed(problem.program, problem.typing, arrays, subject.sizes, PYTHON)
    settle(
        "interpreter in Python numbers: complex step", np.imag(_array(moved.value)) / _STEP,
        lambda m: subject.slope(objective, name, direction, m), None, f"along {name}",
    )  # fmt: skip


def in_many_digits(subject: Subject, settle: Settle) -> None:
    """The value at many digits, rounded."""
    problem, objective, digits = subject.problem, subject.objective(), many_digits(40)
    arrays = {name: _data(digits, array) for name, array in subject.arrays.items()}
    found = observed(problem.program, problem.typing, arrays, subject.sizes, digits)
    if found.fault is None:
        rounded = np.real(_array(found.value))
        settle("interpreter at many digits: value", rounded, lambda m: objective(m, {}), None, "")
