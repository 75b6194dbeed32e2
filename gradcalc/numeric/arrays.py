"""Arrays from files, from the command line and from JSON. Files are never unpickled."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing

Array = np.ndarray[Any, np.dtype[np.float64]]

LARGEST_BYTES = 4 << 30
"""The largest array that is made or read."""


def check_memory(name: str, shape: Iterable[int]) -> None:
    """Raises GradcalcError of kind limit where an array of the shape would be too large."""
    lengths = list(shape)
    size = 8 * math.prod(lengths)
    if size > LARGEST_BYTES:
        text = " x ".join([str(length) for length in lengths])
        raise GradcalcError(
            "limit",
            f"{name} would be {text}, {size / 2**30:.1f} GiB; the limit is {LARGEST_BYTES >> 30} GiB",
            hint="Use smaller sizes.",
        )


def load_data(specification: str) -> dict[str, Array]:
    """The arrays of a file: `FILE.json`, `FILE.npz`, or `NAME=FILE` with .npy, .csv or .tsv.

    Raises GradcalcError of kind data or limit.
    """
    name, equals, path = specification.partition("=")
    if not equals or os.path.exists(specification):
        name, path = "", specification
    ending = os.path.splitext(path)[1].lower()
    if name and ending not in (".npy", ".csv", ".tsv"):
        raise GradcalcError(
            "data", f"{path} is not a .npy, .csv or .tsv file", hint="A .json or .npz file names its arrays."
        )
    if not name and ending in (".npy", ".csv", ".tsv"):
        raise GradcalcError("data", f"{path} does not say which variable it is", hint=f"Write NAME={path}.")
    if not name and ending not in (".json", ".npz"):
        raise GradcalcError(
            "data", f"{path} is of no known kind", hint="Give .json, .npz, or NAME=FILE for .npy, .csv, .tsv."
        )
    try:
        if ending == ".json":
            return _from_json_file(path)
        if ending == ".npz":
            return _from_npz(path)
        if ending == ".npy":
            return {name: _from_npy(name, path)}
        return {name: _from_table(name, path, "," if ending == ".csv" else "\t")}
    except FileNotFoundError:
        raise GradcalcError("data", f"there is no file {path}") from None
    except IsADirectoryError:
        raise GradcalcError("data", f"{path} is a folder, not a file") from None
    except UnicodeDecodeError:
        raise GradcalcError("data", f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise GradcalcError("data", f"{path} cannot be read: {error.strerror or error}") from None


def _from_json_file(path: str) -> dict[str, Array]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.strip():
        raise GradcalcError("data", f"{path} is empty")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GradcalcError("data", f"{path} is not JSON: {str(error)[:100]}") from None
    if not isinstance(content, dict):
        raise GradcalcError("data", f"{path} does not hold an object", hint='For example: {"x": [1, 2], "y": 3}')
    return {name: from_json(name, value) for name, value in content.items()}


def _from_npz(path: str) -> dict[str, Array]:
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as archive:
            if not hasattr(archive, "files"):
                raise GradcalcError("data", f"{path} is not an .npz archive")
            return {name: checked(name, archive[name]) for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise GradcalcError("data", f"{path} cannot be read: {_reason(error)}") from None


def _from_npy(name: str, path: str) -> Array:
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")
        check_memory(name, array.shape)
        return checked(name, np.array(array))
    except (ValueError, EOFError) as error:
        raise GradcalcError("data", f"{path} cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    text = str(error)
    return "it holds Python objects, which are not read" if "pickle" in text.lower() else text[:100] or "it is damaged"


def _from_table(name: str, path: str, delimiter: str) -> Array:
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=delimiter) if any(cell.strip() for cell in row)]
    if rows and not any(_is_number(cell) for cell in rows[0]):
        rows = rows[1:]
    if not rows:
        raise GradcalcError("data", f"{path} is empty")
    numbers: list[list[float]] = []
    for line, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise GradcalcError(
                "data", f"{name} is ragged: row {line} of {path} has {len(row)} entries, not {len(rows[0])}"
            )
        for column, cell in enumerate(row, 1):
            if not _is_number(cell):
                raise GradcalcError("data", f"{cell.strip()!r} is not a number: row {line}, column {column} of {path}")
        numbers.append([float(cell) for cell in row])
    array = np.array(numbers)
    if array.shape[1] == 1:
        array = array[:, 0]
    elif array.shape[0] == 1:
        array = array[0]
    return checked(name, array)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def checked(name: str, array: Any, allow_nonfinite: bool = False) -> Array:
    """The array in double precision. Raises GradcalcError of kind data where it is not real or not finite."""
    if array.dtype.kind not in "iuf":
        what = {"b": "booleans", "c": "complex numbers", "U": "text", "S": "text", "O": "objects"}
        raise GradcalcError("data", f"{name} holds {what.get(array.dtype.kind, 'no numbers')}, not real numbers")
    if array.ndim > 2:
        raise GradcalcError("data", f"{name} has {array.ndim} axes; a variable has at most two")
    if array.size == 0:
        raise GradcalcError("data", f"{name} is empty")
    made = np.asarray(array, dtype=float)
    if not allow_nonfinite and not np.all(np.isfinite(made)):
        place = [int(axis) + 1 for axis in np.argwhere(~np.isfinite(made))[0]]
        where = f" at position {place}" if place else ""
        raise GradcalcError("data", f"{name} is not finite{where}")
    return made


def from_json(name: str, value: Any) -> Array:
    """A number or nested lists as an array. Raises GradcalcError of kind data."""
    rows = value if isinstance(value, list) else [value]
    for place, row in enumerate(rows, 1):
        entries = row if isinstance(row, list) else [row]
        if isinstance(row, list) != isinstance(rows[0], list) or (isinstance(row, list) and len(row) != len(rows[0])):
            raise GradcalcError("data", f"{name} is ragged: row {place} differs in length from the first")
        for entry in entries:
            if isinstance(entry, list):
                raise GradcalcError("data", f"{name} has more than two axes; a variable has at most two")
            if isinstance(entry, bool) or not isinstance(entry, (int, float)):
                shown = json.dumps(entry)[:40]
                raise GradcalcError("data", f"{name} holds {shown}, which is not a number")
    try:
        return checked(name, np.array(value, dtype=float))
    except OverflowError:
        raise GradcalcError("data", f"{name} holds a number too large for floating point") from None


def parse_set(text: str) -> tuple[str, Array]:
    """`NAME=VALUE`, the value as JSON, or `[1 2; 3 4]`. Raises GradcalcError of kind data."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise GradcalcError("data", f"{text!r} is not NAME=VALUE", hint="For example: --set x=[1,2,3]")
    value = value.strip()
    try:
        return name, from_json(name, json.loads(value))
    except (ValueError, RecursionError):
        pass
    if value.startswith("[") and value.endswith("]") and "[" not in value[1:]:
        rows = [row.replace(",", " ").split() for row in value[1:-1].split(";")]
        if all(_is_number(cell) for row in rows for cell in row) and rows[0]:
            numbers = [[float(cell) for cell in row] for row in rows]
            return name, from_json(name, numbers if len(rows) > 1 else numbers[0])
    raise GradcalcError(
        "data", f"the value of {name} is not understood: {value[:40]}", hint="For example: --set W=[[1,2],[3,4]]"
    )


def data_shape(name: str, array: Array, kind: str | None) -> Array:
    """The array in the shape of its kind: a matrix of one row or column is accepted for a vector."""
    if kind == "vector" and array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    if kind == "scalar" and array.size == 1:
        return array.reshape(())
    return array


def complete(arrays: Mapping[str, Array], typing: Typing) -> None:
    """Raises GradcalcError of kind data where variables have no array."""
    missing = [name for name in typing.variables if name not in arrays]
    if missing:
        raise GradcalcError(
            "data",
            f"there is no data for {', '.join(missing)}",
            hint=f"Give it with --data or --set {missing[0]}=..., or draw it with --random.",
        )
