"""Sampled pictures against what is known of the films, and against a plain decode of everything."""

from __future__ import annotations

import io
import random
import tracemalloc
from fractions import Fraction
from functools import cache
from itertools import pairwise

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from hypothesis import given, settings
from hypothesis import strategies as st

from support import films
from support.films import SCENES, even_times, film, number_of
from visavis.errors import StorageError, VideoError
from visavis.media.video_files import probe_video
from visavis.media.video_frames import SampledFrame, sample_frames

RATE = Fraction(25)
FORMATS = {
    "h264 with b-frames": {},
    "h264 with a pyramid": {"b_frames": 3, "gop": 60},
    "h264 without b-frames": {"b_frames": 0},
    "h264 with one key frame": {"b_frames": 3, "gop": 1000},
    "h264 with key frames only": {"b_frames": 0, "gop": 1},
    "h264 in pieces": {"fragmented": True, "audio": True},
    "h264, index in front": {"faststart": True, "audio": True},
    "h264, late start": {"starts_at_s": 7.5},
    "h264 mov": {"container": "mov"},
    "h264 matroska": {"container": "matroska"},
    "h264 matroska, late start": {"container": "matroska", "starts_at_s": 7.5},
    "h264 transport stream": {"container": "mpegts", "starts_at_s": 7.5},
    "h264 flash": {"container": "flv"},
    "h264 avi": {"container": "avi"},  # which says nothing of the order of presentation
    "hevc": {"codec": "libx265", "b_frames": 3},
    "hevc transport stream": {"codec": "libx265", "b_frames": 3, "container": "mpegts"},
    "vp8": {"codec": "libvpx", "container": "webm"},
    "vp9": {"codec": "libvpx-vp9", "container": "webm", "audio": True},
    "mpeg4 avi": {"codec": "mpeg4", "container": "avi"},
    "mpeg4 mov": {"codec": "mpeg4", "container": "mov"},
    "mpeg2": {"codec": "mpeg2video", "container": "mpeg"},
    "motion jpeg": {"codec": "mjpeg", "container": "avi"},
}


def sampled(file: bytes, times_s, *, seek_points_s=(), max_width_px=10_000) -> list[SampledFrame]:
    return list(
        sample_frames(io.BytesIO(file), times_s, max_width_px=max_width_px, seek_points_s=seek_points_s),
    )


@cache
def plain(file: bytes) -> list[np.ndarray]:
    """Every picture of a video, by a decoder that is left alone."""
    with av.open(io.BytesIO(file)) as container:
        return [
            frame.reformat(format="rgb24", interpolation=Interpolation.AREA, threads=1).to_ndarray()
            for frame in container.decode(container.streams.video[0])
        ]


def on_screen(times_s, frame_times_s) -> list[int]:
    """Which picture is shown at each moment, by what is known of the film."""
    # where the clock of a container is coarse, moments and time stamps meet within half a millisecond
    return [int(np.searchsorted(np.array(frame_times_s) - 6e-4, time_s, "right")) - 1 for time_s in times_s]


def check(file: bytes, times_s, frame_times_s, seek_points_s=()) -> None:
    frames = sampled(file, times_s, seek_points_s=seek_points_s)
    shown = on_screen(times_s, frame_times_s)
    assert [frame.number for frame in frames] == list(range(len(times_s)))
    assert [frame.time_s for frame in frames] == list(times_s)
    assert [number_of(frame.image_rgb) for frame in frames] == shown
    assert [frame.shown_since_s for frame in frames] == pytest.approx([frame_times_s[each] for each in shown], abs=1e-3)
    assert [frame.is_repeat for frame in frames] == [False] * bool(shown) + [a == b for a, b in pairwise(shown)]
    pictures = plain(file)
    for frame, number in zip(frames, shown, strict=True):
        assert np.array_equal(frame.image_rgb, pictures[number])


