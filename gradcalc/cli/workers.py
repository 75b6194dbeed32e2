"""The processes that answer the requests of a batch: whatever a request does to its own, the batch goes on.

The parent reads, hands out and writes, and holds a few requests at a time. A worker answers one after the other; one
that has become large, or that died, is replaced.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import struct
import sys
from collections import deque
from collections.abc import Iterator
from typing import IO, NoReturn

from gradcalc.cli.requests import LARGEST_LINE, answered, failed
from gradcalc.errors import EXIT_CODES, GradcalcError
from gradcalc.leaving import unfinished
from gradcalc.limits import Limits, resident_bytes

_AHEAD = 8
"""How many requests may wait for each worker's results to be written in order."""

_LARGEST_GROWTH = 256 << 20
"""A worker whose memory has grown by so much between requests is replaced."""

_CHUNK = 1 << 16
_HEAD = struct.Struct("<QI?")
"""The length of what follows, an exit code, and whether the worker retires."""


class _Lines:
    """The requests of a source, read no further than they are wanted; one that is too long is cut."""

    def __init__(self, source: IO[bytes], skip: int) -> None:
        self.descriptor = source.fileno()
        self.ended = False
        self._skip = skip
        self._pieces: list[bytes] = []
        self._length = 0
        self._ready: deque[bytes] = deque()

    def read(self) -> None:
        """Reads what is there."""
        piece = os.read(self.descriptor, _CHUNK)
        if not piece:
            self.ended = True
            self._close()
            return
        first, *others = piece.split(b"\n")
        self._add(first)
        for part in others:
            self._close()
            self._add(part)

    def _add(self, part: bytes) -> None:
        if self._length <= LARGEST_LINE:
            part = part[: LARGEST_LINE + 1 - self._length]
            self._pieces.append(part)
            self._length += len(part)

    def _close(self) -> None:
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        if not line.strip():
            return
        if self._skip > 0:
            self._skip -= 1
            return
        self._ready.append(line)

    def next(self) -> bytes | None:
        return self._ready.popleft() if self._ready else None


class _Worker:
    """A process that answers. place: the number of the request that it is at, None where it is at none."""

    def __init__(self, limits: Limits, jobs: int, others: list[_Worker]) -> None:
        requests, self._to = os.pipe()
        self.results, answers = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            for other in others:
                other.close()
            os.close(self._to)
            os.close(self.results)
            _serve(requests, answers, limits, jobs)
        os.close(requests)
        os.close(answers)
        self.place: int | None = None
        self.line = b""
        self.retires = False
        self._received = bytearray()

    def close(self) -> None:
        for descriptor in (self._to, self.results):
            os.close(descriptor)

    def ask(self, place: int, line: bytes) -> None:
        self.place, self.line = place, line
        try:
            _write_all(self._to, _HEAD.pack(len(line), 0, False) + line)
        except BrokenPipeError:
            # It died: its answer will tell.
            return

    def answer(self) -> tuple[str, int] | None:
        """Its result once it is whole, None before. Raises EOFError where the process is no more."""
        piece = os.read(self.results, _CHUNK)
        if not piece:
            raise EOFError
        self._received += piece
        if len(self._received) < _HEAD.size:
            return None
        length, code, self.retires = _HEAD.unpack_from(self._received)
        if len(self._received) < _HEAD.size + length:
            return None
        text = self._received[_HEAD.size :].decode("utf-8")
        self._received.clear()
        self.place = None
        return text, code

    def buried(self) -> GradcalcError:
        """Why the process is no more."""
        self.close()
        status = os.waitpid(self.pid, 0)[1]
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return GradcalcError("limit", "the request was stopped by the system: it is too large for the memory")
        name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"code {status >> 8}"
        return GradcalcError("internal", f"gradcalc went wrong: the process of this request ended with {name}")

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def results_of_workers(source: IO[bytes], jobs: int, skip: int, limits: Limits) -> Iterator[tuple[str, int]]:
    """The results in the order of the requests, with their exit codes."""
    pool = _Pool(_Lines(source, skip), jobs, limits)
    with unfinished(pool.kill):
        try:
            yield from pool.results()
        finally:
            pool.kill()


class _Pool:
    """The workers, and the results that wait for their turn."""

    def __init__(self, lines: _Lines, jobs: int, limits: Limits) -> None:
        self._lines = lines
        self._jobs = jobs
        self._limits = limits
        self._workers: list[_Worker] = []
        self._given = self._written = 0
        self._waiting: dict[int, tuple[str, int]] = {}

    def kill(self) -> None:
        for worker in self._workers:
            worker.kill()

    def results(self) -> Iterator[tuple[str, int]]:
        while True:
            self._hand_out()
            while self._written in self._waiting:
                yield self._waiting.pop(self._written)
                self._written += 1
                self._hand_out()
            if self._lines.ended and self._written == self._given:
                return
            self._wait()

    def _hand_out(self) -> None:
        while self._given - self._written < self._jobs * _AHEAD:
            idle = next((worker for worker in self._workers if worker.place is None), None)
            if idle is None and len(self._workers) == self._jobs:
                return
            line = self._lines.next()
            if line is None:
                return
            if idle is None:
                idle = _Worker(self._limits, self._jobs, self._workers)
                self._workers.append(idle)
            idle.ask(self._given, line)
            self._given += 1

    def _wait(self) -> None:
        """Waits for a line, where one is wanted, or a result."""
        with selectors.SelectSelector() as selector:
            busy = [worker for worker in self._workers if worker.place is not None]
            for worker in busy:
                selector.register(worker.results, selectors.EVENT_READ, worker)
            if not self._lines.ended and len(busy) < self._jobs and self._given - self._written < self._jobs * _AHEAD:
                selector.register(self._lines.descriptor, selectors.EVENT_READ)
            for key, _ in selector.select():
                if key.data is None:
                    self._lines.read()
                else:
                    self._receive(key.data)

    def _receive(self, worker: _Worker) -> None:
        place, line = worker.place, worker.line
        assert place is not None
        try:
            result = worker.answer()
        except EOFError:
            self._workers.remove(worker)
            result = failed(line, worker.buried())
        if result is not None:
            self._waiting[place] = result
            if worker.retires:
                self._workers.remove(worker)
                worker.buried()


def _serve(requests: int, answers: int, limits: Limits, jobs: int) -> NoReturn:
    """Answers until there are no more requests, or until the process has become large."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # NumPy is not loaded yet: each worker has its part of the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // jobs)))
    # What is shared with the parent stays shared.
    gc.freeze()
    gc.enable()
    started = 0

    def send(text: str, code: int, retires: bool) -> None:
        content = text.encode("utf-8")
        _write_all(answers, _HEAD.pack(len(content), code, retires) + content)

    def give_up(text: str, code: int) -> NoReturn:
        send(text, code, True)
        os._exit(0)

    try:
        while head := _read_all(requests, _HEAD.size):
            line = _read_all(requests, _HEAD.unpack(head)[0])
            result, code = answered(line, limits, give_up)
            started = started or resident_bytes()
            # What was stopped somewhere on its way may have left half of something behind.
            retires = code == EXIT_CODES["limit"] or resident_bytes() - started > _LARGEST_GROWTH
            send(result, code, retires)
            if retires:
                break
    except BaseException:
        os._exit(70)
    os._exit(0)


def _read_all(descriptor: int, length: int) -> bytes:
    """So many bytes, or none where there are no more."""
    pieces = []
    while length > 0:
        piece = os.read(descriptor, min(length, 1 << 20))
        if not piece:
            return b""
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
