"""A user's function with the name of an alias is the user's everywhere; NumPy programs run in an empty namespace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.functions import catalogue

ALIASES = sorted(
    {alias for entry in catalogue.ENTRIES for alias in entry.aliases if alias.isascii()} - {"sigma", "Phi"}
)


@pytest.mark.parametrize("name", ALIASES)
def test_an_alias_names_a_function_of_the_users(name: str) -> None:
    derivation = gradcalc.derive(f"{name}(.); sum({name}(x))", wrt="x")
    assert str(derivation).splitlines()[0] == f"df/dx = {name}'(x)"
    defined = gradcalc.derive(f"{name}(t) = t^3; sum({name}(x))", wrt="x")
    assert defined.function()(x=[1.0, -2.0]).tolist() == [3.0, 12.0]
    assert not name.isalpha() or name in derivation.latex()


def test_an_alias_of_an_odd_function_says_nothing_of_the_users() -> None:
    # arctan is odd, the user's function need not be.
    assert "-arctan" not in str(gradcalc.derive("arctan(.); sum(arctan(-x).*y)", wrt="y"))


@pytest.mark.parametrize(
    "text",
    [
        "g(.); sum(g(x))",
        "shares(.); max(x)*sum(shares(x))",
        "sigmoid(x)'*x",
        "logsumexp(x)*max(x)",
        "norm2(x)*prod(x)",
        "a: vector; norm2([x; a])^2*xlogy(a, exp(x))'*a",
    ],
)
def test_programs_run_by_themselves(text: str) -> None:
    derivation = gradcalc.derive(text, wrt="x")
    source = derivation.function().source
    scope: dict[str, Any] = {}
    exec(compile(source, "<program>", "exec"), scope)
    arrays: dict[str, Any] = {"x": np.array([0.3, -0.7])}
    if "a:" in text:
        arrays["a"] = np.array([0.2, 0.5])
    outputs = scope["derivative"](**arrays)
    value, gradient = derivation.value_and_gradient(**arrays)
    assert outputs["value"] == pytest.approx(float(value))
    assert outputs["dx"] == pytest.approx(np.asarray(gradient))
