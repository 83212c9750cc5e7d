"""Clients whose every answer is held to the contract. Signing up takes a second, so that tests share them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from support.contract import ContractClient
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
