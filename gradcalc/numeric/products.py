"""Products being compiled: chains of matrices and vectors in the cheapest order."""

from __future__ import annotations

from gradcalc.language.syntax import (
    Expr,
    Negative,
    Number,
)
from gradcalc.numeric.code import UNKNOWN_SIZE, Code, Form, is_norm
from gradcalc.numeric.ordering import Operand, association


class Products(Code):
    """What a compiler does with products."""

    def _product(self, node: Expr) -> Form:
        scalars, chain = self._factors(node)
        operands = [self._operand(leaf, turned) for leaf, turned in chain]
        operands, numbers = self._without_inner_products(operands)
        scalar = self._scalar_product(scalars, numbers)
        if not operands:
            return Form(scalar if scalar is not None else "1.0")
        operands = [operand for operand in operands if operand.form != "eye"] or operands[:1]
        if scalar is not None:
            # The number goes to the smallest operand that can take it.
            light = min(
                (place for place, operand in enumerate(operands) if operand.form in ("plain", "diag", "transposed")),
                key=lambda place: operands[place].entries,
                default=None,
            )
            if light is not None and operands[light].entries < _result_entries(operands):
                operands[light] = operands[light].with_code(self._assign(f"{scalar} * {operands[light].code}"))
                scalar = None
        result = self._multiplied(operands, association(operands))
        if scalar is not None:
            if result.form == "diag" or result.form in ("plain", "transposed"):
                return Form(self._assign(f"{scalar} * {result.code}"), result.form)
            return Form(self._assign(f"{scalar} * {self._plain(result)}"))
        return result

    def _without_inner_products(self, operands: list[Operand]) -> tuple[list[Operand], list[str]]:
        """The chain without the parts from a row to a column, which are numbers, and those numbers."""
        kept: list[Operand] = []
        numbers: list[str] = []
        for operand in operands:
            kept.append(operand)
            # The nearest row belongs to a column: in x'*(y'*z*v) it is y'.
            start = next((place for place in reversed(range(len(kept))) if kept[place].rows is None), None)
            if operand.columns is None and start is not None:
                part = kept[start:]
                del kept[start:]
                numbers.append(self._plain(self._multiplied(part, association(part))))
        return kept, numbers

    def _scalar_product(self, scalars: list[tuple[Expr, int]], numbers: list[str]) -> str | None:
        above: list[str] = list(numbers)
        below: list[str] = []
        for leaf, exponent in scalars:
            code = "-1.0" if isinstance(leaf, Negative) and leaf.operand == Number(1) else self._value(leaf)
            if exponent < 0 and self._guarded and is_norm(leaf):
                above.append(self._inverse_norm(code))
            else:
                (above if exponent > 0 else below).append(code)
        negative = above.count("-1.0") % 2
        above = [code for code in above if code != "-1.0"]
        if not above and not below:
            return "-1.0" if negative else None
        code = above[0] if above else "1.0"
        if negative:
            code = f"-{code}"
        for factor in above[1:]:
            code = self._assign(f"{code} * {factor}")
        for factor in below:
            code = self._assign(f"{code} / {factor}")
        return self._assign(code) if code.startswith("-") else code

    def _operand(self, leaf: Expr, turned: bool) -> Operand:
        form = self._form(leaf)
        dims = [self._size(dim) for dim in self._typing.dims(leaf)]
        kind = self._typing.kind(leaf)
        code, name = form.code, form.form
        if kind == "matrix":
            rows, columns = dims
            if turned:
                rows, columns = columns, rows
                name = {
                    "plain": "transposed",
                    "transposed": "plain",
                    "inv": "inv-transposed",
                    "inv-transposed": "inv",
                }.get(name, name)
            return Operand(code, name, rows, columns)
        is_column = (kind == "vector") != turned
        return Operand(code, "plain", dims[0] if is_column else None, None if is_column else dims[0])

    def _size(self, dim: int | str) -> int:
        return dim if isinstance(dim, int) else self._sizes.get(dim, UNKNOWN_SIZE)

    def _multiplied(self, operands: list[Operand], splits: dict[tuple[int, int], int]) -> Form:
        """The product of the operands in the order that `splits` gives."""
        values: dict[tuple[int, int], Operand] = {(place, place): operand for place, operand in enumerate(operands)}
        pending = [(0, len(operands) - 1)]
        while pending:
            span = pending[-1]
            if span in values:
                pending.pop()
                continue
            split = splits[span]
            left, right = (span[0], split), (split + 1, span[1])
            if left in values and right in values:
                values[span] = self._times(values[left], values[right])
                pending.pop()
            else:
                pending.extend([part for part in (left, right) if part not in values])
        result = values[0, len(operands) - 1]
        return Form(result.code, result.form)

    def _times(self, left: Operand, right: Operand) -> Operand:
        rows, columns = left.rows, right.columns
        if (left.columns is None and left.rows is None) or (right.columns is None and right.rows is None):
            one, other = self._operand_code(left), self._operand_code(right)
            return Operand(self._assign(f"{one} * {other}"), "plain", rows, columns)
        if left.columns is None:
            column, row = self._plain(Form(left.code, left.form)), self._plain(Form(right.code, right.form))
            return Operand(self._assign(f"{column}[:, None] * {row}"), "plain", rows, columns)
        if left.form == "diag" and right.form == "diag":
            return Operand(self._assign(f"{left.code} * {right.code}"), "diag", rows, columns)
        if left.form == "diag":
            scale = left.code if columns is None else f"{left.code}[:, None]"
            return Operand(self._assign(f"{scale} * {self._operand_code(right)}"), "plain", rows, columns)
        if right.form == "diag":
            return Operand(self._assign(f"{self._operand_code(left)} * {right.code}"), "plain", rows, columns)
        if left.form in ("inv", "inv-transposed"):
            matrix = left.code if left.form == "inv" else f"{left.code}.T"
            return Operand(
                self._assign(f"np.linalg.solve({matrix}, {self._operand_code(right)})"), "plain", rows, columns
            )
        if right.form in ("inv", "inv-transposed"):
            matrix = f"{right.code}.T" if right.form == "inv" else right.code
            if rows is None:
                code = self._assign(f"np.linalg.solve({matrix}, {self._operand_code(left)})")
                return Operand(code, "plain", rows, columns)
            turned = self._operand_code(left.transposed())
            return Operand(self._assign(f"np.linalg.solve({matrix}, {turned})"), "transposed", rows, columns)
        return Operand(
            self._assign(f"{self._operand_code(left)} @ {self._operand_code(right)}"), "plain", rows, columns
        )

    def _operand_code(self, operand: Operand) -> str:
        return self._plain(Form(operand.code, operand.form))

    def _trace(self, node: Expr) -> str:
        """The trace of a product, without its last multiplication."""
        scalars, chain = self._factors(node)
        operands = [self._operand(leaf, turned) for leaf, turned in chain]
        simple = all(operand.form in ("plain", "transposed") for operand in operands)
        if simple and len(operands) > 1 and all(o.rows is not None and o.columns is not None for o in operands):
            head = self._multiplied(operands[:-1], association(operands[:-1]))
            code = self._assign(f"np.sum({self._plain(head)}.T * {self._operand_code(operands[-1])})")
        else:
            code = self._assign(f"np.trace({self._plain(self._multiplied(operands, association(operands)))})")
        scalar = self._scalar_product(scalars, [])
        return code if scalar is None else self._assign(f"{scalar} * {code}")


def _result_entries(operands: list[Operand]) -> int:
    return (operands[0].rows or 1) * (operands[-1].columns or 1)
