"""Text to trees and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse, parse_expression, parse_wrt
from gradcalc.language.printer import program_text, to_text
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, Negative, Number, Transpose

SAME = [
    ("A^T*x", "A'*x"), ("A.T*x", "A'*x"), ("Aᵀ*x", "A'*x"), ("||x||", "norm2(x)"), ("||x||^2", "norm2(x)^2"),
    ("||A||_F", "norm2(A)"), ("||x||_1", "norm1(x)"), ("A:B", "dot(A, B)"), ("x⊙y", "x .* y"), ("x·y", "x*y"),
    ("x − y", "x - y"), ("x²", "x^2"), ("x**3", "x^3"), ("σ(x)", "sigmoid(x)"), ("β*x", "beta*x"),
    ("1./x", "1 ./ x"), ("2.^t", "2 .^ t"), ("2.*x", "2 .* x"), ("-x^2", "-(x^2)"), ("2^-3^x", "2^(-(3^x))"),
    ("a*-b", "a*(-b)"), ("a-b-c", "(a-b)-c"), ("a^b^c", "a^(b^c)"), ("-a*b", "(-a)*b"), ("a/b*c", "(a/b)*c"),
    ("+x", "x"), ("x'^2", "(x')^2"), ("ln(x)", "log(x)"), ("A:B + C:D", "dot(A,B) + dot(C,D)"), ("1e-3*x", "0.001*x"),
    ("||x - ||y||*z||", "norm2(x - norm2(y)*z)"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_alternative_spellings(one: str, other: str) -> None:
    assert parse_expression(one) == parse_expression(other)


def _trees() -> st.SearchStrategy[Expr]:
    leaves = st.one_of(
        st.sampled_from(["x", "W", "beta", "t1"]).map(Name),
        st.integers(0, 10**20).map(Number),
        st.decimals(0, 1000, places=6).map(lambda value: Number(__import__("fractions").Fraction(value))),
    )

    def extend(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        operators = st.sampled_from(["+", "-", "*", "/", "\\", ".*", "./", "^", ".^"])
        return st.one_of(
            st.builds(Binary, operators, inner, inner),
            inner.map(Negative),
            inner.map(Transpose),
            inner.map(lambda tree: Call("exp", (tree,))),
            st.tuples(inner, inner).map(lambda pair: Call("dot", pair)),
            inner.map(lambda tree: Index(tree, (2, None))),
            inner.map(lambda tree: Call("sigmoid", (tree,), 2)),
        )

    return st.recursive(leaves, extend, max_leaves=25)


@given(_trees())
def test_printing_is_the_inverse_of_parsing(tree: Expr) -> None:
    assert parse_expression(to_text(tree)) == tree


@given(
    st.lists(
        st.sampled_from(
            [
                "x",
                "W",
                "sum",
                "exp",
                "(",
                ")",
                "[",
                "]",
                "'",
                "*",
                ".*",
                "/",
                "+",
                "-",
                "^",
                ",",
                ";",
                ":",
                "=",
                "||",
                "1",
                ".5",
                "2.",
                "#",
                "\n",
                "i",
                "..",
                "sigma",
                "phi.",
            ]
        )
    )
)
def test_any_tokens_are_a_program_or_an_error_with_a_place(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        program = parse(text)
    except GradcalcError as error:
        assert error.kind in ("syntax", "name", "shape", "limit")
        if error.span is not None:
            assert 0 <= error.span[0] <= len(text)
        assert error.render()
    else:
        assert parse(program_text(program)) == program


ERRORS = [
    ("", "syntax", None), ("x +", "syntax", (2, 3)), ("(x", "syntax", (0, 1)), ("x)", "syntax", (1, 2)),
    ("2x", "syntax", (0, 2)), ("x y", "syntax", (0, 3)), ("foo(x)", "name", (0, 3)), ("exp + 1", "name", (0, 3)),
    ("exp()", "syntax", (0, 5)), ("exp(x, y)", "syntax", (0, 9)), ("1.2.3", "syntax", (0, 5)),
    ("x[0]", "shape", (1, 4)), ("a = b; b = a; a", "name", (0, 5)), ("x = 1; x = 2; x", "name", (7, 12)),
    ("x = = y", "syntax", (4, 5)), ("x & y", "syntax", (2, 3)),
    ("x ; y", "syntax", (0, 1)), ('"x"', "syntax", (0, 1)), ("||x", "syntax", (0, 2)),
    ("[1, 2", "syntax", (0, 1)), ("[1, ; 2]", "syntax", (2, 5)), ("x[1:]", "syntax", (4, 5)),
    ("x*/y", "syntax", (1, 3)), ("A: matrix[m]; A", "shape", (0, 12)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "span"), ERRORS)
def test_errors_have_kind_and_place(text: str, kind: str, span: tuple[int, int] | None) -> None:
    with pytest.raises(GradcalcError) as raised:
        parse(text)
    assert raised.value.kind == kind
    if span is not None:
        assert raised.value.span == span


def test_misspelt_function_names_the_nearest() -> None:
    with pytest.raises(GradcalcError, match="no function sofmax") as raised:
        parse("sofmax(x)")
    assert raised.value.hint is not None
    assert "softmax" in raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000 + "x" + ")" * 100_000,
        "-" * 100_000 + "x",
        "x" + "'" * 100_000,
        "exp(" * 50_000 + "x" + ")" * 50_000,
    ],
    ids=["parentheses", "signs", "transposes", "calls"],
)
def test_depth_is_no_limit(text: str) -> None:
    tree = parse(text).objective
    assert parse_expression(to_text(tree)) == tree


def test_text_that_is_too_long_is_a_limit() -> None:
    with pytest.raises(GradcalcError) as raised:
        parse("x" * (1 << 20) + "+x")
    assert raised.value.kind == "limit"


@pytest.mark.parametrize(
    ("text", "component"), [("W", ("W", ())), ("W[2,3]", ("W", (2, 3))), ("w[i]", ("w", ("i",))), ("β", ("beta", ()))]
)
def test_wrt(text: str, component: tuple[str, tuple[int | str, ...]]) -> None:
    assert parse_wrt(text) == component
