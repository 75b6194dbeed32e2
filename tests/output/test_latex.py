"""LaTeX of everything the language has: well formed, bracketed where it has to be, in linear time and memory."""

from __future__ import annotations

import re
import tracemalloc

import pytest

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.language.parser import parse_expression
from gradcalc.output.latex import name_latex, to_latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("A'*x", r"A^{\top} \, x"),
        ("(A*B)'", r"\left(A \, B\right)^{\top}"),
        ("inv(A)'", r"\left(A^{-1}\right)^{\top}"),
        ("x/norm2(x)^2", r"\frac{x}{\left\lVert x \right\rVert_{2}^{2}}"),
        ("(x/2)*A", r"\frac{x}{2} \, A"),
        ("(x/2)^2", r"\left(\frac{x}{2}\right)^{2}"),
        ("x .* y", r"x \odot y"),
        ("(x .* y)*z'", r"\left(x \odot y\right) \, z^{\top}"),
        ("x.^2", r"x^{\odot 2}"),
        ("square(x)^2", r"\left(\left(x\right)^{2}\right)^{2}"),
        ("outer(x, y)*A", r"x \otimes y \, A"),
        ("A*outer(x, y)", r"A \, \left(x \otimes y\right)"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("a*(-b)", r"a \, \left(-b\right)"),
        ("W1[2,3]", r"{W_{1}}_{2,3}"),
        ("A[:,2]", r"A_{\cdot,2}"),
        ("sum[i](w[i]*x[i])", r"\sum_{i} w_{i} \, x_{i}"),
        ("phi'(x)", r"\phi^{\prime}\left(x\right)"),
        ("zeros(m, n)", r"\mathbf{0}_{m \times n}"),
        ("ones(n)", r"\mathbf{1}_{n}"),
        ("sqrt(x + 1)", r"\sqrt{x + 1}"),
        ("1e300*x", r"1 \cdot 10^{300} \, x"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    source = f"phi(.); {text}" if "phi" in text else text
    tree = gradcalc.api.parse(source).objective if "phi" in text else parse_expression(source)
    assert to_latex(tree) == latex


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("alpha", r"\alpha"),
        ("W1", "W_{1}"),
        ("lambda_2", r"\lambda_{2}"),
        ("x_a_b", "x_{a,b}"),
        ("rate", r"\mathrm{rate}"),
        ("_", "?"),
        ("x_", "x"),
    ],
)
def test_names(name: str, latex: str) -> None:
    assert name_latex(name) == latex


def well_formed(latex: str) -> bool:
    """Braces and delimiters in pairs, no second index or power on the same base, no leftover of a template."""
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", latex):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return False
    doubled = re.search(r"[_^]\{[^{}]*\}(_\{[^{}]*\})?\s*[\^]\{[^{}]*\}\^|\^\{[^{}]*\}\^|_\{[^{}]*\}_", latex)
    pairs = latex.count(r"\left") == latex.count(r"\right")
    return depth == 0 and pairs and doubled is None and "{0}" not in latex.replace(r"\mathbf{0}", "")


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.name)
def test_every_function_and_its_derivative_is_well_formed(entry: catalogue.Function) -> None:
    assert well_formed(to_latex(parse_expression(entry.example)))
    squared = f"({entry.example})^2"
    assert well_formed(to_latex(parse_expression(squared)))
    problem = gradcalc.api.Problem(entry.example)
    if problem.typing.variables:
        derivative = gradcalc.derive(entry.example, wrt=next(iter(problem.typing.variables)))
        assert well_formed(derivative.latex())


def test_several_equations_are_aligned() -> None:
    latex = gradcalc.derive("z = W*x; norm2(sigmoid(z))^2", wrt=["W", "x"]).latex()
    assert latex.startswith(r"\begin{aligned} \frac{\partial f}{\partial W} &= ")
    assert latex.endswith(r"\end{aligned}")
    assert gradcalc.derive("x'*x", wrt="x").latex() == r"\frac{\partial f}{\partial x} = 2 \, x"


def test_entries_and_orders_on_the_left() -> None:
    assert (
        gradcalc.derive("norm2(W1*x)^2", wrt="W1[2,3]").latex().startswith(r"\frac{\partial f}{\partial {W_{1}}_{2,3}}")
    )
    assert gradcalc.derive("x'*A*y", wrt=["x", "y"], order=2).latex().count(r"\partial x\,\partial y") == 1
    assert r"\frac{\partial^{2} f}{\partial {W_{1}}^{2}}" in gradcalc.derive("norm2(W1*x)^2", wrt="W1", order=2).latex()


def test_memory_grows_with_the_text_and_not_with_its_square() -> None:
    tree = parse_expression("sin(" * 20_000 + "x" + ")" * 20_000)
    tracemalloc.start()
    text = to_latex(tree)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * len(text)
