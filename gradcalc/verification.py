"""One claim judged: the verdict, what is wrong, how it should be, and where it is seen; as JSON and for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcalc.api import Derivative, Problem
from gradcalc.checking.claims.correction import Correction
from gradcalc.checking.claims.judging import INCONCLUSIVE, RIGHT, WRONG
from gradcalc.errors import GradcalcError
from gradcalc.language.reading import convention
from gradcalc.tensor.rewriting import is_zero

if TYPE_CHECKING:
    from gradcalc.checking.claims.counterexample import Counterexample
    from gradcalc.checking.claims.judging import Judgement
    from gradcalc.checking.claims.truth import Truth
    from gradcalc.checking.claims.wording import Finding
    from gradcalc.checking.claims.written import Outcome

EXIT_CODES = {RIGHT: 0, WRONG: 1, INCONCLUSIVE: 5}


class Verification:
    """The judgement of one claim.

    verdict: right, wrong or inconclusive. proof: "symbolic" or "numeric" where it is right. layout: in which it is
    right, None where there is only one. diagnosis: what is wrong, the most important first; of a right claim that it is
    in the other layout. correction: the claim as it should be. notes: how the claim was read.
    """

    def __init__(
        self,
        text: str,
        derivative: Derivative,
        judgement: Judgement,
        layout: str | None,
        diagnosis: Sequence[Finding],
        correction: Correction | None,
        counterexample: Counterexample | None,
        seed: int,
        notes: Sequence[str] = (),
    ) -> None:
        self.text = text
        self.derivative = derivative
        self.judgement = judgement
        self.layout = layout
        self.diagnosis = tuple(diagnosis)
        self.correction = correction
        self.counterexample = counterexample
        self.seed = seed
        self.notes = tuple(notes)

    @property
    def verdict(self) -> str:
        return self.judgement.verdict

    @property
    def proof(self) -> str | None:
        return self.judgement.proof

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def __bool__(self) -> bool:
        return self.verdict == RIGHT

    def __str__(self) -> str:
        from gradcalc.output.verdict import verification_text

        return verification_text(self)

    def __repr__(self) -> str:
        return f"<Verification {self.verdict}>"

    def to_dict(self, formats: Sequence[str] = ()) -> dict[str, Any]:
        """The JSON object of the `verify` command."""
        from gradcalc.output.verdict import verification_result

        return verification_result(self, formats)


def verify_claim(
    problem: Problem,
    wrt: str | Sequence[str] | None,
    claim: str,
    *,
    order: int = 1,
    layout: str | None = None,
    structured: str | None = None,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    arrays: Mapping[str, Any] | None = None,
) -> Verification:
    """Judges the text of a claim about a derivative.

    arrays: data that is fixed; the other variables are drawn at random. Raises GradcalcError for a claim or an
    expression that cannot be read; what is wrong about a claim is told by the result.
    """
    from gradcalc.checking.claims.reading import read_claim
    from gradcalc.checking.claims.readings import right_in_another_reading
    from gradcalc.checking.claims.written import judged

    truth, shown = _truth(problem, wrt, order, layout, structured, seed)
    read = read_claim(claim, problem, truth.components, truth.rank)
    vectors = _as_vectors(problem, truth) if read.fault is not None or is_zero(truth.answer.node) else None
    if vectors is not None:
        problem = vectors
        truth, shown = _truth(problem, wrt, order, layout, structured, seed)
        read = read_claim(claim, problem, truth.components, truth.rank)
    truth.at(read)
    outcome = judged(read, truth, seed, dict(sizes or {}), _checked(problem, arrays))
    notes = list(read.notes)
    if outcome.judgement.verdict == WRONG and not arrays:
        named = [name for name, _ in truth.components]
        notes += right_in_another_reading(problem, wrt, claim, order, structured, named)
    return _made(claim.strip(), shown, outcome, seed, notes)


def _as_vectors(problem: Problem, truth: Truth) -> Problem | None:
    """The problem with what it is differentiated by as a vector, where it was read as a number against convention.

    A claim that does not fit then, or a derivative that vanishes, says that a vector was meant. None where it is none.
    """
    names = [
        name
        for name in dict.fromkeys([name for name, _ in truth.components])
        for variable in [problem.typing.variables[name]]
        if variable.kind == "scalar" and variable.origin == "inferred" and convention(name) == "vector"
    ]
    if not names:
        return None
    try:
        return Problem(f"{', '.join(names)}: vector; {problem.expression}")
    except GradcalcError:
        return None


def verify_function(
    problem: Problem,
    wrt: str | Sequence[str] | None,
    function: Callable[..., Any],
    name: str,
    *,
    order: int = 1,
    layout: str | None = None,
    structured: str | None = None,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    arrays: Mapping[str, Any] | None = None,
) -> Verification:
    """Judges a function that takes the variables as arrays and returns the derivative.

    name: what it is called. arrays: data that it is called with; the other variables are drawn. Raises GradcalcError of
    kind data where the function fails.
    """
    from gradcalc.checking.callables import Called
    from gradcalc.checking.claims.computed import judged_function

    truth, shown = _truth(problem, wrt, order, layout, structured, seed)
    called = Called(function, name, list(problem.typing.variables), truth.components[0][0])
    outcome = judged_function(
        lambda point: called(point.arrays), truth, seed, dict(sizes or {}), _checked(problem, arrays)
    )
    return _made(f"{name}(...)", shown, outcome, seed)


def verify_program(
    problem: Problem,
    wrt: str | Sequence[str] | None,
    option: str,
    specification: str,
    *,
    order: int = 1,
    layout: str | None = None,
    structured: str | None = None,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    arrays: Mapping[str, Any] | None = None,
) -> Verification:
    """Judges a function of a program, which is loaded and called in a process of its own.

    option: `--function` with `MODULE:NAME`, or `--program` with `FILE.py:NAME`. The rest is as of `verify_function`.
    """
    from gradcalc.checking.claims.computed import judged_function
    from gradcalc.checking.isolation import IsolatedProgram

    truth, shown = _truth(problem, wrt, order, layout, structured, seed)
    with IsolatedProgram(option, specification, list(problem.typing.variables), truth.components[0][0]) as program:
        outcome = judged_function(
            lambda point: program(point.arrays), truth, seed, dict(sizes or {}), _checked(problem, arrays)
        )
    return _made(f"{specification}(...)", shown, outcome, seed)


def verify_array(
    problem: Problem,
    wrt: str | Sequence[str] | None,
    array: Any,
    name: str,
    arrays: Mapping[str, Any],
    *,
    order: int = 1,
    layout: str | None = None,
    structured: str | None = None,
    seed: int = 0,
) -> Verification:
    """Judges a derivative that was computed elsewhere, at the given arrays. Raises GradcalcError of kind data."""
    from gradcalc.checking.claims.computed import judged_array
    from gradcalc.evaluation import prepare_arrays

    truth, shown = _truth(problem, wrt, order, layout, structured, seed)
    prepared, sizes = prepare_arrays(problem, arrays)
    return _made(name, shown, judged_array(array, truth, seed, truth.point(prepared, sizes)), seed)


def _truth(
    problem: Problem,
    wrt: str | Sequence[str] | None,
    order: int,
    layout: str | None,
    structured: str | None,
    seed: int,
) -> tuple[Truth, Derivative]:
    """What a claim is held against, and what is shown of it."""
    from gradcalc.checking.claims.truth import Truth

    if seed < 0:
        raise GradcalcError("usage", f"the seed is {seed}; it must not be negative")
    components = problem.components(wrt)
    truth = Truth(problem, components, order, structured)
    return truth, truth.asked if layout is None else Derivative(problem, components, order, layout, structured)


def _made(text: str, shown: Derivative, outcome: Outcome, seed: int, notes: Sequence[str] = ()) -> Verification:
    return Verification(
        text,
        shown,
        outcome.judgement,
        outcome.layout,
        outcome.diagnosis,
        outcome.correction,
        outcome.counterexample,
        seed,
        notes,
    )


def _checked(problem: Problem, arrays: Mapping[str, Any] | None) -> dict[str, Any]:
    """Given arrays in the shapes of their variables."""
    import numpy as np

    from gradcalc.numeric.arrays import data_shape

    variables = problem.typing.variables
    return {
        name: data_shape(name, np.asarray(array, dtype=float), variables[name].kind)
        for name, array in (arrays or {}).items()
    }
