"""Where text leaves the program: streams and files that take what is visible, and streams whose reader has left."""

from __future__ import annotations

import io
import os
import sys
from errno import EDQUOT, EIO, ENOSPC
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.leaving import unfinished
from gradcalc.visible import visible

FULL = (ENOSPC, EDQUOT, EIO)
"""Errors of a device that takes no more."""


class ReaderLeft(BaseException):
    """Nobody reads standard output any more: there is nothing left to do, and nothing to say."""


class VisibleStream(io.TextIOWrapper):
    """A text stream of UTF-8 that writes out what a terminal would obey; see `gradcalc.visible`.

    A reader that left ends the program where `leaving` says so, and is no fault elsewhere.
    """

    def __init__(self, buffer: Any, leaving: bool, by_lines: bool) -> None:
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace", line_buffering=by_lines)
        self._leaving = leaving

    def write(self, text: str) -> int:
        self.write_unfiltered(visible(text))
        return len(text)

    def write_unfiltered(self, text: str) -> None:
        """Writes what holds escapes of our own."""
        try:
            super().write(text)
        except BrokenPipeError:
            self._left()

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._left()

    def _left(self) -> None:
        silence(self.fileno())
        if self._leaving:
            raise ReaderLeft from None

    @property
    def unfiltered(self) -> Unfiltered:
        return Unfiltered(self)


class Unfiltered:
    """The stream for a writer that colours its text, and has made it visible itself."""

    def __init__(self, stream: VisibleStream) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        self._stream.write_unfiltered(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_streams() -> None:
    """Both streams as visible text, whatever the locale; one that was closed before the start is the null device."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, VisibleStream):
            continue
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
            setattr(sys, f"__{name}__", stream)
        is_error = name == "stderr"
        setattr(sys, name, VisibleStream(stream.buffer, not is_error, is_error or stream.isatty()))


def flushed(code: int) -> int:
    """The exit code once everything is written."""
    try:
        sys.stdout.flush()
    except ReaderLeft:
        pass
    except OSError as error:
        code = unwritable(error)
    try:
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr.fileno())
    return code


def unwritable(error: OSError) -> int:
    """Says on standard error that standard output takes no more. Returns the exit code."""
    silence(sys.stdout.fileno())
    failure = GradcalcError("data", f"the output cannot be written: {error.strerror}")
    say(failure.render())
    return failure.exit_code


def say(text: str) -> None:
    """A line on standard error, where that is still read."""
    try:
        sys.stderr.write(text + "\n")
    except OSError:
        silence(sys.stderr.fileno())


def silence(descriptor: int) -> None:
    """What is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def write_file(path: str, text: str) -> None:
    """Writes a file that appears whole or not at all, with the permissions that it had.

    What is no file is written to as it is. Raises GradcalcError of kind data.
    """
    content = (visible(text) + "\n").encode("utf-8", errors="backslashreplace")
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as device:
                device.write(content)
        else:
            _replace(os.path.realpath(path), content)
    except BrokenPipeError:
        raise ReaderLeft from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GradcalcError("data", f"{path or 'a file without a name'} cannot be written: {reason}") from None


def _replace(target: str, content: bytes) -> None:
    """The new content under another name beside the target, and then at once in its place."""
    known = os.stat(target) if os.path.exists(target) else None
    if known is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "it is protected against writing")
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".gradcalc-{os.getpid()}-{os.urandom(6).hex()}")
    with unfinished(lambda: os.unlink(temporary)):
        try:
            _write(temporary, content, known)
            os.replace(temporary, target)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise


def _write(temporary: str, content: bytes, known: os.stat_result | None) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
        if known is not None:
            _keep(descriptor, known)


def _keep(descriptor: int, known: os.stat_result) -> None:
    """The owner, as far as that is allowed, and the permissions of the file that is replaced."""
    if not hasattr(os, "fchown"):
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (known.st_uid, known.st_gid):
        for owner, group in ((known.st_uid, known.st_gid), (-1, known.st_gid)):
            try:
                os.fchown(descriptor, owner, group)
                break
            except OSError:
                continue
    os.fchmod(descriptor, known.st_mode & 0o7777)
