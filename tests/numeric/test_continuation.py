"""Derivatives of determinants, adjugates and products where their formulas divide by zero, against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import prod

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Problem
from gradcalc.numericrun import NumericRun

Rows = list[list[float]]

REGULAR = [[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.5, 1.0, 4.0]]
RANK_TWO = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]]
RANK_TWO_BY_ROUNDING = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
RANK_ONE = [[1.0, 2.0, -1.0], [2.0, 4.0, -2.0], [3.0, 6.0, -3.0]]
ZERO = [[0.0] * 3] * 3
NEARLY_RANK_TWO = [[1.0, 2.0, 3.0], [2.0, 4.0 + 1e-13, 6.0], [1.0, 0.0, 1.0]]
SMALL = [[1.0, 2.0], [2.0, 4.0]]
MATRICES = [REGULAR, RANK_TWO, RANK_TWO_BY_ROUNDING, RANK_ONE, ZERO, NEARLY_RANK_TWO, SMALL]


def determinant(rows: list[list[Fraction]]) -> Fraction:
    """By permutations."""
    total = Fraction(0)
    for order in permutations(range(len(rows))):
        swaps = sum(order[i] > order[j] for i in range(len(order)) for j in range(i + 1, len(order)))
        total += (-1) ** swaps * prod([rows[i][j] for i, j in enumerate(order)], start=Fraction(1))
    return total


def without(rows: list[list[Fraction]], *places: tuple[int, int]) -> list[list[Fraction]]:
    """The rows and columns of the places struck out."""
    gone, lost = {i for i, _ in places}, {j for _, j in places}
    return [[entry for j, entry in enumerate(row) if j not in lost] for i, row in enumerate(rows) if i not in gone]


def cofactors(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    size = range(len(rows))
    return [[(-1) ** (i + j) * determinant(without(rows, (i, j))) for j in size] for i in size]


def second_slopes(rows: list[list[Fraction]]) -> np.ndarray:
    """d2 det/dX[i,j]dX[k,l]: the slope of a cofactor by an entry is a signed minor of the minor."""
    size = len(rows)
    found = np.zeros((size,) * 4)
    for i, j, k, l in np.ndindex(*found.shape):  # noqa: E741
        if i != k and j != l:
            sign = (-1) ** (i + j + k + l) * (1 if (k > i) == (l > j) else -1)
            found[i, j, k, l] = sign * determinant(without(rows, (i, j), (k, l)))
    return found


def exact(rows: Rows) -> list[list[Fraction]]:
    return [[Fraction(entry) for entry in row] for row in rows]


def as_floats(rows: list[list[Fraction]]) -> np.ndarray:
    return np.array([[float(entry) for entry in row] for row in rows])


@pytest.mark.parametrize("rows", MATRICES)
def test_the_gradient_of_a_determinant_is_the_matrix_of_cofactors(rows: Rows) -> None:
    value, slope = gradcalc.derive("det(X)", wrt="X").value_and_gradient(X=rows)
    assert value == pytest.approx(float(determinant(exact(rows))), rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(slope, as_floats(cofactors(exact(rows))), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rows", MATRICES)
def test_the_gradient_of_an_adjugate_and_the_hessian_of_a_determinant(rows: Rows) -> None:
    second = second_slopes(exact(rows))
    hessian = gradcalc.derive("det(X)", wrt="X", order=2).function()(X=rows)
    np.testing.assert_allclose(hessian, second, rtol=1e-12, atol=1e-14)
    weights = np.arange(1.0, 1.0 + len(rows) ** 2).reshape(len(rows), -1)
    value, slope = gradcalc.derive("sum(C.*adj(X))", wrt="X").value_and_gradient(X=rows, C=weights)
    assert value == pytest.approx(float(np.sum(weights * as_floats(cofactors(exact(rows))).T)), rel=1e-12, abs=1e-13)
    np.testing.assert_allclose(slope, np.einsum("ji,ijkl->kl", weights, second), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("x", [[2.0, 3.0, 5.0], [0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0] * 3, [1e-13, 2.0, 3.0]])
def test_slopes_of_a_product_are_the_products_of_the_others(x: list[float]) -> None:
    places = range(len(x))
    first = [prod([x[k] for k in places if k != i]) for i in places]
    second = [[prod([x[k] for k in places if k not in (i, j)]) if i != j else 0 for j in places] for i in places]
    np.testing.assert_allclose(gradcalc.derive("prod(x)", wrt="x").function()(x=x), first, rtol=1e-14)
    np.testing.assert_allclose(gradcalc.derive("prod(x)", wrt="x", order=2).function()(x=x), second, rtol=1e-14)


def test_products_of_columns() -> None:
    slope = gradcalc.derive("prod(X,1)*c", wrt="X").function()(X=[[0, 2, 3], [1, 2, 3]], c=[1, 2, 3])
    np.testing.assert_allclose(slope, [[1, 4, 9], [0, 4, 9]])


def test_a_structure_is_kept_on_the_way_to_the_limit() -> None:
    slope = gradcalc.derive("S: symmetric[n]; det(S)", wrt="S").function()(S=SMALL)
    np.testing.assert_allclose(slope, [[4, -2], [-2, 1]])


@pytest.mark.parametrize(
    ("text", "wrt", "data"),
    [
        ("det(X)", "X", {"X": RANK_TWO}),
        ("det(X)", "X", {"X": NEARLY_RANK_TWO}),
        ("sum(adj(X))", "X", {"X": RANK_TWO}),
        ("log(2 + det(X)^2)", "X", {"X": RANK_ONE}),
        ("prod(x)", "x", {"x": [0.0, 0.0, 3.0]}),
    ],
)
def test_checks_pass_there(text: str, wrt: str, data: dict[str, object]) -> None:
    assert gradcalc.derive(text, wrt=wrt).check(data=data).verdict == "passed"


@pytest.mark.parametrize(
    ("text", "wrt", "data"),
    [
        ("inv(X)", "X", {"X": RANK_TWO}),
        ("prod(x)^0.5", "x", {"x": [0.0, 2.0]}),
        ("abs(prod(x))", "x", {"x": [0.0, 2.0]}),
        ("(t^2)^(1/3)", "t", {"t": 0.0}),
    ],
)
def test_where_there_is_no_limit_none_is_made_up(text: str, wrt: str, data: dict[str, object]) -> None:
    try:
        slope = gradcalc.derive(text, wrt=wrt).function()(**data)
    except gradcalc.GradcalcError as error:
        assert error.kind == "numeric"
    else:
        assert not np.all(np.isfinite(slope))


def test_large_singular_matrices() -> None:
    """X = L*D*U with unit triangles and one zero in D: the adjugate is inv(U)*e*e'*inv(L), of rank one."""
    random, size = np.random.default_rng(4), 60
    lower = np.eye(size) + np.tril(random.uniform(-0.1, 0.1, (size, size)), -1)
    upper = np.eye(size) + np.triu(random.uniform(-0.1, 0.1, (size, size)), 1)
    last = np.eye(size)[-1]
    adjugate = np.outer(np.linalg.solve(upper, last), np.linalg.solve(lower.T, last))
    matrix = lower @ np.diag(1 - last) @ upper
    slope = gradcalc.derive("3*det(X)", wrt="X").function()(X=matrix)
    np.testing.assert_allclose(slope, 3 * adjugate.T, atol=1e-12)
    assert gradcalc.derive("det(X)", wrt="X").check(data={"X": matrix}).verdict == "passed"


