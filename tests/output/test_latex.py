"""LaTeX of everything the language has: well formed, bracketed where it has to be, in linear time and memory."""

from __future__ import annotations

import re
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import pytest

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.language.parser import parse_expression
from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative
from gradcalc.output.latex import equation, formula_latex, in_latex, name_latex, to_latex
from gradcalc.output.templates import filled
from gradcalc.output.typesetting import box_of, positions_box


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("A'*x", r"A^{\top} x"),
        ("(A*B)'", r"(A B)^{\top}"),
        ("inv(A)'", r"A^{-\top}"),
        ("inv(A*B)'*x", r"(A B)^{-\top} x"),
        ("A\\b", r"A^{-1} b"),
        ("A'*(A*x)", r"A^{\top} A x"),
        ("A*(x'*y)", r"A \, (x^{\top} y)"),
        ("a*(1 - a)*x", r"a \, (1 - a) x"),
        ("2*(x - y)", r"2 (x - y)"),
        ("2*3*x", r"2 \cdot 3 x"),
        ("prod(A, 2)", r"\operatorname{prod}(A, 2)"),
        ("norm2(A, 1)'", r"\operatorname{norm}_{2}(A, 1)^{\top}"),
        ("rate*x", r"\mathrm{rate} \, x"),
        ("tr(A)*x", r"\operatorname{tr}(A) \, x"),
        ("x*tr(A)", r"x \operatorname{tr}(A)"),
        ("x/norm2(x)^2", r"\frac{x}{\lVert x \rVert_{2}^{2}}"),
        ("norm2(a/b)", r"\left\lVert \frac{a}{b} \right\rVert_{2}"),
        ("(-x)/a", r"-\frac{x}{a}"),
        ("(x - y/b)/a", r"\frac{1}{a} \, \left(x - \frac{y}{b}\right)"),
        ("a*exp(b/c)/d", r"\frac{a}{d} \exp\left(\frac{b}{c}\right)"),
        ("(a/b)/(c/d)", r"\frac{\frac{a}{b}}{\frac{c}{d}}"),
        ("(x/2)*A", r"\frac{x}{2} \, A"),
        ("(x/2)^2", r"\left(\frac{x}{2}\right)^{2}"),
        ("2*(a/b)", r"2 \cdot \frac{a}{b}"),
        ("a^(1/2)", "a^{1/2}"),
        ("sin(a)^2*cos(a)", r"\sin^{2}(a) \cos(a)"),
        ("sin(a)^-1", r"\sin(a)^{-1}"),
        ("exp(a)^2", r"\exp(a)^{2}"),
        ("x .* y", r"x \odot y"),
        ("(x .* y)*z'", r"(x \odot y) z^{\top}"),
        ("x.^2", r"x^{\odot 2}"),
        ("x.^(a - 1)", r"x^{\odot (a - 1)}"),
        ("square(x)^2", r"(x^{\odot 2})^{2}"),
        ("outer(x, y)*A", r"(x \otimes y) A"),
        ("A*outer(x, y)", r"A \, (x \otimes y)"),
        ("a - (b - c)", r"a - (b - c)"),
        ("-(a + b)", r"-(a + b)"),
        ("a + (-b*c)", r"a + (-b c)"),
        ("a*(-b)", r"a \, (-b)"),
        ("abs(-a)", r"\lvert -a \rvert"),
        ("W1[2,3]", r"{W_{1}}_{2,3}"),
        ("A[:,2]", r"A_{\cdot,2}"),
        ("sum[i,j](A[i,j])", r"\sum_{i,j} A_{ij}"),
        ("sum[i=1..n](x[i] + b)", r"\sum_{i=1}^{n} (x_{i} + b)"),
        ("sum[i](w[i]*x[i])", r"\sum_{i} w_{i} x_{i}"),
        ("2*(sum[i](x[i])) + b", r"2 \sum_{i} x_{i} + b"),
        ("(sum[i](x[i]))*b", r"\left(\sum_{i} x_{i}\right) b"),
        ("exp(x)[2]", r"\exp(x)_{2}"),
        ("inv(A)[1,2]", r"(A^{-1})_{1,2}"),
        ("phi'(x)", r"\phi'(x)"),
        ("phi''''(x)", r"\phi^{(4)}(x)"),
        ("zeros(m, n)", r"\mathbf{0}_{m \times n}"),
        ("ones(n)", r"\mathbf{1}_{n}"),
        ("sqrt(x + 1)", r"\sqrt{x + 1}"),
        ("1e300*x", r"10^{300} x"),
        ("12e-300*x", r"12 \cdot 10^{-300} x"),
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
        ("x_max", r"x_{\mathrm{max}}"),
        ("x_beta", r"x_{\beta}"),
        ("_1", "?_{1}"),
    ],
)
def test_names(name: str, latex: str) -> None:
    assert name_latex(name) == latex


