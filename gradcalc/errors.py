"""Every error a user can meet: what kind it is, what it says, where it points, and how the process ends."""

from __future__ import annotations

from gradcalc.visible import on_one_line, visible

EXIT_CODES = {
    "usage": 2,
    "syntax": 3,
    "name": 3,
    "shape": 3,
    "data": 4,
    "numeric": 5,
    "limit": 6,
    "internal": 70,
}

Span = tuple[int, int]
"""A half-open range of character offsets into the text of the expression."""

_CONTEXT_WIDTH = 78


class GradcalcError(Exception):
    """What went wrong, where, and what to write instead.

    kind: one of the keys of `EXIT_CODES`.
    message: one sentence without a full stop at its end; it names the things involved. What a user wrote may stand in
    it as it is: characters that are not to be seen are made visible here.
    span: character offsets into `source`, or None where no place in the text is to blame.
    hint: what to write or do instead, or None.
    source: the text the span points into, filled in by whoever knows it (see `located_in`).
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        span: Span | None = None,
        hint: str | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(on_one_line(message))
        self.kind = kind
        self.message = on_one_line(message)
        self.span = span
        self.hint = None if hint is None else visible(hint)
        self.source = source

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.kind]

    def located_in(self, source: str) -> GradcalcError:
        """This error, knowing the text its span points into."""
        if self.source is None:
            self.source = source
        return self

    def to_dict(self) -> dict[str, object]:
        """The `error` object of the JSON contract: absent keys do not apply."""
        answer: dict[str, object] = {"kind": self.kind, "message": self.message}
        if self.span is not None:
            answer["span"] = list(self.span)
        if self.hint is not None:
            answer["hint"] = self.hint
        return answer

    def render(self) -> str:
        """The error as a person reads it: message, the line with carets under the span, hint."""
        lines = [f"error: {self.message}"]
        if self.span is not None and self.source is not None:
            lines += _underlined(self.source, self.span)
        if self.hint is not None:
            lines.append(self.hint)
        return "\n".join(lines)


def internal_error(error: BaseException) -> GradcalcError:
    """The error of kind internal that tells of an exception which nobody foresaw."""
    return GradcalcError(
        "internal",
        f"gradcalc went wrong: {type(error).__name__}: {str(error)[:200]}",
        hint="This is a fault of gradcalc, not of your input. GRADCALC_DEBUG=1 shows where.",
    )


def brief(text: str) -> str:
    """A text in quotes, cut where it is long, for an error."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _underlined(source: str, span: Span) -> list[str]:
    """The line of `source` that holds the start of `span`, and carets below; long lines are cut around it."""
    start = max(0, min(span[0], len(source)))
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    if line_end < 0:
        line_end = len(source)
    end = max(start + 1, min(span[1], line_end))
    left, right = line_start, line_end
    if right - left > _CONTEXT_WIDTH:
        left = max(line_start, start - _CONTEXT_WIDTH // 3)
        right = min(line_end, left + _CONTEXT_WIDTH)
    before = "..." if left > line_start else ""
    after = "..." if right < line_end else ""
    shown = [_in_excerpt(letter) for letter in source[left:right]]
    start, end = start - left, max(start + 1, min(end, right)) - left
    indent = len(before) + sum(map(len, shown[:start]))
    return [
        f"  {before}{''.join(shown)}{after}",
        "  " + " " * indent + "^" * max(1, sum(map(len, shown[start:end]))),
    ]


def _in_excerpt(letter: str) -> str:
    """A character above a caret: a blank for what is as wide as the terminal likes."""
    return " " if letter == "\t" else visible(letter)
