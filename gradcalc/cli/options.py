"""The options, each defined once, and what they mean."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcalc.errors import GradcalcError, brief
from gradcalc.limits import GENEROUS, LIMIT_KEYS, ORDINARY, Limits, checked, each_within, waiting, within

if TYPE_CHECKING:
    from gradcalc.api import Problem

Command = TypeVar("Command", bound=Callable[..., Any])

_FORMATS = ("text", "unicode", "latex", "mathml", "index", "einsum", "action", "sympy", "numpy", "json")

EXPRESSION = click.argument("expression", metavar="EXPR")

WRT = click.option("-w", "--wrt", multiple=True, metavar="NAME", help="A variable, or an entry w[2]; repeatable.")

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

OUTPUT = click.option("-o", "--output", metavar="FILE", help="Write to a file, whole or not at all.")

_DERIVING = (
    click.option("--declare", multiple=True, metavar="DECL", help='A declaration, as "W: matrix[m,n]".'),
    click.option("--layout", type=click.Choice(["denominator", "numerator"]), help="The layout of derivatives."),
    click.option(
        "--structured",
        type=click.Choice(["projected", "independent"]),
        help="How a gradient lies within the structure of its variable; projected by default.",
    ),
    click.option("--latex", "from_latex", is_flag=True, help="EXPR is LaTeX."),
)

_ARRAYS = (
    click.option("--data", multiple=True, metavar="FILE", help="Arrays: .json, .npz; NAME=FILE for .npy, .csv, .tsv."),
    click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="One array, as x=[1,2,3]."),
    click.option("--seed", type=int, default=0, show_default=True, help="The seed of random arrays."),
    click.option("--size", "sizes", multiple=True, metavar="DIM=N", help="The size of a dimension, as m=3."),
)

_EVALUATING = (
    *_ARRAYS,
    click.option("--random", "at_random", is_flag=True, help="Draw what is not given."),
    click.option("--allow-nonfinite", is_flag=True, help="Show nan and inf instead of an error."),
)

ORDER = click.option("--order", type=int, default=1, show_default=True, help="How often to differentiate.")


def _bytes(context: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """A number of bytes: 500000000, 500M, 2G."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if found is None:
        raise click.BadParameter(f"{brief(text)} is no number of bytes, such as 500M or 2G", context, option)
    return int(found[1]) << (10 * " KMGT".index(found[2].upper() or " "))


_LIMITS = (
    click.option("--max-seconds", type=float, metavar="N", help="Give up after so many seconds; 20 by default."),
    click.option("--max-bytes", callback=_bytes, metavar="N", help="Give up where more memory is needed, as 500M."),
    click.option("--max-operations", type=int, metavar="N", help="Give up after so many steps of work."),
)


def limits_of(options: dict[str, Any]) -> Limits:
    """The limits among the options, which are taken out. Raises GradcalcError of kind usage."""
    seconds, size, operations = [options.pop(name) for name in LIMIT_KEYS]
    return checked(seconds, size, operations, ("--max-seconds", "--max-bytes", "--max-operations"))


def limit_options(command: Command) -> Command:
    for option in reversed(_LIMITS):
        command = option(command)
    return command


def limited(command: Command) -> Command:
    """Runs a command within the limits that its options give, a file of claims claim by claim."""

    @functools.wraps(command)
    def run(**options: Any) -> Any:
        limits = limits_of(options)
        if options.get("claims") is not None:
            with each_within(limits.or_else(ORDINARY)):
                return command(**options)
        brings_its_own = any(options.get(name) for name in ("data", "sets", "sizes", "exact", "array"))
        with within(limits.or_else(GENEROUS if brings_its_own else ORDINARY), end_at_once):
            return command(**options)

    return limit_options(run)  # type: ignore[return-value]


def end_at_once(error: GradcalcError) -> None:
    """Says what went wrong, in the place of a main thread that cannot, and ends the process."""
    from gradcalc.cli import end_with

    end_with(error)


def format_option(formats: Sequence[str]) -> Callable[[Command], Command]:
    return click.option(
        "--format", "format_", type=click.Choice(formats), default="text", help="How formulas are written."
    )


def deriving_as(formats: Sequence[str]) -> Callable[[Command], Command]:
    """The options of a command that derives, and writes in one of the formats."""

    def decorated(command: Command) -> Command:
        command = limited(command)
        for option in reversed((*_DERIVING, format_option(formats), JSON, OUTPUT)):
            command = option(command)
        return command

    return decorated


deriving = deriving_as(_FORMATS)


def with_arrays(command: Command) -> Command:
    for option in reversed(_ARRAYS):
        command = option(command)
    return command


def evaluating(command: Command) -> Command:
    for option in reversed(_EVALUATING):
        command = option(command)
    return command


_MOST_SHAPES = 8
"""How many arrays an error lists."""

DIRECTION = click.option(
    "--direction", "directions", multiple=True, metavar="NAME", help="The name of a direction, one for each variable."
)


_LARGEST_READ = 4 << 20
"""More than any expression may have, in bytes: what is longer is cut here and refused by the parser."""


