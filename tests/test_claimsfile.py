"""Files of claims are read strictly: what is unknown, doubled, too large or of another kind is an error."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gradcalc import claimsfile
from gradcalc.claimsfile import read_claims
from gradcalc.errors import GradcalcError

GOOD = {"expression": "x'*x", "wrt": "x", "claim": "2*x"}


def written(path: Path, content: object) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{**GOOD, "expect": "right"}], "unknown key 'expect'"),
        ([{**GOOD, "layout": "sideways"}], "claim 1: layout is 'sideways'"),
        ([GOOD, {**GOOD, "expected": "maybe"}], "claim 2: expected is 'maybe'"),
        ([{**GOOD, "reason": ["sign", "bad luck"]}], "claim 1: reason is 'bad luck'"),
        ([{**GOOD, "order": True}], "order is a whole number"),
        ([{**GOOD, "order": 1.5}], "order is a whole number"),
        ([{**GOOD, "declare": "x: vector"}], "declare is a list"),
        ([{**GOOD, "wrt": None}], "wrt is a string"),
        ([{"expression": "x"}], "claim 1 has no claim"),
        (["x"], "claim 1 is not a table"),
        ([], "holds no claims"),
        ({}, "holds no claims"),
        ({"claim": {}}, "holds no claims"),
        ({"claim": [GOOD], "claims": [GOOD]}, "claims under two names"),
        ({"claim": [GOOD], "version": 2}, "'version' outside of a claim"),
        ("3", "does not hold a table"),
        ('[{"expression": "x", "claim": "1", "claim": "2"}]', "gives 'claim' twice"),
        ("[" * 100_000, "is not JSON: it is nested too deeply"),
        ("nonsense", "is not JSON"),
    ],
    ids=str,
)
def test_json_that_is_not_a_file_of_claims(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        read_claims(written(tmp_path / "claims.json", content))
    assert said in caught.value.message
    assert caught.value.kind == "data"


@pytest.mark.parametrize(
    "content",
    [
        '[[claim]]\nexpression = "x"\nclaim = "1"\nclaim = "2"',
        "a = " + "[" * 100_000,
        "a = " + "9" * 5000,
        '[claim]\nexpression = "x"',
        "[[claim]]\nexpression = 1979-05-27\nclaim = 1",
        "claim = 3",
        "\x00",
    ],
    ids=lambda content: content[:30],
)
def test_toml_that_is_not_a_file_of_claims(tmp_path: Path, content: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        read_claims(written(tmp_path / "claims.toml", content))
    assert caught.value.kind == "data"


def test_what_is_too_large_or_no_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "claims.json", [GOOD])
    assert read_claims(path) == [GOOD]
    monkeypatch.setattr(claimsfile, "LARGEST_FILE", 40)
    with pytest.raises(GradcalcError, match="larger than 40 bytes") as caught:
        read_claims(path)
    assert caught.value.kind == "limit"
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(GradcalcError, match="pipe or a device"):
        read_claims(str(tmp_path / "pipe.json"))
    with pytest.raises(GradcalcError, match="is a folder"):
        read_claims(str(tmp_path))
