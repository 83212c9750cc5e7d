"""The embedded PostgreSQL, migrations, transactions and blobs."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import psycopg
import pytest

from visavis.errors import NotFound, StorageError
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.store.embedded import EmbeddedPostgres
from visavis.store.migrations import migrate, schema_revisions


def start_migrate_and_stop(folder: Path) -> None:
    embedded = EmbeddedPostgres(folder)
    migrate(embedded.start())
    embedded.stop()


def test_processes_that_start_together_on_a_fresh_home_share_one_server(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=start_migrate_and_stop, args=(tmp_path / "home" / "postgres",)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_the_embedded_server_takes_the_workers_of_a_large_machine(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        row = connection.execute("SHOW max_connections").fetchone()
    assert row == ("600",)


def test_migrating_twice_changes_nothing(postgres: str) -> None:
    before = schema_revisions(postgres)
    migrate(postgres)
    assert schema_revisions(postgres) == before
    assert before[0] == before[1] is not None


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    async def fail_halfway() -> None:
        async with database.transaction() as db:
            await db.execute("INSERT INTO signing_key (purpose, secret) VALUES ('test', 'x')")
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail_halfway()
    async with database.transaction() as db:
        cursor = await db.execute("SELECT count(*) FROM signing_key")
        assert await cursor.fetchone() == (0,)


async def test_a_lost_connection_is_replaced(database: Database) -> None:
    async with database.transaction() as db:
        cursor = await db.execute("SELECT pg_backend_pid()")
        row = await cursor.fetchone()
        assert row is not None
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [row[0]])
    await database.ping()


async def test_a_database_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    database = Database(f"postgresql:///visavis?host={tmp_path}", connect_timeout_s=1)
    with pytest.raises(StorageError, match="does not answer"):
        await database.open()


async def test_blobs_come_back_as_they_were_put(tmp_path: Path) -> None:
    blobs = Blobs((tmp_path / "blobs").as_uri())
    await blobs.ping()
    await blobs.put("acme/job/picture", b"first")
    await blobs.put("acme/job/picture", b"second")
    assert await blobs.get("acme/job/picture") == b"second"
    assert [entry.key async for entry in blobs.entries("acme")] == ["acme/job/picture"]
    await blobs.delete(["acme/job/picture", "acme/job/never-there"])
    with pytest.raises(NotFound):
        await blobs.get("acme/job/picture")


def test_nobody_else_can_enter_the_folder_of_blobs(tmp_path: Path) -> None:
    Blobs((tmp_path / "home" / "blobs").as_uri())
    assert (tmp_path / "home" / "blobs").stat().st_mode & 0o077 == 0
