"""Entries at all indices at once are what the interpreter finds index by index."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gradcalc.derivation.broadcasting import Broadcasting, NotBroadcast
from gradcalc.derivation.checking import read_back
from gradcalc.derivation.material import Cut, Material
from gradcalc.derivation.numbers import Point
from gradcalc.language.parser import parse
from gradcalc.language.shapes import infer

FREE = {"i": 3, "j": 4}


def point_of(text: str) -> tuple[Material, Point]:
    program = parse(text)
    typing = infer(program)
    material = Material(program, typing, set(), "x", 12, Cut.FOR_ENTRIES)
    return material, Point(program, typing, material.context, material.parts, "x", 0)


@pytest.fixture(scope="module")
def made() -> tuple[Material, Point]:
    return point_of(
        "A: matrix[3,4]; B: matrix[4,3]; x: vector[4]; y: vector[3]; phi(t) = t + t^3; phi(t)*y'*A*x + tr(A*B)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "A[i,j]",
        "2*A[i,j] - x[j]/y[i]",
        "sum[k](A[i,k]*B[k,i])*x[j]",
        "exp(A[i,j]*t)",
        "phi(A[i,j] + y[i])",
        "phi'(A[i,j] + y[i])",
        "eye(4)[j,2]*y[i]",
        "(A*B)[i,2]*x[j]",
        "sum[k=1..2](A[k + 1,j]*y[i])",
        "sum[k](A[k,j])*sum[k](x[k])",
        "sum[k](A[i,k]*sum[l](B[k,l]*y[l]))",
        "(A[i,j] > 0.1)*y[i]",
        "max(A[i,j], y[i])",
        "sum[k,l](A[l,k]*B[k,i])*(x[j])",
        "x[j].^3 - i*j",
        "leaky_relu(A[i,j], 0.2)",
        "norm2(x)*A[i,j]",
        "A[i,:]*x*x[j]",
        "norm2(A[:,j])*y[i]",
        "[x[j]; y][1]*y[i]",
        "vec(eye(3)[:,i]*eye(4)[:,j]')[4]",
        "sum[k](vec(eye(3)[:,i]*x[j])[k])",
        "sum[k](norm2(A[:,k]*y[i])*A[i,j])",
        "sum[k=2..3](norm2(A[:,k]*y[i])*A[i,j])",
    ],
)
def test_agrees_with_the_interpreter(text: str, made: tuple[Material, Point]) -> None:
    material, point = made
    tree = read_back(material.context, text)
    found = Broadcasting(material.context, point, FREE, lambda ratio: np.nan).entries(tree)
    program = material.context.program(tree)
    typing = material.context.typing(program, tuple(FREE))
    for place in product(range(3), range(4)):
        indices = {name: at + 1 for name, at in zip(FREE, place)}
        assert found[place] == pytest.approx(point.observe(program, typing, {}, indices).value, rel=1e-12)


def test_what_takes_too_much_space_is_left_to_the_interpreter(made: tuple[Material, Point]) -> None:
    material, point = made
    factors = "*".join([f"A[{index},{index}0]" for index in "abcdeg"])
    indices = ",".join([f"{index},{index}0" for index in "abcdeg"])
    tree = read_back(material.context, f"sum[{indices}]({factors})*A[i,j]")
    with pytest.raises(NotBroadcast):
        Broadcasting(material.context, point, FREE, lambda ratio: np.nan).entries(tree)
