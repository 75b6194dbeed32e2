"""What the rules are called that a derivation uses."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gradcalc.derivation.fragments import written_out
from gradcalc.derivation.notation import terms_of, text_of
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise
from gradcalc.language.polynomial import Dim
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    IndexedSum,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
)
from gradcalc.tensor.answer import derive

_LONGEST = 60
"""How many characters a rule may have that is written out; a longer one is called by its function."""

_GENERIC = ("t", "x", "X")


def product_rule(form: Expr, terms: Sequence[tuple[str, Expr]], varying: Collection[str]) -> str:
    """The rule of a multilinear expression: sums, products, and what in them is constant."""
    constants = [
        text_of(term)
        for _, term in terms_of(form)
        if not any(isinstance(leaf, Name) and leaf.name in varying for leaf in postorder(term))
    ]
    used = list(dict.fromkeys([name for name, _ in terms]))
    summands = len(terms_of(form)) - len(constants)
    alone = f"linear in {used[0]}" if summands == 1 else "sum rule"
    rule = "product rule" if len(terms) > summands else alone
    if constants and sum(map(len, constants)) < _LONGEST // 2:
        rule += f"; {', '.join(constants)} {'is' if len(constants) == 1 else 'are'} constant"
    return rule


def function_rule(form: Expr, dims: Sequence[tuple[Dim, ...]]) -> str:
    """The rule of one function. dims: those of its operands."""
    while isinstance(form, Negative):
        form = form.operand
    if isinstance(form, IndexedSum):
        return "each summand by the chain rule"
    if isinstance(form, Binary):
        return _operator_rule(form, dims)
    if not isinstance(form, Call):
        return "chain rule"
    entry = catalogue.lookup(form.function)
    if entry is None:
        primes = "'" * (form.primes + 1)
        return f"chain rule with {form.function}{primes}"
    if isinstance(entry, Elementwise):
        if len(entry.parameters) == 1:
            rule = f"chain rule, {entry.spelling}'(t) = {entry.derivative}"
            return rule if len(rule) <= _LONGEST else f"chain rule with {entry.spelling}'"
        return f"chain rule for {entry.spelling}"
    return _generic_rule(form, dims) or f"the differential of {entry.spelling}"


def same_function(form: Expr) -> str:
    """Why a form is the same function as what was typed: what the function is short for."""
    while isinstance(form, Negative):
        form = form.operand
    if isinstance(form, Binary) and form.operator == "*" and isinstance(form.left, Transpose):
        return "the sum of the squares"
    entry = catalogue.lookup(form.function) if isinstance(form, Call) else None
    if isinstance(entry, Elementwise) and len(entry.parameters) == 1:
        return f"{entry.spelling}(t) = {entry.meaning}"
    return _MEANINGS.get(entry.name if entry is not None else "", "the same function")


_MEANINGS = {
    "logdet": "logdet(A) = log(det(A))",
    "logsumexp": "logsumexp(t) = log(sum(exp(t)))",
    "softmax": "softmax(t) = exp(t)/sum(exp(t))",
    "norm2": "norm2(t) = sqrt(sum(t.^2))",
    "dot": "A : B = sum(A .* B)",
}


def _operator_rule(form: Binary, dims: Sequence[tuple[Dim, ...]]) -> str:
    if form.operator in ("^", ".^"):
        return "power rule" if form.operator == ".^" or not dims[0] else "the differential of a matrix power"
    if form.operator in ("/", "./"):
        return "quotient rule" if not isinstance(form.left, Number) else "d (1/t) = -dt/t^2"
    return "chain rule"


def _generic_rule(form: Call, dims: Sequence[tuple[Dim, ...]]) -> str | None:
    """The differential of a function at a plain operand: `d inv(X) = -inv(X)*dX*inv(X)`."""
    name = _GENERIC[len(dims[0])]
    call = Call(form.function, (Name(name), *form.children[1:]))
    if any(isinstance(leaf, Name) for child in form.children[1:] for leaf in postorder(child)):
        return None
    try:
        typing = infer(Program(call), {name: dims[0]})
        derivation = derive({name, f"d{name}", "pi"}, call, typing, ())
        derivation.differentiate([(name, ())])
        formula = derivation.along([(name, ())], [f"d{name}"])
    except GradcalcError:
        return None
    text = f"d {to_text(call)} = {text_of(written_out(formula))}"
    return text if len(text) <= _LONGEST and not formula.indices else None
