"""A typed program at a point: its value and what was met on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradcalc.language.polynomial import size_of
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Call, IndexedSum, Program
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.values import Axes, Data, Surroundings

NOT_FINITE = "the value is not finite"
"""The fault where nothing on the way was outside a domain."""


class _TypedAxes(Axes):
    def __init__(self, typing: Typing, sizes: Mapping[str, int]) -> None:
        self._typing = typing
        self._sizes = sizes

    def of_index(self, node: IndexedSum, name: str) -> int | None:
        known = self._typing.range_of(node, name)
        return None if known is None else size_of(known, self._sizes)

    def of_call(self, node: Call) -> tuple[int, ...] | None:
        if not self._typing.knows(node):
            return None
        return tuple([size_of(dim, self._sizes) for dim in self._typing.dims(node)])

    def size(self, name: str) -> int | None:
        known = self._typing.length_of(name)
        return None if known is None else size_of(known, self._sizes)


def typed_axes(typing: Typing, sizes: Mapping[str, int]) -> Axes:
    """What a typing says of lengths, for dimensions of given sizes."""
    return _TypedAxes(typing, sizes)


def surroundings(typing: Typing, arrays: Mapping[str, Data], sizes: Mapping[str, int]) -> Surroundings:
    """What the names of a program stand for: arrays for its variables, sizes for its dimensions."""
    variables = {
        name: (typing.variables[name].kind if name in typing.variables else _kind(data), data)
        for name, data in arrays.items()
    }
    return Surroundings(variables, sizes, typing.definitions, typing.functions, typed_axes(typing, sizes))


def _kind(data: Any) -> str:
    """The kind of an array that no variable has."""
    return ("scalar", "vector", "matrix")[len(getattr(data, "shape", ()))]


def observed(
    program: Program,
    typing: Typing,
    arrays: Mapping[str, Data],
    sizes: Mapping[str, int],
    algebra: Any,
    indices: Mapping[str, int] | None = None,
    measures: bool = False,
    tick: Callable[[], None] | None = None,
) -> Observation:
    """The value of the objective in an algebra, and what was met on the way; never raises for what the numbers are.

    arrays: one for each variable, in its shape. sizes: the lengths of the named dimensions. indices: the values of free
    indices, counted from 1. measures: note the largest number on the way as well. tick: called before every operation.
    """
    observation = Observation()
    interpreter = Interpreter(surroundings(typing, arrays, sizes), algebra, observation, measures, tick)
    interpreter.free = {name: ("scalar", algebra.number(place)) for name, place in (indices or {}).items()}
    observation.value = interpreter.value(program.objective)[1]
    if observation.fault is None and not algebra.is_finite(observation.value):
        observation.fail(NOT_FINITE, program.objective.span)
    return observation
