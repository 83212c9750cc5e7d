"""The picture of the person that is looked for."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from support.people import EILEEN, encoded, jpeg
from visavis.dialects.cloudglue.pictures import picture_from_wire
from visavis.errors import InvalidRequest


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def transparent_png() -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (32, 32), (10, 20, 30, 40)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("data", [jpeg(EILEEN), encoded("PNG"), transparent_png()], ids=["jpeg", "png", "alpha"])
@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,", "data:image/png;base64,"])
async def test_base64_is_plain_or_a_data_url(data: bytes, prefix: str) -> None:
    source = await picture_from_wire(None, prefix + base64_of(data), encoded_field="base64")
    assert (source.data, source.url) == (data, None)


async def test_base64_may_have_line_breaks_and_no_padding() -> None:
    text = base64.encodebytes(jpeg(EILEEN)).decode().rstrip("=\n")
    assert (await picture_from_wire(None, text, encoded_field="base64")).data == jpeg(EILEEN)


async def test_bytes_count_where_there_is_an_address_too() -> None:
    source = await picture_from_wire("http://there/a.jpg", base64_of(jpeg(EILEEN)), encoded_field="base64")
    assert source.data == jpeg(EILEEN)


async def test_an_address_is_taken_as_it_is() -> None:
    source = await picture_from_wire("http://there/a.jpg", None, encoded_field="base64")
    assert (source.data, source.url) == (None, "http://there/a.jpg")


# text that is no picture
WRONG = [
    "",
    "data:",
    "data:image/png;base64",
    "!!!",
    "東京",
    base64_of(b"text"),
    base64_of(encoded("GIF")),
    base64_of(encoded("WEBP")),
    base64_of(encoded("BMP")),
    base64_of(jpeg(EILEEN)[:100]),
    base64_of(b"\x89PNG\r\n\x1a\n" + b"x" * 100),
]


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:12])
async def test_anything_but_a_jpeg_or_png_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        await picture_from_wire(None, text, encoded_field="base64_image")


async def test_no_picture_at_all_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="base64_image"):
        await picture_from_wire(None, None, encoded_field="base64_image")
