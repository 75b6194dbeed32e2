"""Arrays as they arrive: what is read is right, and what is damaged, odd or nonsense is an error that says so."""

from __future__ import annotations

import builtins
import io
import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcalc.cli import requests, workers
from gradcalc.cli.options import load_arrays, make_problem, parse_sizes
from gradcalc.cli.requests import answer
from gradcalc.errors import GradcalcError
from gradcalc.limits import NO_LIMITS
from gradcalc.numeric import arrays, files
from gradcalc.numeric.arrays import check_memory, parse_set
from gradcalc.numeric.files import load_data
from gradcalc.numeric.points import draw

pytestmark = pytest.mark.filterwarnings("error")


def fault(action: Any, *arguments: Any) -> GradcalcError:
    with pytest.raises(GradcalcError) as caught:
        action(*arguments)
    return caught.value


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npy_of(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """A .npy file with any header."""
    text = header.encode("latin1") + b"\n"
    width = 2 if version[:1] == b"\x01" else 4
    return b"\x93NUMPY" + version + len(text).to_bytes(width, "little") + text + data


def described(shape: str, descr: str = "'<f8'", by_columns: bool = False) -> str:
    return f"{{'descr': {descr}, 'fortran_order': {by_columns}, 'shape': {shape}, }}"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


# --set


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("x=3", "x", 3.0),
        ("x=.5", "x", 0.5),
        ("x=+3", "x", 3.0),
        ("x=-3.", "x", -3.0),
        ("x=1e-400", "x", 0.0),
        (" x = [1, 2] ", "x", [1.0, 2.0]),
        ("x=[1 2 3]", "x", [1.0, 2.0, 3.0]),
        ("x=[ 1,2 , 3 ]", "x", [1.0, 2.0, 3.0]),
        ("x=[1 2, -3]", "x", [1.0, 2.0, -3.0]),
        ("x=[1;2;3]", "x", [[1.0], [2.0], [3.0]]),
        ("A=[1 2; 3 4]", "A", [[1.0, 2.0], [3.0, 4.0]]),
        ("A=[1 2; 3 4;]", "A", [[1.0, 2.0], [3.0, 4.0]]),
        ("A=[[1,2],[3,4]]", "A", [[1.0, 2.0], [3.0, 4.0]]),
        ("λ=2", "lambda", 2.0),
        ("Σ1=[[1]]", "Sigma1", [[1.0]]),
    ],
)
def test_settings(text: str, name: str, value: Any) -> None:
    found, array = parse_set(text)
    assert (found, array.tolist(), array.dtype) == (name, value, np.dtype(float))


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("x", "'x' is not NAME=VALUE", "--set x=[1,2,3]"),
        ("=3", "'=3' is not NAME=VALUE", "--set x=[1,2,3]"),
        ("x=", "x has no value", "--set x=[1,2,3]"),
        ("x= ", "x has no value", "--set x=[1,2,3]"),
        ("3=x", "'3', which is not the name", "A name is"),
        ("x[1]=3", "'x[1]', which is not the name", "A name is"),
        ("x y=3", "'x y', which is not the name", "A name is"),
        ("ж=3", "'ж', which is not the name", "A name is"),
        ("x==3", "not understood: '=3'", "For example"),
        ("x=[1,2", "the brackets of x do not match", "For example"),
        ("x=1,2]", "the brackets of x do not match", "For example"),
        ("x=[[1,2],[3 4]]", "not understood", "For example"),
        ("x=[1 2;3]", "ragged: row 2 has 1 entry, the first has 2 entries", None),
        ("x=[[1,2],[3]]", "ragged: row 2 has 1 entry, the first has 2 entries", None),
        ("x=[1,[2]]", "ragged: row 2 has 1 entry, the first is a number", None),
        ("x=[[1],2]", "ragged: row 2 is a number, the first has 1 entry", None),
        ("x=[[[1]]]", "more than two axes at position [1, 1]", None),
        ("x=true", "holds true", "Write 1 and 0"),
        ("x=[1,false]", "holds false at position [2]", "Write 1 and 0"),
        ("x=null", "holds null", "Missing"),
        ('x="a"', 'holds "a"', None),
        ('x="3"', 'holds "3"', "Write 3 without quotes"),
        ('x=[[1,{"a":1}]]', "holds an object at position [1, 2]", None),
        ("x=1e400", "not finite", "1.8e308"),
        ("x=[1,-1e400]", "not finite: it holds a number that is infinite or too large at position [2]", "1.8e308"),
        ("x=[1 1e999]", "not finite: it holds a number that is infinite or too large at position [2]", "1.8e308"),
        ("x=" + "9" * 5000, "not finite", "1.8e308"),
        ("x=NaN", "not finite: it holds nan", "Numbers are finite"),
        ("x=[1,Infinity]", "not finite", "Numbers are finite"),
        ("x=[nan 1]", "'nan' is not a number: row 1, column 1 of x", "Missing"),
        ("x=[]", "x is empty", None),
        ("x=[[]]", "x is empty", None),
        ("x=[[],[]]", "x is empty", None),
        ("x=[;]", "an entry is missing: row 1, column 1 of x", None),
        ("x=[1;;2]", "an entry is missing: row 2, column 1 of x", None),
        ("x=[1,,2]", "an entry is missing: row 1, column 2 of x", "separator"),
        ("x=[1 2,]", "an entry is missing: row 1, column 3 of x", "separator"),
        ("x=[1 - 2]", "'-' is not a number: row 1, column 2 of x", None),
        ("x=[1 2;3 −4]", "'−4' is not a number: row 2, column 2 of x", "minus"),
        ("x=1 2", "not understood", '--set "x=[1 2]"'),
        ("x=1,2", "not understood", '--set "x=[1,2]"'),
        ("x=1+2i", "not understood", "Complex"),
        ("x=3j", "not understood", "Complex"),
        ("x=1_000", "not understood", "thousands"),
        ("x=１２", "not understood", "For example"),
        ("x=A.npy", "not understood", "--data x=A.npy"),
        ("x=" + "[" * 100_000, "the brackets of x do not match", None),
        ("x=" + "[" * 50_000 + "]" * 50_000, "not understood", None),
        ("x=\x00", "not understood", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_settings_that_are_wrong(text: str, said: str, hint: str | None) -> None:
    error = fault(parse_set, text)
    assert error.kind == "data"
    assert said in error.message
    assert len(error.message) < 200
    assert hint is None or hint in str(error.hint)


@pytest.mark.parametrize("sets", [["x=1", "x=2"], ["λ=1", "lambda=2"], ["x=1", " x =1"]])
def test_a_name_is_given_once(sets: list[str]) -> None:
    assert "is given twice" in fault(load_arrays, [], sets).message


@pytest.mark.parametrize(
    "sizes", [["m"], ["=3"], ["m="], ["m=x"], ["m=²"], ["m=1.5"], ["m=3", "m=4"], ["m=" + "9" * 5000]]
)
def test_sizes_that_are_wrong(sizes: list[str]) -> None:
    assert fault(parse_sizes, sizes).kind == "usage"


@pytest.mark.parametrize("shape", [(1 << 40,), (10**30, 10**30), (10**5000, 2), (1 << 16, 1 << 16)])
def test_memory_is_limited_whatever_the_shape(shape: tuple[int, ...]) -> None:
    error = fault(check_memory, "x", shape)
    assert error.kind == "limit"
    assert len(error.message) < 200


# .npy and .npz

MATRIX = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    "array",
    [
        MATRIX,
        np.asfortranarray(MATRIX),
        MATRIX.astype(">f8"),
        MATRIX.astype("f2"),
        MATRIX.astype("g"),
        MATRIX.astype("u1"),
        MATRIX.astype(">i4"),
        MATRIX.astype("u8"),
        np.array(3.0),
        np.array(7, dtype=">u2"),
        MATRIX[:, :1],
        np.asfortranarray(MATRIX.astype(">f4")),
    ],
    ids=lambda array: f"{array.dtype.str} {array.shape}",
)
def test_every_type_of_real_number_is_read(tmp_path: Path, array: Any) -> None:
    (tmp_path / "A.npy").write_bytes(npy(array))
    (tmp_path / "all.npz").write_bytes(zipped(("A.npy", npy(array))))
    for specification in (f"A={tmp_path}/A.npy", f"{tmp_path}/all.npz"):
        found = load_data(specification)["A"]
        assert (found.dtype, found.tolist()) == (np.dtype(float), array.tolist())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_however_they_are_compressed(tmp_path: Path, method: int) -> None:
    path = tmp_path / "all.npz"
    path.write_bytes(zipped(("A.npy", npy(MATRIX)), ("λ.npy", npy(2.0)), method=method))
    found = load_data(str(path))
    assert {name: array.tolist() for name, array in found.items()} == {"A": MATRIX.tolist(), "lambda": 2.0}


