"""Parts of the normal form of a contraction: contractions inside it merged, equal factors collected, its symmetry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from gradcalc.language.polynomial import Dim
from gradcalc.tensor.canonical import canonical_order, placed
from gradcalc.tensor.nodes import (
    ONE,
    Basis,
    Coefficient,
    Contraction,
    Factor,
    Node,
    Rational,
    exact_power,
    times,
)

MERGE_LIMIT = 24
"""Contractions with more factors than this stay factors of their own: bounds the work a node takes."""

_MOST_SYMMETRY_FACTORS = 12
"""Whether a longer contraction is symmetric is not asked."""


def merged(
    coefficient: Coefficient, factors: Iterable[Factor], output: Sequence[int], dims: dict[int, Dim]
) -> tuple[Coefficient, list[Factor], tuple[int, ...], set[int]]:
    """Contractions among the factors merged into one list: coefficient, factors, output, all summed indices."""
    renamed: dict[int, int] = {}

    def current(index: int) -> int:
        while index in renamed:
            index = renamed[index]
        return index

    flat: list[Factor] = []
    indices_met: set[int] = set()
    fresh = max(dims, default=-1)
    for node, exponent, indices in factors:
        indices_met.update(indices)
        if not exponent:
            continue
        if not isinstance(node, Contraction) or node.is_closed or (node.factors and len(node.factors) > MERGE_LIMIT):
            flat.append((node, exponent, indices))
            continue
        power = exponent
        scale: Coefficient | None = ONE
        inner_factors: Sequence[Factor] = node.factors
        if exponent != 1:
            inner_factors, scale = _distributed(node, power, indices)
            if scale is None:
                flat.append((node, exponent, indices))
                continue
        else:
            scale = node.coefficient
        if scale is not ONE:
            coefficient = times(coefficient, scale)
        names: dict[int, int] = {}
        for inner, outer in zip(node.output, indices):
            if inner in names:
                left, right = current(names[inner]), current(outer)
                if left != right:
                    renamed[right] = left
            else:
                names[inner] = outer
        for inner, dim in enumerate(node.index_dims):
            if inner not in names:
                fresh += 1
                names[inner] = fresh
                dims[fresh] = dim
                indices_met.add(fresh)
        for leaf, inner_exponent, inner_indices in inner_factors:
            flat.append((leaf, inner_exponent, tuple([names[index] for index in inner_indices])))
    if renamed:
        flat = [(node, exponent, tuple([current(index) for index in indices])) for node, exponent, indices in flat]
        output = [current(index) for index in output]
        indices_met = {current(index) for index in indices_met}
    return coefficient, flat, tuple(output), indices_met


def with_single_places(factors: list[Factor], output: Sequence[int], dims: dict[int, Dim]) -> list[Factor]:
    """The factors with the one place of a summed axis of length one as the place of an output axis that repeats.

    The sum over one entry, repeated along an axis of one entry, is the vector itself.
    """
    carried = {index for _, _, indices in factors for index in indices}
    repeated = [index for index in output if dims[index] == 1 and index not in carried]
    summed = sorted([index for index in carried.difference(output) if dims[index] == 1]) if repeated else []
    places = dict(zip(summed, repeated))
    if not places:
        return factors
    return [
        (node, exponent, tuple([places.get(index, index) for index in indices])) for node, exponent, indices in factors
    ]


def is_symmetric(node: Contraction) -> bool:
    """Whether swapping the two axes gives the same contraction up to the names of its indices."""
    if len(node.output) != 2 or node.dims[0] != node.dims[1]:
        return False
    if node.output[0] == node.output[1]:
        return True
    if len(node.factors) > _MOST_SYMMETRY_FACTORS:
        return False
    turned = (node.output[1], node.output[0])
    dims = dict(enumerate(node.index_dims))
    keys = []
    for output in (node.output, turned):
        place = {index: number for number, index in enumerate(canonical_order(node.factors, output, dims))}
        keys.append(sorted([placed(factor, place) for factor in node.factors]))
    return keys[0] == keys[1]


def _distributed(
    node: Contraction, exponent: Rational, indices: tuple[int, ...]
) -> tuple[Sequence[Factor], Coefficient | None]:
    """The factors and coefficient of node^exponent at the indices, entry by entry; None where it does not distribute.

    The power of a sum is not the sum of powers. A fractional power of a product keeps the product together: sqrt(x^2)
    is not x. A power that is not positive of the zeros off a diagonal is not 0.
    """
    if node.sums:
        return (), None
    if exponent <= 0 and len(set(zip(node.output, indices))) > len(set(node.output)):
        return (), None
    if isinstance(exponent, int) or exponent.denominator == 1:
        scale = exact_power(node.coefficient, exponent)
        return [(leaf, inner * exponent, indices) for leaf, inner, indices in node.factors], scale
    if len(node.factors) > 1:
        return (), None
    scale = exact_power(node.coefficient, exponent)
    if scale is None or not node.factors:
        return (), scale
    leaf, inner, indices = node.factors[0]
    if Fraction(inner).numerator % 2 == 0:
        return (), None
    return [(leaf, inner * exponent, indices)], scale


def collected(factors: list[Factor]) -> dict[tuple[Node, tuple[int, ...]], Rational]:
    """Equal factors on equal indices as one factor with the sum of their exponents."""
    powers: dict[tuple[Node, tuple[int, ...]], Rational] = {}
    for node, exponent, indices in factors:
        if node.symmetric and len(indices) == 2 and indices[0] > indices[1]:
            indices = (indices[1], indices[0])
        key = (node, indices)
        if key not in powers:
            powers[key] = exponent
        elif isinstance(node, Basis):
            powers[key] = 1
        else:
            total = powers[key] + exponent
            if total == 0:
                del powers[key]
            else:
                powers[key] = total.numerator if type(total) is Fraction and total.denominator == 1 else total
    return powers


def carried_axes(operand: Node) -> set[int] | None:
    """The axes along which a node varies; None where it has a diagonal."""
    if not isinstance(operand, Contraction):
        return set(range(len(operand.dims)))
    if operand.has_diagonal:
        return None
    carried = {index for _, _, indices in operand.factors for index in indices}
    return {axis for axis, index in enumerate(operand.output) if index in carried}
