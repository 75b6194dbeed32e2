"""The rules of the language that make vectors, rows and matrices."""

from __future__ import annotations

from gradcalc.language.polynomial import Dim, added, as_dim, polynomial
from gradcalc.language.syntax import Binary, Block, Call, Expr, Index, Name, Transpose
from scripts.fuzz.generator import Generator, Type, definite, number
from scripts.fuzz.rules import SCALAR, position, rule

# Vectors and rows.


@rule("matrix times vector", "vector")
def _matrix_vector(g: Generator, wanted: Type, budget: int) -> Expr | None:
    inner = g.length()
    a, x = g.trees(budget, ("matrix", (wanted[1][0], inner)), ("vector", (inner,)))
    return Binary("*", a, x)


@rule("solve", "vector")
def _solve(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = wanted[1][0]
    a, x = g.trees(budget, ("matrix", (dim, dim)), wanted)
    return Binary("\\", definite(g, a, dim), x)


@rule("column of a matrix", "vector")
def _column(g: Generator, wanted: Type, budget: int) -> Expr | None:
    other = g.length()
    return Index(g.tree(("matrix", (wanted[1][0], other)), budget), (None, position(g, other)))


@rule("row of a matrix", "row")
def _row(g: Generator, wanted: Type, budget: int) -> Expr | None:
    other = g.length()
    return Index(g.tree(("matrix", (other, wanted[1][0])), budget), (position(g, other), None))


@rule("transposed row", "vector")
def _transposed_row(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Transpose(g.tree(("row", wanted[1]), budget))


@rule("transposed vector", "row")
def _transposed_vector(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Transpose(g.tree(("vector", wanted[1]), budget))


@rule("row times matrix", "row")
def _row_matrix(g: Generator, wanted: Type, budget: int) -> Expr | None:
    inner = g.length()
    x, a = g.trees(budget, ("row", (inner,)), ("matrix", (inner, wanted[1][0])))
    return Binary("*", x, a)


@rule("right quotient", "row")
def _right_quotient(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = wanted[1][0]
    x, a = g.trees(budget, wanted, ("matrix", (dim, dim)))
    return Binary("/", x, definite(g, a, dim))


def _summands(dim: Dim) -> list[tuple[Dim, Dim]]:
    """Lengths whose sum is a length."""
    if isinstance(dim, int):
        return [(k, dim - k) for k in range(1, dim)]
    terms = polynomial(dim)
    if len(terms) < 2 or any(number < 0 for number in terms.values()):
        return []
    first = next(iter(terms))
    return [(as_dim({first: terms[first]}), as_dim({k: v for k, v in terms.items() if k != first}))]


@rule("stacked", "vector", "row")
def _stacked(g: Generator, wanted: Type, budget: int) -> Expr | None:
    splits = _summands(wanted[1][0])
    if not splits:
        return None
    one, other = g.random.choice(splits)
    types = [SCALAR if dim == 1 and g.random.random() < 0.5 else (wanted[0], (dim,)) for dim in (one, other)]
    if g.random.random() < 0.5:
        types.reverse()
    parts = g.trees(budget, *types)
    if g.random.random() < 0.1:
        return Call("vcat" if wanted[0] == "vector" else "hcat", tuple(parts))
    return Block((1, 1) if wanted[0] == "vector" else (2,), tuple(parts))


@rule("slice", "vector", "row")
def _slice(g: Generator, wanted: Type, budget: int) -> Expr | None:
    kind, (dim,) = wanted
    more = g.random.choice((1, 1, 2, g.length()))
    longer = added(dim, more)
    if g.size(longer) > 7:
        return None
    if isinstance(dim, int) and g.random.random() < 0.7:
        longer = g.length()
        if g.size(longer) < dim:
            return None
        start = g.random.randint(1, g.size(longer) - dim + 1)
        return Index(g.tree((kind, (longer,)), budget), ((start, start + dim - 1),))
    inner = g.tree((kind, (longer,)), budget)
    if isinstance(inner, (Name, Transpose)) or g.random.random() < 0.5:
        return Index(inner, ((1, dim),))
    return Index(inner, ((added(more, 1), "end" if g.random.random() < 0.5 else longer),))


# Matrices.


@rule("matrix product", "matrix")
def _matrix_product(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    inner = g.random.choice((m, n, g.length()))
    a, b = g.trees(budget, ("matrix", (m, inner)), ("matrix", (inner, n)))
    return Binary("*", a, b)


@rule("transposed matrix", "matrix")
def _transposed(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Transpose(g.tree(("matrix", wanted[1][::-1]), budget))


@rule("outer product", "matrix")
def _outer(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    x, y = g.trees(budget, ("vector", (m,)), ("row", (n,)))
    return Binary("*", x, y)


@rule("matrix power", "matrix")
def _matrix_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    if m != n:
        return None
    exponent = g.random.choice((2, 2, 3, -1, -2, 1, 0, 4))
    base = g.tree(wanted, budget)
    return Binary("^", definite(g, base, m) if exponent < 0 else base, number(str(exponent)))


@rule("matrix solve", "matrix")
def _matrix_solve(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, _ = wanted[1]
    a, b = g.trees(budget, ("matrix", (m, m)), wanted)
    return Binary("\\", definite(g, a, m), b)


@rule("matrix right quotient", "matrix")
def _matrix_quotient(g: Generator, wanted: Type, budget: int) -> Expr | None:
    _, n = wanted[1]
    a, b = g.trees(budget, wanted, ("matrix", (n, n)))
    return Binary("/", a, definite(g, b, n))


@rule("columns scaled", "matrix")
def _columns_scaled(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    side = g.random.random() < 0.5
    a, x = g.trees(budget, wanted, ("vector", (m if side else n,)))
    if g.random.random() < 0.5:
        return Binary("*", Call("diag", (x,)), a) if side else Binary("*", a, Call("diag", (x,)))
    return Binary(".*", x, a) if side else Binary(".*", a, Transpose(x))


@rule("diagonal in the middle", "matrix")
def _diagonal_between(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    inner = g.length()
    a, x, b = g.trees(budget, ("matrix", (m, inner)), ("vector", (inner,)), ("matrix", (inner, n)))
    return Binary("*", Binary("*", a, Call("diag", (x,))), b)


@rule("block", "matrix")
def _block(g: Generator, wanted: Type, budget: int) -> Expr | None:
    (m, n), parts = wanted[1], []
    rows = g.random.choice([*_summands(m), (m,)]) if _summands(m) else (m,)
    columns = g.random.choice([*_summands(n), (n,)]) if _summands(n) else (n,)
    if len(rows) * len(columns) == 1:
        return None
    for row in rows:
        for column in columns:
            part: Type = ("matrix", (row, column))
            if column == 1 and g.random.random() < 0.6:
                part = ("vector", (row,)) if row != 1 or g.random.random() < 0.3 else SCALAR
            elif row == 1 and g.random.random() < 0.6:
                part = ("row", (column,))
            parts.append(part)
    trees = g.trees(budget, *parts)
    width = len(columns)
    return Block(tuple([width] * len(rows)), tuple(trees))


@rule("submatrix", "matrix")
def _submatrix(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    more = g.random.choice((1, 1, 2))
    if g.size(m) > 5 or g.size(n) > 5:
        return None
    if g.random.random() < 0.5:
        rows: object = (1, m) if g.random.random() < 0.5 else (more + 1, "end")
        return Index(g.tree(("matrix", (added(m, more), n)), budget), (rows, None))  # type: ignore[arg-type]
    columns: object = (1, n) if g.random.random() < 0.5 else (more + 1, "end")
    return Index(g.tree(("matrix", (m, added(n, more))), budget), (None, columns))  # type: ignore[arg-type]
