"""The JSON Schema of requests and results."""

from __future__ import annotations

from typing import Any

from gradcalc.tensor.answer import STRUCTURED

_DIM = {"type": ["integer", "string"]}
_SHAPE = {"type": "array", "items": _DIM, "maxItems": 8}
_NUMBERS = {"$ref": "#/$defs/numbers"}

FINDINGS = (
    "sign", "factor", "layout", "transpose", "shape", "missing-factor", "extra-factor", "substitution", "argument",
    "function", "exponent", "missing-term", "extra-term", "hadamard", "symmetry", "special-case",
    "not-finite", "near-miss", "unexplained",
)  # fmt: skip
"""The kinds of what may be said of a claim."""

COMMANDS = ("grad", "hessian", "hvp", "explain", "eval", "check", "verify")

REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["command", "expression"],
    "additionalProperties": False,
    "properties": {
        "id": {},
        "command": {"enum": list(COMMANDS)},
        "expression": {"type": "string"},
        "wrt": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "order": {"type": "integer", "minimum": 1},
        "shapes": {"type": "object", "additionalProperties": _SHAPE},
        "structure": {"type": "object", "additionalProperties": {"type": "string"}},
        "structured": {"enum": list(STRUCTURED)},
        "direction": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "differential": {"type": "boolean"},
        "latex": {"type": "boolean"},
        "declare": {"type": "array", "items": {"type": "string"}},
        "data": {"type": "object", "additionalProperties": _NUMBERS},
        "seed": {"type": "integer"},
        "sizes": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
        "layout": {"enum": ["denominator", "numerator"]},
        "formats": {"type": "array", "items": {"type": "string"}},
        "allow_nonfinite": {"type": "boolean"},
        "exact": {"type": "boolean"},
        "claim": {"type": "string"},
        "style": {"enum": ["differential", "chain", "index"]},
        "depth": {"type": "integer", "minimum": 1},
        "max_seconds": {"type": "number", "exclusiveMinimum": 0},
        "max_bytes": {"type": "integer", "minimum": 1},
        "max_operations": {"type": "integer", "minimum": 1},
    },
}

_CHECK: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["verdict"],
    "properties": {
        "verdict": {"enum": ["passed", "failed", "inconclusive"]},
        "method": {"type": "string"},
        "points": {"type": "integer"},
        "evaluations": {"type": "integer"},
        "max_abs_error": {"type": ["number", "string"]},
        "max_rel_error": {"type": ["number", "string"]},
        "tolerance": {"type": "number"},
        "noise": {"type": ["number", "string"]},
        "worst": {"type": "object"},
        "reason": {"type": "string"},
        "exact": {"type": "object"},
    },
}

_DERIVATIVE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["wrt", "order", "kind", "shape", "text", "where", "operations", "verified"],
    "properties": {
        "wrt": {"type": "string"},
        "order": {"type": "integer"},
        "kind": {"enum": ["scalar", "vector", "row", "matrix", "tensor"]},
        "shape": _SHAPE,
        "text": {"type": "string"},
        "where": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "text"],
                "properties": {"name": {"type": "string"}, "text": {"type": "string"}},
            },
        },
        "full": {"type": "string"},
        "operations": {"type": "integer"},
        "verified": {"type": "boolean"},
        "unverified": {"type": "string"},
        "indices": {"type": "array", "items": {"type": "string"}},
        "layout": {"type": "string"},
        "vectorized": {"type": "boolean"},
        "structured": {"enum": list(STRUCTURED)},
        "directions": {"type": "array", "items": {"type": "string"}},
        "formats": {"type": "object", "additionalProperties": {"type": "string"}},
        "value": _NUMBERS,
        "check": _CHECK,
    },
}

