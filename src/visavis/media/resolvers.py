"""Host names to addresses: the system's way, and a fixed table for tests."""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Protocol

import anyio
import anyio.to_thread

from visavis.media.addresses import IPAddress


class Resolver(Protocol):
    """Looks up a host name."""

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        """All its addresses, best first; none if there is no such name. Never a literal address."""
        ...


class SystemResolver:
    """What the operating system answers: hosts file, DNS, both address families."""

    def __init__(self, max_lookups: int = 32) -> None:
        # its own limit, so that slow name servers do not starve whatever else runs in threads
        self._limiter = anyio.CapacityLimiter(max_lookups)

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        look_up = functools.partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        try:
            answers = await anyio.to_thread.run_sync(look_up, abandon_on_cancel=True, limiter=self._limiter)
        except (OSError, UnicodeError):  # no such name; a label that is too long
            return ()
        return tuple(dict.fromkeys(ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in answers))


class StaticResolver:
    """A fixed table; remembers in ``lookups`` what it was asked."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self._addresses = {
            host: tuple(ipaddress.ip_address(text) for text in texts) for host, texts in addresses.items()
        }
        self.lookups: list[str] = []

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        self.lookups.append(host)
        return self._addresses.get(host, ())