KNOWN = {
    "alpha", "begin", "beta", "cdot", "cos", "cosh", "det", "end", "exp", "frac", "geq", "langle", "lambda", "left",
    "leq", "log", "lVert", "lvert", "mathbf", "mathrm", "mu", "neq", "odot", "operatorname", "oslash", "otimes",
    "partial", "phi", "pi", "quad", "rangle", "right", "rVert", "rvert", "sigma", "sin", "sinh", "sqrt", "sum", "tan",
    "tanh", "text", "times", "top",
}  # fmt: skip


def well_formed(latex: str) -> bool:
    """Braces and delimiters in pairs, no second index or power on the same base, no leftover of a template."""
    open_marks: list[str] = []
    for mark in re.findall(r"(?<!\\)[{}]|\\left(?![a-z])|\\right(?![a-z])", latex):
        if mark in ("{", r"\left"):
            open_marks.append(mark)
        elif not open_marks or open_marks.pop() != {"}": "{", r"\right": r"\left"}[mark]:
            return False
    doubled = re.search(r"[_^]\{[^{}]*\}(_\{[^{}]*\})?\s*[\^]\{[^{}]*\}\^|\^\{[^{}]*\}\^|_\{[^{}]*\}_", latex)
    return not open_marks and doubled is None and "{0}" not in latex.replace(r"\mathbf{0}", "")


CASES: list[tuple[str, str | list[str], int]] = [
    ("1/(1+exp(-w'*x))", "w", 1),
    ("log(1+exp(-y*w'*sigmoid(W*x+b)))", "W", 1),
    ("||A*sigmoid(x)||^2", "x", 1),
    ("phi(.); phi(W*x)'*beta", "W", 1),
    ("z = W*x+b; s = sigmoid(z); r = s-y; r'*r", "W", 1),
    ("sum((y - sigmoid(X*w)).^2)", "w", 2),
    ("tr(A*X'*B*X*C)", "X", 1),
    ("x'*inv(A)*x", "A", 1),
    ("sum[i,j](A[i,j]^2*x[j])", "A", 1),
    ("exp(-norm2(x-mu)^2/(2*sigma^2))", "x", 2),
    ("norm2(x)", "x", 2),
    ("logdet(X)", "X", 2),
    ("sin(t)^2/t", "t", 3),
    ("x'*A*y", ["x", "y"], 2),
]


def written(expression: str, wrt: str | list[str], order: int) -> list[str]:
    """All that is written of a derivative: matrix form, entries, equations."""
    derivative = gradcalc.derive(expression, wrt=wrt, order=order)
    texts = [derivative.latex()]
    for answer in derivative.answers:
        texts += [equation(answer), formula_latex(derivative.index_formula(answer))]
    return texts


def every_text() -> list[str]:
    texts = [text for expression, wrt, order in CASES for text in written(expression, wrt, order)]
    for entry in catalogue.ENTRIES:
        texts += [to_latex(parse_expression(text)) for text in (entry.example, f"({entry.example})^2")]
        variables = list(gradcalc.api.Problem(entry.example).typing.variables)
        texts += written(entry.example, variables, 1) if variables else []
    return texts


def test_everything_is_well_formed() -> None:
    assert [text for text in every_text() if not well_formed(text)] == []


