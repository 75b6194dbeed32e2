"""The changes that can be made at one place of a module: each is a fault that someone could have typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

Apply = Callable[[], None]

_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip

_EXCHANGED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
}  # fmt: skip

_FORMULAS = ("derivative", "pullback", "trace_rule", "where_positive", "quotient", "parity", "logarithm", "stable")
"""The fields of an entry that say what the core does with a function."""

_FACTS = ("transposes", "symmetric", "reflects", "invertible", "power", "homogeneous", "exact")

_DEFINITIONS = ("meaning", "variants")
"""Fields that the core reads, and that are the definition itself where an entry has no reference."""


class Change(NamedTuple):
    """line: where; what: in words; field: of the catalogue's entry of that name, else empty; apply: makes it."""

    line: int
    what: str
    entry: str
    apply: Apply


def changes(tree: ast.Module, catalogue: bool) -> list[Change]:
    """The changes that can be made to a module, in order; each changes the tree. catalogue: to fields of entries."""
    return list(_of_entries(tree) if catalogue else _of_code(tree))


def changed(source: str, catalogue: bool, number: int) -> tuple[ast.Module, Change]:
    """A module with one change."""
    tree = ast.parse(source)
    change = changes(tree, catalogue)[number]
    change.apply()
    return ast.fix_missing_locations(tree), change


