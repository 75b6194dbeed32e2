"""Inputs made to take long or much: each is answered or ends at its limit, soon, and in little memory."""

from __future__ import annotations

import json
import time

import pytest

from gradcalc.cli.requests import answer
from gradcalc.errors import EXIT_CODES
from gradcalc.limits import ORDINARY, resident_bytes


def chain(first: str, step: str, count: int) -> str:
    """Definitions a0, a1, ..., each made of the one before, and the last one's name."""
    return "; ".join([f"a0 = {first}", *[f"a{n} = " + step.replace("@", f"a{n - 1}") for n in range(1, count)]])


def functions(step: str, count: int) -> str:
    """Functions f0, f1, ..., each made of the one before, and the last one of s."""
    bodies = [f"f{n}(t) = " + step.replace("@", f"f{n - 1}") for n in range(1, count)]
    return "; ".join(["f0(t) = t + sin(t)", *bodies, f"f{count - 1}(s)"])


HOSTILE = {
    "nested exp": ("exp(" * 100_000 + "x" + ")" * 100_000, "x"),
    "towers": ("^".join(["x"] * 5000), "x"),
    "doubling definitions": (chain("x.*x", "@ + @.*@", 60) + "; sum(a59)", "x"),
    "long chain of definitions": (chain("x", "@*x", 20_000) + "; a19999", "x"),
    "long product": ("*".join(["A"] * 100_000), "A"),
    "long product of two": ("*".join(["A", "B"] * 50_000), "A"),
    "nested functions": (functions("@(@(t))", 40), "s"),
    "doubling functions": (functions("@(t)*@(t + 1)", 40), "s"),
    "doubling by kron": (chain("A", "kron(@, @)", 40) + "; tr(a39)", "A"),
    "long sum": ("+".join([f"sin({n}*x)" for n in range(50_000)]), "x"),
    "many variables": ("+".join([f"x{n}" for n in range(50_000)]), "x1"),
    "nested blocks": ("[" * 500 + "x" + "; x]" * 500, "x"),
    "sum over a long range": ("sum[i=1..100000000](x[1]*i)", "x"),
    "nested sums": ("sum[i](x[i]*" * 200 + "1" + ")" * 200, "x"),
    "minus signs": ("-" * 1_000_000 + "x", "x"),
    "parentheses": ("(" * 500_000 + "x" + ")" * 500_000, "x"),
    "open brackets": ("[" * 900_000, "x"),
    "transposes": ("x" + "'" * 900_000, "x"),
    "powers": ("x" + "^2" * 300_000, "x"),
    "positions": ("x" + "[1]" * 300_000, "x"),
    "bars": ("||" * 400_000 + "x", "x"),
    "comparisons": ("x<" * 300_000 + "x", "x"),
    "blank lines": ("\n" * 1_000_000 + "x", "x"),
    "statements": ("a=x;" * 200_000 + "a", "x"),
    "a length": ("x: vector[" + "n+" * 400_000 + "n]; sum(x)", "x"),
    "a number": ("x + " + "9" * 1_000_000, "x"),
    "more than is read": ("x" * (2 << 20), "x"),
}

SECONDS = 0.15


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("command", ["grad", "eval"])
def test_hostile_inputs_end_at_their_limit(name: str, command: str) -> None:
    expression, wrt = HOSTILE[name]
    memory, start = resident_bytes(), time.process_time()
    request = {"command": command, "expression": expression, "wrt": wrt, "max_seconds": SECONDS}
    result, code = answer(json.dumps(request))
    assert code == 0 or result["error"]["kind"] in ("limit", "syntax", "shape", "name"), result["error"]
    assert code != EXIT_CODES["internal"]
    assert time.process_time() - start < 3
    assert resident_bytes() - memory < 1 << 29


def test_limits_hold_where_none_are_given() -> None:
    assert ORDINARY.seconds is not None
    assert ORDINARY.seconds <= 30
    assert ORDINARY.bytes == 1 << 30
