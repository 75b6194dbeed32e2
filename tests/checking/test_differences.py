"""The check itself: right derivatives pass, wrong ones fail, and what cannot be judged is not called right."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc
from gradcalc.checking.differences import check_derivative
from gradcalc.checking.result import CheckResult

SEED = 11


def _check(function, point, derivative, *, analytic=True, kink_distance=float("inf")) -> CheckResult:
    return check_derivative(
        function,
        np.asarray(point, dtype=float),
        np.asarray(derivative, dtype=float),
        analytic=analytic,
        kink_distance=kink_distance,
        generator=np.random.default_rng(SEED),
    )


def _quadratic(size: int):
    generator = np.random.default_rng(SEED)
    matrix = generator.normal(size=(size, size))
    point = generator.normal(size=size)
    return (lambda x: x @ matrix @ x), point, (matrix + matrix.T) @ point


@pytest.mark.parametrize("analytic", [True, False])
@pytest.mark.parametrize("size", [5, 300])
def test_right_gradient_passes(size: int, analytic: bool) -> None:
    function, point, gradient = _quadratic(size)
    assert _check(function, point, gradient, analytic=analytic).verdict == "passed"


@pytest.mark.parametrize("analytic", [True, False])
@pytest.mark.parametrize("size", [5, 300])
@pytest.mark.parametrize(
    "wrong", [lambda g: -g, lambda g: 2 * g, lambda g: 0.5 * g, lambda g: g[::-1], lambda g: 0 * g]
)
def test_wrong_gradient_fails(size: int, analytic: bool, wrong) -> None:
    function, point, gradient = _quadratic(size)
    assert _check(function, point, wrong(gradient), analytic=analytic).verdict == "failed"


def test_one_wrong_entry_in_ten_thousand_fails_and_is_named() -> None:
    generator = np.random.default_rng(SEED)
    weights, point = generator.normal(size=(100, 100)), generator.normal(size=(100, 100))
    gradient = weights * np.cos(point)
    gradient[41, 7] *= 1 + 1e-3
    result = _check(lambda x: np.sum(weights * np.sin(x)), point, gradient)
    assert result.verdict == "failed"
    assert result.worst is not None
    assert result.worst["entry"] == [42, 8]
    assert result.evaluations < 60


def test_transposed_square_gradient_fails() -> None:
    generator = np.random.default_rng(SEED)
    point, weights = generator.normal(size=(4, 4)), generator.normal(size=(4, 4))
    assert _check(lambda x: np.sum(weights * x), point, weights.T).verdict == "failed"


def test_wrong_shape_fails() -> None:
    assert _check(lambda x: np.sum(x), np.ones((2, 3)), np.ones((3, 2))).verdict == "failed"


def test_badly_scaled_entries_are_each_held_to_their_size() -> None:
    weights = np.array([1e8, 1.0, 1e-3])
    point = np.array([0.1, 0.2, 0.3])
    assert _check(lambda x: np.sum(weights * np.sin(x)), point, weights * np.cos(point)).verdict == "passed"
    wrong = weights * np.cos(point)
    wrong[1] = 1e4
    assert _check(lambda x: np.sum(weights * np.sin(x)), point, wrong).verdict == "failed"


def test_a_large_offset_does_not_fail_a_right_gradient() -> None:
    point = np.array([0.1, 0.2])
    assert _check(lambda x: 1e6 + np.sum(np.sin(x)), point, np.cos(point), analytic=False).verdict == "passed"


def test_zero_gradient_that_is_right_passes() -> None:
    assert _check(lambda x: 3.0 + 0 * np.sum(x), np.ones(3), np.zeros(3)).verdict == "passed"


def test_a_kink_is_inconclusive() -> None:
    result = _check(lambda x: np.sum(np.abs(x)), np.array([0.0, 1.0]), np.array([0.0, 1.0]), kink_distance=0.0)
    assert result.verdict == "inconclusive"


def test_nothing_compared_is_no_pass() -> None:
    assert _check(lambda x: 0.0, np.ones((0,)), np.ones((0,))).verdict == "inconclusive"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_derivative_that_is_not_finite_is_no_pass(bad: float) -> None:
    assert _check(lambda x: np.sum(x), np.ones(2), np.array([1.0, bad])).verdict != "passed"


def test_a_function_that_is_not_finite_is_inconclusive() -> None:
    assert _check(lambda x: np.nan * np.sum(x), np.ones(2), np.ones(2)).verdict == "inconclusive"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("text", ["sum(1./x)", "sum(log(abs(x)))", "1./x", "sum(sqrt(square(x) + 1e-6))"])
def test_second_derivatives_near_a_pole_are_not_called_wrong(text: str, seed: int) -> None:
    assert gradcalc.derive(text, wrt="x", order=2, shapes={"x": (9,)}).check(seed=seed).verdict == "passed"


def test_one_entry_off_by_a_thousandth_fails_without_complex_steps() -> None:
    function, point, gradient = _quadratic(6)
    gradient = gradient.copy()
    gradient[3] *= 1 + 1e-3
    result = _check(function, point, gradient, analytic=False)
    assert result.verdict == "failed"
    assert result.worst is not None
    assert result.worst["entry"] == [4]


def test_a_right_gradient_near_a_pole_is_not_called_wrong() -> None:
    point = np.array([1e-7, 1.0])
    gradient = np.array([-1 / point[0] ** 2, 1.0])
    result = _check(lambda x: 1 / x[0] + x[1], point, gradient, analytic=False)
    assert result.verdict != "failed"
