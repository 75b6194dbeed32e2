"""The walk: what a syntax tree is worth, in any algebra.

Kinds follow from the operands, so that a tree needs no typing but for the ranges of its indices. Inside the body of an
elementwise function everything is a scalar, whatever the shape of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcalc.functions import catalogue
from gradcalc.language.polynomial import Dim, names_in, size_of
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
)
from gradcalc.limits import places, spend
from gradcalc.meaning import calls, operators
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.values import NoMeaning, Scope, Surroundings, Value, whole_number

Step = tuple[Expr, tuple[int, ...], tuple[int, ...]]
"""A node, the places of its operands' values, and the places of what nothing needs after it."""


_Key = tuple[Expr, tuple[tuple[str, Any], ...]]
"""An expression and the values of the indices that it uses."""


class Interpreter:
    """Evaluates trees in given surroundings; what is met is noted in `observation`."""

    def __init__(
        self,
        surroundings: Surroundings,
        algebra: Any,
        observation: Observation,
        measures: bool = False,
        tick: Callable[[], None] | None = None,
    ) -> None:
        """measures: note the largest number on the way as well. tick: called before every operation; it may raise."""
        self.around = surroundings
        self.np = algebra
        self.observation = observation
        self.free: Scope = {}
        self._measures = measures
        self._tick = tick
        self._definitions: dict[str, Value] = {}
        self._known: dict[_Key, Value] = {}

    def value(self, root: Expr, scope: Scope | None = None) -> Value:
        """The value of an expression. scope: values of parameters and bound indices. Raises NoMeaning."""
        scope = self.free if scope is None else scope
        values: list[Any] = []
        try:
            plan = _plan(root, self.around.functions)
            names = plan.names() if scope else ()
            for place, (node, operands, dead) in enumerate(plan.steps):
                key = _index_key(node, names[place], scope, self.np.small) if scope else None
                value = None if key is None else self._known.get(key)
                if value is None:
                    spend()
                    if self._tick is not None:
                        self._tick()
                    value = self.node(node, [values[operand] for operand in operands], scope)
                    if key is not None:
                        self._known[key] = value
                values.append(value)
                if self._measures:
                    self.observation.largest = max(self.observation.largest, self.np.largest(values[-1][1]))
                for done in dead:
                    values[done] = None
        except NoMeaning:
            raise
        except (ValueError, IndexError, KeyError, AttributeError) as error:
            raise NoMeaning(f"{to_text(root)}: {error}") from error
        answer: Value = values[-1]
        return answer

    def node(self, node: Expr, operands: Sequence[Value], scope: Scope) -> Value:
        """The value of a node from those of its operands."""
        if isinstance(node, Name):
            return self._name(node.name, scope)
        if isinstance(node, IndexedSum):
            return self._indexed_sum(node, scope)
        return _RULES[type(node)](self, node, operands, scope)

    def _name(self, name: str, scope: Scope) -> Value:
        if name in scope:
            return scope[name]
        if name in self.around.definitions:
            return self._definition(name)
        known = self.around.variables.get(name)
        if known is not None:
            return known
        return "scalar", self.np.pi if name == "pi" else self.np.number(self.size(name))

    def _definition(self, name: str) -> Value:
        """The value of a definition, those that it uses first."""
        definitions, known = self.around.definitions, self._definitions
        pending = [name]
        while pending:
            current = pending[-1]
            waiting = [
                leaf.name
                for leaf in postorder(definitions[current])
                if isinstance(leaf, Name) and leaf.name in definitions and leaf.name not in known
            ]
            if current in known:
                pending.pop()
            elif waiting:
                if current in waiting:
                    raise NoMeaning(f"{current} is defined by itself")
                pending.extend(waiting)
            else:
                known[current] = self.value(definitions[current])
        return known[name]

    def size(self, name: str) -> int:
        """The length that a name stands for. Raises NoMeaning."""
        found = self.around.sizes.get(name)
        if found is None:
            found = self.around.axes.size(name)
        if found is None:
            raise NoMeaning(f"nothing is called {name}")
        return found

    def length(self, dim: Dim, scope: Scope, end: int | None = None) -> int:
        """A position, a length or the end of a range, from the values of indices and the lengths of axes.

        end: the length of the axis, which the name `end` stands for.
        """
        if isinstance(dim, int):
            return dim
        known: dict[str, int] = {}
        for name in names_in(dim):
            if name == "end" and end is not None:
                known[name] = end
            else:
                known[name] = whole_number(scope[name][1]) if name in scope else self.size(name)
        return size_of(dim, known)

    def _indexed_sum(self, node: IndexedSum, scope: Scope) -> Value:
        ranges = []
        # The shape of what is indexed does not depend on the values of the indices.
        first_of_all: Scope = {**scope, **{name: ("scalar", self.np.number(1)) for name, _, _ in node.ranges}}
        for name, first, last in node.ranges:
            low = 1 if first is None else self.length(first, scope)
            high = self._range(node, name, first_of_all) if last is None else self.length(last, scope)
            ranges.append(range(low, high + 1))
            self.observation.empty |= high < low
        total: Value | None = None
        for place in places(ranges):
            numbers: Scope = {name: ("scalar", self.np.number(p)) for (name, _, _), p in zip(node.ranges, place)}
            value = self.value(node.body, {**scope, **numbers})
            total = value if total is None else (value[0], total[1] + value[1])
        return ("scalar", self.np.number(0)) if total is None else total

    def _range(self, node: IndexedSum, name: str, scope: Scope) -> int:
        """How far an index runs that has no range: to the end of the axis where it stands alone."""
        known = self.around.axes.of_index(node, name)
        if known is not None:
            return known
        for part in postorder(node.body):
            if isinstance(part, Index) and name in part.positions and not _mentions(part.operand, name):
                shape = self.value(part.operand, scope)[1].shape
                return int(shape[part.positions.index(name)])
        raise NoMeaning(f"nothing says how far {name} runs")


