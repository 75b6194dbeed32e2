"""Random well-shaped programs: the derivation against the reference interpreter. Hypothesis prints what fails."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

import gradcalc
from gradcalc.api import Derivative, Problem
from gradcalc.errors import GradcalcError
from gradcalc.evaluation import Evaluator, check_each
from gradcalc.language.parser import parse, parse_expression
from gradcalc.language.printer import to_text
from gradcalc.language.shapes import infer
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import evaluate

DECLARATIONS = "t, u: scalar; x, v: vector[n]; y: vector[m]; A: matrix[m,n]; B: matrix[n,n]; C: matrix[n,m]; "
WHICH = st.integers(0, 7)
"""Which of the variables that occur is differentiated by."""

SMOOTH = ("exp", "tanh", "sigmoid", "sin", "cos", "softplus", "square", "logsigmoid")


def _expressions(kind: str, depth: int) -> st.SearchStrategy[str]:
    leaves = {"scalar": ["t", "u", "2", "0.5"], "n": ["x", "v"], "m": ["y"], "mn": ["A"], "nn": ["B"], "nm": ["C"]}
    leaf = st.sampled_from(leaves[kind])
    if depth == 0:
        return leaf

    def sub(other: str) -> st.SearchStrategy[str]:
        return _expressions(other, depth - 1)

    def both(template: str, *kinds: str) -> st.SearchStrategy[str]:
        return st.tuples(*[sub(k) for k in kinds]).map(lambda parts: template.format(*parts))

    options = [leaf, both("({} + {})", kind, kind), both("({} - {})", kind, kind), both("({} .* {})", kind, kind)]
    options.append(both("(({})*({}))", "scalar", kind))
    options.append(st.tuples(st.sampled_from(SMOOTH), sub(kind)).map(lambda p: f"{p[0]}({p[1]})"))
    options.append(both("(({})/(2 + exp({})))", kind, "scalar"))
    if kind == "scalar":
        options += [both("(({})'*({}))", "n", "n"), both("(({})'*({})*({}))", "m", "mn", "n"), both("tr({})", "nn")]
        options += [both("sum({})", "mn"), both("norm2({})^2", "n"), both("logsumexp({})", "m"), both("mean({})", "n")]
        options += [both("tr(({})*({}))", "mn", "nm"), both("dot({}, {})", "nn", "nn")]
    elif kind == "n":
        options += [both("(({})*({}))", "nn", "n"), both("(({})'*({}))", "mn", "m"), both("softmax({})", "n")]
        options += [both("diag({})", "nn"), both("(({})*({}))", "nm", "m")]
    elif kind == "m":
        options += [both("(({})*({}))", "mn", "n"), both("(({})'*({}))", "nm", "n"), both("softmax({})", "m")]
    elif kind == "mn":
        options += [both("(({})*({}))", "mn", "nn"), both("(({})*({})')", "m", "n"), both("(({})')", "nm")]
    elif kind == "nn":
        options += [
            both("(({})*({}))", "nm", "mn"),
            both("(({})')", "nn"),
            both("diag({})", "n"),
            both("(({})*({})')", "n", "n"),
        ]
        options += [both("inv(eye(n) + 0.01*({}))", "nn")]
    else:
        options += [both("(({})')", "mn"), both("(({})*({}))", "nn", "nm")]
    return st.one_of(options)


def _derivative(text: str, wrt: int, order: int = 1) -> Derivative:
    problem = Problem(DECLARATIONS + text)
    names = list(problem.typing.variables)
    assume(names)
    return Derivative(problem, problem.components(names[wrt % len(names)]), order, None)


def _check(text: str, wrt: int, order: int = 1) -> None:
    derivative = _derivative(text, wrt, order)
    if order == 2:
        assume(len(derivative.answers[0].dims) <= 2)
    try:
        checked, _, _ = check_each(derivative, seed=1)
    except GradcalcError as error:
        assume(error.kind != "numeric")
        raise
    for _, result in checked:
        assert result.verdict != "failed", (text, wrt, derivative.text, result)


@given(_expressions("scalar", 3), WHICH)
def test_gradient(text: str, wrt: int) -> None:
    _check(text, wrt)


@given(_expressions("m", 2), WHICH)
def test_jacobian(text: str, wrt: int) -> None:
    _check(text, wrt)


@given(_expressions("scalar", 2), WHICH)
def test_hessian(text: str, wrt: int) -> None:
    _check(text, wrt, order=2)


@given(_expressions("scalar", 3), WHICH)
def test_value_and_answer_read_back(text: str, wrt: int) -> None:
    """The printed answer, parsed and evaluated by the reference interpreter, has the value of the program."""
    derivative = _derivative(text, wrt)
    problem = derivative.problem
    try:
        arrays, sizes = draw(problem.program, problem.typing, {}, seed=2)
    except GradcalcError:
        assume(False)
    value, (gradient,) = Evaluator(derivative, sizes)(arrays, sizes)
    expected = evaluate(problem.program, problem.typing, arrays, sizes)
    assert np.allclose(value, expected, rtol=1e-9, atol=1e-12)
    full = derivative.answers[0].full()
    assume(full is not None)
    assert full is not None
    read = parse_expression(to_text(full))
    assert read == full
    program = parse(to_text(full))
    shapes = {name: variable.dims for name, variable in problem.typing.variables.items()}
    again = evaluate(program, infer(program, shapes), arrays, sizes)
    assert np.allclose(again, gradient, rtol=1e-8, atol=1e-10), (text, to_text(full))


@given(_expressions("scalar", 3))
def test_layouts_are_transposes(text: str) -> None:
    one = gradcalc.derive(DECLARATIONS + text + " + sum(A)", wrt="A")
    other = gradcalc.derive(DECLARATIONS + text + " + sum(A)", wrt="A", layout="numerator")
    assert one.answers[0].dims == other.answers[0].dims[::-1]
