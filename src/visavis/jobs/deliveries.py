"""Sending events to webhooks: announced with what caused them, tried for a day, delivered at least once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from uuid import UUID

import structlog

from visavis.errors import FetchError, InvalidRequest, NotFound
from visavis.jobs.queue import Attempt, Queue
from visavis.jobs.signatures import delivery_headers, file_delivery_headers
from visavis.media.post import Answer, Poster
from visavis.records import Delivery, DeliveryStatus, NewDelivery
from visavis.store import deliveries, video_webhooks, webhooks
from visavis.store.database import Database, Transaction

# The wire contract names the first five. An endpoint that is down over night gets its events all the same.
RETRY_AFTER_S = (1, 5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)

_GONE = 410
_MAX_ANSWER = 200

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one attempt; ``answer`` is for the operator."""

    delivered: bool
    answer: str
    retry: bool = True


async def announce(db: Transaction, queue: Queue, new: NewDelivery) -> None:
    """Let an event be sent, if the caller's transaction commits."""
    await deliveries.add(db, new)
    await queue.defer_attempts(db, [Attempt(new.id)])


async def retry(db: Transaction, queue: Queue, delivery_ids: Sequence[UUID]) -> int:
    """Let deliveries be due now: those that wait at their place in the schedule, those given up at its beginning.

    Returns:
        how many they are.
    Raises:
        NotFound: one is unknown; nothing changes.
        InvalidRequest: one has arrived, and is never sent again; nothing changes.
    """
    known = {delivery.id: delivery for delivery in await deliveries.lock(db, delivery_ids)}
    for delivery_id in delivery_ids:
        if delivery_id not in known:
            raise NotFound(f"There is no delivery {delivery_id}.")
        if known[delivery_id].status == DeliveryStatus.DELIVERED:
            raise InvalidRequest(f"Delivery {delivery_id} has arrived and is not sent again.")
    return await _defer(db, queue, await deliveries.make_due(db, delivery_ids))


async def retry_given_up(db: Transaction, queue: Queue) -> int:
    """Begin anew with every delivery that was given up; how many they are."""
    return await _defer(db, queue, await deliveries.make_given_up_due(db))


async def _defer(db: Transaction, queue: Queue, due: Sequence[tuple[UUID, int]]) -> int:
    # An entry that waits for the same attempt may be there already; the later of the two is void.
    await queue.defer_attempts(db, [Attempt(delivery_id, attempts + 1) for delivery_id, attempts in due])
    return len(due)


class Deliveries:
    """Makes the attempts. ``retry_after_s`` are the pauses between them; after the last one it gives up."""

    def __init__(
        self, database: Database, queue: Queue, poster: Poster, retry_after_s: Sequence[float] = RETRY_AFTER_S
    ) -> None:
        self._database = database
        self._queue = queue
        self._poster = poster
        self._retry_after_s = tuple(retry_after_s)

    async def run(self, attempt: Attempt) -> None:
        """Make an attempt, unless it was made before. No connection to the database is held while it lasts."""
        async with self._database.transaction() as db:
            delivery = await deliveries.get(db, attempt.delivery_id)
            if delivery is None or delivery.body is None or delivery.status != DeliveryStatus.WAITING:
                return  # erased, delivered or given up meanwhile
            if delivery.attempts + 1 != attempt.number:
                return  # whoever made this one has queued the next
            headers_of = await _signer(db, delivery)
        outcome = await self._post(delivery, delivery.body, headers_of)
        await self._record(delivery, outcome)

    async def _post(self, delivery: Delivery, body: bytes, headers_of: _Headers) -> _Outcome:
        try:
            headers = headers_of(delivery.id, body, at=datetime.now(UTC))
            answer = await self._poster.post(delivery.url, body, headers)
        except FetchError as error:
            return _Outcome(False, error.message, error.retry)
        except Exception:
            # Counted like any other failure, or it would be tried for ever.
            _log.exception("webhook not sent", delivery=str(delivery.id))
            return _Outcome(False, "an error on our side, which is in the log")
        return _Outcome(answer.is_success, _told(answer), answer.status != _GONE)

    async def _record(self, delivery: Delivery, outcome: _Outcome) -> None:
        pauses_s = self._retry_after_s[delivery.attempts :]
        if outcome.delivered:
            status, pause_s = DeliveryStatus.DELIVERED, None
        elif outcome.retry and pauses_s:
            status, pause_s = DeliveryStatus.WAITING, pauses_s[0]
        else:
            status, pause_s = DeliveryStatus.GIVEN_UP, None
        async with self._database.transaction() as db:
            counts = await deliveries.record_attempt(
                db,
                delivery.id,
                attempts=delivery.attempts,
                status=status,
                answer=outcome.answer,
                retry_after_s=pause_s,
            )
            if counts and pause_s is not None:
                await self._queue.defer_attempts(db, [Attempt(delivery.id, delivery.attempts + 2)], delay_s=pause_s)
        if counts and status == DeliveryStatus.GIVEN_UP:
            _log.warning("webhook given up", delivery=str(delivery.id), answer=outcome.answer)


class _Headers(Protocol):
    def __call__(self, delivery_id: UUID, body: bytes, *, at: datetime) -> dict[str, str]: ...


async def _signer(db: Transaction, delivery: Delivery) -> _Headers:
    """What makes the headers of a delivery's attempts."""
    if delivery.video_webhook_id is not None:
        address = await video_webhooks.of_delivery(db, delivery.video_webhook_id)
        return partial(file_delivery_headers, secret="" if address is None else address.secret)
    webhook = await webhooks.get(db, delivery.application_id)
    return partial(delivery_headers, secret_key=None if webhook is None else webhook.secret_key)


def _told(answer: Answer) -> str:
    """Status and reason on one short line: the reason is the receiver's text, and may be anything."""
    text = f"{answer.status} {answer.reason}".strip()
    return "".join(character for character in text if character.isprintable())[:_MAX_ANSWER]
