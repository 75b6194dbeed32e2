"""Where a function is defined, continuous, regular: what is noted before and after it is computed."""

from __future__ import annotations

from collections.abc import Callable

from gradcalc.functions.entry import Elementwise
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr
from gradcalc.meaning.linear_algebra import NotDefinedError, SingularError
from gradcalc.meaning.values import Data, NoMeaning, Walk, short

_REAL_LINE = (float("-inf"), float("inf"))


def require_regular(walk: Walk, matrix: Data, node: Expr) -> None:
    """Notes a fault where the matrix is singular to working precision."""
    if matrix.shape[0] != matrix.shape[1]:
        raise NoMeaning(f"{to_text(node)}: the matrix is not square")
    if not walk.np.is_regular(matrix):
        walk.observation.fail(f"the matrix is singular in {short(node)}", node.span)


def guarded(walk: Walk, compute: Callable[[], Data], shape_like: Data, node: Expr) -> Data:
    """What is computed; not a number, with a fault, where a matrix is singular or has no such function."""
    try:
        return compute()
    except (SingularError, ZeroDivisionError):
        walk.observation.fail(f"the matrix is singular in {short(node)}", node.span)
    except (NotDefinedError, OverflowError):
        walk.observation.fail(f"{short(node)} is not defined here", node.span)
    except ValueError as error:
        if type(error).__name__ != "LinAlgError":
            raise
        walk.observation.fail(f"the matrix is singular in {short(node)}", node.span)
    return walk.np.real(shape_like) * walk.np.nan


def applied(walk: Walk, node: Expr, entry: Elementwise, operands: list[Data]) -> Data:
    """A scalar function, entry by entry."""
    np, observation = walk.np, walk.observation
    if not np.symbolic:
        check_domain(walk, node, entry, operands[0])
        if entry.gap is not None:
            observation.meet_kink(np.smallest(np.by_entries(entry.gap, operands)))
        if entry.real_only:
            observation.real_only = True
            if any(np.iscomplexobj(operand) for operand in operands):
                return np.nan * sum(operands)
    return np.applied(entry, operands)


def check_domain(walk: Walk, node: Expr, entry: Elementwise, operand: Data) -> None:
    np, observation = walk.np, walk.observation
    if np.symbolic:
        return
    for kink in entry.kinks:
        observation.meet_kink(np.smallest(np.real(operand) - kink))
    low, high = entry.domain
    if (low, high) != _REAL_LINE:
        worst = np.outside(operand, low, high, entry.closed)
        if worst is not None:
            sentence = f"{entry.name} of {worst:.6g}, outside its domain, in {short(node)}"
            observation.fail(sentence, node.span)
        if entry.closed and any(np.any(np.equal(np.real(operand), end)) for end in (low, high)):
            observation.kink_distance = 0.0
