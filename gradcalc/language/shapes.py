"""What is a scalar, a vector and a matrix, and how long every axis is.

Kinds come from declarations, from data, from the only way the expression can be well-formed, and last from convention
(`gradcalc.language.reading`). Lengths follow by unification.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gradcalc.errors import GradcalcError
from gradcalc.language.constraints import Constraints
from gradcalc.language.dimensions import Dim, Dimensions
from gradcalc.language.kinds import NAMES, RANKS, S
from gradcalc.language.known import known_beforehand
from gradcalc.language.lengths import Axes, Lengths
from gradcalc.language.polynomial import added, multiplied, names_in, polynomial, substituted
from gradcalc.language.reading import Reading, best_reading, convention
from gradcalc.language.scopes import Scopes
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Number,
    Program,
    postorder,
)

ORIGINS = ("declared", "given", "inferred", "assumed")


class Variable:
    """kind: scalar, vector or matrix. dims: the lengths of its axes. origin: how its kind is known, of `ORIGINS`.

    structure: symmetric, spd, skew, diagonal, lower, upper, toeplitz, orthogonal, positive, or None.
    whole: it stands in the exponent of a matrix, where only whole numbers do.
    """

    __slots__ = ("dims", "kind", "name", "origin", "structure", "whole")

    def __init__(self, name: str, kind: str, dims: tuple[Dim, ...], origin: str, structure: str | None) -> None:
        self.name = name
        self.kind = kind
        self.dims = dims
        self.origin = origin
        self.structure = structure
        self.whole = False


class Typing:
    """The kinds and dims of the variables and of every expression of a program.

    variables: in order of first use. warnings: sentences for the user. minimum_sizes: the least length of an axis that
    is indexed at a number. definitions, functions: those of the program by name. free_indices: the lengths of the
    axes that free indices run over.
    """

    def __init__(self, program: Program) -> None:
        self.variables: dict[str, Variable] = {}
        self.warnings: list[str] = []
        self.minimum_sizes: dict[Dim, int] = {}
        self.definitions: dict[str, Expr] = {item.name: item.expression for item in program.definitions}
        self.free_indices: dict[str, Dim] = {}
        self.functions: dict[str, FunctionDefinition] = {item.name: item for item in program.functions}
        self._program = program
        self._kinds: dict[int, int] = {}
        self._dims: dict[int, tuple[int, ...]] = {}
        self._lengths = Dimensions()
        self._indices: dict[tuple[int, str], int] = {}
        self._slices: dict[tuple[int, int], tuple[Dim, int]] = {}
        self._reaches: list[tuple[int, Dim]] = []

    def kind(self, node: Expr) -> str:
        """scalar, vector, row or matrix."""
        return NAMES[self._kinds[id(node)]]

    def knows(self, node: Expr) -> bool:
        """Whether the expression has a kind: a size has none."""
        return id(node) in self._kinds

    def dims(self, node: Expr) -> tuple[Dim, ...]:
        """The lengths of the axes: of a row the one of its entries, of a matrix rows and columns."""
        return tuple([self.length(number) for number in self._dims[id(node)]])

    def length(self, number: int) -> Dim:
        known = self._lengths.known(number)
        assert known is not None
        return known

    def index_dim(self, node: IndexedSum, name: str) -> Dim:
        """The range of a bound index."""
        return self.length(self._indices[id(node), name])

    def range_of(self, node: IndexedSum, name: str) -> Dim | None:
        """The range of a bound index; None of a sum that is not the program's."""
        number = self._indices.get((id(node), name))
        return None if number is None else self.length(number)

    def length_of(self, name: str) -> Dim | None:
        """The length that a name stands for, None where it stands for none."""
        return self.named_length(name) if name in self._lengths.names else None

    def dimension(self, node: Expr) -> Dim:
        """The length that a dimension argument means, as the `n` of eye(n) or the `2*n` of zeros(2*n)."""
        if isinstance(node, Number):
            return int(node.value)
        if isinstance(node, Name):
            return self.named_length(node.name)
        assert isinstance(node, Binary)
        left, right = self.dimension(node.left), self.dimension(node.right)
        return (
            multiplied(left, right) if node.operator == "*" else added(left, right, 1 if node.operator == "+" else -1)
        )

    def slice_of(self, node: Index, axis: int) -> tuple[Dim, Dim]:
        """How many entries come before a slice, or before where an index starts; and how long it is."""
        offset, length = self._slices[id(node), axis]
        return self._in_names(offset), self.length(length)

    def is_part(self, node: Index, axis: int) -> bool:
        """Whether a slice, or an index of a sum, runs over a part of an axis only."""
        return (id(node), axis) in self._slices

    def _in_names(self, formula: Dim) -> Dim:
        return substituted(formula, lambda name: self.length(int(name[1:])))

    @property
    def reaches(self) -> list[tuple[Dim, Dim]]:
        """Lengths of axes, and how long they have to be at least."""
        return [(self.length(axis), self._in_names(least)) for axis, least in self._reaches]

    def named_length(self, name: str) -> Dim:
        """The size of a named dimension where it is known, else its name."""
        return self.length(self._lengths.of(name, loose=True))

    @property
    def equalities(self) -> list[tuple[Dim, Dim]]:
        """Lengths that have to be equal: the sizes of dimensions are chosen so that they are."""
        return self._lengths.equalities()

    @property
    def dimension_names(self) -> list[str]:
        """The names of the dimensions whose sizes are not known."""
        names: dict[str, None] = {}
        for variable in self.variables.values():
            names.update({name: None for dim in variable.dims for name in names_in(dim)})
        for name in self._lengths.names:
            names.update(dict.fromkeys(names_in(self.named_length(name))))
        return list(names)


