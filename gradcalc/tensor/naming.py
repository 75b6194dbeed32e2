"""Names for what an answer repeats: `where s = sigmoid(W*x + b)`.

The user's own definitions come first; then every subexpression that stands in more than one place and is long enough
to be worth a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise as ElementwiseEntry
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
    with_children,
)

_SHORTEST_CALL = 10
_SHORTEST_EXPRESSION = 5
"""How long, in characters, a call or another expression must be to be worth a name."""

_GENERIC_NAMES = ("z", "r", "u", "v", "h", "q", "g", "c", "d", "a")


class _Tree:
    """The distinct subtrees of some trees, numbered with operands first."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[object, ...], int] = {}
        self.nodes: list[Expr] = []
        self.children: list[tuple[int, ...]] = []
        self._number_of: dict[int, int] = {}
        self._met: set[int] = set()

    def add(self, root: Expr) -> int:
        """The number of a tree. The tree must outlive this object: nodes are known by their `id`."""
        number_of = self._number_of
        for node in postorder(root, self._met):
            children = tuple([number_of[id(child)] for child in node.children])
            key = (node.label, children)
            number = self.numbers.get(key)
            if number is None:
                number = self.numbers[key] = len(self.nodes)
                self.nodes.append(node)
                self.children.append(children)
            number_of[id(node)] = number
        return number_of[id(root)]


def named(
    root: Expr, definitions: Iterable[tuple[str, Expr]], reserved: set[str]
) -> tuple[Expr, tuple[tuple[str, Expr], ...]]:
    """The tree with names for what it repeats, and what they stand for, each using only those before it.

    definitions: the user's names and their trees. reserved: names that must not be taken.
    """
    tree = _Tree()
    top = tree.add(root)
    within = top + 1
    names: dict[int, str] = {}
    for name, definition in definitions:
        number = tree.add(definition)
        if number < within and tree.children[number] and number not in names and _is_worth_a_definition(definition):
            names[number] = name
    uses = [0] * within
    lengths = [1] * within
    inside_sum = [False] * within
    for number in range(within):
        # What an index is taken of reads best as a name, wherever it stands.
        weight = 2 if isinstance(tree.nodes[number], Index) else 1
        for child in tree.children[number][: _first_size(tree.nodes[number])]:
            uses[child] += weight
    taken = set(reserved) | set(names.values())
    fresh = _fresh_names(taken)
    for number in range(within):
        node = tree.nodes[number]
        lengths[number] = _length(node, [3 if child in names else lengths[child] for child in tree.children[number]])
        inside_sum[number] = _has_index(node) or any(inside_sum[child] for child in tree.children[number])
        if number in names or inside_sum[number] or number == top:
            continue
        if uses[number] > 1 and _is_worth_a_name(node, lengths[number]):
            names[number] = _pick(node, taken, fresh)
            taken.add(names[number])
    return _replaced(tree, top, names)


def _replaced(tree: _Tree, top: int, names: dict[int, str]) -> tuple[Expr, tuple[tuple[str, Expr], ...]]:
    """The tree with the named subtrees replaced by their names, and the names that are used."""
    bodies: list[Expr] = []
    for number in range(top + 1):
        node, operands = tree.nodes[number], tree.children[number]
        children = [Name(names[child]) if child in names else bodies[child] for child in operands]
        first = _first_size(node)
        if first is not None:
            children[first:] = node.children[first:]
        bodies.append(with_children(node, tuple(children)))
    used: set[int] = set()
    pending = [top]
    met: set[int] = set()
    while pending:
        number = pending.pop()
        if number in met:
            continue
        met.add(number)
        if number in names:
            used.add(number)
        pending.extend(tree.children[number][: _first_size(tree.nodes[number])])
    where = tuple([(names[number], bodies[number]) for number in sorted(used)])
    return (Name(names[top]) if top in names else bodies[top]), where


def _first_size(node: Expr) -> int | None:
    """The place of the first operand that is a size, which no name may stand for; None where there is none."""
    return catalogue.first_size(node.function) if isinstance(node, Call) else None


def _is_worth_a_definition(node: Expr) -> bool:
    return not isinstance(node, (Number, Name, Negative, Transpose))


def _is_worth_a_name(node: Expr, length: int) -> bool:
    if isinstance(node, (Number, Name, Negative, Transpose, Index, IndexedSum)):
        return False
    if isinstance(node, Binary) and isinstance(node.left, Number) and node.operator in "+-":
        return False
    return length >= (_SHORTEST_CALL if isinstance(node, Call) else _SHORTEST_EXPRESSION)


def _has_index(node: Expr) -> bool:
    """Whether the node names an index that is bound further out."""
    return isinstance(node, Index) and any(isinstance(position, str) for position in node.positions)


def _length(node: Expr, children: list[int]) -> int:
    own = 1
    if isinstance(node, Name):
        own = len(node.name)
    elif isinstance(node, Call):
        own = len(node.function) + 2
    return min(own + sum(children), 1000)


def _pick(node: Expr, taken: set[str], fresh: Iterator[str]) -> str:
    preferred: tuple[str, ...] = ()
    if isinstance(node, Binary) and node.operator == "-":
        preferred = ("r",)
    if isinstance(node, Call):
        entry = catalogue.lookup(node.function)
        if isinstance(entry, ElementwiseEntry):
            preferred = ("s",)
        elif node.function == "softmax":
            preferred = ("p",)
    for name in preferred:
        if name not in taken:
            return name
    return next(fresh)


def _fresh_names(taken: set[str]) -> Iterator[str]:
    for name in _GENERIC_NAMES:
        if name not in taken:
            yield name
    number = 1
    while True:
        if f"z{number}" not in taken:
            yield f"z{number}"
        number += 1


def expanded_length(root: Expr) -> int:
    """How many nodes the tree has when every shared subtree is written out where it stands."""
    sizes: dict[int, int] = {}
    for node in postorder(root):
        sizes[id(node)] = 1 + sum([sizes[id(child)] for child in node.children])
    return sizes[id(root)]
