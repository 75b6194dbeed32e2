"""Contractions that differ in the names of their indices are one node, others are not."""

from __future__ import annotations

import random

import pytest

from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Contraction, Factor, Node

Shape = tuple[list[tuple[str, tuple[int, ...]]], tuple[int, ...]]

SHAPES: list[Shape] = [
    ([("S", (0, 1)), ("S", (1, 2)), ("S", (2, 0))], ()),
    ([("S", (0, 1)), ("S", (1, 2)), ("S", (2, 3)), ("S", (3, 0))], ()),
    ([("A", (0, 1)), ("A", (1, 2)), ("A", (2, 0))], ()),
    ([("S", (0, 1)), ("A", (1, 2)), ("S", (2, 3)), ("A", (0, 3))], ()),
    ([("S", (0, 1)), ("S", (1, 2)), ("x", (0,)), ("x", (2,))], ()),
    ([("S", (0, 1)), ("S", (1, 2)), ("A", (3, 2))], (0, 3)),
    ([("S", (0, 1)), ("S", (0, 2)), ("S", (1, 2))], (0,)),
    ([("S", (0, 1)), ("S", (2, 3)), ("x", (1,)), ("y", (3,))], (0, 2)),
    ([("A", (0, 1)), ("A", (0, 2)), ("A", (1, 2))], ()),
    ([("S", (0, 1)), ("S", (1, 2)), ("S", (2, 3)), ("S", (3, 4)), ("x", (0,)), ("y", (4,))], ()),
]


def _made(graph: Graph, factors: list[tuple[str, tuple[int, ...]]], output: tuple[int, ...]) -> Node:
    leaves = {
        "S": graph.symbol("S", ("n", "n"), symmetric=True),
        "A": graph.symbol("A", ("n", "n")),
        "x": graph.symbol("x", ("n",)),
        "y": graph.symbol("y", ("n",)),
    }
    made: list[Factor] = [(leaves[name], 1, indices) for name, indices in factors]
    indices = {index for _, own in factors for index in own}
    return graph.contraction(ONE, made, output, dict.fromkeys(indices, "n"))


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_the_names_of_indices_do_not_count(number: int) -> None:
    """Nor does the order of the factors, nor of the indices of a symmetric one."""
    factors, output = SHAPES[number]
    graph = Graph()
    first = _made(graph, factors, output)
    shuffle = random.Random(number)
    for _ in range(20):
        names = shuffle.sample(range(20), 5)
        turned = []
        for leaf, indices in factors:
            renamed = tuple([names[index] for index in indices])
            if leaf == "S" and shuffle.random() < 0.5:
                renamed = renamed[::-1]
            turned.append((leaf, renamed))
        shuffle.shuffle(turned)
        assert _made(graph, turned, tuple([names[index] for index in output])) is first


def test_the_order_of_the_indices_of_others_counts() -> None:
    graph = Graph()
    nodes = [_made(graph, factors, output) for factors, output in SHAPES]
    assert len(set(nodes)) == len(SHAPES)
    turned = [
        _made(graph, [("A", (0, 1)), ("A", (1, 2)), ("A", (0, 2))], ()),
        _made(graph, [("S", (0, 1)), ("S", (1, 2)), ("A", (2, 3))], (0, 3)),
    ]
    assert turned[0] is nodes[8]
    assert turned[1] not in nodes


@pytest.mark.parametrize(
    ("factors", "output", "symmetric"),
    [
        ([("A", (2, 0)), ("A", (2, 1))], (0, 1), True),
        ([("A", (0, 2)), ("A", (2, 1))], (0, 1), False),
        ([("A", (0, 2)), ("S", (2, 3)), ("A", (1, 3))], (0, 1), True),
        ([("A", (0, 2)), ("S", (3, 2)), ("A", (3, 1))], (0, 1), False),
        ([("S", (0, 2)), ("S", (2, 1))], (0, 1), True),
        ([("x", (0,)), ("x", (1,))], (0, 1), True),
        ([("x", (0,)), ("y", (1,))], (0, 1), False),
        ([("S", (0, 2)), ("A", (2, 2)), ("S", (1, 2))], (0, 1), True),
    ],
)
def test_which_products_are_symmetric(
    factors: list[tuple[str, tuple[int, ...]]], output: tuple[int, ...], symmetric: bool
) -> None:
    graph = Graph()
    made = _made(graph, factors, output)
    assert isinstance(made, Contraction)
    assert made.symmetric is symmetric
