"""A claim as a combination of the derivative's own terms: which are missing, doubled, or of the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gradcalc.checking.claims.layouts import TRANSPOSED
from gradcalc.checking.claims.search.stage import Stage
from gradcalc.checking.claims.wording import Finding, negated, quoted, scaled
from gradcalc.language.syntax import Binary, Expr, IndexedSum, Negative, Number, Transpose

Array = Any

_CLOSE = 1e-8
_MOST_TERMS = 12

_COEFFICIENTS = (0.0, -1.0, 2.0, 0.5, -2.0, 3.0, -0.5, 4.0, 0.25)
"""What stands in front of a term of the derivative in a claim that is made of its terms."""


class Decomposition:
    """findings: what is wrong with the terms. missing: what has to be added to the claim."""

    __slots__ = ("findings", "form", "missing")

    def __init__(self, findings: Sequence[Finding], missing: Sequence[Expr], form: str) -> None:
        self.findings = tuple(findings)
        self.missing = tuple(missing)
        self.form = form

    def repair(self, claim: Expr) -> Expr:
        for term in self.missing:
            turned = Transpose(term) if self.form == TRANSPOSED else term
            claim = Binary("-", claim, turned.operand) if isinstance(turned, Negative) else Binary("+", claim, turned)
        return claim


class Decompositions:
    """The terms of the derivative at a stage, at each level at which it is multiplied out."""

    def __init__(self, stage: Stage, levels: Sequence[Sequence[Expr]], answers: Sequence[Expr] = ()) -> None:
        """levels: in the shape of the whole derivative. answers: what a claim is about, whose own terms are taken."""
        self._levels: list[tuple[Sequence[Expr], Array]] = []
        known = [(terms, [stage.entries(tree) for tree in terms]) for terms in levels]
        for answer in answers:
            for own in additive_levels(answer):
                quantities = [stage.quantity(tree) for tree in own]
                known.append((own, [None if quantity is None else quantity.array for quantity in quantities]))
        for terms, arrays in known:
            columns = [_column(array, stage.target) for array in arrays if array is not None]
            made = [column for column in columns if column is not None]
            if len(made) == len(terms) > 1:
                matrix = np.stack(made, axis=1)
                if np.linalg.matrix_rank(matrix) == len(terms):
                    self._levels.append((terms, matrix))

    def of(self, form: str, array: Array) -> list[Decomposition]:
        """The ways in which a value is made of the terms. array: natural layout."""
        found: list[Decomposition] = []
        flat = array.reshape(-1)
        size = float(np.max(np.abs(flat), initial=0.0))
        for terms, matrix in self._levels:
            coefficients = np.linalg.lstsq(matrix, flat, rcond=None)[0]
            if np.max(np.abs(matrix @ coefficients - flat), initial=0.0) > _CLOSE * max(size, 1e-300):
                continue
            made = _decomposed(terms, coefficients, form)
            if made is not None:
                found.append(made)
        return found


def _column(array: Array, target: Array) -> Array | None:
    """The entries of a term, repeated to the shape of the derivative; None where it has another shape."""
    try:
        return np.broadcast_to(array, target.shape).reshape(-1)
    except ValueError:
        return None


def additive_levels(root: Expr) -> Iterator[list[Expr]]:
    """An expression as sums of more and more terms: what is a sum, or has one as a factor, is split one by one."""
    terms: list[tuple[Expr, bool]] = [(root, False)]
    while len(terms) <= _MOST_TERMS:
        split = next(
            ((place, parts) for place, (node, _) in enumerate(terms) if (parts := _parts(node)) is not None), None
        )
        if split is None:
            return
        place, parts = split
        signed = [(part, terms[place][1] != sign) for part, sign in parts]
        terms = [*terms[:place], *signed, *terms[place + 1 :]]
        if len(terms) > 1:
            yield [negated(node) if negative else node for node, negative in terms]


def _parts(node: Expr) -> list[tuple[Expr, bool]] | None:
    """The terms of a node and whether each is subtracted; None where it is a term itself."""
    if isinstance(node, Negative):
        return [(node.operand, True)]
    if isinstance(node, IndexedSum):
        inner = _parts(node.body)
        return None if inner is None else [(IndexedSum(node.ranges, part), sign) for part, sign in inner]
    if not isinstance(node, Binary):
        return None
    if node.operator in ("+", "-"):
        return [(node.left, False), (node.right, node.operator == "-")]
    if node.operator in ("*", ".*", "/", "./"):
        for place in (0, 1) if node.operator in ("*", ".*") else (0,):
            inner = _parts(node.children[place])
            if inner is not None:
                other = node.children[1 - place]
                pairs = [(part, other) if place == 0 else (other, part) for part, _ in inner]
                return [(Binary(node.operator, *pair), sign) for pair, (_, sign) in zip(pairs, inner)]
    return None


def _decomposed(terms: Sequence[Expr], coefficients: Array, form: str) -> Decomposition | None:
    findings: list[Finding] = []
    missing: list[Expr] = []
    lost = int(np.sum(np.abs(coefficients) < _CLOSE))
    doubled = (
        lost and int(np.sum(np.abs(coefficients - 1) >= _CLOSE)) == 2 and np.any(np.abs(coefficients - 2) < _CLOSE)
    )
    if lost == len(terms):
        return None
    for term, coefficient in zip(terms, coefficients):
        if abs(coefficient - 1) < _CLOSE:
            continue
        known = next((value for value in _COEFFICIENTS if abs(value - coefficient) < _CLOSE), None)
        if known is None:
            return None
        length = 0.004 * len(quoted(term))
        if known == 0:
            findings.append(Finding("missing-term", f"the term {quoted(term)} is missing", 1.25 + length))
        elif known == -1:
            findings.append(Finding("sign", f"the sign of the term {quoted(term)} is wrong", 1.1 + length))
        elif not lost:
            findings.append(Finding("factor", f"the term {quoted(term)} stands {_times(known)}", 1.3 + length))
        elif not doubled:
            findings.append(Finding("factor", f"the term {quoted(term)} stands {_times(known)}", 0.9))
        missing.append(_times_number(term, 1 - known))
    return Decomposition(findings, missing, form)


def _times(known: float) -> str:
    return {2.0: "twice", 0.5: "with half its value", 3.0: "three times"}.get(known, f"times {known:g}")


def _times_number(term: Expr, number: float) -> Expr:
    made = term if abs(number) == 1 else scaled(term, Number(Fraction(abs(number))))
    return negated(made) if number < 0 else made
