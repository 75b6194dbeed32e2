"""How an answer is compared with the one of a textbook."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcalc.api import Derivative, Problem
from gradcalc.language.parser import parse
from gradcalc.language.shapes import infer
from gradcalc.language.syntax import Expr, Name, operations, transformed
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import evaluate


def answer(objective: str, wrt: str, order: int) -> Derivative:
    problem = Problem(objective)
    return Derivative(problem, problem.components(wrt), order, None)


def length(textbook: str) -> int:
    """How many operations a textbook's answer applies, with its definitions written out."""
    return operations(written_out(textbook))


def written_out(text: str) -> Expr:
    program = parse(text)
    bodies: dict[str, Expr] = {}

    def body(node: Expr) -> Expr | None:
        return bodies.get(node.name) if isinstance(node, Name) else None

    for definition in program.definitions:
        bodies[definition.name] = transformed(definition.expression, body)
    return transformed(program.objective, body)


def values(derivative: Derivative, textbook: str, seed: int = 7) -> tuple[Any, Any]:
    """Our value and the textbook's at a random point.

    The textbook's by the reference interpreter, which shares nothing with the derivation.
    """
    from gradcalc.evaluation import Evaluator

    problem = derivative.problem
    arrays, sizes = draw(problem.program, problem.typing, {}, seed=seed)
    shapes = {name: variable.dims for name, variable in problem.typing.variables.items()}
    program = parse(textbook)
    expected = evaluate(program, infer(program, shapes), arrays, sizes)
    _, (value,) = Evaluator(derivative, sizes)(arrays, sizes)
    return value, expected


def stacked(value: np.ndarray, columns: int) -> np.ndarray:
    """A tensor as the matrix of vec by vec: the first axes stacked, by the last `columns` axes stacked."""
    rows = value.ndim - columns
    axes = (*reversed(range(rows)), *reversed(range(rows, value.ndim)))
    return value.transpose(axes).reshape(int(np.prod(value.shape[:rows])), -1)
