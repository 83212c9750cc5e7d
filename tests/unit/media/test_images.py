from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile, TiffImagePlugin

from visavis.errors import ImageError, ImageTooLarge, UnreadableImage
from visavis.media.headers import sniff_media_type
from visavis.media.images import ImageLimits, Picture, decode_image

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255,) * 3, (0,) * 3

FORMATS = [
    # name in Pillow, options, media type, largest error of a colour
    ("JPEG", {"quality": 95}, "image/jpeg", 8),
    ("JPEG", {"quality": 95, "progressive": True}, "image/jpeg", 8),
    ("PNG", {}, "image/png", 0),
    ("GIF", {}, "image/gif", 0),
    ("BMP", {}, "image/bmp", 0),
    ("ICO", {"sizes": [(120, 80)]}, "image/x-icon", 0),
    ("ICO", {"sizes": [(120, 80)], "bitmap_format": "bmp"}, "image/x-icon", 0),
    ("TIFF", {}, "image/tiff", 0),
    ("TIFF", {"compression": "tiff_lzw"}, "image/tiff", 0),
    ("TIFF", {"compression": "tiff_deflate"}, "image/tiff", 0),
    ("TIFF", {"compression": "packbits"}, "image/tiff", 0),
    ("TIFF", {"compression": "jpeg", "quality": 95}, "image/tiff", 8),
    ("TIFF", {"big_tiff": True}, "image/tiff", 0),
    ("WEBP", {"lossless": True}, "image/webp", 0),
    ("WEBP", {"quality": 95}, "image/webp", 30),
]
FORMAT_IDS = [" ".join([name.lower(), *map(str, options.values())]) for name, options, *_ in FORMATS]


