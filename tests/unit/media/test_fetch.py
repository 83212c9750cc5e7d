"""The fetcher against real servers on the loopback.

127.0.0.2 plays the internet, by ``allowed_networks``; 127.0.0.1 plays the inner network.
"""

from __future__ import annotations

import asyncio
import datetime
import gzip
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import httpx
import pytest

from visavis.errors import AddressRefused, FetchError, FetchFailed, FetchTimeout, FetchTooLarge, StorageError
from visavis.media.addresses import AddressPolicy, IPAddress
from visavis.media.fetch import Fetcher
from visavis.media.resolvers import StaticResolver, SystemResolver
from visavis.media.transport import PinnedTransport

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
NAMES = {"public.test": [OUTSIDE], "private.test": [INSIDE], "both.test": [OUTSIDE, INSIDE]}


@dataclass
class Server:
    """Answers every request with the same bytes, or as ``serve`` does; remembers the requests."""

    port: int = 0
    requests: list[str] = field(default_factory=list)


Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(
    answer: bytes | Serve, host: str = OUTSIDE, context: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if isinstance(answer, bytes):
                writer.write(answer.replace(b"PORT", str(server.port).encode()))
                await writer.drain()
            else:
                await answer(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(handle, host, 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


def answer(body: bytes = b"", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: Image/PNG; q=1", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str) -> bytes:
    return answer(b"", "302 Found", f"Location: {location}")


def outside_fetcher(resolver=None, **options) -> Fetcher:
    resolver = StaticResolver(NAMES) if resolver is None else resolver
    return Fetcher(**{"allowed_networks": [ip_network(OUTSIDE)], "resolver": resolver, "timeout_s": 5, **options})


# --- the plain case ---------------------------------------------------------------------------------------


async def test_the_body_comes_back_whole():
    body = bytes(range(256)) * 1000
    async with serving(answer(body)) as server, outside_fetcher() as fetcher:
        fetched = await fetcher.fetch(f"http://public.test:{server.port}/a%20b?c=d#e")
    assert fetched.data == body
    assert fetched.media_type == "image/png"
    assert fetched.url.startswith(f"http://public.test:{server.port}/a%20b?c=d")
    request = server.requests[0].lower()
    assert request.startswith("get /a%20b?c=d http/1.1")
    assert f"host: public.test:{server.port}" in request
    assert "accept-encoding: identity" in request


async def test_a_missing_content_type_is_none():
    async with serving(b"HTTP/1.1 200 OK\r\n\r\nabc") as server, outside_fetcher() as fetcher:
        fetched = await fetcher.fetch(f"http://public.test:{server.port}/")
    assert (fetched.data, fetched.media_type) == (b"abc", None)


async def test_nothing_of_one_fetch_reaches_the_next():
    async with serving(answer(b"x", "200 OK", "Set-Cookie: a=b")) as server, outside_fetcher() as fetcher:
        for _ in range(2):
            await fetcher.fetch(f"http://public.test:{server.port}/")
    assert len(server.requests) == 2
    assert "cookie" not in server.requests[1].lower()


async def test_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login ada password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with serving(answer(b"proxy"), INSIDE) as proxy, serving(answer(b"direct")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{INSIDE}:{proxy.port}")
        async with outside_fetcher() as fetcher:
            fetched = await fetcher.fetch(f"http://public.test:{server.port}/")
    assert fetched.data == b"direct"
    assert proxy.requests == []
    assert "authorization" not in server.requests[0].lower()


async def test_many_fetches_at_once():
    async with serving(answer(b"x" * 10_000)) as server, outside_fetcher() as fetcher:
        url = f"http://public.test:{server.port}/"
        fetched = await asyncio.gather(*(fetcher.fetch(url) for _ in range(150)))
    assert {len(each.data) for each in fetched} == {10_000}


# --- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.168.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::]/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://private.test/",
        "http://private.test:8080/",
        "http://both.test/",  # one public address does not redeem the other
        "http://8.8.8.8:25/",  # a port of mail
        "http://public.test:22/",
        "http://ada:secret@public.test/",
        "http://ada@public.test/",
        "http://public.test@private.test/",
        "ftp://public.test/a.png",
        "file:///etc/passwd",
        "gopher://public.test/",
        "data:image/png;base64,AAAA",
        "//public.test/",
        "public.test/a.png",
        "/a.png",
        "",
        "http://",
        "http:///a.png",
        "http://public.test:99999/",
        "http://public.test:port/",
        "http://[::1/",
        "http://pub lic.test/",
        "http://public.test/\r\nX: y",
        "http://127.0.0.1%00.public.test/",
        "http://%31%32%37.0.0.1/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost:8000/",
        "http://１２７.０.０.１/",
    ],
)
async def test_these_urls_are_refused(url):
    async with outside_fetcher() as fetcher:
        with pytest.raises(AddressRefused) as caught:
            await fetcher.fetch(url)
    assert not caught.value.retry
    assert "127.0.0" not in caught.value.message


async def test_the_hosts_file_cannot_lead_inside():
    async with Fetcher(resolver=SystemResolver()) as fetcher:
        with pytest.raises(FetchError):  # refused, or unknown where the machine has no such name
            await fetcher.fetch(f"http://{socket.gethostname()}/")


async def test_private_addresses_are_called_when_allowed():
    fetcher = Fetcher(allow_private=True, resolver=StaticResolver(NAMES))
    async with serving(answer(b"inner"), INSIDE) as server, fetcher:
        for host in ("private.test", "localhost", INSIDE, "127.1", "[::ffff:127.0.0.1]"):
            assert (await fetcher.fetch(f"http://{host}:{server.port}/")).data == b"inner"


async def test_an_unknown_host_fails():
    async with outside_fetcher() as fetcher:
        with pytest.raises(FetchFailed, match="no address"):
            await fetcher.fetch("http://unknown.test/")


async def test_the_system_resolver_knows_no_invalid_names():
    resolver = SystemResolver()
    assert await resolver.resolve("name.invalid") == ()
    assert await resolver.resolve("a" * 70 + ".test") == ()
    assert ip_address(INSIDE) in await resolver.resolve("localhost")


class RebindingResolver:
    """A public address first, a private one ever after."""

    def __init__(self) -> None:
        self.lookups = 0

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        self.lookups += 1
        return (ip_address(OUTSIDE if self.lookups == 1 else INSIDE),)


async def test_the_address_that_was_checked_is_the_one_that_is_called():
    resolver = RebindingResolver()
    async with serving(answer(b"outside")) as server, outside_fetcher(resolver) as fetcher:
        url = f"http://rebinding.test:{server.port}/"
        assert (await fetcher.fetch(url)).data == b"outside"
        assert resolver.lookups == 1
        with pytest.raises(AddressRefused):  # each fetch looks up anew, and checks anew
            await fetcher.fetch(url)


async def test_the_next_address_is_tried_when_one_is_dead():
    resolver = StaticResolver({"two.test": ["127.0.0.3", OUTSIDE]})
    fetcher = outside_fetcher(resolver, allowed_networks=[ip_network("127.0.0.2/31")])
    async with serving(answer(b"alive")) as server, fetcher:
        assert (await fetcher.fetch(f"http://two.test:{server.port}/")).data == b"alive"


# --- redirects --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
async def test_redirects_are_followed(status):
    async with serving(answer(b"there")) as target:
        location = f"Location: http://public.test:{target.port}/b"
        async with serving(answer(b"", status, location)) as first, outside_fetcher() as fetcher:
            fetched = await fetcher.fetch(f"http://public.test:{first.port}/a")
    assert fetched.data == b"there"
    assert fetched.url == f"http://public.test:{target.port}/b"


@pytest.mark.parametrize("location", ["b?c", "/b?c", "//public.test:PORT/b?c", "http://public.test:PORT/b?c"])
async def test_relative_redirects_are_followed(location):
    async def serve(writer: asyncio.StreamWriter) -> None:
        first = len(server.requests) == 1
        writer.write(redirect(location.replace("PORT", str(server.port))) if first else answer(b"there"))

    async with serving(serve) as server, outside_fetcher() as fetcher:
        assert (await fetcher.fetch(f"http://public.test:{server.port}/a")).data == b"there"
    assert server.requests[1].startswith("GET /b?c ")


@pytest.mark.parametrize(
    "location",
    [
        "http://private.test:PORT/",
        "http://127.0.0.1:PORT/",
        "http://[::ffff:127.0.0.1]:PORT/",
        "http://2130706433:PORT/",
        "http://ada:secret@public.test:PORT/",
        "http://public.test:22/",
        "file:///etc/passwd",
        "ftp://public.test/",
        "http://[",
    ],
)
async def test_a_redirect_is_judged_like_any_url(location):
    async with serving(answer(b"secret"), INSIDE) as inner:
        target = location.replace("PORT", str(inner.port))
        async with serving(redirect(target)) as server, outside_fetcher() as fetcher:
            with pytest.raises(AddressRefused):
                await fetcher.fetch(f"http://public.test:{server.port}/")
    assert inner.requests == []


async def test_a_redirect_loop_ends():
    async with serving(redirect("http://public.test:PORT/")) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchFailed, match="more than 5 times"):
            await fetcher.fetch(f"http://public.test:{server.port}/")
    assert len(server.requests) == 6


async def test_a_redirect_to_nowhere_fails():
    async with serving(answer(b"", "302 Found")) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchFailed, match="nowhere"):
            await fetcher.fetch(f"http://public.test:{server.port}/")


# --- size -------------------------------------------------------------------------------------------------


async def test_an_announced_size_over_the_limit_is_refused_before_the_body():
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
        await asyncio.sleep(30)

    async with serving(serve) as server, outside_fetcher(max_bytes=1000) as fetcher:
        with pytest.raises(FetchTooLarge):
            await fetcher.fetch(f"http://public.test:{server.port}/")


async def test_exactly_the_limit_is_allowed():
    async with serving(answer(b"x" * 1000)) as server, outside_fetcher(max_bytes=1000) as fetcher:
        assert len((await fetcher.fetch(f"http://public.test:{server.port}/")).data) == 1000


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    ],
    ids=["until closed", "chunked"],
)
async def test_an_endless_body_is_cut_off(head, piece):
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()

    async with serving(serve) as server, outside_fetcher(max_bytes=100_000) as fetcher:
        with pytest.raises(FetchTooLarge):
            await fetcher.fetch(f"http://public.test:{server.port}/")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "GZIP"])
