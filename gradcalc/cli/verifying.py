"""`verify`: claimed derivatives judged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gradcalc.cli.options import (
    ORDER,
    WRT,
    argument_text,
    deriving,
    expression_text,
    load_arrays,
    make_problem,
    parse_sizes,
    show,
    with_arrays,
    write,
)
from gradcalc.errors import GradcalcError

if TYPE_CHECKING:
    from gradcalc.verification import Verification

_SOURCES = ("CLAIM", "--function", "--program", "--array")


@click.command("verify")
@click.argument("expression", metavar="[EXPR]", required=False)
@click.argument("claim", metavar="[CLAIM]", required=False)
@WRT
@ORDER
@click.option("--function", metavar="MODULE:NAME", help="A Python function that computes the gradient.")
@click.option("--program", metavar="FILE.py:NAME", help="The same, in a file.")
@click.option("--array", metavar="FILE", help="A gradient computed elsewhere, at the inputs of --data and --set.")
@click.option("--file", "claims", metavar="FILE", help="Judge the claims of a .toml or .json file, print a table.")
@click.option("--junit", metavar="FILE", help="With --file: write JUnit XML as well.")
@with_arrays
@deriving
def verify_command(
    expression: str | None, claim: str | None, claims: str | None, junit: str | None, **options: Any
) -> int:
    """Judge a claimed derivative of EXPR: right, in either layout, or wrong, and why.

    CLAIM is an expression in the names of EXPR, with `f` for EXPR itself, or a program with definitions of its own. It
    may be `@FILE`. With -w 'W[i,j]' it may be in the indices i and j.

    Exits with 0 when it is right, with 1 when it is wrong, with 5 when that cannot be said.

    \b
    Example:
      gradcalc verify "x'*A*x" -w x "2*A*x"
      gradcalc verify "sum(log(1+exp(X*w)))" -w w --program model.py:gradient
      gradcalc verify --file claims.toml --junit claims.xml
    """
    if claims is not None:
        if expression is not None or claim is not None:
            raise GradcalcError("usage", "--file takes no EXPR and no CLAIM", hint="They stand in the file.")
        return _judge_file(claims, junit, options["as_json"] or options["format_"] == "json", options["output"])
    if junit is not None:
        raise GradcalcError("usage", "--junit goes with --file", hint="gradcalc verify --file claims.toml --junit FILE")
    if expression is None:
        raise GradcalcError("usage", "there is no expression", hint="gradcalc verify EXPR -w NAME CLAIM")
    verification = _judged(expression, claim, **options)
    if options["as_json"] or options["format_"] == "json":
        from gradcalc.output.result import dumps

        write(dumps(verification.to_dict(_formats(options["format_"]))), options["output"])
    else:
        show(str(verification), options["output"])
    return verification.exit_code


def _judge_file(path: str, junit: str | None, as_json: bool, output: str | None) -> int:
    """Judges all claims of a file; 0 where all came out as expected, 1 where one did not.

    Raises GradcalcError of kind data where the file cannot be read.
    """
    from gradcalc.claimsfile import Case, read_claims

    cases = [Case(number, entry) for number, entry in enumerate(read_claims(path), 1)]
    for case in cases:
        case.judge()
    if junit is not None:
        from gradcalc.output.junit import junit_xml

        write(junit_xml(os.path.basename(path), cases).rstrip("\n"), junit)
    if as_json:
        from gradcalc.output.result import dumps
        from gradcalc.output.verdict import claims_result

        write(dumps(claims_result(path, cases)), output)
    else:
        from gradcalc.output.verdict import claims_table

        show(claims_table(cases), output)
    return 1 if any(case.complaint is not None for case in cases) else 0


def _formats(format_: str) -> tuple[str, ...]:
    return ("latex", "index") if format_ in ("text", "json") else (format_,)


def _judged(
    expression: str,
    claim: str | None,
    wrt: Sequence[str],
    order: int,
    function: str | None,
    program: str | None,
    array: str | None,
    data: Sequence[str],
    sets: Sequence[str],
    seed: int,
    sizes: Sequence[str],
    declare: Sequence[str],
    layout: str | None,
    structured: str | None,
    from_latex: bool,
    format_: str,
    as_json: bool,
    output: str | None,
) -> Verification:
    from gradcalc import verification

    sources = dict(zip(_SOURCES, (claim, function, program, array)))
    given = [name for name, value in sources.items() if value is not None]
    if len(given) != 1:
        said = "there is no claim" if not given else f"{' and '.join(given)} are two claims"
        raise GradcalcError("usage", said, hint=f"Give one of {', '.join(_SOURCES)}.")
    text = expression_text(expression, from_latex)
    arrays = load_arrays(data, sets)
    problem = make_problem(text, declare, arrays)
    common: dict[str, Any] = {"order": order, "layout": layout, "structured": structured, "seed": seed}
    names = list(wrt) or None
    if array is not None:
        name, values = _loaded(array)
        return verification.verify_array(problem, names, values, name, arrays, **common)
    common["sizes"] = parse_sizes(sizes)
    common["arrays"] = arrays
    if claim is not None:
        return verification.verify_claim(problem, names, _claim_text(claim, from_latex), **common)
    option, specification = ("--function", function) if function is not None else ("--program", program or "")
    return verification.verify_program(problem, names, option, specification, **common)


def _claim_text(claim: str, from_latex: bool) -> str:
    text = argument_text(claim)
    if from_latex:
        from gradcalc.language.latex.program import latex_to_text

        return latex_to_text(text)
    return text


def _loaded(path: str) -> tuple[str, Any]:
    """The only array of a file, whatever it is called there."""
    from gradcalc.numeric.files import load_data

    nameless = path.lower().endswith((".npy", ".csv", ".tsv"))
    found = load_data(f"gradient={path}" if nameless else path)
    if len(found) != 1:
        raise GradcalcError(
            "data", f"{path} holds {len(found)} arrays", hint="Give a file with the gradient alone in it."
        )
    return path, next(iter(found.values()))
