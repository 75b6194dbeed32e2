"""Mathematics in LaTeX, as it is pasted, to the text of a program in the language.

What LaTeX leaves open is read as people mean it: letters side by side are a product, a subscript is an index where a
sum around it binds it and part of a name elsewhere, a product goes on up to the next + or -.
"""

from __future__ import annotations

from itertools import pairwise

from gradcalc.errors import GradcalcError
from gradcalc.language.latex.columns import with_columns
from gradcalc.language.latex.formula import Formula
from gradcalc.language.latex.tokens import Token, tokens
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Expr, Name, Number, postorder

_CONTINUES = frozenset(["+", "-", "*", "/", ".*", "./", "kron", ":", "equals", "=", "^", "_"])
_EXTREMA = frozenset(["min", "max", "argmin", "argmax", "minimize", "maximize"])
_NOTES = frozenset(["in", "forall", "sim", "to"])
_COUNTERS = frozenset("ijkl")


class _Statement:
    """An equation or an expression. parameter: the name of the argument on the left, where it is a single name."""

    def __init__(self, left: list[Token], right: list[Token]) -> None:
        self.left = left
        self.right = right
        self.name = ""
        self.parameter = ""
        self.is_function = False
        self.tree: Expr = Name("")

    @property
    def text(self) -> str:
        text = to_text(self.tree)
        if self.is_function:
            return f"{self.name}({self.parameter}) = {text}"
        return f"{self.name} = {text}" if self.name else text


def latex_to_text(source: str) -> str:
    r"""The program that a formula in LaTeX stands for, on one line.

    source: one formula, or several on lines of their own; dollar signs and environments may be there. A left side is
    dropped where there is one statement; several become definitions, those that use others after them.
    Raises GradcalcError of kind syntax or limit, its span in `source`.

    >>> latex_to_text(r"f(W) = \log(1+\exp(-y w^\top \sigma(W x + b)))")
    "log(1 + exp(-y*w'*sigmoid(W*x + b)))"
    """
    try:
        return _program(source)
    except GradcalcError as error:
        raise error.located_in(source) from None


def _program(source: str) -> str:
    statements = [_statement(part) for part in _parts(tokens(source))]
    if not statements:
        raise GradcalcError(
            "syntax",
            "there is no formula",
            span=(0, max(1, len(source))),
            hint="For example: \\|A x - b\\|_2^2",
        )
    for statement in statements:
        _name(source, statement)
    alone = statements[0] if len(statements) == 1 else None
    if alone is not None:
        nameless = bool(alone.left) and not alone.name
        alone.name = ""
    _find_functions(statements)
    functions = {statement.name for statement in statements if statement.is_function}
    variables = {statement.name for statement in statements} - functions - {""}
    unspecified: dict[str, None] = {}
    bold: set[str] = set()
    for statement in statements:
        formula = Formula(source, statement.right, functions, variables)
        statement.tree = formula.tree()
        unspecified.update(formula.unspecified)
        bold |= formula.bold
    if alone is not None and nameless and isinstance(alone.tree, (Name, Number)):
        raise GradcalcError(
            "syntax",
            "the left side is no name, and the right side no function",
            span=(alone.left[0].start, alone.right[-1].end),
            hint="Give one expression, or an equation with a name on its left: f(x) = ...",
        )
    matrices, trees = with_columns([statement.tree for statement in statements], bold)
    for statement, tree in zip(statements, trees):
        statement.tree = tree
    declared = [f"{name}(.)" for name in unspecified] + [f"{name}: matrix" for name in matrices]
    return "; ".join([*declared, *[statement.text for statement in _ordered(statements)]])


# Statements out of tokens.


def _parts(found: list[Token]) -> list[list[Token]]:
    """The tokens of each statement."""
    parts: list[list[Token]] = [[]]
    # A space or the end of a source line ends a statement only if that is an equation and another one follows.
    pieces: list[list[Token]] = [[]]
    for token in [*found, Token("line", "", 0, 0)]:
        if token.kind == "soft":
            pieces.append([])
        elif token.kind not in ("line", ";"):
            pieces[-1].append(token)
        else:
            for number, statement in enumerate(_hard(pieces)):
                if number == 0 and _goes_on(parts[-1], statement):
                    parts[-1] += statement
                elif statement:
                    parts.append(statement)
            pieces = [[]]
            if token.kind == ";":
                parts.append([])
    statements = [part for part in map(_without_stops, parts) if part]
    formulas = [part for part in statements if not any(token.text in _NOTES for token in _commands(part))]
    return formulas or statements


def _commands(part: list[Token]) -> list[Token]:
    return [token for token in part if token.kind == "command"]


