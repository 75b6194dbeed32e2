"""Why a claim is wrong: the smallest change that makes it right, found by trying what people get wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any

from gradcalc.checking.claims.edits import Edit, Editor, places
from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.residuals import Finding, Residual, Residuals
from gradcalc.checking.claims.stage import Quantity, Stage
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.functions import catalogue
from gradcalc.language.syntax import Binary, Call, Expr, Negative, postorder, with_children

Array = Any

_LENGTHS = ((5, 7, 11, 13, 17, 19, 23), (7, 5, 13, 11, 19, 17, 29))
"""Sizes that no constant in an answer is mistaken for."""

_MOST_SINGLE = 6_000
_MOST_PAIRS = 12_000
_FIRST_OF_PAIRS = 160
_MOST_REPAIRS = 400
_REPAIRED = 24
_MOST_DEEP = 4
"""From how many repaired claims the search goes on."""

_GOOD = 1.75
"""What a single change may cost for two not to be tried."""

_CONFIRMED = 12
"""How many explanations are confirmed at another point, the cheapest first."""


def points_for(truth: Truth, seed: int) -> list[Point]:
    """Points for a search. Raises GradcalcError of kind numeric where none are found."""
    return [truth.drawn(seed, None, None, 0, None, lengths) for lengths in _LENGTHS]


class Explanation:
    """findings: what is wrong, each with its cost. trees: the claim as it should be."""

    __slots__ = ("cost", "edits", "findings", "form", "residual", "trees")

    def __init__(self, edits: Sequence[Edit], residual: Residual, trees: tuple[Expr, ...]) -> None:
        self.edits = tuple(edits)
        self.residual = residual
        self.findings = (*[Finding(edit.kind, edit.message, edit.cost) for edit in edits], *residual.findings)
        self.trees = trees
        self.cost = sum([edit.cost for edit in edits]) + residual.cost
        self.form = residual.form


class Search:
    """The search for explanations of one claim.

    names: more names for quantities, as the answer has them. hints: trees that hold what may be missing: the answer, the
    objective.
    """

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

        wanted: what the claim should be at each point, where that is not the derivative.
        """
        self.claim = claim
        self.truth = truth
        targets = wanted if wanted is not None else [None] * len(points)
        stages = [Stage(claim, truth, point, named, target) for point, target in zip(points, targets)]
        self.stage, self._others = stages[0], stages[1:]
        factors = self.stage.quantities([*answers, *named.values()])
        objective = self.stage.quantities([*hints, *claim.trees])
        slopes = self.stage.quantities(_slopes([*hints, *named.values()]))
        pool = _distinct([*factors, *slopes, *objective])
        terms = _distinct([*_terms_of(self.stage, [*answers, *named.values(), *hints]), *pool])
        self._residuals = Residuals(self.stage, pool, terms)
        kinds = {name: value[0] for name, value in self.stage.names.items() if value is not None}
        self._editor = Editor(
            lambda node: self.stage.kind(self._current, node),
            {name: kind for name, kind in kinds.items()},
            _distinct([*_factors_of(self.stage, [*answers, *named.values()]), *factors])[:18],
            _terms_of(self.stage, [*answers, *named.values(), *hints])[:10],
            _functions([*hints, *answers, *named.values(), *claim.trees]),
            list(dict.fromkeys(truth.named)),
        )
        self._current: tuple[Expr, ...] = claim.trees

    def best(self) -> Explanation | None:
        """The cheapest explanation that holds at both points; two edits are tried where one does not explain enough."""
        found = self._confirmed(self._explanations())
        if (found is None or found.cost > _GOOD) and self.stage.value(self.claim.trees) is not None:
            singles = list(self._edits_of(self.claim.trees))
            twofold = self._confirmed(self._with_two(self.claim.trees, singles))
            if twofold is not None and (found is None or twofold.cost < found.cost):
                return twofold
        return found

    def _confirmed(self, explanations: Iterable[Explanation]) -> Explanation | None:
        found = sorted(explanations, key=lambda explanation: explanation.cost)
        return next((each for each in found[:_CONFIRMED] if self._holds_elsewhere(each)), None)

    def _explanations(self) -> Iterator[Explanation]:
        """With one edit of the claim; where its shapes do not fit, of the claim with shapes that do."""
        trees = self.claim.trees
        if self.stage.value(trees) is not None:
            starts: list[tuple[tuple[Edit, ...], tuple[Expr, ...]]] = [((), trees)]
        else:
            starts = sorted(islice(self._repaired(trees), _REPAIRED), key=lambda start: not self._has_shape(start[1]))
        for number, (edits, repaired) in enumerate(starts):
            value = self.stage.value(repaired)
            residual = self._residuals.of(*value, any_constant=True) if value is not None else None
            if residual is not None:
                yield _explained(edits, repaired, residual)
            if number < _MOST_DEEP:
                yield from self._with_one(repaired, self._edits_of(repaired), edits)
        self._current = trees

    def _has_shape(self, trees: tuple[Expr, ...]) -> bool:
        """Whether the claim has the kind and the shape of the derivative in some layout."""
        value = self.stage.value(trees)
        forms = self.truth.layouts.forms(self.stage.target, self.stage.indices and 1)
        return value is not None and any(
            kind == value[0] and array.shape == value[1].shape for kind, array in forms.values()
        )

    def _edits_of(self, trees: tuple[Expr, ...]) -> Iterator[Edit]:
        self._current = trees
        for number, edit in enumerate(self._editor.edits(trees)):
            if number >= _MOST_SINGLE:
                return
            yield edit

    def _with_one(
        self, trees: tuple[Expr, ...], singles: Iterable[Edit], before: Sequence[Edit] = ()
    ) -> Iterator[Explanation]:
        for edit in singles:
            changed = edit.applied(trees)
            value = self.stage.value(changed)
            if value is None:
                continue
            residual = self._residuals.of(*value, wide=edit.cost < 1.3)
            if residual is not None:
                yield _explained([*before, edit], changed, residual)

    def _with_two(self, trees: tuple[Expr, ...], singles: Sequence[Edit]) -> Iterator[Explanation]:
        """Pairs of edits apart from each other, the likely ones first."""
        likely = sorted(
            [edit for edit in singles if edit.kind not in ("missing-factor", "missing-term") and edit.cost <= 1.3],
            key=lambda edit: edit.cost,
        )[:_FIRST_OF_PAIRS]
        tried = 0
        for one, first in enumerate(likely):
            changed = first.applied(trees)
            for second in likely[:one]:
                if not first.is_apart_from(second):
                    continue
                tried += 1
                if tried > _MOST_PAIRS:
                    return
                both = second.applied(changed)
                value = self.stage.value(both)
                residual = self._residuals.of(*value, wide=False) if value is not None else None
                if residual is not None:
                    yield _explained([second, first], both, residual)

    def _repaired(self, trees: tuple[Expr, ...]) -> Iterator[tuple[tuple[Edit, ...], tuple[Expr, ...]]]:
        """The claim with its shapes made to fit, by the fewest changes first."""
        order = count()
        queue: list[tuple[float, int, tuple[Edit, ...], tuple[Expr, ...]]] = [(0.0, next(order), (), trees)]
        met: set[tuple[Expr, ...]] = set()
        tried = 0
        while queue and tried < _MOST_REPAIRS:
            cost, _, edits, current = heappop(queue)
            if current in met:
                continue
            met.add(current)
            tried += 1
            if self.stage.value(current) is not None:
                yield edits, current
                continue
            self._current = current
            for edit in self._repairs(current):
                changed = edit.applied(current)
                heappush(queue, (cost + edit.cost, next(order), (*edits, edit), changed))

    def _repairs(self, trees: tuple[Expr, ...]) -> Iterator[Edit]:
        """The edits of the first node whose operands have values and which has none itself."""
        for statement, tree in enumerate(trees):
            below = list(places(tree))
            for path, node, above in reversed(below):
                if self.stage.kind(trees, node) is not None or not node.children:
                    continue
                if any(self.stage.kind(trees, child) is None for child in node.children):
                    continue
                for kind, message, cost, new in self._editor.at(node, above, path):
                    if kind in ("hadamard", "transpose", "shape") and self.stage.kind(trees, new) is not None:
                        yield Edit(kind, message, cost, statement, path, new, node)
                for place, child in enumerate(node.children):
                    for kind, message, cost, new in self._editor.at(child, node, (*path, place)):
                        fits = (*node.children[:place], new, *node.children[place + 1 :])
                        if kind in ("hadamard", "transpose", "shape", "substitution") and self._fits(trees, node, fits):
                            yield Edit(kind, message, cost, statement, (*path, place), new, child)
                return

    def _fits(self, trees: tuple[Expr, ...], node: Expr, children: tuple[Expr, ...]) -> bool:
        return self.stage.kind(trees, with_children(node, children)) is not None

    def _holds_elsewhere(self, explanation: Explanation) -> bool:
        for stage in self._others:
            value = stage.value(explanation.trees)
            residual = Residuals(stage, (), ()).of(*value, wide=False) if value is not None else None
            if residual is None or residual.findings:
                return False
        return True


