"""Numbers for a program: lengths of dimensions, arrays within their structures, directions within them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.language.polynomial import names_in, size_of
from scripts.fuzz import grammar

Array = Any

PLANS = ("normal", "normal", "normal", "positive", "unit", "small", "whole")


def sizes_for(typing: Any, asked: Mapping[str, int], chooser: random.Random) -> dict[str, int] | None:
    """A length for each dimension: as asked, else drawn, so that every index stands inside its axis."""
    names = typing.dimension_names
    for attempt in range(40):
        sizes = {name: chooser.choices(list(grammar.SIZES), list(grammar.SIZES.values()))[0] for name in names}
        if attempt == 0 or all(name in asked for name in names):
            sizes.update({name: size for name, size in asked.items() if name in names})
        try:
            fits = all(size_of(dim, sizes) >= least for dim, least in typing.minimum_sizes.items()
                       if set(names_in(dim)) <= set(sizes))  # fmt: skip
            fits = fits and all(size_of(a, sizes) == size_of(b, sizes) for a, b in typing.equalities)
            fits = fits and all(size_of(axis, sizes) >= size_of(least, sizes) for axis, least in typing.reaches)
            fits = fits and all(size_of(d, sizes) >= 1 for v in typing.variables.values() for d in v.dims)
        except Exception:
            fits = True
        if fits:
            return sizes
    return None


def drawn(typing: Any, sizes: Mapping[str, int], generator: Any, plan: str) -> dict[str, Array]:
    """An array for each variable."""
    arrays: dict[str, Array] = {}
    for name, variable in typing.variables.items():
        shape = tuple([size_of(dim, sizes) for dim in variable.dims])
        if variable.whole:
            arrays[name] = np.asarray(float(generator.integers(1, 4)))
            continue
        array = np.asarray(_plain(shape, generator, "positive" if variable.structure == "positive" else plan))
        if variable.structure not in (None, "positive"):
            array = within(variable.structure, array)
        arrays[name] = array
    return arrays


def _plain(shape: tuple[int, ...], generator: Any, plan: str) -> Array:
    if plan == "positive":
        return generator.uniform(0.4, 1.6, shape)
    if plan == "unit":
        return generator.uniform(0.1, 0.9, shape)
    if plan == "whole":
        return generator.permutation(np.arange(1.0, 1 + int(np.prod(shape)))).reshape(shape) * 0.5 - 0.8
    return generator.normal(size=shape) * (0.2 if plan == "small" else 0.8)


def within(structure: str, array: Array) -> Array:
    """An array of a structure, made from any."""
    if structure == "spd":
        return array @ array.T + 0.5 * np.eye(len(array))
    if structure == "orthogonal":
        return np.linalg.qr(array + 0.1 * np.eye(len(array)))[0]
    return projected(structure, array)


def projected(structure: str, array: Array) -> Array:
    """The nearest array of a structure that is a linear space."""
    size = len(array)
    rows, columns = np.indices((size, size))
    if structure in ("symmetric", "spd"):
        return (array + array.T) / 2
    if structure == "skew":
        return (array - array.T) / 2
    if structure in ("diagonal", "lower", "upper"):
        keep = {"diagonal": rows == columns, "lower": rows >= columns, "upper": rows <= columns}[structure]
        return array * keep
    answer = np.zeros_like(array)
    for offset in range(1 - size, size):
        on = columns - rows == offset
        answer[on] = np.mean(array[on])
    return answer


def tangent(structure: str | None, point: Array, direction: Array) -> Array:
    """The part of a direction in which a variable may move."""
    if structure in (None, "positive"):
        return direction
    if structure == "orthogonal":
        inner = point.T @ direction
        return point @ (inner - inner.T) / 2
    return projected(str(structure), direction)


def unfolded(structure: str, entries: Array) -> Array:
    """A matrix of a structure from its independent entries: the lower triangle, first row and column, ..."""
    size = len(entries)
    rows, columns = np.indices((size, size))
    if structure in ("symmetric", "spd"):
        return np.where(rows >= columns, entries, entries.T)
    if structure == "skew":
        return np.where(rows > columns, entries, np.where(rows < columns, -entries.T, 0 * entries))
    if structure == "toeplitz":
        first = np.where(rows >= columns, entries[np.maximum(rows - columns, 0), 0],
                         entries[0, np.maximum(columns - rows, 0)])  # fmt: skip
        return first
    return projected(structure, entries)


def independent(structure: str, size: int) -> Array:
    """Where the independent entries stand."""
    rows, columns = np.indices((size, size))
    return {
        "symmetric": rows >= columns, "spd": rows >= columns, "lower": rows >= columns, "skew": rows > columns,
        "diagonal": rows == columns, "upper": rows <= columns, "toeplitz": (rows == 0) | (columns == 0),
    }[structure]  # fmt: skip