def expression_text(argument: str, from_latex: bool = False) -> str:
    """The text that EXPR means: itself, `-` for standard input, `@FILE` for a file. Errors will tell it.

    What is LaTeX is read, and standard error says as what.
    """
    text = argument_text(argument)
    click.get_current_context().ensure_object(dict)["expression"] = text
    if from_latex:
        from gradcalc.language.latex.program import latex_to_text

        text = latex_to_text(text)
        print(f"read as: {text}", file=sys.stderr)
        click.get_current_context().ensure_object(dict)["expression"] = text
    return text


def argument_text(argument: str) -> str:
    """The text of an argument: itself, that of standard input for `-`, of a file for `@FILE`.

    Raises GradcalcError of kind data.
    """
    if argument != "-" and not argument.startswith("@"):
        return argument[1:] if argument.startswith(" -") else argument
    source = "standard input" if argument == "-" else argument[1:]
    try:
        if argument == "-":
            with waiting():
                content = sys.stdin.buffer.read(_LARGEST_READ + 1) if sys.stdin is not None else b""
        else:
            with open(source, "rb") as file:
                content = file.read(_LARGEST_READ + 1)
    except FileNotFoundError:
        raise GradcalcError("data", f"there is no file {source!r}") from None
    except OSError as error:
        raise GradcalcError("data", f"{source} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig", errors="ignore" if len(content) > _LARGEST_READ else "strict")
    except UnicodeDecodeError:
        raise GradcalcError("data", f"{source} is not UTF-8 text") from None
    return text.replace("\r\n", "\n").strip("\n")


def parse_sizes(sizes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in sizes:
        name, _, number = [part.strip() for part in text.partition("=")]
        if not name or not re.fullmatch("[+-]?[0-9]{1,1000}", number):
            raise GradcalcError("usage", f"{brief(text)} is not DIM=N", hint="For example: --size m=3")
        if name in found:
            raise GradcalcError("usage", f"the size of {name} is given twice", hint="Give each size once.")
        found[name] = int(number)
    return found


def load_arrays(data: Sequence[str], sets: Sequence[str]) -> dict[str, Any]:
    """The arrays of all files and settings. Raises GradcalcError of kind data for one that is given twice."""
    if not data and not sets:
        return {}
    from gradcalc.numeric.arrays import add_array, parse_set
    from gradcalc.numeric.files import load_data

    arrays: dict[str, Any] = {}
    for specification in data:
        for name, array in load_data(specification).items():
            add_array(arrays, name, array)
    for text in sets:
        add_array(arrays, *parse_set(text))
    return arrays


def make_problem(text: str, declare: Sequence[str], arrays: dict[str, Any], **known: Any) -> Problem:
    """The problem of a text and its arrays; arrays that are a single row or column may be vectors."""
    from gradcalc.api import Problem
    from gradcalc.language.reading import convention

    shapes = {name: tuple(array.shape) for name, array in arrays.items()}
    flat = {name: (max(shape),) if len(shape) == 2 and 1 in shape else shape for name, shape in shapes.items()}
    likely = {name: shape if convention(name) == "matrix" else flat[name] for name, shape in shapes.items()}
    narrowed = {name: tuple([n for n in shape if n != 1]) for name, shape in shapes.items()}
    first: GradcalcError | None = None
    for reading in (likely, shapes, narrowed):
        try:
            problem = Problem(text, declare=declare, data_shapes=reading, **known)
            break
        except GradcalcError as error:
            first = first or error
            if error.kind not in ("shape", "data"):
                raise
    else:
        assert first is not None
        raise _blamed_on_data(first, text, declare, shapes, known)
    unknown = [name for name in arrays if name not in problem.typing.variables]
    if unknown:
        from gradcalc.language.parser import nearest

        near = nearest(unknown[0], list(problem.typing.variables))
        raise GradcalcError(
            "data",
            f"there is data for {unknown[0]}, which is not a variable of the expression",
            hint=f"Did you mean {near}?" if near else None,
        )
    return problem


def _blamed_on_data(
    error: GradcalcError,
    text: str,
    declare: Sequence[str],
    shapes: dict[str, tuple[int, ...]],
    known: dict[str, Any],
) -> GradcalcError:
    """The error of a problem with data: of kind data where the problem is well-formed without."""
    from gradcalc.api import Problem

    if error.kind != "shape":
        return error
    try:
        problem = Problem(text, declare=declare, **known)
    except GradcalcError:
        return error
    hint = error.hint or ""
    if " is given " not in hint:
        used = [f"{name} has the shape {list(shapes[name])}" for name in problem.typing.variables if name in shapes]
        more = ", and so on" if len(used) > _MOST_SHAPES else ""
        if used:
            hint = f"In the data {', '.join(used[:_MOST_SHAPES])}{more}. {hint}".rstrip()
    return GradcalcError(
        "data", f"the data does not fit: {error.message}", span=error.span, hint=hint, source=error.source
    )


def write(text: str, output: str | None) -> None:
    """Prints, or writes a file that appears whole or not at all; a device or a pipe is written to as it is."""
    if output is None:
        sys.stdout.write(text + "\n")
        return
    from gradcalc.cli.streams import write_file

    write_file(output, text)


def show(text: str, output: str | None) -> None:
    """Text for people: in colour on a terminal unless NO_COLOR is set, plain elsewhere."""
    if output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        from gradcalc.output.terminal import show as show_in_colour

        show_in_colour(text)
        return
    write(text, output)
