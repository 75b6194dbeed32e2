"""Judges the judge: gradients made wrong on purpose must not pass, right ones must not fail at hard points.

    python scripts/bench/verdicts.py --wrong 5000 --right 50000 --seed 0

Prints a line for each verdict that must not be, then the counts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tensor")]

from gradcalc.api import Derivative, Problem  # noqa: E402
from gradcalc.checking.checks import check_value  # noqa: E402
from gradcalc.errors import GradcalcError  # noqa: E402
from gradcalc.evaluation import Evaluator  # noqa: E402
from gradcalc.functions import catalogue  # noqa: E402
from gradcalc.functions.entry import Elementwise  # noqa: E402
from gradcalc.numeric.points import draw  # noqa: E402
from gradcalc.numeric.structures import has_structure  # noqa: E402

Array = Any

HARD = [
    ("exp(-norm2(x-y)^2/2)", "x"), ("sum(inv(A))", "A"), ("x'*inv(A)*y", "A"), ("norm2(A\\b)^2", "A"), ("std(x)", "x"),
    ("var(x)", "x"), ("sum(tan(x))", "x"), ("sum(1./x)", "x"), ("logdet(A*A')", "A"), ("det(A)", "A"), ("tr(A^3)", "A"),
    ("norm2(x-y)", "x"), ("log(norm2(x-y))", "x"), ("x'*y/(norm2(x)*norm2(y))", "x"), ("logsumexp(A*x)", "x"),
    ("softmax(A*x)'*y", "x"), ("nuclear(A)", "A"), ("spectral(A)", "A"), ("max(A*x)", "x"), ("norm1(A*x-b)", "x"),
    ("norminf(A*x-b)", "x"), ("tr(expm(A))", "A"), ("sum(expm(A)*x)", "A"), ("tr(pinv(A))", "A"), ("prod(x)", "x"),
    ("sum(log(1+exp(-y.*(X*w))))", "w"), ("sum(relu(W*x+b))", "W"), ("sum(huber(A*x-b))", "x"),
    ("sum(cumsum(x).^2)", "x"), ("norm2(diff(x))^2", "x"), ("tr(kron(A,B)*C)", "A"),
    ("sum(sqrt(square(x)+1e-12))", "x"),
    ("x'*A*x/(x'*x)", "x"), ("log(x'*x)", "x"), ("sum(square(eigvals(sym(A))))", "A"), ("sum(x.^y)", "x"),
    ("log(p'*exp(x))", "x"), ("sum(log(sigmoid(x)))", "x"), ("sigmoid(norm2(2+V)^2)", "V"),
    ("tr((A*A'+eye(n))\\A)", "A"),
    ("S: symmetric[n]; logdet(S*S+eye(n))", "S"), ("L: lower[n]; norm2(L*x-b)^2", "L"), ("K: skew[n]; tr(A*K*K)", "K"),
]  # fmt: skip

LARGE = [("x'*A*x + sum(sin(A))", "A"), ("sum(log(1+exp(A*x)))", "A"), ("norm2(A*B)^2", "A"), ("tr(A'*B*A)", "A")]


def expressions() -> list[tuple[str, str, int]]:
    """Programs with what to differentiate by and how often, scalar functions of the catalogue among them."""
    from cookbook import COOKBOOK
    from test_textbook import TEXTBOOK

    found = [(text, wrt, order) for text, wrt, order, _ in TEXTBOOK]
    found += [(text, wrt, order) for _, text, wrt, order, *_ in COOKBOOK]
    found += [(text, wrt, 1) for text, wrt in HARD]
    found += [(text, wrt, 2) for text, wrt in HARD[:30:3]]
    for entry in catalogue.ENTRIES:
        if isinstance(entry, Elementwise) and len(entry.parameters) == 1 and entry.derivative:
            found.append((f"sum({entry.name}(x))", "x", 1))
    return list(dict.fromkeys(found))


class Subject:
    """A derivative that can be evaluated."""

    def __init__(self, text: str, wrt: str, order: int) -> None:
        self.text = f"{text} by {wrt}" + (f", order {order}" if order > 1 else "")
        self.problem = Problem(text)
        self.derivative = Derivative(self.problem, self.problem.components(wrt), order, None)
        self.answer = self.derivative.answers[0]

    def point(self, seed: int, lengths: tuple[int, ...] = (2, 3, 4, 5)) -> tuple[dict[str, Array], dict[str, int]]:
        return draw(self.problem.program, self.problem.typing, {}, seed, lengths=lengths)

    def value(self, arrays: dict[str, Array], sizes: dict[str, int]) -> Array:
        return np.array(Evaluator(self.derivative, sizes)(arrays, sizes)[1][0], dtype=float)

    def verdict(self, value: Array, arrays: dict[str, Array], sizes: dict[str, int], seed: int) -> Any:
        return check_value(self.derivative, self.answer, value, arrays, sizes, seed)


def wrong_ones(value: Array, generator: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """A derivative with the mistakes that people and programs make, each of 1e-5 of an entry or more."""
    large = np.abs(value) > 1e-6 * np.max(np.abs(value))
    places = np.argwhere(large)
    place = tuple(places[generator.integers(len(places))])
    yield "sign", -value
    yield "factor 2", 2 * value
    yield "factor 1/2", value / 2
    yield "1e-5 everywhere", value * (1 + 1e-5)
    for name, factor in (("1e-5", 1 + 1e-5), ("1e-3", 1 - 1e-3), ("sign", -1.0), ("dropped", 0.0)):
        off = value.copy()
        off[place] *= factor
        yield f"one entry {name}", off
    if value.ndim:
        off = value.copy()
        off[place[:1]] *= 1 + 1e-4
        yield "one row 1e-4", off
        yield "a term too many", value + 1e-3 * np.max(np.abs(value)) * generator.normal(size=value.shape)
    others = [("reversed", np.flip(value))]
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        others.append(("transposed", value.T))
    for name, other in others:
        if value.ndim and np.max(np.abs(other - value)) > 1e-5 * np.max(np.abs(value)):
            yield name, other


def hardened(
    arrays: dict[str, Array], subject: Subject, generator: np.random.Generator
) -> tuple[str, dict[str, Array]]:
    """The point made harder: ill-conditioned, far out, nearly equal, offset, or at quite another scale."""
    variables = subject.problem.typing.variables
    moved = {name: np.array(array, dtype=float) for name, array in arrays.items()}
    free = [name for name in moved if not variables[name].whole and variables[name].structure is None]
    if not free:
        return "plain", moved
    name = free[generator.integers(len(free))]
    array = moved[name]
    power = float(generator.uniform(1, 14))
    kinds = ["scale", "offset", "nearly equal", "near a number"]
    if array.ndim == 2:
        kinds += ["condition"] * 3
    kind = str(generator.choice(kinds))
    if kind == "condition":
        left, values, right = np.linalg.svd(array, full_matrices=False)
        values[-1] = values[0] * 10**-power
        moved[name] = left * values @ right
    elif kind == "scale":
        moved[name] = array * 10 ** generator.uniform(-8, 3)
    elif kind == "offset":
        moved[name] = array + 10 ** min(power, 9)
    elif kind == "near a number":
        centre = generator.choice([0.0, 1.0, -1.0, np.pi / 2, 0.5])
        moved[name] = centre + array * 10**-power
    else:
        twins = [other for other in free if other != name and np.shape(moved[other]) == array.shape]
        if twins:
            moved[name] = moved[twins[0]] + array * 10**-power
        elif array.size:
            moved[name] = np.full_like(array, array.flat[0]) + array * 10**-power
    return f"{kind} 1e{power:.0f} in {name}", moved


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--wrong", type=int, default=5000)
    options.add_argument("--right", type=int, default=50000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--seconds", type=float, default=1e9, help="stop after this long")
    asked = options.parse_args()
    deadline = time.monotonic() + asked.seconds
    subjects = usable(asked.seed)
    print(f"{len(subjects)} expressions")
    faults = judge_wrong(subjects, asked.wrong, asked.seed, deadline)
    faults += judge_right(subjects, asked.right, asked.seed, deadline)
    return 1 if faults else 0


def usable(seed: int) -> list[Subject]:
    """The expressions whose derivative passes its check at a plain point; the others are told."""
    found = []
    for text, wrt, order in expressions():
        try:
            subject = Subject(text, wrt, order)
            arrays, sizes = subject.point(seed)
            result = subject.verdict(subject.value(arrays, sizes), arrays, sizes, seed)
        except GradcalcError as error:
            if error.kind == "internal":
                print(f"internal: {text}: {error.message}")
            continue
        if result.verdict == "passed":
            found.append(subject)
        else:
            print(f"{result.verdict} at a plain point: {subject.text}: {result.reason or result.worst}")
    return found


def judge_wrong(subjects: list[Subject], count: int, seed: int, deadline: float) -> int:
    """How many wrong derivatives passed."""
    generator = np.random.default_rng(seed)
    verdicts: Counter[str] = Counter()
    large = [Subject(text, wrt, 1) for text, wrt in LARGE]
    tried, faults = 0, 0
    while tried < count and time.monotonic() < deadline:
        size = generator.random() < 0.02
        subject = (large if size else subjects)[generator.integers(len(large if size else subjects))]
        try:
            arrays, sizes = subject.point(int(generator.integers(1 << 30)), (100, 101) if size else (2, 3, 4, 5))
            value = subject.value(arrays, sizes)
        except GradcalcError:
            continue
        if not np.any(value) or not np.all(np.isfinite(value)):
            continue
        for name, wrong in wrong_ones(value, generator):
            result = subject.verdict(wrong, arrays, sizes, tried)
            verdicts[result.verdict] += 1
            tried += 1
            if result.verdict == "passed":
                faults += 1
                print(f"PASSED though wrong ({name}): {subject.text}: {result}")
    print(f"wrong: {tried}, {dict(verdicts)}", flush=True)
    return faults


def judge_right(subjects: list[Subject], count: int, seed: int, deadline: float) -> int:
    """How many right derivatives failed at hard points."""
    generator = np.random.default_rng([seed, 1])
    verdicts: Counter[str] = Counter()
    tried, faults = 0, 0
    while tried < count and time.monotonic() < deadline:
        subject = subjects[generator.integers(len(subjects))]
        try:
            arrays, sizes = subject.point(int(generator.integers(1 << 30)))
        except GradcalcError:
            continue
        for _ in range(4):
            name, moved = hardened(arrays, subject, generator)
            variables = subject.problem.typing.variables
            if any(v.structure and not has_structure(v.structure, moved[n]) for n, v in variables.items()):
                continue
            try:
                result = subject.verdict(subject.value(moved, sizes), moved, sizes, tried)
            except GradcalcError as error:
                verdicts[error.kind] += 1
                continue
            verdicts[result.verdict] += 1
            tried += 1
            if result.verdict == "failed":
                faults += 1
                print(f"FAILED though right ({name}): {subject.text}: {result} at {moved}", flush=True)
    print(f"right: {tried}, {dict(verdicts)}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
