"""By differentials, for a vector or a matrix: the differentials of the parts are put into each other, `df = J*dx`."""

from __future__ import annotations

from gradcalc.derivation.fragments import written_out
from gradcalc.derivation.material import Material
from gradcalc.derivation.notation import substituted, text_of
from gradcalc.derivation.steps import SUBSTITUTION, Fold, Step
from gradcalc.language.syntax import Binary, Call, Expr, Name, postorder
from gradcalc.tensor.answer import Answer

_LONGEST_LINE = 160
"""Lines that are longer are left out, as long as one follows."""


class Pushing:
    """The lines from `df` to `df = J*dx`."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self.lines: list[Step | Fold] = []
        self.jacobian: Expr | None = None

    def run(self) -> None:
        material = self._material
        start = material.differential(material.objective)
        if start.indices:
            return
        tree = start.tree
        self._line(tree, start.rule)
        while True:
            found = {node.name for node in postorder(tree) if isinstance(node, Name)}
            waiting = [part for part in material.varying if material.d(part.name).name in found]
            if not waiting:
                break
            part = waiting[-1]
            differential = material.differential(part)
            if differential.indices:
                return
            name = material.d(part.name).name
            tree = substituted(tree, {name: differential.tree})
            if material.shows(part.name):
                self._line(tree, f"put in {name}")
            else:
                self.lines.append(Fold(SUBSTITUTION, 1))
                tree = written_out(material.context.normal(tree))
        self._read_off(tree)

    def _line(self, right: Expr, rule: str, left: Expr | None = None) -> None:
        left = self._material.d(self._material.objective.name) if left is None else left
        before = self.lines[-1] if self.lines else None
        if isinstance(before, Step) and text_of(right) == before.right_text and left == before.left:
            return
        if len(text_of(right)) > _LONGEST_LINE and before is not None:
            return
        continues = isinstance(before, Step) and before.left == left
        self.lines.append(Step(SUBSTITUTION, left, right, rule, continues=continues))

    def _read_off(self, tree: Expr) -> None:
        """The last line: the Jacobian times the differential, or vec of one by vec of the other."""
        material = self._material
        change = material.d(material.variable)
        if change not in set(postorder(tree)):
            return
        jacobian = material.context.gradient(tree, change.name)
        if change in set(postorder(jacobian.expanded)):
            # The differential of a function of matrices is a block of one of larger ones, not linear by its form.
            return
        if not jacobian.indices and not jacobian.vectorized:
            self.jacobian = written_out(jacobian)
            self._line(Binary("*", self.jacobian, change), f"collect what stands before {change.name}")
        elif jacobian.vectorized:
            self._read_off_stacked(jacobian, change)

    def _read_off_stacked(self, jacobian: Answer, change: Name) -> None:
        material = self._material

        def stacked(name: str) -> Expr:
            return Call("vec", (material.d(name),)) if material.rank(name) == 2 else material.d(name)

        right = Binary("*", written_out(jacobian), stacked(material.variable))
        self._line(right, "vec(A*X*B) = kron(B', A)*vec(X)", stacked(material.objective.name))
