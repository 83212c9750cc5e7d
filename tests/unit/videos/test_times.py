"""At which moments a video is looked at, and how they are shared out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import InvalidRequest
from visavis.video_records import MAX_FRAMES_PER_SECOND, MIN_FRAMES_PER_SECOND, Sampling, VideoInfo
from visavis.videos.times import UNIT_FRAMES, UNIT_S, Times, check_window, split, times_of


def make_info(duration_s: float) -> VideoInfo:
    return VideoInfo("mp4", duration_s, 640, 360, 25.0, False, max(1, round(duration_s * 25)), None, False, None, None)


def make_times(count: int, interval_s: float, start_s: float = 0.0) -> Times:
    return Times(start_s, start_s + count * interval_s, interval_s, count)


def moments(times: Times) -> list[float]:
    return [times.of(number) for number in range(times.count)]


@pytest.mark.parametrize(
    ("sampling", "duration_s", "expected"),
    [
        (Sampling(1), 3.0, [0, 1, 2]),  # the end is no moment: nothing is shown there any more
        (Sampling(1), 3.04, [0, 1, 2, 3]),
        (Sampling(1), 0.04, [0]),  # one picture
        (Sampling(0.1), 25.0, [0, 10, 20]),
        (Sampling(10), 0.5, [0, 0.1, 0.2, 0.3, 0.4]),  # not 0.30000000000000004
        (Sampling(3), 1.0, [0, 0.333333, 0.666667]),
        (Sampling(1, start_s=1.5), 4.0, [1.5, 2.5, 3.5]),
        (Sampling(2, start_s=1, end_s=2), 4.0, [1, 1.5]),
        (Sampling(2, start_s=1, end_s=2.2), 4.0, [1, 1.5, 2]),
        (Sampling(1, start_s=1, end_s=1.01), 4.0, [1]),  # shorter than an interval, and still looked at
        (Sampling(1, end_s=3), 2.9, [0, 1, 2]),  # a client that rounds the duration
        (Sampling(1, end_s=3.3), 3.0, [0, 1, 2]),  # and no moment after the end because of it
    ],
)
def test_a_sampling_asks_for_moments(sampling: Sampling, duration_s: float, expected: list[float]) -> None:
    times = times_of(sampling, make_info(duration_s))
    assert moments(times) == pytest.approx(expected, abs=0)
    assert times.end_s <= duration_s


@pytest.mark.parametrize(
    ("sampling", "said"),
    [
        (Sampling(start_s=10), "outside"),  # nothing is shown at the very end
        (Sampling(start_s=11), "outside"),
        (Sampling(start_s=11, end_s=12), "outside"),
        (Sampling(end_s=10.6), "outside"),
        (Sampling(start_s=5, end_s=5), "ends before"),
        (Sampling(start_s=5, end_s=4), "ends before"),
        (Sampling(end_s=0), "ends before"),
    ],
)
def test_a_window_that_is_not_in_the_video_is_refused(sampling: Sampling, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        times_of(sampling, make_info(10.0))


def test_a_refusal_says_how_long_the_video_is() -> None:
    with pytest.raises(InvalidRequest, match=r"10\.000 s"):
        times_of(Sampling(start_s=11), make_info(10.0))


def test_a_window_that_makes_sense_in_no_video_is_refused_before_the_video_is_known() -> None:
    check_window(Sampling(start_s=5, end_s=6))
    check_window(Sampling(start_s=5))
    with pytest.raises(InvalidRequest):
        check_window(Sampling(start_s=6, end_s=5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames_per_second": MIN_FRAMES_PER_SECOND / 2},
        {"frames_per_second": MAX_FRAMES_PER_SECOND + 1},
        {"frames_per_second": float("nan")},
        {"max_width_px": 32},
        {"max_width_px": 5000},
        {"start_s": -1.0},
        {"end_s": -0.1},
    ],
)
def test_a_sampling_is_checked_where_it_is_born(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"is|begins"):
        Sampling(**wrong)  # type: ignore[arg-type]


rates = st.floats(MIN_FRAMES_PER_SECOND, MAX_FRAMES_PER_SECOND) | st.sampled_from([0.1, 0.5, 1.0, 10.0, 29.97, 30.0])


@given(rate=rates, duration_s=st.floats(0.04, 20_000), start=st.floats(0, 1), length=st.floats(0, 1))
def test_moments_lie_in_the_window_an_interval_apart_and_leave_no_rest(
    rate: float, duration_s: float, start: float, length: float
) -> None:
    start_s = start * duration_s * 0.99
    end_s = start_s + 0.001 + length * (duration_s - start_s - 0.001)
    times = times_of(Sampling(rate, start_s=start_s, end_s=end_s), make_info(duration_s))
    first, last = times.of(0), times.of(times.count - 1)
    assert first == pytest.approx(start_s, abs=1e-6)
    assert last < end_s
    assert end_s - last <= 1 / rate + 1e-5
    if times.count > 1:
        assert (last - first) / (times.count - 1) == pytest.approx(1 / rate, abs=1e-5)


grids = st.builds(
    make_times,
    st.integers(1, 5000),
    st.sampled_from([1 / 30, 0.1, 0.25, 1.0, 2.0, 10.0]),
    st.sampled_from([0.0, 0.05, 17.3]),
)
gaps = st.lists(st.floats(0.5, 120), max_size=200)


def as_seek_points(gaps_s: list[float]) -> list[float]:
    points, at_s = [0.0], 0.0
    for gap_s in gaps_s:
        at_s += gap_s
        points.append(at_s)
    return points


@given(times=grids, gaps_s=gaps, are_known=st.booleans())
def test_every_number_is_in_exactly_one_range_and_no_range_is_too_long(
    times: Times, gaps_s: list[float], are_known: bool
) -> None:
    ranges = split(times, as_seek_points(gaps_s) if are_known else [])
    assert ranges[0][0] == 0
    assert ranges[-1][1] == times.count
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert all(first < end for first, end in ranges)
    assert all(end - first <= max(1, UNIT_FRAMES * 3 // 2) for first, end in ranges)
    assert all((end - first - 1) * times.interval_s <= max(UNIT_S * 1.5, times.interval_s) for first, end in ranges)


@given(times=grids, gaps_s=gaps)
def test_ranges_are_not_needlessly_short(times: Times, gaps_s: list[float]) -> None:
    usual = max(1, min(UNIT_FRAMES, round(UNIT_S / times.interval_s)))
    for first, end in split(times, as_seek_points(gaps_s)):
        assert end - first >= min(times.count, usual // 2)


@pytest.mark.parametrize(
    ("times", "seek_points_s", "expected"),
    [
        (make_times(10, 1.0), [0], [(0, 10)]),
        (make_times(45, 1.0), [0], [(0, 45)]),  # half a unit more is no unit of its own
        (make_times(46, 1.0), [0], [(0, 30), (30, 46)]),
        (make_times(100, 1.0), [], [(0, 30), (30, 60), (60, 100)]),
        (make_times(100, 1.0), [0, 25, 50, 75], [(0, 25), (25, 50), (50, 75), (75, 100)]),
        (make_times(100, 1.0), [0, 24.5, 58.2], [(0, 25), (25, 55), (55, 100)]),  # the first moment after the point
        (make_times(100, 1.0), [0, 3, 90], [(0, 30), (30, 60), (60, 100)]),  # none near: as long as usual
        (make_times(100, 1.0), [0, 30, 60], [(0, 30), (30, 60), (60, 100)]),
        (make_times(500, 1 / 30), [0], [(0, 240), (240, 500)]),  # dense frames: as many as a worker may lose
        (make_times(7, 10.0), [0], [(0, 3), (3, 7)]),  # sparse ones: by time
        (make_times(60, 1.0, start_s=5), [0, 32], [(0, 27), (27, 60)]),  # numbers count from the window's start
    ],
)
def test_a_range_begins_at_a_seek_point_where_one_is_near(
    times: Times, seek_points_s: list[float], expected: list[tuple[int, int]]
) -> None:
    assert split(times, seek_points_s) == expected
