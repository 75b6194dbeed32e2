"""Formulas compiled to straight-line NumPy: one program for a value and all its derivatives.

Shared subexpressions are computed once, products are associated in the cheapest order for the sizes at hand, diagonal
matrices and identities are never multiplied out, and inverses that multiply something are solved with.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.numpy_source import HELPERS
from gradcalc.language.kinds import axis_literals
from gradcalc.language.polynomial import Dim, added, names_in
from gradcalc.language.shapes import Typing, Variable, infer
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    FunctionDefinition,
    Index,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
)
from gradcalc.numeric.ordering import Operand, association
from gradcalc.numeric.reference import StandIn
from gradcalc.tensor.einsum import EinsumTerm

Array = np.ndarray[Any, np.dtype[np.float64]]

UNKNOWN_SIZE = 1000
"""What the length of an axis is taken for when products are ordered and it is not known."""


class CompiledProgram:
    """source: the program as Python text. Calling it with arrays by name gives the outputs by name.

    warnings: what the last call has to say, such as a norm that was zero.
    """

    def __init__(self, source: str, parameters: Mapping[str, str], name: str, functions: Mapping[str, Any]) -> None:
        self.source = source
        self.warnings: list[str] = []
        self._parameters = dict(parameters)
        namespace: dict[str, Any] = {**functions}
        exec(compile(source, "<gradcalc program>", "exec"), namespace)
        if "_inverse_norm" in namespace:
            namespace["_inverse_norm"] = self._inverse_norm
        self._function: Callable[..., dict[str, Any]] = namespace[name]

    def _inverse_norm(self, norm: float) -> float:
        if norm == 0:
            warning = "a norm is 0 here: its gradient shown is the subgradient 0"
            if warning not in self.warnings:
                self.warnings.append(warning)
            return 0.0
        return 1.0 / norm

    def __call__(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """The outputs at the arrays. Raises GradcalcError of kind numeric or limit."""
        self.warnings.clear()
        arguments = {self._parameters[name]: np.asarray(arrays[name], dtype=float) for name in self._parameters}
        try:
            with np.errstate(all="ignore"):
                outputs = self._function(**arguments)
        except np.linalg.LinAlgError:
            raise GradcalcError(
                "numeric", "a matrix that has to be inverted is singular", hint="Check the data of the inverted matrix."
            ) from None
        except MemoryError:
            raise GradcalcError("limit", "the arrays of the derivative do not fit into memory") from None
        return {name: np.asarray(value, dtype=float) for name, value in outputs.items()}


def compile_program(
    formulas: Mapping[str, Expr | Sequence[EinsumTerm]],
    variables: Mapping[str, Variable],
    *,
    sizes: Mapping[str, int] | None = None,
    functions: Mapping[str, FunctionDefinition] | None = None,
    guarded: frozenset[str] = frozenset(),
    dimensions: Collection[str] = (),
    name: str = "derivative",
) -> CompiledProgram:
    """The program that computes the formulas, which are trees with nothing named, or sums of einsums.

    variables: with kinds and dims. dimensions: names of dimensions besides those of the variables. sizes: lengths of named dimensions, for the order of products. guarded: the formulas
    that are first derivatives, where a division by a norm that is 0 gives 0, the subgradient.
    """
    compiler = _Compiler(variables, sizes or {}, functions or {}, dimensions)
    for output, formula in formulas.items():
        if isinstance(formula, Expr):
            compiler.add(output, formula, output in guarded)
        else:
            compiler.add_einsums(output, formula)
    return compiler.compiled(name)


class _Form:
    """How a computed value is represented: plain, or standing for a matrix that is not written out.

    form: "plain"; "transposed" (of a matrix); "diag" (code is the vector), "eye" (code is the size), "inv" and
    "inv-transposed" (code is the matrix to invert).
    """

    __slots__ = ("code", "form")

    def __init__(self, code: str, form: str = "plain") -> None:
        self.code = code
        self.form = form


class _Compiler:
    def __init__(
        self,
        variables: Mapping[str, Variable],
        sizes: Mapping[str, int],
        functions: Mapping[str, FunctionDefinition],
        dimensions: Collection[str],
    ) -> None:
        self._dimension_names = dimensions
        self._variables = variables
        self._sizes = sizes
        self._functions = functions
        self._lines: list[str] = []
        self._outputs: list[str] = []
        self._helpers: dict[str, None] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._forms: dict[int, _Form] = {}
        self._cached: dict[str, str] = {}
        self._used_dims: dict[str, None] = {}
        self._injected: dict[str, Any] = {}
        self._counter = 0
        self._parameters = _parameter_names(variables)
        self._taken = set(self._parameters.values())
        self._typing: Typing
        self._number_of: dict[int, int]
        self._uses: dict[int, int]
        self._guarded = False

    # The structure of the formulas.

    def add(self, output: str, tree: Expr, guarded: bool) -> None:
        """Adds an output that is a formula."""
        self._outputs.append(f"{output!r}: {self._computed(tree, guarded)}")

    def add_einsums(self, output: str, terms: Sequence[EinsumTerm]) -> None:
        """Adds an output that is a sum of einsums."""
        total = ""
        for term in terms:
            operands = "".join([f", {self._computed(operand, False)}" for operand in term.operands])
            code = f"np.einsum({term.subscripts!r}{operands})" if operands else "1.0"
            if term.scale is not None:
                code = f"{self._computed(term.scale, False)} * {code}"
            total += (" - " if term.negative else " + ") + code
        self._outputs.append(f"{output!r}: {self._assign(total.removeprefix(' + ').lstrip())}")

    def _computed(self, tree: Expr, guarded: bool) -> str:
        """The name of the array that is the value of a formula."""
        shapes = {name: variable.dims for name, variable in self._variables.items()}
        program = Program(tree, functions=tuple(self._functions.values()))
        self._typing = infer(program, shapes, dimension_names=self._dimension_names)
        self._guarded = guarded
        self._number_of = {}
        self._uses = {}
        order = list(postorder(tree))
        for node in order:
            children = tuple([self._number_of[id(child)] for child in node.children])
            key = (guarded, node.label, children)
            self._number_of[id(node)] = self._numbers.setdefault(key, len(self._numbers))
        counted: set[int] = set()
        for node in order:
            number = self._number_of[id(node)]
            if number not in counted:
                counted.add(number)
                for child in node.children:
                    self._uses[self._number_of[id(child)]] = self._uses.get(self._number_of[id(child)], 0) + 1
        needed = self._needed(tree, order)
        for node in order:
            if id(node) in needed and self._number_of[id(node)] not in self._forms:
                self._forms[self._number_of[id(node)]] = self._emit(node)
        return self._plain(self._form(tree))

    def _needed(self, tree: Expr, order: list[Expr]) -> set[int]:
        """The nodes that are computed by themselves: not the inner nodes of products, which are taken whole."""
        needed = {id(tree)}
        for node in reversed(order):
            if id(node) in needed:
                needed.update([id(leaf) for leaf in self._operands(node)])
        return needed

    def _operands(self, node: Expr) -> list[Expr]:
        """What a node is computed from: for a product its factors, however they are nested."""
        if _is_product(node):
            scalars, chain = self._factors(node)
            return [leaf for leaf, _ in scalars] + [leaf for leaf, _ in chain]
        if isinstance(node, Call):
            first = catalogue.first_size(node.function)
            if first is not None:
                return list(node.children[:first])
            if node.function == "tr" and _is_product(node.children[0]):
                return self._operands(node.children[0])
        reflected = self._reflected(node)
        if reflected is not None:
            return [reflected]
        if _is_square_of_norm(node):
            return [node.children[0].children[0]]
        return list(node.children)

    def _reflected(self, node: Expr) -> Expr | None:
        """t where the node is 1 - sigmoid(t)."""
        if (
            isinstance(node, Binary)
            and node.operator == "-"
            and node.left == Number(1)
            and isinstance(node.right, Call)
        ):
            entry = catalogue.lookup(node.right.function)
            if isinstance(entry, catalogue.Elementwise) and entry.reflects and not node.right.primes:
                return node.right.children[0]
        return None

    def _factors(self, node: Expr) -> tuple[list[tuple[Expr, int]], list[tuple[Expr, bool]]]:
        """A product as its numbers (with the exponent 1 or -1) and its chain (with whether each is transposed)."""
        scalars: list[tuple[Expr, int]] = []
        chain: list[tuple[Expr, bool]] = []
        pending: list[tuple[Expr, bool, bool]] = [(node, False, True)]
        while pending:
            part, turned, top = pending.pop()
            inner = top or self._uses.get(self._number_of[id(part)], 0) <= 1
            if isinstance(part, Transpose) and (inner or isinstance(part.operand, (Name, Call))):
                pending.append((part.operand, not turned, False))
            elif isinstance(part, Negative) and inner:
                scalars.append((Negative(Number(1)), 1))
                pending.append((part.operand, turned, False))
            elif isinstance(part, Binary) and part.operator == "*" and inner:
                ordered = (part.left, part.right) if turned else (part.right, part.left)
                pending.extend([(child, turned, False) for child in ordered])
            elif isinstance(part, Binary) and part.operator == "/" and inner and self._rank(part.right) == 0:
                scalars.append((part.right, -1))
                pending.append((part.left, turned, False))
            elif self._rank(part) == 0:
                scalars.append((part, 1))
            else:
                chain.append((part, turned))
        return scalars, chain

    def _rank(self, node: Expr) -> int:
        return {"scalar": 0, "vector": 1, "row": 1, "matrix": 2}[self._kind(node)]

    def _kind(self, node: Expr) -> str:
        return "scalar" if isinstance(node, Negative) and node.operand == Number(1) else self._typing.kind(node)

    # Code.

    def _form(self, node: Expr) -> _Form:
        return self._forms[self._number_of[id(node)]]

    def _assign(self, code: str) -> str:
        known = self._cached.get(code)
        if known is None:
            while True:
                self._counter += 1
                known = f"t{self._counter}"
                if known not in self._taken:
                    break
            self._lines.append(f"{known} = {code}")
            self._cached[code] = known
        return known

    def _plain(self, form: _Form) -> str:
        """The name of a plain array with the value."""
        if form.form == "plain":
            return form.code
        if form.form == "transposed":
            return f"{form.code}.T"
        if form.form == "diag":
            return self._assign(f"np.diag({form.code})")
        if form.form == "eye":
            return self._assign(f"np.eye({form.code})")
        inverse = self._assign(f"np.linalg.inv({form.code})")
        return inverse if form.form == "inv" else f"{inverse}.T"

    def _value(self, node: Expr) -> str:
        return self._plain(self._form(node))

    def _emit(self, node: Expr) -> _Form:
        if isinstance(node, Number):
            return _Form(_number_code(node))
        if isinstance(node, Name):
            return self._name(node)
        reflected = self._reflected(node)
        if reflected is not None:
            assert isinstance(node, Binary)
            assert isinstance(node.right, Call)
            return _Form(self._reflected_code(node.right, self._value(reflected)))
        if isinstance(node, Transpose) and not _is_product(node):
            form = self._form(node.operand)
            if self._rank(node) < 2:
                return form
            turned = {"plain": "transposed", "transposed": "plain", "inv": "inv-transposed", "inv-transposed": "inv"}
            return _Form(form.code, turned.get(form.form, form.form))
        if _is_product(node):
            return self._product(node)
        if isinstance(node, Negative):
            return _Form(self._assign(f"-{self._value(node.operand)}"))
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Index):
            places = [self._place(node, axis) for axis in range(len(node.positions))]
            operand = self._form(node.operand)
            if operand.form == "eye" and sum(position is None for position in node.positions) == 1:
                numbers = [place for place, position in zip(places, node.positions) if isinstance(position, int)]
                if numbers:
                    return _Form(self._assign(f"(np.arange({operand.code}) == {numbers[0]}).astype(float)"))
            return _Form(self._assign(f"{self._plain(operand)}[{', '.join(places)}]"))
        if isinstance(node, Block):
            return self._block(node)
        assert isinstance(node, Call)
        return self._call(node)

    def _place(self, node: Index, axis: int) -> str:
        """A position or a slice as NumPy writes it."""
        position = node.positions[axis]
        if position is None:
            return ":"
        if not isinstance(position, tuple):
            return str(int(position) - 1)
        offset, length = self._typing.slice_of(node, axis)
        return f"{self._dimension(offset)}:{self._dimension(added(offset, length))}"

    def _block(self, node: Block) -> _Form:
        if self._rank(node) == 1:
            parts = [self._value(part) for part in node.children]
            return _Form(self._assign(f"np.hstack([{', '.join(parts)}])"))
        rows = [f"[{', '.join([self._as_matrix(part) for part in row])}]" for row in node.rows]
        return _Form(self._assign(f"np.block([{', '.join(rows)}])"))

    def _as_matrix(self, part: Expr) -> str:
        """A part of a block with two axes."""
        value, kind = self._value(part), self._typing.kind(part)
        if kind == "vector":
            return f"{value}[:, None]"
        return f"{value}[None, :]" if kind == "row" else f"np.full((1, 1), {value})" if kind == "scalar" else value

    def _name(self, node: Name) -> _Form:
        if node.name in self._parameters:
            return _Form(self._parameters[node.name])
        if node.name == "pi":
            return _Form("np.pi")
        return _Form(self._dimension(self._typing.named_length(node.name)))

    def _dimension(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return str(dim)
        self._used_dims.update(dict.fromkeys(names_in(dim)))
        code = re.sub(r"[^\W\d]\w*", lambda name: f"size_{name[0]}", dim)
        return code if dim.isidentifier() else f"({code})"

    def _binary(self, node: Binary) -> _Form:
        operator = node.operator
        if _is_square_of_norm(node):
            inner = self._value(node.left.children[0])
            return _Form(self._assign(f"np.vdot({inner}, {inner})"))
        left, right = self._form(node.left), self._form(node.right)
        if operator in ("+", "-") and self._rank(node) == 2:
            summed = self._diagonal_sum(node, left, right)
            if summed is not None:
                return summed
        if operator == "\\":
            if self._rank(node.left) == 0:
                return _Form(self._assign(f"{self._plain(right)} / {self._plain(left)}"))
            return _Form(self._assign(f"np.linalg.solve({self._plain(left)}, {self._plain(right)})"))
        if operator == "^" and self._rank(node.left) == 2:
            whole = _integer(node.right)
            if whole is None:
                self._helpers["_matpow"] = None
                return _Form(self._assign(f"_matpow({self._plain(left)}, {self._plain(right)})"))
            return _Form(self._assign(f"np.linalg.matrix_power({self._plain(left)}, {whole})"))
        one, other = self._aligned(node, self._plain(left), self._plain(right))
        if operator in ("^", ".^"):
            if node.right == Number(2):
                return _Form(self._assign(f"{one} * {one}"))
            return _Form(self._assign(f"np.power({one}, {other})"))
        if operator in ("/", "./") and self._guarded and _is_norm(node.right):
            return _Form(self._assign(f"{one} * {self._inverse_norm(other)}"))
        if operator in COMPARISONS:
            return _Form(self._assign(f"({one} {operator} {other}) + 0.0"))
        symbol = {".*": "*", "./": "/"}.get(operator, operator)
        return _Form(self._assign(f"{one} {symbol} {other}"))

    def _inverse_norm(self, norm: str) -> str:
        self._helpers["_inverse_norm"] = None
        return self._assign(f"_inverse_norm({norm})")

    def _aligned(self, node: Binary, left: str, right: str) -> tuple[str, str]:
        kinds = (self._typing.kind(node.left), self._typing.kind(node.right))
        if kinds == ("vector", "matrix"):
            return f"{left}[:, None]", right
        if kinds == ("matrix", "vector"):
            return left, f"{right}[:, None]"
        return left, right

    def _diagonal_sum(self, node: Binary, left: _Form, right: _Form) -> _Form | None:
        """A matrix plus or minus a diagonal one: a copy with its diagonal changed."""
        diagonal = ("diag", "eye")
        if left.form in diagonal and right.form in diagonal:
            if left.form == right.form == "diag":
                return _Form(self._assign(f"{left.code} {node.operator} {right.code}"), "diag")
            return None
        if self._rank(node.left) < 2 or self._rank(node.right) < 2:
            return None
        if right.form in diagonal:
            entry = "1.0" if right.form == "eye" else right.code
            self._helpers["_plus_diagonal"] = None
            sign = "" if node.operator == "+" else "-"
            return _Form(self._assign(f"_plus_diagonal({self._plain(left)}, {sign}{entry})"))
        if left.form in diagonal:
            entry = "1.0" if left.form == "eye" else left.code
            self._helpers["_plus_diagonal"] = None
            sign = "" if node.operator == "+" else "-"
            return _Form(self._assign(f"_plus_diagonal({sign}{self._plain(right)}, {entry})"))
        return None

    # Products.

    def _product(self, node: Expr) -> _Form:
        scalars, chain = self._factors(node)
        operands = [self._operand(leaf, turned) for leaf, turned in chain]
        operands, numbers = self._without_inner_products(operands)
        scalar = self._scalar_product(scalars, numbers)
        if not operands:
            return _Form(scalar if scalar is not None else "1.0")
        operands = [operand for operand in operands if operand.form != "eye"] or operands[:1]
        if scalar is not None:
            # The number goes to the smallest operand that can take it.
            light = min(
                (place for place, operand in enumerate(operands) if operand.form in ("plain", "diag", "transposed")),
                key=lambda place: operands[place].entries,
                default=None,
            )
            if light is not None and operands[light].entries < _result_entries(operands):
                operands[light] = operands[light].with_code(self._assign(f"{scalar} * {operands[light].code}"))
                scalar = None
        result = self._multiplied(operands, association(operands))
        if scalar is not None:
            if result.form == "diag" or result.form in ("plain", "transposed"):
                return _Form(self._assign(f"{scalar} * {result.code}"), result.form)
            return _Form(self._assign(f"{scalar} * {self._plain(result)}"))
        return result

    def _without_inner_products(self, operands: list[Operand]) -> tuple[list[Operand], list[str]]:
        """The chain without the parts from a row to a column, which are numbers, and those numbers."""
        kept: list[Operand] = []
        numbers: list[str] = []
        start = 0
        for operand in operands:
            kept.append(operand)
            if kept[start].rows is None and operand.columns is None:
                part = kept[start:]
                del kept[start:]
                numbers.append(self._plain(self._multiplied(part, association(part))))
        return kept, numbers

    def _scalar_product(self, scalars: list[tuple[Expr, int]], numbers: list[str]) -> str | None:
        above: list[str] = list(numbers)
        below: list[str] = []
        for leaf, exponent in scalars:
            code = "-1.0" if isinstance(leaf, Negative) and leaf.operand == Number(1) else self._value(leaf)
            if exponent < 0 and self._guarded and _is_norm(leaf):
                above.append(self._inverse_norm(code))
            else:
                (above if exponent > 0 else below).append(code)
        negative = above.count("-1.0") % 2
        above = [code for code in above if code != "-1.0"]
        if not above and not below:
            return "-1.0" if negative else None
        code = above[0] if above else "1.0"
        if negative:
            code = f"-{code}"
        for factor in above[1:]:
            code = self._assign(f"{code} * {factor}")
        for factor in below:
            code = self._assign(f"{code} / {factor}")
        return self._assign(code) if code.startswith("-") else code

    def _operand(self, leaf: Expr, turned: bool) -> Operand:
        form = self._form(leaf)
        dims = [self._size(dim) for dim in self._typing.dims(leaf)]
        kind = self._typing.kind(leaf)
        code, name = form.code, form.form
        if kind == "matrix":
            rows, columns = dims
            if turned:
                rows, columns = columns, rows
                name = {
                    "plain": "transposed",
                    "transposed": "plain",
                    "inv": "inv-transposed",
                    "inv-transposed": "inv",
                }.get(name, name)
            return Operand(code, name, rows, columns)
        is_column = (kind == "vector") != turned
        return Operand(code, "plain", dims[0] if is_column else None, None if is_column else dims[0])

    def _size(self, dim: int | str) -> int:
        return dim if isinstance(dim, int) else self._sizes.get(dim, UNKNOWN_SIZE)

    def _multiplied(self, operands: list[Operand], splits: dict[tuple[int, int], int]) -> _Form:
        """The product of the operands in the order that `splits` gives."""
        values: dict[tuple[int, int], Operand] = {(place, place): operand for place, operand in enumerate(operands)}
        pending = [(0, len(operands) - 1)]
        while pending:
            span = pending[-1]
            if span in values:
                pending.pop()
                continue
            split = splits[span]
            left, right = (span[0], split), (split + 1, span[1])
            if left in values and right in values:
                values[span] = self._times(values[left], values[right])
                pending.pop()
            else:
                pending.extend([part for part in (left, right) if part not in values])
        result = values[0, len(operands) - 1]
        return _Form(result.code, result.form)

    def _times(self, left: Operand, right: Operand) -> Operand:
        rows, columns = left.rows, right.columns
        if (left.columns is None and left.rows is None) or (right.columns is None and right.rows is None):
            one, other = self._operand_code(left), self._operand_code(right)
            return Operand(self._assign(f"{one} * {other}"), "plain", rows, columns)
        if left.columns is None:
            column, row = self._plain(_Form(left.code, left.form)), self._plain(_Form(right.code, right.form))
            return Operand(self._assign(f"{column}[:, None] * {row}"), "plain", rows, columns)
        if left.form == "diag" and right.form == "diag":
            return Operand(self._assign(f"{left.code} * {right.code}"), "diag", rows, columns)
        if left.form == "diag":
            scale = left.code if columns is None else f"{left.code}[:, None]"
            return Operand(self._assign(f"{scale} * {self._operand_code(right)}"), "plain", rows, columns)
        if right.form == "diag":
            return Operand(self._assign(f"{self._operand_code(left)} * {right.code}"), "plain", rows, columns)
        if left.form in ("inv", "inv-transposed"):
            matrix = left.code if left.form == "inv" else f"{left.code}.T"
            return Operand(
                self._assign(f"np.linalg.solve({matrix}, {self._operand_code(right)})"), "plain", rows, columns
            )
        if right.form in ("inv", "inv-transposed"):
            matrix = f"{right.code}.T" if right.form == "inv" else right.code
            if rows is None:
                code = self._assign(f"np.linalg.solve({matrix}, {self._operand_code(left)})")
                return Operand(code, "plain", rows, columns)
            turned = self._operand_code(left.transposed())
            return Operand(self._assign(f"np.linalg.solve({matrix}, {turned})"), "transposed", rows, columns)
        return Operand(
            self._assign(f"{self._operand_code(left)} @ {self._operand_code(right)}"), "plain", rows, columns
        )

    def _operand_code(self, operand: Operand) -> str:
        return self._plain(_Form(operand.code, operand.form))

    # Functions.

    def _call(self, node: Call) -> _Form:
        function = self._functions.get(node.function)
        if function is not None:
            return _Form(self._user_function(node, function))
        entry = catalogue.meant(node.function, tuple([self._kind_or_size(child) for child in node.children]))
        assert entry is not None
        if isinstance(entry, catalogue.Elementwise):
            return _Form(self._elementwise(entry, node))
        first = catalogue.first_size(node.function)
        if first is not None:
            return self._sized(node, entry, first)
        if entry.axis and len(node.children) == 2 and axis_literals(node)[1]:
            return self._along_axis(node, entry)
        if node.function == "inv":
            operand = self._form(node.children[0])
            if operand.form == "eye":
                return operand
            return _Form(self._plain(operand), "inv")
        if node.function == "diag" and self._rank(node.children[0]) == 1:
            return _Form(self._value(node.children[0]), "diag")
        if node.function == "tr" and _is_product(node.children[0]):
            return _Form(self._trace(node.children[0]))
        operands = [self._value(child) for child in node.children]
        if entry.numpy is None:
            dims = ", ".join([self._dimension(dim) for dim in self._typing.dims(node)])
            return _Form(self._assign(f"np.full(({dims},), {operands[0]})"))
        self._helpers.update(dict.fromkeys(entry.helpers))
        return _Form(self._assign(entry.numpy.format(*operands)))

    def _kind_or_size(self, node: Expr) -> str:
        return self._typing.kind(node) if self._typing.knows(node) else "dimension"

    def _sized(self, node: Call, entry: catalogue.Function, first: int) -> _Form:
        """A call with sizes among its operands."""
        sizes = [self._dimension(self._typing.dimension(child)) for child in node.children[first:]]
        if node.function == "eye":
            return _Form(sizes[0], "eye")
        assert entry.numpy is not None
        self._helpers.update(dict.fromkeys(entry.helpers))
        if not first and "{1}" not in entry.numpy:
            shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
            return _Form(self._assign(entry.numpy.format(shape)))
        return _Form(self._assign(entry.numpy.format(*[self._value(child) for child in node.children[:first]], *sizes)))

    def _along_axis(self, node: Call, entry: catalogue.Function) -> _Form:
        """A function of every column or row: with NumPy's own axis where it has one, else one by one."""
        operand = self._value(node.children[0])
        assert entry.numpy is not None
        if self._typing.kind(node.children[0]) != "matrix":
            self._helpers.update(dict.fromkeys(entry.helpers))
            return _Form(self._assign(entry.numpy.format(operand)))
        axis = axis_literals(node)[1] - 1
        if not entry.helpers and re.fullmatch(r"np\.\w+\(\{0\}\)", entry.numpy):
            return _Form(self._assign(f"{entry.numpy[:-5]}({operand}, axis={axis})"))
        self._helpers.update(dict.fromkeys(entry.helpers))
        return _Form(self._assign(f"np.apply_along_axis(lambda x: {entry.numpy.format('x')}, {axis}, {operand})"))

    def _trace(self, node: Expr) -> str:
        """The trace of a product, without its last multiplication."""
        scalars, chain = self._factors(node)
        operands = [self._operand(leaf, turned) for leaf, turned in chain]
        simple = all(operand.form in ("plain", "transposed") for operand in operands)
        if simple and len(operands) > 1 and all(o.rows is not None and o.columns is not None for o in operands):
            head = self._multiplied(operands[:-1], association(operands[:-1]))
            code = self._assign(f"np.sum({self._plain(head)}.T * {self._operand_code(operands[-1])})")
        else:
            code = self._assign(f"np.trace({self._plain(self._multiplied(operands, association(operands)))})")
        scalar = self._scalar_product(scalars, [])
        return code if scalar is None else self._assign(f"{scalar} * {code}")

    def _elementwise(self, entry: catalogue.Elementwise, node: Call) -> str:
        assert entry.numpy is not None
        self._helpers.update(dict.fromkeys(entry.helpers))
        operands = [self._value(child) for child in node.children]
        operands += entry.defaults[len(entry.defaults) - len(entry.parameters) + len(operands) :]
        return self._assign(entry.numpy.format(*operands))

    def _reflected_code(self, node: Call, operand: str) -> str:
        """A function of minus its operand."""
        entry = catalogue.lookup(node.function)
        assert entry is not None
        assert entry.numpy is not None
        self._helpers.update(dict.fromkeys(entry.helpers))
        return self._assign(entry.numpy.format(self._assign(f"-{operand}")))

    def _user_function(self, node: Call, function: FunctionDefinition) -> str:
        """An unspecified function: its stand-in."""
        stand_in = StandIn(function.name)
        self._injected[f"_{function.name}"] = stand_in.evaluate
        return self._assign(f"_{function.name}({self._value(node.children[0])}, {node.primes})")

    def compiled(self, name: str) -> CompiledProgram:
        body = [f"    {line}" for line in [*self._size_lines(), *self._lines]]
        parameters = ", ".join(self._parameters.values())
        helpers = "".join([f"\n{_INVERSE_NORM if h == '_inverse_norm' else HELPERS[h]}" for h in self._helpers])
        outputs = ", ".join(self._outputs)
        source = f"import numpy as np\n{helpers}\n\ndef {name}({parameters}):\n" + "\n".join(
            [*body, f"    return {{{outputs}}}", ""]
        )
        return CompiledProgram(source, self._parameters, name, self._injected)

    def _size_lines(self) -> list[str]:
        lines = []
        for dim in self._used_dims:
            for name, variable in self._variables.items():
                if dim in variable.dims:
                    lines.append(f"size_{dim} = {self._parameters[name]}.shape[{variable.dims.index(dim)}]")
                    break
            else:
                if dim not in self._sizes:
                    raise GradcalcError(
                        "data",
                        f"the size of the dimension {dim} is not known",
                        hint=f"Give it with --size {dim}=3.",
                    )
                lines.append(f"size_{dim} = {self._sizes[dim]}")
        return lines


