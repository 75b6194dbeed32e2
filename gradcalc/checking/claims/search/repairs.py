"""A claim whose shapes do not fit, made to fit by the fewest changes: a sloppy notation read as it was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import count, islice

from gradcalc.checking.claims.search.editor import slips_at
from gradcalc.checking.claims.search.edits import Edit
from gradcalc.checking.claims.search.known import Known
from gradcalc.checking.claims.search.places import Path, places, replaced
from gradcalc.checking.claims.search.stage import Stage
from gradcalc.language.syntax import Expr, Index, Name

Trees = tuple[Expr, ...]
Repaired = tuple[tuple[Edit, ...], Trees]
"""The changes, and the claim with them made."""

_MOST_TRIED = 400
_MOST_PLACES = 400

_OF_THE_NODE = ("hadamard", "transpose", "shape")
"""The slips at a node itself that may be why it does not fit."""

_OF_AN_OPERAND = (*_OF_THE_NODE, "substitution", "argument", "missing-factor")

_DEEPEST = 4


def repaired(trees: Trees, stage: Stage, known_of: Callable[[Trees], Known]) -> Iterator[Repaired]:
    """The claim with its shapes made to fit, cheapest first. known_of: what is known of some trees."""
    order = count()
    queue: list[tuple[float, int, tuple[Edit, ...], Trees]] = [(0.0, next(order), (), trees)]
    met: set[Trees] = set()
    while queue and len(met) < _MOST_TRIED:
        cost, _, edits, current = heappop(queue)
        if current in met:
            continue
        met.add(current)
        if stage.value(current) is not None:
            yield edits, current
            continue
        for edit in _repairs(current, stage, known_of(current)):
            heappush(queue, (cost + edit.cost, next(order), (*edits, edit), edit.applied(current)))


def _repairs(trees: Trees, stage: Stage, known: Known) -> Iterator[Edit]:
    """The changes that let the first node fit whose operands have values and which has none itself."""
    for statement, tree in enumerate(trees):
        for path, node, above in reversed(list(islice(places(tree), _MOST_PLACES))):
            is_first = node.children and all(stage.kind(trees, child) is not None for child in node.children)
            if is_first and stage.kind(trees, node) is None:
                yield from _of_node(trees, statement, path, node, above, stage, known)
                return


def _of_node(
    trees: Trees, statement: int, path: Path, node: Expr, above: Expr | None, stage: Stage, known: Known
) -> Iterator[Edit]:
    for slip in slips_at(node, above, not path, known):
        if slip.kind in _OF_THE_NODE and stage.kind(trees, slip.replacement) is not None:
            yield Edit(slip.kind, slip.message, slip.cost, statement, path, slip.replacement, node)
    for below, child, parent in islice(places(node), 1, None):
        if len(below) > _DEEPEST:
            continue
        for slip in slips_at(child, parent, False, known):
            # Further down, only a transpose, an index or where a function is taken says why a product does not fit.
            leaf = isinstance(child, Index) or (isinstance(child, Name) and slip.kind == "transpose")
            near = len(below) == 1 or leaf or slip.kind == "argument"
            if slip.kind in _OF_AN_OPERAND and near:
                fits = stage.kind(trees, replaced(node, below, slip.replacement)) is not None
                if fits:
                    place = (*path, *below)
                    yield Edit(slip.kind, slip.message, slip.cost, statement, place, slip.replacement, child)
