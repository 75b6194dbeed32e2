"""What can happen to a process and its files: nothing is half written, and the exit codes are as promised."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gradcalc
from gradcalc.errors import GradcalcError
from gradcalc.numeric import archives
from gradcalc.numeric.files import load_data

HERE = str(Path(gradcalc.__file__).parent.parent)
COMMAND = [sys.executable, "-m", "gradcalc", "grad", "x'*x", "-w", "x"]
ANSWER = "df/dx = 2*x\nassumed: x vector n\n"


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    script = (
        "import os, signal\n"
        "os.replace = os.fsync = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from gradcalc.cli.streams import write_file\n"
        f"write_file({str(target)!r}, 'new' * 100000)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == -signal.SIGKILL
    assert target.read_text() == "old"


def test_an_ended_process_takes_its_half_written_file_along(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGTERM)\n"
        "from gradcalc import cli\n"
        f"cli.main(['schema', '-o', {str(tmp_path / 'file')!r}])\n"
    )
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=60)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (128 + signal.SIGTERM, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", sys.executable, "-m", "gradcalc", "schema", "-o"]
    outcome = subprocess.run([*limited, str(target)], capture_output=True, text=True, check=False, timeout=60)
    assert outcome.returncode == 4
    assert outcome.stderr.startswith(f"error: {target} cannot be written")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_device_and_a_folder_that_takes_no_files_are_errors() -> None:
    for place in ("/dev/full", "/proc/gradcalc"):
        outcome = subprocess.run([*COMMAND, "-o", place], capture_output=True, text=True, check=False, timeout=60)
        assert (outcome.returncode, outcome.stdout) == (4, "")
        assert outcome.stderr.startswith(f"error: {place} cannot be written")
    batch = f"{sys.executable} -m gradcalc batch > /dev/full"
    request = b'{"command": "grad", "expression": "x*y", "wrt": "x"}\n' * 3
    outcome_of_batch = subprocess.run(
        ["bash", "-c", batch], input=request, capture_output=True, check=False, timeout=60
    )
    assert outcome_of_batch.returncode == 4
    assert outcome_of_batch.stderr.startswith(b"error: the output cannot be written")


def test_a_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.cli.streams import write_file

    target = tmp_path / "file"
    target.write_text("old")
    # Whoever runs the tests may be allowed everything.
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(GradcalcError, match="protected against writing"):
        write_file(str(target), "new")
    assert target.read_text() == "old"


def test_neither_a_home_nor_a_locale_is_needed(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": HERE, "LANG": "C", "LC_ALL": "C", "PATH": "/nonexistent"}
    command = [*COMMAND[:4], "alpha*x'*x", "-w", "x", "--format", "unicode"]
    outcome = subprocess.run(command, capture_output=True, check=False, timeout=60, env=environment, cwd=tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, b"")
    assert outcome.stdout.decode("utf-8").startswith("df/dx = 2*α*x")


def test_the_installation_is_not_written_to() -> None:
    def files() -> set[str]:
        return {str(path) for path in Path(gradcalc.__file__).parent.rglob("*")}

    before = files()
    environment = {**os.environ, "PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([*COMMAND[:3], "check", *COMMAND[4:]], capture_output=True, check=True, timeout=60, env=environment)
    assert files() == before


def test_two_processes_that_write_one_file_leave_the_whole_of_one(tmp_path: Path) -> None:
    target = tmp_path / "file"
    commands = [[*COMMAND, "-o", str(target)], [*COMMAND[:3], "schema", "-o", str(target)]]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands * 2]
    assert [process.wait(timeout=100) for process in running] == [0, 0, 0, 0]
    text = target.read_text()
    assert text == ANSWER or json.loads(text)["title"] == "gradcalc"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    for process in running:
        assert process.stderr is not None
        process.stderr.close()


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(1000.0))
    header = archives._header

    def then_it_shrinks(*arguments: object) -> object:
        found = header(*arguments)  # type: ignore[arg-type]
        os.truncate(path, 500)
        return found

    monkeypatch.setattr(archives, "_header", then_it_shrinks)
    with pytest.raises(GradcalcError, match="ends after 372 of 8000 bytes") as caught:
        load_data(f"x={path}")
    assert caught.value.kind == "data"
