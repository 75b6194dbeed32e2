"""No fault in the core or the catalogue gets past the seal: a hundred of them, planted at random."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.mutation.proof import NO_EFFECT, REFUSED, WRONG, Proof, Verdict, summary

SEED = 20261127
COUNT = 100
SUBJECTS = 2


@pytest.fixture(scope="module")
def verdicts() -> Iterator[list[Verdict]]:
    with Proof(SEED, SUBJECTS) as proof:
        yield list(proof.verdicts(COUNT))


def test_no_wrong_answer_is_shown(verdicts: list[Verdict]) -> None:
    shown = [f"{verdict.mutant}: {verdict.detail}" for verdict in verdicts if verdict.outcome == WRONG]
    assert not shown, f"seed {SEED}: {shown}"


def test_the_faults_are_faults(verdicts: list[Verdict]) -> None:
    # Were they without effect, the test above could not fail.
    outcomes = [verdict.outcome for verdict in verdicts]
    assert outcomes.count(REFUSED) >= COUNT // 20, summary(verdicts)
    assert outcomes.count(NO_EFFECT) <= COUNT * 9 // 10, summary(verdicts)


def test_a_wrong_answer_would_be_seen() -> None:
    # What is shown by a program without a seal is judged: -sin(t) is no derivative of sin(t).
    from scripts.mutation.judge import Judge
    from scripts.mutation.subjects import Subject

    judge = Judge(Subject("sum(sin(x))", ("x",)))
    form = {"text": "cos(x)", "dims": ["n"], "kind": "vector", "indices": [], "stacked": None}
    assert judge.fault(0, "text", {**form, "text": "sin(x + pi/2)"}, form) is None
    assert judge.fault(0, "text", {**form, "text": "-cos(x)"}, form) is not None
    assert judge.fault(0, "text", {**form, "text": "abs(cos(x))"}, form) is not None
