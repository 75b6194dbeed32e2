"""Streams, files and arguments that are not as one would wish: closed, full, in another encoding, signed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gradcalc.cli.group import rewritten

GRADCALC = f"{sys.executable} -m gradcalc"


def shell(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_fault(redirection: str) -> None:
    for command in (f'{GRADCALC} grad "x+"', f'{GRADCALC} grad "x*x"', f"{GRADCALC} batch"):
        outcome = shell(f"{command} {redirection}")
        assert "Traceback" not in outcome.stderr
        assert outcome.returncode == (3 if "x+" in command else 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("command", ['grad "x*x"', "schema", "functions"])
def test_a_full_disk_is_an_error(command: str) -> None:
    outcome = shell(f"{GRADCALC} {command} > /dev/full")
    assert outcome.returncode == 4
    assert outcome.stderr.startswith("error: the output cannot be written")


def test_output_is_utf8_whatever_the_locale() -> None:
    command = f"""{GRADCALC} grad "alpha*x'*x" -w x --format unicode"""
    assert "α" in shell(command, PYTHONIOENCODING="ascii").stdout
    assert "α" in shell(command, PYTHONIOENCODING="latin-1", LC_ALL="C").stdout


def test_endless_input_ends_in_an_error() -> None:
    outcome = shell(f"yes | {GRADCALC} grad -")
    assert outcome.returncode == 6


def test_output_to_a_pipe_leaves_the_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert shell(f'{GRADCALC} grad "x\'*x" -o {pipe}').returncode == 0
    reader.join(timeout=20)
    assert read[0].startswith("df/dx = 2*x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_output_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert shell(f"{GRADCALC} schema -o {tmp_path}/link").returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "file").read_text())["title"] == "gradcalc"


@pytest.mark.parametrize("name", ["folder/missing.txt", "."])
def test_output_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    outcome = shell(f"{GRADCALC} grad x -o {tmp_path / name}")
    assert outcome.returncode == 4
    assert "cannot be written" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["grad", "-x"], ["grad", " -x"]),
        (["grad", "-x-y'*z", "-w", "x"], ["grad", " -x-y'*z", "--wrt", "x"]),
        (["grad", "-w'*x", "-w", "w"], ["grad", " -w'*x", "--wrt", "w"]),
        (["grad", "x", "-wW[2,3]"], ["grad", "x", "--wrt=W[2,3]"]),
        (["grad", "x", "-w=W"], ["grad", "x", "--wrt=W"]),
        (["grad", "-oout.json", "x"], ["grad", "--output=out.json", "x"]),
        (["grad", "-o/tmp/a-b.json", "x"], ["grad", "--output=/tmp/a-b.json", "x"]),
        (["grad", "-o'*o"], ["grad", " -o'*o"]),
        (["grad", "-h*x"], ["grad", " -h*x"]),
        (["grad", "-h"], ["grad", "-h"]),
        (["grad", "-", "-w", "x"], ["grad", "-", "--wrt", "x"]),
        (["eval", "--seed", "-1", "--set", "-1"], ["eval", "--seed", "-1", "--set", "-1"]),
        (["eval", "--json", "-2*x"], ["eval", "--json", " -2*x"]),
        (["grad", "--", "-w"], ["grad", "--", "-w"]),
    ],
)
def test_arguments_that_start_with_a_sign(given: list[str], meant: list[str]) -> None:
    assert rewritten(given) == meant


def test_json_errors_give_the_expression() -> None:
    for arguments in ("-w z --json", "-w z --format json", "-w z --format=json"):
        outcome = shell(f'{GRADCALC} grad "x\'*x" {arguments}')
        error = json.loads(outcome.stdout)
        assert (error["command"], error["expression"], error["error"]["kind"]) == ("grad", "x'*x", "name")
        assert (outcome.returncode, outcome.stderr) == (3, "")


def test_a_span_in_a_declaration_is_not_one_in_the_expression() -> None:
    outcome = shell(f"{GRADCALC} grad \"x'*x\" --declare 'x: vector[' --json")
    error = json.loads(outcome.stdout)
    assert error["expression"] == "x'*x"
    assert "span" not in error["error"]


def test_no_command_shows_the_help() -> None:
    outcome = shell(GRADCALC)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("Usage:")
