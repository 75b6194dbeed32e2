"""Formulas compiled to straight-line NumPy: one program for a value and all its derivatives.

Shared subexpressions are computed once, products are associated in the cheapest order for the sizes at hand, diagonal
matrices and identities are never multiplied out, and inverses that multiply something are solved with.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.language.shapes import Variable
from gradcalc.language.syntax import Expr, FunctionDefinition
from gradcalc.numeric.compiler import Compiler
from gradcalc.tensor.einsum import EinsumTerm

Array = np.ndarray[Any, np.dtype[np.float64]]


class CompiledProgram:
    """source: the program as Python text. Calling it with arrays by name gives the outputs by name.

    warnings: what the last call has to say, such as a norm that was zero.
    """

    def __init__(self, source: str, parameters: Mapping[str, str], name: str, functions: Mapping[str, Any]) -> None:
        self.source = source
        self.warnings: list[str] = []
        self._parameters = dict(parameters)
        self._name = name
        self._functions = dict(functions)
        self._load(compile(source, "<gradcalc program>", "exec"))

    def _load(self, code: CodeType) -> None:
        namespace: dict[str, Any] = {**self._functions}
        exec(code, namespace)
        if "_inverse_norm" in namespace:
            namespace["_inverse_norm"] = self._inverse_norm
        self._function: Callable[..., dict[str, Any]] = namespace[self._name]

    def rewritten(
        self, rewrite: Callable[[ast.Module, str], ast.Module], functions: Mapping[str, Any]
    ) -> CompiledProgram:
        """The program with another body. rewrite: from its syntax tree and its name; functions: what it calls."""
        other = CompiledProgram(self.source, self._parameters, self._name, {**self._functions, **functions})
        other._load(compile(rewrite(ast.parse(self.source), self._name), "<gradcalc program>", "exec"))
        return other

    def _inverse_norm(self, norm: float) -> float:
        if norm == 0:
            warning = "a norm is 0 here: its gradient shown is the subgradient 0"
            if warning not in self.warnings:
                self.warnings.append(warning)
            return 0.0
        return 1.0 / norm

    def __call__(self, arrays: Mapping[str, Any], on_underflow: Callable[..., None] | None = None) -> dict[str, Array]:
        """The outputs at the arrays. on_underflow: is called where a number gets too small for float64.

        Raises GradcalcError of kind numeric or limit.
        """
        self.warnings.clear()
        arguments = {self._parameters[name]: np.asarray(arrays[name], dtype=float) for name in self._parameters}
        try:
            errors = np.errstate(all="ignore")
            if on_underflow is not None:
                errors = np.errstate(over="ignore", divide="ignore", invalid="ignore", under="call", call=on_underflow)
            with errors, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outputs = self._function(**arguments)
        except np.linalg.LinAlgError as error:
            what = "is not positive definite" if "definite" in str(error) else "that has to be inverted is singular"
            raise GradcalcError("numeric", f"a matrix {what}", hint="Check the data of the matrix.") from None
        except ValueError as error:
            raise GradcalcError("numeric", str(error)) from None
        except MemoryError:
            raise GradcalcError("limit", "the arrays of the derivative do not fit into memory") from None
        return {name: np.asarray(value, dtype=float) for name, value in outputs.items()}


def compile_program(
    formulas: Mapping[str, Expr | Sequence[EinsumTerm]],
    variables: Mapping[str, Variable],
    *,
    sizes: Mapping[str, int] | None = None,
    functions: Mapping[str, FunctionDefinition] | None = None,
    guarded: frozenset[str] = frozenset(),
    dimensions: Collection[str] = (),
    name: str = "derivative",
) -> CompiledProgram:
    """The program that computes the formulas, which are trees with nothing named, or sums of einsums.

    variables: with kinds and dims. dimensions: names of dimensions besides those of the variables. sizes: lengths of
    named dimensions, for the order of products. guarded: the formulas that are first derivatives, where a division by a
    norm that is 0 gives 0, the subgradient.
    """
    compiler = Compiler(variables, sizes or {}, functions or {}, dimensions)
    for output, formula in formulas.items():
        if isinstance(formula, Expr):
            compiler.add(output, formula, output in guarded)
        else:
            compiler.add_einsums(output, formula)
    return CompiledProgram(compiler.source(name), compiler.parameters, name, {})
