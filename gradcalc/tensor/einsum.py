"""Tensors as sums of einsums of matrices and vectors: a form that every product of them has, whatever its axes."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase, ascii_uppercase

from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Number
from gradcalc.tensor.nodes import ONE, Coefficient, Contraction, Factor, Node, Pattern, Rational, Sum, Term, times
from gradcalc.tensor.products import Product, dimension, hadamard
from gradcalc.tensor.raising import Raising
from gradcalc.tensor.threeway import NoMatrixForm

_LETTERS = ascii_lowercase[8:] + ascii_lowercase[:8] + ascii_uppercase
_MOST_TERMS = 64


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
    answer: list[EinsumTerm] = []
    terms: list[Term] = list(node.terms) if isinstance(node, Sum) else [(ONE, node)]
    for coefficient, term in terms:
        for scale, factors, output, dims in _products(raising, coefficient, term):
            answer.append(_written(raising, scale, factors, output, dims))
            if len(answer) > _MOST_TERMS:
                raise NoMatrixForm
    return answer


_Open = tuple[Coefficient, list[Factor], list[int], dict[int, int | str]]


def _products(raising: Raising, coefficient: Coefficient, node: Node) -> Iterator[_Open]:
    """The node as products of tensors of at most two axes: sums of more axes are multiplied out."""
    if isinstance(node, Contraction):
        start: _Open = (
            times(coefficient, node.coefficient), list(node.factors), list(node.output), dict(enumerate(node.index_dims))
        )  # fmt: skip
    else:
        axes = list(range(len(node.dims)))
        start = (coefficient, [(node, 1, tuple(axes))], axes, dict(enumerate(node.dims)))
    pending = [start]
    while pending:
        scale, factors, output, dims = pending.pop()
        wide = next((factor for factor in factors if len(factor[0].dims) > 2), None)
        if wide is None:
            yield scale, factors, output, dims
            continue
        leaf, exponent, indices = wide
        if exponent != 1 or not isinstance(leaf, (Sum, Contraction)):
            raise NoMatrixForm
        rest = [factor for factor in factors if factor is not wide]
        for part, term in leaf.terms if isinstance(leaf, Sum) else [(ONE, leaf)]:
            flat = raising.graph.contraction(ONE, [*rest, (term, 1, indices)], output, dict(dims))
            if isinstance(flat, Contraction):
                inner = times(times(scale, part), flat.coefficient)
                pending.append((inner, list(flat.factors), list(flat.output), dict(enumerate(flat.index_dims))))
            else:
                axes = list(range(len(flat.dims)))
                pending.append((times(scale, part), [(flat, 1, tuple(axes))], axes, dict(enumerate(flat.dims))))


def _written(
    raising: Raising, scale: Coefficient, factors: list[Factor], output: list[int], dims: dict[int, int | str]
) -> EinsumTerm:
    scalars: list[tuple[Expr, Rational]] = []
    operands: list[tuple[Expr, list[int]]] = []
    for leaf, exponent, indices in factors:
        if isinstance(leaf, Pattern) and len(leaf.dims) > 2:
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
        if index not in carried:
            operands.append((Call("ones", (size,)), [index]))
        made.append(index)
    letters = dict(zip(dict.fromkeys([*made, *[i for _, own in operands for i in own]]), _LETTERS))
    left = ",".join(["".join([letters[index] for index in own]) for _, own in operands])
    right = "".join([letters[index] for index in made])
    negative, number = Product(scale, tuple(scalars)).written()
    return EinsumTerm(
        negative, None if number == Number(1) else number, f"{left}->{right}", tuple([tree for tree, _ in operands])
    )

