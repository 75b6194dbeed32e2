"""Guided fuzzing of every reader: texts that reach new branches are kept, changed and tried again.

    python -m scripts.fuzz.readers [--seconds 60] [--seed N] [--reader NAME] [--cases FOLDER]

A reader may answer or raise GradcalcError (not of kind internal), within 5 seconds and 1 GiB. Whatever else it does is
a failure: the input is made as short as it still fails and printed as a case for `tests/test_readers.py`.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

import gradcalc
from gradcalc.api import Problem
from gradcalc.errors import GradcalcError
from gradcalc.limits import Limits, resident_bytes, within
from scripts.fuzz import pieces

LONGEST = 5.0
"""How long one input may take, in seconds of the processor."""

_GIVE_UP = 60.0
"""After how many seconds of the clock an input is stopped."""

LARGEST = 1 << 30
"""By how much the memory may grow over one input, in bytes."""

_READ_BY = (
    "language/", "jsontext.py", "claimsfile.py", "plainfiles.py", "numeric/files.py", "numeric/tables.py",
    "numeric/archives.py", "numeric/arrays.py", "cli/options.py", "cli/group.py", "cli/requests.py", "cli/workers.py",
)  # fmt: skip
"""The modules whose branches guide the search."""

_OFTEN = 300
"""A function that was called so often without anything new is looked at now and then only."""

_ROOT = str(Path(gradcalc.__file__).parent) + "/"


class Reader(NamedTuple):
    """What is fed. seeds: inputs that are good. words: what inputs of this kind are made of."""

    name: str
    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]


class Failure(NamedTuple):
    reader: str
    content: bytes
    reason: str

    def case(self) -> str:
        return f"    ({self.reader!r}, {self.content!r}),  # {self.reason}"


class Coverage:
    """The pairs of lines that follow each other in the reader modules, as far as they were met."""

    def __init__(self) -> None:
        self.known: set[tuple[CodeType, int, int]] = set()
        self._met: set[tuple[CodeType, int, int]] = set()
        self._watched: dict[CodeType, bool] = {}
        self._stale: dict[CodeType, int] = {}
        self._random = random.Random(0)

    def run(self, action: Callable[[], object]) -> bool:
        """Runs an action; whether it met something new."""
        self._met = set()
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            action()
        finally:
            sys.settrace(before)
            new = bool(self._met)
            self.known |= self._met
        return new

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        watched = self._watched.get(code)
        if watched is None:
            name = code.co_filename
            watched = name.startswith(_ROOT) and name[len(_ROOT) :].startswith(_READ_BY)
            self._watched[code] = watched
        if not watched:
            return None
        stale = self._stale.get(code, 0) + 1
        self._stale[code] = stale
        if stale > _OFTEN and self._random.random() < 0.97:
            # To look at every line costs a hundred times what it takes to run it.
            return None
        met, known = self._met, self.known
        last = 0

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "line":
                step = (code, last, frame.f_lineno)
                if step not in known:
                    met.add(step)
                    self._stale[code] = 0
                last = frame.f_lineno
            return line

        return line


class Fuzzer:
    """One reader, the inputs that led somewhere, and what failed."""

    def __init__(self, reader: Reader, seed: int) -> None:
        self.reader = reader
        self.corpus: list[bytes] = []
        self.failures: list[Failure] = []
        self.tried = 0
        self._coverage = Coverage()
        self._random = random.Random(f"{seed} {reader.name}")
        self._reasons: set[str] = set()
        for content in reader.seeds:
            self._try(content)
        self.corpus = list(reader.seeds)

    @property
    def branches(self) -> int:
        return len(self._coverage.known)

    def run(self, seconds: float, most: int | None = None) -> None:
        """Tries inputs for so long, or until there were so many."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (most is None or self.tried < most):
            content = self._changed(self._random.choice(self.corpus))
            if self._try(content):
                self.corpus.append(content)

    def _try(self, content: bytes) -> bool:
        """Reads one input. Returns whether it led somewhere new."""
        self.tried += 1
        reasons: list[str | None] = []
        # Tracing costs: most inputs lead nowhere new, and those of the corpus have been there.
        new = self._coverage.run(lambda: reasons.append(fault(self.reader, content)))
        reason = reasons[0]
        if reason is not None and _kind_of(reason) not in self._reasons:
            self._reasons.add(_kind_of(reason))
            short = shrunk(content, lambda shorter: _kind_of(fault(self.reader, shorter) or "") == _kind_of(reason))
            self.failures.append(Failure(self.reader.name, short, fault(self.reader, short) or reason))
            print(self.failures[-1].case(), flush=True)
        return new

    def _changed(self, content: bytes) -> bytes:
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 6))):
            content = self._mutated(content)
        return content[: 1 << 16]

    def _mutated(self, content: bytes) -> bytes:
        draw = self._random
        start = draw.randrange(len(content) + 1)
        end = min(len(content), start + draw.choice((0, 1, 1, 2, 4, 8, 32)))
        choice = draw.randrange(9)
        if choice == 0:
            return content[:start] + content[end:]
        if choice == 1:
            return content[:start] + draw.choice(self.reader.words) + content[start:]
        if choice == 2:
            return content[:start] + draw.choice(self.reader.words) + content[end:]
        if choice == 3:
            return content[:start] + bytes([draw.randrange(256)]) + content[end:]
        if choice == 4:
            return content[:start] + content[start:end] * draw.choice((2, 3, 50, 400)) + content[end:]
        if choice == 5:
            other = draw.choice(self.corpus)
            place = draw.randrange(len(other) + 1)
            return content[:start] + other[place:]
        if choice == 6:
            return content[:start] + draw.choice(pieces.ODD) + content[end:]
        if choice == 7 and content:
            place = draw.randrange(len(content))
            return content[:place] + bytes([content[place] ^ (1 << draw.randrange(8))]) + content[place + 1 :]
        other = draw.choice(self.corpus)
        place = draw.randrange(len(other) + 1)
        piece = other[place : place + draw.choice((1, 4, 16))]
        return content[:start] + piece + content[end:]


