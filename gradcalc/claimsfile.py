"""Files of claims, as they sit in CI: read, and judged one by one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradcalc.api import Problem
from gradcalc.errors import GradcalcError, brief, internal_error
from gradcalc.jsontext import read_json
from gradcalc.limits import of_each, within
from gradcalc.output.schema import FINDINGS
from gradcalc.plainfiles import read_bounded
from gradcalc.tensor.answer import LAYOUTS
from gradcalc.verification import verify_claim

if TYPE_CHECKING:
    from gradcalc.verification import Verification

_KEYS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "a string"),
    "expression": (str, "a string"),
    "wrt": (str, "a string"),
    "claim": (str, "a string"),
    "expected": (str, "right or wrong"),
    "reason": ((str, list), "a string or a list of strings"),
    "layout": (str, "denominator or numerator"),
    "order": (int, "a whole number"),
    "declare": (list, "a list of strings"),
    "latex": (bool, "true or false"),
    "seed": (int, "a whole number"),
}

_REQUIRED = ("expression", "claim")

_VERDICTS = ("right", "wrong", "inconclusive")

_LISTS = ("claim", "claims")

LARGEST_FILE = 16 << 20
"""The largest file of claims that is read, in bytes."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "expected": _VERDICTS,
    "layout": LAYOUTS,
    "reason": FINDINGS,
}
"""What the values of some keys are chosen from."""


class Case:
    """One claim of a file, and what came out. error: where it could not be judged."""

    def __init__(self, number: int, entry: Mapping[str, Any]) -> None:
        self.number = number
        self.entry = entry
        self.name: str = entry.get("name") or f"{entry['expression']} by {entry.get('wrt', 'its variable')}"
        self.expected: str = entry.get("expected", "right")
        self.verification: Verification | None = None
        self.error: GradcalcError | None = None
        self.seconds = 0.0

    @property
    def verdict(self) -> str:
        return self.verification.verdict if self.verification is not None else "error"

    @property
    def kinds(self) -> list[str]:
        return [] if self.verification is None else [finding.kind for finding in self.verification.diagnosis]

    @property
    def complaint(self) -> str | None:
        """Why the claim did not come out as expected, None where it did."""
        if self.error is not None:
            return self.error.message
        assert self.verification is not None
        if self.verdict != self.expected:
            found = "; ".join([finding.message for finding in self.verification.diagnosis])
            return f"{self.verdict}, expected {self.expected}" + (f": {found}" if found else "")
        reasons = self.entry.get("reason", ())
        reasons = [reasons] if isinstance(reasons, str) else list(reasons)
        if self.verdict == "wrong" and reasons and not set(reasons) & set(self.kinds):
            return f"wrong for another reason than {' or '.join(reasons)}: {', '.join(self.kinds)}"
        layout = self.entry.get("layout")
        if self.verdict == "right" and layout is not None and layout != self.verification.layout:
            return f"right in {self.verification.layout or 'no'} layout, expected {layout}"
        return None

    def judge(self) -> None:
        start = time.perf_counter()
        try:
            with within(of_each()):
                self.verification = self._verified()
        except GradcalcError as error:
            self.error = error
        except Exception as error:
            self.error = internal_error(error)
        self.seconds = time.perf_counter() - start

    def _verified(self) -> Verification:
        entry = self.entry
        expression, claim = entry["expression"], entry["claim"]
        if entry.get("latex", False):
            from gradcalc.language.latex.program import latex_to_text

            expression, claim = latex_to_text(expression), latex_to_text(claim)
        problem = Problem(expression, declare=entry.get("declare", ()))
        return verify_claim(problem, entry.get("wrt"), claim, order=entry.get("order", 1), seed=entry.get("seed", 0))


def read_claims(path: str) -> list[dict[str, Any]]:
    """The claims of a .toml or .json file: a list under `claim`. Raises GradcalcError of kind data or usage."""
    content = _content(path)
    if isinstance(content, list):
        content = {"claim": content}
    if not isinstance(content, dict):
        raise GradcalcError("data", f"{path} does not hold a table of claims", hint=_USAGE)
    unknown = [key for key in content if key not in _LISTS]
    lists = [content[key] for key in _LISTS if key in content]
    if unknown:
        raise GradcalcError("data", f"{path} has {brief(unknown[0])} outside of a claim", hint=_USAGE)
    if len(lists) > 1:
        raise GradcalcError("data", f"{path} has claims under two names", hint=_USAGE)
    if not lists or not isinstance(lists[0], list) or not lists[0]:
        raise GradcalcError("data", f"{path} holds no claims", hint=_USAGE)
    for number, entry in enumerate(lists[0], 1):
        _check(number, entry)
    entries: list[dict[str, Any]] = lists[0]
    return entries


_USAGE = 'A claim is [[claim]] with expression, wrt, claim, and expected = "right" or "wrong".'


def _content(path: str) -> Any:
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except FileNotFoundError:
        raise GradcalcError("data", f"there is no file {path}") from None
    except OSError as error:
        raise GradcalcError("data", f"{path} cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GradcalcError("data", f"{path} is not UTF-8 text: see byte {error.start + 1}") from None
    if path.lower().endswith(".json"):
        try:
            content, repeated = read_json(text)
        except ValueError as error:
            raise GradcalcError("data", f"{path} is not JSON: {str(error)[:100]}") from None
        if repeated:
            raise GradcalcError("data", f"{path} gives {brief(repeated[0])} twice", hint="Give each key once.")
        return content
    return _toml(text, path)


def _toml(text: str, path: str) -> Any:
    try:
        import tomllib
    except ModuleNotFoundError:
        try:
            import tomli as tomllib
        except ModuleNotFoundError:
            raise GradcalcError(
                "usage",
                "reading TOML needs Python 3.11, or the extra toml",
                hint='pip install "gradcalc[toml]", or write the claims as JSON.',
            ) from None
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise GradcalcError("data", f"{path} is not TOML: it is nested too deeply") from None
    except ValueError as error:
        # Of whole numbers with thousands of digits as well.
        raise GradcalcError("data", f"{path} is not TOML: {str(error)[:120]}") from None


def _check(number: int, entry: Any) -> None:
    if not isinstance(entry, dict):
        raise GradcalcError("data", f"claim {number} is not a table", hint=_USAGE)
    for key, value in entry.items():
        if key not in _KEYS:
            raise GradcalcError(
                "data", f"claim {number} has an unknown key {brief(key)}", hint=f"The keys are {', '.join(_KEYS)}."
            )
        types, what = _KEYS[key]
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise GradcalcError("data", f"claim {number}: {key} is {what}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise GradcalcError("data", f"claim {number}: {key} is {what}")
    for key in _REQUIRED:
        if key not in entry:
            raise GradcalcError("data", f"claim {number} has no {key}", hint=_USAGE)
    for key, known in _CHOICES.items():
        value = entry.get(key, ())
        for choice in [value] if isinstance(value, str) else value:
            if choice not in known:
                raise GradcalcError(
                    "data", f"claim {number}: {key} is {brief(choice)}", hint=f"It is one of {', '.join(known)}."
                )
