"""The other faces of an answer against its values: texts read back, entries, einsums, actions, programs, JSON."""

from __future__ import annotations

import json
import xml.etree.ElementTree
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcalc.api import Derivative, Problem
from gradcalc.language.parser import parse
from gradcalc.language.printer import program_text, to_text
from gradcalc.language.syntax import Binary, Program
from scripts.fuzz.algebras import FLOATS
from scripts.fuzz.points import independent, tangent
from scripts.fuzz.subject import Subject

if TYPE_CHECKING:
    from scripts.fuzz.oracles import Judge

Array = Any


def forms(judge: Judge, subject: Subject, derivative: Derivative, answer: Any, truth: Any, expected: Array) -> None:
    """The other ways in which an answer is written."""
    expected = judge.laid_out(subject, answer, expected)
    if tuple([subject.length(dim) for dim in answer.dims]) != np.shape(expected):
        judge.found("shape of the answer", f"{answer.dims} for {np.shape(expected)}")
        return
    if answer.layout is not None:
        field = subject.tensor(answer)
        judge.attempt("layout", lambda: judge.settle(
            "derivative in a layout: text", field(FLOATS, {}), truth, lambda m: field(m, {}),
            to_text(answer.tree), expected))  # fmt: skip
    if answer.full() is not None:
        full = subject.tensor(answer, full=True)
        judge.attempt("full", lambda: judge.settle(
            "full", full(FLOATS, {}), truth, lambda m: full(m, {}), to_text(answer.full()), expected))  # fmt: skip
        if judge.random.random() < 0.3 * judge.thorough and not answer.indices:
            judge.guarded("reading an answer", lambda: read_back(judge, subject, answer))
    chance = 0.5 * judge.thorough
    if judge.random.random() < chance:
        judge.attempt("index form", lambda: index(judge, subject, derivative, answer, truth, expected))
    if judge.random.random() < chance:
        judge.attempt("einsum", lambda: einsum(judge, subject, derivative, answer, truth, expected))
    if judge.random.random() < chance and not answer.components[-1][1] and answer.layout is None:
        judge.attempt("action", lambda: action(judge, subject, derivative, answer, truth, expected))


def read_back(judge: Judge, subject: Subject, answer: Any) -> None:
    """The text of an answer is a program of the kind and the lengths of the answer."""
    from gradcalc.language.shapes import infer

    shapes = {name: variable.dims for name, variable in subject.typing.variables.items()}
    text = subject.heading + to_text(answer.full())
    program = parse(text)
    if program.objective != answer.full():
        judge.found("printing: the text is read as another tree", text)
    known = [name for dims in shapes.values() for name in dims if isinstance(name, str)]
    typing = infer(program, shapes, dimension_names=[name for name in known if name.isidentifier()])
    named = "".join([f"{name} = {to_text(part)}; " for name, part in answer.where]) + to_text(answer.tree)
    infer(parse(subject.heading + named), shapes)
    kind = typing.kind(program.objective)
    wanted = "matrix" if answer.vectorized else answer.kind
    if kind != wanted and not answer.entrywise:
        judge.found(f"reading an answer: a {kind} for a {wanted}", text)


def index(judge: Judge, subject: Subject, derivative: Derivative, answer: Any, truth: Any, expected: Array) -> None:
    formula = derivative.index_formula(answer)
    if len(to_text(formula.tree)) > 1500 or np.size(expected) > 64:
        return
    tree = subject.reread(formula.tree)
    where = [(name, subject.reread(part)) for name, part in formula.where]
    places = list(np.ndindex(*np.shape(expected)))
    places = places if len(places) <= 4 else judge.random.sample(places, 4)

    def entries(m: Any) -> Array:
        found, scope = [], subject.scope(where, m)
        for place in places:
            indices = {name: at + 1 for name, at in zip(formula.indices, place)}
            found.append(subject.evaluate(tree, where, m, {}, indices, scope).array[()])
        return np.array(found, dtype=None if m is FLOATS else object)

    judge.settle("index form", entries(FLOATS), lambda m: np.stack([truth(m)[place] for place in places]), entries,
                to_text(formula.tree), np.stack([expected[place] for place in places]))  # fmt: skip


