"""A place in the tokens of a formula: what comes next, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection

from gradcalc.errors import GradcalcError
from gradcalc.language.latex.scripts import Subscript, mark_of, subscript
from gradcalc.language.latex.tokens import Token, matches
from gradcalc.language.latex.words import CLOSER_OF, NOT_READ

DEEPEST = 200
"""The deepest nesting of brackets, arguments and exponents."""

_STARTS = frozenset(["name", "number", "word", "function", "font", "accent", "{", "open", "begin", "command"])


class Cursor:
    """The tokens of one formula and the place in them.

    functions: names that are defined as functions. variables: names that are defined as variables.
    """

    def __init__(
        self, source: str, found: list[Token], functions: Collection[str] = (), variables: Collection[str] = ()
    ) -> None:
        end = found[-1].end if found else len(source)
        self._source = source
        self._tokens = [*found, Token("end", "", end, end)]
        self._pairs = matches(found)
        self._functions = functions
        self._variables = variables
        self._at = 0
        self._open: list[tuple[str, Token]] = []
        self._indices: list[str] = []
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _enter(self) -> None:
        """Counts a level of nesting. Raises GradcalcError of kind limit."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise GradcalcError(
                "limit",
                f"the formula is nested more than {DEEPEST} levels deep",
                span=self._token.span,
                hint="Give parts of it names: z = W x + b \\\\ \\sigma(z)",
            )

    def _is_closing(self, token: Token) -> bool:
        """Whether a bar closes the innermost bracket that is open."""
        if token.kind != "bar" or not self._open:
            return False
        return self._open[-1][0] in ("|", "‖") and token.text in ("||", self._open[-1][0])

    def _is_starting(self, token: Token) -> bool:
        if token.kind == "bar":
            return not self._is_closing(token)
        return token.kind in _STARTS and not (token.kind == "command" and token.text == "over")

    def _signs(self) -> bool:
        """Consumes signs: whether they make a minus."""
        negative = False
        while self._token.kind in ("+", "-"):
            negative ^= self._next().kind == "-"
        return negative

    def _raw(self) -> tuple[list[Token], int]:
        """The tokens of the argument that comes next, without its braces, and the place after it."""
        token = self._token
        if token.kind == "{":
            end = self._pairs[self._at]
            return self._tokens[self._at + 1 : end], end + 1
        after = self._at + 1
        while self._tokens[after - 1].kind == "font" and self._tokens[after].kind != "end":
            if self._tokens[after].kind == "{":
                after = self._pairs[after] + 1
                break
            after += 1
        return self._tokens[self._at : after], after

    def _is_marked(self, kind: str | None = None) -> bool:
        """Whether the exponent that comes next is a mark and no expression."""
        self._at += 1
        mark = mark_of(self._raw()[0]) if self._token.kind != "end" else None
        self._at -= 1
        return mark is not None and (kind is None or mark.kind == kind)

    def _prime(self) -> str:
        """Consumes derivative marks."""
        if self._next().kind == "'":
            return "'"
        found, self._at = self._raw()
        return "'" * len([token for token in found if token.kind == "'"])

    def _subscript(self) -> Subscript:
        """Consumes what stands below a symbol."""
        start = self._next().start
        self._check_more()
        found, self._at = self._raw()
        return subscript(found, self._indices, (start, self._tokens[self._at - 1].end))

    # Errors.

    def _check_more(self) -> None:
        if self._token.kind in ("end", "close", "}", "+"):
            raise self._missing()

    def _typed(self, token: Token) -> str:
        if token.kind == "end":
            return "the end of the formula"
        spelled = self._source[token.start : token.end]
        return f"`{spelled if len(spelled) < 40 else spelled[:40] + '...'}`"

    def _missing(self) -> GradcalcError:
        """The error where an operand was expected."""
        token = self._token
        if token.kind == "end" and self._open:
            return self._not_closed(self._open[-1][1])
        before = f" after {self._typed(self._tokens[self._at - 1])}" if self._at else ""
        return GradcalcError("syntax", f"{self._typed(token)}{before} where an operand was expected", span=token.span)

    def _unexpected(self) -> GradcalcError:
        """The error where an expression goes on in a way that cannot be read."""
        token = self._token
        hint = None
        if token.kind == "close":
            return GradcalcError(
                "syntax", f"{self._typed(token)} closes nothing", span=token.span, hint="Remove it, or open it before."
            )
        if token.kind in ("=", "equals"):
            hint = "An equation stands on a line of its own; the left side is a name."
        elif token.kind in (",", ";"):
            hint = "Decimals are written with a point."
        return GradcalcError("syntax", f"{self._typed(token)} is not expected here", span=token.span, hint=hint)

    def _not_closed(self, opener: Token) -> GradcalcError:
        token = self._token
        if opener.kind == "{" or token.kind not in ("end", "close", "}", "bar", "end matrix", "row", "&"):
            return self._unexpected()
        if token.kind == "close":
            message = f"{self._typed(opener)} is closed by {self._typed(token)}"
            return GradcalcError("syntax", message, span=(opener.start, token.end))
        return GradcalcError(
            "syntax",
            f"{self._typed(opener)} is not closed",
            span=opener.span,
            hint=f"Add the missing `{CLOSER_OF.get(opener.text, opener.text)}`.",
        )

    def _not_read(self, token: Token) -> GradcalcError:
        """The error for a command that has no counterpart in the language."""
        what, hint = NOT_READ.get(token.text, (f"`\\{token.text}`", None))
        if token.text in NOT_READ:
            return GradcalcError("syntax", f"{what} is not part of the language", span=token.span, hint=hint)
        return GradcalcError("syntax", f"{what} is not expected here", span=token.span)
