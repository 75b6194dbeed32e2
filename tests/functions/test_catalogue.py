"""One harness for every entry of the catalogue: an entry is tested by being there."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Elementwise, Function
from gradcalc.functions.numpy_source import HELPERS
from gradcalc.language.parser import parse, parse_expression
from gradcalc.language.printer import to_text
from gradcalc.output.latex import to_latex

ELEMENTWISE = [entry for entry in catalogue.ENTRIES if isinstance(entry, Elementwise)]
ATOMS = [entry for entry in catalogue.ENTRIES if isinstance(entry, Atom)]


def _points(entry: Elementwise) -> np.ndarray:
    low, high = entry.domain
    points = np.array([-30.0, -3.1, -1.2, -0.4, -0.01, 0.02, 0.3, 0.9, 1.4, 2.7, 31.0])
    points = points[(points > low) & (points < high)]
    return points[np.abs(points) < 5] if entry.name in ("tan", "sinh", "cosh", "exp") else points


def _program_source(entry: Function) -> dict[str, object]:
    namespace: dict[str, object] = {"np": np}
    for helper in entry.helpers:
        exec(HELPERS[helper], namespace)
    return namespace


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_program_agrees_with_reference(entry: Elementwise) -> None:
    points = _points(entry)
    assert entry.numpy is not None
    assert entry.reference is not None
    found = eval(entry.numpy.format("t"), {**_program_source(entry), "t": points})
    assert found == pytest.approx(entry.reference(np, points), rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_derivative_agrees_with_complex_step(entry: Elementwise) -> None:
    points = _points(entry)
    assert entry.reference is not None
    slopes = np.imag(entry.reference(np, points + 1e-30j)) / 1e-30
    function = gradcalc.derive(f"t: scalar; {entry.name}(t)", wrt="t").function()
    found = np.array([function(t=float(point)) for point in points])
    assert found == pytest.approx(slopes, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_meaning_agrees_with_reference(entry: Elementwise) -> None:
    points = _points(entry)
    points = points[np.abs(points) < 5]
    assert entry.reference is not None
    function = gradcalc.derive(f"t: scalar; u: scalar; ({entry.meaning})*u", wrt="u").function()
    found = np.array([function(t=float(point), u=1.0) for point in points])
    assert found == pytest.approx(entry.reference(np, points), rel=1e-12)


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_second_derivative_passes_the_check(entry: Elementwise) -> None:
    derivative = gradcalc.derive(f"x: vector; sum({entry.name}(x))", wrt="x", order=2)
    assert derivative.check(seed=3).verdict == "passed"


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_example_is_derived_and_checked(entry: Function) -> None:
    problem_variables = gradcalc.api.Problem(entry.example).typing.variables
    for name in problem_variables:
        assert gradcalc.derive(entry.example, wrt=name).check(seed=5).verdict == "passed"


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_example_prints_and_parses(entry: Function) -> None:
    tree = parse(entry.example).objective
    assert parse_expression(to_text(tree)) == tree
    assert to_latex(tree)


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=str)
def test_aliases_print_back_as_the_name(entry: Function) -> None:
    for alias in entry.aliases:
        assert catalogue.lookup(alias) is entry


@pytest.mark.parametrize("entry", [e for e in ELEMENTWISE if e.parity], ids=str)
def test_parity(entry: Elementwise) -> None:
    points = _points(entry)
    points = points[(-points > entry.domain[0]) & (-points < entry.domain[1])]
    assert entry.reference is not None
    sign = -1 if entry.parity == "odd" else 1
    assert entry.reference(np, -points) == pytest.approx(sign * entry.reference(np, points))


@pytest.mark.parametrize("entry", [e for e in ELEMENTWISE if e.sympy], ids=str)
def test_sympy_form_agrees_with_reference(entry: Elementwise) -> None:
    import sympy

    assert entry.reference is not None
    assert entry.sympy is not None
    for point in _points(entry)[::3]:
        exact = eval(entry.sympy.format("t"), {"sympy": sympy, "t": sympy.Float(float(point), 30)})
        assert float(entry.reference(np, np.array(point))) == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("entry", ELEMENTWISE, ids=str)
def test_exact_values(entry: Elementwise) -> None:
    assert entry.reference is not None
    for point, value in entry.exact.items():
        assert float(entry.reference(np, np.array(float(point)))) == pytest.approx(float(value))
