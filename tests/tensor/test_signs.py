"""Absolute values and signs: the table of what is positive, and products of |t|, sign(t) and powers of t."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import gradcalc
from gradcalc.numeric.contraction import tensor_value
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Node
from gradcalc.tensor.signs import is_nonnegative, is_positive


def _nodes(graph: Graph) -> dict[str, tuple[Node, bool, bool]]:
    """Tensors by their text, whether each is nonnegative by its form, and whether it is positive."""
    x, y = graph.symbol("x", ("n",)), graph.symbol("y", ("n",))
    s = graph.symbol("s", ("n",), structure="positive")
    exp = graph.elementwise(("exp", 0), x)
    square = graph.power(x, 2)
    one = graph.constant(1, ("n",))

    def total(*terms: tuple[int, Node]) -> Node:
        return graph.sum([((number, ()), node) for number, node in terms], ("n",))

    def summed(node: Node) -> Node:
        return graph.contraction(ONE, [(node, 1, (0,))], (), {0: "n"})

    patterns = {
        "merge": ((2, 3, 6), True), "lower": (("n", "n"), True), "flip": (("n", "n"), True),
        "shift": ((2, "n"), True), "difference": (("n - 1", "n"), False), "cross": ((3, 3, 3), False),
    }  # fmt: skip
    rows = {
        "x": (x, False, False),
        "positive s": (s, True, True),
        "x.^2": (square, True, False),
        "x.^-2": (graph.power(x, -2), True, False),
        "x.^3": (graph.power(x, 3), False, False),
        "x.*y": (graph.product([x, y]), False, False),
        "-x.^2": (graph.scaled((-1, ()), square), False, False),
        "exp(x)": (exp, True, True),
        "exp(x).*x": (graph.product([exp, x]), False, False),
        "2*exp(x).*s": (graph.scaled((2, ()), graph.product([exp, s])), True, True),
        "x.^2 + 1": (total((1, square), (1, one)), True, True),
        "x.^2 - 1": (total((1, square), (-1, one)), False, False),
        "x.^2 + y.^2": (total((1, square), (1, graph.power(y, 2))), True, False),
        "x + exp(x)": (total((1, x), (1, exp)), False, False),
        "|x|": (graph.elementwise(("abs", 0), x), True, False),
        "sum(x.^2)": (summed(square), True, False),
        "sum(x)": (summed(x), False, False),
        "tanh(x)": (graph.elementwise(("tanh", 0), x), False, False),
        "exp'(x)": (graph.elementwise(("exp", 1), x), False, False),
        "diag(exp(x))": (graph.contraction(ONE, [(exp, 1, (0,))], (0, 0), {0: "n"}), True, False),
    }
    for name, (dims, nonnegative) in patterns.items():
        rows[name] = (graph.pattern(name, dims), nonnegative, False)  # type: ignore[arg-type]
    return rows


def test_the_table_of_signs() -> None:
    for text, (node, nonnegative, positive) in _nodes(Graph()).items():
        assert is_nonnegative(node) is nonnegative, text
        assert is_positive(node) is positive, text


@pytest.mark.parametrize("text", ["abs(cross(x, y.^2))", "abs(diff(x.^2))", "abs(cross(exp(x), exp(y)))"])
def test_what_is_signed_keeps_its_absolute_value(text: str) -> None:
    derivative = gradcalc.derive(f"x, y: vector[3]; sum({text})", wrt="x")
    x, y = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.5, -0.7])
    value, _ = derivative.value_and_gradient(**{name: array for name, array in (("x", x), ("y", y)) if name in text})
    expected = {
        "abs(cross(x, y.^2))": lambda: np.cross(x, y**2),
        "abs(diff(x.^2))": lambda: np.diff(x**2),
        "abs(cross(exp(x), exp(y)))": lambda: np.cross(np.exp(x), np.exp(y)),
    }[text]()
    assert value == pytest.approx(np.sum(np.abs(expected)))


POWERS = range(-3, 4)


@pytest.mark.parametrize("inside", ["t", "t*u", "t^3"])
def test_products_of_sizes_signs_and_powers(inside: str) -> None:
    """|t|^a * sign(t)^b * t^c for all small a, b and c, as values: no sign may be lost or gained."""
    graph = Graph()
    t, u = graph.symbol("t", ()), graph.symbol("u", ())
    base = {"t": t, "t*u": graph.product([t, u]), "t^3": graph.power(t, 3)}[inside]
    size, sign = [graph.elementwise((name, 0), base) for name in ("abs", "sign")]
    for a, b, c in itertools.product(POWERS, (0, 1, 2, 3), POWERS):
        node = graph.contraction(ONE, [(size, a, ()), (sign, b, ()), (base, c, ())], (), {})
        for given in ({"t": 1.5, "u": 0.5}, {"t": -1.5, "u": 0.5}, {"t": 1.5, "u": -2.0}, {"t": -1.5, "u": -2.0}):
            at = {"t": given["t"], "t*u": given["t"] * given["u"], "t^3": given["t"] ** 3}[inside]
            found = tensor_value(node, SimpleNamespace(functions={}), given, {})  # type: ignore[arg-type]
            assert found == pytest.approx(abs(at) ** a * np.sign(at) ** b * at**c), (a, b, c, given)
