"""Every command and every Python line of the README is run, and prints what the README shows."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n\$ (.*?)\n(.*?)```", README, re.DOTALL)


def _without_figures(text: str) -> str:
    """Rounding differs between machines: the size of errors near zero is not compared."""
    return re.sub(r"error [^,]+,", "error,", text).strip()


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command[:40] for command, _ in CONSOLE])
def test_command_prints_what_the_readme_shows(command: str, shown: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    outcome = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert _without_figures(outcome.stderr + outcome.stdout) == _without_figures(shown)
    assert outcome.returncode == 0
    assert not outcome.stderr or outcome.stderr.startswith("read as: ")


def test_the_readme_shows_commands() -> None:
    assert len(CONSOLE) >= 4


def test_python_lines() -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    parsed = doctest.DocTestParser().get_doctest(code, {}, "README", "README.md", 0)
    assert parsed.examples
    outcome = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(parsed)
    assert outcome.failed == 0
