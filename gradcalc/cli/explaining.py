"""`explain`: derivations, line by line."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gradcalc.api import Derivative
from gradcalc.cli.options import (
    EXPRESSION,
    WRT,
    deriving_as,
    expression_text,
    make_problem,
    show,
    write,
)

_FORMATS = ("text", "latex", "markdown", "html", "json")


@click.command("explain")
@EXPRESSION
@WRT
@click.option("--order", type=int, default=1, hidden=True)
@click.option(
    "--style",
    type=click.Choice(["differential", "chain", "index"]),
    default="differential",
    show_default=True,
    help="By differentials, by Jacobians and the chain rule, or entry by entry.",
)
@click.option("--depth", type=int, default=12, show_default=True, help="How many parts of EXPR are shown.")
@deriving_as(_FORMATS)
def explain_command(
    expression: str,
    wrt: Sequence[str],
    order: int,
    style: str,
    depth: int,
    declare: Sequence[str],
    layout: str | None,
    structured: str | None,
    from_latex: bool,
    format_: str,
    as_json: bool,
    output: str | None,
) -> None:
    """Derive the gradient of EXPR line by line, with the rule of each line.

    Every line is checked in numbers before it is shown. HTML is one page that needs nothing else.

    \b
    Example:
      gradcalc explain "log(1+exp(-y*w'*sigmoid(W*x+b)))" -w W
    """
    from gradcalc.derivation.explanation import explain

    problem = make_problem(expression_text(expression, from_latex), declare, {})
    derivative = Derivative(problem, problem.components(wrt or None), order, layout, structured)
    explanation = explain(derivative, style, depth)
    if as_json or format_ == "json":
        from gradcalc.output.result import dumps, explanation_result

        write(dumps(explanation_result(explanation, ("latex", "index"))), output)
    elif format_ == "latex":
        from gradcalc.output.explanation_latex import explanation_latex

        write(explanation_latex(explanation), output)
    elif format_ == "markdown":
        from gradcalc.output.explanation_latex import explanation_markdown

        write(explanation_markdown(explanation), output)
    elif format_ == "html":
        from gradcalc.output.explanation_html import explanation_html

        write(explanation_html(explanation), output)
    else:
        show(str(explanation), output)
