"""Names by convention: Greek letters for numbers, lower case for vectors, upper case for matrices."""

from __future__ import annotations

from gradcalc.derivation.fragments import Context
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise
from gradcalc.language.syntax import Binary, Call, Expr

_BY_KIND = {
    "scalar": ("alpha", "gamma", "mu", "nu", "rho", "tau", "eta", "theta", "xi", "zeta", "kappa", "omega", "beta"),
    "vector": ("z", "u", "v", "h", "q", "g", "a", "b", "c", "d"),
    "matrix": ("Z", "U", "V", "H", "Q", "G", "K", "M", "P", "B"),
}

_CONSTANTS = {"scalar": ("kappa", "rho"), "vector": ("c", "a", "b"), "matrix": ("C", "K", "M")}

_COTANGENTS = {"scalar": ("delta",), "vector": ("g",), "matrix": ("G",)}

_ELEMENTWISE = {"vector": "s", "matrix": "S"}

_DIFFERENCES = {"vector": "r", "matrix": "R"}

_OBJECTIVES = ("f", "F", "phi", "psi", "L", "J")


def part_name(context: Context, tree: Expr, kind: str) -> str:
    """A new name for a part: s for a function of each entry, r for a difference, else the next one of its kind."""
    preferred: tuple[str, ...] = ()
    entry = catalogue.lookup(tree.function) if isinstance(tree, Call) else None
    if isinstance(tree, Call) and (entry is None or isinstance(entry, Elementwise)) and kind in _ELEMENTWISE:
        preferred = (_ELEMENTWISE[kind],)
    if isinstance(tree, Call) and tree.function == "softmax" and kind == "vector":
        preferred = ("p",)
    if isinstance(tree, Binary) and tree.operator == "-" and kind in _DIFFERENCES:
        preferred = (_DIFFERENCES[kind],)
    return _first_free(context, (*preferred, *_BY_KIND[kind]))


def constant_name(context: Context, kind: str) -> str:
    """A new name for an expression that does not depend on the variable."""
    return _first_free(context, _CONSTANTS[kind])


def cotangent_name(context: Context, kind: str) -> str:
    """A new name for the gradient by a part."""
    return _first_free(context, _COTANGENTS[kind])


def objective_name(context: Context) -> str:
    return _first_free(context, _OBJECTIVES)


def differential_name(context: Context, name: str) -> str:
    """What the differential of a name is called: dW."""
    return _first_free(context, (f"d{name}", f"d_{name}"))


def placeholder(what: str, number: int = 0) -> str:
    """A name for something inside an expression that is written nowhere; no name of the language begins like it."""
    return f"?{what}{number}"


def _first_free(context: Context, candidates: tuple[str, ...]) -> str:
    found = next((name for name in candidates if _is_free(context, name)), None)
    return _numbered(context, candidates) if found is None else found


def _is_free(context: Context, name: str) -> bool:
    return name not in context.taken and f"d{name}" not in context.taken and catalogue.spelled(name) is None


def _numbered(context: Context, candidates: tuple[str, ...]) -> str:
    """The next number of a letter that nobody has numbered."""
    if candidates not in context.numbered:
        stems = (stem for stem in candidates if not any(_is_numbered(name, stem) for name in context.taken))
        context.numbered[candidates] = next(stems, f"{candidates[0]}_"), 0
    stem, number = context.numbered[candidates]
    number += 1
    while not _is_free(context, f"{stem}{number}"):
        number += 1
    context.numbered[candidates] = stem, number
    return f"{stem}{number}"


def _is_numbered(name: str, stem: str) -> bool:
    return name.startswith(stem) and name[len(stem) :].isdecimal()