def _explained(edits: Sequence[Edit], trees: tuple[Expr, ...], residual: Residual) -> Explanation:
    return Explanation(edits, residual, (*trees[:-1], residual.repair(trees[-1])))


def _distinct(quantities: Iterable[Quantity]) -> list[Quantity]:
    found: dict[Expr, Quantity] = {}
    for quantity in quantities:
        found.setdefault(quantity.tree, quantity)
    return list(found.values())


def _slopes(trees: Sequence[Expr]) -> list[Expr]:
    """The derivatives of the elementwise functions in some trees, at their operands."""
    found: list[Expr] = []
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Call) and len(node.children) == 1 and not node.primes:
                entry = catalogue.lookup(node.function)
                if entry is None or (isinstance(entry, catalogue.Elementwise) and entry.derivative != "0"):
                    found.append(Call(node.function, node.children, 1))
    return found


def _factors_of(stage: Stage, trees: Sequence[Expr]) -> list[Quantity]:
    """The factors of the products in some trees."""
    found: list[Expr] = []
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Binary) and node.operator in ("*", ".*", "/", "./"):
                found += [child for child in node.children if not _is_product_itself(child)]
    quantities = [stage.quantity(tree) for tree in dict.fromkeys(found)]
    return [quantity for quantity in quantities if quantity is not None and not quantity.text[0].isdigit()]


def _is_product_itself(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in ("*", ".*", "/", "./")


def _terms_of(stage: Stage, trees: Sequence[Expr]) -> list[Quantity]:
    """The terms of the sums in some trees."""
    found: list[Expr] = []
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Binary) and node.operator in ("+", "-"):
                found += [_without_sign(child) for child in node.children]
    quantities = [stage.quantity(tree) for tree in dict.fromkeys(found)]
    return [quantity for quantity in quantities if quantity is not None]


def _without_sign(node: Expr) -> Expr:
    return node.operand if isinstance(node, Negative) else node


def _functions(trees: Sequence[Expr]) -> list[str]:
    """The elementwise functions of some trees, and those that they are mistaken for."""
    found: dict[str, None] = {}
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Call) and len(node.children) == 1:
                entry = catalogue.lookup(node.function)
                if entry is None or isinstance(entry, catalogue.Elementwise):
                    found[node.function] = None
    for group in _MISTAKEN:
        if any(name in found for name in group):
            found.update(dict.fromkeys(group))
    return list(found)


_MISTAKEN = (("sin", "cos"), ("sinh", "cosh"), ("exp", "log"), ("sigmoid", "tanh"), ("abs", "sign"))
