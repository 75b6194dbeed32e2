"""Derivatives of functions of several numbers by each of them, at negative and positive points, to second order."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise

POINTS = (-2.3, -0.6, 0.17, 1.3)
NAMES = ("x", "y", "z")
STEP = 1e-3

SEVERAL = [
    entry
    for entry in catalogue.ENTRIES
    if isinstance(entry, Elementwise) and len(entry.parameters) > 1 and not entry.operator and entry.name != "polygamma"
]


def slope(function: Callable[..., float], point: tuple[float, ...], place: int) -> float:
    """By central differences of the fourth order: right to 1e-10 for functions that are smooth there."""
    moved = [(*point[:place], point[place] + k * STEP, *point[place + 1 :]) for k in (-2, -1, 1, 2)]
    values = [function(*each) for each in moved]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * STEP)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("entry", SEVERAL, ids=str)
def test_derivatives_by_every_operand(entry: Elementwise) -> None:
    names = NAMES[: len(entry.parameters)]

    def value(*point: float) -> float:
        assert entry.reference is not None
        return float(entry.reference(np, *[np.asarray(number) for number in point]))

    text = f"{', '.join(names)}: scalar; {entry.spelling}({', '.join(names)})"
    first = [gradcalc.derive(text, wrt=name).function() for name in names]
    second = [gradcalc.derive(text, wrt=name, order=2).function() for name in names]
    met = 0
    for point in product(POINTS, repeat=len(names)):
        given = dict(zip(names, point))
        near = entry.gap is not None and np.min(np.abs(entry.gap(np, *map(np.asarray, point)))) < 0.01
        if near or not np.isfinite(value(*point)):
            continue
        for place in range(len(names)):
            expected = slope(value, point, place)
            if not np.isfinite(expected):
                continue
            assert float(first[place](**given)) == pytest.approx(expected, rel=1e-7, abs=1e-7), (
                point,
                place,
            )
            curved = slope(lambda *at, place=place: slope(value, at, place), point, place)
            assert float(second[place](**given)) == pytest.approx(curved, rel=1e-4, abs=1e-4), (point, place)
            met += 1
    assert met >= 8


def test_a_huber_threshold_may_be_negative() -> None:
    # d*abs(t) - d^2/2 for every t: the slope is d*sign(t).
    derivation = gradcalc.derive("t, d: scalar; huber(t, d)", wrt="t")
    assert [float(derivation.function()(t=t, d=-0.5)) for t in (-2.0, -0.1, 0.1, 2.0)] == [0.5, 0.5, -0.5, -0.5]
    assert str(gradcalc.derive("t: scalar; huber(t)", wrt="t")) == "df/dt = clip(t, -1, 1)"


def test_bounds_that_cross_clip_to_the_upper_one() -> None:
    derivation = gradcalc.derive("t, l, u: scalar; clip(t, l, u)", wrt=["t", "l", "u"])
    for t in (-3.0, 0.0, 3.0):
        value, gradients = derivation.value_and_gradient(t=t, l=1.0, u=-1.0)
        assert value == -1.0
        assert [float(gradients[name]) for name in "tlu"] == [0.0, 0.0, 1.0]


def test_defaults_are_exact() -> None:
    assert all(Fraction(text) for entry in SEVERAL for text in entry.defaults)
