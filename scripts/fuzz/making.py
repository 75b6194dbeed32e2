"""From a seed to a case: a random program, and by what and how it is differentiated."""

from __future__ import annotations

import random

from gradcalc.api import Problem
from gradcalc.language.polynomial import size_of
from gradcalc.language.printer import to_text
from scripts.fuzz import grammar
from scripts.fuzz.cases import Case
from scripts.fuzz.generator import Generator, Made
from scripts.fuzz.rewrites import rewritten


def made_case(seed: int, steer: dict[str, float] | None = None) -> tuple[Case, Made]:
    """A random case, the same for the same seed and steering."""
    chooser = random.Random(seed ^ 0x5EED)
    order = chooser.choices(list(grammar.ORDERS), list(grammar.ORDERS.values()))[0]
    generator = Generator(seed, steer)
    made = generator.program(order)
    variables = generator.used(made.objective) or list(made.declared)
    count = 2 if len(variables) > 1 and chooser.random() < grammar.CHANCES["second variable"] else 1
    wrt = [component(chooser, made, name) for name in chooser.sample(variables, count)]
    structured = None
    if any(made.declared[name.split("[")[0]][0] in grammar.STRUCTURES for name in wrt):
        structured = "independent" if chooser.random() < grammar.CHANCES["independent"] else None
    direction = None
    if structured is None and order <= 2 and chooser.random() < grammar.CHANCES["along a direction"]:
        direction = chooser.choice(("along", "differential")) if order == 1 else "hvp"
    layout = None
    if direction is None and chooser.random() < grammar.CHANCES["layout"]:
        layout = chooser.choice(("numerator", "denominator"))
    declared = chooser.random() >= grammar.CHANCES["undeclared"]
    equal = equal_text(made, chooser) if declared and chooser.random() < grammar.CHANCES["rewritten"] else None
    return Case(
        made.text(undeclared=not declared), tuple(wrt), order, layout, structured, direction,
        tuple(made.sizes.items()), seed, equal, declared,
    ), made  # fmt: skip


def equal_text(made: Made, chooser: random.Random) -> str | None:
    """The objective written in another way; None where the program cannot be read."""
    try:
        problem = Problem(made.text())
    except Exception:
        return None
    return to_text(rewritten(problem.program.objective, problem.typing, chooser))


def component(chooser: random.Random, made: Made, name: str) -> str:
    """A variable, or an entry of one."""
    dims = made.declared[name][1]
    if not dims or chooser.random() >= grammar.CHANCES["entry"]:
        return name
    places = [str(chooser.randint(1, size_of(dim, made.sizes))) for dim in dims]
    return f"{name}[{','.join(places)}]"
