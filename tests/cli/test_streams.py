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
from gradcalc.cli.options import write
from gradcalc.errors import GradcalcError

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


def test_output_keeps_the_permissions_of_a_file(tmp_path: Path) -> None:
    known, new = tmp_path / "known", tmp_path / "new"
    known.write_text("old")
    known.chmod(0o604)
    assert shell(f"umask 027; {GRADCALC} schema -o {known}; {GRADCALC} schema -o {new}").returncode == 0
    assert stat.S_IMODE(known.stat().st_mode) == 0o604
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["known", "new"]


@pytest.mark.parametrize(
    "name", ["a" * 255, "-w", "a b'\"*?$", "naïve\u202e.txt", "é" * 127, "\udcff", "a\nb", "~", "-"]
)
def test_output_takes_any_name(tmp_path: Path, name: str) -> None:
    write("text", str(tmp_path / name))
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "text\n"
    assert rewritten(["grad", "x", "-o", name]) == ["grad", "x", "--output", name]


def test_output_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(GradcalcError, match="cannot be written: No space left"):
        write("new", str(target))
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("command", ["schema", "functions --json", 'grad "x\'*x"', "--help"])
def test_a_reader_that_leaves_ends_the_program_quietly(command: str) -> None:
    # The first reads nothing, the second a little of what is more than a pipe holds.
    for reader in ("true", "head -c 1"):
        outcome = shell(f"({GRADCALC} {command}; echo code $? >&2) | {reader}")
        assert outcome.stderr == "code 0\n"


def test_an_interrupt_during_the_imports_ends_without_a_traceback() -> None:
    # What is imported is slowed down, so that the interrupt meets it for sure.
    script = (
        "import sys, time, signal, os\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == wanted: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Slow())\n"
        "wanted, sys.argv[:] = sys.argv[1], ['gradcalc']\n"
        "import gradcalc.cli\n"
        "sys.argv[1:] = ['check', 'x*x']\n"
        "gradcalc.cli.main()\n"
    )
    for module in ("gradcalc.errors", "gradcalc.cli.streams", "click", "gradcalc.api", "numpy"):
        outcome = subprocess.run(
            [sys.executable, "-c", script, module], capture_output=True, text=True, check=False, timeout=60
        )
        assert (outcome.returncode, outcome.stdout, outcome.stderr) == (130, "", ""), module
