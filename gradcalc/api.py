"""What a program that uses gradcalc calls: `derive`, and the `Derivative` it returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcalc.checking.sealing.answers import SealedAnswers
from gradcalc.checking.sealing.readback import Written
from gradcalc.errors import GradcalcError
from gradcalc.language.lexer import plain_name
from gradcalc.language.parser import nearest, parse, parse_wrt
from gradcalc.language.polynomial import names_in
from gradcalc.language.printer import program_text, to_text
from gradcalc.language.programs import parse_declaration
from gradcalc.language.reading import convention
from gradcalc.language.shapes import Typing, Variable, infer
from gradcalc.language.syntax import Program
from gradcalc.limits import IN_PYTHON, checked, keeps_limits, within
from gradcalc.tensor.answer import (
    LAYOUTS,
    STRUCTURED,
    Answer,
    Component,
    Derivation,
    Formula,
    component_text,
    differentials,
)
from gradcalc.tensor.answer import derive as derive_answers
from gradcalc.tensor.einsum import einsum_text
from gradcalc.tensor.rewriting import is_zero
from gradcalc.tensor.structures import DIRECTIONS

if TYPE_CHECKING:
    from gradcalc.checking.result import CheckResult
    from gradcalc.derivation.explanation import Explanation
    from gradcalc.evaluation import Function
    from gradcalc.verification import Verification

Shape = Sequence["int | str"]

HIGHEST_ORDER = 6


class Problem:
    """A program that is parsed and typed: what every command starts from.

    text: the program. declare: declarations such as "W: matrix[m, n]". shapes: shapes by name, of numbers and names of
    dimensions. data_shapes: shapes of given arrays. structure: the structure of variables by name.
    Raises GradcalcError of kind syntax, name, shape, data, usage or limit.
    """

    def __init__(
        self,
        text: str,
        *,
        declare: Sequence[str] = (),
        shapes: Mapping[str, Shape] | None = None,
        data_shapes: Mapping[str, tuple[int, ...]] | None = None,
        structure: Mapping[str, str] | None = None,
    ) -> None:
        self.text = text
        program = parse(text)
        if declare:
            program = _declared(program, declare)
        self.program: Program = program
        checked = {name: _checked_shape(name, shape) for name, shape in (shapes or {}).items()}
        self._declared_dims = [dim for shape in checked.values() for dim in shape]
        for name in [*checked, *(structure or {})]:
            self._check_name(name, [*_names(program)])
        known = set(_names(program))
        used = {name: shape for name, shape in (data_shapes or {}).items() if name in known}
        self.typing: Typing = infer(program, checked, data_shapes=used, structure=structure or {})

    @staticmethod
    def _check_name(name: str, known: list[str]) -> None:
        if name not in known:
            near = nearest(name, known)
            raise GradcalcError(
                "name",
                f"{name} does not occur in the expression",
                hint=f"Did you mean {near}?" if near else _listed(known),
            )

    @property
    def declared_lengths(self) -> set[str]:
        """The names of dimensions that were declared, not chosen."""
        dims = [dim for declaration in self.program.declarations for dim in declaration.dims or ()]
        return {name for dim in [*dims, *self._declared_dims] for name in names_in(dim)}

    def components(self, wrt: str | Sequence[str] | None) -> list[Component]:
        """What to differentiate by; the only variable where nothing is said."""
        variables = self.typing.variables
        if wrt is None or (not isinstance(wrt, str) and len(wrt) == 0):
            if len(variables) != 1:
                raise GradcalcError(
                    "usage",
                    "say which variable to differentiate by"
                    if variables
                    else "the expression has no variable to differentiate by",
                    hint=f"Use -w with one of: {', '.join(variables)}." if variables else None,
                )
            wrt = list(variables)
        found: list[Component] = []
        for text in [wrt] if isinstance(wrt, str) else wrt:
            name, positions = parse_wrt(text)
            if name in self.typing.definitions:
                raise GradcalcError(
                    "name",
                    f"{name} is a definition, not a variable",
                    hint=_listed(variables),
                )
            if name not in variables:
                self._check_name(name, list(variables))
            self._check_positions(text, name, positions)
            if (name, positions) not in found:
                found.append((name, positions))
        return found

    def _check_positions(self, text: str, name: str, positions: tuple[int | str, ...]) -> None:
        dims = self.typing.variables[name].dims
        if positions and len(positions) != len(dims):
            kind = self.typing.variables[name].kind
            raise GradcalcError(
                "shape",
                f"{text} has {len(positions)} position{'' if len(positions) == 1 else 's'}, but {name} is a {kind}",
                hint="An entry of a vector is w[2], of a matrix W[1,2].",
            )
        for position, dim in zip(positions, dims):
            if isinstance(position, int) and isinstance(dim, int) and position > dim:
                raise GradcalcError("shape", f"{text} is past the end: the axis has {dim} entries")
            if isinstance(position, int) and isinstance(dim, str):
                least = self.typing.minimum_sizes
                least[dim] = max(least.get(dim, 1), position)

    def derivation(
        self,
        components: Sequence[Component],
        order: int = 1,
        layout: str | None = None,
        structured: str | None = None,
    ) -> Derivation:
        """The objective and its derivatives by each component; no derivatives for no components."""
        if structured is not None and structured not in STRUCTURED:
            raise GradcalcError(
                "usage", f"{structured!r} is not a convention", hint=f"The conventions are {' and '.join(STRUCTURED)}."
            )
        if not 1 <= order <= HIGHEST_ORDER:
            raise GradcalcError("usage", f"the order is a whole number from 1 to {HIGHEST_ORDER}, not {order}")
        if layout is not None and layout not in LAYOUTS:
            raise GradcalcError(
                "usage", f"{layout!r} is not a layout", hint=f"The layouts are {' and '.join(LAYOUTS)}."
            )
        names = {*_names(self.program), *self.typing.dimension_names, "pi", "e", "f"}
        names.update([str(position) for _, positions in components for position in positions])
        try:
            return derive_answers(
                names, self.program.objective, self.typing, components, order, layout, structured or STRUCTURED[0]
            )
        except GradcalcError as error:
            raise error.located_in(self.text) from None

    def directions(self, components: Sequence[Component], asked: Sequence[str] = (), prefix: str = "") -> list[str]:
        """A name for the direction of each component: as asked for, else made of the prefix and the variable."""
        if asked and len(asked) != len(components):
            raise GradcalcError(
                "usage",
                f"there are {len(asked)} directions for {len(components)} variables",
                hint="Give --direction once for each --wrt.",
            )
        for name in asked:
            if plain_name(name) != name or name in self.typing.definitions or name in self.typing.dimension_names:
                raise GradcalcError("usage", f"{name!r} is no name for a direction", hint="For example: --direction V")
        if asked:
            self._check_shapes_of_directions(components, asked)
            return list(asked)
        names = differentials(components)
        if prefix == "d":
            return list(names)
        taken = set(_names(self.program)) | set(self.typing.dimension_names)
        made: list[str] = []
        for component, differential in zip(components, names):
            matrix = self.typing.variables[component[0]].kind == "matrix" and not component[1]
            name = "V" if matrix else "v"
            if len(components) > 1:
                name = f"{name}_{differential[1:]}"
            while name in taken:
                name += "1"
            made.append(name)
        return made

    def _check_shapes_of_directions(self, components: Sequence[Component], names: Sequence[str]) -> None:
        """Directions of one name are one tensor, and need one shape."""
        shapes: dict[str, tuple[Component, object]] = {}
        for component, name in zip(components, names):
            variable = self.typing.variables[component[0]]
            shape = () if component[1] else (variable.dims, variable.structure)
            first, known = shapes.setdefault(name, (component, shape))
            if known != shape:
                raise GradcalcError(
                    "usage",
                    f"one direction {name} for {component_text(first)} and {component_text(component)}, which have"
                    " different shapes",
                    hint="Give each a direction with a name of its own.",
                )

    def asked_directions(
        self, components: Sequence[Component], order: int, names: Sequence[str], differential: bool, along: bool
    ) -> list[str] | None:
        """The directions of a request; None where it has none. along: it has some even where none is named."""
        if differential and (names or along or order != 1):
            raise GradcalcError(
                "usage", "a differential is of order 1 and has no other direction", hint="Use --differential alone."
            )
        if not (names or differential or along):
            return None
        if not 1 <= order <= 2:
            raise GradcalcError(
                "usage",
                f"there are no directions at order {order}",
                hint="A derivative along a direction has order 1, a product of the Hessian with one order 2.",
            )
        return self.directions(components, names, "d" if differential else "")

    @property
    def expression(self) -> str:
        return program_text(self.program)

    @property
    def names(self) -> set[str]:
        """The names of the program and of its dimensions."""
        return {*_names(self.program), *self.typing.dimension_names}


def _listed(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"Its variables are {known}." if known else "It has no variables."


def _names(program: Program) -> dict[str, None]:
    """The names of a program's variables, definitions and functions."""
    from gradcalc.language.syntax import Name, postorder

    names: dict[str, None] = {}
    roots = [program.objective, *[item.expression for item in program.definitions]]
    roots += [item.body for item in program.functions if item.body is not None]
    met: set[int] = set()
    for root in roots:
        for node in postorder(root, met):
            if isinstance(node, Name):
                names[node.name] = None
    for definition in program.definitions:
        names[definition.name] = None
    for function in program.functions:
        names[function.name] = None
    for declaration in program.declarations:
        names.update(dict.fromkeys(declaration.names))
    return names


