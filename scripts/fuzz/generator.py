"""Random well-shaped programs: for a kind and lengths an expression that has them, rule by rule, within a budget.

A kind is scalar, vector, row or matrix; lengths are those of `gradcalc.language.polynomial`. What the catalogue holds
takes part by what its entries say of their operands.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from gradcalc.functions import catalogue
from gradcalc.language.parser import parse_expression
from gradcalc.language.polynomial import Dim, added, as_dim, multiplied, polynomial, size_of
from gradcalc.language.printer import to_text
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
from scripts.fuzz import grammar
from scripts.fuzz.forms import FORMS, Form

Type = tuple[str, tuple[Dim, ...]]

_NAMES = {
    "scalar": ["t", "u", "alpha", "beta", "c"],
    "vector": ["x", "y", "z", "w", "v", "p", "q"],
    "matrix": ["A", "B", "X", "W", "C", "M", "Y"],
}

_INDICES = ("i", "j", "l")


class Made:
    """A program in parts. declared: name -> (kind or structure, lengths). rules: what it is made of."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.declared: dict[str, tuple[str, tuple[Dim, ...]]] = {}
        self.functions: dict[str, str | None] = {}
        self.definitions: list[tuple[str, Expr, Type]] = []
        self.objective: Expr = Number(0)
        self.type: Type = ("scalar", ())
        self.rules: list[str] = []

    def text(self, undeclared: bool = False) -> str:
        """The program. undeclared: without the declarations of what is no structure."""
        statements = []
        for name, (kind, dims) in self.declared.items():
            if not undeclared or kind not in _NAMES:
                statements.append(f"{name}: {kind}" + (f"[{', '.join([str(dim) for dim in dims])}]" if dims else ""))
        for name, body in self.functions.items():
            statements.append(f"{name}(.)" if body is None else f"{name}(t) = {body}")
        statements += [f"{name} = {to_text(tree)}" for name, tree, _ in self.definitions]
        return "; ".join([*statements, to_text(self.objective)])


def number(text: str) -> Expr:
    tree = Number(Fraction(text.lstrip("-")))
    return Negative(tree) if text.startswith("-") else tree


def filled(template: str, operand: Expr, **lengths: object) -> Expr:
    """A formula with an operand in the places of `_`."""
    tree = parse_expression(template.format(**lengths).replace("_", "operand"))
    return transformed(tree, lambda node: operand if node == Name("operand") else None)


