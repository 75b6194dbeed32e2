"""The independent opinion on NumPy's arrays: the expression as it was typed, straight from its meaning."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Program
from gradcalc.meaning.numpy_numbers import NUMPY, Array
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import observed


def observe(
    program: Program,
    typing: Typing,
    arrays: Mapping[str, Array],
    sizes: Mapping[str, int],
    indices: Mapping[str, int] | None = None,
) -> Observation:
    """The value of the objective and what was met on the way; never raises for what the numbers are.

    arrays: one for each variable, in its shape. sizes: the lengths of the named dimensions. indices: the values of free
    indices, counted from 1.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        held = {name: np.asarray(array) for name, array in arrays.items()}
        return observed(program, typing, held, sizes, NUMPY, indices, measures=True)


def evaluate(program: Program, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value of the objective. Raises GradcalcError of kind numeric outside a domain or where it is not finite."""
    observation = observe(program, typing, arrays, sizes)
    if observation.fault is not None:
        sentence, span = observation.fault
        raise GradcalcError("numeric", sentence, span=span, source=program.source)
    return observation.value
