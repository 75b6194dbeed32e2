"""Explanations as they are written: aligned text, LaTeX, Markdown, a page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import gradcalc
from gradcalc.derivation.explanation import STYLES, Explanation
from gradcalc.output.boxes import Box
from gradcalc.output.explanation import explanation_text
from gradcalc.output.explanation_boxes import rule_pieces
from gradcalc.output.explanation_html import explanation_html
from gradcalc.output.explanation_latex import explanation_latex, explanation_markdown, step_latex
from gradcalc.output.terminal import styled

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"

SHOWN = [
    *[(P2, "W", style) for style in STYLES],
    *[("log(det(X'*X))", "X", style) for style in STYLES],
    ("A*X*B", "X", "differential"),
    ("norm2(x)*a'*x", "x", "chain"),
    ("x: scalar; 1/x", "x", "differential"),
    ("sum(x .* (x > 0))", "x", "index"),
]


@pytest.fixture(params=SHOWN, ids=str)
def explanation(request: pytest.FixtureRequest) -> Explanation:
    expression, wrt, style = request.param
    return gradcalc.derive(expression, wrt).explain(style)


def test_text_is_aligned() -> None:
    lines = str(gradcalc.derive(P2, "W").explain()).splitlines()
    start = lines.index("Substitute, and move the factors over")
    section = lines[start + 1 : lines.index("", start)]
    assert len({line.index(" = ") for line in section}) == 1
    assert section[0] == (
        "  df = sigmoid(alpha)*dalpha                           chain rule, softplus'(t) = sigmoid(t)"
    )


def test_text_has_every_line(explanation: Explanation) -> None:
    text = explanation_text(explanation)
    for step in explanation.steps:
        assert f"= {step.right_text}" in text


def test_rules_are_dim_at_a_terminal() -> None:
    line = "     = -y*sigmoid(alpha)*w : ds                        b'*c = b : c"
    (span,) = styled(line).spans
    assert line[span.start : span.end].strip() == "b'*c = b : c"
    assert span.style == "dim"
    assert styled("Name the parts").spans[0].style == "bold"


def test_latex_is_one_balanced_align(explanation: Explanation) -> None:
    latex = explanation_latex(explanation)
    assert latex.startswith("\\begin{align*}\n")
    assert latex.endswith("\n\\end{align*}")
    assert latex.count("\\begin{align*}") == 1
    bare = latex.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    rows = latex.split("\n")[1:-1]
    assert all(row.endswith((r"\\", "[1ex]")) for row in rows[:-1])
    assert not rows[-1].endswith(r"\\")


def test_latex_of_a_line() -> None:
    found = gradcalc.derive(P2, "W").explain()
    one = found.derived[0]
    assert step_latex(one.steps[-4], one.differentials) == (
        r"\mathrm{d}f = -y \sigma(\alpha) \, (w \odot s \odot (1 - s)) x^{\top} : \mathrm{d}W"
    )


def test_kronecker_deltas_are_set_as_such() -> None:
    assert r"\frac{\mathrm{d} z_{i}}{\mathrm{d} W_{jk}} &= \delta_{ij} x_{k}" in explanation_latex(
        gradcalc.derive(P2, "W").explain("index")
    )


def test_markdown_has_blocks_of_mathematics_that_code_hosts_take(explanation: Explanation) -> None:
    markdown = explanation_markdown(explanation)
    blocks = re.findall(r"```math\n(.*?)\n```", markdown, re.DOTALL)
    assert len(blocks) == len(dict.fromkeys(step.section for step in explanation.steps))
    assert all(block.startswith("\\begin{aligned}") and block.endswith("\\end{aligned}") for block in blocks)
    assert r"\operatorname" not in markdown


def test_the_page_is_well_formed_and_needs_nothing(explanation: Explanation) -> None:
    page = explanation_html(explanation)
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert not {"script", "link", "img", "iframe", "object"} & set(names)
    assert not re.search(r"(src|href)=|@import|url\(", page)
    assert names.count("tr") == len(explanation.steps)


def test_the_page_escapes_what_was_typed() -> None:
    page = explanation_html(gradcalc.derive("sum(x .* (x > 0))", "x").explain())
    assert "x &gt; 0" in page


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("A : B*C = A*C' : B", [""]),
        ("linear in W; b is constant", ["linear in ", "; ", " is constant"]),
        ("chain rule, sigmoid'(t) = sigmoid(t)*(1 - sigmoid(t))", ["chain rule, "]),
        ("put in dz", ["put in "]),
        ("d inv(X) = -inv(X)*dX*inv(X)", [""]),
        ("collect like terms", ["collect like terms"]),
        ("vector m; symmetric: Z' = Z", ["vector m; symmetric: "]),
    ],
)
def test_rules_are_words_and_formulas(rule: str, words: list[str]) -> None:
    pieces = rule_pieces(rule, {"dz": "z"})
    assert [piece for piece in pieces if isinstance(piece, str)] == [word for word in words if word]
    assert any(isinstance(piece, Box) for piece in pieces) == (rule != "collect like terms")
