"""The chain rule with matrices: the Jacobian of each part by each part that it uses, and their product."""

from __future__ import annotations

from gradcalc.derivation.checking import MOST_WORK, work_of
from gradcalc.derivation.fragments import written_out
from gradcalc.derivation.material import Material, paths_of
from gradcalc.derivation.notation import Ratio, text_of, total
from gradcalc.derivation.parts import Part
from gradcalc.derivation.steps import JACOBIANS, PRODUCT, Fold, Step
from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import Dim, multiplied
from gradcalc.language.syntax import Binary, Call, Expr, Name, Transpose

_LONGEST_LINE = 200


class ChainRule:
    """The lines of the chain rule. jacobian: that of the whole objective, in the names of the parts.

    cotangents: the gradients by the parts, for an objective that is a number.
    """

    def __init__(self, material: Material, cotangents: dict[str, Expr]) -> None:
        self._material = material
        self._context = material.context
        self._cotangents = cotangents
        self._factors: dict[tuple[str, str], tuple[Ratio, Expr | None]] = {}
        self.lines: list[Step | Fold] = []
        self.jacobian: Expr | None = None

    def run(self) -> None:
        for part in self._material.varying:
            for name in part.uses:
                self._factor(part, name)
        if not self._material.objective.uses:
            return
        paths = paths_of(self._material)
        if self._material.folded or paths is None:
            self._part_by_part()
        elif any(len(path) > 1 for path in paths):
            self._along(paths)

    def _factor(self, part: Part, name: str) -> None:
        """The Jacobian of a part by one that it uses."""
        shown = self._material.shows(part.name) and self._material.shows(name)
        ratio = self._ratio(part.name, name, shown and self._material.is_ambiguous(part, name))
        tree, indices = self._jacobian_of(part, name) if shown else (None, ())
        self._factors[part.name, name] = ratio, tree
        if not shown:
            self.lines.append(Fold(JACOBIANS, 1))
            return
        rule = self._material.differential(part).rule
        if tree is not None and not indices:
            self.lines.append(Step(JACOBIANS, ratio, tree, f"{self._shape(part.name, name)}; {rule}"))
        elif tree is not None:
            rank = self._material.rank(part.name)
            entry = Ratio(part.name, name, indices[:rank], indices[rank:], direct=ratio.direct)
            self.lines.append(Step(JACOBIANS, entry, tree, rule, indices=indices))
            self._factors[part.name, name] = ratio, None

    def _ratio(self, above: str, below: str, direct: bool = False) -> Ratio:
        ranks = self._material.rank(above), self._material.rank(below)
        names = [f"vec({name})" if rank == 2 else name for name, rank in zip((above, below), ranks)]
        return Ratio(names[0], names[1], direct=direct, row=ranks[0] == 0 and ranks[1] > 0)

    def _shape(self, above: str, below: str) -> str:
        rows, columns = self._length(above), self._length(below)
        return f"{rows} x {columns}" if (rows, columns) != (1, 1) else "a number"

    def _length(self, name: str) -> Dim:
        length: Dim = 1
        for dim in self._context.shapes[name]:
            length = multiplied(length, dim)
        return length

    def _jacobian_of(self, part: Part, name: str) -> tuple[Expr | None, tuple[str, ...]]:
        """The Jacobian as a matrix, a row, a column or a number; else an entry of it at indices."""
        # As for any matrix: the entries of a symmetric one are varied one by one.
        with self._context.without_structure([name]):
            derivation = self._context.derivation(Name(part.name), [(part.name, part.form)])
        try:
            answer = derivation.differentiate([(name, ())])
            tree = written_out(answer, {part.name})
            if not answer.indices and not answer.vectorized:
                tree = self._stacked(part.name, name, tree)
        except GradcalcError:
            return None, ()
        if answer.indices and work_of(tree, answer.indices) > MOST_WORK // 4:
            return None, ()
        return tree, answer.indices

    def _stacked(self, above: str, below: str, tree: Expr) -> Expr:
        """A derivative with at most two axes, as the Jacobian that it is."""
        ranks = self._material.rank(above), self._material.rank(below)
        if 2 in ranks:
            tree = Call("vec", (tree,))
        if ranks[0] == 0 and ranks[1] > 0:
            return Transpose(tree) if ranks[1] == 2 else written_out(self._context.row(tree))
        return tree

    def _along(self, paths: list[list[tuple[str, str]]]) -> None:
        """The product along each way, with the Jacobians put in, and multiplied out."""
        left = self._ratio(self._material.objective.name, self._material.variable)
        rule = "chain rule" if len(paths) == 1 else f"chain rule, the sum over {len(paths)} ways"
        self._line(left, self._sum_of_products(paths, put_in=False), rule)
        product = self._sum_of_products(paths, put_in=True)
        if product is not None:
            self._line(left, product, "the Jacobians put in")
        self._multiplied(left, product)

    def _sum_of_products(self, paths: list[list[tuple[str, str]]], put_in: bool) -> Expr | None:
        terms: list[Expr] = []
        for path in paths:
            factors = [self._factors[pair][1 if put_in else 0] for pair in path]
            term = factors[0]
            for factor in factors[1:]:
                term = None if term is None or factor is None else Binary("*", term, factor)
            if term is None:
                return None
            terms.append(term)
        return total(terms)

    def _multiplied(self, left: Ratio, product: Expr | None) -> None:
        """The Jacobian as one expression."""
        gradient = self._cotangents.get(self._material.variable)
        if gradient is not None:
            whole = self._stacked(self._material.objective.name, self._material.variable, gradient)
            self._line(left, whole, "multiplied out")
        elif product is not None:
            try:
                formula = self._context.normal(product)
            except GradcalcError:
                return
            if not formula.indices:
                tree = written_out(formula)
                self._line(left, tree, "multiplied out")
                if "vec(" not in left.name:
                    self.jacobian = tree

    def _part_by_part(self) -> None:
        """The derivative of the objective by each part, from that by the parts that use it."""
        material = self._material
        names = [material.variable, *[part.name for part in material.varying if part is not material.objective]]
        for name in reversed(names):
            users = [part for part in material.varying if name in part.uses]
            if not users or not material.shows(name):
                self.lines.append(Fold(PRODUCT, 1))
                continue
            left = self._ratio(material.objective.name, name)
            terms: list[Expr] = []
            for part in users:
                own = self._factors[part.name, name][0]
                if part is material.objective:
                    terms.append(own)
                else:
                    terms.append(Binary("*", self._ratio(material.objective.name, part.name), own))
            if terms != [left]:
                self._line(left, total(terms), "chain rule")
            gradient = self._cotangents.get(name)
            if gradient is not None:
                whole = self._stacked(material.objective.name, name, gradient)
                self._line(left, whole, "the Jacobians put in, multiplied out")

    def _line(self, left: Expr, right: Expr | None, rule: str) -> None:
        if right is None or len(text_of(right)) > _LONGEST_LINE:
            return
        before = self.lines[-1] if self.lines else None
        continues = isinstance(before, Step) and before.section == PRODUCT and before.left == left
        if continues and isinstance(before, Step) and before.right_text == text_of(right):
            return
        self.lines.append(Step(PRODUCT, left, right, rule, continues=continues))
