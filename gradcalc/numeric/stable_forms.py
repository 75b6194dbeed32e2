"""Formulas before they are compiled: forms that lose digits or overflow, replaced by equal ones that do not.

1 - tanh(u)^2 is sech(u)^2, log(1 + u) is log1p(u), sqrt(u^2 + v^2) is hypot(u, v). What is equal to what stands in the
catalogue, with the function that makes the stable form necessary; here it is only matched. An answer is printed as a
textbook writes it, and computed from the stable form.
Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), section 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import islice

from gradcalc.functions import catalogue
from gradcalc.language.parser import parse_expression
from gradcalc.language.shapes import Typing
from gradcalc.language.syntax import Binary, Call, Expr, Name, Negative, Number, postorder, transformed, with_children
from gradcalc.numeric.scaling import degree, norm_in, normalised, replaced, without_ones

Bound = dict[str, Expr]
"""What the names of a pattern stand for."""

Term = tuple[Fraction, Expr]
"""A term of a sum: a number, and what it multiplies; the number 1 for a constant."""

Path = tuple[tuple[Expr, int], ...]
"""From a node down to one below it: each parent, and which of its operands comes next."""

_ONE = Number(1)

_CONSTANT: Term = (Fraction(1), _ONE)

_LONGEST = 8
"""How many terms of a sum are looked at for two that both vary, and how many factors of a product."""


class Rule:
    """`pattern` is `replacement`, whatever the names in them stand for.

    A product is one of a number and a tensor, which may be a factor of the other factors: of the tr(A*inv(X)) in
    det(X)*tr(A*inv(X)). required: functions of which one stands in every formula that the rule matches.
    """

    def __init__(self, pattern: str, replacement: str) -> None:
        self.pattern = parse_expression(pattern)
        self.replacement = parse_expression(replacement)
        self.terms = _terms(self.pattern)
        self.heads = _function_names(self.terms)
        product = isinstance(self.pattern, Binary) and self.pattern.operator == "*"
        needed = self.pattern.children[0] if product else self.pattern
        self.required = {node.function for node in postorder(needed) if isinstance(node, Call)}

    def applied(self, bound: Bound) -> Expr:
        return _with_names(self.replacement, bound)


def _function_names(terms: list[Term]) -> set[str]:
    """The functions that the terms are, or are powers of."""
    bases = [core.children[0] if isinstance(core, Binary) else core for _, core in terms]
    return {base.function for base in bases if isinstance(base, Call)}


def _with_names(tree: Expr, bound: Bound) -> Expr:
    """A formula of the catalogue with what its names stand for in their places."""
    return transformed(tree, lambda node: bound.get(node.name) if isinstance(node, Name) else _folded(node))


def _folded(node: Expr) -> Expr | None:
    """The product of two numbers, and nothing times 1."""
    numbers = [child.value for child in node.children if isinstance(child, Number)]
    if isinstance(node, Binary) and node.operator == "*" and len(numbers) == 2:
        return Number(numbers[0] * numbers[1])
    return without_ones(node)


@cache
def _rules() -> dict[str, list[Rule]]:
    """The rules of the catalogue by the head of their pattern: `+`, `/`, `^` or the name of a function."""
    found: dict[str, list[Rule]] = {}
    for entry in catalogue.ENTRIES:
        for pattern, replacement in entry.stable.items():
            rule = Rule(pattern, replacement)
            found.setdefault(_head(rule.pattern), []).append(rule)
    return found


def _head(node: Expr) -> str:
    if isinstance(node, Call):
        return node.function
    assert isinstance(node, Binary)
    return "+" if _is_sum(node) else "/" if _is_quotient(node) else node.operator


def stabilised(root: Expr, typing: Typing) -> Expr:
    """The formula with every form that a rule knows replaced; the formula itself where none is met.

    typing: of the formula. Time grows linearly with the formula.
    """
    if not _needs_a_rule(root):
        return root
    matcher = _Matcher(typing)
    targets: dict[int, Expr] = {}
    done: dict[int, Expr] = {}
    kept: list[Expr] = [root]
    pending: list[tuple[Expr, bool, bool]] = [(root, False, False)]
    while pending:
        node, ready, inside = pending.pop()
        if id(node) in done:
            continue
        if ready:
            target = targets[id(node)]
            done[id(node)] = with_children(target, tuple([done[id(child)] for child in target.children]))
            continue
        target = targets[id(node)] = node if inside else matcher.rewritten(node)
        kept.append(target)
        pending.append((node, True, inside))
        chained = _is_sum(target)
        pending.extend(
            [(child, False, chained and _is_sum(child)) for child in target.children if id(child) not in done]
        )
    return done[id(root)]


@cache
def _heads() -> frozenset[str]:
    """The functions without which no rule matches."""
    rules = [rule for rules in _rules().values() for rule in rules]
    return frozenset([name for rule in rules for name in rule.required])


def _needs_a_rule(root: Expr) -> bool:
    return any(isinstance(node, Call) and node.function in _heads() for node in postorder(root))


class _Matcher:
    def __init__(self, typing: Typing) -> None:
        self._typing = typing

    def rewritten(self, node: Expr) -> Expr:
        """The node in its stable form."""
        for _ in range(3):
            found = self._step(node)
            if found is None:
                break
            node = found
        return node

    def _step(self, node: Expr) -> Expr | None:
        if isinstance(node, Call) or (isinstance(node, Binary) and node.operator == "^"):
            for rule in _rules().get(_head(node), ()):
                for bound in self._matches(rule.pattern, node, {}):
                    if self._fits(bound):
                        return rule.applied(bound)
        elif _is_sum(node):
            return self._sum(node)
        elif _is_quotient(node):
            return self._quotient(node)
        elif isinstance(node, Binary) and node.operator == "*":
            return self._product(node)
        return None

    def _product(self, node: Binary) -> Expr | None:
        """A product with a number, where the tensor that a rule multiplies is a factor once of all the others."""
        for factor, path in islice(_factors(node, self), _LONGEST):
            for rule in _rules().get("*", ()) if isinstance(factor, Call) else ():
                number, tensor = rule.pattern.children
                for bound in self._matches(number, factor, {}):
                    part = _with_names(tensor, bound)
                    rest = _replaced(path, _ONE)
                    if degree(rest, part) == 1:
                        stable: dict[Expr, Expr] = {part: rule.applied(bound)}
                        return replaced(rest, stable.get)
        return None

    def _fits(self, bound: Bound) -> bool:
        """Whether the operands have the shapes that a function of them takes: alike, or numbers."""
        if len(bound) < 2:
            return True
        kinds = {self._kind(tree) for tree in bound.values()}
        return len(kinds - {"scalar"}) < 2

    def _kind(self, tree: Expr) -> str:
        if isinstance(tree, Number) or (isinstance(tree, Negative) and isinstance(tree.operand, Number)):
            return "scalar"
        return self._typing.kind(tree) if self._typing.knows(tree) else "?"

    def scales(self, product: Binary) -> bool:
        """Whether one side of a product is a number."""
        return "scalar" in (self._kind(product.left), self._kind(product.right))

    def _sum(self, node: Expr) -> Expr | None:
        """Two terms of a sum in their stable form, the others as they are."""
        terms = _terms(node)
        heads = _function_names(terms)
        for rule in _rules().get("+", ()) if heads else ():
            if not rule.heads <= heads:
                continue
            for one, other, scale, bound in self._pairs(rule.terms, terms):
                if not self._fits(bound):
                    continue
                rest = [term for place, term in enumerate(terms) if place not in (one, other)]
                return _total([(scale, rule.applied(bound)), *rest])
        return None

    def _pairs(self, pattern: list[Term], terms: list[Term]) -> Iterator[tuple[int, int, Fraction, Bound]]:
        """Where the two terms of a pattern stand among the terms, the number that multiplies both, and the names."""
        (first, leading), (second, following) = pattern
        if _ONE not in (leading, following) and len(terms) > _LONGEST:
            return
        for one, (number, core) in enumerate(terms):
            if leading == _ONE and core != _ONE:
                continue
            scale = number / first
            for bound in self._matches(leading, core, {}):
                for other, (weight, rest) in enumerate(terms):
                    if other != one and weight == scale * second:
                        for both in self._matches(following, rest, bound):
                            yield one, other, scale, both

    def _quotient(self, node: Expr) -> Expr | None:
        """A factor above and one below in their stable form, the others as they are."""
        assert isinstance(node, Binary)
        above = list(islice(_factors(node.left, self), _LONGEST))
        below = list(islice(_factors(node.right, self), _LONGEST))
        by_numbers = self._kind(node.right) == "scalar"
        if by_numbers:
            scaled = self._scaled(node, below)
            if scaled is not None:
                return scaled
        for rule in _rules().get("/", ()):
            assert isinstance(rule.pattern, Binary)
            for divisor, down in below:
                for bound in self._matches(rule.pattern.right, divisor, {}):
                    if by_numbers:
                        new = _linear(node, rule, down, bound)
                        if new is not None:
                            return new
                    for factor, up in above:
                        for both in self._matches(rule.pattern.left, factor, bound):
                            if self._fits(both):
                                new = _replaced(up, rule.applied(both))
                                return with_children(node, (new, _replaced(down, _ONE))) if down else new
        return None

    def _scaled(self, node: Binary, below: list[tuple[Expr, Path]]) -> Expr | None:
        """A quotient by more than one norm, or by a power of one, with what is above the line in units of the norm."""
        for divisor, down in below:
            found = norm_in(self.rewritten(divisor))
            if found is None or (found[1] == 1 and len(below) == 1):
                continue
            norm, power = found
            units = normalised(node.left, norm)
            if units is None or not units[1] or units[1] > power:
                continue
            left = power - units[1]
            rest = Binary("^", norm, Number(left)) if left else _ONE
            return without_ones(Binary(node.operator, units[0], _replaced(down, without_ones(rest))))
        return None

    def _matches(self, pattern: Expr, tree: Expr, bound: Bound) -> Iterator[Bound]:
        """What the names can stand for, given what they stand for already."""
        if isinstance(pattern, Name):
            if not _may_stand_for(pattern.name, tree):
                return
            known = bound.get(pattern.name)
            if known is None:
                yield {**bound, pattern.name: tree}
            elif known == tree:
                yield bound
        elif _is_sum(pattern):
            yield from self._matches_sum(pattern, tree, bound)
        elif self._same_head(pattern, tree):
            found = [bound]
            for part, child in zip(pattern.children, tree.children):
                found = [longer for known in found for longer in self._matches(part, child, known)]
            yield from found

    def _same_head(self, pattern: Expr, tree: Expr) -> bool:
        if len(pattern.children) != len(tree.children):
            return False
        if isinstance(pattern, Binary) and pattern.operator == "^" and isinstance(tree, Binary):
            return tree.operator == ".^" or (tree.operator == "^" and self._kind(tree.left) == "scalar")
        return pattern.label == tree.label

    def _matches_sum(self, pattern: Expr, tree: Expr, bound: Bound) -> Iterator[Bound]:
        """A whole sum: two terms, or a number and a name for all the others."""
        if not _is_sum(tree):
            return
        terms, wanted = _terms(tree), _terms(pattern)
        if len(wanted) == 2 and wanted[0] == _CONSTANT and isinstance(wanted[1][1], Name):
            for place, term in enumerate(terms):
                if term == _CONSTANT:
                    rest = terms[:place] + terms[place + 1 :]
                    yield from self._matches(wanted[1][1], _total(rest), bound)
            return
        if len(terms) == 2:
            for one, other in ((0, 1), (1, 0)):
                if terms[one][0] == wanted[0][0] and terms[other][0] == wanted[1][0]:
                    for half in self._matches(wanted[0][1], terms[one][1], bound):
                        yield from self._matches(wanted[1][1], terms[other][1], half)


def _may_stand_for(name: str, tree: Expr) -> bool:
    """Whether a name of a pattern may stand for the tree: k for an even number, r for one that is not whole."""
    if name in ("k", "r"):
        if not isinstance(tree, Number):
            return False
        return tree.value.denominator > 1 if name == "r" else tree.value % 2 == 0
    return True


def _linear(node: Binary, rule: Rule, down: Path, bound: Bound) -> Expr | None:
    """A quotient by a number, where the tensor that the rule divides is a factor once of all that is above the line."""
    assert isinstance(rule.pattern, Binary)
    if not isinstance(rule.replacement, Binary):
        return None
    tensor = _with_names(rule.pattern.left, bound)
    if degree(node.left, tensor) != 1:
        return None
    above, below = _with_names(rule.replacement.left, bound), _with_names(rule.replacement.right, bound)
    left = replaced(node.left, lambda part: above if part == tensor else None)
    return Binary(node.operator, left, _replaced(down, below))


def _is_sum(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in ("+", "-")


def _is_quotient(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator in ("/", "./")


def _terms(node: Expr) -> list[Term]:
    """The terms of a sum with their numbers, from left to right."""
    found: list[Term] = []
    pending: list[tuple[Expr, int]] = [(node, 1)]
    while pending:
        part, sign = pending.pop()
        if isinstance(part, Binary) and part.operator in ("+", "-"):
            pending.append((part.right, sign if part.operator == "+" else -sign))
            pending.append((part.left, sign))
        elif isinstance(part, Negative):
            pending.append((part.operand, -sign))
        elif isinstance(part, Number):
            found.append((sign * part.value, _ONE))
        elif isinstance(part, Binary) and part.operator == "*" and isinstance(part.left, Number):
            found.append((sign * part.left.value, part.right))
        else:
            found.append((Fraction(sign), part))
    return found


def _total(terms: list[Term]) -> Expr:
    """The sum of the terms."""
    total: Expr | None = None
    for number, core in terms:
        size = abs(number)
        part = Number(size) if core == _ONE else core if size == 1 else Binary("*", Number(size), core)
        if total is None:
            total = Negative(part) if number < 0 else part
        else:
            total = Binary("-" if number < 0 else "+", total, part)
    assert total is not None
    return total


def _factors(node: Expr, matcher: _Matcher) -> Iterator[tuple[Expr, Path]]:
    """The factors above the line of a product entry by entry, or of a product with numbers, and the ways to them."""
    pending: list[tuple[Expr, Path]] = [(node, ())]
    while pending:
        part, path = pending.pop()
        if isinstance(part, Negative) or _is_quotient(part):
            pending.append((part.children[0], (*path, (part, 0))))
        elif isinstance(part, Binary) and (part.operator == ".*" or (part.operator == "*" and matcher.scales(part))):
            ways = [(child, (*path, (part, place))) for place, child in enumerate(part.children)]
            pending.extend(reversed(ways))
        else:
            yield part, path


def _replaced(path: Path, new: Expr) -> Expr:
    """The product with the factor at the end of the path replaced."""
    for parent, place in reversed(path):
        children = list(parent.children)
        children[place] = new
        new = without_ones(with_children(parent, tuple(children)))
    return new
