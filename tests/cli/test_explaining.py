"""`explain` as its users meet it: formats, files, JSON, errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradcalc.cli.requests import answer

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradcalc", "explain", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_text() -> None:
    outcome = run(P2, "-w", "W")
    assert outcome.returncode == 0
    assert outcome.stderr == ""
    assert "= -y*sigmoid(alpha)*(w .* s .* (1 - s))*x' : dW   A : B*C = A*C' : B" in outcome.stdout
    assert "Every line was checked in numbers" in outcome.stdout
    assert "\x1b" not in outcome.stdout


def test_json() -> None:
    outcome = run(P2, "-w", "W", "--json")
    result = json.loads(outcome.stdout)
    assert result["command"] == "explain"
    assert result["ok"]
    assert [set(step) for step in result["steps"]] == [{"text", "latex", "rule", "checked"}] * len(result["steps"])
    assert all(step["checked"] is True for step in result["steps"])
    assert result["derivatives"][0]["text"].startswith("-y*sigmoid(")


def test_a_page_in_a_file(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    outcome = run(P2, "-w", "W", "--format", "html", "-o", str(page))
    assert outcome.returncode == 0
    assert outcome.stdout == ""
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("format_", ["latex", "markdown", "html", "json"])
def test_formats(format_: str) -> None:
    assert run("x'*A*x", "-w", "x", "--format", format_).returncode == 0


@pytest.mark.parametrize("style", ["differential", "chain", "index"])
def test_styles_with_declarations(style: str) -> None:
    assert run("A*x", "-w", "x", "--declare", "A: matrix[2,3]", "--style", style).returncode == 0


def test_latex_input() -> None:
    outcome = run("--latex", r"x^\top A x", "-w", "x")
    assert outcome.returncode == 0
    assert outcome.stderr == "read as: x'*A*x\n"


def test_several_variables() -> None:
    outcome = run("x'*A*y", "-w", "x", "-w", "y")
    assert "By x\n" in outcome.stdout
    assert "By y\n" in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("x'*x", "--order", "2"), 2, "an explanation is of first derivatives"),
        (("x'*x", "--style", "x"), 2, "x"),
        (("x'*x", "--depth", "0"), 2, "the depth is a whole number"),
        (("x'*x +",), 3, "+"),
        (("x'*x", "-w", "z"), 3, "z does not occur"),
        (("x: scalar; log(-x^2 - 1)",), 5, "no random point inside the domain"),
    ],
)
def test_errors(arguments: tuple[str, ...], code: int, message: str) -> None:
    outcome = run(*arguments)
    assert outcome.returncode == code
    assert message in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_batch_explains() -> None:
    result, code = answer(
        json.dumps({"command": "explain", "expression": P2, "wrt": "W", "style": "index", "depth": 2})
    )
    assert code == 0
    assert result["steps"]
    assert any("not shown" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    "change",
    [
        {"command": "grad", "style": "chain"},
        {"command": "check", "depth": 3},
        {"style": "x"},
        {"depth": 0},
        {"order": 2},
    ],
    ids=str,
)
def test_batch_refuses(change: dict[str, object]) -> None:
    result, code = answer(json.dumps({"command": "explain", "expression": "x'*x", **change}))
    assert code == 2
    assert result["error"]["kind"] == "usage"
