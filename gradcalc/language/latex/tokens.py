"""LaTeX to tokens: spaces, sizes and environments gone, commands resolved, exact spans."""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from gradcalc.errors import GradcalcError, Span
from gradcalc.language.latex import words
from gradcalc.language.lexer import GREEK

LONGEST_TEXT = 100_000
"""The longest source, in characters."""

LONGEST_NUMBER = 1000
"""The most characters of a number."""


class Token(NamedTuple):
    """A token of a formula.

    kind: "name" (a letter), "word" (a name in upright type), "function", "number", "font", "accent", "command",
    "open", "close", "bar", "begin", "end matrix", "superscript", or an operator as the language spells it, with "kron",
    "^", "_", "'", "{", "}", "&" and "row". Outside all brackets: "equals", "line" for a line's end, ";" for a
    separator, "soft" for a place where a statement may end.
    text: the name, the number, the canonical delimiter; what was typed else.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return (self.start, max(self.end, self.start + 1))


def _alternatives(least: int) -> str:
    return "|".join(sorted([word for word in words.FUNCTIONS if len(word) >= least], key=len, reverse=True))


_OPENER = r"(?=\s*(?:\\(?:left|[bB]igg?l?)\s*)?(?:[(\[{]|\\\{))"

_TOKEN = re.compile(
    rf"""
    (?P<soft>\n)
  | (?P<skip>[^\S\n]+|%[^\n]*|~)
  | (?P<text>\\(?:text(?:rm|it|sf|tt|normal|up)?|mbox|hbox|operatorname\*?|math(?:rm|sf|tt|it|up))
      (?:\s*\{{(?:[^{{}}\\$]|\\[,;:!\ ])*\}}|\s+[A-Za-z0-9]|[0-9]))
  | (?P<upright>\{{\s*\\(?:rm|sf|tt|it)\s+[A-Za-z]+\s*\}}|\\math(?:bf|bb|cal)\s*\{{(?:{_alternatives(2)})\}})
  | (?P<row>\$+|\\[\[\]()]|\\\\(?:\[\s*-?[0-9.]+\s*[a-z]+\s*\])?|\\cr(?![A-Za-z]))
  | (?P<bar>\\\||\|\||[|‖])
  | (?P<command>\\(?:[A-Za-z]+|.))
  | (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
  | (?P<function>(?<![A-Za-z])(?:{_alternatives(2)}){_OPENER}
      |(?:{_alternatives(3)}){_OPENER}|(?<![A-Za-z])(?:{_alternatives(3)})(?![A-Za-z]))
  | (?P<letter>[A-Za-z])
  | (?P<equals>:?=)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_ENVIRONMENT = re.compile(r"\s*\{\s*([A-Za-z]+)\*?\s*\}")
_COLUMNS = re.compile(r"\s*(?:\[[a-z]\])?\s*(?:\{[^{}]*\})?")
_POSITION = re.compile(r"\s*\[[a-z]\]")
_WORD = re.compile(r"[A-Za-z]+(?:[_-]?[A-Za-z0-9]+)*")

_PLAIN = frozenset("+-*/^_'{}&,;:.")


class _Lexer:
    def __init__(self, source: str) -> None:
        self.found: list[Token] = []
        self._source = source
        self._side: Token | None = None

    def run(self) -> list[Token]:
        position, length = 0, len(self._source)
        while position < length:
            hit = _TOKEN.match(self._source, position)
            assert hit is not None
            kind, text, start, position = str(hit.lastgroup), hit.group(), position, hit.end()
            if self._side is not None and kind != "skip" and self._delimiter(text, start, position):
                continue
            if kind == "command":
                position = self._command(text[1:], start, position)
            elif kind != "skip":
                self._plain(kind, text, start, position)
        if self._side is not None:
            raise GradcalcError("syntax", f"`{self._side.text}` has no delimiter", span=self._side.span)
        return self.found

    def _add(self, kind: str, text: str, start: int, end: int) -> None:
        self.found.append(Token(kind, text, start, end))

    def _plain(self, kind: str, text: str, start: int, end: int) -> None:
        if kind in ("text", "upright"):
            self._text(text, start, end)
        elif kind == "bar":
            self._add("bar", words.BARS.get(text, "‖"), start, end)
        elif kind == "letter":
            self._add("name", text, start, end)
        elif kind == "function":
            self._add("function", words.function_name(text), start, end)
        elif kind == "number" and len(text) > LONGEST_NUMBER:
            raise GradcalcError("limit", "the number has too many digits", span=(start, end))
        elif kind != "other":
            self._add("=" if kind == "equals" else kind, text, start, end)
        elif text in _PLAIN:
            self._add(text, text, start, end)
        elif text in GREEK:
            self._add("name", GREEK[text], start, end)
        elif text in words.CHARACTERS:
            self._add(words.CHARACTERS[text], text, start, end)
        elif text in words.OPENERS:
            self._add("open", words.OPENERS[text], start, end)
        elif text in words.CLOSERS:
            self._add("close", words.CLOSERS[text], start, end)
        else:
            raise GradcalcError("syntax", f"the character {text!r} is not read in a formula", span=(start, end))

    def _delimiter(self, text: str, start: int, end: int) -> bool:
        """The delimiter after \\left, \\bigr and the like: whether it is dealt with."""
        assert self._side is not None
        side, before = self._side.kind, self._side
        self._side = None
        name = text[1:] if text.startswith("\\") and len(text) > 1 else text
        bar = "‖" if text == r"\|" else words.BARS.get(name)
        if text == "." or (side == "" and text == "/"):
            if text == "/":
                self._add("/", "/", start, end)
            return True
        if (side, text) in (("open", "<"), ("close", ">")):
            self._add(side, text, start, end)
            return True
        if bar == "||" or (bar is None and text not in ("{", "}") and not {name} & {*words.OPENERS, *words.CLOSERS}):
            raise GradcalcError(
                "syntax",
                f"`{text}` after `{before.text}` is no delimiter",
                span=(before.start, end),
                hint="A delimiter is one of ( ) [ ] \\{ \\} | \\| \\langle \\rangle.",
            )
        if bar is None or not side:
            return False
        self._add(side, bar, start, end)
        return True

    def _command(self, name: str, start: int, end: int) -> int:
        """Adds what a command stands for; where to go on."""
        if name in words.SIZES:
            self._side = Token(words.SIZES[name], "\\" + name, start, end)
        elif name in words.SOFT_BREAKS:
            self._add("soft", "\\" + name, start, end)
        elif name in ("begin", "end"):
            return self._environment(name, start, end)
        elif name in words.OPENERS:
            self._add("open", words.OPENERS[name], start, end)
        elif name in words.CLOSERS:
            self._add("close", words.CLOSERS[name], start, end)
        elif name in words.BARS:
            self._add("bar", words.BARS[name], start, end)
        elif name in words.NAMES:
            self._add("name", words.NAMES[name], start, end)
        elif name == "vec" and re.match(r"\s*(?:\\left\s*)?\(", self._source[end : end + 20]):
            self._add("function", "vec", start, end)
        elif name in words.FONTS:
            self._add("font", words.FONTS[name], start, end)
        elif name in words.ACCENTS:
            self._add("accent", words.ACCENTS[name], start, end)
        elif name in words.OPERATORS:
            self._add(words.OPERATORS[name], name, start, end)
        elif name in words.FUNCTIONS and name not in words.FORMULA_COMMANDS and name not in words.NOT_READ:
            self._add("function", words.function_name(name), start, end)
        elif name not in words.IGNORED:
            self._check_known(name, start, end)
            self._add("command", name, start, end)
        return end

    def _check_known(self, name: str, start: int, end: int) -> None:
        known = (words.FORMULA_COMMANDS, words.NOT_READ, words.IGNORED_WITH_ARGUMENT, words.UNWRAPPED, ("underset",))
        if any(name in group for group in known):
            return
        if name.startswith(("text", "mbox", "hbox", "operatorname")):
            raise GradcalcError("syntax", f"no word in braces follows `\\{name}`", span=(start, end))
        close = difflib.get_close_matches(name, sorted(words.KNOWN), n=1, cutoff=0.7) if len(name) < 40 else []
        hint = f"Did you mean \\{close[0]}? " if close else ""
        if name.isalpha():
            hint += f"A function is written \\operatorname{{{name}}}(x), a name \\mathrm{{{name}}}."
        raise GradcalcError("syntax", f"the command \\{name} is not known", span=(start, end), hint=hint or None)

    def _environment(self, name: str, start: int, end: int) -> int:
        hit = _ENVIRONMENT.match(self._source, end)
        if hit is None:
            raise GradcalcError("syntax", f"`\\{name}` names no environment", span=(start, end))
        environment, end = hit.group(1), hit.end()
        if environment not in words.DISPLAYS and environment not in words.MATRICES:
            raise GradcalcError("syntax", f"the environment {environment} is not read in a formula", span=(start, end))
        self._add("begin" if name == "begin" else "end matrix", environment, start, end)
        if name == "begin":
            wide = environment in ("array", "alignat", "alignedat")
            after = (_COLUMNS if wide else _POSITION).match(self._source, end)
            end = end if after is None or environment.endswith("matrix") else after.end()
        return end

    def _text(self, spelled: str, start: int, end: int) -> None:
        hit = re.match(r"\{?\s*\\([a-z]+\*?)\s*\{?(.*?)\}?$", spelled, re.DOTALL)
        assert hit is not None
        command, content = hit.group(1), re.sub(r"\\.", "", hit.group(2)).strip()
        if command.startswith("operatorname"):
            content = content.replace(" ", "")
        if content.lower().strip(" ,.:") in words.CONNECTIVES or content in (",", ";"):
            self._add(";", content, start, end)
        elif content in words.FUNCTIONS or content == "log det":
            self._add("function", words.function_name(content.replace(" ", "")), start, end)
        elif len(content) <= LONGEST_NUMBER and content.isdecimal() and content.isascii():
            self._add("number", content, start, end)
        elif _WORD.fullmatch(content):
            kind = "function" if command.startswith("operatorname") else "word"
            self._add(kind, content.replace("-", "_"), start, end)
        elif content.strip(".:"):
            raise GradcalcError(
                "syntax",
                f"the text {content[:40]!r} is no part of a formula",
                span=(start, end),
                hint="Give the formula alone; a name in upright type is one word.",
            )


def matches(found: list[Token]) -> dict[int, int]:
    """For the position of each opening brace, that of the closing one. Raises GradcalcError where one is missing."""
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for place, token in enumerate(found):
        if token.kind == "{":
            waiting.append(place)
        elif token.kind == "}":
            if not waiting:
                raise GradcalcError("syntax", "`}` closes nothing", span=token.span, hint="Remove it, or add a `{`.")
            pairs[waiting.pop()] = place
    if waiting:
        token = found[waiting[-1]]
        raise GradcalcError("syntax", "`{` is not closed", span=token.span, hint="Add the missing `}`.")
    return pairs


def _arranged(found: list[Token]) -> list[Token]:
    """Without what only concerns looks; `\\underset{a}{b}` as `b_{a}`."""
    pairs = matches(found)
    kept: list[Token] = []
    dropped: set[int] = set()
    after: dict[int, list[Token]] = {}
    place = 0

    def argument(at: int) -> int:
        """Where the argument at a place ends."""
        if at >= len(found):
            last = found[-1]
            raise GradcalcError("syntax", f"`\\{last.text}` has no argument", span=last.span)
        return pairs[at] + 1 if found[at].kind == "{" else at + 1

    def unwrap(at: int) -> None:
        if at < len(found) and found[at].kind == "{":
            dropped.update((at, pairs[at]))

    while place < len(found):
        token = found[place]
        start = place
        if token.kind == "command" and token.text in words.IGNORED_WITH_ARGUMENT:
            place = argument(place + 1)
        elif token.kind == "command" and token.text == "underset":
            place = argument(place + 1)
            below = found[start + 1 : place]
            end = argument(place) - 1
            unwrap(place)
            after.setdefault(end, []).extend([Token("_", "_", token.start, token.end), *below])
        elif token.kind == "{" and pairs[place] == place + 1:
            place += 2
        else:
            if place not in dropped and not (token.kind == "command" and token.text in words.UNWRAPPED):
                kept.append(token)
            kept.extend(after.pop(place, ()))
            place += 1
        if token.kind == "command" and token.text in words.UNWRAPPED:
            unwrap(place)
    return kept


def _levelled(found: list[Token]) -> list[Token]:
    """Line ends, separators and equals signs outside all brackets marked as such, `&` kept in matrices only."""
    kept: list[Token] = []
    around: list[Token] = []
    for token in found:
        kind = token.kind
        display = kind in ("begin", "end matrix") and token.text in words.DISPLAYS
        if kind in ("{", "open", "begin") and not display:
            around.append(token)
        elif kind in ("}", "close") and around and around[-1].kind != "begin":
            around.pop()
        elif kind == "end matrix" and not display:
            _leave(around, token)
        if display:
            if not around:
                kept.append(Token("line", token.text, token.start, token.end))
        elif kind in ("row", "&") and around:
            if around[-1].kind == "begin" and token.text[0] in "&\\":
                kept.append(token)
        elif kind == "row":
            kept.append(Token("line", token.text, token.start, token.end))
        elif kind == "=" and not around:
            kept.append(Token("equals", token.text, token.start, token.end))
        elif kind == "," and not around:
            kept.append(Token(";", token.text, token.start, token.end))
        elif kind != "&" and not (kind == "soft" and around) and not (kind == ";" and around and token.text != ";"):
            kept.append(token)
    for token in around:
        if token.kind == "begin":
            raise GradcalcError("syntax", f"`\\begin{{{token.text}}}` is not ended", span=token.span)
    return kept


def _leave(around: list[Token], token: Token) -> None:
    """Takes a matrix off the brackets that are open."""
    opener = around[-1] if around else None
    if opener is None or opener.kind != "begin" or opener.text != token.text:
        what = "closes nothing" if opener is None else "stands inside a bracket that is open"
        if opener is not None and opener.kind == "begin":
            what = f"ends `\\begin{{{opener.text}}}`"
        raise GradcalcError("syntax", f"`\\end{{{token.text}}}` {what}", span=token.span)
    around.pop()


def tokens(source: str) -> list[Token]:
    """The tokens of a source. Raises GradcalcError of kind syntax or limit."""
    if len(source) > LONGEST_TEXT:
        raise GradcalcError(
            "limit", f"the formula has {len(source)} characters; the limit is {LONGEST_TEXT}", span=(0, len(source))
        )
    return _levelled(_arranged(_Lexer(source).run()))
