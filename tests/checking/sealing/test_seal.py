"""The seal by itself: what is wrong on purpose is refused, what is right passes. The truths are worked out by hand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcalc import __version__
from gradcalc.api import Derivative, Problem, derive
from gradcalc.checking.sealing.numbers import NumberSeal
from gradcalc.checking.sealing.readback import Written
from gradcalc.checking.sealing.seal import Claimed, Seal
from gradcalc.errors import GradcalcError
from gradcalc.language.parser import parse_expression
from gradcalc.language.syntax import Name, postorder


class Claim(NamedTuple):
    """A derivative as someone could print it. axes: the variables and numbers whose axes it has, in order."""

    program: str
    wrt: tuple[str, ...]
    axes: tuple[str | int, ...]
    kind: str
    right: str
    wrong: tuple[str, ...]
    indices: tuple[str, ...] = ()
    stacked: int | None = None
    directions: tuple[str, ...] = ()
    transposed: bool = False
    independent: bool = False


CLAIMS = [
    Claim("x'*A*x", ("x",), ("x",), "vector", "(A + A')*x", ("A*x", "(A - A')*x", "2*A'*x", "(A + A')*x + 1e-3*x")),
    Claim("x'*A*x", ("A",), ("A",), "matrix", "x*x'", ("-x*x'", "x*x' + eye(n)*1e-4", "x*x'*x*x'", "2*x*x'")),
    Claim("y'*A*x", ("A",), ("A",), "matrix", "y*x'", ("x*y'", "y*ones(n)'")),
    Claim("sum(x.^3)", ("x",), ("x",), "vector", "3*x.^2", ("3*x", "2*x.^2", "3*abs(x).*x")),
    Claim("t^3", ("t",), (), "scalar", "3*t^2", ("3*t", "-3*t^2", "3*t^2 + 0.001")),
    # A Jacobian: rows are outputs; transposed where the layout says so.
    Claim("A*x", ("x",), ("A",), "matrix", "A", ("A'", "-A", "2*A")),
    Claim("B*x.*x", ("x",), ("B",), "matrix", "diag(x)*B + diag(B*x)", ("B*diag(x) + diag(B*x)", "diag(x)*B")),
    Claim("B*x.*x", ("x",), ("B",), "matrix", "B'*diag(x) + diag(B*x)", ("diag(x)*B + diag(B*x)",), transposed=True),
    # By an entry, by a named entry, and twice.
    Claim("x'*A*x", ("A[1,2]",), (), "scalar", "x[1]*x[2]", ("x[1]^2", "x[2]^2", "x[1]*x[2] + x[1]")),
    Claim("x'*B*x", ("x[2]",), (), "scalar", "B[2,:]*x + B[:,2]'*x", ("B[1,:]*x + B[:,1]'*x", "2*B[2,:]*x")),
    Claim("sum(x.^3)", ("x[i]",), (), "scalar", "3*x[i]^2", ("3*x[1]^2", "3*x[i]")),
    Claim("x'*B*x", ("x[i]", "x[j]"), (), "scalar", "B[i,j] + B[j,i]", ("2*B[i,j]", "B[i,j]")),
    # Second and third derivatives.
    Claim("x'*B*x", ("x", "x"), ("B",), "matrix", "B + B'", ("2*B", "B", "B - B'", "B + B' + 0.01*eye(n)")),
    Claim("y'*A*x", ("y", "x"), ("A",), "matrix", "A", ("-A", "A + A.^2")),
    Claim("sum(x.^4)", ("x", "x"), ("B",), "matrix", "12*diag(x.^2)", ("12*diag(x)", "4*diag(x.^2)")),
    Claim(
        "sum(x.^4)", ("x", "x", "x"), ("x", "x", "x"), "tensor", "24*x[i]*eye(n)[i,j]*eye(n)[j,k]",
        ("24*x[i]*eye(n)[i,j]", "12*x[i]*eye(n)[i,j]*eye(n)[j,k]", "-24*x[i]*eye(n)[i,j]*eye(n)[j,k]"), ("i", "j", "k"),
    ),
    # Tensors: in indices, and as the matrix of vec by vec.
    Claim(
        "y*x'", ("x",), ("y", "x", "x"), "tensor", "y[i]*eye(n)[j,k]", ("y[i]*eye(n)[j,k]*2", "y[i]*x[j]*x[k]"),
        ("i", "j", "k"),
    ),
    Claim("A*X", ("X",), ("y", "x", "x", "x"), "tensor", "kron(eye(n), A)", ("-kron(eye(n), A)",), stacked=2),
    Claim("tr(X*X)", ("X", "X"), ("x", "x", "x", "x"), "tensor", "2*commutation(n, n)", ("2*eye(n*n)",), stacked=2),
    # Directions.
    Claim("sum(x.^3)", ("x",), (), "scalar", "3*sum(x.^2 .* v)", ("3*sum(x.^2)", "sum(x.^2 .* v)"), directions=("v",)),
    Claim("x'*B*x", ("x", "x"), ("x",), "vector", "(B + B')*v", ("2*B*v", "(B + B')*x"), directions=("v",)),
    # Structures: the symmetric part, or each independent entry.
    Claim("x'*S*y2", ("S",), ("S",), "matrix", "(x*y2' + y2*x')/2", ("x*y2'", "x*y2' + y2*x'")),
    Claim(
        "x'*S*x", ("S",), ("S",), "matrix", "2*x*x' - diag(x.*x)", ("x*x'", "2*x*x'", "2*x*x' - diag(x)"),
        independent=True,
    ),
    Claim("x'*K*y2", ("K",), ("K",), "matrix", "(x*y2' - y2*x')/2", ("x*y2'", "(y2*x' - x*y2')/2")),
    Claim("x'*K*y2", ("K",), ("K",), "matrix", "x*y2' - y2*x'", ("(x*y2' - y2*x')/2",), independent=True),
    Claim("sum(D.^2)", ("D",), ("D",), "matrix", "2*D", ("2*D + ones(n,n)", "2*D'+D")),
    Claim("x'*L*y2", ("L",), ("L",), "matrix", "tril(x*y2')", ("x*y2'", "triu(x*y2')")),
    Claim("x'*Q*y2", ("Q",), ("Q",), "matrix", "(x*y2' - Q*y2*x'*Q)/2", ("x*y2'", "x*y2' - Q*y2*x'*Q")),
    # What only some points can tell: the other branch, one entry of many.
    Claim("sum(relu(x).^2)", ("x",), ("x",), "vector", "2*relu(x)", ("2*x", "relu(x)", "2*abs(x)")),
    Claim("norm2(x)", ("x",), ("x",), "vector", "x/norm2(x)", ("x", "x/norm1(x)")),
]  # fmt: skip

DECLARED = (
    "x, y2, v: vector[n]; y: vector[m]; A: matrix[m, n]; B, X: matrix[n, n]; t: scalar; S: symmetric[n]; K: skew[n]; "
    "D: diagonal[n]; L: lower[n]; Q: orthogonal[n]; "
)


def problem_of(program: str) -> Problem:
    """The problem, with those declarations of the names that it has."""
    names = {node.name for node in postorder(parse_expression(program)) if isinstance(node, Name)}
    kinds = []
    for declaration in DECLARED.strip().rstrip(";").split("; "):
        declared, kind = declaration.split(": ")
        used = [name for name in declared.split(", ") if name in names]
        kinds += [f"{', '.join(used)}: {kind}"] if used else []
    square = "A: matrix[m, n]" if "x'*A*x" not in program else "A: matrix[n, n]"
    return Problem(program, declare=[square if kind.startswith("A:") else kind for kind in kinds])


def sealed(claim: Claim, text: str, kind: str | None = None) -> str | None:
    """The seal's word on a text."""
    problem = problem_of(claim.program)
    variables = dict(problem.typing.variables)
    components = [problem.components([each])[0] for each in claim.wrt]
    for name, direction in zip([name for name, _ in components[::-1]], claim.directions):
        like = variables[name]
        variables[direction] = type(like)(direction, like.kind, like.dims, "inferred", None)
    dims: list[Any] = []
    for axis in claim.axes:
        dims += (
            AXES.get(str(axis), []) if isinstance(axis, str) and axis not in variables else list(variables[axis].dims)
        )
    written = Written(text, dims, kind or claim.kind, claim.indices, claim.stacked)
    seal = Seal(problem.program, problem.typing, variables, seed=7, components=components)
    return seal.verify(Claimed(written, components, claim.directions, claim.transposed, claim.independent))