def test_long_products_with_a_zero() -> None:
    x = np.linspace(0.5, 1.5, 1000)
    x[3] = 0
    slope = gradcalc.derive("prod(x)", wrt="x").function()(x=x)
    wanted = np.zeros(1000)
    wanted[3] = np.prod(np.delete(x, 3))
    np.testing.assert_allclose(slope, wanted, rtol=1e-12)


@pytest.mark.parametrize("text", ["det(X)", "t*det(X)", "-det(X)/3", "sum(x)*det(X)"])
def test_programs_compute_cofactors_without_an_inverse(text: str) -> None:
    source = gradcalc.derive(text, wrt="X").code("numpy")
    assert "_adj(X)" in source
    assert "linalg.inv" not in source
    assert "linalg.solve" not in source


def test_another_inverse_is_no_cofactor() -> None:
    source = gradcalc.derive("det(X)*y'*inv(Z)*y", wrt="y").code("numpy")
    assert "_adj" not in source


@pytest.mark.parametrize(
    ("text", "order", "data"),
    [
        ("tr(A*adj(X))", 2, {"A": [[-2e3, -2e3], [4e3, 4e3]], "X": [[2 + 1e-9, -1.0], [-2.0, 1 - 7e-10]]}),
        (
            "det(X*X')",
            1,
            {"X": [[-1e3, 3e3, 1e3, -2e3], [5e3, 1e3, -1e3, -2e3], [6e3, 0, -2e3, -2e3], [4e3, 1e3, 2e3, 1e3]]},
        ),
        ("det(X')*c", 1, {"X": [[1, -5, -3, 4], [0, 4, 2, -2], [-1, 3, 3, -4], [1, -1, -1, 2]], "c": 1.5}),
    ],
)
def test_the_seal_takes_rounding_of_many_digits_for_the_zero_that_it_is(
    text: str, order: int, data: dict[str, object]
) -> None:
    arrays = {name: np.array(array, dtype=float) for name, array in data.items()}
    run = NumericRun("eval", Problem(text), ["X"], order=order, arrays=arrays)
    zero = run.values[0] if order == 2 else run.value
    assert np.max(np.abs(zero)) <= 1e-9
