"""Sums divided by how many entries they add, written as means."""

from __future__ import annotations

from collections.abc import Mapping

from gradcalc.language.polynomial import Dim
from gradcalc.language.syntax import Call, Expr, Transpose
from gradcalc.tensor.nodes import ONE, Coefficient, Rational, length_coefficient, times
from gradcalc.tensor.products import Product

_LARGEST_POWER = 8
"""The largest power of a sum that is looked at."""


def averaged(product: Product, sums: Mapping[Expr, tuple[Dim, ...]]) -> Product:
    """The product with sum(x)/n as mean(x), where n is the number of entries that are summed over.

    sums: how long the axes are that are summed over, for what is known to be a sum.
    """
    if not product.coefficient[1] or not sums:
        return product
    for place, (base, exponent) in enumerate(product.scalars):
        rest = _without_lengths(product.coefficient, sums.get(base), exponent)
        if rest is not None:
            scalars = list(product.scalars)
            scalars[place] = (_mean(base), exponent)
            return averaged(Product(rest, tuple(scalars), product.chain), sums)
    for place, (item, kind) in enumerate(product.chain):
        inner = item.operand if isinstance(item, Transpose) else item
        rest = _without_lengths(product.coefficient, sums.get(inner), 1)
        if rest is not None:
            chain = list(product.chain)
            chain[place] = (Transpose(_mean(inner)) if isinstance(item, Transpose) else _mean(inner), kind)
            return averaged(Product(rest, product.scalars, tuple(chain)), sums)
    return product


def _mean(total: Expr) -> Expr:
    return Call("mean", total.children)


def _without_lengths(
    coefficient: Coefficient, lengths: tuple[Dim, ...] | None, exponent: Rational
) -> Coefficient | None:
    """The coefficient times the lengths to the power, where they stand in it to the opposite power or a higher one."""
    count = int(exponent)
    count = int(exponent)
    if lengths is None or count != exponent or not -_LARGEST_POWER <= count <= _LARGEST_POWER:
        return None
    whole: Coefficient = ONE
    for dim in lengths:
        whole = times(whole, length_coefficient(dim))
    number, names = whole
    present = dict(coefficient[1])
    if number != 1 or not names:
        return None
    for name, power in names:
        left = present.get(name, 0)
        if left * power * count >= 0 or abs(left) < abs(power * count):
            return None
    return times(coefficient, (1, tuple([(name, power * count) for name, power in names])))
