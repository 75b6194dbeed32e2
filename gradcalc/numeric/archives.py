"""Arrays from .npy and .npz files. The headers are held against what the files hold before anything is read."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from typing import IO, Any, NamedTuple

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.limits import size_text
from gradcalc.numeric.arrays import Array, add_array, check_memory, check_numeric, checked, variable_name

_LONGEST_HEADER = 1 << 16
_CHUNK = 1 << 20

LARGEST_UNPACKED = 1 << 30
"""The most that is unpacked of one archive, in bytes: a small file may hold any number of zeros."""

# Version 3 differs from version 2 in the names of fields only.
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,
}


class _Header(NamedTuple):
    """What a file in the .npy format says of itself. start: where the data begins, in bytes."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_columns: bool
    start: int


def read_npy(name: str, path: str) -> Array:
    """The array of a .npy file. Raises GradcalcError of kind data or limit, or OSError."""
    with open(path, "rb") as file:
        header = _header(file, name, path, os.fstat(file.fileno()).st_size)
        return _array(file, name, path, header)


def read_npz(path: str) -> dict[str, Array]:
    """The arrays of an .npz file by name. Raises GradcalcError of kind data or limit, or OSError."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _from_archive(archive, path)
    except (GradcalcError, MemoryError):
        raise
    except Exception as error:
        # Damaged bytes make zipfile and the decompressors raise errors of many types.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged(path, f"it is no whole .npz archive: {str(error)[:100] or type(error).__name__}") from None


def _from_archive(archive: zipfile.ZipFile, path: str) -> dict[str, Array]:
    members = archive.infolist()
    if not members:
        raise GradcalcError("data", f"{path} holds no arrays")
    headers = []
    entries = 0
    for member in members:
        stem, ending = os.path.splitext(member.filename)
        if ending != ".npy":
            raise GradcalcError(
                "data",
                f"{path} holds {member.filename[:80]!r}, which is not an array",
                hint="An .npz archive holds NAME.npy for each variable, as numpy.savez writes it.",
            )
        name = variable_name(stem, path)
        with archive.open(member) as file:
            header = _header(file, name, path, member.file_size)
        entries += int(np.prod(header.shape, dtype=object))
        headers.append((name, member, header))
    check_memory(f"all of {path}", [entries])
    unpacked = sum([member.file_size for member in members if member.compress_type != zipfile.ZIP_STORED])
    if unpacked > LARGEST_UNPACKED:
        raise GradcalcError(
            "limit",
            f"{path} would be {size_text(unpacked)} unpacked; the limit is {size_text(LARGEST_UNPACKED)}",
            hint="Save the arrays with numpy.savez, which does not compress.",
        )
    arrays: dict[str, Array] = {}
    for name, member, header in headers:
        with archive.open(member) as file:
            add_array(arrays, name, _array(file, name, path, header))
    return arrays


def _header(file: IO[bytes], name: str, path: str, size: int) -> _Header:
    """The header of an array that can be read. size: the bytes of the header and the data."""
    start = io.BytesIO(file.read(_LONGEST_HEADER))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, by_columns, dtype = _READERS[np.lib.format.read_magic(start)](start)
    except Exception:
        # The header is a Python literal: a damaged one makes its reader raise errors of many types.
        raise _damaged(path, f"the header of {name} is not that of a .npy file") from None
    if dtype.hasobject:
        raise GradcalcError(
            "data", f"{name} in {path} holds Python objects, which are not read", hint="Save it as float64."
        )
    if dtype.subdtype is not None or any(isinstance(length, bool) or length < 0 for length in shape):
        raise _damaged(path, f"the header of {name} describes no array")
    check_numeric(name, shape, dtype)
    header = _Header(shape, dtype, by_columns, start.tell())
    wanted = header.start + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if wanted != size:
        text = " x ".join([str(length) for length in shape]) or "one number"
        raise _damaged(path, f"{name} is {text} in its header, {wanted} bytes, but {size} bytes are there")
    return header


def _array(file: IO[bytes], name: str, path: str, header: _Header) -> Array:
    array = np.empty(int(np.prod(header.shape, dtype=object)), header.dtype)
    content = array.view(np.uint8).data
    file.seek(header.start)
    position = 0
    while position < len(content):
        piece = file.read(min(_CHUNK, len(content) - position))
        if not piece:
            raise _damaged(path, f"{name} ends after {position} of {len(content)} bytes")
        content[position : position + len(piece)] = piece
        position += len(piece)
    return checked(name, array.reshape(header.shape, order="F" if header.by_columns else "C"))


def _damaged(path: str, reason: str) -> GradcalcError:
    return GradcalcError(
        "data", f"{path} cannot be read: {reason}", hint="Save it again with numpy.save or numpy.savez."
    )
