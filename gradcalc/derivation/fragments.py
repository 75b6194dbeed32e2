"""Small programs in which the parts of a derivation are variables, and what the core makes of them.

A part that is called s stands in later parts as a vector of known length. So every operator and every function of the
language has its differential and its adjoint from the one place where derivatives are made, and each is as short as the
part that it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from gradcalc.derivation.notation import substituted
from gradcalc.language.polynomial import Dim
from gradcalc.language.shapes import Typing, infer
from gradcalc.language.syntax import (
    Definition,
    Expr,
    FunctionDefinition,
    Name,
    Program,
    postorder,
)
from gradcalc.tensor.answer import UNSTRUCTURED, Answer, Derivation, Formula
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.indexing import index_names
from gradcalc.tensor.lowering import Lowering
from gradcalc.tensor.values import Value


class Context:
    """What the names of a derivation are.

    shapes: the dims of each name. structures: the structure of those that have one. functions: those of the user.
    dimensions: names of lengths. late: names that stand last in products: differentials. numbered: the letter and the
    last number that stand for names that have run out. taken: names that may not be given to anything else.
    """

    def __init__(self, typing: Typing, taken: Collection[str]) -> None:
        self.shapes: dict[str, tuple[Dim, ...]] = {}
        self.structures: dict[str, str] = {}
        self.functions: tuple[FunctionDefinition, ...] = tuple(typing.functions.values())
        self.dimensions = tuple(typing.dimension_names)
        self.late: set[str] = set()
        self.numbered: dict[tuple[str, ...], tuple[str, int]] = {}
        self.taken = {*taken, *self.dimensions, "pi", "e"}
        self._places: dict[str, int] = {}
        for variable in typing.variables.values():
            self.add(variable.name, variable.dims)
            if variable.structure is not None:
                self.structures[variable.name] = variable.structure

    def add(self, name: str, dims: tuple[Dim, ...]) -> None:
        self.shapes[name] = dims
        self._places[name] = len(self._places)
        self.taken.add(name)

    @property
    def names(self) -> set[str]:
        """The names of everything that has a value, which no index may have."""
        return {*self.shapes, *self.dimensions, *[function.name for function in self.functions], "pi", "e"}

    def indices(self, count: int, used: Collection[str] = ()) -> tuple[str, ...]:
        """Letters for indices, other than those used."""
        return tuple(islice(index_names({*self.names, *used}), count))

    def typing(
        self,
        program: Program,
        free_indices: Collection[str] = (),
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
    ) -> Typing:
        """The typing of a program in names that are known here, and others of those shapes."""
        roots = [program.objective, *[item.expression for item in program.definitions]]
        used = {node.name for root in roots for node in postorder(root) if isinstance(node, Name)}
        used -= {item.name for item in program.definitions}
        known = {name: self.shapes[name] for name in used if name in self.shapes} | dict(shapes or {})
        structure = {name: self.structures[name] for name in known if name in self.structures}
        return infer(program, known, structure=structure, free_indices=free_indices, dimension_names=self.dimensions)

    def program(self, objective: Expr, definitions: Sequence[tuple[str, Expr]] = ()) -> Program:
        return Program(objective, tuple([Definition(name, tree) for name, tree in definitions]), self.functions)

    def derivation(
        self, objective: Expr, definitions: Sequence[tuple[str, Expr]] = (), ordered: bool = True
    ) -> Derivation:
        """The objective in the graph of a program of its own. ordered: factors stand in the order of the names."""
        lowering = Lowering(Graph(), self.typing(self.program(objective, definitions)))
        if ordered:
            # Factors stand in the order in which they are met: that of the user, then that of the parts.
            for name in sorted(set(lowering.typing.variables) - self.late, key=self._order):
                lowering.symbol(name)
        return self._derived(lowering, lowering.lower(objective))

    def _order(self, name: str) -> int:
        return self._places.get(name, len(self._places))

    def _derived(self, lowering: Lowering, value: Value) -> Derivation:
        """A derivation of its own. Its indices have the name of nothing else, for its formulas are put into others."""
        reserved = {*self.names, *lowering.typing.definitions}
        return Derivation(reserved, lowering, value, None, UNSTRUCTURED)

    def is_symmetric(self, tree: Expr) -> bool:
        """Whether a matrix equals its transpose by its form."""
        derivation = self.derivation(tree)
        node = derivation.objective_node
        return node.dims[0] == node.dims[1] and derivation.transposed(node) is node

    def normal(self, tree: Expr) -> Formula:
        """The expression in the form that answers have."""
        return self.derivation(tree).objective

    def row(self, tree: Expr) -> Formula:
        """A column as a row."""
        lowering = Lowering(Graph(), self.typing(self.program(tree)))
        return self._derived(lowering, Value(lowering.lower(tree).node, "row")).objective

    @contextmanager
    def without_structure(self, names: Iterable[str]) -> Iterator[None]:
        """Within this, some names are those of matrices like any other."""
        kept = {name: self.structures.pop(name) for name in names if name in self.structures}
        try:
            yield
        finally:
            self.structures.update(kept)

    def gradient(self, objective: Expr, name: str) -> Answer:
        """The derivative of the objective by a name."""
        return self.derivation(objective).differentiate([(name, ())])


def written_out(formula: Formula, kept: Collection[str] = ()) -> Expr:
    """The tree of a formula without the names that were made for what it repeats. kept: names that stay."""
    values: dict[str, Expr] = {}
    for name, tree in formula.where:
        if name not in kept:
            values[name] = substituted(tree, values)
    return substituted(formula.tree, values)
