"""The edits of a claim: at every node the slips that people make there, each as a replacement of the node.

An edit turns the claim into what may have been meant; what it says is what is wrong with the claim as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial

from gradcalc.checking.claims.stage import Quantity
from gradcalc.checking.claims.wording import negated, quoted
from gradcalc.functions import catalogue
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import (
    Binary,
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
    with_children,
)

Path = tuple[int, ...]

KindOf = Callable[[Expr], "str | None"]
"""The kind of a node; None where it has none by itself."""

_PRODUCTS = ("*", ".*")
_QUOTIENTS = ("/", "./")
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Edit:
    """replacement: what stands at `path` of the tree number `statement` instead of `replaced`. everywhere: for a change
    of names, what each node becomes, None where it stays.

    kind, message, cost: of what is wrong.
    """

    __slots__ = ("cost", "everywhere", "kind", "message", "path", "replaced", "replacement", "statement")

    def __init__(
        self,
        kind: str,
        message: str,
        cost: float,
        statement: int,
        path: Path,
        replacement: Expr,
        replaced: Expr,
        everywhere: Callable[[Expr], Expr | None] | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.cost = cost
        self.statement = statement
        self.path = path
        self.replacement = replacement
        self.replaced = replaced
        self.everywhere = everywhere

    def applied(self, trees: Sequence[Expr]) -> tuple[Expr, ...]:
        """The trees with the edit made."""
        if self.everywhere is not None:
            return tuple([transformed(tree, self.everywhere) for tree in trees])
        changed = list(trees)
        changed[self.statement] = replaced(trees[self.statement], self.path, self.replacement)
        return tuple(changed)

    def is_apart_from(self, other: Edit) -> bool:
        """Whether both can be made, neither inside the other."""
        if self.everywhere is not None or other.everywhere is not None:
            return self.everywhere is None or other.everywhere is None or self.replaced != other.replaced
        if self.statement != other.statement:
            return True
        shorter = min(len(self.path), len(other.path))
        return self.path[:shorter] != other.path[:shorter]


def replaced(root: Expr, path: Path, new: Expr) -> Expr:
    """The tree with another node at a path."""
    spine: list[Expr] = [root]
    for step in path[:-1]:
        spine.append(spine[-1].children[step])
    for node, step in zip(reversed(spine), reversed(path)):
        new = with_children(node, (*node.children[:step], new, *node.children[step + 1 :]))
    return new


def places(root: Expr) -> Iterator[tuple[Path, Expr, Expr | None]]:
    """Every node with its path and the node above; sizes of functions are left out."""
    pending: list[tuple[Path, Expr, Expr | None]] = [((), root, None)]
    while pending:
        path, node, above = pending.pop()
        yield path, node, above
        first = catalogue.first_size(node.function) if isinstance(node, Call) else None
        children = node.children if first is None else node.children[:first]
        pending += [((*path, step), child, node) for step, child in reversed(list(enumerate(children)))]


MISTAKEN = (("sin", "cos"), ("sinh", "cosh"), ("exp", "log"), ("sigmoid", "tanh"), ("abs", "sign"))
"""Functions that are taken for one another."""

_OF_MATRICES = {"exp": "expm", "log": "logm", "sqrt": "sqrtm"}

Found = tuple[str, str, float, Expr]
"""kind, message, cost and replacement."""


class Editor:
    """Makes the edits of trees.

    names: the kinds of the names that may stand in a claim. factors, terms: what may be put in. functions: the
    elementwise functions that may stand for one another. positions: the entry that the claim is about.
    lengths: the names of the dimensions. stacked: whether the derivative is a matrix of vec by vec.
    """

    def __init__(
        self,
        kind_of: KindOf,
        names: Mapping[str, str],
        factors: Sequence[Quantity],
        terms: Sequence[Quantity],
        functions: Sequence[str],
        positions: Sequence[int | str],
        lengths: Sequence[str],
        stacked: bool,
    ) -> None:
        self._kind_of = kind_of
        self._names = names
        self._factors = factors
        self._terms = terms
        self._functions = functions
        self._lengths = list(lengths)
        self._stacked = stacked
        self._positions = list(dict.fromkeys(positions))
        self._indices = [position for position in self._positions if isinstance(position, str)]

    def edits(self, trees: Sequence[Expr]) -> Iterator[Edit]:
        """All edits of one place, and every name for another wherever it stands."""
        yield from self._renamings(trees)
        for statement, tree in enumerate(trees):
            for path, node, above in places(tree):
                for kind, message, cost, replacement in self.at(node, above, path):
                    yield Edit(kind, message, cost, statement, path, replacement, node)

    def _renamings(self, trees: Sequence[Expr]) -> Iterator[Edit]:
        counts: dict[str, int] = {}
        for tree in trees:
            for _, node, _ in places(tree):
                if isinstance(node, Name):
                    counts[node.name] = counts.get(node.name, 0) + 1
        for name, count in counts.items():
            for other in self._other_names(name):
                if count > 1:
                    message = f"{quoted(Name(name))} stands where {quoted(Name(other))} belongs"
                    new = {name: other}
                    yield Edit("substitution", message, 1.2, 0, (), Name(other), Name(name), partial(_renamed, new))
        if len(self._positions) == 2:
            one, two = self._positions
            message = f"{one} and {two} are the wrong way round"
            swap = partial(_reindexed, {one: two, two: one})
            yield Edit("transpose", message, 0.9, 0, (), trees[-1], trees[-1], swap)

    def _other_names(self, name: str) -> list[str]:
        kind = self._names.get(name)
        return [other for other, own in self._names.items() if own == kind and other != name]

    def at(self, node: Expr, above: Expr | None, path: Path) -> Iterator[Found]:
        """The edits of one node. above: the node that it is an operand of."""
        if isinstance(node, Binary):
            yield from self._of_operator(node)
        if isinstance(node, Number):
            yield from _of_number(node, above, path, self._lengths)
        if isinstance(node, Call):
            yield from self._of_call(node)
        if isinstance(node, Name):
            yield from self._of_name(node, above)
        if isinstance(node, Index):
            yield from self._of_index(node)
        if isinstance(node, IndexedSum):
            yield from self._of_sum(node)
        if isinstance(node, Transpose):
            yield "transpose", f"{quoted(node)} is transposed where it should not be", 1.0, node.operand
        kind = self._kind_of(node)
        if kind in ("vector", "row", "matrix") and not isinstance(node, Transpose) and not _is_diagonal(node):
            yield (
                "transpose",
                f"{quoted(node)} is not transposed: it is {quoted(Transpose(node))}",
                1.0,
                Transpose(node),
            )
        if _is_term(above) and path:
            yield from self._of_term(node, above, path)
        if kind is not None:
            yield from self._of_value(node, kind, above, path)

    # Operators.

    def _of_operator(self, node: Binary) -> Iterator[Found]:
        operator, left, right = node.operator, node.left, node.right
        kinds = (self._kind_of(left), self._kind_of(right))
        if operator in ("+", "-"):
            other = "-" if operator == "+" else "+"
            swapped = Binary(other, left, right)
            yield "sign", f"the sign of {quoted(right)} in {quoted(node)} is wrong", 1.0, swapped
            first = negated(left)
            yield "sign", f"the sign of {quoted(left)} in {quoted(node)} is wrong", 1.0, Binary(operator, first, right)
            if operator == "-":
                reverse = Binary("-", right, left)
                yield "sign", f"{quoted(node)} should be {quoted(reverse)}", 0.98, reverse
            dropped = "factor" if self._is_number(node) else "extra-term"
            yield dropped, f"the term {quoted(right)} is one too many", 1.3, left
            gone = right if operator == "+" else negated(right)
            yield dropped, f"the term {quoted(left)} is one too many", 1.3, gone
            yield "hadamard", f"{quoted(node)} is a sum where the product is meant", 1.9, Binary(".*", left, right)
            if kinds in (("matrix", "scalar"), ("scalar", "matrix"), ("scalar", "scalar")):
                yield from self._with_identity(node, kinds)
        elif operator in _PRODUCTS:
            yield from self._of_product(node, kinds)
        elif operator in _QUOTIENTS:
            times = "*" if operator == "/" else ".*"
            message = f"{quoted(right)} is divided by where it is multiplied by"
            yield "exponent", message, 1.1, Binary(times, left, right)
            dropped = "factor" if self._is_number(right) else "extra-factor"
            yield dropped, f"the division by {quoted(right)} is one too many", 1.2, left
            yield "exponent", f"{quoted(node)} is upside down", 1.2, Binary(operator, right, left)
            if kinds[1] == "scalar" and not self._is_number(right):
                root = Call("sqrt", (right,))
                yield (
                    "exponent",
                    f"a root is missing: {quoted(right)} should be {quoted(root)}",
                    1.05,
                    root_of(node, root),
                )
                square = Binary("^", right, Number(2))
                yield (
                    "exponent",
                    f"a square is missing: {quoted(right)} should be {quoted(square)}",
                    1.05,
                    root_of(node, square),
                )
            if kinds[1] == "matrix" and operator == "./" and isinstance(left, Number) and left.value == 1:
                message = f"{quoted(node)} inverts the entries where the matrix is inverted"
                yield "hadamard", message, 1.0, Call("inv", (right,))
        elif operator in _TURNED:
            turned = Binary(_TURNED[operator], left, right)
            yield "sign", f"the comparison {quoted(node)} is the wrong way round", 1.0, turned
        elif operator in ("^", ".^"):
            yield from _of_power(node)
            if "scalar" not in kinds[:1]:
                other = "^" if operator == ".^" else ".^"
                yield "hadamard", f"`{operator}` stands where `{other}` is meant", 1.0, Binary(other, left, right)

    def _with_identity(self, node: Binary, kinds: tuple[str | None, str | None]) -> Iterator[Found]:
        """A number that is added to every entry where a multiple of the identity matrix is meant."""
        for place, kind in enumerate(kinds):
            number = node.children[place]
            for length in self._lengths:
                identity = Call("eye", (Name(length),))
                multiple = identity if number == Number(1) else Binary("*", number, identity)
                children = (*node.children[:place], multiple, *node.children[place + 1 :])
                if kind == "scalar":
                    message = f"{quoted(number)} stands where {quoted(multiple)} is meant"
                    yield "shape", message, 1.0, with_children(node, children)

    def _of_product(self, node: Binary, kinds: tuple[str | None, str | None]) -> Iterator[Found]:
        operator, left, right = node.operator, node.left, node.right
        over = "/" if operator == "*" else "./"
        if not isinstance(right, Number):
            dropped = "factor" if self._is_number(right) else "extra-factor"
            yield dropped, f"the factor {quoted(right)} is one too many", 1.1 + _length(right), left
            message = f"{quoted(right)} is multiplied by where it is divided by"
            yield "exponent", message, 1.15, Binary(over, left, right)
        if not isinstance(left, Number):
            gone = negated(right) if isinstance(left, Negative) else right
            dropped = "factor" if self._is_number(left) else "extra-factor"
            yield dropped, f"the factor {quoted(left)} is one too many", 1.1 + _length(left), gone
        if isinstance(left, Binary) and left.operator == operator and not self._is_number(left.left):
            pair = Binary(operator, left.right, right)
            yield "extra-factor", f"the factor {quoted(pair)} is one too many", 1.3 + _length(pair), left.left
        if isinstance(left, Binary) and left.operator in _PRODUCTS and left.operator != operator:
            inner = Binary(left.operator, left.left, Binary(operator, left.right, right))
            yield "shape", f"parentheses are missing: {quoted(inner)}", 0.9, inner
        if "scalar" in kinds:
            return
        other = ".*" if operator == "*" else "*"
        said = f"`{operator}` stands where `{other}` is meant, in {quoted(node)}"
        # Two columns side by side are a slip of notation.
        cost = 0.5 if operator == "*" and kinds in (("vector", "vector"), ("row", "row")) else 1.0
        yield "hadamard", said, cost, Binary(other, left, right)
        if operator == "*":
            yield "shape", f"the factors of {quoted(node)} stand in the wrong order", 1.15, Binary("*", right, left)
            if isinstance(left, Binary) and left.operator == "*":
                yield from _of_last_two(node, left)
            for one, two, cost in (
                (Transpose(left), right, 1.0),
                (left, Transpose(right), 1.0),
                (right, Transpose(left), 1.25),
                (Transpose(right), left, 1.25),
            ):
                turned = Binary("*", _plain(one), _plain(two))
                cost += 0.0 if isinstance(left, (Name, Transpose)) else 0.04
                yield "transpose", f"a transpose is missing: {quoted(node)} should be {quoted(turned)}", cost, turned
            yield from self._summed(node, left, right)
        else:
            inner = Binary("*", _plain(Transpose(left)), right)
            yield "shape", f"{quoted(node)} should be summed: {quoted(inner)}", 1.2, inner
            if kinds == ("vector", "vector"):
                outer = Binary("*", left, Transpose(right))
                message = f"{quoted(node)} multiplies entries where the outer product {quoted(outer)} is meant"
                yield "hadamard", message, 0.8, outer
        for whole, diagonal in (
            (Binary("*", Call("diag", (left,)), right), left),
            (Binary("*", left, Call("diag", (right,))), right),
        ):
            if self._kind_of(diagonal) in ("vector", "row"):
                message = f"the diagonal matrix of {quoted(diagonal)} was lost"
                yield "shape", message, 0.86 + 2 * _length(diagonal), whole

    def _summed(self, node: Binary, left: Expr, right: Expr) -> Iterator[Found]:
        """An inner product where the products of the entries are meant."""
        if self._kind_of(node) == "scalar":
            entries = Binary(".*", _plain(Transpose(left)), right)
            message = f"{quoted(node)} is summed over where {quoted(entries)} is meant"
            yield "shape", message, 1.0, entries
            for index in self._indices:
                one = Index(_bracketed(_plain(Transpose(left))), (index,))
                two = Index(_bracketed(right), (index,))
                at = Binary("*", one, two)
                message = f"{quoted(node)} is summed over where the index {index} is free: {quoted(at)}"
                yield "shape", message, 0.95, at
        elif isinstance(left, Transpose) and self._kind_of(node) is None:
            yield (
                "transpose",
                f"the transposes of {quoted(node)} are the wrong way round",
                1.05,
                Binary("*", left.operand, Transpose(right)),
            )

    # Leaves and functions.

    def _of_name(self, node: Name, above: Expr | None) -> Iterator[Found]:
        inside = isinstance(above, Call) and not _is_diagonal(above)
        for other in self._other_names(node.name):
            message = f"{quoted(node)} stands where {quoted(Name(other))} belongs"
            if inside:
                assert isinstance(above, Call)
                message = f"{_function_text(above)} is taken at {quoted(node)} instead of {quoted(Name(other))}"
            yield "argument" if inside else "substitution", message, 1.2 if not inside else 1.1, Name(other)

    def _of_index(self, node: Index) -> Iterator[Found]:
        """Another index, or the two of a matrix the other way round."""
        positions = node.positions
        if len(positions) == 2 and positions[0] != positions[1]:
            turned = Index(node.operand, (positions[1], positions[0]))
            yield "transpose", f"the indices of {quoted(node)} are the wrong way round: {quoted(turned)}", 1.0, turned
        if len(positions) == 2 and None in positions and positions != (None, None):
            turned = Transpose(Index(node.operand, (positions[1], positions[0])))
            yield "transpose", f"{quoted(node)} should be {quoted(turned)}", 1.0, turned
        for axis, position in enumerate(positions):
            for index in self._indices:
                if isinstance(position, (int, str)) and position != index:
                    new = Index(node.operand, (*positions[:axis], index, *positions[axis + 1 :]))
                    yield "substitution", f"the index {position} of {quoted(node)} should be {index}", 1.15, new

    def _of_sum(self, node: IndexedSum) -> Iterator[Found]:
        """An index that is summed over where it is free."""
        for name, _, _ in node.ranges:
            rest = tuple([each for each in node.ranges if each[0] != name])
            for index in self._indices:
                body = transformed(node.body, partial(_reindexed, {name: index}))
                new = IndexedSum(rest, body) if rest else body
                yield "shape", f"{quoted(node)} sums over {name} where the index {index} is free", 0.95, new

    def _of_call(self, node: Call) -> Iterator[Found]:
        operand = node.children[0]
        entry = catalogue.lookup(node.function)
        if entry is not None and not isinstance(entry, catalogue.Elementwise):
            yield from self._of_whole(node, entry, operand)
            return
        name = node.function
        if len(node.children) == 1:
            if node.primes:
                flat = Call(name, node.children, node.primes - 1)
                yield "function", f"{quoted(node)} should be {quoted(flat)}", 1.15, flat
            steep = Call(name, node.children, node.primes + 1)
            if is_steep(name):
                yield "function", f"the derivative is missing: {quoted(node)} should be {quoted(steep)}", 1.25, steep
            turned = Call(name, (negated(operand),), node.primes)
            yield "sign", f"the sign inside {quoted(node)} is wrong", 1.05, turned
            yield "function", f"{_function_text(node)} is one too many", 1.2, operand
        for other in self._functions:
            if other != name and not node.primes:
                new = Call(other, node.children[:1])
                cost = 1.2 if any(name in group and other in group for group in MISTAKEN) else 1.45
                yield "function", f"{name} stands where {other} belongs", cost, new
        if self._kind_of(operand) == "matrix" and name in _OF_MATRICES:
            new = Call(_OF_MATRICES[name], (operand,))
            yield "hadamard", f"{name} takes the entries where {quoted(new)} is meant", 1.0, new

    def _of_whole(self, node: Call, entry: catalogue.Function, operand: Expr) -> Iterator[Found]:
        if node.function in ("sum", "mean"):
            other = "mean" if node.function == "sum" else "sum"
            yield "factor", f"{node.function} stands where {other} is meant", 1.1, Call(other, node.children)
            yield "shape", f"{quoted(operand)} is summed where its entries are meant", 1.1, operand
            for index in self._indices:
                entry_ = Index(operand, (index,))
                yield "shape", f"{quoted(node)} stands where {quoted(entry_)} is meant", 1.0, entry_
        elif node.function == "diag":
            yield "shape", f"{quoted(node)} is a diagonal matrix where {quoted(operand)} is meant", 1.1, operand
        elif node.function == "inv":
            yield "exponent", f"the inverse of {quoted(operand)} stands where it should not", 1.1, operand
        elif node.function == "kron" and len(node.children) == 2:
            turned = Call("kron", (node.children[1], operand))
            message = f"the factors of the Kronecker product {quoted(node)} are the wrong way round"
            yield "transpose", message, 1.0, turned
            one, two = turned.children
            for left, right in ((Transpose(one), two), (one, Transpose(two))):
                other = Call("kron", (_plain(left), _plain(right)))
                yield "transpose", f"{quoted(node)} should be {quoted(other)}", 1.2, other
        elif len(node.children) == 1:
            kind = "function" if self._kind_of(node) == self._kind_of(operand) else "shape"
            yield kind, f"{quoted(node)} should be {quoted(operand)}", 1.5, operand

    # Terms and values.

    def _of_term(self, node: Expr, above: Expr | None, path: Path) -> Iterator[Found]:
        """A term of a sum: a constant in front of it."""
        if isinstance(node, Number):
            return
        for number, said in ((2, "2"), (Fraction(1, 2), "1/2")):
            yield (
                "factor",
                f"the factor {said} is missing in front of {quoted(node)}",
                1.3,
                Binary("*", Number(number), node),
            )

    def _of_value(self, node: Expr, kind: str, above: Expr | None, path: Path) -> Iterator[Found]:
        if kind == "vector" and not _is_diagonal(above):
            yield "shape", f"the diagonal matrix of {quoted(node)} was lost", 1.1, Call("diag", (node,))
        if kind == "matrix":
            yield "exponent", f"{quoted(node)} should be inverted", 1.25, Call("inv", (node,))
        if kind in ("vector", "row", "scalar") and not isinstance(node, (Number, Transpose, Negative)):
            if not (isinstance(node, Binary) and node.operator in ("^", ".^")) and not isinstance(node, Binary):
                power = "^" if kind == "scalar" else ".^"
                for exponent, cost in ((2, 1.1), (Fraction(1, 2), 1.35)):
                    new = Binary(power, node, Number(exponent))
                    yield "exponent", f"{quoted(node)} should be {quoted(new)}", cost, new
        if isinstance(node, (Name, Binary)) and not isinstance(above, Call):
            for function in self._functions:
                new = Call(function, (node,))
                yield "function", f"{function} is missing: {quoted(node)} should be {quoted(new)}", 1.35, new
        inside_product = _is_product(above) and not (isinstance(above, Binary) and above.operator == ".*")
        if not inside_product and not isinstance(node, Number):
            yield from self._insertions(node, kind)
        if not isinstance(node, (Number, Transpose)) and not _is_term(above):
            yield from self._additions(node, kind, above)
        if path:
            yield from self._exchanges(node, kind, above)
        elif self._stacked:
            yield from self._of_stacked(node, kind)

    def _of_stacked(self, node: Expr, kind: str) -> Iterator[Found]:
        """The Kronecker product with the identity matrix, of which a Jacobian by a matrix is made."""
        if isinstance(node, Call) and node.function == "kron":
            return
        for factor in (node, _plain(Transpose(node))) if kind != "scalar" else ():
            for length in self._lengths:
                identity = Call("eye", (Name(length),))
                for new in (Call("kron", (identity, factor)), Call("kron", (factor, identity))):
                    message = f"the Kronecker product with {quoted(identity)} is missing: {quoted(new)}"
                    yield "shape", message, 1.0, new

    def _insertions(self, node: Expr, kind: str) -> Iterator[Found]:
        """A factor that is missing."""
        for quantity in self._factors:
            cost = 1.15 + 0.006 * len(quantity.text)
            message = f"the factor {quoted(quantity.tree)} is missing"
            tree = quantity.tree
            if quantity.kind == "scalar":
                yield "missing-factor", message, cost, Binary("*", tree, node)
            elif kind == quantity.kind or kind == "scalar":
                yield "missing-factor", message, cost, Binary(".*" if kind != "scalar" else "*", node, tree)
            if kind == "vector" and quantity.kind == "vector":
                outer = Binary("*", node, Transpose(tree))
                yield "missing-factor", f"the factor {quoted(Transpose(tree))} is missing", cost, outer
            elif kind == "vector" and quantity.kind == "row":
                yield "missing-factor", message, cost, Binary("*", node, tree)
            elif quantity.kind == "matrix":
                if kind in ("vector", "matrix"):
                    yield "missing-factor", message, cost, Binary("*", tree, node)
                    turned = _plain(Transpose(tree))
                    said = f"the factor {quoted(turned)} is missing"
                    yield "missing-factor", said, cost, Binary("*", turned, node)
                if kind in ("row", "matrix"):
                    yield "missing-factor", message, cost, Binary("*", node, tree)
            elif kind == "matrix" and quantity.kind == "vector":
                yield "missing-factor", message, cost + 0.05, Binary("*", Call("diag", (tree,)), node)
                yield "missing-factor", message, cost + 0.05, Binary("*", node, Call("diag", (tree,)))

    def _additions(self, node: Expr, kind: str, above: Expr | None) -> Iterator[Found]:
        """A term that is missing."""
        for quantity in self._terms:
            if quantity.kind != kind or quantity.tree == node:
                continue
            cost = 1.3 + 0.006 * len(quantity.text)
            for operator, sign in (("+", ""), ("-", "-")):
                message = f"the term `{sign}{to_text(quantity.tree)}` is missing beside {quoted(node)}"
                yield "missing-term", message, cost + (0.1 if sign else 0.0), Binary(operator, node, quantity.tree)

    def _exchanges(self, node: Expr, kind: str, above: Expr | None) -> Iterator[Found]:
        """One quantity in the place of another."""
        if isinstance(node, Number) or (isinstance(node, Negative) and isinstance(node.operand, Number)):
            return
        for quantity in [*self._factors, *self._terms]:
            tree = quantity.tree
            if quantity.kind != kind or tree == node or (isinstance(node, Name) and isinstance(tree, Name)):
                continue
            yield self._exchange(node, tree, above)

    def _exchange(self, node: Expr, tree: Expr, above: Expr | None) -> Found:
        """The finding that one expression stands where another belongs, by what tells the two apart."""
        length = 0.01 * len(to_text(tree))
        if isinstance(tree, Binary) and node in tree.children:
            other = tree.children[1 - tree.children.index(node)]
            if self._is_number(other):
                return "factor", f"{quoted(node)} should be {quoted(tree)}", 1.9 + length, tree
            if tree.operator in ("+", "-"):
                sign = "-" if tree.operator == "-" and other is tree.right else ""
                return (
                    "missing-term",
                    f"the term `{sign}{to_text(other)}` is missing beside {quoted(node)}",
                    1.25 + length,
                    tree,
                )
            if tree.operator in _PRODUCTS:
                return "missing-factor", f"the factor {quoted(other)} is missing at {quoted(node)}", 1.2 + length, tree
        if isinstance(node, Call) and isinstance(tree, Call) and len(node.children) == len(tree.children) == 1:
            if node.label == tree.label and _is_diagonal(node):
                return (*self._exchange(node.children[0], tree.children[0], None)[:3], tree)
            if node.label == tree.label:
                message = f"{_function_text(node)} is taken at {quoted(node.children[0])} instead of {quoted(tree.children[0])}"
                return "argument", message, 1.2 + length, tree
            if node.children == tree.children:
                return "function", f"{quoted(node)} stands where {quoted(tree)} belongs", 1.4 + length, tree
        cost = (1.25 if isinstance(tree, Name) else 1.75) + 3 * length + 0.01 * len(to_text(node))
        if isinstance(above, Call) and not _is_diagonal(above):
            message = f"{_function_text(above)} is taken at {quoted(node)} instead of {quoted(tree)}"
            return "argument", message, cost, tree
        return "substitution", f"{quoted(node)} stands where {quoted(tree)} belongs", cost, tree

    def _is_number(self, node: Expr) -> bool:
        """Whether an expression is made of numbers and lengths alone."""
        return not any(isinstance(leaf, Name) and leaf.name in self._names for leaf in postorder(node))


def _of_last_two(node: Binary, left: Binary) -> Iterator[Found]:
    """The last two factors of a longer product, in the other order, or transposed."""
    pair = Binary("*", left.right, node.right)
    swapped = Binary("*", Binary("*", left.left, node.right), left.right)
    yield "shape", f"the factors of {quoted(pair)} stand in the wrong order", 1.2, swapped
    turned = Binary("*", Binary("*", left.left, _plain(Transpose(node.right))), _plain(Transpose(left.right)))
    yield "transpose", f"{quoted(pair)} should be transposed", 1.15, turned


def is_steep(name: str) -> bool:
    """Whether a function's derivative is written with the function itself, or as a derivative."""
    entry = catalogue.lookup(name)
    return entry is None or (isinstance(entry, catalogue.Elementwise) and f"{name}(" in entry.derivative)