AXES = {"x": ["n"], "y": ["m"], "B": ["n", "n"], "A": ["m", "n"]}
"""The dims of what does not stand in the program itself."""

WRONG = [(claim, text) for claim in CLAIMS for text in claim.wrong]


@pytest.mark.parametrize("claim", CLAIMS, ids=[f"{c.program} by {','.join(c.wrt)}: {c.right}" for c in CLAIMS])
def test_right_answer_passes(claim: Claim) -> None:
    assert sealed(claim, claim.right) is None


@pytest.mark.parametrize(("claim", "text"), WRONG, ids=[f"{c.program} by {','.join(c.wrt)}: {t}" for c, t in WRONG])
def test_wrong_answer_is_refused(claim: Claim, text: str) -> None:
    with pytest.raises(GradcalcError) as refused:
        sealed(claim, text)
    assert refused.value.kind == "internal"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("(x'*A)' + A*x", "row"), ("x'*(A + A')", "vector"), ("x'*(A + A')*x", "vector"), ("q", "vector")],
)
def test_answer_of_another_shape_or_name_is_refused(text: str, kind: str) -> None:
    with pytest.raises(GradcalcError, match="not shown"):
        sealed(CLAIMS[0], text, kind)


def test_refusal_names_expression_version_and_seed() -> None:
    with pytest.raises(GradcalcError, match="does not agree with the expression") as refused:
        sealed(CLAIMS[0], "A*x")
    hint = refused.value.hint or ""
    assert all(part in hint for part in ("x'*A*x", __version__, "seed 7"))


