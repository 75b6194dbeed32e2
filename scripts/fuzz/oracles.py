"""What is compared: values, derivatives of each order, printed texts read back, formats, programs, JSON.

A difference is reported only after fifty digits have confirmed it; what rounding, a kink or the edge of a domain
explains is none.
"""

from __future__ import annotations

import collections
import contextlib
import random
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import gradcalc.api
from gradcalc.api import Derivative, Problem
from gradcalc.errors import GradcalcError
from gradcalc.language.printer import to_text
from scripts.fuzz import faces
from scripts.fuzz.algebras import FLOATS, Fault, RealOnly, precise
from scripts.fuzz.cases import Case, Finding
from scripts.fuzz.evaluator import Unknown
from scripts.fuzz.interpreters import in_many_digits, in_python_numbers
from scripts.fuzz.points import PLANS, drawn, sizes_for, unfolded
from scripts.fuzz.subject import Component, Field, Kink, Subject, _largest, picked

Array = Any

CLOSE = 1e-7
FLOOR = 1e-12
SURE = 1e-9
_LARGEST_VALUE = 1e5
_POINTS = 8
_MOST_ENTRIES = 130
_MOST_PLACES = {1: 6, 2: 3, 3: 2}

_BENIGN = re.compile(
    r"has no derivative here|is not differentiated|within the orthogonal matrices|has no independent entries"
)
"""Refusals that the design makes on purpose."""


class _Unsealed:
    """In the place of the seal: verifies nothing."""

    def __init__(self, program: Any, typing: Any, variables: Any, answers: Any) -> None:
        self.doubts = [None for _ in answers]

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


@contextlib.contextmanager
def unsealed() -> Iterator[None]:
    """Answers are given out unverified."""
    before = gradcalc.api.SealedAnswers
    gradcalc.api.SealedAnswers = _Unsealed  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        gradcalc.api.SealedAnswers = before  # type: ignore[misc]


class Skipped(Exception):
    """Nothing can be said of a case: why."""