def root_of(node: Binary, divisor: Expr) -> Expr:
    return Binary(node.operator, node.left, divisor)


def _of_number(node: Number, above: Expr | None, path: Path, lengths: Sequence[str]) -> Iterator[Found]:
    if isinstance(above, Binary) and above.operator in ("^", ".^") and path[-1] == 1:
        return
    value = node.value
    for other in (2 * value, value / 2, value + 1, value - 1, 1 / value if value else None):
        if other is not None and other != value and other >= 0:
            yield "factor", f"the constant {to_text(node)} should be {to_text(Number(other))}", 1.35, Number(other)
    for length in lengths:
        yield "factor", f"{to_text(node)} stands where the length {length} belongs", 1.3, Name(length)


def _of_power(node: Binary) -> Iterator[Found]:
    base, exponent = node.left, node.right
    value = _rational(exponent)
    if value is None:
        for operator, said in (("-", "one too high"), ("+", "one too low")):
            new = Binary(node.operator, base, Binary(operator, exponent, Number(1)))
            yield "exponent", f"the exponent of {quoted(node)} is {said}", 1.05, new
        return
    yield "exponent", f"the exponent of {quoted(node)} has the wrong sign", 1.0, _power(node, -value)
    yield "exponent", f"the exponent of {quoted(node)} is one too many: it is {quoted(base)}", 1.08, base
    for other in (value + 1, value - 1, 2 * value, value / 2):
        if other not in (0, 1, value):
            said = f"the exponent of {quoted(node)} is wrong: it is {other}"
            yield "exponent", said, 1.08, _power(node, other)
    whole = Fraction(round(value))
    if whole not in (0, 1, value):
        yield "exponent", f"the exponent of {quoted(node)} is wrong: it is {whole}", 1.08, _power(node, whole)


