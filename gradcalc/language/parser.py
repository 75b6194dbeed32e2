"""Text to the syntax tree, by operator precedence with an explicit stack: nesting is limited by memory alone."""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from gradcalc.errors import GradcalcError, Span
from gradcalc.functions import catalogue
from gradcalc.language.lexer import GREEK, Token, plain_name, tokens
from gradcalc.language.polynomial import LARGEST_LENGTH, Dim, added, multiplied
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    IndexRange,
    Name,
    Negative,
    Number,
    Position,
    Program,
    Transpose,
)

_LEVELS = {
    **dict.fromkeys(COMPARISONS, 1),
    "+": 2,
    "-": 2,
    ":": 3,
    "*": 4,
    "/": 4,
    "\\": 4,
    ".*": 4,
    "./": 4,
    "^": 8,
    ".^": 8,
}
_UNARY_LEVEL = 6
_RIGHT_TO_LEFT = 8

_NORMS = {"_1": "norm1", "_2": "norm2", "_F": "norm2", "_inf": "norminf"}

_AXES = (Number(1), Number(2))


_STATEMENT_ENDS = ("newline", ";", "end")


class _Frame:
    """An open bracket, or the statement itself: what is open, and the operators that wait inside it."""

    __slots__ = ("arguments", "base", "kind", "name", "operators", "places", "primes", "ranges", "token", "widths")

    def __init__(self, kind: str, token: Token, base: int) -> None:
        self.kind = kind
        self.token = token
        self.base = base
        self.operators: list[tuple[str, int, int]] = []
        self.arguments: list[Expr] = []
        self.name = ""
        self.primes = 0
        self.ranges: tuple[IndexRange, ...] = ()
        self.places: tuple[Span, ...] = ()
        self.widths: list[int] = []


