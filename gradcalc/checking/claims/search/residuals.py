"""What separates a value from the derivative as a whole: a sign, a constant, a factor, a term."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.checking.claims.layouts import NATURAL, TRANSPOSED
from gradcalc.checking.claims.search.decomposition import Decompositions
from gradcalc.checking.claims.search.stage import Quantity, Stage
from gradcalc.checking.claims.wording import Finding, negated, quoted, scaled
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Call, Expr, Name, Number, Transpose

Array = Any

_CLOSE = 1e-9
_LARGEST_DENOMINATOR = 1000
_SHOWN_DIGITS = 12


class Residual:
    """findings: what separates a value from the derivative; none where it is the derivative. repair: what mends it.

    form: the layout in which it then is the derivative.
    """

    __slots__ = ("findings", "form", "repair")

    def __init__(self, form: str, findings: Sequence[Finding], repair: Callable[[Expr], Expr]) -> None:
        self.form = form
        self.findings = tuple(findings)
        self.repair = repair

    @property
    def cost(self) -> float:
        return sum([finding.cost for finding in self.findings]) + (0.02 if self.form == TRANSPOSED else 0.0)


def _as_it_is(tree: Expr) -> Expr:
    return tree


class Residuals:
    """Finds residuals at one stage.

    factors, terms: the quantities that may be missing or too many. levels, answers: see `Decompositions`.
    """

    def __init__(
        self,
        stage: Stage,
        factors: Sequence[Quantity] = (),
        terms: Sequence[Quantity] = (),
        levels: Sequence[Sequence[Expr]] = (),
        answers: Sequence[Expr] = (),
    ) -> None:
        self._stage = stage
        self._constants = _constants(stage.lengths)
        self._front = stage.indices and 1
        self._forms = stage.truth.layouts.forms(stage.target, self._front)
        whole = [_key(array) for _, array in self._forms.values()]
        self._factors = _by_shape(
            [factor for factor in factors if _key(factor.array) not in whole or factor.kind == "scalar"]
        )
        self._terms = _by_shape([term for term in terms if _key(term.array) not in whole])
        self._decompositions = Decompositions(stage, levels, answers)

    def of(self, kind: str, array: Array, wide: bool = True, any_constant: bool = False) -> list[Residual]:
        """What may separate a value from the derivative; nothing where nothing simple does.

        wide: whether factors and terms are tried as well as signs and constants. any_constant: whether a constant need
        not be one that is often forgotten.
        """
        found: list[Residual] = []
        for form, (wanted, target) in self._forms.items():
            if wanted == kind and target.shape == array.shape and np.all(np.isfinite(array)):
                found += self._residuals(form, array, target, wide, any_constant)
        return found

    def is_zero(self, kind: str, array: Array) -> bool:
        """Whether a value is the derivative in some layout."""
        return any(not residual.findings for residual in self.of(kind, array, wide=False))

    def _residuals(self, form: str, array: Array, target: Array, wide: bool, any_constant: bool) -> Iterator[Residual]:
        size = float(np.max(np.abs(target), initial=0.0))
        own = float(np.max(np.abs(array), initial=0.0))
        # What is exactly zero is right where the derivative is but rounding.
        rounding = 1e-13 * self._stage.point.scale if own == 0 else 0.0
        if np.max(np.abs(array - target), initial=0.0) <= _CLOSE * max(size, own) + rounding:
            yield Residual(form, (), _as_it_is)
            return
        if own <= rounding and wide:
            yield Residual(form, [Finding("missing-term", "it is zero, and the derivative is not", 3.0)], _as_it_is)
        if size <= rounding or own <= rounding:
            return
        place = int(np.argmax(np.abs(array)))
        ratio = float(target.reshape(-1)[place] / array.reshape(-1)[place])
        if ratio and np.max(np.abs(ratio * array - target)) <= _CLOSE * size:
            constant = self._constant(ratio, any_constant)
            if constant is not None:
                yield Residual(form, constant[0], constant[1])
        if wide:
            yield from self._with_factors(form, array, target)
            yield from self._with_terms(form, array, target)
            natural = np.swapaxes(array, -1, -2) if form == TRANSPOSED and array.ndim - self._front == 2 else array
            for made in self._decompositions.of(form, natural):
                yield Residual(form, made.findings, made.repair)

    def _constant(
        self, ratio: float, any_constant: bool = False
    ) -> tuple[list[Finding], Callable[[Expr], Expr]] | None:
        """What a constant ratio of the derivative to the claim means."""
        findings: list[Finding] = []
        if ratio < 0:
            findings.append(Finding("sign", "the sign is wrong", 0.8))
        size = abs(ratio)
        if abs(size - 1) > 1e-9:
            known = next((item for item in self._constants if abs(item[0] - size) <= 1e-9 * size), None)
            if known is None:
                fraction = Fraction(size).limit_denominator(_LARGEST_DENOMINATOR)
                if abs(float(fraction) - size) > 1e-11 * size or not fraction:
                    if not any_constant:
                        return None
                    fraction = Fraction(f"{size:.{_SHOWN_DIGITS}g}")
                known = (size, Number(fraction), 1.7)
            _, tree, cost = known
            findings.append(Finding("factor", _factor_message(tree, size), cost, tree))
            if ratio < 0:
                return findings, lambda claim: negated(scaled(claim, tree))
            return findings, lambda claim: scaled(claim, tree)
        return findings, negated if ratio < 0 else _as_it_is

    def _with_factors(self, form: str, array: Array, target: Array) -> Iterator[Residual]:
        """A factor that is missing, or one too many, the same for all entries or one for each."""
        with np.errstate(all="ignore"):
            ratio = target / array
        if not np.all(np.isfinite(ratio)) or np.any(array == 0):
            return
        own = _key(array)
        for shape, side in self._broadcasts(ratio):
            if not np.allclose(np.broadcast_to(shape, ratio.shape), ratio, rtol=1e-9, atol=0):
                continue
            for inverse in (False, True):
                with np.errstate(all="ignore"):
                    wanted = 1 / shape if inverse else shape
                for quantity in self._factors.get(_key(wanted), ()):
                    if own == _key(quantity.array) and own != ("one",):
                        continue
                    found = self._with_factor(form, quantity, wanted, inverse, side)
                    if found is not None:
                        yield found

    def _broadcasts(self, ratio: Array) -> Iterator[tuple[Array, str]]:
        """The ratio as a number, as a column, as a row and as a whole, without the axes that it only repeats along."""
        front = self._front
        axes = tuple(range(front, ratio.ndim))
        if axes:
            yield ratio[(slice(None),) * front + (slice(0, 1),) * len(axes)], "number"
        if len(axes) == 2:
            every, first = slice(None), slice(0, 1)
            before = (every,) * front
            rows, columns = (*before, every, first), (*before, first, every)
            yield ratio[rows], "rows"
            yield ratio[columns], "columns"
        yield ratio, "whole"

    def _with_factor(self, form: str, quantity: Quantity, wanted: Array, inverse: bool, side: str) -> Residual | None:
        place = int(np.argmax(np.abs(quantity.array)))
        if wanted.size != quantity.array.size or not quantity.array.reshape(-1)[place]:
            return None
        scale = float(wanted.reshape(-1)[place] / quantity.array.reshape(-1)[place])
        if not scale or not np.isfinite(scale):
            return None
        if not np.allclose(wanted.reshape(-1), scale * quantity.array.reshape(-1), rtol=1e-8, atol=0):
            return None
        constant = self._constant(1 / scale if inverse else scale)
        if constant is None or not _fits(quantity.kind, side):
            return None
        findings, repair = constant
        base = (1.1 if side in ("number", "whole") else 1.2) + 0.006 * len(quantity.text)
        tree = quantity.tree
        if inverse:
            present = self._stage.holds(tree)
            message = (
                f"the factor {quoted(tree)} is one too many" if present else f"the factor 1/{_grouped(tree)} is missing"
            )
            finding = Finding(
                "extra-factor" if present else "missing-factor",
                message,
                base + (0.0 if present else 0.1),
                tree if present else Binary("/", Number(1), tree),
            )
        else:
            finding = Finding("missing-factor", f"the factor {quoted(tree)} is missing", base, tree)
        return Residual(
            form, [*findings, finding], lambda claim: repair(_multiplied(claim, quantity, side, inverse, form))
        )

    def _with_terms(self, form: str, array: Array, target: Array) -> Iterator[Residual]:
        """A term that is missing or one too many."""
        gap = target - array
        for quantity in self._terms.get(_key(gap), ()):
            value = quantity.array
            if value.shape != gap.shape:
                continue
            place = int(np.argmax(np.abs(value)))
            scale = float(gap.reshape(-1)[place] / value.reshape(-1)[place])
            if np.allclose(gap, scale * value, rtol=1e-8, atol=1e-12 * float(np.max(np.abs(gap)))):
                found = self._with_term(form, quantity, scale)
                if found is not None:
                    yield found

    def _with_term(self, form: str, quantity: Quantity, scale: float) -> Residual | None:
        known = next((item for item in self._constants if abs(item[0] - abs(scale)) <= 1e-9 * abs(scale)), None)
        if known is None and abs(abs(scale) - 1) > 1e-9:
            return None
        term = quantity.tree if known is None or abs(abs(scale) - 1) <= 1e-9 else scaled(quantity.tree, known[1])
        present = self._stage.holds(quantity.tree)
        cost = 1.3 + 0.006 * len(quantity.text) + (0.0 if abs(abs(scale) - 1) <= 1e-9 else 0.25)
        shown = term if quantity.kind != "row" or form == NATURAL else Transpose(term)
        if scale > 0:
            finding = Finding("missing-term", f"the term {quoted(term)} is missing", cost)
            return Residual(form, [finding], lambda claim: Binary("+", claim, shown))
        if present and known is None:
            finding = Finding("extra-term", f"the term {quoted(term)} is one too many", cost)
        else:
            finding = Finding("missing-term", f"the term -{_grouped(term)} is missing", cost + 0.1)
        return Residual(form, [finding], lambda claim: Binary("-", claim, shown))


def _fits(kind: str, side: str) -> bool:
    """Whether a quantity of a kind may scale all of a value, its rows, its columns, or its entries."""
    if side == "number":
        return kind == "scalar"
    if side == "whole":
        return kind in ("vector", "row", "matrix", "scalar")
    return kind in ("vector", "row")


def _multiplied(claim: Expr, quantity: Quantity, side: str, inverse: bool, form: str) -> Expr:
    """The claim times a quantity, or divided by it."""
    tree = quantity.tree
    if quantity.kind == "scalar":
        return Binary("/", claim, tree) if inverse else scaled(claim, tree)
    if side == "whole":
        return Binary("./" if inverse else ".*", claim, tree if form == NATURAL else Transpose(tree))
    if inverse:
        tree = Binary("./", Number(1), tree)
    diagonal = Call("diag", (tree,))
    return Binary("*", diagonal, claim) if side == "rows" else Binary("*", claim, diagonal)


def _by_shape(quantities: Sequence[Quantity]) -> Mapping[tuple[Any, ...], list[Quantity]]:
    found: dict[tuple[Any, ...], list[Quantity]] = {}
    for quantity in quantities:
        found.setdefault(_key(quantity.array), []).append(quantity)
    return found


def _key(array: Array) -> tuple[Any, ...]:
    """The same for arrays that are multiples of each other, whatever their axes of length one."""
    flat = np.asarray(array).reshape(-1)
    place = int(np.argmax(np.abs(flat)))
    largest = float(flat[place])
    if not largest or not np.isfinite(largest):
        return ("zero",)
    if flat.size == 1:
        return ("one",)
    return (flat.size, *np.round(flat / largest, 6).tolist())


def _constants(lengths: Mapping[str, int]) -> list[tuple[float, Expr, float]]:
    """Constants by which answers are often off: their value, how they are written, and how unlikely they are."""
    found: list[tuple[float, Expr, float]] = []
    for number, cost in ((2, 0.9), (3, 1.1), (4, 1.0), (6, 1.2), (8, 1.2)):
        found.append((float(number), Number(number), cost))
        found.append((1 / number, Number(Fraction(1, number)), cost))
    for name, length in lengths.items():
        length_tree = Name(name)
        for value, tree, cost in (
            (length, length_tree, 0.95),
            (1 / length, Binary("/", Number(1), length_tree), 0.95),
            (2 * length, Binary("*", Number(2), length_tree), 1.1),
            (2 / length, Binary("/", Number(2), length_tree), 1.1),
            (length / 2, Binary("/", length_tree, Number(2)), 1.1),
            (1 / (2 * length), Binary("/", Number(1), Binary("*", Number(2), length_tree)), 1.1),
        ):
            found.append((float(value), tree, cost))
    found.append((float(np.pi), Name("pi"), 1.3))
    found.append((1 / float(np.pi), Binary("/", Number(1), Name("pi")), 1.3))
    for number in (2, 10):
        logarithm = Call("log", (Number(number),))
        found.append((float(np.log(number)), logarithm, 1.3))
        found.append((1 / float(np.log(number)), Binary("/", Number(1), logarithm), 1.3))
    return found


def _factor_message(tree: Expr, size: float) -> str:
    """The derivative is the claim times a constant."""
    if isinstance(tree, Binary) and tree.operator == "/" and isinstance(tree.left, Number) and tree.left.value == 1:
        return f"the factor 1/{_grouped(tree.right)} is missing"
    if isinstance(tree, Number) and tree.value < 1:
        inverse = 1 / tree.value
        if inverse.denominator == 1:
            return f"the factor {inverse} is one too many"
    if isinstance(tree, Name):
        return f"the factor {tree.name} is missing: averaged where it is summed?"
    return f"the factor {to_text(tree)} is missing"


def _grouped(tree: Expr) -> str:
    text = to_text(tree)
    return text if isinstance(tree, (Name, Call, Number)) else f"({text})"
