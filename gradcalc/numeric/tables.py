"""Arrays from tables of text: .csv and .tsv."""

from __future__ import annotations

import csv
import io
import re
from array import array

import numpy as np

from gradcalc.errors import GradcalcError, brief
from gradcalc.numeric.arrays import Array, check_memory, checked, number, number_hint

_HEADING = re.compile(r"[^\W\d]|#")

_NO_HEADINGS = re.compile(r"nan|inf|infinity|na|n/a|null|none|true|false|[ij]", re.IGNORECASE)


def read_table(name: str, text: str, path: str, delimiter: str) -> Array:
    """The array of a table, one row a line; a single row or column is a vector.

    Blank lines and a first row of headings are skipped. Raises GradcalcError of kind data or limit.
    """
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    numbers = array("d")
    width = 0
    first = True
    try:
        for row in rows:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            heading = first and _is_heading(row)
            first = False
            if heading and row[0].lstrip().startswith("#"):
                continue
            width = width or len(row)
            if len(row) != width:
                raise _ragged(name, path, rows.line_num, len(row), width)
            if heading:
                continue
            numbers.extend([_cell(cell, path, rows.line_num, place, delimiter) for place, cell in enumerate(row, 1)])
            check_memory(name, [len(numbers)])
    except csv.Error as error:
        raise GradcalcError(
            "data", f"line {rows.line_num} of {path} cannot be read: {error}", hint="Numbers need no quotes."
        ) from None
    if not numbers:
        raise GradcalcError("data", f"{path} holds no numbers")
    found = np.frombuffer(numbers).reshape(-1, width)
    return checked(name, found.reshape(-1) if 1 in found.shape else found)


def _is_heading(row: list[str]) -> bool:
    return all(_HEADING.match(cell.strip()) and not _NO_HEADINGS.fullmatch(cell.strip()) for cell in row)


def _ragged(name: str, path: str, line: int, length: int, width: int) -> GradcalcError:
    entries = "entry" if length == 1 else "entries"
    return GradcalcError(
        "data",
        f"{name} is ragged: line {line} of {path} has {length} {entries}, not {width}",
        hint="Every row has the same number of entries; decimals have a point.",
    )


def _cell(cell: str, path: str, line: int, column: int, delimiter: str) -> float:
    text = cell.strip()
    found = number(text)
    if found is None:
        shown = f"{brief(text)} is not a number" if text else "an entry is missing"
        hint = number_hint(text)
        if hint is None and re.search(r"[;,|\s]", text):
            hint = f"The entries of a row are separated by a {'comma' if delimiter == ',' else 'tab'}."
        raise GradcalcError("data", f"{shown}: line {line}, column {column} of {path}", hint=hint)
    return found
