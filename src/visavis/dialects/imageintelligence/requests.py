"""Requests for jobs as our jobs."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

from visavis.dialects.imageintelligence import schemas as wire
from visavis.errors import InvalidRequest
from visavis.jobs.requests import (
    AskRequest,
    DetectedClass,
    DetectRequest,
    Grid,
    MatchRequest,
    Verify,
    request_to_json,
)
from visavis.records import JobKind, NewImage, NewJob, Role

# Questions that a face, or none, answers.
_ABOUT_ANYONE = re.compile(r"\b(persons?|people|faces?|someone|anyone)\b", re.IGNORECASE)

_VERIFY: Mapping[str, Verify] = {"NEVER": Verify.NEVER, "AUTO": Verify.AUTO, "ALWAYS": Verify.ALWAYS}


def recognize_from_wire(request: wire.RecognizeRequest, base_url: str) -> NewJob:
    """A recognise request as a job."""
    return _job(JobKind.RECOGNIZE, request, base_url)


def match_from_wire(request: wire.MatchRequest, base_url: str) -> NewJob:
    """A match request as a job."""
    target = request.target
    return _job(
        JobKind.MATCH,
        request,
        base_url,
        asked=MatchRequest(target.class_, target.custom_id),
        references=_references(target.images, Role.TARGET),
    )


def detect_from_wire(request: wire.DetectRequest, base_url: str) -> NewJob:
    """A detect request as a job."""
    classes = tuple(
        DetectedClass(each.class_, _VERIFY[each.verify], _grid(each.exclusion_zones)) for each in request.classes
    )
    return _job(JobKind.DETECT, request, base_url, asked=DetectRequest(classes))


def ask_from_wire(request: wire.AskRequest, base_url: str) -> NewJob:
    """An ask request as a job.

    Raises:
        InvalidRequest: the question is none that faces answer.
    """
    examples = request.examples or wire.AskExamples()
    if examples.yes is None and examples.no is not None:
        raise InvalidRequest("question: examples.no needs examples.yes: without a yes there is nothing to look for.")
    if examples.yes is None and not _ABOUT_ANYONE.search(request.question):
        raise InvalidRequest(
            "question: this server answers questions about faces: give examples.yes, or, without examples, ask for a "
            "person, people, a face, someone or anyone."
        )
    return _job(
        JobKind.ASK,
        request,
        base_url,
        asked=AskRequest(request.question, by_examples=examples.yes is not None),
        references=(
            *_references(examples.yes or (), Role.YES_EXAMPLE),
            *_references(examples.no or (), Role.NO_EXAMPLE),
        ),
    )


def _job(
    kind: JobKind,
    request: wire.JobRequest,
    base_url: str,
    *,
    asked: MatchRequest | DetectRequest | AskRequest | None = None,
    references: tuple[NewImage, ...] = (),
) -> NewJob:
    return NewJob(
        kind=kind,
        images=(*references, *(_image_from_wire(image) for image in request.images)),
        custom_id=request.custom_id,
        feed_id=request.feed_id,
        webhook_url=request.webhook_url,
        request=None if asked is None else request_to_json(asked),
        base_url=base_url,
    )


def _references(addresses: Iterable[str], role: Role) -> tuple[NewImage, ...]:
    return tuple(NewImage(source_url=address, role=role) for address in addresses)


def _image_from_wire(image: wire.ImageRequestItem) -> NewImage:
    data = None if image.blob is None else _blob_bytes(image.blob)
    return NewImage(custom_id=image.custom_id, source_url=image.url, data=data)


def _blob_bytes(blob: str) -> bytes:
    """Base64, with or without a ``data:`` prefix. Bad base64 is a picture without bytes, which nobody can read."""
    if blob.startswith("data:"):
        blob = blob.partition(",")[2]
    try:
        encoded = blob.encode("ascii")
        if b"\n" in encoded or b" " in encoded or b"\r" in encoded:
            encoded = b"".join(encoded.split())
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""


def _grid(zones: wire.ExclusionZones | None) -> Grid | None:
    if zones is None or not zones.zones:
        return None
    return Grid(tuple(tuple(cell == 1 for cell in row) for row in zones.zones))