BAD_NPY = {
    "empty file": (b"", "data", "header"),
    "magic only": (b"\x93NUMPY", "data", "header"),
    "no magic": (b"1,2,3\n", "data", "header"),
    "a pickle": (b"\x80\x04K\x01.", "data", "header"),
    "version": (npy_of(described("(1,)"), bytes(8), b"\x09\x00"), "data", "header"),
    "cut header": (npy(MATRIX)[:40], "data", "header"),
    "long header": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "data", "header"),
    "nested header": (npy_of("(" * 5000), "data", "header"),
    "signs in header": (npy_of("-" * 9000 + "1"), "data", "header"),
    "null header": (npy_of("\x00"), "data", "header"),
    "code in header": (npy_of("__import__('os').abort()"), "data", "header"),
    "no shape": (npy_of("{'descr': '<f8', 'fortran_order': False}"), "data", "header"),
    "wrong type": (npy_of(described("(1,)", "'zz'")), "data", "header"),
    "odd type": (npy_of(described("(1,)", "[3]")), "data", "header"),
    "text for a shape": (npy_of(described("'12'")), "data", "header"),
    "negative shape": (npy_of(described("(-1,)"), bytes(8)), "data", "describes no array"),
    "boolean shape": (npy_of(described("(True,)"), bytes(8)), "data", "describes no array"),
    "subarray": (npy_of(described("(1,)", "('<f8', (2,))"), bytes(16)), "data", "describes no array"),
    "cut data": (npy(MATRIX)[:-1], "data", "x is 2 x 3 in its header"),
    "more data": (npy(MATRIX) + b"\x00", "data", "x is 2 x 3 in its header"),
    "two arrays": (npy(MATRIX) + npy(MATRIX), "data", "x is 2 x 3 in its header"),
    "cut number": (npy(np.array(1.0))[:-1], "data", "x is one number in its header"),
    "small lie": (npy_of(described("(1000,)"), bytes(8)), "data", "x is 1000 in its header"),
    "huge lie": (npy_of(described(f"({1 << 40},)"), bytes(8)), "limit", "the limit is 4 GiB"),
    "overflowing lie": (npy_of(described(f"({1 << 62}, 8)"), bytes(8)), "limit", "the limit is 4 GiB"),
    "endless lie": (npy_of(described(f"({10**3000}, 8)"), bytes(8)), "limit", "the limit is 4 GiB"),
    "objects": (npy(np.array([{}], dtype=object)), "data", "Python objects"),
    "structured": (npy(np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])), "data", "named fields"),
    "objects in fields": (npy(np.zeros(2, dtype=[("a", "O")])), "data", "Python objects"),
    "complex": (npy(np.array([1j])), "data", "complex numbers"),
    "booleans": (npy(np.array([True])), "data", "booleans"),
    "text": (npy(np.array(["1"])), "data", "text"),
    "bytes": (npy(np.array([b"1"])), "data", "text"),
    "dates": (npy(np.array(["2020-01-01"], dtype="M8[D]")), "data", "dates"),
    "raw": (npy(np.zeros(2, dtype="V3")), "data", "raw bytes"),
    "no entries": (npy(np.zeros((0, 3))), "data", "x is empty: its shape is [0, 3]"),
    "no entries of many": (npy_of(described(f"(0, {1 << 62})")), "data", "x is empty"),
    "three axes": (npy(np.zeros((1, 2, 3))), "data", "3 axes"),
    "nan": (npy(np.array([[1.0, 2.0], [3.0, np.nan]])), "data", "nan at position [2, 2]"),
    "infinite number": (npy(np.array(-np.inf)), "data", "x is not finite"),
    "too large a number": (npy(np.array([np.finfo("g").max], dtype="g")), "data", "x is not finite"),
}


