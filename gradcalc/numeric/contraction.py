"""The value of a tensor of the graph, axis by axis with einsum: for tensors that have no matrix form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.language.polynomial import Dim, size_of
from gradcalc.language.shapes import Typing
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.numeric.pairwise import Operand, contracted
from gradcalc.tensor.nodes import Atom, Basis, Contraction, Elementwise, Node, Pattern, Sum, Symbol, postorder

Array = Any


def tensor_value(root: Node, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The array of a tensor. Raises GradcalcError of kind numeric where a matrix is singular."""
    values: dict[Node, Array] = {}
    with np.errstate(all="ignore"):
        for node in postorder((root,)):
            values[node] = _value(node, values, typing, arrays, sizes)
    return values[root]


def _value(
    node: Node, values: dict[Node, Array], typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int]
) -> Array:
    def length(dim: Dim) -> int:
        return size_of(dim, sizes)

    if isinstance(node, Symbol):
        return np.asarray(arrays[node.name], dtype=float) if node.name in arrays else np.pi
    if isinstance(node, Basis):
        return (np.arange(1, length(node.dims[0]) + 1) == length(node.position)).astype(float)
    if isinstance(node, Sum):
        total = 0.0
        for (number, powers), term in node.terms:
            total = total + _coefficient(number, powers, length) * values[term]
        return total
    if isinstance(node, Elementwise):
        name, primes = node.function
        if name in typing.functions:
            return NUMPY.unspecified(name, values[node.operand], primes)
        return _apply(name, [values[operand] for operand in node.operands])
    if isinstance(node, Pattern):
        return pattern_value(node.name, [length(dim) for dim in node.dims], length(node.offset))
    if isinstance(node, Atom):
        try:
            return _along(node, [values[operand] for operand in node.operands])
        except np.linalg.LinAlgError:
            raise GradcalcError("numeric", f"a matrix is singular in {node.name}") from None
    assert isinstance(node, Contraction)
    return _contract(node, values, length)


def _along(node: Atom, operands: list[Array]) -> Array:
    """The function along the leading axes of the first operand."""
    operand, *others = operands
    if not node.batch:
        return _apply(node.name, operands)
    front = operand.shape[: node.batch]
    parts = [_apply(node.name, [operand[place], *others]) for place in np.ndindex(*front)]
    return np.reshape(np.stack(parts), front + np.shape(parts[0]))


def _apply(name: str, operands: list[Array]) -> Array:
    entry = catalogue.lookup(name)
    assert entry is not None
    assert entry.reference is not None
    return entry.reference(NUMPY, *[np.asarray(operand) for operand in operands])


def pattern_value(name: str, shape: list[int], offset: int = 0) -> Array:
    """A constant tensor, of `gradcalc.functions.entry.PATTERNS`."""
    if name == "merge":
        fast, slow, whole = shape
        return np.eye(whole).reshape(slow, fast, whole).transpose(1, 0, 2)
    if name == "cross":
        answer = np.zeros((3, 3, 3))
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            answer[i, j, k], answer[i, k, j] = 1.0, -1.0
        return answer
    if name == "lower":
        return np.tril(np.ones(shape))
    if name == "difference":
        return np.diff(np.eye(shape[1]), axis=0)
    return np.eye(shape[0])[::-1] if name == "flip" else np.eye(shape[0], shape[1], offset)


def _coefficient(number: Any, powers: tuple[tuple[str, int], ...], length: Any) -> float:
    answer = float(number)
    for dim, power in powers:
        answer *= float(length(dim)) ** power
    return answer


def _contract(node: Contraction, values: dict[Node, Array], length: Any) -> Array:
    carried = {index for _, _, indices in node.factors for index in indices}
    operands: list[Operand] = []
    for leaf, exponent, indices in node.factors:
        value = np.asarray(values[leaf])
        operands.append((value if exponent == 1 else np.power(value, float(exponent)), indices))
    for index in dict.fromkeys(node.output):
        if index not in carried:
            operands.append((np.ones(length(node.index_dims[index])), (index,)))
    # Each occurrence after the first of an output index is a delta with the first.
    output: list[int] = []
    fresh = len(node.index_dims)
    for index in node.output:
        if index not in output:
            output.append(index)
        else:
            operands.append((np.eye(length(node.index_dims[index])), (index, fresh)))
            output.append(fresh)
            fresh += 1
    scale = _coefficient(*node.coefficient, length)
    return scale * contracted(operands, output) if operands else scale