def infer(
    program: Program,
    shapes: Mapping[str, tuple[Dim, ...]] | None = None,
    *,
    origin: str = "declared",
    data_shapes: Mapping[str, tuple[int, ...]] | None = None,
    structure: Mapping[str, str] | None = None,
    free_indices: Collection[str] = (),
    dimension_names: Collection[str] = (),
) -> Typing:
    """The typing of a program.

    shapes: the shapes of variables besides the program's own declarations, of that `origin`. data_shapes: shapes of
    given arrays. structure: the structure of variables by name. free_indices: names that may index without a sum.
    dimension_names: names of dimensions besides those of the shapes.
    Raises GradcalcError of kind shape, name, data (an array contradicts a declaration) or usage (an unknown structure).
    """
    try:
        inference = _Inference(program, shapes or {}, origin, data_shapes or {}, structure or {}, free_indices)
        inference.add_dimensions(dimension_names)
        return inference.typing()
    except GradcalcError as error:
        raise error.located_in(program.source) from None


_ROWS, _SQUARE, _COLUMNS, _LENGTHS = "mpqrdlhnk", "nmkpqrdlh", "nkqrdlhmp", "nmkpqrdlh"
"""The names that lengths without a name are given, the first that is not taken."""


_MOST_NAMED = 4
"""How many variables a warning names."""


