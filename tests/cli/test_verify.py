"""`verify` as its users meet it: exit codes, JSON, functions and arrays of their own, files of claims in CI."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from gradcalc.output.schema import CLAIMS as CLAIMS_RESULT
from gradcalc.output.schema import RESULT
from tests.cli.test_commands import run
from tests.output.test_schema import faults

LOSS = "sum(log(1+exp(X*w)))"

MODEL = """
import numpy as np


def sigmoid(t):
    return 1/(1 + np.exp(-t))


def gradient(X, w):
    return X.T @ sigmoid(X @ w)


def single(X, w):
    return gradient(X.astype("f4"), w.astype("f4"))


def in_order(a, b):
    return gradient(a, b)


def keywords(**arrays):
    return {"w": gradient(arrays["X"], arrays["w"])}


def column(X, w):
    return gradient(X, w)[:, None].tolist()


def row(X, w):
    return gradient(X, w)[None, :]


def halved(X, w):
    return gradient(X, w)/2


def negative(X, w):
    return -gradient(X, w)


def inner_lost(X, w):
    return X.T @ (sigmoid(X @ w)*(1 - sigmoid(X @ w)))


def one_entry(X, w):
    made = gradient(X, w)
    made[0] += 1e-3*abs(made[0])
    return made


def scalar(X, w):
    return 1.0


def nan(X, w):
    return np.full(w.shape, np.nan)


def fails(X, w):
    raise ValueError("no\\nway")


def nothing(X, w):
    pass


def pair(X, w):
    return 1.0, gradient(X, w)


def others(q):
    return q


def changes(X, w):
    made = gradient(X, w)
    w[:] = 0
    return made
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    return path


def test_right_wrong_and_unreadable_have_exit_codes_of_their_own() -> None:
    assert run("verify", "x'*A*x", "-w", "x", "(A+A')*x").returncode == 0
    assert run("verify", "x'*A*x", "-w", "x", "2*A*x").returncode == 1
    assert run("verify", "sum(exp(x))", "-w", "x", "log(-1 - x.^2)").returncode == 5
    assert run("verify", "x'*A*x", "-w", "x").returncode == 2
    assert run("verify").returncode == 2
    assert run("verify", "x'*A*x", "-w", "x", "2*A*").returncode == 3


def test_an_error_points_into_the_claim() -> None:
    outcome = run("verify", "x'*A*x", "-w", "x", "2*Q*x")
    assert outcome.returncode == 3
    assert "2*Q*x\n    ^" in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize("claim", ["2*A*x", "(A+A')*x", "x'*(A+A')", "x", "x'*x", "A*A"])
def test_json_is_the_contract(claim: str) -> None:
    outcome = run("verify", "x'*A*x", "-w", "x", claim, "--json")
    result = json.loads(outcome.stdout)
    assert faults(result, RESULT) == []
    assert result["claim"]["text"] == claim
    assert (result["claim"]["verdict"] == "right") == (outcome.returncode == 0)


def test_a_claim_may_start_with_a_sign_or_come_from_a_file(tmp_path: Path) -> None:
    assert run("verify", "-x'*x", "-w", "x", "-2*x").returncode == 0
    (tmp_path / "claim.txt").write_text("-2*x\n", encoding="utf-8")
    assert run("verify", "-x'*x", "-w", "x", f"@{tmp_path / 'claim.txt'}").returncode == 0


def test_latex_claims() -> None:
    outcome = run("verify", "--latex", r"x^\top A x", "-w", "x", r"(A + A^\top) x")
    assert outcome.returncode == 0


@pytest.mark.parametrize("name", ["gradient", "single", "in_order", "keywords", "column", "row", "changes"])
def test_right_functions(model: Path, name: str) -> None:
    outcome = run("verify", LOSS, "-w", "w", "--program", f"{model}:{name}")
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("halved", "factor"),
        ("negative", "sign"),
        ("inner_lost", "function"),
        ("one_entry", "unexplained"),
        ("scalar", "shape"),
        ("nan", "not-finite"),
    ],
)
def test_wrong_functions_are_told_why(model: Path, name: str, kind: str) -> None:
    outcome = run("verify", LOSS, "-w", "w", "--program", f"{model}:{name}", "--json")
    result = json.loads(outcome.stdout)
    assert faults(result, RESULT) == []
    assert outcome.returncode == 1
    assert result["claim"]["diagnosis"][0]["kind"] == kind
    assert result["claim"]["counterexample"]["inputs"].keys() == {"X", "w"}


@pytest.mark.parametrize("name", ["fails", "nothing", "pair", "others", "absent"])
def test_functions_that_give_no_gradient_are_errors_of_the_data(model: Path, name: str) -> None:
    outcome = run("verify", LOSS, "-w", "w", "--program", f"{model}:{name}")
    assert outcome.returncode == 4
    assert outcome.stderr.startswith("error: ")
    assert "Traceback" not in outcome.stderr


