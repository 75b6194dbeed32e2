"""Values with their kinds, and what operators and functions make of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcalc.functions import catalogue
from scripts.fuzz.algebras import Fault
from scripts.fuzz.meanings import ENTRYWISE, KEEPING, OF_MATRICES, REDUCING

Array = Any


class Value:
    """kind: scalar, vector, row, matrix, or tensor."""

    __slots__ = ("array", "kind")

    def __init__(self, kind: str, array: Array) -> None:
        self.kind = kind
        self.array = np.asarray(array)

    @property
    def plane(self) -> Array:
        """As a matrix: columns stand, rows lie."""
        if self.kind == "vector":
            return self.array.reshape(-1, 1)
        return self.array.reshape(1, -1) if self.kind in ("row", "scalar") else self.array


class Unknown(Exception):
    """This evaluator has no meaning for what was met."""


def turned(value: Value) -> Value:
    kinds = {"vector": "row", "row": "vector"}
    return Value(kinds.get(value.kind, value.kind), value.array.T)


def quotient(a: Array, b: Array) -> Array:
    if np.any(np.asarray(b) == 0):
        raise Fault("division by zero")
    return a / b


def solved_shape(left: Value, right: Value) -> tuple[int, ...]:
    return right.array.shape if right.kind == "matrix" else (right.array.shape[0],)


def product(left: Value, right: Value) -> Value:
    a, b = left.plane, right.plane
    if a.shape[1] != b.shape[0]:
        raise Unknown("a product of these shapes")
    result = a @ b
    if left.kind == "row":
        return Value("scalar", result[0, 0]) if right.kind == "vector" else Value("row", result[0])
    if right.kind == "vector" and left.kind == "matrix":
        return Value("vector", result[:, 0])
    return Value("matrix", result)


def aligned(left: Value, right: Value) -> tuple[str, Array, Array]:
    """The common kind, and arrays that broadcast: a column goes with the rows of a matrix, a row with its columns."""
    kinds = {left.kind, right.kind}
    if left.kind == right.kind or "scalar" in kinds:
        kind = left.kind if right.kind == "scalar" else right.kind
        if left.array.shape != right.array.shape and "scalar" not in kinds:
            raise Unknown("shapes that differ")
        return kind, left.array, right.array
    if "matrix" in kinds:
        return "matrix", left.plane, right.plane
    raise Unknown(f"a {left.kind} with a {right.kind}")


def joined(rows: list[list[Value]]) -> Value:
    """A block: parts of a row beside each other, rows below each other."""
    parts = [part for row in rows for part in row]
    if all(len(row) == 1 for row in rows) and all(part.kind in ("scalar", "vector") for part in parts):
        if len(parts) == 1:
            return parts[0]
        return Value("vector", np.concatenate([part.array.reshape(-1) for part in parts]))
    array = np.concatenate([np.concatenate([part.plane for part in row], axis=1) for row in rows], axis=0)
    if len(rows) == 1 and all(part.kind in ("scalar", "row") for part in parts):
        return Value("row", array[0])
    return Value("matrix", array)


def entrywise(m: Any, name: str, operands: list[Value]) -> Value:
    """A scalar function of operands that fit each other."""
    kind, shape = "scalar", ()
    order = ("scalar", "vector", "row", "matrix")
    for operand in operands:
        if order.index(operand.kind) > order.index(kind):
            kind, shape = operand.kind, operand.array.shape
    arrays = [operand.plane if kind == "matrix" and operand.kind in ("vector", "row") else operand.array
              for operand in operands]  # fmt: skip
    if len({o.kind for o in operands} - {"scalar"}) > 1 and kind != "matrix":
        raise Unknown("a column with a row")
    del shape
    return Value(kind, np.asarray(ENTRYWISE[name](m, *arrays)))


def whole(m: Any, name: str, operands: list[Value]) -> Value:
    """A function of whole arrays."""
    first = operands[0]
    if name in REDUCING:
        return Value("scalar", np.asarray(REDUCING[name](m, *[o.array for o in operands])))
    if name in KEEPING:
        return Value(first.kind, KEEPING[name](m, first.array))
    if name in OF_MATRICES:
        function, kind = OF_MATRICES[name]
        if first.kind != "matrix":
            raise Unknown(f"{name} of a {first.kind}")
        return Value(kind, np.asarray(function(m, *[o.array for o in operands])))
    if name == "transpose":
        return turned(first)
    if name == "diag":
        if first.kind == "matrix":
            return Value("vector", np.diagonal(first.array))
        answer = m.zeros((first.array.size, first.array.size)) + 0 * first.array
        answer[np.arange(first.array.size), np.arange(first.array.size)] = first.array
        return Value("matrix", answer)
    if name == "dot":
        return Value("scalar", np.sum(first.array * operands[1].array))
    if name == "outer":
        return Value("matrix", np.outer(first.array, operands[1].array))
    if name == "kron":
        kinds = [operand.kind for operand in operands]
        array = np.kron(first.plane, operands[1].plane)
        if kinds[0] == kinds[1] != "matrix":
            return Value(kinds[0], array.reshape(-1))
        return Value("matrix", array)
    if name == "vec":
        return Value("vector", np.ravel(first.array, order="F"))
    if name == "cross":
        return Value("matrix" if "matrix" in [o.kind for o in operands] else first.kind, _cross(*operands))
    if name == "quadform":
        return Value("scalar", np.sum(first.array * (operands[1].array @ first.array)))
    return _by_catalogue(m, name, operands)


def _cross(x: Value, y: Value) -> Array:
    (a, b, c), (u, v, w) = x.array, y.array
    return np.stack([b * w - c * v, c * u - a * w, a * v - b * u])


def _by_catalogue(m: Any, name: str, operands: list[Value]) -> Value:
    """A function that this room does not know yet: its plain reference in the catalogue."""
    entry = catalogue.lookup(name)
    if not isinstance(entry, catalogue.Elementwise) or m.name != "floats":
        raise Unknown(name)
    from gradcalc.meaning.numpy_numbers import NUMPY

    array = np.asarray(NUMPY.applied(entry, [operand.array for operand in operands]))
    first = operands[0].kind
    kind = {0: "scalar", 2: "matrix"}.get(array.ndim, first if first in ("vector", "row") else "vector")
    return Value(kind, array)