FORMS = [
    ("x'*A*x", "A*x + A'*x", None),
    ("x'*A*x", "2*A*x", "internal"),
    ("sum(exp(x))", "exp(x) + 1e-5*x", "internal"),
]


@pytest.mark.parametrize(("program", "text", "kind"), FORMS)
def test_another_form_is_held_against_the_answer(program: str, text: str, kind: str | None) -> None:
    derivative = derive(program, "x")
    seal, claimed = derivative._sealed._seal, derivative._sealed.claimed(derivative.answers[0])
    other = Written(text, claimed.written.dims, "vector")
    if kind is None:
        seal.same(claimed, other)
        return
    with pytest.raises(GradcalcError, match="a form of it is another tensor"):
        seal.same(claimed, other)


def test_index_form_that_is_wrong_is_refused() -> None:
    derivative = derive("x'*A*x", "x")
    claimed = derivative._sealed.claimed(derivative.answers[0])
    right = Written("sum[j]((A[i,j] + A[j,i])*x[j])", claimed.written.dims, "vector", ("i",))
    derivative._sealed._seal.same(claimed, right)
    wrong = Written("sum[j](2*A[i,j]*x[j])", claimed.written.dims, "vector", ("i",))
    with pytest.raises(GradcalcError) as refused:
        derivative._sealed._seal.same(claimed, wrong)
    assert refused.value.kind == "internal"


@pytest.mark.parametrize(("subscripts", "right"), [("i,j->ij", True), ("i,j->ji", False)])
def test_einsum_that_is_wrong_is_refused(subscripts: str, right: bool) -> None:
    derivative = derive("y'*A*x", "A", declare=("y: vector[n]", "x: vector[n]"))
    claimed = derivative._sealed.claimed(derivative.answers[0])
    terms = [(False, None, subscripts, (parse_expression("y"), parse_expression("x")))]
    if right:
        derivative._sealed._seal.same_einsums(claimed, terms)
        return
    with pytest.raises(GradcalcError, match="another tensor"):
        derivative._sealed._seal.same_einsums(claimed, terms)


@pytest.mark.parametrize(("text", "right"), [("y'*dA*x", True), ("x'*dA'*y", True), ("y'*dA*x + y'*x", False)])
def test_action_that_is_wrong_is_refused(text: str, right: bool) -> None:
    derivative = derive("y'*A*x", "A", declare=("y: vector[n]", "x: vector[n]"))
    answer = derivative.answers[0]
    seal = derivative._sealed._seal.with_change("dA", answer.components[-1])
    claimed = Claimed(Written(text, (), "scalar"), answer.components, ("dA",), False, False)
    if right:
        assert seal.verify(claimed) is None
        return
    with pytest.raises(GradcalcError, match="not shown"):
        seal.verify(claimed)


ACTIONS = [
    # f = norm2(A*x - y)^2 moves by 2*(A*x - y)'*dA*x, in whichever layout its gradient is printed.
    ({"layout": "numerator"}, "norm2(A*x - y)^2", "A", ()),
    # f = x'*A*x moves by x'*dA*x: no entry of dA stands for two.
    ({"structured": "independent"}, "x'*A*x", "A", ("A: symmetric[n]",)),
    ({"structured": "independent"}, "tr(B*A)", "A", ("A: skew[n]",)),
    ({"structured": "independent"}, "sum(inv(A))", "A", ("A: upper[n]",)),
    ({"structured": "independent"}, "tr(B*A*A)", "A", ("A: toeplitz[n]",)),
]