# --- the right picture ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "times_s",
    [
        [number / 1 for number in range(6)],
        [number / 3 for number in range(18)],
        [number / 10 + 0.05 for number in range(59)],
        [number / 60 + 0.001 for number in range(240)],  # more often than there are pictures
        [number / 25 for number in range(60, 110)],  # from the middle of a group of pictures, each once
        [0.0, 1.9, 5.51],
        [5.9],
        [2.0, 2.0, 4.0],  # at key frames, one twice
        [3.99],
    ],
    ids=lambda times_s: f"{len(times_s)} from {times_s[0]}",
)
@pytest.mark.parametrize("name", FORMATS)
def test_the_picture_on_screen_is_sampled(name, times_s):
    file = film(**FORMATS[name], width=320, height=180)
    frame_times_s = even_times(SCENES, RATE)
    check(file, times_s, frame_times_s)
    check(file, times_s, frame_times_s, probe_video(io.BytesIO(file)).seek_points_s)


@settings(max_examples=60, deadline=None)
@given(
    times_s=st.lists(st.integers(0, 5999).map(lambda each: each / 1000), max_size=30).map(sorted),
    seeks=st.booleans(),
)
def test_any_moments_give_what_a_plain_decode_gives(times_s, seeks):
    file = film(b_frames=3, gop=30, width=320, height=180)
    points_s = probe_video(io.BytesIO(file)).seek_points_s if seeks else ()
    frames = sampled(file, times_s, seek_points_s=points_s)
    assert [frame.number for frame in frames] == list(range(len(times_s)))
    for frame in frames:
        assert np.array_equal(frame.image_rgb, plain(file)[int(frame.time_s * 25 + 0.02)])


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_av1_is_sampled(container):
    # coded once, as the encoder prints to standard error
    file = film(codec="libsvtav1", container=container)
    check(file, [0, 0.5, 2.2, 5.9], even_times(SCENES, RATE), (0, 2, 4))
    check(file, [2.2], even_times(SCENES, RATE))


def test_odd_rates_are_sampled():
    rate = Fraction(30_000, 1001)
    file = film(frame_rate=rate)
    frame_times_s = even_times(SCENES, rate)
    check(file, frame_times_s, frame_times_s)
    frames = sampled(file, [each - 1e-4 for each in frame_times_s[1:]])
    assert [number_of(frame.image_rgb) for frame in frames] == list(range(len(frame_times_s) - 1))


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_variable_rates_are_sampled(container):
    frame_times_s = tuple(number**2 / 400 for number in range(40))
    file = film(frame_times_s=frame_times_s, container=container)
    check(file, [number / 8 + 0.001 for number in range(30)], frame_times_s)
    check(file, [0.0, 3.9], frame_times_s)


def test_the_last_picture_stays():
    frames = sampled(film(), [5.96, 5.99, 7.0])
    assert [number_of(frame.image_rgb) for frame in frames] == [149, 149, 149]


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_a_single_picture_is_sampled(container):
    frames = sampled(films.one_frame(container), [0.0, 0.01, 0.03])
    assert [number_of(frame.image_rgb) for frame in frames] == [0, 0, 0]
    assert [frame.is_repeat for frame in frames] == [False, True, True]
    assert frames[0].image_rgb is frames[2].image_rgb


def test_no_moments_no_samples():
    assert sampled(film(), []) == []


@pytest.mark.parametrize("seek_points_s", [(1.0, 3.0, 5.0), (0.0, 0.5, 5.9), (50.0,), (2.0,)])
def test_wrong_seek_points_do_no_harm(seek_points_s):
    check(film(), [0.2, 1.5, 3.3, 5.5], even_times(SCENES, RATE), seek_points_s)


# --- as it is shown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_are_upright(rotation, mirrored):
    frames = sampled(film(rotation=rotation, mirrored=mirrored), [0, 1, 2.5, 5])
    for frame, upright in zip(frames, [0, 25, 62, 125], strict=True):
        assert frame.image_rgb.shape == (360, 640, 3)
        assert number_of(frame.image_rgb) == upright  # which is written along the lower edge, from the left
        assert difference(frame.image_rgb, plain(film())[upright]) < 6


@pytest.mark.parametrize(("pixel_aspect", "shape"), [(Fraction(4, 3), (360, 640, 3)), (Fraction(2, 3), (540, 960, 3))])
def test_pixels_are_square(pixel_aspect, shape):
    [frame] = sampled(film(pixel_aspect=pixel_aspect), [1])
    assert frame.image_rgb.shape == shape
    [frame] = sampled(film(pixel_aspect=pixel_aspect), [1], max_width_px=320)
    assert frame.image_rgb.shape == (180, 320, 3)


