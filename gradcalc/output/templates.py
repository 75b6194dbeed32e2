"""The LaTeX templates of the catalogue, as boxes.

A template is TeX of a small kind: commands, groups, indices and powers, `\\left` and `\\right`, and `{0}`, `{1}`, ...
for the operands. A command that is not known here stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from gradcalc.language.lexer import GREEK
from gradcalc.output.boxes import (
    POSTFIX,
    PRODUCT,
    SUM,
    Box,
    applied,
    at,
    between,
    bold,
    fence,
    glue,
    letter,
    number,
    operator,
    quotient,
    root,
    row,
    separated,
    sign,
    subscript,
    superscript,
    symbol,
)

GREEK_NAMES = frozenset(["pi", *GREEK.values()])

TEX_OPERATORS = frozenset([
    "exp", "log", "ln", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos",
    "arctan", "det", "min", "max", "sup", "inf", "dim", "ker", "arg", "gcd", "lim",
])  # fmt: skip
"""The functions that TeX has a command for."""

_TOKEN = re.compile(r"\{\{|\}\}|\{\d\}|\\[A-Za-z]+\*?|\\.|\d+|[^\\\s]")

_HOLE = re.compile(r"\{(\d)\}")

_INFIX = frozenset([
    r"\otimes", r"\odot", r"\oslash", r"\times", r"\cdot", r"\circ", r"\leq", r"\geq", r"\neq", r"\le", r"\ge",
    r"\ne", "<", ">", "=", ",", "+",
])  # fmt: skip

_STYLES = frozenset([r"\textstyle", r"\displaystyle"])

_NAMES = ("operator", "letter", "sub")
"""What the name of a function may consist of."""


def filled(template: str, operands: Sequence[Box]) -> Box | None:
    """The box of a template with the operands in their places, or None where it has not as many places.

    Several operands may stand in a template's one place: with commas in parentheses, else as sizes, a x b.
    """
    places = {token for token in _tokens(template) if _HOLE.fullmatch(token)}
    if len(places) > 1 and len(places) != len(operands):
        return None
    return _Filling(_tokens(template), operands, len(places) <= 1).box()


def function_name(template: str) -> Box | None:
    """The name in a template of the form name(operand), or None."""
    box = filled(template, [letter("t")])
    return box.parts[0] if box is not None and box.kind == "call" else None


@cache
def _tokens(template: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(template))


class _Filling:
    """Templates are short and flat, so their groups are read by recursion."""

    def __init__(self, tokens: tuple[str, ...], operands: Sequence[Box], joined: bool) -> None:
        self._tokens = tokens
        self._operands = operands
        self._joined = joined
        self._place = 0
        self._around: list[str] = []
        self._bare = False

    def box(self) -> Box:
        parts = self._with_call(self._parts(""))
        if len(parts) == 1:
            return parts[0]
        answer = row(*_with_products(parts))
        if self._bare or any(part.kind in ("sign", "glue") for part in answer.parts):
            # Juxtaposition binds more tightly than a sign between the operands.
            loose = any(part.kind == "sign" and part.text in (r"\otimes", r"\times") for part in answer.parts)
            answer.level = SUM if loose else PRODUCT
        return answer

    def _with_call(self, parts: list[Box]) -> list[Box]:
        """The boxes, a name and what stands in a fence after it as one."""
        first = len(parts) - 1
        while first > 0 and parts[first - 1].kind in _NAMES and parts[first - 1] not in self._operands:
            first -= 1
        if not parts or parts[-1].kind != "fence" or first == len(parts) - 1:
            return parts
        name = separated(parts[first:-1], glue("names"))
        return [*parts[:first], applied(name, parts[-1])]

    def _parts(self, end: str) -> list[Box]:
        """The boxes up to the token `end`."""
        parts: list[Box] = []
        while self._place < len(self._tokens):
            token = self._next()
            if token == end:
                break
            if token in ("_", "^") and parts:
                base, script = parts.pop(), self._group()
                parts.append(subscript(base, script) if token == "_" else superscript(base, script))
            elif token in _INFIX and not parts:
                parts += [symbol(token), glue("touching")]
            elif token not in _STYLES:
                parts.append(self._one(token))
        return parts[:1] if len(parts) == 2 and parts[1].text == "touching" else parts

    def _next(self) -> str:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _enclosed(self, end: str) -> Box:
        self._around.append(end)
        parts = self._parts(end)
        self._around.pop()
        return parts[0] if len(parts) == 1 else row(*parts)

    def _group(self) -> Box:
        token = self._next()
        if token == "{{":
            return self._enclosed("}}")
        return self._one(token)

    def _word(self) -> str:
        """The letters of a group."""
        letters = []
        self._next()
        while (token := self._next()) != "}}":
            letters.append(token.removeprefix("\\"))
        return "".join(letters)

    def _operand(self, place: int) -> Box:
        if not self._joined or len(self._operands) == 1:
            return self._operands[place]
        in_parentheses = bool(self._around) and self._around[-1] == r"\right"
        return separated(self._operands, sign("," if in_parentheses else r"\times"))

    def _one(self, token: str) -> Box:
        hole = _HOLE.fullmatch(token)
        if hole is not None:
            operand = self._operand(int(hole.group(1)))
            self._bare |= not self._around
            return operand if self._around else at(operand, POSTFIX)
        if token == "{{":
            return self._enclosed("}}")
        if token == r"\left":
            return self._fence()
        if token in (r"\operatorname", r"\mathrm", r"\operatorname*"):
            return operator(self._word())
        if token == r"\mathbf":
            return bold(self._word())
        if token == r"\sqrt":
            return self._root()
        if token == r"\frac":
            above = self._group()
            return quotient(above, self._group())
        return _plain(token)

    def _root(self) -> Box:
        if self._tokens[self._place] != "[":
            return root(self._group())
        self._next()
        degree = self._enclosed("]")
        return root(self._group(), degree)

    def _fence(self) -> Box:
        left = self._next()
        inside = self._enclosed(r"\right")
        self._next()
        return fence(inside, left)


def _with_products(parts: list[Box]) -> list[Box]:
    """The boxes with what belongs between factors that stand side by side."""
    apart = ("sign", "glue", "symbol", "operator")
    joined = parts[:1]
    for before, part in pairwise(parts):
        if before.kind not in apart and part.kind not in apart[:-1]:
            joined.append(between(before, part))
        joined.append(part)
    return joined


def _plain(token: str) -> Box:
    """The box of a token that takes nothing."""
    if token == r"\,":
        return glue("thin")
    if token in _INFIX:
        return sign(token)
    name = token.lstrip("\\")
    if name in TEX_OPERATORS:
        return operator(name)
    if name in GREEK_NAMES or (len(token) == 1 and token.isalpha()):
        return letter(name)
    return number(token) if token.isdigit() else symbol(token)
