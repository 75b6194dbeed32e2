"""The command line. `main` is the entry point; each command lives in a module that is imported when it runs."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def _end_quietly(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """An interrupt while modules are loaded ends the process as one at any other time does."""
    if issubclass(kind, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__excepthook__(kind, error, trace)  # type: ignore[arg-type]


if sys.argv[0].endswith(("gradcalc", "gradcalc.exe", os.path.join("gradcalc", "__main__.py"))):
    # Before anything else is imported, and not where a program of somebody else's imports this module.
    sys.excepthook = _end_quietly

from typing import NoReturn  # noqa: E402

from gradcalc.cli.streams import FULL, ReaderLeft, flushed, open_streams, say, unwritable  # noqa: E402
from gradcalc.errors import GradcalcError, internal_error  # noqa: E402
from gradcalc.leaving import put_away_all  # noqa: E402
from gradcalc.limits import too_large  # noqa: E402


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 fine, else the exit codes of the README."""
    try:
        _expect_interrupts()
        open_streams()
        code = run(list(sys.argv[1:] if arguments is None else arguments))
        code = flushed(code)
    except KeyboardInterrupt:
        code = INTERRUPTED
    # Skips the teardown of the interpreter: nothing is left to be written.
    os._exit(code)


def _expect_interrupts() -> None:
    """An interrupt ends the process where it stands.

    No exception is raised: it could come up in a callback that swallows it, or in C code that turns it into another.
    """
    import signal

    def end(number: int, frame: object) -> NoReturn:
        put_away_all()
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
            signal.signal(number, end)
    sys.unraisablehook = lambda _: None


def run(arguments: list[str]) -> int:
    """The exit code of one command."""
    import gc

    import click

    # Expressions are large and live until the end: looking for garbage among them costs a fifth of the time.
    gc.disable()
    if not os.environ.get("GRADCALC_DEBUG"):
        import warnings

        # What NumPy would say of an overflow, with a line of our source, the result says itself.
        warnings.simplefilter("ignore")
    from gradcalc.cli.group import asks_for_json, cli, command_of, rewritten

    read: dict[str, str] = {}
    _running.append((command_of(arguments), read, asks_for_json(arguments)))
    try:
        outcome = cli.main(args=rewritten(arguments), prog_name="gradcalc", standalone_mode=False, obj=read)
        return outcome if isinstance(outcome, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ReaderLeft:
        return 0
    except (Exception, SystemExit) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            return unwritable(error)
        failure = _failure(error)
        if failure.kind == "internal" and os.environ.get("GRADCALC_DEBUG"):
            raise
        return _report(failure)


def _failure(error: BaseException) -> GradcalcError:
    """The error of the contract that an exception amounts to."""
    import click

    if isinstance(error, GradcalcError):
        return error
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f"`{context.command_path} --help` shows how it is used." if context is not None else None
        return GradcalcError("usage", error.format_message().rstrip("."), hint=hint)
    if isinstance(error, (MemoryError, RecursionError)):
        return too_large(error)
    return internal_error(error)


_running: list[tuple[str, dict[str, str], bool]] = []
"""The command, what it has read, and whether it answers in JSON."""


def end_with(error: GradcalcError) -> NoReturn:
    """Reports the error and ends the process, whatever the main thread is at."""
    code = flushed(_report(error))
    put_away_all()
    os._exit(code)


def _report(error: GradcalcError) -> int:
    command, read, as_json = _running[-1]
    expression = read.get("expression")
    try:
        if as_json:
            from gradcalc.output.result import dumps, error_result

            sys.stdout.write(dumps(error_result(command, expression, error)) + "\n")
        else:
            say(error.render())
    except ReaderLeft:
        pass
    except OSError as failure:
        return unwritable(failure)
    return error.exit_code
