"""The parts of an objective: what a person would give a name before differentiating.

Every part is either multilinear in earlier parts and the variable (sums, products, transposes, traces, entries), or one
function of earlier parts. Definitions of the user are parts under their own names. What does not depend on the variable
is constant and stays in one piece.
"""

from __future__ import annotations

from gradcalc.derivation import names
from gradcalc.derivation.fragments import Context
from gradcalc.derivation.linearity import is_multilinear_node, is_multilinear_sum
from gradcalc.derivation.notation import substituted, without_sign
from gradcalc.derivation.recognition import OPERAND, heights_of, recognised
from gradcalc.language.polynomial import Dim
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import (
    Expr,
    IndexedSum,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
    transformed,
    with_children,
)

_LONGEST_CONSTANT = 20
"""How many characters a constant may have before it is given a name."""


class Part:
    """name: of the part. tree: what it is, in names. form: the same in the form that is differentiated, where that is
    another (softplus(alpha) for log(1 + exp(alpha))). dims: the lengths of its axes. constant: whether it depends on
    nothing that varies. uses: the names in it that vary.
    """

    __slots__ = ("constant", "dims", "form", "name", "tree", "uses")

    def __init__(
        self, name: str, tree: Expr, form: Expr, dims: tuple[Dim, ...], uses: tuple[str, ...], constant: bool = False
    ) -> None:
        self.name = name
        self.tree = tree
        self.form = form
        self.dims = dims
        self.uses = uses
        self.constant = constant


KINDS = ("scalar", "vector", "matrix")


class Cutting:
    """Cuts one program into parts. parts: in order, each uses only those before it; the last is the objective."""

    def __init__(self, program: Program, typing: Typing, context: Context, variable: str) -> None:
        self._typing = typing
        self.context = context
        self.variable = variable
        self.parts: list[Part] = []
        self._varying = {variable}
        self._by_tree: dict[Expr, Expr] = {}
        self._inlined: dict[str, Expr] = {}
        self._program = program

    def cut(self) -> list[Part]:
        for name in self._definitions_in_order():
            self._define(name, self._typing.definitions[name])
        objective = self._program.objective
        if not (isinstance(objective, Name) and self.parts and objective.name == self.parts[-1].name):
            known = objective.name if isinstance(objective, Name) and objective.name in self._inlined else None
            self._define(known or names.objective_name(self.context), objective)
        return self.parts

    def uncut(self) -> list[Part]:
        """The objective as the only part, with definitions written out."""
        written: dict[str, Expr] = {}
        for name in self._definitions_in_order():
            written[name] = substituted(self._typing.definitions[name], written)
        objective = self._program.objective
        tree = substituted(objective, written)
        name = names.objective_name(self.context)
        dims = self._typing.dims(objective)
        if self._typing.kind(objective) == "row":
            tree = self.context.normal(Transpose(tree)).expanded
        self.context.add(name, dims)
        uses = (self.variable,) if Name(self.variable) in postorder(tree) else ()
        self.parts.append(Part(name, tree, tree, dims, uses))
        return self.parts

    def _definitions_in_order(self) -> list[str]:
        """The definitions that the objective uses, each after those that it uses."""
        order: dict[str, None] = {}
        definitions = self._typing.definitions
        pending: list[tuple[Expr, str | None]] = [(self._program.objective, None)]
        while pending:
            tree, name = pending.pop()
            waiting = [
                node.name
                for node in postorder(tree)
                if isinstance(node, Name) and node.name in definitions and node.name not in order
            ]
            if name is not None and not waiting:
                order[name] = None
            elif waiting:
                pending.append((tree, name))
                pending.extend([(definitions[other], other) for other in dict.fromkeys(waiting)])
        written = [name for name in definitions if name in order]
        return written if _is_in_order(written, definitions) else list(order)

    def _define(self, name: str, tree: Expr) -> None:
        """A definition or the objective as a part under its name; of a row the column is one, under another name."""
        if self._typing.kind(tree) == "row" and tree is not self._program.objective:
            column = self._inlined[name] = self._rewritten(tree, names.part_name(self.context, tree, "vector"))
            if any(isinstance(leaf, Name) and leaf.name in self._varying for leaf in postorder(column)):
                self._varying.add(name)
            return
        self._rewritten(tree, whole=name)

    def _rewritten(self, root: Expr, whole: str) -> Expr:
        """The tree in names. whole: the name that the tree itself is given."""
        varies = self._dependence(root)
        heights = heights_of(root)
        cut: dict[Expr, Expr | None] = {}
        opposite: set[Expr] = set()
        borders: set[int] = set()
        pending = [root]
        met: set[int] = set()
        while pending:
            node = pending.pop()
            if id(node) in met:
                continue
            met.add(id(node))
            if not varies[id(node)]:
                borders.add(id(node))
                continue
            children = [child for child in node.children if varies.get(id(child), False)]
            found = recognised(node, varies, heights, self._typing, self.context) if children else None
            if found is not None:
                cut[node] = found.form
                cut.setdefault(found.operand, None)
                if found.is_of_opposite:
                    opposite.add(found.operand)
                pending += [found.operand, *found.constants]
            elif isinstance(node, IndexedSum):
                borders.add(id(node))
                if not is_multilinear_sum(node, varies, self._typing):
                    cut.setdefault(node, None)
            elif is_multilinear_node(node, varies, self._typing):
                pending += node.children
            else:
                cut.setdefault(node, None)
                for child in children:
                    if not _is_plain(child):
                        cut.setdefault(child, None)
                pending += node.children
        return self._rebuilt(root, whole, varies, cut, opposite, borders, met)

    def _dependence(self, root: Expr) -> dict[int, bool]:
        """For each node whether it varies with the variable."""
        varies: dict[int, bool] = {}
        for node in postorder(root):
            if isinstance(node, Name):
                varies[id(node)] = node.name in self._varying
            else:
                varies[id(node)] = any(varies[id(child)] for child in node.children)
        return varies

    def _rebuilt(
        self,
        root: Expr,
        whole: str,
        varies: dict[int, bool],
        cut: dict[Expr, Expr | None],
        opposite: set[Expr],
        borders: set[int],
        met: set[int],
    ) -> Expr:
        done: dict[int, Expr] = {}
        for node in _walked(root, borders):
            if id(node) in borders:
                # What lies below a border stays as it is, with names of definitions that are rows written out.
                rebuilt = self._with_rows(node) if varies[id(node)] or node is root else self._folded(node)
            elif isinstance(node, Name) and node.name in self._inlined:
                rebuilt = self._inlined[node.name]
            else:
                rebuilt = _undoubled(
                    with_children(node, tuple([done.get(id(child), child) for child in node.children]))
                )
            if node is root:
                rebuilt = self._add(whole, node, rebuilt, cut.get(node), varies[id(node)])
            elif node in cut and id(node) in met and not _is_plain(rebuilt):
                positive = without_sign(rebuilt) if node in opposite else None
                rebuilt = self._part(node, rebuilt if positive is None else positive, cut[node])
                rebuilt = rebuilt if positive is None else Negative(rebuilt)
            done[id(node)] = rebuilt
        return done[id(root)]

    def _with_rows(self, tree: Expr) -> Expr:
        def written(node: Expr) -> Expr | None:
            return self._inlined.get(node.name) if isinstance(node, Name) else None

        return transformed(tree, written) if self._inlined else tree

    def _part(self, node: Expr, tree: Expr, form: Expr | None) -> Expr:
        """The name of a part; a row is the transpose of one."""
        known = self._by_tree.get(tree)
        if known is None:
            kind = self._typing.kind(node)
            name = names.part_name(self.context, tree, "vector" if kind == "row" else kind)
            known = self._by_tree[tree] = self._add(name, node, tree, form, True)
        return known

    def _add(self, name: str, node: Expr, tree: Expr, form: Expr | None, varies: bool) -> Expr:
        row = self._typing.kind(node) == "row"
        if row:
            tree = self.context.normal(Transpose(tree)).expanded
            form = None
        uses = [leaf.name for leaf in postorder(tree) if isinstance(leaf, Name) and leaf.name in self._varying]
        form = tree if form is None else _at_name(form, tree, uses)
        dims = self._typing.dims(node)
        self.context.add(name, dims)
        self.parts.append(Part(name, tree, form, dims, tuple(dict.fromkeys(uses)), constant=not varies))
        if len(dims) == 2 and self.context.is_symmetric(form):
            self.context.structures[name] = "symmetric"
        if varies:
            self._varying.add(name)
        answer = Transpose(Name(name)) if row else Name(name)
        self._by_tree.setdefault(tree, answer)
        return answer

    def _has_own_shape(self, tree: Expr) -> bool:
        """Whether the shape of an expression follows from itself: that of vector(1) does not."""
        return self.context.typing(self.context.program(tree)).dims(tree) == self._typing.dims(tree)

    def _folded(self, tree: Expr) -> Expr:
        """A constant, under a name where it is long."""
        tree = self._with_rows(tree)
        if not isinstance(tree, (Name, Number, Transpose, Negative)) and self._typing.knows(tree):
            known = self._by_tree.get(tree)
            kind = self._typing.kind(tree)
            if known is None and kind != "row" and len(to_text(tree)) > _LONGEST_CONSTANT and self._has_own_shape(tree):
                name = names.constant_name(self.context, kind)
                known = self._by_tree[tree] = self._add(name, tree, tree, None, False)
            return tree if known is None else known
        return tree