@pytest.mark.parametrize("case", BAD_NPY)
def test_arrays_that_cannot_be_read(tmp_path: Path, case: str) -> None:
    if case == "too large a number" and np.finfo("g").max == np.finfo("d").max:
        pytest.skip("no wider type here")
    content, kind, said = BAD_NPY[case]
    (tmp_path / "x.npy").write_bytes(content)
    (tmp_path / "x.npz").write_bytes(zipped(("x.npy", content)))
    for specification in (f"x={tmp_path}/x.npy", f"{tmp_path}/x.npz"):
        error = fault(load_data, specification)
        assert error.kind == kind
        assert said in error.message
        assert error.hint is not None or kind == "data"


WHOLE = zipped(("A.npy", npy(MATRIX)), ("x.npy", npy([1.0, 2.0, 3.0])))


def encrypted() -> bytes:
    content = bytearray(zipped(("x.npy", npy(1.0))))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def with_wrong_checksum() -> bytes:
    stream = bytearray(zipped(("x.npy", npy(1.0)), method=zipfile.ZIP_STORED))
    place = stream.index(np.array(1.0).tobytes())
    stream[place + 7] ^= 1
    return bytes(stream)


BAD_NPZ = {
    "empty file": (b"", "data", "no whole .npz archive"),
    "no archive": (npy(MATRIX), "data", "no whole .npz archive"),
    "cut archive": (WHOLE[:-30], "data", "no whole .npz archive"),
    "half an archive": (WHOLE[: len(WHOLE) // 2], "data", "no whole .npz archive"),
    "no members": (zipped(), "data", "holds no arrays"),
    "text inside": (zipped(("readme.txt", b"text")), "data", "'readme.txt', which is not an array"),
    "a name without ending": (zipped(("x", npy(1.0))), "data", "'x', which is not an array"),
    "a folder": (zipped(("x/", b"")), "data", "'x/', which is not an array"),
    "a path": (zipped(("a/x.npy", npy(1.0))), "data", "'a/x', which is not the name"),
    "a path upwards": (zipped(("../x.npy", npy(1.0))), "data", "'../x', which is not the name"),
    "two endings": (zipped(("x.npy.npy", npy(1.0))), "data", "'x.npy', which is not the name"),
    "an ending alone": (zipped((".npy", npy(1.0))), "data", "'.npy', which is not an array"),
    "twice": (zipped(("x.npy", npy(1.0)), ("x.npy", npy(2.0))), "data", "x is given twice"),
    "twice in Greek": (zipped(("λ.npy", npy(1.0)), ("lambda.npy", npy(2.0))), "data", "lambda is given twice"),
    "encrypted": (encrypted(), "data", "no whole .npz archive"),
    "wrong checksum": (with_wrong_checksum(), "data", "no whole .npz archive"),
    "a long name": (zipped(("x" * 60_000 + ".txt", b"")), "data", "which is not an array"),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_archives_that_cannot_be_read(tmp_path: Path, case: str) -> None:
    content, kind, said = BAD_NPZ[case]
    path = tmp_path / "all.npz"
    path.write_bytes(content)
    error = fault(load_data, str(path))
    assert error.kind == kind
    assert said in error.message
    assert len(error.message) < 400


def test_an_archive_is_measured_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGEST_BYTES", 1 << 20)
    path = tmp_path / "all.npz"
    path.write_bytes(zipped(*[(f"x{number}.npy", npy(np.zeros(1 << 16))) for number in range(3)]))
    assert path.stat().st_size < 1 << 12
    assert fault(load_data, str(path)).kind == "limit"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_with_changed_bytes(tmp_path: Path, method: int) -> None:
    whole = zipped(("A.npy", npy(MATRIX)), ("x.npy", npy(np.ones(40))), method=method)
    generator = np.random.default_rng(0)
    path = tmp_path / "all.npz"
    for _ in range(300):
        content = bytearray(whole)
        for place in generator.integers(0, len(content), 1 + generator.integers(0, 4)):
            content[place] = generator.integers(0, 256)
        path.write_bytes(content[: generator.integers(1, len(content) + 1)] if generator.random() < 0.2 else content)
        try:
            found = load_data(str(path))
        except GradcalcError as error:
            assert error.kind in ("data", "limit")
        else:
            assert all(np.isfinite(array).all() for array in found.values())


def test_headers_with_changed_bytes(tmp_path: Path) -> None:
    whole = npy(MATRIX)
    generator = np.random.default_rng(0)
    path = tmp_path / "x.npy"
    for _ in range(1000):
        content = bytearray(whole)
        for place in generator.integers(0, 80, 1 + generator.integers(0, 3)):
            content[place] = generator.integers(0, 256)
        path.write_bytes(content)
        try:
            load_data(f"x={path}")
        except GradcalcError as error:
            assert error.kind in ("data", "limit")


# Tables


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ("1,2\r3,4\r", [[1, 2], [3, 4]]),
        ("\n1,2\n\n   \n3,4\n\n", [[1, 2], [3, 4]]),
        ("\ufeff1,2\n3,4", [[1, 2], [3, 4]]),
        ("a,b\n1,2\n3,4", [[1, 2], [3, 4]]),
        ("\ufeffa,b\n1,2\n3,4", [[1, 2], [3, 4]]),
        ('"a","β"\n1,2\n3,4', [[1, 2], [3, 4]]),
        ("# written by hand\n1,2\n3,4", [[1, 2], [3, 4]]),
        ('"1","2"\n"3", 4 \n', [[1, 2], [3, 4]]),
        (" 1 , +2.e0\n-.5,4E-1", [[1, 2], [-0.5, 0.4]]),
        ("1\n2\n3", [1, 2, 3]),
        ("1,2,3", [1, 2, 3]),
        ("x\n5\n", [5]),
        ("5", [5]),
        ("1" + "0" * 300 + ",1", [1e300, 1]),
    ],
)
def test_tables(tmp_path: Path, content: str, value: Any) -> None:
    (tmp_path / "x.csv").write_bytes(content.encode())
    (tmp_path / "x.tsv").write_bytes(content.replace(",", "\t").encode())
    assert load_data(f"x={tmp_path}/x.csv")["x"].tolist() == value
    assert load_data(f"λ = {tmp_path}/x.tsv".replace(" = ", "="))["lambda"].tolist() == value


@pytest.mark.parametrize(
    ("content", "said", "hint"),
    [
        (b"", "is empty", None),
        (b"\xef\xbb\xbf", "is empty", None),
        (b"\n \r\n", "is empty", None),
        (b"a,b\n", "holds no numbers", None),
        (b"1,2\n3\n", "ragged: line 2 of", "same number"),
        (b"1,2\n\n3,4,5\n", "ragged: line 3 of", "same number"),
        (b"a,b,c\n1,2\n", "ragged: line 2 of", "same number"),
        (b"1,2,\n3,4,\n", "an entry is missing: line 1, column 3 of", "separator"),
        (b"1,2\n,\n", "an entry is missing: line 2, column 1 of", "separator"),
        (b",a\n0,1\n", "an entry is missing: line 1, column 1 of", None),
        (b"a,2\n3,4\n", "'a' is not a number: line 1, column 1 of", None),
        (b"a,b\nc,d\n1,2\n", "'c' is not a number: line 2, column 1 of", None),
        (b"1;2\n3;4\n", "'1;2' is not a number: line 1, column 1 of", "separated by a comma"),
        (b"x;y\n1;2\n", "'1;2' is not a number: line 2, column 1 of", "separated by a comma"),
        (b"1 2\n3 4\n", "'1 2' is not a number: line 1, column 1 of", "separated by a comma"),
        (b"1\t2\n", "is not a number: line 1, column 1 of", "separated by a comma"),
        (b'1,"1,000"\n', "'1,000' is not a number: line 1, column 2 of", "thousands"),
        (b'1,"1,234,567.8"\n', "is not a number: line 1, column 2 of", "thousands"),
        (b'1,"2,5"\n', "'2,5' is not a number: line 1, column 2 of", "decimal point"),
        (b"1_000,2\n", "'1_000' is not a number: line 1, column 1 of", "thousands"),
        (b"1+2j,2\n", "'1+2j' is not a number: line 1, column 1 of", "Complex"),
        (b"1,nan\n", "'nan' is not a number: line 1, column 2 of", "Missing"),
        (b"nan,NA\n1,2\n", "'nan' is not a number: line 1, column 1 of", "Missing"),
        (b"1,-Inf\n", "'-Inf' is not a number: line 1, column 2 of", "Missing"),
        (b"true,false\n1,2\n", "'true' is not a number: line 1, column 1 of", "Write 1 and 0"),
        (b"1,1e999\n", "x is not finite", "1.8e308"),
        (b"1,0x10\n", "'0x10' is not a number: line 1, column 2 of", None),
        ("1,−2\n".encode(), "'−2' is not a number: line 1, column 2 of", "minus"),
        ("1,２\n".encode(), "'２' is not a number: line 1, column 2 of", None),
        (b"1,\x002\n", "line 1", None),
        (b'1,"2\n3,4\n', "cannot be read", None),
        (b'1,"2"3\n', "line 1 of", None),
        (b"1," + b"2" * 200_000, "field larger than field limit", None),
        (b"1,2\n3,\xff\n", "not UTF-8 text: see byte 7", "Save it as UTF-8"),
        ("1,2\n".encode("utf-16"), "not UTF-8 text: see byte 1", "Save it as UTF-8"),
        ("1,2\n".encode("utf-16-le"), "line 1", None),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, content: bytes, said: str, hint: str | None) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    error = fault(load_data, f"x={tmp_path}/x.csv")
    assert error.kind == "data"
    assert said in error.message
    assert hint is None or hint in str(error.hint)


def test_a_long_row_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(",".join(["1.5"] * 200_000))
    assert load_data(f"x={tmp_path}/x.csv")["x"].shape == (200_000,)


# .json


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf ", "is empty"),
        (b"[1, 2]", "does not hold an object"),
        (b"3", "does not hold an object"),
        (b"null", "does not hold an object"),
        (b"{", "is not JSON"),
        (b'{"x": 1,}', "is not JSON: "),
        (b'{"x": 1} {"y": 2}', "is not JSON: Extra data: line 1 column 10"),
        (b'{"x": 1, "x": 2}', "gives 'x' twice"),
        (b'{"x": 1, "x": 1}', "gives 'x' twice"),
        ('{"λ": 1, "lambda": 2}'.encode(), "lambda is given twice"),
        (b'{"x y": 1}', "gives 'x y', which is not the name"),
        (b'{"": 1}', "gives '', which is not the name"),
        (b'{"\\ud800": 1}', "which is not the name"),
        (b'{"' + b"x" * 10_000 + b'!": 1}', "which is not the name"),
        (b'{"x": NaN}', "x is not finite: it holds nan"),
        (b'{"x": [1, -Infinity]}', "x is not finite"),
        (b'{"x": 1e999}', "x is not finite"),
        (b'{"x": [[1, 2], [3, ' + b"9" * 5000 + b"]]}", "x is not finite: it holds a number that is infinite or too"),
        (b'{"x": ' + b"9" * 309 + b"}", "x is not finite"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is not JSON: it is nested too deeply"),
        (b'{"x": ' + b"[" * 500 + b"]" * 500 + b"}", "more than two axes"),
        (b'{"x": [' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"]}", "holds an object at position [1]"),
        (b'{"x": "\xff"}', "not UTF-8 text: see byte 8"),
        ('{"x": 1}'.encode("utf-16"), "not UTF-8 text"),
        (b'{"x": 1\x00}', "is not JSON"),
        (b"\x00", "is not JSON"),
        (b'{"x": [[1, 2], [3]]}', "ragged: row 2 has 1 entry, the first has 2 entries"),
        (b'{"x": [1, "two"]}', 'x holds "two" at position [2]'),
        (b'{"x": []}', "x is empty"),
        (b'{"x": {"y": 1}}', "x holds an object"),
        (b'{"x": "' + b"a" * 10_000 + b'"}', "which is not a number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_objects_that_are_wrong(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "all.json").write_bytes(content)
    error = fault(load_data, f"{tmp_path}/all.json")
    assert error.kind == "data"
    assert said in error.message
    assert len(error.message) < 400


def test_objects(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_bytes(b'\xef\xbb\xbf{"\xce\xbb": 2, "x": [1, 2.5],\r\n "A": [[1], [2]], "k": 12345678901234567890}')
    found = {name: array.tolist() for name, array in load_data(str(path)).items()}
    assert found == {"lambda": 2, "x": [1, 2.5], "A": [[1], [2]], "k": 12345678901234567890.0}


# Files that are none


@pytest.mark.parametrize("ending", ["npy", "npz", "csv", "tsv", "json"])
def test_files_that_are_none(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "" if ending in ("npz", "json") else "x="
    (tmp_path / f"folder.{ending}").mkdir()
    os.mkfifo(tmp_path / f"pipe.{ending}")
    (tmp_path / f"device.{ending}").symlink_to("/dev/zero")
    (tmp_path / f"loop.{ending}").symlink_to(tmp_path / f"loop.{ending}")
    (tmp_path / f"secret.{ending}").write_bytes(b"1")

    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    for stem, said in [
        ("missing", "there is no file"),
        ("folder", "is a folder"),
        ("pipe", "is a pipe or a device"),
        ("device", "is a pipe or a device"),
        ("loop", "cannot be read"),
        ("x" * 300, "cannot be read"),
        ("secret", "cannot be read: Permission denied"),
    ]:
        with monkeypatch.context() as patch:
            if stem == "secret":
                patch.setattr(builtins, "open", refused)
                patch.setattr(io, "open", refused)
            error = fault(load_data, f"{name}{tmp_path}/{stem}.{ending}")
        assert error.kind == "data"
        assert said in error.message


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_large_texts_are_not_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    with open(path, "wb") as file:
        file.truncate(files.LARGEST_TEXT + 1)
    error = fault(load_data, f"x={path}" if ending == "csv" else str(path))
    assert error.kind == "limit"
    assert "npy" in str(error.hint)


@pytest.mark.parametrize(
    ("specification", "said"),
    [
        ("x.npy", "does not say which variable"),
        ("=x.npy", "does not say which variable"),
        ("x=all.npz", "is not a .npy, .csv or .tsv file"),
        ("all.txt", "is of no known kind"),
        ("", "is of no known kind"),
        ("=", "is of no known kind"),
        ("2x=x.npy", "'2x', which is not the name"),
    ],
)
def test_specifications_that_are_wrong(specification: str, said: str) -> None:
    error = fault(load_data, specification)
    assert (error.kind, said in error.message) == ("data", True)


# Requests


def request(**change: Any) -> str:
    return json.dumps({"id": 7, "command": "eval", "expression": "x*y", "data": {"x": 1, "y": 2}, **change})


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        (request().replace('"y"', '"x"'), "usage", "gives 'x' twice"),
        (request().replace('"expression"', '"command"'), "usage", "gives 'command' twice"),
        (request(data={"x": 1, "y": 2, "λ": 3, "lambda": 3}), "data", "lambda is given twice"),
        (request(data={"x y": 1}), "data", "'x y', which is not the name"),
        (request().replace("2}", "NaN}"), "data", "y is not finite"),
        (request(allow_nonfinite=True).replace("2}", "NaN}"), "data", "y is not finite"),
        (request().replace("2}", "1e999}"), "data", "y is not finite"),
        (request().replace("2}", "9" * 5000 + "}"), "data", "y is not finite"),
        (request().replace("2}", "[" * 500 + "]" * 500 + "}"), "data", "more than two axes"),
        (request(seed=0).replace('"seed": 0', '"seed": ' + "9" * 5000), "usage", "seed is a whole number"),
        (request(expression="x'*y", data={"x": [1, 2], "y": [1, 2, 3]}), "data", "the lengths differ"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_requests_with_wrong_data(line: str, kind: str, said: str) -> None:
    for given in (line, line.encode()):
        result, _ = answer(given)
        assert (result["id"], result["ok"], result["error"]["kind"]) == (7, False, kind)
        assert said in result["error"]["message"]


def test_requests_that_are_no_text() -> None:
    result, code = answer(b'{"command": "\xff"}')
    assert (code, result["error"]["message"]) == (2, "the line is not UTF-8 text: see byte 14")


def test_a_line_that_is_too_long_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (requests, workers):
        monkeypatch.setattr(module, "LARGEST_LINE", 200)
    good = request().encode()
    path = tmp_path / "requests"
    path.write_bytes(b"\n".join([good, b"x" * 1000, good, b"x" * 199, good.ljust(199), b"x" * 201, good]))
    with path.open("rb") as source:
        codes = [code for _, code in workers.results_of_workers(source, 1, 0, NO_LIMITS)]
    assert codes == [0, 6, 0, 2, 0, 6, 0]


def test_a_request_may_use_greek_letters() -> None:
    result, _ = answer(request(expression="λ*x", data={"x": 2, "λ": 3}))
    assert result["objective"]["value"] == 6


# Data that does not fit the expression


@pytest.mark.parametrize(
    ("text", "sets", "kind", "said"),
    [
        ("A*x", ["A=[1 2 3; 4 5 6]", "x=[1,2]"], "data", "A is given as 2 x 3, x is given with 2 entries"),
        ("x'*y", ["x=[1,2]", "y=[1,2,3]"], "data", "x is given with 2 entries, y is given with 3 entries"),
        ("z = A*x; z'*z", ["A=[1 2; 3 4]", "x=[1,2,3]"], "data", "A is given as 2 x 2, x is given with 3 entries"),
        ("inv(A)", ["A=[1 2 3; 4 5 6]"], "data", "A is given as 2 x 3"),
        ("det(A)", ["A=3"], "data", "A is given as a number"),
        ("x[5]", ["x=[1,2]"], "data", "x has the shape [2]"),
        ("x: vector; x*x", ["x=[1,2]"], "shape", "x is given with 2 entries"),
        ("x*x*A +", ["x=[1,2]"], "syntax", ""),
        ("x'*x", ["x=1", "q=2"], "data", ""),
    ],
)
def test_data_that_does_not_fit(text: str, sets: list[str], kind: str, said: str) -> None:
    error = fault(make_problem, text, (), load_arrays([], sets))
    assert error.kind == kind
    assert said in str(error.hint)
    assert error.span is None or error.source is not None


def test_a_column_is_a_vector() -> None:
    given = load_arrays([], ["x=[1;2;3]"])
    problem = make_problem("x'*y", (), given)
    assert problem.typing.variables["x"].kind == "vector"
    drawn, _ = draw(problem.program, problem.typing, {}, 0, given)
    assert drawn["x"].shape == drawn["y"].shape == (3,)


def test_archives_are_not_unpacked_beyond_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.numeric import archives

    np.savez_compressed(tmp_path / "zeros.npz", x=np.zeros(4000))
    np.savez(tmp_path / "plain.npz", x=np.zeros(4000))
    monkeypatch.setattr(archives, "LARGEST_UNPACKED", 30_000)
    with pytest.raises(GradcalcError, match="unpacked; the limit is 30000 bytes") as caught:
        load_data(str(tmp_path / "zeros.npz"))
    assert caught.value.kind == "limit"
    assert load_data(str(tmp_path / "plain.npz"))["x"].shape == (4000,)
