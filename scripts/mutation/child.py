"""The process in which mutants run. Lines of JSON in, lines of JSON out.

A line in: {"module", "catalogue", "number"} of a change, or null for none, and "subjects", what to derive. For each
line the package is imported anew, one module of it from changed source: no file is touched, and no mutant meets what
another one left behind. A line out: what each subject came to; with "traced" only which lines of the core it ran.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import types
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from scripts.mutation.changes import changed
from scripts.mutation.subjects import FORMS

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = str(ROOT / "gradcalc" / "tensor")
SECONDS = 4.0
"""How long one subject may take."""

BYTES = 400 << 20
"""By how much the process may grow meanwhile."""


class Loader(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Loads the package from source, one module of it changed."""

    def __init__(self) -> None:
        self._codes: dict[str, types.CodeType] = {}
        self._changed: tuple[str, ast.Module] | None = None

    def change(self, module: str, tree: ast.Module) -> None:
        self._changed = module, tree

    def restore(self) -> None:
        """The package as it is, at the next import."""
        self._changed = None
        for name in [name for name in sys.modules if name == "gradcalc" or name.startswith("gradcalc.")]:
            del sys.modules[name]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != "gradcalc" and not name.startswith("gradcalc."):
            return None
        file = path_of(name)
        spec = importlib.util.spec_from_loader(name, self, origin=str(file), is_package=file.name == "__init__.py")
        if spec is not None and file.name == "__init__.py":
            spec.submodule_search_locations = [str(file.parent)]
        return spec

    def get_source(self, fullname: str) -> str:
        return path_of(fullname).read_text(encoding="utf-8")

    def is_package(self, fullname: str) -> bool:
        return path_of(fullname).name == "__init__.py"

    def get_code(self, fullname: str) -> types.CodeType:
        if self._changed is not None and self._changed[0] == fullname:
            return compile(self._changed[1], str(path_of(fullname)), "exec")
        if fullname not in self._codes:
            self._codes[fullname] = compile(self.get_source(fullname), str(path_of(fullname)), "exec")
        return self._codes[fullname]


def path_of(module: str) -> pathlib.Path:
    """The file of a module."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def form(written: Any) -> dict[str, Any]:
    """A formula, ready to be written as JSON."""
    return {
        "text": written.text, "dims": [str(dim) for dim in written.dims], "kind": written.kind,
        "indices": list(written.indices), "stacked": written.stacked,
    }  # fmt: skip


def derived(options: dict[str, Any]) -> dict[str, Any]:
    """What a subject comes to: the answers that are shown, each with its forms; or the error."""
    from gradcalc.api import derive
    from gradcalc.errors import GradcalcError
    from gradcalc.limits import Limits, within

    try:
        with within(Limits(SECONDS, BYTES)):
            derivative = derive(**options, max_seconds=SECONDS)
            answers = [_answer(derivative, answer) for answer in derivative.answers]
            return {"answers": answers, "warnings": derivative.warnings}
    except GradcalcError as error:
        return {"error": error.kind, "message": error.message}
    except Exception as error:  # A mutant may fail in any way; that is no answer.
        return {"error": type(error).__name__, "message": str(error)}


def _answer(derivative: Any, answer: Any) -> dict[str, Any]:
    """One answer and its forms. Those that cannot be had are left out, unless the seal refused them."""
    found: dict[str, Any] = {"unverified": derivative.unverified(answer), "forms": {}}
    found["forms"]["text"] = form(derivative.written(answer))
    for name in FORMS:
        try:
            shown = _form(derivative, answer, name)
        except Exception as error:
            if getattr(error, "kind", "") == "limit":
                raise
            found.setdefault("refused", {})[name] = getattr(error, "kind", type(error).__name__)
            continue
        if shown is not None:
            found["forms"][name] = shown
    return found


def _form(derivative: Any, answer: Any, name: str) -> dict[str, Any] | None:
    from gradcalc.checking.sealing.answers import written
    from gradcalc.checking.sealing.readback import Written
    from gradcalc.language.printer import to_text

    if name == "index":
        return form(written(derivative.index_formula(answer)))
    if name == "action" and derivative.directions is None:
        return {**form(written(derivative.action(answer))), "change": derivative.change_name(answer)}
    if name == "full":
        text = derivative.full(answer)
        own = derivative.written(answer)
        return text and form(Written(text, own.dims, own.kind, own.indices, own.stacked))
    if name == "einsum" and derivative.einsum(answer) is not None:
        terms = derivative.derivation.einsum(answer)
        return {
            "terms": [
                [t.negative, t.scale and to_text(t.scale), t.subscripts, [to_text(o) for o in t.operands]]
                for t in terms
            ]
        }
    return None


class Tracer:
    """Notes which lines of the core run."""

    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()

    def run(self, options: dict[str, Any]) -> list[str]:
        self.lines = set()
        sys.settrace(self._call)
        try:
            derived(options)
        finally:
            sys.settrace(None)
        return sorted([f"{pathlib.Path(file).stem}:{line}" for file, line in self.lines])

    def _call(self, frame: types.FrameType, event: str, argument: object) -> Any:
        return self._line if frame.f_code.co_filename.startswith(CORE) else None

    def _line(self, frame: types.FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def _keep_small() -> None:
    """A mutant may ask for memory without end: where the system can refuse it, it does."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (3 * BYTES, 3 * BYTES))


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr
    _keep_small()
    loader = Loader()
    sys.meta_path.insert(0, loader)
    for line in sys.stdin:
        request = json.loads(line)
        loader.restore()
        try:
            if request["module"] is not None:
                source = loader.get_source(request["module"])
                loader.change(request["module"], changed(source, request["catalogue"], request["number"])[0])
            importlib.import_module("gradcalc.api")
            if request.get("traced"):
                seal: Any = importlib.import_module("gradcalc.checking.sealing.seal")
                seal.Seal.verify = seal.Seal._hold = lambda *arguments: None  # Not what is looked at here.
                answer = {"lines": [Tracer().run(options) for options in request["subjects"]]}
            else:
                answer = {"results": [derived(options) for options in request["subjects"]]}
        except Exception as error:  # It cannot even be imported.
            answer = {"broken": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
