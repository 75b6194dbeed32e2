"""Requests that are wrong in every way: each is a result, and the next one is answered."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gradcalc.cli.batch import answer, answered

GOOD = '{"id": "good", "command": "grad", "expression": "x*y", "wrt": "x"}'


def batch(*lines: str) -> tuple[list[dict[str, object]], int]:
    outcome = subprocess.run(
        [sys.executable, "-m", "gradcalc", "batch"],
        input="\n".join(lines).encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert outcome.stderr == b""
    return [json.loads(line) for line in outcome.stdout.decode("utf-8").splitlines()], outcome.returncode


def test_whatever_an_id_is_the_batch_goes_on() -> None:
    identities = ["NaN", "1e999", '"\\ud800"', "[" * 900 + "]" * 900, "{}", "null"]
    lines = [GOOD.replace('"good"', identity) for identity in identities]
    results, code = batch(*lines, GOOD)
    assert len(results) == len(lines) + 1
    assert [result["ok"] for result in results] == [False, False, True, True, True, True, True]
    assert results[-1]["id"] == "good"
    assert code == 2


def test_bytes_that_are_no_text_and_marks_before_it() -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "gradcalc", "batch"],
        input=b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n\xff\xfe\n\n" + GOOD.encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert [json.loads(line)["ok"] for line in outcome.stdout.splitlines()] == [True, False, True]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"command": "divine"}, "usage"),
        ({"command": 3}, "usage"),
        ({"command": None}, "usage"),
        ({"expression": 3}, "usage"),
        ({"expression": ""}, "syntax"),
        ({"expression": "x*\ud800"}, "syntax"),
        ({"nonsense": 1}, "usage"),
        ({"wrt": 3}, "usage"),
        ({"wrt": [3]}, "usage"),
        ({"wrt": None}, "usage"),
        ({"wrt": "q"}, "name"),
        ({"order": True}, "usage"),
        ({"order": 1.5}, "usage"),
        ({"order": 0}, "usage"),
        ({"order": 10**30}, "usage"),
        ({"shapes": {"x": 3}}, "usage"),
        ({"shapes": {"x": [True]}}, "usage"),
        ({"shapes": {"x": [-1]}}, "usage"),
        ({"shapes": {"q": []}}, "name"),
        ({"structure": {"x": "round"}}, "usage"),
        ({"structure": {"x": 1}}, "usage"),
        ({"layout": "sideways"}, "usage"),
        ({"formats": ["runes"]}, "usage"),
        ({"formats": "latex"}, "usage"),
        ({"sizes": {"n": "3"}}, "usage"),
        ({"command": "eval", "formats": ["runes"]}, "usage"),
        ({"command": "eval", "seed": -1}, "usage"),
        ({"command": "eval", "data": {"x": None, "y": 1}}, "data"),
        ({"command": "eval", "data": {"x": "one", "y": 1}}, "data"),
        ({"command": "eval", "data": {"x": [[1], [2, 3]], "y": 1}}, "data"),
        ({"command": "eval", "data": {"x": float("nan"), "y": 1}}, "data"),
        ({"command": "eval", "data": {"x": 10**400, "y": 1}}, "data"),
        ({"command": "eval", "data": {"x": 1}}, "data"),
        ({"command": "eval", "data": {"x": 1, "y": 1, "z": 1}}, "data"),
        ({"command": "eval", "data": [1]}, "usage"),
    ],
    ids=str,
)
def test_bad_requests(change: dict[str, object], kind: str) -> None:
    request = {"id": 7, "command": "grad", "expression": "x*y", "wrt": "x", **change}
    result, code = answer(json.dumps(request))
    assert (result["id"], result["ok"], result["error"]["kind"]) == (7, False, kind)
    assert code == {"usage": 2, "syntax": 3, "name": 3, "data": 4}[kind]


@pytest.mark.parametrize("line", ["nonsense", "[]", "3", "null", '"x"', "{", "[" * 100_000])
def test_lines_that_are_no_request(line: str) -> None:
    text, code = answered(line)
    assert json.loads(text)["error"]["kind"] == "usage"
    assert code == 2


def test_results_come_as_soon_as_they_are_known() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcalc", "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for number in range(3):
        process.stdin.write(GOOD.replace('"good"', str(number)) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == number
    process.stdin.close()
    assert process.wait(timeout=20) == 0
