"""The compiler: straight-line NumPy for formulas."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.numpy_source import HELPERS
from gradcalc.language.kinds import axis_literals
from gradcalc.language.polynomial import added, split_off
from gradcalc.language.shapes import infer
from gradcalc.language.syntax import (
    COMPARISONS,
    Binary,
    Block,
    Call,
    Expr,
    FunctionDefinition,
    Index,
    Name,
    Negative,
    Number,
    Program,
    Transpose,
    postorder,
)
from gradcalc.meaning.stand_in import StandIn
from gradcalc.numeric.code import Form, is_norm, is_product, is_square_of_norm
from gradcalc.numeric.products import Products
from gradcalc.numeric.stable_forms import stabilised
from gradcalc.tensor.einsum import EinsumTerm

_EINSUM_ORDER = "('greedy', 10**8)"
"""The order of an einsum, and how many entries an array on the way may have."""


_STAND_IN = '''\
def {name}(t, order):
    """The derivative of an order of {text}, which stands in for {function}: put the function in its place."""
    wave = (np.sin, np.cos)[order % 2](t + {shift})
    polynomial = (t * t / 4, t / 2, 0 * t + 0.5, 0 * t)[min(order, 3)]
    return (-wave if order % 4 > 1 else wave) + polynomial
'''


class Compiler(Products):
    """Writes one program for several formulas, whose shared subexpressions are computed once."""

    def add(self, output: str, tree: Expr, guarded: bool) -> None:
        """Adds an output that is a formula."""
        self._outputs.append(f"{output!r}: {self._computed(tree, guarded)}")

    def add_einsums(self, output: str, terms: Sequence[EinsumTerm]) -> None:
        """Adds an output that is a sum of einsums."""
        total = ""
        for term in terms:
            operands = "".join([f", {self._computed(operand, False)}" for operand in term.operands])
            # Without an order, three arrays are summed over all of their indices at once.
            order = f", optimize={_EINSUM_ORDER}" if len(term.operands) > 2 else ""
            code = f"np.einsum({term.subscripts!r}{operands}{order})" if operands else "1.0"
            if term.scale is not None:
                code = f"{self._computed(term.scale, False)} * {code}"
            total += (" - " if term.negative else " + ") + code
        self._outputs.append(f"{output!r}: {self._assign(total.removeprefix(' + ').lstrip())}")

    def _computed(self, tree: Expr, guarded: bool) -> str:
        """The name of the array that is the value of a formula."""
        shapes = {name: variable.dims for name, variable in self._variables.items()}
        functions = tuple(self._functions.values())
        self._typing = infer(Program(tree, functions=functions), shapes, dimension_names=self._dimension_names)
        stable = stabilised(tree, self._typing)
        if stable is not tree:
            tree = stable
            self._typing = infer(Program(tree, functions=functions), shapes, dimension_names=self._dimension_names)
        self._guarded = guarded
        self._number_of = {}
        self._uses = {}
        order = list(postorder(tree))
        for node in order:
            children = tuple([self._number_of[id(child)] for child in node.children])
            key = (guarded, node.label, children)
            self._number_of[id(node)] = self._numbers.setdefault(key, len(self._numbers))
        counted: set[int] = set()
        for node in order:
            number = self._number_of[id(node)]
            if number not in counted:
                counted.add(number)
                for child in node.children:
                    self._uses[self._number_of[id(child)]] = self._uses.get(self._number_of[id(child)], 0) + 1
        needed = self._needed(tree, order)
        for node in order:
            if id(node) in needed and self._number_of[id(node)] not in self._forms:
                self._forms[self._number_of[id(node)]] = self._emit(node)
        return self._plain(self._form(tree))

    def _emit(self, node: Expr) -> Form:
        if isinstance(node, Number):
            return Form(_number_code(node))
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Transpose) and not is_product(node):
            form = self._form(node.operand)
            if self._rank(node) < 2:
                return form
            turned = {"plain": "transposed", "transposed": "plain", "inv": "inv-transposed", "inv-transposed": "inv"}
            return Form(form.code, turned.get(form.form, form.form))
        if is_product(node):
            return self._product(node)
        if isinstance(node, Negative):
            return Form(self._assign(f"-{self._value(node.operand)}"))
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Index):
            places = [self._place(node, axis) for axis in range(len(node.positions))]
            operand = self._form(node.operand)
            if operand.form == "eye" and sum(position is None for position in node.positions) == 1:
                numbers = [place for place, position in zip(places, node.positions) if isinstance(position, int)]
                if numbers:
                    return Form(self._assign(f"(np.arange({operand.code}) == {numbers[0]}).astype(float)"))
            return Form(self._assign(f"{self._plain(operand)}[{', '.join(places)}]"))
        if isinstance(node, Block):
            return self._block(node)
        assert isinstance(node, Call)
        return self._call(node)

    def _place(self, node: Index, axis: int) -> str:
        """A position or a slice as NumPy writes it."""
        position = node.positions[axis]
        if position is None:
            return ":"
        if isinstance(position, int):
            return str(position - 1)
        if isinstance(position, str):
            return self._dimension(self._typing.slice_of(node, axis)[0])
        offset, length = self._typing.slice_of(node, axis)
        return f"{self._dimension(offset)}:{self._dimension(added(offset, length))}"

    def _block(self, node: Block) -> Form:
        if self._rank(node) == 1:
            parts = [self._value(part) for part in node.children]
            return Form(self._assign(f"np.hstack([{', '.join(parts)}])"))
        rows = [f"[{', '.join([self._as_matrix(part) for part in row])}]" for row in node.rows]
        return Form(self._assign(f"np.block([{', '.join(rows)}])"))

    def _as_matrix(self, part: Expr) -> str:
        """A part of a block with two axes."""
        value, kind = self._value(part), self._typing.kind(part)
        if kind == "vector":
            return f"{value}[:, None]"
        return f"{value}[None, :]" if kind == "row" else f"np.full((1, 1), {value})" if kind == "scalar" else value

    def _name(self, node: Name) -> Form:
        if node.name in self.parameters:
            return Form(self.parameters[node.name])
        if node.name == "pi":
            return Form("np.pi")
        return Form(self._dimension(self._typing.named_length(node.name)))

    def _binary(self, node: Binary) -> Form:
        operator = node.operator
        if is_square_of_norm(node):
            inner = self._value(node.left.children[0])
            return Form(self._assign(f"np.vdot({inner}, {inner})"))
        left, right = self._form(node.left), self._form(node.right)
        if operator in ("+", "-") and self._rank(node) == 2:
            summed = self._diagonal_sum(node, left, right)
            if summed is not None:
                return summed
        if operator == "\\":
            if self._rank(node.left) == 0:
                return Form(self._assign(f"{self._plain(right)} / {self._plain(left)}"))
            return Form(self._assign(f"np.linalg.solve({self._plain(left)}, {self._plain(right)})"))
        if operator == "^" and self._rank(node.left) == 2:
            whole = _integer(node.right)
            if whole is None:
                self._helpers["_matpow"] = None
                return Form(self._assign(f"_matpow({self._plain(left)}, {self._plain(right)})"))
            return Form(self._assign(f"np.linalg.matrix_power({self._plain(left)}, {whole})"))
        one, other = self._aligned(node, self._plain(left), self._plain(right))
        if operator in ("^", ".^"):
            if node.right == Number(2):
                return Form(self._assign(f"{one} * {one}"))
            return Form(self._assign(f"np.power({one}, {other})"))
        if operator in ("/", "./") and self._guarded and is_norm(node.right):
            return Form(self._assign(f"{one} * {self._inverse_norm(other)}"))
        if operator in COMPARISONS:
            return Form(self._assign(f"({one} {operator} {other}) + 0.0"))
        symbol = {".*": "*", "./": "/"}.get(operator, operator)
        return Form(self._assign(f"{one} {symbol} {other}"))

    def _aligned(self, node: Binary, left: str, right: str) -> tuple[str, str]:
        kinds = (self._typing.kind(node.left), self._typing.kind(node.right))
        if kinds == ("vector", "matrix"):
            return f"{left}[:, None]", right
        if kinds == ("matrix", "vector"):
            return left, f"{right}[:, None]"
        return left, right

    def _diagonal_sum(self, node: Binary, left: Form, right: Form) -> Form | None:
        """A matrix plus or minus a diagonal one: a copy with its diagonal changed."""
        diagonal = ("diag", "eye")
        if left.form in diagonal and right.form in diagonal:
            if left.form == right.form == "diag":
                return Form(self._assign(f"{left.code} {node.operator} {right.code}"), "diag")
            return None
        if self._rank(node.left) < 2 or self._rank(node.right) < 2:
            return None
        if right.form in diagonal:
            entry = "1.0" if right.form == "eye" else right.code
            self._helpers["_plus_diagonal"] = None
            sign = "" if node.operator == "+" else "-"
            return Form(self._assign(f"_plus_diagonal({self._plain(left)}, {sign}{entry})"))
        if left.form in diagonal:
            entry = "1.0" if left.form == "eye" else left.code
            self._helpers["_plus_diagonal"] = None
            sign = "" if node.operator == "+" else "-"
            return Form(self._assign(f"_plus_diagonal({sign}{self._plain(right)}, {entry})"))
        return None

    def _call(self, node: Call) -> Form:
        function = self._functions.get(node.function)
        if function is not None:
            return Form(self._user_function(node, function))
        entry = catalogue.meant(node.function, tuple([self._kind_or_size(child) for child in node.children]))
        assert entry is not None
        if isinstance(entry, catalogue.Elementwise):
            return Form(self._elementwise(entry, node))
        first = catalogue.first_size(node.function)
        if first is not None:
            return self._sized(node, entry, first)
        if entry.axis and len(node.children) == 2 and axis_literals(node)[1]:
            return self._along_axis(node, entry)
        if node.function == "inv":
            operand = self._form(node.children[0])
            if operand.form == "eye":
                return operand
            return Form(self._plain(operand), "inv")
        if node.function == "diag" and self._rank(node.children[0]) == 1:
            return Form(self._value(node.children[0]), "diag")
        if node.function == "tr" and is_product(node.children[0]):
            return Form(self._trace(node.children[0]))
        operands = [self._value(child) for child in node.children]
        if entry.numpy is None:
            dims = ", ".join([self._dimension(dim) for dim in self._typing.dims(node)])
            return Form(self._assign(f"np.full(({dims},), {operands[0]})"))
        self._helpers.update(dict.fromkeys(entry.helpers))
        return Form(self._assign(entry.numpy.format(*operands)))

    def _kind_or_size(self, node: Expr) -> str:
        return self._typing.kind(node) if self._typing.knows(node) else "dimension"

    def _sized(self, node: Call, entry: catalogue.Function, first: int) -> Form:
        """A call with sizes among its operands."""
        sizes = [self._dimension(self._typing.dimension(child)) for child in node.children[first:]]
        if node.function == "eye":
            return Form(sizes[0], "eye")
        assert entry.numpy is not None
        self._helpers.update(dict.fromkeys(entry.helpers))
        if not first and "{1}" not in entry.numpy:
            shape = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
            return Form(self._assign(entry.numpy.format(shape)))
        return Form(self._assign(entry.numpy.format(*[self._value(child) for child in node.children[:first]], *sizes)))

    def _along_axis(self, node: Call, entry: catalogue.Function) -> Form:
        """A function of every column or row: with NumPy's own axis where it has one, else one by one."""
        operand = self._value(node.children[0])
        assert entry.numpy is not None
        if self._typing.kind(node.children[0]) != "matrix":
            self._helpers.update(dict.fromkeys(entry.helpers))
            return Form(self._assign(entry.numpy.format(operand)))
        axis = axis_literals(node)[1] - 1
        if not entry.helpers and re.fullmatch(r"np\.\w+\(\{0\}\)", entry.numpy):
            return Form(self._assign(f"{entry.numpy[:-5]}({operand}, axis={axis})"))
        self._helpers.update(dict.fromkeys(entry.helpers))
        return Form(self._assign(f"np.apply_along_axis(lambda x: {entry.numpy.format('x')}, {axis}, {operand})"))

    def _elementwise(self, entry: catalogue.Elementwise, node: Call) -> str:
        assert entry.numpy is not None
        self._helpers.update(dict.fromkeys(entry.helpers))
        operands = [self._value(child) for child in node.children]
        operands += entry.defaults[len(entry.defaults) - len(entry.parameters) + len(operands) :]
        return self._assign(entry.numpy.format(*operands))

    def _user_function(self, node: Call, function: FunctionDefinition) -> str:
        """An unspecified function: its stand-in."""
        name = f"_stand_in_{function.name}"
        made = StandIn(function.name)
        self._stand_ins[name] = _STAND_IN.format(
            name=name, function=function.name, text=made.text, shift=f"{made.shift:.6g}"
        )
        return self._assign(f"{name}({self._value(node.children[0])}, {node.primes})")

    def source(self, name: str) -> str:
        """The program as the text of a function of that name."""
        body = [f"    {line}" for line in [*self._size_lines(), *self._lines]]
        parameters = ", ".join(self.parameters.values())
        helpers = "".join([f"\n{_INVERSE_NORM if h == '_inverse_norm' else HELPERS[h]}" for h in self._helpers])
        helpers += "".join([f"\n{text}" for text in self._stand_ins.values()])
        outputs = ", ".join(self._outputs)
        return f"import numpy as np\n{helpers}\n\ndef {name}({parameters}):\n" + "\n".join(
            [*body, f"    return {{{outputs}}}", ""]
        )

    def _size_lines(self) -> list[str]:
        lines = []
        for dim in self._used_dims:
            shapes = [
                (split_off(length, dim), f"{self.parameters[name]}.shape[{axis}]")
                for name, variable in self._variables.items()
                for axis, length in enumerate(variable.dims)
            ]
            known = [(rest, code) for rest, code in shapes if isinstance(rest, int)]
            if known:
                rest, code = min(known, key=lambda found: abs(found[0]))
                lines.append(f"size_{dim} = {code}" + (f" - {rest}" if rest > 0 else f" + {-rest}" if rest else ""))
            else:
                if dim not in self._sizes:
                    raise GradcalcError(
                        "data",
                        f"the size of the dimension {dim} is not known",
                        hint=f"Give it with --size {dim}=3.",
                    )
                lines.append(f"size_{dim} = {self._sizes[dim]}")
        return lines


_INVERSE_NORM = '''\
def _inverse_norm(norm):
    """1/norm; 0 where the norm is 0, which gives the subgradient 0."""
    return 1.0 / norm if norm != 0 else 0.0
'''


def _number_code(node: Number) -> str:
    try:
        return repr(float(node.value))
    except OverflowError:
        raise GradcalcError("numeric", "a number in the formula is too large for floating point") from None


def _integer(node: Expr) -> int | None:
    if isinstance(node, Negative):
        whole = _integer(node.operand)
        return None if whole is None else -whole
    return int(node.value) if isinstance(node, Number) else None
