"""A program at a point: its objective and the texts of its answers, evaluated by the third opinion."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.language.parser import parse
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr
from scripts.fuzz.algebras import FLOATS, Fault, RealOnly, precise
from scripts.fuzz.evaluator import Scope, Value, evaluated
from scripts.fuzz.points import independent, tangent, unfolded

Array = Any
Component = tuple[str, tuple[Any, ...]]
Moved = Mapping[str, Array]
Field = Callable[[Any, Moved], Array]
"""A tensor as a function of variables that are moved, in an algebra."""

_STEP = 1e-25

KINK = 1e-6


def shift(name: str) -> float:
    """The constant of the stand-in for an unspecified function."""
    from gradcalc.meaning.stand_in import StandIn

    return float(f"{StandIn(name).shift:.6g}")


class Subject:
    """problem: parsed and typed. arrays, sizes: the point."""

    def __init__(self, problem: Any, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> None:
        self.problem = problem
        self.arrays = dict(arrays)
        self.sizes = dict(sizes)
        self.typing = problem.typing
        self.functions = {function.name: (function.parameter, function.body) for function in problem.program.functions}
        self.extra: dict[str, tuple[str, Array]] = {}
        self.heading = "".join(
            [f"{name}(.); " if body is None else f"{name}({parameter}) = {to_text(body)}; "
             for name, (parameter, body) in self.functions.items()]
        )  # fmt: skip

    def reread(self, tree: Expr) -> Expr:
        """The tree that its text is read as."""
        return parse(self.heading + to_text(tree)).objective

    def _values(self, algebra: Any, moved: Moved) -> dict[str, Value]:
        values = {}
        for name, variable in self.typing.variables.items():
            values[name] = Value(variable.kind, algebra.array(moved.get(name, self.arrays[name])))
        for name, (kind, array) in self.extra.items():
            values[name] = Value(kind, algebra.array(moved.get(name, array)))
        return values

    def scope(
        self, where: Sequence[tuple[str, Expr]] | None, algebra: Any = FLOATS, moved: Moved | None = None
    ) -> Scope:
        """What names stand for. where: what an answer names; None for the program's own definitions."""
        definitions = self.typing.definitions if where is None else dict(where)
        typing = self.typing if where is None else None
        return Scope(
            algebra, self._values(algebra, moved or {}), self.sizes, definitions, self.functions, shift, typing
        )

    def evaluate(
        self,
        tree: Expr,
        where: Sequence[tuple[str, Expr]] | None,
        algebra: Any = FLOATS,
        moved: Moved | None = None,
        indices: Mapping[str, int] | None = None,
        scope: Scope | None = None,
    ) -> Value:
        with np.errstate(all="ignore"):
            value = evaluated(tree, scope or self.scope(where, algebra, moved), indices)
        if algebra is FLOATS and not np.all(np.isfinite(value.array)):
            raise Fault("not finite")
        return value

    def objective(self) -> Field:
        tree = self.problem.program.objective
        return lambda algebra, moved: self.evaluate(tree, None, algebra, moved).array

    def tensor(self, formula: Any, full: bool = False) -> Field:
        """The value of an answer, from its printed text, in the shape of its tensor."""
        if full:
            tree, where = self.reread(formula.full()), []
        else:
            tree = self.reread(formula.tree)
            where = [(name, self.reread(part)) for name, part in formula.where]
        shape = tuple([self.length(dim) for dim in formula.dims])

        def field(algebra: Any, moved: Moved) -> Array:
            if formula.entrywise and formula.indices:
                entries, scope = np.empty(shape, dtype=object), self.scope(where, algebra, moved)
                for place in np.ndindex(*shape):
                    indices = {name: at + 1 for name, at in zip(formula.indices, place)}
                    entries[place] = self.evaluate(tree, where, algebra, moved, indices, scope).array[()]
                if algebra is not FLOATS:
                    return entries
                return entries.astype(complex if any(np.iscomplexobj(e) for e in entries.flat) else float)
            value = self.evaluate(tree, where, algebra, moved)
            if formula.vectorized:
                return value.array.reshape(shape, order="F")
            return value.array

        return field

    def length(self, dim: Any) -> int:
        from gradcalc.language.polynomial import size_of

        return size_of(dim, self.sizes)

    # Derivatives.

    def slope(self, field: Field, name: str, direction: Array, algebra: Any) -> Array:
        """The derivative of a tensor as a variable is moved along a direction.

        Raises Fault outside a domain and Kink where the slopes from the two sides differ.
        """
        point = self.arrays[name]
        if algebra is FLOATS:
            try:
                value = field(algebra, {name: point + 1j * _STEP * direction})
                return np.imag(value) / _STEP
            except RealOnly:
                steps = [1e-3, 5e-4, 2.5e-4]
                rough = [self._central(field, name, direction, step) for step in steps]
                better = [(4 * b - a) / 3 for a, b in itertools.pairwise(rough)]
                return (16 * better[1] - better[0]) / 15
        step = algebra.context.mpf(10) ** -15
        moved = [algebra.array(point) + sign * step * algebra.array(direction) for sign in (-1, 1)]
        low, high = [np.asarray(field(algebra, {name: there})) for there in moved]
        here = np.asarray(field(algebra, {}))
        before, after = (here - low) / step, (high - here) / step
        size = _largest(before) + _largest(after)
        if _largest(after - before) > KINK * size:
            raise Kink
        return (high - low) / (2 * step)

    def _central(self, field: Field, name: str, direction: Array, step: float) -> Array:
        point = self.arrays[name]
        return (field(FLOATS, {name: point + step * direction}) - field(FLOATS, {name: point - step * direction})) / (
            2 * step
        )

    def places(self, component: Component, structured: str | None, chooser: Any, most: int) -> list[tuple[int, ...]]:
        """Entries of a variable that are moved: some at random, the one that is asked for, or the independent ones."""
        name, positions = component
        if positions:
            place = tuple([int(position) - 1 for position in positions])
            if self.apart(name, structured):
                # An entry off the independent ones is tied to one of them.
                mask = independent(str(self.typing.variables[name].structure), len(self.arrays[name]))
                return [place] if mask[place] else []
            return [place]
        places = list(np.ndindex(*np.shape(self.arrays[name])))
        if self.apart(name, structured):
            mask = independent(str(self.typing.variables[name].structure), len(self.arrays[name]))
            places = [place for place in places if mask[place]]
        return places if len(places) <= most else sorted(chooser.sample(places, most))

    def apart(self, name: str, structured: str | None) -> bool:
        """Whether the derivative is by independent entries."""
        structure = self.typing.variables[name].structure
        return structured == "independent" and structure not in (None, "orthogonal", "positive")

    def derivative(
        self, field: Field, component: Component, places: list[tuple[int, ...]], structured: str | None, algebra: Any
    ) -> Array:
        """The derivatives of a tensor by entries of a variable, which are moved within its structure: the last axis."""
        name, _ = component
        point, structure = self.arrays[name], self.typing.variables[name].structure
        slopes = []
        for place in places:
            direction = np.zeros(np.shape(point))
            direction[place] = 1.0
            if self.apart(name, structured):
                direction = unfolded(str(structure), direction)
            else:
                direction = tangent(structure, point, direction)
            slopes.append(np.asarray(self.slope(field, name, direction, algebra)))
        return np.stack(slopes, axis=-1)


def picked(value: Array, component: Component, places: list[tuple[int, ...]]) -> Array:
    """The entries of a derivative at places of its last variable: the last axis."""
    if component[1]:
        return value[..., None]
    return np.stack([value[(..., *place)] for place in places], axis=-1)


class Kink(Exception):
    """The slopes from two sides differ here."""


def _largest(array: Array) -> Any:
    flat = np.abs(np.ravel(array))
    return max(flat.tolist(), default=0)


__all__ = ["FLOATS", "Component", "Field", "Kink", "Subject", "picked", "precise"]