_INVERSE_NORM = '''\
def _inverse_norm(norm):
    """1/norm; 0 where the norm is 0, which gives the subgradient 0."""
    return 1.0 / norm if norm != 0 else 0.0
'''


def _parameter_names(variables: Mapping[str, Variable]) -> dict[str, str]:
    """The Python names of the variables: keywords and `np` get an underscore."""
    names: dict[str, str] = {}
    for name in variables:
        code = name + "_" if keyword.iskeyword(name) or name == "np" or name.startswith("size_") else name
        while code in names.values() or (code != name and code in variables):
            code += "_"
        names[name] = code
    return names


def _is_product(node: Expr) -> bool:
    while isinstance(node, (Transpose, Negative)):
        node = node.operand
    return isinstance(node, Binary) and (node.operator == "*" or node.operator == "/")


def _is_norm(node: Expr) -> bool:
    return isinstance(node, Call) and node.function == "norm2" and len(node.children) == 1


def _is_square_of_norm(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator == "^" and _is_norm(node.left) and node.right == Number(2)


def _result_entries(operands: list[Operand]) -> int:
    return (operands[0].rows or 1) * (operands[-1].columns or 1)


def _number_code(node: Number) -> str:
    try:
        return repr(float(node.value))
    except OverflowError:
        raise GradcalcError("numeric", "a number in the formula is too large for floating point") from None


def _integer(node: Expr) -> int | None:
    if isinstance(node, Negative):
        whole = _integer(node.operand)
        return None if whole is None else -whole
    return int(node.value) if isinstance(node, Number) else None
