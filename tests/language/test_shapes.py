"""What is read as a scalar, a vector and a matrix, how long every axis is, and what is said when nothing fits."""

from __future__ import annotations

import random
from itertools import product

import pytest

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Elementwise
from gradcalc.language.kinds import NAMES, table_of
from gradcalc.language.parser import parse
from gradcalc.language.reading import convention
from gradcalc.language.shapes import Typing, infer
from gradcalc.language.syntax import Binary, Call, Expr, IndexedSum, Name, Negative, Number, Program, postorder

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"


def shapes_of(typing: Typing) -> str:
    """The variables on one line: `W m x n, x n, y`."""
    told = [(name, " x ".join([str(dim) for dim in variable.dims])) for name, variable in typing.variables.items()]
    return ", ".join([" ".join(parts).strip() for parts in told])


def error_of(text: str, **known: object) -> GradcalcError:
    with pytest.raises(GradcalcError) as caught:
        infer(parse(text), **known)  # type: ignore[arg-type]
    return caught.value


# The reading.

READINGS = [
    ("1/(1+exp(-w'*x))", "scalar", "w n, x n"),
    (P2, "scalar", "y, w m, W m x n, x n, b m"),
    ("||A*sigmoid(x)||^2", "scalar", "A m x n, x n"),
    ("phi(.); phi(W*x)'*beta", "scalar", "W m x n, x n, beta m"),
    ("z = W*x+b; s = sigmoid(z); r = s-y; r'*r", "scalar", "W m x n, x n, b m, y m"),
    ("sum((y - sigmoid(X*w)).^2)", "scalar", "y m, X m x n, w n"),
    ("0.5*x'*A*x", "scalar", "x n, A n x n"),
    ("A*exp(x)", "vector", "A m x n, x n"),
    ("(y.*v)'*x", "scalar", "y n, v n, x n"),
    ("a^b", "scalar", "a, b"),
    ("norm1(A*x-y)", "scalar", "A m x n, x n, y m"),
    ("norm2(A*x-y)^2", "scalar", "A m x n, x n, y m"),
    ("sum(log(exp(-y.*(X*w)) + vector(1)))", "scalar", "y m, X m x n, w n"),
    ("tr(A*X'*B*X*C)", "scalar", "A m x n, X p x n, B p x p, C n x m"),
    ("log(det(inv(X)))", "scalar", "X n x n"),
    ("norm2(T - U*V')^2", "scalar", "T m x n, U m x k, V n x k"),
    ("exp(x)", "scalar", "x"),
    ("exp(X)", "matrix", "X m x n"),
    ("W*x + b", "vector", "W m x n, x n, b m"),
    ("w'*x + b", "scalar", "w n, x n, b"),
    ("x*y'", "scalar", "x, y"),
    ("y'*x", "scalar", "y n, x n"),
    ("norm2(A*x-b)^2 + lambda*norm2(x)^2", "scalar", "A m x n, x n, b m, lambda"),
    ("lambda_max*x'*x", "scalar", "lambda_max, x n"),
    ("det(x)", "scalar", "x n x n"),
    ("A[1]", "scalar", "A n"),
    ("x[1,2]", "scalar", "x m x n"),
    ("M^-2", "matrix", "M n x n"),
    ("M^0.5", "scalar", "M"),
    ("M + v", "matrix", "M m x n, v"),
    ("A\\b", "vector", "A n x n, b n"),
    ("phi(t) = t/(1 + abs(t)*c); sum(phi(x))", "scalar", "x n, c"),
    ("phi(t) = w'*w*t; phi(x)", "scalar", "x, w n"),
    ("trace(t) = t^2; sum(trace(x))", "scalar", "x n"),
    ("t = x'*x; phi(t) = t^2; phi(t)", "scalar", "x n"),
    ("pi*x'*x", "scalar", "x n"),
    ("2", "scalar", ""),
]


@pytest.mark.parametrize(("text", "kind", "shapes"), READINGS, ids=[text for text, _, _ in READINGS])
def test_reading(text: str, kind: str, shapes: str) -> None:
    program = parse(text)
    typing = infer(program)
    assert (typing.kind(program.objective), shapes_of(typing)) == (kind, shapes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("W", "matrix"), ("X2", "matrix"), ("Sigma", "matrix"), ("x", "vector"), ("bias", "vector"), ("_x", "vector"),
        ("alpha", "scalar"), ("beta1", "scalar"), ("lambda_2", "scalar"), ("mu_max", "scalar"), ("alphabet", "vector"),
    ],
)  # fmt: skip
def test_convention(name: str, kind: str) -> None:
    assert convention(name) == kind


