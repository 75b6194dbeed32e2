"""From the answers of a derivation to what the seal is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gradcalc.checking.sealing.draws import seed_of
from gradcalc.checking.sealing.readback import EinsumTerm, Written, with_names
from gradcalc.checking.sealing.seal import Claimed, Seal
from gradcalc.language.polynomial import Dim
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Program

if TYPE_CHECKING:
    from gradcalc.tensor.answer import Answer, Formula


class SealedAnswers:
    """The seal of the answers to one problem, each verified once.

    doubts: for each answer None where it is verified, else why it could not be.
    Raises GradcalcError of kind internal where an answer is wrong.
    """

    def __init__(
        self, program: Program, typing: Typing, variables: Mapping[str, Variable], answers: Sequence[Answer]
    ) -> None:
        self._typing = typing
        self._objective_dims = typing.dims(program.objective)
        seed = seed_of(program.source)
        components = [component for answer in answers for component in answer.components]
        self._seal = Seal(program, typing, variables, seed, components)
        self.doubts = [self._seal.verify(self.claimed(answer)) for answer in answers]

    def claimed(self, answer: Answer) -> Claimed:
        """What an answer is said to be, as its text says it."""
        columns = self._typing.variables[answer.components[-1][0]].dims if answer.components else ()
        stacked = len(answer.dims) - len(columns) if answer.vectorized else None
        layout = "denominator" if self._objective_dims else "numerator"
        return Claimed(
            written(answer, stacked),
            answer.components,
            answer.directions,
            transposed=answer.layout == layout and len(answer.dims) == 2,
            independent=answer.structured == "independent",
        )

    def form(self, answer: Answer, formula: Formula) -> None:
        """Another form of an answer."""
        self._seal.same(self.claimed(answer), written(formula))

    def full(self, answer: Answer, text: str) -> None:
        """An answer with nothing named."""
        own = self.claimed(answer).written
        if text != own.text:
            self._seal.same(self.claimed(answer), Written(text, own.dims, own.kind, own.indices, own.stacked))

    def einsum(self, answer: Answer, terms: Sequence[EinsumTerm]) -> None:
        """An answer as a sum of einsums."""
        self._seal.same_einsums(self.claimed(answer), terms)

    def action(self, answer: Answer, formula: Formula, name: str) -> None:
        """What an answer makes of a change, of that name, of its last variable."""
        self._seal.with_change(name, answer.components[-1]).verify(
            Claimed(written(formula), answer.components, (name,), False, answer.structured == "independent")
        )


def written(formula: Formula, stacked: int | None = None) -> Written:
    """A formula as it is printed."""
    dims: tuple[Dim, ...] = formula.dims
    indices = formula.indices if formula.entrywise else ()
    return Written(with_names(formula.tree, formula.where), dims, formula.kind, indices, stacked)
