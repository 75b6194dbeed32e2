"""The command line as its users meet it: real processes, pipes, files, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"


def run(*arguments: str, stdin: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradcalc", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,  # type: ignore[call-overload]
    )


def test_grad_of_the_one_layer_loss() -> None:
    outcome = run("grad", P2, "-w", "W")
    assert outcome.returncode == 0
    assert outcome.stdout.splitlines()[0] == (
        "df/dW = -y*sigmoid(-y*w'*s)*(w .* s .* (1 - s))*x'      where s = sigmoid(W*x + b)"
    )


def test_deriving_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from gradcalc.cli import run\n"
        f"assert run(['grad', {P2!r}, '-w', 'W']) == 0\n"
        "print([name for name in ('numpy', 'sympy', 'rich') if name in sys.modules])"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert outcome.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("wrt", ["W", "w", "x", "b", "y"])
def test_check_passes(wrt: str) -> None:
    outcome = run("check", P2, "-w", wrt)
    assert outcome.returncode == 0
    assert f"check df/d{wrt}: passed" in outcome.stdout


def test_expression_from_standard_input_and_file(tmp_path: Path) -> None:
    (tmp_path / "loss.txt").write_text("x'*A*x\n")
    assert run("grad", "-", "-w", "x", stdin="x'*A*x\n").stdout == run("grad", "x'*A*x", "-w", "x").stdout
    assert run("grad", f"@{tmp_path}/loss.txt", "-w", "x").stdout == run("grad", "x'*A*x", "-w", "x").stdout


def test_expression_that_starts_with_a_minus_sign() -> None:
    for text in ("-x'*y", "-2*x'*y", "-(x'*y)", "-w'*x"):
        assert run("grad", text, "-w", "x").returncode == 0


def test_json_of_a_check() -> None:
    outcome = run("check", P2, "-w", "W", "--json")
    result = json.loads(outcome.stdout)
    entry = result["derivatives"][0]
    assert result["ok"] is True
    assert entry["text"] == "-y*sigmoid(-y*w'*s)*(w .* s .* (1 - s))*x'"
    assert entry["where"] == [{"name": "s", "text": "sigmoid(W*x + b)"}]
    assert entry["check"]["verdict"] == "passed"
    assert np.shape(entry["value"]) == np.shape(result["inputs"]["W"])
    assert set(result) == {
        *("gradcalc", "ok", "command", "expression", "variables", "objective", "derivatives", "seed", "inputs"),
        "warnings",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["grad", "x +"], 3, "syntax"),
        (["grad", "foo(x)"], 3, "name"),
        (["grad", "x: vector; x*x"], 3, "shape"),
        (["grad", "x'*A*x", "-w", "z"], 3, "name"),
        (["grad", "x'*y"], 2, "usage"),
        (["grad"], 2, "usage"),
        (["grad", "x", "--nonsense"], 2, "usage"),
        (["eval", "x'*y", "--data", "missing.json"], 4, "data"),
        (["eval", "x'*y", "--set", "x=[1,2]"], 4, "data"),
        (["eval", "x'*y", "--set", "x=[1,2]", "--set", "y=[1,2,3]"], 4, "data"),
        (["eval", "x: vector; x*x", "--set", "x=[1,2]"], 3, "shape"),
        (["eval", "x'*x", "--set", "x=[1,[2]]"], 4, "data"),
        (["eval", "x'*x", "--set", "x=[1,NaN]"], 4, "data"),
        (["eval", "log(x)", "--set", "x=-1"], 5, "numeric"),
        (["eval", "b'*inv(A)*b", "--set", "A=[[1,2],[2,4]]", "--set", "b=[1,2]"], 5, "numeric"),
        (["eval", "x'*x", "--size", "n=90000000000"], 6, "limit"),
        (["eval", "exp(x)", "--set", "x=1000"], 5, "numeric"),
        (["grad", "x^1e99999999", "-w", "x"], 6, "limit"),
        (["functions", "sofmax"], 3, "name"),
        (["grad", "x'*x", "-w", "x[²]"], 3, "syntax"),
        (["grad", "x'*x", "--declare", "x: vectr"], 3, "syntax"),
        (["eval", "x: vector[n]; x'*x", "--set", "x=[1,2]", "--size", "n=3"], 4, "data"),
        (["grad", "x", "--order", "0"], 2, "usage"),
    ],
)
def test_errors(arguments: list[str], code: int, kind: str) -> None:
    plain = run(*arguments)
    assert plain.returncode == code
    assert plain.stdout == ""
    assert plain.stderr.startswith("error: ")
    assert "Traceback" not in plain.stderr
    as_json = run(*arguments, "--json")
    assert json.loads(as_json.stdout)["error"]["kind"] == kind
    assert (as_json.returncode, as_json.stderr) == (code, "")


def test_error_points_at_the_place() -> None:
    assert run("grad", "x: vector; 1 + x*x").stderr.splitlines()[1:3] == [
        "  x: vector; 1 + x*x",
        "                 ^^^",
    ]


def test_failed_and_inconclusive_checks_have_their_codes() -> None:
    assert run("check", "norm1(x)", "--set", "x=[0,1]").returncode == 5


def test_value_at_zero_of_a_norm_is_a_subgradient() -> None:
    outcome = run("eval", "norm2(x)", "-w", "x", "--set", "x=[0,0]", "--json")
    result = json.loads(outcome.stdout)
    assert result["derivatives"][0]["value"] == [0.0, 0.0]
    assert result["warnings"]


def test_data_files(tmp_path: Path) -> None:
    matrix, vector = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 2.0])
    np.savez(tmp_path / "all.npz", A=matrix, x=vector)
    np.save(tmp_path / "A.npy", matrix)
    (tmp_path / "A.csv").write_text("a,b,c\n0,1,2\n3,4,5\n")
    (tmp_path / "x.tsv").write_text("1\n-1\n2\n")
    (tmp_path / "all.json").write_text(json.dumps({"A": matrix.tolist(), "x": vector.tolist()}))
    ways = [
        ["--data", f"{tmp_path}/all.npz"],
        ["--data", f"{tmp_path}/all.json"],
        ["--data", f"A={tmp_path}/A.npy", "--set", "x=[1,-1,2]"],
        ["--data", f"A={tmp_path}/A.csv", "--data", f"x={tmp_path}/x.tsv"],
    ]
    values = [json.loads(run("eval", "norm2(A*x)^2", "-w", "x", "--json", *way).stdout) for way in ways]
    assert all(value["objective"]["value"] == float(np.sum((matrix @ vector) ** 2)) for value in values)


def test_pickled_data_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    outcome = run("eval", "x'*x", "--data", f"x={tmp_path}/x.npy")
    assert outcome.returncode == 4
    assert "objects" in outcome.stderr


def test_output_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "answer.json"
    assert run("grad", "x'*A*x", "-w", "x", "--json", "-o", str(target)).stdout == ""
    assert json.loads(target.read_text())["ok"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]


def test_a_closed_pipe_ends_quietly() -> None:
    request = '{"command": "grad", "expression": "x*y", "wrt": "x"}'
    command = f"yes '{request}' | head -300 | {sys.executable} -m gradcalc batch | head -1"
    outcome = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert len(outcome.stdout.splitlines()) == 1
    assert outcome.stderr == ""


def test_interrupt_exits_with_130() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcalc", "batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"command": "grad", "expression": "x*y", "wrt": "x"}\n')
    process.stdin.flush()
    process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_batch_goes_on_after_failures() -> None:
    requests = [
        {"id": 1, "command": "eval", "expression": "x'*A*x", "wrt": "x", "data": {"x": [1, 2], "A": [[1, 2], [3, 4]]}},
        {"id": "two", "command": "grad", "expression": "x +"},
        {"id": 3, "command": "grad", "expression": "x*y", "wrt": "x", "nonsense": 1},
        {"id": 4, "command": "hessian", "expression": "norm2(x)^2", "shapes": {"x": ["n"]}},
        {"id": 5, "command": "check", "expression": "norm1(x)", "data": {"x": [0, 1]}},
    ]
    lines = [json.dumps(request) for request in requests] + ["not json", "[1]", ""]
    outcome = run("batch", stdin="\n".join(lines))
    results = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [result.get("id") for result in results] == [1, "two", 3, 4, 5, None, None]
    assert [result["ok"] for result in results] == [True, False, False, True, True, False, False]
    assert results[0]["derivatives"][0]["value"] == [7 + 5, 11 + 10]
    assert outcome.returncode == 5


def test_help_ends_with_an_example() -> None:
    for command in ("grad", "hessian", "eval", "check", "batch", "functions", "schema"):
        text = run(command, "--help").stdout
        assert "Example:" in text
        assert f"gradcalc {command}" in text


def test_version() -> None:
    assert "0.1.0" in run("--version").stdout


def test_no_colour_in_a_pipe() -> None:
    assert "\x1b" not in run("check", P2, "-w", "W", env={**os.environ, "FORCE_COLOR": "1"}).stdout
