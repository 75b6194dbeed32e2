"""Programs that print, exit, crash or lie: the verdict, the JSON and our process are none the worse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradcalc.checking.isolation import IsolatedProgram
from gradcalc.errors import GradcalcError

PROGRAM = r"""
import ctypes, os, sys, threading, warnings
from dataclasses import dataclass, fields
from typing import get_type_hints

import numpy as np


@dataclass
class Point:
    x: "float"


os.write(1, b"\x1b[31mto descriptor 1 while loading\n")


def prints(x):
    print("printed")
    os.write(1, b"to descriptor 1\n")
    os.write(2, b"")
    warnings.warn("a warning")
    np.exp(np.full(3, 1e5)) / np.zeros(3)
    return 2 * x


def own_module(x):
    get_type_hints(Point)
    return 2 * x if sys.modules[Point.__module__].Point is Point else x


def changes_its_copy(x):
    x *= 2
    return x


def wrong(x):
    return 3 * x


def raises_base(x):
    raise BaseException("far down")


def interrupts(x):
    raise KeyboardInterrupt


def exits(x):
    sys.exit(0)


def leaves(x):
    os._exit(0)


def crashes(x):
    ctypes.string_at(0)


def recurses(x):
    return recurses(x)


def closes(x):
    os.closerange(0, 64)
    return 2 * x


def scribbles(x):
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"[]\n")
        except OSError:
            pass
    return 2 * x


def endless_array(x):
    return np.lib.stride_tricks.as_strided(np.zeros(1), (10**6, 10**6), (0, 0))
"""


def verified(tmp_path: Path, *more: str) -> tuple[dict[str, object], int, str]:
    (tmp_path / "hostile.py").write_text(PROGRAM)
    outcome = subprocess.run(
        [sys.executable, "-m", "gradcalc", "verify", "x'*x", "-w", "x", *more, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])},
    )
    assert outcome.stdout.count("\n") == 1, outcome.stdout
    return json.loads(outcome.stdout), outcome.returncode, outcome.stderr


def test_what_a_program_prints_spoils_nothing(tmp_path: Path) -> None:
    result, code, said = verified(tmp_path, "--program", "hostile.py:prints")
    assert (result["claim"]["verdict"], code) == ("right", 0)  # type: ignore[index]
    assert "Warning" not in said
    assert "to descriptor 1 while loading" in said


def test_a_module_of_the_current_folder_is_judged_too(tmp_path: Path) -> None:
    result, code, _ = verified(tmp_path, "--function", "hostile:wrong")
    assert (result["claim"]["verdict"], code) == ("wrong", 1)  # type: ignore[index]


@pytest.mark.parametrize("name", ["own_module", "changes_its_copy"])
def test_programs_find_their_module_and_get_copies(tmp_path: Path, name: str) -> None:
    (tmp_path / "hostile.py").write_text(PROGRAM)
    given = np.array([1.0, -2.0])
    with IsolatedProgram("--program", f"{tmp_path}/hostile.py:{name}", ["x"], "x") as program:
        for _ in range(2):
            assert program({"x": given}).tolist() == [2.0, -4.0]
    assert given.tolist() == [1.0, -2.0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises_base", "failed: BaseException: far down"),
        ("interrupts", "failed: KeyboardInterrupt"),
        ("exits", "failed: SystemExit: 0"),
        ("leaves", "ended its process with exit code 0"),
        ("crashes", "crashed: SIGSEGV"),
        ("recurses", "failed: RecursionError"),
        ("closes", "ended its process with exit code 1"),
        ("scribbles", "disturbs the process"),
        ("endless_array", "the limit is"),
    ],
)
def test_a_program_that_gives_no_gradient_is_an_error(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "hostile.py").write_text(PROGRAM)
    with IsolatedProgram("--program", f"{tmp_path}/hostile.py:{name}", ["x"], "x") as program:
        with pytest.raises(GradcalcError, match=said) as caught:
            program({"x": np.ones(3)})
        assert caught.value.kind == ("limit" if name == "endless_array" else "data")


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.py").write_text("def g(x):\n    while True: pass\n")
    with IsolatedProgram("--program", f"{tmp_path}/slow.py:g", ["x"], "x") as program:
        monkeypatch.setattr("gradcalc.checking.isolation.LONGEST_CALL", 0.2)
        with pytest.raises(GradcalcError, match="took longer") as caught:
            program({"x": np.ones(3)})
    assert caught.value.kind == "limit"
