"""gradcalc: gradients of functions of vectors and matrices, as formulas, checked.

>>> import gradcalc
>>> print(gradcalc.derive("x'*A*x", wrt="x"))
df/dx = (A + A')*x
"""

from __future__ import annotations

# Nothing is imported here, so that an interrupt finds the command line ready for it.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from gradcalc.api import Derivative as Derivative
    from gradcalc.api import derive as derive
    from gradcalc.api import verify as verify
    from gradcalc.checking.result import CheckResult as CheckResult
    from gradcalc.errors import GradcalcError as GradcalcError
    from gradcalc.verification import Verification as Verification

__version__ = "0.1.0"

_HOMES = {
    "Derivative": "gradcalc.api",
    "derive": "gradcalc.api",
    "verify": "gradcalc.api",
    "CheckResult": "gradcalc.checking.result",
    "GradcalcError": "gradcalc.errors",
    "Verification": "gradcalc.verification",
}

__all__ = ["CheckResult", "Derivative", "GradcalcError", "Verification", "__version__", "derive", "verify"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gradcalc' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
