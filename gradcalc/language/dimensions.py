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
    """Classes of equal lengths (union-find); a class may have a size, and a name that the user gave."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._size: list[int | None] = []
        self._name: list[str | None] = []
        self._by_name: dict[str, int] = {}

    def new(self) -> int:
        number = len(self._parent)
        self._parent.append(number)
        self._size.append(None)
        self._name.append(None)
        return number

    def of(self, dim: Dim) -> int:
        """The class of a number or of a name."""
        if isinstance(dim, int):
            number = self.new()
            self._size[number] = dim
            return number
        if dim not in self._by_name:
            number = self.new()
            self._name[number] = dim
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
        names = (self._name[left], self._name[right])
        if sizes[0] is not None and sizes[1] is not None and sizes[0] != sizes[1]:
            raise Clash(self.known(left) or 0, self.known(right) or 0)
        if names[0] is not None and names[1] is not None and names[0] != names[1] and None in sizes:
            raise Clash(names[0], names[1])
        self._parent[right] = left
        self._size[left] = sizes[0] if sizes[0] is not None else sizes[1]
        self._name[left] = names[0] if names[0] is not None else names[1]

    def known(self, number: int) -> Dim | None:
        """The size or else the name of a class, None where it has neither."""
        number = self.find(number)
        size = self._size[number]
        return size if size is not None else self._name[number]

    def name(self, number: int, name: str) -> None:
        """Names a class that has neither size nor name."""
        number = self.find(number)
        self._name[number] = name
        self._by_name[name] = number

    @property
    def names(self) -> dict[str, int]:
        return self._by_name
