"""The names of a piece of SymPy source, what is assigned in it, and the terms it is made of."""

from __future__ import annotations

import keyword
import re
from itertools import count

SUM, PRODUCT, UNARY, POWER, POSTFIX = 1, 2, 3, 4, 5
"""How tightly Python binds a term."""

Dim = int | str
Shape = tuple[Dim, Dim]
"""Rows and columns."""

LONGEST_REPEATED = 24
"""The longest text that is written again where it is used again."""

_WORD = re.compile(r"[A-Za-z_]\w*")

_TAKEN = ("sympy",)


class Term:
    """text: an expression in Python. shape: of the matrix that it is, None for a number.

    whole: it is a whole number of Python and not of SymPy, whose quotients are not exact. depth: how deep it is.
    """

    __slots__ = ("depth", "level", "shape", "text", "whole")

    def __init__(self, text: str, level: int, shape: Shape | None, *, whole: bool = False) -> None:
        self.text = text
        self.level = level
        self.shape = shape
        self.whole = whole
        self.depth = 1

    def at(self, least: int) -> str:
        """The text, in parentheses where it binds less than `least`."""
        return f"({self.text})" if self.level < least else self.text


def sympified(term: Term) -> Term:
    """The term as an object of SymPy."""
    return Term(f"sympy.Integer({term.text})", POSTFIX, None) if term.whole else term


class Scope:
    """The lines of the source, and what each name is called in it.

    indices: names of the expression that are indices; they count from 0 in the source.
    """

    def __init__(self) -> None:
        self.declarations: list[str] = []
        self.lines: list[str] = []
        self._names: dict[str, str] = {}
        self._taken: set[str] = {*keyword.kwlist, *_TAKEN}
        self._indices: dict[str, str] = {}
        self._parameter: str | None = None

    def python_name(self, name: str) -> str:
        """What a variable, definition, function or dimension is called."""
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = self._free(name)
        return known

    def result(self, name: str) -> str:
        """The name of a result, which is taken before any other."""
        return self._free(name)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def fresh(self, stem: str) -> str:
        """A name that nothing has."""
        name = next(text for number in count(1) if (text := f"{stem}{number}") not in self._taken)
        self._taken.add(name)
        return name

    def declare_index(self, name: str) -> None:
        if name not in self._indices:
            self._indices[name] = self._free(name)
            self.declarations.append(f'{self._indices[name]} = sympy.Symbol("{name}", integer=True)')

    def is_index(self, name: str) -> bool:
        return name in self._indices

    def index(self, name: str) -> str:
        return self._indices[name]

    def fresh_index(self) -> str:
        """A new index of the source."""
        name = self.fresh("i")
        self.declarations.append(f'{name} = sympy.Dummy("{name}", integer=True)')
        return name

    def parameter(self) -> str:
        """The symbol that functions are differentiated by."""
        if self._parameter is None:
            self._parameter = self.fresh("t")
            self.declarations.append(f'{self._parameter} = sympy.Dummy("t", real=True)')
        return self._parameter

    def dim(self, dim: Dim) -> str:
        """A length: a number, a name, or a formula of names."""
        return str(dim) if isinstance(dim, int) else _WORD.sub(lambda found: self.python_name(found.group()), dim)

    def size(self, shape: Shape) -> str:
        return f"{self.dim(shape[0])}, {self.dim(shape[1])}"

    def assign(self, name: str, term: Term) -> None:
        self.lines.append(f"{name} = {sympified(term).text}")

    def assigned(self, term: Term) -> Term:
        """A new name for a term."""
        name = self.fresh("part")
        self.assign(name, term)
        return Term(name, POSTFIX, term.shape)

    def reusable(self, term: Term) -> Term:
        """The term where it is short, else a name for it: for what is written more than once."""
        return term if len(term.text) <= LONGEST_REPEATED else self.assigned(term)
