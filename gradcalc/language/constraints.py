"""A program as constraints between kinds: a cell for every node and every variable."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Linear
from gradcalc.language.kinds import (
    ANY,
    MASKS,
    SAME_HEIGHT,
    VARIABLE,
    C,
    M,
    S,
    Table,
    block_tables,
    growing_block,
    table_of,
)
from gradcalc.language.known import Known
from gradcalc.language.reading import Network
from gradcalc.language.scopes import Scopes
from gradcalc.language.syntax import Block, Call, Expr, Name, Number

_NUMBER: Table = ((S,),)


class Constraints:
    """network: the constraints. cells: the cell of every node by `id`. variables: the cell of each variable.

    sizes: names of dimensions, which are numbers. broadcast: a vector may be repeated to fill a matrix where the shapes
    of all variables in both are known. With `stepwise` every constraint is propagated when it is added, up to
    the first one that contradicts those before it; its node is then `fault`, and the masks are those before.
    """

    def __init__(
        self,
        scopes: Scopes,
        known: Mapping[str, Known],
        sizes: Collection[str],
        *,
        broadcast: bool = False,
        stepwise: bool = False,
    ) -> None:
        self.network = Network()
        self.cells: dict[int, int] = {}
        self.variables: dict[str, int] = {}
        self.fault: Expr | None = None
        self._scopes = scopes
        self._known = known
        self._sizes = sizes
        complete = _complete(scopes, known) if broadcast else frozenset()
        bodies = {id(function.body) for function in scopes.functions.values() if function.body is not None}
        for node in scopes.order:
            numbers = self._add(node, id(node) in complete)
            if id(node) in bodies:
                numbers.append(self._make_scalar(node))
            if stepwise and not all(self._step(number) for number in numbers):
                self.fault = node
                return

    def _make_scalar(self, body: Expr) -> int:
        self.network.constrain(_NUMBER, (self.cells[id(body)],))
        return len(self.network.constraints) - 1

    def _step(self, number: int) -> bool:
        trail: list[tuple[int, int]] = []
        fits = self.network.propagate([number], trail)
        if not fits:
            self.network.undo(trail)
        return fits

    def _add(self, node: Expr, repeats: bool) -> list[int]:
        """Adds a node; the number of its constraint, if it has one."""
        network, cells = self.network, self.cells
        key = id(node)
        if isinstance(node, Number):
            cells[key] = network.cell(S)
        elif isinstance(node, Name):
            cells[key] = self._name(node)
        elif isinstance(node, Call) and node.children and id(node.children[0]) in self._scopes.sizes:
            cells[key] = network.cell(kind_of_sized(node))
        elif isinstance(node, Block):
            return self._known_block(node) if repeats else self._block(node)
        else:
            cells[key] = network.cell(ANY)
            # Operands that are sizes have no cell of their own; they are numbers.
            operands = [cells[id(c)] if id(c) in cells else network.cell(S) for c in node.children]
            network.constrain(table_of(node, repeats, self._scopes.functions), (*operands, cells[key]))
            return [len(network.constraints) - 1]
        return []

    def _block(self, node: Block) -> list[int]:
        network = self.network
        whole = self.cells[id(node)] = network.cell(ANY)
        before = len(network.constraints)
        for part in node.children:
            network.constrain(block_tables(node), (self.cells[id(part)], whole))
        for row in node.rows:
            for one, other in pairwise(row):
                network.constrain(SAME_HEIGHT, (self.cells[id(one)], self.cells[id(other)]))
        return list(range(before, len(network.constraints)))

    def _known_block(self, node: Block) -> list[int]:
        """A block of operands whose shapes are known: rows beside matrices of one row, and so on."""
        network = self.network
        before = len(network.constraints)
        kind, table = growing_block(node)
        so_far = network.cell(kind)
        for part in node.children:
            with_part = network.cell(ANY)
            network.constrain(table, (so_far, self.cells[id(part)], with_part))
            so_far = with_part
        self.cells[id(node)] = so_far
        return list(range(before, len(network.constraints)))

    def _name(self, node: Name) -> int:
        name = node.name
        if id(node) in self._scopes.parameters or id(node) in self._scopes.bound:
            return self.network.cell(S)
        definition = self._scopes.definition(node)
        if definition is not None:
            return self.cells[id(definition)]
        known = self._known.get(name)
        if known is None and (name == "pi" or name in self._sizes):
            return self.network.cell(S)
        if name not in self.variables:
            mask = VARIABLE if known is None or known.kind is None else MASKS[known.kind]
            self.variables[name] = self.network.cell(mask)
        return self.variables[name]


def kind_of_sized(node: Call) -> int:
    """The kind of a call whose operands are sizes, as eye(n), ones(m, n)."""
    entry = catalogue.lookup(node.function)
    assert isinstance(entry, Linear)
    result = entry.variants.get(",".join(["dimension"] * len(node.children)), ("", "matrix"))[1]
    return {"vector": C, "matrix": M}.get(result, S)


def _complete(scopes: Scopes, known: Mapping[str, Known]) -> frozenset[int]:
    """The `id`s of the nodes in which the shapes of all variables are declared or given."""
    complete: set[int] = set()
    for node in scopes.order:
        if isinstance(node, Name) and id(node) not in scopes.parameters and id(node) not in scopes.bound:
            definition = scopes.definition(node)
            if definition is not None:
                whole = id(definition) in complete
            else:
                whole = node.name == "pi" or (node.name in known and known[node.name].dims is not None)
        else:
            whole = all(id(child) in complete or id(child) in scopes.sizes for child in node.children)
        if whole:
            complete.add(id(node))
    return frozenset(complete)
