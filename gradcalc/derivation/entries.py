"""Entry by entry: the parts as sums over indices, their derivatives with Kronecker deltas, and the chain rule."""

from __future__ import annotations

from gradcalc.derivation.checking import MOST_WORK, work_of
from gradcalc.derivation.fragments import written_out
from gradcalc.derivation.material import Material, paths_of
from gradcalc.derivation.notation import Ratio, text_of, total
from gradcalc.derivation.parts import Part
from gradcalc.derivation.renaming import apart, at_indices, placed_names
from gradcalc.derivation.steps import CHAIN, COMPONENTS, ENTRIES, Fold, Step
from gradcalc.errors import GradcalcError
from gradcalc.language.syntax import Binary, Expr, Index, IndexedSum, Name, Number, postorder

_LONGEST_LINE = 200

Entry = tuple[Expr, "tuple[str, ...]"]
"""An expression and its free indices."""


class EntryByEntry:
    """The lines in indices. cotangents: the gradients by the parts, for an objective that is a number."""

    def __init__(self, material: Material, cotangents: dict[str, Expr]) -> None:
        self._material = material
        self._context = material.context
        self._cotangents = cotangents
        self._entries: dict[tuple[str, str], Entry] = {}
        self._gradients: dict[str, Entry] = {}
        self.lines: list[Step | Fold] = []

    def run(self) -> None:
        for part in self._material.varying:
            self._component(part)
        for part in self._material.varying:
            for name in part.uses:
                self._derivative(part, name)
        if not self._material.rank(self._material.objective.name):
            if self._material.objective.uses:
                self._chain()
        elif not self._material.folded:
            self._along_paths(paths_of(self._material) or [])

    def _component(self, part: Part) -> None:
        """A part as sums over indices."""
        if not self._material.shows(part.name):
            self.lines.append(Fold(COMPONENTS, 1))
            return
        found = self._spelled(part.form)
        if found is not None and not _is_long(*found):
            tree, indices = found
            left: Expr = Index(Name(part.name), indices) if indices else Name(part.name)
            self.lines.append(Step(COMPONENTS, left, tree, "", indices=indices))

    def _spelled(self, tree: Expr) -> Entry | None:
        derivation = self._context.derivation(tree, ordered=False)
        try:
            formula = derivation.index_form(derivation.objective, spelled=True)
        except GradcalcError:
            return None
        return written_out(formula), formula.indices

    def _derivative(self, part: Part, name: str) -> None:
        """An entry of a part by an entry of what it uses."""
        if not (self._material.shows(part.name) and self._material.shows(name)):
            self.lines.append(Fold(ENTRIES, 1))
            return
        try:
            with self._context.without_structure([name]):
                derivation = self._context.derivation(Name(part.name), [(part.name, part.form)], ordered=False)
            answer = derivation.differentiate([(name, ())])
            forms = [derivation.index_form(answer, spelled) for spelled in (False, True)]
        except GradcalcError:
            return
        formula = min(forms, key=lambda form: len(text_of(written_out(form, {part.name}))))
        tree = written_out(formula, {part.name})
        rank = self._material.rank(part.name)
        rows, columns = formula.indices[:rank], formula.indices[rank:]
        if _is_long(tree, formula.indices):
            return
        self._entries[part.name, name] = tree, formula.indices
        left = Ratio(part.name, name, rows, columns, direct=self._material.is_ambiguous(part, name))
        rule = self._material.differential(part).rule
        self.lines.append(Step(ENTRIES, left, tree, rule, indices=formula.indices))

    def _chain(self) -> None:
        """The derivative of the objective by each part, from that by the parts that use it."""
        material = self._material
        names = [material.variable, *[part.name for part in material.varying if part is not material.objective]]
        for name in reversed(names):
            users = [part for part in material.varying if name in part.uses]
            if users == [material.objective]:
                # It stands among the derivatives of entries already.
                known = self._entries.get((material.objective.name, name))
                if known is not None:
                    self._gradients[name] = known
            elif material.shows(name):
                self._by_users(name, users)
            else:
                self.lines.append(Fold(CHAIN, 1))

    def _by_users(self, name: str, users: list[Part]) -> None:
        """The sum over the entries of all parts that use a name."""
        objective = self._material.objective
        columns = self._columns(name, users)
        left = Ratio(objective.name, name, (), columns)
        quotients: list[Expr] = []
        put_in: list[Expr] = []
        for part in users:
            quotients.append(self._summand(part, name, columns, quotients_only=True) or Number(0))
            term = self._summand(part, name, columns, quotients_only=False)
            if term is not None:
                put_in.append(term)
        self._line(left, total(quotients), "chain rule", columns)
        if len(put_in) == len(users):
            self._line(left, total(put_in), "put in", columns)
        gradient = self._cotangents.get(name)
        found = self._spelled(gradient) if gradient is not None else None
        if found is not None:
            tree = at_indices(found[0], found[1], columns, self._context.names)
            self._gradients[name] = tree, columns
            has_delta = any(_is_delta(node) for term in put_in for node in postorder(term))
            rule = "a delta leaves one term of its sum" if has_delta else "the sum in order"
            self._line(left, tree, rule, columns)

    def _along_paths(self, paths: list[list[tuple[str, str]]]) -> None:
        """Of a vector or a matrix: the sum over the entries of all parts on the way, for each way."""
        material = self._material
        if all(len(path) == 1 for path in paths):
            return
        rows = self._context.indices(material.rank(material.objective.name))
        columns = self._context.indices(material.rank(material.variable), rows)
        left = Ratio(material.objective.name, material.variable, rows, columns)
        quotients: list[Expr] = []
        put_in: list[Expr] = []
        for path in paths:
            product = self._product_along(path, rows, columns)
            if product is None:
                return
            quotients.append(product[0])
            put_in.append(product[1])
        self._line(left, total(quotients), "chain rule", (*rows, *columns))
        self._line(left, total(put_in), "put in", (*rows, *columns))

    def _product_along(
        self, path: list[tuple[str, str]], rows: tuple[str, ...], columns: tuple[str, ...]
    ) -> tuple[Expr, Expr] | None:
        """The product of the derivatives on one way, as quotients and as what they are."""
        used = (*rows, *columns)
        inner: tuple[str, ...] = ()
        above, quotient, value = rows, None, None
        for part, name in path:
            known = self._entries.get((part, name))
            if known is None:
                return None
            rank = self._material.rank(name)
            below = columns if name == self._material.variable else self._context.indices(rank, used)
            used = (*used, *below)
            inner = inner if below is columns else (*inner, *below)
            direct = self._material.is_ambiguous(self._material.by_name[part], name)
            own: Expr = Ratio(part, name, above, below, direct=direct)
            entry = at_indices(apart(known[0], used, self._context.names), known[1], (*above, *below), used)
            quotient = own if quotient is None else Binary("*", quotient, own)
            value = entry if value is None else Binary("*", value, entry)
            above = below
        assert quotient is not None
        assert value is not None
        if not inner:
            return quotient, value
        if not placed_names(value).issuperset(inner):
            return None
        ranges = tuple([(index, None, None) for index in inner])
        return IndexedSum(ranges, quotient), IndexedSum(ranges, value)

    def _columns(self, name: str, users: list[Part]) -> tuple[str, ...]:
        """The free indices of the derivative by a name: those that it has in the derivative of the first user."""
        for part in users:
            known = self._entries.get((part.name, name))
            if known is not None:
                return known[1][self._material.rank(part.name) :]
        return self._context.indices(self._material.rank(name))

    def _summand(self, part: Part, name: str, columns: tuple[str, ...], quotients_only: bool) -> Expr | None:
        """The sum over the entries of one part of df/dpart * dpart/dname; None where a factor is not known."""
        objective = self._material.objective
        rank = self._material.rank(part.name)
        known = self._entries.get((part.name, name))
        own = known[1][:rank] if known is not None else ()
        if len(own) < rank or set(own) & set(columns):
            own = self._context.indices(rank, columns)
        inner: Expr | None
        if quotients_only:
            direct = self._material.is_ambiguous(part, name)
            inner = Ratio(part.name, name, own, columns, direct=direct)
        else:
            if known is None:
                return None
            inner = at_indices(known[0], known[1], (*own, *columns), self._context.names)
        if part is objective:
            return inner
        outer: Expr
        if quotients_only:
            outer = Ratio(objective.name, part.name, (), own)
        else:
            if part.name not in self._gradients:
                return None
            tree, free = self._gradients[part.name]
            outer = at_indices(apart(tree, (*own, *columns), self._context.names), free, own, self._context.names)
        product = Binary("*", outer, inner)
        if not quotients_only and not placed_names(product).issuperset(own):
            # A sum over an index that nothing has is no expression of the language.
            return None
        return IndexedSum(tuple([(index, None, None) for index in own]), product) if own else product

    def _line(self, left: Ratio, right: Expr, rule: str, indices: tuple[str, ...]) -> None:
        if _is_long(right, indices):
            return
        before = self.lines[-1] if self.lines else None
        continues = isinstance(before, Step) and before.section == CHAIN and before.left == left
        if continues and isinstance(before, Step) and before.right_text == text_of(right):
            return
        self.lines.append(Step(CHAIN, left, right, rule, continues=continues, indices=indices))


def _is_long(tree: Expr, indices: tuple[str, ...]) -> bool:
    """Whether a line is too long to be read, or to be checked entry by entry."""
    return len(text_of(tree)) > _LONGEST_LINE or work_of(tree, indices) > MOST_WORK // 4


def _is_delta(node: Expr) -> bool:
    return isinstance(node, Index) and text_of(node).startswith("eye(")
