"""``visavis doctor``: healthy, ill, and beside itself."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest

from support.server import Server
from visavis.cli import main
from visavis.cli.checks import database
from visavis.cli.hiding import without_secrets
from visavis.settings import Settings

Doctor = Callable[..., tuple[int | str | None, str]]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """The command over a fresh home: its exit code and what it prints."""
    for name in [name for name in os.environ if name.startswith("VISAVIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "home"))

    def run(**settings: str) -> tuple[int | str | None, str]:
        for name, value in settings.items():
            monkeypatch.setenv(f"VISAVIS_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["visavis", "doctor"])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out + err

    return run


def test_a_running_server_is_well_and_stays_so(server: Server) -> None:
    before = sorted(path.name for path in (server.home / "blobs").iterdir())
    answer = server.run("doctor", check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    words = " ".join(answer.stdout.replace("│", " ").split())
    assert "All is well" in words
    assert "embedded, connects" in words
    assert "up to date" in words
    assert "writes, reads" in words
    assert "one face found" in words
    assert sorted(path.name for path in (server.home / "blobs").iterdir()) == before
    assert httpx.get(f"{server.base_url}/readyz").status_code == 200  # its database still runs


def test_a_fresh_home_is_well_and_stays_empty(doctor: Doctor, tmp_path: Path) -> None:
    code, told = doctor(databse_url="postgresql://localhost/visavis")
    assert code == 0, told
    assert told.count("will be made at the first start") == 2
    assert "VISAVIS_DATABSE_URL: no such setting" in told  # a note, no problem
    assert not (tmp_path / "home").exists()


def test_a_database_that_is_down_is_told_with_the_cure_and_without_the_password(doctor: Doctor) -> None:
    code, told = doctor(database_url="postgresql://ada:hush-hush@127.0.0.1:9/visavis")
    assert code == 1
    assert "does not connect" in told
    assert "Start the database, or correct VISAVIS_DATABASE_URL" in told
    assert "postgresql://ada:***@127.0.0.1:9/visavis" in told
    assert "hush-hush" not in told
    assert "1 problem." in told  # the other checks went on


def test_a_setting_that_makes_no_sense_is_named_and_the_rest_looked_at(doctor: Doctor) -> None:
    code, told = doctor(backend="tensorrt")
    assert code == 1
    assert "VISAVIS_BACKEND" in told
    assert "Correct or unset the variable" in told
    assert "digests right" in told


def test_a_storage_and_a_pack_that_are_not_there_are_two_problems(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, told = doctor(storage_url=(tmp_path / "file").as_uri(), model_pack=str(tmp_path / "pack"))
    assert code == 1
    assert "2 problems." in told
    assert "pack.json" in told


def test_a_schema_that_is_too_old_or_too_new_is_told(postgres: str) -> None:
    name = f"doctor_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.replace("/visavis?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = postgres.replace("/visavis?", f"/{name}?")
    [connects, pgvector, schema] = database(Settings(database_url=url))
    assert connects.state == pgvector.state == schema.state == "ok"
    assert "will be switched on at the first start" in pgvector.found
    assert "will be made at the first start" in schema.found
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)  # nothing was migrated
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        for revision, state in (("0000", "note"), ("9999", "problem")):
            connection.execute("DELETE FROM alembic_version")
            connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])
            assert [finding.state for finding in database(Settings(database_url=url))][2] == state


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/srv/visavis", "/srv/visavis"),
        ("postgresql://ada:p%40ss@db:5432/faces", "postgresql://ada:***@db:5432/faces"),
        ("postgresql://ada@db/faces", "postgresql://ada@db/faces"),
        # libpq also takes it as a parameter
        (
            "postgresql:///faces?host=/run/pg&user=ada&password=hush",
            "postgresql:///faces?host=/run/pg&user=ada&password=***",
        ),
        ("postgresql://ada:hush@[::1/faces", "postgresql://***"),  # not even an address
        ("https://ada:hush@models.example/pack.json?token=x", "https://ada:***@models.example/pack.json?token=***"),
    ],
)
def test_no_secret_is_shown(value: str, shown: str) -> None:
    assert without_secrets(value) == shown
