"""Formulas being compiled: their structure, and the lines of code written so far."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection, Mapping

from gradcalc.functions import catalogue
from gradcalc.language.polynomial import Dim, names_in
from gradcalc.language.shapes import Typing, Variable
from gradcalc.language.syntax import (
    Binary,
    Call,
    Expr,
    FunctionDefinition,
    Name,
    Negative,
    Number,
    Transpose,
)

UNKNOWN_SIZE = 1000
"""What the length of an axis is taken for when products are ordered and it is not known."""


class Form:
    """How a computed value is represented: plain, or standing for a matrix that is not written out.

    form: "plain"; "transposed" (of a matrix); "diag" (code is the vector), "eye" (code is the size), "inv" and
    "inv-transposed" (code is the matrix to invert).
    """

    __slots__ = ("code", "form")

    def __init__(self, code: str, form: str = "plain") -> None:
        self.code = code
        self.form = form


class Code:
    """Lines of code, the names of what they compute, and the structure of the formula at hand."""

    def __init__(
        self,
        variables: Mapping[str, Variable],
        sizes: Mapping[str, int],
        functions: Mapping[str, FunctionDefinition],
        dimensions: Collection[str],
    ) -> None:
        self._dimension_names = dimensions
        self._variables = variables
        self._sizes = sizes
        self._functions = functions
        self._lines: list[str] = []
        self._outputs: list[str] = []
        self._helpers: dict[str, None] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._forms: dict[int, Form] = {}
        self._cached: dict[str, str] = {}
        self._used_dims: dict[str, None] = {}
        self._stand_ins: dict[str, str] = {}
        self._counter = 0
        self.parameters = _parameter_names(variables)
        self._taken = set(self.parameters.values())
        self._typing: Typing
        self._number_of: dict[int, int]
        self._uses: dict[int, int]
        self._guarded = False

    def _needed(self, tree: Expr, order: list[Expr]) -> set[int]:
        """The nodes that are computed by themselves: not the inner nodes of products, which are taken whole."""
        needed = {id(tree)}
        for node in reversed(order):
            if id(node) in needed:
                needed.update([id(leaf) for leaf in self._operands(node)])
        return needed

    def _operands(self, node: Expr) -> list[Expr]:
        """What a node is computed from: for a product its factors, however they are nested."""
        if is_product(node):
            scalars, chain = self._factors(node)
            return [leaf for leaf, _ in scalars] + [leaf for leaf, _ in chain]
        if isinstance(node, Call):
            first = catalogue.first_size(node.function)
            if first is not None:
                return list(node.children[:first])
            if node.function == "tr" and is_product(node.children[0]):
                return self._operands(node.children[0])
        if is_square_of_norm(node):
            return [node.children[0].children[0]]
        return list(node.children)

    def _factors(self, node: Expr) -> tuple[list[tuple[Expr, int]], list[tuple[Expr, bool]]]:
        """A product as its numbers (with the exponent 1 or -1) and its chain (with whether each is transposed)."""
        scalars: list[tuple[Expr, int]] = []
        chain: list[tuple[Expr, bool]] = []
        pending: list[tuple[Expr, bool, bool]] = [(node, False, True)]
        while pending:
            part, turned, top = pending.pop()
            inner = top or self._uses.get(self._number_of[id(part)], 0) <= 1
            if isinstance(part, Transpose) and (inner or isinstance(part.operand, (Name, Call))):
                pending.append((part.operand, not turned, False))
            elif isinstance(part, Negative) and inner:
                scalars.append((Negative(Number(1)), 1))
                pending.append((part.operand, turned, False))
            elif isinstance(part, Binary) and part.operator == "*" and inner:
                ordered = (part.left, part.right) if turned else (part.right, part.left)
                pending.extend([(child, turned, False) for child in ordered])
            elif isinstance(part, Binary) and part.operator == "/" and inner and self._rank(part.right) == 0:
                scalars.append((part.right, -1))
                pending.append((part.left, turned, False))
            elif self._rank(part) == 0:
                scalars.append((part, 1))
            else:
                chain.append((part, turned))
        return scalars, chain

    def _rank(self, node: Expr) -> int:
        return {"scalar": 0, "vector": 1, "row": 1, "matrix": 2}[self._kind(node)]

    def _kind(self, node: Expr) -> str:
        return "scalar" if isinstance(node, Negative) and node.operand == Number(1) else self._typing.kind(node)

    def _form(self, node: Expr) -> Form:
        return self._forms[self._number_of[id(node)]]

    def _assign(self, code: str) -> str:
        known = self._cached.get(code)
        if known is None:
            while True:
                self._counter += 1
                known = f"t{self._counter}"
                if known not in self._taken:
                    break
            self._lines.append(f"{known} = {code}")
            self._cached[code] = known
        return known

    def _plain(self, form: Form) -> str:
        """The name of a plain array with the value."""
        if form.form == "plain":
            return form.code
        if form.form == "transposed":
            return f"{form.code}.T"
        if form.form == "diag":
            return self._assign(f"np.diag({form.code})")
        if form.form == "eye":
            return self._assign(f"np.eye({form.code})")
        inverse = self._assign(f"np.linalg.inv({form.code})")
        return inverse if form.form == "inv" else f"{inverse}.T"

    def _value(self, node: Expr) -> str:
        return self._plain(self._form(node))

    def _dimension(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return str(dim)
        self._used_dims.update(dict.fromkeys(names_in(dim)))
        code = re.sub(r"[^\W\d]\w*", lambda name: f"size_{name[0]}", dim)
        return code if dim.isidentifier() else f"({code})"

    def _inverse_norm(self, norm: str) -> str:
        self._helpers["_inverse_norm"] = None
        return self._assign(f"_inverse_norm({norm})")


def _parameter_names(variables: Mapping[str, Variable]) -> dict[str, str]:
    """The Python names of the variables: keywords, builtins and what the program itself may use get an underscore."""
    names: dict[str, str] = {}
    for name in variables:
        means_something = keyword.iskeyword(name) or hasattr(builtins, name) or name == "np"
        code = name + "_" if means_something or name.startswith(("size_", "_")) else name
        while code in names.values() or (code != name and code in variables):
            code += "_"
        names[name] = code
    return names


def is_product(node: Expr) -> bool:
    while isinstance(node, (Transpose, Negative)):
        node = node.operand
    return isinstance(node, Binary) and (node.operator == "*" or node.operator == "/")


def is_norm(node: Expr) -> bool:
    return isinstance(node, Call) and node.function == "norm2" and len(node.children) == 1


def is_square_of_norm(node: Expr) -> bool:
    return isinstance(node, Binary) and node.operator == "^" and is_norm(node.left) and node.right == Number(2)
