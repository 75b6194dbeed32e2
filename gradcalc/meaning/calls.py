"""The rules of functions: those of the catalogue by their references, those of the user by their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Elementwise, Function, Linear
from gradcalc.language.kinds import axis_literals
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, FunctionDefinition, Name, Number, postorder
from gradcalc.meaning.domains import applied, check_domain, guarded, require_regular
from gradcalc.meaning.values import Data, NoMeaning, Scope, Value, Walk, short


@cache
def _parsed(text: str) -> Expr:
    """A formula of the catalogue."""
    from gradcalc.language.parser import parse_expression

    return parse_expression(text)


def call(walk: Walk, node: Call, operands: Sequence[Value], scope: Scope) -> Value:
    user = walk.around.functions.get(node.function)
    if user is not None:
        kind, data = operands[0]
        return kind, user_function(walk, user, data, node.primes)
    kinds = tuple([kind for kind, _ in operands])
    entry = catalogue.meant(node.function, kinds)
    if entry is None:
        raise NoMeaning(f"there is no function {node.function}")
    data = [each for _, each in operands]
    if isinstance(entry, Elementwise):
        return next((k for k in kinds if k != "scalar"), "scalar"), elementwise(walk, node, entry, data)
    axis = axis_literals(node)[1] if entry.axis and len(operands) == 2 else 0
    if not axis:
        return whole(walk, node, entry, kinds, data)
    if kinds[0] != "matrix":
        return whole(walk, node, entry, kinds[:1], data[:1])
    lines = [whole(walk, node, entry, ("vector",), [line]) for line in (data[0] if axis == 2 else data[0].T)]
    if not lines:
        # There is no line to say what a function makes of one.
        return _of_no_lines(walk, entry, axis, data[0])
    results = walk.np.stack([line for _, line in lines])
    if lines[0][0] == "scalar":
        return ("row" if axis == 1 else "vector"), results
    return "matrix", results.T if axis == 1 else results


def _of_no_lines(walk: Walk, entry: Function, axis: int, data: Data) -> Value:
    """A function of each of no columns or rows: nothing, or a matrix as empty as before."""
    assert isinstance(entry, (Linear, Composite, Atom))
    variant = _variant(entry, ("vector",))
    if (variant if isinstance(variant, str) else variant[1]) == "scalar":
        return ("row" if axis == 1 else "vector"), walk.np.zeros((0,))
    return "matrix", data


def user_function(walk: Walk, user: FunctionDefinition, operand: Data, primes: int) -> Data:
    body = user.body
    if body is None:
        return walk.np.unspecified(user.name, operand, primes)

    def apply(t: Data) -> Data:
        return walk.value(body, {**walk.free, user.parameter: ("scalar", t)})[1] + 0 * t

    np = walk.np
    if primes:
        return np.slope(apply, operand, primes, 0.01)
    return apply(operand) if _is_entrywise(body) else np.each(apply, operand)


def elementwise(walk: Walk, node: Call, entry: Elementwise, operands: list[Data]) -> Data:
    defaults = entry.defaults[len(operands) - len(entry.parameters) + len(entry.defaults) :]
    operands = operands + [walk.np.number(_fraction(text)) for text in defaults]
    if not node.primes:
        return applied(walk, node, entry, operands)
    check_domain(walk, node, entry, operands[0])

    def apply(t: Data) -> Data:
        return walk.np.applied(entry, [t, *operands[1:]])

    return walk.np.slope(apply, operands[0], node.primes, radius_around(walk, entry, operands[0]))


def radius_around(walk: Walk, entry: Elementwise, point: Data) -> Data:
    """A circle around each entry that keeps well away from the kinks and the ends of the domain."""
    np = walk.np
    if np.symbolic:
        return None
    ends = [end for end in entry.domain if abs(end) != float("inf")]
    if entry.power is not None and (entry.power.denominator != 1 or entry.power < 0):
        ends.append(0.0)
    radius = 0.05 + 0 * np.real(point)
    for mark in [*entry.kinks, *ends]:
        gap = np.abs(np.real(point) - mark) / 4
        radius = np.where(np.less(gap, radius), np.where(np.equal(gap, 0), radius, gap), radius)
    return radius


def whole(walk: Walk, node: Call, entry: Function, kinds: tuple[str, ...], operands: list[Data]) -> Value:
    """A function of whole arrays."""
    if isinstance(entry, Linear):
        return linear(walk, node, entry, kinds, operands)
    if isinstance(entry, Composite):
        variant = _variant(entry, kinds)
        if entry.kink and not walk.np.symbolic:
            size = walk.np.largest(operands[0])
            walk.observation.kink_distance = min(walk.observation.kink_distance, size)
        kind = variant if isinstance(variant, str) else variant[1]
        return kind, composite(walk, entry, kinds, operands)
    assert isinstance(entry, Atom)
    return _variant(entry, kinds)[1], atom(walk, node, entry, operands)


def composite(walk: Walk, entry: Composite, kinds: tuple[str, ...], operands: list[Data]) -> Data:
    """A function that is short for others: by its own reference, else by its meaning."""
    if entry.reference is not None:
        return entry.reference(walk.np, *operands)
    scope = dict(zip(entry.parameters, zip(kinds, operands)))
    return walk.value(_parsed(entry.meaning), scope)[1]


def linear(walk: Walk, node: Call, entry: Linear, kinds: tuple[str, ...], operands: list[Data]) -> Value:
    sizes: list[int] = []
    if entry.first_size is not None:
        sizes = [dimension(walk, child) for child in node.children[entry.first_size :]]
    subscripts, kind = _variant(entry, (*kinds, *["dimension"] * len(sizes)))
    if entry.reference is not None:
        if entry.name == "kron" and kinds[0] != kinds[1]:
            shapes = {"vector": (-1, 1), "row": (1, -1)}
            operands = [
                data if own == "matrix" else walk.np.reshape(data, shapes[own]) for own, data in zip(kinds, operands)
            ]
        return kind, entry.reference(walk.np, *operands, *sizes)
    inputs, output = subscripts.split("->")
    groups = inputs.split(",")
    lengths = dict(zip(groups[len(operands) :], sizes)) if sizes else {}
    if entry.zero:
        return kind, walk.np.zeros(tuple([lengths[letter] for letter in output]))
    if set(output) - set(inputs):
        shape = walk.around.axes.of_call(node)
        if shape is None:
            raise NoMeaning(f"nothing says how long {to_text(node)} is")
        lengths = dict(zip(output, shape))
    answer = walk.np.einsum(f"{','.join(groups[: len(operands)])}->{output}", operands, lengths)
    if entry.averages:
        answer = walk.np.true_divide(answer, walk.np.number(max(1, walk.np.size(operands[0]))))
    return kind, answer


def dimension(walk: Walk, node: Expr) -> int:
    """A length as an argument, as the 2*n of zeros(2*n)."""
    if isinstance(node, Number):
        return int(node.value)
    if isinstance(node, Name):
        return walk.size(node.name)
    if not isinstance(node, Binary):
        raise NoMeaning(f"{to_text(node)} is no length")
    left, right = dimension(walk, node.left), dimension(walk, node.right)
    return left * right if node.operator == "*" else left + right if node.operator == "+" else left - right


def atom(walk: Walk, node: Call, entry: Atom, operands: list[Data]) -> Data:
    np, observation, operand = walk.np, walk.observation, operands[0]
    reference = entry.reference
    assert reference is not None
    if np.symbolic:
        return (entry.symbolic or reference)(np, *operands)
    gap = entry.gap
    if gap is not None:
        observation.meet_kink(np.smallest(guarded(walk, lambda: gap(np, *operands), 1.0, node)))
    if entry.real_only:
        observation.real_only = True
        if np.iscomplexobj(operand):
            return np.nan * np.real(guarded(walk, lambda: reference(np, np.real(operand)), operand, node))
    if entry.invertible:
        require_regular(walk, operand, node)
    if entry.regular is not None and not np.is_regular(entry.regular(np, operand)):
        observation.degenerate = True
    value = guarded(walk, lambda: reference(np, *operands), operand, node)
    if not np.is_finite(value) and np.is_finite(operand):
        observation.fail(f"{entry.name} is not defined at its operand in {short(node)}", node.span)
    return value


@cache
def _is_entrywise(body: Expr) -> bool:
    """Whether every operation acts entry by entry, so that a whole array can stand for the parameter."""
    calls = [catalogue.lookup(node.function) for node in postorder(body) if isinstance(node, Call)]
    return all(isinstance(entry, Elementwise) for entry in calls)


def _variant(entry: Linear | Composite | Atom, kinds: tuple[str, ...]) -> Any:
    variant = entry.variants.get(",".join(kinds))
    if variant is None:
        raise NoMeaning(f"{entry.name} of a {' and a '.join(kinds)}")
    return variant


@cache
def _fraction(text: str) -> Fraction:
    return Fraction(text)
