"""Clients of the Streamline dialect. Signing up takes a second, so that tests share them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from support.server import Server
from support.streamline import StreamlineClient

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sign_up(server: Server) -> Iterator[Callable[..., StreamlineClient]]:
    """Makes an application of an organisation and signs it in."""
    clients: list[StreamlineClient] = []

    def make(organization: str, *options: str) -> StreamlineClient:
        credentials = server.create_app(organization, f"streamline-{next(_numbers)}", *options)
        clients.append(StreamlineClient(server.base_url, credentials))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def bank(sign_up: Callable[..., StreamlineClient]) -> StreamlineClient:
    """A client that may do everything."""
    return sign_up("bank")
