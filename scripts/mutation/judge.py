"""Is what a mutant showed right? Asked at points of sizes and numbers that the seal does not choose."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np

from gradcalc.api import Derivative, Problem
from gradcalc.checking.sealing.points import as_data
from gradcalc.checking.sealing.readback import Reader, Written
from gradcalc.errors import GradcalcError
from gradcalc.functions.structures import STRUCTURES
from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Variable
from gradcalc.meaning.many_digits import many_digits
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.meaning.programs import observed
from gradcalc.meaning.values import NoMeaning
from gradcalc.numeric.sizes import choose_sizes
from scripts.mutation.subjects import Subject

_PLACES = (
    ((2, 3, 4, 5), 1.0), ((3, 2, 5, 4), -1.0), ((1,), 1.0), ((3,), 0.3), ((1, 2, 3), 3.0), ((2,), -1.0), ((3, 2), 3.0),
)  # fmt: skip
"""Lengths of the dimensions in turn, equal ones too, and the scale of the numbers; -1 for positive ones."""

_LONG = 120
"""Formulas in indices with more entries are not compared."""

_CLOSE = 1e-6
_SECONDS = 5.0
"""For one form."""

Form = Mapping[str, Any]


class Judge:
    """Compares the answers to one subject, form by form, with those of the program as it is."""

    def __init__(self, subject: Subject) -> None:
        options = subject.options()
        problem = Problem(subject.expression, declare=options["declare"])
        components = problem.components(options["wrt"])
        directions = problem.directions(components, subject.direction) if subject.direction else None
        self._right = Derivative(problem, components, subject.order, subject.layout, subject.structured, directions)
        self._problem = problem
        self._variables = self._right.variables
        self._deadline = 0.0
        self._known: dict[tuple[int, str | None], list[Any]] = {}

    def fault(self, place: int, name: str, shown: Form, right: Form) -> str | None:
        """What is wrong with a form of an answer, at one of the points; None where nothing is."""
        if shown == right:
            return None
        dims = self._right.answers[place].dims
        self._deadline = time.process_time() + _SECONDS
        key = place, shown.get("change")
        if key not in self._known:
            self._known[key] = list(self._points(shown.get("change"), place))
        for arrays, sizes, free in self._known[key]:
            if shown.get("indices") and prod([size_of(dim, sizes) for dim in dims]) > _LONG:
                continue
            try:
                wanted = self._value(right, name, dims, arrays, sizes, free, NUMPY)
            except (GradcalcError, NoMeaning, ArithmeticError, ValueError):
                continue
            if not np.all(np.isfinite(wanted)):
                continue
            try:
                found = self._value(shown, name, dims, arrays, sizes, free, NUMPY)
                if _near(wanted, found):
                    continue
                digits = many_digits(50)
                precise = {own: as_data(digits, np.asarray(array).tolist()) for own, array in arrays.items()}
                wanted, found = [self._value(f, name, dims, precise, sizes, free, digits) for f in (right, shown)]
            except ArithmeticError:
                continue
            except (GradcalcError, NoMeaning, ValueError, TypeError) as error:
                return f"{name} has no value: {error}"
            if not _near(wanted, found):
                return f"{name} is {found}, not {wanted}, at sizes {sizes}: {shown.get('text')} | {right.get('text')}"
        return None

    def _value(
        self, form: Form, name: str, dims: Any, arrays: Any, sizes: Any, free: Mapping[str, int], algebra: Any
    ) -> Any:
        reader = self._reader(form.get("change"), name)
        if name == "einsum":
            terms = [
                (minus, scale and _tree(scale), how, [_tree(o) for o in parts])
                for minus, scale, how, parts in form["terms"]
            ]
            entries = reader.einsums(terms, arrays, sizes, algebra, free)
        else:
            own = self._objective_dims() if name == "action" else dims
            written = Written(form["text"], own, form["kind"], form["indices"], form["stacked"])
            entries = reader.tensor(written, arrays, sizes, algebra, free)
        return np.array([float(entry.real) for entry in entries])

    def _objective_dims(self) -> Any:
        """The shape of what an action makes: that of the answer without the axes of its last variable."""
        answer = self._right.answers[0]
        name, positions = answer.components[-1]
        used = 0 if positions else len(self._variables[name].dims)
        typing = self._problem.typing
        front = [*typing.dims(self._problem.program.objective)]
        for own, places in answer.components[:-1]:
            front += [] if places else list(self._variables[own].dims)
        assert len(front) + used >= len(answer.dims)
        return tuple(front)

    def _reader(self, change: str | None, name: str) -> Reader:
        variables = dict(self._variables)
        if change:
            variables[change] = self._change(change)
        return Reader(self._problem.program, self._problem.typing, variables, self._tick)

    def _tick(self) -> None:
        if time.process_time() > self._deadline:
            raise ArithmeticError("it takes too long")

    def _change(self, name: str) -> Variable:
        variable, positions = self._right.answers[0].components[-1]
        like = self._variables[variable]
        kind, dims = ("scalar", ()) if positions else (like.kind, like.dims)
        return Variable(name, kind, dims, like.origin, None if positions else like.structure)

    def _points(
        self, change: str | None, place: int
    ) -> Iterator[tuple[dict[str, Any], dict[str, int], dict[str, int]]]:
        """Arrays, sizes, and the places of open indices: only such where the expression has a value."""
        variables = dict(self._variables)
        if change:
            variables[change] = self._change(change)
        names = [at for _, places in self._right.answers[place].components for at in places if isinstance(at, str)]
        for number, (lengths, scale) in enumerate(_PLACES):
            generator = np.random.default_rng(number)
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                try:
                    sizes = _sizes(self._problem.typing, lengths)
                    arrays = {name: _drawn(v, sizes, generator, scale) for name, v in variables.items()}
                    found = observed(self._problem.program, self._problem.typing, arrays, sizes, NUMPY)
                except (np.linalg.LinAlgError, NoMeaning, GradcalcError, ValueError, ArithmeticError):
                    continue
                if found.fault is None and not found.degenerate and found.kink_distance > 1e-6:
                    yield arrays, sizes, {name: 1 + number % min([*sizes.values(), 1]) for name in names}


def _sizes(typing: Any, lengths: tuple[int, ...]) -> dict[str, int]:
    """Sizes of those lengths in turn, equal ones too."""
    asked = {
        name: max(lengths[place % len(lengths)], typing.minimum_sizes.get(name, 1))
        for place, name in enumerate(typing.dimension_names)
    }
    try:
        fits = all(size_of(a, asked) == size_of(b, asked) for a, b in typing.equalities)
        fits = fits and all(size_of(a, asked) >= size_of(b, asked) for a, b in typing.reaches)
    except GradcalcError:
        fits = False
    return asked if fits else choose_sizes(typing, {}, 0, lengths)


def _drawn(variable: Variable, sizes: Mapping[str, int], generator: Any, scale: float) -> Any:
    shape = tuple([size_of(dim, sizes) for dim in variable.dims])
    array = generator.normal(size=shape) * abs(scale)
    if scale < 0 or variable.structure == "positive":
        array = np.abs(array) + 0.1
    if variable.whole:
        return 2.0 if not shape else np.full(shape, 2.0)
    if len(shape) == 2 and variable.structure is not None:
        array = STRUCTURES[variable.structure].nearest(NUMPY, array)
    return array if shape else float(array)


def _near(wanted: Any, found: Any) -> bool:
    if wanted.shape != found.shape:
        return False
    size = max(float(np.max(np.abs(wanted), initial=0.0)), 1e-9)
    return bool(np.all(np.abs(wanted - found) <= _CLOSE * size))


@functools.cache
def _tree(text: str) -> Any:
    return parse_expression(text)
