"""What a person sees at a terminal: colours there, and only there, and not against NO_COLOR."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty")

COMMAND = [sys.executable, "-m", "gradcalc", "check", "x'*A*x", "-w", "x"]


def at_a_terminal(**variables: str) -> str:
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **variables}
    if "NO_COLOR" not in variables:
        environment.pop("NO_COLOR", None)
    process = subprocess.Popen(COMMAND, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    pieces = []
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(leader)
    assert process.wait(timeout=60) == 0
    return b"".join(pieces).decode()


def test_colours_at_a_terminal() -> None:
    assert "\x1b[1;32mpassed\x1b[0m" in at_a_terminal()


def test_no_colours_when_they_are_not_wanted() -> None:
    assert "\x1b" not in at_a_terminal(NO_COLOR="1")
    assert "\x1b" not in at_a_terminal(TERM="dumb")


def test_the_words_are_the_same_in_a_pipe() -> None:
    piped = subprocess.run(COMMAND, capture_output=True, text=True, check=True).stdout
    assert at_a_terminal(NO_COLOR="1").replace("\r\n", "\n") == piped
