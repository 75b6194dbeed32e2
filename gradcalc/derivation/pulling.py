"""By differentials, for a number: `df = G : dp` is carried from the objective back to the variable, part by part."""

from __future__ import annotations

from gradcalc.derivation import names
from gradcalc.derivation.differentials import Differential
from gradcalc.derivation.fragments import written_out
from gradcalc.derivation.material import Material
from gradcalc.derivation.moves import identities, paired
from gradcalc.derivation.notation import substituted, text_of, total
from gradcalc.derivation.parts import KINDS, Part
from gradcalc.derivation.steps import SUBSTITUTION, Fold, Step
from gradcalc.language.syntax import Expr, Name, Number
from gradcalc.tensor.answer import Answer
from gradcalc.tensor.rewriting import is_zero

_LONGEST_COTANGENT = 56
"""How many characters a gradient by a part may have before it is given a name."""

_LONGEST_ALONE = 24
"""The same for a term that is worked out by itself, which stands on the left of its line."""

LONGEST_LINE = 400
"""Lines that are longer are left out."""

_MOST_TERMS = 4
"""With more terms than this beside it, a term is worked out by itself."""


_COTANGENT = names.placeholder("cotangent")


class NoForm(Exception):
    """A gradient on the way has no matrix form."""


class Pulling:
    """The lines from `df` to `G : dX`. cotangent: G, None where there is no way to it in matrices.

    cotangents: the gradient by each part.
    """

    def __init__(self, material: Material) -> None:
        self._material = material
        self._context = material.context
        self.lines: list[Step | Fold] = []
        self.cotangent: Expr | None = None
        self.cotangents: dict[str, Expr] = {}
        self._pending: list[tuple[str, Expr]] = []
        self._left: Expr = material.d(material.objective.name)
        self._left_name = material.d(material.objective.name).name

    def run(self) -> None:
        material = self._material
        start = material.differential(material.objective)
        if start.indices:
            return
        self._line(start.tree, start.rule, True)
        try:
            self._pending = self._gathered(None, start)
            self._line(self._whole(), self._move_rule(start), True)
            self._collect(True)
            for part in reversed(material.varying):
                if any(name == part.name for name, _ in self._pending):
                    self._gather(part.name)
                    self._expand(part.name)
            many = len(self._pending) > 1
            self._gather(material.variable)
            if many:
                self._line(self._whole(), "collect like terms", True)
        except NoForm:
            return
        self.cotangent = self._pending[0][1] if self._pending else None
        if self.cotangent is not None:
            self.cotangents[material.variable] = self.cotangent

    @property
    def names(self) -> list[Step]:
        """The lines that give names."""
        return [line for line in self.lines if isinstance(line, Step) and line.names is not None]

    def _line(self, right: Expr, rule: str, shown: bool, left: Expr | None = None) -> None:
        """A line; one that says the same as the line before is left out."""
        left = self._left if left is None else left
        before = next((line for line in reversed(self.lines) if isinstance(line, Step)), None)
        follows = bool(self.lines) and before is self.lines[-1] and before is not None and before.left == left
        if len(text_of(right)) > LONGEST_LINE:
            return
        if not shown or (follows and before is not None and text_of(right) == before.right_text):
            return
        self.lines.append(Step(SUBSTITUTION, left, right, rule, continues=follows))

    def _paired(self, name: str, cotangent: Expr) -> Expr:
        return paired(cotangent, self._material.d(name), not self._material.rank(name))

    def _whole(self, instead: str = "", tree: Expr | None = None) -> Expr:
        """df as it stands: all pending terms, with another tree in the place of one."""
        return total(
            [tree if name == instead and tree is not None else self._paired(name, g) for name, g in self._pending]
        )

    def _expand(self, name: str) -> None:
        """Puts the differential of a part in, and moves its factors over."""
        material = self._material
        part = material.by_name[name]
        shown = material.shows(name)
        resumes = shown and self._is_after_fold()
        alone = len(self._pending) > _MOST_TERMS
        found = next(g for other, g in self._pending if other == name)
        cotangent = self._named_if_long(name, found, resumes or not shown, alone)
        self.cotangents[name] = cotangent
        note = f"{text_of(cotangent)} is {self._left_name}/d{name}, carried on to here" if resumes else ""
        if resumes and not alone:
            self._line(self._whole(), note, True)
            note = ""
        gathered = (
            self._shown_expansion(part, cotangent, alone, note) if shown else self._folded_expansion(part, cotangent)
        )
        place = [other for other, _ in self._pending].index(name)
        self._pending[place : place + 1] = gathered
        if shown:
            self._moved(part, cotangent, gathered, alone)
        self._collect(shown and not alone)

    def _folded_expansion(self, part: Part, cotangent: Expr) -> list[tuple[str, Expr]]:
        self.lines.append(Fold(SUBSTITUTION, 1))
        found = [(used, self._pulled_back(cotangent, part, used)) for used in part.uses]
        return [(used, tree) for used, tree in found if tree is not None]

    def _shown_expansion(self, part: Part, cotangent: Expr, alone: bool, note: str) -> list[tuple[str, Expr]]:
        differential = self._material.differential(part)
        if differential.indices:
            raise NoForm
        put_in = paired(cotangent, differential.tree, not part.dims)
        left = self._paired(part.name, cotangent) if alone else None
        rule = f"put in {self._material.d(part.name).name}" + (f"; {note}" if note else "")
        self._line(put_in if alone else self._whole(part.name, put_in), rule, True, left)
        return self._gathered(cotangent, differential)

    def _moved(self, part: Part, cotangent: Expr, gathered: list[tuple[str, Expr]], alone: bool) -> None:
        """The line after the factors have been moved; of one term by itself where there are many."""
        rule = self._move_rule(self._material.differential(part)) if gathered else "that term is zero"
        if alone:
            moved = total([self._paired(other, g) for other, g in gathered])
            self._line(moved, rule, True, self._paired(part.name, cotangent))
        else:
            self._line(self._whole(), rule, True)

    def _is_after_fold(self) -> bool:
        visible = [line for line in self.lines[-2:] if isinstance(line, Fold) or line.shown]
        return bool(visible) and isinstance(visible[-1], Fold)

    def _named_if_long(self, name: str, cotangent: Expr, resumes: bool, alone: bool) -> Expr:
        """The gradient by a part, under a name where it is long, or where lines before it are left out (`resumes`)."""
        longest = _LONGEST_ALONE if alone else _LONGEST_COTANGENT
        if isinstance(cotangent, (Name, Number)) or (not resumes and len(text_of(cotangent)) <= longest):
            return cotangent
        dims = self._context.shapes[name]
        made = names.cotangent_name(self._context, KINDS[len(dims)])
        self._context.add(made, dims)
        rule = f"name what stands before {self._material.d(name).name}"
        shown = self._material.shows(name) and not resumes
        self.lines.append(Step(SUBSTITUTION, Name(made), cotangent, rule, names=made, shown=shown))
        place = [other for other, _ in self._pending].index(name)
        self._pending[place] = (name, Name(made))
        return Name(made)

    def _gathered(self, cotangent: Expr | None, differential: Differential) -> list[tuple[str, Expr]]:
        """What each term pairs the differential of its part with; what is zero is left out."""
        found: list[tuple[str, Expr | None]] = []
        for name, term in differential.terms:
            if differential.is_written:
                pairing = paired(cotangent, term, not differential.part.dims)
                found.append((name, _tree_of(self._context.gradient(pairing, self._material.d(name).name))))
            else:
                found.append((name, self._pulled_back(cotangent, differential.part, name)))
        return [(name, tree) for name, tree in found if tree is not None]

    def _pulled_back(self, cotangent: Expr | None, part: Part, name: str) -> Expr | None:
        """What a function makes of the gradient by its value: the core's pullback. None where it is zero.

        The gradient is a name in it, put in afterwards, for it may itself depend on what the part depends on.
        """
        context = self._context
        is_fixed = isinstance(cotangent, Name) and cotangent.name not in (*self._material.by_name, name)
        stand_in = Name(_COTANGENT) if cotangent is not None and not is_fixed else cotangent
        if not is_fixed:
            context.shapes[_COTANGENT] = part.dims
        # Of a matrix that varies within a structure only a part of the gradient is determined.
        with context.without_structure([name] if self._material.by_entries else []):
            pairing = paired(stand_in, Name(part.name), not part.dims)
            try:
                derivation = context.derivation(pairing, [(part.name, part.form)])
                tree = _tree_of(derivation.differentiate([(name, ())]), part.name)
            finally:
                context.shapes.pop(_COTANGENT, None)
        if tree is None or cotangent is None or is_fixed:
            return tree
        return written_out(context.normal(substituted(tree, {_COTANGENT: cotangent})))

    def _collect(self, shown: bool) -> None:
        """One cotangent for each part, where there are few terms and short ones."""
        if len(self._pending) > _MOST_TERMS:
            return
        before = len(self._pending)
        for name in dict.fromkeys([name for name, _ in self._pending]):
            if all(len(text_of(tree)) <= _LONGEST_COTANGENT for other, tree in self._pending if other == name):
                self._gather(name)
        if len(self._pending) < before:
            self._line(self._whole(), "collect like terms", shown)

    def _gather(self, name: str) -> None:
        """One term for a part, in the place of the first of its terms."""
        own = [cotangent for other, cotangent in self._pending if other == name]
        if len(own) > 1:
            collected = written_out(self._context.normal(total(own)))
            place = [other for other, _ in self._pending].index(name)
            self._pending = [item for item in self._pending if item[0] != name]
            self._pending.insert(place, (name, collected))

    def _move_rule(self, differential: Differential) -> str:
        """The identities by which the terms of a differential come into the form `G : dp`."""
        found: dict[str, None] = {}
        for name, term in differential.terms:
            typing = self._context.typing(self._context.program(term))
            found.update(dict.fromkeys(identities(term, self._material.d(name).name, typing)))
        return "; ".join(found) or "factors in order"


def _tree_of(answer: Answer, kept: str = "") -> Expr | None:
    """A gradient with nothing named but what is `kept`; None for zero. Raises NoForm where it has no matrix form."""
    if answer.indices:
        raise NoForm
    return None if is_zero(answer.node) else written_out(answer, {kept})
