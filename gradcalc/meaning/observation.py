"""What is met on the way to a value: ends of domains, kinks, singular matrices."""

from __future__ import annotations

from typing import Any

from gradcalc.errors import Span


class Observation:
    """A value and what was met on the way to it.

    kink_distance: how near an operand came to a kink of its function; inf where no function has one. fault: a sentence
    about the first operand outside a domain, with its place, or None. analytic: no function with a kink was met.
    real_only: a function was met that takes no complex numbers. degenerate: a formula of the derivative fails here,
    though there is one. largest: the largest finite number on the way. empty: a sum over nothing was met.
    """

    def __init__(self) -> None:
        self.value: Any = float("nan")
        self.kink_distance = float("inf")
        self.fault: tuple[str, Span | None] | None = None
        self.analytic = True
        self.real_only = False
        self.degenerate = False
        self.largest = 0.0
        self.empty = False

    def meet_kink(self, distance: float) -> None:
        self.analytic = False
        self.kink_distance = min(self.kink_distance, distance)

    def fail(self, sentence: str, span: Span | None) -> None:
        if self.fault is None:
            self.fault = (sentence, span)