def _is_in_order(order: list[str], definitions: dict[str, Expr]) -> bool:
    place = {name: number for number, name in enumerate(order)}
    return all(
        place.get(leaf.name, -1) < place[name]
        for name in order
        for leaf in postorder(definitions[name])
        if isinstance(leaf, Name) and leaf.name in definitions
    )


def _walked(root: Expr, borders: set[int]) -> list[Expr]:
    """The nodes in order, operands first, without what is below a border."""
    order: list[Expr] = []
    done: set[int] = set()
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            order.append(node)
        elif id(node) not in done:
            done.add(id(node))
            pending.append((node, True))
            if id(node) not in borders:
                pending.extend([(child, False) for child in reversed(node.children)])
    return order


def _undoubled(node: Expr) -> Expr:
    """Without two transposes, or two minus signs, in a row."""
    if isinstance(node, (Negative, Transpose)) and type(node.operand) is type(node):
        return node.operand.children[0]
    return node


def _is_plain(tree: Expr) -> bool:
    """A name, or its transpose or opposite: what a function is taken of without further ado."""
    while isinstance(tree, (Negative, Transpose)):
        tree = tree.children[0]
    return isinstance(tree, Name)


def _at_name(form: Expr, tree: Expr, uses: list[str]) -> Expr:
    """A recognised form, written in the name `OPERAND`, at the name that the tree uses, or its opposite."""
    at_opposite = Negative(Name(uses[0])) in postorder(tree) and Negative(Name(OPERAND)) in postorder(form)
    operand = Name(uses[0])
    if at_opposite:
        form = transformed(form, lambda node: Name(OPERAND) if node == Negative(Name(OPERAND)) else None)
    return transformed(form, lambda node: operand if node == Name(OPERAND) else None)
