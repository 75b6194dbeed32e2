"""Programs whose derivatives, forms or checks were wrong once, each the shortest that shows its fault."""

from __future__ import annotations

import pytest
from test_entries import value_at

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.evaluation import Evaluator
from gradcalc.numeric.points import draw

CHECKED = [
    # A dimension that nothing carries any more is a factor.
    ("A: matrix[m,n]; sum(kron(eye(n), A).^2)", "A", 1),
    ("y: vector[m]; sum(repmat(y, 1, n).^2, 2)", "y", 1),
    # A row at a fixed position is a column among vectors.
    ("A: matrix[m,n]; sum(exp((A + A.^2)[1,:]))", "A", 1),
    ("A: matrix[m,n]; x: vector[n]; (A + A.^2)[1,:]*x", "A", 1),
    ("A: matrix[m,n]; norm2(acos(0.9*sin(A))[1,:])", "A", 1),
    ("x: vector[n]; A: matrix[m,n]; norm2([t, x'; y, A])", "x", 2),
    # A power with a diagonal exponent.
    ("B: matrix[n,n]; (1.5 + sin(B)).^eye(n)", "B", 1),
    # Functions of blocks along axes have entries.
    ("B: matrix[n,n]; tr(expm(B))", "B", 2),
    ("B: matrix[n,n]; k: scalar; sum(B^k)", "B", 2),
    # The programs of rows of the unit matrix.
    ("A: matrix[m,n]; A[1,2]", "A", 1),
    # The body of an elementwise function divides entry by entry.
    ("A: matrix[m,n]; g(t) = 1/(2 + t^2); sum(g(A))", "A", 1),
    ("x: vector[n]; g(t) = (2 + t^2)\\t; sum(g'(x))", "x", 1),
    # A constant with three axes at a position.
    ("C: matrix[n,m]; norminf(reshape(C, m, n)[1,:])", "C", 1),
    # Blocks that put slices together again.
    ("A: matrix[m,n]; [A[1:2,:]; A[3:m,:]]", "A", 1),
    # Derivatives that vanish, among terms that cancel.
    ("x: vector[3]; x'*cross(x, x)", "x", 1),
    ("x: vector[3]; y: vector[3]; x'*cross(y, x)", "y", 2),
    ("S: symmetric[n]; sum(softmax(S))", "S", 2),
    # Second derivatives within a structure.
    ("S: symmetric[n]; x, v: vector[n]; v'*inv(S + 4*eye(n))*x", "S", 2),
    ("S: skew[n]; x, v: vector[n]; v'*inv(S + 4*eye(n))*x", "S", 2),
    ("S: diagonal[n]; x, v: vector[n]; v'*inv(S + 4*eye(n))*x", "S", 2),
]


@pytest.mark.parametrize(("text", "wrt", "order"), CHECKED)
def test_passes_its_check(text: str, wrt: str, order: int) -> None:
    assert gradcalc.derive(text, wrt=wrt, order=order).check(seed=1).verdict == "passed"


@pytest.mark.parametrize(
    ("text", "wrt", "answer"),
    [
        ("A: matrix[m,n]; sum(kron(eye(n), A).^2)", "A", "2*n*A"),
        ("A: matrix[m,n]; A[1,2]", "A", "eye(m)[:,1]*eye(n)[2,:]"),
    ],
)
def test_answer(text: str, wrt: str, answer: str) -> None:
    assert gradcalc.derive(text, wrt=wrt).text == answer


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("A: matrix[m,n]; sum(exp(norm2(normalize(A, 2), 2)))", "A"),
        ("A: matrix[m,n]; C: matrix[n,m]; A + reshape(C, m, n)", "C"),
    ],
)
def test_entries_read_back(text: str, wrt: str) -> None:
    problem = Problem(text)
    derivative = Derivative(problem, problem.components(wrt), 1, None)
    arrays, sizes = draw(problem.program, problem.typing, {}, 0)
    _, (expected,) = Evaluator(derivative, sizes)(arrays, sizes)
    found = value_at(problem, derivative.index_formula(derivative.answers[0]), arrays, sizes)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
