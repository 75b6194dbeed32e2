"""The differential of each part in those of the parts that it uses."""

from __future__ import annotations

from gradcalc.derivation import names
from gradcalc.derivation.fragments import Context, written_out
from gradcalc.derivation.linearity import occurrences
from gradcalc.derivation.notation import scaled, total
from gradcalc.derivation.parts import Part
from gradcalc.derivation.rules import function_rule, product_rule
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise
from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative

_LINEAR_STRUCTURES = {"spd": "symmetric"}
_CURVED_STRUCTURES = ("orthogonal", "positive")


class Differential:
    """How a part changes. part; terms: (a name that it uses, a summand linear in the differential of that name).

    rule: its name. is_written: whether the terms are the product rule as it is written. indices: where the terms have
    no matrix form, the indices of the entry that they are.
    """

    __slots__ = ("indices", "is_written", "part", "rule", "terms")

    def __init__(
        self,
        part: Part,
        terms: list[tuple[str, Expr]],
        rule: str,
        indices: tuple[str, ...] = (),
        is_written: bool = False,
    ) -> None:
        self.part = part
        self.is_written = is_written
        self.terms = terms
        self.rule = rule
        self.indices = indices

    @property
    def tree(self) -> Expr:
        return total([term for _, term in self.terms])


class Differentials:
    """The names of differentials: dW for W. Made for the variable and for each part that varies."""

    def __init__(self, context: Context, variable: str) -> None:
        self.context = context
        self._variable = variable
        self.of: dict[str, str] = {}
        self.add(variable)
        structure = context.structures.get(variable)
        if structure is not None and structure not in _CURVED_STRUCTURES:
            context.structures[self.of[variable]] = _LINEAR_STRUCTURES.get(structure, structure)

    def add(self, name: str) -> str:
        made = self.of[name] = names.differential_name(self.context, name)
        self.context.add(made, self.context.shapes[name])
        self.context.late.add(made)
        return made

    @property
    def bases(self) -> dict[str, str]:
        """What each differential is the differential of: dW -> W."""
        return {made: name for name, made in self.of.items()}

    def of_part(self, part: Part) -> Differential:
        """The differential of a part: by the product rule as it is written, else by the core."""
        used = {name: self.of[name] for name in part.uses}
        typing = self.context.typing(self.context.program(part.form))
        terms = occurrences(part.form, used, typing)
        if terms is not None and not terms:
            return Differential(part, [], "constant")
        if terms is not None:
            return Differential(part, terms, product_rule(part.form, terms, used), is_written=True)
        # For any matrix: that one is symmetric is used afterwards, where factors are moved.
        try:
            with self.context.without_structure(set(used) - {self._variable}):
                return self._by_core(part, used)
        except GradcalcError:
            # A function of symmetric matrices only.
            return self._by_core(part, used)

    def _by_core(self, part: Part, used: dict[str, str]) -> Differential:
        indices: tuple[str, ...] = ()
        terms: list[tuple[str, Expr]] = []
        derivation = self.context.derivation(Name(part.name), [(part.name, part.form)])
        for name, made in used.items():
            # What the gradient is made of comes before the differential in products.
            derivation.differentiate([(name, ())])
            slope = self._entrywise_slope(part, name)
            if slope is not None:
                terms.append((name, Binary(".*", slope, Name(made)) if part.dims else scaled(slope, Name(made))))
                continue
            formula = derivation.along([(name, ())], [made])
            indices = indices or formula.indices
            terms.append((name, written_out(formula, {part.name})))
        dims = [self.context.shapes[name] for name in part.uses]
        return Differential(part, terms, function_rule(part.form, dims), indices)

    def _entrywise_slope(self, part: Part, name: str) -> Expr | None:
        """The derivative of a function of each entry by the entry; None for other functions."""
        form = part.form
        while isinstance(form, Negative):
            form = form.operand
        if self.context.shapes[name] != part.dims or not self._is_entrywise(form, name):
            return None
        whole = Call("sum", (Name(part.name),)) if part.dims else Name(part.name)
        answer = self.context.derivation(whole, [(part.name, part.form)]).differentiate([(name, ())])
        return None if answer.indices else written_out(answer, {part.name})

    def _is_entrywise(self, form: Expr, name: str) -> bool:
        if not self.context.shapes[name]:
            return isinstance(form, (Call, Binary))
        if isinstance(form, Binary):
            return form.operator in (".^", "./")
        if not isinstance(form, Call) or not form.children:
            return False
        entry = catalogue.lookup(form.function)
        known = isinstance(entry, Elementwise) or form.function in {item.name for item in self.context.functions}
        return known and form.children[0] in (Name(name), Negative(Name(name)))