@pytest.mark.parametrize(
    ("options", "max_width_px", "shape"),
    [
        ({}, 640, (360, 640, 3)),
        ({}, 10_000, (360, 640, 3)),  # never enlarged
        ({}, 333, (187, 333, 3)),
        ({}, 1, (1, 1, 3)),
        ({"rotation": 90}, 320, (180, 320, 3)),  # of what is upright
        ({"rotation": 270, "width": 360, "height": 640}, 90, (160, 90, 3)),
    ],
)
def test_the_width_is_limited(options, max_width_px, shape):
    [frame] = sampled(film(**options), [1], max_width_px=max_width_px)
    image_rgb = frame.image_rgb
    assert image_rgb.shape == shape
    assert (image_rgb.dtype, image_rgb.flags.c_contiguous, image_rgb.flags.writeable) == (np.uint8, True, False)


# --- damaged files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"faststart": True}, {"fragmented": True}, {"container": "mpegts"}, {"container": "matroska"}]
)
def test_what_is_there_of_a_truncated_video_is_sampled(options):
    frames = sampled(films.truncated(film(**options)), [0, 1, 2, 3], seek_points_s=(0, 2, 4))
    assert [number_of(frame.image_rgb) for frame in frames] == [0, 25, 50, 75]


def test_what_comes_after_damage_is_sampled():
    damaged = bytearray(film(faststart=True))
    damaged[len(damaged) // 3 : len(damaged) // 2] = bytes(len(damaged) // 2 - len(damaged) // 3)
    frames = {frame.number: frame for frame in sampled(bytes(damaged), [0, 1, 2, 3, 4, 5])}
    for number in (0, 1, 4, 5):
        assert np.array_equal(frames[number].image_rgb, plain(film(faststart=True))[25 * number])


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("options", [{"faststart": True}, {"container": "matroska"}, {"container": "mpegts"}])
def test_damage_anywhere_raises_nothing_else(options, seed):
    randomly = random.Random(seed)
    damaged = bytearray(film(**options))
    for _ in range(randomly.randrange(1, 200)):
        damaged[randomly.randrange(1000 if seed % 2 else len(damaged))] = randomly.randrange(256)
    try:
        facts = probe_video(io.BytesIO(damaged))
        times_s = [facts.duration_s * number / 7 for number in range(7)]
        frames = sampled(bytes(damaged), times_s, seek_points_s=facts.seek_points_s)
    except VideoError:
        return
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))


class FailingFile(io.BytesIO):
    """A file whose storage goes away."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 100_000:
            raise StorageError
        return super().read(size)


def test_a_storage_that_fails_is_no_damaged_video():
    file = film(faststart=True)
    with pytest.raises(StorageError):
        probe_video(FailingFile(file))
    with pytest.raises(StorageError):
        list(sample_frames(FailingFile(file), [0, 5.9], max_width_px=100))


# --- the rest ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times_s", [[1, 0], [-0.1], [float("nan")], [float("inf")]])
def test_moments_ascend_from_zero(times_s):
    with pytest.raises(ValueError, match="ascend"):
        sample_frames(io.BytesIO(film()), times_s, max_width_px=100)


def test_the_width_is_positive():
    with pytest.raises(ValueError, match="max_width_px"):
        sample_frames(io.BytesIO(film()), [0], max_width_px=0)


def test_pictures_are_let_go():
    file, times_s = io.BytesIO(film()), [number / 25 for number in range(150)]
    tracemalloc.start()
    try:
        for _ in sample_frames(file, times_s, max_width_px=640):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10 * 640 * 360 * 3


def test_sampling_may_end_early():
    file = io.BytesIO(film())
    frames = sample_frames(file, [0, 1, 2], max_width_px=100)
    assert next(frames).number == 0
    frames.close()
    assert len(sampled(file.getvalue(), [0, 1])) == 2


def difference(image: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of two pictures, in grey levels."""
    return float(np.abs(image.astype(np.int16) - other).mean())