def _of_entries(tree: ast.Module) -> Iterator[Change]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = node.args[0].value
        fields = {keyword.arg: keyword.value for keyword in node.keywords}
        if not isinstance(name, str):
            continue
        referenced = "reference" in fields or (isinstance(node.func, ast.Name) and node.func.id == "Elementwise")
        for field, value in fields.items():
            if field in _FORMULAS or (field in _DEFINITIONS and referenced):
                for part in ast.walk(value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        for text in _other_texts(part.value):
                            what = f"{name}.{field}: {part.value!r} -> {text!r}"
                            yield Change(part.lineno, what, name, _set(part, "value", text))
            if field in _FACTS:
                for part in ast.walk(value):
                    if isinstance(part, ast.Constant):
                        for other in _other_constants(part.value):
                            what = f"{name}.{field}: {part.value!r} -> {other!r}"
                            yield Change(part.lineno, what, name, _set(part, "value", other))


def _other_texts(text: str) -> Iterator[str]:
    """A formula with one sign, number, transpose, name or letter changed."""
    if text in ("odd", "even"):
        yield "even" if text == "odd" else "odd"
        return
    if re.fullmatch(r"[a-z,]*->[a-z]*", text):
        before, after = text.split("->")
        if len(after) == 2 and after[0] != after[1]:
            yield f"{before}->{after[::-1]}"
        if after:
            yield f"{before}->{after[:-1]}"
        return
    for match in re.finditer(
        r" - | \+ |(?<![\w.])\d+|'|(?<=[\w)])\*(?=[\w(])|\b(?:sin|cos|sinh|cosh|tanh|exp)\b", text
    ):
        found = match.group()
        start, end = match.span()
        others = {" - ": " + ", " + ": " - ", "'": "", "*": "/", "sin": "cos", "cos": "sin", "sinh": "cosh"}
        other = others.get(found, {"cosh": "sinh", "tanh": "sinh", "exp": "expm1"}.get(found, ""))
        yield text[:start] + (str(int(found) + 1) if found.isdigit() else other) + text[end:]
    yield f"-({text})"


def _other_constants(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
        yield -value if value else 1
    elif value in ("required", "given"):
        yield None
        yield "given" if value == "required" else "required"


def _of_code(tree: ast.Module) -> Iterator[Change]:
    for node in _walked(tree):
        yield from _of_node(node)


def _walked(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that do something when the module runs: no annotations, no messages of errors, no imports."""
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom)):
            continue
        yield node
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "bases"):
                continue
            if field == "test" and isinstance(node, ast.If) and _names(value) == ["TYPE_CHECKING"]:
                continue
            waiting.extend(
                part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST)
            )


def _names(value: object) -> list[str]:
    return [value.id] if isinstance(value, ast.Name) else []


def _of_node(node: ast.AST) -> Iterator[Change]:
    yield from _of_expression(node)
    if isinstance(node, (ast.FunctionDef, ast.For, ast.While, ast.If, ast.With)):
        for name in ("body", "orelse"):
            statements = getattr(node, name, [])
            for place, statement in enumerate(statements):
                if isinstance(statement, (ast.AugAssign, ast.Continue, ast.Break)) or _is_call(statement):
                    what = f"without {ast.unparse(statement)[:60]!r}"
                    yield Change(statement.lineno, what, "", _put(statements, place, ast.Pass()))
    if isinstance(node, (ast.If, ast.While)) and isinstance(node, ast.If):
        yield _change(node, f"not ({ast.unparse(node.test)[:60]})", node, "test", ast.UnaryOp(ast.Not(), node.test))
        yield _change(node, f"if {ast.unparse(node.test)[:60]}: never", node, "test", ast.Constant(False))
        yield _change(node, f"if {ast.unparse(node.test)[:60]}: always", node, "test", ast.Constant(True))


def _of_expression(node: ast.AST) -> Iterator[Change]:
    text = ast.unparse(node)[:60] if isinstance(node, ast.expr) else ""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            yield Change(node.lineno, f"flip {text!r}", "", _put(node.ops, place, _FLIPPED[type(operator)]()))
    elif isinstance(node, ast.BinOp):
        if type(node.op) in _EXCHANGED:
            yield _change(node, f"another operator in {text!r}", node, "op", _EXCHANGED[type(node.op)]())
        if not isinstance(node.op, ast.Mod):
            yield Change(node.lineno, f"swap {text!r}", "", _swap(node, "left", "right"))
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _change(node, f"and/or in {text!r}", node, "op", other)
        for place in range(len(node.values)):
            rest = node.values[:place] + node.values[place + 1 :]
            twice = rest if len(rest) > 1 else rest * 2
            yield _change(node, f"drop condition {place + 1} of {text!r}", node, "values", twice)
    elif isinstance(node, ast.IfExp):
        yield Change(node.lineno, f"other branch of {text!r}", "", _swap(node, "body", "orelse"))
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int)):
        for other_value in _other_constants(node.value):
            yield _change(node, f"{node.value!r} -> {other_value!r}", node, "value", other_value)
    elif isinstance(node, ast.Call) and len(node.args) > 1 and _names(node.func) != ["isinstance"]:
        swapped = [node.args[1], node.args[0], *node.args[2:]]
        yield _change(node, f"swap arguments of {text!r}", node, "args", swapped)
    elif isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
        yield _change(node, f"reverse {text!r}", node, "elts", node.elts[::-1])
        yield _change(node, f"drop the last of {text!r}", node, "elts", node.elts[:-1])
    elif isinstance(node, ast.comprehension):
        for place, test in enumerate(node.ifs):
            rest = node.ifs[:place] + node.ifs[place + 1 :]
            yield Change(test.lineno, f"without if {ast.unparse(test)[:60]}", "", _set(node, "ifs", rest))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield (
            _change(node, f"drop the sign of {text!r}", node, "op", ast.UAdd())
            if isinstance(node.op, ast.USub)
            else _change(node, f"drop not of {text!r}", node, "operand", ast.UnaryOp(ast.Not(), node.operand))
        )


def _is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def _change(node: ast.expr | ast.stmt, what: str, owner: ast.AST, field: str, value: object) -> Change:
    return Change(node.lineno, what, "", _set(owner, field, value))


def _set(owner: ast.AST, field: str, value: object) -> Apply:
    return lambda: setattr(owner, field, value)


def _put(items: list[object] | list[ast.stmt] | list[ast.cmpop], place: int, value: object) -> Apply:
    return lambda: items.__setitem__(place, value)  # type: ignore[arg-type,call-overload]


def _swap(owner: ast.AST, first: str, second: str) -> Apply:
    def swap() -> None:
        a, b = getattr(owner, first), getattr(owner, second)
        setattr(owner, first, b)
        setattr(owner, second, a)

    return swap
