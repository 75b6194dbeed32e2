"""The functions of whole matrices in SymPy source: linear ones by their einsum, the others one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradcalc.functions.entry import Linear
from gradcalc.output.sympyscope import POSTFIX, PRODUCT, UNARY, Dim, Scope, Shape, Term

Bound = tuple[str, Dim, Dim]
"""An index, its first value, and how many values end before which it stays."""


def broadcast(term: Term, shape: Shape | None, scope: Scope) -> Term:
    """The term repeated to a shape: a number everywhere, a column along the columns, a row along the rows."""
    if shape is None or term.shape == shape:
        return term
    if term.shape is None:
        factor = "" if term.text == "1" else f"{term.at(PRODUCT)}*"
        return Term(f"{factor}sympy.OneMatrix({scope.size(shape)})", PRODUCT, shape)
    if term.shape[1] == 1:
        return Term(f"{term.at(PRODUCT)}*sympy.OneMatrix(1, {scope.dim(shape[1])})", PRODUCT, shape)
    return Term(f"sympy.OneMatrix({scope.dim(shape[0])}, 1)*{term.at(UNARY)}", PRODUCT, shape)


def entry_of(term: Term, row: str, column: str) -> str:
    return f"{term.at(POSTFIX)}[{row}, {column}]"


def sum_over(scope: Scope, body: str, bounds: Sequence[Bound]) -> Term:
    """The sum of the body over ranges of indices."""
    ranges = "".join([f", ({index}, {scope.dim(first)}, {_last(scope, end)})" for index, first, end in bounds])
    return Term(f"sympy.Sum({body}{ranges})", POSTFIX, None)


def _last(scope: Scope, end: Dim) -> str:
    return str(end - 1) if isinstance(end, int) else f"{scope.dim(end)} - 1"


def matrix_by_entries(scope: Scope, shape: Shape, entry: Callable[[str, str], str]) -> Term:
    """The matrix whose entry at row i and column j is `entry(i, j)`."""
    i, j = scope.fresh_index(), scope.fresh_index()
    return matrix_of(scope, shape, (i, j), entry(i, j))


def matrix_of(scope: Scope, shape: Shape, indices: tuple[str, str], entry: str) -> Term:
    """The matrix whose entry at the indices is as given."""
    entries = f"sympy.Lambda(({', '.join(indices)}), {entry})"
    return Term(f"sympy.FunctionMatrix({scope.size(shape)}, {entries})", POSTFIX, shape)


def opaque(scope: Scope, name: str, operands: Sequence[Term], shape: Shape | None) -> Term:
    """A function that SymPy does not know: its name at the operands, and at the indices of an entry."""
    texts = [operand.text for operand in operands]
    function = f'sympy.Function("{name}", commutative=True)'
    if shape is None:
        return Term(f"{function}({', '.join(texts)})", POSTFIX, None)
    return matrix_by_entries(scope, shape, lambda i, j: f"{function}({', '.join([*texts, i, j])})")


def inverse(term: Term) -> Term:
    return Term(f"sympy.Inverse({term.text})", POSTFIX, term.shape)


def _column(term: Term, kind: str) -> str:
    """A vector as a column."""
    return term.at(POSTFIX) + (".T" if kind == "row" else "")


def linear(
    scope: Scope, entry: Linear, operands: Sequence[Term], kinds: Sequence[str], shape: Shape | None, kind: str
) -> Term:
    """A linear function of the catalogue, by a node of SymPy where there is one for its einsum.

    kinds: of the operands; shape, kind: of the result. One that is no einsum of its operands alone is a function of its
    name.
    """
    spec, _ = entry.variants.get(",".join(kinds), ("", ""))
    axis = _axis(entry, operands, kinds)
    if axis is not None:
        total = _einsum(scope, ("ij->j", "ij->i")[axis], operands[:1], ["matrix"], shape, kind)
        assert operands[0].shape is not None
        return _averaged(scope, total, (operands[0].shape[axis], 1)) if entry.averages else total
    if spec.count(",") != len(operands) - 1 or "->" not in spec:
        return opaque(scope, entry.name, operands, shape)
    template = _NODES.get(spec)
    if spec in ("->i", "->ij"):
        answer = broadcast(operands[0], shape, scope)
    elif template is not None:
        columns = [_column(term, own) for term, own in zip(operands, kinds)]
        answer = Term(template.format(*columns), POSTFIX, shape)
    else:
        answer = _einsum(scope, spec, operands, kinds, shape, kind)
    return _averaged(scope, answer, operands[0].shape) if entry.averages else answer


def _axis(entry: Linear, operands: Sequence[Term], kinds: Sequence[str]) -> int | None:
    """The axis that is summed over, from 0, where a sum of a matrix has a second operand 1 (columns) or 2 (rows)."""
    sums = entry.variants.get("matrix", ("", ""))[0] == "ij->"
    if not sums or [*kinds] != ["matrix", "scalar"] or operands[1].text not in ("1", "2"):
        return None
    return int(operands[1].text) - 1


def takes_sizes(entry: Linear) -> bool:
    return any("dimension" in kinds for kinds in entry.variants)


def sized(scope: Scope, entry: Linear, operands: Sequence[Term], shape: Shape | None) -> Term:
    """The identity, zeros or ones of a size. What takes a size besides other operands is a function of its name."""
    specs = [spec for kinds, (spec, _) in entry.variants.items() if set(kinds.split(",")) == {"dimension"}]
    if shape is None or not specs:
        return opaque(scope, entry.name, operands, shape)
    if any(spec.endswith("->ii") for spec in specs):
        return Term(f"sympy.Identity({scope.dim(shape[0])})", POSTFIX, shape)
    name = "ZeroMatrix" if entry.zero else "OneMatrix"
    return Term(f"sympy.{name}({scope.size(shape)})", POSTFIX, shape)


_NODES = {
    "ii->": "sympy.Trace({0})",
    "ij,ij->": "sympy.Trace({0}.T*{1})",
    "i,i->": "({0}.T*{1})[0, 0]",
    "i->ii": "sympy.DiagMatrix({0})",
    "i,j->ij": "({0}*{1}.T)",
}
"""What SymPy has a node for, by the einsum. Vectors are columns."""


def _averaged(scope: Scope, total: Term, shape: Shape | None) -> Term:
    if shape is None:
        return total
    sizes = [f"({scope.dim(dim)})" if " " in str(dim) or "*" in str(dim) else scope.dim(dim) for dim in shape]
    sizes = [size for size in sizes if size != "1"]
    return Term("/".join([total.at(PRODUCT), *sizes]), PRODUCT, total.shape)


_AXES = {"scalar": (), "vector": (0,), "row": (1,), "matrix": (0, 1)}
"""The axes of a matrix of SymPy that the axes of a kind are."""


def _einsum(
    scope: Scope, spec: str, operands: Sequence[Term], kinds: Sequence[str], shape: Shape | None, kind: str
) -> Term:
    """Any einsum, as a sum of products of entries."""
    inputs, output = spec.split("->")

    def entry(*at: str) -> str:
        names: dict[str, str] = {}
        factors: list[str] = []
        bounds: list[Bound] = []
        for letter, axis in zip(output, _AXES[kind]):
            if letter in names:
                factors.append(f"sympy.KroneckerDelta({names[letter]}, {at[axis]})")
            names.setdefault(letter, at[axis])
        for letters, operand, own in zip(inputs.split(","), operands, kinds):
            places = ["0", "0"]
            for letter, axis in zip(letters, _AXES[own]):
                assert operand.shape is not None
                if letter not in names:
                    names[letter] = scope.fresh_index()
                    bounds.append((names[letter], 0, operand.shape[axis]))
                places[axis] = names[letter]
            factors.append(f"({operand.text})" if operand.shape is None else entry_of(operand, *places))
        body = "*".join(factors)
        return sum_over(scope, body, bounds).text if bounds else body

    return Term(entry(), PRODUCT, None) if shape is None else matrix_by_entries(scope, shape, entry)


def _logsumexp(scope: Scope, operand: Term) -> Term:
    return Term(f"sympy.log({_sum_of_exponentials(scope, operand)})", POSTFIX, None)


def _softmax(scope: Scope, operand: Term) -> Term:
    operand = scope.reusable(operand)
    total = _sum_of_exponentials(scope, operand)
    if operand.shape is None:
        return Term(f"sympy.exp({operand.text})/{total}", PRODUCT, None)
    return Term(f"{operand.at(POSTFIX)}.applyfunc(sympy.exp)/{total}", PRODUCT, operand.shape)


def _sum_of_exponentials(scope: Scope, operand: Term) -> str:
    if operand.shape is None:
        return f"sympy.exp({operand.text})"
    rows, columns = operand.shape
    i = "0" if rows == 1 else scope.fresh_index()
    j = "0" if columns == 1 else scope.fresh_index()
    bounds = [(index, 0, dim) for index, dim in ((i, rows), (j, columns)) if index != "0"]
    return sum_over(scope, f"sympy.exp({entry_of(operand, i, j)})", bounds).text


ATOMS: Mapping[str, Callable[[Scope, Term], Term]] = {
    "det": lambda scope, operand: Term(f"sympy.Determinant({operand.text})", POSTFIX, None),
    "logdet": lambda scope, operand: Term(f"sympy.log(sympy.Determinant({operand.text}))", POSTFIX, None),
    "inv": lambda scope, operand: inverse(operand),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
}
"""The functions that are neither elementwise nor linear."""