class Generator:
    """One random program. steer: factors for the weights of rules, by name."""

    def __init__(self, seed: int, steer: dict[str, float] | None = None) -> None:
        self.random = random.Random(seed)
        self.steer = steer or {}
        self.made = Made()
        self.pool: list[tuple[Expr, Type]] = []
        self.bound: list[tuple[str, Dim]] = []
        self.entrywise = False
        self._fresh = 0
        self._last: Dim | None = None

    def program(self, order: int = 1) -> Made:
        made = self.made
        names = grammar.DIMENSIONS[: self.random.choice((1, 1, 2, 2, 3))]
        made.sizes = {name: self.weighted(grammar.SIZES) for name in names}
        budget = max(2, round(self.weighted(grammar.BUDGETS) * grammar.SMALLER[order]))
        kind = self.weighted(grammar.OBJECTIVES)
        made.type = (kind, tuple([self.length() for _ in range(_rank(kind))]))
        made.objective = self.tree(made.type, budget)
        if not self.used(made.objective):
            made.objective = Binary("+", made.objective, self.variable(made.type))
        return made

    def used(self, *trees: Expr) -> list[str]:
        """The variables that stand in expressions, through definitions."""
        names: dict[str, None] = {}
        pending = list(trees)
        definitions = {name: tree for name, tree, _ in self.made.definitions}
        while pending:
            for node in postorder(pending.pop()):
                if isinstance(node, Name) and node.name not in names:
                    names[node.name] = None
                    if node.name in definitions:
                        pending.append(definitions[node.name])
        return [name for name in names if name in self.made.declared]

    # Choices.

    def chance(self, what: str) -> bool:
        return self.random.random() < grammar.CHANCES[what]

    def weighted(self, weights: dict) -> object:  # type: ignore[type-arg]
        return self.random.choices(list(weights), list(weights.values()))[0]

    def length(self) -> Dim:
        """A random length, often the one before."""
        if self._last is None or not self.chance("same length"):
            self._last = self._drawn_length()
        return self._last

    def _drawn_length(self) -> Dim:
        if self.chance("literal length"):
            return self.random.choice(grammar.LITERAL_LENGTHS)
        name = self.random.choice(list(self.made.sizes))
        if not self.chance("composite length"):
            return name
        other = self.random.choice([*self.made.sizes, 1, 2])
        return self.random.choice([multiplied, added])(name, other)

    def size(self, dim: Dim) -> int:
        return size_of(dim, self.made.sizes)

    def type(self, kinds: tuple[str, ...] = ("scalar", "vector", "matrix")) -> Type:
        kind = self.random.choice(kinds)
        return kind, tuple([self.length() for _ in range(_rank(kind))])

    # Trees.

    def tree(self, wanted: Type, budget: int) -> Expr:
        if budget <= 0 or (budget == 1 and self.random.random() < 0.5):
            return self.leaf(wanted)
        for _ in range(12):
            name, rule = self._rule(wanted[0])
            made = rule(self, wanted, budget - 1)
            if made is not None:
                self.made.rules.append(name)
                if not self.bound:
                    self.pool.append((made, wanted))
                return made
        return self.leaf(wanted)

    def trees(self, budget: int, *wanted: Type) -> list[Expr]:
        """Several, which share a budget: mostly one of them has it nearly all."""
        if not wanted:
            return []
        large = self.random.randrange(len(wanted))
        shares = [0] * len(wanted)
        for _ in range(max(budget, 0)):
            shares[large if self.random.random() < 0.65 else self.random.randrange(len(wanted))] += 1
        return [self.tree(one, share) for one, share in zip(wanted, shares)]

    def _rule(self, kind: str) -> tuple[str, Callable[[Generator, Type, int], Expr | None]]:
        names, rules, weights = RULES_OF[kind]
        if self.steer:
            weights = [weight * self.steer.get(name, 1.0) for name, weight in zip(names, weights)]
        place = self.random.choices(range(len(names)), weights)[0]
        return names[place], rules[place]

    def leaf(self, wanted: Type) -> Expr:
        kind, dims = wanted
        if kind == "row":
            return Transpose(self.leaf(("vector", dims)))
        if kind == "scalar" and self.bound and self.random.random() < 0.7:
            return self.entry()
        if self.chance("constant leaf"):
            constant = self.constant(wanted)
            if constant is not None:
                return constant
        return self.variable(wanted)

    def constant(self, wanted: Type) -> Expr | None:
        kind, dims = wanted
        if kind == "scalar":
            if self.random.random() < 0.1:
                return Name("pi")
            return number(self.random.choice(grammar.NUMBERS))
        sizes = [length_tree(dim) for dim in dims]
        if kind == "matrix" and dims[0] == dims[1] and self.random.random() < 0.6:
            return Call("eye", (sizes[0],))
        return Call("ones", tuple(sizes))

    def variable(self, wanted: Type) -> Expr:
        kind, dims = wanted
        if kind == "row":
            return Transpose(self.variable(("vector", dims)))
        fitting = [name for name, (known, its) in self.made.declared.items()
                   if its == dims and (known if known in _NAMES else _kind_of_rank(len(its))) == kind]  # fmt: skip
        if fitting and self.chance("old variable"):
            return Name(self.random.choice(fitting))
        free = [name for name in _NAMES[kind] if name not in self.made.declared]
        if not free:
            self._fresh += 1
            free = [f"{_NAMES[kind][0]}{self._fresh}"]
        declared = kind
        if kind == "matrix" and dims[0] == dims[1] and self.chance("structure"):
            declared = str(self.weighted(grammar.STRUCTURES))
            dims = dims[:1]
        elif dims and self.chance("positive"):
            declared = "positive"
        self.made.declared[free[0]] = (declared, (dims[0], dims[0]) if declared in grammar.STRUCTURES else dims)
        return Name(free[0])

    def entry(self) -> Expr:
        """A number in the indices that are bound."""
        name, dim = self.random.choice(self.bound)
        choice = self.random.random()
        if choice < 0.15:
            return Name(name)
        if choice < 0.65:
            return Index(self.variable(("vector", (dim,))), (name,))
        other, along = self.random.choice(self.bound)
        if self.random.random() < 0.3:
            along = self.length()
            positions: tuple[object, ...] = (name, self.random.randint(1, self.size(along)))
        else:
            positions = (name, other)
        return Index(self.variable(("matrix", (dim, along))), positions)  # type: ignore[arg-type]


