"""The commands by name, imported one at a time."""

from __future__ import annotations

import re

import click

from gradcalc import __version__

_MODULES = {
    "grad": "gradcalc.cli.deriving",
    "hessian": "gradcalc.cli.deriving",
    "eval": "gradcalc.cli.evaluating",
    "check": "gradcalc.cli.evaluating",
    "batch": "gradcalc.cli.batch",
    "functions": "gradcalc.cli.reference",
    "schema": "gradcalc.cli.reference",
}

_SUMMARIES = {
    "grad": "Derive a gradient (a Jacobian when the objective is a vector).",
    "hessian": "Derive second derivatives.",
    "eval": "Evaluate an expression and its derivatives on arrays.",
    "check": "Derive, evaluate, and compare with finite differences.",
    "batch": "Answer JSON requests, one a line.",
    "functions": "List the functions of the language.",
    "schema": "Print the JSON Schema of requests and results.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = _MODULES.get(cmd_name)
        if home is None:
            return None
        import importlib

        command: click.Command = getattr(importlib.import_module(home), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradcalc")
def cli() -> None:
    """Gradients of functions of vectors and matrices: as formulas, in numbers, checked.

    \b
    Example:
      gradcalc check "log(1+exp(-y*w'*sigmoid(W*x+b)))" --wrt W
    """


_EXPRESSION_WITH_SIGN = re.compile(r"-(?:[^-\w]|\d|\w+[^\w=-]|-)")


def protected(arguments: list[str]) -> list[str]:
    """The arguments with expressions that start with a minus sign made recognisable: a blank is put before them."""
    answer: list[str] = []
    ended = False
    value_follows = False
    for argument in arguments:
        is_expression = (
            not ended
            and not value_follows
            and len(argument) > 1
            and not argument.startswith("--")
            and _EXPRESSION_WITH_SIGN.match(argument) is not None
        )
        ended = ended or argument == "--"
        answer.append(f" {argument}" if is_expression else argument)
        value_follows = argument in ("-w", "--wrt", "-o")
    return answer
