"""Forms that are wrong: every fault is told, by field, and nothing is accepted."""

from __future__ import annotations

import http.client

import pytest

from support.client import Json
from support.people import EILEEN, jpeg
from support.server import Server
from support.streamline import FIELDS, NEWER, OLDER, VERSION, StreamlineClient

MAX_BYTES = 5 * 1024 * 1024
EDITIONS = pytest.mark.parametrize("path", [OLDER, NEWER], ids=["older", "newer"])


def padded(size: int) -> bytes:
    """A JPEG file of exactly this many bytes; what follows its end is ignored."""
    data = jpeg(EILEEN)
    return data + bytes(size - len(data))


def problem(client: StreamlineClient, path: str, **parts: object) -> Json:
    answer = client.post(path, params=VERSION, **parts)  # type: ignore[arg-type]
    assert answer.status_code == 400, answer.text
    told: Json = answer.json()
    assert told["status"] == 400
    assert told["title"]
    assert told["type"]
    assert told["traceId"]
    return told


@EDITIONS
def test_five_megabytes_to_the_byte_are_taken_and_one_more_is_not(bank: StreamlineClient, path: str) -> None:
    told = bank.match(padded(MAX_BYTES), padded(MAX_BYTES), path)
    assert told["result"]["match"] is True
    source, target = FIELDS[path]
    files = {source: ("a.jpg", padded(MAX_BYTES + 1)), target: ("b.jpg", jpeg(EILEEN))}
    faults = problem(bank, path, files=files)["errors"]
    assert list(faults) == [source]
    assert "5 MB" in faults[source][0]


@EDITIONS
def test_all_faults_are_told_together(bank: StreamlineClient, path: str) -> None:
    source, target = FIELDS[path]
    faults = problem(bank, path, files={source: ("a.pdf", b"%PDF"), target: ("b.jpg", b"")})["errors"]
    assert set(faults) == {source, target}
    assert "jpeg, jpg, ico, png, bmp, gif, tif, tiff, webp" in faults[source][0]
    assert "empty" in faults[target][0]
    faults = problem(bank, path, files={"other": ("c.jpg", jpeg(EILEEN))})["errors"]
    assert set(faults) == {source, target}


# the name of a file, its type, whether it is taken
NAMES = [
    ("a.jpg", "application/octet-stream", True),
    ("a.JpEg", "text/plain", True),
    ("a.b.png", "image/png", True),
    (".jpg", "image/jpeg", True),
    ("a", "image/jpeg", True),
    ("a", "image/vnd.microsoft.icon", True),
    ("a", "image/jpeg; charset=binary", True),
    ("a", "application/octet-stream", False),
    ("a", "image/svg+xml", False),
    ("a.svg", "image/jpeg", False),
    ("a.jpg.exe", "image/jpeg", False),
    ("a.", "image/jpeg", False),
    ("a.heic", "image/heic", False),
]


@pytest.mark.parametrize(("name", "media_type", "is_taken"), NAMES)
def test_the_ending_of_the_name_decides(bank: StreamlineClient, name: str, media_type: str, is_taken: bool) -> None:
    files = {"SourceImage": (name, jpeg(EILEEN), media_type), "TargetImage": ("b.jpg", jpeg(EILEEN))}
    answer = bank.post(OLDER, params=VERSION, files=files)
    assert answer.status_code == (200 if is_taken else 400)
    if not is_taken:
        assert list(answer.json()["errors"]) == ["SourceImage"]


@EDITIONS
def test_names_of_fields_are_read_without_regard_to_case(bank: StreamlineClient, path: str) -> None:
    source, target = FIELDS[path]
    files = {source.upper(): ("a.jpg", jpeg(EILEEN)), target.lower(): ("b.jpg", jpeg(EILEEN, 1))}
    answer = bank.post(path, params=VERSION, files=files, data={"EXTERNALREFERENCE": "r"})
    assert answer.json()["externalReference"] == "r"


def test_other_faults_of_the_form(bank: StreamlineClient) -> None:
    good = ("a.jpg", jpeg(EILEEN))
    cases: list[tuple[dict[str, object], str]] = [
        ({"data": {"SourceImage": "text"}, "files": {"TargetImage": good}}, "SourceImage"),
        ({"files": [("SourceImage", good), ("sourceimage", good), ("TargetImage", good)]}, "SourceImage"),
        (
            {"files": {"SourceImage": good, "TargetImage": good}, "data": {"externalReference": "r" * 257}},
            "externalReference",
        ),
        (
            {"files": {"SourceImage": good, "TargetImage": good}, "data": {"externalReference": "a\x00b"}},
            "externalReference",
        ),
        ({"files": {"SourceImage": good, "TargetImage": good, "externalReference": good}}, "externalReference"),
        ({"json": {"SourceImage": "a"}}, "body"),
        ({"data": {"SourceImage": "a"}}, "body"),
        ({"content": b""}, "body"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, "body"),
        ({"content": b"no parts", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, "body"),
    ]
    for parts, field in cases:
        told = problem(bank, OLDER, **parts)
        assert field in told["errors"] or "SourceImage" in told["errors"], told


def test_a_body_beyond_any_request_is_not_read_to_its_end(bank: StreamlineClient, server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", f"{OLDER}?v=2.0")
    for name in ("Authorization", "Ocp-Apim-Subscription-Key"):
        connection.putheader(name, bank.headers[name])
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk, sent = b" " * (1024 * 1024), 0
    try:
        while sent < 1024:
            connection.send(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
            sent += 1
    except OSError:
        pass
    assert sent < 256
    assert connection.getresponse().status == 400
    connection.close()
