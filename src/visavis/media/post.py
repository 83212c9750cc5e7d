"""Posting to an address that a stranger named, under the rules for fetching from one."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from visavis.media.addresses import AddressPolicy, IPNetwork
from visavis.media.fetch import calling, io_timeouts
from visavis.media.resolvers import Resolver
from visavis.media.transport import PinnedTransport


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said. ``reason`` is its own text, and may be empty."""

    status: int
    reason: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Poster:
    """Posts to http and https URLs; build one and share it.

    Like ``Fetcher``, nothing of one call reaches another and the environment is ignored. Only the first line of the
    answer counts: its body may be endless or shorter than announced and is never read, and a redirect is an answer.

    Args:
        timeout_s: for a call as a whole, name lookups included.
        allow_private: call any address and port.
        allowed_networks: ranges to call although they are not public.
        resolver: looks up host names; None: the operating system.
        ssl_context: whom to trust; None: the usual certificate authorities.
    """

    def __init__(
        self,
        timeout_s: float = 10.0,
        allow_private: bool = False,
        *,
        allowed_networks: Sequence[IPNetwork] = (),
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        policy = AddressPolicy(allow_private, tuple(allowed_networks))
        self._transport = PinnedTransport(policy, resolver, ssl_context)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body once, and hear what becomes of it.

        Raises:
            AddressRefused: the URL is not for us to call.
            FetchTimeout: no answer within ``timeout_s``.
            FetchFailed: no such host, no connection, bad certificate, an answer that is not HTTP.
        """
        with calling(self._timeout_s):
            extensions = {"timeout": io_timeouts(self._timeout_s)}
            request = httpx.Request("POST", httpx.URL(url), headers=headers, content=body, extensions=extensions)
            response = await self._transport.handle_async_request(request)
            await response.aclose()
            return Answer(response.status_code, response.reason_phrase)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()
