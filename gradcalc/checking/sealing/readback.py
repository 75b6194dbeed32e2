"""An answer as it is printed, read again: its value as a tensor, whatever form it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from gradcalc.language.parser import parse
from gradcalc.language.polynomial import Dim, size_of
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Definition, Expr, Program, postorder, with_children
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import typed_axes
from gradcalc.meaning.values import NoMeaning, Scope, Surroundings

Data = Any

Entries = list[Any]
"""The entries of a tensor, the last axis fastest."""


EinsumTerm = tuple[bool, "Expr | None", str, "tuple[Expr, ...]"]
"""Whether a term is subtracted, its factor, its subscripts and its operands."""


class Written:
    """A formula as text.

    indices: the names of its axes where the text is one entry. stacked: how many axes are the rows of a matrix of vec
    by vec, None where the text is the tensor itself. kind: what the formula is said to be.
    """

    def __init__(
        self,
        text: str,
        dims: Sequence[Dim],
        kind: str,
        indices: Sequence[str] = (),
        stacked: int | None = None,
    ) -> None:
        self.text = text
        self.dims = tuple(dims)
        self.kind = kind
        self.indices = tuple(indices)
        self.stacked = stacked


def with_names(tree: Expr, where: Sequence[tuple[str, Expr]]) -> str:
    """The text of a formula after the definitions that it uses: what a user pastes back."""
    return "; ".join([*[f"{name} = {to_text(part)}" for name, part in where], to_text(tree)])


class Reader:
    """Reads formulas in the names of a problem."""

    def __init__(
        self, program: Program, typing: Typing, variables: Mapping[str, Variable], tick: Callable[[], None]
    ) -> None:
        """tick: called before every operation; it may raise."""
        self._tick = tick
        self._typing = typing
        self._kinds = {name: variable.kind for name, variable in variables.items()}
        self._functions = {function.name: function for function in program.functions}
        self._parsed: dict[str, Program] = {}

    def program(self, text: str) -> Program:
        """Raises GradcalcError where the text is not in the language."""
        found = self._parsed.get(text)
        if found is None:
            found = parse(text, list(self._functions), list(self._kinds))
            if "[" in text:
                # What does not change with the indices is kept, and found again by being the same object.
                found = _shared(found)
            self._parsed[text] = found
        return found

    def interpreter(
        self, program: Program, arrays: Mapping[str, Data], sizes: Mapping[str, int], algebra: Any
    ) -> Interpreter:
        """An interpreter for a text that was read."""
        variables = {name: (self._kinds[name], data) for name, data in arrays.items() if name in self._kinds}
        definitions = {definition.name: definition.expression for definition in program.definitions}
        axes = typed_axes(self._typing, sizes)
        around = Surroundings(variables, sizes, definitions, self._functions, axes)
        return Interpreter(around, algebra, Observation(), tick=self._tick)

    def tensor(
        self,
        written: Written,
        arrays: Mapping[str, Data],
        sizes: Mapping[str, int],
        algebra: Any,
        free: Mapping[str, int] | None = None,
        at: tuple[int, ...] | None = None,
    ) -> Entries:
        """The entries of a formula. free: the values of indices that the answer leaves open. at: the place, from 1,
        along the last axes of the only entries that are wanted of a formula in indices; the others are zero.

        Raises NoMeaning where the text is worth something of another shape than it is said to have.
        """
        shape = tuple([size_of(dim, sizes) for dim in written.dims])
        program = self.program(written.text)
        interpreter = self.interpreter(program, arrays, sizes, algebra)
        held: Scope = {name: ("scalar", algebra.number(place)) for name, place in (free or {}).items()}
        interpreter.free = held
        if written.indices:
            entries: Entries = []
            for places in product(*[range(1, length + 1) for length in shape]):
                if at is not None and places[len(places) - len(at) :] != at:
                    entries.append(0)
                    continue
                own: Scope = {n: ("scalar", algebra.number(place)) for n, place in zip(written.indices, places)}
                kind, data = interpreter.value(program.objective, {**held, **own})
                _require(kind == "scalar", f"an entry is a {kind}")
                entries.append(data)
            return entries
        kind, data = interpreter.value(program.objective)
        if written.stacked is not None:
            _require(kind == "matrix", f"the matrix of vec by vec is a {kind}")
            return _unstacked(data, shape, written.stacked)
        _require(kind == written.kind, f"what is said to be a {written.kind} is a {kind}")
        _require(tuple(getattr(data, "shape", ())) == shape, f"its shape is {getattr(data, 'shape', ())}, not {shape}")
        return entries_of(data)

    def entry(
        self,
        written: Written,
        place: Sequence[int],
        arrays: Mapping[str, Data],
        sizes: Mapping[str, int],
        algebra: Any,
    ) -> Data:
        """One entry of a formula in indices, at a place counted from 1. Raises NoMeaning, GradcalcError."""
        program = self.program(written.text)
        interpreter = self.interpreter(program, arrays, sizes, algebra)
        interpreter.free = {n: ("scalar", algebra.number(number)) for n, number in zip(written.indices, place)}
        kind, data = interpreter.value(program.objective)
        _require(kind == "scalar", f"an entry is a {kind}")
        return data

    def einsums(
        self,
        terms: Sequence[EinsumTerm],
        arrays: Mapping[str, Data],
        sizes: Mapping[str, int],
        algebra: Any,
        free: Mapping[str, int],
    ) -> Entries:
        """The entries of a sum of einsums. Raises NoMeaning, GradcalcError."""

        def data_of(tree: Expr) -> Data:
            program = self.program(to_text(tree))
            interpreter = self.interpreter(program, arrays, sizes, algebra)
            interpreter.free = {name: ("scalar", algebra.number(place)) for name, place in free.items()}
            return interpreter.value(program.objective)[1]

        total: Entries = []
        for negative, scale, subscripts, operands in terms:
            factor = algebra.number(-1 if negative else 1) * (1 if scale is None else data_of(scale))
            fits = len(operands) == subscripts.count(",") + 1 if operands else subscripts == "->"
            _require(fits, f"{subscripts} has {len(operands)} operands")
            data = [data_of(operand) for operand in operands]
            part = entries_of(algebra.einsum(subscripts, data, {})) if data else [algebra.number(1)]
            total = [t + factor * p for t, p in zip(total, part)] if total else [factor * p for p in part]
        return total


def entries_of(data: Data) -> Entries:
    if not getattr(data, "shape", ()):
        return [data]
    return list(data.entries) if hasattr(data, "entries") else list(data.ravel())


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise NoMeaning(sentence)


def _unstacked(matrix: Data, shape: tuple[int, ...], rows: int) -> Entries:
    """The entries of a tensor whose first axes are the rows of a matrix, each stacked column by column."""
    front, back = shape[:rows], shape[rows:]
    _require(tuple(matrix.shape) == (prod(front), prod(back)), f"the matrix of vec by vec has the shape {matrix.shape}")
    found = []
    for place in product(*[range(length) for length in shape]):
        found.append(matrix[_column_order(place[:rows], front), _column_order(place[rows:], back)])
    return found


def _column_order(place: Sequence[int], shape: Sequence[int]) -> int:
    answer, step = 0, 1
    for position, length in zip(place, shape):
        answer += position * step
        step *= length
    return answer


def _shared(program: Program) -> Program:
    """The program with one object for equal parts, wherever they stand."""
    known: dict[tuple[object, ...], Expr] = {}
    objects: dict[int, Expr] = {}
    for root in [*[definition.expression for definition in program.definitions], program.objective]:
        for node in postorder(root):
            children = tuple([objects[id(child)] for child in node.children])
            key = (node.label, *[id(child) for child in children])
            objects[id(node)] = known.setdefault(key, with_children(node, children))
    definitions = tuple([Definition(d.name, objects[id(d.expression)], d.span) for d in program.definitions])
    return Program(objects[id(program.objective)], definitions, program.functions, (), program.source)
