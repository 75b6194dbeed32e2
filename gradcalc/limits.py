"""How much one request may take: seconds, bytes, operations. What takes more ends in an error of kind limit.

A budget is what a request may spend. The passes say what they do (`spend`); besides, a timer looks at the clock and at
the memory every few milliseconds, so that a library that does not know of budgets is stopped as well: by a signal in
the main thread, by a thread elsewhere. What no Python code can stop (a single call into C) ends with `last_resort`.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

from gradcalc.errors import GradcalcError

_TICK = 0.05
"""How often the timer looks, in seconds."""

_GRACE = 1.0
"""How long after its time a request may still stand in a call into C, in seconds."""

_LIBRARIES = 128 << 20
"""What the libraries take that are imported on the way, in bytes."""

_STRIDE = 2048
"""How many operations lie between two looks at the clock."""


class Limits(NamedTuple):
    """What a request may take; None for as much as it needs.

    seconds: of the clock. bytes: by which the memory of the process grows, and of any array that is made. operations:
    steps of work, as reading a sign, building a node of the graph, or evaluating one.
    """

    seconds: float | None = None
    bytes: int | None = None
    operations: int | None = None

    def or_else(self, other: Limits) -> Limits:
        """These limits, and the other ones where there is none."""
        return Limits(
            other.seconds if self.seconds is None else self.seconds,
            other.bytes if self.bytes is None else self.bytes,
            other.operations if self.operations is None else self.operations,
        )

    def at_most(self, other: Limits) -> Limits:
        """The smaller one of each."""
        return Limits(
            _smaller(self.seconds, other.seconds),
            _smaller(self.bytes, other.bytes),
            _smaller(self.operations, other.operations),
        )


Number = TypeVar("Number", int, float)


def _smaller(left: Number | None, right: Number | None) -> Number | None:
    return right if left is None else left if right is None else min(left, right)


NO_LIMITS = Limits()

ORDINARY = Limits(20.0, 1 << 30, 20_000_000)
"""What a request may take where nothing is said: far more than any formula that a person has written needs."""

IN_PYTHON = Limits(None, None, ORDINARY.operations)
"""The same for a call from a program, which has clocks and memory of its own to mind."""

GENEROUS = Limits(600.0, None, None)
"""The same where it brings arrays or sizes of its own: these say how much is wanted."""


LIMIT_KEYS = ("max_seconds", "max_bytes", "max_operations")
"""What the limits are called in requests and in Python."""


def checked(seconds: object, size: object, operations: object, names: tuple[str, str, str] = LIMIT_KEYS) -> Limits:
    """The limits that a request gives. names: what it calls them. Raises GradcalcError of kind usage."""
    for name, value in zip(names, (seconds, size, operations)):
        whole = name != names[0]
        fits = isinstance(value, int) or (isinstance(value, float) and not whole and value == value)
        if value is not None and (not fits or isinstance(value, bool) or value <= 0):  # type: ignore[operator]
            what = "a whole number above 0" if whole else "a number above 0"
            raise GradcalcError("usage", f"{name} is {what}", hint=f"For example: {name} {'1000000' if whole else 2.5}")
    return Limits(None if seconds is None else min(float(seconds), 1e9), size, operations)  # type: ignore[arg-type]


class LimitReached(BaseException):
    """A budget is spent. No Exception: what tries one thing after another must not take it for a failed trial."""


class Budget:
    """What one request may still spend. failure: the error once it is spent. outer: the budget that it is part of."""

    __slots__ = ("_base", "_looked", "_told", "deadline", "failure", "limits", "next_look", "outer", "paused", "spent")

    def __init__(self, limits: Limits, outer: Budget | None = None) -> None:
        self.limits = limits
        self.outer = outer
        self.spent = 0
        self.next_look = min(_STRIDE, limits.operations or _STRIDE)
        self.paused = False
        self.failure: GradcalcError | None = None
        self.deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        self._base = 0 if limits.bytes is None else resident_bytes()
        self._looked = 0.0
        self._told = 0

    def look(self) -> None:
        """Raises LimitReached where something is spent."""
        self.next_look = min(self.spent + _STRIDE, max(self.spent + 1, self.limits.operations or self.spent + _STRIDE))
        if self.paused:
            return
        self.failure = self.failure or self._fault()
        if self.failure is not None:
            raise LimitReached
        if self.outer is not None:
            self.outer.spent += self.spent - self._told
            self._told = self.spent
            self.outer.look()

    def is_spent(self) -> bool:
        """Whether something of it, or of the budget that it is part of, is spent."""
        if self.paused:
            return False
        self.failure = self.failure or self._fault()
        return self.failure is not None or (self.outer is not None and self.outer.is_spent())

    def _fault(self) -> GradcalcError | None:
        limits = self.limits
        if limits.operations is not None and self.spent >= limits.operations:
            return _error(f"this takes {limits.operations} operations or more", "operations")
        now = time.monotonic()
        if self.deadline is not None and now > self.deadline:
            return self.overdue()
        if limits.bytes is not None and now - self._looked > _TICK / 2:
            self._looked = now
            if resident_bytes() - self._base > limits.bytes + _LIBRARIES:
                return _error(f"this takes more than {size_text(limits.bytes)} of memory", "bytes")
        return None

    def overdue(self) -> GradcalcError:
        return _error(f"this takes longer than {self.limits.seconds:g} s", "seconds")


def _error(message: str, what: str) -> GradcalcError:
    return GradcalcError(
        "limit", message, hint=f"A smaller expression or smaller sizes take less; max-{what} sets the limit."
    )


def size_text(count: int) -> str:
    """A number of bytes as a person reads it."""
    if count < 1 << 20:
        return f"{count} bytes"
    return f"{count / 2**30:.3g} GiB" if count >= 1 << 29 else f"{count / 2**20:.3g} MiB"


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)
_each: ContextVar[Limits | None] = ContextVar("limits of each part", default=None)


def spend(operations: int = 1) -> None:
    """Says that the request has done so much."""
    budget = _current.get()
    if budget is not None:
        budget.spent += operations
        if budget.spent >= budget.next_look:
            budget.look()


def share_of_time(seconds: float) -> float:
    """So many seconds, or a third of what a request has left where that is less: for work that may be left out."""
    left: list[float] = []
    budget = _current.get()
    while budget is not None:
        if budget.deadline is not None:
            left.append(budget.deadline - time.monotonic())
        budget = budget.outer
    return min([seconds, *[max(each, 0.0) / 3 for each in left]])


def places(ranges: Sequence[range]) -> Iterator[tuple[int, ...]]:
    """Every choice of one number from each range, the last runs fastest; each is an operation, and no range is held."""
    if not ranges:
        yield ()
        return
    for number in ranges[0]:
        if len(ranges) == 1:
            spend()
            yield (number,)
        else:
            for others in places(ranges[1:]):
                yield (number, *others)


def array_bytes(largest: int) -> int:
    """The size of the largest array that the request may make, where `largest` is that of any request."""
    budget = _current.get()
    while budget is not None:
        if budget.limits.bytes is not None:
            largest = min(largest, budget.limits.bytes)
        budget = budget.outer
    return largest


@contextmanager
def within(limits: Limits, last_resort: Callable[[GradcalcError], object] | None = None) -> Iterator[None]:
    """Runs a block within limits, and those of the blocks around it.

    last_resort: called from another thread with the error where the block does not end a second after its time.
    Raises GradcalcError of kind limit.
    """
    outer = _current.get()
    budget = Budget(limits, outer)
    token = _current.set(budget)
    try:
        with _timer(budget), _guard(budget, last_resort):
            yield
    except BaseException as error:
        budget.paused = True
        if budget.failure is not None:
            # Where C code was at work, the exception may have become another.
            raise budget.failure from None
        if isinstance(error, (MemoryError, RecursionError)):
            raise too_large(error) from None
        raise
    finally:
        _current.reset(token)


Method = TypeVar("Method", bound=Callable[..., Any])


def keeps_limits(method: Method) -> Method:
    """A method that runs within the `limits` of its object."""

    @functools.wraps(method)
    def run(self: Any, *arguments: Any, **keywords: Any) -> Any:
        with within(self.limits):
            return method(self, *arguments, **keywords)

    return run  # type: ignore[return-value]


def too_large(error: BaseException) -> GradcalcError:
    """The error of what Python itself refuses."""
    deep = isinstance(error, RecursionError)
    return GradcalcError(
        "limit", "the expression is nested too deeply" if deep else "the expression is too large for the memory"
    )


@contextmanager
def each_within(limits: Limits) -> Iterator[None]:
    """Sets the limits of each of several requests that come one after the other; see `of_each`."""
    token = _each.set(limits)
    try:
        yield
    finally:
        _each.reset(token)


def of_each() -> Limits:
    """The limits of one of several requests."""
    return _each.get() or ORDINARY


@contextmanager
def waiting() -> Iterator[None]:
    """While the block waits for input, the clock stands still."""
    budget, start = _current.get(), time.monotonic()
    chain = []
    while budget is not None:
        chain.append(budget)
        budget.paused = True
        budget = budget.outer
    try:
        yield
    finally:
        for budget in chain:
            budget.paused = False
            if budget.deadline is not None:
                budget.deadline += time.monotonic() - start


def resident_bytes() -> int:
    """The memory that the process holds; its largest so far where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        try:
            import resource
        except ImportError:
            return 0
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


