"""Expressions in LaTeX, as one would typeset them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcalc.functions import catalogue
from gradcalc.language.printer import number_text
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
)

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer

_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Phi",
        "Psi",
        "Omega",
    ]
)

_SUM, _PRODUCT, _UNARY, _POWER, _POSTFIX = 1, 2, 3, 4, 5

_SYMBOLS = {"+": " + ", "-": " - ", "*": r" \, ", ".*": r" \odot ", "./": r" \oslash ", "\\": r" \backslash "}


def name_latex(name: str) -> str:
    """A name: Greek letters as such, digits at the end as an index."""
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    stem, _, index = stem.rstrip("_").partition("_") if "_" in stem else (stem, "", "")
    index = ",".join([part for part in (index, digits) if part])
    letter = "\\" + stem if stem in _GREEK else stem if len(stem) == 1 else r"\mathrm{" + stem + "}"
    index = index.replace("_", ",")
    return f"{letter}_{{{index}}}" if index else letter


def to_latex(root: Expr) -> str:
    """The LaTeX of an expression."""
    done: dict[int, tuple[str, int]] = {}
    for node in postorder(root):
        done[id(node)] = _latex(node, done)
    return done[id(root)][0]


def _at(done: dict[int, tuple[str, int]], node: Expr, least: int) -> str:
    text, level = done[id(node)]
    return rf"\left({text}\right)" if level < least else text


def _latex(node: Expr, done: dict[int, tuple[str, int]]) -> tuple[str, int]:
    if isinstance(node, Number):
        return number_text(node.value), _POSTFIX
    if isinstance(node, Name):
        return name_latex(node.name), _POSTFIX
    if isinstance(node, Negative):
        return "-" + _at(done, node.operand, _UNARY), _UNARY
    if isinstance(node, Transpose):
        return _at(done, node.operand, _POSTFIX) + r"^{\top}", _POWER
    if isinstance(node, Binary):
        return _binary(node, done)
    if isinstance(node, Index):
        places = ",".join([r"\cdot" if place is None else str(place) for place in node.positions])
        return f"{_grouped(done, node.operand)}_{{{places}}}", _POSTFIX
    if isinstance(node, IndexedSum):
        signs = ""
        for name, first, last in node.ranges:
            signs += rf"\sum_{{{name}}} " if first is None else rf"\sum_{{{name}={first}}}^{{{last}}} "
        return signs + _at(done, node.body, _PRODUCT), _SUM
    assert isinstance(node, Call)
    return _call(node, done)


def _grouped(done: dict[int, tuple[str, int]], node: Expr) -> str:
    text = _at(done, node, _POSTFIX)
    return (
        text
        if isinstance(node, Name) and "_" not in text
        else "{" + text + "}"
        if isinstance(node, Name)
        else (text if text.startswith(r"\left(") else rf"\left({text}\right)")
    )


def _binary(node: Binary, done: dict[int, tuple[str, int]]) -> tuple[str, int]:
    operator = node.operator
    if operator == "/":
        return rf"\frac{{{done[id(node.left)][0]}}}{{{done[id(node.right)][0]}}}", _PRODUCT
    if operator in ("^", ".^"):
        mark = r"\odot " if operator == ".^" else ""
        base = _at(done, node.left, _POSTFIX)
        return f"{base}^{{{mark}{done[id(node.right)][0]}}}", _POWER
    level = _SUM if operator in "+-" else _PRODUCT
    left = _at(done, node.left, _UNARY if _is_hadamard(node.left) and operator == "*" else level)
    right = _at(done, node.right, _POWER if isinstance(node.right, Negative) else level + 1)
    return left + _SYMBOLS[operator] + right, level


def _is_hadamard(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in (".*", "./")


def _call(node: Call, done: dict[int, tuple[str, int]]) -> tuple[str, int]:
    entry = catalogue.lookup(node.function)
    arguments = [done[id(child)][0] for child in node.children]
    if entry is None or node.primes:
        name = r"\sigma" if node.function == "sigmoid" else name_latex(node.function)
        primes = "^{" + r"\prime" * node.primes + "}" if node.primes else ""
        return rf"{name}{primes}\left({', '.join(arguments)}\right)", _POSTFIX
    if "(" not in entry.latex and r"\lVert" not in entry.latex and "sqrt" not in entry.latex and arguments:
        arguments = [_at(done, child, _POSTFIX) for child in node.children]
    template = entry.latex
    if "{1}" not in template and len(arguments) > 1:
        template = template.replace("{0}", r" \times ".join([f"{{{place}}}" for place in range(len(arguments))]))
    level = _POWER if node.function == "inv" else _POSTFIX
    return template.format(*arguments), level


def equation(derivative: Derivative, answer: Answer) -> str:
    """The derivative as an equation, with what it names."""
    name = "f"
    wrt = answer.wrt
    variable, _, inside = wrt.partition("[")
    written = name_latex(variable) + (f"_{{{inside.rstrip(']')}}}" if inside else "")
    if answer.order == 1:
        left = rf"\frac{{\partial {name}}}{{\partial {written}}}"
    elif "," in wrt and not inside:
        below = r"\,".join([rf"\partial {name_latex(part)}" for part in wrt.split(",")])
        left = rf"\frac{{\partial^{{{answer.order}}} {name}}}{{{below}}}"
    else:
        left = rf"\frac{{\partial^{{{answer.order}}} {name}}}{{\partial {written}^{{{answer.order}}}}}"
    if answer.indices:
        left = rf"\left({left}\right)_{{{','.join(answer.indices)}}}"
    text = f"{left} = {to_latex(answer.tree)}"
    if answer.where:
        names = r",\; ".join([f"{name_latex(name)} = {to_latex(tree)}" for name, tree in answer.where])
        text += rf" \quad\text{{where}}\; {names}"
    return text
