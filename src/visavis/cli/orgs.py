"""``visavis org``: organisations, and the operating point that each has chosen."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis import wiring
from visavis.cli import moments
from visavis.errors import InvalidRequest, NotFound
from visavis.records import Organization
from visavis.settings import read_settings
from visavis.store import organizations

LEAST_FMR, MOST_FMR = 1e-6, 1e-3

app = typer.Typer(help="List organisations, and choose how strict their comparisons are.", no_args_is_help=True)


@app.command("list")
def list_organizations(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List organisations. They come into being with their first application."""
    found = asyncio.run(_list())
    if as_json:
        told = [
            {
                "organization": each.name,
                "falseMatchRate": each.false_match_rate,
                "createdAt": each.created_at.isoformat(),
            }
            for each in found
        ]
        typer.echo(json.dumps(told, indent=2))
        return
    if not found:
        typer.echo("There are none yet: `visavis app create` makes the first.")
        return
    table = Table("organisation", "false match rate", "made", title="Organisations")
    for each in found:
        table.add_row(escape(each.name), _rate(each.false_match_rate), moments.told(each.created_at))
    Console().print(table)


@app.command("set")
def set_fmr(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The organisation's name.")],
    fmr: Annotated[
        float,
        typer.Option(
            "--fmr",
            metavar="RATE",
            help="How often two different people may pass for one: 1e-3 (lenient) to 1e-6 (strict).",
        ),
    ],
) -> None:
    """Choose the operating point for what an organisation asks from now on.

    It holds for photo matches, match, ask and recognise jobs. A score of 0.5
    is always the boundary: a stricter rate lowers all scores, and what was
    decided before stays as it is.

    Example: visavis org set bank --fmr 1e-5
    """
    if not LEAST_FMR <= fmr <= MOST_FMR:
        raise InvalidRequest(f"The false match rate must lie between {LEAST_FMR:g} and {MOST_FMR:g}, not be {fmr:g}.")
    changed = asyncio.run(_set(name, fmr))
    if changed is None:
        raise NotFound(f"There is no organisation named {name}.")
    typer.echo(f"{changed.name}: {_rate(changed.false_match_rate)} pairs of different people may pass for one person.")


def _rate(fmr: float) -> str:
    return f"1 in {1 / fmr:,.0f}"


async def _list() -> list[Organization]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await organizations.list_all(db)


async def _set(name: str, fmr: float) -> Organization | None:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await organizations.set_false_match_rate(db, name, fmr)
