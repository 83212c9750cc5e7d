"""The poster against real servers on the loopback.

127.0.0.2 plays the internet, by ``allowed_networks``; 127.0.0.1 plays the inner network.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest

from visavis.errors import AddressRefused, FetchError, FetchFailed, FetchTimeout
from visavis.media.post import Answer, Poster
from visavis.media.resolvers import StaticResolver

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
NAMES = {"public.test": [OUTSIDE], "private.test": [INSIDE], "two.test": ["127.0.0.3", OUTSIDE]}
HEADERS = {"Content-Type": "application/json", "X-Odd": "a, b"}


@dataclass
class Server:
    """Remembers what it was sent: heads and bodies."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: bytes | Serve, host: str = OUTSIDE) -> AsyncIterator[Server]:
    server = Server()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            server.heads.append(head)
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            server.bodies.append(await reader.readexactly(length))
            if isinstance(answer, bytes):
                writer.write(answer.replace(b"PORT", str(server.port).encode()))
                await writer.drain()
            else:
                await answer(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(handle, host, 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


def outside_poster(**options: Any) -> Poster:
    options = {"allowed_networks": [ip_network("127.0.0.2/31")], "resolver": StaticResolver(NAMES)} | options
    return Poster(**{"timeout_s": 5.0, **options})


async def test_the_body_and_the_headers_arrive_as_they_are() -> None:
    body = bytes(range(256)) * 1000
    async with serving(b"HTTP/1.1 204 All Fine\r\n\r\n") as server, outside_poster() as poster:
        answer = await poster.post(f"http://public.test:{server.port}/hook?a=%20b", body, HEADERS)
    assert answer == Answer(204, "All Fine")
    assert answer.is_success
    assert server.bodies == [body]
    [head] = server.heads
    assert head.startswith("post /hook?a=%20b http/1.1\r\n")
    for line in (f"host: public.test:{server.port}", "content-type: application/json", "x-odd: a, b"):
        assert f"\r\n{line}\r\n" in head


async def test_nothing_of_one_call_and_nothing_of_the_environment_reaches_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with serving(answer, INSIDE) as proxy, serving(answer) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{INSIDE}:{proxy.port}")
        async with outside_poster() as poster:
            for _ in range(2):
                await poster.post(f"http://public.test:{server.port}/", b"{}", {})
    assert proxy.heads == []
    assert len(server.heads) == 2
    assert "cookie" not in server.heads[1]


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See", b"307 Temporary", b"308 Permanent"])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: bytes) -> None:
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n") as target:
        location = f"http://public.test:{target.port}/".encode()
        redirect = b"HTTP/1.1 " + status + b"\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
        async with serving(redirect) as server, outside_poster() as poster:
            answer = await poster.post(f"http://public.test:{server.port}/", b"{}", HEADERS)
    assert answer.status == int(status[:3])
    assert not answer.is_success
    assert target.heads == []


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000000\r\n\r\nabc",  # less than announced
        b"Content-Length: 1\r\n\r\nabc",  # more
        b"Content-Length: 99999999999999\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"Content-Encoding: gzip\r\n\r\nno gzip",
        b"\r\n",
    ],
    ids=repr,
)
async def test_an_answer_that_lies_about_its_body_is_an_answer(rest: bytes) -> None:
    async with serving(b"HTTP/1.1 200 OK\r\n" + rest) as server, outside_poster() as poster:
        assert (await poster.post(f"http://public.test:{server.port}/", b"{}", HEADERS)).is_success


async def test_an_endless_body_is_not_read() -> None:
    hung_up = asyncio.Event()

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        finally:
            hung_up.set()

    async with serving(serve) as server, outside_poster() as poster:
        assert (await poster.post(f"http://public.test:{server.port}/", b"{}", HEADERS)).is_success
        await asyncio.wait_for(hung_up.wait(), 5)


async def test_a_dripping_body_is_not_waited_for() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(serve) as server, outside_poster() as poster:
        started = time.monotonic()
        assert (await poster.post(f"http://public.test:{server.port}/", b"{}", HEADERS)).is_success
        assert time.monotonic() - started < 2


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def promise(writer: asyncio.StreamWriter) -> None:
    while True:  # interim answers, for ever
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("serve", [hang, drip, promise])
async def test_an_answer_must_come_in_time(serve: Serve) -> None:
    async with serving(serve) as server, outside_poster(timeout_s=0.3) as poster:
        started = time.monotonic()
        with pytest.raises(FetchTimeout, match=r"within 0\.3 s") as caught:
            await poster.post(f"http://public.test:{server.port}/", b"{}", HEADERS)
        assert time.monotonic() - started < 2
    assert caught.value.retry


@pytest.mark.parametrize(
    "url",
    [
        "http://private.test/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://public.test:22/",
        "http://ada:secret@public.test/",
        "ftp://public.test/",
        "/hook",
        "",
        "http://public.test:port/",
    ],
)
async def test_these_urls_are_refused_for_good(url: str) -> None:
    async with outside_poster() as poster:
        with pytest.raises(AddressRefused) as caught:
            await poster.post(url, b"{}", HEADERS)
    assert not caught.value.retry


async def test_private_addresses_are_called_when_allowed() -> None:
    poster = Poster(allow_private=True, resolver=StaticResolver(NAMES))
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n", INSIDE) as server, poster:
        assert (await poster.post(f"http://private.test:{server.port}/", b"{}", HEADERS)).is_success


async def test_the_next_address_is_tried_when_one_is_dead_and_one_call_arrives() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n") as server, outside_poster() as poster:
        assert (await poster.post(f"http://two.test:{server.port}/", b"{}", HEADERS)).is_success
    assert server.bodies == [b"{}"]


@pytest.mark.parametrize(
    "data",
    [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000 + b"\r\n\r\n"],
    ids=lambda data: repr(data[:20]),
)
async def test_what_is_no_http_is_a_failure_that_may_pass(data: bytes) -> None:
    async with serving(data) as server, outside_poster() as poster:
        with pytest.raises(FetchFailed) as caught:
            await poster.post(f"http://public.test:{server.port}/", b"{}", HEADERS)
    assert caught.value.retry


async def test_nobody_listening_and_no_such_host_are_failures_that_may_pass() -> None:
    async with serving(b"") as server:
        port = server.port
    async with outside_poster() as poster:
        for host in ("public.test", "unknown.test"):
            with pytest.raises(FetchError) as caught:
                await poster.post(f"http://{host}:{port}/", b"{}", HEADERS)
            assert caught.value.retry
            assert OUTSIDE not in caught.value.message
