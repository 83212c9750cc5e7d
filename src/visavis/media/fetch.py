"""Fetching what a stranger's URL points to, without being led astray."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import anyio
import httpx

from visavis.errors import AddressRefused, FetchError, FetchFailed, FetchTimeout, FetchTooLarge
from visavis.media.addresses import AddressPolicy, IPNetwork
from visavis.media.resolvers import Resolver
from visavis.media.transport import PinnedTransport

MIB: Final = 1024 * 1024

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer."""

    data: bytes
    media_type: str | None  # as the server says, without parameters; not to be trusted
    url: str  # after redirects


@dataclass(frozen=True, slots=True)
class Passed:
    """An answer whose body went elsewhere."""

    size_bytes: int
    media_type: str | None  # as the server says, without parameters; not to be trusted
    url: str  # after redirects


Sink = Callable[[bytes], Awaitable[None]]


@contextmanager
def calling(timeout_s: float) -> Iterator[None]:
    """A block that calls a stranger's address: ended when its time is up; what goes wrong is a ``FetchError``."""
    try:
        with anyio.fail_after(timeout_s):
            yield
    except FetchError:
        raise
    except httpx.InvalidURL as error:
        raise AddressRefused("The URL is malformed.") from error
    except (TimeoutError, httpx.TimeoutException) as error:
        raise FetchTimeout(f"The address did not answer within {timeout_s:g} s.") from error
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise FetchFailed("The address could not be reached.") from error


def io_timeouts(timeout_s: float) -> dict[str, float | None]:
    """Limits of a request's single steps, for its ``extensions``."""
    # a dead address may not use up the time that the next one of the same host needs
    return httpx.Timeout(timeout_s, connect=timeout_s / 2).as_dict()


class Fetcher:
    """Gets the bytes behind http and https URLs; build one and share it.

    Nothing of one fetch reaches another: no cookies, no kept connections, no credentials; proxies
    and .netrc of the environment are ignored. ``docs/media.md`` has the rules for addresses.

    Args:
        timeout_s: for a fetch as a whole, redirects and name lookups included.
        max_bytes: of the body.
        max_redirects: followed one after the other, each under the same rules.
        allow_private: call any address and port.
        allowed_networks: ranges to call although they are not public.
        resolver: looks up host names; None: the operating system.
        ssl_context: whom to trust; None: the usual certificate authorities.
    """

    def __init__(
        self,
        timeout_s: float = 10.0,
        max_bytes: int = 20 * MIB,
        max_redirects: int = 5,
        allow_private: bool = False,
        *,
        allowed_networks: Sequence[IPNetwork] = (),
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        user_agent: str = "visavis",
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._headers = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        policy = AddressPolicy(allow_private, tuple(allowed_networks))
        self._transport = PinnedTransport(policy, resolver, ssl_context)

    async def fetch(self, url: str) -> Fetched:
        """The body behind a URL, redirects followed.

        Raises:
            AddressRefused: the URL or one that it redirects to is not for us to call.
            FetchTooLarge: the body is larger than ``max_bytes``.
            FetchTimeout: not finished within ``timeout_s``, however steadily it drips.
            FetchFailed: no such host, no connection, bad certificate, too many redirects, a status
                other than 2xx, a compressed body.
        """
        body = bytearray()

        async def keep(chunk: bytes) -> None:
            body.extend(chunk)

        passed = await self.fetch_to(url, keep, max_bytes=self._max_bytes, timeout_s=self._timeout_s)
        return Fetched(bytes(body), passed.media_type, passed.url)

    async def fetch_to(self, url: str, sink: Sink, *, max_bytes: int, timeout_s: float) -> Passed:
        """Pass the body behind a URL on piece by piece, redirects followed, under the rules of ``fetch``.

        The time that ``sink`` takes counts. When this raises, it may have had a part of the body. What ``sink`` raises
        comes through; an OSError of it counts as the connection's.

        Args:
            sink: gets each piece in turn.
            max_bytes: of the body, instead of the fetcher's.
            timeout_s: for the whole, instead of the fetcher's.
        Raises:
            AddressRefused, FetchTooLarge, FetchTimeout, FetchFailed: as ``fetch``.
        """
        with calling(timeout_s):
            return await self._follow(httpx.URL(url), sink, max_bytes, io_timeouts(timeout_s))

    async def _follow(self, url: httpx.URL, sink: Sink, max_bytes: int, timeouts: dict[str, float | None]) -> Passed:
        for _ in range(self._max_redirects + 1):
            request = httpx.Request("GET", url, headers=self._headers, extensions={"timeout": timeouts})
            # the bare transport: a client would keep cookies and look at the environment
            response = await self._transport.handle_async_request(request)
            try:
                if response.status_code not in _REDIRECTS:
                    return Passed(await _pass_on(response, sink, max_bytes), _media_type(response), str(url))
                if "location" not in response.headers:
                    raise FetchFailed("The server redirects to nowhere.")
                url = url.join(response.headers["location"])
            finally:
                await response.aclose()
        raise FetchFailed(f"The server redirects more than {self._max_redirects} times.")

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


async def _pass_on(response: httpx.Response, sink: Sink, max_bytes: int) -> int:
    """Hand the body over; its size."""
    if not response.is_success:
        raise FetchFailed(f"The server answered with status {response.status_code}.")
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        # it was asked not to; what unpacks to any size is not worth a second limit
        raise FetchFailed("The server compressed its answer, which it was asked not to.")
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    size_bytes = 0
    async for chunk in response.aiter_raw():
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise _too_large(max_bytes)
        await sink(chunk)
    return size_bytes


def _too_large(max_bytes: int) -> FetchTooLarge:
    return FetchTooLarge(f"The answer has more than {max_bytes} bytes.")


def _media_type(response: httpx.Response) -> str | None:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower() or None
