"""Programs of the user's called in a process of their own; see `child.py` for the other side."""

from __future__ import annotations

import json
import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

from gradcalc.errors import GradcalcError
from gradcalc.leaving import unfinished
from gradcalc.numeric.arrays import check_memory

LONGEST_CALL = 60.0
"""How long loading the program, or one call of it, may take, in seconds."""

_CHUNK = 1 << 16
_LARGEST_PIECE = 1 << 20
_LONGEST_LINE = 1 << 20

Array = Any


class IsolatedProgram:
    """A function of a program, called with arrays by name.

    option: `--function` or `--program`. specification: `MODULE:NAME` or `FILE.py:NAME`. variables, wrt: as of `Called`.
    Use it as a context: the process ends with it. Raises GradcalcError of kind usage, data or limit.
    """

    def __init__(self, option: str, specification: str, variables: Sequence[str], wrt: str) -> None:
        self._name = specification
        self._request = {
            "option": option,
            "specification": specification,
            "variables": list(variables),
            "wrt": wrt,
            "path": [os.path.abspath(folder) for folder in sys.path],
        }
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")
        self._process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._registered = unfinished(self._process.kill)

    def __enter__(self) -> IsolatedProgram:
        self._registered.__enter__()
        try:
            self._exchange(self._request, b"")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._registered.__exit__(None, None, None)

    def __call__(self, arrays: Mapping[str, Array]) -> Array:
        """The derivative that the program computes. Raises GradcalcError of kind data where it gives none."""
        whole = {name: np.asarray(array, dtype=float) for name, array in arrays.items()}
        request = {"arrays": {name: list(array.shape) for name, array in whole.items()}}
        answer, content = self._exchange(request, b"".join([array.tobytes() for array in whole.values()]))
        return np.frombuffer(content, np.dtype(answer["dtype"])).reshape(answer["shape"])

    def _exchange(self, request: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        """What comes back for a request. Raises GradcalcError where that is an error, or nothing."""
        line, rest = self._transfer(json.dumps(request).encode() + b"\n" + content)
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            raise self._ended() from None
        if not answer.get("ok"):
            raise GradcalcError(answer["kind"], answer["message"], hint=answer.get("hint"))
        return answer, rest

    def _transfer(self, outgoing: bytes) -> tuple[bytes, bytes]:
        """Sends bytes; the line and the bytes that come back."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        deadline = time.monotonic() + LONGEST_CALL
        view = memoryview(outgoing)
        received = bytearray()
        wanted: int | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(stdin, selectors.EVENT_WRITE)
            while wanted is None or len(received) < wanted:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise GradcalcError("limit", f"{self._name} took longer than {LONGEST_CALL:.0f} s")
                for key, _ in ready:
                    if key.fileobj is stdin:
                        view = self._sent(stdin, view)
                        if not view:
                            selector.unregister(stdin)
                        continue
                    piece = os.read(stdout.fileno(), _CHUNK)
                    if not piece:
                        raise self._ended()
                    received += piece
                    wanted = self._length(received) if wanted is None else wanted
        line, _, rest = bytes(received).partition(b"\n")
        return line, rest

    def _sent(self, stdin: IO[bytes], view: memoryview) -> memoryview:
        """What is left to send once the pipe has taken what it takes."""
        try:
            return view[os.write(stdin.fileno(), view[:_LARGEST_PIECE]) :]
        except BlockingIOError:
            return view
        except BrokenPipeError:
            raise self._ended() from None

    def _length(self, received: bytearray) -> int | None:
        """How long the whole answer is, None until its first line is there."""
        end = received.find(b"\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(received) > _LONGEST_LINE:
                raise self._ended()
            return None
        try:
            answer = json.loads(received[:end])
            if answer.get("ok") and "shape" in answer:
                check_memory(f"the result of {self._name}", answer["shape"])
                size = math.prod(answer["shape"]) * np.dtype(answer["dtype"]).itemsize
                return end + 1 + int(size)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise self._ended() from None
        return end + 1

    def _ended(self) -> GradcalcError:
        """The error of a process that is no more, or that does not keep to what was agreed."""
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return GradcalcError("data", f"{self._name} disturbs the process that it is called in")
        if code < 0:
            return GradcalcError("data", f"{self._name} crashed: {_signal_name(-code)}")
        return GradcalcError("data", f"{self._name} ended its process with exit code {code}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
