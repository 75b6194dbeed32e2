"""Why a claim is wrong: the smallest change that makes it right, found by trying what people get wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any

import numpy as np

from gradcalc.checking.claims.edits import MISTAKEN, Edit, Editor, is_steep, places, replaced
from gradcalc.checking.claims.reading import Claim
from gradcalc.checking.claims.residuals import Residual, Residuals
from gradcalc.checking.claims.stage import Quantity, Stage, is_constant
from gradcalc.checking.claims.truth import Point, Truth
from gradcalc.checking.claims.wording import Finding, negated, quoted, scaled
from gradcalc.functions import catalogue
from gradcalc.language.syntax import Binary, Call, Expr, Index, Negative, Number, postorder

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

_DEEPEST_REPAIR = 4

_REPAIRING = ("hadamard", "transpose", "shape", "substitution", "argument", "missing-factor")
"""The changes of an operand that may make the shapes fit."""

_SEARCHED_INDICES = 3
"""At how many values of the free indices claims are searched; they are confirmed at more."""

_MOST_FACTORS = 24
_MOST_TERMS = 10

_CONFIRMED = 20
"""How many explanations are confirmed at another point, the cheapest first."""


def points_for(truth: Truth, seed: int) -> list[Point]:
    """Points for a search. Raises GradcalcError of kind numeric where none are found."""
    return [truth.drawn(seed + number, None, None, 0, None, lengths) for number, lengths in enumerate(_LENGTHS)]


class Explanation:
    """findings: what is wrong, each with its cost. trees: the claim as it should be."""

    __slots__ = ("cost", "edits", "findings", "form", "residual", "trees")

    def __init__(self, edits: Sequence[Edit], residual: Residual, trees: tuple[Expr, ...]) -> None:
        self.edits = tuple(edits)
        self.residual = residual
        self.findings = merged([*[_finding(edit) for edit in edits], *residual.findings])
        self.trees = trees
        self.cost = sum([edit.cost for edit in edits]) + residual.cost
        self.form = residual.form


def _finding(edit: Edit) -> Finding:
    subject = edit.replaced if edit.kind == "extra-factor" else None
    if isinstance(edit.replaced, Binary) and edit.kind == "extra-factor":
        subject = next((child for child in edit.replaced.children if child is not edit.replacement), None)
        if subject is not None and edit.replaced.operator in ("/", "./"):
            subject = Binary("/", Number(1), subject)
    if edit.kind == "exponent" and isinstance(edit.replaced, Binary) and edit.replaced.left == edit.replacement:
        # One power less of it.
        subject = edit.replacement if edit.replaced.right == Number(2) else None
    if edit.kind == "missing-factor" and isinstance(edit.replacement, Binary):
        subject = next((child for child in edit.replacement.children if child is not edit.replaced), None)
    return Finding(edit.kind, edit.message, edit.cost, subject)


def merged(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """A factor that is missing and one that is too many as one that stands where another belongs."""
    missing = next((f for f in findings if f.kind == "missing-factor" and f.subject is not None), None)
    extra = next((f for f in findings if f.kind in ("extra-factor", "exponent") and f.subject is not None), None)
    constant = next((f for f in findings if f.kind == "factor" and f.subject is not None), None)
    if missing is None or missing.subject is None:
        return tuple(findings)
    if extra is None or extra.subject is None:
        if constant is None or constant.subject is None:
            return tuple(findings)
        whole = scaled(missing.subject, constant.subject)
        sign = next((f for f in findings if f.kind == "sign"), None)
        whole = whole if sign is None else negated(whole)
        rest = [finding for finding in findings if finding not in (missing, constant, sign)]
        message = f"the factor {quoted(whole)} is missing"
        return (*rest, Finding("missing-factor", message, missing.cost + constant.cost, whole))
    rest = [finding for finding in findings if finding is not extra and finding is not missing]
    return (_exchanged(extra.subject, missing.subject, extra.cost + missing.cost), *rest)


def _exchanged(one: Expr, two: Expr, cost: float) -> Finding:
    """That one factor stands where another belongs."""
    one, two = _undivided(one, two)
    if isinstance(one, Call) and isinstance(two, Call):
        if one.label == two.label and len(one.children) == 1:
            message = f"{one.function} is taken at {quoted(one.children[0])} instead of {quoted(two.children[0])}"
            return Finding("argument", message, cost)
        if one.children == two.children:
            return Finding("function", f"{quoted(one)} stands where {quoted(two)} belongs", cost)
    return Finding("substitution", f"{quoted(one)} stands where {quoted(two)} belongs", cost)


def _undivided(one: Expr, two: Expr) -> tuple[Expr, Expr]:
    """Two factors, without the diagonal matrices that they are on, or the numerators where both are divided by."""
    one, two = _off_diagonal(one), _off_diagonal(two)
    if _is_divided(one) and _is_divided(two):
        return one.children[1], two.children[1]
    return one, two


def _is_divided(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in ("/", "./") and node.left == Number(1)


def _off_diagonal(node: Expr) -> Expr:
    return node.children[0] if isinstance(node, Call) and node.function == "diag" else node


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
        self.stage = Stage(claim, truth, points[0], named, targets[0], _SEARCHED_INDICES)
        self._others = [Stage(claim, truth, p, named, target) for p, target in zip(points[1:], targets[1:])]
        named_trees = [*answers, *named.values()]
        factors = self._useful(self.stage.quantities(named_trees))
        slopes = self._useful(self.stage.quantities(_slopes([*hints, *named.values()])))
        objective = self._useful(self.stage.quantities([*hints, *claim.trees]))
        terms = self._useful(_terms_of(self.stage, [*named_trees, *hints]))
        pool = _distinct([*factors, *slopes, *objective])
        pool += self._useful(_entries_of(self.stage, pool, truth.named))
        levels = truth.derivative.derivation.terms(truth.answer) if wanted is None else []
        self._residuals = Residuals(self.stage, pool, _distinct([*terms, *pool]), levels, answers)
        inside = _distinct([*self._useful(_factors_of(self.stage, named_trees)), *factors, *slopes])
        inside += self._useful(_entries_of(self.stage, inside, truth.named))
        self._editor = Editor(
            lambda node: self.stage.kind(self._current, node),
            {name: value[0] for name, value in self.stage.names.items() if value is not None},
            inside[:_MOST_FACTORS],
            terms[:_MOST_TERMS],
            _functions([*hints, *named_trees, *claim.trees]),
            truth.components[-1][1] or truth.named,
            list(self.stage.lengths),
            truth.rank > 2,
        )
        self._current: tuple[Expr, ...] = claim.trees

    def _useful(self, quantities: Iterable[Quantity]) -> list[Quantity]:
        """The quantities that explain something: not the derivative itself, nor the claim itself."""
        value = self.stage.value(self.claim.trees)
        whole = [self.stage.target] if value is None else [self.stage.target, value[1]]
        return [quantity for quantity in quantities if not any(_is_multiple(quantity.array, array) for array in whole)]

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
            for residual in self._residuals.of(*value, any_constant=True) if value is not None else ():
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
            for residual in self._residuals.of(*value, wide=edit.cost < 1.3):
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
                for residual in self._residuals.of(*value, wide=False) if value is not None else ():
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
                for below_path, child, parent in islice(places(node), 1, None):
                    if len(below_path) > _DEEPEST_REPAIR:
                        continue
                    for kind, message, cost, new in self._editor.at(child, parent, (*path, *below_path)):
                        deep = len(below_path) > 1 and kind != "argument" and not isinstance(child, Index)
                        if (
                            kind in _REPAIRING
                            and not deep
                            and self.stage.kind(trees, replaced(node, below_path, new)) is not None
                        ):
                            yield Edit(kind, message, cost, statement, (*path, *below_path), new, child)
                return

    def _holds_elsewhere(self, explanation: Explanation) -> bool:
        for stage in self._others:
            value = stage.value(explanation.trees)
            if value is None or not Residuals(stage).is_zero(*value):
                return False
        return True


def _explained(edits: Sequence[Edit], trees: tuple[Expr, ...], residual: Residual) -> Explanation:
    return Explanation(edits, residual, (*trees[:-1], residual.repair(trees[-1])))


def _is_multiple(array: Array, other: Array) -> bool:
    """Whether one array is a multiple of another; of numbers whether they are equal up to the sign."""
    if array.size != other.size or not np.any(other):
        return False
    left, right = array.reshape(-1), other.reshape(-1)
    if left.size == 1:
        return bool(np.isclose(abs(left[0]), abs(right[0]), rtol=1e-9, atol=0))
    scale = float(left @ right) / float(right @ right)
    return bool(np.allclose(left, scale * right, rtol=1e-9, atol=0))


def _entries_of(stage: Stage, quantities: Sequence[Quantity], indices: Sequence[str]) -> list[Quantity]:
    """The entries of vectors at the free indices, which stand in claims about entries."""
    vectors = [quantity.tree for quantity in quantities if quantity.kind == "vector"]
    entries = [Index(tree, (index,)) for tree in vectors for index in dict.fromkeys(indices)]
    found = [stage.quantity(tree) for tree in entries]
    return [quantity for quantity in found if quantity is not None]


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
                if is_steep(node.function):
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
    return [quantity for quantity in quantities if quantity is not None and not is_constant(quantity.tree)]


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
    for group in MISTAKEN:
        if any(name in found for name in group):
            found.update(dict.fromkeys(group))
    return list(found)
