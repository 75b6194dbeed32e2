"""Derivatives computed elsewhere: right ones are right in whatever shape and precision, wrong ones are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcalc.api import Problem
from gradcalc.verification import verify_array, verify_function

Array = Any


def _verdict(expression: str, wrt: str, function: Callable[..., Array], **more: Any) -> str:
    return verify_function(Problem(expression), wrt, function, "claimed", **more).verdict


def _outer_jacobian(x: Array, y: Array) -> Array:
    """d(x*y')[i,j]/dx[k] is y[j] where i = k."""
    return np.einsum("ik,j->ijk", np.eye(len(x)), y)


def test_a_jacobian_of_three_axes_is_right_as_an_array_and_in_the_other_layout() -> None:
    assert _verdict("x: vector[m]; y: vector[n]; x*y'", "x", _outer_jacobian) == "right"
    assert (
        _verdict("x: vector[m]; y: vector[n]; x*y'", "x", lambda x, y: np.moveaxis(_outer_jacobian(x, y), 2, 0))
        == "right"
    )


@pytest.mark.parametrize("wrong", [lambda j: -j, lambda j: 2 * j, lambda j: np.swapaxes(j, 0, 1), lambda j: 1.001 * j])
def test_a_wrong_jacobian_of_three_axes_is_wrong(wrong: Callable[[Array], Array]) -> None:
    square = "x, y: vector[n]; x*y'"
    assert _verdict(square, "x", lambda x, y: wrong(_outer_jacobian(x, y))) == "wrong"


def _far_out(x: Array, y: Array) -> Array:
    return -(x - y) * np.exp(-np.sum((x - y) ** 2) / 2)


FAR = {"x": np.array([25.0, 3.0]), "y": np.array([0.5, -1.0])}


def test_a_tiny_gradient_is_held_against_itself() -> None:
    problem = Problem("exp(-norm2(x-y)^2/2)")
    right = _far_out(**FAR)
    assert 0 < np.max(np.abs(right)) < 1e-100
    assert verify_array(problem, "x", right, "claimed", FAR).verdict == "right"
    for wrong in (-right, 2 * right, 0 * right, right[::-1], right * np.array([1, 1 + 1e-5])):
        assert verify_array(problem, "x", wrong, "claimed", FAR).verdict == "wrong"


def _logistic(X: Array, w: Array) -> Array:
    return X.T @ (1 / (1 + np.exp(-X @ w)))


def test_single_precision_is_right_and_off_by_a_thousandth_is_wrong() -> None:
    def single(X: Array, w: Array) -> Array:
        return _logistic(X.astype("f4"), w.astype("f4"))

    assert single(np.ones((2, 2)), np.ones(2)).dtype == np.float32
    assert _verdict("sum(log(1+exp(X*w)))", "w", single) == "right"
    assert _verdict("sum(log(1+exp(X*w)))", "w", lambda X, w: single(X, w) * np.float32(1.001)) == "wrong"


@pytest.mark.parametrize("name", ["nuclear", "spectral"])
def test_one_entry_off_in_a_norm_of_singular_values_is_wrong(name: str) -> None:
    def gradient(A: Array) -> Array:
        left, _, right = np.linalg.svd(A, full_matrices=False)
        return left @ right if name == "nuclear" else np.outer(left[:, 0], right[0])

    def off(A: Array) -> Array:
        made = gradient(A)
        made[1, 0] *= 1 + 1e-3
        return made

    assert _verdict(f"{name}(A)", "A", gradient) == "right"
    assert _verdict(f"{name}(A)", "A", off) == "wrong"


def test_what_is_not_finite_is_wrong() -> None:
    assert _verdict("x'*x", "x", lambda x: np.full(x.shape, np.nan)) == "wrong"


def test_a_gradient_that_vanishes_at_an_optimum_is_right() -> None:
    A, x = np.array([[1.0, 2.0], [3.0, 4.5], [0.5, -1.0]]), np.array([0.3, 0.7])
    arrays = {"A": A, "x": x, "b": A @ x}
    problem = Problem("norm2(A*x - b)^2")
    assert verify_array(problem, "x", np.array([1e-16, -2e-16]), "claimed", arrays).verdict == "right"
    assert verify_array(problem, "x", np.array([1e-6, 0.0]), "claimed", arrays).verdict == "wrong"


NEARLY_SINGULAR = np.array([[1.0, 2.0], [0.5, 1.0 + 1e-12]])


def test_what_rounding_hides_is_inconclusive_with_the_reason() -> None:
    inverse = np.linalg.inv(NEARLY_SINGULAR)
    claimed = -np.outer(inverse.sum(0), inverse.sum(1)) * (1 + 1e-4)
    verification = verify_array(Problem("sum(inv(A))"), "A", claimed, "claimed", {"A": NEARLY_SINGULAR})
    assert verification.verdict == "inconclusive"
    assert "rounding" in str(verification.judgement.reason)


@pytest.mark.parametrize(
    ("claimed", "verdict"),
    [([1.0, 0.0], "inconclusive"), ([0.3, 0.7], "inconclusive"), ([1.0, 1.0], "wrong"), ([-1.0, 2.0], "wrong")],
)
def test_at_a_tie_what_lies_between_the_slopes_is_not_wrong(claimed: list[float], verdict: str) -> None:
    arrays = {"x": np.array([3.0, 3.0])}
    assert verify_array(Problem("max(x)"), "x", np.array(claimed), "claimed", arrays).verdict == verdict


def test_at_a_tie_where_the_function_is_smooth_there_is_one_gradient() -> None:
    """The smallest entry of A*A' stands off the diagonal, twice: -5, with the gradient [3 -4; 1 2]."""
    arrays = {"A": np.array([[1.0, 2.0], [3.0, -4.0]])}
    wrong = verify_array(Problem("min(A*A')"), "A", np.array([[6.0, -8.0], [2.0, 4.0]]) * 1.5, "claimed", arrays)
    assert wrong.verdict == "wrong"
    right = verify_array(Problem("min(A*A')"), "A", np.array([[3.0, -4.0], [1.0, 2.0]]), "claimed", arrays)
    assert right.verdict == "right"
