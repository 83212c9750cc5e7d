"""``visavis webhooks``: what became of the events that were sent, and sending those again that did not arrive."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis import wiring
from visavis.cli import moments
from visavis.errors import InvalidRequest
from visavis.jobs import deliveries as sending
from visavis.jobs.queue import Queue
from visavis.records import DeliveryStatus
from visavis.settings import read_settings
from visavis.store import deliveries
from visavis.store.deliveries import ListedDelivery

app = typer.Typer(
    help="See what became of webhook deliveries, and send again what did not arrive.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_deliveries(
    org: Annotated[str | None, typer.Option("--org", help="Only this organisation's.")] = None,
    status: Annotated[DeliveryStatus | None, typer.Option("--status", help="Only those.")] = None,
    job: Annotated[UUID | None, typer.Option("--job", help="Only those of the job with this id.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first. Those that ended more than 30 days ago are gone."""
    found = asyncio.run(_list(org, status, job, limit))
    if as_json:
        typer.echo(json.dumps([_told(delivery) for delivery in found], indent=2))
        return
    if not found:
        typer.echo("No deliveries.")
        return
    table = Table(title="Webhook deliveries", show_lines=True)
    # Whole ids, however narrow the terminal is: they are copied to `retry`.
    table.add_column("delivery", no_wrap=True, min_width=36)
    table.add_column("address", overflow="fold")
    table.add_column("state", overflow="fold")
    for delivery in found:
        table.add_row(*(escape("\n".join(lines)) for lines in _cells(delivery)))
    Console().print(table)


def _cells(delivery: ListedDelivery) -> tuple[list[str], list[str], list[str]]:
    attempts = "1 attempt" if delivery.attempts == 1 else f"{delivery.attempts} attempts"
    state = [f"{delivery.status.replace('_', ' ')}, {attempts}"]
    if delivery.last_answer is not None:
        state.append(delivery.last_answer)
    if delivery.next_attempt_at is not None:
        state.append(f"next {_moment(delivery.next_attempt_at)}")
    return (
        [str(delivery.id), delivery.event, f"made {_moment(delivery.created_at)}"],
        [f"{delivery.organization} / {delivery.application}", delivery.url],
        state,
    )


def _moment(moment: datetime) -> str:
    return moments.told(moment)


def _told(delivery: ListedDelivery) -> dict[str, Any]:
    told = {
        "id": str(delivery.id),
        "event": delivery.event,
        "organization": delivery.organization,
        "application": delivery.application,
        "jobId": None if delivery.job_id is None else str(delivery.job_id),
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "lastAnswer": delivery.last_answer,
    }
    moments = {
        "createdAt": delivery.created_at,
        "lastAttemptAt": delivery.last_attempt_at,
        "nextAttemptAt": delivery.next_attempt_at,
        "endedAt": delivery.ended_at,
    }
    return told | {name: None if moment is None else moment.isoformat() for name, moment in moments.items()}


async def _list(
    org: str | None, status: DeliveryStatus | None, job_id: UUID | None, limit: int
) -> list[ListedDelivery]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await deliveries.list_newest(db, organization=org, status=status, job_id=job_id, limit=limit)


@app.command("retry")
def retry(
    ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[ID]...", help="Deliveries that have not arrived.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
) -> None:
    """Send deliveries again, at once: those given up begin anew, those that wait need not wait longer.

    One that has arrived is never sent again.
    """
    if bool(ids) == everything:
        raise InvalidRequest("Name the deliveries to send again, or say --all for those that were given up.")
    count = asyncio.run(_retry(ids))
    typer.echo("1 delivery is sent again." if count == 1 else f"{count} deliveries are sent again.")


async def _retry(ids: list[UUID] | None) -> int:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database:
            queue = Queue(database.pool)
            await queue.open()
            async with database.transaction() as db:
                count = await sending.retry(db, queue, ids) if ids else await sending.retry_given_up(db, queue)
            await queue.close()
            return count
