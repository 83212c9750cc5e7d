"""What jobs are asked, as it is kept; and zones that are ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.jobs.requests import (
    MAX_GRID,
    AskRequest,
    DetectedClass,
    DetectRequest,
    Grid,
    MatchRequest,
    PhotoMatchRequest,
    Verify,
    request_of,
    request_to_json,
)
from visavis.records import Box, Job, JobKind, JobStatus

REQUESTS = [
    MatchRequest("person"),
    MatchRequest("face", "the boss"),
    DetectRequest((DetectedClass("face"), DetectedClass("person", Verify.ALWAYS, Grid(((True, False),))))),
    AskRequest("Is anyone there?", by_examples=False),
    PhotoMatchRequest("older", "image/jpeg", "image/png", target_may_be_crowded=True),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_comes_back_as_it_was_kept(
    request_: MatchRequest | DetectRequest | AskRequest | PhotoMatchRequest,
) -> None:
    job = Job(
        id=uuid4(),
        organization_id=uuid4(),
        application_id=uuid4(),
        namespace_id=None,
        kind=JobKind.MATCH,
        status=JobStatus.IN_PROGRESS,
        custom_id=None,
        feed_id=None,
        webhook_url=None,
        request=request_to_json(request_),
        base_url=None,
        false_match_rate=1e-4,
        created_at=datetime.now(UTC),
        ended_at=None,
    )
    assert request_of(job, type(request_)) == request_


def box_around(x: float, y: float, size: float = 0.02) -> Box:
    return Box(max(x - size, 0), max(y - size, 0), min(x + size, 1), min(y + size, 1))


# the cells, a point, whether it is ignored
CELLS = [
    (((True,),), (0.5, 0.5), True),
    (((False,),), (0.5, 0.5), False),
    (((True, False),), (0.25, 0.9), True),
    (((True, False),), (0.75, 0.1), False),
    (((True,), (False,)), (0.9, 0.25), True),  # rows count from the top
    (((True,), (False,)), (0.9, 0.75), False),
    (((False, False, True), (False, False, False)), (0.9, 0.3), True),
    (((False, False, True), (False, False, False)), (0.6, 0.3), False),
]


@pytest.mark.parametrize(("cells", "point", "is_ignored"), CELLS)
def test_the_centre_of_a_box_decides(
    cells: tuple[tuple[bool, ...], ...], point: tuple[float, float], is_ignored: bool
) -> None:
    assert Grid(cells).ignores(box_around(*point)) is is_ignored


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.integers(1, MAX_GRID), st.integers(1, MAX_GRID))
def test_every_point_lies_in_exactly_one_cell(x: float, y: float, rows: int, columns: int) -> None:
    box = box_around(x, y, 0.0005)
    x, y = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
    own = int(y * rows), int(x * columns)
    only = Grid(tuple(tuple((row, column) == own for column in range(columns)) for row in range(rows)))
    others = Grid(tuple(tuple((row, column) != own for column in range(columns)) for row in range(rows)))
    assert only.ignores(box)
    assert not others.ignores(box)


@pytest.mark.parametrize(
    "cells",
    [(), ((),), ((True,), ()), ((True,), (True, True)), ((True,),) * (MAX_GRID + 1), ((True,) * (MAX_GRID + 1),)],
)
def test_what_is_no_grid_is_refused(cells: tuple[tuple[bool, ...], ...]) -> None:
    with pytest.raises(ValueError, match="grid"):
        Grid(cells)
