"""`functions` and `schema`: what the tool knows of itself."""

from __future__ import annotations

from typing import Any

import click

from gradcalc.cli.options import JSON, OUTPUT, write
from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom, Composite, Elementwise, Function


@click.command("functions")
@click.argument("name", required=False)
@JSON
@OUTPUT
def functions_command(name: str | None, as_json: bool, output: str | None) -> None:
    """List the functions of the language, or say what is known of one.

    \b
    Example:
      gradcalc functions softplus
    """
    entries = list(catalogue.ENTRIES)
    if name is not None:
        entry = catalogue.spelled(name)
        if entry is None:
            from gradcalc.language.parser import nearest

            near = nearest(name, list(catalogue.BY_NAME))
            raise GradcalcError("name", f"there is no function {name}", hint=f"Did you mean {near}?" if near else None)
        entries = [entry]
    if as_json:
        from gradcalc import __version__
        from gradcalc.output.result import dumps

        content = {
            "gradcalc": __version__,
            "ok": True,
            "command": "functions",
            "functions": [_facts(e) for e in entries],
        }
        write(dumps(content), output)
    elif name is not None:
        write("\n".join([f"{key}: {_shown(value)}" for key, value in _facts(entries[0]).items()]), output)
    else:
        width = max(len(entry.name) for entry in entries)
        write("\n".join([f"{entry.name:<{width}}  {entry.summary}" for entry in entries]), output)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join([f"{name}: {item}" for name, item in value.items()])
    return ", ".join([str(item) for item in value]) if isinstance(value, list) else str(value)


def _facts(entry: Function) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": entry.name, "summary": entry.summary}
    if entry.aliases:
        facts["aliases"] = list(entry.aliases)
    if isinstance(entry, Elementwise):
        facts["meaning"] = entry.meaning
        if entry.defaults:
            facts["defaults"] = dict(zip(entry.parameters[-len(entry.defaults) :], entry.defaults))
        if len(entry.parameters) == 1:
            facts["derivative"] = entry.derivative
        elif not entry.expands:
            facts["derivatives"] = {p: d for p, d in zip(entry.parameters, entry.derivatives) if d is not None}
        low, high = entry.domain
        if low != float("-inf") or high != float("inf"):
            facts["domain"] = [str(low), str(high)]
        if entry.kinks:
            facts["kinks"] = list(entry.kinks)
    elif isinstance(entry, Composite):
        facts["meaning"] = entry.meaning
    elif isinstance(entry, Atom) and entry.pullback is not None:
        facts["pullback"] = entry.pullback
    if entry.axis:
        facts["axis"] = f"{entry.name}(X, 1) of each column, {entry.name}(X, 2) of each row"
    if entry.helpers and any(helper in ("_special", "_linalg", "_logm", "_sqrtm") for helper in entry.helpers):
        facts["needs"] = "SciPy for numbers: pip install 'gradcalc[special]'"
    facts["example"] = entry.example
    return facts


@click.command("schema")
@OUTPUT
def schema_command(output: str | None) -> None:
    """Print the JSON Schema of requests and results.

    \b
    Example:
      gradcalc schema
    """
    import json

    from gradcalc.output.schema import SCHEMA

    write(json.dumps(SCHEMA, indent=2), output)
