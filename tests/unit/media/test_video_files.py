"""What video files are said to hold, and which are refused."""

from __future__ import annotations

import io
import socket
from fractions import Fraction

import pytest
from PIL import Image

from support import films
from support.films import SCENES, Scene, film
from visavis.errors import UnreadableVideo, VideoTooLarge
from visavis.media.video_files import VideoFacts, VideoLimits, probe_video
from visavis.media.video_frames import sample_frames

DURATION_S = sum(scene.seconds for scene in SCENES)


def probe(file: bytes, limits: VideoLimits | None = None) -> VideoFacts:
    return probe_video(io.BytesIO(file), limits)


def refused(file: bytes, limits: VideoLimits | None = None) -> str:
    """The message with which a file is refused."""
    with pytest.raises(UnreadableVideo) as caught:
        probe(file, limits)
    with pytest.raises(UnreadableVideo):
        list(sample_frames(io.BytesIO(file), [0], max_width_px=100))
    assert caught.value.message.endswith(".")
    return caught.value.message


# --- what is said of a good file --------------------------------------------------------------------------


def test_the_facts_of_a_video():
    file = film(audio=True, faststart=True)
    assert probe(file) == VideoFacts(
        media_format="mp4",
        duration_s=DURATION_S,
        width_px=640,
        height_px=360,
        frame_rate=25.0,
        has_variable_rate=False,
        frame_count=150,
        bitrate_bps=round(8 * len(file) / DURATION_S),
        has_audio=True,
        audio_sample_rate_hz=48_000,
        audio_channels=probe(file).audio_channels,  # as many as the encoder made
        seek_points_s=(0.0, 2.0, 4.0),
    )
    assert probe(file).audio_channels in (1, 2)


@pytest.mark.parametrize(
    ("options", "media_format"),
    [
        ({}, "mp4"),
        ({"fragmented": True}, "mp4"),
        ({"container": "mov"}, "quicktime"),
        ({"container": "webm", "codec": "libvpx-vp9"}, "webm"),
        ({"container": "matroska"}, "matroska"),
        ({"container": "avi", "codec": "mpeg4"}, "avi"),
        ({"container": "mpegts"}, "mpegts"),
        ({"container": "mpeg", "codec": "mpeg2video"}, "mpeg"),
        ({"container": "flv"}, "flv"),
    ],
)
def test_every_container_tells_the_same_story(options, media_format):
    facts = probe(film(**options))
    assert facts.media_format == media_format
    assert (facts.width_px, facts.height_px, facts.frame_count) == (640, 360, 150)
    assert facts.duration_s == pytest.approx(DURATION_S, abs=0.002)
    assert facts.frame_rate == pytest.approx(25, abs=0.01)
    assert not facts.has_variable_rate
    assert (facts.has_audio, facts.audio_sample_rate_hz, facts.audio_channels) == (False, None, None)
    assert facts.seek_points_s[0] == 0
    assert len(facts.seek_points_s) >= 3


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_time_begins_with_the_first_picture(container):
    facts = probe(film(container=container, starts_at_s=7.5))
    assert facts.duration_s == pytest.approx(DURATION_S, abs=0.002)
    assert facts.seek_points_s == pytest.approx((0, 2, 4), abs=0.001)


def test_odd_rates_are_exact():
    facts = probe(film(frame_rate=Fraction(30_000, 1001)))
    assert facts.frame_rate == pytest.approx(30_000 / 1001)
    assert facts.duration_s == pytest.approx(180 * 1001 / 30_000)
    assert not facts.has_variable_rate


def test_rounded_time_stamps_are_no_variable_rate():
    assert not probe(film(frame_rate=Fraction(30_000, 1001), container="matroska")).has_variable_rate


def test_a_variable_rate_is_seen():
    facts = probe(film(frame_times_s=tuple(number**2 / 400 for number in range(40))))
    assert facts.has_variable_rate
    assert facts.frame_count == 40
    assert facts.frame_rate == pytest.approx(39 / (39**2 / 400), rel=0.001)


def test_seek_points_lie_at_least_a_second_apart():
    assert probe(film(gop=10)).seek_points_s == pytest.approx((0, 1.2, 2.4, 3.6, 4.8))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_the_size_is_that_of_the_upright_picture(rotation):
    facts = probe(film(rotation=rotation))
    assert (facts.width_px, facts.height_px) == (640, 360)


