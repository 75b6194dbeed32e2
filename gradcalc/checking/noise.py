"""What rounding alone makes of a computation: everything computed anew, each result moved by a unit in its last place.

The spread of a few such runs is the noise that a comparison has to live with. Source: Parker, Monte Carlo arithmetic:
exploiting randomness in floating-point arithmetic (1997).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Expr, Number, Program
from gradcalc.meaning.interpreter import Interpreter
from gradcalc.meaning.numpy_numbers import NUMPY
from gradcalc.meaning.observation import Observation
from gradcalc.meaning.programs import surroundings
from gradcalc.meaning.values import Scope, Value
from gradcalc.numeric.program import CompiledProgram

Array = Any

UNIT = float(np.finfo(float).eps)

SAMPLES = 3
"""How often a computation is repeated."""


class Noise:
    """Moves numbers by one or two `unit`, relative to each; the two parts of complex ones each by themselves."""

    def __init__(self, generator: np.random.Generator, unit: float = UNIT) -> None:
        self._generator = generator
        self._unit = unit

    def __call__(self, value: Any) -> Any:
        array = np.asarray(value) if isinstance(value, (float, complex, np.ndarray, np.generic)) else None
        if array is None or array.dtype.kind not in "fc":
            return value
        if array.ndim == 0 and array.imag == 0 and array.real == np.rint(array.real):
            # It may be an exponent or a count.
            return value
        if array.dtype.kind == "c":
            return self._moved(array.real) + 1j * self._moved(array.imag)
        return self._moved(array)

    def _moved(self, array: Array) -> Array:
        # At least by a unit: a smaller move would often be rounded away, and hide what cancels.
        size = self._unit * (1 + self._generator.random(array.shape))
        return array * (1 + np.where(self._generator.random(array.shape) < 0.5, size, -size))


class _Rounding(Interpreter):
    """The interpreter, each result of which is moved."""

    noise: Noise

    def node(self, node: Expr, operands: Sequence[Value], scope: Scope) -> Value:
        kind, data = super().node(node, operands, scope)
        return kind, data if isinstance(node, Number) else self.noise(data)


def rounded_value(
    program: Program, typing: Typing, arrays: Mapping[str, Array], sizes: Mapping[str, int], noise: Noise
) -> Array:
    """The value of the objective as typed, with every result on the way moved."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        held = {name: np.asarray(array) for name, array in arrays.items()}
        interpreter = _Rounding(surroundings(typing, held, sizes), NUMPY, Observation())
        interpreter.noise = noise
        return interpreter.value(program.objective)[1]


def instrumented(program: CompiledProgram, noise: Noise) -> CompiledProgram:
    """The program with every result of its own lines moved."""
    return program.rewritten(_with_moves, {"_moved": noise})


def _with_moves(source: ast.Module, function: str) -> ast.Module:
    """The source with `_moved` around every operation and call of the function."""
    for item in source.body:
        if isinstance(item, ast.FunctionDef) and item.name == function:
            _Wrapper().visit(item)
    return ast.fix_missing_locations(source)


class _Wrapper(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self._wrapped(self.generic_visit(node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self._wrapped(self.generic_visit(node))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        # Positions are whole numbers.
        node.value = self.visit(node.value)
        return node

    @staticmethod
    def _wrapped(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.expr)
        return ast.Call(ast.Name("_moved", ast.Load()), [node], [])
