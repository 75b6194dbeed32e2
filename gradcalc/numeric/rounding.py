"""Whether float64 is good enough for a program at a point: what rounding makes of its outputs, and what overflows.

The program runs a few times more, each result on the way moved by some units in its last place at random. What that
makes of the outputs is what rounding makes of them. Source: Parker, Monte Carlo arithmetic: exploiting randomness in
floating-point arithmetic (1997).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.numeric.program import CompiledProgram

Array = Any

_UNIT = float(np.finfo(float).eps)

_RUNS = 2

_FARTHEST = 31
"""How many units in the last place a result moves, beyond the first: so many that two rarely move alike by chance."""

_FACTORS = 9973
"""How many factors are drawn, once: a prime, so that they come to stand elsewhere when they are used again."""

_SUMMING = frozenset({"sum", "vdot", "trace", "einsum", "mean", "cumsum", "det", "inv", "solve", "pinv", "eigvalsh"})
"""What adds up many numbers inside: its operands are moved as well."""

_SUMMING_HELPERS = frozenset({"_logdet", "_adj", "_chol", "_eigvecs", "_polar", "_leading_pair", "_along_diagonals"})


class Audit:
    """What became of the outputs of a program. overflows, vanishes: something on the way, to inf or to 0."""

    def __init__(self, overflows: bool, vanishes: bool, errors: Mapping[str, Array]) -> None:
        self.overflows = overflows
        self.vanishes = vanishes
        self._errors = errors

    def is_in_doubt(self, name: str, output: Array, tolerance: float) -> bool:
        """Whether an entry of an output may be off by more than the tolerance, relative to itself."""
        if self.overflows or self.vanishes or name not in self._errors or not np.all(np.isfinite(output)):
            return True
        return bool(np.any(self._errors[name] > tolerance * np.abs(output)))


class Auditor:
    """Runs a program with its results moved."""

    def __init__(self, program: CompiledProgram) -> None:
        random = np.random.default_rng(0)
        moves = (1.0 + _FARTHEST * random.random(_FACTORS)) * random.choice([-1.0, 1.0], _FACTORS)
        self._factors = 1.0 + _UNIT * moves
        self._start = 0
        self._overflows = self._vanishes = False
        self._program = program.rewritten(_with_moves, {"_moved": self._moved})

    def __call__(self, arrays: Mapping[str, Array], outputs: Mapping[str, Array]) -> Audit:
        """outputs: those of the program itself at the arrays."""
        self._overflows = self._vanishes = False
        errors = {name: np.zeros(np.shape(output)) for name, output in outputs.items()}
        for _ in range(_RUNS):
            try:
                moved = self._program(arrays, on_underflow=self._note)
            except GradcalcError:
                return Audit(True, False, {})
            with np.errstate(all="ignore"):
                for name, output in outputs.items():
                    errors[name] = np.maximum(errors[name], np.abs(moved[name] - output))
        return Audit(self._overflows, self._vanishes, errors)

    def _note(self, *_: object) -> None:
        self._vanishes = True

    def _moved(self, value: Any) -> Any:
        if isinstance(value, float):
            self._overflows = self._overflows or not isfinite(value)
            return np.float64(value) * self._next(1)[0]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return value
        self._overflows = self._overflows or not np.isfinite(value).all()
        return value * self._next(value.size).reshape(value.shape)

    def _next(self, count: int) -> Array:
        """So many factors near 1, others than the last time."""
        start = self._start
        if start + count > self._factors.size:
            start = self._start = (start + count) % 97
            self._factors = np.resize(self._factors, max(self._factors.size, start + count))
        self._start = start + count
        return self._factors[start : start + count]


def _with_moves(source: ast.Module, function: str) -> ast.Module:
    """The source with `_moved` around every operation of the function."""
    for item in source.body:
        if isinstance(item, ast.FunctionDef) and item.name == function:
            _Mover().visit(item)
    return ast.fix_missing_locations(source)


class _Mover(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            node.left, node.right = _moved(node.left), _moved(node.right)
        return _moved(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        helper = isinstance(function, ast.Name) and function.id in _SUMMING_HELPERS
        if helper or (isinstance(function, ast.Attribute) and function.attr in _SUMMING):
            node.args = [part if isinstance(part, ast.Constant) else _moved(part) for part in node.args]
        return _moved(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        # Positions are whole numbers.
        node.value = self.visit(node.value)
        return node


def _moved(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("_moved", ast.Load()), [node], [])
