"""One harness for every entry of the catalogue: an entry is tested by being there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Problem
from gradcalc.evaluation import Evaluator
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Elementwise, Function
from gradcalc.functions.numpy_source import HELPERS
from gradcalc.language.parser import parse, parse_expression
from gradcalc.language.printer import to_text
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import evaluate
from gradcalc.output.latex import to_latex

ELEMENTWISE = [entry for entry in catalogue.ENTRIES if isinstance(entry, Elementwise)]
ATOMS = [entry for entry in catalogue.ENTRIES if isinstance(entry, Atom)]


WITH_DERIVATIVE = [entry for entry in ELEMENTWISE if not entry.expands]
UNARY = [entry for entry in WITH_DERIVATIVE if len(entry.parameters) == 1]


def _points(entry: Elementwise) -> np.ndarray:
    """Values of the first operand that is a number like others: inside the domain, off kinks and poles."""
    low, high = entry.domain
    points = np.array([-30.0, -3.1, -1.2, -0.4, -0.01, 0.02, 0.3, 0.9, 1.4, 2.7, 31.0])
    points = points[(points > low) & (points < high)]
    fast = {
        "exp",
        "exp2",
        "expm1",
        "tan",
        "sec",
        "csc",
        "cot",
        "sinh",
        "cosh",
        "gamma",
        "erfc",
        "erfcx",
        "xlogy",
        "pow",
    }
    return points[np.abs(points) < 5] if entry.name in fast else points[np.mod(points, 1) != 0] if entry.gap else points


def _operands(entry: Elementwise) -> list[np.ndarray]:
    points = _points(entry)
    others = {"k": np.full(points.shape, 2.0), "c": np.arange(points.size) % 2.0, "a": np.full(points.shape, 0.3)}
    spread = np.linspace(0.35, 1.45, points.size)
    rest = {"t": points, "u": spread + 0.007, "l": spread - 2.0, "d": spread, **others}
    if entry.name in ("pow", "polygamma"):
        rest["t"] = np.abs(points) + 0.1
    return [rest[name] for name in entry.parameters]


def _program_source(entry: Function) -> dict[str, object]:
    namespace: dict[str, object] = {"np": np}
    for helper in entry.helpers:
        exec(HELPERS[helper], namespace)
    return namespace


def _scalar_function(entry: Elementwise, text: str, wrt: str) -> np.ndarray:
    """Values of the derivative of an expression in the entry's parameters, at its operands."""
    declared = "; ".join([f"{name}: scalar" for name in dict.fromkeys([*entry.parameters, wrt])])
    function = gradcalc.derive(f"{declared}; {text}", wrt=wrt).function()
    used = Problem(f"{declared}; {text}").typing.variables
    columns = dict(zip(entry.parameters, _operands(entry)))
    columns.setdefault(wrt, np.ones(_points(entry).shape))
    places = range(_points(entry).size)
    return np.array([function(**{name: float(columns[name][k]) for name in used}) for k in places])


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_program_agrees_with_reference(entry: Elementwise) -> None:
    operands = _operands(entry)
    assert entry.numpy is not None
    assert entry.reference is not None
    names = [f"operand_{place}" for place in range(len(operands))]
    found = eval(entry.numpy.format(*names), {**_program_source(entry), **dict(zip(names, operands))})
    assert found == pytest.approx(entry.reference(NUMPY, *operands), rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("entry", WITH_DERIVATIVE, ids=str)
def test_derivatives_agree_with_differences(entry: Elementwise) -> None:
    """By the complex step where the function takes complex numbers, else by central differences."""
    operands = _operands(entry)
    assert entry.reference is not None
    for place, formula in enumerate(entry.derivatives):
        if formula is None:
            continue
        text = _written(entry)
        found = _scalar_function(entry, text, entry.parameters[place])
        if entry.real_only:
            above, below = ([o + (place == k) * h for k, o in enumerate(operands)] for h in (1e-6, -1e-6))
            slopes = (entry.reference(NUMPY, *above) - entry.reference(NUMPY, *below)) / 2e-6
            assert found == pytest.approx(slopes, rel=1e-6, abs=1e-8)
        else:
            moved = [o + 1e-30j * (place == k) for k, o in enumerate(operands)]
            slopes = np.imag(entry.reference(NUMPY, *moved)) / 1e-30
            assert found == pytest.approx(slopes, rel=1e-10, abs=1e-15)


def _written(entry: Elementwise) -> str:
    if entry.operator is not None:
        return entry.operator.join(entry.parameters)
    return f"{entry.spelling}({', '.join(entry.parameters)})"


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_meaning_agrees_with_reference(entry: Elementwise) -> None:
    assert entry.reference is not None
    operands = _operands(entry)
    near = np.abs(operands[0]) < 5
    found = _scalar_function(entry, f"({entry.meaning})*q", "q")[near]
    assert found == pytest.approx(entry.reference(NUMPY, *operands)[near], rel=1e-12)


@pytest.mark.parametrize("entry", UNARY, ids=str)
def test_second_derivative_passes_the_check(entry: Elementwise) -> None:
    derivative = gradcalc.derive(f"x: vector; sum({entry.name}(x))", wrt="x", order=2)
    assert derivative.check(seed=3).verdict == "passed"


@pytest.mark.parametrize("entry", [e for e in WITH_DERIVATIVE if e.defaults], ids=str)
def test_defaults_may_be_left_out(entry: Elementwise) -> None:
    short = gradcalc.derive(f"x: vector; sum({entry.name}(x))", wrt="x")
    long = gradcalc.derive(f"x: vector; sum({entry.name}(x, {', '.join(entry.defaults)}))", wrt="x")
    assert str(short) == str(long)
    assert ", " not in str(short.objective.tree)


@pytest.mark.parametrize("entry", [e for e in catalogue.ENTRIES if e.axis], ids=str)
@pytest.mark.parametrize("axis", [1, 2])
def test_axis_is_that_of_every_line(entry: Function, axis: int) -> None:
    """f(X, 2) by the interpreter has f of every row in its rows, and its derivative passes the check."""
    text = f"X: matrix; Y: matrix; w: vector; {entry.name}(exp(X), {axis})"
    problem = Problem(text)
    rank = len(problem.typing.dims(problem.program.objective))
    whole = f"sum(Y .* {entry.name}(exp(X), {axis}))" if rank == 2 else f"w'*{entry.name}(exp(X), {axis})"
    if rank == 1 and axis == 1:
        whole = f"{entry.name}(exp(X), 1)*w"
    assert gradcalc.derive(f"X: matrix; {whole}", wrt="X").check(seed=4).verdict == "passed"


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_example_is_derived_and_checked(entry: Function) -> None:
    problem_variables = Problem(entry.example).typing.variables
    for name in problem_variables:
        assert gradcalc.derive(entry.example, wrt=name).check(seed=5).verdict == "passed"


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_emitted_code_runs_as_emitted(entry: Function) -> None:
    """The source alone, in a namespace of its own, gives the value of the interpreter and the derivatives."""
    problem = Problem(entry.example)
    names = list(problem.typing.variables)
    if not names:
        return
    derivative = gradcalc.derive(entry.example, wrt=names)
    arrays, sizes = draw(problem.program, problem.typing, {}, seed=6)
    program = Evaluator(derivative, sizes).program
    namespace: dict[str, Any] = {}
    exec(program.source, namespace)
    outputs = namespace["derivative"](**arrays)
    expected = evaluate(problem.program, problem.typing, arrays, sizes)
    assert outputs["value"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    for name in names:
        assert np.shape(outputs[f"d{name}"]) == np.shape(expected) + np.shape(arrays[name])


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_example_prints_and_parses(entry: Function) -> None:
    tree = parse(entry.example).objective
    assert parse_expression(to_text(tree)) == tree
    assert to_latex(tree)


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_aliases_print_back_as_the_name(entry: Function) -> None:
    assert len(set(entry.aliases)) == len(entry.aliases)
    for alias in entry.aliases:
        assert catalogue.spelled(alias) is entry


@pytest.mark.parametrize("entry", [e for e in ELEMENTWISE if e.parity], ids=str)
def test_parity(entry: Elementwise) -> None:
    points = _points(entry)
    points = points[(-points > entry.domain[0]) & (-points < entry.domain[1])]
    assert entry.reference is not None
    sign = -1 if entry.parity == "odd" else 1
    assert entry.reference(NUMPY, -points) == pytest.approx(sign * entry.reference(NUMPY, points))


@pytest.mark.parametrize("entry", [e for e in ELEMENTWISE if e.sympy], ids=str)
def test_sympy_form_agrees_with_reference(entry: Elementwise) -> None:
    import sympy

    assert entry.reference is not None
    assert entry.sympy is not None
    columns = _operands(entry)
    names = [f"operand_{place}" for place in range(len(columns))]
    for point in list(zip(*columns))[::3]:
        numbers = [sympy.nsimplify(round(float(number), 6)) for number in point]
        scope = {"sympy": sympy, **dict(zip(names, numbers))}
        exact = eval(entry.sympy.format(*names), scope)
        exact = sympy.N(exact, 15, maxn=1000)
        found = entry.reference(NUMPY, *[np.array(float(number)) for number in numbers])
        assert float(found) == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_exact_values(entry: Elementwise) -> None:
    assert entry.reference is not None
    for point, value in entry.exact.items():
        assert float(entry.reference(NUMPY, np.array(float(point)))) == pytest.approx(float(value))
