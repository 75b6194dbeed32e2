"""Products in programs: which row belongs to which column."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x'*(y'*z*v)", lambda x, y, z, v: (y @ z) * (x @ v)),
        ("x'*(y'*(z'*v*z))*x", lambda x, y, z, v: (z @ v) * (y @ z) * (x @ x)),
        ("x*y'*(z'*v*z)", lambda x, y, z, v: x * (y @ z) * (z @ v)),
        ("(x'*y*z)'*v*x'*(y'*v*z)", lambda x, y, z, v: (x @ y) * (z @ v) * (y @ v) * (x @ z)),
    ],
)
def test_nested_inner_products(text: str, expected: object) -> None:
    x, y, z, v = np.random.default_rng(5).normal(size=(4, 3))
    f = gradcalc.derive(f"x, y, z, v: vector[n]; {text}", wrt="x").function()
    value, _ = f.value_and_gradient(x=x, y=y, z=z, v=v)
    assert value == pytest.approx(expected(x, y, z, v))  # type: ignore[operator]


def test_the_derivative_of_deviations_by_an_entry() -> None:
    """The standard deviations of the columns of W.*A change with A[3,3] in the third column only."""
    generator = np.random.default_rng(6)
    W, A = generator.normal(size=(2, 4, 3))
    found = gradcalc.derive("2*std(W.*A, 1)", wrt="A[3,3]").function()(W=W, A=A)
    change = np.zeros_like(A)
    change[2, 2] = 1e-6
    ends = [2 * np.std(W * (A + sign * change), axis=0) for sign in (1, -1)]
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)
