"""Slips at names, numbers and indices: one in the place of another, an index that is summed over where it is free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gradcalc.checking.claims.search.edits import Edit, reindexed, renamed
from gradcalc.checking.claims.search.functions import said_of
from gradcalc.checking.claims.search.known import Known, Slip
from gradcalc.checking.claims.search.places import is_diagonal, places
from gradcalc.checking.claims.wording import quoted
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Index, IndexedSum, Name, Number, Transpose, transformed


def slips_of_name(node: Name, above: Expr | None, known: Known) -> Iterator[Slip]:
    """Another name of the same kind. above: the node that the name is an operand of."""
    inside = above if isinstance(above, Call) and not is_diagonal(above) else None
    for other in known.others(node.name):
        if inside is not None:
            message = f"{said_of(inside)} is taken at {quoted(node)} instead of {quoted(Name(other))}"
            yield Slip("argument", message, 1.1, Name(other))
        else:
            message = f"{quoted(node)} stands where {quoted(Name(other))} belongs"
            yield Slip("substitution", message, 1.2, Name(other))


def slips_of_number(node: Number, above: Expr | None, known: Known) -> Iterator[Slip]:
    """Another number, or a length."""
    if isinstance(above, Binary) and above.operator in ("^", ".^") and above.right is node:
        return
    value = node.value
    others = [2 * value, value / 2, value + 1, value - 1, *([1 / value] if value else [])]
    for other in dict.fromkeys(others):
        if other != value and other >= 0:
            message = f"the constant {to_text(node)} should be {to_text(Number(other))}"
            yield Slip("factor", message, 1.35, Number(other))
    for length in known.lengths:
        yield Slip("factor", f"{to_text(node)} stands where the length {length} belongs", 1.3, Name(length))


def slips_of_index(node: Index, known: Known) -> Iterator[Slip]:
    """Another index, or the two of a matrix the other way round."""
    positions = node.positions
    if len(positions) == 2 and positions[0] != positions[1]:
        turned = Index(node.operand, (positions[1], positions[0]))
        message = f"the indices of {quoted(node)} are the wrong way round: {quoted(turned)}"
        yield Slip("transpose", message, 1.0, turned)
        if None in positions:
            column = Transpose(turned)
            yield Slip("transpose", f"{quoted(node)} should be {quoted(column)}", 1.0, column)
    for axis, position in enumerate(positions):
        for index in known.indices:
            if isinstance(position, (int, str)) and position != index:
                other = Index(node.operand, (*positions[:axis], index, *positions[axis + 1 :]))
                message = f"the index {position} of {quoted(node)} should be {index}"
                yield Slip("substitution", message, 1.15, other)


def slips_of_indexed_sum(node: IndexedSum, known: Known) -> Iterator[Slip]:
    """An index that is summed over where it is free."""
    for name, _, _ in node.ranges:
        rest = tuple([each for each in node.ranges if each[0] != name])
        for index in known.indices:
            body = transformed(node.body, partial(reindexed, {name: index}))
            message = f"{quoted(node)} sums over {name} where the index {index} is free"
            yield Slip("shape", message, 0.95, IndexedSum(rest, body) if rest else body)


def renamings(trees: Sequence[Expr], known: Known) -> Iterator[Edit]:
    """A name for another wherever it stands, and the two indices of an entry the other way round."""
    counts: dict[str, int] = {}
    for tree in trees:
        for _, node, _ in places(tree):
            if isinstance(node, Name):
                counts[node.name] = counts.get(node.name, 0) + 1
    for name, count in counts.items():
        for other in known.others(name) if count > 1 else ():
            message = f"{quoted(Name(name))} stands where {quoted(Name(other))} belongs"
            change = partial(renamed, {name: other})
            yield Edit("substitution", message, 1.2, 0, (), Name(other), Name(name), change)
    if len(known.positions) == 2:
        one, two = known.positions
        swap = partial(reindexed, {one: two, two: one})
        yield Edit("transpose", f"{one} and {two} are the wrong way round", 0.9, 0, (), trees[-1], trees[-1], swap)
