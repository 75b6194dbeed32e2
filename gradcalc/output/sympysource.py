"""A derivative as Python source that builds it with SymPy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradcalc.language.shapes import Typing, Variable, infer
from gradcalc.language.syntax import Definition, Expr, IndexedSum, Name, Program, postorder
from gradcalc.output.sympyscope import Dim, Scope, Term
from gradcalc.output.sympytensors import matrix_of
from gradcalc.output.sympyterms import Terms, without_composites

if TYPE_CHECKING:
    from gradcalc.api import Derivative
    from gradcalc.tensor.answer import Answer, Formula


def to_sympy_source(derivative: Derivative) -> str:
    """Python source that builds the derivative with SymPy and leaves it in `result`.

    Where there are several derivatives they are `result_W`, `result_b`, ... A column is a matrix of one column. Indices
    count from 0; a derivative with more than two axes is its entry at indices. Sizes are put in with `xreplace`, as
    SymPy's `subs` does not see those that only the matrices inside a sum have; the determinant or trace of a matrix
    that is not plain becomes a number by `as_explicit` of its operand, which `doit` leaves alone.
    """
    typing = derivative.problem.typing
    scope = Scope()
    results = [scope.result(name) for name in _result_names(derivative)]
    for name in (*typing.variables, *typing.functions, *typing.dimension_names):
        scope.python_name(name)
    _declare_sizes(scope, typing)
    _declare_variables(scope, derivative.variables)
    _define_functions(scope, derivative)
    named: tuple[tuple[str, Expr], ...] = ()
    for answer, result in zip(derivative.answers, results):
        _write(scope, derivative, answer, result, known=answer.where == named)
        named = answer.where
    return "\n".join(["import sympy", "", *scope.declarations, "", *scope.lines]) + "\n"


def _result_names(derivative: Derivative) -> list[str]:
    if len(derivative.answers) == 1:
        return ["result"]
    return ["result_" + re.sub(r"\W+", "_", answer.wrt).strip("_") for answer in derivative.answers]


def _declare_sizes(scope: Scope, typing: Typing) -> None:
    for name in typing.dimension_names:
        symbol = f'sympy.Symbol("{name}", integer=True, positive=True)'
        scope.declarations.append(f"{scope.python_name(name)} = {symbol}")


def _declare_variables(scope: Scope, variables: Mapping[str, Variable]) -> None:
    for name, variable in variables.items():
        sizes = [scope.dim(dim) for dim in variable.dims]
        if variable.kind == "scalar":
            made = f'sympy.Symbol("{name}", real=True)'
        else:
            made = f'sympy.MatrixSymbol("{name}", {sizes[0]}, {sizes[1] if len(sizes) > 1 else 1})'
        scope.declarations.append(f"{scope.python_name(name)} = {made}")


def _define_functions(scope: Scope, derivative: Derivative) -> None:
    """The functions of the user: those without a formula are undefined functions of SymPy."""
    typing = derivative.problem.typing
    for function in typing.functions.values():
        name = scope.python_name(function.name)
        if function.body is None:
            scope.declarations.append(f'{name} = sympy.Function("{function.name}")')
            continue
        parameter = scope.fresh("t")
        scope.lines.append(f'{parameter} = sympy.Dummy("{function.parameter}", real=True)')
        terms = Terms(scope, typing, entrywise=True, parameters={function.parameter: parameter})
        body = terms.term(without_composites(function.body))
        scope.assign(name, Term(f"sympy.Lambda({parameter}, {body.text})", body.level, None))


def _write(scope: Scope, derivative: Derivative, answer: Answer, result: str, *, known: bool) -> None:
    """The lines of one derivative. known: whether what it names is assigned already."""
    formula: Formula = derivative.index_formula(answer) if answer.vectorized else answer
    tree = without_composites(formula.tree)
    where = [Definition(name, without_composites(value)) for name, value in formula.where]
    free = list(dict.fromkeys([*formula.indices, *_free_indices(answer)]))
    for name in [*free, *_bound_indices([tree, *[item.expression for item in where]])]:
        scope.declare_index(name)
    typing = _typing(derivative, tree, where, free)
    terms = Terms(scope, typing)
    for item in [] if known else where:
        scope.assign(scope.python_name(item.name), terms.term(item.expression))
    term = terms.term(tree)
    if formula.indices and len(formula.indices) <= 2:
        term = _filled(scope, formula, term)
    elif formula.indices:
        scope.lines.append(f"# the entry at [{', '.join(formula.indices)}]")
    scope.assign(result, term)


def _typing(derivative: Derivative, tree: Expr, where: list[Definition], free: list[str]) -> Typing:
    problem = derivative.problem.typing
    program = Program(tree, tuple(where), tuple(problem.functions.values()))
    roots = [tree, *[item.expression for item in where]]
    used = {node.name for root in roots for node in postorder(root) if isinstance(node, Name)}
    shapes = {name: variable.dims for name, variable in problem.variables.items() if name in used}
    return infer(program, shapes, free_indices=free, dimension_names=problem.dimension_names)


def _free_indices(answer: Answer) -> list[str]:
    """The indices that the derivative is at."""
    named = [position for _, positions in answer.components for position in positions if isinstance(position, str)]
    return list(dict.fromkeys([*answer.indices, *named]))


def _bound_indices(roots: list[Expr]) -> list[str]:
    met: set[int] = set()
    found: dict[str, None] = {}
    for root in roots:
        for node in postorder(root, met):
            if isinstance(node, IndexedSum):
                found.update(dict.fromkeys([name for name, _, _ in node.ranges]))
    return list(found)


def _filled(scope: Scope, formula: Formula, term: Term) -> Term:
    """The vector or matrix whose entry at the formula's indices is the term."""
    names = [*[scope.index(name) for name in formula.indices], scope.fresh_index()]
    dims: tuple[Dim, ...] = (*formula.dims, 1)
    return matrix_of(scope, (dims[0], dims[1]), (names[0], names[1]), term.text)