async def test_a_compressed_answer_is_not_unpacked(encoding):
    bomb = gzip.compress(bytes(10_000_000))
    data = answer(bomb, "200 OK", f"Content-Encoding: {encoding}")
    async with serving(data) as server, outside_fetcher(max_bytes=100_000) as fetcher:
        with pytest.raises(FetchFailed, match="compressed"):
            await fetcher.fetch(f"http://public.test:{server.port}/")


# --- time -------------------------------------------------------------------------------------------------


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def dripping_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await drip(writer, b"x")


async def dripping_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await drip(writer, b"A: b\r\n")


async def interim_answers(writer: asyncio.StreamWriter) -> None:
    await drip(writer, b"HTTP/1.1 103 Early Hints\r\n\r\n")


async def slow_redirects(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.2)
    writer.write(redirect("/again"))


async def drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    while not writer.is_closing():
        writer.write(drop)
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("serve", [silent, dripping_body, dripping_headers, interim_answers, slow_redirects])
async def test_the_whole_fetch_is_limited_in_time(serve):
    async with serving(serve) as server, outside_fetcher(timeout_s=0.5) as fetcher:
        started = time.monotonic()
        with pytest.raises(FetchTimeout) as caught:
            await fetcher.fetch(f"http://public.test:{server.port}/")
        assert 0.4 < time.monotonic() - started < 3
    assert caught.value.retry


