"""`grad` and `hessian`: formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from gradcalc.api import Derivative
from gradcalc.cli.options import (
    DIRECTION,
    EXPRESSION,
    ORDER,
    WRT,
    deriving,
    expression_text,
    make_problem,
    show,
    write,
)
from gradcalc.output.text import formula_line, shapes_text, tensor_lines, warning_lines


@click.command("grad")
@EXPRESSION
@WRT
@ORDER
@DIRECTION
@click.option("--differential", is_flag=True, help="The differential df in terms of dX.")
@deriving
def grad_command(expression: str, wrt: Sequence[str], order: int, **options: Any) -> None:
    """Derive the gradient of EXPR (its Jacobian when EXPR is a vector) as a formula.

    EXPR is an expression, `-` for standard input, or `@FILE`.

    \b
    Example:
      gradcalc grad "log(1+exp(-y*w'*sigmoid(W*x+b)))" -w W
    """
    _derive("grad", expression, wrt, order, **options)


@click.command("hessian")
@EXPRESSION
@WRT
@deriving
def hessian_command(expression: str, wrt: Sequence[str], **options: Any) -> None:
    """Derive the second derivatives of EXPR as formulas.

    With several variables, all blocks are given.

    \b
    Example:
      gradcalc hessian "sum(log(1+exp(-y.*(X*w))))" -w w
    """
    _derive("hessian", expression, wrt, 2, **options)


@click.command("hvp")
@EXPRESSION
@WRT
@DIRECTION
@deriving
def hvp_command(expression: str, wrt: Sequence[str], **options: Any) -> None:
    """Derive the product of the Hessian of EXPR with a direction, as a formula.

    The direction is called v, V for a matrix, unless --direction names it. With several variables there is a direction
    for each, and an answer by each.

    \b
    Example:
      gradcalc hvp "sum(log(1+exp(-y.*(X*w))))" -w w
    """
    _derive("hvp", expression, wrt, 2, along=True, **options)


def _derive(
    command: str,
    expression: str,
    wrt: Sequence[str],
    order: int,
    declare: Sequence[str],
    layout: str | None,
    structured: str | None,
    from_latex: bool,
    format_: str,
    as_json: bool,
    output: str | None,
    directions: Sequence[str] = (),
    differential: bool = False,
    along: bool = False,
) -> None:
    text = expression_text(expression, from_latex)
    problem = make_problem(text, declare, {})
    components = problem.components(wrt or None)
    names = problem.asked_directions(components, order, directions, differential, along)
    derivative = Derivative(problem, components, order, layout, structured, names)
    if as_json or format_ == "json":
        from gradcalc.output.result import derivation_result, dumps

        formats = ("latex", "index") if format_ in ("text", "json") else (format_,)
        write(dumps(derivation_result(command, derivative, formats)), output)
        return
    show(formatted(derivative, format_), output)


def formatted(derivative: Derivative, format_: str) -> str:
    """The formulas in a format, for people."""
    if format_ == "latex":
        from gradcalc.output.latex import equation

        return "\n".join([equation(answer) for answer in derivative.answers])
    if format_ in ("mathml", "einsum", "action", "sympy"):
        from gradcalc.output.result import written_formats

        return "\n".join(written_formats(derivative, format_))
    if format_ == "numpy":
        return derivative.code("numpy").rstrip("\n")
    if format_ == "unicode":
        from gradcalc.output.unicode import to_unicode

        return "\n".join([formula_line(derivative, answer, written=to_unicode) for answer in derivative.answers])
    lines = []
    for answer in derivative.answers:
        lines.append(formula_line(derivative, answer, index=format_ == "index"))
        if len(answer.dims) > 2 and format_ == "text" and not answer.directions:
            lines += tensor_lines(derivative, answer)
    lines += [shapes_text(derivative.problem), *warning_lines(derivative.warnings)]
    return "\n".join([line for line in lines if line])
