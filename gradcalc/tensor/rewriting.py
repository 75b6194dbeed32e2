"""What the rules that rewrite nodes have in common."""

from __future__ import annotations

from gradcalc.tensor.nodes import ONE, Atom, Contraction, Elementwise, Factor, Node, Rational

Powers = dict[tuple[Node, tuple[int, ...]], Rational]
"""The factors of a contraction: a tensor and its indices, and the power."""

MINUS_ONE = (-1, ())


def is_function(node: Node, name: str) -> bool:
    return isinstance(node, Elementwise) and node.function == (name, 0)


def operand_of(node: Node) -> Node:
    assert isinstance(node, (Elementwise, Atom))
    return node.operand


def replaced(powers: Powers, gone: list[tuple[Node, tuple[int, ...]]], new: list[Factor]) -> Powers:
    answer = {key: exponent for key, exponent in powers.items() if key not in gone}
    for node, exponent, indices in new:
        total = answer.get((node, indices), 0) + exponent
        if total:
            answer[node, indices] = total
        else:
            del answer[node, indices]
    return answer


def stands(powers: Powers, index: int) -> int:
    return sum(indices.count(index) for _, indices in powers)


def is_one(node: Node) -> bool:
    """Whether every entry is the number 1."""
    return (
        isinstance(node, Contraction)
        and not node.factors
        and node.coefficient == ONE
        and len(set(node.output)) == len(node.output)
    )


def is_identity(node: Node) -> bool:
    return isinstance(node, Contraction) and not node.factors and node.coefficient == ONE and node.output == (0, 0)


def is_zero(node: Node) -> bool:
    return isinstance(node, Contraction) and node.coefficient[0] == 0
