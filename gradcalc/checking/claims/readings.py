"""A claim that is wrong as the expression was read, and right where a variable is of another kind."""

from __future__ import annotations

from collections.abc import Sequence

from gradcalc.api import Problem
from gradcalc.checking.claims.proof import proved_form
from gradcalc.checking.claims.reading import read_claim
from gradcalc.checking.claims.truth import Truth
from gradcalc.errors import GradcalcError

_KINDS = ("vector", "matrix")
"""What a variable may have been meant to be; as a number almost anything fits."""

_MOST_VARIABLES = 4


def right_in_another_reading(
    problem: Problem,
    wrt: str | Sequence[str] | None,
    claim: str,
    order: int,
    structured: str | None,
    named: Sequence[str],
) -> list[str]:
    """A sentence that says in which reading of one variable the claim is proved right; nothing where there is none.

    named: what is differentiated by, whose kinds are tried first. Declared kinds and those of data are not doubted.
    """
    variables = problem.typing.variables
    open_to_doubt = [name for name in [*named, *variables] if variables[name].origin in ("assumed", "inferred")]
    for name in list(dict.fromkeys(open_to_doubt))[:_MOST_VARIABLES]:
        for kind in _KINDS:
            own = variables[name].kind
            text = f"{name}: {kind}; {problem.expression}"
            if kind != own and _is_right(text, wrt, claim, order, structured):
                return [
                    f"the claim is right where {name} is a {kind}; {name} is read as a {own} (declare {name}: {kind})"
                ]
    return []


def _is_right(text: str, wrt: str | Sequence[str] | None, claim: str, order: int, structured: str | None) -> bool:
    try:
        other = Problem(text)
        truth = Truth(other, other.components(wrt), order, structured)
        read = read_claim(claim, other, truth.components, truth.rank)
        truth.at(read)
        return read.fault is None and proved_form(read, truth) is not None
    except GradcalcError:
        return False
