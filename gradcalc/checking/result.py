"""The outcome of a check."""

from __future__ import annotations

from typing import Any


class CheckResult:
    """verdict: passed, failed or inconclusive. worst: the entry (counted from 1) with both numbers, on failure.

    max_rel_error is relative to the entry, or along directions to the length of the derivative there. tolerance: the
    relative error that the comparison had to be able to see. noise: what rounding alone makes, where it was measured.
    """

    def __init__(
        self,
        verdict: str,
        method: str = "",
        points: int = 0,
        evaluations: int = 0,
        max_abs_error: float | None = None,
        max_rel_error: float | None = None,
        tolerance: float | None = None,
        reason: str | None = None,
    ) -> None:
        self.verdict = verdict
        self.method = method
        self.points = points
        self.evaluations = evaluations
        self.max_abs_error = max_abs_error
        self.max_rel_error = max_rel_error
        self.tolerance = tolerance
        self.reason = reason
        self.noise: float | None = None
        self.worst: dict[str, Any] | None = None

    @classmethod
    def inconclusive(cls, reason: str) -> CheckResult:
        return cls("inconclusive", reason=reason)

    @classmethod
    def wrong_shape(cls, wanted: tuple[int, ...], found: tuple[int, ...], what: str = "the derivative") -> CheckResult:
        return cls("failed", reason=f"{what} has the shape {list(found)}, not {list(wanted)}")

    def __bool__(self) -> bool:
        return self.verdict == "passed"

    def __repr__(self) -> str:
        return f"CheckResult({self.to_dict()})"

    def to_dict(self) -> dict[str, Any]:
        """The `check` object of the JSON contract."""
        answer: dict[str, Any] = {"verdict": self.verdict}
        for key in (
            "method",
            "points",
            "evaluations",
            "max_abs_error",
            "max_rel_error",
            "tolerance",
            "noise",
            "worst",
            "reason",
        ):
            value = getattr(self, key)
            if value is not None and value != "":
                answer[key] = value
        return answer


def combined(results: list[CheckResult]) -> CheckResult:
    """One result for several points: failed if one failed, passed if none failed and one passed."""
    failed = [result for result in results if result.verdict == "failed"]
    passed = [result for result in results if result.verdict == "passed"]
    if not failed and not passed:
        return results[0] if results else CheckResult.inconclusive("nothing was compared")
    chosen = failed or passed
    worst = max(chosen, key=lambda result: result.max_rel_error or 0.0)
    answer = CheckResult(
        worst.verdict,
        worst.method,
        sum(result.points for result in chosen),
        sum(result.evaluations for result in results),
        max((result.max_abs_error or 0.0) for result in chosen),
        max((result.max_rel_error or 0.0) for result in chosen),
        worst.tolerance,
        worst.reason,
    )
    answer.noise = worst.noise
    answer.worst = worst.worst
    return answer
