"""A claimed derivative as a program: what its names mean, which indices it has, and whether its shapes fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from gradcalc.checking.claims.indices import free_and_summed, named_apart, renamed_indices, summed_over
from gradcalc.errors import GradcalcError, Span
from gradcalc.language.lexer import tokens
from gradcalc.language.parser import nearest, parse
from gradcalc.language.shapes import Typing, infer
from gradcalc.language.syntax import (
    Definition,
    Expr,
    FunctionDefinition,
    Index,
    IndexedSum,
    Name,
    Program,
    postorder,
    transformed,
)

if TYPE_CHECKING:
    from gradcalc.api import Problem
    from gradcalc.tensor.answer import Component

OBJECTIVE = "f"
"""What a claim may call the objective, where nothing else is called so."""

_LEFT_SIDE = re.compile(r"\s*(?:[dD∂]\d?\s*\w*\s*/\s*[dD∂]\s*[\w\[\], ]+?|∇\w*|grad\w*)\s*=(?!=)")
_WHERE = re.compile(r"\s{2,}where\s|\n\s*where\s|\s+where\s+(?=\w+\s*=)")


class Claim:
    """A claimed derivative.

    source: the text that spans point into. definitions, functions: of the claim itself, in order. tree: what is
    claimed, in the names of the claim and of the problem. outside: the definitions of the problem and `f` for its
    objective, as the claim calls them. program: the claim with all definitions that it uses. indices: the free ones,
    in the order of the axes that they stand for. typing: None where the shapes do not fit, which `fault` then tells.
    notes: how it was read, where that was not plain.
    """

    def __init__(
        self,
        source: str,
        definitions: tuple[Definition, ...],
        tree: Expr,
        program: Program,
        indices: tuple[str, ...] = (),
        notes: Sequence[str] = (),
        outside: Sequence[Definition] = (),
        functions: Sequence[FunctionDefinition] = (),
    ) -> None:
        self.source = source
        self.functions = tuple(functions)
        self.definitions = definitions
        self.outside = tuple(outside)
        self.tree = tree
        self.program = program
        self.indices = indices
        self.notes = list(notes)
        self.typing: Typing | None = None
        self.fault: GradcalcError | None = None

    @property
    def trees(self) -> tuple[Expr, ...]:
        return (*[definition.expression for definition in self.definitions], self.tree)


def read_claim(text: str, problem: Problem, components: Sequence[Component], rank: int) -> Claim:
    """The claim of a text about the derivative of a problem.

    components: what is differentiated by. rank: how many axes the derivative has, those at named indices left out.
    Raises GradcalcError of kind syntax, name or usage; shapes that do not fit are told by the claim.
    """
    source = _plain(text)
    typing = problem.typing
    named = [position for _, positions in components for position in positions if isinstance(position, str)]
    try:
        parsed = parse(source, list(typing.functions), [*typing.variables, *typing.definitions])
        _refuse_declarations(parsed)
        names = _Names(problem, parsed, named)
        notes: list[str] = names.notes
        definitions = tuple([Definition(d.name, names.resolved(d.expression), d.span) for d in parsed.definitions])
        tree = names.resolved(parsed.objective)
        lengths = set(problem.declared_lengths)
        clash = {name for name in typing.dimension_names if name not in lengths}
        tree, definitions = named_apart(tree, definitions, clash - set(named))
        free, summed = free_and_summed([*[d.expression for d in definitions], tree], named, lengths)
        tree, definitions, indices = _with_indices(tree, definitions, free, summed, named, rank, notes)
    except GradcalcError as error:
        raise error.located_in(source) from None
    program = names.program(definitions, tree, source)
    claim = Claim(source, definitions, tree, program, indices, notes, names.outside, parsed.functions)
    type_claim(claim, problem)
    return claim


def type_claim(claim: Claim, problem: Problem) -> None:
    """Gives the claim its typing, or the fault of its shapes. Raises GradcalcError of other kinds."""
    typing = problem.typing
    used = _used_names(claim.program)
    shapes = {name: variable.dims for name, variable in typing.variables.items() if name in used}
    structure = {name: v.structure for name, v in typing.variables.items() if name in used and v.structure}
    try:
        claim.typing = infer(
            claim.program,
            shapes,
            structure=structure,
            free_indices=list(claim.indices),
            dimension_names=typing.dimension_names,
        )
    except GradcalcError as error:
        if error.kind != "shape":
            raise
        claim.fault = error
        return
    for dim, least in claim.typing.minimum_sizes.items():
        typing.minimum_sizes[dim] = max(typing.minimum_sizes.get(dim, 1), least)
    equal = _equated(claim.typing, typing)
    if equal:
        claim.fault = GradcalcError("shape", f"the shapes of the claim fit only where {equal}", source=claim.source)
        claim.typing = None


def _equated(own: Typing, typing: Typing) -> str | None:
    """The lengths that a claim takes for equal though nothing says that they are: `m = n`."""
    for name, variable in own.variables.items():
        for dim, original in zip(variable.dims, typing.variables[name].dims):
            if dim != original:
                return f"{original} = {dim}"
    return None


def _plain(text: str) -> str:
    """The claimed expression of a line such as `df/dx = 2*A*x where ...`, what it names in front."""
    body = text.strip()
    if not body:
        raise GradcalcError("syntax", "the claim is empty", hint="For example: 2*A*x")
    match = _LEFT_SIDE.match(body)
    if match is not None:
        body = body[match.end() :].strip()
    parts = _WHERE.split(body, maxsplit=1)
    if len(parts) == 2:
        body = "; ".join([*_definitions_listed(parts[1]), parts[0].strip()])
    return body


def _definitions_listed(text: str) -> list[str]:
    """`s = sigmoid(x), r = s - y` in parts, cut at the commas outside of brackets."""
    depth, start = 0, 0
    parts: list[str] = []
    for token in tokens(text):
        depth += (token.kind in ("(", "[")) - (token.kind in (")", "]"))
        if (token.kind in (",", "newline") and not depth) or token.kind == "end":
            parts.append(text[start : token.start].strip())
            start = token.end
    return [part for part in parts if part]


def _refuse_declarations(parsed: Program) -> None:
    if parsed.declarations:
        first = parsed.declarations[0]
        raise GradcalcError(
            "usage",
            "a claim declares no variables",
            span=first.span,
            hint="Declare them with the expression, or with --declare.",
        )


class _Names:
    """What the names of a claim refer to: its own definitions first, then the problem's."""

    def __init__(self, problem: Problem, parsed: Program, indices: Sequence[str]) -> None:
        typing = problem.typing
        self._problem = problem
        self._own_functions = parsed.functions
        self.notes: list[str] = []
        own = [definition.name for definition in parsed.definitions]
        for definition in parsed.definitions:
            if definition.name in typing.variables:
                raise GradcalcError(
                    "name",
                    f"{definition.name} is a variable of the expression and cannot be defined anew",
                    span=definition.span,
                    hint="Give the definition another name.",
                )
        self._own = own
        self.outside = self._renamed_definitions(own)
        self._known = {*own, *typing.variables, *typing.definitions, *typing.dimension_names, "pi", *indices}
        self._known.update([item.name for item in self.outside])

    def _renamed_definitions(self, own: Collection[str]) -> list[Definition]:
        """The problem's definitions and its objective as `f`, out of the way of the claim's own names."""
        program = self._problem.program
        taken = {*self._problem.typing.variables, *own}
        new: dict[str, str] = {}
        for item in program.definitions:
            name = item.name
            while name in own or name in new.values():
                name += "_0"
            new[item.name] = name

        def rename(node: Expr) -> Expr | None:
            return (
                Name(new[node.name]) if isinstance(node, Name) and new.get(node.name, node.name) != node.name else None
            )

        outside = [
            Definition(new[item.name], transformed(item.expression, rename), None) for item in program.definitions
        ]
        if OBJECTIVE not in taken and OBJECTIVE not in new:
            outside.append(Definition(OBJECTIVE, transformed(program.objective, rename), None))
        return outside

    def program(self, definitions: Sequence[Definition], tree: Expr, source: str) -> Program:
        """The claim with the definitions that it uses."""
        by_name = {item.name: item for item in [*self.outside, *definitions]}
        functions: dict[str, FunctionDefinition] = {item.name: item for item in self._problem.program.functions}
        functions.update({item.name: item for item in self._own_functions})
        used: set[str] = set()
        pending = [tree, *[f.body for f in functions.values() if f.body is not None]]
        while pending:
            for node in postorder(pending.pop()):
                if isinstance(node, Name) and node.name in by_name and node.name not in used:
                    used.add(node.name)
                    pending.append(by_name[node.name].expression)
        kept = tuple([item for item in by_name.values() if item.name in used])
        return Program(tree, kept, tuple(functions.values()), (), source)

    def resolved(self, tree: Expr) -> Expr:
        """The tree with sloppy names as what they mean: `x_i` is x[i]; `x` is X where there is no x."""
        bound = {name for node in postorder(tree) for name in _bound_names(node)}
        return transformed(tree, lambda node: self._meant(node, bound) if isinstance(node, Name) else None)

    def _meant(self, node: Name, bound: Collection[str]) -> Expr | None:
        name = node.name
        if name in self._known or name in bound:
            return None
        entry = self._subscripted(node)
        if entry is not None:
            return entry
        alike = [known for known in sorted(self._known) if known.lower() == name.lower()]
        if len(alike) == 1:
            self.notes.append(f"{name} is no name of the expression and is read as {alike[0]}")
            return Name(alike[0], node.span)
        near = nearest(name, self._known)
        variables = ", ".join(self._problem.typing.variables)
        raise GradcalcError(
            "name",
            f"{name} is no name of the expression, nor defined in the claim",
            span=node.span,
            hint=f"Did you mean {near}?"
            if near
            else f"Define it in the claim: {name} = ...; the variables are {variables}.",
        )

    def _subscripted(self, node: Name) -> Expr | None:
        """x_i as x[i], A_jk as A[j,k]: where the stem is a name and the rest are indices, one letter or digit each."""
        stem, underscore, rest = node.name.rpartition("_")
        if not underscore or stem not in self._known or not rest:
            return None
        variable = self._problem.typing.variables.get(stem)
        rank = len(variable.dims) if variable is not None else len(rest)
        if len(rest) != rank or not 1 <= rank <= 2:
            return None
        positions = tuple([int(letter) if letter.isdigit() else letter for letter in rest])
        return Index(Name(stem, node.span), positions, node.span)


