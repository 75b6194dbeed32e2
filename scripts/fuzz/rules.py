"""The rules that belong to the language and to no function: operators, indices, blocks, sums, names.

A rule takes the generator, the type that is wanted and a budget, and gives an expression; None where it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable

from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import Dim, added, multiplied
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    Index,
    IndexedSum,
    Name,
    Negative,
    Transpose,
    postorder,
    transformed,
)
from scripts.fuzz import grammar, idioms
from scripts.fuzz.generator import Generator, Type, definite, length_tree, number, wrapped

Rule = Callable[[Generator, Type, int], "Expr | None"]

SCALAR: Type = ("scalar", ())
_ALL = ("scalar", "vector", "row", "matrix")
_ARRAYS = ("vector", "row", "matrix")

PLAIN: dict[str, tuple[tuple[str, ...], Rule]] = {}


def rule(name: str, *kinds: str) -> Callable[[Rule], Rule]:
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
    @rule(name, *_ALL)
    def joined(g: Generator, wanted: Type, budget: int) -> Expr | None:
        types = [wanted, _narrower(g, wanted)]
        if g.random.random() < 0.5:
            types.reverse()
        left, right = g.trees(budget, *types)
        return Binary(operator, left, right)


_joined("plus", "+")
_joined("minus", "-")
_joined("hadamard", ".*")


@rule("negated", *_ALL)
def _negated(g: Generator, wanted: Type, budget: int) -> Expr | None:
    inner = g.tree(wanted, budget)
    return None if isinstance(inner, Negative) else Negative(inner)


@rule("quotient", *_ALL)
def _quotient(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, wanted if g.random.random() < 0.85 else SCALAR, wanted)
    return Binary("./" if wanted[0] != "scalar" else "/", left, wrapped(g, right, grammar.POSITIVE))


@rule("scaled", *_ARRAYS)
def _scaled(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, SCALAR, wanted)
    return Binary("*", left, right)


@rule("scaled on the right", *_ARRAYS)
def _scaled_right(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, wanted, SCALAR)
    return Binary("*", left, right)


@rule("over a number", *_ALL)
def _over(g: Generator, wanted: Type, budget: int) -> Expr | None:
    left, right = g.trees(budget, wanted, SCALAR)
    return Binary("/", left, wrapped(g, right, grammar.POSITIVE))


@rule("plus a number", *_ARRAYS)
def _plus_number(g: Generator, wanted: Type, budget: int) -> Expr | None:
    types = [wanted, SCALAR] if g.random.random() < 0.5 else [SCALAR, wanted]
    left, right = g.trees(budget, *types)
    return Binary(g.random.choice("+-"), left, right)


@rule("whole power", *_ARRAYS)
def _whole_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Binary(".^", g.tree(wanted, budget), number(str(g.random.choice(grammar.WHOLE_POWERS))))


@rule("number power", "scalar")
def _number_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Binary("^", g.tree(wanted, budget), number(str(g.random.choice(grammar.WHOLE_POWERS))))


@rule("fractional power", *_ALL)
def _fractional_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base = wrapped(g, g.tree(wanted, budget), grammar.POSITIVE)
    exponent = number(g.random.choice(grammar.FRACTIONAL_POWERS))
    return Binary("^" if wanted[0] == "scalar" else ".^", base, exponent)


@rule("power by a number", *_ALL)
def _power_by_number(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base, exponent = g.trees(budget, wanted, SCALAR)
    return Binary("^" if wanted[0] == "scalar" else ".^", wrapped(g, base, grammar.POSITIVE), exponent)


@rule("power by itself", *_ARRAYS)
def _power_by_itself(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base, exponent = g.trees(budget, wanted, wanted)
    return Binary(".^", wrapped(g, base, grammar.POSITIVE), exponent)


@rule("number to a power", *_ARRAYS)
def _number_to_power(g: Generator, wanted: Type, budget: int) -> Expr | None:
    base, exponent = g.trees(budget, SCALAR, wanted)
    return Binary(".^", wrapped(g, base, grammar.POSITIVE), exponent)


@rule("comparison", *_ALL)
def _comparison(g: Generator, wanted: Type, budget: int) -> Expr | None:
    a, b, c = g.trees(budget, wanted, wanted if g.random.random() < 0.5 else SCALAR, wanted)
    return Binary(".*", Binary(g.random.choice(("<", "<=", ">", ">=")), a, b), c)


@rule("chosen", *_ALL)
def _chosen(g: Generator, wanted: Type, budget: int) -> Expr | None:
    a, b, c, d = g.trees(budget, wanted, wanted if g.random.random() < 0.5 else SCALAR, wanted, wanted)
    return Call("where", (Binary(g.random.choice(("<", "<=", ">", ">=")), a, b), c, d))


@rule("user function", *_ALL)
def _user_function(g: Generator, wanted: Type, budget: int) -> Expr | None:
    name = g.random.choice(("f1", "g1"))
    if name not in g.made.functions:
        g.made.functions[name] = g.random.choice(grammar.FUNCTION_BODIES).replace("_", "t")
    return Call(name, (g.tree(wanted, budget),))


@rule("unspecified function", *_ALL)
def _unspecified(g: Generator, wanted: Type, budget: int) -> Expr | None:
    g.made.functions.setdefault("h", None)
    return Call("h", (g.tree(wanted, budget),), 0 if g.random.random() < 0.85 else 1)


@rule("definition", *_ALL)
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


@rule("again", *_ALL)
def _again(g: Generator, wanted: Type, budget: int) -> Expr | None:
    fitting = [tree for tree, its in g.pool if its == wanted]
    return g.random.choice(fitting) if fitting else None


@rule("indexed sum", *_ALL)
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


@rule("idiom", "scalar", "vector", "matrix")
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
        "s": SCALAR, "t": SCALAR, "x": ("vector", (n,)), "y": ("vector", (n,)), "A": ("matrix", (n, n)),
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


@rule("inner product", "scalar")
def _inner(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = g.length()
    left, right = g.trees(budget, ("vector", (dim,)), ("vector", (dim,)))
    return Binary("*", Transpose(left), right)


@rule("row times column", "scalar")
def _row_times_column(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = g.length()
    left, right = g.trees(budget, ("row", (dim,)), ("vector", (dim,)))
    return Binary("*", left, right)


@rule("bilinear", "scalar")
def _bilinear(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = g.length(), g.length()
    x, a, y = g.trees(budget, ("vector", (m,)), ("matrix", (m, n)), ("vector", (n,)))
    return Binary("*", Binary("*", Transpose(x), a), y)


@rule("triple product", "scalar")
def _triple(g: Generator, wanted: Type, budget: int) -> Expr | None:
    space: Type = ("vector", (3,))
    x, y, z = g.trees(budget, space, space, space)
    return Binary("*", Transpose(x), Call("cross", (y, z)))


def position(g: Generator, dim: Dim) -> int | str:
    fitting = [name for name, its in g.bound if its == dim]
    if fitting and g.random.random() < 0.8:
        return g.random.choice(fitting)
    if g.random.random() < 0.2:
        return "end"
    return g.random.randint(1, g.size(dim))


@rule("entry of a vector", "scalar")
def _entry(g: Generator, wanted: Type, budget: int) -> Expr | None:
    dim = g.bound[-1][1] if g.bound and g.random.random() < 0.7 else g.length()
    kind = "vector" if g.random.random() < 0.85 else "row"
    return Index(g.tree((kind, (dim,)), budget), (position(g, dim),))


@rule("entry of a matrix", "scalar")
def _matrix_entry(g: Generator, wanted: Type, budget: int) -> Expr | None:
    m, n = g.bound[-1][1] if g.bound and g.random.random() < 0.7 else g.length(), g.length()
    if g.random.random() < 0.3:
        n = m
    return Index(g.tree(("matrix", (m, n)), budget), (position(g, m), position(g, n)))


@rule("length", "scalar")
def _length(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return Name(g.random.choice(list(g.made.sizes)))


@rule("bound index", "scalar")
def _bound_index(g: Generator, wanted: Type, budget: int) -> Expr | None:
    return g.entry() if g.bound else None
