"""What is to be put away when the process ends before its time: files that are half written, children at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_unfinished: list[Callable[[], object]] = []


@contextmanager
def unfinished(put_away: Callable[[], object]) -> Iterator[None]:
    """While the block runs, an interrupt of the command line calls `put_away` before the process ends."""
    _unfinished.append(put_away)
    try:
        yield
    finally:
        _unfinished.remove(put_away)


def put_away_all() -> None:
    """Calls what was registered, the last first."""
    for put_away in reversed(_unfinished):
        try:
            put_away()
        except OSError:
            continue