@pytest.mark.parametrize(
    ("pixel_aspect", "size_wh"),
    [
        (Fraction(4, 3), (640, 360)),  # stored as 480 x 360
        (Fraction(2, 3), (960, 540)),  # stored as 960 x 360: no column is given up
    ],
)
def test_the_size_is_in_square_pixels(pixel_aspect, size_wh):
    facts = probe(film(pixel_aspect=pixel_aspect))
    assert (facts.width_px, facts.height_px) == size_wh


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_a_single_picture_has_a_duration_and_no_rate(container):
    facts = probe(films.one_frame(container))
    assert (facts.frame_count, facts.frame_rate, facts.has_variable_rate) == (1, None, False)
    assert facts.duration_s == pytest.approx(0.04)


@pytest.mark.parametrize("options", [{"faststart": True}, {"fragmented": True}, {"container": "mpegts"}])
def test_of_a_truncated_video_what_is_there_counts(options):
    facts = probe(films.truncated(film(**options)))
    assert 75 < facts.frame_count < 120
    assert facts.duration_s == pytest.approx(facts.frame_count / 25, abs=0.2)


# --- what is refused --------------------------------------------------------------------------------------


def test_a_video_without_its_index_is_damaged():
    assert refused(films.truncated(film())) == "The video is damaged or incomplete."


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_sound_is_no_video(container):
    assert "sound" in refused(films.sound_only(container))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "ICO"])
def test_a_picture_is_no_video(kind):
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 100, 3)).save(file, kind)
    assert refused(file.getvalue()) == "The file is a picture, not a video."


@pytest.mark.parametrize("file", [b"\0", b"hello" * 100, bytes(5000), b"<html></html>", b"%PDF-1.7\n"])
def test_rubbish_is_no_video(file):
    assert refused(file) == "The file is no video of a supported format."


def test_nothing_is_no_video():
    assert refused(b"") == "The video is empty."


def test_a_video_of_rubbish_is_refused():
    file = film(codec="libvpx-vp9", container="webm")
    start = file.index(b"\xa3", 400)
    with pytest.raises(UnreadableVideo):
        probe(file[:start] + bytes(len(file) - start))


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n",
    "DASH": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT9S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{address}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
    "concat": "ffconcat version 1.0\nfile '{address}'\n",
    "SDP": (
        "v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "playlist of addresses": "{address}\n",
    "Smooth Streaming": '<SmoothStreamingMedia><StreamIndex Url="{address}"/></SmoothStreamingMedia>',
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_calls_nobody(kind):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        listener.setblocking(False)
        refused(PLAYLISTS[kind].format(address=f"http://{host}:{port}/a.ts", host=host, port=port).encode())
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("address", ["file:///etc/passwd", "/etc/passwd"])
def test_a_playlist_opens_no_file(kind, address):
    refused(PLAYLISTS[kind].format(address=address, host="127.0.0.1", port=9).encode())


def test_a_playlist_of_a_good_video_is_refused(tmp_path):
    path = tmp_path / "film.ts"
    path.write_bytes(film(container="mpegts"))
    for kind in ("HLS", "concat"):
        refused(PLAYLISTS[kind].format(address=path).encode())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"container": "mpegts"},
        {"container": "webm", "codec": "libvpx-vp9"},
        {"container": "avi", "codec": "mpeg4"},
        {"pixel_aspect": Fraction(4, 3)},  # stored within the limit, shown beyond it
    ],
)
def test_too_many_pixels_are_refused(options):
    limits = VideoLimits(max_pixels=640 * 360 - 1)
    with pytest.raises(VideoTooLarge, match="pixels"):
        probe(film(**options), limits)
    assert probe(film(**options), VideoLimits(max_pixels=640 * 360)).width_px == 640


def test_frames_are_not_sampled_from_too_many_pixels():
    with pytest.raises(VideoTooLarge, match="pixels"):
        list(sample_frames(io.BytesIO(film()), [0], max_width_px=9, limits=VideoLimits(max_pixels=1000)))


def test_too_long_a_video_is_refused():
    with pytest.raises(VideoTooLarge, match="longer than 5"):
        probe(film(), VideoLimits(max_duration_s=5))
    with pytest.raises(VideoTooLarge, match="longer"):
        probe(film((Scene(2),), frame_times_s=(0.0, 100_000.0), container="matroska"))
    assert probe(film(), VideoLimits(max_duration_s=6)).duration_s == 6


@pytest.mark.parametrize("limits", [{"max_pixels": 0}, {"max_duration_s": 0}])
def test_limits_are_positive(limits):
    with pytest.raises(ValueError, match="positive"):
        VideoLimits(**limits)


def test_nothing_is_printed(capfd):
    refused(films.truncated(film()))
    refused(b"hello" * 100)
    damaged = bytearray(film(faststart=True))
    damaged[len(damaged) // 2 :] = bytes(len(damaged) - len(damaged) // 2)
    probe(bytes(damaged))
    list(sample_frames(io.BytesIO(damaged), [0, 1, 3, 5], max_width_px=100))
    assert capfd.readouterr() == ("", "")
