"""Programs: declarations, definitions and the objective, and what must hold between them."""

from __future__ import annotations

from collections.abc import Collection

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.language.lexer import Token, tokens
from gradcalc.language.parser import ExpressionParser, nearest, reserved
from gradcalc.language.syntax import (
    Declaration,
    Definition,
    Expr,
    FunctionDefinition,
    Name,
    Program,
    postorder,
)

STRUCTURES = ("symmetric", "spd", "skew", "diagonal", "lower", "upper", "toeplitz", "orthogonal")

KINDS = ("scalar", "vector", "matrix", *STRUCTURES, "positive")
"""The kinds that a declaration may give; the structures are square matrices."""

_DIMS = {"scalar": (0,), "vector": (1,), "matrix": (2,), "positive": (0, 1, 2)}

_ENDS = ("newline", ";", "end")


class ProgramParser:
    """Parses the statements of a text.

    functions, variables: names that are known from elsewhere, as those of `ExpressionParser`.
    """

    def __init__(self, text: str, functions: Collection[str] = (), variables: Collection[str] = ()) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._declarations: list[Declaration] = []
        self._definitions: list[Definition] = []
        self._functions: list[FunctionDefinition] = []
        function_names, variable_names = self._names()
        self._expressions = ExpressionParser(
            self._tokens, function_names.union(functions), variable_names.union(variables)
        )

    def program(self) -> Program:
        objective: Expr | None = None
        position = self._next_statement(0)
        while self._tokens[position].kind != "end":
            if objective is not None:
                start = objective.span or (0, 1)
                raise GradcalcError(
                    "syntax",
                    "an expression stands before the last statement",
                    span=start,
                    hint="Only the last statement is the objective; name the others: z = ...",
                )
            objective, position = self._statement(position)
            position = self._next_statement(position)
        if objective is None:
            if not self._definitions:
                raise GradcalcError(
                    "syntax",
                    "there is no expression to work on",
                    span=(0, max(1, len(self._text))),
                    hint="The last statement is the objective, for example: x'*A*x",
                )
            last = self._definitions[-1]
            objective = Name(last.name, last.span)
        program = Program(
            objective, tuple(self._definitions), tuple(self._functions), tuple(self._declarations), self._text
        )
        self._check(program)
        return program

    def declares(self) -> bool:
        """Whether the first statement is a declaration."""
        return self._tokens[0].kind == "name" and self._declared(0) is not None

    def _next_statement(self, position: int) -> int:
        while self._tokens[position].kind in ("newline", ";"):
            position += 1
        return position

    def _names(self) -> tuple[set[str], set[str]]:
        """The functions and the variables that the statements define or declare."""
        functions: set[str] = set()
        variables: set[str] = set()
        found = self._tokens
        depth = 0
        start = True
        for position, token in enumerate(found):
            if start and token.kind == "name":
                if self._defines_function(position):
                    functions.add(token.text)
                elif found[position + 1].kind == "=":
                    variables.add(token.text)
                else:
                    names = self._declared(position)
                    if names is not None:
                        variables.update([name.text for name in names[0]])
            if token.kind in ("(", "["):
                depth += 1
            elif token.kind in (")", "]"):
                depth -= 1
            start = token.kind in (";", "newline") and depth <= 0
            if position == 0 and token.kind in ("newline", ";"):
                start = True
        if found and found[0].kind == "name" and self._defines_function(0):
            functions.add(found[0].text)
        return functions, variables

    def _defines_function(self, position: int) -> bool:
        window = self._tokens[position : position + 5]
        kinds = [token.kind for token in window]
        if kinds[:4] == ["name", "(", ".", ")"]:
            return True
        return kinds == ["name", "(", "name", ")", "="]

    def _declared(self, position: int) -> tuple[list[Token], int] | None:
        """The names of a declaration and the position of its kind, or None where there is none."""
        names: list[Token] = []
        found = self._tokens
        while found[position].kind == "name":
            names.append(found[position])
            after = found[position + 1].kind
            if after == ":" and found[position + 2].kind == "name":
                kind = found[position + 2].text
                follows = found[position + 3].kind
                if kind in KINDS or len(names) > 1 or (follows == "[" and kind not in ("sum",)):
                    return names, position + 2
                return None
            if after != ",":
                return None
            position += 2
        return None

    def _statement(self, position: int) -> tuple[Expr | None, int]:
        found = self._tokens
        token = found[position]
        if token.kind == "name":
            if self._defines_function(position):
                return None, self._function(position)
            if found[position + 1].kind == "=":
                self._check_definable(token)
                expression = self._expressions.parse(position + 2)
                end = expression.span[1] if expression.span else token.end
                self._definitions.append(Definition(token.text, expression, (token.start, end)))
                return None, self._expressions.position
            declared = self._declared(position)
            if declared is not None:
                return None, self._declaration(*declared)
        return self._expressions.parse(position), self._expressions.position

    def _check_definable(self, token: Token) -> None:
        entry = catalogue.spelled(token.text)
        if token.text == "pi" or (entry is not None and token.text in reserved(entry)):
            what = "a constant" if token.text == "pi" else "a function of the language"
            raise GradcalcError(
                "name",
                f"{token.text} is {what} and cannot be defined",
                span=(token.start, token.end),
                hint="Choose another name.",
            )

    def _function(self, position: int) -> int:
        name, _, parameter = self._tokens[position : position + 3]
        self._check_definable(name)
        if parameter.kind == ".":
            end = self._tokens[position + 3].end
            self._functions.append(FunctionDefinition(name.text, "t", None, (name.start, end)))
            after = position + 4
            if self._tokens[after].kind not in _ENDS:
                token = self._tokens[after]
                raise GradcalcError(
                    "syntax",
                    f"`{token.text}` after the declaration of {name.text}",
                    span=(token.start, token.end),
                    hint=f"`{name.text}(.)` is a statement of its own; end it with `;`.",
                )
            return after
        body = self._expressions.parse(position + 5)
        end = body.span[1] if body.span else name.end
        self._functions.append(FunctionDefinition(name.text, parameter.text, body, (name.start, end)))
        return self._expressions.position

    def _declaration(self, names: list[Token], position: int) -> int:
        found = self._tokens
        kind = found[position]
        if kind.text not in KINDS:
            near = nearest(kind.text, KINDS)
            raise GradcalcError(
                "syntax",
                f"{kind.text} is not a kind of variable",
                span=(kind.start, kind.end),
                hint=f"Did you mean {near}?" if near else f"The kinds are {', '.join(KINDS)}.",
            )
        dims: tuple[int | str, ...] | None = None
        position += 1
        if found[position].kind == "[":
            dims, position = self._dims(position)
        if found[position].kind not in _ENDS:
            token = found[position]
            raise GradcalcError(
                "syntax",
                f"`{token.text}` after a declaration",
                span=(token.start, token.end),
                hint="End a declaration with `;`, for example: W: matrix[m, n]; W*x",
            )
        end = found[position - 1].end
        if dims is not None:
            dims = checked_dims(kind.text, dims, (names[0].start, end))
        for name in names:
            self._check_definable(name)
        self._declarations.append(
            Declaration(tuple([name.text for name in names]), kind.text, dims, (names[0].start, end))
        )
        return position

    def _dims(self, position: int) -> tuple[tuple[int | str, ...], int]:
        found = self._tokens
        opener = found[position]
        dims: list[int | str] = []
        while True:
            token = found[position + 1]
            try:
                dim = self._expressions.length_at(position + 1)
            except GradcalcError:
                raise GradcalcError(
                    "syntax",
                    "a dimension is a whole number or a name",
                    span=(token.start, max(token.end, token.start + 1)),
                    hint="For example: W: matrix[m, n] or x: vector[3]",
                ) from None
            if isinstance(dim, int) and dim < 1:
                raise GradcalcError("shape", "a dimension is at least 1", span=(token.start, token.end))
            dims.append(dim)
            position = self._expressions.position
            after = found[position]
            if after.kind == "]":
                return tuple(dims), position + 1
            if after.kind != ",":
                raise GradcalcError("syntax", "`[` is not closed", span=(opener.start, opener.end), hint="Add `]`.")

    def _check(self, program: Program) -> None:
        """Every name has one meaning, and definitions do not go in circles."""
        owners: dict[str, str] = {}
        for function in program.functions:
            self._own(owners, function.name, "defined", function.span)
        for definition in program.definitions:
            self._own(owners, definition.name, "defined", definition.span)
        for declaration in program.declarations:
            for name in declaration.names:
                self._own(owners, name, "declared", declaration.span)
        self._check_circles(program)

    @staticmethod
    def _own(owners: dict[str, str], name: str, how: str, span: tuple[int, int] | None) -> None:
        if name in owners:
            first = owners[name]
            message = f"{name} is {first} twice" if first == how else f"{name} is both {first} and {how}"
            raise GradcalcError("name", message, span=span, hint="Give one of them another name.")
        owners[name] = how

    @staticmethod
    def _check_circles(program: Program) -> None:
        uses: dict[str, list[str]] = {}
        spans = {definition.name: definition.span for definition in program.definitions}
        for definition in program.definitions:
            names = [node.name for node in postorder(definition.expression) if isinstance(node, Name)]
            uses[definition.name] = [name for name in dict.fromkeys(names) if name in spans]
        done: set[str] = set()
        for start in uses:
            path: list[str] = [start]
            pending = [iter(uses[start])]
            on_path = {start}
            while pending and start not in done:
                following = next(pending[-1], None)
                if following is None:
                    pending.pop()
                    finished = path.pop()
                    on_path.discard(finished)
                    done.add(finished)
                elif following in on_path:
                    circle = " -> ".join([*path[path.index(following) :], following])
                    raise GradcalcError(
                        "name",
                        f"the definition of {following} uses itself: {circle}",
                        span=spans[following],
                        hint="A definition may use variables and definitions that do not lead back to it.",
                    )
                elif following not in done:
                    path.append(following)
                    on_path.add(following)
                    pending.append(iter(uses[following]))