def test_only_commands_of_amsmath_are_used() -> None:
    """Besides those that a template of the catalogue uses."""
    templates = {name for entry in catalogue.ENTRIES for name in re.findall(r"\\([A-Za-z]+)", entry.latex)}
    used = {name for text in every_text() for name in re.findall(r"\\([A-Za-z]+)", text)}
    assert used - templates <= KNOWN


ENGINE = next(filter(None, map(shutil.which, ("pdflatex", "xelatex", "tectonic"))), None)


@pytest.mark.skipif(ENGINE is None, reason="no TeX engine is installed")
def test_everything_compiles(tmp_path: Path) -> None:
    assert ENGINE is not None
    lines = "\n".join([rf"\[{text}\]" for text in every_text()])
    source = tmp_path / "formulas.tex"
    source.write_text(
        f"\\documentclass{{article}}\\usepackage{{amsmath,amssymb}}\\begin{{document}}\n{lines}\n\\end{{document}}\n"
    )
    options = [] if "tectonic" in ENGINE else ["-halt-on-error", "-interaction=nonstopmode"]
    done = subprocess.run([ENGINE, *options, source.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_several_equations_are_aligned() -> None:
    latex = gradcalc.derive("z = W*x; norm2(sigmoid(z))^2", wrt=["W", "x"]).latex()
    assert latex.startswith(r"\begin{aligned} \frac{\partial f}{\partial W} &= ")
    assert latex.endswith(r"\end{aligned}")
    assert gradcalc.derive("x'*x", wrt="x").latex() == r"\frac{\partial f}{\partial x} = 2 x"


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


@pytest.mark.parametrize(
    ("template", "latex"),
    [
        (r"\sqrt[3]{{{0}}}", r"\sqrt[3]{x}"),
        (r"\frac{{1}}{{{0}}}", r"\frac{1}{x}"),
        (r"\textstyle\prod {0}", r"\prod x"),
        (r"\psi_{{1}}\left({0}\right)", r"\psi_{1}(x)"),
        (r"\operatorname{{leaky\_relu}}\left({0}, {1}\right)", r"\operatorname{leaky\_relu}(x, a + b)"),
        (r"\operatorname{{huber}}_{{{1}}}\left({0}\right)", r"\operatorname{huber}_{a + b}(x)"),
        (r"{0}^{{\top}} {1} {0}", r"x^{\top} \, (a + b) x"),
        (r"{0} \log\left({1}\right)", r"x \log(a + b)"),
        (r"\log\left(e^{{{0}}} + e^{{{1}}}\right)", r"\log(e^{x} + e^{a + b})"),
        (r"{0}^{{+}}", "x^{+}"),
        (r"\left\lfloor {0} \right\rfloor", r"\lfloor x \rfloor"),
    ],
)
def test_templates(template: str, latex: str) -> None:
    operands = [box_of(parse_expression(text)) for text in ("x", "a + b")]
    box = filled(template, operands[: 2 if "a + b" in latex else 1])
    assert box is not None
    assert in_latex(box) == latex


def test_ranges_of_positions() -> None:
    assert in_latex(positions_box(((2, "n"), None))) == r"2:n,\cdot"


class Braided(Expr):
    """A kind of node that the output does not know."""

    def __init__(self, *operands: Expr) -> None:
        super().__init__(("braided",), operands)


@pytest.mark.parametrize(
    ("tree", "latex"),
    [
        (Binary(">", Name("a"), Negative(Name("b"))), "a > -b"),
        (Binary("*", Binary(">=", Name("a"), Name("b")), Name("c")), r"(a \geq b) c"),
        (Binary("<>", Name("a"), Name("b")), "a <> b"),
        (Call("max", (Name("a"), Name("b"))), r"\max(a, b)"),
        (Call("dot", (Name("a"),)), r"\operatorname{dot}(a)"),
        (Call("tanh", (Name("x"),), 3), r"\tanh'''(x)"),
        (Call("my_f", (Name("x"),)), r"\operatorname{my}_{f}(x)"),
        (Braided(Name("a"), Name("b")), r"\operatorname{Braided}(a, b)"),
    ],
)
def test_what_is_not_known_is_a_sign_or_a_function(tree: Expr, latex: str) -> None:
    assert to_latex(tree) == latex
