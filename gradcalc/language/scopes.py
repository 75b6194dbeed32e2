"""What the names of a program refer to: parameters, bound indices, definitions, sizes; and what the objective uses."""

from __future__ import annotations

from collections.abc import Collection

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Function
from gradcalc.language import varying
from gradcalc.language.polynomial import Dim, names_in, split_off
from gradcalc.language.syntax import (
    Call,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Program,
    postorder,
)


class Scopes:
    """Read off the program once; nothing of kinds or lengths is known here.

    order: every node that the objective uses, definitions and bodies of functions included, each after its operands.
    parameters: the `id`s of names that are parameters. bound: the `id`s of names that are indices used as numbers.
    positions: for the `id` of a sum, the places where its indices stand: the index node, the axis, the name, and what
        is added to it. free: the same for free indices. sizes: the `id`s of operands that are sizes: the n of eye(n).
    size_names: the names that stand for sizes somewhere. unbound: the `id` of an index node and the axis
        where a position is no bound index, and has to be made of lengths.
    """

    def __init__(self, program: Program, free_indices: Collection[str] = ()) -> None:
        self.definitions: dict[str, Expr] = {item.name: item.expression for item in program.definitions}
        self.functions: dict[str, FunctionDefinition] = {item.name: item for item in program.functions}
        self.parameters: set[int] = set()
        self.bound: set[int] = set()
        self.positions: dict[int, list[tuple[Index, int, str, Dim]]] = {}
        self.free: list[tuple[Index, int, str]] = []
        self.index_names: set[str] = set(free_indices)
        self.sizes: set[int] = set()
        self.size_names: dict[str, None] = {}
        self._free_indices = free_indices
        self.unbound: set[tuple[int, int]] = set()
        for definition in program.definitions:
            self._indices(definition.expression)
        for function in program.functions:
            if function.body is not None:
                self._indices(function.body, function.parameter)
                self.parameters.update(
                    [id(n) for n in postorder(function.body) if isinstance(n, Name) and n.name == function.parameter]
                )
        self._indices(program.objective)
        self.order: list[Expr] = []
        self._reach(program.objective)

    def definition(self, node: Name) -> Expr | None:
        """The expression that a name stands for, where it is the name of a definition."""
        if node.name not in self.definitions or id(node) in self.parameters or id(node) in self.bound:
            return None
        return self.definitions[node.name]

    def body(self, node: Expr) -> Expr | None:
        """The body of the user's function that a node calls."""
        function = self.functions.get(node.function) if isinstance(node, Call) else None
        return function.body if function is not None else None

    def entry(self, node: Call) -> Function | None:
        """The catalogue's entry of the function that a node calls; None for a function of the user."""
        return None if node.function in self.functions else catalogue.lookup(node.function)

    def _indices(self, root: Expr, parameter: str = "") -> None:
        """Finds the places of the indices in an expression. A node that is shared is entered once for each sum.

        parameter: of the function whose body this is. Raises GradcalcError of kind syntax for a length that is no
        fixed one, as the i of sum[j=1..i](...) inside sum[i](...).
        """
        binders: dict[str, list[IndexedSum]] = {}
        innermost: list[int] = [0]
        met: set[tuple[int, int]] = set()
        pending: list[tuple[Expr, bool]] = [(root, False)]
        while pending:
            node, leaving = pending.pop()
            if leaving:
                assert isinstance(node, IndexedSum)
                innermost.pop()
                for name, _, _ in node.ranges:
                    binders[name].pop()
                continue
            if (id(node), innermost[-1]) in met:
                continue
            met.add((id(node), innermost[-1]))
            if isinstance(node, Name):
                if binders.get(node.name) or node.name in self._free_indices:
                    self.bound.add(id(node))
            elif isinstance(node, Index):
                self._index(node, binders)
                self._check_slices(node, binders, parameter)
            elif isinstance(node, Call):
                self._check_sizes(node, binders, parameter)
            elif isinstance(node, IndexedSum):
                pending.append((node, True))
                innermost.append(id(node))
                self.positions.setdefault(id(node), [])
                for name, first, last in node.ranges:
                    self.index_names.add(name)
                    binders.setdefault(name, []).append(node)
                    self.size_names.update(dict.fromkeys([*names_in(first or 1), *names_in(last or 1)]))
                self._check_ranges(node, binders, parameter)
            pending.extend([(child, False) for child in node.children])

    def _index(self, node: Index, binders: dict[str, list[IndexedSum]]) -> None:
        for axis, position in enumerate(node.positions):
            if isinstance(position, tuple):
                names = [name for bound in position for name in names_in(bound) if name != "end"]
                self.size_names.update(dict.fromkeys(names))
            if not isinstance(position, str):
                continue
            bound = [name for name in names_in(position) if binders.get(name)]
            rest = split_off(position, bound[0]) if len(bound) == 1 else None
            if rest is not None:
                self.positions[id(binders[bound[0]][-1])].append((node, axis, bound[0], rest))
                self.size_names.update(dict.fromkeys(names_in(rest)))
            elif position in self._free_indices:
                self.free.append((node, axis, position))
            else:
                self.unbound.add((id(node), axis))

    def _moves(self, name: str, binders: dict[str, list[IndexedSum]], parameter: str) -> str:
        """What a name is that stands for no fixed length there; empty where it may."""
        if binders.get(name) or name in self._free_indices:
            return "an index"
        return "the parameter of the function" if name == parameter else ""

    def _check_ranges(self, node: IndexedSum, binders: dict[str, list[IndexedSum]], parameter: str) -> None:
        for place, (_, first, last) in enumerate(node.ranges):
            for name in [*names_in(first or 1), *names_in(last or 1)]:
                what = self._moves(name, binders, parameter)
                if what:
                    outer = {
                        other: next((low, high) for own, low, high in sums[-1].ranges if own == other)
                        for other, sums in binders.items()
                        if sums
                    }
                    raise varying.varying_range(node, place, name, what, outer)

    def _check_slices(self, node: Index, binders: dict[str, list[IndexedSum]], parameter: str) -> None:
        for position in node.positions:
            for bound in position if isinstance(position, tuple) else ():
                for name in names_in(bound):
                    what = self._moves(name, binders, parameter)
                    if what:
                        raise varying.varying_slice(node, name, what)

    def _check_sizes(self, node: Call, binders: dict[str, list[IndexedSum]], parameter: str) -> None:
        first = first_size(node) if node.function not in self.functions else None
        for size in node.children[first:] if first is not None else ():
            for leaf in postorder(size):
                what = self._moves(leaf.name, binders, parameter) if isinstance(leaf, Name) else ""
                if isinstance(leaf, Name) and what:
                    raise varying.varying_size(size, leaf.name, what)

    def _size(self, size: Expr) -> None:
        self.sizes.add(id(size))
        self.size_names.update({node.name: None for node in postorder(size) if isinstance(node, Name)})

    def _reach(self, objective: Expr) -> None:
        order = self.order
        met: set[int] = set()
        done: set[int] = set()
        pending: list[tuple[Expr, bool]] = [(objective, False)]
        while pending:
            node, ready = pending.pop()
            if ready:
                done.add(id(node))
                order.append(node)
                continue
            if id(node) in met:
                continue
            met.add(id(node))
            pending.append((node, True))
            used: Expr | None = None
            if isinstance(node, Name):
                used = self.definition(node)
            elif isinstance(node, Call):
                used = self.body(node)
                first = first_size(node) if node.function not in self.functions else None
                if first is not None:
                    for child in node.children[first:]:
                        self._size(child)
                    pending.extend(
                        [(child, False) for child in reversed(node.children[:first]) if id(child) not in met]
                    )
                    continue
            if used is not None:
                if id(used) in met and id(used) not in done:
                    raise _circle(node)
                pending.append((used, False))
            pending.extend([(child, False) for child in reversed(node.children) if id(child) not in met])


def first_size(node: Call) -> int | None:
    """The place of the first operand that is a size."""
    return catalogue.first_size(node.function)


def not_bound(node: Index, name: str) -> GradcalcError:
    index = next(iter(names_in(name)), "i")
    return GradcalcError(
        "name",
        f"the index {name} is not bound by a sum",
        span=node.span,
        hint=f"Write sum[{index}](...) around it, a number, the length of the axis, or `end`.",
    )


def _circle(node: Expr) -> GradcalcError:
    name = node.name if isinstance(node, Name) else node.function if isinstance(node, Call) else ""
    return GradcalcError(
        "name",
        f"the definition of {name} uses itself",
        span=node.span,
        hint="A definition may use variables, functions and definitions that do not lead back to it.",
    )
