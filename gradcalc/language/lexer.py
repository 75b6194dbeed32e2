"""Text to tokens: one regular expression, exact spans, the accepted alternative spellings made plain."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradcalc.errors import GradcalcError

GREEK = dict(
    zip(
        "αβγδεζηθικλμνξρσςτυφχψωΓΔΘΛΞΠΣΦΨΩϕϵ",
        [
            "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
            "xi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
            "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "phi", "epsilon",
        ],
    )
)  # fmt: skip

_SUPERSCRIPTS = {"²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8", "⁹": "9"}

_PLAIN = {
    "⊙": ".*",
    "∘": ".*",
    "·": "*",
    "×": "*",
    "−": "-",
    "–": "-",
    "**": "^",
    ".**": ".^",
    "’": "'",
    "′": "'",
    "ᵀ": "'",
    "⊤": "'",
    "~=": "!=",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
}

_TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r\f\v\u00a0]+|\#[^\n]*)
  | (?P<newline>\n)
  | (?P<number>(?:\d+(?:\.(?![*/^'.])\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<range>\.\.)
  | (?P<dotted>\.\*\*|\.\*|\./|\.\^|\.T\b)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*|[αβγδεζηθικλμνξρσςτυφχψωΓΔΘΛΞΠΣΦΨΩϕϵ][A-Za-z0-9_]*)
  | (?P<norm>\|\|)
  | (?P<operator>\*\*|==|<=|>=|!=|~=|≠|≤|≥|[-+*/\\^'()\[\],;:=.⊙∘·×−–’′ᵀ⊤²³⁴⁵⁶⁷⁸⁹<>])
    """,
    re.VERBOSE,
)

LONGEST_TEXT = 1 << 20
"""The longest text, in characters."""

_LARGEST_EXPONENT = 2_000


class Token(NamedTuple):
    """kind: "number", "name", "newline", "end", "superscript", or the plain spelling of an operator."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text, the last of kind "end". Raises GradcalcError of kind syntax or limit."""
    if len(text) > LONGEST_TEXT:
        raise GradcalcError(
            "limit",
            f"the text has {len(text)} characters; the limit is {LONGEST_TEXT}",
            hint="Use shorter definitions.",
        )
    found: list[Token] = []
    match = _TOKEN.match
    position, length = 0, len(text)
    while position < length:
        hit = match(text, position)
        if hit is None:
            raise _unknown_character(text, position)
        kind, end = hit.lastgroup, hit.end()
        spelled = hit.group()
        if kind == "name":
            if spelled[0] in GREEK:
                spelled = GREEK[spelled[0]] + spelled[1:]
            found.append(Token("name", spelled, position, end))
        elif kind == "number":
            _check_number(text, spelled, position, end)
            found.append(Token("number", spelled, position, end))
        elif kind == "operator" or kind == "dotted":
            if spelled in _SUPERSCRIPTS:
                found.append(Token("superscript", _SUPERSCRIPTS[spelled], position, end))
            elif spelled == ".T":
                found.append(Token("'", "'", position, end))
            else:
                plain = _PLAIN.get(spelled, spelled)
                found.append(Token(plain, spelled, position, end))
        elif kind != "skip":
            found.append(Token("newline" if kind == "newline" else spelled, spelled, position, end))
        position = end
    found.append(Token("end", "", length, length))
    return found


def plain_name(text: str) -> str | None:
    """The name that a text spells, a Greek letter written out; None where it spells no name."""
    hit = _TOKEN.fullmatch(text)
    if hit is None or hit.lastgroup != "name":
        return None
    return GREEK[text[0]] + text[1:] if text[0] in GREEK else text


def _unknown_character(text: str, position: int) -> GradcalcError:
    character = text[position]
    hint = None
    if character in '"`“”':
        hint = "A transpose is written with an apostrophe: x'."
    elif character == "|":
        hint = "A norm is written ||x|| or norm2(x), an absolute value abs(x)."
    elif character == "@":
        hint = "The matrix product is written *: A*x."
    elif character in "&!~%$?":
        hint = "The operators are + - * / \\ .* ./ ^ .^ and '."
    elif character in "{}":
        hint = "Grouping is written with parentheses."
    return GradcalcError(
        "syntax", f"the character {character!r} is not part of the language", span=(position, position + 1), hint=hint
    )


def _check_number(text: str, spelled: str, start: int, end: int) -> None:
    following = text[end : end + 2]
    if following[:1] == "." and following[1:2].isdigit():
        raise GradcalcError("syntax", f"{spelled + following} is not a number", span=(start, end + 2))
    mantissa, _, exponent = spelled.lower().partition("e")
    if exponent and (len(exponent) > 8 or abs(int(exponent)) > _LARGEST_EXPONENT):
        raise GradcalcError("limit", f"the exponent of {spelled} is out of range", span=(start, end))
    if len(mantissa) > _LARGEST_EXPONENT:
        raise GradcalcError("limit", "the number has too many digits", span=(start, end))
