"""An explanation of a wrong claim: what is wrong with it, and the claim as it should be."""

from __future__ import annotations

from collections.abc import Sequence

from gradcalc.checking.claims.search.edits import Edit
from gradcalc.checking.claims.search.residuals import Residual
from gradcalc.checking.claims.wording import Finding, negated, quoted, scaled
from gradcalc.language.syntax import Binary, Call, Expr, Number


class Explanation:
    """findings: what is wrong, each with its cost. trees: the claim as it should be, up to the layout `form`."""

    __slots__ = ("cost", "edits", "findings", "form", "residual", "trees")

    def __init__(self, edits: Sequence[Edit], trees: tuple[Expr, ...], residual: Residual) -> None:
        """trees: the claim with the edits made, which the residual then separates from the derivative."""
        self.edits = tuple(edits)
        self.residual = residual
        self.findings = merged([*[_finding(edit) for edit in edits], *residual.findings])
        self.trees = (*trees[:-1], residual.repair(trees[-1]))
        self.cost = sum([edit.cost for edit in edits]) + residual.cost
        self.form = residual.form


def _finding(edit: Edit) -> Finding:
    subject = edit.replaced if edit.kind == "extra-factor" else None
    if isinstance(edit.replaced, Binary) and edit.kind == "extra-factor":
        subject = next((child for child in edit.replaced.children if child is not edit.replacement), None)
        if subject is not None and edit.replaced.operator in ("/", "./"):
            subject = Binary("/", Number(1), subject)
    if edit.kind == "exponent" and isinstance(edit.replaced, Binary) and edit.replaced.left == edit.replacement:
        # One power less of it.
        subject = edit.replacement if edit.replaced.right == Number(2) else None
    if edit.kind == "missing-factor" and isinstance(edit.replacement, Binary):
        subject = next((child for child in edit.replacement.children if child is not edit.replaced), None)
    return Finding(edit.kind, edit.message, edit.cost, subject)


def merged(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """A factor that is missing and one that is too many as one that stands where another belongs."""
    missing = next((f for f in findings if f.kind == "missing-factor" and f.subject is not None), None)
    extra = next((f for f in findings if f.kind in ("extra-factor", "exponent") and f.subject is not None), None)
    constant = next((f for f in findings if f.kind == "factor" and f.subject is not None), None)
    if missing is None or missing.subject is None:
        return tuple(findings)
    if extra is None or extra.subject is None:
        if constant is None or constant.subject is None:
            return tuple(findings)
        whole = scaled(missing.subject, constant.subject)
        sign = next((f for f in findings if f.kind == "sign"), None)
        whole = whole if sign is None else negated(whole)
        rest = [finding for finding in findings if finding not in (missing, constant, sign)]
        message = f"the factor {quoted(whole)} is missing"
        return (*rest, Finding("missing-factor", message, missing.cost + constant.cost, whole))
    rest = [finding for finding in findings if finding is not extra and finding is not missing]
    return (_exchanged(extra.subject, missing.subject, extra.cost + missing.cost), *rest)


def _exchanged(one: Expr, two: Expr, cost: float) -> Finding:
    """That one factor stands where another belongs."""
    one, two = _undivided(one, two)
    if isinstance(one, Call) and isinstance(two, Call):
        if one.label == two.label and len(one.children) == 1:
            message = f"{one.function} is taken at {quoted(one.children[0])} instead of {quoted(two.children[0])}"
            return Finding("argument", message, cost)
        if one.children == two.children:
            return Finding("function", f"{quoted(one)} stands where {quoted(two)} belongs", cost)
    return Finding("substitution", f"{quoted(one)} stands where {quoted(two)} belongs", cost)


def _undivided(one: Expr, two: Expr) -> tuple[Expr, Expr]:
    """Two factors, without the diagonal matrices that they are on, or the numerators where both are divided by."""
    one, two = _off_diagonal(one), _off_diagonal(two)
    if _is_divided(one) and _is_divided(two):
        return one.children[1], two.children[1]
    return one, two


def _is_divided(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in ("/", "./") and node.left == Number(1)


def _off_diagonal(node: Expr) -> Expr:
    return node.children[0] if isinstance(node, Call) and node.function == "diag" else node
