"""What webhooks of this dialect carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

from visavis.accounts.media_links import MediaLinks
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.links import Links
from visavis.dialects.imageintelligence.results import job_to_wire, load_results
from visavis.dialects.imageintelligence.translate import milliseconds
from visavis.records import Event, Job, NewDelivery, Webhook
from visavis.store.database import Transaction

_IDENTITY_EVENT: Mapping[Event, Literal["IDENTITY_CREATED", "IDENTITY_UPDATED"]] = {
    Event.IDENTITY_CREATED: "IDENTITY_CREATED",
    Event.IDENTITY_UPDATED: "IDENTITY_UPDATED",
}


class JobEnded:
    """Writes the body that tells of a job's end: the job, as a client would get it."""

    def __init__(self, media_links: MediaLinks, *, media_url_ttl_seconds: int) -> None:
        self._media_links = media_links
        self._ttl_seconds = media_url_ttl_seconds

    async def body(self, db: Transaction, job: Job) -> bytes:
        """JSON, in the words of the wire."""
        links = Links(self._media_links, job.base_url or "", self._ttl_seconds)
        told = job_to_wire(job, await load_results(db, [job]), links)
        return told.model_dump_json(by_alias=True, exclude_none=True).encode()


def identity_event(webhook: Webhook, event: Event, identity: wire.IdentityResponse, namespace_id: UUID) -> NewDelivery:
    """Tells a registered address of an identity that was made or changed."""
    event_id = uuid4()
    told = wire.IdentityEvent(
        id=str(event_id), event=_IDENTITY_EVENT[event], created_at=milliseconds(datetime.now(UTC)), data=identity
    )
    return NewDelivery(
        id=event_id,
        application_id=webhook.application_id,
        event=event,
        url=webhook.url,
        body=told.model_dump_json(by_alias=True, exclude_none=True).encode(),
        namespace_id=namespace_id,
    )
