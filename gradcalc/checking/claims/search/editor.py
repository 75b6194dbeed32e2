"""All edits of a claim: at every node the slips that people make there.

An edit turns the claim into what may have been meant; what it says is what is wrong with the claim as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from gradcalc.checking.claims.search.edits import Edit
from gradcalc.checking.claims.search.functions import slips_of_call
from gradcalc.checking.claims.search.known import Known, Slip
from gradcalc.checking.claims.search.names import (
    renamings,
    slips_of_index,
    slips_of_indexed_sum,
    slips_of_name,
    slips_of_number,
)
from gradcalc.checking.claims.search.operators import slips_of_operator
from gradcalc.checking.claims.search.places import is_diagonal, places
from gradcalc.checking.claims.search.quantities import slips_of_value
from gradcalc.checking.claims.wording import quoted
from gradcalc.language.syntax import Binary, Call, Expr, Index, IndexedSum, Name, Number, Transpose

_MOST_PLACES = 150
"""How many nodes of a statement are edited, those near its root first."""


def edits_of(trees: Sequence[Expr], known: Known) -> Iterator[Edit]:
    """Every change of one place, and every name for another wherever it stands."""
    yield from renamings(trees, known)
    for statement, tree in enumerate(trees):
        for path, node, above in islice(places(tree), _MOST_PLACES):
            for slip in slips_at(node, above, not path, known):
                yield Edit(slip.kind, slip.message, slip.cost, statement, path, slip.replacement, node)


def slips_at(node: Expr, above: Expr | None, is_root: bool, known: Known) -> Iterator[Slip]:
    """The slips at one node. above: the node that it is an operand of; is_root: whether it is a whole statement."""
    yield from _by_type(node, above, known)
    kind = known.kind_of(node)
    if isinstance(node, Transpose):
        yield Slip("transpose", f"{quoted(node)} is transposed where it should not be", 1.0, node.operand)
    elif kind in ("vector", "row", "matrix") and not is_diagonal(node):
        turned = Transpose(node)
        cost = 1.03 if isinstance(node, Binary) else 1.0
        yield Slip("transpose", f"{quoted(node)} is not transposed: it is {quoted(turned)}", cost, turned)
    if kind is not None:
        yield from slips_of_value(node, kind, above, is_root, known)


def _by_type(node: Expr, above: Expr | None, known: Known) -> Iterator[Slip]:
    if isinstance(node, Binary):
        yield from slips_of_operator(node, known)
    elif isinstance(node, Call):
        yield from slips_of_call(node, known)
    elif isinstance(node, Name):
        yield from slips_of_name(node, above, known)
    elif isinstance(node, Number):
        yield from slips_of_number(node, above, known)
    elif isinstance(node, Index):
        yield from slips_of_index(node, known)
    elif isinstance(node, IndexedSum):
        yield from slips_of_indexed_sum(node, known)
