"""Arrays of numbers from JSON and from the command line: which are read, and what is wrong with the others."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError, brief
from gradcalc.jsontext import read_json
from gradcalc.language.lexer import plain_name
from gradcalc.limits import array_bytes, size_text

Array = np.ndarray[Any, np.dtype[np.float64]]

LARGEST_BYTES = 4 << 30
"""The largest array that is made or read."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_HINTS = (
    (r"", "Every entry needs a number; no separator stands at the end."),
    (r"[+-]?(nan|inf|infinity|na|n/a|null|none)", "Missing and infinite values are not read."),
    (r"true|false", "Write 1 and 0."),
    (r"[+-]?[0-9.eE+-]*[ij]", "Complex numbers are not read."),
    (r"[+-]?[0-9]+([,_'. \u00a0\u202f][0-9]{3})+([.,][0-9]*)?", "Write thousands without separators: 1234.5"),
    (r"[+-]?[0-9]*,[0-9]+", "Write a decimal point: 1234.5"),
    (r"[\u2212\u2013].*", "The minus sign is -."),
)


def check_memory(name: str, shape: Iterable[int]) -> None:
    """Raises GradcalcError of kind limit where an array of the shape would be too large."""
    lengths = list(shape)
    size = 8 * math.prod(lengths)
    largest = array_bytes(LARGEST_BYTES)
    if size > largest:
        text = " x ".join([_length_text(length) for length in lengths])
        much = f", {size_text(size)}" if size < 1 << 60 else ""
        raise GradcalcError(
            "limit",
            f"{name} would be {text}{much}; the limit is {size_text(largest)}",
            hint="Use smaller sizes.",
        )


def _length_text(length: int) -> str:
    return str(length) if length < 10**20 else "over 10^20"


def variable_name(text: str, source: str) -> str:
    """The variable that a text names, Greek letters written out. Raises GradcalcError of kind data."""
    name = plain_name(text)
    if name is None:
        raise GradcalcError(
            "data",
            f"{source} gives {brief(text)}, which is not the name of a variable",
            hint="A name is a letter with letters, digits and _ after it.",
        )
    return name


def add_array(arrays: dict[str, Array], name: str, array: Array) -> None:
    """Adds an array. Raises GradcalcError of kind data where the name is taken."""
    if name in arrays:
        raise GradcalcError("data", f"{name} is given twice", hint="Give each variable once.")
    arrays[name] = array


def checked(name: str, array: Any) -> Array:
    """The array in double precision. Raises GradcalcError of kind data where it is not real or not finite."""
    check_numeric(name, array.shape, array.dtype)
    with np.errstate(over="ignore"):
        made: Array = np.asarray(array, dtype=float)
    finite = np.isfinite(made)
    if not finite.all():
        place = np.unravel_index(int(np.argmin(finite)), made.shape)
        where = f" at position {[int(axis) + 1 for axis in place]}" if place else ""
        value = "nan" if np.isnan(made[place]) else "a number that is infinite or too large"
        raise GradcalcError(
            "data", f"{name} is not finite: it holds {value}{where}", hint="Numbers are finite, up to about 1.8e308."
        )
    return made


