"""What a terminal would obey or an eye not see is written out, in every stream, error and file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from gradcalc.errors import GradcalcError
from gradcalc.visible import json_visible, on_one_line, visible

HOSTILE = "\x1b]0;owned\x07\x9b31m\u202eabc\u2066\u200b\u2028\ufeff\U000e0041\r\x7f\x00"


def dangerous(text: str) -> list[str]:
    """The characters that a terminal may act upon, by the tables of Unicode."""
    wanted = "\n\t\u2061\u2062\u2063"
    return [
        letter
        for letter in text
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co") and letter not in wanted
    ]


def test_every_character_is_harmless_once_it_is_visible() -> None:
    everything = "".join(map(chr, [*range(0x20000), *range(0xE0000, 0xE0200), *range(0x10FFF0, 0x110000)]))
    assert dangerous(everything)
    assert dangerous(visible(everything)) == []
    assert dangerous(json_visible(json.dumps(everything, ensure_ascii=False))) == []


def test_letters_of_all_scripts_stay_as_they_are() -> None:
    text = "Wᵀ ⊙ β, x², наука, 数学, é, ∂f/∂x\n\tsecond line"
    assert visible(text) == text
    assert on_one_line(text).count("\n") == 0


def test_json_reads_back_as_what_it_was() -> None:
    text = HOSTILE + "\U0001f600\ud800"
    assert json.loads(json_visible(json.dumps([text], ensure_ascii=False))) == [text]


def test_carets_stand_below_what_is_written_out() -> None:
    source = "x + \x1b[31m\tq"
    lines = GradcalcError("syntax", "no", span=(source.index("q"), len(source)), source=source).render().split("\n")
    assert lines[1].index("q") == lines[2].index("^")
    assert GradcalcError("syntax", "no", span=(4, 5), source=source).render().split("\n")[2].strip() == "^^^^"


def run(*arguments: str, **keywords: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gradcalc", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=100, **keywords)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    "arguments",
    [
        ["grad", "x + {0}"],
        ["grad", "x*x", "--{0}"],
        ["grad", "@{0}"],
        ["eval", "x*x", "--set", "{0}=1"],
        ["eval", "x*x", "--data", "x={0}.csv"],
        ["grad", "x*x", "-o", "none/{0}"],
        ["verify", "x*x", "{0}"],
        ["verify", "--file", "{0}.toml"],
        ["verify", "x*x", "--program", "{0}.py:{0}"],
    ],
)
def test_no_stream_carries_what_a_terminal_obeys(arguments: list[str], tmp_path: Path) -> None:
    hostile = HOSTILE.replace("\x00", "").replace("/", "")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])}
    outcome = run(*[word.format(hostile) for word in arguments], cwd=tmp_path, env=environment)
    text = (outcome.stdout + outcome.stderr).decode()
    assert outcome.returncode in (2, 3, 4)
    assert "\\x1b" in text
    assert dangerous(text) == []


def test_files_of_claims_are_shown_harmless(tmp_path: Path) -> None:
    claims = [
        {"name": HOSTILE, "expression": "x*y", "wrt": "x", "claim": "y"},
        {"name": HOSTILE, "expression": HOSTILE, "claim": "y"},
    ]
    (tmp_path / "claims.json").write_text(json.dumps(claims))
    outcome = run("verify", "--file", str(tmp_path / "claims.json"), "--junit", str(tmp_path / "junit.xml"))
    assert outcome.returncode == 1
    assert dangerous((outcome.stdout + outcome.stderr).decode() + (tmp_path / "junit.xml").read_text()) == []
    assert len(outcome.stdout.decode().splitlines()) == 3
    assert len(ElementTree.parse(tmp_path / "junit.xml").findall(".//testcase")) == 2
