"""``visavis webhooks``: what an operator sees of deliveries, and sending them again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from visavis.accounts.applications import create_application
from visavis.jobs.deliveries import announce
from visavis.jobs.queue import Queue
from visavis.records import Application, Delivery, DeliveryStatus, Event, NewDelivery
from visavis.store import deliveries, webhooks
from visavis.store.database import Database

SECRET = "never to be shown"


@dataclass
class Office:
    """A database with applications of two organisations, and the command line over it."""

    database: Database
    queue: Queue
    camera: Application
    door: Application

    async def announce(
        self,
        application: Application,
        *ends: tuple[DeliveryStatus, str],
        url: str = "https://a.example/hook",
        job_id: UUID | None = None,
    ) -> UUID:
        """A delivery, and how its attempts went."""
        new = NewDelivery(uuid4(), application.id, Event.JOB_ENDED, url, b"{}", job_id=job_id)
        async with self.database.transaction() as db:
            await announce(db, self.queue, new)
            for attempts, (status, answer) in enumerate(ends):
                pause_s = 3600 if status == DeliveryStatus.WAITING else None
                assert await deliveries.record_attempt(
                    db, new.id, attempts=attempts, status=status, answer=answer, retry_after_s=pause_s
                )
        return new.id

    async def look(self, delivery_id: UUID) -> Delivery:
        async with self.database.transaction() as db:
            delivery = await deliveries.get(db, delivery_id)
        assert delivery is not None
        return delivery

    async def queued(self) -> int:
        async with self.database.transaction() as db:
            cursor = await db.execute("SELECT count(*) FROM procrastinate_jobs WHERE scheduled_at IS NULL")
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "VISAVIS_DATABASE_URL": self.database.url, "COLUMNS": "80"}
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "visavis", "webhooks", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    async def listed(self, *options: str) -> list[dict[str, Any]]:
        done = await self.run("list", "--json", *options)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    queue = Queue(database.pool)
    await queue.open()
    async with database.transaction() as db:
        camera, _ = await create_application(db, organization="acme", name="camera")
        door, _ = await create_application(db, organization="globex [red]", name="door")
        for application in (camera, door):
            await webhooks.put(db, application.id, webhook_id=uuid4(), url="https://a.example/", secret_key=SECRET)
    yield Office(database, queue, camera, door)
    await queue.close()


async def test_what_is_listed_can_be_read_on_a_narrow_terminal_and_shows_no_secret(office: Office) -> None:
    url = "https://a.example/" + "long/" * 30 + "[bold]end"
    given_up = await office.announce(office.door, (DeliveryStatus.GIVEN_UP, "410 Gone [/red]"), url=url)
    waiting = await office.announce(office.camera, *[(DeliveryStatus.WAITING, "503 Service Unavailable")] * 3)
    done = await office.run("list")
    assert done.returncode == 0, done.stderr
    for delivery_id in (given_up, waiting):
        assert str(delivery_id) in done.stdout  # in one piece, to be copied
    rows = [line.replace(" ", "").split("│") for line in done.stdout.splitlines() if line.count("│") == 4]
    _, made, addresses, states, _ = ("".join(column) for column in zip(*rows, strict=True))
    assert made.count("job_ended") == 2
    assert f"globex[red]/door{url}" in addresses
    assert "acme/camerahttps://a.example/hook" in addresses
    assert "givenup,1attempt410Gone[/red]" in states
    assert "waiting,3attempts503ServiceUnavailablenext" in states
    assert "…" not in done.stdout
    assert SECRET not in done.stdout
    assert done.stdout.index(str(waiting)) < done.stdout.index(str(given_up))  # newest first


async def test_a_program_sees_everything_but_secret_and_body(office: Office) -> None:
    delivery_id = await office.announce(office.camera, (DeliveryStatus.WAITING, "503 Service Unavailable"))
    [told] = await office.listed()
    moments = {name: told.pop(name) for name in ("createdAt", "lastAttemptAt", "nextAttemptAt", "endedAt")}
    assert told == {
        "id": str(delivery_id),
        "event": "job_ended",
        "organization": "acme",
        "application": "camera",
        "jobId": None,
        "url": "https://a.example/hook",
        "status": "waiting",
        "attempts": 1,
        "lastAnswer": "503 Service Unavailable",
    }
    assert moments["endedAt"] is None
    assert moments["createdAt"] < moments["lastAttemptAt"] < moments["nextAttemptAt"]


async def test_the_list_can_be_narrowed(office: Office) -> None:
    job_id = uuid4()
    async with office.database.transaction() as db:
        await db.execute(
            "INSERT INTO job (id, organization_id, application_id, kind, status)"
            " VALUES (%s, %s, %s, 'recognize', 'in_progress')",
            [job_id, office.camera.organization_id, office.camera.id],
        )
    of_job = await office.announce(office.camera, job_id=job_id)
    delivered = await office.announce(office.camera, (DeliveryStatus.DELIVERED, "200 OK"))
    given_up = await office.announce(office.door, (DeliveryStatus.GIVEN_UP, "410 Gone"))
    filters: list[tuple[dict[str, Any], list[UUID]]] = [
        ({}, [given_up, delivered, of_job]),
        ({"limit": 2}, [given_up, delivered]),
        ({"organization": "acme"}, [delivered, of_job]),
        ({"organization": "acme", "status": DeliveryStatus.DELIVERED}, [delivered]),
        ({"status": DeliveryStatus.GIVEN_UP}, [given_up]),
        ({"job_id": job_id}, [of_job]),
        ({"organization": "nobody"}, []),
    ]
    async with office.database.transaction() as db:
        for asked, expected in filters:
            assert [each.id for each in await deliveries.list_newest(db, **asked)] == expected, asked
    options = ("--org", "acme", "--status", "waiting", "--job", str(job_id), "--limit", "5")
    assert [each["id"] for each in await office.listed(*options)] == [str(of_job)]
    assert (await office.run("list", "--status", "lost")).returncode == 2


async def test_named_deliveries_are_sent_again(office: Office) -> None:
    given_up = await office.announce(office.camera, (DeliveryStatus.GIVEN_UP, "410 Gone"))
    other = await office.announce(office.camera, (DeliveryStatus.GIVEN_UP, "410 Gone"))
    queued = await office.queued()
    done = await office.run("retry", str(given_up))
    assert (done.returncode, done.stdout) == (0, "1 delivery is sent again.\n")
    delivery = await office.look(given_up)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, 0)
    assert (await office.look(other)).status == DeliveryStatus.GIVEN_UP
    assert await office.queued() == queued + 1


async def test_all_that_were_given_up_are_sent_again_and_nothing_else_is(office: Office) -> None:
    given_up = [await office.announce(each, (DeliveryStatus.GIVEN_UP, "500")) for each in (office.camera, office.door)]
    delivered = await office.announce(office.camera, (DeliveryStatus.DELIVERED, "200 OK"))
    waiting = await office.announce(office.camera, (DeliveryStatus.WAITING, "500"))
    before = await office.look(waiting)
    done = await office.run("retry", "--all")
    assert (done.returncode, done.stdout) == (0, "2 deliveries are sent again.\n")
    assert {(await office.look(each)).status for each in given_up} == {DeliveryStatus.WAITING}
    assert (await office.look(delivered)).status == DeliveryStatus.DELIVERED
    assert await office.look(waiting) == before


async def test_what_cannot_be_sent_again_is_said_and_changes_nothing(office: Office) -> None:
    delivered = await office.announce(office.camera, (DeliveryStatus.DELIVERED, "200 OK"))
    given_up = await office.announce(office.camera, (DeliveryStatus.GIVEN_UP, "410 Gone"))
    for arguments, complaint in (
        ((str(given_up), str(delivered)), f"Delivery {delivered} has arrived and is not sent again."),
        ((str(given_up), "--all"), "Name the deliveries"),
    ):
        done = await office.run("retry", *arguments)
        assert done.returncode == 1
        assert complaint in done.stderr
    assert (await office.look(given_up)).status == DeliveryStatus.GIVEN_UP
