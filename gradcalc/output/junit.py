"""JUnit XML, which build servers read: a test case for each claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gradcalc.visible import visible

if TYPE_CHECKING:
    from gradcalc.claimsfile import Case


def junit_xml(suite: str, cases: Sequence[Case]) -> str:
    """A test suite; a claim that did not come out as expected is a failure, one that could not be judged an error."""
    failures = sum([case.complaint is not None and case.error is None for case in cases])
    errors = sum([case.error is not None for case in cases])
    seconds = sum([case.seconds for case in cases])
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" time="{seconds:.3f}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>"]
    lines.append(f"  <testsuite name={_attribute(suite)} {counts}>")
    for case in cases:
        opening = f'    <testcase name={_attribute(case.name)} classname="gradcalc.verify" time="{case.seconds:.3f}"'
        if case.complaint is None:
            lines.append(f"{opening}/>")
            continue
        kind = "failure" if case.error is None else "error"
        body = str(case.verification) if case.verification is not None else case.complaint
        lines.append(f"{opening}>")
        lines.append(f"      <{kind} message={_attribute(case.complaint)}>{escape(visible(body))}</{kind}>")
        lines.append("    </testcase>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _attribute(text: str) -> str:
    return quoteattr(visible(text))