@pytest.fixture(scope="module")
def quadrants() -> Image.Image:
    """120 x 80, upright: red, green / blue, white, so that every turn shows."""
    pixels = np.zeros((80, 120, 3), np.uint8)
    pixels[:40, :60], pixels[:40, 60:], pixels[40:, :60], pixels[40:, 60:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


def corners(picture: Picture) -> list[np.ndarray]:
    """Colours inside the four quadrants, row by row."""
    height, width = picture.image_rgb.shape[:2]
    return [
        picture.image_rgb[y, x].astype(int)
        for y in (height // 4, height * 3 // 4)
        for x in (width // 4, width * 3 // 4)
    ]


def assert_upright(picture: Picture, tolerance: int = 0) -> None:
    for found, expected in zip(corners(picture), (RED, GREEN, BLUE, WHITE), strict=True):
        assert np.abs(found - expected).max() <= tolerance, corners(picture)


def save(image: Image.Image, format_: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def one_colour(mode: str, colour: Any, format_: str = "TIFF", **options: Any) -> bytes:
    return save(Image.new(mode, (8, 8), colour), format_, **options)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of_size(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG whose header claims a size, with hardly any pixels behind it."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + png_chunk(b"IEND", b"")


# --- formats ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("format_", "options", "media_type", "tolerance"), FORMATS, ids=FORMAT_IDS)
def test_every_format_becomes_upright_rgb(quadrants, format_, options, media_type, tolerance):
    data = save(quadrants, format_, **options)
    picture = decode_image(data)
    assert sniff_media_type(data) == picture.media_type == media_type
    assert picture.size_wh == picture.full_size_wh == (120, 80)
    assert picture.reduction == 1.0
    assert picture.image_rgb.dtype == np.uint8
    assert picture.image_rgb.flags.c_contiguous
    assert not picture.image_rgb.flags.writeable
    assert_upright(picture, tolerance)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"BM",
        b"RIFF\0\0\0\0WEBP",
        b"\x00\x00\x01\x00",
        b"II*\x00",
        b"\x89PNG\r\n\x1a\n",
        b"Not a picture at all.",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        b"\x00\x00\x02\x00\x01\x00" + bytes(40),  # a cursor
        b"P6 1 1 255\n\0\0\0",  # a format that Pillow reads and we do not
        b"8BPS\x00\x01" + bytes(40),
        b"\x00\x00\x01\x00\x00\x00" + bytes(40),  # an icon file with no icon
    ],
    ids=lambda data: repr(data[:12]),
)
def test_anything_else_is_unreadable(data):
    with pytest.raises(UnreadableImage):
        decode_image(data)


def test_a_format_is_judged_by_its_own_decoder(quadrants):
    with pytest.raises(UnreadableImage):
        decode_image(b"\xff\xd8\xff" + save(quadrants, "PNG"))


# --- orientation ------------------------------------------------------------------------------------------

# how an upright picture has to be stored so that the orientation puts it right again
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("min_longest_side_px", [None, 30])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_the_exif_orientation_is_applied(quadrants, format_, orientation, min_longest_side_px):
    turn = STORED[orientation]
    stored = quadrants if turn is None else quadrants.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format_ == "WEBP" else {}
    picture = decode_image(save(stored, format_, exif=exif, **options), min_longest_side_px=min_longest_side_px)
    assert picture.full_size_wh == (120, 80)
    assert picture.size_wh == ((120, 80) if min_longest_side_px is None else (30, 20))
    assert picture.reduction == (1 if min_longest_side_px is None else 4)
    assert picture.image_rgb.flags.c_contiguous
    assert_upright(picture, 12)


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"])
def test_a_damaged_exif_block_does_not_spoil_the_picture(quadrants, exif):
    assert_upright(decode_image(save(quadrants, "JPEG", exif=exif)), 12)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_counts_as_upright(quadrants, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_upright(decode_image(save(quadrants, "JPEG", exif=exif)), 12)


# --- reduction --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "BMP", "WEBP"])
@pytest.mark.parametrize(
    ("size_wh", "min_longest_side_px", "expected_wh"),
    [
        ((400, 300), None, (400, 300)),
        ((400, 300), 400, (400, 300)),
        ((400, 300), 201, (400, 300)),
        ((400, 300), 200, (200, 150)),
        ((399, 300), 200, (399, 300)),  # half would be less than asked for
        ((401, 301), 200, (201, 151)),  # a started pixel is a pixel
        ((300, 400), 100, (75, 100)),
        ((800, 7), 100, (100, 1)),
        ((1600, 20), 100, (100, 2)),  # beyond the 1/8 that a JPEG decoder does
        ((2000, 1), 10, (16, 1)),
        ((30, 20), 1280, (30, 20)),  # never enlarged
    ],
)
def test_pictures_are_reduced_by_powers_of_two(format_, size_wh, min_longest_side_px, expected_wh):
    picture = decode_image(
        save(Image.new("RGB", size_wh, (10, 200, 30)), format_), min_longest_side_px=min_longest_side_px
    )
    assert picture.size_wh == expected_wh
    assert picture.full_size_wh == size_wh
    assert np.abs(picture.image_rgb.astype(int) - (10, 200, 30)).max() < 12


def test_a_reduced_jpeg_shows_what_the_full_one_shows(quadrants):
    data = save(quadrants.resize((1200, 800)), "JPEG")
    assert_upright(decode_image(data, min_longest_side_px=100), 12)


# --- colours ----------------------------------------------------------------------------------------------


def tiff_of(pixels: np.ndarray) -> bytes:
    return save(Image.fromarray(pixels), "TIFF")


COLOURS = [
    # what, file, expected colour, tolerance
    ("1 bit, white", one_colour("1", 1, "PNG"), WHITE, 0),
    ("1 bit, fax", one_colour("1", 1, compression="group4"), WHITE, 0),
    ("grey", one_colour("L", 77, "PNG"), (77,) * 3, 0),
    ("grey jpeg", one_colour("L", 77, "JPEG"), (77,) * 3, 1),
    ("grey with alpha 0", one_colour("LA", (77, 0), "PNG"), WHITE, 0),
    ("grey with half alpha", one_colour("LA", (0, 128), "PNG"), (127,) * 3, 1),
    ("16-bit grey png, half", one_colour("I;16", 32768, "PNG"), (128,) * 3, 0),
    ("16-bit grey png, full", one_colour("I;16", 65535, "PNG"), WHITE, 0),
    ("16-bit grey tiff", one_colour("I;16", 0x4242), (0x42,) * 3, 0),
    ("16-bit grey tiff, big-endian", one_colour("I;16B", 0x4242), (0x42,) * 3, 0),
    ("32-bit whole, few", one_colour("I", 100), (100,) * 3, 0),
    ("32-bit whole, 16-bit range", one_colour("I", 65535), WHITE, 0),
    ("32-bit whole, zero", one_colour("I", 0), BLACK, 0),
    ("float of unit range", one_colour("F", 0.5), (128,) * 3, 1),
    ("float of byte range", one_colour("F", 200.0), (200,) * 3, 0),
    ("float, not a number", one_colour("F", float("nan")), BLACK, 0),
    ("float, infinite", one_colour("F", float("inf")), None, 0),
    ("palette", save(Image.new("RGB", (8, 8), GREEN).quantize(4), "PNG"), GREEN, 0),
    ("palette gif", save(Image.new("RGB", (8, 8), BLUE).quantize(4), "GIF"), BLUE, 0),
    ("palette, all transparent", save(Image.new("P", (8, 8), 0), "PNG", transparency=0), WHITE, 0),
    ("palette, alpha table", save(Image.new("P", (8, 8), 0), "PNG", transparency=b"\0\1"), WHITE, 0),
    ("palette gif, transparent", save(Image.new("P", (8, 8), 0), "GIF", transparency=0), WHITE, 0),
    ("grey, transparent key", save(Image.new("L", (8, 8), 9), "PNG", transparency=9), WHITE, 0),
    ("rgb, transparent key", save(Image.new("RGB", (8, 8), RED), "PNG", transparency=RED), WHITE, 0),
    ("rgb, other key", save(Image.new("RGB", (8, 8), RED), "PNG", transparency=BLUE), RED, 0),
    ("rgba, opaque", one_colour("RGBA", (*RED, 255), "PNG"), RED, 0),
    ("rgba, clear", one_colour("RGBA", (*RED, 0), "WEBP", lossless=True), WHITE, 0),
    ("rgba bmp", one_colour("RGBA", (*RED, 255), "BMP"), RED, 0),
    ("cmyk tiff", one_colour("CMYK", (0, 255, 255, 0)), RED, 0),
    ("cmyk jpeg, adobe inverted", one_colour("CMYK", (0, 255, 255, 0), "JPEG", quality=95), RED, 6),
    ("cmyk jpeg, white", one_colour("CMYK", (0, 0, 0, 0), "JPEG", quality=95), WHITE, 2),
    ("ycbcr tiff", one_colour("YCbCr", (76, 85, 255)), (254, 0, 0), 2),
    ("lab, white", one_colour("LAB", (255, 128, 128)), WHITE, 1),
    ("lab, grey", one_colour("LAB", (137, 128, 128)), (128,) * 3, 2),
    ("lab, red", one_colour("LAB", (136, 208, 195)), (255, 0, 0), 8),
]


@pytest.mark.parametrize(("data", "expected", "tolerance"), [row[1:] for row in COLOURS],
                         ids=[row[0] for row in COLOURS])  # fmt: skip
def test_every_colour_mode_becomes_rgb(data, expected, tolerance):
    image_rgb = decode_image(data).image_rgb
    assert image_rgb.shape == (8, 8, 3)
    if expected is not None:
        assert np.abs(image_rgb.astype(int) - expected).max() <= tolerance, image_rgb[0, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 257.0 * 7, 65535.0], [0, 7, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),  # no usual range: stretched
        ([0.0, 5e6, 1e7], [0, 128, 255]),
        ([float("nan"), 1.0, 0.0], [0, 255, 0]),
        ([float("-inf"), float("inf"), 1.0], [0, 255, 255]),
        ([-3.4e38, 0.0, 3.4e38], [0, 128, 255]),
        ([float("nan")] * 3, [0, 0, 0]),
        ([-5.0, -5.0, -5.0], None),  # one value outside of every range: any grey will do
    ],
)
def test_floats_are_scaled_and_never_wrap_around(values, expected):
    image_rgb = decode_image(tiff_of(np.array([values], np.float32))).image_rgb
    if expected is not None:
        assert image_rgb[0, :, 0].tolist() == expected


def test_whole_32_bit_numbers_are_stretched_when_they_fit_no_usual_range():
    pixels = np.array([[-(2**31), 0, 2**31 - 1]], np.int32)
    assert decode_image(tiff_of(pixels)).image_rgb[0, :, 0].tolist() == [0, 128, 255]


def test_16_bit_grey_keeps_its_order():
    ramp = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    grey = decode_image(save(Image.fromarray(ramp), "PNG")).image_rgb[:, :, 0].ravel()
    assert grey.tolist() == list(range(256))


# --- several pictures in one file -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "options"),
    [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})],
)
def test_the_first_picture_of_several_counts(quadrants, format_, options):
    others = [Image.new("RGB", (120, 80), colour) for colour in (BLACK, GREEN)]
    data = save(quadrants, format_, save_all=True, append_images=others, **options)
    assert_upright(decode_image(data))


