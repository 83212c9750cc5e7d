"""Reading the form of an upload, over an app that keeps what it is handed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from visavis.dialects import failures
from visavis.dialects.cloudglue.upload import MAX_METADATA_BYTES, read_upload
from visavis.errors import TooLarge

MIB = 1024 * 1024


@dataclass
class Kept:
    """What has gone to the sink."""

    max_bytes: int = 64 * MIB
    data: bytearray = field(default_factory=bytearray)
    largest: int = 0

    async def write(self, piece: bytes) -> None:
        self.largest = max(self.largest, len(piece))
        self.data += piece
        if len(self.data) > self.max_bytes:
            raise TooLarge("too much")


def app_over(kept: Kept) -> FastAPI:
    app = FastAPI()
    failures.install(app, lambda _, message: {"error": message})

    @app.post("/")
    async def upload(request: Request) -> Any:
        form = await read_upload(request, kept.write)
        return {"filename": form.filename, "metadata": form.metadata}

    return app


async def post(kept: Kept, **request: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app_over(kept))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.post("/", **request)


def part(name: str, data: bytes, filename: str | None = None, media_type: str | None = None) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    head += f"\r\nContent-Type: {media_type}" if media_type is not None else ""
    return f"--xyz\r\n{head}\r\n\r\n".encode() + data + b"\r\n"


END = b"--xyz--\r\n"
HEADERS = {"Content-Type": "multipart/form-data; boundary=xyz"}
FILM = part("file", b"film", "a.mp4", "video/mp4")


async def test_the_bytes_arrive_and_the_fields_are_told() -> None:
    kept = Kept()
    told = await post(
        kept, files={"file": ("a.mp4", b"film", "video/mp4")}, data={"metadata": '{"a": {"b": [1, null]}}'}
    )
    assert told.status_code == 200, told.text
    assert told.json() == {"filename": "a.mp4", "metadata": {"a": {"b": [1, None]}}}
    assert bytes(kept.data) == b"film"


@pytest.mark.parametrize(
    "body", [FILM + part("metadata", b'{"a": 1}') + END, part("metadata", b'{"a": 1}') + FILM + END]
)
async def test_metadata_may_stand_before_the_file_or_behind_it(body: bytes) -> None:
    told = await post(Kept(), content=body, headers=HEADERS)
    assert told.json() == {"filename": "a.mp4", "metadata": {"a": 1}}


async def test_a_large_file_goes_on_in_small_pieces() -> None:
    kept = Kept()
    data = bytes(range(256)) * (8 * MIB // 256)
    body = part("file", data, "a.mp4", "video/mp4") + END

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    assert (await post(kept, content=chunks(), headers=HEADERS)).status_code == 200
    assert bytes(kept.data) == data
    assert kept.largest <= 65_536


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_it_does_not_matter_where_chunks_end(size: int) -> None:
    kept = Kept()
    data = b"\r\n--xy\r\n--xyzz\r\n--xy"  # almost the boundary
    body = part("metadata", b'{"a": "\xc3\xa9"}') + part("file", data, "a.mp4") + END

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    told = await post(kept, content=chunks(), headers=HEADERS)
    assert told.json() == {"filename": "a.mp4", "metadata": {"a": "é"}}
    assert bytes(kept.data) == data


# the declared type of a file, the status
TYPES = [
    (None, 200),
    ("video/mp4", 200),
    ("VIDEO/QuickTime; codecs=x", 200),
    ("video/x-msvideo", 200),
    ("video/webm", 200),
    ("video/x-matroska", 200),
    ("application/x-matroska", 200),
    ("video/mpeg", 200),
    ("application/mp4", 200),
    ("application/octet-stream", 200),
    ("audio/mpeg", 415),
    ("image/png", 415),
    ("text/plain", 415),
    ("application/pdf", 415),
    ("application/json", 415),
]


@pytest.mark.parametrize(("media_type", "status"), TYPES)
async def test_a_file_that_says_it_is_no_video_is_not_accepted(media_type: str | None, status: int) -> None:
    told = await post(Kept(), content=part("file", b"x", "a", media_type) + END, headers=HEADERS)
    assert told.status_code == status, told.text


# a header of the file's part, the name that is kept
NAMES = [
    (b'form-data; name="file"; filename="/x/y.mp4"', "y.mp4"),
    ('form-data; name="file"; filename="Fête.mp4"'.encode(), "Fête.mp4"),
    (b'form-data; name="file"; filename="F\xeate.mp4"', "Fête.mp4"),  # latin-1
    (b'form-data; name="file"; filename=""', "video"),
    (b'form-data; name="file"', "video"),  # a field, not a file: its bytes are the file all the same
]


@pytest.mark.parametrize(("header", "name"), NAMES)
async def test_the_name_of_a_file_is_cleaned(header: bytes, name: str) -> None:
    body = b"--xyz\r\nContent-Disposition: " + header + b"\r\n\r\nfilm\r\n" + END
    told = await post(Kept(), content=body, headers=HEADERS)
    assert told.json()["filename"] == name


@pytest.mark.parametrize("value", ["True", "False", "true", "false"])
async def test_both_clients_spellings_of_a_flag_are_read(value: str) -> None:
    body = FILM + part("enable_segment_thumbnails", value.encode()) + END
    assert (await post(Kept(), content=body, headers=HEADERS)).status_code == 200


async def test_unknown_fields_are_ignored() -> None:
    body = part("unknown", b"x" * 1000) + FILM + part("unknown", b"y") + END
    assert (await post(Kept(), content=body, headers=HEADERS)).status_code == 200


# metadata that is wrong
WRONG_METADATA = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b'"text"',
    b'{"a": }',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": "\\u0000"}',
    b'{"\\u0000": 1}',
    b'{"a": "\\ud800"}',
    b"\xff\xfe",
    b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
    b'{"a": ' + b"9" * 400 + b"}",
    json.dumps({"a": "x" * MAX_METADATA_BYTES}).encode(),
]


@pytest.mark.parametrize("metadata", WRONG_METADATA, ids=lambda value: value[:20].decode("latin-1"))
async def test_metadata_is_a_json_object_that_can_be_kept(metadata: bytes) -> None:
    told = await post(Kept(), content=FILM + part("metadata", metadata) + END, headers=HEADERS)
    assert told.status_code == 400, told.text
    assert "metadata" in told.json()["error"]


# a form that is wrong
DAMAGED = [
    b"",
    END,
    FILM,  # without an end
    FILM[:-20],
    b"--abc\r\n\r\n--abc--\r\n",
    b"--xyz\r\nContent-Disposition\r\n\r\nx\r\n" + END,
    b"--xyz\r\nContent-Type: video/mp4\r\n\r\nx\r\n" + END,  # no name
    b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
    part("metadata", b"{}") + END,  # no file
    FILM + FILM + END,
    FILM + part("metadata", b"{}") + part("metadata", b"{}") + END,
    FILM + part("enable_segment_thumbnails", b"maybe") + END,
    part("unknown", b"x") * 65 + FILM + END,
    part("unknown", b"x" * (2 * MIB + 1)) + FILM + END,
    FILM.replace(b"form-data", b"form-data" + b"; x=" + b"y" * 100_000) + END,
]


@pytest.mark.parametrize("body", DAMAGED, ids=lambda value: str(len(value)))
async def test_a_form_that_is_wrong_is_refused(body: bytes) -> None:
    told = await post(Kept(), content=body, headers=HEADERS)
    assert told.status_code == 400, told.text
    assert told.json()["error"]


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 300, "multipart/mixed"],
)
async def test_a_body_that_is_no_form_is_refused(content_type: str) -> None:
    told = await post(Kept(), content=FILM + END, headers={"Content-Type": content_type})
    assert told.status_code == 400, told.text


async def test_what_the_sink_refuses_is_refused() -> None:
    told = await post(Kept(max_bytes=3), content=FILM + END, headers=HEADERS)
    assert told.status_code == 413


async def test_a_refusal_waits_for_a_client_that_is_still_sending() -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        yield part("file", b"", "a.png", "image/png")
        for _ in range(64):
            sent += 1
            yield b"x" * 65_536

    told = await post(Kept(), content=chunks(), headers=HEADERS)
    assert told.status_code == 415
    assert sent == 64
