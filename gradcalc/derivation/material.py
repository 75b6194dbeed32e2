"""What every style of explanation starts from: the parts, their differentials, and how many of them are shown."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from gradcalc.derivation.differentials import Differential, Differentials
from gradcalc.derivation.fragments import Context
from gradcalc.derivation.joining import joined
from gradcalc.derivation.parts import KINDS, Cutting, Part
from gradcalc.derivation.rules import same_function
from gradcalc.derivation.steps import PARTS, Fold, Step
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Name, Program

DEFAULT_DEPTH = 12
"""How many parts are shown unless more are asked for."""

_MOST_PATHS = 4
"""With more ways from the variable to the objective, the product is taken part by part."""


class Cut(Enum):
    """For what an objective is cut into parts. Where the entries vary one by one, the variable has no structure."""

    NOT = "the objective is the only part"
    FOR_DIFFERENTIALS = "every part changes within its structure"
    FOR_ENTRIES = "every entry of a part changes by itself"


class Material:
    """context: what the names are. parts: in order, the objective last. variable: by which is differentiated.

    differentials: the names of the differentials. depth: how many parts are shown. by_entries: whether every entry of
    a part changes by itself.
    """

    def __init__(
        self, program: Program, typing: Typing, taken: Iterable[str], variable: str, depth: int, cut: Cut
    ) -> None:
        self.context = Context(typing, set(taken))
        self.by_entries = cut is Cut.FOR_ENTRIES
        if self.by_entries:
            self.context.structures.pop(variable, None)
        self.variable = variable
        cutting = Cutting(program, typing, self.context, variable)
        self.parts: list[Part] = cutting.uncut() if cut is Cut.NOT else cutting.cut()
        if self.by_entries:
            self.parts = joined(self.parts, self.context)
        self.objective = self.parts[-1]
        self.varying = [part for part in self.parts if not part.constant]
        self.differentials = Differentials(self.context, variable)
        for part in self.parts:
            if not part.constant or part is self.objective:
                self.differentials.add(part.name)
        self.by_name = {part.name: part for part in self.parts}
        self.place = {variable: -1, **{part.name: place for place, part in enumerate(self.parts)}}
        self._shown = self._chosen(depth)
        self._known: dict[str, Differential] = {}

    def _chosen(self, depth: int) -> set[str]:
        """The parts that are shown: half of them next to the variable, half next to the objective."""
        names = [part.name for part in self.parts]
        if len(names) <= depth:
            return set(names)
        first = depth // 2
        return {*names[:first], *names[len(names) - (depth - first) :]}

    @property
    def folded(self) -> int:
        """How many parts are not shown."""
        return len(self.parts) - len(self._shown)

    def shows(self, name: str) -> bool:
        return name == self.variable or name in self._shown

    def differential(self, part: Part) -> Differential:
        if part.name not in self._known:
            self._known[part.name] = self.differentials.of_part(part)
        return self._known[part.name]

    def d(self, name: str) -> Name:
        """The differential of a part or of the variable."""
        return Name(self.differentials.of[name])

    def rank(self, name: str) -> int:
        return len(self.context.shapes[name])

    def _kind(self, part: Part) -> str:
        """What a part is: `vector m`, `matrix m x n`."""
        dims = " x ".join([str(dim) for dim in part.dims])
        return f"{KINDS[len(part.dims)]}{' ' + dims if dims else ''}"

    def is_ambiguous(self, part: Part, name: str) -> bool:
        """Whether a part uses a name in other ways as well: then there are two derivatives, partial and total."""
        reached = {name}
        for other in self.varying:
            if other is not part and reached.intersection(other.uses):
                reached.add(other.name)
        return any(use in reached and use != name for use in part.uses)

    def part_lines(self) -> list[Step | Fold]:
        """The parts by name, with the form of those that are one function by another name."""
        lines: list[Step | Fold] = []
        for part in self.parts:
            if not self.shows(part.name):
                lines.append(Fold(PARTS, 1))
                continue
            rule = f"{self._kind(part)}, constant" if part.constant else self._kind(part)
            if self.context.structures.get(part.name) == "symmetric":
                rule += f"; symmetric: {part.name}' = {part.name}"
            lines.append(Step(PARTS, Name(part.name), part.tree, rule, names=part.name))
            if part.form != part.tree:
                lines.append(Step(PARTS, Name(part.name), part.form, same_function(part.form), continues=True))
        return lines


def joined_folds(lines: Iterable[Step | Fold]) -> list[Step | Fold]:
    """The lines with folds that follow each other as one."""
    answer: list[Step | Fold] = []
    for line in lines:
        last = answer[-1] if answer else None
        if isinstance(line, Fold) and isinstance(last, Fold) and last.section == line.section:
            answer[-1] = Fold(line.section, last.count + line.count)
        else:
            answer.append(line)
    return answer


def paths_of(material: Material) -> list[list[tuple[str, str]]] | None:
    """The ways from the objective to the variable as pairs of parts; None where there are too many."""
    found: list[list[tuple[str, str]]] = []
    pending: list[list[tuple[str, str]]] = [[]]
    while pending:
        path = pending.pop()
        end = path[-1][1] if path else material.objective.name
        if end == material.variable:
            found.append(path)
        else:
            pending.extend(reversed([[*path, (end, name)] for name in material.by_name[end].uses]))
        if len(found) + len(pending) > _MOST_PATHS:
            return None
    return found
