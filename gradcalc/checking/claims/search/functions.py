"""Slips at functions: the wrong one, one too many, a derivative that is missing or one too many."""

from __future__ import annotations

from collections.abc import Iterator

from gradcalc.checking.claims.search.known import Known, Slip
from gradcalc.checking.claims.search.places import transposed
from gradcalc.checking.claims.wording import negated, quoted
from gradcalc.functions import catalogue
from gradcalc.language.syntax import Call, Index

MISTAKEN = (("sin", "cos"), ("sinh", "cosh"), ("exp", "log"), ("sigmoid", "tanh"), ("abs", "sign"))
"""Functions that are taken for one another."""

_OF_MATRICES = {"exp": "expm", "log": "logm", "sqrt": "sqrtm"}
"""Functions of the entries, and the functions of matrices that are written alike."""


def is_steep(name: str) -> bool:
    """Whether a function's derivative is written with the function itself, or as a derivative."""
    entry = catalogue.lookup(name)
    return entry is None or (isinstance(entry, catalogue.Elementwise) and f"{name}(" in entry.derivative)


def said_of(node: Call) -> str:
    """A function, or its derivative, in a sentence."""
    return f"the derivative of {node.function}" if node.primes else node.function


def slips_of_call(node: Call, known: Known) -> Iterator[Slip]:
    """The slips at a call."""
    entry = catalogue.lookup(node.function)
    if entry is not None and not isinstance(entry, catalogue.Elementwise):
        yield from _of_whole_arrays(node, known)
        return
    name, operand = node.function, node.children[0]
    if len(node.children) == 1:
        if node.primes:
            flat = Call(name, node.children, node.primes - 1)
            yield Slip("function", f"{quoted(node)} should be {quoted(flat)}", 1.15, flat)
        if is_steep(name):
            steep = Call(name, node.children, node.primes + 1)
            message = f"the derivative is missing: {quoted(node)} should be {quoted(steep)}"
            yield Slip("function", message, 1.25, steep)
        turned = Call(name, (negated(operand),), node.primes)
        yield Slip("sign", f"the sign inside {quoted(node)} is wrong", 1.05, turned)
        yield Slip("function", f"{said_of(node)} is one too many", 1.2, operand)
    for other in known.functions:
        if other != name and not node.primes:
            cost = 1.2 if any(name in group and other in group for group in MISTAKEN) else 1.45
            made = Call(other, node.children[:1])
            yield Slip("function", f"{name} stands where {other} belongs", cost, made)
    if known.kind_of(operand) == "matrix" and name in _OF_MATRICES:
        whole = Call(_OF_MATRICES[name], (operand,))
        yield Slip("hadamard", f"{name} takes the entries where {quoted(whole)} is meant", 1.0, whole)


def _of_whole_arrays(node: Call, known: Known) -> Iterator[Slip]:
    operand = node.children[0]
    if node.function in ("sum", "mean"):
        other = "mean" if node.function == "sum" else "sum"
        yield Slip("factor", f"{node.function} stands where {other} is meant", 1.1, Call(other, node.children))
        yield Slip("shape", f"{quoted(operand)} is summed where its entries are meant", 1.1, operand)
        for index in known.indices:
            entry = Index(operand, (index,))
            yield Slip("shape", f"{quoted(node)} stands where {quoted(entry)} is meant", 1.0, entry)
    elif node.function == "diag":
        message = f"{quoted(node)} is a diagonal matrix where {quoted(operand)} is meant"
        yield Slip("shape", message, 1.1, operand)
    elif node.function == "inv":
        yield Slip("exponent", f"the inverse of {quoted(operand)} stands where it should not", 1.1, operand)
    elif node.function == "kron" and len(node.children) == 2:
        yield from _of_kronecker_product(node)
    elif len(node.children) == 1:
        kind = "function" if known.kind_of(node) == known.kind_of(operand) else "shape"
        yield Slip(kind, f"{quoted(node)} should be {quoted(operand)}", 1.5, operand)


def _of_kronecker_product(node: Call) -> Iterator[Slip]:
    two, one = node.children
    message = f"the factors of the Kronecker product {quoted(node)} are the wrong way round"
    yield Slip("transpose", message, 1.0, Call("kron", (one, two)))
    for left, right in ((transposed(one), two), (one, transposed(two))):
        other = Call("kron", (left, right))
        yield Slip("transpose", f"{quoted(node)} should be {quoted(other)}", 1.2, other)