@pytest.mark.parametrize("bitmap_format", ["png", "bmp"])
def test_the_largest_picture_of_an_icon_counts(quadrants, bitmap_format):
    square = quadrants.resize((64, 64), Image.Resampling.NEAREST)
    data = save(square, "ICO", sizes=[(16, 16), (64, 64), (32, 32)], bitmap_format=bitmap_format)
    picture = decode_image(data)
    assert picture.full_size_wh == (64, 64)
    assert_upright(picture)


def test_an_icon_is_as_large_as_its_picture_says_not_its_directory(quadrants):
    inside = save(quadrants.resize((600, 400), Image.Resampling.NEAREST), "PNG")
    entry = struct.pack("<4B2H2I", 16, 16, 0, 0, 1, 32, len(inside), 22)
    picture = decode_image(struct.pack("<3H", 0, 1, 1) + entry + inside)
    assert picture.full_size_wh == (600, 400)
    assert picture.media_type == "image/x-icon"


# --- limits -----------------------------------------------------------------------------------------------


def test_bytes_are_limited(quadrants):
    data = save(quadrants, "PNG")
    decode_image(data, limits=ImageLimits(max_bytes=len(data)))
    with pytest.raises(ImageTooLarge):
        decode_image(data, limits=ImageLimits(max_bytes=len(data) - 1))


