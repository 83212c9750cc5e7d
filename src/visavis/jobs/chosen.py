"""Which picture answers a job, after the decisions about each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from visavis.records import Decision, JobImage, Role

Decisions = Mapping[UUID, Sequence[Decision]]


def first_yes(images: Sequence[JobImage], decisions: Decisions) -> JobImage | None:
    """The first picture, in request order, of which the answer is yes."""
    for image in _subjects(images):
        if any(decision.verdict for decision in decisions.get(image.id, ())):
            return image
    return None


def highest(images: Sequence[JobImage], decisions: Decisions, position: int) -> tuple[JobImage, float] | None:
    """The picture with the highest score for one thing that was asked, and that score; the first of several equals."""
    scored = [
        (image, decision.score)
        for image in _subjects(images)
        for decision in decisions.get(image.id, ())
        if decision.position == position and decision.score is not None
    ]
    return max(scored, key=lambda each: each[1], default=None)


def _subjects(images: Sequence[JobImage]) -> list[JobImage]:
    return sorted((image for image in images if image.role == Role.SUBJECT), key=lambda image: image.position)
