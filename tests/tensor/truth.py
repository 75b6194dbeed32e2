"""Derivatives that owe nothing to the core: differences of plain NumPy functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import gradcalc
from gradcalc.language.parser import parse
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.numeric.reference import evaluate

Array = Any


def arrays_of(seed: int = 3, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Random arrays of the shapes, away from zero."""
    generator = np.random.default_rng(seed)
    made = {}
    for name, shape in shapes.items():
        sign = np.where(generator.random(shape) < 0.5, -1.0, 1.0)
        made[name] = sign * generator.uniform(0.3, 1.2, shape)
    return made


def slopes(function: Callable[..., Array], arrays: Mapping[str, Array], name: str, step: float = 1e-3) -> Array:
    """The derivative by one of the arrays: central differences, extrapolated twice. Axes of the result come first."""
    start = np.asarray(arrays[name], dtype=float)
    columns = []
    for place in np.ndindex(*start.shape):
        quotients = []
        for width in (step, step / 2, step / 4):
            ends = []
            for sign in (1, -1):
                moved = start.copy()
                moved[place] += sign * width
                ends.append(np.asarray(function(**{**arrays, name: moved}), dtype=float))
            quotients.append((ends[0] - ends[1]) / (2 * width))
        first, second = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(quotients)]
        columns.append((16 * second - first) / 15)
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + start.shape)


def check_gradient(text: str, name: str, function: Callable[..., Array], arrays: Mapping[str, Array]) -> None:
    """The value, the gradient of the program and the printed gradient against the NumPy function."""
    derivative = gradcalc.derive(text, wrt=name, shapes={key: array.shape for key, array in arrays.items()})
    value, gradient = derivative.value_and_gradient(**arrays)
    expected = slopes(function, arrays, name)
    np.testing.assert_allclose(value, function(**arrays), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    full = derivative.answers[0].full()
    if full is not None and not derivative.answers[0].indices:
        program = parse(to_text(full))
        read = evaluate(program, infer(program, {key: array.shape for key, array in arrays.items()}), arrays, {})
        np.testing.assert_allclose(read, expected, rtol=1e-6, atol=1e-8)
