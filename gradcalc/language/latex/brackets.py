"""Brackets in LaTeX: parentheses, absolute values, norms, inner products, matrices by their entries."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.language.latex import words
from gradcalc.language.latex.cursor import Cursor
from gradcalc.language.latex.scripts import is_matrix
from gradcalc.language.latex.tokens import Token
from gradcalc.language.syntax import Binary, Block, Call, Expr

Steps = Generator[Any, Any, Expr]
"""Yields the parts that it waits for and is sent their trees; see `formula`."""


class Brackets(Cursor):
    """What stands between delimiters."""

    def _sum(self) -> Steps:
        """An expression up to where it ends."""
        raise NotImplementedError

    def _argument(self) -> Steps:
        """The argument of a command: what is in braces, or one symbol."""
        raise NotImplementedError

    def _close(self) -> None:
        """Consumes the delimiter that closes the innermost bracket. Raises GradcalcError where it is missing."""
        closer, opener = self._open[-1]
        token = self._token
        if closer == "|" and token.text == "||" and self._is_closing(token):
            # Two absolute values that end together.
            self._tokens[self._at] = Token("bar", "|", token.start + 1, token.end)
        elif self._is_closing(token) or (token.kind in ("close", "}") and token.text == closer):
            self._at += 1
        else:
            raise self._not_closed(opener)
        self._open.pop()

    def _enclosed(self, opener: Token, closer: str) -> Steps:
        """An expression up to a closing delimiter; `a \\over b` in it."""
        self._open.append((closer, opener))
        tree: Expr = yield self._sum()
        if self._token.kind == "command" and self._token.text == "over":
            self._next()
            below: Expr = yield self._sum()
            tree = Binary("/", tree, below)
        self._close()
        return tree

    def _bracket(self, opener: Token) -> Steps:
        kind = "‖" if opener.text == "||" else opener.text
        if kind == "<":
            self._at -= 1
            pair = yield self._arguments()
            if len(pair) != 2:
                raise GradcalcError("syntax", "an inner product is of two things", span=opener.span)
            if self._token.kind == "_":
                self._subscript()
            return Call("dot", pair)
        tree: Expr = yield self._enclosed(opener, words.CLOSER_OF[kind])
        if kind == "|":
            return Call("det" if is_matrix(tree) else "abs", (tree,))
        return Call("norm2", (tree,)) if kind == "‖" else tree

    def _matrix(self, opener: Token) -> Steps:
        """A matrix by its entries: a block literal, its determinant or its norm."""
        rows: list[list[Expr]] = [[]]
        self._open.append(("end matrix", opener))
        while self._token.kind != "end matrix":
            entry: Expr = yield self._sum()
            rows[-1].append(entry)
            if self._token.kind == "row":
                self._next()
                if self._token.kind != "end matrix":
                    rows.append([])
            elif self._token.kind == "&":
                self._next()
            elif self._token.kind != "end matrix":
                raise self._unexpected()
        self._open.pop()
        self._next()
        if not all(rows) or len({len(row) for row in rows}) > 1:
            raise GradcalcError(
                "syntax",
                "the rows of the matrix differ in length" if all(rows) else "the matrix is empty",
                span=(opener.start, self._tokens[self._at - 1].end),
            )
        parts = tuple([entry for row in rows for entry in row])
        literal = parts[0] if len(parts) == 1 else Block(tuple([len(row) for row in rows]), parts)
        function = {"vmatrix": "det", "Vmatrix": "norm2"}.get(opener.text)
        return Call(function, (literal,)) if function else literal

    def _arguments(self) -> Generator[Any, Any, tuple[Expr, ...]]:
        """The arguments in the bracket that comes next."""
        opener = self._next()
        self._open.append((words.CLOSER_OF[opener.text], opener))
        found: list[Expr] = []
        while True:
            argument: Expr = yield self._sum()
            found.append(argument)
            if self._token.kind not in (",", ";"):
                break
            self._next()
        self._close()
        return tuple(found)
