"""The algebras agree: Python's numbers, numbers of many digits and NumPy's arrays give one expression one value."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Problem
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise
from gradcalc.meaning.algebra import PYTHON, SmallAlgebra
from gradcalc.meaning.many_digits import many_digits
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.meaning.programs import observed
from gradcalc.numeric.points import draw

EXAMPLES = [entry.example for entry in catalogue.ENTRIES if entry.name != "eigvecs"]

FURTHER = [
    "sum[i,j](A[i,j]^2*x[j])", "x[2:n]'*x[1:n - 1]", "A[end,1] + A[1,end]", "sum(A[2,:])", "[x, A]*[y; x]",
    "sum([A; x'; 2*x'])", "norm2([1, 2, x'])^2", "x: vector[n]; sum(ones(n)) + sum(zeros(n, 2))", "A(.); sum(A(x))",
    "phi(t) = t/(1 + abs(t)); sum(phi'(x))", "phi(.); sum(phi''(x))", "sum(max(X, 1)) + sum(X.^2, 2)'*y",
    "b'/(A*A' + eye(n))*b", "(A*A' + eye(n))\\b", "A: matrix[n,n]; tr(A^3) + tr(A^0)", "sum((X - mean(X, 1)).^2)",
    "sum(x'.*A) + sum(y.*A)", "sum((x > 0.5) .* x)", "sum(kron(x, A))", "sum(kron(x', A)*A')", "n*sum(x) + x[1]*pi",
]  # fmt: skip


def _as(algebra: SmallAlgebra, array: Any) -> Any:
    nested = np.asarray(array, dtype=float).tolist()

    def number(entry: Any) -> Any:
        return [number(each) for each in entry] if isinstance(entry, list) else algebra.number(Fraction(entry))

    return algebra.array(number(nested))


def _nested(value: Any) -> Any:
    return np.array(value.tolist() if hasattr(value, "tolist") else value, dtype=complex)


@pytest.mark.parametrize("text", [*EXAMPLES, *FURTHER])
def test_algebras_agree(text: str) -> None:
    problem = Problem(text)
    arrays, sizes = draw(problem.program, problem.typing, {}, seed=4)
    numpy = observed(problem.program, problem.typing, arrays, sizes, NUMPY)
    for algebra in (PYTHON, many_digits(40)):
        found = observed(
            problem.program, problem.typing, {n: _as(algebra, a) for n, a in arrays.items()}, sizes, algebra
        )
        assert found.fault is None
        assert _nested(found.value) == pytest.approx(_nested(numpy.value), rel=1e-11, abs=1e-13)
        assert found.kink_distance == pytest.approx(numpy.kink_distance, rel=0.2)
        assert found.analytic == numpy.analytic


SMOOTH = [e for e in catalogue.ENTRIES if isinstance(e, Elementwise) and not e.real_only and e.operator is None]


@pytest.mark.parametrize("entry", SMOOTH, ids=str)
def test_a_complex_step_keeps_its_digits(entry: Elementwise) -> None:
    """Against differences of numbers of many digits."""
    digits = many_digits(60)
    assert entry.reference is not None
    for base in (0.3, 0.65, 1.9, 4.4, -0.35, -2.3, -6.2):
        low, high = entry.domain
        numbers = [base, *[0.4 + 0.3 * k for k in range(len(entry.parameters) - 1)]]
        if not low < base < high or (entry.name in ("acosh", "xlogy", "pow", "polygamma", "where") and base < 1):
            continue
        moved = PYTHON.applied(entry, [complex(numbers[0], 1e-30), *numbers[1:]])
        exact = [digits.number(Fraction(number)) for number in numbers]
        step = digits.number(Fraction(1, 10**20))
        ends = [digits.applied(entry, [exact[0] + sign * step, *exact[1:]]) for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step)
        assert complex(moved).real == pytest.approx(float(digits.applied(entry, exact)), rel=1e-12, abs=1e-300)
        assert complex(moved).imag / 1e-30 == pytest.approx(float(slope), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("x: vector[n]; c: scalar; sum([x[1:n-1]; c])", [0.0]),
        ("x: vector[n]; c: scalar; mean([x[1:n-1]; c])*x[1]", [2.0]),
        ("A: matrix[n,n]; x: vector[n]; sum(sum(A[1:n-1,:],2)) + 3*x[1]", [3.0]),
        ("A: matrix[n,n]; x: vector[n]; norm2(softmax(A[:,1:n-1],1)) + 3*x[1]", [3.0]),
    ],
)
def test_no_rows_and_no_columns(text: str, slope: list[float]) -> None:
    """With n = 1 nothing is left of a slice, and functions of each of its lines give nothing."""
    derivative = gradcalc.derive(text, wrt="x")
    assert derivative.to_dict()["derivatives"][0]["verified"]
    data = {"x": [5.0], "c": 2.0, "A": [[7.0]]}
    found = derivative.function()(**{name: data[name] for name in derivative.problem.typing.variables})
    np.testing.assert_allclose(found, slope)