@pytest.mark.parametrize(("format_", "options"), [row[:2] for row in FORMATS], ids=FORMAT_IDS)
@pytest.mark.parametrize("min_longest_side_px", [None, 10])
def test_pixels_are_limited_in_every_format(quadrants, format_, options, min_longest_side_px):
    data = save(quadrants, format_, **options)
    decode_image(data, limits=ImageLimits(max_pixels=120 * 80))
    with pytest.raises(ImageTooLarge):
        decode_image(data, limits=ImageLimits(max_pixels=120 * 80 - 1), min_longest_side_px=min_longest_side_px)


def gif_of_size(width: int, height: int) -> bytes:
    frame = struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame


def ico_around(picture: bytes) -> bytes:
    entry = struct.pack("<4B2H2I", 16, 16, 0, 0, 1, 32, len(picture), 22)
    return struct.pack("<3H", 0, 1, 1) + entry + picture


def dib_of_size(width: int, height: int) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


BOMBS = {
    "png": png_of_size(60_000, 60_000),
    "png, a little over": png_of_size(10_001, 10_000),
    "png, where pillow only warns": png_of_size(12_000, 12_000),
    "png, largest numbers": png_of_size(2**31 - 1, 2**31 - 1),
    "gif": gif_of_size(65_535, 65_535),
    "bmp": b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + dib_of_size(50_000, 50_000) + bytes(64),
    "ico around png": ico_around(png_of_size(50_000, 50_000)),
    "ico around bitmap": ico_around(dib_of_size(50_000, 100_000) + bytes(64)),
    "webp, lossless": b"RIFF\x1e\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + b"\xff\xff\xff\x0f" + bytes(9),
    "webp, extended": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\x00\xff\xff\x00" + bytes(9),
    "webp, lossy": b"RIFF\x1e\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a" + b"\xff\x3f\xff\x3f" + bytes(9),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_a_small_file_of_giant_dimensions_is_refused_by_its_header(data):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ImageTooLarge):
            decode_image(data)
    assert caught == []


def test_a_jpeg_of_giant_dimensions_is_refused_by_its_header(quadrants):
    data = bytearray(save(quadrants, "JPEG"))
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, 60_000, 60_000)
    with pytest.raises(ImageTooLarge):
        decode_image(bytes(data), min_longest_side_px=1280)


def test_a_tiff_of_giant_dimensions_is_refused_by_its_header(quadrants):
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[256] = directory[257] = 60_000
    stream = io.BytesIO()
    Image.new("L", (4, 4)).save(stream, "TIFF")
    data = bytearray(stream.getvalue())
    offset = struct.unpack_from("<I", data, 4)[0]
    for entry in range(struct.unpack_from("<H", data, offset)[0]):
        at = offset + 2 + 12 * entry
        if struct.unpack_from("<H", data, at)[0] in (256, 257):
            struct.pack_into("<HII", data, at + 2, 4, 1, 60_000)
    with pytest.raises(ImageTooLarge):
        decode_image(bytes(data))


