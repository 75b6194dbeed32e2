"""What the tool prints is what its schema says, key by key; what is not, is refused by the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradcalc.cli.requests import answer
from gradcalc.output.schema import REQUEST, RESULT, SCHEMA

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


def faults(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """Where a value is not as a schema says; for the keywords that our schema uses, and no others."""
    found: list[str] = []
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    fits = not types or any(isinstance(value, _TYPES[name]) for name in types)
    if not fits or (isinstance(value, bool) and types and "boolean" not in types):
        return [f"{at}: {value!r} is no {types}"]
    for keyword, wanted in schema.items():
        if keyword == "enum":
            found += [] if value in wanted else [f"{at}: {value!r} is none of {wanted}"]
        elif keyword == "const":
            found += [] if value == wanted else [f"{at}: {value!r} is not {wanted}"]
        elif keyword == "required":
            found += [f"{at}: {key} is missing" for key in wanted if key not in value]
        elif keyword == "properties":
            for key, inner in wanted.items():
                found += faults(value[key], inner, f"{at}/{key}") if key in value else []
        elif keyword == "additionalProperties":
            for key in value.keys() - schema.get("properties", {}).keys():
                found += faults(value[key], wanted, f"{at}/{key}") if wanted else [f"{at}: {key} is unknown"]
        elif keyword == "items":
            found += [fault for number, item in enumerate(value) for fault in faults(item, wanted, f"{at}/{number}")]
        elif keyword == "oneOf":
            fitting = [inner for inner in wanted if not faults(value, inner, at)]
            found += [] if len(fitting) == 1 else [f"{at}: fits {len(fitting)} of the alternatives"]
        elif keyword == "$ref":
            found += faults(value, SCHEMA["$defs"][wanted.removeprefix("#/$defs/")], at)
        elif keyword == "if":
            found += faults(value, schema["else" if faults(value, wanted, at) else "then"], at)
        elif keyword == "minimum":
            found += [] if value >= wanted else [f"{at}: {value} is below {wanted}"]
        elif keyword in ("minItems", "maxItems"):
            fits = len(value) >= wanted if keyword == "minItems" else len(value) <= wanted
            found += [] if fits else [f"{at}: {len(value)} items"]
        else:
            assert keyword in ("type", "then", "else", "$schema", "$defs", "title"), keyword
    return found


P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"

REQUESTS: list[dict[str, Any]] = [
    {"command": "grad", "expression": P2, "wrt": ["W", "b"], "formats": ["latex", "index", "numpy", "unicode"]},
    {"id": [1], "command": "hessian", "expression": "norm2(x)^2", "shapes": {"x": ["n"]}},
    {"command": "grad", "expression": "x'*A*x", "wrt": "A", "structure": {"A": "symmetric"}, "layout": "numerator"},
    {"command": "grad", "expression": "A*x", "wrt": "A", "formats": ["numpy"]},
    {"command": "eval", "expression": P2, "wrt": "W", "seed": 3, "sizes": {"m": 2}},
    {"command": "eval", "expression": "x'*y", "data": {"x": [1, 2], "y": [3, 4]}},
    {"command": "eval", "expression": "exp(x)", "data": {"x": 1000}, "allow_nonfinite": True},
    {"command": "eval", "expression": "1 + 2"},
    {"command": "check", "expression": P2, "wrt": "W", "exact": True},
    {"command": "explain", "expression": P2, "wrt": ["W", "b"], "style": "chain", "depth": 3, "formats": ["latex"]},
    {"command": "check", "expression": "norm1(x)", "data": {"x": [0, 1]}},
    {"command": "check", "expression": "softmax(A*x)", "wrt": "x", "order": 2},
]


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_requests_and_results_fit(request_: dict[str, Any]) -> None:
    result, _ = answer(json.dumps(request_))
    assert result["ok"]
    assert faults(request_, REQUEST) == []
    assert faults(json.loads(json.dumps(result)), RESULT) == []
    assert faults(result, SCHEMA) == []


@pytest.mark.parametrize("line", ['{"command": "grad", "expression": "x+"}', "nonsense", '{"id": 3}'])
def test_errors_fit(line: str) -> None:
    result, _ = answer(line)
    assert not result["ok"]
    assert faults(result, SCHEMA) == []


@pytest.mark.parametrize(
    "change",
    [
        {"ok": "yes"},
        {"extra": 1},
        {"variables": [{"name": "x"}]},
        {"objective": {"kind": "row", "shape": []}},
        {"derivatives": [{"wrt": "x"}]},
        {"warnings": "none"},
        {"ok": False},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_wrong(change: dict[str, Any]) -> None:
    result, _ = answer(json.dumps(REQUESTS[0]))
    assert faults({**result, **change}, RESULT)


def test_contract_of_the_keys() -> None:
    """The order and the names of the keys in the documentation."""
    result, _ = answer(json.dumps({"id": 1, "command": "check", "expression": P2, "wrt": "W", "formats": ["latex"]}))
    assert list(result) == [
        *("id", "gradcalc", "ok", "command", "expression", "variables", "objective", "derivatives", "warnings"),
        *("seed", "inputs"),
    ]
    entry = result["derivatives"][0]
    assert {
        "wrt",
        "order",
        "kind",
        "shape",
        "text",
        "where",
        "full",
        "operations",
        "verified",
        "formats",
        "value",
        "check",
    } == {*entry}
    assert set(entry["check"]) == {
        *("verdict", "method", "points", "evaluations", "max_abs_error", "max_rel_error", "tolerance")
    }
    assert [variable["origin"] for variable in result["variables"]] == ["inferred", *["assumed"] * 4]
