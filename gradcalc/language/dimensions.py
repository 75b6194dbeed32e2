"""Lengths of axes: which are equal, which are known, and what the others are called."""

from __future__ import annotations

from gradcalc.language.polynomial import Dim, added, names_in, polynomial, substituted

__all__ = ["Clash", "Dim", "Dimensions"]


class Clash(Exception):
    """Two lengths that have to be equal and are not."""

    def __init__(self, left: Dim, right: Dim) -> None:
        super().__init__(left, right)
        self.left = left
        self.right = right


class Dimensions:
    """Classes of equal lengths (union-find); a class may have a size, and names.

    A name that is declared as the length of a variable is firm: two firm names are different lengths unless both have
    a size. A name that only stands in an expression, as the n of eye(n), is loose: it means whatever length fits there.
    A class may be derived: a polynomial in other classes, as the length of [x; y] is the sum of two lengths.
    """

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._size: list[int | None] = []
        self._firm: list[str | None] = []
        self._loose: list[str | None] = []
        self._by_name: dict[str, int] = {}
        self._derived: dict[int, Dim] = {}
        self._parts: dict[int, tuple[str, tuple[int, ...]]] = {}
        self._equalities: list[tuple[Dim, Dim]] = []

    def new(self) -> int:
        number = len(self._parent)
        self._parent.append(number)
        self._size.append(None)
        self._firm.append(None)
        self._loose.append(None)
        return number

    def of(self, dim: Dim, *, loose: bool = False) -> int:
        """The class of a number or of a name; a name that is new becomes firm unless `loose`."""
        if isinstance(dim, int):
            number = self.new()
            self._size[number] = dim
            return number
        if not dim.isidentifier():
            return self.derive(substituted(dim, lambda name: f"c{self.of(name, loose=loose)}"))
        if dim not in self._by_name:
            number = self.new()
            (self._loose if loose else self._firm)[number] = dim
            self._by_name[dim] = number
        return self._by_name[dim]

    def derive(self, formula: Dim, operator: str = "", parts: tuple[int, ...] = ()) -> int:
        """A class with the length of a polynomial, whose names `c0`, `c1`, ... are those of other classes.

        Two sums, or two products, of as many parts that have to be equal are taken to be so part by part.
        """
        if isinstance(formula, int):
            return self.of(formula)
        if formula.isidentifier():
            return int(formula[1:])
        number = self.new()
        self._derived[number] = formula
        if parts:
            self._parts[number] = operator, parts
        return number

    def find(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def unify(self, left: int, right: int) -> None:
        """Makes two lengths equal. Raises Clash."""
        left, right = self.find(left), self.find(right)
        if left == right:
            return
        sizes = (self._size[left], self._size[right])
        names = (self._firm[left], self._firm[right])
        if sizes[0] is not None and sizes[1] is not None and sizes[0] != sizes[1]:
            raise Clash(sizes[0], sizes[1])
        if names[0] is not None and names[1] is not None and None in sizes:
            raise Clash(names[0], names[1])
        if (left in self._derived or right in self._derived) and self._distinct(*self._formulas(left, right)):
            raise Clash(self.known(left) or left, self.known(right) or right)
        self._parent[right] = left
        self._merge_derived(left, right)
        self._size[left] = sizes[0] if sizes[0] is not None else sizes[1]
        self._firm[left] = names[0] or names[1]
        self._loose[left] = self._loose[left] or self._loose[right]
        self._drop_circle(left)

    def _merge_derived(self, left: int, right: int) -> None:
        """Both formulas hold from now on."""
        if right not in self._derived:
            return
        formula, (operator, parts) = self._derived[right], self._parts.get(right, ("", ()))
        if left not in self._derived:
            self._derived[left] = formula
            if parts:
                self._parts[left] = operator, parts
            return
        if self._expanded(self._derived[left], left) == self._expanded(formula, left):
            return
        own_operator, own_parts = self._parts.get(left, ("", ()))
        if parts and operator == own_operator and len(parts) == len(own_parts):
            try:
                for one, other in zip(own_parts, parts):
                    self.unify(one, other)
                return
            except Clash:
                pass
        self._equalities.append((self._derived[left], formula))

    def _drop_circle(self, number: int) -> None:
        """Keeps a class from being derived from itself: m = 2 + (m - 2) says nothing, m = 2*k + m is an equality."""
        formula = self._derived.get(number)
        if formula is None:
            return
        own = f"c{number}"
        expanded = self._expanded(formula, number)
        if own in names_in(expanded):
            del self._derived[number]
            self._parts.pop(number, None)
            if expanded != own:
                self._equalities.append((own, expanded))

    def differ(self, left: int, right: int) -> bool:
        """Whether two lengths are not the same: n + 1 and n, or m*n and n; not m and n, where one is loose."""
        sizes = self.known(left), self.known(right)
        if isinstance(sizes[0], int) and isinstance(sizes[1], int):
            return sizes[0] != sizes[1]
        one, other = self._formulas(left, right)
        return self._distinct(one, other) or (one != other and bool({*names_in(one)} & {*names_in(other)}))

    def _formulas(self, left: int, right: int) -> tuple[Dim, Dim]:
        return self._expanded(f"c{self.find(left)}", -1), self._expanded(f"c{self.find(right)}", -1)

    def _distinct(self, left: Dim, right: Dim) -> bool:
        """Whether two formulas in classes mean different lengths.

        They do where no sizes make them equal, and where all their names are firm, as those of m and n.
        """
        gap = added(left, right, -1)
        classes = [int(name[1:]) for name in names_in(gap)]
        firm = all(self._firm[number] and self._size[number] is None for number in classes)
        return gap != 0 and (firm or _never_zero(gap))

    def _expanded(self, formula: Dim, kept: int) -> Dim:
        """The formula in classes that are not derived, and in the class `kept`."""

        def value(name: str) -> Dim:
            number = self.find(int(name[1:]))
            inner = self._derived.get(number)
            return f"c{number}" if inner is None or number == kept else self._expanded(inner, kept)

        return substituted(formula, value)

    def settle(self) -> None:
        """Gives sizes to classes that follow from others: where n + 1 is 4, n is 3."""
        changed = True
        while changed:
            changed = False
            for number, formula in list(self._derived.items()):
                changed |= self._settled(number, formula)

    def _settled(self, number: int, formula: Dim) -> bool:
        """Whether the one unknown class of a length with a size could be given its own."""
        size = self._size[self.find(number)]
        classes = {name: self.find(int(name[1:])) for name in names_in(formula)}
        unknown = {root for root in classes.values() if not isinstance(self.known(root), int)}
        if size is None or len(unknown) != 1:
            return False
        (root,) = unknown
        if root in {self.find(derived) for derived in self._derived}:
            return False
        known = {name: "u" if number == root else self.known(number) or 0 for name, number in classes.items()}
        terms = polynomial(substituted(formula, lambda name: known[name]))
        factor, rest = terms.get(("u",), 0), terms.get((), 0)
        if set(terms) - {("u",), ()} or not factor or (size - rest) % factor or (size - rest) // factor < 1:
            return False
        self._size[root] = (size - rest) // factor
        return True

    def equalities(self) -> list[tuple[Dim, Dim]]:
        """Lengths that have to be equal and are not the same by name: of a size and a polynomial, or of two."""
        pairs: list[tuple[Dim | None, Dim | None]] = [
            (self._computed(left), self._computed(right)) for left, right in self._equalities
        ]
        for number, formula in self._derived.items():
            size = self._size[self.find(number)]
            if size is not None:
                pairs.append((size, self._computed(formula)))
        return [(left, right) for left, right in pairs if left is not None and right is not None and left != right]

    def known(self, number: int) -> Dim | None:
        """The size or else the name of a class, None where it has neither."""
        number = self.find(number)
        size = self._size[number]
        if size is not None:
            return size
        formula = self._derived.get(number)
        if formula is not None:
            return self._computed(formula)
        return self._firm[number] or self._loose[number]

    def _computed(self, formula: Dim) -> Dim | None:
        """The value of a polynomial in classes, None where one of them has neither size nor name."""
        known = {name: self.known(int(name[1:])) for name in _class_names(formula)}
        if any(dim is None for dim in known.values()):
            return None
        return substituted(formula, lambda name: known[name] or 0)

    def unnamed_parts(self, number: int) -> list[int]:
        """The classes without a name that a derived length is made of, itself where it is not derived."""
        number = self.find(number)
        if self._size[number] is not None:
            return []
        formula = self._derived.get(number)
        if formula is not None:
            return [part for name in _class_names(formula) for part in self.unnamed_parts(int(name[1:]))]
        return [] if self._firm[number] or self._loose[number] else [number]

    def name(self, number: int, name: str) -> None:
        """Names a class that has neither size nor name."""
        number = self.find(number)
        self._loose[number] = name
        self._by_name[name] = number

    @property
    def names(self) -> dict[str, int]:
        return self._by_name


def _never_zero(gap: Dim) -> bool:
    """Whether a polynomial in lengths, which are at least 1, is never zero: its coefficients have one sign."""
    signs = {number > 0 for number in polynomial(gap).values()}
    return len(signs) == 1


def _class_names(formula: Dim) -> list[str]:
    return list(names_in(formula))
