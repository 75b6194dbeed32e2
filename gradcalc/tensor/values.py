"""Lowered values, and the arithmetic of them that only contracts, adds and applies functions."""

from __future__ import annotations

from collections.abc import Sequence

from gradcalc.language.polynomial import Dim
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Contraction, Factor, Node, Rational, Term

KINDS = ("scalar", "vector", "matrix")

AXES = {"scalar": 0, "vector": 1, "row": 1, "matrix": 2}


class Value:
    """A lowered expression: dims of `node` are those of the free indices `labels`, then those of the kind."""

    __slots__ = ("kind", "labels", "node")

    def __init__(self, node: Node, kind: str, labels: tuple[str, ...] = ()) -> None:
        self.node = node
        self.kind = kind
        self.labels = labels

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The lengths of the axes of its kind."""
        return self.node.dims[len(self.labels) :]


Part = tuple[Value, Rational, tuple[int, ...]]
"""A value, an exponent, and the index of each axis of its kind."""

Signed = list[tuple[int, Value]]


class Arithmetic:
    """Operations on values of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def contract(self, parts: Sequence[Part], output: tuple[int, ...], kind: str, scale: Rational = 1) -> Value:
        """The contraction of the parts; free indices of the same name are the same, and stay free."""
        labels: dict[str, int] = {}
        dims: dict[int, Dim] = {}
        factors: list[Factor] = []
        top = max([index for _, _, indices in parts for index in indices] + list(output), default=-1) + 1
        for value, exponent, indices in parts:
            front = tuple([labels.setdefault(label, top + len(labels)) for label in value.labels])
            dims.update(zip(front + indices, value.node.dims))
            factors.append((value.node, exponent, front + indices))
        names = tuple(labels)
        everything = tuple(labels.values()) + output
        return Value(self.graph.contraction((scale, ()), factors, everything, dims), kind, names)

    def _matrix_product(self, left: Value, right: Value) -> Value:
        kinds = (left.kind, right.kind)
        if "scalar" in kinds:
            return self._entrywise(left, right, 1)
        left_axes, right_axes, output, kind = {
            ("matrix", "matrix"): ((0, 2), (2, 1), (0, 1), "matrix"),
            ("matrix", "vector"): ((0, 2), (2,), (0,), "vector"),
            ("row", "matrix"): ((2,), (2, 1), (1,), "row"),
            ("row", "vector"): ((2,), (2,), (), "scalar"),
            ("vector", "row"): ((0,), (1,), (0, 1), "matrix"),
        }[kinds]
        return self.contract([(left, 1, left_axes), (right, 1, right_axes)], output, kind)

    def _entrywise(self, left: Value, right: Value, exponent: Rational) -> Value:
        kind = left.kind if AXES[left.kind] >= AXES[right.kind] else right.kind
        return self.contract(
            [(left, 1, axes_within(left.kind, kind)), (right, exponent, axes_within(right.kind, kind))],
            tuple(range(AXES[kind])),
            kind,
        )

    def _sum(self, chain: Signed) -> Value:
        """The sum of signed values, numbers and vectors repeated to the shape of the widest."""
        nodes, kind, names, shape = self._alike([value for _, value in chain])
        terms: list[Term] = [((sign, ()), node) for (sign, _), node in zip(chain, nodes)]
        return Value(self.graph.sum(terms, shape), kind, names)

    def _alike(self, values: Sequence[Value]) -> tuple[list[Node], str, tuple[str, ...], tuple[Dim, ...]]:
        """The values repeated to one shape, with its kind, its free indices and its dims."""
        kind = max([value.kind for value in values], key=lambda candidate: AXES[candidate])
        labels: dict[str, Dim] = {}
        dims: tuple[Dim, ...] = ()
        for value in values:
            labels.update(zip(value.labels, value.node.dims))
            if value.kind == kind:
                dims = value.dims
        names = tuple(labels)
        shape = tuple(labels.values()) + dims
        nodes: list[Node] = []
        for value in values:
            if value.labels == names and value.kind == kind:
                nodes.append(value.node)
                continue
            places = [names.index(label) for label in value.labels]
            places += [len(names) + axis for axis in axes_within(value.kind, kind)]
            axes = tuple(range(len(shape)))
            nodes.append(self.graph.contraction(ONE, [(value.node, 1, tuple(places))], axes, dict(enumerate(shape))))
        return nodes, kind, names, shape

    def _elementwise(self, function: tuple[str, int], values: Sequence[Value]) -> Value:
        nodes, kind, names, _ = self._alike(values)
        return Value(self.graph.elementwise(function, *nodes), kind, names)

    def _power(self, base: Value, exponent: Value) -> Value:
        constant = rational(exponent)
        kind = base.kind if AXES[base.kind] >= AXES[exponent.kind] else exponent.kind
        if constant is not None:
            return self.contract([(base, constant, tuple(range(AXES[kind])))], tuple(range(AXES[kind])), kind)
        logarithm = Value(self.graph.elementwise(("log", 0), base.node), base.kind, base.labels)
        product = self._entrywise(exponent, logarithm, 1)
        return Value(self.graph.elementwise(("exp", 0), product.node), product.kind, product.labels)

    def _diagonal(self, value: Value) -> Value:
        """A value with a free index on two axes, restricted to where they agree."""
        names = tuple(dict.fromkeys(value.labels))
        axes = [names.index(label) for label in value.labels]
        axes += range(len(names), len(names) + AXES[value.kind])
        dims = dict(zip(axes, value.node.dims))
        output = tuple(range(len(names) + AXES[value.kind]))
        return Value(self.graph.contraction(ONE, [(value.node, 1, tuple(axes))], output, dims), value.kind, names)

    def _with_axis(self, value: Value, label: str, kind: str) -> Value:
        """The value with a free index as the first axis of its kind."""
        place = value.labels.index(label)
        rest = tuple([other for other in value.labels if other != label])
        axes = list(range(len(value.node.dims)))
        output = [axis for axis in axes[: len(value.labels)] if axis != place] + [place] + axes[len(value.labels) :]
        moved = self.graph.contraction(ONE, [(value.node, 1, tuple(axes))], output, dict(enumerate(value.node.dims)))
        return Value(moved, kind, rest)

    def _spread(self, value: Value, names: tuple[str, ...], dims: tuple[Dim, ...]) -> Node:
        """A number that depends on some of the indices `names`, as a tensor over all of them."""
        places = tuple([names.index(label) for label in value.labels])
        axes = tuple(range(len(names)))
        return self.graph.contraction(ONE, [(value.node, 1, places)], axes, dict(enumerate(dims)))

    def _einsum(
        self, parts: list[Part], output: tuple[int, ...], kind: str, lengths: dict[str, Dim], number: dict[str, int]
    ) -> Value:
        labels: dict[str, int] = {}
        dims: dict[int, Dim] = {number[letter]: dim for letter, dim in lengths.items()}
        factors: list[Factor] = []
        for value, exponent, indices in parts:
            front = tuple([labels.setdefault(label, len(number) + len(labels)) for label in value.labels])
            dims.update(zip(front, value.node.dims))
            factors.append((value.node, exponent, front + indices))
        return Value(self.graph.contraction(ONE, factors, tuple(labels.values()) + output, dims), kind, tuple(labels))


def axes_within(kind: str, whole: str) -> tuple[int, ...]:
    """The axes of the wider kind that a value of a kind lies on: a column repeats along columns, a row along rows."""
    if kind == "scalar":
        return ()
    if whole == "matrix":
        return {"vector": (0,), "row": (1,), "matrix": (0, 1)}[kind]
    return (0,)


def rational(value: Value) -> Rational | None:
    """The number that the value is, where it is known."""
    node = value.node
    if isinstance(node, Contraction) and not node.factors and not node.output and not node.coefficient[1]:
        return node.coefficient[0]
    return None
