"""One request for numbers: draw or take arrays, evaluate, check, and say what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.api import Derivative, Problem
from gradcalc.checking.checks import Checked, check_each
from gradcalc.checking.result import CheckResult
from gradcalc.errors import GradcalcError
from gradcalc.evaluation import Evaluator, check_reaches, prepare_arrays
from gradcalc.numeric.points import draw
from gradcalc.numeric.reference import observe
from gradcalc.output.result import add_check, add_inputs, add_values, derivation_result

FAILED, INCONCLUSIVE = 1, 5


class NumericRun:
    """What `eval` and `check` do. Raises GradcalcError."""

    def __init__(
        self,
        command: str,
        problem: Problem,
        wrt: Sequence[str],
        *,
        order: int = 1,
        layout: str | None = None,
        structured: str | None = None,
        arrays: Mapping[str, Any] | None = None,
        at_random: bool = False,
        seed: int = 0,
        sizes: Mapping[str, int] | None = None,
        allow_nonfinite: bool = False,
        exact: bool = False,
    ) -> None:
        self.command = command
        self.problem = problem
        self.seed = seed
        self.allow_nonfinite = allow_nonfinite
        if seed < 0:
            raise GradcalcError("usage", f"the seed is {seed}; it must not be negative")
        components = problem.components(list(wrt) or None) if wrt or command == "check" else []
        self.derivative = Derivative(problem, components, order, layout, structured)
        given = dict(arrays or {})
        self.drawn = not given or (at_random and any(name not in given for name in problem.typing.variables))
        asked = dict(sizes or {})
        self.checks: list[CheckResult] = []
        self.value_check: CheckResult | None = None
        if command == "check" and not given:
            checked = check_each(self.derivative, seed=seed, sizes=asked)
            self.arrays, self.sizes = checked.arrays, checked.sizes
            self._take(checked)
        elif self.drawn:
            self.arrays, self.sizes = draw(problem.program, problem.typing, asked, seed, given)
        else:
            self.arrays, self.sizes = prepare_arrays(problem, given)
            for name, size in asked.items():
                known = problem.typing.named_length(name)
                given_size = known if isinstance(known, int) else self.sizes.setdefault(name, size)
                if given_size != size:
                    raise GradcalcError("data", f"the size of {name} is {given_size} in the data, not {size}")
            check_reaches(problem.typing, self.sizes)
        if command == "check" and given:
            self._take(check_each(self.derivative, seed=seed, data=self.arrays))
        self.evaluator = Evaluator(self.derivative, self.sizes)
        if not allow_nonfinite and command != "check":
            self.evaluator.require_defined(self.arrays, self.sizes)
        self.value, self.values = self.evaluator(self.arrays, self.sizes)
        self.evaluator.seal(self.arrays, self.sizes, self.value, self.values)
        self.exact: list[CheckResult] = []
        if exact:
            from gradcalc.checking.exact import prove

            self.exact = [prove(self.derivative, answer) for answer in self.derivative.answers]
        self._explain_nonfinite()

    def _take(self, checked: Checked) -> None:
        self.checks = [result for _, result in checked.derivatives]
        self.value_check = checked.value

    def _explain_nonfinite(self) -> None:
        """Raises the reason where the value is not finite and the interpreter knows why."""
        if self.allow_nonfinite or self.command == "check" or np.all(np.isfinite(self.value)):
            return
        observation = observe(self.problem.program, self.problem.typing, self.arrays, self.sizes)
        if observation.fault is not None:
            sentence, span = observation.fault
            raise GradcalcError("numeric", sentence, span=span, source=self.problem.text)

    @property
    def _shows_values(self) -> bool:
        """A check outside the domain is inconclusive, and shows no values."""
        finite = all(np.all(np.isfinite(array)) for array in [self.value, *self.values])
        return finite or self.allow_nonfinite or self.command != "check"

    @property
    def warnings(self) -> list[str]:
        found = list(self.evaluator.warnings)
        for name in self.problem.typing.functions:
            if self.problem.typing.functions[name].body is None:
                from gradcalc.meaning.stand_in import StandIn

                found.append(f"{name} is unspecified; the numbers take {name}(t) = {StandIn(name).text}")
        return found

    @property
    def exit_code(self) -> int:
        verdicts = {check.verdict for check in [*self.checks, *self.exact]}
        if self.value_check is not None and self.value_check.verdict == "failed":
            return FAILED
        return FAILED if "failed" in verdicts else INCONCLUSIVE if "inconclusive" in verdicts else 0

    def result(self, formats: Sequence[str] = ()) -> dict[str, Any]:
        """The JSON object."""
        result = derivation_result(self.command, self.derivative, formats)
        if self._shows_values:
            add_values(result, self.value, self.values, self.allow_nonfinite)
        result["warnings"].extend(self.warnings)
        for entry, check in zip(result["derivatives"], self.checks):
            add_check(entry, check)
        if self.value_check is not None:
            add_check(result["objective"], self.value_check)
        for entry, proof in zip(result["derivatives"], self.exact):
            entry["check"]["exact"] = proof.to_dict()
        if self.drawn and self.arrays:
            add_inputs(result, self.seed, self.arrays)
        return result

    def text(self, format_: str = "text") -> str:
        """What a person reads."""
        from gradcalc.cli.deriving import formatted
        from gradcalc.output.result import numbers
        from gradcalc.output.text import array_text, check_lines, label, warning_lines

        if self._shows_values:
            numbers(self.value, "the value", self.allow_nonfinite)
        lines = [formatted(self.derivative, format_)] if self.derivative.answers else []
        if self.drawn and self.arrays:
            sizes = ", ".join([f"{name}={size}" for name, size in self.sizes.items()])
            lines.append(f"seed {self.seed}" + (f" ({sizes})" if sizes else ""))
        if self._shows_values:
            lines.append(f"f = {array_text(self.value).strip()}")
        for answer, value in zip(self.derivative.answers, self.values if self._shows_values else ()):
            numbers(value, f"the derivative by {answer.wrt}", self.allow_nonfinite)
            text = array_text(value)
            name = label(self.derivative, answer)
            lines.append(f"{name} = {text}" if value.ndim == 0 else f"{name} =\n{text}")
        lines += warning_lines(self.warnings)
        for answer, check in zip(self.derivative.answers, self.checks):
            lines += check_lines(label(self.derivative, answer), check)
        if self.value_check is not None and self.value_check.verdict == "failed":
            lines += check_lines("f", self.value_check)
        for answer, proof in zip(self.derivative.answers, self.exact):
            lines += check_lines(f"{label(self.derivative, answer)} exactly", proof)
        return "\n".join(lines)