@pytest.mark.parametrize(("options", "program", "wrt", "declare"), ACTIONS)
def test_actions_are_of_the_change_whatever_the_layout(
    options: dict[str, str], program: str, wrt: str, declare: tuple[str, ...]
) -> None:
    derivative = derive(program, wrt, declare=declare, **options)  # type: ignore[arg-type]
    assert derivative.action(derivative.answers[0]).kind == "scalar"


UNVERIFIED = [
    ("log(-x'*x)", "x", "domain"),
    ("x'*inv(y*y')*x", "x", "singular"),
]


@pytest.mark.parametrize(("program", "wrt", "reason"), UNVERIFIED)
def test_what_cannot_be_verified_says_why(program: str, wrt: str, reason: str) -> None:
    derivative = derive(program, wrt)
    doubt = derivative.unverified(derivative.answers[0])
    assert doubt is not None
    assert reason in doubt
    assert any("could not be verified" in warning for warning in derivative.warnings)


SMOOTH_AT_TIES = [
    ("max(eye(n))*sum(x.^2)", "x"),
    ("where(t < t, t, t)^3", "t"),
    ("sum(relu(0*x) + x.^3)", "x"),
    ("A: matrix[n, n]; min(A*A')", "A"),
    ("A: orthogonal[n, n]; B: matrix[n, n]; tr(A*B*A*B)", "A"),
]


@pytest.mark.parametrize(("program", "wrt"), SMOOTH_AT_TIES)
@pytest.mark.parametrize("order", [1, 2])
def test_ties_that_never_end_are_no_reason_for_doubt(program: str, wrt: str, order: int) -> None:
    derivative = derive(program, wrt, order=order)
    assert derivative.unverified(derivative.answers[0]) is None


@pytest.mark.parametrize("program", ["sum(diff(x).^2)", "sum[i=1..n-1]((x[i+1] - x[i])^2)", "prod(logsoftmax(x))"])
def test_sums_and_products_of_nothing_are_no_alarm(program: str) -> None:
    derivative = derive(program, "x")
    assert derivative.unverified(derivative.answers[0]) is None


@pytest.mark.parametrize("wrt", [["x[5]"], ["x[2]", "x[7]"]])
def test_points_reach_the_entry_that_was_asked_for(wrt: list[str]) -> None:
    derivative = derive("sum(x.^2 .* exp(x))", wrt)
    assert [derivative.unverified(answer) for answer in derivative.answers] == [None] * len(wrt)


@pytest.mark.parametrize("form", ["warnings", "index", "full"])
def test_two_answers_without_a_point_are_both_unverified(form: str) -> None:
    derivative = derive("log(-t^2)*u", ["t", "u"])
    assert len([warning for warning in derivative.warnings if "could not be verified" in warning]) == 2
    if form == "index":
        derivative.index()
    elif form == "full":
        assert derivative.full(derivative.answers[0])


def test_entry_outside_the_structure_does_not_move() -> None:
    derivative = derive("A: lower[3]; sum(A.^3)", "A[1,3]")
    assert derivative.action(derivative.answers[0]).kind == "scalar"


# Numbers: x'*A*x at A = [1 2; 3 4], x = [5, 6] is 25 + 60 + 90 + 144 = 319; its gradient is [2 5; 5 8]*x = [40, 73].
ARRAYS = {"A": np.array([[1.0, 2.0], [3.0, 4.0]]), "x": np.array([5.0, 6.0])}


def number_seal(derivative: Derivative) -> NumberSeal:
    problem = derivative.problem
    return NumberSeal(problem.program, problem.typing, derivative.variables, ARRAYS, {"n": 2})


def test_right_numbers_pass() -> None:
    derivative = derive("x'*A*x", "x")
    number_seal(derivative).value(np.float64(319.0))
    number_seal(derivative).derivative(derivative.written(derivative.answers[0]), "x", np.array([40.0, 73.0]))


@pytest.mark.parametrize("value", [318.0, -319.0, 319.01, 0.0])
def test_wrong_value_of_a_program_is_refused(value: float) -> None:
    with pytest.raises(GradcalcError) as refused:
        number_seal(derive("x'*A*x", "x")).value(np.float64(value))
    assert refused.value.kind == "internal"


@pytest.mark.parametrize("gradient", [[73.0, 40.0], [40.0, 73.01], [-40.0, -73.0], [40.0], [34.0, 78.0]])
def test_wrong_derivative_of_a_program_is_refused(gradient: list[float]) -> None:
    derivative = derive("x'*A*x", "x")
    with pytest.raises(GradcalcError) as refused:
        number_seal(derivative).derivative(derivative.written(derivative.answers[0]), "x", np.array(gradient))
    assert refused.value.kind == "internal"