def checked_dims(kind: str, dims: tuple[int | str, ...], span: tuple[int, int] | None) -> tuple[int | str, ...]:
    """The dims of a declaration, with one dim of a square structure written twice."""
    if kind in STRUCTURES:
        if len(dims) == 1:
            return (dims[0], dims[0])
        if len(dims) != 2 or dims[0] != dims[1]:
            raise GradcalcError("shape", f"a {kind} matrix is square", span=span, hint=f"For example: A: {kind}[n]")
        return dims
    allowed = _DIMS[kind]
    if len(dims) not in allowed:
        count = allowed[0]
        raise GradcalcError(
            "shape",
            f"a {kind} has {count} dimension{'' if count == 1 else 's'}, not {len(dims)}",
            span=span,
            hint="For example: W: matrix[m, n]; x: vector[n]; y: scalar",
        )
    return dims


def parse_declaration(text: str) -> Declaration:
    """A declaration by itself, as `W: matrix[m, n]`. Raises GradcalcError of kind syntax, name or shape."""
    try:
        parser = ProgramParser(text + "\n0")
        if not parser.declares():
            kinds = ", ".join(KINDS)
            raise GradcalcError(
                "syntax", f"{text!r} is not a declaration", hint=f"For example: W: matrix[m, n]. The kinds are {kinds}."
            )
        program = parser.program()
    except GradcalcError as error:
        raise error.located_in(text) from None
    if len(program.declarations) != 1 or program.definitions or program.functions:
        raise GradcalcError(
            "syntax", f"{text!r} is not a declaration", source=text, hint="For example: W: matrix[m, n]"
        )
    return program.declarations[0]
