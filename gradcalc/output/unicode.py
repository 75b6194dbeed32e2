"""Expressions with the signs of mathematics, which the parser reads as well: Wᵀ, ⊙, β, x²."""

from __future__ import annotations

from gradcalc.language.lexer import GREEK
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Call, Expr, Name, transformed

_LETTERS = {name: letter for letter, name in GREEK.items() if letter not in "ςϕϵ"}


def to_unicode(root: Expr) -> str:
    """The text of an expression with Greek letters, ᵀ for the transpose and ⊙ for the Hadamard product."""

    def lettered(node: Expr) -> Expr | None:
        if isinstance(node, Name) and node.name in _LETTERS:
            return Name(_LETTERS[node.name])
        if isinstance(node, Call) and node.function == "sigmoid" and not node.primes:
            return Call("σ", node.children)
        return None

    text = to_text(transformed(root, lettered))
    pieces: list[str] = []
    for place, letter in enumerate(text):
        is_prime_of_call = letter == "'" and text[place : place + 4].lstrip("'").startswith("(")
        pieces.append("ᵀ" if letter == "'" and not is_prime_of_call else letter)
    return "".join(pieces).replace(" .* ", " ⊙ ").replace("^2", "²").replace("^3", "³")
