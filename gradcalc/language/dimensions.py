"""Lengths of axes: which are equal, which are known, and what the others are called."""

from __future__ import annotations

Dim = int | str


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
    """

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._size: list[int | None] = []
        self._firm: list[str | None] = []
        self._loose: list[str | None] = []
        self._by_name: dict[str, int] = {}

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
        if dim not in self._by_name:
            number = self.new()
            (self._loose if loose else self._firm)[number] = dim
            self._by_name[dim] = number
        return self._by_name[dim]

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
        self._parent[right] = left
        self._size[left] = sizes[0] if sizes[0] is not None else sizes[1]
        self._firm[left] = names[0] or names[1]
        self._loose[left] = self._loose[left] or self._loose[right]

    def known(self, number: int) -> Dim | None:
        """The size or else the name of a class, None where it has neither."""
        number = self.find(number)
        size = self._size[number]
        if size is not None:
            return size
        return self._firm[number] or self._loose[number]

    def name(self, number: int, name: str) -> None:
        """Names a class that has neither size nor name."""
        number = self.find(number)
        self._loose[number] = name
        self._by_name[name] = number

    @property
    def names(self) -> dict[str, int]:
        return self._by_name