def fault(reader: Reader, content: bytes) -> str | None:
    """What is wrong about how a reader takes an input, None where nothing is."""
    memory, start = resident_bytes(), time.process_time()
    try:
        with within(Limits(seconds=_GIVE_UP)):
            reader.read(content)
    except GradcalcError as error:
        if error.kind == "internal":
            return f"internal: {error.message}"
        if error.message.startswith("this takes longer"):
            return "takes too long"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:120]} at {_place(error)}"
    if time.process_time() - start > LONGEST:
        return "takes too long"
    return "takes too much memory" if resident_bytes() - memory > LARGEST else None


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    place = "?"
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(_ROOT):
            place = f"{trace.tb_frame.f_code.co_filename[len(_ROOT) :]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _kind_of(reason: str) -> str:
    """Failures of one kind are shown once: the type and the place of an exception, not its words."""
    return reason.split(":")[0] + reason.rpartition(" at ")[2] if " at " in reason else reason[:60]


def shrunk(content: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """A shorter input that fails too: pieces are left out, the large ones first."""
    end = time.monotonic() + 10
    size = len(content) // 2
    while size:
        place = 0
        while place < len(content) and time.monotonic() < end:
            shorter = content[:place] + content[place + size :]
            if fails(shorter):
                content = shorter
            else:
                place += size
        size //= 2
    return content


# The readers.


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _expression(content: bytes) -> object:
    problem = Problem(_text(content))
    return problem.expression


def _latex(content: bytes) -> object:
    from gradcalc.language.latex.program import latex_to_text

    return latex_to_text(_text(content))


def _component(content: bytes) -> object:
    return Problem("x'*A*x + y").components(_text(content))


def _request(content: bytes) -> object:
    from gradcalc.cli.requests import answered

    text, code = answered(content, Limits(seconds=_GIVE_UP))
    if code == 70:
        raise AssertionError(text[-300:])
    assert "\n" not in text, text[:300]
    return text


def _lines(content: bytes) -> object:
    """Many requests, as a batch reads them."""
    import os

    from gradcalc.cli.workers import _Lines

    with tempfile.TemporaryFile() as source:
        source.write(content)
        source.flush()
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        lines = _Lines(source, 1)
        while not lines.ended:
            lines.read()
        found = []
        while (line := lines.next()) is not None:
            found.append(line)
    wanted = [line for line in content.split(b"\n") if line.strip()][1:]
    assert found == wanted, "lines are lost"
    return found


def _in_file(ending: str, read: Callable[[str], object]) -> Callable[[bytes], object]:
    folder = tempfile.mkdtemp()
    path = f"{folder}/input{ending}"

    def run(content: bytes) -> object:
        Path(path).write_bytes(content)
        return read(path)

    return run


def _claims(path: str) -> object:
    from gradcalc.claimsfile import read_claims

    return read_claims(path)


def _data(path: str) -> object:
    from gradcalc.numeric.files import load_data

    return load_data(path if path.endswith((".json", ".npz")) else f"x={path}")


def _options(content: bytes) -> object:
    """A command line, its words separated by line ends; the command itself is not run."""
    import click

    from gradcalc.cli.group import asks_for_json, cli, command_of, rewritten

    words = [word for word in _text(content).replace("\x00", "").split("\n") if word]
    asks_for_json(words)
    command_of(words)
    try:
        with cli.make_context("gradcalc", rewritten(words)) as context:
            words = [*context._protected_args, *context.args]
            _, command, rest = cli.resolve_command(context, words) if words else (None, None, [])
            if command is not None:
                options = command.make_context(command.name, rest, parent=context).params
                return _understood(options)
    except (click.ClickException, click.exceptions.Exit, click.exceptions.Abort):
        return None
    return None


def _understood(options: dict[str, Any]) -> object:
    from gradcalc.cli.options import limits_of, load_arrays, parse_sizes

    if "max_seconds" in options:
        limits_of(options)
    return parse_sizes(options.get("sizes") or ()), load_arrays((), options.get("sets") or ())


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _npz(method: int = zipfile.ZIP_DEFLATED, **arrays: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", _npy(array))
    return stream.getvalue()


def readers() -> dict[str, Reader]:
    """Every reader by name."""
    arrays = {"x": np.arange(3.0), "A": np.ones((2, 2), "<f4"), "k": np.int64(3)}
    made = [
        Reader("expression", _expression, pieces.EXPRESSIONS, pieces.LANGUAGE),
        Reader("latex", _latex, pieces.FORMULAS, pieces.TEX),
        Reader(
            "component",
            _component,
            (b"x", b"A[1,2]", b"x[i]", b"A[i,j]", b"y"),
            (b"x", b"A", b"[", b"]", b",", b"1", b"i", b"2", b" "),
        ),
        Reader("request", _request, pieces.REQUESTS, (*pieces.JSON, *pieces.LANGUAGE)),
        Reader(
            "lines",
            _lines,
            (pieces.GOOD + b"\n" + pieces.GOOD, b"\n\n" + pieces.GOOD + b"\r\n" + pieces.GOOD),
            (b"\n", b"\r", b" ", b"x", pieces.GOOD),
        ),
        Reader("claims.toml", _in_file(".toml", _claims), (pieces.CLAIMS,), pieces.TOML),
        Reader(
            "claims.json",
            _in_file(".json", _claims),
            (b'[{"expression": "x", "wrt": "x", "claim": "1"}]',),
            pieces.JSON,
        ),
        Reader("data.json", _in_file(".json", _data), (b'{"x": [1, 2], "A": [[1, 2], [3, 4]], "y": 3}',), pieces.JSON),
        Reader("data.csv", _in_file(".csv", _data), (b"1,2\n3,4\n", b"a,b\n1,2\n", b"1\n2\n"), pieces.TABLE),
        Reader(
            "data.npy",
            _in_file(".npy", _data),
            tuple(map(_npy, [*arrays.values(), np.array([{}], object)])),
            pieces.BINARY,
        ),
        Reader(
            "data.npz", _in_file(".npz", _data), (_npz(**arrays), _npz(zipfile.ZIP_STORED, **arrays)), pieces.BINARY
        ),
        Reader(
            "options",
            _options,
            (b"grad\nx'*x\n-w\nx", b"eval\nx*y\n--set\nx=[1 2;3 4]\n--size\nn=3\n--json"),
            pieces.WORDS,
        ),
    ]
    return {reader.name: reader for reader in made}


def fuzzed(
    seconds: float,
    seed: int,
    only: Collection[str] | None = None,
    slice_seconds: float = 5.0,
    most: int | None = None,
) -> Iterator[Fuzzer]:
    """Every reader, or only some, in turns, for so many seconds in all. Yields each fuzzer at its end.

    most: how many inputs each is given at the most, so that a seed says which.
    """
    fuzzers = [Fuzzer(reader, seed) for reader in readers().values() if only is None or reader.name in only]
    share = seconds / len(fuzzers)
    turns = max(1, int(share / slice_seconds))
    for _ in range(turns):
        for fuzzer in fuzzers:
            fuzzer.run(share / turns, most)
    yield from fuzzers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--reader", action="append")
    parser.add_argument("--cases", type=Path, help="A folder in which failures are written as files.")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    tried = failed = 0
    for fuzzer in fuzzed(given.seconds, given.seed, given.reader):
        tried += fuzzer.tried
        failed += len(fuzzer.failures)
        print(
            f"{fuzzer.reader.name:12} {fuzzer.tried:8} inputs {fuzzer.branches:6} branches {len(fuzzer.corpus):5} kept",
            flush=True,
        )
        for number, failure in enumerate(fuzzer.failures):
            if given.cases is not None:
                given.cases.mkdir(parents=True, exist_ok=True)
                (given.cases / f"{failure.reader}-{given.seed}-{number}").write_bytes(failure.content)
    print(f"{tried} inputs, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
