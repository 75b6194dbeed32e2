"""`eval` and `check`: numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from gradcalc.cli.options import (
    EXPRESSION,
    ORDER,
    WRT,
    deriving,
    evaluating,
    expression_text,
    load_arrays,
    make_problem,
    parse_sizes,
    show,
    write,
)

INCONCLUSIVE = 5


@click.command("eval")
@EXPRESSION
@WRT
@ORDER
@deriving
@evaluating
def eval_command(expression: str, wrt: Sequence[str], **options: Any) -> int:
    """Evaluate EXPR, and the derivatives asked for, on arrays.

    Without data, arrays are drawn at random and the seed is printed.

    \b
    Example:
      gradcalc eval "norm2(A*x - b)^2" -w x --set A=[[1,2],[3,4]] --set x=[1,1] --set b=[0,1]
    """
    return _run("eval", expression, wrt, exact=False, **options)


@click.command("check")
@EXPRESSION
@WRT
@ORDER
@deriving
@evaluating
@click.option("--exact", is_flag=True, help="Prove it with SymPy as well, entry by entry at small sizes.")
def check_command(expression: str, wrt: Sequence[str], **options: Any) -> int:
    """Derive, evaluate, and compare with finite differences of EXPR itself.

    Exits with 1 when the check fails, with 5 when it is inconclusive.

    \b
    Example:
      gradcalc check "log(1+exp(-y*w'*sigmoid(W*x+b)))" -w W
    """
    return _run("check", expression, wrt, **options)


def _run(
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
    data: Sequence[str],
    sets: Sequence[str],
    at_random: bool,
    seed: int,
    sizes: Sequence[str],
    allow_nonfinite: bool,
    exact: bool,
) -> int:
    from gradcalc.numericrun import NumericRun

    text = expression_text(expression, from_latex)
    arrays = load_arrays(data, sets)
    problem = make_problem(text, declare, arrays)
    run = NumericRun(
        command,
        problem,
        list(wrt),
        order=order,
        layout=layout,
        structured=structured,
        arrays=arrays,
        at_random=at_random,
        seed=seed,
        sizes=parse_sizes(sizes),
        allow_nonfinite=allow_nonfinite,
        exact=exact,
    )
    if as_json or format_ == "json":
        from gradcalc.output.result import dumps

        formats = ("latex", "index") if format_ in ("text", "json") else (format_,)
        write(dumps(run.result(formats)), output)
    else:
        show(run.text(format_), output)
    return run.exit_code
