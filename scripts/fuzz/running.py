"""Many cases in a row: judged, the failing ones shrunk and gathered by symptom."""

from __future__ import annotations

import collections
import dataclasses
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse
from gradcalc.language.syntax import postorder
from scripts.fuzz.cases import Case, Finding
from scripts.fuzz.coverage import Coverage
from scripts.fuzz.generator import prepare
from scripts.fuzz.making import made_case
from scripts.fuzz.oracles import Judge, Skipped
from scripts.fuzz.shrinking import shrunk

SECONDS_FOR_ONE = 20.0
_TRACED_EVERY = 8
_CORE = ("value: interpreter", "value: formula", "derivat", "reading", "along", "shape")
"""Symptoms that are seen without looking at every form of an answer."""
_MOST_ALIKE = 8
"""How many smallest cases of one symptom are kept."""


class Slow(BaseException):
    """A case took too long. (No Exception: nothing on the way may swallow it.)"""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Slow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judged(case: Case, thorough: float = 1.0) -> tuple[list[Finding], str | None, Judge]:
    """What is wrong with a case, why nothing can be said of it, and the judge."""
    judge, why = Judge(case, thorough), None
    try:
        with limited(SECONDS_FOR_ONE), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            judge.run()
    except Skipped as skipped:
        why = str(skipped)
    except Slow:
        judge.found("slow: more than 20 seconds", "", serious=False)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        judge.found(f"the fuzzer itself: {type(error).__name__} in {place.name}", traceback.format_exc()[-1200:], False)
    return judge.findings, why, judge


def parts(case: Case) -> str:
    """What a case is made of: the operations of its program, and how it is differentiated."""
    try:
        program = parse(case.text)
    except GradcalcError:
        return ""
    labels = {str(node.label[:2]) for root in (program.objective, *[d.expression for d in program.definitions])
              for node in postorder(root) if node.children}  # fmt: skip
    entries = "[" in "".join(case.wrt)
    return f"{sorted(labels)} {case.order} {case.layout} {case.structured} {case.direction} {entries}"


@dataclasses.dataclass
class Class:
    """Cases with one symptom: how many, the smallest, and what was seen at it."""

    symptom: str
    serious: bool
    count: int
    case: Case
    detail: str


class Run:
    """count, seconds: when to stop. shrink: seconds for each class. steered: look where nothing has been."""

    def __init__(self, steered: bool = True, shrink: float = 20.0, rooms: tuple[str, ...] = ("tensor",)) -> None:
        prepare()
        sys.setrecursionlimit(max(20_000, sys.getrecursionlimit()))
        self.coverage = Coverage(rooms)
        self.classes: dict[str, Class] = {}
        self.skipped: collections.Counter[str] = collections.Counter()
        self.left: collections.Counter[str] = collections.Counter()
        self.programs = self.compared = 0
        self.seconds = 0.0
        self._steered = steered
        self._shrink = shrink

    def go(self, seed: int, count: int, seconds: float | None = None, say: Callable[[str], None] = print) -> None:
        start = time.monotonic()
        for number in range(seed, seed + count):
            if seconds is not None and time.monotonic() - start > seconds:
                break
            self.one(number, say)
            if self.programs % 500 == 0:
                rate = self.programs / (time.monotonic() - start)
                say(f"{self.programs} programs, {rate:.1f}/s, {self.compared} comparisons, "
                    f"{self.mismatches} mismatches in {len(self.classes)} classes")  # fmt: skip
        self.seconds += time.monotonic() - start

    def entries(self) -> list[str]:
        """The functions of the catalogue."""
        from gradcalc.functions import catalogue

        return [entry.name for entry in catalogue.ENTRIES if not isinstance(entry, catalogue.Joining)]

    @property
    def mismatches(self) -> int:
        return sum(one.count for one in self.classes.values() if one.serious)

    def one(self, number: int, say: Callable[[str], None]) -> None:
        """A program; where steering has changed the weights, the case itself is what can be repeated."""
        steer = self.coverage.weights(self.entries()) if self._steered else None
        case, made = made_case(number, steer)
        self.coverage.rules.update(made.rules)
        if self._steered and number % _TRACED_EVERY == 0:
            (findings, why, judge), new = self.coverage.watch(lambda: judged(case))
            self.coverage.learn(made.rules, new)
        else:
            findings, why, judge = judged(case)
        self.programs += 1
        self.compared += judge.compared
        self.left.update(judge.left)
        if why is not None:
            self.skipped[why] += 1
        for finding in {finding.symptom: finding for finding in findings}.values():
            self._gather(case, finding, say)

    def _gather(self, case: Case, finding: Finding, say: Callable[[str], None]) -> None:
        """Counts a finding with its like: the same symptom at a smallest case of the same parts."""
        symptom, detail = finding.symptom, finding.detail
        alike = [one for one in self.classes.values() if one.symptom == symptom]
        if len(alike) >= _MOST_ALIKE or (alike and not finding.serious):
            alike[-1].count += 1
            return
        if self._shrink and not symptom.startswith(("slow", "the fuzzer")):
            thorough = 0.0 if symptom.startswith(_CORE) else 50.0

            def fails(candidate: Case) -> bool:
                return any(f.symptom == symptom for f in judged(candidate, thorough)[0])

            if fails(case):
                case = shrunk(case, fails, self._shrink)
                detail = next(f.detail for f in judged(case, thorough)[0] if f.symptom == symptom)
        key = f"{symptom} {parts(case)}"
        if key in self.classes:
            self.classes[key].count += 1
            return
        self.classes[key] = Class(symptom, finding.serious, 1, case, detail)
        if finding.serious:
            say(f"new: {symptom}\n  {case.line()}\n  {detail[-600:]}")

    def report(self) -> str:
        lines = [
            f"{self.programs} programs in {self.seconds:.0f} s ({self.programs / max(self.seconds, 1e-9):.1f}/s), "
            f"{self.compared} comparisons, {self.mismatches} mismatches",
            f"skipped: {dict(self.skipped)}",
            f"comparisons left out: {dict(self.left)}",
        ]
        for one in sorted(self.classes.values(), key=lambda one: (not one.serious, -one.count)):
            lines += [f"{'' if one.serious else '(note) '}{one.count} x {one.symptom}", f"    {one.case.line()}",
                      f"    {one.detail[-600:]}"]  # fmt: skip
        return "\n".join(lines)
