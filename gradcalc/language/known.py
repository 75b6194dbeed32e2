"""What is known of the variables before the expression is looked at: declarations, structures, the shapes of data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradcalc.errors import GradcalcError, Span
from gradcalc.language.dimensions import Clash, Dim, Dimensions
from gradcalc.language.kinds import MASKS, RANKS
from gradcalc.language.programs import STRUCTURES, checked_dims
from gradcalc.language.syntax import Program

_BY_RANK = ("scalar", "vector", "matrix")


class Known:
    """kind: scalar, vector, matrix, or None where only the structure is known. dims: None where not known.

    origin: "declared" or "given". structure: None for an ordinary variable. size: the shape of the data, if any.
    """

    __slots__ = ("dims", "kind", "origin", "size", "span", "structure")

    def __init__(
        self,
        kind: str | None,
        dims: tuple[Dim, ...] | None,
        origin: str,
        structure: str | None = None,
        span: Span | None = None,
        size: tuple[int, ...] | None = None,
    ) -> None:
        self.kind = kind
        self.dims = () if kind == "scalar" else dims
        self.origin = origin
        self.structure = structure
        self.span = span
        self.size = size

    @property
    def square(self) -> bool:
        return self.structure in STRUCTURES

    def sentence(self, name: str) -> str | None:
        """Where the kind of the variable comes from, for an error."""
        if self.kind is None:
            return None
        if self.size is not None:
            return f"{name} is given {_size_text(self.size)}"
        kind = self.structure if self.structure is not None and self.square else self.kind
        dims = self.dims[:1] if self.dims and self.square else self.dims
        return f"{name} is declared {kind}{_listed(dims) if dims else ''}"


def _size_text(size: tuple[int, ...]) -> str:
    if not size:
        return "as a number"
    if len(size) == 1:
        return f"with {size[0]} entries" if size[0] != 1 else "with 1 entry"
    return "as " + " x ".join([str(length) for length in size])


def known_beforehand(
    program: Program,
    shapes: Mapping[str, Iterable[Dim]],
    data_shapes: Mapping[str, tuple[int, ...]],
    structure: Mapping[str, str],
    origin: str,
    lengths: Dimensions,
) -> dict[str, Known]:
    """What is known of each variable; equal dims are unified in `lengths`.

    Raises GradcalcError of kind shape where declarations contradict each other, data where the data contradicts
    them, usage for an unknown structure.
    """
    known: dict[str, Known] = {}
    for declaration in program.declarations:
        for name in declaration.names:
            known[name] = _declared(declaration.kind, declaration.dims, declaration.span)
    for name, shape in shapes.items():
        _add_shape(known, name, tuple(shape), origin, lengths)
    for name, kind in structure.items():
        _add_structure(known, name, kind)
    for name, size in data_shapes.items():
        _add_data(known, name, tuple(size), lengths)
    lengths.settle()
    return known


def _declared(kind: str, dims: tuple[Dim, ...] | None, span: Span | None) -> Known:
    if kind == "positive":
        return Known(None if dims is None else _BY_RANK[len(dims)], dims, "declared", kind, span)
    if kind in STRUCTURES:
        return Known("matrix", dims, "declared", kind, span)
    return Known(kind, dims, "declared", None, span)


def _checked_rank(name: str, shape: tuple[Dim, ...], kind: str) -> str:
    if len(shape) > 2:
        raise GradcalcError(
            kind,
            f"{name} has {len(shape)} axes",
            hint="A variable is a number, a vector or a matrix: it has at most two axes.",
        )
    return _BY_RANK[len(shape)]


def _add_shape(known: dict[str, Known], name: str, shape: tuple[Dim, ...], origin: str, lengths: Dimensions) -> None:
    kind = _checked_rank(name, shape, "shape")
    before = known.get(name)
    if any(isinstance(dim, int) and dim < 1 for dim in shape):
        raise GradcalcError("shape", f"{name} has the shape {_listed(shape)}", hint="A dimension is at least 1.")
    if before is not None:
        if before.kind is not None and RANKS[MASKS[before.kind]] != len(shape):
            raise _declared_twice(name, before, shape)
        for left, right in zip(before.dims or (), shape):
            try:
                lengths.unify(lengths.of(left), lengths.of(right))
            except Clash:
                raise _declared_twice(name, before, shape) from None
        if before.square:
            checked_dims(before.structure or "", shape, before.span)
    structure = before.structure if before is not None else None
    known[name] = Known(kind, shape, origin, structure, before.span if before is not None else None)


def _declared_twice(name: str, before: Known, shape: tuple[Dim, ...]) -> GradcalcError:
    return GradcalcError(
        "shape",
        f"{before.sentence(name)}, and its shape is said to be {_listed(shape)}",
        span=before.span,
        hint="Declare it once.",
    )


def _add_structure(known: dict[str, Known], name: str, kind: str) -> None:
    if kind not in (*STRUCTURES, "positive"):
        raise GradcalcError(
            "usage", f"{kind!r} is not a structure", hint=f"The structures are {', '.join(STRUCTURES)}, positive."
        )
    before = known.get(name)
    if before is None:
        known[name] = _declared(kind, None, None)
        return
    if kind in STRUCTURES:
        if before.kind not in (None, "matrix"):
            raise GradcalcError(
                "shape", f"{before.sentence(name)}, and a {kind} matrix is said to be", span=before.span
            )
        if before.dims is not None:
            checked_dims(kind, before.dims, before.span)
    known[name] = Known("matrix" if kind in STRUCTURES else before.kind, before.dims, before.origin, kind, before.span)


def _add_data(known: dict[str, Known], name: str, size: tuple[int, ...], lengths: Dimensions) -> None:
    kind = _checked_rank(name, size, "data")
    before = known.get(name)
    if before is None:
        known[name] = Known(kind, size, "given", size=size)
        return
    if before.kind is not None and before.kind != kind:
        raise _wrong_data(name, before, size, "")
    for left, right in zip(before.dims or (), size):
        try:
            lengths.unify(lengths.of(left), lengths.of(right))
        except Clash as clash:
            where = f", and {left} is {clash.left}" if isinstance(left, str) else ""
            raise _wrong_data(name, before, size, where) from None
    if before.square and size[0] != size[1]:
        raise _wrong_data(name, before, size, "")
    origin = before.origin if before.kind is not None else "given"
    known[name] = Known(kind, size, origin, before.structure, before.span, size)


def _wrong_data(name: str, before: Known, size: tuple[int, ...], more: str) -> GradcalcError:
    return GradcalcError(
        "data",
        f"{before.sentence(name) or name}{more}, but the data has the shape {_listed(size)}",
        span=before.span,
        hint="Give it the declared shape, or change the declaration.",
    )


def _listed(shape: tuple[Dim, ...]) -> str:
    return f"[{', '.join([str(dim) for dim in shape])}]"
