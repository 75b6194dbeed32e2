"""Functions of the user's that compute a gradient: found by name, called with arrays, their results made arrays."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import keyword
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.limits import LimitReached

Array = Any


def from_module(specification: str) -> Callable[..., Any]:
    """The function of `module:name`; modules of the current folder are found.

    To be called in a process of its own (see `isolation.py`): whatever the module raises is an error here.
    Raises GradcalcError of kind usage or data.
    """
    module_name, name = _split(specification, "--function", "module:name")
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        with redirect_stdout(sys.stderr):
            module = importlib.import_module(module_name)
    except BaseException as error:
        raise _not_loaded(module_name, error) from None
    return _attribute(module, module_name, name)


def from_program(specification: str) -> Callable[..., Any]:
    """The function of `FILE.py:name`. Raises GradcalcError of kind usage or data."""
    path, name = _split(specification, "--program", "FILE.py:name")
    if not os.path.isfile(path):
        raise GradcalcError("data", f"there is no file {path}")
    found = importlib.util.spec_from_file_location(_module_name(path), path)
    if found is None or found.loader is None:
        raise GradcalcError("data", f"{path} is not a Python file", hint="For example: --program model.py:gradient")
    module = importlib.util.module_from_spec(found)
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Data classes, pickles and references between types look their module up there.
    sys.modules[found.name] = module
    try:
        with redirect_stdout(sys.stderr):
            found.loader.exec_module(module)
    except BaseException as error:
        raise _not_loaded(path, error) from None
    return _attribute(module, path, name)


def _module_name(path: str) -> str:
    """The name that the file has as a module, unless a module is called so already."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return stem if stem.isidentifier() and stem not in sys.modules else "gradcalc_program"


def _split(specification: str, option: str, form: str) -> tuple[str, str]:
    home, colon, name = specification.rpartition(":")
    if not colon or not home or not name:
        raise GradcalcError("usage", f"{specification!r} is not {form}", hint=f"Write {option} {form}.")
    return home, name


def _not_loaded(home: str, error: BaseException) -> GradcalcError:
    return GradcalcError("data", f"{home} cannot be loaded: {told(error)}")


def told(error: BaseException) -> str:
    """An exception in a few words."""
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _attribute(module: Any, home: str, name: str) -> Callable[..., Any]:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            known = ", ".join([key for key, value in vars(module).items() if callable(value) and key[0] != "_"][:8])
            raise GradcalcError(
                "data", f"{home} has no function {name}", hint=f"It has {known}." if known else "It has none."
            )
    if not callable(found):
        raise GradcalcError("data", f"{name} of {home} is not a function")
    return found  # type: ignore[no-any-return]


class Called:
    """A function with what it is called with: the arrays by name where its parameters are called so, else in order."""

    def __init__(self, function: Callable[..., Any], name: str, variables: Sequence[str], wrt: str) -> None:
        """variables: in the order of first use. Raises GradcalcError of kind data where they are not its parameters."""
        self._function = function
        self._name = name
        self._variables = list(variables)
        self._wrt = wrt
        self._keywords = self._by_name()

    def _by_name(self) -> dict[str, str] | None:
        """The parameter of each variable; None where the function is called with all of them in order."""
        try:
            parameters = list(inspect.signature(self._function).parameters.values())
        except (TypeError, ValueError):
            return None
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        spelled = {_spelling(name): name for name in self._variables}
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            return {name: name for name in self._variables}
        needed = [p.name for p in parameters if p.default is p.empty and p.name in names]
        taken = {spelled[name]: name for name in names if name in spelled}
        if names and all(name in spelled for name in needed):
            return taken
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            return None
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        least = len([p for p in positional if p.default is p.empty])
        if least <= len(self._variables) <= len(positional) and not set(names) & set(spelled):
            return None
        unknown = [name for name in needed if name not in spelled]
        raise GradcalcError(
            "data",
            f"{self._name} takes {', '.join(unknown) or 'other arguments'}, and the variables are "
            f"{', '.join(self._variables)}",
            hint="It is called with the arrays by name, or with all of them in that order.",
        )

    def __call__(self, arrays: Mapping[str, Array]) -> Array:
        """The gradient at arrays by name. Raises GradcalcError of kind data where the function gives none."""
        copies = {name: np.array(arrays[name]) for name in self._variables}
        copies = {name: array[()] if array.ndim == 0 else array for name, array in copies.items()}
        try:
            # What it prints is not our result.
            with redirect_stdout(sys.stderr):
                if self._keywords is None:
                    result = self._function(*copies.values())
                else:
                    result = self._function(**{own: copies[name] for name, own in self._keywords.items()})
        except (KeyboardInterrupt, LimitReached):
            raise
        except BaseException as error:
            raise GradcalcError("data", f"{self._name} failed: {told(error)}") from None
        return self._array(result)

    def _array(self, result: Any) -> Array:
        if isinstance(result, dict):
            if self._wrt not in result:
                raise GradcalcError("data", f"{self._name} returned a dict without {self._wrt}")
            result = result[self._wrt]
        if isinstance(result, tuple):
            raise GradcalcError(
                "data", f"{self._name} returned a tuple of {len(result)}", hint="Return the gradient alone."
            )
        try:
            array = np.asarray(result)
        except Exception as error:
            raise GradcalcError("data", f"{self._name} returned no array: {told(error)}") from None
        if array.dtype.kind in "iub":
            array = array.astype(float)
        if array.dtype.kind != "f":
            what = "nothing" if result is None else f"an array of {array.dtype}"
            raise GradcalcError("data", f"{self._name} returned {what}, not real numbers")
        return array


def _spelling(name: str) -> str:
    """A name as a parameter in Python: `lambda_`."""
    return f"{name}_" if keyword.iskeyword(name) else name