async def test_a_slow_name_server_is_limited_in_time():
    class SlowResolver:
        async def resolve(self, host: str) -> Sequence[IPAddress]:
            await asyncio.sleep(30)
            return ()

    async with outside_fetcher(SlowResolver(), timeout_s=0.2) as fetcher:
        with pytest.raises(FetchTimeout):
            await fetcher.fetch("http://public.test/")


# --- other failures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "304 Not Modified", "401 No", "300 Choose"])
async def test_other_statuses_fail_without_quoting_the_answer(status):
    async with serving(answer(b"the secret body", status)) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchFailed, match=status[:3]) as caught:
            await fetcher.fetch(f"http://public.test:{server.port}/")
    assert "secret" not in caught.value.message


async def test_a_refused_connection_fails():
    async with serving(b"") as server:
        port = server.port
    async with outside_fetcher() as fetcher:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(f"http://public.test:{port}/")
    assert OUTSIDE not in caught.value.message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",  # ends too early
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 6000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: \xff\xfe\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://xn--a\xcc\x88/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://a" + b".b" * 40_000 + b"/\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ],
    ids=lambda data: repr(data[16:50]),
)
async def test_a_malformed_answer_is_a_fetch_error(data):
    async with serving(data) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchError):
            await fetcher.fetch(f"http://public.test:{server.port}/")