# Timers.


@contextmanager
def _timer(budget: Budget) -> Iterator[None]:
    """While the block runs, the clock and the memory are looked at without its help."""
    if budget.limits.seconds is None and budget.limits.bytes is None:
        yield
        return
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        with _watched(budget):
            yield
        return
    if signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
        # Ours, of a block around this one, or that of a program that needs it.
        yield
        return
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)
    try:
        yield
    finally:
        budget.paused = True
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _on_alarm(number: int, frame: object) -> None:
    budget = _current.get()
    if budget is not None and not (budget.is_spent() and _imports(frame)):
        budget.look()


def _imports(frame: Any) -> bool:
    """Whether a module is being imported: a half of it would stay behind."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def _watched(budget: Budget) -> Iterator[None]:
    """Outside of the main thread no signal arrives: another thread looks, and has the exception raised in this one."""
    import ctypes
    import threading

    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    me = ctypes.c_ulong(threading.get_ident())
    lock, ended = threading.Lock(), threading.Event()

    def watch() -> None:
        while not ended.wait(_TICK):
            with lock:
                if ended.is_set():
                    return
                if budget.is_spent() and not _imports(sys._current_frames().get(me.value)):
                    raise_in(me, ctypes.py_object(LimitReached))

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            ended.set()
            raise_in(me, None)


@contextmanager
def _guard(budget: Budget, last_resort: Callable[[GradcalcError], object] | None) -> Iterator[None]:
    """Calls the last resort from another thread where the block stands in a call into C past its time."""
    if last_resort is None or budget.deadline is None:
        yield
        return
    import _thread

    ended = _thread.allocate_lock()
    ended.acquire()

    def guard() -> None:
        while not ended.acquire(timeout=max(_TICK, (budget.deadline or 0.0) + _GRACE - time.monotonic())):
            if not budget.paused and time.monotonic() > (budget.deadline or 0.0) + _GRACE:
                last_resort(budget.overdue())
                return

    _thread.start_new_thread(guard, ())
    try:
        yield
    finally:
        ended.release()
