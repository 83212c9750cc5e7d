"""Photographs that well-known Python packages carry, for the demo, the tests and the benchmarks.

Nothing is downloaded and no photograph is ours: the files are read from the installed scikit-image,
matplotlib and mahotas. Other views of a person are made from the one portrait, so the truth about who is
who is known.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

UInt8Array = npt.NDArray[np.uint8]


class SamplesMissingError(RuntimeError):
    """The packages with the sample photographs are not installed: pip install "visavis[samples]"."""

    def __init__(self, package: str, file: str) -> None:
        super().__init__(
            f"The sample photograph {file} of the package {package} is not there. "
            'The cure: pip install "visavis[samples]"'
        )


@dataclass(frozen=True, slots=True)
class _Photograph:
    package: str
    file: str  # inside the package


@dataclass(frozen=True, slots=True)
class _Portrait:
    photograph: _Photograph
    face_xyxy: tuple[float, float, float, float]  # brow to chin, as fractions of width and height


_PORTRAITS: Final = {
    "Eileen Collins": _Portrait(  # NASA, public domain
        _Photograph("skimage", "data/astronaut.png"), (0.35, 0.12, 0.54, 0.37)
    ),
    "Grace Hopper": _Portrait(  # US Navy, public domain
        _Photograph("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"), (0.33, 0.22, 0.70, 0.56)
    ),
    "Luis Pedro Coelho": _Portrait(  # the author of mahotas
        _Photograph("mahotas", "demos/data/luispedro.jpg"), (0.14, 0.18, 0.74, 0.84)
    ),
}

_WITHOUT_FACES: Final = {
    "cat": _Photograph("skimage", "data/chelsea.png"),
    "coffee": _Photograph("skimage", "data/coffee.png"),
    "page": _Photograph("skimage", "data/page.png"),
    "coins": _Photograph("skimage", "data/coins.png"),
    "rocket": _Photograph("skimage", "data/rocket.jpg"),
}

_STRANGER: Final = _Photograph("skimage", "data/camera.png")  # a man at a camera, CC0

PEOPLE: Final = tuple(_PORTRAITS)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Another picture of a person."""

    label: str  # what was done to the portrait
    image_rgb: UInt8Array  # (H, W, 3): the pixels of ``jpeg``
    jpeg: bytes


def portrait(name: str) -> UInt8Array:
    """The photograph of one of PEOPLE: (H, W, 3) RGB, one face, about 300 to 600 px.

    Raises:
        KeyError: nobody of that name.
        SamplesMissingError: the package that carries it is not installed.
    """
    return _read(_PORTRAITS[name].photograph)


def without_faces() -> dict[str, UInt8Array]:
    """Photographs in which there is nobody, by what they show: (H, W, 3) RGB each.

    Raises:
        SamplesMissingError: scikit-image is not installed.
    """
    return {subject: _read(photograph) for subject, photograph in _WITHOUT_FACES.items()}


def id_card(name: str, *, face_px: int = 60, second_portrait: bool = False) -> UInt8Array:
    """A made-up identity card of one of PEOPLE: (378, 600, 3) RGB, small print, a printed portrait, the grain of paper.

    Args:
        face_px: how wide the face in the portrait is.
        second_portrait: a smaller one beside it, as many cards have.
    Raises:
        KeyError: nobody of that name.
        SamplesMissingError: the package that carries the portrait is not installed.
    """
    image = Image.fromarray(portrait(name))
    left, top, right, bottom = _PORTRAITS[name].face_xyxy
    width, height = right - left, bottom - top
    head = image.crop(
        (
            round(max(left - 0.5 * width, 0) * image.width),
            round(max(top - 0.6 * height, 0) * image.height),
            round(min(right + 0.5 * width, 1) * image.width),
            round(min(bottom + 0.4 * height, 1) * image.height),
        )
    )
    factor = face_px / (width * image.width)
    small = head.resize((round(head.width * factor), round(head.height * factor)), Image.Resampling.LANCZOS)
    card = Image.new("RGB", (600, 378), (214, 222, 226))
    draw = ImageDraw.Draw(card)
    for line in range(9):
        draw.text((250, 40 + 34 * line), f"SPECIMEN {line} IDENTITY CARD 0123456789", fill=(40, 40, 70))
    card.paste(small, (30, 80))
    if second_portrait:
        card.paste(small.resize((round(small.width * 0.8), round(small.height * 0.8))), (440, 220))
    printed = np.asarray(card.filter(ImageFilter.GaussianBlur(0.5)), np.float32)
    grain = np.random.default_rng(1).normal(0, 6, printed.shape)
    return (printed + grain).clip(0, 255).astype(np.uint8)


