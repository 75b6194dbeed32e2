"""The SymPy source, executed, has the numbers of gradcalc's own evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import gradcalc
from gradcalc.functions import catalogue
from gradcalc.language.shapes import infer
from gradcalc.language.syntax import Binary, Call, Expr, Name, Program
from gradcalc.meaning.stand_in import StandIn
from gradcalc.numeric.points import draw
from gradcalc.output.sympyscope import POSTFIX, Scope, Term
from gradcalc.output.sympysource import to_sympy_source
from gradcalc.output.sympytensors import linear, opaque
from gradcalc.output.sympyterms import Terms

PROBLEMS = [
    ("1/(1+exp(-w'*x))", "w"),
    ("log(1+exp(-y*w'*sigmoid(W*x+b)))", "W"),
    ("log(1+exp(-y*w'*sigmoid(W*x+b)))", "y"),
    ("||A*sigmoid(x)||^2", "x"),
    ("||A*sigmoid(x)||^2", "A"),
    ("phi(.); phi(W*x)'*beta", "W"),
    ("sigmoid(W*x)'*beta", "W"),
    ("z = W*x+b; s = sigmoid(z); r = s-y; r'*r", "W"),
    ("sum((y - sigmoid(X*w)).^2)", "w"),
]

EXPRESSIONS = [
    ("tr(A*X'*B*X*C)", "X"),
    ("x'*inv(A)*x", "A"),
    ("y'*(A\\x)", "x"),
    ("det(X)^2", "X"),
    ("log(det(inv(X)))", "X"),
    ("logsumexp(A*x)", "x"),
    ("logsumexp(X)", "X"),
    ("sum(relu(W*x))", "W"),
    ("sum[i,j](A[i,j]^2*x[j])", "x"),
    ("sum[i=1..2](x[i]^2) + x[2]", "x"),
    ("norm1(A*x-y)", "x"),
    ("norm2(A*x-y)", "x"),
    ("a^b", "b"),
    ("sum(x ./ y)", "y"),
    ("sum(x.^a)", "x"),
    ("sum(a.^x)", "x"),
    ("sum(x.^y)", "x"),
    ("mean(sin(X*w))", "w"),
    ("mean(X.^2)", "X"),
    ("A*exp(x)", "x"),
    ("x/norm2(x) + 0*A*x", "x"),
    ("exp(-norm2(x - mu)^2/(2*sigma^2))", "sigma"),
    ("x'*A^3*x", "x"),
    ("tr(X^-2)", "X"),
    ("diag(X)'*diag(X)", "X"),
    ("sum(diag(x)*A)", "x"),
    ("x[2]*exp(x[1])", "x"),
    ("A[1,:]*x", "A"),
    ("sum(A[:,2].^3)", "A"),
    ("norm2(W*x)^2", "W[1,2]"),
    ("lambda*norm2(x)^2 + sum(A*x + lambda)", "x"),
    ("sum(tan(x)/3)^2", "x"),
    ("phi(t) = t/(1 + abs(t)); sum(phi(A*x))", "x"),
    ("phi(.); sum(phi(x).^2)", "x"),
    ("pi*sum(x)^0.5", "x"),
    ("sum(sigmoid(x*y'))", "x"),
]

HESSIANS = [
    ("sum(log(1+exp(-y.*(X*w))))", "w"),
    ("exp(-norm2(x)^2)", "x"),
    ("norm2(x)", "x"),
    ("logsumexp(A*x)", "x"),
    ("phi(.); sum(phi(A*x))", "x"),
]


def executed(source: str, arrays: dict[str, Any], sizes: dict[str, int], name: str = "result") -> Any:
    """The result of a source at numbers."""
    space: dict[str, Any] = {}
    exec(source, space)
    result = space[name]
    lengths = {sympy.Symbol(dim, integer=True, positive=True): sympy.Integer(size) for dim, size in sizes.items()}
    result = result.xreplace(lengths)
    values = {}
    for variable, array in arrays.items():
        value = np.asarray(array)
        if value.ndim == 0:
            values[sympy.Symbol(variable, real=True)] = sympy.Float(float(value))
            continue
        matrix = sympy.ImmutableMatrix(value if value.ndim == 2 else value[:, None])
        values[sympy.MatrixSymbol(variable, *matrix.shape)] = matrix
    result = result.subs(values)
    # SymPy leaves the determinant and the trace of sums and of elementwise products as they are.
    for kind, number in ((sympy.Determinant, sympy.det), (sympy.Trace, sympy.trace)):
        result = result.replace(kind, lambda matrix, number=number: number(sympy.Matrix(matrix.as_explicit().doit())))
    result = result.doit()
    if isinstance(result, sympy.MatrixExpr):
        result = result.as_explicit()
    if isinstance(result, sympy.MatrixBase):
        return np.array(result.doit().evalf().tolist(), dtype=float)
    return np.array(float(result.doit().evalf()))


def as_array(value: Any, kind: str) -> np.ndarray:
    """The value in the shape that SymPy has it in."""
    array = np.asarray(value, dtype=float)
    return {"vector": array[:, None], "row": array[None, :]}[kind] if kind in ("vector", "row") else array


def with_stand_ins(source: str) -> str:
    """The source with the smooth function that takes the place of an unspecified one in numbers."""
    shift = f"{StandIn('phi').shift:.6g}"
    formula = f'sympy.Lambda(sympy.Symbol("u"), sympy.sin(sympy.Symbol("u") + {shift}) + sympy.Symbol("u")**2/4)'
    return source.replace('phi = sympy.Function("phi")', f"phi = {formula}")


def compared(expression: str, wrt: str | list[str], **options: Any) -> None:
    derivative = gradcalc.derive(expression, wrt=wrt, **options)
    problem = derivative.problem
    arrays, sizes = draw(problem.program, problem.typing, {}, seed=3)
    source = with_stand_ins(to_sympy_source(derivative))
    expected = derivative.function()(**arrays)
    for answer in derivative.answers:
        name = "result" if len(derivative.answers) == 1 else f"result_{answer.wrt.replace(',', '_')}"
        value = expected if len(derivative.answers) == 1 else expected[answer.wrt]
        found = executed(source, arrays, sizes, name)
        assert found == pytest.approx(as_array(value, answer.kind), rel=1e-8, abs=1e-10), source


@pytest.mark.parametrize(("expression", "wrt"), PROBLEMS + EXPRESSIONS)
def test_gradients(expression: str, wrt: str) -> None:
    compared(expression, wrt)


@pytest.mark.parametrize(("expression", "wrt"), HESSIANS)
def test_hessians(expression: str, wrt: str) -> None:
    compared(expression, wrt, order=2)


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.name)
def test_every_function_of_the_catalogue(entry: catalogue.Function) -> None:
    """The number where SymPy knows the function; else that the source runs."""
    variables = list(gradcalc.api.Problem(entry.example).typing.variables)
    for variable in variables:
        source = to_sympy_source(gradcalc.derive(entry.example, wrt=variable))
        exec(source, {})
        if "sympy.Function(" not in source:
            compared(entry.example, variable)
    if len(variables) > 1:
        assert "result_" in to_sympy_source(gradcalc.derive(entry.example, wrt=variables))


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_rows_and_columns(layout: str) -> None:
    compared("||A*sigmoid(x)||^2", "x", layout=layout)
    compared("sigmoid(A*x)", "x", layout=layout)


def test_sizes_that_are_numbers() -> None:
    compared("sum(exp(W*x))", "W", shapes={"W": (2, 3)})


def test_what_several_derivatives_name_is_assigned_once() -> None:
    source = to_sympy_source(gradcalc.derive("z = W*x + b; s = sigmoid(z); r = s - y; r'*r", wrt=["W", "b"]))
    assert source.count("\nz = W*x + b\n") == 1
    compared("z = W*x + b; s = sigmoid(z); r = s - y; r'*r", ["W", "b", "y"])


def test_names_that_python_keeps() -> None:
    compared("lambda*in'*in + norm2(sympy)^2 + result", ["lambda", "in", "sympy"])


def test_an_entry_of_a_derivative_with_four_axes() -> None:
    derivative = gradcalc.derive("logdet(X)", wrt="X", order=2)
    indices = derivative.index_formula(derivative.answers[0]).indices
    assert len(indices) == 4
    space: dict[str, Any] = {}
    exec(to_sympy_source(derivative), space)
    matrix = sympy.ImmutableMatrix([[2, 1], [0, 3]])
    value = derivative.function()(X=matrix.tolist())
    (size,) = [symbol for symbol in space["result"].free_symbols if symbol.is_positive] or [space["n"]]
    for place in np.ndindex(2, 2, 2, 2):
        at = {space[name]: sympy.Integer(number) for name, number in zip(indices, place)}
        entry = space["result"].xreplace({size: sympy.Integer(2)}).xreplace(at)
        found = entry.xreplace({sympy.MatrixSymbol("X", 2, 2): matrix}).doit()
        assert float(found) == pytest.approx(float(value[place]))


def test_an_entry_at_named_indices() -> None:
    derivative = gradcalc.derive("norm2(W*x)^2", wrt="W[i,j]")
    space: dict[str, Any] = {}
    exec(to_sympy_source(derivative), space)
    arrays = {"W": np.arange(6.0).reshape(2, 3), "x": np.array([1.0, -1.0, 2.0])}
    value = gradcalc.derive("norm2(W*x)^2", wrt="W").function()(**arrays)
    for place in np.ndindex(2, 3):
        at = {space["i"]: sympy.Integer(place[0]), space["j"]: sympy.Integer(place[1])}
        entry = space["result"].xreplace({space["m"]: sympy.Integer(2), space["n"]: sympy.Integer(3)}).xreplace(at)
        values = {
            sympy.MatrixSymbol("W", 2, 3): sympy.ImmutableMatrix(arrays["W"]),
            sympy.MatrixSymbol("x", 3, 1): sympy.ImmutableMatrix(arrays["x"]),
        }
        assert float(entry.xreplace(values).doit()) == pytest.approx(value[place])


def value_of(tree: Expr, shapes: dict[str, tuple[int, ...]], **arrays: Any) -> Any:
    """The number of a tree that needs not be a derivative."""
    typing = infer(Program(tree), shapes)
    scope = Scope()
    term = Terms(scope, typing).term(tree)
    symbols = [
        f'{name} = sympy.MatrixSymbol("{name}", {shape[0]}, {shape[1] if len(shape) > 1 else 1})'
        for name, shape in shapes.items()
    ]
    lines = ["import sympy", *scope.declarations, *symbols, *scope.lines, f"result = {term.text}"]
    return executed("\n".join(lines), arrays, {})


def test_derivatives_of_functions_of_the_catalogue() -> None:
    x = np.array([0.3, -1.0])
    found = value_of(Call("tanh", (Name("x"),), 2), {"x": (2,)}, x=x)
    assert found[:, 0] == pytest.approx(-2 * np.tanh(x) * (1 - np.tanh(x) ** 2))


def test_comparisons_are_one_or_zero() -> None:
    tree = Binary(">", Name("x"), Name("y"))
    found = value_of(tree, {"x": (3,), "y": (3,)}, x=np.array([1.0, 2.0, 3.0]), y=np.array([2.0, 2.0, 2.0]))
    assert found[:, 0].tolist() == [0, 0, 1]


def test_what_sympy_does_not_know_is_a_function_of_its_name() -> None:
    tree = Binary("@@", Name("x"), Name("x"))
    typing = infer(Program(tree), {"x": (3,)})
    assert 'sympy.Function("@@")' in Terms(Scope(), typing).term(tree).text


def test_deep_expressions_are_broken_into_assignments() -> None:
    text = "sin(" * 400 + "t" + ")" * 400
    derivative = gradcalc.derive(f"{text} + {'1/(1 + ' * 150}t{')' * 150}", wrt="t")
    source = to_sympy_source(derivative)
    compile(source, "source", "exec")
    assert len(source) < 40 * len(derivative.text)
    nested = gradcalc.derive("sum(" + "sigmoid(" * 100 + "x" + ")" * 101, wrt="x")
    compile(to_sympy_source(nested), "source", "exec")


@pytest.mark.parametrize(
    ("expression", "wrt"),
    [
        ("tr(A/(2 + exp(t))*(C .* C))", "t"),
        ("det(exp(X))", "X"),
        ("det(X .* X)*t", "t"),
        ("t*logdet(X .* X + eye(n))", "t"),
        ("x'*inv(X .* X)*x", "x"),
        ("x'*inv(diag(exp(x)))*y", "y"),
        ("t*dot(exp(X), Y .* X)", "t"),
        ("t*tr(diag(x)*exp(X))", "t"),
        ("x'*(X .* X)^2*x", "x"),
        ("sum(relu(X))*t", "t"),
        ("t*det(inv(exp(X)))", "t"),
        ("t*det(softmax(X))", "t"),
        ("t*det(x*y' + X .* X)", "t"),
    ],
)
def test_functions_of_matrices_that_are_elementwise_inside(expression: str, wrt: str) -> None:
    compared(expression, wrt)


@pytest.mark.parametrize(("axis", "kind", "shape"), [(1, "row", (1, 3)), (2, "vector", (2, 1))])
def test_sums_along_an_axis(axis: int, kind: str, shape: tuple[int, int]) -> None:
    scope = Scope()
    operands = [Term("X", POSTFIX, (2, 3)), Term(str(axis), POSTFIX, None, whole=True)]
    entry = catalogue.lookup("mean")
    assert isinstance(entry, catalogue.Linear)
    term = linear(scope, entry, operands, ["matrix", "scalar"], shape, kind)
    lines = ["import sympy", *scope.declarations, 'X = sympy.MatrixSymbol("X", 2, 3)', f"result = {term.text}"]
    x = np.arange(6.0).reshape(2, 3)
    assert executed("\n".join(lines), {"X": x}, {}) == pytest.approx(np.mean(x, axis=axis - 1, keepdims=True))


def test_an_unknown_function_of_a_matrix_is_a_number() -> None:
    term = opaque(Scope(), "mystery", [Term("X", POSTFIX, (2, 2))], None)
    x = sympy.MatrixSymbol("X", 2, 2)
    assert (2 * eval(term.text, {"sympy": sympy, "X": x}) * x).shape == (2, 2)
