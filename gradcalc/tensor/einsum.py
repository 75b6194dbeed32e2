"""Tensors as sums of einsums of matrices and vectors: a form that every product of them has, whatever its axes."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

from gradcalc.language.polynomial import Dim
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Number
from gradcalc.tensor.nodes import Coefficient, Contraction, Factor, Node, Rational, times
from gradcalc.tensor.products import Product, dimension, hadamard
from gradcalc.tensor.raising import Raising
from gradcalc.tensor.threeway import NoMatrixForm
from gradcalc.tensor.vectorized import multiplied_out

_LETTERS = ascii_lowercase[8:] + ascii_lowercase[:8] + ascii_uppercase


class EinsumTerm:
    """scale * einsum(subscripts, operands). scale: a number as an expression, None for one."""

    __slots__ = ("negative", "operands", "scale", "subscripts")

    def __init__(self, negative: bool, scale: Expr | None, subscripts: str, operands: tuple[Expr, ...]) -> None:
        self.negative = negative
        self.scale = scale
        self.subscripts = subscripts
        self.operands = operands

    @property
    def text(self) -> str:
        """The term without its sign, operands in the language."""
        operands = "".join([f", {to_text(operand)}" for operand in self.operands])
        call = f"einsum('{self.subscripts}'{operands})"
        if self.scale is None:
            return call
        scale = to_text(self.scale)
        tight = not isinstance(self.scale, Binary) or self.scale.operator not in "+-"
        return f"{scale}*{call}" if tight else f"({scale})*{call}"


def einsum_text(terms: list[EinsumTerm]) -> str:
    """The sum of the terms."""
    text = ""
    for term in terms:
        sign = (" - " if term.negative else " + ") if text else ("-" if term.negative else "")
        text += sign + term.text
    return text


def einsum_terms(raising: Raising, node: Node) -> list[EinsumTerm]:
    """The node as a sum of einsums. Raises NoMatrixForm where a factor is no product of matrices and vectors."""
    terms = multiplied_out(raising.graph, node)
    if terms is None:
        raise NoMatrixForm
    return [_written(raising, *_opened(coefficient, term)) for coefficient, term in terms]


_Open = tuple[Coefficient, list[Factor], list[int], dict[int, Dim]]


def _opened(coefficient: Coefficient, node: Node) -> _Open:
    """A term as a coefficient, factors, output indices and the ranges of all indices."""
    if isinstance(node, Contraction):
        scale = times(coefficient, node.coefficient)
        return scale, list(node.factors), list(node.output), dict(enumerate(node.index_dims))
    axes = list(range(len(node.dims)))
    return coefficient, [(node, 1, tuple(axes))], axes, dict(enumerate(node.dims))


def _written(
    raising: Raising, scale: Coefficient, factors: list[Factor], output: list[int], dims: dict[int, Dim]
) -> EinsumTerm:
    scalars: list[tuple[Expr, Rational]] = []
    operands: list[tuple[Expr, list[int]]] = []
    for leaf, exponent, indices in factors:
        if len(leaf.dims) > 2:
            raise NoMatrixForm
        tree = raising.tree(leaf)
        if not indices:
            scalars.append((tree, exponent))
        else:
            operands.append((tree if exponent == 1 else hadamard([(tree, exponent)]), list(indices)))
    carried = {index for _, indices in operands for index in indices}
    made: list[int] = []
    fresh = max(dims, default=-1) + 1
    for index in output:
        size = dimension(dims[index])
        if index in made:
            # A second axis that goes with the first: an identity joins the two.
            operands.append((Call("eye", (size,)), [index, fresh]))
            made.append(fresh)
            fresh += 1
            continue
        if index not in carried and output.count(index) == 1:
            operands.append((Call("ones", (size,)), [index]))
        made.append(index)
    letters = dict(zip(dict.fromkeys([*made, *[i for _, own in operands for i in own]]), _LETTERS))
    left = ",".join(["".join([letters[index] for index in own]) for _, own in operands])
    right = "".join([letters[index] for index in made])
    negative, number = Product(scale, tuple(scalars)).written()
    return EinsumTerm(
        negative, None if number == Number(1) else number, f"{left}->{right}", tuple([tree for tree, _ in operands])
    )