def stranger() -> UInt8Array:
    """A photograph of somebody who is none of PEOPLE: (H, W, 3) RGB, one face, half turned away.

    Raises:
        SamplesMissingError: scikit-image is not installed.
    """
    return _read(_STRANGER)


def views(name: str, count: int, *, seed: int = 0, side_px: int | None = None) -> list[View]:
    """Square pictures of the same person: cropped anew, half of them mirrored, turned up to 12 degrees,
    brighter or darker, slightly blurred, compressed again.

    The same arguments give the same views, and the first of many are those of a few. The whole face stays
    in the picture.

    Args:
        side_px: side of every view; None: as large as the portrait gives it, without enlarging.
    Raises:
        KeyError: nobody of that name.
        SamplesMissingError: the package that carries the portrait is not installed.
    """
    image_rgb = portrait(name)
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return [_view(image_rgb, _PORTRAITS[name].face_xyxy, random, side_px) for _ in range(count)]


def _view(
    image_rgb: UInt8Array,
    face_xyxy: tuple[float, float, float, float],
    random: np.random.Generator,
    side_px: int | None,
) -> View:
    height, width = image_rgb.shape[:2]
    left, top, right, bottom = np.array(face_xyxy) * (width, height, width, height)
    face_px = max(right - left, bottom - top)
    zoom = random.uniform(1.7, 2.4)  # crop for one face: room for the face turned and off centre
    shift = random.uniform(-0.12, 0.12, 2) * face_px
    degrees = random.uniform(-12.0, 12.0)
    mirrored = bool(random.integers(2))
    gain, gamma = random.uniform(0.75, 1.2), random.uniform(0.8, 1.3)
    blur_px = random.uniform(0.0, 0.004)  # of the side
    quality = int(random.integers(60, 96))

    crop_px = face_px * zoom
    side = round(crop_px) if side_px is None else side_px
    centre = ((left + right) / 2 + shift[0], (top + bottom) / 2 + shift[1])
    turn = np.asarray(cv2.getRotationMatrix2D(centre, degrees, side / crop_px), np.float64)
    turn[:, 2] += side / 2 - np.array(centre)
    if side < crop_px:  # against aliasing, which a warp alone would leave in
        image_rgb = _blurred(image_rgb, 0.4 * crop_px / side)
    view = cv2.warpAffine(image_rgb, turn, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if mirrored:
        view = cv2.flip(view, 1)
    lit = 255 * np.clip(gain * (np.asarray(view) / 255.0) ** gamma, 0, 1)
    blurred = _blurred(np.rint(lit).astype(np.uint8), blur_px * side)
    jpeg = _encode(blurred, quality)
    label = (
        f"crop {zoom:.1f}x, {'mirrored, ' if mirrored else ''}turned {degrees:+.0f} deg, "
        f"gain {gain:.2f}, gamma {gamma:.2f}, blur {blur_px * side:.1f} px, quality {quality}"
    )
    return View(label, _decode(jpeg), jpeg)


def _blurred(image_rgb: UInt8Array, sigma_px: float) -> UInt8Array:
    return image_rgb if sigma_px < 0.2 else np.asarray(cv2.GaussianBlur(image_rgb, (0, 0), sigma_px), np.uint8)


def _encode(image_rgb: UInt8Array, quality: int) -> bytes:
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def _decode(file: bytes) -> UInt8Array:
    # Pillow, because OpenCV prints complaints about the colour profiles of some of these files
    with Image.open(io.BytesIO(file)) as image:
        return np.array(image.convert("RGB"))


def _read(photograph: _Photograph) -> UInt8Array:
    # the package is located, not imported: some of them take long, or write caches
    spec = find_spec(photograph.package)
    if spec is None or spec.origin is None:
        raise SamplesMissingError(photograph.package, photograph.file)
    path = Path(spec.origin).parent / photograph.file
    if not path.is_file():
        raise SamplesMissingError(photograph.package, photograph.file)
    return _decode(path.read_bytes())
