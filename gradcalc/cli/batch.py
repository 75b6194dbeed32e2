"""`batch`: JSON requests in, JSON results out, one a line, in order."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

import click

from gradcalc.cli.options import limit_options, limits_of
from gradcalc.cli.requests import LARGEST_LINE, answered
from gradcalc.errors import GradcalcError
from gradcalc.limits import Limits

_PROGRESS_SECONDS = 0.5


@click.command("batch")
@click.argument("file", required=False, default="-")
@click.option("--jobs", type=click.IntRange(0, 256), default=1, show_default=True, help="Processes; 0 for all cores.")
@click.option("--skip", type=click.IntRange(0), default=0, metavar="N", help="Leave out the first N requests.")
@limit_options
def batch_command(file: str, jobs: int, skip: int, **options: Any) -> int:
    """Answer requests, one JSON object a line, from FILE or standard input.

    A request that fails is a result with "ok": false, and the batch goes on. Exits with the largest code met.
    Results are in the order of the requests whatever --jobs is; --skip N goes on after N results. Limits hold for each
    request; those that it gives itself can only be lower.

    \b
    Example:
      echo '{"command": "grad", "expression": "x*y", "wrt": "x"}' | gradcalc batch
    """
    limits = limits_of(options)
    source = _opened(file)
    if source is None:
        return 0
    progress = _Progress(skip)
    worst = 0
    try:
        for result, code in _results(source, jobs or os.cpu_count() or 1, skip, limits):
            sys.stdout.write(result + "\n")
            sys.stdout.flush()
            worst = max(worst, code)
            progress.count(code)
    finally:
        progress.end()
    return worst


def _opened(file: str) -> IO[bytes] | None:
    if file == "-":
        return None if sys.stdin is None else sys.stdin.buffer
    try:
        return open(file, "rb")
    except OSError as error:
        raise GradcalcError("data", f"{file} cannot be read: {error.strerror}") from None


def _results(source: IO[bytes], jobs: int, skip: int, limits: Limits) -> Iterator[tuple[str, int]]:
    """The results in the order of the requests, with their exit codes."""
    if hasattr(os, "fork"):
        from gradcalc.cli.workers import results_of_workers

        yield from results_of_workers(source, jobs, skip, limits)
        return
    number = 0
    while line := source.readline(LARGEST_LINE + 1):
        cut = len(line) > LARGEST_LINE
        rest = line
        while cut and not rest.endswith(b"\n") and rest:
            rest = source.readline(LARGEST_LINE + 1)
        if line.strip():
            number += 1
            if number > skip:
                yield answered(line, limits)


class _Progress:
    """How far a batch is, on standard error where that is a terminal and the results go elsewhere."""

    def __init__(self, skipped: int) -> None:
        self._shown = sys.stderr.isatty() and not sys.stdout.isatty()
        self._stream = getattr(sys.stderr, "unfiltered", sys.stderr)
        self._done, self._failed, self._skipped = 0, 0, skipped
        self._start = self._next = time.monotonic()

    def count(self, code: int) -> None:
        self._done += 1
        self._failed += code != 0
        if self._shown and time.monotonic() >= self._next:
            self._next = time.monotonic() + _PROGRESS_SECONDS
            self._show()

    def _show(self) -> None:
        rate = self._done / max(1e-3, time.monotonic() - self._start)
        skipped = f" after {self._skipped}" if self._skipped else ""
        self._stream.write(f"\r{self._done} requests{skipped}, {self._failed} failed, {rate:.0f} a second ")
        self._stream.flush()

    def end(self) -> None:
        if self._shown and self._done:
            self._show()
            self._stream.write("\n")
