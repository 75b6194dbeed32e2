"""Parts that have to stay together where every entry varies by itself: `eigvals(sym(A))`, a function of symmetric
matrices only, has no derivative by one entry of `sym(A)`, but it has one by an entry of A.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcalc.derivation.fragments import Context
from gradcalc.derivation.notation import substituted
from gradcalc.derivation.parts import Part
from gradcalc.errors import GradcalcError
from gradcalc.language.syntax import Name


def joined(parts: Sequence[Part], context: Context) -> list[Part]:
    """The parts with those of structured matrices written out where a function takes no other matrices.

    Of what is left, each is used by another one; the objective is the last.
    """
    found: list[Part] = []
    by_name: dict[str, Part] = {}
    for part in parts:
        for name in [name for name in part.uses if name in by_name and name in context.structures]:
            if not _takes_any(part, name, context):
                part = _written_out(part, by_name[name])
        found.append(part)
        by_name[part.name] = part
    needed = {parts[-1].name}
    for part in reversed(found):
        if part.name in needed:
            needed.update(part.uses)
    return [part for part in found if part.constant or part.name in needed]


def _takes_any(part: Part, name: str, context: Context) -> bool:
    """Whether a part is defined where a name is any matrix, without its structure."""
    with context.without_structure([name]):
        try:
            context.derivation(Name(part.name), [(part.name, part.form)])
        except GradcalcError:
            return False
    return True


def _written_out(part: Part, inner: Part) -> Part:
    values = {inner.name: inner.tree}
    forms = {inner.name: inner.form}
    uses = dict.fromkeys([other for name in part.uses for other in (inner.uses if name == inner.name else (name,))])
    tree, form = substituted(part.tree, values), substituted(part.form, forms)
    return Part(part.name, tree, form, part.dims, tuple(uses), part.constant)
