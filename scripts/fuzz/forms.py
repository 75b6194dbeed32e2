"""The forms of the catalogue's functions: kinds of operands and result, and how their lengths hang together."""

from __future__ import annotations

from collections.abc import Callable

from gradcalc.functions import catalogue
from gradcalc.language.polynomial import Dim, added, multiplied

_RANKS = {"scalar": 0, "vector": 1, "row": 1, "matrix": 2, "dimension": 1}


class Form:
    """One way to call a function.

    kinds: of the operands (`dimension` for a size). letters: of the axes of each operand; result, output: the kind and
    the letters of the value. patterns: constant tensors, which tie lengths to each other. axis: 1, 2, or 0 for none.
    """

    def __init__(
        self,
        entry: catalogue.Function,
        kinds: list[str],
        letters: list[str],
        result: str,
        output: str,
        patterns: list[tuple[str, str]] | None = None,
        axis: int = 0,
    ) -> None:
        self.name = entry.name
        self.family = type(entry).__name__
        self.kinds = kinds
        self.letters = letters
        self.result = result
        self.output = output
        self.patterns = patterns or []
        self.axis = axis
        self.symmetric = getattr(entry, "symmetric", None) == "required"
        self.siblings = 1

    def solved(
        self,
        wanted: tuple[Dim, ...],
        fresh: Callable[[], Dim],
        split: Callable[[Dim], tuple[Dim, Dim]],
        size: Callable[[Dim], int],
    ) -> dict[str, Dim] | None:
        """Lengths for all letters, so that the value has the lengths wanted; None where there are none."""
        known: dict[str, Dim] = {}
        for letter, dim in zip(self.output, wanted):
            if known.setdefault(letter, dim) != dim:
                return None
        for name, letters in self.patterns:
            if not self._tie(name, letters, known, fresh, split):
                return None
        for letters in self.letters:
            for letter in letters:
                if letter not in known:
                    known[letter] = fresh()
        if any(size(dim) < 1 for dim in known.values()):
            return None
        return known if self._holds(known) else None

    def _tie(
        self,
        name: str,
        letters: str,
        known: dict[str, Dim],
        fresh: Callable[[], Dim],
        split: Callable[[Dim], tuple[Dim, Dim]],
    ) -> bool:
        if name == "merge":
            a, b, p = letters
            if p in known and a not in known and b not in known:
                known[a], known[b] = split(known[p])
            for letter in (a, b):
                known.setdefault(letter, fresh())
            known.setdefault(p, multiplied(known[a], known[b]))
        elif name == "difference":
            less, more = letters
            if less in known:
                known.setdefault(more, added(known[less], 1))
            else:
                known.setdefault(more, fresh())
                known.setdefault(less, added(known[more], 1, -1))
        elif name == "cross":
            for letter in letters:
                known.setdefault(letter, 3)
        elif not any(set(letters) <= set(own) for own in self.letters):
            one = next((known[letter] for letter in letters if letter in known), None)
            one = fresh() if one is None else one
            for letter in letters:
                known.setdefault(letter, one)
        return True

    def _holds(self, known: dict[str, Dim]) -> bool:
        for name, letters in self.patterns:
            lengths = [known[letter] for letter in letters]
            if name == "merge" and multiplied(lengths[0], lengths[1]) != lengths[2]:
                return False
            if name == "difference" and added(lengths[0], 1) != lengths[1]:
                return False
            if name == "cross" and set(lengths) != {3}:
                return False
            apart = not any(set(letters) <= set(own) for own in self.letters)
            if name in ("flip", "lower") and apart and len(set(lengths)) > 1:
                return False
        return True


def _forms(entry: catalogue.Function) -> list[Form]:
    if isinstance(entry, (catalogue.Elementwise, catalogue.Joining)):
        return []
    found: list[Form] = []
    for text, variant in entry.variants.items():  # type: ignore[attr-defined]
        kinds = text.split(",")
        if isinstance(variant, str):
            found.append(_plain(entry, kinds, variant))
            continue
        einsum, result = variant
        inputs, output = einsum.split("->")
        letters = inputs.split(",")
        names = entry.patterns(text) if isinstance(entry, catalogue.Linear) else ()
        patterns = list(zip(names, letters[len(kinds) :]))
        if len(output) != _RANKS[result]:
            continue
        padded = [own if len(own) == _RANKS[kind] else "" for kind, own in zip(kinds, letters)]
        found.append(Form(entry, kinds, padded, result, output, patterns))
    if entry.axis:
        keeps = any(form.result == "matrix" and form.kinds[0] == "matrix" for form in found)
        for axis, kind, letter in ((1, "row", "j"), (2, "vector", "i")):
            found.append(Form(entry, ["matrix"], ["ij"], "matrix" if keeps else kind, "ij" if keeps else letter,
                              axis=axis))  # fmt: skip
    return found


def _plain(entry: catalogue.Function, kinds: list[str], result: str) -> Form:
    """Of a function that says kinds only: a result that is no number has the lengths of the first operand."""
    names = iter("ijklpq")
    letters = ["".join([next(names) for _ in range(_RANKS[kind])]) for kind in kinds]
    return Form(entry, kinds, letters, result, letters[0] if result != "scalar" else "")


def _all() -> list[Form]:
    forms: list[Form] = []
    for entry in catalogue.ENTRIES:
        own = _forms(entry)
        for form in own:
            form.siblings = max(1, len([other for other in own if other.result == form.result]))
        forms += own
    return forms


FORMS: tuple[Form, ...] = tuple(_all())
