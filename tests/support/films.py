"""Videos of the people of the samples, whose truth is known; made once a run, never committed.

Every picture carries its number in black and white fields along its lower edge, so that a test can tell which one it
got, however the video was stored, turned or scaled.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from support.people import EILEEN, GRACE
from visavis import samples

UInt8Array = npt.NDArray[np.uint8]

Shown = tuple[str, int, int, int, int]  # person, number of the view, x, y, side in pixels; the face is half of it

_BITS = 16  # of a picture's number
_TICKS_PER_S = 90_000
_MATRICES = {  # as phones write them: what to do with the stored picture to see it upright, clockwise
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}
_ENCODER_OPTIONS = {
    "libx264": {"preset": "veryfast", "sc_threshold": "0"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:scenecut=0:open-gop=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
    "mpeg4": {"qscale": "4"},
    "mjpeg": {"qscale": "4"},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of a film with the same people in it; everything drifts a little."""

    seconds: float
    people: tuple[Shown, ...] = ()


SCENES = (Scene(2, ((EILEEN, 0, 40, 50, 240),)), Scene(2), Scene(2, ((GRACE, 1, 330, 60, 240),)))


def truth(scenes: Sequence[Scene]) -> list[tuple[str, float, float]]:
    """Who is there from when to when, in seconds: (person, from_s, to_s), one for each scene."""
    shown, start_s = [], 0.0
    for scene in scenes:
        shown += [(person, start_s, start_s + scene.seconds) for person, *_ in scene.people]
        start_s += scene.seconds
    return shown


@cache
def film(
    scenes: tuple[Scene, ...] = SCENES,
    *,
    width: int = 640,
    height: int = 360,
    frame_rate: Fraction | int = 25,
    codec: str = "libx264",
    container: str = "mp4",
    gop: int = 50,
    b_frames: int = 2,
    audio: bool = False,
    rotation: int = 0,
    mirrored: bool = False,
    frame_times_s: tuple[float, ...] | None = None,
    faststart: bool = False,
    fragmented: bool = False,
    pixel_aspect: Fraction = Fraction(1),
    starts_at_s: float = 0.0,
) -> bytes:
    """A film as a file; the arguments are those of ``write_film``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        write_film(
            path,
            scenes,
            width=width,
            height=height,
            frame_rate=frame_rate,
            codec=codec,
            container=container,
            gop=gop,
            b_frames=b_frames,
            audio=audio,
            rotation=rotation,
            mirrored=mirrored,
            frame_times_s=frame_times_s,
            faststart=faststart,
            fragmented=fragmented,
            pixel_aspect=pixel_aspect,
            starts_at_s=starts_at_s,
        )
        return path.read_bytes()


def write_film(
    path: Path,
    scenes: Sequence[Scene],
    *,
    width: int = 640,
    height: int = 360,
    frame_rate: Fraction | int = 25,
    codec: str = "libx264",
    container: str = "mp4",
    gop: int = 50,
    b_frames: int = 2,
    audio: bool = False,
    rotation: int = 0,
    mirrored: bool = False,
    frame_times_s: Sequence[float] | None = None,
    faststart: bool = False,
    fragmented: bool = False,
    pixel_aspect: Fraction = Fraction(1),
    starts_at_s: float = 0.0,
    preset: str | None = None,
) -> None:
    """Render scenes and write them.

    Args:
        width, height: upright, with square pixels.
        gop: pictures from one key frame to the next.
        rotation: clockwise degrees by which a player has to turn what is stored.
        mirrored: stored as a mirror sees it, and said so.
        frame_times_s: when each picture comes up; None: evenly, by ``frame_rate``.
        faststart: the index of an mp4 goes in front.
        fragmented: an mp4 in pieces, as it is streamed.
        pixel_aspect: width of a stored pixel over its height.
        starts_at_s: time stamp of the first picture.
        preset: of x264, when the film is long; None: "veryfast".
    """
    times = even_times(scenes, frame_rate) if frame_times_s is None else frame_times_s
    flags = ["faststart"] * faststart + ["frag_keyframe+empty_moov"] * fragmented
    options = {"movflags": "+".join(flags)} if flags else {}
    with av.open(str(path), "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=frame_rate, options={**_ENCODER_OPTIONS.get(codec, {})})
        assert isinstance(stream, VideoStream)
        _configure(stream, gop, b_frames)
        if preset is not None:
            stream.codec_context.options = {**stream.codec_context.options, "preset": preset}
        turned = rotation in (90, 270)
        stored_wh = round(width / pixel_aspect), height
        stream.width, stream.height = stored_wh[::-1] if turned else stored_wh
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation or mirrored:
            stream.set_display_matrix(_display_matrix(rotation, mirrored))
        sound = output.add_stream("libopus" if container == "webm" else "aac", rate=48_000) if audio else None
        evenly = frame_times_s is None and not starts_at_s
        time_base = 1 / Fraction(frame_rate) if evenly else Fraction(1, _TICKS_PER_S)
        stream.codec_context.time_base = time_base
        for number, image in enumerate(render(scenes, times, width, height)):
            if pixel_aspect != 1:
                image = cv2.resize(image, stored_wh)
            stored = np.rot90(image, rotation // 90) if rotation else image
            stored = stored[:, ::-1] if mirrored else stored
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(stored), "rgb24")
            frame.time_base = time_base
            frame.pts = number if evenly else round((times[number] + starts_at_s) * _TICKS_PER_S)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if sound is not None:
            assert isinstance(sound, AudioStream)
            _mux_sound(output, sound, sum(scene.seconds for scene in scenes))


def even_times(scenes: Sequence[Scene], frame_rate: Fraction | int) -> list[float]:
    """When the pictures of a film come up."""
    count = round(sum(Fraction(scene.seconds) for scene in scenes) * frame_rate)
    return [float(number / Fraction(frame_rate)) for number in range(count)]


def render(scenes: Sequence[Scene], times: Sequence[float], width: int, height: int) -> Iterator[UInt8Array]:
    """The pictures of a film, (height, width, 3) RGB each, numbered from 0."""
    background = _background(width + 128, height + 128)
    ends = np.cumsum([scene.seconds for scene in scenes])
    for number, time_s in enumerate(times):
        scene = scenes[min(int(np.searchsorted(ends, time_s, "right")), len(scenes) - 1)]
        shift = round(64 + 60 * np.sin(time_s / 3)), round(64 + 60 * np.cos(time_s / 4))
        image = background[shift[1] : shift[1] + height, shift[0] : shift[0] + width].copy()
        for person, view, x, y, size_px in scene.people:
            side = round(size_px * (1 + 0.04 * np.sin(2 * time_s)))
            face = cv2.resize(_view(person, view), (side, side), interpolation=cv2.INTER_AREA)
            left = int(np.clip(x + 10 * np.sin(time_s), 0, max(width - side, 0)))
            top = int(np.clip(y + 6 * np.cos(time_s * 1.3), 0, max(height - side, 0)))
            image[top : top + side, left : left + side] = face[: height - top, : width - left]
        _stamp(image, number)
        yield image


def number_of(image_rgb: UInt8Array) -> int:
    """Which picture of its film this is."""
    height, width = image_rgb.shape[:2]
    row = image_rgb[round(height * 0.97)]
    columns = [round(width * (bit + 0.5) / _BITS) for bit in range(_BITS)]
    return sum(int(row[column].mean() > 127) << bit for bit, column in enumerate(columns))


def truncated(film: bytes, share: float = 0.6) -> bytes:
    """The beginning of a file."""
    return film[: int(len(film) * share)]


@cache
def one_frame(container: str = "mp4") -> bytes:
    """A video of a single picture."""
    return film((Scene(0.04, SCENES[0].people),), container=container)


@cache
def sound_only(container: str = "mp4") -> bytes:
    """A file that a video might be, with sound and no picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound"
        with av.open(str(path), "w", format=container) as output:
            _mux_sound(output, output.add_stream("aac", rate=48_000), 1.0)
        return path.read_bytes()


