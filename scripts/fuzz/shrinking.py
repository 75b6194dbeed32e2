"""A failing case made small: subterms for terms, fewer declarations and options, as long as the symptom stays."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

from gradcalc.api import Problem
from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse
from gradcalc.language.printer import program_text, to_text
from gradcalc.language.syntax import (
    Call,
    Declaration,
    Definition,
    Expr,
    Name,
    Number,
    Program,
    postorder,
    transformed,
    with_children,
)
from scripts.fuzz.cases import Case
from scripts.fuzz.grammar import STRUCTURES

Fails = Callable[[Case], bool]


def shrunk(case: Case, fails: Fails, seconds: float = 20.0) -> Case:
    """The smallest case found within the time that still fails in the same way."""
    deadline = time.monotonic() + seconds
    improved = True
    tried: set[Case] = set()
    while improved and time.monotonic() < deadline:
        improved = False
        for candidate in sorted(_candidates(case), key=_size):
            if time.monotonic() > deadline:
                break
            if candidate in tried or _size(candidate) >= _size(case):
                continue
            tried.add(candidate)
            if fails(candidate):
                case, improved = candidate, True
                break
    return case


def _size(case: Case) -> tuple[float, str]:
    options = sum(value is not None for value in (case.layout, case.structured, case.direction))
    symbols = sum(len(component.split("[")) for component in case.wrt)
    lengths = 0.02 * sum(size for _, size in case.sizes)
    return len(case.text) + len(case.equal or "") + 6 * options + 4 * symbols + 8 * case.order + lengths + 5 * (
        not case.declared
    ), case.text


def _candidates(case: Case) -> Iterator[Case]:
    replace = dataclasses.replace
    yield from [replace(case, **{name: None}) for name in ("layout", "structured", "direction", "equal")]
    if case.order > 1:
        yield replace(case, order=case.order - 1)
    if len(case.wrt) > 1:
        yield from [replace(case, wrt=(one,)) for one in case.wrt]
    yield replace(case, wrt=tuple([component.split("[")[0] for component in case.wrt]))
    for name, size in case.sizes:
        if size > 1:
            yield replace(case, sizes=tuple([(n, s - 1 if n == name else s) for n, s in case.sizes]))
    try:
        problem = Problem(case.text)
    except GradcalcError:
        return
    if not case.declared:
        yield replace(case, text=_declared(problem), declared=True)
        return
    for program in _programs(problem):
        program = _trimmed(program, case)
        if program is not None:
            yield replace(case, text=program_text(program))


def _declared(problem: Problem) -> str:
    """The program with everything declared as it was read."""
    declarations = []
    for variable in problem.typing.variables.values():
        structured = variable.structure is not None and variable.structure != "positive"
        kind = variable.structure or variable.kind
        dims = variable.dims[:1] if structured else variable.dims
        declarations.append(f"{variable.name}: {kind}" + (f"[{', '.join([str(d) for d in dims])}]" if dims else ""))
    program = problem.program
    bare = Program(program.objective, program.definitions, program.functions, ())
    return "; ".join([*declarations, program_text(bare)])


def _programs(problem: Problem) -> Iterator[Program]:
    program, typing = problem.program, problem.typing
    definitions = {item.name: item.expression for item in program.definitions}
    for name, value in definitions.items():

        def inline(tree: Expr, name: str = name, value: Expr = value) -> Expr:
            return transformed(tree, lambda node: value if node == Name(name) else None)

        yield _rebuilt(program, inline(program.objective),
                       {n: inline(t) for n, t in definitions.items() if n != name})  # fmt: skip
    for tree in _smaller(program.objective, typing, problem, whole=True):
        yield _rebuilt(program, tree, definitions)
    for name, value in definitions.items():
        for tree in _smaller(value, typing, problem, whole=False):
            yield _rebuilt(program, program.objective, {**definitions, name: tree})
    for place, declaration in enumerate(program.declarations):
        others = list(program.declarations)
        if declaration.kind in STRUCTURES or declaration.kind == "positive":
            dims = declaration.dims or ()
            if declaration.kind in STRUCTURES:
                dims = (dims[0], dims[0]) if dims else dims
            kind = ("scalar", "vector", "matrix")[len(dims)]
            others[place] = Declaration(declaration.names, kind, dims)
            yield Program(program.objective, program.definitions, program.functions, tuple(others))
        for dim in declaration.dims or ():
            for simpler in ("n", 1, 2):
                if dim != simpler and not (isinstance(dim, int) and simpler == "n"):
                    changed = [Declaration(d.names, d.kind, None if d.dims is None else tuple(
                        [simpler if other == dim else other for other in d.dims])) for d in others]  # fmt: skip
                    if isinstance(dim, str) and dim.isidentifier() and dim != "n":
                        yield Program(program.objective, program.definitions, program.functions, tuple(changed))


def _rebuilt(program: Program, objective: Expr, definitions: dict[str, Expr]) -> Program:
    items = tuple([Definition(name, tree) for name, tree in definitions.items()])
    return Program(objective, items, program.functions, program.declarations)


def _smaller(root: Expr, typing: Any, problem: Problem, whole: bool) -> Iterator[Expr]:
    """The tree with one of its terms replaced by a smaller one of the same type."""

    def type_of(node: Expr) -> Any:
        return (typing.kind(node), typing.dims(node)) if typing.knows(node) else None

    nodes = list(postorder(root))
    if whole:
        yield from [node for node in nodes if typing.knows(node)]
        if typing.kind(root) != "scalar":
            yield Call("sum", (root,))
    variables: dict[Any, str] = {}
    for name, variable in typing.variables.items():
        variables.setdefault((variable.kind, variable.dims), name)
    for node in nodes:
        wanted = type_of(node)
        if wanted is None or not node.children:
            continue
        choices: list[Expr] = [inner for inner in postorder(node) if inner is not node and type_of(inner) == wanted]
        if wanted in variables:
            choices.append(Name(variables[wanted]))
        if wanted[0] == "scalar":
            choices += [Number(1), Number(2)]
        for choice in choices:
            yield _put(root, node, choice)


def _put(root: Expr, old: Expr, new: Expr) -> Expr:
    """The tree with one object in it replaced by another."""
    done: dict[int, Expr] = {}
    for node in postorder(root):
        done[id(node)] = new if node is old else with_children(node, tuple([done[id(c)] for c in node.children]))
    return done[id(root)]


def _trimmed(program: Program, case: Case) -> Program | None:
    """Without the definitions, functions and declarations that nothing uses; None where the case loses its variable."""
    definitions = {item.name: item.expression for item in program.definitions}
    names: set[str] = set()
    functions: set[str] = set()
    pending = [program.objective]
    while pending:
        for node in postorder(pending.pop()):
            if isinstance(node, Call):
                functions.add(node.function)
            if isinstance(node, Name) and node.name not in names:
                names.add(node.name)
                if node.name in definitions:
                    pending.append(definitions[node.name])
    if any(component.split("[")[0] not in names for component in case.wrt):
        return None
    kept = []
    for declaration in program.declarations:
        used = tuple([name for name in declaration.names if name in names])
        if used:
            kept.append(Declaration(used, declaration.kind, declaration.dims))
    return Program(
        program.objective,
        tuple([item for item in program.definitions if item.name in names]),
        tuple([item for item in program.functions if item.name in functions]),
        tuple(kept),
    )


__all__ = ["parse", "shrunk", "to_text"]
