"""The command line. `main` is the entry point; each command lives in a module that is imported when it runs."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from gradcalc.errors import GradcalcError

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 fine, else the exit codes of the README."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    code = run(given)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        _silence(sys.stdout.fileno())
    except OSError:
        code = code or 1
    # Skips the teardown of the interpreter: nothing is left to be written.
    os._exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of one command."""
    import gc

    import click

    # Expressions are large and live until the end: looking for garbage among them costs a fifth of the time.
    gc.disable()
    from gradcalc.cli.group import cli, protected

    wants_json = "--json" in arguments
    command = next((word for word in arguments if not word.startswith("-")), "")
    try:
        outcome = cli.main(args=protected(arguments), prog_name="gradcalc", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except GradcalcError as error:
        return _report(error, command, wants_json)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        hint = _usage_hint(error)
        return _report(GradcalcError("usage", error.format_message().rstrip("."), hint=hint), command, wants_json)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout.fileno())
        return 0
    except (MemoryError, RecursionError):
        return _report(GradcalcError("limit", "the expression is too large for the memory"), command, wants_json)
    except Exception as error:
        if os.environ.get("GRADCALC_DEBUG"):
            raise
        return _report(internal_error(error), command, wants_json)


def internal_error(error: Exception) -> GradcalcError:
    return GradcalcError(
        "internal",
        f"gradcalc went wrong: {type(error).__name__}: {str(error)[:200]}",
        hint="This is a fault of gradcalc, not of your input. GRADCALC_DEBUG=1 shows where.",
    )


def _usage_hint(error: Exception) -> str | None:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how it is used." if context is not None else None


def _report(error: GradcalcError, command: str, wants_json: bool) -> int:
    if wants_json:
        from gradcalc.output.result import dumps, error_result

        print(dumps(error_result(command, error.source, error)))
    else:
        print(error.render(), file=sys.stderr)
    return error.exit_code


def _silence(descriptor: int) -> None:
    """What is still buffered goes nowhere: the reader has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