BOMB = zlib.compress(bytes(200_000_000), 9)


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"Comment\0\0" + BOMB),
        png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB),
        png_chunk(b"iCCP", b"profile\0\0" + BOMB),
    ],
    ids=["zTXt", "iTXt", "iCCP"],
)
@pytest.mark.parametrize("end", [b"IDAT", b"IEND"], ids=["before the pixels", "after the pixels"])
def test_a_bomb_in_the_metadata_of_a_png_does_not_go_off(quadrants, chunk, end):
    data = save(quadrants, "PNG")
    cut = data.index(end) - 4
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableImage):
            decode_image(data[:cut] + chunk + data[cut:])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_jpeg_of_endless_scans_is_refused():
    data = save(Image.effect_noise((64, 64), 90), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")  # the last scan, again and again
    end = data.rindex(b"\xff\xd9")
    with pytest.raises(UnreadableImage, match="scans"):
        decode_image(data[:end] + data[start:end] * 200 + data[end:])


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"max_pixels": 0}, {"max_pixels": 10**9}])
def test_nonsensical_limits_are_refused(limits):
    with pytest.raises(ValueError, match="max_"):
        ImageLimits(**limits)


# --- damage -----------------------------------------------------------------------------------------------


def busy_picture() -> Image.Image:
    """Something that compresses badly, so that a cut always removes pixels."""
    image = Image.effect_noise((120, 80), 80).convert("RGB")
    ImageDraw.Draw(image).ellipse((20, 10, 90, 70), fill=(200, 150, 120))
    return image


@pytest.mark.parametrize(("format_", "options"), [row[:2] for row in FORMATS], ids=FORMAT_IDS)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("min_longest_side_px", [None, 30])
def test_a_file_that_was_cut_short_is_unreadable(format_, options, kept, min_longest_side_px):
    data = save(busy_picture(), format_, **options)
    with pytest.raises(UnreadableImage):
        decode_image(data[: int(len(data) * kept)], min_longest_side_px=min_longest_side_px)


def test_a_jpeg_without_its_last_bytes_is_unreadable():
    data = save(busy_picture(), "JPEG")
    with pytest.raises(UnreadableImage):
        decode_image(data[:-40])


def test_pillow_is_not_told_to_load_truncated_pictures():
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_messages_are_short_and_without_internals(quadrants):
    with pytest.raises(UnreadableImage) as caught:
        decode_image(save(quadrants, "PNG")[:60])
    assert caught.value.message == "The picture is damaged or incomplete."


def small_valid(format_: str, options: dict[str, Any]) -> bytes:
    sizes = {"sizes": [(40, 30)]} if format_ == "ICO" else {}
    return save(busy_picture().resize((40, 30)), format_, **{**options, **sizes})


VALID = [small_valid(format_, options) for format_, options, *_ in FORMATS]


def only_image_errors(data: bytes) -> None:
    try:
        picture = decode_image(data, limits=ImageLimits(max_pixels=1_000_000), min_longest_side_px=20)
    except ImageError:
        return
    assert picture.image_rgb.shape[2] == 3


FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(st.sampled_from([data[:12] for data in VALID] + [b""]), st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_image_errors(start, rest):
    only_image_errors(start + rest)


@FUZZ
@given(st.sampled_from(VALID), st.floats(0, 1))
def test_random_cuts_raise_nothing_but_image_errors(data, kept):
    only_image_errors(data[: int(len(data) * kept)])


@FUZZ
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
    st.booleans(),
)
def test_random_damage_raises_nothing_but_image_errors(data, changes, near_the_start):
    damaged = bytearray(data)
    reach = min(len(data), 200) if near_the_start else len(data)
    for position, value in changes:
        damaged[int(position * reach)] = value
    only_image_errors(bytes(damaged))


def test_many_threads_decode_at_once(quadrants):
    files = [save(quadrants, name, **options) for name, options, *_ in FORMATS] * 8
    with ThreadPoolExecutor(8) as threads:
        for picture in threads.map(decode_image, files):
            assert_upright(picture, 30)
