"""Clients whose every answer is held to the contract. Signing up takes a second, so that tests share them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from support.contract import ContractClient
from support.picture_host import PictureHost
from support.server import Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sign_up(server: Server) -> Iterator[Callable[..., ContractClient]]:
    """Makes an application of an organisation and signs it in."""
    clients: list[ContractClient] = []

    def make(organization: str, *options: str) -> ContractClient:
        credentials = server.create_app(organization, f"contract-{next(_numbers)}", *options)
        clients.append(ContractClient(server.base_url, credentials))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def ada(sign_up: Callable[..., ContractClient]) -> ContractClient:
    """A client that may do everything; each test works in a namespace of its own."""
    return sign_up("contract-acme")


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test has."""
    return f"place-{next(_numbers)}"


@pytest.fixture(scope="module")
def shared_namespace() -> str:
    """A namespace that the tests of one module share."""
    return f"shared-{next(_numbers)}"


@pytest.fixture(scope="session")
def picture_host() -> Iterator[PictureHost]:
    """Somebody else's web server."""
    with PictureHost() as host:
        yield host


@pytest.fixture(scope="session")
def trusting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may call private addresses, such as those of the picture host and of webhook receivers."""
    server = Server(tmp_path_factory.mktemp("trusting") / "home", workers=1, allow_private_urls="1")
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="session")
def trusting(trusting_server: Server) -> Iterator[ContractClient]:
    """A client of it."""
    with ContractClient(trusting_server.base_url, trusting_server.create_app("acme", "ada")) as client:
        yield client
