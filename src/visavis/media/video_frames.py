"""Pictures of a video at given moments, for the least decoding."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

import av
import av.error
import numpy as np
from av.packet import Packet
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from visavis.media.display import Display, UInt8Array
from visavis.media.video_files import LOOKAHEAD, OpenVideo, Origin, VideoLimits, open_video

# AVI stores no presentation times, and with these codecs the order of packets does not tell them.
_REORDERING: Final = frozenset({"h264", "hevc"})
_SEEK_LEADS_S: Final = (0, 2, 10)  # containers without an index land late; the next attempt aims earlier
_ROUNDING_S: Final = 1e-6
_MOST_ROUNDING_S: Final = 5e-4  # half a tick of the coarsest clock in use; one of AVI ticks once a picture

# Decoders that heed a change of skip_frame between packets, and whose other pictures stay the same to the bit. Others
# ignore it, or, like libdav1d, look once.
_SKIPPING: Final = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "vp9"})


@dataclass(frozen=True, slots=True, eq=False)
class SampledFrame:
    """What is on screen at one of the moments asked for."""

    number: int  # index into times_s
    time_s: float  # times_s[number]
    shown_since_s: float  # when this picture came up, from the first picture of the video
    is_repeat: bool  # the same picture as the sample before
    image_rgb: UInt8Array  # (H, W, 3), upright, square pixels, C-contiguous, read-only


def sample_frames(
    file: BinaryIO,
    times_s: Sequence[float],
    *,
    max_width_px: int,
    seek_points_s: Sequence[float] = (),
    limits: VideoLimits | None = None,
) -> Iterator[SampledFrame]:
    """The pictures on screen at given moments, in order.

    A picture that no moment needs, nor another picture, is not decoded; whole stretches without a moment are jumped
    over where ``seek_points_s`` allows. Where nothing can be decoded there is no
    sample; damage inside of a picture is concealed, as players do. Memory does not grow with the video.

    Args:
        file: seekable; nobody else may move it meanwhile.
        times_s: ascending, from the first picture of the video; after the start of the last picture, that one counts.
        max_width_px: of the upright picture; smaller ones are not enlarged.
        seek_points_s: as ``VideoFacts`` has them; without, everything before a moment is read.
        limits: on pixels; the defaults of VideoLimits if None.
    Raises:
        ValueError: times_s does not ascend from 0, or max_width_px is not positive.
        UnreadableVideo: while iterating: no video of a supported format, or no pictures in it.
        VideoTooLarge: while iterating: its pictures are larger than the limits allow.
    """
    if max_width_px < 1:
        raise ValueError("max_width_px must be positive")
    times = np.asarray(times_s, np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any() or (np.diff(times) < 0).any():
        raise ValueError("times_s must ascend from 0")
    return _sampled(file, times_s, max_width_px, seek_points_s, VideoLimits() if limits is None else limits)


def _sampled(
    file: BinaryIO, times_s: Sequence[float], max_width_px: int, seek_points_s: Sequence[float], limits: VideoLimits
) -> Iterator[SampledFrame]:
    if len(times_s):
        with open_video(file, limits) as video:
            yield from _Sampling(video, times_s, seek_points_s, max_width_px).frames()


@dataclass(frozen=True, slots=True)
class _Front:
    """The next packet to decode."""

    packet: Packet[VideoStream]
    stamp: int
    next_stamp: int | None  # when the next picture comes up; None: it is the last


class _Packets:
    """Packets in the order in which they are decoded, read just far enough ahead to know until when each is shown."""

    def __init__(self, video: OpenVideo) -> None:
        self._video = video
        self.last_stamp: int | None = None  # the latest that was read since the last jump
        self.restart()

    def restart(self) -> None:
        """Go on from where the file now stands."""
        self._source = self._video.packets()
        self._window: deque[tuple[Packet[VideoStream], int]] = deque()
        self._stamps: list[int] = []  # sorted: of the window, and of what left it and may follow something in it
        self._dts: int | None = None  # no picture before it is still to come
        self._ended = False
        self.last_stamp = None

    def origin(self) -> int | None:
        """Time stamp of the first picture shown; None for none. Only at the beginning."""
        origin = Origin()
        while not origin.is_settled and self._read():
            origin.see(*self._window[-1])
        return origin.stamp

    def skip_to_key(self) -> int | None:
        """Drop what cannot be decoded after a jump; the time stamp of the first that can."""
        while self._window or self._read():
            packet, stamp = self._window[0]
            if packet.is_keyframe and not packet.is_discard:
                return stamp
            self._window.popleft()
        return None

    def next(self) -> _Front | None:
        if not self._window and not self._read():
            return None
        packet, stamp = self._window[0]
        while not self._is_settled(stamp) and self._read():
            pass
        self._window.popleft()
        behind = stamp if packet.dts is None else min(stamp, packet.dts)
        # without a dts nothing says what may still come before what: the latest are enough
        first = bisect_left(self._stamps, behind) if packet.dts is not None else len(self._stamps) - 3 * LOOKAHEAD
        del self._stamps[: max(0, first)]
        return _Front(packet, stamp, self._following(stamp))

    def _following(self, stamp: int) -> int | None:
        place = bisect_right(self._stamps, stamp)
        return self._stamps[place] if place < len(self._stamps) else None

    def _is_settled(self, stamp: int) -> bool:
        following = self._following(stamp)
        if following is not None and self._dts is not None and self._dts >= following:
            return True
        return self._ended or len(self._window) > LOOKAHEAD

    def _read(self) -> bool:
        found = next(self._source, None)
        if found is None:
            self._ended = True
            return False
        packet, stamp = found
        self._window.append(found)
        self._dts = packet.dts
        if not packet.is_discard:
            insort(self._stamps, stamp)
            self.last_stamp = stamp if self.last_stamp is None else max(stamp, self.last_stamp)
        return True


class _Sampling:
    """One pass over a video."""

    def __init__(
        self, video: OpenVideo, times_s: Sequence[float], seek_points_s: Sequence[float], max_width_px: int
    ) -> None:
        self._video = video
        self._decoder = video.stream.codec_context
        self._times_s = times_s
        self._seek_points_s = seek_points_s
        self._max_width_px = max_width_px
        self._packets = _Packets(video)
        self._reformatter = VideoReformatter()
        self._skips = self._decoder.name in _SKIPPING
        self._is_unordered = "avi" in video.container.format.name and self._decoder.name in _REORDERING
        self._sent: list[int] = []  # heap of the stamps of what was sent, where the pictures do not bring theirs
        self._samples: dict[int, range] = {}  # samples of the pictures that were sent, by stamp
        self._owners: dict[int, int] = {}  # stamp of the picture of a sample
        self._last_number = -1
        self._displays: dict[int, Display] = {}

    def frames(self) -> Iterator[SampledFrame]:
        origin = self._packets.origin()
        if origin is None:
            return
        self._origin = origin
        self._ticks = [self._tick(time_s) for time_s in self._times_s]
        self._keys = [] if self._is_unordered else [self._tick(point_s) for point_s in self._seek_points_s]
        position = 0  # of the first sample whose picture was not yet met
        while position < len(self._ticks) or (self._is_unordered and self._last_number < len(self._ticks) - 1):
            key = self._key_to_jump_to(self._ticks[position]) if position < len(self._ticks) else None
            if key is not None:
                yield from self._decoded(None)
                self._jump(key)
            front = self._packets.next()
            if front is None:
                break
            wanted = self._wanted(front)
            for number in wanted:
                self._owners[number] = front.stamp
            if wanted:
                self._samples[front.stamp] = wanted
                if position in wanted:
                    position = wanted.stop
            while position in self._owners:
                position += 1
            self._decoder.skip_frame = "NONREF" if self._skips and not wanted and not self._is_unordered else "DEFAULT"
            if self._is_unordered:
                heapq.heappush(self._sent, front.stamp)
            yield from self._decoded(front.packet)
        yield from self._decoded(None)

    def _tick(self, time_s: float) -> int:
        """The last time stamp not after a moment; one that clocks round to the moment is not after it."""
        tick_s = float(self._video.tick_s)
        return self._origin + math.floor((time_s + min(tick_s / 2, _MOST_ROUNDING_S) + _ROUNDING_S) / tick_s)

    def _wanted(self, front: _Front) -> range:
        if front.packet.is_discard:
            return range(0)
        first = bisect_left(self._ticks, front.stamp)
        if front.next_stamp is None:
            return range(first, len(self._ticks))
        return range(first, bisect_left(self._ticks, front.next_stamp, lo=first))

    def _key_to_jump_to(self, tick: int) -> int | None:
        place = bisect_right(self._keys, tick) - 1
        if place < 0:
            return None
        key = self._keys[place]
        return key if self._packets.last_stamp is None or key > self._packets.last_stamp else None

    def _jump(self, key: int) -> None:
        """Go on at a key frame, or as far before it as the container manages."""
        was_at = self._packets.last_stamp
        for lead_s in _SEEK_LEADS_S:
            landed = self._seek(max(self._origin, key - round(lead_s / self._video.tick_s)))
            if landed is not None and landed <= key:
                if was_at is not None and landed <= was_at:
                    self._keys = []  # going back is dearer than going on
                return
        self._keys = []
        if self._seek(self._origin) is None:
            self._packets.restart()

    def _seek(self, stamp: int) -> int | None:
        self._samples.clear()
        try:
            self._video.container.seek(stamp, stream=self._video.stream, backward=True)
        except av.error.FFmpegError:
            self._decoder.flush_buffers()
            return None
        self._packets.restart()
        return self._packets.skip_to_key()

    def _decoded(self, packet: Packet[VideoStream] | None) -> Iterator[SampledFrame]:
        """The samples that decoding a packet brings to light; of None those that the decoder still holds back."""
        try:
            frames = self._decoder.decode(packet)
        except av.error.FFmpegError:
            return
        for frame in frames:
            stamp = heapq.heappop(self._sent) if self._is_unordered and self._sent else frame.pts
            if stamp is not None and not frame.is_corrupt:
                yield from self._samples_of(frame, stamp)

    def _samples_of(self, frame: av.VideoFrame, stamp: int) -> Iterator[SampledFrame]:
        numbers = [each for each in self._samples.pop(stamp, range(0)) if self._owners.get(each) == stamp]
        numbers = [each for each in numbers if each > self._last_number]
        if not numbers:
            return
        for passed in [each for each in self._samples if each < stamp]:
            del self._samples[passed]  # what came of them was damaged
        for passed in [each for each in self._owners if each <= numbers[-1]]:
            del self._owners[passed]
        image_rgb = self._rgb(frame)
        since_s = float((stamp - self._origin) * self._video.tick_s)
        self._last_number = numbers[-1]
        for number in numbers:
            yield SampledFrame(number, self._times_s[number], since_s, number > numbers[0], image_rgb)

    def _rgb(self, frame: av.VideoFrame) -> UInt8Array:
        # side data tie a frame into a cycle, so that its memory waits for the garbage collector: look at them once
        display = self._displays.get(frame.rotation)
        if display is None:
            display = Display.of(frame, self._video.stream.sample_aspect_ratio)
            self._displays[frame.rotation] = display
        full_width, full_height = display.upright_size_wh((frame.width, frame.height))
        width = min(full_width, self._max_width_px)
        height = max(1, round(full_height * width / full_width))
        stored_width, stored_height = display.stored_size_wh((width, height))
        small = self._reformatter.reformat(
            frame, stored_width, stored_height, "rgb24", interpolation=Interpolation.AREA, threads=1
        )
        image_rgb = display.upright(np.asarray(small.to_ndarray(), np.uint8))
        image_rgb.flags.writeable = False
        return image_rgb