def test_origins() -> None:
    typing = infer(parse("W: matrix[m, n]; " + P2 + " + tr(A)"), data_shapes={"b": (3,)})
    origins = {name: variable.origin for name, variable in typing.variables.items()}
    assert origins == {"y": "inferred", "w": "assumed", "W": "declared", "x": "inferred", "b": "given", "A": "inferred"}


def test_origin_of_shapes_is_the_callers() -> None:
    assert infer(parse("x'*x"), {"x": (3,)}, origin="given").variables["x"].origin == "given"


def test_definitions_that_are_not_used_have_no_variables() -> None:
    assert list(infer(parse("z = W*x; q = V*u; z'*z")).variables) == ["W", "x"]


def test_kinds_and_dims_of_every_node() -> None:
    program = parse("W: matrix[m, 4]; x'*W'*y")
    typing = infer(program)
    first, y = program.objective.children
    assert [(typing.kind(node), typing.dims(node)) for node in (program.objective, first, first.children[0], y)] == [
        ("scalar", ()),
        ("row", ("m",)),
        ("row", (4,)),
        ("vector", ("m",)),
    ]


# Ties.


def test_a_tie_is_reported_with_the_declaration_that_decides_it() -> None:
    typing = infer(parse("a'*b*c"))
    assert shapes_of(typing) == "a n, b n, c"
    (warning,) = typing.warnings
    assert "b as a scalar, c as a vector would do as well" in warning
    assert 'declare "b: scalar; c: vector"' in warning
    assert infer(parse("b: scalar; c: vector; a'*b*c")).warnings == []


@pytest.mark.parametrize("text", [P2, "w'*x + b", "0.5*x'*A*x", "A*exp(x)", "exp(x)", "x*y*z"])
def test_no_tie_where_one_reading_is_best(text: str) -> None:
    assert infer(parse(text)).warnings == []


def test_ties_in_several_terms_are_one_warning() -> None:
    assert len(infer(parse(" + ".join([f"a{k}'*b{k}*c{k}" for k in range(30)]))).warnings) == 1


# The search, against trying every reading.

_COSTS = {
    "matrix": {"matrix": 0, "vector": 7_000_000, "scalar": 10_000_000},
    "vector": {"vector": 0, "scalar": 1, "matrix": 7_000_000},
    "scalar": {"scalar": 0, "vector": 1, "matrix": 7_000_000},
}


def _random_text(rng: random.Random, depth: int, names: list[str]) -> str:
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(names) if rng.random() < 0.9 else "2"
    choice = rng.random()
    inner = _random_text(rng, depth - 1, names)
    if choice < 0.55:
        operator = rng.choice(["*", "*", "*", "+", "-", ".*", "./", "/", "\\", ".^", "^"])
        right = "2" if operator == "^" and rng.random() < 0.7 else _random_text(rng, depth - 1, names)
        return f"({inner}){operator}({right})"
    if choice < 0.8:
        return f"({inner})'" if choice < 0.75 else f"-({inner})"
    function = rng.choice(
        ["exp", "sum", "tr", "det", "inv", "diag", "norm2", "softmax", "dot", "outer", "vector", "matrix"]
    )
    more = f", {_random_text(rng, depth - 1, names)}" if function in ("dot", "outer") else ""
    return f"{function}({inner}{more})"


def _kind(root: Expr, reading: dict[str, str]) -> str | None:
    """The kind of an expression, straight from the tables; None where it is not well-formed."""
    kinds: dict[int, str] = {}
    for node in postorder(root):
        operands = tuple([kinds[id(child)] for child in node.children])
        if isinstance(node, Name):
            kinds[id(node)] = reading[node.name]
        elif isinstance(node, Number):
            kinds[id(node)] = "scalar"
        elif isinstance(node, Call) and not isinstance(catalogue.lookup(node.function), Elementwise):
            result = catalogue.lookup(node.function).variants.get(",".join(operands))  # type: ignore[union-attr]
            if result is None:
                return None
            kinds[id(node)] = result if isinstance(result, str) else result[1]
        elif isinstance(node, (Call, Negative)):
            kinds[id(node)] = operands[0]
        else:
            rows = [tuple([NAMES[kind] for kind in row]) for row in table_of(node, False)]
            found = next((row[-1] for row in rows if row[:-1] == operands), None)
            if found is None:
                return None
            kinds[id(node)] = found
    return kinds[id(root)]