def _rational(node: Expr) -> Fraction | None:
    """The number that an expression of numbers is; None for any other."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative):
        value = _rational(node.operand)
        return None if value is None else -value
    if isinstance(node, Binary) and node.operator in ("/", "*", "+", "-"):
        left, right = _rational(node.left), _rational(node.right)
        if left is None or right is None or (node.operator == "/" and right == 0):
            return None
        return {"/": lambda a, b: a / b, "*": lambda a, b: a * b, "+": lambda a, b: a + b, "-": lambda a, b: a - b}[
            node.operator
        ](left, right)
    return None


def _power(node: Binary, exponent: Fraction) -> Expr:
    number: Expr = Number(abs(exponent))
    return Binary(node.operator, node.left, Negative(number) if exponent < 0 else number)


def _renamed(new: Mapping[str, str], node: Expr) -> Expr | None:
    return Name(new[node.name]) if isinstance(node, Name) and node.name in new else None


def _reindexed(new: Mapping[int | str, int | str], node: Expr) -> Expr | None:
    """Other positions in the place of some; a sum over one of them keeps its own."""
    if isinstance(node, Index):
        positions = tuple([new.get(p, p) if isinstance(p, (int, str)) else p for p in node.positions])
        return Index(node.operand, positions) if positions != node.positions else None
    return _renamed({old: other for old, other in new.items() if isinstance(old, str) and isinstance(other, str)}, node)


def _plain(node: Expr) -> Expr:
    """Without two transposes over each other."""
    if isinstance(node, Transpose) and isinstance(node.operand, Transpose):
        return node.operand.operand
    return node


def _bracketed(node: Expr) -> Expr:
    return node


def _is_diagonal(node: Expr | None) -> bool:
    return isinstance(node, Call) and node.function == "diag"


def _is_term(above: Expr | None) -> bool:
    return isinstance(above, Binary) and above.operator in ("+", "-")


def _is_product(above: Expr | None) -> bool:
    return isinstance(above, (Binary, Negative)) and not _is_term(above)


def _function_text(node: Call) -> str:
    name = node.function
    return f"the derivative of {name}" if node.primes else name


def _length(node: Expr) -> float:
    return 0.003 * len(to_text(node))