class ExpressionParser:
    """Parses one expression out of a list of tokens.

    functions: the names of the functions that the program defines. variables: names that are declared or defined,
    which may hide a function's name.
    """

    def __init__(self, found: list[Token], functions: Collection[str] = (), variables: Collection[str] = ()) -> None:
        self._tokens = found
        self._functions = functions
        self._variables = variables
        self._operands: list[Expr] = []
        self._frames: list[_Frame] = []
        self.position = 0

    def parse(self, position: int) -> Expr:
        """The expression that starts at a token; `self.position` is then the token after it."""
        self.position = position
        self._operands = []
        self._frames = [_Frame("statement", self._tokens[position], 0)]
        while True:
            self._operand()
            if self._operator():
                return self._operands.pop()

    # An operand: everything up to where an operator must follow.

    def _operand(self) -> None:
        while True:
            token = self._tokens[self.position]
            kind = token.kind
            self.position += 1
            if kind == "number":
                self._operands.append(Number(Fraction(token.text), (token.start, token.end)))
                return
            if kind == "name":
                if self._named(token):
                    return
            elif kind in ("-", "+"):
                self._frames[-1].operators.append(
                    ("negative" if kind == "-" else "positive", _UNARY_LEVEL, token.start)
                )
            elif kind in ("(", "||", "["):
                self._frames.append(_Frame(kind, token, len(self._operands)))
            elif kind == "newline" and (len(self._frames) > 1 or self._frames[-1].operators):
                continue
            else:
                raise self._missing_operand(token)

    def _named(self, token: Token) -> bool:
        """A name, or the opening of a call: whether the operand is complete."""
        primes = 0
        while self._tokens[self.position + primes].kind == "'":
            primes += 1
        opener = self._tokens[self.position + primes]
        if token.text == "sum" and opener.kind == "[" and not primes:
            self.position += 1
            frame = _Frame("sum", token, len(self._operands))
            frame.ranges, frame.places = self._ranges()
            if self._tokens[self.position].kind != "(":
                after = self._tokens[self.position]
                raise GradcalcError(
                    "syntax",
                    f"{_found(after)} where the summand was expected",
                    span=(after.start, max(after.end, after.start + 1)),
                    hint="An indexed sum is written sum[i](w[i]*x[i]).",
                )
            self.position += 1
            self._frames.append(frame)
            return False
        if opener.kind == "(" and (not primes or self._is_function(token.text)):
            if token.text in self._variables and token.text not in self._functions:
                raise GradcalcError(
                    "syntax",
                    f"{token.text} is a variable, not a function",
                    span=(token.start, opener.end),
                    hint=f"Multiplication is written {token.text}*(...).",
                )
            frame = _Frame("call", token, len(self._operands))
            frame.name, frame.primes = self._function(token), primes
            self.position += primes + 1
            self._frames.append(frame)
            if self._tokens[self.position].kind == ")":
                raise GradcalcError(
                    "syntax",
                    f"{token.text} has no argument",
                    span=(token.start, self._tokens[self.position].end),
                    hint=_usage(frame.name),
                )
            return False
        entry = catalogue.spelled(token.text)
        if entry is not None and token.text in reserved(entry) and token.text not in self._variables:
            raise GradcalcError(
                "name",
                f"{token.text} is a function and stands here without an argument",
                span=(token.start, token.end),
                hint=_usage(token.text),
            )
        self._operands.append(Name(token.text, (token.start, token.end)))
        return True

    def _is_function(self, name: str) -> bool:
        return name in self._functions or (name not in self._variables and catalogue.spelled(name) is not None)

    def _function(self, token: Token) -> str:
        if token.text in self._functions:
            return token.text
        entry = catalogue.spelled(token.text)
        if entry is None:
            near = nearest(token.text, [*catalogue.BY_NAME, *self._functions])
            hint = f"Did you mean {near}?" if near else "`gradcalc functions` lists the functions."
            if len(token.text) == 1 or not near:
                name = token.text
                hint += f" Multiplication is written {name}*(...); an unspecified function is declared {name}(.)."
            raise GradcalcError("name", f"there is no function {token.text}", span=(token.start, token.end), hint=hint)
        return entry.name

    # What may follow an operand.

    def _operator(self) -> bool:
        """Consumes up to where an operand must follow; True at the end of the expression."""
        while True:
            token = self._tokens[self.position]
            kind = token.kind
            frame = self._frames[-1]
            if kind == "'":
                operand = self._operands[-1]
                self._operands[-1] = Transpose(operand, _joined(operand, token))
            elif kind == "superscript":
                base = self._operands[-1]
                exponent = Number(int(token.text), (token.start, token.end))
                self._operands[-1] = Binary("^", base, exponent, _joined(base, token))
            elif kind == "[":
                self._index(token)
                continue
            elif kind == "^" and self._tokens[self.position + 1].text in ("T", "⊤"):
                self.position += 1
                operand = self._operands[-1]
                self._operands[-1] = Transpose(operand, _joined(operand, self._tokens[self.position]))
            elif kind in _LEVELS:
                level = _LEVELS[kind]
                self._reduce(frame, level + 1 if level == _RIGHT_TO_LEFT else level)
                frame.operators.append((kind, level, token.start))
                self.position += 1
                return False
            elif kind == ")" and frame.kind in ("(", "call", "sum"):
                self._reduce(frame, 0)
                self._close(frame, token)
            elif kind == "||" and frame.kind == "||":
                self._reduce(frame, 0)
                self._frames.pop()
                name = "norm2"
                after = self._tokens[self.position + 1]
                if after.kind == "name" and after.text in _NORMS and after.start == token.end:
                    name = _NORMS[after.text]
                    self.position += 1
                    token = after
                self._operands[-1] = Call(name, (self._operands[-1],), 0, (frame.token.start, token.end))
            elif kind in (",", ";") and frame.kind == "[":
                self._reduce(frame, 0)
                frame.arguments.append(self._operands.pop())
                if kind == ";":
                    self._end_row(frame)
                self.position += 1
                return False
            elif kind == "]" and frame.kind == "[":
                self._reduce(frame, 0)
                frame.arguments.append(self._operands.pop())
                self._end_row(frame)
                self._frames.pop()
                self._operands.append(_block(frame.arguments, frame.widths, (frame.token.start, token.end)))
            elif kind == "," and frame.kind == "call":
                self._reduce(frame, 0)
                frame.arguments.append(self._operands.pop())
                self.position += 1
                return False
            elif kind == "newline" and len(self._frames) > 1:
                pass
            elif kind in _STATEMENT_ENDS and len(self._frames) == 1:
                self._reduce(frame, 0)
                return True
            else:
                raise self._unexpected(token, frame)
            self.position += 1

    def _reduce(self, frame: _Frame, level: int) -> None:
        """Applies the waiting operators that bind at least as tightly as `level`."""
        operands, operators = self._operands, frame.operators
        while operators and operators[-1][1] >= level:
            name, _, start = operators.pop()
            right = operands.pop()
            end = right.span[1] if right.span else start + 1
            if name == "negative":
                operands.append(Negative(right, (start, end)))
            elif name == "positive":
                operands.append(right)
            else:
                left = operands.pop()
                span = (left.span[0] if left.span else start, end)
                if name == ":":
                    operands.append(Call("dot", (left, right), 0, span))
                else:
                    operands.append(Binary(name, left, right, span))

    def _end_row(self, frame: _Frame) -> None:
        frame.widths.append(len(frame.arguments) - sum(frame.widths))

    def _close(self, frame: _Frame, token: Token) -> None:
        self._frames.pop()
        span = (frame.token.start, token.end)
        if frame.kind == "sum":
            self._operands[-1] = IndexedSum(frame.ranges, self._operands[-1], span, frame.places)
        elif frame.kind == "call":
            frame.arguments.append(self._operands.pop())
            self._check_arity(frame, span)
            self._operands.append(_call(frame.name, tuple(frame.arguments), frame.primes, span))

    def _check_arity(self, frame: _Frame, span: tuple[int, int]) -> None:
        allowed = [1] if frame.name in self._functions else arities(frame.name)
        count = len(frame.arguments)
        if count in allowed:
            return
        wanted = " or ".join([str(number) for number in allowed])
        raise GradcalcError(
            "syntax",
            f"{frame.name} takes {wanted} argument{'' if allowed == [1] else 's'}, not {count}",
            span=span,
            hint=_usage(frame.name),
        )

    def _index(self, opener: Token) -> None:
        positions: list[Position] = []
        self.position += 1
        while True:
            positions.append(self._one_position())
            after = self._tokens[self.position]
            self.position += 1
            if after.kind == "]":
                break
            if after.kind != ",":
                raise GradcalcError(
                    "syntax",
                    f"{_found(after)} where `,` or `]` was expected",
                    span=(opener.start, max(after.end, after.start + 1)),
                    hint="An entry is written x[2] or A[1,2].",
                )
        operand = self._operands[-1]
        end = self._tokens[self.position - 1].end
        if len(positions) > 2:
            raise GradcalcError("syntax", "at most two positions can be given", span=(opener.start, end))
        if any(position == 0 or (isinstance(position, tuple) and position[0] == 0) for position in positions):
            raise GradcalcError("shape", "positions are counted from 1", span=(opener.start, end))
        self._operands[-1] = Index(operand, tuple(positions), (operand.span[0] if operand.span else opener.start, end))

    def _one_position(self) -> Position:
        """One position of an index: a number, a name, `:`, or a slice `2:n - 1`."""
        token = self._tokens[self.position]
        if token.kind == ":":
            self.position += 1
            return None
        first = self._bound()
        if self._tokens[self.position].kind == ":":
            self.position += 1
            return (first, self._bound())
        return first

    def length_at(self, position: int) -> Dim:
        """The length that starts at a token, as the n + 1 of vector[n + 1]; `self.position` is then the token after."""
        self.position = position
        return self._bound()

    def _bound(self) -> Dim:
        """A whole number, a name, or sums and products of them."""
        total: Dim | None = None
        sign = 1
        while True:
            term = self._factor()
            while self._tokens[self.position].kind == "*":
                self.position += 1
                term = multiplied(term, self._factor())
            total = term if total is None else added(total, term, sign)
            kind = self._tokens[self.position].kind
            if kind not in ("+", "-"):
                return total
            sign = 1 if kind == "+" else -1
            self.position += 1

    def _factor(self) -> Dim:
        token = self._tokens[self.position]
        self.position += 1
        if token.kind == "number" and token.text.isdigit():
            if int(token.text) > LARGEST_LENGTH:
                raise GradcalcError("limit", "the number has too many digits", span=(token.start, token.end))
            return int(token.text)
        if token.kind == "name":
            return token.text
        raise GradcalcError(
            "syntax",
            f"{_found(token)} where a position was expected",
            span=(token.start, max(token.end, token.start + 1)),
            hint="Positions are whole numbers from 1, names of indices, slices or `:`: x[2], A[i,j], x[2:n], A[:,1].",
        )

    def _ranges(self) -> tuple[tuple[IndexRange, ...], tuple[Span, ...]]:
        """The bound indices after `sum[`, up to and with the closing bracket, and where each stands."""
        ranges: list[IndexRange] = []
        places: list[Span] = []
        usage = "An indexed sum is written sum[i](...), sum[i,j](...) or sum[i=1..3](...)."
        while True:
            token = self._tokens[self.position]
            if token.kind != "name":
                raise GradcalcError(
                    "syntax",
                    f"{_found(token)} where the name of an index was expected",
                    span=(token.start, max(token.end, token.start + 1)),
                    hint=usage,
                )
            if any(name == token.text for name, _, _ in ranges):
                raise GradcalcError("syntax", f"the index {token.text} is bound twice", span=(token.start, token.end))
            self.position += 1
            first: Dim | None = None
            last: Dim | None = None
            if self._tokens[self.position].kind == "=":
                self.position += 1
                start = self._tokens[self.position]
                first = self._bound()
                if self._tokens[self.position].kind != "..":
                    after = self._tokens[self.position]
                    raise GradcalcError(
                        "syntax", "the range is not understood", span=(token.start, after.end), hint=usage
                    )
                self.position += 1
                last = self._bound()
                if isinstance(first, int) and first < 1:
                    raise GradcalcError("shape", "positions are counted from 1", span=(start.start, start.end))
            ranges.append((token.text, first, last))
            places.append((token.start, self._tokens[self.position - 1].end))
            after = self._tokens[self.position]
            self.position += 1
            if after.kind == "]":
                return tuple(ranges), tuple(places)
            if after.kind != ",":
                raise GradcalcError(
                    "syntax",
                    f"{_found(after)} where `,` or `]` was expected",
                    span=(after.start, max(after.end, after.start + 1)),
                    hint=usage,
                )

    # Errors.

    def _missing_operand(self, token: Token) -> GradcalcError:
        span = (token.start, max(token.end, token.start + 1))
        frame = self._frames[-1]
        previous = self._tokens[self.position - 2] if self.position > 1 else None
        ends_row = frame.kind == "[" and token.kind == ";"
        if token.kind in _STATEMENT_ENDS and len(self._frames) > 1 and not ends_row:
            return self._unclosed(frame)
        if previous is not None and (previous.kind in _LEVELS or previous.kind == ","):
            return GradcalcError(
                "syntax",
                f"{_found(token)} after `{previous.text}` where an operand was expected",
                span=(previous.start, max(token.end, previous.end)),
                hint=f"Write an expression on the right of `{previous.text}`.",
            )
        if token.kind in ("end", "newline", ";"):
            return GradcalcError("syntax", "an expression was expected", span=span, hint="For example: x'*A*x")
        return GradcalcError(
            "syntax", f"{_found(token)} where an operand was expected", span=span, hint=_operand_hint(token)
        )

    def _unclosed(self, frame: _Frame) -> GradcalcError:
        closing = {"||": "||", "[": "]"}.get(frame.kind, ")")
        opener = frame.token
        return GradcalcError(
            "syntax",
            f"`{opener.text}{'(' if frame.kind in ('call', 'sum') else ''}` is not closed",
            span=(opener.start, opener.end),
            hint=f"Add the missing `{closing}`.",
        )

    def _unexpected(self, token: Token, frame: _Frame) -> GradcalcError:
        span = (token.start, max(token.end, token.start + 1))
        if token.kind in ("number", "name", "(", "||"):
            operand = self._operands[-1]
            text = to_text(operand)
            start = operand.span[0] if operand.span else token.start
            left = text if len(text) < 30 else "..."
            right = token.text if token.kind != "(" else "(...)"
            inside = "Entries of a block are separated by commas, its rows by semicolons: [1, 2; 3, 4]. "
            return GradcalcError(
                "syntax",
                f"an operator is missing before `{token.text}`",
                span=(start, token.end),
                hint=(inside if frame.kind == "[" else "") + f"Multiplication is written {left}*{right}.",
            )
        if token.kind in _STATEMENT_ENDS:
            return self._unclosed(frame)
        if token.kind == ")":
            return GradcalcError("syntax", "`)` closes nothing", span=span, hint="Remove it, or add a `(` before.")
        if token.kind == "=":
            return GradcalcError(
                "syntax",
                f"`{token.text}` is not expected here",
                span=span,
                hint="A definition is written NAME = expression, a statement of its own.",
            )
        if token.kind == ",":
            return GradcalcError("syntax", "`,` is not expected here", span=span, hint="Decimals are written 0.5.")
        return GradcalcError("syntax", f"{_found(token)} where an operator was expected", span=span)


