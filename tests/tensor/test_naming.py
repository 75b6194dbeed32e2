"""What an answer names is a value: no name stands for a size."""

from __future__ import annotations

import gradcalc
from gradcalc.api import Problem
from gradcalc.language.parser import parse_expression
from gradcalc.language.printer import to_text
from gradcalc.tensor.naming import named


def test_sizes_have_no_names() -> None:
    derivative = gradcalc.derive("A: matrix[m*n, n]; x: vector[n]; sign(norm2(A*x))", wrt="A", order=2)
    assert derivative.text == "zeros(m*n*n, m*n*n)"
    assert derivative.where == {}
    problem = Problem(derivative.text)
    assert problem.typing.dims(problem.program.objective) == ("m*n*n", "m*n*n")


def test_what_is_a_value_and_a_size_is_named_where_it_is_a_value() -> None:
    tree, where = named(parse_expression("(m*n*k)*ones(m*n*k) + log(m*n*k)*x"), [], {"x"})
    assert to_text(tree) == "z*ones(m*n*k) + log(z)*x"
    assert [(name, to_text(part)) for name, part in where] == [("z", "m*n*k")]