@pytest.mark.parametrize("seed", range(8))
def test_the_reading_is_the_cheapest_of_all(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        names = rng.sample(["A", "B", "W", "x", "y", "w", "b", "alpha", "beta"], rng.randint(1, 4))
        text = _random_text(rng, rng.randint(1, 4), names)
        program = parse(text)
        used = list(dict.fromkeys([n.name for n in postorder(program.objective) if isinstance(n, Name)]))
        costs: dict[tuple[str, ...], int] = {}
        for kinds in product(("scalar", "vector", "matrix"), repeat=len(used)):
            result = _kind(program.objective, dict(zip(used, kinds)))
            if result is not None:
                costs[kinds] = sum([_COSTS[convention(name)][kind] for name, kind in zip(used, kinds)])
                costs[kinds] += 0 if result == "scalar" else 5_000_000
        if not costs:
            assert error_of(text).kind == "shape", text
            continue
        typing = infer(program)
        taken = tuple([typing.variables[name].kind for name in used])
        best = min(costs.values())
        assert costs[taken] == best, text
        assert bool(typing.warnings) == (list(costs.values()).count(best) > 1), text


# Lengths.

LENGTHS = [
    ("A + eye(n)", {}, "A n x n"),
    ("eye(n)*x + n*x", {}, "x n"),
    ("x: vector[n]; eye(q)*x", {}, "x n"),
    ("ones(n)'*x/n", {}, "x n"),
    ("x: vector[3]; ones(n)'*x", {}, "x 3"),
    ("eye(3)*x", {}, "x 3"),
    ("ones(2, k)*x", {}, "x k"),
    ("sum(x)/n", {}, "x m, n"),
    ("x: vector[n]; sum(x)/n", {}, "x n"),
    ("m: scalar; W*x*m", {}, "W p x n, x n, m"),
    ("A: symmetric[n]; x'*A*x", {}, "x n, A n x n"),
    ("A: diagonal; A*x", {}, "A n x n, x n"),
    ("W: matrix[m, n]; W*x", {"W": (3, 4)}, "W 3 x 4, x 4"),
    ("x: vector[n]; y: vector[m]; x'*y", {"x": (3,), "y": (3,)}, "x 3, y 3"),
    ("x'*y", {"x": (3,)}, "x 3, y 3"),
    ("sum[i,j](A[i,j]*x[j]*y[i])", {}, "A m x n, x n, y m"),
    ("sum[i](w[i]*x[i]) + i", {}, "w n, x n, i"),
    ("i = 3; sum[i](x[i])*i", {}, "x n"),
    ("sum[i](x[i]) + sum[i](A[i,1])", {}, "x k, A m x n"),
    ("diag(A)'*x + tr(A*B)", {}, "A n x n, x n, B n x n"),
    ("outer(x, y)*z", {"z": (4,)}, "x n, y 4, z 4"),
    ("norm2(A*x-b)+norm2(B*y-c)", {}, "A m x n, x n, b m, B p x k, y k, c p"),
]


@pytest.mark.parametrize(("text", "data", "shapes"), LENGTHS, ids=[text for text, _, _ in LENGTHS])
def test_lengths(text: str, data: dict[str, tuple[int, ...]], shapes: str) -> None:
    assert shapes_of(infer(parse(text), data_shapes=data)) == shapes


def test_structure_is_kept_with_the_variable() -> None:
    program = parse("a: positive; A: spd; B: matrix; sum(log(a)) + tr(A*B)")
    typing = infer(program, {"a": (3,)}, structure={"B": "symmetric"})
    assert {name: variable.structure for name, variable in typing.variables.items()} == {
        "a": "positive",
        "A": "spd",
        "B": "symmetric",
    }


def test_positions_say_how_long_an_axis_is_at_least() -> None:
    assert infer(parse("x[3] + x[2] + sum[i=1..5](y[i])")).minimum_sizes == {"n": 3, "m": 5}


def test_range_of_an_index() -> None:
    program = parse("sum[i,j=1..k](A[i,j])")
    typing = infer(program)
    assert isinstance(program.objective, IndexedSum)
    assert [typing.index_dim(program.objective, name) for name in "ij"] == ["m", "k"]
    assert typing.variables["A"].dims == ("m", "k")


def test_dimension_arguments() -> None:
    program = parse("x: vector[n]; sum(ones(n) + x)")
    typing = infer(program, data_shapes={"x": (5,)})
    ones = next(node for node in postorder(program.objective) if isinstance(node, Call) and node.function == "ones")
    assert typing.dimension(ones.children[0]) == 5


def test_answers_are_inferred_from_the_full_shapes() -> None:
    program = parse("ones(m)*x'/n + eye(m)*W")
    typing = infer(program, {"x": ("n",), "W": ("m", "n")})
    assert (typing.dims(program.objective), list(typing.variables)) == (("m", "n"), ["x", "W"])


def test_free_indices() -> None:
    typing = infer(parse("w[i]*(A*x)[i] + i"), free_indices=("i",))
    assert typing.free_indices == {"i": "m"}
    assert typing.variables["w"].dims == ("m",)


def test_a_declaration_that_is_not_used_is_a_warning() -> None:
    assert infer(parse("V: matrix; x'*x")).warnings == ["V is declared and not used"]


# Broadcasting.


@pytest.mark.parametrize(
    ("text", "shapes", "dims"),
    [
        ("M + v", {"M": ("m", "n"), "v": ("m",)}, ("m", "n")),
        ("M + v'", {"M": ("m", "n"), "v": ("n",)}, ("m", "n")),
        ("v' - M", {"M": ("m", "n"), "v": ("n",)}, ("m", "n")),
        ("exp(M) .* (y*v)", {"M": (3, 4), "v": (3,), "y": ()}, (3, 4)),
        ("(M ./ v)*x", {"M": (3, 4), "v": (3,)}, (3,)),
    ],
)
def test_a_vector_fills_a_matrix_of_known_shape(
    text: str, shapes: dict[str, tuple[int | str, ...]], dims: tuple[int | str, ...]
) -> None:
    program = parse(text)
    assert infer(program, shapes).dims(program.objective) == dims


@pytest.mark.parametrize("text", ["sum(M + v)", "M: matrix[m, n]; sum(M + v)", "X: matrix; A: matrix; sum(A*X - X*v)"])
def test_inference_never_invents_a_broadcast(text: str) -> None:
    assert infer(parse(text)).variables["v"].kind == "scalar"


def test_a_broadcast_is_refused_where_a_shape_is_not_known() -> None:
    text = "v: vector[m]; sum(M .* v) + det(M)"
    assert error_of(text).message == "cannot multiply matrix M elementwise by vector v (m)"
    assert infer(parse(text), {"M": ("m", "m")}).variables["v"].kind == "vector"


def test_kinds_alone_are_not_enough_to_broadcast() -> None:
    error = error_of("M: matrix; v: vector; M + v")
    assert error.message == "cannot add matrix M and vector v"
    assert "only where the shapes of both are declared or given" in str(error.hint)


def test_a_column_that_would_fit_as_a_row() -> None:
    error = error_of("M + v", data_shapes={"M": (3, 4), "v": (4,)})
    assert "M is given as 3 x 4, v is given with 4 entries" in str(error.hint)
    assert "M + v'" in str(error.hint)


# Errors.

ERRORS = [
    ("x: vector; y: vector; x*y + 1", "x*y", "cannot multiply vector x by vector y", ["x'*y", "x*y'", "x.*y"]),
    ("x: vector; y: vector; x'*y'", "x'*y'", "cannot multiply row x' by row y'", ["x'*y", "x*y'"]),
    ("v: vector; v^2", "v^2", "cannot raise vector v to scalar 2", ["v.^2"]),
    ("v: vector; exp(v)^2", "exp(v)^2", "cannot raise vector exp(v) to scalar 2", ["exp(v).^2"]),
    ("M: matrix; M^0.5", "M^0.5", "cannot raise matrix M to scalar 0.5", ["A^-1", "M.^0.5"]),
    ("x: vector; 1/x", "1/x", "cannot divide scalar 1 by vector x", ["1./x"]),
    ("x: vector; y: vector; x/y", "x/y", "cannot divide vector x by vector y", ["x./y"]),
    ("A: matrix[4,3]; B: matrix[3,2]; A/B", "A/B", "matrix B (3 x 2) is not square", []),
    ("A: matrix; 1/A", "1/A", "cannot divide scalar 1 by matrix A", ["1*inv(A)", "1./A"]),
    ("A: matrix; x: vector; x\\A", "x\\A", "cannot solve vector x for matrix A", ["A\\x"]),
    ("A: matrix; x: vector; x*A", "x*A", "cannot multiply vector x by matrix A", ["x'*A", "A*x"]),
    ("A: matrix; x: vector; A*x'", "A*x'", "cannot multiply matrix A by row x'", ["A*x", "x'*A"]),
    ("x: vector; y: vector; x'+y", "x'+y", "cannot add row x' and vector y", ["x + y"]),
    ("x: vector; tr(x)", "tr(x)", "tr cannot be applied to vector x", ["takes a matrix", "diag(x)"]),
    ("x: vector; det(x)", "det(x)", "det cannot be applied to vector x", ["takes a matrix"]),
    ("x: vector; A: matrix; dot(x,A)", "dot(x,A)", "dot cannot be applied to vector x and", ["a matrix and a matrix"]),
    ("y: scalar; y[2]", "y[2]", "cannot take 1 position of scalar y", ["x[2]"]),
    ("A: matrix; A[2]", "A[2]", "cannot take 1 position of matrix A", ["X[1,2]"]),
    ("z = x*y; x: vector; y: vector; z", "x*y", "cannot multiply vector x by vector y", ["x'*y"]),
    ("x: vector; phi(t) = t*x; phi(y)", "t*x", "the value of phi is the vector t*x", ["entry by entry"]),
    ("x: vector; a*b + x*x", "x*x", "cannot multiply vector x by vector x", ["x'*x"]),
    ("x: vector[3]; y: vector[4]; x'*y", "x'*y", "by vector y (4): the lengths differ", ["x is declared vector[3]"]),
    ("x: vector[n]; y: vector[m]; x'*y", "x'*y", "row x' (1 x n) by vector y (m)", ["y is declared vector[m]"]),
    ("A: matrix[3,4]; A^2", "A^2", "matrix A (3 x 4) is not square", ["A is declared matrix[3, 4]"]),
    ("A: matrix[3,4]; inv(A)", "inv(A)", "inv takes a square matrix, not matrix A (3 x 4)", []),
    ("A: matrix[3,4]; A\\b", "A\\b", "matrix A (3 x 4) is not square", ["b is a vector by convention"]),
    ("A: matrix[3,4]; B: matrix[3,4]; A*B", "A*B", "by matrix B (3 x 4): the lengths differ", ["A'*B"]),
    ("x: vector[3]; eye(4)*x", "eye(4)*x", "matrix eye(4) (4 x 4) by vector x (3)", []),
    ("x: vector[3]; y: vector[2]; sum[i](x[i]*y[i])", "x[i]", "runs over 2 and over 3 entries", []),
    ("x: vector[3]; sum[i=1..5](x[i])", "sum[i=1..5](x[i])", "the index i runs to 5, and the axis to 3", []),
    ("x: vector[2]; x[3]", "x[3]", "position 3 is past the end: the last one is 2", []),
    ("sum[i](i)", "sum[i](i)", "nothing says how far the index i runs", ["sum[i=1..3](...)"]),
    ("eye(2.5)*x", "2.5", "a size is a whole number or the name of a dimension", ["eye(n)"]),
    ("n: scalar; eye(n)*x", "n", "and n is a variable", []),
    ("zeros(0)*x", "0", "a size is a whole number", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message", "hints"), ERRORS, ids=[text for text, _, _, _ in ERRORS])
def test_shape_error(text: str, place: str, message: str, hints: list[str]) -> None:
    error = error_of(text)
    assert error.kind == "shape"
    assert message in error.message
    assert error.span is not None
    assert text[slice(*error.span)] == place
    for hint in hints:
        assert hint in str(error.hint)
    assert error.source == text


def test_both_origins_are_named() -> None:
    error = error_of("W*x", shapes={"W": ("m", 3)}, data_shapes={"x": (4,)})
    assert error.message == "cannot multiply matrix W (m x 3) by vector x (4): the lengths differ"
    assert error.hint == "W is declared matrix[m, 3], x is given with 4 entries."


NAME_ERRORS = [
    ("e^x", "e^x", "exp(...)"),
    ("2*e.^x", "e.^x", "exp(...)"),
    ("w[i]*x[i]", "w[i]", "sum[i](...)"),
    ("sum[i](x[i]) + x[i]", "x[i]", "sum[i](...)"),
    ("z = w[i]; sum[i](z*x[i])", "w[i]", "sum[i](...)"),
    ("phi(t) = phi(t) + 1; phi(x)", "phi(t)", "lead back"),
    ("z = phi(x); phi(t) = t*z; z", "z", "lead back"),
    ("phi(t) = psi(t); psi(t) = phi(t); phi(x)", "phi(t)", "lead back"),
]


@pytest.mark.parametrize(("text", "place", "hint"), NAME_ERRORS, ids=[text for text, _, _ in NAME_ERRORS])
def test_name_error(text: str, place: str, hint: str) -> None:
    error = error_of(text)
    assert error.kind == "name"
    assert error.span is not None
    assert text[slice(*error.span)] == place
    assert hint in str(error.hint)


@pytest.mark.parametrize("text", ["e*x", "x^e", "e: scalar; e^x"])
def test_e_is_a_variable_like_any_other(text: str) -> None:
    assert "e" in infer(parse(text)).variables


DATA_ERRORS = [
    ("W: matrix[m, n]; W*x", {"W": (3,)}, "W is declared matrix[m, n], but the data has the shape [3]"),
    ("W: matrix[5, n]; W*x", {"W": (3, 4)}, "W is declared matrix[5, n], but the data has the shape [3, 4]"),
    ("x: vector[n]; y: vector[n]; x'*y", {"x": (3,), "y": (4,)}, "and n is 3, but the data has the shape [4]"),
    ("A: symmetric; x'*A*x", {"A": (3, 4)}, "A is declared symmetric, but the data has the shape [3, 4]"),
    ("x'*x", {"x": (2, 2, 2)}, "x has 3 axes"),
]


@pytest.mark.parametrize(("text", "data", "message"), DATA_ERRORS, ids=[text for text, _, _ in DATA_ERRORS])
def test_data_that_contradicts_a_declaration(text: str, data: dict[str, tuple[int, ...]], message: str) -> None:
    error = error_of(text, data_shapes=data)
    assert error.kind == "data"
    assert message in error.message


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({"shapes": {"x": (3, 3)}}, "shape"),
        ({"shapes": {"x": ("m",)}}, "shape"),
        ({"shapes": {"x": (0,)}}, "shape"),
        ({"structure": {"x": "symmetric"}}, "shape"),
        ({"structure": {"A": "round"}}, "usage"),
        ({"structure": {"A": "spd"}, "shapes": {"A": (2, 3)}}, "shape"),
    ],
)
def test_declarations_that_contradict_each_other(known: dict[str, object], kind: str) -> None:
    assert error_of("x: vector[n]; x'*A*x", **known).kind == kind


# Large programs.


@pytest.mark.parametrize(
    "text",
    [
        "-" * 50_000 + "x",
        "x" + "'" * 50_001,
        "".join([f"sum[i{k}](" for k in range(2_000)]) + "*".join([f"y{k}[i{k}]" for k in range(2_000)]) + ")" * 2_000,
        "^".join(["x"] * 3_000),
        "; ".join(["z0 = x", *[f"z{k} = z{k - 1} .* z{k - 1}" for k in range(1, 2_000)]]) + "; sum(z1999)",
        "*".join([f"x{k}" for k in range(1_500)]),
        " + ".join([f"a{k}*b{k * 7 % 400}*c{k * 3 % 400}'*d{k % 17}" for k in range(400)]),
    ],
    ids=["negations", "transposes", "nested sums", "powers", "definitions", "product", "ties"],
)  # fmt: skip
def test_depth_and_size_are_no_limit(text: str) -> None:
    program = parse(text)
    assert infer(program).kind(program.objective) == "scalar"


def test_a_shared_operand_is_looked_at_once() -> None:
    tree: Expr = Name("x")
    for _ in range(200):
        tree = Binary(".*", tree, tree)
    program = Program(Call("sum", (tree,)))
    assert infer(program).dims(tree) == ("n",)


def test_a_long_chain_keeps_its_convention() -> None:
    layers = "; ".join([f"z{k} = sigmoid(W{k}*z{k - 1} + b{k})" for k in range(1, 301)])
    typing = infer(parse(layers + "; log(1 + exp(-y*w'*z300))"))
    assert typing.warnings == []
    assert {variable.kind for name, variable in typing.variables.items() if name[0] == "W"} == {"matrix"}
    assert typing.variables["y"].kind == "scalar"


def test_many_names_read_as_numbers_still_make_the_objective_a_number() -> None:
    program = parse(" + ".join([f"y{k}*w{k}'*x{k}" for k in range(1_000)]))
    typing = infer(program)
    assert typing.kind(program.objective) == "scalar"
    assert typing.variables["y999"].kind == "scalar"
