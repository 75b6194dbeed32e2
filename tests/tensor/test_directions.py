"""Derivatives along directions, differentials, and products of the Hessian with vectors."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.errors import GradcalcError

CASES = [
    ("norm2(A*x - b)^2", "x"),
    ("log(det(X'*X))", "X"),
    ("sum(log(1 + exp(-y .* (Z*w))))", "w"),
    ("log(1+exp(-y*w'*sigmoid(W*x+b)))", "W"),
    ("S: symmetric; x'*S*S*y", "S"),
]

GENERATOR_SEED = 3


def _arrays(problem: Problem) -> dict[str, np.ndarray]:
    from gradcalc.numeric.points import draw

    return draw(problem.program, problem.typing, {}, seed=GENERATOR_SEED)[0]


@pytest.mark.parametrize(("expression", "wrt"), CASES)
def test_along_a_direction(expression: str, wrt: str) -> None:
    along = gradcalc.derive(expression, wrt=wrt, direction="q")
    arrays = _arrays(along.problem)
    direction = np.random.default_rng(4).normal(size=arrays[wrt].shape)
    if along.problem.typing.variables[wrt].structure == "symmetric":
        direction = direction + direction.T
    gradient = gradcalc.derive(expression, wrt=wrt).function()(**arrays)
    found = along.function()(**arrays, q=direction)
    assert found == pytest.approx(np.sum(gradient * direction), rel=1e-9)


@pytest.mark.parametrize(("expression", "wrt"), CASES[:4])
def test_hessian_times_a_direction(expression: str, wrt: str) -> None:
    product = gradcalc.derive(expression, wrt=wrt, order=2, direction="q")
    arrays = _arrays(product.problem)
    direction = np.random.default_rng(4).normal(size=arrays[wrt].shape)
    hessian = gradcalc.derive(expression, wrt=wrt, order=2).function()(**arrays)
    found = product.function()(**arrays, q=direction)
    assert found == pytest.approx(np.tensordot(hessian, direction, axes=direction.ndim), rel=1e-8, abs=1e-10)
    assert found.shape == arrays[wrt].shape


def test_the_product_is_never_longer_than_it_has_to_be() -> None:
    product = gradcalc.derive("sum(log(1+exp(-y.*(X*w))))", wrt="w", order=2, direction="v")
    assert product.text == "X'*(y.^2 .* s .* (1 - s) .* (X*v))"


def test_the_differential() -> None:
    problem = Problem("log(det(X'*X))")
    derivative = Derivative(problem, problem.components("X"), directions=["dX"])
    assert str(derivative) == "df = 2*tr(X'*dX*inv(X'*X))"


def test_the_differential_by_all_variables_is_their_sum() -> None:
    both = gradcalc.derive("A*x", wrt=["A", "x"], direction=["dA", "dx"])
    assert str(both) == "df = dA*x + A*dx"


def test_the_hessian_of_several_variables_times_a_direction_in_each() -> None:
    product = gradcalc.derive("x'*A*y", wrt=["x", "y"], order=2, direction=["p", "q"])
    assert [answer.wrt for answer in product.answers] == ["x", "y"]
    assert [str(line) for line in str(product).splitlines()] == ["d(Df[p, q])/dx = A*q", "d(Df[p, q])/dy = A'*p"]


def test_a_direction_may_be_a_variable_of_the_expression() -> None:
    assert gradcalc.derive("norm2(x - y)^2", wrt="x", direction="y").text == "2*y'*(x - y)"


@pytest.mark.parametrize(
    ("direction", "kind"), [("A", "shape"), ("2", "usage"), (["p", "q"], "usage"), ("a b", "usage")]
)
def test_what_is_no_direction(direction: object, kind: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("norm2(A*x)^2", wrt="x", direction=direction)  # type: ignore[arg-type]
    assert caught.value.kind == kind


def test_a_derivative_along_a_direction_is_not_checked() -> None:
    with pytest.raises(GradcalcError, match="is not checked"):
        gradcalc.derive("norm2(A*x)^2", wrt="x", direction="v").check()
