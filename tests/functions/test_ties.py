"""Equal extreme entries share the slope: a function that is smooth there has its gradient, another a subgradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc

A = np.array([[1.0, 2.0], [3.0, -4.0]])

CASES: list[tuple[str, str, Any, Any]] = [
    # The smallest entry of A*A' is a_1'*a_2 = -5, twice: the gradient has the other row in each row.
    ("min(A*A')", "A", A, [[3, -4], [1, 2]]),
    ("max([x; x])", "x", np.array([1.0, 3.0]), [0, 1]),
    ("max(x)", "x", np.array([3.0, 3.0]), [0.5, 0.5]),
    ("min(x)", "x", np.array([3.0, 3.0, 4.0]), [0.5, 0.5, 0]),
    ("norminf(x)", "x", np.array([-3.0, 3.0, 1.0]), [-0.5, 0.5, 0]),
    ("norminf([x; -x])", "x", np.array([-3.0, 2.0]), [-1, 0]),
    ("sum(max(X, 1))", "X", np.array([[1.0, 2.0], [1.0, 3.0]]), [[0.5, 0], [0.5, 1]]),
    ("sum(min(X, 2).^2)", "X", np.array([[1.0, 1.0], [4.0, 3.0]]), [[1, 1], [0, 6]]),
]


@pytest.mark.parametrize(("text", "name", "array", "gradient"), CASES)
def test_equal_entries_share(text: str, name: str, array: Any, gradient: Any) -> None:
    derivation = gradcalc.derive(text, wrt=name)
    assert derivation.function()(**{name: array}).tolist() == gradient
    record = derivation.to_dict()
    shape = tuple(record["variables"][0]["shape"])
    again = gradcalc.derive(record["derivatives"][0]["full"], wrt=name, shapes={name: shape})
    assert again.value_and_gradient(**{name: array})[0].tolist() == gradient


def test_the_slope_of_a_maximum_is_read_as_one() -> None:
    assert gradcalc.derive("max(A*x)", wrt="x").to_dict()["derivatives"][0]["text"] == "A'*maxima(A*x)"


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("min(A*A')^2", lambda a: np.min(a @ a.T) ** 2),
        ("max(A.*A)*norm2(A)^2", lambda a: np.max(a * a) * np.sum(a * a)),
        ("sum(max(A*A', 2).^2)", lambda a: np.sum(np.max(a @ a.T, axis=1) ** 2)),
    ],
)
def test_second_derivatives_where_the_function_is_smooth(text: str, function: Callable[[Any], float]) -> None:
    hessian = gradcalc.derive(text, wrt="A", order=2).function()(A=A)
    step = 1e-4
    units = [np.eye(4)[k].reshape(2, 2) * step for k in range(4)]
    expected = [
        [
            (function(A + u + v) - function(A + u - v) - function(A - u + v) + function(A - u - v)) / (4 * step**2)
            for v in units
        ]
        for u in units
    ]
    assert np.asarray(hessian).reshape(4, 4) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-4)
