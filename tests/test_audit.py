"""Every place where text could become code, a file could become objects, or another program could be run."""

from __future__ import annotations

import ast
import builtins
import keyword
from pathlib import Path

import pytest

import gradcalc
from gradcalc.api import Problem
from gradcalc.numeric.program import compile_program

ROOT = Path(gradcalc.__file__).parent

RUNS_TEXT = {"exec", "eval", "compile", "__import__", "import_module", "spec_from_file_location", "exec_module"}
READS_OBJECTS = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "joblib",
    "yaml",
    "extractall",
    "memmap",
    "fromfile",
    "genfromtxt",
}
RUNS_PROGRAMS = {
    "Popen",
    "system",
    "popen",
    "fork",
    "execv",
    "spawnl",
    "check_output",
    "lambdify",
    "parse_expr",
    "sympify",
}

KNOWN = {
    # Names of our own modules.
    ("__init__.py", "import_module"),
    ("cli/group.py", "import_module"),
    ("meaning/numpy_numbers.py", "import_module"),
    # The user's own programs, in a process of their own.
    ("checking/callables.py", "import_module"),
    ("checking/callables.py", "spec_from_file_location"),
    ("checking/callables.py", "exec_module"),
    ("checking/isolation.py", "Popen"),
    # Workers of a batch.
    ("cli/workers.py", "fork"),
    # The compiled program: names that we made, see below.
    ("numeric/program.py", "compile"),
    ("numeric/program.py", "exec"),
    # Formulas of catalogue entries, with names that we made.
    ("meaning/symbols.py", "eval"),
    # Numbers, not text.
    ("checking/exact.py", "sympify"),
    ("checking/claims/precise.py", "sympify"),
}


def called(tree: ast.AST) -> set[str]:
    """The names that a module calls or imports, other than `re.compile`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            found.add("" if of_re else node.func.attr)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update([alias.name.split(".")[0] for alias in node.names])
            found.add((getattr(node, "module", None) or "").split(".")[0])
    return found


def test_the_places_where_text_runs_are_known() -> None:
    found = set()
    for path in sorted(ROOT.rglob("*.py")):
        names = called(ast.parse(path.read_text(encoding="utf-8")))
        place = path.relative_to(ROOT).as_posix()
        found |= {(place, name) for name in names & (RUNS_TEXT | READS_OBJECTS | RUNS_PROGRAMS)}
    assert found <= KNOWN, "a new place: make sure that no user's text reaches it, and list it"


def test_formulas_that_are_evaluated_are_those_of_the_catalogue() -> None:
    found = [
        ast.unparse(node.args[0])
        for node in ast.walk(ast.parse((ROOT / "meaning/symbols.py").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "eval"
    ]
    assert found == ["entry.sympy.format(*names)"]


HOSTILE_NAMES = [
    *keyword.kwlist,
    *[name for name in dir(builtins) if name.isidentifier()],
    *["np", "numpy", "_inverse_norm", "_special", "_linalg", "_solve", "t1", "t2", "size_n", "derivative", "value"],
    *["__builtins__", "__class__", "__globals__", "_", "__"],
]


def test_programs_hold_no_names_but_those_that_we_made() -> None:
    """Whatever a variable is called, its program reads its arguments, its own variables and our helpers."""
    done = 0
    for name in HOSTILE_NAMES:
        text = f"{name}: vector[n]; sum(log(1 + exp({name}.*x))) + norm2({name} - x) + {name}[1]*x[2]"
        try:
            problem = Problem(text)
            derivative = gradcalc.Derivative(problem, problem.components(name))
        except gradcalc.GradcalcError:
            continue
        program = compile_program({"0": derivative.answers[0].expanded}, problem.typing.variables)
        tree = ast.parse(program.source)
        main = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "derivative")
        arguments = {argument.arg for argument in [*main.args.args, *main.args.kwonlyargs]}
        assert not arguments & {*dir(builtins), "np", "_inverse_norm"}, name
        stored = {node.id for node in ast.walk(main) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        assert not stored & arguments, name
        loaded = {node.id for node in ast.walk(main) if isinstance(node, ast.Name)}
        ours = {"np", "float", "_inverse_norm", "_norm2", "_sigmoid", "_softplus"}
        assert loaded - stored - arguments <= ours, name
        point = {variable: [0.5, -0.25] for variable in problem.typing.variables}
        assert program(point)["0"].shape == (2,)
        done += 1
    assert done > 100


@pytest.mark.parametrize("name", ["x;import os", "x\nimport os", "x)", "import os", "é", "x.__class__", "ﬁ"])
def test_what_is_no_name_reaches_no_program(name: str) -> None:
    with pytest.raises(gradcalc.GradcalcError):
        gradcalc.derive("sum(x.^2)", "x", direction=name)
    with pytest.raises(gradcalc.GradcalcError):
        gradcalc.derive("sum(x.^2)", "x", shapes={"x": (name,)})
