"""Why no reading of a program is well-formed: the operation to blame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from gradcalc.errors import GradcalcError
from gradcalc.language import messages
from gradcalc.language.constraints import Constraints, kind_of_sized
from gradcalc.language.dimensions import Dim
from gradcalc.language.kinds import MASKS, C, M, R, S, block_tables, table_of
from gradcalc.language.known import Known
from gradcalc.language.reading import convention
from gradcalc.language.scopes import Scopes
from gradcalc.language.syntax import Block, Call, Expr, Name, Number, Transpose


def fault(
    scopes: Scopes, known: Mapping[str, Known], sizes: Collection[str], describe: Callable[[str], str | None]
) -> GradcalcError:
    """The error of the first operation that contradicts those before it, else of the first that convention forbids."""
    conventional, first = _conventional(scopes, known, sizes)
    steps = Constraints(scopes, known, sizes, stepwise=True)
    node = steps.fault
    # Operands that are sizes have no cell of their own; they are numbers.
    cells = [steps.cells.get(id(child)) for child in node.children] if node is not None else []
    masks = [S if cell is None else steps.network.masks[cell] for cell in cells]
    plain = [conventional.get(id(child), 0) for child in node.children] if node is not None else []
    # An operand that earlier operations keep from its conventional kind is no more to blame than they are.
    if node is not None and (first is None or all(not kind or kind & mask for kind, mask in zip(plain, masks))):
        kinds = [kind & mask or _preferred(mask) for kind, mask in zip(plain, masks)]
        result = _result(node, kinds, scopes)
        function = next((f for f in scopes.functions.values() if f.body is node), None)
        if result is None:
            return _error(node, kinds, scopes, known, describe)
        if function is not None and result != S:
            return messages.bad_body(function.name, node, result, scopes, describe)
    if first is not None:
        return _error(first, [conventional.get(id(child), S) for child in first.children], scopes, known, describe)
    return GradcalcError(
        "shape",
        "there is no way to read the names as scalars, vectors and matrices that fits",
        span=scopes.order[-1].span if node is None else node.span,
        hint="Declare the kinds, for example: W: matrix; x: vector; y: scalar",
    )


def _preferred(mask: int) -> int:
    return next((kind for kind in (S, C, M, R) if kind & mask), S)


def _conventional(
    scopes: Scopes, known: Mapping[str, Known], sizes: Collection[str]
) -> tuple[dict[int, int], Expr | None]:
    """The kinds of the nodes, 0 for none, when every variable has the kind it is known or named for.

    Also the first node that does not combine its operands.
    """
    kinds: dict[int, int] = {}
    first: Expr | None = None
    for node in scopes.order:
        if isinstance(node, Name):
            definition = scopes.definition(node)
            kinds[id(node)] = _named(node, scopes, known, sizes) if definition is None else kinds[id(definition)]
            continue
        operands = [kinds.get(id(child), S) for child in node.children]
        result = _result(node, operands, scopes) if all(operands) else 0
        if result is None and first is None:
            first = node
        kinds[id(node)] = result or 0
    return kinds, first


def _named(node: Name, scopes: Scopes, known: Mapping[str, Known], sizes: Collection[str]) -> int:
    if id(node) in scopes.parameters or id(node) in scopes.bound:
        return S
    before = known.get(node.name)
    if before is not None and before.kind is not None:
        return MASKS[before.kind]
    if before is None and (node.name == "pi" or node.name in sizes):
        return S
    return MASKS[convention(node.name)]


def _result(node: Expr, kinds: list[int], scopes: Scopes) -> int | None:
    """The kind of a node whose operands have those kinds, None where it does not combine them."""
    if isinstance(node, (Number, Name)):
        return S
    if isinstance(node, Call) and node.children and id(node.children[0]) in scopes.sizes:
        return kind_of_sized(node)
    if isinstance(node, Block):
        height = {kind: kind in (C, M) for kind in kinds}
        place = 0
        for width in node.widths:
            if len({height[kind] for kind in kinds[place : place + width]}) > 1:
                return None
            place += width
        results = {next((row[1] for row in block_tables(node) if row[0] == kind), None) for kind in kinds}
        return results.pop() if len(results) == 1 else None
    table = table_of(node, False, scopes.functions)
    return next((row[-1] for row in table if row[:-1] == tuple(kinds)), None)


def _error(
    node: Expr, kinds: list[int], scopes: Scopes, known: Mapping[str, Known], describe: Callable[[str], str | None]
) -> GradcalcError:
    operands = [messages.Operand(child, kind, _dims(child, known)) for child, kind in zip(node.children, kinds)]
    return messages.no_kind(node, operands, scopes, describe)


def _dims(node: Expr, known: Mapping[str, Known]) -> tuple[Dim, ...] | None:
    """The dims of a variable or its transpose, where they are known."""
    if isinstance(node, Transpose):
        dims = _dims(node.operand, known) if isinstance(node.operand, Name) else None
        return dims[::-1] if dims is not None else None
    before = known.get(node.name) if isinstance(node, Name) else None
    return before.dims if before is not None else None
