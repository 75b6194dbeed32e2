"""Formulas in LaTeX to syntax trees.

The grammar is written as generators that yield the parts they need; `_run` keeps those that wait on a stack of its own,
so that nesting does not use Python's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from fractions import Fraction
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.language.latex import words
from gradcalc.language.latex.brackets import Steps
from gradcalc.language.latex.commands import Commands
from gradcalc.language.latex.scripts import (
    Mark,
    Subscript,
    above,
    below,
    mark_of,
    multiplied,
    negated,
)
from gradcalc.language.latex.tokens import Token
from gradcalc.language.syntax import Binary, Call, Expr, Index, Name, Number

_SHORT = frozenset(["name", "number", "word", "font", "accent", "{"])
"""What goes on as the argument of a function without parentheses, as in \\sin 2 \\pi x."""


class Formula(Commands):
    """Reads one formula.

    unspecified: the functions that were met without being known. bold: lower-case names that were typed in bold type.
    """

    def __init__(
        self, source: str, found: list[Token], functions: Collection[str] = (), variables: Collection[str] = ()
    ) -> None:
        super().__init__(source, found, functions, variables)
        self.unspecified: dict[str, None] = {}
        self.bold: set[str] = set()
        self._in_bold = 0

    def tree(self) -> Expr:
        """The tree of the whole formula. Raises GradcalcError of kind syntax or limit."""
        tree = _run(self._sum())
        if self._token.kind != "end":
            raise self._unexpected()
        return tree

    # Sums, products, factors.

    def _sum(self) -> Steps:
        left: Expr = yield self._term()
        while self._token.kind in ("+", "-"):
            operator = self._next().kind
            right: Expr = yield self._term()
            left = Binary(operator, left, right)
        return left

    def _term(self) -> Steps:
        """A product with its sign; `A:B`, which binds less than other products."""
        negative = self._signs()
        left: Expr = yield self._entrywise()
        while self._token.kind == ":":
            self._next()
            right: Expr = yield self._entrywise()
            left = Call("dot", (left, right))
        return negated(left) if negative else left

    def _entrywise(self) -> Steps:
        """Products entry by entry and Kronecker products, which bind less than letters side by side."""
        left: Expr = yield self._product()
        while self._token.kind in (".*", "./", "kron"):
            operator = self._next().kind
            negative = self._signs()
            right: Expr = yield self._product()
            right = negated(right) if negative else right
            left = Call("kron", (left, right)) if operator == "kron" else Binary(operator, left, right)
        return left

    def _product(self) -> Steps:
        factor: Expr = yield self._factor()
        tree: Expr = yield self._multiplied(factor, self._is_starting)
        return tree

    def _multiplied(self, factor: Expr, goes_on: Callable[[Token], bool], signs: bool = True) -> Steps:
        """The product that starts with a factor, as long as the next one may go on with it."""
        total: Expr | None = None
        operator = "*"
        while True:
            token = self._token
            if token.kind in ("*", "/", "\\") and signs:
                self._next()
                following = token.kind
                negative = self._signs()
            elif goes_on(token):
                following, negative = "*", False
                if token.kind == "number" and isinstance(factor, Number):
                    raise GradcalcError("syntax", "two numbers stand side by side", span=token.span)
            else:
                return _combined(total, operator, factor)
            right: Expr = yield self._factor()
            if token.kind == "*" and token.text == "cdot" and self._is_vector(factor) and self._is_vector(right):
                factor = Call("dot", (factor, negated(right) if negative else right))
                continue
            total = _combined(total, operator, factor)
            operator, factor = following, negated(right) if negative else right

    def _is_vector(self, tree: Expr) -> bool:
        """Whether a dot beside a factor means the inner product: names in bold type."""
        tree = tree.operand if isinstance(tree, Index) else tree
        return isinstance(tree, Name) and tree.name in self.bold

    def _factor(self) -> Steps:
        self._enter()
        base: Expr = yield self._base()
        tree: Expr = yield self._scripted(base)
        self._depth -= 1
        return tree

    def _base(self) -> Steps:
        """A factor without what stands below and above it."""
        token = self._token
        if not self._is_starting(token):
            raise self._missing()
        self._at += 1
        if token.kind == "number":
            return Number(Fraction(token.text))
        tree: Expr
        if token.kind in ("name", "word"):
            tree = yield self._named(token)
        elif token.kind == "function":
            tree = yield self._function(token)
        elif token.kind == "font":
            tree = yield self._font(token)
        elif token.kind == "accent":
            tree = yield self._accent(token)
        elif token.kind == "{":
            tree = yield self._enclosed(token, "}")
        elif token.kind in ("open", "bar"):
            tree = yield self._bracket(token)
        elif token.kind == "begin":
            tree = yield self._matrix(token)
        else:
            tree = yield self._command(token)
        return tree

    # Names and functions.

    def _named(self, token: Token) -> Steps:
        """A letter or a word: a variable, or a function where a parenthesis follows."""
        name = token.text
        if self._in_bold and name.islower() and name not in words.GREEK_NAMES:
            self.bold.add(name)
        elif name == "e" and self._token.kind == "^" and name not in self._variables and not self._is_marked():
            self._next()
            exponent: Expr = yield self._argument()
            return Call("exp", (exponent,))
        word = token.kind == "word" and len(name) > 1
        if name in self._variables or not (
            word or name == "sigma" or name in words.FUNCTION_NAMES or name in self._functions
        ):
            return Name(name, token.span)
        start, suffix, primes = self._at, "", 0
        if self._token.kind == "_":
            sub = self._subscript()
            suffix = "" if sub.is_index else "_" + sub.suffix
            if sub.is_index:
                self._at = start
        while self._token.kind == "'" or (self._token.kind == "^" and self._is_marked("prime")):
            primes += len(self._prime())
        if self._token.kind != "open" or self._token.text not in ("(", "\\{"):
            self._at = start
            return Name(name, token.span)
        arguments = yield self._arguments()
        return self._applied(name + suffix, arguments, primes, token, known=word)

    def _applied(self, name: str, arguments: tuple[Expr, ...], primes: int, token: Token, known: bool) -> Expr:
        """A call of a function that is a letter, or a word that is no function of the catalogue."""
        if name not in self._functions and not known:
            if name == "sigma":
                name = "sigmoid"
            else:
                self.unspecified[name] = None
                if len(arguments) != 1:
                    raise GradcalcError(
                        "syntax",
                        f"{name} is not known, and an unspecified function has one argument",
                        span=(token.start, self._tokens[self._at - 1].end),
                        hint="Write out what it stands for.",
                    )
        return Call(name, arguments, primes)

    def _function(self, token: Token) -> Steps:
        """A function and its argument, in parentheses or not."""
        name = token.text
        sub: Subscript | None = None
        exponent: Expr | None = None
        primes = 0
        while self._token.kind in ("_", "^", "'"):
            if self._token.kind == "_" and sub is None:
                sub = self._subscript()
            elif self._token.kind == "'" or self._is_marked("prime"):
                primes += len(self._prime())
            else:
                self._check_power(name)
                self._next()
                exponent = yield self._argument()
                if name == "exp":
                    return Call(name, (exponent,))
        if sub is not None and name in ("max", "min", "argmax", "argmin"):
            raise GradcalcError(
                "syntax", f"{name} over an index is not part of the language", span=(token.start, sub.span[1])
            )
        if sub is None and exponent is None and not primes and not self._is_starting(self._token):
            if catalogue.spelled(name) is None and name not in words.FUNCTIONS and self._token.kind not in ("+", "-"):
                return Name(name, token.span)
            if self._token.kind not in ("+", "-"):
                raise GradcalcError("syntax", f"{name} has no argument", span=token.span, hint=f"Write \\{name}(x).")
        arguments = yield self._applied_to(name)
        return _with_scripts(_call(name, arguments, primes), sub, exponent)

    def _check_power(self, name: str) -> None:
        found = self._tokens[self._at + 1 : self._at + 5]
        if [token.text for token in found] == ["{", "-", "1", "}"]:
            raise GradcalcError(
                "syntax",
                f"the inverse function of {name} is not read",
                span=(self._token.start, found[-1].end),
                hint=f"The reciprocal is written \\{name}(x)^{{-1}}.",
            )

    def _applied_to(self, name: str) -> Generator[Any, Any, tuple[Expr, ...]]:
        """The arguments of a function: what is in parentheses or braces, or else the product that follows."""
        wide = name in words.TAKES_A_PRODUCT
        token = self._token
        if token.kind == "open" and token.text != "<":
            arguments: tuple[Expr, ...] = yield self._arguments()
            if name not in words.NUMBERS_OF_MATRICES or len(arguments) > 1 or self._token.kind not in ("^", "'"):
                return arguments
            if self._token.kind == "^" and not self._is_marked():
                return arguments
            factor: Expr = yield self._scripted(arguments[0])
        elif token.kind == "{":
            argument: Expr = yield self._argument()
            return (argument,)
        else:
            negative = self._signs()
            delimited = self._token.kind not in _SHORT or self._is_called()
            factor = yield self._factor()
            factor = negated(factor) if negative else factor
            if delimited and not wide:
                return (factor,)
        goes_on = self._is_wide if wide else self._is_short
        factor = yield self._multiplied(factor, goes_on, signs=wide)
        return (factor,)

    def _is_short(self, token: Token) -> bool:
        return token.kind in _SHORT and not self._is_called()

    def _is_called(self) -> bool:
        """Whether a letter that is a function comes next, with its parenthesis."""
        token, after = self._tokens[self._at], self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        return (
            token.kind == "name"
            and after.kind == "open"
            and (token.text == "sigma" or token.text in words.FUNCTION_NAMES)
        )

    def _is_wide(self, token: Token) -> bool:
        return self._is_starting(token) and not (token.kind == "function" and token.text in words.NUMBERS_OF_MATRICES)

    def _font(self, token: Token) -> Steps:
        """What is set in another type: letters of it keep their meaning, 1 and 0 are vectors."""
        found, after = self._raw()
        if len(found) == 1 and found[0].kind == "number" and found[0].text in ("0", "1"):
            self._at = after
            return Call("vector", (Number(int(found[0].text)),))
        if self._source[token.start : token.end] == "\\mathbb" and [item.text for item in found] == ["E"]:
            raise GradcalcError("syntax", "an expectation is not part of the language", span=token.span)
        tree: Expr
        bold = token.text == "bold"
        self._in_bold += bold
        if len(found) == 1 and found[0].kind in ("name", "word"):
            self._at = after
            tree = yield self._named(found[0])
        else:
            tree = yield self._argument()
        self._in_bold -= bold
        return tree

    def _accent(self, token: Token) -> Steps:
        """A name with a hat or a bar, which becomes part of it."""
        tree: Expr = yield self._argument()
        name = tree.operand if isinstance(tree, Index) else tree
        if not isinstance(name, Name):
            raise GradcalcError(
                "syntax",
                f"a {token.text} stands over something that is no name",
                span=(token.start, self._tokens[self._at - 1].end),
                hint="A hat, a tilde or a bar is read over one letter.",
            )
        renamed = Name(f"{name.name}_{token.text}", name.span)
        if name.name in self.bold:
            self.bold.add(renamed.name)
        return Index(renamed, tree.positions) if isinstance(tree, Index) else renamed

    # What stands below and above.

    def _scripted(self, base: Expr) -> Steps:
        """A factor with its indices, transposes and powers: indices first, wherever they were typed."""
        sub: Subscript | None = None
        marks: list[tuple[Mark | Expr, bool]] = []
        of_transpose = False
        while self._token.kind in ("_", "^", "'", "superscript"):
            token = self._token
            if token.kind == "_":
                if sub is not None:
                    raise GradcalcError("syntax", "two subscripts stand below one symbol", span=token.span)
                sub = self._subscript()
                of_transpose = bool(marks) and sub.bound and len(sub.parts) == 2
                continue
            self._next()
            if token.kind == "'":
                marks.append((Mark("prime", "'"), False))
            elif token.kind == "superscript":
                marks.append((Number(words.SUPERSCRIPTS[token.text]), False))
            else:
                self._check_more()
                mark, after = mark_of(self._raw()[0]), self._raw()[1]
                if mark is None or (mark.kind == "label" and not self._is_labelled(base, mark.text)):
                    if any(isinstance(before, Expr) for before, _ in marks):
                        raise GradcalcError("syntax", "two exponents stand above one symbol", span=token.span)
                    entrywise = self._is_entrywise()
                    exponent: Expr = yield self._argument()
                    marks.append((exponent, entrywise))
                elif mark.kind == "label":
                    self._at = after
                    base, sub = self._labelled(base, mark.text, sub, token)
                else:
                    self._at = after
                    marks.append((mark, False))
        if sub is not None and not of_transpose:
            base = below(base, sub)
        for mark_or_power, entrywise in marks:
            base = above(base, mark_or_power, entrywise)
        return below(base, sub) if sub is not None and of_transpose else base

    def _is_entrywise(self) -> bool:
        """Whether the exponent that comes next is marked as one of each entry, {\\odot 2}; the mark is taken away."""
        token, after = self._tokens[self._at], self._tokens[self._at + 1 : self._at + 2]
        if token.kind != "{" or not after or after[0].kind != ".*":
            return False
        self._pairs[self._at + 1] = self._pairs[self._at]
        self._tokens[self._at + 1] = token
        self._at += 1
        return True

    def _is_labelled(self, base: Expr, label: str) -> bool:
        return label in self._indices or isinstance(base, Name)

    def _labelled(self, base: Expr, label: str, sub: Subscript | None, token: Token) -> tuple[Expr, Subscript | None]:
        """A symbol with an upper index in parentheses: x^{(i)}, W^{(1)}."""
        if label in self._indices:
            parts, suffix = (sub.parts, sub.suffix) if sub else ((), "")
            return base, Subscript((label, *parts), label + suffix, True, token.span)
        return Name(f"{base.name}_{label}", base.span) if isinstance(base, Name) else base, sub


def _combined(total: Expr | None, operator: str, factor: Expr) -> Expr:
    if total is None:
        return factor
    return multiplied(total, factor) if operator == "*" else Binary(operator, total, factor)


def _call(name: str, arguments: tuple[Expr, ...], primes: int) -> Expr:
    """A call of a function; the logarithm of a determinant is one function."""
    (inner, *others) = arguments
    if name == "log" and isinstance(inner, Call) and inner.function == "det" and not others and not primes:
        return Call("logdet", inner.children)
    return Call(name, arguments, primes)


def _with_scripts(call: Expr, sub: Subscript | None, exponent: Expr | None) -> Expr:
    """A function's value with what stood at its name: the base of a logarithm, an index, a power."""
    if sub is not None and isinstance(call, Call):
        part = sub.parts[0]
        if call.function == "log" and part != "e":
            base = Number(part) if isinstance(part, int) else Name(sub.suffix)
            call = Binary("/", call, Call("log", (base,)))
        elif sub.is_index:
            call = below(call, sub)
        elif call.function != "log":
            call = Call(f"{call.function}_{sub.suffix}", call.children, call.primes)
    return call if exponent is None else Binary("^", call, exponent)


def _run(steps: Steps) -> Expr:
    """Runs the generators: the value of each is sent to the one that waits for it."""
    waiting = [steps]
    value: Any = None
    while True:
        try:
            part = waiting[-1].send(value)
        except StopIteration as done:
            waiting.pop()
            value = done.value
            if not waiting:
                tree: Expr = value
                return tree
        else:
            waiting.append(part)
            value = None
