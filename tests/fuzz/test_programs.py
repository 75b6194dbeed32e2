"""The search for faults: it finds faults that are planted, what it found before stays mended, and a short search."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from gradcalc.api import Problem
from gradcalc.functions import catalogue
from scripts.fuzz.algebras import FLOATS, precise
from scripts.fuzz.cases import Case
from scripts.fuzz.evaluator import Scope, Value, evaluated
from scripts.fuzz.running import Run, judged
from scripts.fuzz.shrinking import shrunk

LINES = pathlib.Path(__file__).with_name("regressions.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [Case.read(line) for line in LINES if line and not line.startswith("#")]

VALUES = [
    # By hand, at x = [1, 2, 3], A = [1 2 3; 4 5 6; 7 8 10].
    ("sum(diag(A*x).^2)", 14.0**2 + 32**2 + 53**2),
    ("tr(kron(A, ones(2, 2)))", 32.0),
    ("x'*A'*x", 14.0 + 64 + 159),
    ("(A*x - x')[2,3]", None),
    ("det(A)", -3.0),
    ("sum[i=1..2](x[i]*A[i,i + 1]) + x[end]", 2.0 + 12 + 3),
    ("[x', 1; A, x][2:3,4]'*[1; 1]", 3.0),
    ("sum(cumsum(A)[2,:].^2)", 25.0 + 49 + 81),
    ("max(A, 2)'*x - norm1(diff(x))", 3.0 + 12 + 30 - 2),
]


@pytest.mark.parametrize(("text", "value"), [(text, value) for text, value in VALUES if value is not None])
@pytest.mark.parametrize("digits", [False, True])
def test_the_third_opinion_has_values_worked_out_by_hand(text: str, value: float, digits: bool) -> None:
    algebra = precise() if digits else FLOATS
    problem = Problem(f"A: matrix[3,3]; x: vector[3]; {text}")
    a, x = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 10]]), np.array([1.0, 2, 3])
    values = {"A": Value("matrix", algebra.array(a)), "x": Value("vector", algebra.array(x))}
    scope = Scope(algebra, values, {}, {}, {}, None, problem.typing)
    assert float(evaluated(problem.program.objective, scope).array) == pytest.approx(value, rel=1e-13)


def _planted(monkeypatch: pytest.MonkeyPatch, name: str, attribute: str, value: object) -> None:
    monkeypatch.setattr(catalogue.BY_NAME[name], attribute, value)


def test_a_derivative_made_wrong_in_one_part_of_a_million_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("x: vector[n]; A: matrix[n, n]; x'*sin(A*x) + sum(exp(x))", ("x",), sizes=(("n", 3),))
    assert judged(case, 50.0)[0] == []
    _planted(monkeypatch, "sin", "derivatives", ("1.000001*cos(t)",))
    found = judged(case, 50.0)[0]
    assert "derivative of order 1: text" in {finding.symptom for finding in found}


def test_a_wrong_reference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _planted(monkeypatch, "tanh", "reference", lambda np, t: np.tanh(t) + 1e-6)
    found = judged(Case("x: vector[n]; sum(tanh(x))", ("x",), sizes=(("n", 2),)), 50.0)[0]
    assert "value: interpreter" in {finding.symptom for finding in found}


def test_a_failing_case_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    _planted(monkeypatch, "sinh", "derivatives", ("2*cosh(t)",))
    case = Case("x: vector[n]; A: matrix[n, n]; z = A*x + 1; norm2(z)^2 + x'*sinh(A*z)*tr(A) - 3*sum(x)", ("x", "A"),
                sizes=(("n", 3),))  # fmt: skip

    def fails(candidate: Case) -> bool:
        return any("derivative" in finding.symptom for finding in judged(candidate, 0.0)[0])

    assert fails(case)
    small = shrunk(case, fails, seconds=4)
    assert fails(small)
    assert len(small.text) < len(case.text) - 40
    assert len(small.wrt) == 1
    assert Case.read(small.line()) == small


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text[-40:])
def test_what_was_found_stays_mended(case: Case) -> None:
    assert [finding for finding in judged(case, 50.0)[0] if finding.serious] == []


def test_a_short_search_finds_nothing() -> None:
    run = Run(steered=False, shrink=0)
    seed = 21_000
    run.go(seed, 30)
    print(f"seed {seed}: {run.report()}")
    assert run.mismatches == 0, run.report()
    assert run.programs == 30
    assert run.compared > 100
