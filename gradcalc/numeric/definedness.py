"""The value as typed decides: sqrt(x)^2 has none at -3, though what it simplifies to has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError, Span
from gradcalc.functions import catalogue
from gradcalc.functions.entry import REAL_LINE, Atom, Composite, Elementwise
from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Binary, Call, Expr, IndexedSum, Number, Program, postorder
from gradcalc.meaning.algebra import NoForm
from gradcalc.meaning.many_digits import many_digits
from gradcalc.meaning.programs import NOT_FINITE, observed
from gradcalc.meaning.small import Array as Small
from gradcalc.meaning.values import NoMeaning

_MOST_TERMS = 20_000
"""Up to how many terms of indexed sums are computed one by one to see whether each is defined."""


_MOST_ENTRIES = 2_000
"""Up to how many entries of all arrays the fault is looked for in numbers of many digits."""

_DIGITS = (50, 400, 1000)
"""A fault is one in all of these: 1 - sigmoid(500) is 0 in 50 digits."""


def require_defined(
    program: Program, typing: Typing, simplified: Any, arrays: Mapping[str, Any], sizes: Mapping[str, int]
) -> None:
    """Raises GradcalcError of kind numeric where the expression as typed has no value.

    simplified: what the program computes the value from. Where that still has every operation that may be undefined,
    its own value shows; the interpreter is asked only where some are gone.
    """
    typed = [program.objective, *typing.definitions.values()]
    typed += [function.body for function in typing.functions.values() if function.body is not None]
    before = _partial(typed)
    if not before or (isinstance(simplified, Expr) and before <= _partial([simplified])):
        return
    if _terms(typed, typing, sizes) > _MOST_TERMS:
        return
    fault = _fault(program, typing, arrays, sizes)
    if fault is not None:
        raise GradcalcError("numeric", fault[0], span=fault[1], source=program.source)


def _fault(
    program: Program, typing: Typing, arrays: Mapping[str, Any], sizes: Mapping[str, int]
) -> tuple[str, Span | None] | None:
    """What is outside a domain on the way to the value.

    Overflow and underflow on the way are none of that: log(1/(1 + exp(1000))) has a value. So a fault in floating point
    has to be one in numbers of many digits, whose exponents have no end, where the arrays are small enough for those.
    """
    from gradcalc.numeric.reference import observe

    seen = observe(program, typing, arrays, sizes)
    if seen.fault is None:
        return None
    if sum(array.size for array in arrays.values()) > _MOST_ENTRIES:
        return seen.fault if seen.fault[0] != NOT_FINITE and bool(np.any(np.isnan(seen.value))) else None
    fault: tuple[str, Span | None] | None = None
    for digits in _DIGITS:
        numbers = many_digits(digits)
        held = {}
        for name, array in arrays.items():
            entries = [numbers.number(float(entry)) for entry in np.asarray(array).flat]
            held[name] = Small(np.shape(array), entries) if np.ndim(array) else entries[0]
        try:
            fault = observed(program, typing, held, sizes, numbers).fault
        except (NoForm, NoMeaning):
            return seen.fault if seen.fault[0] != NOT_FINITE else None
        if fault is None:
            break
    return fault


def _partial(roots: list[Expr]) -> int:
    """How many operations of the trees are not defined for every operand."""
    met: set[Expr] = set()
    for root in roots:
        met.update([node for node in postorder(root) if _is_partial(node)])
    return len(met)


def _is_partial(node: Expr) -> bool:
    if isinstance(node, Binary):
        if node.operator in ("/", "./"):
            return not (isinstance(node.right, Number) and node.right.value != 0)
        if node.operator == "\\":
            return True
        return node.operator in ("^", ".^") and not (
            isinstance(node.right, Number) and node.right.value.denominator == 1
        )
    if not isinstance(node, Call):
        return False
    entry = catalogue.lookup(node.function)
    if isinstance(entry, Elementwise):
        return entry.domain != REAL_LINE or (entry.power is not None and entry.power < 0) or entry.gap is not None
    if isinstance(entry, Composite):
        return "/" in entry.meaning or "inv" in entry.meaning
    return isinstance(entry, Atom)


def _terms(roots: list[Expr], typing: Typing, sizes: Mapping[str, int]) -> int:
    """How many terms the indexed sums have, at most, as the interpreter walks them."""
    total = 1
    for root in roots:
        for node in postorder(root):
            if isinstance(node, IndexedSum):
                for name, _, _ in node.ranges:
                    dim = typing.range_of(node, name)
                    total *= 1 if dim is None else max(1, size_of(dim, sizes))
    return total
