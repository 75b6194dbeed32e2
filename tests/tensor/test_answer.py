"""What an answer is over all options: its kind, its shape and its value by entry, direction, layout and order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from truth import arrays_of, slopes

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.numeric.reference import evaluate

SHAPES = {"t": (), "x": (3,), "A": (2, 3)}
AT = arrays_of(**SHAPES)

OBJECTIVES: dict[str, tuple[str, Callable[..., Any]]] = {
    "scalar": ("t^2*sum(x.^3) + t*norm2(A*x)^2", lambda t, x, A: t**2 * np.sum(x**3) + t * np.sum((A @ x) ** 2)),
    "vector": ("t*(A.^2*x.^2)", lambda t, x, A: t * (A**2 @ x**2)),
    "row": ("t*(A.^2*x.^2)'", lambda t, x, A: t * (A**2 @ x**2)),
    "matrix": ("A.^2*diag(x.^2)*t", lambda t, x, A: A**2 * x**2 * t),
}
COMPONENTS: dict[str, tuple[str, tuple[int, ...]]] = {
    "t": ("t", ()), "x": ("x", ()), "x[2]": ("x", (1,)), "A": ("A", ()), "A[2,3]": ("A", (1, 2)),
}  # fmt: skip
KINDS = {0: ("scalar",), 1: ("vector", "row"), 2: ("matrix",)}


@cache
def _truth(objective: str, names: tuple[str, ...]) -> Any:
    """The derivative by whole variables: axes of the objective, then those of each variable."""
    function = OBJECTIVES[objective][1]

    def derivative(names: tuple[str, ...], arrays: dict[str, Any]) -> Any:
        if not names:
            return function(**arrays)
        return slopes(lambda **given: derivative(names[:-1], given), arrays, names[-1], 0.02)

    return derivative(names, AT)


def _expected(objective: str, components: tuple[str, ...]) -> Any:
    """The entries that are asked for of the derivative by whole variables."""
    parts = [COMPONENTS[component] for component in components]
    value = _truth(objective, tuple([name for name, _ in parts]))
    place: list[Any] = [slice(None)] * np.ndim(OBJECTIVES[objective][1](**AT))
    for name, entry in parts:
        place += entry or [slice(None)] * len(SHAPES[name])
    return value[tuple(place)]


def _laid_out(value: Any, objective: str, layout: str | None) -> Any:
    """Matrices are transposed in the layout that is not the default; what is no matrix keeps its axes."""
    turned = layout == ("numerator" if objective == "scalar" else "denominator")
    return value.T if turned and np.ndim(value) == 2 else value


def _assert_is(derivative: Derivative, place: int, expected: Any, more: dict[str, Any]) -> None:
    """The kind, the dims and the printed form of an answer against a value."""
    answer = derivative.answers[place]
    assert len(answer.dims) == np.ndim(expected)
    if np.ndim(expected) > 2:
        assert answer.kind == "tensor"
        return
    assert answer.kind in KINDS[np.ndim(expected)]
    program = parse(to_text(answer.expanded))
    given = {**AT, **more}
    typing = infer(program, {name: np.shape(array) for name, array in given.items()})
    if not answer.indices:
        assert typing.kind(program.objective) == answer.kind
        assert evaluate(program, typing, given, {}) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("layout", [None, "numerator", "denominator"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_by_variables_and_entries(objective: str, order: int, layout: str | None) -> None:
    text = OBJECTIVES[objective][0]
    for component in COMPONENTS:
        derivative = gradcalc.derive(text, wrt=component, order=order, layout=layout, shapes=SHAPES)
        expected = _laid_out(_expected(objective, (component,) * order), objective, layout)
        value = derivative.function()(**AT)
        assert value.shape == np.shape(expected), component
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6, err_msg=component)
        _assert_is(derivative, 0, expected, {})


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("pair", [("x", "A[2,3]"), ("x[2]", "A"), ("x[2]", "A[2,3]"), ("t", "x[2]"), ("x", "x[2]")])
def test_by_two_components(objective: str, pair: tuple[str, str]) -> None:
    derivative = gradcalc.derive(OBJECTIVES[objective][0], wrt=list(pair), order=2, shapes=SHAPES)
    values = derivative.function()(**AT)
    for answer in derivative.answers:
        names = [name if not entry else f"{name}[{','.join(map(str, entry))}]" for name, entry in answer.components]
        expected = _expected(objective, tuple(names))
        np.testing.assert_allclose(values[answer.wrt], expected, rtol=1e-5, atol=1e-6, err_msg=answer.wrt)


@pytest.mark.parametrize("layout", [None, "numerator", "denominator"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_along_directions(objective: str, layout: str | None) -> None:
    """At order 1 a change of the objective; at order 2 a change of its derivative, in the layout of that."""
    text = OBJECTIVES[objective][0]
    for component, (name, entry) in COMPONENTS.items():
        shape = () if entry else SHAPES[name]
        change = arrays_of(seed=8, V=shape)["V"]
        axes = len(shape)
        for order in (1, 2):
            derivative = gradcalc.derive(text, wrt=component, order=order, direction="V", layout=layout, shapes=SHAPES)
            whole = _expected(objective, (component,) * order)
            expected = np.tensordot(whole, change, axes=axes) if axes else whole * change
            if order == 2:
                expected = _laid_out(expected, objective, layout)
            if objective == "row" and order == 1:
                # Along a direction the change of a row is written as a column.
                assert derivative.answers[0].kind == "vector"
            _assert_is(derivative, 0, expected, {"V": change})


def test_actions_of_a_variable_and_of_an_entry_of_it() -> None:
    derivative = gradcalc.derive("sum(W.^2)", wrt=["W", "W[1,2]"])
    assert [to_text(derivative.action(answer).tree) for answer in derivative.answers] == [
        "2*sum(W .* dW)",
        "2*W[1,2]*dW",
    ]


def test_differentials_of_entries() -> None:
    problem = Problem("x'*A*x")
    for wrt, names in [
        (["x[2]"], ["dx"]),
        (["x", "x[2]"], ["dx", "dx_2"]),
        (["A[1,2]", "A[2,1]"], ["dA_1_2", "dA_2_1"]),
    ]:
        components = problem.components(wrt)
        assert problem.asked_directions(components, 1, (), True, False) == names
        derivative = Derivative(problem, components, directions=names)
        assert derivative.answers[0].kind == "scalar"
        assert derivative.answers[0].is_differential


def test_one_direction_cannot_have_two_shapes() -> None:
    with pytest.raises(GradcalcError, match="different shapes") as caught:
        gradcalc.derive("x'*A*x + y'*y", wrt=["x", "y"], direction=["v", "v"])
    assert caught.value.kind == "usage"
    assert gradcalc.derive("x'*y", wrt=["x", "y"], direction=["v", "v"]).text == "v'*(x + y)"


def test_the_direction_of_a_hessian_does_not_vary() -> None:
    """x stands for a fixed vector in H*x, though H depends on x: 6*x.*x, not the derivative of 3*x.^2.*x."""
    assert gradcalc.derive("sum(x.^3) + y'*x", wrt="x", order=2, direction="x").text == "6*x.^2"


def test_no_name_of_an_answer_is_that_of_a_direction() -> None:
    text = "log(1+exp(-y*w'*sigmoid(W*x+b)))"
    for name in ("s", "z", "r", "i"):
        assert name not in gradcalc.derive(text, wrt="w", order=2, direction=name).where
