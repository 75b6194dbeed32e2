"""Answers given entry by entry: read as programs and evaluated at every index, they are the derivative."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.evaluation import Evaluator
from gradcalc.language.printer import to_text
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import observe
from gradcalc.tensor.answer import Formula

CASES = [
    ("softmax(A*x)", "x", 2),
    ("A*x", "A", 1),
    ("sigmoid(W*x + b)", "W", 1),
    ("x'*A*x*y'*x", "x", 3),
    ("log(1+exp(-y*w'*sigmoid(W*x+b)))", "W", 2),
    ("z = W*x+b; s = sigmoid(z); r = s-y; r'*r", "W", 2),
    ("norm2(T - U*V')^2", "U", 2),
    ("x/norm2(x)", "x", 2),
    ("X'*X", "X", 1),
    ("outer(x, y)", "y", 1),
    ("logsumexp(A*x)", "x", 3),
    ("log(det(X))", "X", 2),
]


def value_at(problem: Problem, formula: Formula, arrays: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    """The array of a formula in indices, each entry evaluated by the reference interpreter."""
    shape = tuple([dim if isinstance(dim, int) else sizes[dim] for dim in formula.dims])
    definitions = "".join([f"{name} = {to_text(tree)}; " for name, tree in formula.where])
    text = definitions + to_text(formula.tree)
    for name, size in sizes.items():
        text = re.sub(rf"\b{name}\b", str(size), text)
    found = np.empty(shape)
    for place in np.ndindex(*shape):
        entry = text
        for name, number in zip(formula.indices, place):
            entry = re.sub(rf"\b{name}\b", str(number + 1), entry)
        shapes = {name: arrays[name].shape for name in arrays if re.search(rf"\b{name}\b", entry)}
        read = Problem(entry, shapes=shapes)
        found[place] = observe(read.program, read.typing, {name: arrays[name] for name in shapes}, {}).value
    return found


@pytest.mark.parametrize(("text", "wrt", "order"), CASES)
def test_entries_are_those_of_the_derivative(text: str, wrt: str, order: int) -> None:
    problem = Problem(text)
    derivative = Derivative(problem, problem.components(wrt), order, None)
    sizes = {name: 2 + place for place, name in enumerate(problem.typing.dimension_names)}
    arrays, sizes = draw(problem.program, problem.typing, sizes, 0)
    _, (expected,) = Evaluator(derivative, sizes)(arrays, sizes)
    found = value_at(problem, derivative.index_formula(derivative.answers[0]), arrays, sizes)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_no_name_is_that_of_an_index() -> None:
    answer = gradcalc.derive("softmax(A*x)", wrt="x", order=2).answers[0]
    indices = set(re.findall(r"\b\w+\b", " ".join(re.findall(r"\[([^]]*)\]", to_text(answer.tree)))))
    assert not indices & {name for name, _ in answer.where}


@pytest.mark.parametrize(
    ("text", "wrt", "order", "answer"),
    [
        ("tr(A)", "A[2,3]", 1, "0"),
        ("tr(A)", "A[2,2]", 1, "1"),
        ("tr(A)", "A[i,j]", 1, "eye(n)[i,j]"),
        ("tr(A*A)", "A[1,2]", 1, "2*A[2,1]"),
    ],
)
def test_entry_of_a_matrix_derivative(text: str, wrt: str, order: int, answer: str) -> None:
    derivative = gradcalc.derive(text, wrt=wrt, order=order)
    assert derivative.text == answer
    assert derivative.check(seed=0).verdict == "passed"


@pytest.mark.parametrize("layout", [None, "denominator", "numerator"])
@pytest.mark.parametrize(
    ("text", "wrt", "order"),
    [
        ("softmax(A*x)", ["x[i]"], 3),
        ("log(1+exp(-y*w'*sigmoid(W*x+b)))", ["W[i,j]", "w[k]", "b"], 2),
        ("x'*A*x*y'*x", ["x", "y"], 3),
        ("z = W*x+b; s = sigmoid(z); r = s-y; r'*r", ["W[2,3]"], 2),
    ],
)
def test_mixed_derivatives_pass_their_checks(text: str, wrt: list[str], order: int, layout: str | None) -> None:
    assert gradcalc.derive(text, wrt=wrt, order=order, layout=layout).check(seed=0).verdict == "passed"


def test_third_derivatives_by_two_variables_have_labels_of_their_own() -> None:
    derivative = gradcalc.derive("x'*A*x*y'*x", wrt=["x", "y"], order=3)
    assert [answer.wrt for answer in derivative.answers] == ["x", "x,x,y", "x,y,y", "y"]
    assert [line.split("[")[0].split(" =")[0] for line in str(derivative).splitlines() if line.startswith("d3f")] == [
        "d3f/dx3",
        "d3f/dx2 dy",
        "d3f/dx dy2",
        "d3f/dy3",
    ]