# --- https ------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate_file(tmp_path):
    """A self-signed certificate for public.test, with its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "public.test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("public.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server_context(certificate_file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    context.server_names = []
    context.sni_callback = lambda _socket, name, _context: context.server_names.append(name)
    return context


async def test_a_certificate_that_nobody_vouches_for_fails(server_context):
    async with serving(answer(b"x"), context=server_context) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.fetch(f"https://public.test:{server.port}/")
    assert server.requests == []


async def test_https_asks_for_and_verifies_the_name_of_the_url(server_context, certificate_file):
    trusting = ssl.create_default_context(cafile=certificate_file)
    resolver = StaticResolver({name: [OUTSIDE] for name in ("public.test", "public.test.", "other.test")})
    fetcher = outside_fetcher(resolver, ssl_context=trusting)
    async with serving(answer(b"x"), context=server_context) as server, fetcher:
        for host in ("public.test", "public.test."):
            assert (await fetcher.fetch(f"https://{host}:{server.port}/")).data == b"x"
        for host in ("other.test", OUTSIDE):  # same server, other name
            with pytest.raises(FetchFailed):
                await fetcher.fetch(f"https://{host}:{server.port}/")
    assert server_context.server_names == ["public.test", "public.test", "other.test", None]
    assert len(server.requests) == 2


async def test_the_transport_serves_a_client_of_our_own_too():
    policy = AddressPolicy(allowed_networks=(ip_network(OUTSIDE),))
    async with serving(answer(b"", "204 No Content")) as server:
        transport = PinnedTransport(policy, StaticResolver(NAMES))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            response = await client.post(f"http://public.test:{server.port}/hook", json={"a": 1})
            with pytest.raises(AddressRefused):
                await client.post(f"http://private.test:{server.port}/hook", json={})
    assert response.status_code == 204
    assert server.requests[0].startswith("POST /hook")


# --- piece by piece ---------------------------------------------------------------------------------------


@dataclass
class Pieces:
    """A sink."""

    received: list[bytes] = field(default_factory=list)

    async def __call__(self, piece: bytes) -> None:
        self.received.append(piece)


async def test_a_large_body_is_passed_on_in_pieces():
    body = bytes(range(256)) * 20_000
    sink = Pieces()
    async with serving(answer(body)) as server, outside_fetcher(max_bytes=10) as fetcher:
        url = f"http://public.test:{server.port}/a"
        passed = await fetcher.fetch_to(url, sink, max_bytes=len(body), timeout_s=30)
    assert b"".join(sink.received) == body
    assert len(sink.received) > 10
    assert (passed.size_bytes, passed.media_type, passed.url) == (len(body), "image/png", url)


async def test_only_the_last_answer_of_redirects_is_passed_on():
    sink = Pieces()
    async with serving(answer(b"there")) as target:
        first_answer = answer(b"not this", "302 Found", f"Location: http://public.test:{target.port}/b")
        async with serving(first_answer) as first, outside_fetcher() as fetcher:
            url = f"http://public.test:{first.port}/a"
            passed = await fetcher.fetch_to(url, sink, max_bytes=100, timeout_s=5)
    assert sink.received == [b"there"]
    assert passed.url == f"http://public.test:{target.port}/b"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (redirect("http://private.test/"), AddressRefused),
        (answer(b"x" * 101), FetchTooLarge),
        (answer(gzip.compress(b"x"), "200 OK", "Content-Encoding: gzip"), FetchFailed),
        (answer(b"secret", "404 Not Found"), FetchFailed),
    ],
)
async def test_nothing_is_passed_on_of_what_is_refused(data, error):
    sink = Pieces()
    async with serving(data) as server, outside_fetcher() as fetcher:
        with pytest.raises(error):
            await fetcher.fetch_to(f"http://public.test:{server.port}/", sink, max_bytes=100, timeout_s=5)
    assert sink.received == []


async def test_the_limit_holds_for_bodies_of_unknown_size():
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 4096)
            await writer.drain()

    sink = Pieces()
    async with serving(endless) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchTooLarge):
            await fetcher.fetch_to(f"http://public.test:{server.port}/", sink, max_bytes=100_000, timeout_s=30)
    assert sum(map(len, sink.received)) <= 100_000


async def test_a_body_that_drips_is_limited_in_time():
    async with serving(dripping_body) as server, outside_fetcher() as fetcher:
        with pytest.raises(FetchTimeout):
            await fetcher.fetch_to(f"http://public.test:{server.port}/", Pieces(), max_bytes=10_000, timeout_s=0.5)


async def test_an_error_of_the_sink_ends_the_fetch():
    async def full(piece: bytes) -> None:
        raise StorageError

    async with serving(answer(b"x" * 100)) as server, outside_fetcher() as fetcher:
        with pytest.raises(StorageError):
            await fetcher.fetch_to(f"http://public.test:{server.port}/", full, max_bytes=1000, timeout_s=5)