def _declared(program: Program, declare: Sequence[str]) -> Program:
    declarations = [parse_declaration(text) for text in declare]
    known = _names(program)
    taken = {name for declaration in program.declarations for name in declaration.names}
    for declaration in declarations:
        for name in declaration.names:
            Problem._check_name(name, list(known))
            if name in taken:
                raise GradcalcError("name", f"{name} is declared twice", hint="Declare it once.")
            taken.add(name)
    return Program(
        program.objective,
        program.definitions,
        program.functions,
        (*program.declarations, *declarations),
        program.source,
    )


def _checked_shape(name: str, shape: Shape) -> tuple[int | str, ...]:
    dims: list[int | str] = []
    for dim in shape:
        if isinstance(dim, bool) or not isinstance(dim, (int, str)) or (isinstance(dim, int) and dim < 1):
            raise GradcalcError("usage", f"the shape of {name} holds {dim!r}", hint="Give whole numbers or names.")
        if isinstance(dim, str):
            spelled = plain_name(dim)
            if spelled is None:
                raise GradcalcError("usage", f"the shape of {name} holds {dim!r}, which is no name")
            dim = spelled
        dims.append(dim)
    return tuple(dims)


class Derivative:
    """The derivatives of one expression.

    problem: the expression and what is known of it. answers: one for each variable that was asked for.
    """

    def __init__(
        self,
        problem: Problem,
        components: list[Component],
        order: int = 1,
        layout: str | None = None,
        structured: str | None = None,
        directions: Sequence[str] | None = None,
    ) -> None:
        """structured: of `STRUCTURED`. directions: names of what the derivatives by each component are multiplied by:
        at order 1 the derivative along them, at order 2 the Hessian times them.
        """
        self.problem = problem
        self.components = components
        self.order = order
        self.layout = layout
        self.directions = directions
        self.limits = IN_PYTHON
        self._derivation = problem.derivation(components, order, layout, structured)
        self.answers: list[Answer] = self._derivation.answers
        self._zeros = self._suspicious_zeros()
        if directions is not None and order == 1:
            self.answers = [self._derivation.along(components, directions)]
        elif directions is not None:
            self.answers = [self._derivation.along(components, directions, row) for row in components]
        self._sealed = SealedAnswers(problem.program, problem.typing, self.variables, self.answers)

    @property
    def warnings(self) -> list[str]:
        """What a user should know of the answers: how names were read, what could not be verified."""
        doubts = [
            f"the derivative by {answer.wrt} could not be verified: {doubt}"
            for answer, doubt in zip(self.answers, self._sealed.doubts)
            if doubt is not None
        ]
        return [*self.problem.typing.warnings, *self._zeros, *doubts]

    def unverified(self, answer: Answer) -> str | None:
        """Why an answer could not be verified; None where it was."""
        return self._sealed.doubts[self.answers.index(answer)] if answer in self.answers else None

    def _suspicious_zeros(self) -> list[str]:
        """Where a derivative vanishes because a vector was read as a number, another reading was meant."""
        found: list[str] = []
        for answer in self._derivation.answers:
            variable = self.problem.typing.variables[answer.components[0][0]]
            read_as_number = variable.kind == "scalar" and variable.origin == "inferred"
            if read_as_number and convention(variable.name) == "vector" and is_zero(answer.node):
                found.append(
                    f"{variable.name} is read as a number, and the derivative is 0: "
                    f'declare "{variable.name}: vector" if a vector is meant'
                )
        return found

    @property
    def variables(self) -> dict[str, Variable]:
        """The variables of the expression, and the directions, which have the shapes of theirs."""
        known = dict(self.problem.typing.variables)
        for (name, positions), direction in zip(self.components, self.directions or ()):
            like = known[name]
            kind, dims = ("scalar", ()) if positions else (like.kind, like.dims)
            structure = DIRECTIONS.get(like.structure or "", like.structure)
            known.setdefault(direction, Variable(direction, kind, dims, "inferred", structure))
        return known

    @property
    def objective(self) -> Formula:
        return self._derivation.objective

    @property
    def text(self) -> str:
        """The formula of the first derivative; `where` has what it names."""
        return to_text(self.answers[0].tree)

    @property
    def where(self) -> dict[str, str]:
        return {name: to_text(tree) for name, tree in self.answers[0].where}

    def __str__(self) -> str:
        from gradcalc.output.text import formula_line

        return "\n".join([formula_line(self, answer) for answer in self.answers])

    def __repr__(self) -> str:
        return f"<Derivative {self}>"

    @property
    def derivation(self) -> Derivation:
        """The derivatives in the core, which writes them in further forms."""
        return self._derivation

    def answer_by(self, components: Sequence[Component]) -> Answer:
        """The derivative by other variables or entries than those asked for, in the same layout."""
        return self._derivation.differentiate(components)

    def index_formula(self, answer: Answer) -> Formula:
        formula = self._derivation.index_form(answer)
        self._sealed.form(answer, formula)
        return formula

    @keeps_limits
    def index(self) -> str:
        """The formula of one entry, as `w[i]*s[i]*(1 - s[i])*x[j]`."""
        return to_text(self.index_formula(self.answers[0]).tree)

    @keeps_limits
    def latex(self) -> str:
        """The formulas in LaTeX, for use inside a display: `aligned` where there is more than one equation."""
        from gradcalc.output.latex import display

        return display(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    @keeps_limits
    def code(self, target: str = "numpy") -> str:
        """The source of a function that computes the value and the derivatives. Raises GradcalcError of kind usage."""
        if target != "numpy":
            raise GradcalcError("usage", f"there is no code for {target!r}", hint="The target is numpy.")
        if not self.has_code:
            raise GradcalcError(
                "usage",
                "there is no NumPy program of this derivative: it is no product of matrices and vectors",
                hint="`eval` and `function()` compute it; the index format shows its entries.",
            )
        function = self.function()
        function.seal()
        return function.source

    @property
    def has_code(self) -> bool:
        """Whether every derivative has a NumPy program."""
        return all(self.program_form(answer) is not None for answer in self.answers)

    def program_form(self, formula: Formula) -> Any:
        """What a program computes a formula from: its tree, or einsums; None where it has neither."""
        if not formula.entrywise and not formula.vectorized:
            return formula.expanded
        return self._derivation.einsum(formula)

    def einsum(self, answer: Answer) -> str | None:
        """The derivative as a sum of einsums with their NumPy subscripts, operands in the language."""
        terms = self._derivation.einsum(answer)
        if terms is None:
            return None
        self._sealed.einsum(answer, [(term.negative, term.scale, term.subscripts, term.operands) for term in terms])
        return einsum_text(terms)

    def written(self, answer: Answer) -> Written:
        """An answer as it is printed, for the seal of its numbers."""
        return self._sealed.claimed(answer).written

    def full(self, answer: Answer) -> str | None:
        """An answer with nothing named; None where it would be too long to be of use."""
        tree = answer.full()
        if tree is None:
            return None
        text = to_text(tree)
        self._sealed.full(answer, text)
        return text

    def action(self, answer: Answer) -> Formula:
        """What the derivative makes of a change `dX` of its last variable X."""
        name = self.change_name(answer)
        formula = self._derivation.action(answer, name)
        self._sealed.action(answer, formula, name)
        return formula

    def change_name(self, answer: Answer) -> str:
        """What the change of the last variable is called: dX, or dX1 where dX is a name of the program."""
        name = f"d{answer.components[-1][0]}"
        while name in self.problem.names:
            name += "1"
        return name

    @keeps_limits
    def function(self) -> Function:
        """The compiled derivative: takes arrays by name, returns an array (a dict of them for several variables)."""
        from gradcalc.evaluation import Function

        return Function(self)

    def value_and_gradient(self, **arrays: Any) -> tuple[Any, Any]:
        """The value of the expression and what `function` returns, at arrays by name."""
        return self.function().value_and_gradient(**arrays)

    @keeps_limits
    def check(self, seed: int = 0, data: Mapping[str, Any] | None = None, exact: bool = False) -> CheckResult:
        """Compares every derivative with differences of the expression, at random points unless data is given.

        Raises GradcalcError of kind usage for a derivative along a direction.
        """
        if self.directions is not None:
            raise GradcalcError(
                "usage",
                "a derivative along a direction is not checked",
                hint="Check the gradient or the Hessian itself.",
            )
        from gradcalc.checking.checks import check_all

        return check_all(self, seed=seed, data=data, exact=exact)

    @keeps_limits
    def explain(self, style: str | None = None, depth: int | None = None) -> Explanation:
        """The derivation line by line: `str` of it is the text, `.steps` are its lines, each checked in numbers.

        style: "differential", "chain" or "index". depth: how many parts of a large expression are shown.
        Raises GradcalcError of kind usage for other than first derivatives.
        """
        from gradcalc.derivation.explanation import explain

        return explain(self, style, depth)

    @keeps_limits
    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the `grad` command."""
        from gradcalc.output.result import derivation_result

        return derivation_result("grad" if self.order == 1 else "hessian", self, formats=("latex", "index"))


def derive(
    expression: str,
    wrt: str | Sequence[str] | None = None,
    *,
    order: int = 1,
    shapes: Mapping[str, Shape] | None = None,
    structure: Mapping[str, str] | None = None,
    layout: str | None = None,
    structured: str | None = None,
    direction: str | Sequence[str] | None = None,
    declare: Sequence[str] = (),
    latex: bool = False,
    max_seconds: float | None = None,
    max_bytes: int | None = None,
    max_operations: int | None = None,
) -> Derivative:
    """The derivative of an expression.

    wrt: a variable (`"W"`), an entry (`"W[2,3]"`), or several; may be left out where there is one variable.
    order: 1 for gradients and Jacobians, 2 for Hessians, and so on. shapes: `{"W": (3, "n")}`.
    structure: `{"A": "symmetric"}`; structured: "projected" or "independent", how gradients lie within it.
    direction: its name, or one for each of `wrt`: at order 1 the derivative along it, at order 2 the product of the
    Hessian with it. layout: "denominator" or "numerator"; by default a gradient has the shape of its variable and a
    Jacobian a row for each output. latex: the expression is LaTeX. max_seconds, max_bytes, max_operations: what this
    call, and each call of a method of the result, may take. Raises GradcalcError, of kind limit where it takes more.
    """
    limits = checked(max_seconds, max_bytes, max_operations).or_else(IN_PYTHON)
    with within(limits):
        if latex:
            from gradcalc.language.latex.program import latex_to_text

            expression = latex_to_text(expression)
        problem = Problem(expression, declare=declare, shapes=shapes, structure=structure)
        components = problem.components(wrt)
        directions = None
        if direction is not None:
            directions = problem.directions(components, [direction] if isinstance(direction, str) else direction)
        derivative = Derivative(problem, components, order, layout, structured, directions)
    derivative.limits = limits
    return derivative


def verify(
    expression: str,
    wrt: str | Sequence[str] | None,
    claim: str,
    *,
    order: int = 1,
    shapes: Mapping[str, Shape] | None = None,
    structure: Mapping[str, str] | None = None,
    layout: str | None = None,
    structured: str | None = None,
    declare: Sequence[str] = (),
    latex: bool = False,
    seed: int = 0,
    max_seconds: float | None = None,
    max_bytes: int | None = None,
    max_operations: int | None = None,
) -> Verification:
    """Judges a claimed derivative: right, in either layout, or wrong, with what is wrong about it.

    claim: an expression in the names of the other, or a program with definitions of its own; `f` is the objective.
    latex: both are LaTeX. The other arguments are those of `derive`. Raises GradcalcError where one cannot be read.
    """
    from gradcalc.verification import verify_claim

    with within(checked(max_seconds, max_bytes, max_operations).or_else(IN_PYTHON)):
        if latex:
            from gradcalc.language.latex.program import latex_to_text

            expression, claim = latex_to_text(expression), latex_to_text(claim)
        problem = Problem(expression, declare=declare, shapes=shapes, structure=structure)
        return verify_claim(problem, wrt, claim, order=order, layout=layout, structured=structured, seed=seed)
