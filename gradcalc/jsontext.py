"""JSON as it arrives: keys that repeat are found, and no number is too long to be read."""

from __future__ import annotations

import json
from typing import Any

_MOST_DIGITS = 400
"""Whole numbers with more digits are beyond floating point, and become infinite."""


def read_json(text: str) -> tuple[Any, list[str]]:
    """The value of a text, and the keys that an object in it holds more than once.

    Raises ValueError, which says what is wrong and where.
    """
    repeated: dict[str, None] = {}

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                repeated[key] = None
            found[key] = value
        return found

    try:
        value = json.loads(text, object_pairs_hook=made, parse_int=_whole)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value, list(repeated)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)
