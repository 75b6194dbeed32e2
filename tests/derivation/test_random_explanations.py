"""Random well-shaped programs, whose names are those that derivations like to give, explained in every style.

`GRADCALC_EXPLANATIONS=SEED:COUNT` runs others, or more.
"""

from __future__ import annotations

import os
import random
import xml.dom.minidom

import pytest

import gradcalc
from gradcalc.derivation.explanation import IN_ONE_STEP, STYLES
from gradcalc.errors import GradcalcError
from gradcalc.output.explanation_html import explanation_html
from gradcalc.output.explanation_latex import explanation_latex

SEED, COUNT = map(int, os.environ.get("GRADCALC_EXPLANATIONS", "20:8").split(":"))

NAMES = {
    "n": ["x", "z", "i", "dx", "operand_", "s"],
    "m": ["y", "u", "j", "dz", "cotangent_", "p"],
    "mn": ["A", "Z", "dX", "G", "fixed_0"],
    "nn": ["B", "S", "dZ", "H", "ratio_0"],
    "": ["t", "f", "alpha", "delta", "k"],
}

RULES = {
    "": [
        "({n})'*({n})", "({m})'*({mn})*({n})", "tr({nn})", "logdet(eye(n) + ({nn})*({nn})')", "norm2({mn})^2",
        "sum(square(eigvals(sym({nn}))))", "tanh({})", "({})*({})", "logsumexp({n})",
        "tr((eye(n) + ({mn})'*({mn}))\\({nn}))",
        "sum(exp({n}) .* ({n}))", "std({m})", "log(1 + exp({}))", "sum(prod({mn}, 2))", "({n})[1]", "det({nn})",
    ],
    "n": ["({mn})'*({m})", "({nn})*({n})", "sigmoid({n})", "({n}) .* ({n})", "softmax({n})", "diag({nn})",
          "({n}) - ({n})", "({})*({n})", "mean({mn}, 1)'", "cumsum({n})", "({n})/(1 + ({})^2)", "({mn})[2,:]'"],
    "m": ["({mn})*({n})", "tanh({m})", "({m}).^2", "max({mn}, 2)", "({m}) + ({m})", "normalize({m})", "({mn})[:,1]"],
    "mn": ["({m})*({n})'", "({mn})*({nn})", "exp({mn})", "({mn}) .* ({mn})", "({})*({mn})", "({mn}) - ({mn})"],
    "nn": ["({mn})'*({mn})", "diag({n})", "inv(eye(n) + ({mn})'*({mn}))", "({nn})'", "({n})*({n})'", "sym({nn})",
           "({nn}).^3"],
}  # fmt: skip
"""What may stand for each shape: nothing for a number, n and m for columns, mn and nn for matrices."""


def program(seed: int) -> tuple[str, str]:
    choose = random.Random(seed)
    names = {shape: choose.sample(some, 2) for shape, some in NAMES.items()}

    def expression(shape: str, depth: int) -> str:
        if depth == 0:
            return choose.choice(names[shape])
        template = choose.choice(RULES[shape])
        for hole in ("mn", "nn", "n", "m", ""):
            while f"{{{hole}}}" in template:
                template = template.replace(f"{{{hole}}}", expression(hole, depth - 1), 1)
        return template

    objective = expression(choose.choice(["", "", "n", "mn"]), 3)
    kinds = {"": "scalar", "n": "vector[n]", "m": "vector[m]", "mn": "matrix[m,n]", "nn": "matrix[n,n]"}
    words = set("".join(letter if letter.isalnum() or letter == "_" else " " for letter in objective).split())
    declared = {name: kinds[shape] for shape, some in names.items() for name in some if name in words}
    text = "; ".join([*[f"{name}: {kind}" for name, kind in declared.items()], objective])
    return text, choose.choice(list(declared))


@pytest.mark.parametrize("seed", range(SEED, SEED + COUNT))
def test_every_style_of_a_random_program(seed: int) -> None:
    text, wrt = program(seed)
    print(f"seed {seed}: {text} by {wrt}")
    for style in STYLES:
        try:
            found = gradcalc.derive(text, wrt=wrt).explain(style, depth=8)
        except GradcalcError as error:
            # A point outside the domain is one that says so.
            assert error.kind == "numeric", error
            continue
        assert IN_ONE_STEP not in found.derived[0].remarks
        unchecked = [step.text for step in found.steps if not step.checked]
        assert not unchecked or any("could not be checked" in remark for remark in found.derived[0].remarks)
        assert str(found)
        assert explanation_latex(found).count("{") >= 1
        xml.dom.minidom.parseString(explanation_html(found).removeprefix("<!DOCTYPE html>"))
