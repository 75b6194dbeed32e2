"""One request of JSON and its result: what it may hold, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.api import Derivative, Problem
from gradcalc.cli.options import make_problem
from gradcalc.errors import GradcalcError, brief, internal_error
from gradcalc.jsontext import read_json
from gradcalc.limits import GENEROUS, LIMIT_KEYS, NO_LIMITS, ORDINARY, Limits, checked, too_large, within
from gradcalc.output.result import check_formats, derivation_result, dumps, error_result, explanation_result
from gradcalc.output.schema import COMMANDS, REQUEST

_KEYS = tuple(REQUEST["properties"])

LARGEST_LINE = 256 << 20
"""The longest request, in bytes."""

Resort = Callable[[str, int], None]

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


def _decoded(line: bytes) -> str:
    if len(line) > LARGEST_LINE:
        raise GradcalcError("limit", f"the line is longer than {LARGEST_LINE >> 20} MiB")
    try:
        return line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise GradcalcError("usage", f"the line is not UTF-8 text: see byte {error.start + 1}") from None


def answered(line: str | bytes, limits: Limits = NO_LIMITS, last_resort: Resort | None = None) -> tuple[str, int]:
    """The result of one request as a line of JSON, and its exit code; never raises for what the request is.

    limits: what no request may go beyond. last_resort: called with a result where it cannot be stopped otherwise.
    """
    result, code = answer(line, limits, last_resort)
    try:
        return dumps(result), code
    except (ValueError, RecursionError):
        del result["id"]
        error = GradcalcError("usage", "the id cannot be given back in JSON")
        result, code = _failure(result, error)
        return dumps(result), code


def answer(
    line: str | bytes, limits: Limits = NO_LIMITS, last_resort: Resort | None = None
) -> tuple[dict[str, Any], int]:
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
        own = _limits(_checked(request)).at_most(limits)

        def give_up(error: GradcalcError) -> None:
            if last_resort is not None:
                last_resort(*failed(line, error))

        with within(own, None if last_resort is None else give_up):
            result, code = _answer(request)
    except GradcalcError as error:
        result, code = _failure(request, error)
    except (MemoryError, RecursionError) as error:
        result, code = _failure(request, too_large(error))
    except Exception as error:
        result, code = _failure(request, internal_error(error))
    if isinstance(request, dict) and "id" in request:
        result = {"id": request["id"], **result}
    return result, code


def failed(line: str | bytes, error: GradcalcError) -> tuple[str, int]:
    """The line and the exit code of a request that came to nothing."""
    try:
        request = read_json(_decoded(line) if isinstance(line, bytes) else line)[0]
    except (ValueError, GradcalcError):
        request = None
    result, code = _failure(request, error)
    if isinstance(request, dict) and "id" in request:
        result = {"id": request["id"], **result}
    return dumps(result), code


def _limits(request: dict[str, Any]) -> Limits:
    """The limits of a request: its own, else those of requests of its kind. Raises GradcalcError of kind usage."""
    seconds, size, operations = [request.get(key) for key in LIMIT_KEYS]
    own = checked(seconds, size, operations)
    return own.or_else(GENEROUS if any(request.get(key) for key in ("data", "sizes", "exact")) else ORDINARY)


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