def check_numeric(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raises GradcalcError of kind data or limit for what is no array of real numbers with at most two axes."""
    if dtype.kind not in "iuf":
        raise GradcalcError("data", f"{name} holds {_contents(dtype)}, not real numbers", hint="Save it as float64.")
    if len(shape) > 2:
        raise GradcalcError("data", f"{name} has {len(shape)} axes; a variable has at most two")
    if 0 in shape:
        raise GradcalcError(
            "data", f"{name} is empty: its shape is {list(shape)}", hint="An axis has an entry or more."
        )
    check_memory(name, shape)


def _contents(dtype: np.dtype[Any]) -> str:
    if dtype.names:
        return "named fields"
    named = {"b": "booleans", "c": "complex numbers", "U": "text", "S": "text", "T": "text", "O": "Python objects"}
    return named.get(dtype.kind, "dates" if dtype.kind in "mM" else "raw bytes")


def arrays_from_json(content: Mapping[str, Any], source: str) -> dict[str, Array]:
    """The arrays of an object by name. Raises GradcalcError of kind data."""
    arrays: dict[str, Array] = {}
    for key, value in content.items():
        name = variable_name(key, source)
        add_array(arrays, name, from_json(name, value))
    return arrays


def from_json(name: str, value: Any) -> Array:
    """A number or nested lists as an array. Raises GradcalcError of kind data."""
    if not isinstance(value, list):
        return checked(name, np.array(_entry(name, value, ())))
    rows: list[Any] = []
    for place, row in enumerate(value, 1):
        if _width(row) != _width(value[0]):
            raise GradcalcError(
                "data", f"{name} is ragged: row {place} {_row_text(row)}, the first {_row_text(value[0])}"
            )
        if isinstance(row, list):
            rows.append([_entry(name, entry, (place, column)) for column, entry in enumerate(row, 1)])
        else:
            rows.append(_entry(name, row, (place,)))
    return checked(name, np.array(rows, dtype=float))


def _width(row: Any) -> int | None:
    return len(row) if isinstance(row, list) else None


def _row_text(row: Any) -> str:
    if not isinstance(row, list):
        return "is a number"
    return f"has {len(row)} {'entry' if len(row) == 1 else 'entries'}"


def _entry(name: str, entry: Any, place: tuple[int, ...]) -> float:
    if isinstance(entry, float):
        return entry
    if isinstance(entry, int) and not isinstance(entry, bool):
        try:
            return float(entry)
        except OverflowError:
            return math.inf
    where = f" at position {list(place)}" if place else ""
    if isinstance(entry, list):
        raise GradcalcError("data", f"{name} has more than two axes{where}; a variable has at most two")
    if isinstance(entry, dict):
        raise GradcalcError("data", f"{name} holds an object{where}, which is not a number")
    shown = json.dumps(entry[:40] if isinstance(entry, str) else entry)
    raise GradcalcError("data", f"{name} holds {shown}{where}, which is not a number", hint=number_hint(str(entry)))


def number(text: str) -> float | None:
    """The decimal number that a text spells, which may be infinite for a very large one; None for any other text."""
    return float(text) if _NUMBER.fullmatch(text) else None


def number_hint(text: str) -> str | None:
    """What to write instead of a text that is no number."""
    if len(text) > 100:
        return None
    if number(text) is not None:
        return f"Write {text} without quotes."
    return next((hint for pattern, hint in _HINTS if re.fullmatch(pattern, text, re.IGNORECASE)), None)


def parse_set(text: str) -> tuple[str, Array]:
    """`NAME=VALUE`, the value as JSON, or `[1 2; 3 4]`. Raises GradcalcError of kind data."""
    name, equals, value = [part.strip() for part in text.partition("=")]
    if not equals or not name:
        raise GradcalcError("data", f"{brief(text)} is not NAME=VALUE", hint="For example: --set x=[1,2,3]")
    name = variable_name(name, "--set")
    if not value:
        raise GradcalcError("data", f"{name} has no value", hint=f"For example: --set {name}=[1,2,3]")
    try:
        content, _ = read_json(value)
    except ValueError:
        return name, from_json(name, _as_in_matlab(name, value))
    return name, from_json(name, content)


def _as_in_matlab(name: str, value: str) -> Any:
    """`[1 2; 3 4]`, `[1; 2]` or a number as lists. Raises GradcalcError of kind data."""
    alone = number(value)
    if alone is not None:
        return alone
    if value.startswith("[") != value.endswith("]") or value.count("[") != value.count("]"):
        raise GradcalcError("data", f"the brackets of {name} do not match: {brief(value)}", hint=_set_hint(name, value))
    if not value.startswith("[") or "[" in value[1:]:
        raise GradcalcError(
            "data", f"the value of {name} is not understood: {brief(value)}", hint=_set_hint(name, value)
        )
    rows = value[1:-1].split(";")
    if len(rows) > 1 and not rows[-1].strip():
        rows.pop()
    numbers = [
        [_cell(name, cell, row, column) for column, cell in enumerate(re.split(r"\s*,\s*|\s+", text.strip()), 1)]
        for row, text in enumerate(rows, 1)
    ]
    return numbers if len(numbers) > 1 else numbers[0]


def _cell(name: str, cell: str, row: int, column: int) -> float:
    found = number(cell)
    if found is None:
        fault = f"{brief(cell)} is not a number" if cell else "an entry is missing"
        raise GradcalcError("data", f"{fault}: row {row}, column {column} of {name}", hint=number_hint(cell))
    return found


def _set_hint(name: str, value: str) -> str:
    if value.lower().endswith((".npy", ".csv", ".tsv")):
        return f"A file is given with --data {name}={value}"
    bare = [number(cell) for cell in re.split(r"[\s,]+", value)]
    if len(bare) > 1 and None not in bare:
        return f'Write --set "{name}=[{value}]"'
    return number_hint(value) or f"For example: --set {name}=[[1,2],[3,4]]"


def data_shape(name: str, array: Array, kind: str | None) -> Array:
    """The array in the shape of its kind: a matrix of one row or column is accepted for a vector."""
    if kind == "vector" and array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    if kind == "scalar" and array.size == 1:
        return array.reshape(())
    return array


def complete(arrays: Mapping[str, Array], variables: Iterable[str]) -> None:
    """Raises GradcalcError of kind data where variables have no array."""
    missing = [name for name in variables if name not in arrays]
    if missing:
        raise GradcalcError(
            "data",
            f"there is no data for {', '.join(missing)}",
            hint=f"Give it with --data or --set {missing[0]}=..., or draw it with --random.",
        )
