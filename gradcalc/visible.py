"""Text as it may be shown: what a terminal would obey, or an eye not see, is written out as an escape.

Control characters, directions of writing, characters of no width, and whatever else Unicode does not print become
`\\x1b`, `\\u202e`: a text from elsewhere then says what it holds, and does nothing.
"""

from __future__ import annotations

_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Blanks of other widths."""

_INVISIBLE_OPERATORS = "\u2061\u2062\u2063"
"""Application, product and separation, as MathML marks them."""

_HARMLESS = frozenset("\t" + _BLANKS + _INVISIBLE_OPERATORS)

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text with every character visible; its lines stay lines, its tabs tabs."""
    if text.isprintable():
        return text
    return "\n".join([line if line.isprintable() else "".join(map(_shown, line)) for line in text.split("\n")])


def on_one_line(text: str) -> str:
    """The same for what has its place within a line: names of files, of claims, of whatever a user gives."""
    return visible(text).replace("\n", "\\n")


def json_visible(text: str) -> str:
    """A text of JSON with the same characters as escapes of JSON, which read back as what they are."""
    if text.isprintable():
        return text
    return "".join([letter if letter.isprintable() or letter == "\n" else _json_escape(letter) for letter in text])


def _shown(letter: str) -> str:
    return letter if letter.isprintable() or letter in _HARMLESS else escaped(letter)


def escaped(letter: str) -> str:
    """A character as Python writes it in a literal."""
    code = ord(letter)
    if letter in _NAMED:
        return _NAMED[letter]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(letter: str) -> str:
    code = ord(letter)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
