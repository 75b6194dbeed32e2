"""The process in which a program of the user's runs: it may print, exit or crash there, and spoils nothing.

Run as a script. Requests come on standard input and answers leave on standard output, as a line of JSON and bytes; both
are put out of the program's reach before it is loaded, and what it prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import warnings
from typing import IO, Any

_WATCH_SECONDS = 1.0


def main() -> None:
    # A script's own folder is the first place where modules are sought; ours is no place for the user's.
    sys.path.pop(0)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None
    try:
        serve(requests, answers)
    except BaseException:
        # Whoever reads the answers is told by their absence.
        os._exit(1)
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(0)


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Loads the program of the first request, and calls it with the arrays of those that follow."""
    first = json.loads(requests.readline())
    sys.path[:] = first["path"]
    from gradcalc.checking.callables import told
    from gradcalc.errors import GradcalcError
    from gradcalc.numeric.arrays import check_memory

    called: Any = None
    request = first
    while True:
        content = b""
        try:
            if called is None:
                called = _called(request)
                answer: dict[str, Any] = {"ok": True}
            else:
                result = called(_arrays(request, requests))
                check_memory(f"the result of {first['specification']}", result.shape)
                content = result.tobytes()
                answer = {"ok": True, "dtype": result.dtype.str, "shape": list(result.shape), "bytes": len(content)}
        except GradcalcError as error:
            answer = error.to_dict()
        except BaseException as error:
            answer = {"kind": "data", "message": f"{first['specification']} failed: {told(error)}"}
        answers.write(json.dumps(answer).encode() + b"\n" + content)
        answers.flush()
        line = requests.readline()
        if not line or called is None:
            return
        request = json.loads(line)


def _called(request: dict[str, Any]) -> Any:
    from gradcalc.checking import callables

    load = callables.from_module if request["option"] == "--function" else callables.from_program
    function = load(request["specification"])
    return callables.Called(function, request["specification"], request["variables"], request["wrt"])


def _arrays(request: dict[str, Any], requests: IO[bytes]) -> dict[str, Any]:
    import numpy as np

    arrays = {}
    for name, shape in request["arrays"].items():
        size = 8 * int(np.prod(shape, dtype=object))
        arrays[name] = np.frombuffer(requests.read(size)).reshape(shape)
    return arrays


if __name__ == "__main__":
    main()
