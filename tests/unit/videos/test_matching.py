"""Appearances: what belongs together is told once."""

from __future__ import annotations

from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.records import Box
from visavis.video_records import Appearance
from visavis.videos.matching import joined

BOX = Box(0.25, 0.25, 0.5, 0.5)


def make_appearance(start_s: float, end_s: float, score: float = 0.9, face_count: int = 2) -> Appearance:
    return Appearance(uuid4(), start_s, end_s, face_count, uuid4(), start_s, BOX, score, False)


@pytest.mark.parametrize(
    ("given", "interval_s", "expected"),
    [
        ([], 1.0, []),
        ([(0, 3)], 1.0, [(0, 3)]),
        ([(0, 3), (4, 5)], 1.0, [(0, 5)]),  # a cut between two frames, or the end of a work unit
        ([(0, 3), (5, 6)], 1.0, [(0, 3), (5, 6)]),  # a frame without the person between them
        ([(0, 0.3), (0.4, 0.9)], 0.1, [(0, 0.9)]),  # 0.4 - 0.3 is more than 0.1
        ([(0, 0.3), (0.5, 0.9)], 0.1, [(0, 0.3), (0.5, 0.9)]),
        ([(0, 9), (2, 3), (10, 12)], 1.0, [(0, 12)]),  # the same person twice in a picture, or a mirror
        ([(0, 9), (2, 3), (11, 12)], 1.0, [(0, 9), (11, 12)]),
        ([(0, 0), (10, 10), (30, 30)], 10.0, [(0, 10), (30, 30)]),
    ],
)
def test_appearances_without_a_frame_that_lacks_the_person_between_them_are_one(
    given: list[tuple[float, float]], interval_s: float, expected: list[tuple[float, float]]
) -> None:
    together = joined([make_appearance(*each) for each in given], interval_s)
    assert [(each.start_s, each.end_s) for each in together] == expected


def test_what_is_joined_keeps_every_face_and_the_best_of_them() -> None:
    first, best, last = make_appearance(0, 1, 0.8, 2), make_appearance(2, 3, 0.95, 5), make_appearance(4, 5, 0.7, 1)
    [together] = joined([first, best, last], 1.0)
    assert together.face_count == 8
    assert (together.best_score, together.best_frame_id, together.best_time_s) == (0.95, best.best_frame_id, 2)


@given(
    spans=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20), st.integers(1, 9)), max_size=30),
    interval_s=st.sampled_from([0.1, 1.0, 10.0]),
)
def test_joining_loses_no_face_and_no_moment_and_leaves_gaps_only(
    spans: list[tuple[int, int, int]], interval_s: float
) -> None:
    appearances = [
        make_appearance(first * interval_s, (first + length) * interval_s, face_count=count)
        for first, length, count in sorted(spans)
    ]
    together = joined(appearances, interval_s)
    assert sum(each.face_count for each in together) == sum(each.face_count for each in appearances)
    for each in appearances:
        assert any(one.start_s <= each.start_s and each.end_s <= one.end_s for one in together)
    for before, after in pairwise(together):
        assert after.start_s - before.end_s > 1.5 * interval_s
    assert joined(together, interval_s) == together
