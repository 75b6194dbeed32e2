"""The lines of a derivation."""

from __future__ import annotations

from gradcalc.derivation.notation import text_of
from gradcalc.language.syntax import Expr

PARTS, DIFFERENTIALS, SUBSTITUTION, RESULT = "parts", "differentials", "substitution", "result"
JACOBIANS, PRODUCT, COMPONENTS, ENTRIES, CHAIN = "jacobians", "product", "components", "entries", "chain"


class Step:
    """One line: `left = right`, and why.

    section: the stage of the derivation that it belongs to. continues: it goes on from the line before, whose left side
    is the same. indices: the free indices of both sides, which stand for any entry. names: what a line gives a name
    to. shown: whether it is shown; one that gives a name may be needed without. checked: whether it was found true.
    """

    __slots__ = ("checked", "continues", "indices", "left", "names", "right", "rule", "section", "shown")

    def __init__(
        self,
        section: str,
        left: Expr,
        right: Expr,
        rule: str,
        *,
        continues: bool = False,
        indices: tuple[str, ...] = (),
        names: str | None = None,
        shown: bool = True,
    ) -> None:
        self.section = section
        self.left = left
        self.right = right
        self.rule = rule
        self.continues = continues
        self.indices = indices
        self.names = names
        self.shown = shown
        self.checked = False

    @property
    def left_text(self) -> str:
        return text_of(self.left)

    @property
    def right_text(self) -> str:
        return text_of(self.right)

    @property
    def text(self) -> str:
        return f"{self.left_text} = {self.right_text}"

    def __repr__(self) -> str:
        return f"<Step {self.text}>"


class Fold:
    """A place where lines are left out. count: how many parts."""

    __slots__ = ("count", "section")

    def __init__(self, section: str, count: int) -> None:
        self.section = section
        self.count = count