class _Inference:
    def __init__(
        self,
        program: Program,
        shapes: Mapping[str, tuple[Dim, ...]],
        origin: str,
        data_shapes: Mapping[str, tuple[int, ...]],
        structure: Mapping[str, str],
        free_indices: Collection[str],
    ) -> None:
        self._program = program
        self._typing = Typing(program)
        self._dimensions = self._typing._lengths
        self._scopes = Scopes(program, free_indices)
        self._known = known_beforehand(program, shapes, data_shapes, structure, origin, self._dimensions)
        declared = {dim for known in self._known.values() for dim in known.dims or () if isinstance(dim, str)}
        self._sizes = declared | set(self._dimensions.names) | set(self._scopes.size_names)
        self._reading: Reading = {}
        self._forced: set[str] = set()
        self._axes: dict[str, Axes] = {}
        self._numbered = 0

    def add_dimensions(self, names: Collection[str]) -> None:
        """Names that are sizes where nothing else is called so."""
        for name in names:
            if name not in self._typing.definitions:
                self._dimensions.of(name, loose=True)
                self._sizes.add(name)

    def typing(self) -> Typing:
        self._find_reading()
        self._find_lengths()
        self._name_lengths()
        self._check_reaches()
        self._collect()
        return self._typing

    def _find_reading(self) -> None:
        constraints = Constraints(self._scopes, self._known, self._sizes)
        self._refuse_e(constraints.variables)
        found = best_reading(constraints.network, constraints.cells[id(self._program.objective)], constraints.variables)
        if found is None and any(known.dims for known in self._known.values()):
            constraints = Constraints(self._scopes, self._known, self._sizes, broadcast=True)
            root = constraints.cells[id(self._program.objective)]
            found = best_reading(constraints.network, root, constraints.variables)
        if found is None:
            from gradcalc.language.faults import fault

            raise fault(self._scopes, self._known, self._sizes, self._origin)
        self._reading, self._forced = found.reading, found.forced
        masks, cells = constraints.network.masks, constraints.cells
        self._typing._kinds = {id(node): masks[cells[id(node)]] for node in self._scopes.order}
        if found.other is not None:
            self._warn_of_tie(found.other)

    def _origin(self, name: str) -> str | None:
        """Where the kind of a variable comes from, for an error."""
        known = self._known.get(name)
        sentence = known.sentence(name) if known is not None else None
        if sentence is not None:
            return sentence
        if name == "pi" or (known is None and name in self._sizes):
            return None
        if name in self._reading and NAMES[self._reading[name]] != convention(name):
            return f"{name} is read as a {NAMES[self._reading[name]]}"
        return f"{name} is a {convention(name)} by convention"

    def _warn_of_tie(self, other: Reading) -> None:
        reading = self._reading
        differing = [name for name in reading if reading[name] != other[name]][:_MOST_NAMED]
        taken = ", ".join([f"{name} as a {NAMES[reading[name]]}" for name in differing])
        instead = ", ".join([f"{name} as a {NAMES[other[name]]}" for name in differing])
        declared = "; ".join([f"{name}: {NAMES[other[name]]}" for name in differing])
        self._typing.warnings.append(f'read {taken}; {instead} would do as well: declare "{declared}" for that')

    def _refuse_e(self, variables: Mapping[str, int]) -> None:
        if "e" not in variables or "e" in self._known:
            return
        for node in self._scopes.order:
            if isinstance(node, Binary) and node.operator in ("^", ".^") and node.left == Name("e"):
                raise GradcalcError(
                    "name",
                    "e is a variable here, not the base of the exponential function",
                    span=node.span,
                    hint="Write exp(...), or declare e: scalar.",
                )

    def _find_lengths(self) -> None:
        dimensions = self._dimensions
        for name, kind in self._reading.items():
            known = self._known.get(name)
            if known is not None and known.dims is not None:
                self._axes[name] = tuple([dimensions.of(dim) for dim in known.dims])
            else:
                self._axes[name] = tuple([dimensions.new() for _ in range(RANKS[kind])])
            if known is not None and known.square:
                # Declared lengths of a square matrix are equal already.
                dimensions.unify(*self._axes[name])
        declared = {name for declaration in self._program.declarations for name in declaration.names}
        found = Lengths(
            self._scopes, dimensions, self._typing._kinds, self._axes, declared | set(self._reading), self._origin
        )
        self._typing._dims = found.of
        self._typing._indices = found.indices
        self._typing._slices = found.slices
        self._typing._reaches = found.reaches
        dimensions.settle()
        self._check_equalities()
        self._lengths = found

    def _check_equalities(self) -> None:
        for left, right in self._dimensions.equalities():
            if isinstance(left, int) and isinstance(right, int):
                raise GradcalcError(
                    "shape",
                    f"a length is {left} and has to be {right}",
                    span=self._program.objective.span,
                    hint="The parts of a block, a slice or a reshaped matrix do not add up.",
                )

    def _whole_names(self) -> set[str]:
        """The scalars in exponents of matrices, and the orders of polygamma."""
        found: set[str] = set()
        for node in self._scopes.order:
            exponent: Expr | None = None
            if isinstance(node, Binary) and node.operator == "^" and self._typing.kind(node.left) == "matrix":
                exponent = node.right
            elif isinstance(node, Call) and node.function in ("matpow", "polygamma"):
                exponent = node.children[node.function == "matpow"]
            if exponent is not None:
                found.update([leaf.name for leaf in postorder(exponent) if isinstance(leaf, Name)])
        return {name for name in found if name in self._reading and self._reading[name] == S}

    def _check_reaches(self) -> None:
        """No position is past the end whatever the sizes are: x[n + 1] of n entries."""
        for axis, least in self._typing.reaches:
            gap = polynomial(added(least, axis, -1))
            if gap and all(number > 0 for number in gap.values()):
                raise GradcalcError(
                    "shape",
                    f"position {least} is past the end: the axis has {axis} entries",
                    span=self._program.objective.span,
                    hint="Give the length of the axis another name, or end the range before.",
                )

    def _name_lengths(self) -> None:
        typing, dimensions = self._typing, self._dimensions
        taken = {*self._reading, *typing.definitions, *typing.functions, *dimensions.names, *self._scopes.index_names}
        for axes in self._axes.values():
            if len(axes) == 2:
                square = dimensions.find(axes[0]) == dimensions.find(axes[1])
                self._name(axes[0], _SQUARE if square else _ROWS, taken)
                self._name(axes[1], _COLUMNS, taken)
        for axes in (*self._axes.values(), *typing._dims.values()):
            for axis in axes:
                self._name(axis, _LENGTHS, taken)

    def _name(self, axis: int, letters: str, taken: set[str]) -> None:
        for part in self._dimensions.unnamed_parts(axis):
            self._name_part(part, letters, taken)

    def _name_part(self, axis: int, letters: str, taken: set[str]) -> None:
        name = next((letter for letter in letters if letter not in taken), None)
        while name is None or name in taken:
            self._numbered += 1
            name = f"n{self._numbered}"
        taken.add(name)
        self._dimensions.name(axis, name)

    def _collect(self) -> None:
        typing = self._typing
        for name, kind in self._reading.items():
            known = self._known.get(name)
            structure = known.structure if known is not None else None
            if known is not None and known.kind is not None:
                origin = known.origin
            elif name in self._forced or NAMES[kind] != convention(name):
                origin = "inferred"
            else:
                origin = "assumed"
            dims = tuple([typing.length(axis) for axis in self._axes[name]])
            typing.variables[name] = Variable(name, NAMES[kind], dims, origin, structure)
        for name in self._whole_names():
            typing.variables[name].whole = True
        typing.free_indices = {name: typing.length(axis) for name, axis in self._lengths.free.items()}
        for node, axis, position in self._lengths.minimums:
            length = typing.length(axis)
            if isinstance(length, int) and position > length:
                raise GradcalcError(
                    "shape",
                    f"position {position} is past the end: the last one is {length}",
                    span=node.span,
                    hint="Positions are counted from 1.",
                )
            typing.minimum_sizes[length] = max(typing.minimum_sizes.get(length, 1), position)
        for declaration in self._program.declarations:
            for name in declaration.names:
                if name not in typing.variables:
                    typing.warnings.append(f"{name} is declared and not used")