def test_a_function_of_a_module_in_the_current_folder(model: Path) -> None:
    assert run("verify", LOSS, "-w", "w", "--function", "model:gradient", cwd=model.parent).returncode == 0
    assert run("verify", LOSS, "-w", "w", "--function", "nosuchmodule:gradient", cwd=model.parent).returncode == 4
    assert run("verify", LOSS, "-w", "w", "--function", "model", cwd=model.parent).returncode == 2


def test_an_array_computed_elsewhere(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    X, w = generator.normal(size=(5, 3)), generator.normal(size=3)
    np.savez(tmp_path / "data.npz", X=X, w=w)
    gradient = X.T @ (1 / (1 + np.exp(-X @ w)))
    np.save(tmp_path / "right.npy", gradient)
    np.save(tmp_path / "wrong.npy", gradient / 5)
    common = ["verify", LOSS, "-w", "w", "--data", str(tmp_path / "data.npz"), "--array"]
    assert run(*common, str(tmp_path / "right.npy")).returncode == 0
    outcome = run(*common, str(tmp_path / "wrong.npy"))
    assert outcome.returncode == 1
    assert "factor" in outcome.stdout
    assert run("verify", LOSS, "-w", "w", "--array", str(tmp_path / "right.npy")).returncode == 4


CLAIMS = """
[[claim]]
name = "as the book has it"
expression = "x'*A*x"
wrt = "x"
claim = "(A+A')*x"

[[claim]]
name = "symmetric only"
expression = "x'*A*x"
wrt = "x"
claim = "2*A*x"
expected = "wrong"
reason = "symmetry"
"""

FAILING = (
    CLAIMS
    + """
[[claim]]
name = "a & b < c"
expression = "x'*x"
wrt = "x"
claim = "x"

[[claim]]
expression = "x'*x"
wrt = "x"
claim = "x +"
"""
)


def test_a_file_of_claims_that_come_out_as_expected(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    outcome = run("verify", "--file", str(tmp_path / "claims.toml"))
    assert outcome.returncode == 0
    assert outcome.stdout.splitlines()[-1] == "2 claims: 2 as expected, 0 not"


def test_a_file_with_claims_that_do_not(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(FAILING, encoding="utf-8")
    junit = tmp_path / "claims.xml"
    outcome = run("verify", "--file", str(tmp_path / "claims.toml"), "--junit", str(junit))
    assert outcome.returncode == 1
    assert outcome.stdout.splitlines()[-1] == "4 claims: 2 as expected, 2 not"
    suite = ElementTree.parse(junit).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases][2] == "a & b < c"
    assert [case.find("failure") is not None for case in cases] == [False, False, True, False]
    assert [case.find("error") is not None for case in cases] == [False, False, False, True]


def test_a_file_in_json(tmp_path: Path) -> None:
    entries = [{"expression": "x'*x", "wrt": "x", "claim": "2*x"}]
    (tmp_path / "claims.json").write_text(json.dumps({"claim": entries}), encoding="utf-8")
    outcome = run("verify", "--file", str(tmp_path / "claims.json"), "--json")
    assert outcome.returncode == 0
    result = json.loads(outcome.stdout)
    assert faults(result, CLAIMS_RESULT) == []
    assert (result["as_expected"], result["not_as_expected"]) == (1, 0)
    assert result["claims"][0]["claim"]["verdict"] == "right"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "[[claim]]\n",
        "[[claim]]\nexpression = 3\nclaim = 'x'\n",
        "[[claim]]\nexpression = 'x'\nclaim = 'x'\nexpect = 'right'\n",
        "[[claim]]\nexpression = 'x'\nclaim = 'x'\nexpected = 'maybe'\n",
        "claim = 3\n",
    ],
)
def test_files_that_are_no_claims(tmp_path: Path, content: str) -> None:
    (tmp_path / "claims.toml").write_text(content, encoding="utf-8")
    outcome = run("verify", "--file", str(tmp_path / "claims.toml"))
    assert outcome.returncode == 4
    assert outcome.stderr.startswith("error: ")


def test_batch_judges_claims() -> None:
    request = {"id": 7, "command": "verify", "expression": "x'*A*x", "wrt": "x", "claim": "2*A*x"}
    outcome = run("batch", stdin=json.dumps(request) + "\n")
    result = json.loads(outcome.stdout)
    assert faults(result, RESULT) == []
    assert (result["id"], result["claim"]["verdict"], outcome.returncode) == (7, "wrong", 1)
    outcome = run("batch", stdin='{"command": "verify", "expression": "x\'*x", "wrt": "x"}\n')
    assert json.loads(outcome.stdout)["error"]["kind"] == "usage"
