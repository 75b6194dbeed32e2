"""Files of claims, as they sit in CI: read, judged one by one, shown as a table and as JUnit XML."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcalc.api import Problem
from gradcalc.cli import internal_error
from gradcalc.cli.options import show, write
from gradcalc.errors import GradcalcError
from gradcalc.jsontext import read_json
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
            self.verification = self._verified()
        except GradcalcError as error:
            self.error = error
        except (MemoryError, RecursionError):
            self.error = GradcalcError("limit", "the claim is too large for the memory")
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


def judge_file(path: str, junit: str | None, as_json: bool, output: str | None) -> int:
    """Judges all claims of a file; 0 where all came out as expected, 1 where one did not.

    Raises GradcalcError of kind data where the file cannot be read.
    """
    cases = [Case(number, entry) for number, entry in enumerate(read_claims(path), 1)]
    for case in cases:
        case.judge()
    if junit is not None:
        from gradcalc.output.junit import junit_xml

        write(junit_xml(os.path.basename(path), cases).rstrip("\n"), junit)
    if as_json:
        from gradcalc.output.result import dumps

        write(dumps(_summary(path, cases)), output)
    else:
        show(_table(cases), output)
    return 1 if any(case.complaint is not None for case in cases) else 0


def read_claims(path: str) -> list[dict[str, Any]]:
    """The claims of a .toml or .json file: a list under `claim`. Raises GradcalcError of kind data or usage."""
    content = _content(path)
    if isinstance(content, list):
        content = {"claim": content}
    if not isinstance(content, dict):
        raise GradcalcError("data", f"{path} does not hold a table of claims", hint=_USAGE)
    entries = next((content[key] for key in _LISTS if key in content), None)
    unknown = [key for key in content if key not in _LISTS]
    if unknown or not isinstance(entries, list) or not entries:
        what = f"{path} has {unknown[0]!r} outside of a claim" if unknown else f"{path} holds no claims"
        raise GradcalcError("data", what, hint=_USAGE)
    for number, entry in enumerate(entries, 1):
        _check(number, entry)
    return entries


_USAGE = 'A claim is [[claim]] with expression, wrt, claim, and expected = "right" or "wrong".'


def _content(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            raw = file.read()
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
            return read_json(text)[0]
        except ValueError as error:
            raise GradcalcError("data", f"{path} is not JSON: {str(error)[:100]}") from None
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise GradcalcError("data", f"{path} is not TOML: {str(error)[:120]}") from None


def _check(number: int, entry: Any) -> None:
    if not isinstance(entry, dict):
        raise GradcalcError("data", f"claim {number} is not a table", hint=_USAGE)
    for key, value in entry.items():
        if key not in _KEYS:
            raise GradcalcError(
                "data", f"claim {number} has an unknown key {key!r}", hint=f"The keys are {', '.join(_KEYS)}."
            )
        types, what = _KEYS[key]
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise GradcalcError("data", f"claim {number}: {key} is {what}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise GradcalcError("data", f"claim {number}: {key} is {what}")
    for key in _REQUIRED:
        if key not in entry:
            raise GradcalcError("data", f"claim {number} has no {key}", hint=_USAGE)
    if entry.get("expected", "right") not in _VERDICTS:
        raise GradcalcError("data", f"claim {number}: expected is one of {', '.join(_VERDICTS)}")


def _table(cases: Sequence[Case]) -> str:
    """A line a claim, and a summary."""
    width = max(len(_short(case.name)) for case in cases)
    lines = []
    for case in cases:
        mark = "ok  " if case.complaint is None else "FAIL"
        reason = ", ".join(dict.fromkeys(case.kinds)) if case.error is None else case.error.message
        lines.append(f"{mark}  {_short(case.name):{width}}  {case.verdict:12}  {reason}".rstrip())
        if case.complaint is not None and case.error is None:
            lines.append(f"      {case.complaint}")
    good = sum([case.complaint is None for case in cases])
    plural = "" if len(cases) == 1 else "s"
    return "\n".join([*lines, f"{len(cases)} claim{plural}: {good} as expected, {len(cases) - good} not"])


def _short(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= 60 else line[:57] + "..."


def _summary(path: str, cases: Sequence[Case]) -> dict[str, Any]:
    from gradcalc import __version__
    from gradcalc.output.verdict import claim_entry

    results = []
    for case in cases:
        result: dict[str, Any] = {"name": case.name, "expected": case.expected, "verdict": case.verdict}
        result["as_expected"] = case.complaint is None
        if case.verification is not None:
            result["claim"] = claim_entry(case.verification)
        if case.error is not None:
            result["error"] = case.error.to_dict()
        results.append(result)
    good = sum([case.complaint is None for case in cases])
    return {
        "gradcalc": __version__,
        "ok": good == len(cases),
        "command": "verify",
        "file": path,
        "claims": results,
        "as_expected": good,
        "not_as_expected": len(cases) - good,
    }