class Judge:
    """Judges one case. findings: what was found; notes: counts of what was compared."""

    def __init__(self, case: Case, thorough: float = 1.0) -> None:
        self.case = case
        self.findings: list[Finding] = []
        self.random = random.Random(case.seed * 7919 + 13)
        self.thorough = thorough
        self.compared = 0
        self.left: collections.Counter[str] = collections.Counter()

    def run(self) -> list[Finding]:
        """What is wrong. Raises Skipped where the case has no point or no derivative."""
        case = self.case
        problem = self.guarded("reading", lambda: Problem(case.text))
        if problem is None:
            return self.findings
        try:
            components = problem.components(list(case.wrt))
        except GradcalcError as error:
            raise Skipped(f"no such component: {error.message[:40]}") from None
        subject = self.placed(problem)
        self.value(subject)

        def derive() -> Derivative:
            directions = self.directions(problem, components)
            return Derivative(problem, components, case.order, case.layout, case.structured, directions)

        derivative = self.guarded("derivation", derive)
        if derivative is None:
            # Was the seal right? The answer itself is judged.
            with unsealed():
                derivative = self.guarded("derivation without the seal", derive)
        if derivative is None:
            return self.findings
        self.left.update(f"not verified: {derivative.unverified(answer)}" for answer in derivative.answers
                         if derivative.unverified(answer) is not None)  # fmt: skip
        if case.direction is not None:
            self.along(subject, derivative)
        else:
            self.derivatives(subject, derivative)
        if case.equal is not None:
            faces.equal(self, subject)
        if self.random.random() < 0.3 * self.thorough:
            self.guarded("JSON", lambda: faces.in_json(self, derivative))
        if self.random.random() < 0.08 * self.thorough:
            self.guarded("LaTeX", derivative.latex)
            self.guarded("MathML", lambda: faces.mathml(self, derivative))
            self.guarded("text", lambda: str(derivative))
        if self.random.random() < 0.006 * self.thorough and case.direction is None:
            self.guarded("check", lambda: self.check(derivative))
        if self.random.random() < 0.008 * self.thorough and case.direction is None and case.order == 1:
            self.guarded("explain", lambda: str(derivative.explain()))
        return self.findings

    # Errors.

    def guarded(self, what: str, action: Callable[[], Any]) -> Any:
        """The result; None, and a finding, where it is refused or breaks."""
        try:
            return action()
        except GradcalcError as error:
            if error.kind == "internal":
                self.found(f"{what}: internal error: {_plain(error.message)}", error.message)
            elif _BENIGN.search(error.message):
                raise Skipped("no derivative") from None
            elif error.kind == "limit":
                raise Skipped("limit") from None
            elif "is repeated to fill" in (error.hint or ""):
                raise Skipped("repeated only where shapes are declared") from None
            elif what in ("reading", "derivation") and self.case.declared:
                self.found(f"{what}: refused ({error.kind}): {_plain(error.message)}", error.message)
            elif what in ("reading", "derivation"):
                raise Skipped("another reading") from None
            elif error.kind not in ("numeric", "usage") and "the size of the dimension" not in error.message:
                self.found(f"{what}: refused ({error.kind}): {_plain(error.message)}", error.message)
        except (Skipped, Fault, Unknown, Kink, RealOnly):
            raise
        except Exception as error:
            self.found(f"{what}: {type(error).__name__} in {_place(error)}", "".join(
                traceback.format_exception(error)[-3:]))  # fmt: skip
        return None

    def found(self, symptom: str, detail: str, serious: bool = True) -> None:
        self.findings.append(Finding(symptom, detail, serious))

    # The point.

    def placed(self, problem: Problem) -> Subject:
        """The program at a random point where its value is finite and moderate."""
        sizes = sizes_for(problem.typing, dict(self.case.sizes), self.random)
        if sizes is None:
            raise Skipped("no sizes")
        why = "domain"
        for attempt in range(_POINTS):
            generator = np.random.default_rng([self.case.seed, attempt])
            plan = PLANS[(self.case.seed + attempt) % len(PLANS)]
            subject = Subject(problem, drawn(problem.typing, sizes, generator, plan), sizes)
            try:
                value = subject.objective()(FLOATS, {})
            except (Fault, RealOnly, np.linalg.LinAlgError, OverflowError, ValueError):
                continue
            except Unknown as unknown:
                raise Skipped(f"unknown: {unknown}") from None
            if np.max(np.abs(value), initial=0.0) > _LARGEST_VALUE:
                why = "large"
                continue
            return subject
        raise Skipped(why)

    def directions(self, problem: Problem, components: list[Component]) -> list[str] | None:
        kind = self.case.direction
        if kind is None:
            return None
        return problem.directions(components, [], "d" if kind == "differential" else "")

    # Comparing.

    def settle(
        self, symptom: str, found: Array, truth: Callable[[Any], Array], again: Callable[[Any], Array] | None,
        about: str, expected: Array | None = None,
    ) -> None:  # fmt: skip
        """Reports what differs from the truth, once fifty digits have confirmed it.

        truth, again: what is right, and the formula that was `found`, in an algebra; None where only floats were
        found, of which a rounding error is forgiven. expected: the truth in floats.
        """
        self.compared += 1
        if expected is None:
            expected = truth(FLOATS)
        found, expected = np.asarray(found), np.asarray(expected)
        if found.shape != expected.shape:
            self.found(f"{symptom}: shape", f"{about}: {found.shape} for {expected.shape}")
            return
        found, expected = found.astype(float), expected.astype(float)
        error = _largest(found - expected)
        if error <= CLOSE * _largest(expected) + FLOOR:
            return
        try:
            exact = np.asarray(truth(precise()))
            if again is not None:
                own = np.asarray(again(precise()))
                error, size = _largest(own - exact), _largest(exact)
                if error <= SURE * size + 1e-16:
                    return
            else:
                own, size = found, _largest(exact)
                error = _largest(precise().array(found) - exact)
                rounding = _largest(precise().array(expected) - exact)
                if error <= 1e-5 * size + 1000 * rounding + FLOOR:
                    return
        except Kink:
            return
        except (Fault, Unknown, RealOnly, ArithmeticError, ValueError, TypeError) as unsettled:
            size = _largest(expected)
            if error <= 1e-3 * size + 1e-6 or isinstance(unsettled, Fault):
                return
            own, exact, symptom = found, expected, f"{symptom} (floats only)"
        self.found(symptom, f"{about}: off by {float(error):.3g} of {float(size):.3g}; "
                            f"found {_short(own)}, right {_short(exact)}")  # fmt: skip

    def attempt(self, what: str, action: Callable[[], None]) -> None:
        """Runs a comparison. A formula without a value where the objective has one is noted."""
        try:
            self.guarded(what, action)
        except Fault as fault:
            self.found(f"{what}: no value ({_plain(str(fault))})", str(fault), serious=False)
        except Unknown as unknown:
            self.left[f"{what}: {unknown}"] += 1
        except (RealOnly, Kink):
            self.left[f"{what}: a kink"] += 1
        except (np.linalg.LinAlgError, OverflowError):
            pass

    def value(self, subject: Subject) -> None:
        """The interpreter against the third opinion."""
        from gradcalc.numeric.reference import observe

        problem, objective = subject.problem, subject.objective()
        observation = observe(problem.program, problem.typing, subject.arrays, subject.sizes)
        if observation.fault is not None:
            self.found("domain: the interpreter refuses the point", observation.fault[0], serious=False)
            raise Skipped("domain of the interpreter")
        self.attempt("value: interpreter", lambda: self.settle(
            "value: interpreter", observation.value, lambda m: objective(m, {}), None, "the value"))  # fmt: skip
        if self.random.random() < 0.3 * self.thorough:
            self.attempt("interpreter in Python numbers", lambda: in_python_numbers(subject, self.settle))
        if self.random.random() < 0.05 * self.thorough:
            self.attempt("interpreter at many digits", lambda: in_many_digits(subject, self.settle))

    def derivatives(self, subject: Subject, derivative: Derivative) -> None:
        """Every answer, level by level; then the program."""
        case, base = self.case, derivative
        if case.layout is not None:
            base = Derivative(subject.problem, derivative.components, case.order, None, case.structured)
        self.formula_of_value(subject, derivative)
        values: list[Array | None] = []
        for answer, plain in zip(derivative.answers, base.answers):
            values.append(None)
            self.attempt("derivative", lambda a=answer, p=plain: values.__setitem__(  # type: ignore[misc]
                -1, self.levels(subject, base, derivative, a, p)))  # fmt: skip
        if all(value is not None for value in values) and self.random.random() < 0.7 * self.thorough:
            self.attempt("program", lambda: faces.program(self, subject, derivative, values))

    def formula_of_value(self, subject: Subject, derivative: Derivative) -> None:
        objective, formula = subject.objective(), derivative.objective
        field = subject.tensor(formula)
        self.attempt("value: formula", lambda: self.settle(
            "value: formula", field(FLOATS, {}), lambda m: objective(m, {}), lambda m: field(m, {}),
            to_text(formula.tree)))  # fmt: skip

    def levels(self, subject: Subject, base: Derivative, shown: Derivative, answer: Any, plain: Any) -> Array:
        """The derivatives of order 1, 2, ... each against the one before; gives the last, in its own layout."""
        field = subject.objective()
        size = np.prod([subject.length(d) for d in subject.typing.dims(subject.problem.program.objective)], initial=1.0)
        for order, component in enumerate(plain.components, 1):
            if not component[1]:
                size *= np.size(subject.arrays[component[0]])
            if size > _MOST_ENTRIES:
                raise Skipped("many entries")
            level = plain if order == len(plain.components) else base.answer_by(plain.components[:order])
            before, field = field, subject.tensor(level)
            value = field(FLOATS, {})
            self.level(subject, before, field, value, level)
        faces.forms(self, subject, shown, answer, lambda m: self.laid_out(subject, answer, field(m, {})), value)
        return self.laid_out(subject, answer, value)

    def level(self, subject: Subject, before: Field, field: Field, value: Array, level: Any) -> None:
        """One more derivative, at some entries of the variable."""
        last, structured = level.components[-1], level.structured
        places = subject.places(last, structured, self.random, _MOST_PLACES[min(len(level.components), 3)])
        wanted = tuple([subject.length(dim) for dim in level.dims])
        if wanted != np.shape(value):
            self.found("shape of the answer", f"{wanted}, its text has {np.shape(value)}: {to_text(level.tree)}")
            return
        if subject.apart(last[0], structured) and not last[1]:
            structure, point = str(subject.typing.variables[last[0]].structure), subject.arrays[last[0]]
            parts = value.reshape(-1, *np.shape(point))
            if not np.allclose(np.stack([unfolded(structure, part) for part in parts]), parts, 1e-6, 1e-9):
                self.found("independent entries: not laid out like the matrix", to_text(level.tree))
        if not places:
            return
        self.settle(
            f"derivative of order {len(level.components)}: text", picked(value, last, places),
            lambda m: subject.derivative(before, last, places, structured, m),
            lambda m: picked(field(m, {}), last, places), to_text(level.tree),
        )  # fmt: skip

    def laid_out(self, subject: Subject, answer: Any, value: Array) -> Array:
        """A value in the layout of an answer."""
        scalar = not subject.problem.typing.dims(subject.problem.program.objective)
        turned = (answer.layout == "numerator" and scalar) or (answer.layout == "denominator" and not scalar)
        return value.T if turned and value.ndim == 2 else value

    # Directions.

    def along(self, subject: Subject, derivative: Derivative) -> None:
        """Derivatives along directions, and the rows of a Hessian times them."""
        generator = np.random.default_rng([self.case.seed, 5])
        names, moves = derivative.directions or (), {}
        for (name, positions), direction in zip(derivative.components, names):
            variable = subject.typing.variables[name]
            shape = () if positions else np.shape(subject.arrays[name])
            change = np.asarray(generator.normal(size=shape))
            if variable.structure not in (None, "positive"):
                if positions:
                    raise Skipped("an entry within a structure along a direction")
                from scripts.fuzz.points import tangent

                change = tangent(variable.structure, subject.arrays[name], change)
            subject.extra[direction] = ("scalar" if positions else variable.kind, change)
            whole = change
            if positions:
                whole = np.zeros(np.shape(subject.arrays[name]))
                whole[tuple([int(position) - 1 for position in positions])] = change
            moves[direction] = (name, whole)

        def along(m: Any, field: Field) -> Array:
            return sum(subject.slope(field, name, whole, m) for name, whole in moves.values())  # type: ignore[return-value]

        rows: list[Component | None] = [None] if self.case.order == 1 else list(derivative.components)
        for answer, row in zip(derivative.answers, rows):
            field = subject.objective()
            if row is not None:
                gradient = Derivative(subject.problem, [row], 1, None, self.case.structured).answers[0]
                field = subject.tensor(gradient)
            found = subject.tensor(answer)
            self.attempt("along a direction", lambda field=field, found=found, answer=answer: self.settle(  # type: ignore[misc]
                f"along a direction, order {self.case.order}: text", found(FLOATS, {}),
                lambda m: along(m, field), lambda m: found(m, {}), to_text(answer.tree)))  # fmt: skip

    def check(self, derivative: Derivative) -> None:
        result = derivative.check(seed=self.case.seed % 1000)
        if result.verdict == "failed":
            self.found("check: failed", str(result.to_dict()))


def _plain(message: str) -> str:
    """A message without what belongs to the case."""
    words = [word if re.fullmatch(r"[A-Za-z]{2,}[,:;.]?", word) else "_" for word in message.split()]
    return re.sub(r"(_ )+", "_ ", " ".join(words[:14]))


def _place(error: BaseException) -> str:
    """Where in the engine an exception was raised."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/gradcalc/" in frame.filename]
    if not frames:
        frames = traceback.extract_tb(error.__traceback__)[-1:]
    return f"{frames[-1].filename.rsplit('/gradcalc/')[-1]}:{frames[-1].name}"


def _short(array: Array) -> str:
    flat = [float(entry) for entry in np.ravel(array)[:6]]
    return "[" + " ".join([f"{entry:.6g}" for entry in flat]) + (" …]" if np.size(array) > 6 else "]")


__all__ = ["Judge", "Skipped", "unfolded"]
