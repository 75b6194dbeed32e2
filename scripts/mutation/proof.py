"""Plants faults, one at a time, and judges what is shown."""

from __future__ import annotations

import ast
import json
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from gradcalc.errors import GradcalcError
from gradcalc.functions.catalogue import ENTRIES
from scripts.mutation.changes import Change, changes
from scripts.mutation.child import ROOT, path_of
from scripts.mutation.judge import Judge
from scripts.mutation.subjects import Subject, subjects

CATALOGUE = ("elementwise", "linear", "matrix", "special")
CHILD = ROOT / "scripts" / "mutation" / "child.py"
SECONDS = 30.0
"""A mutant that says nothing for so long is stopped."""

NO_EFFECT, REFUSED, ERROR, UNVERIFIED, WRONG = (
    "no effect", "refused by the seal", "another error", "unverified, with a warning", "WRONG SHOWN"
)  # fmt: skip

_RANK = (NO_EFFECT, ERROR, UNVERIFIED, REFUSED, WRONG)


class Mutant(NamedTuple):
    """One change. number: its place among the changes of its module."""

    module: str
    catalogue: bool
    number: int
    change: Change

    def __str__(self) -> str:
        return f"{self.module}:{self.change.line} {self.change.what}"


class Verdict(NamedTuple):
    """outcome: the worst one of all subjects. detail: what was wrong."""

    mutant: Mutant
    outcome: str
    detail: str = ""


class Child:
    """A process that imports the package anew for each request."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def ask(self, request: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=seconds)
        except (queue.Empty, OSError):
            self.stop()
            return {"broken": "no end"}
        if not line:
            self.stop()
            return {"broken": "the process ended"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, encoding="utf-8",
        )  # fmt: skip
        lines: queue.Queue[str] = queue.Queue()
        self._process, self._lines = process, lines

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Proof:
    """Mutants from a seed, and what each came to. most: how many subjects a mutant is asked for."""

    def __init__(self, seed: int, most: int) -> None:
        self._random = Random(seed)
        self._most = most
        self._child = Child()
        self._subjects = subjects()
        self._examples = {entry.name: _examples(entry.name, entry.example) for entry in ENTRIES}
        self._right: dict[Subject, dict[str, Any]] = {}
        self._judges: dict[Subject, Judge] = {}
        self._places = list(_places())
        self._reaching: dict[str, list[Subject]] = {}
        self._look()

    def _look(self) -> None:
        """Which subjects run which lines."""
        answer = self._child.ask(
            {"module": None, "traced": True, "subjects": [s.options() for s in self._subjects]}, 600
        )
        for subject, lines in zip(self._subjects, answer["lines"]):
            for line in lines:
                self._reaching.setdefault(line, []).append(subject)

    def __enter__(self) -> Proof:
        return self

    def __exit__(self, *exception: object) -> None:
        self._child.stop()

    def verdicts(self, count: int) -> Iterator[Verdict]:
        for _ in range(count):
            yield self.verdict(self.draw())

    def draw(self) -> Mutant:
        """A change at a random place: three of four in lines of the core that a subject runs, one in the catalogue."""
        catalogue = self._random.random() < 0.25
        places = [
            p for p in self._places if p.catalogue == catalogue and (catalogue or self._line(p) in self._reaching)
        ]
        return self._random.choice(places)

    def verdict(self, mutant: Mutant) -> Verdict:
        """What a mutant comes to."""
        asked = self._asked(mutant)
        self._learn(asked)
        request = {"module": mutant.module, "catalogue": mutant.catalogue, "number": mutant.number}
        answer = self._child.ask({**request, "subjects": [subject.options() for subject in asked]})
        if "broken" in answer:
            return Verdict(mutant, ERROR, answer["broken"])
        worst = Verdict(mutant, NO_EFFECT)
        for subject, result in zip(asked, answer["results"]):
            outcome, detail = self._outcome(subject, result)
            if _RANK.index(outcome) > _RANK.index(worst.outcome):
                worst = Verdict(mutant, outcome, f"{subject.expression} by {', '.join(subject.wrt)}: {detail}")
        return worst

    def _asked(self, mutant: Mutant) -> list[Subject]:
        own = self._examples.get(mutant.change.entry, []) if mutant.catalogue else []
        if mutant.catalogue:
            own = own + [s for s in self._subjects if mutant.change.entry + "(" in s.expression]
        reaching = self._subjects if mutant.catalogue else self._reaching[self._line(mutant)]
        return own + self._random.sample(reaching, min(len(reaching), max(1, self._most - len(own))))

    @staticmethod
    def _line(mutant: Mutant) -> str:
        return f"{mutant.module.rsplit('.', 1)[-1]}:{mutant.change.line}"

    def _learn(self, asked: Sequence[Subject]) -> None:
        """What the program as it is says to subjects."""
        new = [subject for subject in asked if subject not in self._right]
        if new:
            answer = self._child.ask({"module": None, "subjects": [subject.options() for subject in new]}, 600)
            self._right.update(zip(new, answer["results"]))

    def _outcome(self, subject: Subject, result: dict[str, Any]) -> tuple[str, str]:
        right = self._right[subject]
        if result == right:
            return NO_EFFECT, ""
        if "error" in result:
            return (REFUSED if result["error"] == "internal" else ERROR), result["message"]
        if "error" in right:
            return ERROR, "an answer where there is none"
        judge = self._judge(subject)
        outcomes = [(NO_EFFECT, "")]
        if len(result["answers"]) != len(right["answers"]):
            return WRONG, "another number of answers"
        for place, (shown, wanted) in enumerate(zip(result["answers"], right["answers"])):
            faults = [
                judge.fault(place, name, form, wanted["forms"][name])
                for name, form in shown["forms"].items()
                if name in wanted["forms"]
            ]
            fault = next((fault for fault in faults if fault is not None), None)
            if fault is not None and shown["unverified"] is None:
                outcomes.append((WRONG, fault))
            elif shown["unverified"] is not None:
                outcomes.append((UNVERIFIED if result["warnings"] else WRONG, shown["unverified"]))
            if "internal" in shown.get("refused", {}).values():
                outcomes.append((REFUSED, "another form"))
        return max(outcomes, key=lambda each: _RANK.index(each[0]))

    def _judge(self, subject: Subject) -> Judge:
        if subject not in self._judges:
            self._judges[subject] = Judge(subject)
        return self._judges[subject]


def _places() -> Iterator[Mutant]:
    core = sorted((ROOT / "gradcalc" / "tensor").glob("*.py"))
    modules = [(f"gradcalc.tensor.{path.stem}", False) for path in core if path.stem != "__init__"]
    for module, catalogue in [*modules, *[(f"gradcalc.functions.{name}", True) for name in CATALOGUE]]:
        tree = ast.parse(path_of(module).read_text(encoding="utf-8"))
        for number, change in enumerate(changes(tree, catalogue)):
            yield Mutant(module, catalogue, number, change)


def _examples(name: str, example: str) -> list[Subject]:
    """An entry's example as subjects: the gradient and the Hessian by its first variable."""
    from gradcalc.api import Problem

    try:
        problem = Problem(example)
        variable = next(iter(problem.typing.variables), None)
        scalar = not problem.typing.dims(problem.program.objective)
    except GradcalcError:
        return []
    if variable is None:
        return []
    return [Subject(example, (variable,)), *([Subject(f"({example})^2", (variable,), 2)] if scalar else [])]


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many came to what."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    return f"{len(verdicts)} mutants: " + ", ".join(f"{counts[outcome]} {outcome}" for outcome in _RANK)
