"""Edits: one change of a claim, or a name or an index that becomes another wherever it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradcalc.checking.claims.search.places import Path, replaced
from gradcalc.language.syntax import Expr, Index, Name, transformed

Everywhere = Callable[[Expr], "Expr | None"]
"""What each node becomes, None where it stays."""


class Edit:
    """replacement: what stands at `path` of the tree number `statement` instead of `replaced`. everywhere: for a change
    of names, what each node becomes.

    kind, message, cost: of what is wrong with the claim as it is.
    """

    __slots__ = ("cost", "everywhere", "kind", "message", "path", "replaced", "replacement", "statement")

    def __init__(
        self,
        kind: str,
        message: str,
        cost: float,
        statement: int,
        path: Path,
        replacement: Expr,
        replaced: Expr,
        everywhere: Everywhere | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.cost = cost
        self.statement = statement
        self.path = path
        self.replacement = replacement
        self.replaced = replaced
        self.everywhere = everywhere

    def applied(self, trees: Sequence[Expr]) -> tuple[Expr, ...]:
        """The trees with the edit made."""
        if self.everywhere is not None:
            return tuple([transformed(tree, self.everywhere) for tree in trees])
        changed = list(trees)
        changed[self.statement] = replaced(trees[self.statement], self.path, self.replacement)
        return tuple(changed)

    def is_apart_from(self, other: Edit) -> bool:
        """Whether both can be made, neither inside the other."""
        if self.everywhere is not None or other.everywhere is not None:
            return self.everywhere is None or other.everywhere is None or self.replaced != other.replaced
        if self.statement != other.statement:
            return True
        shorter = min(len(self.path), len(other.path))
        return self.path[:shorter] != other.path[:shorter]


def renamed(new: Mapping[str, str], node: Expr) -> Expr | None:
    """A name as another."""
    return Name(new[node.name]) if isinstance(node, Name) and node.name in new else None


def reindexed(new: Mapping[int | str, int | str], node: Expr) -> Expr | None:
    """Other positions in the place of some, also where an index is used as a number."""
    if isinstance(node, Index):
        positions = tuple([new.get(p, p) if isinstance(p, (int, str)) else p for p in node.positions])
        return Index(node.operand, positions) if positions != node.positions else None
    return renamed({old: other for old, other in new.items() if isinstance(old, str) and isinstance(other, str)}, node)
