"""The Python API."""

from __future__ import annotations

import numpy as np
import pytest

import gradcalc

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"


def test_print_is_the_formula_with_what_it_names() -> None:
    assert str(gradcalc.derive(P2, wrt="W")).startswith("df/dW = -y*sigmoid(-y*w'*s)*(w .* s .* (1 - s))*x'")


def test_function_and_value() -> None:
    derivative = gradcalc.derive("x'*A*x", wrt=["x", "A"])
    value, gradients = derivative.value_and_gradient(x=[1.0, 2.0], A=[[1.0, 2.0], [3.0, 4.0]])
    assert float(value) == 27.0
    assert gradients["x"] == pytest.approx([12.0, 21.0])
    assert gradients["A"] == pytest.approx(np.outer([1, 2], [1, 2]))


def test_names_that_are_python_keywords() -> None:
    derivative = gradcalc.derive("lambda*x'*x", wrt="lambda")
    assert float(derivative.function()(**{"lambda": 2.0, "x": [1.0, 2.0]})) == 5.0


def test_shapes_structure_order_layout() -> None:
    assert gradcalc.derive("x'*A*x", wrt="x", structure={"A": "symmetric"}).text == "2*A*x"
    assert gradcalc.derive("x'*A*x", wrt="x", order=2).text == "A + A'"
    assert gradcalc.derive("x'*y", wrt="x", layout="numerator").text == "y'"
    assert gradcalc.derive("x'*y", wrt="x", shapes={"x": (3,), "y": (3,)}).answers[0].dims == (3,)


def test_latex_and_notebook() -> None:
    derivative = gradcalc.derive(P2, wrt="W")
    assert r"\odot" in derivative.latex()
    assert derivative._repr_latex_().startswith("$")


def test_check_result() -> None:
    result = gradcalc.derive(P2, wrt="W").check(seed=3)
    assert (result.verdict, bool(result), result.points) == ("passed", True, 3)


def test_to_dict_is_the_contract() -> None:
    result = gradcalc.derive(P2, wrt="W").to_dict()
    assert result["derivatives"][0]["operations"] == 14
    assert set(result["derivatives"][0]["formats"]) == {"latex", "index"}


@pytest.mark.parametrize(
    ("arrays", "kind"),
    [
        ({"x": [1.0, 2.0]}, "data"),
        ({"x": [1.0, 2.0], "A": [[1.0]]}, "data"),
        ({"x": [1.0], "A": [[1.0]], "z": 1.0}, "data"),
        ({"x": "abc", "A": [[1.0]]}, "data"),
        ({"x": [[[1.0]]], "A": [[1.0]]}, "data"),
    ],
)
def test_bad_arrays(arrays: dict[str, object], kind: str) -> None:
    with pytest.raises(gradcalc.GradcalcError) as raised:
        gradcalc.derive("x'*A*x", wrt="x").function()(**arrays)
    assert raised.value.kind == kind


@pytest.mark.parametrize(
    ("keywords", "kind"),
    [
        ({"wrt": "q"}, "name"),
        ({"wrt": None}, "usage"),
        ({"wrt": "x", "order": 0}, "usage"),
        ({"wrt": "x", "layout": "sideways"}, "usage"),
        ({"wrt": "x", "shapes": {"q": (1,)}}, "name"),
        ({"wrt": "x", "shapes": {"x": (0,)}}, "usage"),
        ({"wrt": "x[1,2]"}, "shape"),
        ({"wrt": "x", "structure": {"A": "round"}}, "usage"),
    ],
)
def test_bad_requests(keywords: dict[str, object], kind: str) -> None:
    with pytest.raises(gradcalc.GradcalcError) as raised:
        gradcalc.derive("x'*A*x", **keywords)  # type: ignore[arg-type]
    assert raised.value.kind == kind


def test_one_call_needs_no_variable_name() -> None:
    assert gradcalc.derive("norm2(x)^2").text == "2*x"


def test_a_long_chain_stays_linear() -> None:
    """The answer's operations are a small multiple of the function's, at every length."""
    for layers in (20, 80):
        steps = "; ".join([f"z{k} = sigmoid(W{k}*z{k - 1} + b{k})" for k in range(1, layers + 1)])
        derivative = gradcalc.derive(f"{steps}; v'*z{layers}", wrt="W1")
        assert derivative.answers[0].operations <= 5 * 4 * layers
