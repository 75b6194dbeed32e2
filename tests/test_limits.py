"""Limits end what takes too long or too much, wherever it is at, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

import gradcalc
from gradcalc import limits
from gradcalc.cli.requests import answer
from gradcalc.errors import GradcalcError
from gradcalc.limits import Limits, within

LONG = "sum[i=1..100000000](x[1]*i)"


def forever() -> None:
    while True:
        sum(range(1000))


def forever_and_deaf() -> None:
    """What catches every exception, as a search that tries one thing after another does."""
    while True:
        try:
            sum(range(1000))
        except Exception:
            continue


def spends() -> None:
    while True:
        limits.spend()


def hoards() -> None:
    held = []
    while True:
        held.append(bytearray(b"x" * (8 << 20)))


@pytest.mark.parametrize(
    ("block", "given", "said"),
    [
        (forever, Limits(seconds=0.2), "longer than 0.2 s"),
        (forever_and_deaf, Limits(seconds=0.2), "longer than 0.2 s"),
        (spends, Limits(operations=1000), "1000 operations"),
        (hoards, Limits(seconds=20, bytes=64 << 20), "64 MiB"),
    ],
)
@pytest.mark.parametrize("in_main_thread", [True, False])
def test_what_takes_too_much_is_stopped(
    block: Callable[[], None], given: Limits, said: str, in_main_thread: bool
) -> None:
    caught: list[GradcalcError] = []

    def run() -> None:
        try:
            with within(given):
                block()
        except GradcalcError as error:
            caught.append(error)

    start = time.monotonic()
    thread = threading.Thread(target=run if not in_main_thread else int)
    thread.start()
    if in_main_thread:
        run()
    thread.join()
    assert (caught[0].kind, caught[0].exit_code) == ("limit", 6)
    assert said in caught[0].message
    assert time.monotonic() - start < 10


def test_an_inner_limit_ends_the_inner_block() -> None:
    def inner() -> None:
        with within(Limits(operations=100)):
            spends()

    with within(Limits(operations=10_000_000)):
        with pytest.raises(GradcalcError, match="100 operations"):
            inner()
        limits.spend(5000)


def test_an_outer_limit_ends_the_inner_block_as_well() -> None:
    def outer() -> None:
        with within(Limits(seconds=0.2)):
            try:
                with within(Limits(seconds=50)):
                    forever()
            except GradcalcError:
                pytest.fail("the inner limit was not reached")

    with pytest.raises(GradcalcError, match=r"0\.2 s"):
        outer()


def test_waiting_for_input_takes_no_time() -> None:
    with within(Limits(seconds=0.3)):
        with limits.waiting():
            time.sleep(0.6)
        time.sleep(0.05)


def test_nothing_is_left_of_a_limit_that_was_kept() -> None:
    for _ in range(200):
        with within(Limits(seconds=0.11)):
            pass
    time.sleep(0.2)


def test_limits_in_python() -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("sum(sin(A*x))", "x", max_operations=3)
    assert caught.value.kind == "limit"
    derivative = gradcalc.derive(LONG, "x", max_seconds=0.5)
    with pytest.raises(GradcalcError, match=r"longer than 0\.5 s"):
        derivative.check()
    with pytest.raises(GradcalcError, match="max_bytes is a whole number above 0"):
        gradcalc.derive("x*x", max_bytes=0)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"max_seconds": 0.3}, "limit"),
        ({"max_seconds": 0}, "usage"),
        ({"max_seconds": "1"}, "usage"),
        ({"max_seconds": float("nan")}, "usage"),
        ({"max_operations": 2.5}, "usage"),
        ({"max_operations": True}, "usage"),
        ({"max_bytes": 1 << 20, "expression": "sum(A*x)", "sizes": {"m": 1000, "n": 1000}}, "limit"),
    ],
    ids=str,
)
def test_limits_in_requests(given: dict[str, object], kind: str) -> None:
    result, _ = answer(json.dumps({"command": "eval", "expression": LONG, "wrt": "x", **given}))
    assert result["error"]["kind"] == kind


def test_a_request_cannot_go_beyond_the_limits_of_its_batch() -> None:
    request = json.dumps({"command": "eval", "expression": LONG, "max_seconds": 100})
    start = time.monotonic()
    result, code = answer(request, Limits(seconds=0.2))
    assert (result["error"]["kind"], code) == ("limit", 6)
    assert time.monotonic() - start < 10


def test_a_call_that_no_python_code_can_stop_is_ended_by_the_last_resort() -> None:
    script = (
        "import os, threading\n"
        "from gradcalc.limits import Limits, within\n"
        "lock = threading.Lock(); lock.acquire()\n"
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
        "with within(Limits(seconds=0.1), lambda error: os._exit(error.exit_code)):\n"
        "    lock.acquire()\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 6


@pytest.mark.parametrize("command", ["grad", "hessian", "hvp", "explain", "eval", "check", "verify"])
def test_every_command_has_the_options(command: str) -> None:
    arguments = [command, "sum(sin(x))", "-w", "x", "--max-operations", "1", "--json"]
    if command == "verify":
        arguments.insert(2, "cos(x)")
    outcome = subprocess.run(
        [sys.executable, "-m", "gradcalc", *arguments], capture_output=True, check=False, timeout=60, env=os.environ
    )
    assert json.loads(outcome.stdout)["error"]["kind"] == "limit"
    assert outcome.returncode == 6