def einsum(judge: Judge, subject: Subject, derivative: Derivative, answer: Any, truth: Any, expected: Array) -> None:
    terms = derivative.derivation.einsum(answer)
    if terms is None or len(terms) > 40:
        return

    def value(m: Any) -> Array:
        total: Any = 0
        for term in terms:
            operands = [subject.evaluate(subject.reread(tree), [], m).array for tree in term.operands]
            part = np.einsum(term.subscripts, *operands) if operands else m.number(1)
            if term.scale is not None:
                part = part * subject.evaluate(subject.reread(term.scale), [], m).array
            total = total - part if term.negative else total + part
        return np.asarray(total)

    judge.settle("einsum", value(FLOATS), truth, value, derivative.einsum(answer) or "", expected)


def action(judge: Judge, subject: Subject, derivative: Derivative, answer: Any, truth: Any, expected: Array) -> None:
    """dX -> …: the derivative times a change of the last variable."""
    name = answer.components[-1][0]
    formula = derivative.action(answer)
    variable, point = subject.typing.variables[name], subject.arrays[name]
    change = np.random.default_rng(judge.case.seed).normal(size=np.shape(point))
    if variable.structure not in (None, "positive"):
        change = tangent(variable.structure, point, change)
    apart = subject.apart(name, answer.structured)
    counted = change * independent(str(variable.structure), len(point)) if apart else change
    subject.extra[f"d{name}"] = (variable.kind, change)
    field = subject.tensor(formula)
    axes = np.ndim(point)

    def contracted(value: Array, m: Any) -> Array:
        return np.tensordot(value, m.array(counted), axes) if axes else value * m.array(counted)

    judge.settle("action", field(FLOATS, {}), lambda m: contracted(truth(m), m), lambda m: field(m, {}),
                to_text(formula.tree), contracted(expected, FLOATS))  # fmt: skip


def program(judge: Judge, subject: Subject, derivative: Derivative, values: list[Any]) -> None:
    """The compiled program: the value and the derivatives."""
    from gradcalc.evaluation import Evaluator

    objective = subject.objective()
    value, found = Evaluator(derivative, subject.sizes)(subject.arrays, subject.sizes)
    judge.settle("program: value", value, lambda m: objective(m, {}), None, "the value")
    for answer, array, right in zip(derivative.answers, found, values):
        field = subject.tensor(answer)
        # The text has been judged: the program has to agree with it.
        judge.settle("program: derivative", array, lambda m, field=field: field(m, {}), None,
                    to_text(answer.tree), right)  # fmt: skip


def equal(judge: Judge, subject: Subject) -> None:
    """A program that means the same has the same value, and should have the same normal form."""
    from gradcalc.tensor.rewriting import is_zero

    whole = subject.problem.program
    other = parse(f"{subject.heading}{judge.case.equal}").objective
    text = program_text(Program(
        Binary("-", whole.objective, other), whole.definitions, whole.functions, whole.declarations))  # fmt: skip
    problem = judge.guarded("reading", lambda: Problem(text))
    if problem is None or not set(problem.typing.variables) <= set(subject.arrays):
        return
    derivative = judge.guarded("derivation", lambda: Derivative(problem, [], 1, None))
    if derivative is None or is_zero(derivative.objective.node):
        return
    judge.found("normal form: equal programs differ", to_text(derivative.objective.tree), serious=False)
    difference = Subject(problem, subject.arrays, subject.sizes)
    objective, field = difference.objective(), difference.tensor(derivative.objective)
    judge.attempt("value: formula", lambda: judge.settle(
        "value: formula of a difference that is 0", field(FLOATS, {}), lambda m: objective(m, {}),
        lambda m: field(m, {}), to_text(derivative.objective.tree)))  # fmt: skip


def in_json(judge: Judge, derivative: Derivative) -> None:
    from gradcalc.output.result import derivation_result

    formats = judge.random.sample(["latex", "index", "einsum", "action", "numpy", "sympy", "unicode"], 3)
    result = derivation_result("grad", derivative, formats=tuple(formats))
    if json.loads(json.dumps(result, allow_nan=False)) != result:
        judge.found("JSON: does not survive", "")
    for entry, answer in zip(result["derivatives"], derivative.answers):
        rank = {"scalar": 0, "vector": 1, "row": 1, "matrix": 2}.get(entry["kind"])
        if rank is not None and rank != len(entry["shape"]):
            judge.found("JSON: kind against shape", f"{entry['kind']} {entry['shape']}")
        if list(answer.dims) != entry["shape"]:
            judge.found("JSON: shape", f"{entry['shape']} for {answer.dims}")


def mathml(judge: Judge, derivative: Derivative) -> None:

    from gradcalc.output.mathml import equation_mathml

    for answer in derivative.answers:
        xml.etree.ElementTree.fromstring(equation_mathml(answer))
