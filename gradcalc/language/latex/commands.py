"""Commands with arguments in LaTeX: fractions, roots, sums over indices, braces below and above."""

from __future__ import annotations

from gradcalc.language.latex.brackets import Brackets, Steps
from gradcalc.language.latex.scripts import is_matrix, negated
from gradcalc.language.latex.sums import index_ranges, joined_sum
from gradcalc.language.latex.tokens import Token
from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative, Number


class Commands(Brackets):
    """What starts with a backslash and is neither a letter nor a function."""

    def _base(self) -> Steps:
        """A factor without what stands below and above it."""
        raise NotImplementedError

    def _entrywise(self) -> Steps:
        """A product."""
        raise NotImplementedError

    def _command(self, token: Token) -> Steps:
        name = token.text
        tree: Expr
        if name in ("frac", "tfrac", "dfrac", "cfrac"):
            tree = yield self._fraction()
        elif name == "sqrt":
            tree = yield self._root()
        elif name == "sum":
            tree = yield self._indexed_sum(token)
        elif name in ("norm", "abs"):
            tree = yield self._argument()
            tree = Call("norm2" if name == "norm" else "det" if is_matrix(tree) else "abs", (tree,))
        elif name in ("underbrace", "overbrace"):
            tree = yield self._argument()
            while self._token.kind in ("_", "^"):
                self._next()
                self._check_more()
                self._at = self._raw()[1]
        else:
            raise self._not_read(token)
        return tree

    def _argument(self) -> Steps:
        token = self._token
        tree: Expr
        if token.kind == "{":
            self._next()
            tree = yield self._enclosed(token, "}")
            return tree
        if token.kind == "-" and self._tokens[self._at + 1].kind in ("number", "name"):
            self._next()
            tree = yield self._argument()
            return Negative(tree)
        if token.kind == "number" and len(token.text) > 1 and token.text.isdecimal():
            # TeX takes one digit: \frac12 is one half.
            self._tokens[self._at] = Token("number", token.text[1:], token.start + 1, token.end)
            return Number(int(token.text[0]))
        if token.kind in ("name", "word"):
            return Name(self._next().text, token.span)
        self._enter()
        tree = yield self._base()
        self._depth -= 1
        return tree

    def _fraction(self) -> Steps:
        found, after = self._raw()
        below = self._tokens[after : after + 2]
        if found and found[0].text == "d" and len(below) == 2 and below[0].kind == "{" and below[1].text == "d":
            raise self._not_read(Token("command", "partial", found[0].start, found[0].end))
        numerator: Expr = yield self._argument()
        denominator: Expr = yield self._argument()
        return Binary("/", numerator, denominator)

    def _root(self) -> Steps:
        degree: tuple[Expr, ...] = ()
        if self._token.kind == "open" and self._token.text == "[":
            degree = yield self._arguments()
        tree: Expr = yield self._argument()
        return Binary("^", tree, Binary("/", Number(1), degree[0])) if degree else Call("sqrt", (tree,))

    def _indexed_sum(self, token: Token) -> Steps:
        """A sum over indices: everything up to the next + or - is summed."""
        limits: dict[str, list[Token]] = {"_": [], "^": []}
        while self._token.kind in limits and not limits[self._token.kind]:
            kind = self._next().kind
            self._check_more()
            limits[kind], self._at = self._raw()
        ranges = index_ranges(limits["_"], limits["^"], token)
        end = max([token.end, *[part.end for parts in limits.values() for part in parts]])
        self._indices += [name for name, _, _ in ranges]
        negative = self._signs()
        body: Expr = yield self._entrywise()
        del self._indices[-len(ranges) :]
        return joined_sum(ranges, negated(body) if negative else body, (token.start, end))
