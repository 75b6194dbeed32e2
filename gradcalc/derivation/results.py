"""The last lines: the gradient in the names of the parts, with nothing named, and entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

from gradcalc.derivation.checking import MOST_WORK, work_of
from gradcalc.derivation.fragments import written_out
from gradcalc.derivation.material import Material
from gradcalc.derivation.notation import Ratio, substituted, text_of
from gradcalc.derivation.renaming import at_indices
from gradcalc.derivation.steps import RESULT, Step
from gradcalc.errors import GradcalcError
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr, operations
from gradcalc.tensor.answer import Answer, Component, Derivation, Formula
from gradcalc.tensor.structures import meaning

_MOST_PARTS = 12
"""With more parts than this their names are not written out one by one."""

_LONGEST_LINE = 240
"""A form that is longer is left out where there is a shorter one."""


class Results:
    """answer: the derivative as `grad` gives it. cotangent: the gradient in names, where it was derived."""

    def __init__(
        self,
        material: Material,
        derivation: Derivation,
        answer: Answer,
        whole: Answer,
        cotangent: Expr | None,
        style: str,
        named: Sequence[Step] = (),
    ) -> None:
        """whole: the derivative by the whole variable, where the answer is an entry of it. named: the lines that give
        names besides those of the parts.
        """
        self._named = named
        self._material = material
        self._derivation = derivation
        self._answer = answer
        self._whole = whole
        self._cotangent = cotangent
        self._style = style
        self.lines: list[Step] = []

    def run(self) -> list[Step]:
        if self._cotangent is not None and self._structured() is None:
            self._line(self._ratio(()), self._cotangent, self._reading())
        self._plain_form(self._whole)
        entries = None if self._whole.indices else self._components()
        if self._answer is not self._whole:
            self._entry(entries)
        return self.lines

    def _reading(self) -> str:
        """How the derivative is read off the last line of the derivation."""
        change = self._material.d(self._material.variable).name
        left = self._material.d(self._material.objective.name).name
        if self._style == "index":
            return "as a matrix" if self._material.rank(self._material.variable) == 2 else "as a vector"
        if self._style == "chain":
            matrix = self._material.rank(self._material.variable) == 2
            return f"the row in the shape of {self._material.variable}" if matrix else "the row as a column"
        if self._material.rank(self._material.objective.name):
            return f"what stands before {change} is the Jacobian"
        if not self._material.rank(self._material.variable):
            return f"what stands before {change}"
        return f"{left} = G : {change} says that G is the gradient"

    def _structured(self) -> str | None:
        return self._answer.structured

    def _ratio(self, component: Component | tuple[()], formula: Formula | None = None) -> Ratio:
        """What stands on the left of a form of the derivative."""
        material = self._material
        above, below = material.objective.name, material.variable
        if formula is not None and formula.vectorized:
            above = f"vec({above})" if material.rank(above) == 2 else above
            below = f"vec({below})" if material.rank(below) == 2 else below
            return Ratio(above, below)
        indices = formula.indices if formula is not None else ()
        rows = indices[: material.rank(above)]
        columns = component[1] if component and component[1] else indices[material.rank(above) :]
        return Ratio(above, below, rows, tuple(columns), turned=self._is_turned(formula))

    def _is_turned(self, formula: Formula | None) -> bool:
        layout = self._whole.layout
        number = not self._material.rank(self._material.objective.name)
        return formula is self._whole and layout == ("numerator" if number else "denominator")

    def _line(self, left: Ratio, right: Expr, rule: str, indices: tuple[str, ...] = ()) -> None:
        before = self.lines[-1] if self.lines else None
        if before is not None and before.left == left and before.right_text == text_of(right):
            return
        if before is not None and len(text_of(right)) > _LONGEST_LINE:
            return
        self.lines.append(
            Step(RESULT, left, right, rule, continues=before is not None and before.left == left, indices=indices)
        )

    def _plain_form(self, answer: Answer) -> None:
        """The derivative as `grad` gives it, with nothing named."""
        full = answer.full()
        if full is None or (self.lines and len(to_text(full)) > _LONGEST_LINE):
            return
        rule = self._writing_out(full) if self.lines else "read off"
        if answer.vectorized:
            rule = "vec by vec, columns one below the other"
        elif answer.indices:
            rule = "entry by entry: there is no matrix form"
        elif self._is_turned(answer):
            rule = f"{answer.layout} layout: the transpose"
        structure = self._material.context.structures.get(self._material.variable)
        if answer.structured is not None and structure is not None:
            rule = f"{answer.structured}: {meaning(structure, answer.structured)}"
        self._line(self._ratio((), answer), full, rule, answer.indices)

    def _writing_out(self, full: Expr) -> str:
        """How the form with nothing named follows; where it is simpler than the names say, they are put in first."""
        literal = self._cotangent
        if literal is None or len(self._material.parts) > _MOST_PARTS:
            return "the same with nothing named"
        made = {line.names: line.right for line in self._named if line.names is not None}
        values = {**{part.name: part.form for part in self._material.parts}, **made}
        for name in reversed(values):
            literal = substituted(literal, {name: values[name]})
        if operations(literal) == operations(full) or len(to_text(literal)) > _LONGEST_LINE:
            return "with the names written out"
        self._line(self._ratio(()), literal, "with the names written out")
        return "simplified, with the pseudo-inverse" if "pinv(" in to_text(full) else "simplified"

    def _entry(self, entries: tuple[Expr, tuple[str, ...]] | None) -> None:
        """The last line: the derivative by the entry that was asked for. entries: that by any entry."""
        answer = self._answer
        component = answer.components[-1]
        rows: tuple[str, ...] = answer.indices
        tree = answer.full()
        if entries is not None:
            rank = self._material.rank(self._material.objective.name)
            rows = entries[1][:rank]
            taken = self._material.context.names
            tree = at_indices(entries[0], entries[1], (*rows, *map(str, component[1])), taken)
        if tree is None:
            return
        left = Ratio(self._material.objective.name, component[0], rows, component[1])
        free = (*rows, *[position for position in component[1] if isinstance(position, str)])
        self._line(left, tree, "the entry asked for", free)

    def _components(self) -> tuple[Expr, tuple[str, ...]] | None:
        """The entry at named indices, and the indices."""
        if not self._whole.dims:
            return None
        try:
            if self._cotangent is None or self._structured() is not None:
                if self._is_turned(self._whole):
                    return None
                formula = self._derivation.index_form(self._whole)
            else:
                named = self._material.context.derivation(self._cotangent, ordered=False)
                formula = named.index_form(named.objective)
        except GradcalcError:
            return None
        tree = written_out(formula)
        if len(to_text(tree)) > _LONGEST_LINE or work_of(tree, formula.indices) > MOST_WORK // 4:
            return None
        self._line(self._ratio((), formula), tree, "entry by entry", formula.indices)
        return tree, formula.indices
