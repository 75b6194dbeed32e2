"""The check itself: right derivatives pass, wrong ones fail, and what cannot be judged is not called right."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.checking.checks import check_objective, check_value
from gradcalc.checking.differences import check_derivative
from gradcalc.checking.noise import Noise
from gradcalc.checking.result import CheckResult
from gradcalc.evaluation import Evaluator
from gradcalc.numeric.points import draw

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


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e30])
@pytest.mark.parametrize("wrong", [lambda g: -g, lambda g: 2 * g, lambda g: g * (1 + 1e-5), lambda g: 0 * g])
def test_a_wrong_gradient_fails_however_small_it_is(scale: float, wrong) -> None:
    function, point, gradient = _quadratic(5)
    assert _check(lambda x: scale * function(x), point, scale * gradient).verdict == "passed"
    assert _check(lambda x: scale * function(x), point, wrong(scale * gradient)).verdict == "failed"


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0])
def test_one_small_entry_off_by_a_hundred_thousandth_in_ten_thousand_fails(scale: float) -> None:
    generator = np.random.default_rng(SEED)
    weights, point = generator.normal(size=(100, 100)), generator.normal(size=(100, 100))
    weights[17, 3] = 0.01
    gradient = scale * weights * np.cos(point)
    assert _check(lambda x: scale * np.sum(weights * np.sin(x)), point, gradient).verdict == "passed"
    gradient[17, 3] *= 1 + 1e-5
    assert _check(lambda x: scale * np.sum(weights * np.sin(x)), point, gradient).verdict == "failed"


def test_a_gradient_that_far_out_is_tiny_is_compared_with_itself() -> None:
    x, y = np.array([20.0, 1.0, 5.0]), np.array([-1.0, 2.0, 4.0])
    right = -(x - y) * np.exp(-np.sum((x - y) ** 2) / 2)
    assert _check(lambda p: np.exp(-np.sum((p - y) ** 2) / 2), x, right).verdict == "passed"
    for wrong in (-right, 0 * right, right * np.array([1, 1 + 1e-5, 1])):
        assert _check(lambda p: np.exp(-np.sum((p - y) ** 2) / 2), x, wrong).verdict == "failed"


def test_what_rounding_hides_is_inconclusive_and_says_so() -> None:
    """The inverse of a nearly singular matrix has no digit that a comparison could hold anything against."""
    matrix = np.array([[1.0, 2.0], [0.5, 1.0 + 1e-13]])
    inverse = np.linalg.inv(matrix)
    result = _check(lambda a: np.sum(np.linalg.inv(a)), matrix, -np.outer(inverse.sum(0), inverse.sum(1)) * 1.0001)
    assert result.verdict == "inconclusive"
    assert result.reason is not None
    assert "rounding" in result.reason


@pytest.mark.parametrize("name", ["nuclear", "spectral"])
def test_one_entry_off_fails_where_there_is_no_complex_step(name: str) -> None:
    derivative = gradcalc.derive(f"{name}(A)", wrt="A", shapes={"A": (4, 3)})
    array = np.random.default_rng(SEED).normal(size=(4, 3))
    left, _, right = np.linalg.svd(array, full_matrices=False)
    gradient = left @ right if name == "nuclear" else np.outer(left[:, 0], right[0])
    answer, sizes = derivative.answers[0], {}
    assert check_value(derivative, answer, gradient, {"A": array}, sizes, SEED).verdict == "passed"
    for entry in ((0, 0), (3, 2)):
        wrong = gradient.copy()
        wrong[entry] *= 1 + 1e-5
        assert check_value(derivative, answer, wrong, {"A": array}, sizes, SEED).verdict == "failed"


def test_entries_that_tie_are_no_kink_where_the_function_is_smooth() -> None:
    """The smallest entry of A*A' is off the diagonal, where it stands twice: -5 at this A, its gradient [3 -4; 1 2]."""
    point = np.array([[1.0, 2.0], [3.0, -4.0]])
    right = np.array([[3.0, -4.0], [1.0, 2.0]])
    assert (
        _check(lambda a: np.min(np.real(a @ a.T)), point, right, analytic=False, kink_distance=0.0).verdict == "passed"
    )
    assert (
        _check(lambda a: np.min(np.real(a @ a.T)), point, 2 * right, analytic=False, kink_distance=0.0).verdict
        == "failed"
    )