_RULES: dict[type[Expr], Callable[..., Value]] = {
    Number: operators.number,
    Negative: operators.negative,
    Transpose: operators.transpose,
    Binary: operators.binary,
    Index: operators.index,
    Block: operators.block,
    Call: calls.call,
}


def _index_key(node: Expr, names: frozenset[str], scope: Scope, small: bool) -> _Key | None:
    """What the value of a part of a sum depends on; None where it is not worth keeping, or depends on whole arrays.

    Of large arrays only what no index stands in is kept.
    """
    if not node.children:
        return None
    used = [(name, value[1]) for name, value in scope.items() if name in names]
    if used and not (small and all(getattr(number, "shape", None) is None for _, number in used)):
        return None
    return node, tuple(used)


def _names_of(node: Expr, inner: Sequence[Expr]) -> set[str]:
    """The names that a node uses itself, or in parts of it that are no operands."""
    names: set[str] = {node.name} if isinstance(node, Name) else set()
    if isinstance(node, Index):
        bounds = [b for p in node.positions for b in (p if isinstance(p, tuple) else (p,)) if b is not None]
        names.update([name for bound in bounds for name in names_in(bound)])
    if isinstance(node, IndexedSum):
        ends = [end for _, *bounds in node.ranges for end in bounds if end is not None]
        names.update([name for end in ends for name in names_in(end)])
    for part in inner:
        for below in postorder(part):
            names.update(_names_of(below, ()))
    return names


def _mentions(root: Expr, name: str) -> bool:
    return any(
        (isinstance(node, Index) and name in node.positions) or (isinstance(node, Name) and node.name == name)
        for node in postorder(root)
    )


class _Plan:
    """The steps of an expression in order."""

    def __init__(self, root: Expr, steps: list[Step]) -> None:
        self.root = root
        self.steps = steps
        self._names: list[frozenset[str]] | None = None

    def names(self) -> list[frozenset[str]]:
        """The names that the value of each step depends on."""
        if self._names is None:
            found: list[frozenset[str]] = []
            for node, places, _ in self.steps:
                own = frozenset(_names_of(node, node.children[len(places) :]))
                found.append(own.union(*[found[place] for place in places]))
            self._names = found
        return self._names


_PLANS: dict[tuple[Expr, frozenset[str]], _Plan] = {}
_MOST_PLANS = 4096


def _plan(root: Expr, functions: Mapping[str, FunctionDefinition]) -> _Plan:
    """The nodes in order, equal ones once, without what stands inside indexed sums or is a size."""
    key = (root, frozenset(functions))
    known = _PLANS.get(key)
    # An equal tree from elsewhere has nodes of its own, which another typing knows.
    if known is not None and known.root is root:
        return known
    if len(_PLANS) >= _MOST_PLANS:
        _PLANS.clear()
    plan = _PLANS[key] = _Plan(root, _planned(root, functions))
    return plan


def _operands(node: Expr, functions: Mapping[str, FunctionDefinition]) -> tuple[Expr, ...]:
    """The operands whose values a node needs."""
    if isinstance(node, IndexedSum):
        return ()
    if isinstance(node, Call) and node.function not in functions:
        return node.children[: catalogue.first_size(node.function)]
    return node.children


def _planned(root: Expr, functions: Mapping[str, FunctionDefinition]) -> list[Step]:
    steps: list[tuple[Expr, tuple[int, ...]]] = []
    place_of: dict[int, int] = {}
    known: dict[tuple[object, ...], int] = {}
    last_use: list[int] = []
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        node, ready = pending.pop()
        if id(node) in place_of:
            continue
        children = _operands(node, functions)
        if not ready and children:
            pending.append((node, True))
            pending.extend([(child, False) for child in reversed(children) if id(child) not in place_of])
            continue
        places = tuple([place_of[id(child)] for child in children])
        # What stands inside a sum, and sizes, are no operands: such a node is known by all of itself.
        key = (node.label, places, None if len(children) == len(node.children) else node)
        place = known.setdefault(key, len(steps))
        if place == len(steps):
            steps.append((node, places))
            last_use.append(place)
            for operand in places:
                last_use[operand] = place
        place_of[id(node)] = place
    dying: list[list[int]] = [[] for _ in steps]
    for place, user in enumerate(last_use):
        if user != place:
            dying[user].append(place)
    return [(node, places, tuple(dead)) for (node, places), dead in zip(steps, dying)]
