"""The claim as it should be, with what was changed marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from gradcalc.checking.claims.reading import Claim
from gradcalc.errors import Span
from gradcalc.language.lexer import tokens
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr, Name, postorder

_GAP = 4
"""Changes that are at most so many characters apart are marked as one."""


class Correction:
    """text: the corrected claim. changes: the places in it that were changed."""

    __slots__ = ("changes", "text")

    def __init__(self, text: str, changes: Sequence[Span]) -> None:
        self.text = text
        self.changes = tuple(changes)

    @property
    def marks(self) -> str:
        """Carets under what was changed."""
        line = [" "] * len(self.text)
        for start, end in self.changes:
            line[start:end] = "^" * (end - start)
        return "".join(line).rstrip()


def corrected(claim: Claim, trees: Sequence[Expr], named: Mapping[str, Expr]) -> Correction:
    """The correction of a claim whose definitions and last expression should be `trees`.

    named: what further names in them stand for, which the correction then defines.
    """
    names = [definition.name for definition in claim.definitions]
    functions = [f"{f.name}({f.parameter}) = {to_text(f.body)}" for f in claim.functions if f.body is not None]
    before = _program_text(functions, names, claim.trees)
    after = _program_text(functions, names, trees)
    changes = _changes(before, after)
    used = _used(trees, named)
    front = "".join([f"{name} = {to_text(named[name])}; " for name in named if name in used])
    shift = len(front)
    changes = [(start + shift, end + shift) for start, end in changes]
    return Correction(front + after, [*([(0, shift - 2)] if front else []), *changes])


def _program_text(functions: Sequence[str], names: Sequence[str], trees: Sequence[Expr]) -> str:
    definitions = [f"{name} = {to_text(tree)}" for name, tree in zip(names, trees)]
    return "; ".join([*functions, *definitions, to_text(trees[-1])])


def _used(trees: Sequence[Expr], named: Mapping[str, Expr]) -> set[str]:
    used: set[str] = set()
    pending = list(trees)
    while pending:
        for node in postorder(pending.pop()):
            if isinstance(node, Name) and node.name in named and node.name not in used:
                used.add(node.name)
                pending.append(named[node.name])
    return used


def _changes(before: str, after: str) -> list[Span]:
    """The tokens of a text that another does not have at that place; beside what is missing, its neighbours."""
    old, new = tokens(before)[:-1], tokens(after)[:-1]
    matcher = SequenceMatcher(None, [token.text for token in old], [token.text for token in new], autojunk=False)
    found: list[Span] = []
    for operation, _, _, start, end in matcher.get_opcodes():
        if operation == "equal" or not new:
            continue
        if start == end:
            start, end = max(0, start - 1), min(len(new), end + 1)
        span = (new[start].start, new[end - 1].end)
        if found and span[0] - found[-1][1] <= _GAP:
            span = (found.pop()[0], span[1])
        found.append(span)
    return found
