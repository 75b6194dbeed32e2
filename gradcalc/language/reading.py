"""The search for the best reading: the kinds of the variables that make a program well-formed at the least cost.

Arc consistency on masks of kinds narrows the choice; where convention does not fit at once, branch and bound decides.
Cost: a reading whose objective is a number is better than any other that keeps upper-case names matrices; below that,
each lower-case name read as a number and each Greek name read as a vector costs one.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from functools import cache

from gradcalc.language.kinds import ANY, C, M, R, S, Table, revised
from gradcalc.language.lexer import GREEK

# Far more than any number of names could cost that are read as numbers or vectors.
_OBJECTIVE_NOT_SCALAR = 5_000_000

_COSTS = {
    "matrix": {M: 0, C: 7_000_000, S: 10_000_000},
    "vector": {C: 0, S: 1, M: 7_000_000},
    "scalar": {S: 0, C: 1, M: 7_000_000},
}

_SEARCH_BUDGET = 20_000
_TIE_BUDGET = 5_000
_BUDGET_PER_CELL = 20
"""How many steps the search may take, so that it stays linear where a program is large."""

_ATTEMPTS = 20

_GREEK_NAMES = frozenset([name for name in GREEK.values() if name.islower()]) | {"eps", "varepsilon"}


def convention(name: str) -> str:
    """The kind that a name suggests: upper-case a matrix, lower-case a vector, Greek a scalar."""
    stem = name.rstrip("0123456789_")
    stem = stem.split("_")[0] or name
    if stem in _GREEK_NAMES:
        return "scalar"
    return "matrix" if name[0].isupper() else "vector"


class Network:
    """Cells with masks of kinds, the constraints between them, and the least cost of the kinds that are left.

    bound: the sum over the weighed cells of the least cost that is left. steps: counts the work that was done.
    """

    def __init__(self) -> None:
        self.masks: list[int] = []
        self.constraints: list[tuple[Table, tuple[int, ...]]] = []
        self.bound = 0
        self.steps = 0
        self._around: list[list[int]] = []
        self._weights: dict[int, tuple[int, ...]] = {}

    def cell(self, mask: int = ANY) -> int:
        self.masks.append(mask)
        self._around.append([])
        return len(self.masks) - 1

    def constrain(self, table: Table, cells: tuple[int, ...]) -> None:
        number = len(self.constraints)
        self.constraints.append((table, cells))
        for cell in set(cells):
            self._around[cell].append(number)

    def weigh(self, cell: int, costs: Mapping[int, int]) -> None:
        """Gives the kinds of a cell their costs."""
        weights = _least_costs(tuple(sorted(costs.items())))
        self._weights[cell] = weights
        self.bound += weights[self.masks[cell]]

    def propagate(self, pending: list[int], trail: list[tuple[int, int]]) -> bool:
        """Narrows the masks from the given constraints on; False when a cell has no kind left."""
        queued = set(pending)
        masks, around, constraints, weights = self.masks, self._around, self.constraints, self._weights
        while pending:
            self.steps += 1
            number = pending.pop()
            queued.discard(number)
            table, cells = constraints[number]
            before = tuple([masks[cell] for cell in cells])
            after = revised(table, before)
            if after == before:
                continue
            for cell, mask in zip(cells, after):
                old = masks[cell]
                mask &= old
                if mask == old:
                    continue
                trail.append((cell, old))
                masks[cell] = mask
                if cell in weights:
                    self.bound += weights[cell][mask] - weights[cell][old]
                if not mask:
                    return False
                for other in around[cell]:
                    if other not in queued:
                        queued.add(other)
                        pending.append(other)
        return True

    def restrict(self, cell: int, mask: int, trail: list[tuple[int, int]]) -> bool:
        """Restricts a cell and propagates; what was is put on the trail. False when a cell has no kind left."""
        old = self.masks[cell]
        new = old & mask
        if new == old:
            return bool(new)
        trail.append((cell, old))
        self.masks[cell] = new
        if cell in self._weights:
            self.bound += self._weights[cell][new] - self._weights[cell][old]
        return bool(new) and self.propagate(list(self._around[cell]), trail)

    def bound_with(self, cell: int, kind: int) -> int:
        """The bound if a weighed cell had that kind."""
        weights = self._weights[cell]
        return self.bound + weights[kind] - weights[self.masks[cell]]

    def undo(self, trail: list[tuple[int, int]], length: int = 0) -> None:
        masks, weights = self.masks, self._weights
        while len(trail) > length:
            cell, mask = trail.pop()
            if cell in weights:
                self.bound += weights[cell][mask] - weights[cell][masks[cell]]
            masks[cell] = mask

    def parts(self, cells: Collection[int]) -> list[list[int]]:
        """The given cells that are not decided, grouped by whether deciding one can narrow another."""
        owner = list(range(len(self.masks)))

        def find(cell: int) -> int:
            while owner[cell] != cell:
                owner[cell] = owner[owner[cell]]
                cell = owner[cell]
            return cell

        undecided = [mask & (mask - 1) != 0 for mask in self.masks]
        for _, around in self.constraints:
            open_cells = [cell for cell in around if undecided[cell]]
            for other in open_cells[1:]:
                owner[find(other)] = find(open_cells[0])
        groups: dict[int, list[int]] = {}
        for cell in cells:
            if undecided[cell]:
                groups.setdefault(find(cell), []).append(cell)
        return list(groups.values())


@cache
def _least_costs(costs: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """For each mask the least cost of its kinds; 0 for the empty one, whose reading is given up anyway."""
    return tuple([min([cost for kind, cost in costs if kind & mask], default=0) for mask in range(ANY + 1)])


Reading = dict[str, int]


class Solution:
    """The reading that is taken: the kind of each variable.

    other: another reading of the same cost, if one was found. forced: the variables of which no other kind fits.
    """

    def __init__(self, reading: Reading, other: Reading | None, cost: int) -> None:
        self.reading = reading
        self.other = other
        self.cost = cost
        self.forced: set[str] = set()


def best_reading(network: Network, root: int, variables: Mapping[str, int]) -> Solution | None:
    """The cheapest kinds of the variables; None where none fits.

    variables: the cell of each variable, in order. The network is left narrowed to the reading.
    """
    trail: list[tuple[int, int]] = []
    if not network.propagate(list(range(len(network.constraints))), trail):
        return None
    forced = {name for name, cell in variables.items() if network.masks[cell] in (S, C, M)}
    for name, cell in variables.items():
        # The only kind that is left is no choice and costs nothing.
        network.weigh(cell, {} if name in forced else _COSTS[convention(name)])
    best: Solution | None = None
    for start, mask in ((0, S), (_OBJECTIVE_NOT_SCALAR, C | R | M)):
        trail = []
        if (best is None or start + network.bound < best.cost) and network.restrict(root, mask, trail):
            found = _cheapest(network, variables)
            if found is not None and (best is None or start + found.cost < best.cost):
                best = found
                best.cost += start
        network.undo(trail)
    if best is None:
        return None
    best.forced = forced
    for name, cell in variables.items():
        network.restrict(cell, best.reading[name], [])
    return best


def _cheapest(network: Network, variables: Mapping[str, int]) -> Solution | None:
    """The cheapest reading within the masks of the network, part by part."""
    names = {cell: name for name, cell in variables.items()}
    trail: list[tuple[int, int]] = []
    other: Reading = {}
    try:
        for part in network.parts(list(names)):
            costs = {cell: _COSTS[convention(names[cell])] for cell in part}
            found = _Search(network, costs).run()
            if found is None:
                return None
            kinds, tie = found
            other.update({names[cell]: kind for cell, kind in (tie or {}).items()})
            for cell, kind in kinds.items():
                network.restrict(cell, kind, trail)
        reading = {name: network.masks[cell] for name, cell in variables.items()}
        cost = network.bound
    finally:
        network.undo(trail)
    return Solution(reading, {**reading, **other} if other else None, cost)


class _Search:
    """Branch and bound over a few cells of a network, which is left as it was."""

    def __init__(self, network: Network, costs: Mapping[int, Mapping[int, int]]) -> None:
        self._network = network
        self._kinds = {cell: sorted(own, key=own.__getitem__) for cell, own in costs.items()}
        self._order = list(costs)
        self._limit = 1 << 60

    def run(self) -> tuple[dict[int, int], dict[int, int] | None] | None:
        """The cheapest kinds of the cells, and others that cost the same; None where nothing fits."""
        least = self._network.bound
        best = self._plain()
        if best is not None and self._limit == least:
            return best, None
        size = _BUDGET_PER_CELL * len(self._order)
        for kinds, cost in self._solutions(_SEARCH_BUDGET + size):
            best, self._limit = kinds, cost
        if best is None:
            return None
        self._limit += 1
        solutions = self._solutions(_TIE_BUDGET + size)
        other = next((kinds for kinds, _ in solutions if kinds != best), None)
        solutions.close()
        return best, other

    def _plain(self) -> dict[int, int] | None:
        """Every cell in turn at its cheapest kind, which sets the limit.

        A cell that contradicts earlier ones comes first in a new attempt, so that those that contradict each other
        end up together at the front, where the search decides them.
        """
        network = self._network
        for _ in range(_ATTEMPTS):
            trail: list[tuple[int, int]] = []
            failed = None
            for cell in self._order:
                kind = next(kind for kind in self._kinds[cell] if kind & network.masks[cell])
                if not network.restrict(cell, kind, trail):
                    failed = cell
                    break
            kinds = {cell: network.masks[cell] for cell in self._order}
            if failed is None:
                self._limit = network.bound
            network.undo(trail)
            if failed is None:
                return kinds
            self._order.remove(failed)
            self._order.insert(0, failed)
        return None

    def _solutions(self, budget: int) -> Generator[tuple[dict[int, int], int], None, None]:
        """Kinds of the cells that cost less than the limit, depth first, cheapest kinds first."""
        network, order = self._network, self._order
        trail: list[tuple[int, int]] = []
        # One entry a cell that is being decided: where its trail starts, and the kinds not tried yet.
        levels: list[tuple[int, list[int]]] = []
        try:
            end = network.steps + budget
            while network.steps < end:
                if len(levels) < len(order):
                    cell = order[len(levels)]
                    levels.append(
                        (len(trail), [kind for kind in reversed(self._kinds[cell]) if kind & network.masks[cell]])
                    )
                else:
                    yield {cell: network.masks[cell] for cell in order}, network.bound
                while levels:
                    mark, kinds = levels[-1]
                    network.undo(trail, mark)
                    if not kinds:
                        levels.pop()
                        continue
                    cell, kind = order[len(levels) - 1], kinds.pop()
                    if network.bound_with(cell, kind) >= self._limit:
                        continue
                    network.steps += 1
                    if network.restrict(cell, kind, trail) and network.bound < self._limit:
                        break
                else:
                    return
        finally:
            network.undo(trail)