def _configure(stream: VideoStream, gop: int, b_frames: int) -> None:
    context = stream.codec_context
    context.thread_count = 1
    context.gop_size = gop
    options = dict(context.options)
    if context.name == "libx265":
        options["x265-params"] += f":keyint={gop}:min-keyint={gop}:bframes={b_frames}:pools=none:frame-threads=1"
    elif context.name == "libx264":
        options |= {"bf": str(b_frames), "b-pyramid": "normal"}
    elif context.name == "mpeg4":
        options["bf"] = str(b_frames)
    context.options = options


def _display_matrix(rotation: int, mirrored: bool) -> list[int]:
    a, b, c, d = _MATRICES.get(rotation, (1, 0, 0, 1))
    if mirrored:  # undone first, before the turn
        a, b = -a, -b
    fixed = 1 << 16
    return [a * fixed, b * fixed, 0, c * fixed, d * fixed, 0, 0, 0, 1 << 30]


def _mux_sound(output: av.container.OutputContainer, stream: AudioStream, seconds: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (1, 960)).astype(np.float32)
    for number in range(round(seconds * 50)):
        frame = av.AudioFrame.from_ndarray(noise, "flt", "mono")
        frame.sample_rate, frame.time_base, frame.pts = 48_000, Fraction(1, 48_000), number * 960
        output.mux(stream.encode(frame))
    output.mux(stream.encode())


@cache
def _background(width: int, height: int) -> UInt8Array:
    # coarse, so that an encoder is busy but not drowned
    coarse = np.random.default_rng(5).integers(60, 200, (height // 12 + 2, width // 12 + 2, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@cache
def _view(person: str, number: int) -> UInt8Array:
    return samples.views(person, number + 1, seed=3)[number].image_rgb


def _stamp(image: UInt8Array, number: int) -> None:
    height, width = image.shape[:2]
    top = round(height * 0.94)
    for bit in range(_BITS):
        left, right = round(width * bit / _BITS), round(width * (bit + 1) / _BITS)
        image[top:, left:right] = 235 if number >> bit & 1 else 20
