"""Video files: opened without trust, and what their packets say without decoding them."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Final

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from visavis.errors import UnreadableVideo, VideoTooLarge, VisavisError
from visavis.media.display import Display
from visavis.media.headers import sniff_media_type

# Containers that are one file. A playlist, a session description or a list of parts would name others, of any place.
_CONTAINERS: Final = ("mov", "matroska", "avi", "mpegts", "mpeg", "flv", "ogg", "asf")
_STILL_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif", b"jxl "})

# The most pictures that may lie between a picture and one shown before it; no codec of these containers has more.
LOOKAHEAD: Final = 20

_MOST_PICTURES_PER_S: Final = 240
_FIRST_PICTURE_WITHIN: Final = 1000  # packets that may be undecodable before a file counts as damaged

# FFmpeg decodes a picture by itself to find out about some streams. Above our own limit, so that their size is known
# when they are refused for it; but below what takes the memory of the machine.
_PIXELS_TO_PROBE: Final = 1 << 27

_UNKNOWN_RATE: Final = Fraction(25)


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a video may cost; checked before its pixels are decoded."""

    max_pixels: int = 40_000_000  # of one picture
    max_duration_s: float = 12 * 3600.0

    def __post_init__(self) -> None:
        if self.max_pixels < 1 or not self.max_duration_s > 0:
            raise ValueError("limits of a video must be positive")


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video file holds."""

    media_format: str  # judged by its bytes: "mp4", "quicktime", "webm", "matroska", "avi", "mpegts", ...
    duration_s: float  # from the first picture to the end of the last, whatever the header claims
    width_px: int  # upright, with square pixels
    height_px: int
    frame_rate: float | None  # average, pictures per second; None for a single picture
    has_variable_rate: bool
    frame_count: int
    bitrate_bps: int | None  # of the whole file
    has_audio: bool
    audio_sample_rate_hz: int | None
    audio_channels: int | None
    seek_points_s: tuple[float, ...]  # key frames, from the first picture, ascending, at least a second apart


@dataclass(frozen=True, slots=True, eq=False)
class OpenVideo:
    """A file that was opened: its pictures can be read."""

    container: InputContainer
    stream: VideoStream
    tick_s: Fraction  # unit of its time stamps

    def packets(self) -> Iterator[tuple[Packet[VideoStream], int]]:
        """Packets of the picture stream from where the file stands, each with its time stamp in ticks.

        A damaged rest of the file is its end.
        """
        rate = self.stream.average_rate or _UNKNOWN_RATE
        gap = max(1, round(1 / (rate * self.tick_s)))
        stamp = -gap
        try:
            for packet in self.container.demux(self.stream):
                if not packet.size:  # to a decoder it would mean the end
                    continue
                known = packet.dts if packet.pts is None else packet.pts
                stamp = stamp + gap if known is None else known
                yield packet, stamp
        except av.error.FFmpegError:
            return


class Origin:
    """Finds the time stamp of the first picture shown, which need not be the first that is stored."""

    def __init__(self) -> None:
        self.stamp: int | None = None
        self.is_settled = False
        self._seen = 0

    def see(self, packet: Packet[VideoStream], stamp: int) -> None:
        """Take the next packet of the file into account."""
        if self.is_settled or packet.is_discard:
            return
        self._seen += 1
        self.stamp = stamp if self.stamp is None else min(self.stamp, stamp)
        self.is_settled = self._seen >= LOOKAHEAD or (packet.dts is not None and packet.dts >= self.stamp)


def probe_video(file: BinaryIO, limits: VideoLimits | None = None) -> VideoFacts:
    """What is in a video file.

    Every packet of the picture stream is read and only the first picture is decoded, so that count and duration are
    those of what is there, not those of a header.

    Args:
        file: seekable; read from its beginning.
        limits: on pixels and duration; the defaults of VideoLimits if None.
    Raises:
        UnreadableVideo: no video of a supported format, no pictures in it, damaged, nothing can be decoded.
        VideoTooLarge: more pixels, more pictures or longer than the limits allow.
    """
    limits = VideoLimits() if limits is None else limits
    with open_video(file, limits) as video:
        stamps, key_stamps, origin, end, display, stored_wh = _survey(video, limits)
        width, height = display.upright_size_wh(stored_wh)
        _check_pixels(width, height, limits)
        shown = np.unique(np.asarray(stamps, np.int64))
        shown = shown[shown >= origin]
        gaps = np.diff(shown)
        end = max(end, int(shown[-1]) + (int(np.median(gaps)) if len(gaps) else 0))
        if end == shown[-1]:  # a single picture that says nothing of its length
            end += max(1, round(1 / ((video.stream.average_rate or _UNKNOWN_RATE) * video.tick_s)))
        duration_s = float((end - origin) * video.tick_s)
        sound = next(iter(video.container.streams.audio), None)
        heard = sound.codec_context if sound is not None and _is_known(sound) else None
        return VideoFacts(
            media_format=_media_format(video.container, file),
            duration_s=duration_s,
            width_px=width,
            height_px=height,
            frame_rate=float(len(gaps) / (int(shown[-1] - shown[0]) * video.tick_s)) if len(gaps) else None,
            has_variable_rate=_is_uneven(gaps),
            frame_count=len(stamps),
            bitrate_bps=round(8 * _size(file) / duration_s),
            has_audio=sound is not None,
            audio_sample_rate_hz=heard.sample_rate or None if heard else None,
            audio_channels=heard.channels or None if heard else None,
            seek_points_s=_thinned([float((stamp - origin) * video.tick_s) for stamp in sorted(key_stamps)]),
        )


@contextmanager
def open_video(file: BinaryIO, limits: VideoLimits) -> Iterator[OpenVideo]:
    """Open a file for reading its pictures, which are decoded in the caller's thread alone.

    Raises:
        UnreadableVideo: no video of a supported format, or no pictures in it; also for what FFmpeg makes of the file
            inside the block.
        VideoTooLarge: its pictures are declared larger than the limits allow.
    """
    file.seek(0)
    head = file.read(64)
    file.seek(0)
    if not head:
        raise UnreadableVideo("The video is empty.")
    if sniff_media_type(head) or (head[4:8] in (b"ftyp", b"JXL ") and head[8:12] in _STILL_BRANDS):
        raise UnreadableVideo("The file is a picture, not a video.")
    options = {
        "format_whitelist": ",".join(_CONTAINERS),
        "protocol_whitelist": "none",  # the file is handed over open: nothing else is ever to be
        "max_pixels": str(max(limits.max_pixels, _PIXELS_TO_PROBE)),
    }
    try:
        with av.open(file, "r", options=options, metadata_errors="ignore") as container:
            yield _opened(container, limits)
    except VisavisError:
        raise
    except av.error.FFmpegError as error:
        known = head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") or head[:4] == b"\x1a\x45\xdf\xa3"
        raise UnreadableVideo(
            "The video is damaged or incomplete." if known else "The file is no video of a supported format."
        ) from error
    except (ValueError, ArithmeticError, LookupError, AttributeError) as error:  # PyAV, of what a hostile file says
        raise UnreadableVideo("The video is damaged or incomplete.") from error


def _opened(container: InputContainer, limits: VideoLimits) -> OpenVideo:
    streams = [
        each
        for each in container.streams.video
        if not each.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    ]
    if not streams:
        sound = "The file holds sound, but no video." if container.streams.audio else "The file holds no video."
        raise UnreadableVideo(sound)
    stream = next((each for each in streams if _is_known(each)), None)
    if stream is None or not stream.time_base:
        raise UnreadableVideo("The video is coded in a way that this server does not decode.")
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    context = stream.codec_context
    _check_pixels(context.width, context.height, limits)
    context.thread_count = 1  # one process runs for each core
    context.options = {"max_pixels": str(limits.max_pixels)}
    return OpenVideo(container, stream, Fraction(stream.time_base))


def _is_known(stream: VideoStream | AudioStream) -> bool:
    # the types of PyAV have it that there is always a decoder
    return getattr(stream, "codec_context", None) is not None


def _check_pixels(width: int, height: int, limits: VideoLimits) -> None:
    if width * height > limits.max_pixels:
        raise VideoTooLarge(f"The pictures of the video have more than {limits.max_pixels} pixels.")


def _survey(video: OpenVideo, limits: VideoLimits) -> tuple[array[int], list[int], int, int, Display, tuple[int, int]]:
    """Read all packets: stamps of the pictures, those of key frames, origin, end, and how the first is shown."""
    stamps = array("q")
    key_stamps: list[int] = []
    origin, end = Origin(), 0
    first: av.VideoFrame | None = None
    longest = int(limits.max_duration_s / video.tick_s)
    for packet, stamp in video.packets():
        if first is None and len(stamps) < _FIRST_PICTURE_WITHIN:
            first = _first_decoded(video, packet)
        if packet.is_discard:
            continue
        origin.see(packet, stamp)
        stamps.append(stamp)
        end = max(end, stamp + (packet.duration or 0))
        if packet.is_keyframe:
            key_stamps.append(stamp)
        if origin.stamp is not None and stamp - origin.stamp > longest:
            raise VideoTooLarge(f"The video is longer than {limits.max_duration_s:g} s.")
        if len(stamps) > limits.max_duration_s * _MOST_PICTURES_PER_S + LOOKAHEAD:
            raise VideoTooLarge("The video has more pictures than this server reads.")
    first = _first_decoded(video, None) if first is None else first
    if first is None or origin.stamp is None:
        raise UnreadableVideo("No picture of the video can be decoded.")
    if end - origin.stamp > longest:
        raise VideoTooLarge(f"The video is longer than {limits.max_duration_s:g} s.")
    key_stamps = [stamp for stamp in key_stamps if stamp >= origin.stamp]
    display = Display.of(first, video.stream.sample_aspect_ratio)
    return stamps, key_stamps, origin.stamp, end, display, (first.width, first.height)


def _first_decoded(video: OpenVideo, packet: Packet[VideoStream] | None) -> av.VideoFrame | None:
    try:
        return next(iter(video.stream.codec_context.decode(packet)), None)
    except av.error.FFmpegError:
        return None


def _is_uneven(gaps: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Whether more than one gap in a hundred differs from the usual one by more than rounding."""
    if len(gaps) < 2:
        return False
    usual = float(np.median(gaps))
    return float(np.mean(np.abs(gaps - usual) > max(1.5, usual / 20))) > 0.01


def _thinned(moments_s: list[float]) -> tuple[float, ...]:
    kept: list[float] = []
    for moment_s in moments_s:
        if not kept or moment_s - kept[-1] >= 1:
            kept.append(moment_s)
    return tuple(kept)


def _media_format(container: InputContainer, file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(64)
    name = container.format.name.partition(",")[0]
    if name == "mov":
        # files of the time before brands are QuickTime's
        return "mp4" if head[4:8] == b"ftyp" and head[8:12] != b"qt  " else "quicktime"
    return "webm" if name == "matroska" and b"webm" in head else name


def _size(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)
