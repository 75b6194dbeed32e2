"""The gradient within a structure in numbers: it pairs only with the changes that the structure allows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.checking.checks import check_value
from gradcalc.derivation.broadcasting import Broadcasting, NotBroadcast
from gradcalc.derivation.checking import inside_vec, ratio_value, read_back, wrong_line
from gradcalc.derivation.notation import Ratio
from gradcalc.derivation.numbers import Point
from gradcalc.derivation.steps import Step

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer


def check_within(derivative: Derivative, answer: Answer, step: Step, points: Sequence[Point]) -> None:
    """Marks the line of a gradient as checked, where a point says so. Raises GradcalcError of kind internal where it is
    not true.
    """
    left = step.left
    assert isinstance(left, Ratio)
    asked = answer if left.columns == answer.components[0][1] else derivative.answer_by([(answer.components[0][0], ())])
    variables = derivative.problem.typing.variables
    results = []
    for point in points:
        arrays = {name: point.arrays[name] for name in variables}
        value = _value(point, step, asked)
        results.append(check_value(derivative, asked, value, arrays, point.sizes, 0))
    if any(result.verdict == "failed" for result in results):
        raise wrong_line(step)
    step.checked = any(result.verdict == "passed" for result in results)


def _value(point: Point, step: Step, answer: Answer) -> Any:
    """The value of the right side at every choice of the free indices."""
    left = step.left
    assert isinstance(left, Ratio)
    shape = np.shape(point.arrays[inside_vec(left.above)]) + np.shape(point.arrays[inside_vec(left.below)])
    tree = read_back(point.context, step.right_text)
    program = point.context.program(tree)
    typing = point.context.typing(program, step.indices)
    if not step.indices:
        value = np.asarray(point.observe(program, typing, {}, {}).value)
        # What is stacked has its columns one below the other, on both sides.
        return value.reshape(shape, order="F") if "vec(" in left.name else value
    positions = [*left.rows, *left.columns]
    if set(positions) == set(step.indices):
        lengths = {str(name): length for name, length in zip(positions, shape)}
        try:
            return Broadcasting(point.context, point, lengths, lambda ratio: ratio_value(point, ratio)).entries(tree)
        except NotBroadcast:
            pass
    found = np.zeros(shape)
    for entry in product(*[range(length) for length in shape]):
        indices = {name: place + 1 for name, place in zip(positions, entry) if isinstance(name, str)}
        found[entry] = point.observe(program, typing, {}, indices).value
    return found
