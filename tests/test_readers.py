"""Whatever bytes a reader is given, it answers or says what is wrong; see `scripts/fuzz/readers.py`."""

from __future__ import annotations

import pytest

from scripts.fuzz.readers import Coverage, Fuzzer, Reader, fault, fuzzed, readers, shrunk

SEED = 20261127

FILES = ("lines", "claims.toml", "claims.json", "data.json", "data.csv", "data.npy", "data.npz", "options")

CASES = [
    ("expression", b"["),
    ("claims.toml", b"a = " + b"9" * 5000),
    ("data.json", b'{"x": ' + b"9" * 5000 + b"}"),
    ("data.csv", b'"' * 300_000),
    ("data.npy", b"\x93NUMPY\x01\x00v\x00" + b"(" * 118),
    ("options", b"eval\nx\n--size\nn=" + b"9" * 5000),
]
"""Inputs that once did otherwise, or might."""


@pytest.mark.parametrize(("name", "content"), CASES, ids=lambda value: str(value)[:30])
def test_inputs_that_are_hard_to_read(name: str, content: bytes) -> None:
    assert fault(readers()[name], content) is None


def test_a_bounded_search_for_inputs_that_no_reader_expects() -> None:
    tried = 0
    # So many inputs, not so many seconds: the same ones on every machine.
    for fuzzer in fuzzed(240.0, SEED, FILES, slice_seconds=30.0, most=50):
        assert not fuzzer.failures, f"seed {SEED}: {fuzzer.failures[0].case()}"
        assert fuzzer.tried > 5
        tried += fuzzer.tried
    assert tried > 200


def test_the_search_finds_a_fault_behind_a_door_and_makes_it_short() -> None:
    def fragile(content: bytes) -> None:
        if content.startswith(b"ab") and b"\xff" in content:
            raise IndexError("found")

    reader = Reader("fragile", fragile, (b"ab, and something else",), (b"c", b"d"))
    fuzzer = Fuzzer(reader, 1)
    fuzzer.run(2.0)
    assert fuzzer.failures[0].content == b"ab\xff"
    assert "IndexError" in fuzzer.failures[0].reason
    assert shrunk(b"some long text with x in it", lambda content: b"x" in content) == b"x"


def test_new_branches_are_told_from_known_ones() -> None:
    reader = readers()["component"]
    coverage = Coverage()
    assert coverage.run(lambda: fault(reader, b"x"))
    assert not coverage.run(lambda: fault(reader, b"x"))
    assert coverage.run(lambda: fault(reader, b"A[1,2]"))
