"""Which lines of the engine have run, and steering towards rules of the grammar that reach new ones."""

from __future__ import annotations

import ast
import collections
import pathlib
import sys
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

ROOM = pathlib.Path(__file__).parents[2] / "gradcalc"

_GAIN, _MOST, _FADING, _NEGLECTED = 1.4, 6.0, 0.995, 3.0


class Coverage:
    """met: for each file the steps from line to line that have been seen. rooms: folders of gradcalc/ to look at."""

    def __init__(self, rooms: Iterable[str] = ("tensor",)) -> None:
        self._folders = tuple([str(ROOM / room) for room in rooms])
        self.met: dict[str, set[tuple[int, int]]] = collections.defaultdict(set)
        self.rules: collections.Counter[str] = collections.Counter()
        self.steer: dict[str, float] = {}
        self._new = 0

    def watch(self, action: Callable[[], Any]) -> tuple[Any, int]:
        """Runs something; gives its result and how many new steps it took."""
        self._new = 0
        sys.settrace(self._enter)
        try:
            return action(), self._new
        finally:
            sys.settrace(None)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        code: CodeType = frame.f_code
        if not code.co_filename.startswith(self._folders):
            return None
        met = self.met[code.co_filename]
        last = [0]

        def local(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                step = (last[0], frame.f_lineno)
                if step not in met:
                    met.add(step)
                    self._new += 1
                last[0] = frame.f_lineno
            return local

        return local

    def learn(self, rules: Iterable[str], new: int) -> None:
        """Rules of a program that went where none had been are taken more often for a while."""
        for name in list(self.steer):
            self.steer[name] = 1 + (self.steer[name] - 1) * _FADING
        if new:
            for name in set(rules):
                self.steer[name] = min(_MOST, self.steer.get(name, 1.0) * _GAIN)

    def weights(self, names: Iterable[str]) -> dict[str, float]:
        """The steering, and more for the functions that programs have had less often than others."""
        counts = {name: self.rules[name] for name in names}
        usual = sum(counts.values()) / max(1, len(counts))
        weights = dict(self.steer)
        for name, count in counts.items():
            if count < usual / 3:
                weights[name] = weights.get(name, 1.0) * _NEGLECTED
        return weights

    def lines(self) -> dict[str, tuple[set[int], set[int]]]:
        """For each file the lines that ran and all lines that could."""
        found = {}
        for folder in self._folders:
            for path in sorted(pathlib.Path(folder).rglob("*.py")):
                possible = _statements(path)
                ran = {line for _, line in self.met.get(str(path), ())} & possible
                found[str(path.relative_to(ROOM))] = (ran, possible)
        return found

    def report(self, details: bool = False) -> str:
        rows, total, all_ran = [], 0, 0
        for name, (ran, possible) in self.lines().items():
            total, all_ran = total + len(possible), all_ran + len(ran)
            missing = sorted(possible - ran)
            rows.append(
                f"  {name}: {len(ran)} of {len(possible)}" + (f"   never: {missing}" if details and missing else "")
            )
        return "\n".join([f"lines that ran: {all_ran} of {total}", *rows])


def _statements(path: pathlib.Path) -> set[int]:
    """The first lines of the statements inside functions, docstrings left out."""
    lines: set[int] = set()
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.stmt) and node is not function:
                docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                if not docstring and not isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom)):
                    lines.add(node.lineno)
    return lines
