"""The catalogue: one entry a function, and the ways to look one up."""

from __future__ import annotations

from gradcalc.functions import elementwise, linear, matrix, special
from gradcalc.functions.entry import Atom, Composite, Elementwise, Function, Joining, Linear

__all__ = ["BY_NAME", "ENTRIES", "Atom", "Composite", "Elementwise", "Function", "Joining", "Linear", "lookup"]

ENTRIES: tuple[Function, ...] = (
    *elementwise.ELEMENTARY,
    *elementwise.TRIGONOMETRIC,
    *elementwise.ACTIVATIONS,
    *special.SPECIAL,
    *elementwise.PAIRWISE,
    *elementwise.COMPARISONS,
    *linear.LINEAR,
    *matrix.NORMS,
    *matrix.REDUCTIONS,
    *matrix.MATRIX_FUNCTIONS,
)

BY_NAME: dict[str, Function] = {}
"""The entries by name and by alias: what may be typed."""

for _entry in ENTRIES:
    for _spelling in (_entry.name, *_entry.aliases):
        assert _spelling not in BY_NAME, _spelling
        BY_NAME[_spelling] = _entry

_BY_OWN_NAME = {entry.name: entry for entry in ENTRIES}

BY_OPERATOR: dict[str, Elementwise] = {
    entry.operator: entry for entry in ENTRIES if isinstance(entry, Elementwise) and entry.operator is not None
}
"""The comparisons by the sign that stands between their operands."""


QUOTIENTS: dict[str, list[Elementwise]] = {}
"""The functions that are quotients of two others, by the name of the one above the line."""
for _entry in ENTRIES:
    if isinstance(_entry, Elementwise) and _entry.quotient is not None:
        QUOTIENTS.setdefault(_entry.quotient[0], []).append(_entry)


def spelled(text: str) -> Function | None:
    """The entry that a typed name means, by its name or an alias, or None."""
    return BY_NAME.get(text)


def lookup(name: str) -> Function | None:
    """The entry of a function in a tree or a graph, or None.

    Aliases are resolved where text is read, so that a user may call a function of their own `trace`.
    """
    return _BY_OWN_NAME.get(name)


def first_size(name: str) -> int | None:
    """The place of the first argument that is a size, as the 2 of reshape(x, m, n); None where there is none."""
    entry = lookup(name)
    return entry.first_size if isinstance(entry, Linear) else None


def meant(name: str, kinds: tuple[str, ...]) -> Function | None:
    """The entry that a name means for operands of those kinds: `max(x, 1)` of a vector is taken entry by entry."""
    entry = lookup(name)
    if entry is not None and entry.pairwise is not None and len(kinds) == 2 and kinds[0] != "matrix":
        return BY_NAME[entry.pairwise]
    return entry