def _found(token: Token) -> str:
    if token.kind == "end":
        return "the end of the text"
    return "the end of the line" if token.kind == "newline" else f"`{token.text}`"


def _operand_hint(token: Token) -> str | None:
    if token.kind == ")":
        return "Remove it, or write an expression before it."
    if token.kind == "'":
        return "A transpose stands after what it transposes: x'."
    return None


def _joined(operand: Expr, token: Token) -> tuple[int, int]:
    return (operand.span[0] if operand.span else token.start, token.end)


def _usage(name: str) -> str | None:
    entry = catalogue.spelled(name)
    return f"For example: {entry.example}" if entry is not None else f"For example: {name}(x)"


def arities(name: str) -> list[int]:
    """How many arguments a function of the catalogue takes."""
    entry = catalogue.spelled(name)
    assert entry is not None
    return list(entry.arities)


def reserved(entry: catalogue.Function) -> tuple[str, ...]:
    """The spellings of a function that no variable has; a Greek letter may be both."""
    return tuple([name for name in (entry.name, entry.spelling) if name not in _LETTERS])


_LETTERS = frozenset(GREEK.values())


def _call(name: str, arguments: tuple[Expr, ...], primes: int, span: tuple[int, int]) -> Expr:
    """A call; of two operands that `max` compares, of the matrices that `hcat` joins, in their own form."""
    entry = catalogue.lookup(name)
    if isinstance(entry, catalogue.Joining):
        widths = [1] * len(arguments) if entry.below else [len(arguments)]
        return _block(list(arguments), widths, span)
    if isinstance(entry, catalogue.Elementwise) and entry.operator is not None:
        return Binary(entry.operator, arguments[0], arguments[1], span)
    if entry is not None and entry.pairwise is not None and len(arguments) == 2 and arguments[1] not in _AXES:
        name = entry.pairwise
    return Call(name, arguments, primes, span)


