"""The command line. `main` is the entry point; each command lives in a module that is imported when it runs."""

from __future__ import annotations

import os
import sys
from errno import EDQUOT, EIO, ENOSPC
from typing import NoReturn

from gradcalc.errors import GradcalcError, internal_error

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 fine, else the exit codes of the README."""
    try:
        _open_streams()
        code = run(list(sys.argv[1:] if arguments is None else arguments))
        code = _flushed(code)
    except KeyboardInterrupt:
        code = INTERRUPTED
    # Skips the teardown of the interpreter: nothing is left to be written.
    os._exit(code)


def _open_streams() -> None:
    """Output is UTF-8 whatever the locale; a stream that was closed before the start is the null device."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif stream.encoding.lower() != "utf-8" or stream.errors != "backslashreplace":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _flushed(code: int) -> int:
    """The exit code once everything is written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout.fileno())
    except OSError as error:
        code = _unwritable(error)
    try:
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr.fileno())
    return code


def run(arguments: list[str]) -> int:
    """The exit code of one command."""
    import gc

    import click

    # Expressions are large and live until the end: looking for garbage among them costs a fifth of the time.
    gc.disable()
    from gradcalc.cli.group import asks_for_json, cli, command_of, rewritten

    command = command_of(arguments)
    as_json = asks_for_json(arguments)
    read: dict[str, str] = {}

    def report(error: GradcalcError) -> int:
        return _report(error, command, read.get("expression"), as_json)

    try:
        outcome = cli.main(args=rewritten(arguments), prog_name="gradcalc", standalone_mode=False, obj=read)
        return outcome if isinstance(outcome, int) else 0
    except GradcalcError as error:
        return report(error)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return error.exit_code
    except click.ClickException as error:
        hint = _usage_hint(error)
        return report(GradcalcError("usage", error.format_message().rstrip("."), hint=hint))
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout.fileno())
        return 0
    except (MemoryError, RecursionError):
        return report(GradcalcError("limit", "the expression is too large for the memory"))
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT, EIO):
            return report(internal_error(error))
        return _unwritable(error)
    except Exception as error:
        if os.environ.get("GRADCALC_DEBUG"):
            raise
        return report(internal_error(error))


def _usage_hint(error: Exception) -> str | None:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how it is used." if context is not None else None


def _report(error: GradcalcError, command: str, expression: str | None, as_json: bool) -> int:
    if as_json:
        from gradcalc.output.result import dumps, error_result

        sys.stdout.write(dumps(error_result(command, expression, error)) + "\n")
    else:
        print(error.render(), file=sys.stderr)
    return error.exit_code


def _unwritable(error: OSError) -> int:
    _silence(sys.stdout.fileno())
    failure = GradcalcError("data", f"the output cannot be written: {error.strerror}")
    print(failure.render(), file=sys.stderr)
    return failure.exit_code


def _silence(descriptor: int) -> None:
    """What is still buffered goes nowhere: the reader has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
