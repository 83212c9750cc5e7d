"""``visavis app``: applications and their credentials."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis import wiring
from visavis.accounts.applications import create_application
from visavis.cli import moments
from visavis.errors import NotFound
from visavis.records import Application
from visavis.settings import read_settings
from visavis.store import applications

app = typer.Typer(help="Make, list and revoke applications: what client programs sign in as.", no_args_is_help=True)

Organization = Annotated[str, typer.Option("--org", help="The organisation's name.")]
Name = Annotated[str, typer.Option("--name", help="The application's name, unique in its organisation.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("create")
def create(
    org: Organization,
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="Permit only this; may be repeated. Default: everything."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an application. Its secrets are printed this once, and stored as hashes."""
    shown = asyncio.run(_create(org, name, scope))
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
        return
    console = Console(highlight=False)
    # Shown this once, and copied: each on one line, however narrow the terminal is.
    for key, value in shown.items():
        console.print(f"{key:16} {value}", markup=False, soft_wrap=True)
    console.print("Keep the secrets now: they are stored as hashes and cannot be shown again.")


async def _create(org: str, name: str, scopes: list[str] | None) -> dict[str, str]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            application, credentials = await create_application(db, organization=org, name=name, scopes=scopes)
    return {
        "organization": application.organization,
        "application": application.name,
        "clientId": credentials.client_id,
        "clientSecret": credentials.client_secret,
        "apiKey": credentials.api_key,
        "subscriptionKey": credentials.subscription_key,
    }


@app.command("list")
def list_applications(as_json: AsJson = False) -> None:
    """List all applications; no secret is among what is stored."""
    found = asyncio.run(_list())
    if as_json:
        typer.echo(json.dumps([_told(application) for application in found], indent=2))
        return
    table = Table(title="Applications")
    for name in ("organisation", "application"):
        table.add_column(name, overflow="fold")
    table.add_column("client id", no_wrap=True, min_width=36)
    for name in ("made", "state"):
        table.add_column(name, overflow="fold")
    for application in found:
        told = _told(application)
        table.add_row(
            escape(told["organization"]),
            escape(told["application"]),
            told["clientId"],
            moments.told(application.created_at),
            "in force" if application.revoked_at is None else f"revoked {moments.told(application.revoked_at)}",
        )
    Console().print(table)


def _told(application: Application) -> dict[str, str]:
    told = {
        "organization": application.organization,
        "application": application.name,
        "clientId": application.client_id,
        "scope": " ".join(application.scopes),
        "createdAt": application.created_at.isoformat(),
    }
    if application.revoked_at is not None:
        told["revokedAt"] = application.revoked_at.isoformat()
    return told


async def _list() -> list[Application]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await applications.list_all(db)


@app.command("revoke")
def revoke(org: Organization, name: Name) -> None:
    """End an application's access, at once, that of its tokens too. What it has stored stays."""
    if not asyncio.run(_revoke(org, name)):
        raise NotFound(f"{org} has no application named {name} in force.")
    typer.echo(f"{org} / {name} is revoked.")


async def _revoke(org: str, name: str) -> bool:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await applications.revoke(db, organization=org, name=name)
