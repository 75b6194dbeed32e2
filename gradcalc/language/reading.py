"""The search for the best reading: the kinds of the variables that make a program well-formed at the least cost.

Arc consistency on masks of kinds narrows the choice; where convention does not fit at once, branch and bound decides.
Cost: a reading whose objective is a number is better than any other that keeps upper-case names matrices; below that,
each lower-case name read as a number and each Greek name read as a vector costs one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from gradcalc.language.kinds import ANY, C, M, S, Table, revised
from gradcalc.language.lexer import GREEK

_OBJECTIVE_NOT_SCALAR = 500

_COSTS = {
    "matrix": {M: 0, C: 700, S: 1000},
    "vector": {C: 0, S: 1, M: 700},
    "scalar": {S: 0, C: 1, M: 700},
}

_SEARCH_BUDGET = 4000
_TIE_BUDGET = 400

_MOST_VARIABLES_FOR_TIES = 50
"""With more variables, whether another reading costs the same is not asked: the search would not stay linear."""

_GREEK_NAMES = frozenset(GREEK.values()) | {"eps", "varepsilon"}


def convention(name: str) -> str:
    """The kind that a name suggests: upper-case a matrix, lower-case a vector, Greek a scalar."""
    stem = name.rstrip("0123456789_")
    stem = stem.split("_")[0] or name
    if stem in _GREEK_NAMES:
        return "scalar"
    return "matrix" if name[0].isupper() else "vector"


class Network:
    """Cells with masks of kinds, and the constraints between them."""

    def __init__(self) -> None:
        self.masks: list[int] = []
        self._around: list[list[int]] = []
        self.constraints: list[tuple[Table, tuple[int, ...]]] = []

    def cell(self, mask: int = ANY) -> int:
        self.masks.append(mask)
        self._around.append([])
        return len(self.masks) - 1

    def constrain(self, table: Table, cells: tuple[int, ...]) -> None:
        number = len(self.constraints)
        self.constraints.append((table, cells))
        for cell in set(cells):
            self._around[cell].append(number)

    def propagate(self, pending: list[int], trail: list[tuple[int, int]] | None = None) -> bool:
        """Narrows the masks from the given constraints on; False when a cell has no kind left."""
        queued = set(pending)
        masks = self.masks
        while pending:
            number = pending.pop()
            queued.discard(number)
            table, cells = self.constraints[number]
            before = tuple([masks[cell] for cell in cells])
            after = revised(table, before)
            if after == before:
                continue
            for cell, mask in zip(cells, after):
                mask &= masks[cell]
                if mask == masks[cell]:
                    continue
                if trail is not None:
                    trail.append((cell, masks[cell]))
                masks[cell] = mask
                if not mask:
                    return False
                for other in self._around[cell]:
                    if other not in queued:
                        queued.add(other)
                        pending.append(other)
        return True

    def restrict(self, cell: int, mask: int, trail: list[tuple[int, int]]) -> bool:
        """Restricts a cell and propagates; what was is put on the trail."""
        new = self.masks[cell] & mask
        if new != self.masks[cell]:
            trail.append((cell, self.masks[cell]))
            self.masks[cell] = new
        return bool(new) and self.propagate(list(self._around[cell]), trail)

    def undo(self, trail: list[tuple[int, int]], length: int = 0) -> None:
        while len(trail) > length:
            cell, mask = trail.pop()
            self.masks[cell] = mask


Reading = dict[str, int]


def best_reading(network: Network, root: int, variables: dict[str, int]) -> tuple[Reading, Reading | None] | None:
    """The cheapest kinds of the variables, and another reading of the same cost if there is one; None if none fits.

    variables: the cell of each variable, in order. The network is left as it was after the first propagation.
    """
    if not network.propagate(list(range(len(network.constraints)))):
        return None
    search = _Search(network, variables)
    trail: list[tuple[int, int]] = []
    if network.restrict(root, S, trail):
        search.run(0)
    network.undo(trail)
    if search.best is None or search.best_cost >= _OBJECTIVE_NOT_SCALAR:
        search.run(_OBJECTIVE_NOT_SCALAR)
    if search.best is None:
        return None
    other = None
    asked = len(variables) <= _MOST_VARIABLES_FOR_TIES
    if asked and search.best_cost > 0 and search.best_cost != _OBJECTIVE_NOT_SCALAR:
        if search.best_cost < _OBJECTIVE_NOT_SCALAR:
            network.restrict(root, S, trail)
            other = search.tie(0)
            network.undo(trail)
        else:
            other = search.tie(_OBJECTIVE_NOT_SCALAR)
    return search.best, other


class _Search:
    def __init__(self, network: Network, variables: dict[str, int]) -> None:
        self.network = network
        self.variables = list(variables.items())
        self.costs = {name: _COSTS[convention(name)] for name in variables}
        self.best: Reading | None = None
        self.best_cost = 1 << 60

    def _choices(self, name: str, cell: int) -> list[tuple[int, int]]:
        """(cost, kind) of the kinds left for a variable, cheapest first; a single one left costs nothing to choose."""
        mask = self.network.masks[cell]
        return sorted([(cost, kind) for kind, cost in self.costs[name].items() if kind & mask])

    def _bound(self) -> int:
        return sum([self._choices(name, cell)[0][0] for name, cell in self.variables])

    def run(self, start: int) -> None:
        """Finds the cheapest reading within the current masks, if it is cheaper than the best so far."""
        if start + self._bound() >= self.best_cost:
            return
        trail: list[tuple[int, int]] = []
        if self._cheapest_everywhere(trail):
            cost = start + self._bound()
            if cost < self.best_cost:
                self.best, self.best_cost = self._reading(), cost
            self.network.undo(trail)
            return
        self.network.undo(trail)
        for cost, reading in self._solutions(start, _SEARCH_BUDGET, strictly=True):
            self.best, self.best_cost = reading, cost

    def tie(self, start: int) -> Reading | None:
        """Another reading as cheap as the best."""
        solutions = self._solutions(start, _TIE_BUDGET, strictly=False)
        found = next((r for cost, r in solutions if cost == self.best_cost and r != self.best), None)
        solutions.close()
        return found

    def _reading(self) -> Reading:
        return {name: self.network.masks[cell] for name, cell in self.variables}

    def _cheapest_everywhere(self, trail: list[tuple[int, int]]) -> bool:
        for name, cell in self.variables:
            choices = self._choices(name, cell)
            if len(choices) > 1 and not self.network.restrict(cell, choices[0][1], trail):
                return False
        return True

    def _solutions(self, start: int, budget: int, strictly: bool) -> Generator[tuple[int, Reading], None, None]:
        """Readings in depth-first order, cheapest kinds first, none dearer than the best so far."""
        trail: list[tuple[int, int]] = []
        try:
            yield from self._walk(start, budget, strictly, trail)
        finally:
            self.network.undo(trail)

    def _walk(self, start: int, budget: int, strictly: bool, trail: list[tuple[int, int]]) -> Iterator[tuple[int, Reading]]:
        # One entry a variable that is being decided: where its trail starts, and the kinds not tried yet.
        levels: list[tuple[int, list[int]]] = []
        depth = 0
        forward = True
        while True:
            if forward and depth == len(self.variables):
                cost = start + self._bound()
                if cost < self.best_cost or (not strictly and cost == self.best_cost):
                    yield cost, self._reading()
                forward = False
            if forward:
                name, cell = self.variables[depth]
                kinds = [kind for _, kind in reversed(self._choices(name, cell))]
                levels.append((len(trail), kinds))
                depth += 1
            if not levels:
                return
            mark, kinds = levels[-1]
            self.network.undo(trail, mark)
            if not kinds or budget <= 0:
                levels.pop()
                depth -= 1
                forward = False
                continue
            budget -= 1
            kind = kinds.pop()
            cell = self.variables[depth - 1][1]
            forward = self.network.restrict(cell, kind, trail)
            if forward:
                bound = start + self._bound()
                forward = bound < self.best_cost or (not strictly and bound == self.best_cost)