_CLAIM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "verdict", "diagnosis"],
    "properties": {
        "text": {"type": "string"},
        "verdict": {"enum": ["right", "wrong", "inconclusive"]},
        "layout": {"enum": ["denominator", "numerator"]},
        "proof": {"enum": ["symbolic", "numeric"]},
        "error_probability": {"type": "number"},
        "reason": {"type": "string"},
        "diagnosis": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind", "message"],
                "properties": {"kind": {"enum": list(FINDINGS)}, "message": {"type": "string"}},
            },
        },
        "corrected": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text", "changes"],
            "properties": {
                "text": {"type": "string"},
                "changes": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            },
        },
        "counterexample": {
            "type": "object",
            "additionalProperties": False,
            "required": ["inputs", "actual"],
            "properties": {
                "inputs": {"type": "object", "additionalProperties": _NUMBERS},
                "entry": {"type": "array", "items": {"type": "integer"}},
                "claimed": _NUMBERS,
                "actual": _NUMBERS,
            },
        },
    },
}

_STEP: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "latex", "rule", "checked"],
    "properties": {
        "text": {"type": "string"},
        "latex": {"type": "string"},
        "rule": {"type": "string"},
        "checked": {"type": "boolean"},
    },
}

RESULT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["gradcalc", "ok", "command"],
    "if": {"properties": {"ok": {"const": True}}},
    "then": {"required": ["expression", "variables", "objective", "derivatives", "warnings"]},
    "else": {"required": ["error"]},
    "properties": {
        "id": {},
        "gradcalc": {"type": "string"},
        "ok": {"type": "boolean"},
        "command": {"type": "string"},
        "expression": {"type": "string"},
        "variables": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "kind", "shape", "origin"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"enum": ["scalar", "vector", "matrix"]},
                    "shape": _SHAPE,
                    "origin": {"enum": ["declared", "given", "inferred", "assumed"]},
                    "structure": {"type": "string"},
                },
            },
        },
        "objective": {
            "type": "object",
            "required": ["kind", "shape"],
            "properties": {
                "kind": {"enum": ["scalar", "vector", "matrix"]},
                "shape": _SHAPE,
                "value": _NUMBERS,
                "check": _CHECK,
            },
        },
        "derivatives": {"type": "array", "items": _DERIVATIVE},
        "claim": _CLAIM,
        "steps": {"type": "array", "items": _STEP},
        "seed": {"type": "integer"},
        "inputs": {"type": "object", "additionalProperties": _NUMBERS},
        "warnings": {"type": "array", "items": {"type": "string"}},
        "error": {
            "type": "object",
            "required": ["kind", "message"],
            "properties": {
                "kind": {"enum": ["usage", "syntax", "name", "shape", "data", "numeric", "limit", "internal"]},
                "message": {"type": "string"},
                "span": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
                "hint": {"type": "string"},
            },
        },
    },
}

CLAIMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["gradcalc", "ok", "command", "file", "claims", "as_expected", "not_as_expected"],
    "properties": {
        "gradcalc": {"type": "string"},
        "ok": {"const": True},
        "command": {"const": "verify"},
        "file": {"type": "string"},
        "claims": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "expected", "verdict", "as_expected"],
                "properties": {
                    "name": {"type": "string"},
                    "expected": {"enum": ["right", "wrong", "inconclusive"]},
                    "verdict": {"enum": ["right", "wrong", "inconclusive", "error"]},
                    "as_expected": {"type": "boolean"},
                    "claim": _CLAIM,
                    "error": {"type": "object"},
                },
            },
        },
        "as_expected": {"type": "integer"},
        "not_as_expected": {"type": "integer"},
    },
}
"""What `verify --file` prints."""

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gradcalc",
    "$defs": {
        "numbers": {
            "oneOf": [
                {"type": "number"},
                {"enum": ["nan", "inf", "-inf"]},
                {"type": "array", "items": {"$ref": "#/$defs/numbers"}},
            ]
        },
        "request": REQUEST,
        "result": RESULT,
        "claims": CLAIMS,
    },
    "oneOf": [{"$ref": "#/$defs/request"}, {"$ref": "#/$defs/result"}, {"$ref": "#/$defs/claims"}],
}