def _bound_names(node: Expr) -> list[str]:
    return [name for name, _, _ in node.ranges] if isinstance(node, IndexedSum) else []


def _with_indices(
    tree: Expr,
    definitions: tuple[Definition, ...],
    free: Sequence[str],
    summed: Sequence[str],
    named: Sequence[str],
    rank: int,
    notes: list[str],
) -> tuple[Expr, tuple[Definition, ...], tuple[str, ...]]:
    """The claim with repeated indices summed over, and the indices that stand for the axes of the derivative.

    named: the indices at which the derivative is asked for.
    """
    indices = tuple(named)
    loose = [name for name in free if name not in named]
    repeated = [name for name in summed if name not in named]
    if named:
        missing = [name for name in named if name not in free]
        if loose and len(loose) == len(missing):
            new = dict(zip(sorted(loose), missing))
            notes.append(", ".join([f"the index {old} is read as {name}" for old, name in new.items()]))
            tree, definitions = renamed_indices(tree, definitions, new)
            loose = []
    elif rank and len(loose) + len(repeated) >= rank and (loose or repeated):
        chosen = sorted(loose) if len(loose) == rank else sorted([*loose, *repeated])[:rank]
        indices = tuple(chosen)
        repeated = [name for name in repeated if name not in chosen]
        loose = [name for name in loose if name not in chosen]
    if loose:
        raise GradcalcError(
            "name",
            f"the index {loose[0]} is not bound by a sum, and the derivative has no such index",
            span=_first_place(loose[0], [*[d.expression for d in definitions], tree]),
            hint=f"Write sum[{loose[0]}](...) around it, or ask for the entry: -w 'W[i,j]'.",
        )
    if repeated:
        notes.append(f"summed over the repeated {'index' if len(repeated) == 1 else 'indices'} {', '.join(repeated)}")
        for name in repeated:
            tree = summed_over(tree, name)
            definitions = tuple([Definition(d.name, summed_over(d.expression, name), d.span) for d in definitions])
    return tree, definitions, indices


def _first_place(name: str, trees: Sequence[Expr]) -> Span | None:
    for tree in trees:
        for node in postorder(tree):
            if isinstance(node, Index) and name in node.positions:
                return node.span
    return None


def _used_names(program: Program) -> set[str]:
    roots = [program.objective, *[item.expression for item in program.definitions]]
    roots += [item.body for item in program.functions if item.body is not None]
    return {node.name for root in roots for node in postorder(root) if isinstance(node, Name)}
