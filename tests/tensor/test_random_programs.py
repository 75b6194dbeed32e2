"""Random well-shaped programs: the derivation against the reference interpreter. Hypothesis prints what fails.

GRADCALC_EXAMPLES: how many programs each test draws; without it a few, and the same ones in every run.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from programs import DECLARATIONS, FUNCTIONS, LEAVES, RULES, programs
from textbook import stacked

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.checking.checks import check_each
from gradcalc.errors import GradcalcError
from gradcalc.evaluation import Evaluator
from gradcalc.language.parser import parse
from gradcalc.language.polynomial import size_of
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import evaluate, observe
from gradcalc.output.result import derivation_result
from gradcalc.tensor.answer import Formula

_ASKED = os.environ.get("GRADCALC_EXAMPLES")
EXAMPLES = settings(
    max_examples=int(_ASKED or 240), derandomize=_ASKED is None, suppress_health_check=list(HealthCheck)
)

WHICH = st.integers(0, 9)
"""Which of the variables that occur is differentiated by."""

SHAPES = st.sampled_from(["n", "m", "rn", "three"])

_LONGEST_INDEXED = 1000
"""Entries of longer formulas in indices are not evaluated: the interpreter takes a sum term by term."""

Point = tuple[dict[str, Any], dict[str, int]]


def _derivative(text: str, wrt: int, order: int = 1) -> Derivative:
    """The derivative by one of the variables. A program that has no derivative of the order is not an example."""
    problem = Problem(text)
    names = list(problem.typing.variables)
    assume(names)
    try:
        return Derivative(problem, problem.components(names[wrt % len(names)]), order, None)
    except GradcalcError as error:
        assume("has no derivative here" not in error.message)
        raise


def _point(derivative: Derivative) -> Point:
    """Arrays inside the domain; a program for which none are found is not an example."""
    problem = derivative.problem
    try:
        return draw(problem.program, problem.typing, {}, seed=2)
    except GradcalcError as error:
        assume(error.kind != "numeric")
        raise


def _check(text: str, wrt: int, order: int = 1) -> None:
    derivative = _derivative(text, wrt, order)
    _point(derivative)
    try:
        checked = check_each(derivative, seed=1)
    except GradcalcError as error:
        assume(error.kind != "numeric")
        raise
    assert checked.value.verdict != "failed", (text, checked.value)
    for _, result in checked.derivatives:
        assert result.verdict != "failed", (text, wrt, derivative.text, result)


def _read(text: str, derivative: Derivative, point: Point) -> Any:
    """The value of a text, parsed with the variables of a problem and evaluated by the reference interpreter."""
    program = parse(FUNCTIONS + text)
    shapes = {name: variable.dims for name, variable in derivative.problem.typing.variables.items()}
    return observe(program, infer(program, shapes), *point).value


def _with_names(formula: Formula) -> str:
    return "".join([f"{name} = {to_text(tree)}; " for name, tree in formula.where]) + to_text(formula.tree)


def _compare(found: Any, expected: Any, about: object) -> None:
    scale = float(np.max(np.abs(expected), initial=1.0))
    assert np.shape(found) == np.shape(expected), about
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-8 * scale, equal_nan=True), about


def _check_forms(text: str, wrt: int, order: int) -> None:
    """Every form of the answer has the value that the program computes."""
    derivative = _derivative(text, wrt, order)
    problem, answer = derivative.problem, derivative.answers[0]
    arrays, sizes = point = _point(derivative)
    value, (gradient,) = Evaluator(derivative, sizes)(arrays, sizes)
    _compare(value, evaluate(problem.program, problem.typing, arrays, sizes), text)
    dims = (*problem.typing.dims(problem.program.objective), *problem.typing.variables[answer.wrt].dims * order)
    assert np.shape(gradient) == tuple([size_of(dim, sizes) for dim in dims]), text
    full = answer.full()
    if full is not None and not answer.entrywise:
        assert parse(FUNCTIONS + to_text(full)).objective == full
        columns = len(problem.typing.variables[answer.wrt].dims)
        expected = stacked(gradient, columns) if answer.vectorized else gradient
        _compare(_read(to_text(full), derivative, point), expected, (text, to_text(full)))
        _compare(_read(_with_names(answer), derivative, point), expected, (text, _with_names(answer)))
    _check_entries(derivative, gradient, point)
    derivative.latex()
    result = derivation_result("grad", derivative, formats=("latex", "index"))
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def _check_entries(derivative: Derivative, gradient: Any, point: Point) -> None:
    """The first and the last entry by the formula in indices."""
    formula = derivative.index_formula(derivative.answers[0])
    written = _with_names(formula)
    # What is compared for equality with a maximum may be rounded differently when it is computed by itself.
    if len(written) > _LONGEST_INDEXED or "==" in written or re.search(r"sum\[\w+,\w+,\w+", written):
        return
    for place in {(0,) * np.ndim(gradient), tuple([length - 1 for length in np.shape(gradient)])}:
        entry = written
        for name, number in zip(formula.indices, place):
            entry = re.sub(rf"\b{name}\b", str(number + 1), entry)
        _compare(_read(entry, derivative, point), gradient[place], (derivative.problem.text, entry))


@EXAMPLES
@given(programs("s", 2), WHICH)
def test_gradient(text: str, wrt: int) -> None:
    _check(text, wrt)


@EXAMPLES
@given(SHAPES.flatmap(lambda shape: programs(shape, 2)), WHICH)
def test_jacobian(text: str, wrt: int) -> None:
    _check(text, wrt)


@EXAMPLES
@given(st.sampled_from(["mn", "nm", "nn"]).flatmap(lambda shape: programs(shape, 1)), WHICH)
def test_matrix_by_anything(text: str, wrt: int) -> None:
    _check(text, wrt)


@EXAMPLES
@given(programs("s", 1), WHICH)
def test_hessian(text: str, wrt: int) -> None:
    _check(text, wrt, order=2)


@EXAMPLES
@given(programs("s", 2), WHICH)
def test_forms_of_a_gradient(text: str, wrt: int) -> None:
    _check_forms(text, wrt, 1)


@EXAMPLES
@given(SHAPES.flatmap(lambda shape: programs(shape, 2)), WHICH)
def test_forms_of_a_jacobian(text: str, wrt: int) -> None:
    _check_forms(text, wrt, 1)


@EXAMPLES
@given(programs("s", 1), WHICH)
def test_forms_of_a_hessian(text: str, wrt: int) -> None:
    _check_forms(text, wrt, 2)


@EXAMPLES
@given(programs("s", 2))
def test_layouts_are_transposes(text: str) -> None:
    one = gradcalc.derive(text + " + sum(A)", wrt="A")
    other = gradcalc.derive(text + " + sum(A)", wrt="A", layout="numerator")
    assert one.answers[0].dims == other.answers[0].dims[::-1]


def test_every_rule_is_well_shaped() -> None:
    """Each rule alone, its symbols replaced by their first leaves, has the shape that it is listed for."""
    ranks = {"s": (), "n": ("n",), "m": ("m",), "three": (3,), "rn": ("n",)}
    for symbol, rules in RULES.items():
        dims = ranks.get(symbol, ("n", "n") if symbol == "spd" else tuple(symbol))
        for rule in rules:
            body = re.sub(r"\{(\w+)\}", lambda name: LEAVES[name[1]][0], rule)
            typing = (problem := Problem(f"{DECLARATIONS}{FUNCTIONS}z = x; Z = A; {body}")).typing
            assert typing.dims(problem.program.objective) == dims, rule
