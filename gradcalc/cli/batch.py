"""`batch`: JSON requests in, JSON results out, one a line, in order."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from typing import IO, Any

import click

from gradcalc.api import Derivative, Problem
from gradcalc.cli.options import make_problem
from gradcalc.errors import GradcalcError, brief, internal_error
from gradcalc.jsontext import read_json
from gradcalc.output.result import check_formats, derivation_result, dumps, error_result, explanation_result
from gradcalc.output.schema import COMMANDS, REQUEST

_KEYS = tuple(REQUEST["properties"])

_LARGEST_LINE = 256 << 20
"""The longest request, in bytes."""

_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "command": ((str,), "a string"),
    "expression": ((str,), "a string"),
    "wrt": ((str, list), "a string or a list of strings"),
    "order": ((int,), "a whole number"),
    "shapes": ((dict,), "an object"),
    "structure": ((dict,), "an object"),
    "structured": ((str,), "a string"),
    "direction": ((str, list), "a string or a list of strings"),
    "differential": ((bool,), "true or false"),
    "latex": ((bool,), "true or false"),
    "declare": ((list,), "a list of strings"),
    "data": ((dict,), "an object"),
    "seed": ((int,), "a whole number"),
    "sizes": ((dict,), "an object"),
    "layout": ((str,), "a string"),
    "formats": ((list,), "a list of strings"),
    "allow_nonfinite": ((bool,), "true or false"),
    "exact": ((bool,), "true or false"),
    "claim": ((str,), "a string"),
    "style": ((str,), "a string"),
    "depth": ((int,), "a whole number"),
}


@click.command("batch")
@click.argument("file", required=False, default="-")
def batch_command(file: str) -> int:
    """Answer requests, one JSON object a line, from FILE or standard input.

    A request that fails is a result with "ok": false, and the batch goes on. Exits with the largest code met.

    \b
    Example:
      echo '{"command": "grad", "expression": "x*y", "wrt": "x"}' | gradcalc batch
    """
    gc.enable()
    worst = 0
    for line in _lines(file):
        if line.strip():
            result, code = answered(line)
            sys.stdout.write(result + "\n")
            sys.stdout.flush()
            worst = max(worst, code)
    return worst


def _lines(file: str) -> Iterator[bytes]:
    """The lines; one that is too long is cut to a byte more than is allowed."""
    if file == "-":
        if sys.stdin is not None:
            yield from _cut_lines(sys.stdin.buffer)
        return
    try:
        with open(file, "rb") as opened:
            yield from _cut_lines(opened)
    except OSError as error:
        raise GradcalcError("data", f"{file} cannot be read: {error.strerror}") from None


def _cut_lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(_LARGEST_LINE + 1):
        yield line
        while len(line) > _LARGEST_LINE and not line.endswith(b"\n"):
            line = stream.readline(_LARGEST_LINE + 1)


def _decoded(line: bytes) -> str:
    if len(line) > _LARGEST_LINE:
        raise GradcalcError("limit", f"the line is longer than {_LARGEST_LINE >> 20} MiB")
    try:
        return line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise GradcalcError("usage", f"the line is not UTF-8 text: see byte {error.start + 1}") from None


def answered(line: str | bytes) -> tuple[str, int]:
    """The result of one request as a line of JSON, and its exit code; never raises for what the request is."""
    result, code = answer(line)
    try:
        return dumps(result), code
    except (ValueError, RecursionError):
        del result["id"]
        error = GradcalcError("usage", "the id cannot be given back in JSON")
        result, code = _failure(result, error)
        return dumps(result), code


def answer(line: str | bytes) -> tuple[dict[str, Any], int]:
    """The result of one request and its exit code."""
    request: Any = None
    try:
        text = _decoded(line) if isinstance(line, bytes) else line
        try:
            request, repeated = read_json(text)
        except ValueError as error:
            raise GradcalcError("usage", f"the line is not JSON: {str(error)[:100]}") from None
        if repeated:
            raise GradcalcError("usage", f"the request gives {brief(repeated[0])} twice", hint="Give each key once.")
        result, code = _answer(_checked(request))
    except GradcalcError as error:
        result, code = _failure(request, error)
    except (MemoryError, RecursionError):
        result, code = _failure(request, GradcalcError("limit", "the request is too large for the memory"))
    except Exception as error:
        result, code = _failure(request, internal_error(error))
    if isinstance(request, dict) and "id" in request:
        result = {"id": request["id"], **result}
    return result, code


def _failure(request: Any, error: GradcalcError) -> tuple[dict[str, Any], int]:
    known = request if isinstance(request, dict) else {}
    command, expression = known.get("command"), known.get("expression")
    said = error_result(
        command if isinstance(command, str) else "", expression if isinstance(expression, str) else None, error
    )
    return said, error.exit_code


def _checked(request: Any) -> dict[str, Any]:
    if not isinstance(request, dict):
        raise GradcalcError("usage", "a request is a JSON object", hint='{"command": "grad", "expression": "x\'*x"}')
    for key, value in request.items():
        if key not in _KEYS:
            raise GradcalcError("usage", f"a request has no key {key!r}", hint=f"The keys are {', '.join(_KEYS)}.")
        if key in _TYPES:
            types, what = _TYPES[key]
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                raise GradcalcError("usage", f"{key} is {what}")
            if isinstance(value, list) and not all(isinstance(item, str) for item in value):
                raise GradcalcError("usage", f"{key} is {what}")
    for key in ("command", "expression"):
        if key not in request:
            raise GradcalcError("usage", f"the request has no {key}")
    if request["command"] not in COMMANDS:
        raise GradcalcError(
            "usage",
            f"there is no command {request['command']!r} in a batch",
            hint=f"The commands are {', '.join(COMMANDS)}.",
        )
    for name, shape in request.get("shapes", {}).items():
        if not isinstance(shape, list):
            raise GradcalcError("usage", f"the shape of {name} is a list", hint='For example: {"W": [3, 4], "y": []}')
    for name, size in request.get("sizes", {}).items():
        if not isinstance(size, int) or isinstance(size, bool):
            raise GradcalcError("usage", f"the size of {name} is a whole number")
    for name, kind in request.get("structure", {}).items():
        if not isinstance(kind, str):
            raise GradcalcError("usage", f"the structure of {name} is a string")
    return request


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], int]:
    command = request["command"]
    data = request.get("data", {})
    arrays: dict[str, Any] = {}
    if data:
        from gradcalc.numeric.arrays import arrays_from_json

        arrays = arrays_from_json(data, "data")
    expression = request["expression"]
    if request.get("latex", False):
        from gradcalc.language.latex.program import latex_to_text

        expression = latex_to_text(expression)
    problem = make_problem(
        expression,
        request.get("declare", ()),
        arrays,
        shapes=request.get("shapes"),
        structure=request.get("structure"),
    )
    wrt = request.get("wrt", ())
    wrt = [wrt] if isinstance(wrt, str) else list(wrt)
    order = request.get("order", 2 if command in ("hessian", "hvp") else 1)
    if command not in ("grad", "hvp") and (request.get("direction") or request.get("differential")):
        raise GradcalcError("usage", f"{command} takes no direction", hint="The commands grad and hvp do.")
    if command != "explain" and ("style" in request or "depth" in request):
        raise GradcalcError("usage", f"{command} takes no style and no depth", hint="The command explain does.")
    formats = request.get("formats", ())
    check_formats(formats)
    if command == "explain":
        from gradcalc.derivation.explanation import explain

        derivative = _derivative(request, problem, wrt, order)
        return explanation_result(explain(derivative, request.get("style"), request.get("depth")), formats), 0
    if command in ("grad", "hessian", "hvp"):
        return derivation_result(command, _derivative(request, problem, wrt, order), formats), 0
    if command == "verify":
        return _verified(request, problem, wrt, order, arrays, formats)
    from gradcalc.numericrun import NumericRun

    run = NumericRun(
        command,
        problem,
        wrt,
        order=order,
        layout=request.get("layout"),
        structured=request.get("structured"),
        arrays=arrays,
        seed=request.get("seed", 0),
        sizes=request.get("sizes"),
        allow_nonfinite=request.get("allow_nonfinite", False),
        exact=request.get("exact", False),
    )
    return run.result(formats), run.exit_code


def _verified(
    request: dict[str, Any],
    problem: Problem,
    wrt: list[str],
    order: int,
    arrays: dict[str, Any],
    formats: Sequence[str],
) -> tuple[dict[str, Any], int]:
    """The judgement of a claim."""
    from gradcalc.verification import verify_claim

    if "claim" not in request:
        raise GradcalcError("usage", "the request has no claim", hint='For example: "claim": "2*A*x"')
    claim = request["claim"]
    if request.get("latex", False):
        from gradcalc.language.latex.program import latex_to_text

        claim = latex_to_text(claim)
    verification = verify_claim(
        problem,
        wrt or None,
        claim,
        order=order,
        layout=request.get("layout"),
        structured=request.get("structured"),
        seed=request.get("seed", 0),
        sizes=request.get("sizes"),
        arrays=arrays,
    )
    return verification.to_dict(formats), verification.exit_code


def _derivative(request: dict[str, Any], problem: Problem, wrt: list[str], order: int) -> Derivative:
    """The derivatives, along directions where there are any."""
    components = problem.components(wrt or None)
    direction = request.get("direction", ())
    names = [direction] if isinstance(direction, str) else list(direction)
    along = request["command"] == "hvp"
    asked = problem.asked_directions(components, order, names, request.get("differential", False), along)
    return Derivative(problem, components, order, request.get("layout"), request.get("structured"), asked)
