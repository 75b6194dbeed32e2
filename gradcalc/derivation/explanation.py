"""A derivation line by line, each line checked in numbers before it is given out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcalc.derivation.checking import SEEDS, Checker, agree, wrong_line
from gradcalc.derivation.entries import EntryByEntry
from gradcalc.derivation.jacobians import ChainRule
from gradcalc.derivation.material import DEFAULT_DEPTH, Cut, Material, joined_folds
from gradcalc.derivation.notation import Ratio
from gradcalc.derivation.numbers import Point
from gradcalc.derivation.pulling import Pulling
from gradcalc.derivation.pushing import Pushing
from gradcalc.derivation.renaming import bound_names
from gradcalc.derivation.results import Results
from gradcalc.derivation.steps import DIFFERENTIALS, PARTS, RESULT, Fold, Step
from gradcalc.errors import GradcalcError
from gradcalc.language.syntax import Expr, Index, Name

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer, Component

STYLES = ("differential", "chain", "index")

IN_ONE_STEP = "The derivative is given in one step: this style has no lines for what stands between."


class Derived:
    """The lines of the derivative by one variable, with the folds where lines are left out.

    component: by what. material: the parts, and what their names mean. remarks: what is to be said of the lines.
    """

    def __init__(
        self, component: Component, material: Material, lines: Sequence[Step | Fold], remarks: Sequence[str] = ()
    ) -> None:
        self.component = component
        self.material = material
        self.lines = list(lines)
        self.remarks = list(remarks)

    @property
    def steps(self) -> list[Step]:
        return [line for line in self.lines if isinstance(line, Step)]

    @property
    def differentials(self) -> dict[str, str]:
        """The names of differentials and what they are differentials of: dW -> W."""
        return self.material.differentials.bases


class Explanation:
    """Why the derivatives are what they are. derived: one for each variable. `str` is the text for a terminal."""

    def __init__(self, derivative: Derivative, style: str, depth: int, derived: list[Derived]) -> None:
        self.derivative = derivative
        self.style = style
        self.depth = depth
        self.derived = derived

    @property
    def steps(self) -> list[Step]:
        return [step for one in self.derived for step in one.steps]

    @property
    def folded(self) -> int:
        """How many parts are left out."""
        return max(one.material.folded for one in self.derived)

    def __str__(self) -> str:
        from gradcalc.output.explanation import explanation_text

        return explanation_text(self)

    def __repr__(self) -> str:
        return f"<Explanation of {len(self.steps)} steps>"


def explain(derivative: Derivative, style: str | None = None, depth: int | None = None) -> Explanation:
    """The derivation of first derivatives, line by line.

    style: of `STYLES`. depth: how many parts are shown. Where a style has no lines for what stands between, the
    derivative is given in one step. Raises GradcalcError of kind usage, internal where the derivative is not true.
    """
    style = STYLES[0] if style is None else style
    depth = DEFAULT_DEPTH if depth is None else depth
    if style not in STYLES:
        raise GradcalcError("usage", f"{style!r} is not a style", hint=f"The styles are {', '.join(STYLES)}.")
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise GradcalcError(
            "usage", f"the depth is a whole number from 1 on, not {depth}", hint="--depth 40 shows more."
        )
    if derivative.order != 1 or derivative.directions is not None:
        raise GradcalcError(
            "usage",
            "an explanation is of first derivatives",
            hint="Explain the gradient itself: it is an expression that can be differentiated again.",
        )
    made = [_Explaining(derivative, answer, style, depth).run() for answer in derivative.answers]
    return Explanation(derivative, style, depth, made)


class _NotCompared(Exception):
    """At a random point nothing can be said of the lines."""


class _Explaining:
    def __init__(self, derivative: Derivative, answer: Answer, style: str, depth: int) -> None:
        self._derivative = derivative
        self._answer = answer
        self._style = style
        self._depth = depth
        self._problem = derivative.problem
        self._variable = answer.components[0][0]
        self._material: Material

    def run(self) -> Derived:
        try:
            return self._derived(in_one_step=False)
        except GradcalcError as error:
            if error.kind in ("usage", "limit", "numeric"):
                raise
            self._refuse_entries(error)
        return self._derived(in_one_step=True)

    def _derived(self, in_one_step: bool) -> Derived:
        self._material = self._made(in_one_step)
        lines = [*self._material.part_lines(), *self._results(None)] if in_one_step else self._lines()
        remarks = [IN_ONE_STEP] if in_one_step else []
        try:
            points = [self._point(seed) for seed in SEEDS]
        except _NotCompared as reason:
            points = []
            remarks.append(f"The lines could not be checked in numbers: {reason}.")
        checker = Checker(self._material.context, points)
        for line in lines:
            if not isinstance(line, Step):
                continue
            if line.section == RESULT and self._answer.structured is not None and isinstance(line.left, Ratio):
                self._check_structured(line, points)
            else:
                checker.check(line)
        shown = [line for line in lines if isinstance(line, Fold) or line.shown]
        unchecked = sum([isinstance(line, Step) and not line.checked for line in shown])
        if points and unchecked:
            remarks.append(
                f"{unchecked} line{'s' * (unchecked != 1)} could not be checked: no value at the points drawn."
            )
        return Derived(self._answer.components[0], self._material, joined_folds(shown), remarks)

    def _made(self, in_one_step: bool) -> Material:
        problem = self._problem
        program = problem.program
        named = [str(position) for position in self._answer.components[0][1] if isinstance(position, str)]
        roots = [program.objective, *[item.expression for item in program.definitions]]
        taken = {*problem.names, *named}.union(*[bound_names(root) for root in roots])
        cut = Cut.NOT if in_one_step else Cut.FOR_DIFFERENTIALS if self._style == STYLES[0] else Cut.FOR_ENTRIES
        return Material(program, problem.typing, taken, self._variable, self._depth, cut)

    def _refuse_entries(self, error: GradcalcError) -> None:
        """Raises what is wrong where a function of symmetric matrices has no derivative by one entry alone."""
        structure = self._problem.typing.variables[self._variable].structure
        if self._style == STYLES[0] or error.kind != "shape" or structure is None:
            return
        raise GradcalcError(
            "usage",
            f"the entries of {self._variable} cannot vary one by one: {error.message}",
            hint="--style differential explains the derivative within the structure.",
        ) from None

    def _point(self, seed: int) -> Point:
        """Raises GradcalcError of kind numeric where there is no point, _NotCompared where nothing varies smoothly."""
        problem, material = self._problem, self._material
        point = Point(problem.program, problem.typing, material.context, material.parts, material.variable, seed)
        try:
            point.add_tangents(material.differentials.of)
            slope = point.objective_slope()
        except GradcalcError as error:
            raise _NotCompared(error.message) from error
        name = material.objective.name
        tangent = point.arrays[material.d(name).name]
        if agree(slope, tangent, 10 * max(point.tolerance, 1e-7), 0.0) is False:
            raise wrong_line(Step(PARTS, Name(name), material.objective.tree, ""))
        return point

    def _check_structured(self, line: Step, points: Sequence[Point]) -> None:
        """Within a structure a gradient pairs only with changes that stay in it."""
        from gradcalc.derivation.structured import check_within

        check_within(self._derivative, self._answer, line, points)

    def _lines(self) -> list[Step | Fold]:
        material = self._material
        if self._style != "differential":
            return self._lines_by_derivatives()
        lines = material.part_lines()
        cotangent: Expr | None = None
        named: list[Step] = []
        lines += self._differentials()
        if material.rank(material.objective.name):
            pushing = Pushing(material)
            pushing.run()
            lines += pushing.lines
            cotangent = pushing.jacobian
        else:
            pulling = Pulling(material)
            pulling.run()
            lines += pulling.lines
            cotangent = pulling.cotangent
            named = pulling.names
        return lines + self._results(cotangent, named)

    def _lines_by_derivatives(self) -> list[Step | Fold]:
        material = self._material
        pulling = Pulling(material)
        if not material.rank(material.objective.name):
            pulling.run()
        lines: list[Step | Fold] = [*material.part_lines(), *pulling.names]
        for line in pulling.names:
            # They are needed, and stand for nothing that is shown here.
            line.shown = False
        if self._style == "index":
            entries = EntryByEntry(material, pulling.cotangents)
            entries.run()
            found = pulling.cotangent
            if material.rank(material.objective.name):
                chain = ChainRule(material, {})
                chain.run()
                found = chain.jacobian
            return [*lines, *entries.lines, *self._results(found, pulling.names)]
        chain = ChainRule(material, pulling.cotangents)
        chain.run()
        found = pulling.cotangent if pulling.cotangent is not None else chain.jacobian
        return [*lines, *chain.lines, *self._results(found, pulling.names)]

    def _results(self, cotangent: Expr | None, named: Sequence[Step] = ()) -> list[Step]:
        whole = self._answer
        if self._answer.components[0][1]:
            whole = self._derivative.answer_by([(self._material.variable, ())])
        derivation = self._derivative.derivation
        return Results(self._material, derivation, self._answer, whole, cotangent, self._style, named).run()

    def _differentials(self) -> list[Step | Fold]:
        material = self._material
        lines: list[Step | Fold] = []
        for part in [part for part in material.varying if part is not material.objective]:
            if not material.shows(part.name):
                lines.append(Fold(DIFFERENTIALS, 1))
                continue
            found = material.differential(part)
            left: Expr = material.d(part.name)
            if found.indices:
                left = Index(left, found.indices)
            lines.append(Step(DIFFERENTIALS, left, found.tree, found.rule, indices=found.indices))
        return lines
