"""MathML of everything the language has: well formed, each element with as many children as it takes."""

from __future__ import annotations

import time
from xml.etree import ElementTree

import pytest

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.language.parser import parse, parse_expression
from gradcalc.language.syntax import Binary, Call, Expr, Name
from gradcalc.output.mathml import NAMESPACE, equation_mathml, to_mathml

_CHILDREN = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2, "munderover": 3, "mroot": 2}

_ELEMENTS = {*_CHILDREN, "math", "mrow", "mi", "mn", "mo", "mspace", "mtext", "msqrt", "mtable", "mtr", "mtd"}

_INVISIBLE = (
    "<mo>\u2061</mo>",
    "<mo>\u2062</mo>",
    "<mo>\u2063</mo>",
    '<mspace width="0.167em"/>',
    ' form="prefix"',
    ' form="postfix"',
    ' lspace="0" rspace="0"',
)


def mathml(text: str) -> str:
    """The MathML of an expression, without the invisible operators, spaces and attributes."""
    tree = parse("phi(.); " + text).objective if "phi" in text else parse_expression(text)
    written = to_mathml(tree)
    for part in _INVISIBLE:
        written = written.replace(part, "")
    return written


def checked(text: str) -> ElementTree.Element:
    """The tree of a text, after a look at every element."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        assert name in _ELEMENTS, name
        assert len(element) == _CHILDREN.get(name, len(element)), ElementTree.tostring(element)
        assert name not in ("mi", "mn", "mo") or element.text
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "<mi>x</mi>"),
        ("rate", "<mi>rate</mi>"),
        ("beta", "<mi>β</mi>"),
        ("2.5", "<mn>2.5</mn>"),
        ("x_1", "<msub><mi>x</mi><mn>1</mn></msub>"),
        ("A'", "<msup><mi>A</mi><mi>⊤</mi></msup>"),
        ("A1'", "<msubsup><mi>A</mi><mn>1</mn><mi>⊤</mi></msubsup>"),
        ("inv(X)", "<msup><mi>X</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup>"),
        ("inv(X)'", "<msup><mi>X</mi><mrow><mo>−</mo><mi>⊤</mi></mrow></msup>"),
        ("A*x", "<mrow><mi>A</mi><mi>x</mi></mrow>"),
        ("x .* y", "<mrow><mi>x</mi><mo>⊙</mo><mi>y</mi></mrow>"),
        ("x.^2", "<msup><mi>x</mi><mrow><mo>⊙</mo><mn>2</mn></mrow></msup>"),
        ("a/(b + 1)", "<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>"),
        ("-a", "<mrow><mo>−</mo><mi>a</mi></mrow>"),
        ("exp(t)", "<mrow><mi>exp</mi><mrow><mo>(</mo><mi>t</mi><mo>)</mo></mrow></mrow>"),
        ("sigmoid(t)", "<mrow><mi>σ</mi><mrow><mo>(</mo><mi>t</mi><mo>)</mo></mrow></mrow>"),
        ("diag(x)", "<mrow><mi>diag</mi><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>"),
        ("heaviside(t)", '<mrow><mi mathvariant="normal">H</mi><mrow><mo>(</mo><mi>t</mi><mo>)</mo></mrow></mrow>'),
        ("sqrt(t)", "<msqrt><mi>t</mi></msqrt>"),
        ("abs(t)", "<mrow><mo>|</mo><mi>t</mi><mo>|</mo></mrow>"),
        ("norm1(x)", "<msub><mrow><mo>‖</mo><mi>x</mi><mo>‖</mo></mrow><mn>1</mn></msub>"),
        ("norm2(x)^2", "<msubsup><mrow><mo>‖</mo><mi>x</mi><mo>‖</mo></mrow><mn>2</mn><mn>2</mn></msubsup>"),
        ("A[i,j]", "<msub><mi>A</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>"),
        ("sum[i](x[i])", "<mrow><munder><mo>∑</mo><mi>i</mi></munder><msub><mi>x</mi><mi>i</mi></msub></mrow>"),
        (
            "sum[i=1..n](x)",
            "<mrow><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
            "<mi>x</mi></mrow>",
        ),
        ("zeros(n)", "<msub><mn>𝟎</mn><mi>n</mi></msub>"),
        ("phi''(x)", "<mrow><msup><mi>φ</mi><mo>″</mo></msup><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>"),
    ],
)
def test_mathml(text: str, expected: str) -> None:
    assert mathml(text) == expected


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.name)
def test_every_function_and_its_derivative_is_well_formed(entry: catalogue.Function) -> None:
    checked(to_mathml(parse_expression(entry.example)))
    variables = list(gradcalc.api.Problem(entry.example).typing.variables)
    if variables:
        derivative = gradcalc.derive(entry.example, wrt=variables)
        for answer in derivative.answers:
            checked(equation_mathml(answer))
            checked(to_mathml(derivative.index_formula(answer).tree))


@pytest.mark.parametrize(
    ("expression", "wrt", "order"),
    [
        ("exp(-norm2(x-mu)^2/(2*sigma^2))", "x", 2),
        ("logdet(X)", "X", 2),
        ("x'*A*y", ["x", "y"], 2),
        ("norm2(W1*x)^2", "W1[2,3]", 1),
        ("phi(.); phi(W*x)'*beta", "W", 2),
    ],
)
def test_derivatives_are_well_formed(expression: str, wrt: str | list[str], order: int) -> None:
    for answer in gradcalc.derive(expression, wrt=wrt, order=order).answers:
        checked(equation_mathml(answer))


def test_names_stand_below_the_equation_and_are_aligned_with_it() -> None:
    derivative = gradcalc.derive("z = W*x + b; s = sigmoid(z); s'*s", wrt="W")
    root = checked(equation_mathml(derivative.answers[0]))
    assert root.tag == f"{{{NAMESPACE}}}math"
    rows = root.findall(f".//{{{NAMESPACE}}}mtr")
    assert len(rows) == 1 + len(derivative.answers[0].where)
    assert all(row[1][0].text == "=" for row in rows)
    assert [text.text for text in root.iter(f"{{{NAMESPACE}}}mtext")] == ["where\u00a0"]


def test_an_equation_without_names_is_no_table() -> None:
    text = equation_mathml(gradcalc.derive("x'*A*x", wrt="x").answers[0])
    assert "mtable" not in text
    assert "<mfrac><mrow><mi>∂</mi><mi>f</mi></mrow><mrow><mi>∂</mi><mi>x</mi></mrow></mfrac>" in text


class Braided(Expr):
    """A kind of node that the output does not know."""

    def __init__(self, *operands: Expr) -> None:
        super().__init__(("braided",), operands)


@pytest.mark.parametrize(
    "tree",
    [
        Binary("<", Name("a"), Name("b")),
        Binary("<>", Name("a"), Name("b")),
        Call("max", (Name("a"), Name("b"))),
        Call("unheard_of", (Name("a"), Name("b")), 5),
        Braided(Name("a")),
    ],
)
def test_what_is_not_known_is_a_sign_or_a_function(tree: Expr) -> None:
    checked(to_mathml(tree))


def test_deep_expressions_in_linear_time() -> None:
    def seconds(depth: int) -> float:
        tree = parse_expression("sin(" * depth + "x" + ")" * depth)
        start = time.perf_counter()
        assert to_mathml(tree).count("<mi>sin</mi>") == depth
        return time.perf_counter() - start

    seconds(1000)
    assert seconds(40_000) < 20 * max(seconds(8_000), 0.01)
