"""A case: a program, by what it is differentiated and how; and what was found wrong with it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Case:
    """text: the program. wrt, order, layout, structured: as in `gradcalc.derive`. direction: None, "along",
    "differential" or "hvp". sizes: lengths of dimensions. seed: of the arrays, and of what is compared. equal: a
    program that means the same.
    """

    text: str
    wrt: tuple[str, ...]
    order: int = 1
    layout: str | None = None
    structured: str | None = None
    direction: str | None = None
    sizes: tuple[tuple[str, int], ...] = ()
    seed: int = 0
    equal: str | None = None
    declared: bool = True

    def line(self) -> str:
        """One line of data, which `Case.read` and the regression tests read."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        kept = {name: value for name, value in given.items() if value != defaults[name]}
        if "sizes" in kept:
            kept["sizes"] = dict(self.sizes)
        return json.dumps(kept, ensure_ascii=False)

    @staticmethod
    def read(line: str) -> Case:
        given: dict[str, Any] = json.loads(line)
        given["wrt"] = tuple(given["wrt"])
        given["sizes"] = tuple(given.get("sizes", {}).items())
        return Case(**given)


@dataclasses.dataclass(frozen=True)
class Finding:
    """symptom: what kind of fault, the same for the same fault. detail: what was seen. serious: a wrong answer, an
    internal error or a refusal of what is well-formed; otherwise a note.
    """

    symptom: str
    detail: str
    serious: bool = True