def _block(parts: list[Expr], widths: list[int], span: tuple[int, int]) -> Expr:
    return parts[0] if len(parts) == 1 else Block(tuple(widths), tuple(parts), span)


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that a misspelt one most resembles."""
    import difflib

    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    if close:
        return close[0]
    return next((other for other in sorted(known) if other.lower() == name.lower()), None)


def parse_expression(text: str) -> Expr:
    """The tree of a single expression. Raises GradcalcError of kind syntax, name, shape or limit."""
    try:
        found = tokens(text)
        parser = ExpressionParser(found)
        expr = parser.parse(0)
        after = found[parser.position]
        if after.kind != "end":
            raise GradcalcError(
                "syntax", "a single expression was expected", span=(after.start, max(after.end, after.start + 1))
            )
    except GradcalcError as error:
        raise error.located_in(text) from None
    return expr


def parse(text: str, functions: Collection[str] = (), variables: Collection[str] = ()) -> Program:
    """The program of a text. functions, variables: names that are known from elsewhere.

    Raises GradcalcError of kind syntax, name, shape or limit.
    """
    from gradcalc.language.programs import ProgramParser

    try:
        return ProgramParser(text, functions, variables).program()
    except GradcalcError as error:
        raise error.located_in(text) from None


_COMPONENT = re.compile(r"\s*([^\W\d]\w*)\s*(?:\[\s*(\w+)\s*(?:,\s*(\w+)\s*)?\]\s*)?")


def parse_wrt(text: str) -> tuple[str, tuple[int | str, ...]]:
    """What to differentiate by: `W`, or an entry `w[i]`, `W[2,3]`. Raises GradcalcError of kind syntax."""
    match = _COMPONENT.fullmatch(text)
    name = plain_name(match[1]) if match is not None else None
    if match is None or name is None:
        raise GradcalcError(
            "syntax", f"{text!r} is no variable", hint="Name a variable or an entry of it: W, w[i], W[2,3]."
        )
    found: list[int | str] = []
    for position in match.groups()[1:]:
        if position is None:
            continue
        if position.isascii() and position.isdecimal():
            if len(position) > len(str(LARGEST_LENGTH)):
                raise GradcalcError("limit", "the position has too many digits")
            if int(position) < 1:
                raise GradcalcError("shape", "positions are counted from 1", hint="The first entry is w[1].")
            found.append(int(position))
        elif plain_name(position) is not None:
            found.append(position)
        else:
            raise GradcalcError("syntax", f"{position!r} is no position", hint="Write w[2], or w[i] for any entry.")
    return name, tuple(found)
