"""At which moments a video is looked at, and how these are split into work units."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.errors import InvalidRequest
from visavis.video_records import Sampling, VideoInfo

# A unit decodes so much of a video, unless that would be more frames than one worker should lose when it dies.
UNIT_S = 30.0
UNIT_FRAMES = 240

# A client rounds what it was told of the duration.
_TOLERANCE_S = 0.5

_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Times:
    """Moments from ``start_s``, ``interval_s`` apart, before ``end_s``: ``count`` of them, at least one."""

    start_s: float
    end_s: float
    interval_s: float
    count: int

    def of(self, number: int) -> float:
        """The moment with a number, from 0."""
        # rounded, or a client that asks for ten a second gets 0.30000000000000004
        return round(self.start_s + number * self.interval_s, 6)


def times_of(sampling: Sampling, info: VideoInfo) -> Times:
    """The moments of a video that a sampling asks for.

    Raises:
        InvalidRequest: they are not in the video.
    """
    start_s = sampling.start_s or 0.0
    end_s = info.duration_s if sampling.end_s is None else sampling.end_s
    if end_s > info.duration_s + _TOLERANCE_S or start_s > info.duration_s - _ROUNDING_S:
        raise InvalidRequest(f"The window is outside the video, which is {info.duration_s:.3f} s long.")
    check_window(sampling)
    end_s = min(end_s, info.duration_s)
    interval_s = 1 / sampling.frames_per_second
    count = max(1, math.ceil((end_s - start_s - _ROUNDING_S) / interval_s))
    return Times(start_s, end_s, interval_s, count)


def check_window(sampling: Sampling) -> None:
    """Whether a window makes sense in any video.

    Raises:
        InvalidRequest: it ends before it begins.
    """
    if sampling.end_s is not None and sampling.end_s <= (sampling.start_s or 0.0):
        raise InvalidRequest("The window ends before it begins.")


def split(times: Times, seek_points_s: Sequence[float]) -> list[tuple[int, int]]:
    """Ranges of numbers, each (first, end) with the end exclusive, that make up all moments.

    Args:
        seek_points_s: ascending. A range begins at one where there is one near, so that no worker decodes what another
            one has to decode as well.
    """
    per_unit = max(1, min(UNIT_FRAMES, round(UNIT_S / times.interval_s)))
    ranges: list[tuple[int, int]] = []
    first = 0
    while first < times.count:
        end = first + per_unit
        if end + per_unit // 2 >= times.count:
            end = times.count
        else:
            near = _at_seek_point(times, end, seek_points_s)
            end = near if near >= first + (per_unit + 1) // 2 else end
        ranges.append((first, end))
        first = end
    return ranges


def _at_seek_point(times: Times, number: int, seek_points_s: Sequence[float]) -> int:
    """The first number at or after the last seek point before a number."""
    at = bisect_right(seek_points_s, times.of(number) + _ROUNDING_S)
    if at == 0:
        return number
    after = math.ceil((seek_points_s[at - 1] - times.start_s - _ROUNDING_S) / times.interval_s)
    return min(number, after)
