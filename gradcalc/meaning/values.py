"""What the walk hands on: values of a kind, the names of a tree, and what the rules may ask of the walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gradcalc.language.polynomial import Dim
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Call, Expr, FunctionDefinition, IndexedSum
from gradcalc.meaning.observation import Observation

Data = Any
"""A number or an array of the algebra."""

Value = tuple[str, Data]
"""The kind and the data."""


class NoMeaning(ValueError):
    """The expression is ill-formed: a product of shapes that have none, a name that nothing defines."""


class Surroundings:
    """What the names of a tree stand for.

    variables: their values. definitions, functions: those of the program. sizes: the lengths that names stand for.
    axes: the range of an index of a sum, the shape of a call that fits its surroundings, where a typing knows them.
    """

    def __init__(
        self,
        variables: Mapping[str, Value],
        sizes: Mapping[str, int],
        definitions: Mapping[str, Expr] | None = None,
        functions: Mapping[str, FunctionDefinition] | None = None,
        axes: Axes | None = None,
    ) -> None:
        self.variables = variables
        self.sizes = sizes
        self.definitions = definitions or {}
        self.functions = functions or {}
        self.axes = axes or Axes()


class Axes:
    """What only a typing says of lengths; without one nothing."""

    def of_index(self, node: IndexedSum, name: str) -> int | None:
        """How far a bound index runs."""
        return None

    def of_call(self, node: Call) -> tuple[int, ...] | None:
        """The shape of a call that takes it from its surroundings."""
        return None

    def size(self, name: str) -> int | None:
        """The length that a name stands for."""
        return None


Scope = Mapping[str, Value]
"""The values of parameters and bound indices."""


class Walk(Protocol):
    """What a rule sees of the interpreter.

    np: the algebra. around: what names stand for. observation: where kinks and faults are noted. free: free indices.
    """

    np: Any
    around: Surroundings
    observation: Observation
    free: Scope

    def value(self, root: Expr, scope: Scope | None = None) -> Value:
        """The value of an expression."""

    def size(self, name: str) -> int:
        """The length that a name stands for."""

    def length(self, dim: Dim, scope: Scope, end: int | None = None) -> int:
        """A position, a length or the end of a range."""


def short(node: Expr) -> str:
    """The text of an expression, for a sentence."""
    text = to_text(node)
    return text if len(text) <= 40 else text[:37] + "..."


def whole_number(number: Any) -> int:
    return round(float(number.real if hasattr(number, "real") else number))
