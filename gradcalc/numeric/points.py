"""Random points: distinct sizes for distinct dimensions, inside the domain, off kinks, within the structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.language.polynomial import Dim, size_of
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import Program
from gradcalc.numeric.arrays import check_memory, data_shape
from gradcalc.numeric.reference import observe
from gradcalc.numeric.sizes import LENGTHS, choose_sizes
from gradcalc.numeric.structures import nearest

Array = Any
"""An array of floats."""

_TRIES = 24
"""How many points of each plan are drawn before the next plan is taken."""

_NEAR_A_KINK = 1e-3

_LARGEST_VALUE = 1e6


Accept = Callable[[Mapping[str, Array], Mapping[str, int]], "str | None"]
"""Why arrays of those sizes will not do, or None where they will."""


def draw(
    program: Program,
    typing: Typing,
    asked: Mapping[str, int],
    seed: int,
    given: Mapping[str, Array] | None = None,
    lengths: Sequence[int] = LENGTHS,
    accept: Accept | None = None,
) -> tuple[dict[str, Array], dict[str, int]]:
    """Random arrays for the variables that are not given, and the sizes of the dimensions.

    lengths: the sizes to choose from. accept: what else a point has to fulfil. Deterministic in the seed.
    Raises GradcalcError of kind numeric where no point inside the domain is found.
    """
    given = {
        name: data_shape(name, np.asarray(array), typing.variables[name].kind) for name, array in (given or {}).items()
    }
    fault = "no point was tried"
    for order in (0, 1):
        sizes = choose_sizes(typing, asked, order, lengths)
        for variable in typing.variables.values():
            check_memory(variable.name, [_length(dim, sizes) for dim in variable.dims])
        generator = np.random.default_rng([seed, order])
        for plan in _PLANS:
            tied: list[tuple[dict[str, Array], dict[str, int]]] = []
            for _ in range(_TRIES):
                arrays = {
                    name: given[name] if name in given else _drawn(variable, sizes, generator, plan)
                    for name, variable in typing.variables.items()
                }
                observation = observe(program, typing, arrays, sizes)
                if observation.fault is not None:
                    fault = observation.fault[0]
                    continue
                if observation.degenerate:
                    fault = "every point had a singular matrix"
                    continue
                if observation.kink_distance < _NEAR_A_KINK:
                    if observation.kink_distance == 0:
                        tied.append((arrays, sizes))
                    fault = "every point was at a kink"
                    continue
                if np.max(np.abs(observation.value), initial=0) > _LARGEST_VALUE:
                    fault = "the values were very large"
                    continue
                refusal = accept(arrays, sizes) if accept is not None else None
                if refusal is not None:
                    fault = refusal
                    continue
                return arrays, sizes
            if len(tied) == _TRIES:
                # Entries that always tie, as in the smallest of A*A', need not make a kink.
                return tied[0]
    raise GradcalcError(
        "numeric",
        f"no random point inside the domain was found: {fault}",
        hint="Give the data with --data or --set.",
    )


_PLANS = ("normal", "positive", "unit", "definite", "mixed", "small", "positive-definite")


def _length(dim: Dim, sizes: Mapping[str, int]) -> int:
    return size_of(dim, sizes)


def _drawn(variable: Variable, sizes: Mapping[str, int], generator: np.random.Generator, plan: str) -> Array:
    shape = tuple([_length(dim, sizes) for dim in variable.dims])
    if plan == "mixed":
        plan = str(generator.choice(["normal", "positive", "unit", "definite"]))
    if variable.whole:
        return np.asarray(float(generator.integers(2, 5)))
    array = np.asarray(_plain(variable, shape, generator, plan))
    if variable.structure is not None:
        array = nearest(variable.structure, array)
    return array


def _plain(variable: Variable, shape: tuple[int, ...], generator: np.random.Generator, plan: str) -> Array:
    square = len(shape) == 2 and shape[0] == shape[1]
    if plan == "positive-definite":
        plan = "definite" if square else "positive"
    if plan == "positive" or variable.structure == "positive":
        return generator.uniform(0.5, 1.5, shape)
    if plan == "unit":
        return generator.uniform(0.1, 0.9, shape)
    array = generator.normal(size=shape)
    if len(shape) == 2:
        array = array / np.sqrt(shape[1])
    if plan == "small":
        return 0.1 * array
    if plan == "definite" and square:
        return array @ array.T + np.eye(shape[0]) + 0.1 * generator.normal(size=shape)
    return array
