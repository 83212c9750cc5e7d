"""An HTTP transport that connects only to addresses it has checked."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import httpx

from visavis.errors import AddressRefused, FetchFailed
from visavis.media.addresses import AddressPolicy, IPAddress, literal_address
from visavis.media.resolvers import Resolver, SystemResolver

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")  # after IDNA; a resolver gets nothing else to interpret
_MAX_ATTEMPTS: Final = 4  # addresses of one host that are tried in turn


class PinnedTransport(httpx.AsyncBaseTransport):
    """Resolve once, check every answer, connect to what was checked.

    The host of the request is replaced by an address, so that nothing below can look the name up again and
    be told something else. The Host header, the TLS server name and the name that the certificate must carry
    stay those of the URL. Connections are not kept: a kept one would serve another host name at the same
    address under the certificate of the first.

    It judges single requests. Who follows redirects sends each of them through here.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._resolver = SystemResolver() if resolver is None else resolver
        self._inner = httpx.AsyncHTTPTransport(
            verify=httpx.create_ssl_context(trust_env=False) if ssl_context is None else ssl_context,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            AddressRefused: scheme, credentials, port or one of the addresses is not permitted.
            FetchFailed: there is no such host.
            httpx.TransportError: as any transport.
        """
        failure: httpx.TransportError | None = None
        for address in (await self._checked_addresses(request.url))[:_MAX_ATTEMPTS]:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or FetchFailed("The host name has no address.")

    async def _checked_addresses(self, url: httpx.URL) -> Sequence[IPAddress]:
        default_port = _DEFAULT_PORTS.get(url.scheme)
        if default_port is None or not url.raw_host:
            raise AddressRefused("Only http and https addresses are fetched.")
        if url.userinfo:
            raise AddressRefused("URLs with a user name or password are not fetched.")
        if not self._policy.permits_port(default_port if url.port is None else url.port):
            raise AddressRefused("The URL leads to a port that we do not call.")
        host = url.raw_host.decode("ascii")
        literal = literal_address(host)
        if literal is None and not _NAME.fullmatch(host):
            raise AddressRefused("The host name is malformed.")
        addresses = await self._resolver.resolve(host) if literal is None else (literal,)
        # one bad answer spoils all: a name for both sides of the wall is an attack or an accident
        if not all(self._policy.permits(address) for address in addresses):
            raise AddressRefused()
        return addresses

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._inner.__aexit__(exc_type, exc_value, traceback)


def _pinned(request: httpx.Request, address: IPAddress) -> httpx.Request:
    name = request.url.raw_host.decode("ascii").removesuffix(".")
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,  # with the Host of the URL
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )
