"""Text on a terminal, in colour."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text

from gradcalc.output.headings import HEADINGS, NUMBER_RESULT
from gradcalc.visible import visible

_STYLES = (
    ("check ", "passed", "bold green"),
    ("check ", "failed", "bold red"),
    ("check ", "inconclusive", "bold yellow"),
)

_HEADINGS = {*HEADINGS.values(), NUMBER_RESULT}


_VERDICTS = {
    "right": "bold green",
    "wrong": "bold red",
    "inconclusive": "bold yellow",
    "ok": "green",
    "FAIL": "bold red",
}


def show(text: str) -> None:
    """Prints text for people: formulas bright, remarks dim, verdicts in their colour. Nothing is wrapped."""
    # The escapes of colours are ours, and the only ones: the stream lets them pass where we say so.
    console = Console(file=getattr(sys.stdout, "unfiltered", None), highlight=False, soft_wrap=True)
    for line in visible(text).split("\n"):
        console.print(styled(line))


def styled(line: str) -> Text:
    made = Text(line)
    if line.startswith("warning:"):
        made.stylize("yellow")
    elif line.startswith(("declared:", "given:", "inferred:", "assumed:", "seed ")):
        made.stylize("dim")
    elif line.startswith("d") and " = " in line:
        made.stylize("bold", 0, line.index(" = "))
        if "where " in line:
            made.stylize("dim", line.index("where "), line.index("where ") + len("where"))
    elif line.startswith("  ") and " = " in line and line.rfind("   ") > line.index(" = "):
        # The rule of a line of an explanation stands after a gap.
        made.stylize("dim", line.rindex("   "))
    elif line in _HEADINGS:
        made.stylize("bold")
    first = line.split(":", 1)[0].split(" ", 1)[0]
    if first in _VERDICTS and line.startswith((f"{first}:", f"{first} ")):
        made.stylize(_VERDICTS[first], 0, len(first))
    for start, word, style in _STYLES:
        if line.startswith(start) and f": {word}" in line:
            at = line.index(f": {word}") + 2
            made.stylize(style, at, at + len(word))
    return made
