"""Why a claim is wrong: the smallest change that makes it right, found by trying what people get wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.search.editor import edits_of
from gradcalc.checking.claims.search.edits import Edit
from gradcalc.checking.claims.search.explanations import Explanation
from gradcalc.checking.claims.search.known import Known
from gradcalc.checking.claims.search.pool import Pool
from gradcalc.checking.claims.search.repairs import Repaired, Trees, repaired
from gradcalc.checking.claims.search.residuals import Residuals
from gradcalc.checking.claims.search.stage import Stage
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.language.syntax import Expr, postorder

Array = Any

_LENGTHS = ((5, 7, 11, 13, 17, 19, 23), (7, 5, 13, 11, 19, 17, 29))
"""Sizes that no constant in an answer is mistaken for."""

_MOST_SINGLE = 6_000
_MOST_PAIRS = 12_000

_WORK = 600_000
"""How many nodes may be looked at in all: a claim of many nodes is edited less often."""

_FIRST_OF_PAIRS = 160

_REPAIRED = 24
"""How many ways to make the shapes fit are looked at."""

_SEARCHED = 4
"""In how many of them the search goes on."""

_LIKELY = 1.3
"""What an edit may cost for another beside it to be tried."""

_SECONDS = 8.0
"""How long a search may take: far more than a claim of a page needs."""

_GOOD = 1.75
"""What a single edit may cost for two not to be tried."""

_SEARCHED_INDICES = 3
"""At how many values of the free indices claims are searched; they are confirmed at more."""

_CONFIRMED = 20
"""How many explanations are confirmed at another point, the cheapest first."""


def points_for(truth: Truth, seed: int) -> list[Point]:
    """Points for a search. Raises GradcalcError of kind numeric where none are found."""
    return [truth.drawn(seed + number, None, None, 0, None, lengths) for number, lengths in enumerate(_LENGTHS)]


class Search:
    """The search for explanations of one claim."""

    def __init__(
        self,
        claim: Claim,
        truth: Truth,
        points: Sequence[Point],
        named: Mapping[str, Expr],
        answers: Sequence[Expr],
        hints: Sequence[Expr],
        wanted: Sequence[Array] | None = None,
    ) -> None:
        """points: where the claim is looked at, the others to confirm what the first one shows; see `points_for`.

        named: more names for quantities, as the answer has them. answers: the derivative as expressions. hints: trees
        that hold what may be missing, as the objective. wanted: what the claim should be at each point, where that is
        not the derivative.
        """
        self.claim = claim
        self.truth = truth
        targets = wanted if wanted is not None else [None] * len(points)
        self.stage = Stage(claim, truth, points[0], named, targets[0], _SEARCHED_INDICES)
        self._others = [Stage(claim, truth, p, named, target) for p, target in zip(points[1:], targets[1:])]
        value = self.stage.value(claim.trees)
        claimed = None if value is None else value[1]
        pool = Pool(self.stage, [*answers, *named.values()], hints, truth.named, claimed)
        levels = truth.derivative.derivation.terms(truth.answer) if wanted is None else []
        self._residuals = Residuals(self.stage, pool.factors, pool.terms, levels, answers)
        self._current: Trees = claim.trees
        self._deadline = time.monotonic() + _SECONDS
        self._most = max(100, _WORK // sum([sum(1 for _ in postorder(tree)) for tree in claim.trees]))
        self._known = Known(
            lambda node: self.stage.kind(self._current, node),
            {name: value[0] for name, value in self.stage.names.items() if value is not None},
            pool.inner_factors,
            pool.inner_terms,
            pool.functions,
            truth.components[-1][1] or truth.named,
            list(self.stage.lengths),
            truth.rank > 2,
        )

    def best(self) -> Explanation | None:
        """The cheapest explanation that holds at all points; two edits are tried where one does not explain enough."""
        trees = self.claim.trees
        found = self._confirmed(self._explanations())
        if (found is None or found.cost > _GOOD) and self.stage.value(trees) is not None:
            twofold = self._confirmed(self._with_two(trees))
            if twofold is not None and (found is None or twofold.cost < found.cost):
                return twofold
        return found

    def _confirmed(self, explanations: Iterable[Explanation]) -> Explanation | None:
        found = sorted(explanations, key=lambda explanation: explanation.cost)
        return next((each for each in found[:_CONFIRMED] if self._holds_elsewhere(each)), None)

    def _holds_elsewhere(self, explanation: Explanation) -> bool:
        for stage in self._others:
            value = stage.value(explanation.trees)
            if value is None or not Residuals(stage).is_zero(*value):
                return False
        return True

    def _explanations(self) -> Iterator[Explanation]:
        """With one edit of the claim; where its shapes do not fit, of the claim with shapes that do."""
        for number, (edits, trees) in enumerate(self._starts()):
            value = self.stage.value(trees)
            for residual in self._residuals.of(*value, any_constant=True) if value is not None else ():
                yield Explanation(edits, trees, residual)
            if number < _SEARCHED:
                yield from self._with_one(trees, edits)

    def _starts(self) -> list[Repaired]:
        """The claim; where its shapes do not fit, with shapes that do, the derivative's first."""
        trees = self.claim.trees
        if self.stage.value(trees) is not None:
            return [((), trees)]
        found = islice(repaired(trees, self.stage, self._looking_at), _REPAIRED)
        return sorted(found, key=lambda start: not self._has_shape(start[1]))

    def _looking_at(self, trees: Trees) -> Known:
        """What is known, the kinds being those of the parts of some trees."""
        self._current = trees
        return self._known

    def _has_shape(self, trees: Trees) -> bool:
        """Whether the claim has the kind and the shape of the derivative in some layout."""
        value = self.stage.value(trees)
        forms = self.truth.layouts.forms(self.stage.target, self.stage.indices and 1)
        return value is not None and any(
            kind == value[0] and array.shape == value[1].shape for kind, array in forms.values()
        )

    def _edits_of(self, trees: Trees) -> Iterator[Edit]:
        return islice(edits_of(trees, self._looking_at(trees)), min(_MOST_SINGLE, self._most))

    def _with_one(self, trees: Trees, before: Sequence[Edit]) -> Iterator[Explanation]:
        for edit in self._edits_of(trees):
            if time.monotonic() > self._deadline:
                return
            changed = edit.applied(trees)
            value = self.stage.value(changed)
            for residual in self._residuals.of(*value, wide=edit.cost < _LIKELY) if value is not None else ():
                yield Explanation([*before, edit], changed, residual)

    def _with_two(self, trees: Trees) -> Iterator[Explanation]:
        """Pairs of edits apart from each other, the likely ones first."""
        likely = [
            edit
            for edit in self._edits_of(trees)
            if edit.kind not in ("missing-factor", "missing-term") and edit.cost <= _LIKELY
        ]
        likely = sorted(likely, key=lambda edit: edit.cost)[:_FIRST_OF_PAIRS]
        pairs = ((one, two) for place, one in enumerate(likely) for two in likely[:place] if one.is_apart_from(two))
        for one, two in islice(pairs, min(_MOST_PAIRS, self._most)):
            if time.monotonic() > self._deadline:
                return
            both = two.applied(one.applied(trees))
            value = self.stage.value(both)
            for residual in self._residuals.of(*value, wide=False) if value is not None else ():
                yield Explanation([two, one], both, residual)
