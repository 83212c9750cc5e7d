"""Fixtures for every kind of test. Real parts only: PostgreSQL, HTTP, models, pictures."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest

from support.client import Client
from support.server import Server
from visavis.store.database import Database
from visavis.store.embedded import EmbeddedPostgres
from visavis.store.migrations import migrate

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this test run; the address of a database with the newest schema, to be copied."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data")
    url = embedded.start()
    migrate(url)
    yield url
    embedded.stop()


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    """An empty database of this test's own."""
    name = f"test_{next(_numbers)}"
    server = postgres.replace("/visavis?", "/postgres?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE visavis')
    database = Database(postgres.replace("/visavis?", f"/{name}?"))
    await database.open()
    yield database
    await database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests share; each brings organisations of its own."""
    running = Server(tmp_path_factory.mktemp("server") / "home", workers=1)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def make_client(server: Server) -> Iterator[Callable[..., Client]]:
    """Clients of the shared server, each in an organisation that no other test has, unless one is named."""
    clients: list[Client] = []

    def make(organization: str | None = None, *options: str) -> Client:
        number = next(_numbers)
        credentials = server.create_app(organization or f"acme-{number}", f"app-{number}", *options)
        clients.append(Client(server.base_url, credentials))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def ada(make_client: Callable[..., Client]) -> Client:
    """A client in an organisation of this test's own."""
    return make_client()


@pytest.fixture
def mallory(make_client: Callable[..., Client]) -> Client:
    """A client of another organisation, who must see nothing."""
    return make_client()
