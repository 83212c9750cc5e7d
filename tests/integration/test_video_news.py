"""What addresses are told of files: in the transaction that causes it, in order, and of an erased file only that."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from support import films
from support.video_bench import VideoBench, open_video_bench
from visavis.faces import FaceEngine
from visavis.jobs.queue import VideoTask
from visavis.store import video_webhooks
from visavis.store.database import Database
from visavis.video_records import Collection, Sampling, VideoFile

FILE_EVENTS = [f"file.job.{what}" for what in ("processing", "completed", "failed", "deleted")]
MEMBER_EVENTS = [f"collection.{event}" for event in FILE_EVENTS]


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[VideoBench]:
    async with open_video_bench(database, engine, tmp_path / "blobs") as parts:
        yield parts


async def register(bench: VideoBench, *events: str) -> UUID:
    """An address that wants to hear of some events; of all, if none is named."""
    async with bench.database.transaction() as db:
        webhook = await video_webhooks.add(
            db,
            bench.application,
            endpoint="https://a.example/hook",
            secret="s",
            description=None,
            events=events or [*FILE_EVENTS, *MEMBER_EVENTS],
        )
    return webhook.id


async def told(bench: VideoBench) -> list[tuple[str, str]]:
    """The event and the status of each delivery, the oldest first; each waits in the queue, too."""
    rows = await bench.rows("SELECT id, event, body FROM delivery ORDER BY created_at, id")
    queued = await bench.rows("SELECT args->>'delivery_id' FROM procrastinate_jobs WHERE task_name = 'delivery'")
    assert {str(row[0]) for row in rows} <= {row[0] for row in queued}
    bodies = [json.loads(bytes(row[2])) for row in rows]
    return [(body["event_type"], body["payload"]["status"]) for body in bodies]


async def put_into_collection(bench: VideoBench, file: VideoFile, name: str = "door") -> Collection:
    async with bench.database.transaction() as db:
        collection = await bench.collecting.create(
            db, bench.application.organization_id, name=name, description=None, sampling=Sampling(1)
        )
        await bench.collecting.add(db, collection, file)
    return collection


async def test_a_file_is_told_of_when_it_begins_and_when_it_ends(bench: VideoBench) -> None:
    await register(bench)
    await bench.upload(films.film())
    assert await told(bench) == []
    [entry] = await bench.take(VideoTask.FILE)
    for _ in range(2):
        await bench.work.run(entry)
        assert await told(bench) == [("file.job.processing", "processing"), ("file.job.completed", "completed")]


async def test_a_file_that_cannot_be_used_is_told_of_with_the_reason(bench: VideoBench) -> None:
    await register(bench)
    await bench.film(b"no video")
    assert await told(bench) == [("file.job.processing", "processing"), ("file.job.failed", "failed")]
    [(body,)] = await bench.rows("SELECT body FROM delivery WHERE event = 'file_failed'")
    assert json.loads(bytes(body))["payload"]["error"] == "The file is no video of a supported format."


async def test_only_what_an_address_wants_to_hear_is_told_and_only_while_it_is_in_use(bench: VideoBench) -> None:
    wants_ends = await register(bench, "file.job.completed")
    switched_off = await register(bench)
    await bench.execute("UPDATE video_webhook SET is_active = false WHERE id = %s", switched_off)
    await bench.film(films.film())
    assert await bench.rows("SELECT video_webhook_id, event FROM delivery") == [(wants_ends, "file_completed")]


async def test_a_file_in_a_collection_is_told_of_as_its_faces_are_found(bench: VideoBench) -> None:
    await register(bench, *MEMBER_EVENTS)
    file = await bench.upload(films.film())
    await put_into_collection(bench, file)
    assert await told(bench) == []
    await bench.run_all(VideoTask.FILE)
    begun = [("collection.file.job.processing", "processing")]
    assert await told(bench) == begun
    entries = await bench.take(VideoTask.FRAMES)
    for _ in range(2):
        for entry in entries:
            await bench.work.run(entry)
        assert await told(bench) == [*begun, ("collection.file.job.completed", "completed")]


async def test_a_file_that_is_there_begins_in_its_collection_at_once(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    await register(bench)
    await put_into_collection(bench, file)
    assert await told(bench) == [("collection.file.job.processing", "processing")]


async def test_a_file_whose_faces_cannot_be_found_has_failed_in_its_collection(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    await register(bench)
    await put_into_collection(bench, file)
    for entry in await bench.take(VideoTask.FRAMES):
        await bench.give_up(entry)
    assert (await told(bench))[-1] == ("collection.file.job.failed", "failed")


async def test_a_file_that_fails_is_told_of_in_its_collection_as_well(bench: VideoBench) -> None:
    await register(bench)
    await put_into_collection(bench, await bench.upload(b"no video"))
    await bench.run_all()
    assert [event for event, _ in await told(bench)] == [
        "file.job.processing",
        "file.job.failed",
        "collection.file.job.failed",
    ]


async def test_of_an_erased_file_nothing_is_told_but_that_it_is_gone(bench: VideoBench) -> None:
    await register(bench)
    other = await bench.film(films.film())
    file = await bench.film(films.film())
    await put_into_collection(bench, file)
    await put_into_collection(bench, file, "gate")
    await bench.run_all(VideoTask.FRAMES)
    assert len(await told(bench)) == 8
    async with bench.database.transaction() as db:
        await bench.erasure.file(db, file)
    await bench.run_all()
    assert [event for event, _ in await told(bench)] == [
        "file.job.processing",
        "file.job.completed",
        "collection.file.job.deleted",
        "collection.file.job.deleted",
        "file.job.deleted",
    ]
    of_other = await bench.rows("SELECT file_id FROM delivery WHERE file_id IS NOT NULL")
    assert of_other == [(other.id,), (other.id,)]
    bodies = [json.loads(bytes(row[0])) for row in await bench.rows("SELECT body FROM delivery WHERE file_id IS NULL")]
    assert {body["payload"]["file_id"] for body in bodies} == {str(file.id)}
    assert len({body["event_id"] for body in bodies}) == 3


async def test_a_file_that_leaves_its_collection_is_told_of(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    collection = await put_into_collection(bench, file)
    await bench.run_all()
    await register(bench)
    async with bench.database.transaction() as db:
        member = await bench.collecting.add(db, collection, file)
        await bench.collecting.remove(db, collection, member)
    assert [event for event, _ in await told(bench)] == ["collection.file.job.deleted"]


async def test_what_is_not_committed_is_not_told(bench: VideoBench) -> None:
    await register(bench)
    file = await bench.upload(films.film())

    async def erase_half() -> None:
        async with bench.database.transaction() as db:
            await bench.erasure.file(db, file)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await erase_half()
    assert await told(bench) == []


async def test_nobody_of_another_organisation_hears_of_a_file(bench: VideoBench) -> None:
    webhook = await register(bench)
    await bench.execute("INSERT INTO organization (id, name) SELECT gen_random_uuid(), 'globex'")
    await bench.execute(
        "UPDATE video_webhook SET organization_id = (SELECT id FROM organization WHERE name = 'globex') WHERE id = %s",
        webhook,
    )
    await bench.film(films.film())
    assert await told(bench) == []
