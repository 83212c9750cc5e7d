"""A short film of the sample photographs: who is on screen when is known."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from visavis import samples

_WIDTH, _HEIGHT = 640, 360
_FRAME_RATE = 24
_SIDE_PX = 300


@dataclass(frozen=True, slots=True)
class Scene:
    """Some seconds with some people, side by side."""

    seconds: int
    people: tuple[str, ...] = ()


def duration_s(scenes: Sequence[Scene]) -> int:
    """The length of a film."""
    return sum(scene.seconds for scene in scenes)


def shows(scenes: Sequence[Scene], person: str) -> list[tuple[int, int]]:
    """From when to when, in seconds, a person is on screen."""
    found, start = [], 0
    for scene in scenes:
        if person in scene.people:
            found.append((start, start + scene.seconds))
        start += scene.seconds
    return found


def make_film(scenes: Sequence[Scene], *, seed: int) -> bytes:
    """The film as an mp4 file. Views are of ``seed``; the picture drifts, as from a hand."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_FRAME_RATE, options={"preset": "veryfast"})
        if not isinstance(stream, VideoStream):
            raise TypeError("the encoder does not make pictures")
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for scene in scenes:
            canvas = _canvas(scene, seed)
            for number in range(scene.seconds * _FRAME_RATE):
                x, y = number // 2 % 20, number // 3 % 12
                image = np.ascontiguousarray(canvas[y : y + _HEIGHT, x : x + _WIDTH])
                output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode())
    return file.getvalue()


def _canvas(scene: Scene, seed: int) -> samples.UInt8Array:
    """A little larger than a frame, which moves over it."""
    canvas = np.full((_HEIGHT + 12, _WIDTH + 20, 3), (66, 74, 84), np.uint8)
    if not scene.people:
        still = samples.without_faces()["coffee"]
        return np.asarray(cv2.resize(still, canvas.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    left = (_WIDTH - _SIDE_PX * len(scene.people)) // 2
    for place, person in enumerate(scene.people):
        view = samples.views(person, 1, seed=seed + place, side_px=_SIDE_PX)[0].image_rgb
        height, width = view.shape[:2]
        at = left + place * _SIDE_PX
        canvas[36 : 36 + height, at : at + width] = view
    return canvas
