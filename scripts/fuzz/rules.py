"""The rules that belong to the language and to no function: operators, indices, blocks, sums, names.

A rule takes the generator, the type that is wanted and a budget, and gives an expression; None where it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable

from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import Dim, added, as_dim, multiplied, polynomial
from gradcalc.language.syntax import (
    Binary,
    Block,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Number,
    Transpose,
    postorder,
    transformed,
)
from scripts.fuzz import grammar, idioms
from scripts.fuzz.generator import Generator, Type, definite, filled, length_tree, number, wrapped

Rule = Callable[[Generator, Type, int], "Expr | None"]

_SCALAR: Type = ("scalar", ())
_ALL = ("scalar", "vector", "row", "matrix")
_ARRAYS = ("vector", "row", "matrix")

PLAIN: dict[str, tuple[tuple[str, ...], Rule]] = {}


def _rule(name: str, *kinds: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        PLAIN[name] = (kinds, rule)
        return rule

    return register


def _narrower(g: Generator, wanted: Type) -> Type:
    """Mostly the type itself, else one that is repeated to it."""
    kind, dims = wanted
    if kind == "matrix" and g.random.random() < 0.12:
        return g.random.choice([("vector", dims[:1]), ("row", dims[1:])])
    return wanted


def _joined(name: str, operator: str) -> None:
    @_rule(name, *_ALL)
    def rule(g: Generator, wanted: Type, budget: int) -> Expr | None:
        types = [wanted, _narrower(g, wanted)]
        if g.random.random() < 0.5:
            types.reverse()
        left, right = g.trees(budget, *types)
        return Binary(operator, left, right)


_joined("plus", "+")
_joined("minus", "-")
_joined("hadamard", ".*")


@_rule("negated", *_ALL)
def _negated(g: Generator, wanted: Type, budget: int) -> Expr | None:
    inner = g.tree(wanted, budget)
    return None if isinstance(inner, Negative) else Negative(inner)


@_rule("quotient", *_ALL)
def _quotient(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, wanted if g.random.random() < 0.85 else _SCALAR, wanted)
    return Binary("./" if wanted[0] != "scalar" else "/", left, wrapped(g, right, grammar.POSITIVE))


@_rule("scaled", *_ARRAYS)
def _scaled(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, _SCALAR, wanted)
    return Binary("*", left, right)


@_rule("scaled on the right", *_ARRAYS)
def _scaled_right(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, wanted, _SCALAR)
    return Binary("*", left, right)


@_rule("over a number", *_ALL)
def _over(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, wanted, _SCALAR)
    return Binary("/", left, wrapped(g, right, grammar.POSITIVE))


@_rule("plus a number", *_ARRAYS)
def _plus_number(g: Generator, wanted: Type, budget: int) -> Expr | None:
    types = [wanted, _SCALAR] if g.random.random() < 0.5 else [_SCALAR, wanted]
    left, right = g.trees(budget, *types)
    return Binary(g.random.choice("+-"), left, right)


@_rule("whole power", *_ARRAYS)
def _whole_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Binary(".^", g.tree(wanted, budget), number(str(g.random.choice(grammar.WHOLE_POWERS))))


@_rule("number power", "scalar")
def _number_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Binary("^", g.tree(wanted, budget), number(str(g.random.choice(grammar.WHOLE_POWERS))))


@_rule("fractional power", *_ALL)
def _fractional_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base = wrapped(g, g.tree(wanted, budget), grammar.POSITIVE)
    exponent = number(g.random.choice(grammar.FRACTIONAL_POWERS))
    return Binary("^" if wanted[0] == "scalar" else ".^", base, exponent)


@_rule("power by a number", *_ALL)
def _power_by_number(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base, exponent = g.trees(budget, wanted, _SCALAR)
    return Binary("^" if wanted[0] == "scalar" else ".^", wrapped(g, base, grammar.POSITIVE), exponent)


@_rule("power by itself", *_ARRAYS)
def _power_by_itself(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base, exponent = g.trees(budget, wanted, wanted)
    return Binary(".^", wrapped(g, base, grammar.POSITIVE), exponent)


@_rule("number to a power", *_ARRAYS)
def _number_to_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base, exponent = g.trees(budget, _SCALAR, wanted)
    return Binary(".^", wrapped(g, base, grammar.POSITIVE), exponent)


@_rule("comparison", *_ALL)
def _comparison(g: Generator, wanted: Type, budget: int) -> Expr | None:
    a, b, c = g.trees(budget, wanted, wanted if g.random.random() < 0.5 else _SCALAR, wanted)
    return Binary(".*", Binary(g.random.choice(("<", "<=", ">", ">=")), a, b), c)


@_rule("chosen", *_ALL)
def _chosen(g: Generator, wanted: Type, budget: int) -> Expr | None:
    a, b, c, d = g.trees(budget, wanted, wanted if g.random.random() < 0.5 else _SCALAR, wanted, wanted)
    return Call("where", (Binary(g.random.choice(("<", "<=", ">", ">=")), a, b), c, d))


@_rule("user function", *_ALL)
def _user_function(g: Generator, wanted: Type, budget: int) -> Expr | None:
    name = g.random.choice(("f1", "g1"))
    if name not in g.made.functions:
        g.made.functions[name] = g.random.choice(grammar.FUNCTION_BODIES).replace("_", "t")
    return Call(name, (g.tree(wanted, budget),))


@_rule("unspecified function", *_ALL)
def _unspecified(g: Generator, wanted: Type, budget: int) -> Expr | None:
    g.made.functions.setdefault("h", None)
    return Call("h", (g.tree(wanted, budget),), 0 if g.random.random() < 0.85 else 1)


@_rule("definition", *_ALL)
def _definition(g: Generator, wanted: Type, budget: int) -> Expr | None:
    made = g.made
    fitting = [name for name, _, its in made.definitions if its == wanted]
    if fitting and g.random.random() < 0.7:
        return Name(g.random.choice(fitting))
    if g.bound or len(made.definitions) >= 3 or budget < 1:
        return None
    tree = g.tree(wanted, budget)
    name = f"{'RSTU'[len(made.definitions)] if wanted[0] == 'matrix' else 'rdeg'[len(made.definitions)]}0"
    made.definitions.append((name, tree, wanted))
    return Name(name)


@_rule("again", *_ALL)
def _again(g: Generator, wanted: Type, budget: int) -> Expr | None:
    fitting = [tree for tree, its in g.pool if its == wanted]
    return g.random.choice(fitting) if fitting else None


@_rule("indexed sum", *_ALL)
def _indexed_sum(g: Generator, wanted: Type, budget: int) -> Expr | None:
    if len(g.bound) >= 2:
        return None
    name = ("i", "j", "l")[len(g.bound)]
    dim = g.length()
    first: int | str | None = None
    last: int | str | None = None
    bound: Dim = dim
    choice = g.random.random()
    if choice < 0.25:
        first, last = 1, dim
    elif choice < 0.4 and g.size(dim) >= 2:
        first, last = 1, g.random.randint(1, g.size(dim))
    elif choice < 0.5 and g.size(dim) >= 2:
        first, last = 2, dim
    g.bound.append((name, bound))
    try:
        here = Index(g.variable(("vector", (dim,))), (name,))
        body = g.tree(wanted, budget)
        if wanted[0] == "scalar":
            body = Binary(g.random.choice(("*", "*", "+", "-")), here, body)
        elif wanted[0] == "vector" and g.random.random() < 0.6:
            column = Index(g.variable(("matrix", (wanted[1][0], dim))), (None, name))
            body = Binary(g.random.choice((".*", "+")), column, body)
        else:
            body = Binary("*", here, body)
    finally:
        g.bound.pop()
    return IndexedSum(((name, first, last),), body)


@_rule("idiom", "scalar", "vector", "matrix")
def _idiom(g: Generator, wanted: Type, budget: int) -> Expr | None:
    """A turn of phrase, with random expressions for its names."""
    kind, dims = wanted
    n = dims[-1] if dims else g.length()
    m = dims[0] if kind == "matrix" else g.length()
    choices = {"scalar": idioms.SCALARS, "vector": idioms.VECTORS, "matrix": idioms.MATRICES}[kind]
    if kind == "matrix" and m == n and g.random.random() < 0.7:
        choices = idioms.SQUARES
    tree = parse_expression(g.random.choice(choices))
    types: dict[str, Type] = {
        "s": _SCALAR, "t": _SCALAR, "x": ("vector", (n,)), "y": ("vector", (n,)), "A": ("matrix", (n, n)),
        "B": ("matrix", (n, n)), "D": ("matrix", (n, n)), "C": ("matrix", (m, n)),
    }  # fmt: skip
    names = [name for name in types if any(node == Name(name) for node in postorder(tree))]
    parts = dict(zip(names, g.trees(budget, *[types[name] for name in names])))
    if "D" in parts:
        parts["D"] = definite(g, parts["D"], n)

    def put(node: Expr) -> Expr | None:
        if isinstance(node, Index) and isinstance(node.positions[-1], tuple):
            return Index(node.operand, ((added(n, 1), multiplied(2, n)),))
        if node == Name("n"):
            return length_tree(n)
        return parts.get(node.name) if isinstance(node, Name) else None

    return transformed(tree, put)


# Numbers.


@_rule("inner product", "scalar")
def _inner(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = g.length()
    left, right = g.trees(budget, ("vector", (dim,)), ("vector", (dim,)))
    return Binary("*", Transpose(left), right)


@_rule("row times column", "scalar")
def _row_times_column(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = g.length()
    left, right = g.trees(budget, ("row", (dim,)), ("vector", (dim,)))
    return Binary("*", left, right)


@_rule("bilinear", "scalar")
def _bilinear(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = g.length(), g.length()
    x, a, y = g.trees(budget, ("vector", (m,)), ("matrix", (m, n)), ("vector", (n,)))
    return Binary("*", Binary("*", Transpose(x), a), y)


@_rule("triple product", "scalar")
def _triple(g: Generator, wanted: Type, budget: int) -> Expr | None:
    space: Type = ("vector", (3,))
    x, y, z = g.trees(budget, space, space, space)
    return Binary("*", Transpose(x), Call("cross", (y, z)))


def _position(g: Generator, dim: Dim) -> int | str:
    fitting = [name for name, its in g.bound if its == dim]
    if fitting and g.random.random() < 0.8:
        return g.random.choice(fitting)
    if g.random.random() < 0.2:
        return "end"
    return g.random.randint(1, g.size(dim))


@_rule("entry of a vector", "scalar")
def _entry(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = g.bound[-1][1] if g.bound and g.random.random() < 0.7 else g.length()
    kind = "vector" if g.random.random() < 0.85 else "row"
    return Index(g.tree((kind, (dim,)), budget), (_position(g, dim),))


@_rule("entry of a matrix", "scalar")
def _matrix_entry(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = g.bound[-1][1] if g.bound and g.random.random() < 0.7 else g.length(), g.length()
    if g.random.random() < 0.3:
        n = m
    return Index(g.tree(("matrix", (m, n)), budget), (_position(g, m), _position(g, n)))


@_rule("length", "scalar")
def _length(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Name(g.random.choice(list(g.made.sizes)))


@_rule("bound index", "scalar")
def _bound_index(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return g.entry() if g.bound else None


# Vectors and rows.


@_rule("matrix times vector", "vector")
def _matrix_vector(g: Generator, wanted: Type, budget: int) -> Expr | None:
    inner = g.length()
    a, x = g.trees(budget, ("matrix", (wanted[1][0], inner)), ("vector", (inner,)))
    return Binary("*", a, x)


@_rule("solve", "vector")
def _solve(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = wanted[1][0]
    a, x = g.trees(budget, ("matrix", (dim, dim)), wanted)
    return Binary("\\", definite(g, a, dim), x)


@_rule("column of a matrix", "vector")
def _column(g: Generator, wanted: Type, budget: int) -> Expr | None:
    other = g.length()
    return Index(g.tree(("matrix", (wanted[1][0], other)), budget), (None, _position(g, other)))


@_rule("row of a matrix", "row")
def _row(g: Generator, wanted: Type, budget: int) -> Expr | None:
    other = g.length()
    return Index(g.tree(("matrix", (other, wanted[1][0])), budget), (_position(g, other), None))


@_rule("transposed row", "vector")
def _transposed_row(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Transpose(g.tree(("row", wanted[1]), budget))


@_rule("transposed vector", "row")
def _transposed_vector(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Transpose(g.tree(("vector", wanted[1]), budget))


@_rule("row times matrix", "row")
def _row_matrix(g: Generator, wanted: Type, budget: int) -> Expr | None:
    inner = g.length()
    x, a = g.trees(budget, ("row", (inner,)), ("matrix", (inner, wanted[1][0])))
    return Binary("*", x, a)


@_rule("right quotient", "row")
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


@_rule("stacked", "vector", "row")
def _stacked(g: Generator, wanted: Type, budget: int) -> Expr | None:
    splits = _summands(wanted[1][0])
    if not splits:
        return None
    one, other = g.random.choice(splits)
    types = [_SCALAR if dim == 1 and g.random.random() < 0.5 else (wanted[0], (dim,)) for dim in (one, other)]
    if g.random.random() < 0.5:
        types.reverse()
    parts = g.trees(budget, *types)
    if g.random.random() < 0.1:
        return Call("vcat" if wanted[0] == "vector" else "hcat", tuple(parts))
    return Block((1, 1) if wanted[0] == "vector" else (2,), tuple(parts))


@_rule("slice", "vector", "row")
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


@_rule("matrix product", "matrix")
def _matrix_product(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    inner = g.random.choice((m, n, g.length()))
    a, b = g.trees(budget, ("matrix", (m, inner)), ("matrix", (inner, n)))
    return Binary("*", a, b)


@_rule("transposed matrix", "matrix")
def _transposed(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Transpose(g.tree(("matrix", wanted[1][::-1]), budget))


@_rule("outer product", "matrix")
def _outer(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    x, y = g.trees(budget, ("vector", (m,)), ("row", (n,)))
    return Binary("*", x, y)


@_rule("matrix power", "matrix")
def _matrix_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    if m != n:
        return None
    exponent = g.random.choice((2, 2, 3, -1, -2, 1, 0, 4))
    base = g.tree(wanted, budget)
    return Binary("^", definite(g, base, m) if exponent < 0 else base, number(str(exponent)))


@_rule("matrix solve", "matrix")
def _matrix_solve(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, _ = wanted[1]
    a, b = g.trees(budget, ("matrix", (m, m)), wanted)
    return Binary("\\", definite(g, a, m), b)


@_rule("matrix right quotient", "matrix")
def _matrix_quotient(g: Generator, wanted: Type, budget: int) -> Expr | None:
    _, n = wanted[1]
    a, b = g.trees(budget, wanted, ("matrix", (n, n)))
    return Binary("/", a, definite(g, b, n))


@_rule("columns scaled", "matrix")
def _columns_scaled(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    side = g.random.random() < 0.5
    a, x = g.trees(budget, wanted, ("vector", (m if side else n,)))
    if g.random.random() < 0.5:
        return Binary("*", Call("diag", (x,)), a) if side else Binary("*", a, Call("diag", (x,)))
    return Binary(".*", x, a) if side else Binary(".*", a, Transpose(x))


@_rule("diagonal in the middle", "matrix")
def _diagonal_between(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = wanted[1]
    inner = g.length()
    a, x, b = g.trees(budget, ("matrix", (m, inner)), ("vector", (inner,)), ("matrix", (inner, n)))
    return Binary("*", Binary("*", a, Call("diag", (x,))), b)


@_rule("block", "matrix")
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
                part = ("vector", (row,)) if row != 1 or g.random.random() < 0.3 else _SCALAR
            elif row == 1 and g.random.random() < 0.6:
                part = ("row", (column,))
            parts.append(part)
    trees = g.trees(budget, *parts)
    width = len(columns)
    return Block(tuple([width] * len(rows)), tuple(trees))


@_rule("submatrix", "matrix")
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


__all__ = ["PLAIN", "Number", "filled"]
