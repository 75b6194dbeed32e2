"""The expressions of the textbooks, explained: a third of them at each run of the suite, the styles in turn.

`GRADCALC_EXPLAIN_ALL=1` explains all of them in every style.
"""

from __future__ import annotations

import os
import sys
from itertools import product
from pathlib import Path

import pytest

from gradcalc.api import Derivative, Problem
from gradcalc.derivation.explanation import STYLES
from gradcalc.errors import GradcalcError

sys.path.insert(0, str(Path(__file__).parent.parent / "tensor"))

from cookbook import COOKBOOK
from test_textbook import TEXTBOOK

PAIRS = list(
    dict.fromkeys([*[(program, wrt) for _, program, wrt, *_ in COOKBOOK], *[(item[0], item[1]) for item in TEXTBOOK]])
)

if os.environ.get("GRADCALC_EXPLAIN_ALL"):
    CASES = [(program, wrt, style) for (program, wrt), style in product(PAIRS, STYLES)]
else:
    CASES = [(program, wrt, STYLES[place % 3]) for place, (program, wrt) in enumerate(PAIRS[1::4])]

SLOW = ("expm", "^k", "p,q](")


@pytest.mark.parametrize(("program", "wrt", "style"), CASES)
def test_every_line_is_checked(program: str, wrt: str, style: str) -> None:
    try:
        problem = Problem(program)
    except GradcalcError:
        pytest.skip("not in the language")
    if style != "differential" and "eigvals" in program:
        pytest.skip("functions of symmetric matrices are explained by differentials")
    if any(word in program for word in SLOW) and not os.environ.get("GRADCALC_EXPLAIN_ALL"):
        pytest.skip("takes seconds")
    explanation = Derivative(problem, problem.components(wrt)).explain(style)
    assert explanation.steps
    assert all(step.checked for step in explanation.steps)
    assert str(explanation)
