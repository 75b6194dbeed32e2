"""Absolute values and signs: what is positive by its form, and products of |t|, sign(t) and powers of t."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradcalc.tensor.nodes import (
    ONE,
    Atom,
    Basis,
    Coefficient,
    Contraction,
    Elementwise,
    Node,
    Pattern,
    Rational,
    Sum,
    Symbol,
)
from gradcalc.tensor.rewriting import Powers, operand_of, replaced

if TYPE_CHECKING:
    from gradcalc.tensor.graph import Graph

_POSITIVE = ("exp", "sigmoid", "softplus", "softmax")
_NONNEGATIVE = ("abs", "relu", "var", "nuclear", "spectral")
_SIGNED_PATTERNS = ("difference", "cross")

_DEEPEST = 6
"""How far down a node is searched for what makes it positive: the search must not grow with the program."""


def is_nonnegative(node: Node, depth: int = _DEEPEST) -> bool:
    """Whether no entry is negative, by the form of the node: squares, exponentials, their sums and products."""
    if isinstance(node, (Elementwise, Atom)):
        name, primes = node.function if isinstance(node, Elementwise) else (node.name, 0)
        return not primes and name in (*_POSITIVE, *_NONNEGATIVE)
    if isinstance(node, Pattern):
        return node.name not in _SIGNED_PATTERNS
    if isinstance(node, Basis):
        return True
    if isinstance(node, Symbol):
        return node.structure == "positive"
    if not depth:
        return False
    if isinstance(node, Sum):
        return all(scale[0] > 0 and is_nonnegative(term, depth - 1) for scale, term in node.terms)
    return (
        isinstance(node, Contraction)
        and node.coefficient[0] >= 0
        and all(_is_even(exponent) or is_nonnegative(leaf, depth - 1) for leaf, exponent, _ in node.factors)
    )


def _is_even(exponent: Rational) -> bool:
    """Whether no power with the exponent is negative: x^2, sqrt(x)."""
    value = Fraction(exponent)
    return value.denominator % 2 == 0 or value.numerator % 2 == 0


def is_positive(node: Node, depth: int = _DEEPEST) -> bool:
    """Whether every entry is positive, by the form of the node."""
    if isinstance(node, (Elementwise, Atom)):
        return (node.function if isinstance(node, Elementwise) else (node.name, 0)) in [(name, 0) for name in _POSITIVE]
    if isinstance(node, Symbol):
        return node.structure == "positive"
    if not depth:
        return False
    if isinstance(node, Sum):
        return is_nonnegative(node, depth) and any(is_positive(term, depth - 1) for _, term in node.terms)
    return (
        isinstance(node, Contraction)
        and node.coefficient[0] > 0
        and node.is_entrywise
        and all(is_positive(leaf, depth - 1) for leaf, _, _ in node.factors)
    )


def recognised(graph: Graph, name: str, operand: Node) -> Node | None:
    """|t| and sign(t) for a t that is positive by its form, and without the number that t is multiplied by."""
    if name == "abs" and is_nonnegative(operand):
        return operand
    if name == "sign" and is_positive(operand):
        return graph.constant(1, operand.dims)
    coefficient, core = graph.split(operand)
    number, dims = coefficient
    if coefficient == ONE or not number:
        return None
    size: Rational = number if number > 0 else -number
    outside: Coefficient = (size, dims) if name == "abs" else (1 if number > 0 else -1, ())
    return graph.scaled(outside, graph.elementwise((name, 0), core))


def root_of_even_power(node: Contraction, exponent: Rational) -> tuple[Node, Rational] | None:
    """(t, p) where node^exponent is |t|^p: the square root of x^2."""
    if Fraction(exponent).denominator == 1 or len(node.factors) != 1 or node.coefficient != ONE or node.is_closed:
        return None
    leaf, inner, indices = node.factors[0]
    if indices != node.output or len(set(indices)) < len(indices) or len(indices) != len(node.index_dims):
        return None
    if Fraction(inner).numerator % 2:
        return None
    return leaf, inner * exponent


def rewritten(graph: Graph, powers: Powers, key: tuple[Node, tuple[int, ...]]) -> Powers | None:
    """A product of |t| or sign(t), which is `key`, with sign(t), |t| or powers of t, by fewer of them.

    sign(t)*|t| = t, sign(t)*t = |t|, t/|t| = sign(t), t^2*|t| = |t|^3.
    """
    node, indices = key
    exponent = powers[key]
    if Fraction(exponent).denominator != 1:
        return None
    operand = operand_of(node)
    is_sign = isinstance(node, Elementwise) and node.function == ("sign", 0)
    if not is_sign and exponent % 2 == 0:
        return replaced(powers, [key], [(operand, exponent, indices)])
    if exponent % 2 == 0:
        return None
    if is_sign and exponent != 1:
        return replaced(powers, [key], [(node, 1, indices)])
    absolute = graph.elementwise(("abs", 0), operand)
    if is_sign:
        size = powers.get((absolute, indices), 0)
        if Fraction(size).denominator == 1 and size % 2:
            return replaced(powers, [key, (absolute, indices)], [(operand, size, indices)])
    times, found = _multiplicity(powers, operand, indices)
    if not times:
        return None
    without = _divided(powers, found, times)
    del without[key]
    total = times + (0 if is_sign else exponent)
    odd_in_t = (times % 2 == 1) != is_sign
    if not odd_in_t:
        return replaced(without, [], [(absolute, total, indices)])
    if total % 2 == 0 and not is_sign and (times > 0) != (exponent > 0):
        sign = graph.elementwise(("sign", 0), operand)
        return replaced(without, [], [(sign, 1, indices), *([(operand, total, indices)] if total else [])])
    single = 1 if total > 0 else -1
    if not is_sign and times == single:
        return None
    return replaced(without, [], [(operand, single, indices), (absolute, total - single, indices)])


_Places = dict[tuple[Node, tuple[int, ...]], Rational]


def _multiplicity(powers: Powers, operand: Node, indices: tuple[int, ...]) -> tuple[int, _Places]:
    """How often t stands among the factors, and the powers that make up one t; t may be a product itself."""
    places: _Places = {(operand, indices): 1}
    if isinstance(operand, Contraction) and not operand.is_closed:
        if operand.coefficient != ONE or sorted(operand.output) != list(range(len(operand.index_dims))):
            return 0, places
        at = dict(zip(operand.output, indices))
        places = {(leaf, tuple([at[i] for i in own])): power for leaf, power, own in operand.factors}
    counts: list[Rational] = []
    for place, power in places.items():
        if place not in powers:
            return 0, places
        counts.append(Fraction(powers[place]) / Fraction(power))
    if not counts or any(Fraction(count).denominator != 1 for count in counts):
        return 0, places
    if len({count > 0 for count in counts}) > 1:
        return 0, places
    return int(min(counts) if counts[0] > 0 else max(counts)), places


def _divided(powers: Powers, places: _Places, times: int) -> Powers:
    """The factors without t^times."""
    answer = dict(powers)
    for place, power in places.items():
        rest = answer[place] - power * times
        if rest:
            answer[place] = rest
        else:
            del answer[place]
    return answer
