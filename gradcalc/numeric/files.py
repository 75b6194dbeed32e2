"""Arrays from files: which reader a file needs, and files that cannot be read."""

from __future__ import annotations

import os

from gradcalc.errors import GradcalcError, brief
from gradcalc.jsontext import read_json
from gradcalc.numeric.archives import read_npy, read_npz
from gradcalc.numeric.arrays import Array, arrays_from_json, variable_name
from gradcalc.numeric.tables import read_table
from gradcalc.plainfiles import check_regular, read_bounded

LARGEST_TEXT = 256 << 20
"""The largest text file that is read, in bytes: numbers take several times the memory of their text."""

_NAMELESS = (".npy", ".csv", ".tsv")


def load_data(specification: str) -> dict[str, Array]:
    """The arrays of a file: `FILE.json`, `FILE.npz`, or `NAME=FILE` with .npy, .csv or .tsv.

    Raises GradcalcError of kind data or limit.
    """
    name, equals, path = specification.partition("=")
    name = name.strip()
    if not equals or os.path.exists(specification):
        name, path = "", specification
    ending = os.path.splitext(path)[1].lower()
    if name and ending not in _NAMELESS:
        raise GradcalcError(
            "data", f"{path} is not a .npy, .csv or .tsv file", hint="A .json or .npz file names its arrays."
        )
    if not name and ending in _NAMELESS:
        raise GradcalcError("data", f"{path} does not say which variable it is", hint=f"Write NAME={path}")
    if not name and ending not in (".json", ".npz"):
        raise GradcalcError(
            "data", f"{path} is of no known kind", hint="Give .json, .npz, or NAME=FILE for .npy, .csv, .tsv."
        )
    variable = variable_name(name, "--data") if name else ""
    try:
        return _read(variable, path, ending)
    except FileNotFoundError:
        raise GradcalcError("data", f"there is no file {path}") from None
    except OSError as error:
        raise GradcalcError("data", f"{path} cannot be read: {error.strerror or error}") from None


def _read(name: str, path: str, ending: str) -> dict[str, Array]:
    check_regular(path)
    if ending == ".npz":
        return read_npz(path)
    if ending == ".npy":
        return {name: read_npy(name, path)}
    text = _text(path)
    if ending == ".json":
        return _from_json_text(text, path)
    return {name: read_table(name, text, path, "," if ending == ".csv" else "\t")}


def _text(path: str) -> str:
    content = read_bounded(path, LARGEST_TEXT, "Save the array as .npy or .npz.")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise GradcalcError(
            "data", f"{path} is not UTF-8 text: see byte {error.start + 1}", hint="Save it as UTF-8."
        ) from None
    if not text.strip():
        raise GradcalcError("data", f"{path} is empty")
    return text


def _from_json_text(text: str, path: str) -> dict[str, Array]:
    try:
        content, repeated = read_json(text)
    except ValueError as error:
        raise GradcalcError("data", f"{path} is not JSON: {str(error)[:100]}") from None
    if not isinstance(content, dict):
        raise GradcalcError("data", f"{path} does not hold an object", hint='For example: {"x": [1, 2], "y": 3}')
    if repeated:
        raise GradcalcError("data", f"{path} gives {brief(repeated[0])} twice", hint="Give each variable once.")
    return arrays_from_json(content, path)
