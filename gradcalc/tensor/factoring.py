"""What the terms of a sum have in common, taken out: (A + A')*x for A*x + A'*x, s.*(1 - s) for s - s.*s."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from gradcalc.language.polynomial import Dim
from gradcalc.tensor.nodes import ONE, Basis, Coefficient, Contraction, Factor, Node, Pattern, Rational, Term

if TYPE_CHECKING:
    from gradcalc.tensor.graph import Graph

_MOST_FACTORS = 32
"""Terms with more factors than this are not searched: the search would not stay linear."""


class _View:
    """A term as a list of factors over indices, of which the first are the axes of the sum."""

    __slots__ = ("coefficient", "dims", "factors", "output")

    def __init__(self, coefficient: Coefficient, node: Node) -> None:
        self.coefficient = coefficient
        if isinstance(node, Contraction):
            self.factors: list[Factor] = list(node.factors)
            self.output = node.output
            self.dims: dict[int, Dim] = dict(enumerate(node.index_dims))
        else:
            axes = tuple(range(len(node.dims)))
            self.factors = [(node, 1, axes)]
            self.output = axes
            self.dims = dict(enumerate(node.dims))

    def pattern(self, factor: Factor) -> tuple[int | None, ...]:
        """For each axis of the factor the axis of the sum it lies on, or None where it is summed over."""
        return tuple([self.output.index(index) if index in self.output else None for index in factor[2]])

    def matching(self, factor: Factor, pattern: tuple[int | None, ...]) -> Factor | None:
        node, exponent, _ = factor
        for mine in self.factors:
            if mine[0] is node and _share(mine[1], exponent) is not None and self.pattern(mine) == pattern:
                return mine
        return None


def _share(left: Rational, right: Rational) -> Rational | None:
    """The power that both powers contain, or None: x^3 and x^2 share x^2; sqrt(x) and x share nothing."""
    if left == right:
        return left
    if (left > 0) != (right > 0) or Fraction(left - right).denominator != 1:
        return None
    return min(left, right) if left > 0 else max(left, right)


def common_factors(graph: Graph, terms: list[Term], dims: tuple[Dim, ...]) -> Node | None:
    """The sum with a factor that stands in every term taken out, or None where there is none."""
    if any(isinstance(node, Contraction) and len(node.factors) > _MOST_FACTORS for _, node in terms):
        return None
    base = min(terms, key=lambda term: len(term[1].factors) if isinstance(term[1], Contraction) else 1)
    if isinstance(base[1], Contraction) and not base[1].factors:
        return None
    views = [_View(coefficient, node) for coefficient, node in terms]
    first = min(views, key=lambda view: len(view.factors))
    for factor in sorted(first.factors, key=lambda candidate: candidate[0].id):
        pattern = first.pattern(factor)
        if None in pattern and isinstance(factor[0], Basis):
            # An entry of a sum is the sum of the entries, not the other way round.
            continue
        if _is_shift(factor[0]):
            # What the terms are moved to are blocks of a whole.
            continue
        matches: list[Factor] = []
        shared = factor[1]
        for view in views:
            match = view.matching((factor[0], shared, factor[2]), pattern)
            if match is None:
                break
            common = _share(match[1], shared)
            assert common is not None
            shared = common
            matches.append(match)
        else:
            if None in pattern:
                taken = _contracted_factor(graph, views, matches, pattern, dims)
            else:
                taken = _entrywise_factor(graph, views, matches, pattern, shared, dims)
            if taken is not None:
                return taken
    return None


def _is_shift(node: Node) -> bool:
    return isinstance(node, Pattern) and node.name == "shift"


_MOST_GROUPED_TERMS = 12


def grouped(graph: Graph, terms: list[Term], dims: tuple[Dim, ...]) -> list[Term] | None:
    """The terms with some of them joined that have a number in common or are contracted with the same tensor.

    (A + A')*x + b for A*x + b + A'*x, t*(A + B) + C for t*A + t*B + C.
    """
    if not dims or not 2 < len(terms) <= _MOST_GROUPED_TERMS:
        return None
    views = [_View(coefficient, node) for coefficient, node in terms]
    for first, view in enumerate(views):
        for factor in view.factors:
            pattern = view.pattern(factor)
            if factor[1] != 1 or isinstance(factor[0], Basis) or _is_shift(factor[0]):
                continue
            if None not in pattern and pattern:
                continue
            group = [place for place in range(first, len(views)) if views[place].matching(factor, pattern)]
            if len(group) < 2:
                continue
            matches = [match for place in group if (match := views[place].matching(factor, pattern))]
            joined = _joined(graph, [views[place] for place in group], matches, pattern, dims)
            if joined is not None:
                return [(ONE, joined), *[term for place, term in enumerate(terms) if place not in group]]
    return None


def _joined(
    graph: Graph, views: list[_View], matches: list[Factor], pattern: tuple[int | None, ...], dims: tuple[Dim, ...]
) -> Node | None:
    if pattern:
        return _contracted_factor(graph, views, matches, pattern, dims)
    if any(match[1] != 1 or not any(indices for _, _, indices in view.factors) for view, match in zip(views, matches)):
        return None
    return _entrywise_factor(graph, views, matches, pattern, 1, dims)


def _rest(view: _View, match: Factor, shared: Rational) -> list[Factor]:
    rest = [factor for factor in view.factors if factor is not match]
    if match[1] != shared:
        rest.append((match[0], match[1] - shared, match[2]))
    return rest


def _entrywise_factor(
    graph: Graph,
    views: list[_View],
    matches: list[Factor],
    pattern: tuple[int | None, ...],
    shared: Rational,
    dims: tuple[Dim, ...],
) -> Node | None:
    """Takes out a factor that lies on axes of the sum, with the axes that nothing else needs."""
    axes = [axis for axis in pattern if axis is not None]
    dropped: list[int] = []
    if len(dims) == 2 and len(axes) == 1:
        for view, match in zip(views, matches):
            own = view.output[axes[0]]
            if len(set(view.output)) < len(view.output):
                return None
            if any(own in indices for _, _, indices in _rest(view, match, shared)):
                return None
        dropped = axes
    kept = [axis for axis in range(len(dims)) if axis not in dropped]
    rest_terms = []
    for view, match in zip(views, matches):
        output = [view.output[axis] for axis in kept]
        rest_terms.append(
            (ONE, graph.contraction(view.coefficient, _rest(view, match, shared), output, dict(view.dims)))
        )
    rest = graph.sum(rest_terms, tuple([dims[axis] for axis in kept]))
    everything = tuple(range(len(dims)))
    return graph.contraction(
        ONE, [(matches[0][0], shared, tuple(axes)), (rest, 1, tuple(kept))], everything, dict(enumerate(dims))
    )


def _contracted_factor(
    graph: Graph, views: list[_View], matches: list[Factor], pattern: tuple[int | None, ...], dims: tuple[Dim, ...]
) -> Node | None:
    """Takes out a factor that the rest is contracted with: the index between them becomes an axis of the rest."""
    if any(match[1] != 1 for match in matches):
        return None
    inner_axes = [axis for axis, place in enumerate(pattern) if place is None]
    covered = {place for place in pattern if place is not None}
    free: set[int] = set()
    for view, match in zip(views, matches):
        if len(set(view.output)) < len(view.output):
            return None
        rest = _rest(view, match, 1)
        if rest and all(_is_shift(factor[0]) for factor in rest):
            # x[2:n] - x[1:n - 1] rather than the difference of two selections, times x.
            return None
        carried = {index for _, _, indices in rest for index in indices}
        joints = [match[2][axis] for axis in inner_axes]
        if len(set(joints)) < len(joints) or any(joint not in carried for joint in joints):
            return None
        outer = [axis for axis in range(len(dims)) if view.output[axis] in carried or axis not in covered]
        free.update(outer)
        ends = [view.output[axis] for axis in outer] + joints
        if len(ends) > 2 or not (_connected(rest, ends) or len(ends) == 2 > len(joints)):
            return None
    kept = sorted(free)
    if len(kept) + len(inner_axes) > 2:
        return None
    rest_terms: list[Term] = []
    for view, match in zip(views, matches):
        output = [view.output[axis] for axis in kept] + [match[2][axis] for axis in inner_axes]
        rest_terms.append((ONE, graph.contraction(view.coefficient, _rest(view, match, 1), output, dict(view.dims))))
    node = matches[0][0]
    inner_dims = [node.dims[axis] for axis in inner_axes]
    summed = graph.sum(rest_terms, tuple([dims[axis] for axis in kept] + inner_dims))
    ranges = dict(enumerate([*dims, *inner_dims]))
    names = {axis: len(dims) + number for number, axis in enumerate(inner_axes)}
    own = tuple([names[axis] if place is None else place for axis, place in enumerate(pattern)])
    rest_indices = (*kept, *[names[axis] for axis in inner_axes])
    return graph.contraction(ONE, [(node, 1, own), (summed, 1, rest_indices)], tuple(range(len(dims))), ranges)


def _connected(factors: list[Factor], ends: list[int]) -> bool:
    """Whether the factors join all the ends: pulling out must not create an outer product."""
    if len(ends) < 2:
        return True
    reached = {ends[0]}
    growing = True
    while growing:
        growing = False
        for _, _, indices in factors:
            if not reached.isdisjoint(indices) and not reached.issuperset(indices):
                reached.update(indices)
                growing = True
    return reached.issuperset(ends)


def content(terms: list[Term]) -> Coefficient:
    """The coefficient to take out of a sum: the most frequent one, of several the smallest; negative if all are.

    Lengths are taken out where every term has them: x - sum(x)/n is not (n*x - sum(x))/n.
    """
    counts: Counter[Coefficient] = Counter()
    different = len({powers for (_, powers), _ in terms}) > 1
    for (number, powers), _ in terms:
        if different and powers and any(not others for (_, others), _ in terms):
            continue
        size: Rational = number if number > 0 else -number
        counts[size, powers] += 1
    most = max(counts.values())
    number, powers = min([found for found, count in counts.items() if count == most], key=lambda c: (c[1], c[0]))
    return (-number if all(coefficient[0] < 0 for coefficient, _ in terms) else number), powers