def _hard(pieces: list[list[Token]]) -> list[list[Token]]:
    """The statements of one line."""
    statements: list[list[Token]] = [[]]
    for piece in pieces:
        starts = _has_equals(piece) and piece[0].kind != "equals" and _has_equals(statements[-1])
        if starts and statements[-1][-1].kind not in _CONTINUES:
            statements.append([])
        statements[-1] += piece
    return statements


def _has_equals(part: list[Token]) -> bool:
    return any(token.kind == "equals" for token in part)


def _goes_on(before: list[Token], statement: list[Token]) -> bool:
    """Whether a line goes on with the statement before it."""
    if not before or not statement:
        return True
    return statement[0].kind in _CONTINUES or before[-1].kind in _CONTINUES


def _without_stops(part: list[Token]) -> list[Token]:
    end = len(part)
    while end and part[end - 1].kind == ".":
        end -= 1
    return part[:end]


def _statement(part: list[Token]) -> _Statement:
    """Splits an equation: what is left of the first equals sign, what is right of the last."""
    places = [place for place, token in enumerate(part) if token.kind == "equals"]
    if not places:
        return _Statement([], _without_extremum(part))
    left, right = part[: places[0]], part[places[-1] + 1 :]
    if not right:
        sign = part[places[-1]]
        raise GradcalcError("syntax", "nothing stands on the right of `=`", span=sign.span)
    if _is_derivative(left):
        raise GradcalcError(
            "syntax",
            "the left side is a derivative",
            span=(left[0].start, left[-1].end),
            hint="Give the function itself, and what to differentiate by with --wrt.",
        )
    return _Statement(left, _without_extremum(right))


def _is_derivative(left: list[Token]) -> bool:
    texts = [token.text for token in left]
    if any(token.text in ("partial", "nabla") for token in _commands(left)) or texts[1:3] == ["'", "("]:
        return True
    return len(texts) > 2 and texts[0] in ("frac", "dfrac", "tfrac") and texts[1:3] == ["{", "d"]


def _without_extremum(part: list[Token]) -> list[Token]:
    """The function that is to be minimized: \\min_{w} f as f."""
    place = 0
    while place + 1 < len(part) and part[place].kind == "function" and part[place + 1].kind == "_":
        if part[place].text not in _EXTREMA or place + 2 >= len(part):
            break
        after, depth = place + 2, 0
        while after < len(part):
            depth += {"{": 1, "}": -1}.get(part[after].kind, 0)
            after += 1
            if depth == 0 and part[after - 1].kind != "font":
                break
        inner = [token for token in part[place + 2 : after] if token.kind not in ("{", "}")]
        if len(inner) == 1 and inner[0].text in _COUNTERS:
            break
        place = after
    if place < len(part) and part[place].text in ("minimize", "maximize"):
        place += 1
    return part[place:]


# Names of statements.


def _name(source: str, statement: _Statement) -> None:
    """Finds what a statement defines: a name, and its argument. Any other left side is dropped."""
    left = statement.left
    opening = next((place for place, token in enumerate(left) if token.kind == "open" and place), len(left))
    try:
        tree = Formula(source, left[:opening]).tree()
    except GradcalcError:
        return
    if not isinstance(tree, Name) or (opening < len(left) and left[-1].kind != "close"):
        return
    statement.name = tree.name
    inner = [token for token in left[opening + 1 : -1] if token.kind not in ("{", "}", "font")]
    if opening < len(left) and len(inner) == 1 and inner[0].kind in ("name", "word"):
        statement.parameter = inner[0].text


def _find_functions(statements: list[_Statement]) -> None:
    """Marks the definitions of functions that other statements call."""
    calls: dict[str, set[int]] = {}
    for number, statement in enumerate(statements):
        for token, after in pairwise(statement.right):
            if after.text == "(":
                calls.setdefault(token.text, set()).add(number)
    for number, statement in enumerate(statements):
        statement.is_function = bool(statement.parameter) and bool(calls.get(statement.name, set()) - {number})


def _names(tree: Expr) -> list[str]:
    return [node.name for node in postorder(tree) if isinstance(node, Name)]


def _ordered(statements: list[_Statement]) -> list[_Statement]:
    """Functions, definitions, and last what nothing else uses. Raises GradcalcError where two could be last."""
    last = [statement for statement in statements if not statement.name]
    if not last:
        used = {name for statement in statements for name in _names(statement.tree)}
        last = [statement for statement in statements if not statement.is_function and statement.name not in used]
    if len(last) > 1:
        first = last[1].left or last[1].right
        raise GradcalcError(
            "syntax",
            "there are two expressions, and neither uses the other",
            span=(first[0].start, last[1].right[-1].end),
            hint="Give one expression and the definitions that it uses: z = W x + b \\\\ \\sigma(z)",
        )
    return (
        [item for item in statements if item.is_function]
        + [item for item in statements if not item.is_function and item not in last]
        + last
    )
