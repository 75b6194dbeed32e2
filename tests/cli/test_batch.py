"""Requests that are wrong in every way: each is a result, and the next one is answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from gradcalc.cli.requests import answer, answered
from gradcalc.limits import NO_LIMITS

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


def run_batch(content: bytes, *options: str) -> tuple[list[bytes], int]:
    outcome = subprocess.run(
        [sys.executable, "-m", "gradcalc", "batch", *options],
        input=content,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert outcome.stderr == b""
    return outcome.stdout.splitlines(), outcome.returncode


def test_results_are_the_same_in_any_number_of_processes_and_can_be_resumed() -> None:
    expressions = ["x*y", "x +", "log(1+exp(-y*w'*sigmoid(W*x+b)))", "sum(x.^2)"]
    lines = [
        GOOD.replace('"x*y"', json.dumps(expressions[n % 4])).replace('"good"', str(n)).encode() for n in range(40)
    ]
    content = b"\n\n".join([*lines[:20], b"no request", *lines[20:]])
    one, code = run_batch(content)
    three, same_code = run_batch(content, "--jobs", "3")
    assert one == three
    assert code == same_code == 3
    assert [json.loads(line).get("id") for line in one] == [*range(20), None, *range(20, 40)]
    assert run_batch(content, "--skip", "33")[0] == one[33:]


def test_a_request_that_takes_its_process_with_it_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcalc.cli import workers

    def fatal(line: bytes, *_: object) -> tuple[str, int]:
        if b"die" in line:
            os.kill(os.getpid(), signal.SIGKILL) if b"memory" in line else os._exit(3)
        return line.decode(), 0

    monkeypatch.setattr(workers, "answered", fatal)
    lines = [b'{"id": 1}', b'{"id": 2, "expression": "die"}', b'{"id": 3, "expression": "die memory"}', b'{"id": 4}']
    with tempfile.TemporaryFile() as source:
        source.write(b"\n".join(lines))
        source.seek(0)
        results = list(workers.results_of_workers(source, 2, 0, NO_LIMITS))
    assert [json.loads(text)["id"] for text, _ in results] == [1, 2, 3, 4]
    assert [code for _, code in results] == [0, 70, 6, 0]


def test_an_interrupt_ends_a_batch_at_once_with_what_is_done() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcalc", "batch", "--jobs", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    slow = '{"command": "eval", "expression": "sum[i=1..100000000](x[1]*i)"}\n'
    process.stdin.write((GOOD + "\n" + slow * 2).encode())
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == "good"
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=20)
    assert (process.returncode, rest, said) == (130, b"", b"")
    assert time.monotonic() - start < 5