def test_a_tie_that_is_a_kink_is_inconclusive() -> None:
    result = _check(lambda x: np.max(np.real(x)), [3.0, 3.0], [0.5, 0.5], analytic=False, kink_distance=0.0)
    assert result.verdict == "inconclusive"
    assert "kink" in str(result.reason)


def test_a_value_that_is_not_that_of_the_expression_fails() -> None:
    derivative = gradcalc.derive("sum(exp(x))*y", wrt="x", shapes={"x": (3,)})
    arrays = {"x": np.array([0.1, -0.2, 0.3]), "y": np.array(2.0)}
    right = 2 * np.sum(np.exp(arrays["x"]))
    assert check_objective(derivative, right, arrays, {}, SEED).verdict == "passed"
    for wrong in (-right, 2 * right, right * (1 + 1e-5), 0.0):
        assert check_objective(derivative, np.asarray(wrong), arrays, {}, SEED).verdict == "failed"


def test_a_program_with_a_wrong_value_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = gradcalc.derive("x'*x", wrt="x", shapes={"x": (3,)})
    assert derivative.check().verdict == "passed"
    whole = Evaluator.__call__
    monkeypatch.setattr(Evaluator, "__call__", lambda *own: (whole(*own)[0] * 1.001, whole(*own)[1]))
    result = derivative.check()
    assert result.verdict == "failed"
    assert "as typed" in str(result.reason)


def test_a_function_whose_entries_always_tie_is_compared() -> None:
    """The largest entry of S + S' off the diagonal stands twice everywhere: its gradient is 1 there in both places."""
    problem = Problem("S: matrix[n, n]; max(S + S' - 100*eye(n))")
    arrays, sizes = draw(problem.program, problem.typing, {"n": 3}, SEED)
    point = arrays["S"]
    symmetric = point + point.T - 100 * np.eye(3)
    row, column = np.unravel_index(np.argmax(symmetric), (3, 3))
    gradient = np.zeros((3, 3))
    gradient[row, column] = gradient[column, row] = 1.0
    derivative = Derivative(problem, problem.components("S"), 1, None)
    assert check_value(derivative, derivative.answers[0], gradient, arrays, sizes, SEED).verdict == "passed"
    assert check_value(derivative, derivative.answers[0], 2 * gradient, arrays, sizes, SEED).verdict == "failed"


@pytest.mark.parametrize("structured", ["projected", "independent"])
@pytest.mark.parametrize("structure", ["symmetric", "skew", "toeplitz", "lower", "diagonal"])
def test_an_entry_of_a_structured_matrix_moves_with_what_is_tied_to_it(structure: str, structured: str) -> None:
    derivative = gradcalc.derive(f"S: {structure}[3]; x, y: vector[3]; x'*S*y", wrt="S[2,1]", structured=structured)
    assert derivative.check(seed=SEED).verdict == "passed"


def test_a_point_outside_the_domain_is_inconclusive_whatever_is_claimed() -> None:
    derivative = gradcalc.derive("sum(inv(A))", wrt="A", shapes={"A": (2, 2)})
    singular = {"A": np.array([[1.0, 2.0], [2.0, 4.0]])}
    assert check_value(derivative, derivative.answers[0], np.ones((2, 2)), singular, {}, SEED).verdict == "inconclusive"
    assert check_objective(derivative, np.asarray(1.0), singular, {}, SEED).verdict == "inconclusive"


def test_digits_lost_by_the_formula_are_noise_and_no_failure() -> None:
    """X'*A*X has entries of 1e8 and a determinant of 1e8: digits are gone, in the formula above all."""
    generator = np.random.default_rng(SEED)
    derivative = gradcalc.derive("det(X'*A*X)", wrt="X", shapes={"X": (3, 2), "A": (3, 3)})
    evaluator = Evaluator(derivative)
    for seed in range(12):
        arrays = {"X": 1e4 + generator.normal(size=(3, 2)), "A": generator.normal(size=(3, 3))}
        (value,) = evaluator(arrays, {})[1]
        assert check_value(derivative, derivative.answers[0], value, arrays, {}, seed).verdict != "failed"


@pytest.mark.parametrize("number", [1.0 + 2**-40, 1.5, 1.9999, 3.3, 1e-300, -7.1])
def test_noise_moves_every_number(number: float) -> None:
    noise = Noise(np.random.default_rng(SEED))
    moved = noise(np.full(50, number))
    assert np.all(moved != number)
    assert np.all(np.abs(moved / number - 1) < 7e-16)
