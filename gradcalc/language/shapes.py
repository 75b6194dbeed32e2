"""What is a scalar, a vector and a matrix, and how long every axis is.

Kinds come from declarations, from data, from the only way the expression can be well-formed, and last from convention
(`gradcalc.language.reading`). Lengths follow by unification.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.language import messages
from gradcalc.language.dimensions import Clash, Dim, Dimensions
from gradcalc.language.kinds import ANY, MASKS, NAMES, RANKS, VARIABLE, C, M, R, S, table_of
from gradcalc.language.programs import STRUCTURES, checked_dims
from gradcalc.language.reading import Network, best_reading, convention
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
)

ORIGINS = ("declared", "given", "inferred", "assumed")


class Variable:
    """kind: scalar, vector or matrix. dims: the lengths of its axes. origin: how its kind is known, of `ORIGINS`.

    structure: symmetric, spd, skew, diagonal, lower, upper, toeplitz, orthogonal, positive, or None.
    """

    __slots__ = ("dims", "kind", "name", "origin", "structure")

    def __init__(self, name: str, kind: str, dims: tuple[Dim, ...], origin: str, structure: str | None) -> None:
        self.name = name
        self.kind = kind
        self.dims = dims
        self.origin = origin
        self.structure = structure


class _Fixed:
    """What is known of a variable beforehand."""

    __slots__ = ("dims", "kind", "origin", "structure")

    def __init__(self, kind: str | None, dims: tuple[Dim, ...] | None, origin: str, structure: str | None) -> None:
        self.kind = kind
        self.dims = dims
        self.origin = origin
        self.structure = structure


class Typing:
    """The kinds and dims of the variables and of every expression of a program.

    variables: in order of first use. warnings: sentences for the user. minimum_sizes: the least length of an axis that
    is indexed at a number. definitions, functions: those of the program by name.
    """

    def __init__(self, program: Program) -> None:
        self.variables: dict[str, Variable] = {}
        self.warnings: list[str] = []
        self.minimum_sizes: dict[Dim, int] = {}
        self.definitions: dict[str, Expr] = {item.name: item.expression for item in program.definitions}
        self.functions: dict[str, FunctionDefinition] = {item.name: item for item in program.functions}
        self._program = program
        self._kinds: dict[int, int] = {}
        self._dims: dict[int, tuple[int, ...]] = {}
        self._lengths = Dimensions()
        self._indices: dict[tuple[int, str], int] = {}

    def kind(self, node: Expr) -> str:
        return NAMES[self._kinds[id(node)]]

    def dims(self, node: Expr) -> tuple[Dim, ...]:
        return tuple([self.length(number) for number in self._dims[id(node)]])

    def length(self, number: int) -> Dim:
        known = self._lengths.known(number)
        assert known is not None
        return known

    def index_dim(self, node: IndexedSum, name: str) -> Dim:
        """The range of a bound index."""
        return self.length(self._indices[id(node), name])

    def dimension(self, node: Expr) -> Dim:
        """The length that a dimension argument means, as the `n` of eye(n)."""
        if isinstance(node, Number):
            return int(node.value)
        assert isinstance(node, Name)
        return self.named_length(node.name)

    def named_length(self, name: str) -> Dim:
        """The size of a named dimension where it is known, else its name."""
        return self.length(self._lengths.of(name))

    @property
    def dimension_names(self) -> list[str]:
        """The names of the dimensions whose sizes are not known."""
        names: dict[str, None] = {}
        for variable in self.variables.values():
            names.update({dim: None for dim in variable.dims if isinstance(dim, str)})
        for name in self._lengths.names:
            known = self.named_length(name)
            if isinstance(known, str):
                names[known] = None
        return list(names)


def infer(
    program: Program,
    shapes: Mapping[str, tuple[Dim, ...]] | None = None,
    *,
    data_shapes: Mapping[str, tuple[int, ...]] | None = None,
    structure: Mapping[str, str] | None = None,
) -> Typing:
    """The typing of a program.

    shapes: shapes that are declared besides the program's own declarations. data_shapes: shapes of given arrays.
    structure: the structure of variables by name. Raises GradcalcError of kind shape or name.
    """
    try:
        return _Inference(program, shapes or {}, data_shapes or {}, structure or {}).typing()
    except GradcalcError as error:
        raise error.located_in(program.source) from None


class _Inference:
    def __init__(
        self,
        program: Program,
        shapes: Mapping[str, tuple[Dim, ...]],
        data_shapes: Mapping[str, tuple[int, ...]],
        structure: Mapping[str, str],
    ) -> None:
        self._program = program
        self._typing = Typing(program)
        self._lengths = self._typing._lengths
        self._fixed = self._known_beforehand(shapes, data_shapes, structure)
        self._dimension_names = {
            dim for fixed in self._fixed.values() for dim in fixed.dims or () if isinstance(dim, str)
        }
        self._order: list[Expr] = []
        self._numbered = 0
        self._bound: dict[str, list[IndexedSum]] = {}
        self._dimension_arguments: set[int] = set()
        self._minimums: list[tuple[Index, int, int]] = []
        self._reachable()

    # What is known before the expression is looked at.

    def _known_beforehand(
        self,
        shapes: Mapping[str, tuple[Dim, ...]],
        data_shapes: Mapping[str, tuple[int, ...]],
        structure: Mapping[str, str],
    ) -> dict[str, _Fixed]:
        fixed: dict[str, _Fixed] = {}
        for declaration in self._program.declarations:
            for name in declaration.names:
                structured = declaration.kind if declaration.kind in (*STRUCTURES, "positive") else None
                kind: str | None = "matrix" if declaration.kind in STRUCTURES else declaration.kind
                dims = declaration.dims
                if declaration.kind == "positive":
                    kind = None if dims is None else NAMES[(S, C, M)[len(dims)]]
                fixed[name] = _Fixed(kind, dims, "declared", structured)
        for name, shape in shapes.items():
            before = fixed.get(name)
            if len(shape) > 2:
                raise GradcalcError("shape", f"{name} has {len(shape)} axes; a variable has at most two")
            if before is not None and before.kind is not None and RANKS[MASKS[before.kind]] != len(shape):
                raise GradcalcError("shape", f"{name} is declared a {before.kind} and has the shape {list(shape)}")
            fixed[name] = _Fixed(
                NAMES[(S, C, M)[len(shape)]], shape, "declared", before.structure if before is not None else None
            )
            if before is not None and before.dims is not None:
                for left, right in zip(before.dims, shape):
                    self._unify_declared(name, left, right)
        for name, kind in structure.items():
            if kind not in (*STRUCTURES, "positive"):
                raise GradcalcError(
                    "usage",
                    f"{kind!r} is not a structure",
                    hint=f"The structures are {', '.join(STRUCTURES)}, positive.",
                )
            before = fixed.get(name)
            dims = before.dims if before is not None else None
            if kind != "positive" and dims is not None:
                checked_dims(kind, dims, None)
            known = before.kind if before is not None else None
            fixed[name] = _Fixed("matrix" if kind != "positive" else known, dims, "declared", kind)
        for name, size in data_shapes.items():
            before = fixed.get(name)
            if before is None:
                fixed[name] = _Fixed(NAMES[(S, C, M)[len(size)]], size, "given", None)
                continue
            if before.kind is not None and RANKS[MASKS[before.kind]] != len(size):
                raise GradcalcError(
                    "data",
                    f"{name} is declared a {before.kind} and the data has the shape {list(size)}",
                    hint="Give it the declared shape, or change the declaration.",
                )
            for left, right in zip(before.dims or (), size):
                self._unify_declared(name, left, right, "data")
            fixed[name] = _Fixed(NAMES[(S, C, M)[len(size)]], size, before.origin, before.structure)
        return fixed

    def _unify_declared(self, name: str, left: Dim, right: Dim, kind: str = "shape") -> None:
        try:
            self._lengths.unify(self._lengths.of(left), self._lengths.of(right))
        except Clash as clash:
            raise GradcalcError(
                kind,
                f"{name} is declared with a dimension of {clash.left} and has {clash.right} there",
                hint="Give it the declared shape, or change the declaration.",
            ) from None

    # The expressions that the objective uses.

    def _reachable(self) -> None:
        """All nodes of the objective and of what it uses, operands and definitions first."""
        definitions = self._typing.definitions
        functions = self._typing.functions
        met: set[int] = set()
        entered: set[str] = set()
        pending: list[tuple[Expr, bool]] = [(self._program.objective, False)]
        order = self._order
        while pending:
            node, ready = pending.pop()
            if ready:
                order.append(node)
                continue
            if id(node) in met:
                continue
            met.add(id(node))
            pending.append((node, True))
            if isinstance(node, Name) and node.name in definitions:
                pending.append((definitions[node.name], False))
            elif isinstance(node, Call):
                user = functions.get(node.function)
                if user is not None and user.body is not None and node.function not in entered:
                    entered.add(node.function)
                    pending.append((user.body, False))
                elif user is None and _takes_dimensions(node):
                    self._dimension_arguments.update([id(child) for child in node.children])
                    continue
            elif isinstance(node, IndexedSum):
                for name, _, _ in node.ranges:
                    self._bound.setdefault(name, []).append(node)
            pending.extend([(child, False) for child in reversed(node.children) if id(child) not in met])

    def typing(self) -> Typing:
        self._infer_kinds()
        self._infer_dims()
        self._name_dims()
        self._collect()
        return self._typing

    # Kinds.

    def _infer_kinds(self) -> None:
        reading = self._read(broadcast=False)
        if reading is None and self._may_broadcast():
            reading = self._read(broadcast=True)
        if reading is None:
            raise self._ill_formed()

    def _is_parameter(self) -> dict[int, str]:
        """The names in bodies of functions that are the functions' parameters."""
        places: dict[int, str] = {}
        for function in self._typing.functions.values():
            if function.body is not None:
                for node in postorder(function.body):
                    if isinstance(node, Name) and node.name == function.parameter:
                        places[id(node)] = function.name
        return places

    def _read(self, broadcast: bool) -> bool | None:
        network, cells, variables = self._network(broadcast)
        found = best_reading(network, cells[id(self._program.objective)], variables)
        if found is None:
            return None
        self._reading = found.reading
        self._forced = found.forced
        for node in self._order:
            self._typing._kinds[id(node)] = network.masks[cells[id(node)]]
        if found.other is not None:
            self._warn_of_tie(found.reading, found.other)
        return True

    def _network(self, broadcast: bool) -> tuple[Network, dict[int, int], dict[str, int]]:
        network = Network()
        cells: dict[int, int] = {}
        variables: dict[str, int] = {}
        parameters = self._is_parameter()
        definitions, functions = self._typing.definitions, self._typing.functions
        known_below = self._known_below() if broadcast else {}
        for node in self._order:
            key = id(node)
            if isinstance(node, Number):
                cells[key] = network.cell(S)
            elif isinstance(node, Name):
                cells[key] = self._name_cell(node, network, cells, variables, parameters, definitions)
            else:
                own = cells[key] = network.cell(ANY)
                operands = tuple(
                    [cells[id(child)] for child in node.children if id(child) not in self._dimension_arguments]
                )
                if not operands:
                    network.masks[own] = M if len(node.children) == 2 or _makes_matrix(node) else C
                    continue
                table = table_of(node, broadcast and known_below.get(key, False))
                network.constrain(table, (*operands, own))
        for function in functions.values():
            if function.body is not None and id(function.body) in cells:
                network.masks[cells[id(function.body)]] &= S
        return network, cells, variables

    def _name_cell(
        self,
        node: Name,
        network: Network,
        cells: dict[int, int],
        variables: dict[str, int],
        parameters: dict[int, str],
        definitions: dict[str, Expr],
    ) -> int:
        name = node.name
        if id(node) in parameters or name in self._bound:
            return network.cell(S)
        if name in definitions:
            return cells[id(definitions[name])]
        if name not in self._fixed and (name == "pi" or name in self._dimension_names):
            return network.cell(S)
        if name not in variables:
            mask = VARIABLE
            fixed = self._fixed.get(name)
            if fixed is not None and fixed.kind is not None:
                mask = MASKS[fixed.kind]
            variables[name] = network.cell(mask)
            self._typing.variables[name] = Variable(name, "scalar", (), "assumed", None)
        return variables[name]

    def _may_broadcast(self) -> bool:
        return any(fixed.dims is not None for fixed in self._fixed.values())

    def _known_below(self) -> dict[int, bool]:
        """For each node whether the shapes of all variables in it are declared or given."""
        known: dict[int, bool] = {}
        definitions = self._typing.definitions
        for node in self._order:
            if isinstance(node, Name) and node.name in definitions:
                known[id(node)] = known[id(definitions[node.name])]
            elif isinstance(node, Name):
                fixed = self._fixed.get(node.name)
                known[id(node)] = fixed is not None and fixed.dims is not None
            else:
                known[id(node)] = all(known.get(id(child), True) for child in node.children)
        return known

    def _warn_of_tie(self, reading: dict[str, int], other: dict[str, int]) -> None:
        differing = [name for name in reading if reading[name] != other[name]]
        taken = ", ".join([f"{name} as a {NAMES[reading[name]]}" for name in differing])
        instead = ", ".join([f"{name} as a {NAMES[other[name]]}" for name in differing])
        declared = "; ".join([f"{name}: {NAMES[other[name]]}" for name in differing])
        self._typing.warnings.append(f"{taken} is read; {instead} would do as well: declare '{declared}' for that")

    def _ill_formed(self) -> GradcalcError:
        """The first node that has no kind when every variable has the kind it is declared or named for."""
        kinds: dict[int, int] = {}
        described = messages.Described(self._fixed_origin)
        definitions = self._typing.definitions
        parameters = self._is_parameter()
        for node in self._order:
            key = id(node)
            if isinstance(node, Name) and node.name not in definitions:
                fixed = self._fixed.get(node.name)
                if id(node) in parameters or node.name in self._bound or node.name == "pi":
                    kinds[key] = S
                elif fixed is not None and fixed.kind is not None:
                    kinds[key] = MASKS[fixed.kind]
                elif node.name in self._dimension_names:
                    kinds[key] = S
                else:
                    kinds[key] = MASKS[convention(node.name)]
                continue
            if isinstance(node, Name):
                kinds[key] = kinds[id(definitions[node.name])]
                continue
            if isinstance(node, Number):
                kinds[key] = S
                continue
            operands = [kinds[id(child)] for child in node.children if id(child) not in self._dimension_arguments]
            if not operands:
                kinds[key] = M if len(node.children) == 2 or _makes_matrix(node) else C
                continue
            row = next((row for row in table_of(node, False) if row[:-1] == tuple(operands)), None)
            if row is None:
                return described.no_kind(node, operands)
            kinds[key] = row[-1]
        return GradcalcError(
            "shape",
            "there is no way to read the names as scalars, vectors and matrices that fits",
            span=self._program.objective.span,
            hint="Declare the kinds, for example: W: matrix; x: vector; y: scalar",
        )

    def _fixed_origin(self, name: str) -> str | None:
        fixed = self._fixed.get(name)
        return fixed.origin if fixed is not None and fixed.kind is not None else None

    # Dims.

    def _infer_dims(self) -> None:
        typing, lengths = self._typing, self._lengths
        variable_dims: dict[str, tuple[int, ...]] = {}
        for name in typing.variables:
            fixed = self._fixed.get(name)
            if fixed is not None and fixed.dims is not None:
                variable_dims[name] = tuple([lengths.of(dim) for dim in fixed.dims])
            else:
                variable_dims[name] = tuple([lengths.new() for _ in range(RANKS[self._reading[name]])])
            if fixed is not None and fixed.structure is not None and fixed.structure != "positive":
                self._require(Name(name), variable_dims[name][0], variable_dims[name][1])
        self._variable_dims = variable_dims
        for name, sums in self._bound.items():
            for indexed in sums:
                typing._indices[id(indexed), name] = lengths.new()
        for node in self._order:
            typing._dims[id(node)] = self._node_dims(node)

    def _require(self, node: Expr, left: int, right: int) -> None:
        """Makes two lengths equal; a clash is the node's."""
        try:
            self._lengths.unify(left, right)
        except Clash:
            described = messages.Described(self._fixed_origin)
            shapes = []
            for child in node.children:
                dims = self._typing._dims.get(id(child), ())
                shapes.append([self._lengths.known(dim) for dim in dims])
            kinds = [self._typing._kinds.get(id(child), S) for child in node.children]
            raise described.clash(node, kinds, shapes) from None

    def _node_dims(self, node: Expr) -> tuple[int, ...]:
        typing = self._typing
        dims = typing._dims
        if isinstance(node, Number):
            return ()
        if isinstance(node, Name):
            if node.name in typing.definitions:
                return dims[id(typing.definitions[node.name])]
            if typing._kinds[id(node)] == S:
                return ()
            return self._variable_dims[node.name]
        if isinstance(node, Negative):
            return dims[id(node.operand)]
        if isinstance(node, Transpose):
            return dims[id(node.operand)][::-1]
        if isinstance(node, Binary):
            return self._binary_dims(node)
        if isinstance(node, Index):
            return self._index_dims(node)
        if isinstance(node, IndexedSum):
            self._bind(node)
            return dims[id(node.body)]
        assert isinstance(node, Call)
        return self._call_dims(node)

    def _binary_dims(self, node: Binary) -> tuple[int, ...]:
        dims, kinds = self._typing._dims, self._typing._kinds
        left, right = dims[id(node.left)], dims[id(node.right)]
        left_kind, right_kind = kinds[id(node.left)], kinds[id(node.right)]
        if node.operator == "^":
            if left_kind == M:
                self._require(node, left[0], left[1])
            return left
        if node.operator == "\\":
            if left_kind == S:
                return right
            self._require(node, left[0], left[1])
            self._require(node, left[1], right[0])
            return right
        if S in (left_kind, right_kind):
            return right if left_kind == S else left
        if node.operator == "*":
            if (left_kind, right_kind) == (C, R):
                return left + right
            self._require(node, left[-1], right[0])
            return left[:-1] + right[1:]
        if left_kind == right_kind:
            for one, other in zip(left, right):
                self._require(node, one, other)
            return left
        matrix, (vector,), kind = (left, right, right_kind) if left_kind == M else (right, left, left_kind)
        self._require(node, matrix[0 if kind == C else 1], vector)
        return matrix

    def _index_dims(self, node: Index) -> tuple[int, ...]:
        operand = self._typing._dims[id(node.operand)]
        kept: list[int] = []
        for axis, position in zip(operand, node.positions):
            if position is None:
                kept.append(axis)
            elif isinstance(position, int):
                self._minimums.append((node, axis, position))
        return tuple(kept)

    def _bind(self, node: IndexedSum) -> None:
        """Gives the bound indices of a sum the lengths of the axes that they run over."""
        typing, lengths = self._typing, self._lengths
        names = {name for name, _, _ in node.ranges}
        pending: list[Expr] = [node.body]
        attached: set[str] = set()
        while pending:
            inner = pending.pop()
            if isinstance(inner, Index):
                for axis, position in zip(typing._dims[id(inner.operand)], inner.positions):
                    if isinstance(position, str) and position in names:
                        attached.add(position)
                        self._require(inner, typing._indices[id(node), position], axis)
            if isinstance(inner, IndexedSum) and names & {name for name, _, _ in inner.ranges}:
                continue
            pending.extend(inner.children)
        for name, _, last in node.ranges:
            own = typing._indices[id(node), name]
            if isinstance(last, str) or (last is not None and name not in attached):
                self._require(node, own, lengths.of(last))
            elif last is not None:
                size = lengths.known(own)
                if isinstance(size, int) and last > size:
                    raise GradcalcError(
                        "shape", f"the index {name} runs to {last}, but the axis has {size} entries", span=node.span
                    )
                self._minimums.append((Index(Name(name), (last,), node.span), own, last))
            elif name not in attached:
                raise GradcalcError(
                    "shape",
                    f"nothing says how far the index {name} runs",
                    span=node.span,
                    hint=f"Index something with it, or give its range: sum[{name}=1..3](...).",
                )

    def _call_dims(self, node: Call) -> tuple[int, ...]:
        typing = self._typing
        entry = None if node.function in typing.functions else catalogue.lookup(node.function)
        if entry is None or isinstance(entry, catalogue.Elementwise):
            return typing._dims[id(node.children[0])]
        if isinstance(entry, catalogue.Composite):
            result = entry.variants[",".join([NAMES[typing._kinds[id(child)]] for child in node.children])]
            assert RANKS[MASKS[result]] == 0
            return ()
        assert isinstance(entry, (catalogue.Linear, catalogue.Atom))
        if id(node.children[0]) in self._dimension_arguments:
            spec = entry.variants[",".join(["dimension"] * len(node.children))][0]
            axes = [(self._dimension_argument(child),) for child in node.children]
        else:
            spec = entry.variants[",".join([NAMES[typing._kinds[id(child)]] for child in node.children])][0]
            axes = [typing._dims[id(child)] for child in node.children]  # type: ignore[misc]
        inputs, output = spec.split("->")
        letters: dict[str, int] = {}
        for own, given in zip(inputs.split(","), axes):
            for letter, axis in zip(own, given):
                if letter in letters:
                    self._require(node, letters[letter], axis)
                else:
                    letters[letter] = axis
        return tuple([letters[letter] if letter in letters else self._fresh(letters, letter) for letter in output])

    def _fresh(self, letters: dict[str, int], letter: str) -> int:
        letters[letter] = self._lengths.new()
        return letters[letter]

    def _dimension_argument(self, node: Expr) -> int:
        if isinstance(node, Number) and node.value.denominator == 1 and node.value > 0:
            return self._lengths.of(int(node.value))
        if isinstance(node, Name) and node.name not in self._typing.variables:
            return self._lengths.of(node.name)
        raise GradcalcError(
            "shape",
            "a size is a whole number or the name of a dimension",
            span=node.span,
            hint="For example: eye(3), or eye(n) with x: vector[n]",
        )

    # Names for what has none.

    def _name_dims(self) -> None:
        lengths = self._lengths
        taken = set(self._typing.variables) | set(self._typing.definitions) | set(lengths.names) | set(self._bound)
        matrices = [dims for dims in self._variable_dims.values() if len(dims) == 2]
        for rows, columns in matrices:
            square = lengths.find(rows) == lengths.find(columns)
            self._name(rows, "nmkpqrdlh" if square else "mnkpqrdlh", taken)
            self._name(columns, "nkmpqrdlh", taken)
        for dims in self._variable_dims.values():
            for axis in dims:
                self._name(axis, "nmkpqrdlh", taken)
        for dims in self._typing._dims.values():
            for axis in dims:
                self._name(axis, "nmkpqrdlh", taken)

    def _name(self, axis: int, letters: str, taken: set[str]) -> None:
        if self._lengths.known(axis) is not None:
            return
        name = next((letter for letter in letters if letter not in taken), None)
        while name is None or name in taken:
            self._numbered += 1
            name = f"n{self._numbered}"
        taken.add(name)
        self._lengths.name(axis, name)

    def _collect(self) -> None:
        typing = self._typing
        for name, variable in typing.variables.items():
            fixed = self._fixed.get(name)
            variable.kind = NAMES[self._reading[name]]
            variable.dims = tuple([typing.length(axis) for axis in self._variable_dims[name]])
            if fixed is not None:
                variable.structure = fixed.structure
                variable.origin = fixed.origin if fixed.kind is not None else "inferred"
            elif self._reading[name] == MASKS[convention(name)]:
                variable.origin = "assumed"
            else:
                variable.origin = "inferred"
        for node, axis, position in self._minimums:
            length = typing.length(axis)
            if isinstance(length, int) and position > length:
                raise GradcalcError(
                    "shape",
                    f"position {position} is past the end: the axis has {length} entries",
                    span=node.span,
                    hint="Positions are counted from 1.",
                )
            typing.minimum_sizes[length] = max(typing.minimum_sizes.get(length, 1), position)
        self._check_names()
        for declaration in self._program.declarations:
            for name in declaration.names:
                if name not in typing.variables:
                    typing.warnings.append(f"{name} is declared and not used")

    def _check_names(self) -> None:
        for node in self._order:
            if isinstance(node, Binary) and node.operator in ("^", ".^") and node.left == Name("e"):
                if "e" in self._typing.variables and "e" not in self._fixed:
                    raise GradcalcError(
                        "name",
                        "e is a variable here, not the base of the exponential function",
                        span=node.span,
                        hint="Write exp(...), or declare e: scalar.",
                    )
            elif isinstance(node, Index):
                for position in node.positions:
                    if isinstance(position, str) and position not in self._bound:
                        raise GradcalcError(
                            "name",
                            f"the index {position} is not bound by a sum",
                            span=node.span,
                            hint=f"Write sum[{position}](...) around it, or a number for it.",
                        )


def _takes_dimensions(node: Call) -> bool:
    entry = catalogue.lookup(node.function)
    return isinstance(entry, catalogue.Linear) and any(kinds.startswith("dimension") for kinds in entry.variants)


def _makes_matrix(node: Expr) -> bool:
    entry = catalogue.lookup(node.function) if isinstance(node, Call) else None
    return isinstance(entry, catalogue.Linear) and entry.variants.get("dimension", ("", ""))[1] == "matrix"
