"""Values and gradients where the textbook formula overflows."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc


def at(expression: str, wrt: str, **arrays: object) -> tuple[np.ndarray, np.ndarray]:
    return gradcalc.derive(expression, wrt=wrt).value_and_gradient(**arrays)


@pytest.mark.parametrize(
    ("t", "value", "gradient"), [(1000.0, 1000.0, 1.0), (-1000.0, 0.0, 0.0), (0.0, np.log(2), 0.5)]
)
def test_softplus_written_out(t: float, value: float, gradient: float) -> None:
    assert at("log(1+exp(t))", "t", t=t) == (pytest.approx(value), pytest.approx(gradient))


@pytest.mark.parametrize("t", [1000.0, -1000.0])
def test_sigmoid_written_out(t: float) -> None:
    value, gradient = at("1/(1+exp(-t))", "t", t=t)
    assert (float(value), float(gradient)) == (float(t > 0), 0.0)


def test_logsumexp_written_out() -> None:
    value, gradient = at("log(sum(exp(x)))", "x", x=[1000.0, -1000.0, 1000.0])
    assert value == pytest.approx(1000 + np.log(2))
    assert gradient == pytest.approx([0.5, 0.0, 0.5])


def test_softmax_written_out() -> None:
    derivative = gradcalc.derive("x: vector; exp(x)/sum(exp(x))", wrt="x")
    value, jacobian = derivative.value_and_gradient(x=[1000.0, -1000.0, 1000.0])
    assert value == pytest.approx([0.5, 0.0, 0.5])
    assert jacobian == pytest.approx(np.diag(value) - np.outer(value, value))


def test_determinant_that_overflows() -> None:
    value, gradient = at("log(det(A))", "A", A=10 * np.eye(400))
    assert value == pytest.approx(400 * np.log(10))
    assert gradient == pytest.approx(np.eye(400) / 10)


def test_norm_at_zero() -> None:
    derivative = gradcalc.derive("norm2(A*x - y)", wrt="x")
    gradient = derivative.function()(A=np.ones((2, 3)), x=np.zeros(3), y=np.zeros(2))
    assert gradient == pytest.approx(np.zeros(3))


def test_logistic_loss_of_a_confident_mistake() -> None:
    loss = "log(1+exp(-y*w'*x))"
    value, gradient = at(loss, "w", y=-1.0, w=np.array([1000.0, 1000.0]), x=np.array([1.0, 1.0]))
    assert value == pytest.approx(2000.0)
    assert gradient == pytest.approx([1.0, 1.0])


def test_powers_that_overflow_are_an_error_not_a_number() -> None:
    from gradcalc.api import Problem
    from gradcalc.numericrun import NumericRun

    problem = Problem("exp(x)", data_shapes={"x": ()})
    with pytest.raises(gradcalc.GradcalcError) as raised:
        NumericRun("eval", problem, ["x"], arrays={"x": np.array(1000.0)}).result()
    assert raised.value.kind == "numeric"
