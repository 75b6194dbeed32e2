"""The commands by name, imported one at a time."""

from __future__ import annotations

import re

import click

from gradcalc import __version__

_MODULES = {
    "grad": "gradcalc.cli.deriving",
    "hessian": "gradcalc.cli.deriving",
    "hvp": "gradcalc.cli.deriving",
    "explain": "gradcalc.cli.explaining",
    "eval": "gradcalc.cli.evaluating",
    "check": "gradcalc.cli.evaluating",
    "verify": "gradcalc.cli.verifying",
    "batch": "gradcalc.cli.batch",
    "functions": "gradcalc.cli.reference",
    "schema": "gradcalc.cli.reference",
}

_SUMMARIES = {
    "grad": "Derive a gradient (a Jacobian when the objective is a vector).",
    "hessian": "Derive second derivatives.",
    "hvp": "Derive the product of the Hessian with a vector.",
    "explain": "Derive a gradient line by line, each line checked.",
    "eval": "Evaluate an expression and its derivatives on arrays.",
    "check": "Derive, evaluate, and compare with finite differences.",
    "verify": "Judge a claimed derivative: right, or wrong and why.",
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


_SHORT = {"-w": "--wrt", "-o": "--output"}
_FLAGS = frozenset(
    ["--json", "--random", "--allow-nonfinite", "--exact", "--latex", "--differential", "--help", "--version", "-h"]
)

_ATTACHED = {"-w": re.compile(r"=?(\w+(?:\[[^]]*\])?)"), "-o": re.compile(r"=?([^*'^+()|;\\]+)")}
"""Values that stand right after a short option: `-wW[2,3]`, `-oout.json`; but `-w'*x` is an expression."""


def command_of(arguments: list[str]) -> str:
    return next((word for word in arguments if not word.startswith("-")), "")


def asks_for_json(arguments: list[str]) -> bool:
    """Whether errors are to be JSON as well; known before the arguments are understood."""
    formats = [arguments[place + 1 : place + 2] for place, word in enumerate(arguments) if word == "--format"]
    return "--json" in arguments or "--format=json" in arguments or ["json"] in formats


def rewritten(arguments: list[str]) -> list[str]:
    """The arguments with short options written out and a blank before an expression that starts with a sign.

    What starts with one `-` and is none of our options is an expression: `-x'*y`.
    """
    answer: list[str] = []
    value_follows = False
    for place, argument in enumerate(arguments):
        if value_follows or len(argument) < 2 or not argument.startswith("-"):
            value_follows = False
            answer.append(argument)
        elif argument == "--":
            return [*answer, *arguments[place:]]
        elif argument.startswith("--") or argument in _SHORT or argument in _FLAGS:
            value_follows = argument not in _FLAGS and "=" not in argument
            answer.append(_SHORT.get(argument, argument))
        else:
            option = argument[:2]
            attached = _ATTACHED[option].fullmatch(argument[2:]) if option in _SHORT else None
            answer.append(f" {argument}" if attached is None else f"{_SHORT[option]}={attached[1]}")
    return answer
