"""``visavis doctor``: what is wrong, and the cure. It looks, and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis.cli.checks import Check, Finding, State, cpu, database, disk, models, storage
from visavis.cli.hiding import without_secrets
from visavis.errors import SettingsError, VisavisError
from visavis.settings import Settings, read_settings

_STYLES: Final[dict[State, str]] = {"ok": "green", "note": "yellow", "problem": "bold red"}


def doctor() -> None:
    """Say what is wrong with this installation, and the cure. Changes nothing.

    Looks at the settings, the models, the database, the storage, the CPU and
    the disk. An embedded database is started for the moment if no server
    runs; nothing is migrated.

    Example: VISAVIS_HOME=/srv/visavis visavis doctor

    Exit code: 1 when there is a problem; a note is none.
    """
    try:
        settings = read_settings()
        checks = _all_checks(settings)
    except SettingsError as error:
        settings = None
        checks = {"settings": partial(_wrong_settings, error), "models": partial(models, None), "CPU": cpu}
    findings: list[Finding] = []
    with Console(stderr=True).status("looking") as status:
        for name, check in checks.items():
            status.update(f"looking at {name}")
            findings += _run(name, check)
    console = Console(highlight=False)
    console.print(_table(findings))
    if settings is not None:
        console.print(_settings_table(settings))
    problems = sum(finding.state == "problem" for finding in findings)
    if problems:
        console.print(f"{problems} {'problem' if problems == 1 else 'problems'}.", style="bold red")
        raise typer.Exit(1)
    console.print("All is well.", style="bold green")


def _all_checks(settings: Settings) -> dict[str, Check]:
    return {
        "settings": partial(_right_settings, settings),
        "models": partial(models, settings),
        "database": partial(database, settings),
        "storage": partial(storage, settings),
        "CPU": cpu,
        "disk": partial(disk, settings),
    }


def _run(name: str, check: Check) -> list[Finding]:
    """What a check finds; a check that breaks has found a problem, and the others go on."""
    findings: list[Finding] = []
    try:
        findings.extend(check())
    except VisavisError as error:
        findings.append(Finding(name, "problem", error.message))
    except Exception as error:
        findings.append(
            Finding(name, "problem", f"{type(error).__name__}: {error}", "This was not foreseen; report it.")
        )
    return findings


# --- settings ---------------------------------------------------------------------------------------------


def _wrong_settings(error: SettingsError) -> Iterator[Finding]:
    yield Finding("settings", "problem", error.message, "Correct or unset the variable, then run visavis doctor again.")
    yield Finding("database, storage, disk", "note", "not looked at", "They depend on the settings.")


def _right_settings(settings: Settings) -> Iterator[Finding]:
    known = {f"VISAVIS_{name.upper()}" for name in Settings.model_fields} | {
        "VISAVIS_CLIENT_ID",
        "VISAVIS_CLIENT_SECRET",
    }
    strange = sorted(name for name in os.environ if name.startswith("VISAVIS_") and name.upper() not in known)
    yield Finding("settings", "ok", f"{len(settings.model_fields_set)} set, the others at their defaults")
    if strange:
        yield Finding(
            "settings", "note", f"{', '.join(strange)}: no such setting", "It has no effect; perhaps misspelt."
        )


def _settings_table(settings: Settings) -> Table:
    table = Table("setting", title="Settings in force")
    table.add_column("value", overflow="fold")
    table.add_column("from")
    for name in Settings.model_fields:
        source = "environment" if name in settings.model_fields_set else "default"
        value = getattr(settings, name)
        shown = "none" if value is None else without_secrets(str(value))
        table.add_row(f"VISAVIS_{name.upper()}", escape(shown), source)
    return table


def _table(findings: list[Finding]) -> Table:
    table = Table("check", "", title="Visavis")
    table.add_column("found", overflow="fold")
    table.add_column("cure", overflow="fold")
    for each in findings:
        table.add_row(each.check, f"[{_STYLES[each.state]}]{each.state}[/]", escape(each.found), escape(each.cure))
    return table