def _rank(kind: object) -> int:
    return {"scalar": 0, "matrix": 2}.get(str(kind), 1)


def _kind_of_rank(rank: int) -> str:
    return ("scalar", "vector", "matrix")[rank]


def length_tree(dim: Dim) -> Expr:
    """A length as an expression."""
    return Number(dim) if isinstance(dim, int) else parse_expression(dim)


def split(generator: Generator, dim: Dim) -> tuple[Dim, Dim]:
    """Two lengths whose product is a length."""
    choices: list[tuple[Dim, Dim]] = [(dim, 1), (1, dim)]
    if isinstance(dim, int):
        choices += [(d, dim // d) for d in range(2, dim) if dim % d == 0] * 3
    else:
        terms = polynomial(dim)
        if len(terms) == 1:
            names, factor = next(iter(terms.items()))
            for cut in range(1, len(names)):
                choices += [(as_dim({names[:cut]: factor}), as_dim({names[cut:]: 1})),
                            (as_dim({names[cut:]: 1}), as_dim({names[:cut]: factor}))] * 4  # fmt: skip
            if factor > 1:
                choices += [(factor, as_dim({names: 1})), (as_dim({names: 1}), factor)] * 4
    return generator.random.choice(choices)


def built(generator: Generator, form: Form, wanted: Type, budget: int) -> Expr | None:
    """A call of a function of the catalogue in one of its forms."""
    lengths = form.solved(wanted[1], generator.length, lambda dim: split(generator, dim), generator.size)
    if lengths is None:
        return None
    operands: list[Type] = []
    for kind, letters in zip(form.kinds, form.letters):
        if kind != "dimension":
            operands.append((kind, tuple([lengths[letter] for letter in letters])))
    if any(generator.size(dim) > 9 for _, dims in operands for dim in dims):
        return None
    trees = generator.trees(budget, *operands)
    name = form.name
    for place, (kind, dims) in enumerate(operands):
        listed = grammar.PARAMETERS.get((name, place))
        if listed and generator.random.random() < 0.9:
            trees[place] = number(generator.random.choice(listed))
        if kind == "matrix" and form.symmetric:
            trees[place] = Call("sym", (trees[place],)) if generator.random.random() < 0.7 else Binary(
                "*", trees[place], Transpose(trees[place]))  # fmt: skip
        if kind == "matrix" and name in grammar.NEEDS_DEFINITE and dims[0] == dims[1]:
            trees[place] = definite(generator, trees[place], dims[0])
    sizes = [length_tree(lengths[letters]) for kind, letters in zip(form.kinds, form.letters) if kind == "dimension"]
    extra = [Number(form.axis)] if form.axis else []
    return Call(name, (*trees, *sizes, *extra))


def definite(generator: Generator, tree: Expr, dim: Dim) -> Expr:
    if not generator.chance("made definite"):
        return tree
    return filled(generator.random.choice(grammar.DEFINITE), tree, n=dim)


def wrapped(generator: Generator, tree: Expr, domain: str) -> Expr:
    if not generator.chance("wrapped into its domain"):
        return tree
    return filled(generator.random.choice(grammar.WRAPPED[domain]), tree)


def _needs(entry: catalogue.Elementwise, place: int) -> str | None:
    """The domain that an operand has to be in."""
    given = grammar.DOMAINS.get(entry.name, {}).get(place)
    if given is not None or place > 0:
        return given
    low, high = entry.domain
    if (low, high) == (-1.0, 1.0):
        return grammar.UNIT
    if (low, high) == (0.0, 1.0):
        return grammar.SIGMOID
    if low >= 1:
        return grammar.ABOVE_ONE
    return grammar.POSITIVE if low > float("-inf") else None


def elementwise(entry: catalogue.Elementwise) -> Callable[[Generator, Type, int], Expr | None]:
    def rule(g: Generator, wanted: Type, budget: int) -> Expr | None:
        count = g.random.choice(entry.arities)
        types: list[Type] = [wanted if not g.chance("operand is a number") else ("scalar", ()) for _ in range(count)]
        types[g.random.randrange(count)] = wanted
        if entry.name == "polygamma":
            types = [("scalar", ()), wanted]
        if entry.spelling in ("max", "min") and count == 2:
            types[0] = wanted
            if wanted[0] == "matrix":
                types = [wanted, wanted]
        trees = g.trees(budget, *types)
        for place in range(count):
            listed = grammar.PARAMETERS.get((entry.name, place))
            replaceable = types[place] != wanted or types.count(wanted) > 1
            if listed and replaceable and g.random.random() < 0.85:
                trees[place], types[place] = number(g.random.choice(listed)), ("scalar", ())
            domain = _needs(entry, place)
            if domain is not None:
                trees[place] = wrapped(g, trees[place], domain)
        if entry.operator is not None:
            return Binary(entry.operator, trees[0], trees[1])
        return Call(entry.spelling, tuple(trees))

    return rule


Rule = Callable[[Generator, Type, int], "Expr | None"]
Rules = tuple[list[str], list[Rule], list[float]]


def _rules() -> dict[str, Rules]:
    """For each kind its rules: their names, what builds them, and their weights."""
    import scripts.fuzz.rules_of_arrays  # noqa: F401 (its rules register themselves)
    from scripts.fuzz.rules import PLAIN

    table: dict[str, Rules] = {kind: ([], [], []) for kind in ("scalar", "vector", "row", "matrix")}

    def add(kind: str, name: str, rule: Rule, weight: float) -> None:
        for column, value in zip(table[kind], (name, rule, weight)):
            column.append(value)  # type: ignore[arg-type]

    for name, (kinds, rule) in PLAIN.items():
        for kind in kinds:
            add(kind, name, rule, grammar.RULES[name])
    entries = [entry for entry in catalogue.ENTRIES if isinstance(entry, catalogue.Elementwise)]
    for entry in entries:
        for kind in table:
            add(kind, entry.name, elementwise(entry), grammar.RULES["elementwise"] / len(entries))
    for form in FORMS:
        weight = grammar.FAMILIES[form.family] / form.siblings
        weight *= grammar.FAVOURITES.get(form.name, 1.0) * grammar.RARE.get(form.name, 1.0)
        add(form.result, form.name, lambda g, wanted, budget, form=form: built(g, form, wanted, budget), weight / 3)
    return table


RULES_OF: dict[str, Rules] = {}


def prepare() -> None:
    """Fills the table of rules; once."""
    if not RULES_OF:
        RULES_OF.update(_rules())


__all__ = ["Block", "Generator", "IndexedSum", "Made", "prepare"]
