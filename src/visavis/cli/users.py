"""``visavis user``: the people who may use the web console."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from visavis import wiring
from visavis.accounts.users import create_user, revoke_user
from visavis.cli import moments
from visavis.records import User
from visavis.settings import read_settings
from visavis.store import users

app = typer.Typer(help="Make, list and revoke the people who may use the web console.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--name", help="What the user signs in as, unique in this installation.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("create")
def create(
    name: Name,
    org: Annotated[
        str | None,
        typer.Option("--org", help="The organisation the user belongs to. Default: none, an operator, who sees all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user. The password is printed this once, and stored as a hash.

    A user of an organisation sees what is that organisation's. Without --org
    the user is an operator, who sees every organisation.
    """
    user, password = asyncio.run(_create(name, org))
    if as_json:
        shown = {"name": user.name, "organization": user.organization, "password": password}
        typer.echo(json.dumps(shown, indent=2))
        return
    console = Console(highlight=False, emoji=False)
    # Shown this once, and copied: each on one line, however narrow the terminal is.
    for key, value in (("name", user.name), ("organization", user.organization), ("password", password)):
        if value is not None:
            console.print(f"{key:16} {value}", markup=False, soft_wrap=True)
    if user.organization is None:
        console.print("This user is an operator, who sees every organisation.")
    console.print("Keep the password now: it is stored as a hash and cannot be shown again.")
    console.print("It opens the console: /console/ at the server's address.")


async def _create(name: str, org: str | None) -> tuple[User, str]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await create_user(db, name=name, organization=org)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all users; no password is among what is stored."""
    found = asyncio.run(_list())
    if as_json:
        typer.echo(json.dumps([_told(user) for user in found], indent=2))
        return
    if not found:
        typer.echo("There are none yet: `visavis user create` makes the first.")
        return
    table = Table(title="Users")
    for name in ("organisation", "user", "made", "state"):
        table.add_column(name, overflow="fold")
    # A name is shown as it is: escaped markup would still lose to a backslash at the end, and to :names: of emoji.
    for user in found:
        table.add_row(
            Text("all (operator)", "italic") if user.organization is None else Text(user.organization),
            Text(user.name),
            moments.told(user.created_at),
            "in force" if user.revoked_at is None else f"revoked {moments.told(user.revoked_at)}",
        )
    Console().print(table)


def _told(user: User) -> dict[str, str | None]:
    told = {"name": user.name, "organization": user.organization, "createdAt": user.created_at.isoformat()}
    if user.revoked_at is not None:
        told["revokedAt"] = user.revoked_at.isoformat()
    return told


async def _list() -> list[User]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await users.list_all(db)


@app.command("revoke")
def revoke(name: Name) -> None:
    """End a user's access, at once: they are signed out everywhere. Their name is free again."""
    asyncio.run(_revoke(name))
    typer.echo(f"{name} is revoked, and signed out everywhere.")


async def _revoke(name: str) -> None:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            await revoke_user(db, name)
