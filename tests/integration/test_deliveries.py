"""Deliveries against real receivers: what fails comes again, what arrived never does, and what hangs harms nobody."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from visavis.accounts.applications import create_application
from visavis.errors import InvalidRequest, NotFound
from visavis.jobs.deliveries import RETRY_AFTER_S, Deliveries, announce, retry, retry_given_up
from visavis.jobs.housekeeping import remove_old_deliveries
from visavis.jobs.queue import Attempt, Queue, VideoEntry, WorkUnit
from visavis.jobs.worker import ATTEMPTS_AT_ONCE, run_worker
from visavis.media.post import Poster
from visavis.records import Application, Delivery, DeliveryStatus, Event, NewDelivery
from visavis.store import applications, deliveries, webhooks
from visavis.store.database import Database

BODY = b'{"id": "1"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 17\r\n\r\nthe secret answer"

Behaviour = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers its first requests as it is told, in order, and all further ones like the last."""

    behaviours: list[Behaviour]
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            self.requests.append(Request(headers, await reader.readexactly(int(headers["content-length"]))))
            behaviour = self.behaviours[min(len(self.requests), len(self.behaviours)) - 1]
            if isinstance(behaviour, bytes):
                writer.write(behaviour)
                await writer.drain()
            else:
                await behaviour(writer)
        writer.close()


@asynccontextmanager
async def receiving(*behaviours: Behaviour) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(behaviours) or [OK])
    listener = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook"
    async with listener:
        yield receiver


class Hanging:
    """Answers nothing until it is released, and then with a failure unless told otherwise."""

    def __init__(self, answer: bytes = BUSY) -> None:
        self.answer = answer
        self.under_way = 0
        self.released = asyncio.Event()

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        self.under_way += 1
        await self.released.wait()
        writer.write(self.answer)
        await writer.drain()


async def until(true: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


@dataclass
class Bench:
    """The parts that deliver, taken apart."""

    application: Application
    database: Database
    queue: Queue
    deliveries: Deliveries

    async def announce(self, url: str, *, body: bytes = BODY, namespace_id: UUID | None = None) -> UUID:
        new = NewDelivery(uuid4(), self.application.id, Event.JOB_ENDED, url, body, namespace_id=namespace_id)
        async with self.database.transaction() as db:
            await announce(db, self.queue, new)
        return new.id

    async def look(self, delivery_id: UUID) -> Delivery:
        async with self.database.transaction() as db:
            delivery = await deliveries.get(db, delivery_id)
        assert delivery is not None
        return delivery

    async def look_until_ended(self, delivery_id: UUID) -> Delivery:
        deadline = time.monotonic() + 20
        while (delivery := await self.look(delivery_id)).status == DeliveryStatus.WAITING:
            assert time.monotonic() < deadline, delivery
            await asyncio.sleep(0.02)
        return delivery

    async def entries(self) -> list[tuple[str, int, float]]:
        """Of each queue entry: delivery, number of the attempt, in how many seconds it is due."""
        async with self.database.transaction() as db:
            cursor = await db.execute(
                "SELECT args, extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs ORDER BY id"
            )
            return [(args["delivery_id"], args["number"], float(delay or 0)) async for args, delay in cursor]

    async def register(self, secret_key: str | None) -> None:
        async with self.database.transaction() as db:
            await webhooks.put(
                db, self.application.id, webhook_id=uuid4(), url="https://a.example/", secret_key=secret_key
            )

    @asynccontextmanager
    async def working(
        self, run_unit: Callable[[WorkUnit], Awaitable[None]] | None = None
    ) -> AsyncIterator[asyncio.Task[None]]:
        """A worker that runs during the block."""

        async def no_unit(unit: WorkUnit) -> None:
            raise AssertionError(f"there is no unit {unit}")

        async def no_video(entry: VideoEntry) -> None:
            raise AssertionError(f"there is no video {entry}")

        worker = asyncio.create_task(run_worker(self.queue, run_unit or no_unit, self.deliveries.run, no_video))
        yield worker
        if not worker.done():
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    queue = Queue(database.pool)
    await queue.open()
    async with database.transaction() as db:
        application, _ = await create_application(db, organization="acme", name="camera")
    async with Poster(timeout_s=5, allow_private=True) as poster:
        yield Bench(application, database, queue, Deliveries(database, queue, poster, (0.01, 0.02, 0.03, 0.04)))
    await queue.close()


# --- what arrives -----------------------------------------------------------------------------------------


async def test_an_event_arrives_once_and_its_body_is_forgotten(bench: Bench) -> None:
    async with receiving() as receiver:
        delivery_id = await bench.announce(receiver.url)
        waiting = await bench.look(delivery_id)
        assert (waiting.status, waiting.attempts, waiting.body) == (DeliveryStatus.WAITING, 0, BODY)
        for _ in range(2):  # an entry that is there twice changes nothing
            await bench.deliveries.run(Attempt(delivery_id))
        await bench.deliveries.run(Attempt(delivery_id, 2))
    [request] = receiver.requests
    assert request.body == BODY
    assert request.headers["webhook-id"] == str(delivery_id)
    assert request.headers["content-type"] == "application/json"
    assert "x-niro-signature" not in request.headers
    delivery = await bench.look(delivery_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 1)
    assert (delivery.body, delivery.last_answer, delivery.next_attempt_at) == (None, "200 OK", None)
    assert delivery.ended_at is not None
    assert delivery.ended_at == delivery.last_attempt_at


async def test_an_event_of_a_transaction_that_fails_was_never_announced(bench: Bench) -> None:
    new = NewDelivery(uuid4(), bench.application.id, Event.IDENTITY_CREATED, "http://127.0.0.1/", BODY)
    with suppress(ZeroDivisionError):
        async with bench.database.transaction() as db:
            await announce(db, bench.queue, new)
            raise ZeroDivisionError
    async with bench.database.transaction() as db:
        assert await deliveries.get(db, new.id) is None
    assert await bench.entries() == []


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "204 No Content", "299 Whatever"])
async def test_every_2xx_is_an_arrival(bench: Bench, status: str) -> None:
    async with receiving(f"HTTP/1.1 {status}\r\n\r\n".encode()) as receiver:
        delivery_id = await bench.announce(receiver.url)
        await bench.deliveries.run(Attempt(delivery_id))
    assert (await bench.look(delivery_id)).status == DeliveryStatus.DELIVERED


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


@pytest.mark.parametrize(
    "behaviour",
    [endless, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"],
    ids=["endless", "less than announced", "more than announced"],
)
async def test_what_the_answer_says_of_its_body_does_not_matter(bench: Bench, behaviour: Behaviour) -> None:
    async with receiving(behaviour) as receiver:
        delivery_id = await bench.announce(receiver.url)
        await bench.deliveries.run(Attempt(delivery_id))
    assert (await bench.look(delivery_id)).status == DeliveryStatus.DELIVERED


async def test_the_key_that_is_registered_at_the_moment_signs(bench: Bench) -> None:
    async with receiving(BUSY) as receiver:
        delivery_id = await bench.announce(receiver.url)
        for number, secret_key in enumerate(("the first key", "the second key", None), start=1):
            await bench.register(secret_key)
            await bench.deliveries.run(Attempt(delivery_id, number))
    first, second, third = receiver.requests
    for request, key in ((first, b"the first key"), (second, b"the second key")):
        expected = f"sha256={hmac.new(key, BODY, hashlib.sha256).hexdigest()}"
        assert request.headers["x-niro-signature"] == request.headers["x-ii-signature"] == expected
        assert request.headers["webhook-signature"].startswith("v1,")
    assert "webhook-signature" not in third.headers
    assert {request.headers["webhook-id"] for request in receiver.requests} == {str(delivery_id)}


async def test_an_application_that_was_revoked_meanwhile_gets_its_events(bench: Bench) -> None:
    async with receiving() as receiver:
        delivery_id = await bench.announce(receiver.url)
        async with bench.database.transaction() as db:
            assert await applications.revoke(db, organization="acme", name="camera")
        await bench.deliveries.run(Attempt(delivery_id))
    assert (await bench.look(delivery_id)).status == DeliveryStatus.DELIVERED


async def test_what_tells_of_an_erased_namespace_is_not_sent(bench: Bench) -> None:
    namespace_id = uuid4()
    async with receiving() as receiver:
        async with bench.database.transaction() as db:
            await db.execute(
                "INSERT INTO namespace (id, organization_id, name) VALUES (%s, %s, 'office')",
                [namespace_id, bench.application.organization_id],
            )
        delivery_id = await bench.announce(receiver.url, namespace_id=namespace_id)
        async with bench.database.transaction() as db:
            await db.execute("DELETE FROM namespace WHERE id = %s", [namespace_id])
        await bench.deliveries.run(Attempt(delivery_id))
    assert receiver.requests == []


# --- what does not ----------------------------------------------------------------------------------------


async def test_a_worker_delivers_to_a_receiver_that_fails_three_times_and_then_accepts(bench: Bench) -> None:
    async with receiving(BUSY, BUSY, BUSY, OK) as receiver, bench.working():
        delivery_id = await bench.announce(receiver.url)
        delivery = await bench.look_until_ended(delivery_id)
        await asyncio.sleep(0.7)  # nothing comes after it
        assert len(receiver.requests) == 4
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 4)
    assert {(request.body, request.headers["webhook-id"]) for request in receiver.requests} == {
        (BODY, str(delivery_id))
    }
    assert await bench.entries() == []


async def test_a_failure_is_told_without_what_the_receiver_wrote(bench: Bench) -> None:
    async with receiving(BUSY, b"HTTP/1.1 500 \tNo\x9b[31m" + b"x" * 5000 + b"\r\n\r\nsecret") as receiver:
        delivery_id = await bench.announce(receiver.url)
        await bench.deliveries.run(Attempt(delivery_id))
        first = await bench.look(delivery_id)
        await bench.deliveries.run(Attempt(delivery_id, 2))
        second = await bench.look(delivery_id)
    assert (first.status, first.attempts) == (DeliveryStatus.WAITING, 1)
    assert first.last_answer == "503 Service Unavailable"
    assert (first.body, first.ended_at) == (BODY, None)
    assert second.last_answer is not None
    assert second.last_answer.startswith("500 No")
    assert len(second.last_answer) == 200
    assert second.last_answer.isprintable()


async def test_a_redirect_is_a_failure_and_its_target_is_not_called(bench: Bench) -> None:
    async with receiving() as target:
        moved = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n"
        async with receiving(moved.encode()) as receiver:
            delivery_id = await bench.announce(receiver.url)
            await bench.deliveries.run(Attempt(delivery_id))
    assert target.requests == []
    delivery = await bench.look(delivery_id)
    assert (delivery.status, delivery.last_answer) == (DeliveryStatus.WAITING, "307 Temporary Redirect")


async def test_a_receiver_that_hangs_is_left_in_time(bench: Bench) -> None:
    hanging = Hanging()
    async with receiving(hanging) as receiver, Poster(timeout_s=0.2, allow_private=True) as poster:
        delivery_id = await bench.announce(receiver.url)
        await Deliveries(bench.database, bench.queue, poster, (1,)).run(Attempt(delivery_id))
        hanging.released.set()
    delivery = await bench.look(delivery_id)
    assert delivery.status == DeliveryStatus.WAITING
    assert delivery.last_answer == "The address did not answer within 0.2 s."


async def test_gone_is_for_good(bench: Bench) -> None:
    async with receiving(b"HTTP/1.1 410 Gone\r\n\r\n") as receiver:
        delivery_id = await bench.announce(receiver.url)
        await bench.deliveries.run(Attempt(delivery_id))
        await bench.deliveries.run(Attempt(delivery_id, 2))
    assert len(receiver.requests) == 1
    delivery = await bench.look(delivery_id)
    assert (delivery.status, delivery.attempts, delivery.last_answer) == (DeliveryStatus.GIVEN_UP, 1, "410 Gone")
    assert (delivery.body, delivery.next_attempt_at) == (BODY, None)
    assert delivery.ended_at is not None


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://169.254.169.254/", "http://[::1]/", "nonsense"])
async def test_a_private_address_is_refused_for_good(bench: Bench, url: str) -> None:
    async with receiving() as receiver, Poster() as poster:
        delivery_id = await bench.announce(url.replace("{port}", receiver.url.split(":")[2].removesuffix("/hook")))
        await Deliveries(bench.database, bench.queue, poster).run(Attempt(delivery_id))
    assert receiver.requests == []
    delivery = await bench.look(delivery_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.GIVEN_UP, 1)
    assert delivery.last_answer in (
        "The URL leads to an address we do not call.",
        "Only http and https addresses are fetched.",
    )


async def test_an_error_of_our_own_counts_as_an_attempt(bench: Bench) -> None:
    await bench.register("a key that signs")
    async with receiving() as receiver:
        delivery_id = await bench.announce(receiver.url, body=b"\xff is no UTF-8")
        await bench.deliveries.run(Attempt(delivery_id))
    assert receiver.requests == []
    delivery = await bench.look(delivery_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, 1)


# --- the schedule -----------------------------------------------------------------------------------------


def test_the_schedule_begins_as_agreed_and_goes_on_for_a_day() -> None:
    assert RETRY_AFTER_S[:5] == (1, 5, 30, 120, 600)
    assert 23 * 3600 < sum(RETRY_AFTER_S) < 25 * 3600
    assert list(RETRY_AFTER_S) == sorted(RETRY_AFTER_S)


async def test_every_pause_of_the_schedule_is_kept_and_then_it_is_given_up(bench: Bench) -> None:
    async with receiving(BUSY) as receiver, Poster(allow_private=True) as poster:
        sending = Deliveries(bench.database, bench.queue, poster)
        delivery_id = await bench.announce(receiver.url)
        for number in range(1, len(RETRY_AFTER_S) + 2):
            delivery = await bench.look(delivery_id)
            assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, number - 1)
            if delivery.last_attempt_at is not None and delivery.next_attempt_at is not None:
                pause = delivery.next_attempt_at - delivery.last_attempt_at
                assert abs(pause.total_seconds() - RETRY_AFTER_S[number - 2]) < 0.1
            await sending.run(Attempt(delivery_id, number))
    assert len(receiver.requests) == len(RETRY_AFTER_S) + 1
    assert (await bench.look(delivery_id)).status == DeliveryStatus.GIVEN_UP
    first, *later = await bench.entries()
    assert first == (str(delivery_id), 1, 0)
    assert [(name, number) for name, number, _ in later] == [
        (str(delivery_id), number) for number in range(2, len(RETRY_AFTER_S) + 2)
    ]
    for (_, _, delay_s), pause_s in zip(later, RETRY_AFTER_S, strict=True):
        assert pause_s - 5 < delay_s <= pause_s


# --- twice, and half --------------------------------------------------------------------------------------


async def test_an_attempt_that_is_made_twice_at_once_counts_once(bench: Bench) -> None:
    async with receiving(BUSY) as receiver:
        delivery_id = await bench.announce(receiver.url)
        await asyncio.gather(*(bench.deliveries.run(Attempt(delivery_id)) for _ in range(3)))
    delivery = await bench.look(delivery_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, 1)
    assert [number for _, number, _ in await bench.entries()] == [1, 2]


async def test_an_entry_that_comes_again_after_its_attempt_is_void(bench: Bench) -> None:
    async with receiving(BUSY) as receiver:
        delivery_id = await bench.announce(receiver.url)
        for _ in range(3):
            await bench.deliveries.run(Attempt(delivery_id))
    assert len(receiver.requests) == 1
    assert (await bench.look(delivery_id)).attempts == 1


async def test_who_dies_after_the_answer_and_before_the_commit_leaves_it_to_another(bench: Bench) -> None:
    hanging = Hanging(OK)
    async with receiving(hanging, OK) as receiver:
        delivery_id = await bench.announce(receiver.url)
        dying = asyncio.create_task(bench.deliveries.run(Attempt(delivery_id)))
        await until(lambda: hanging.under_way == 1, "nothing was sent")
        dying.cancel()
        with suppress(asyncio.CancelledError):
            await dying
        hanging.released.set()
        assert (await bench.look(delivery_id)).status == DeliveryStatus.WAITING
        await bench.deliveries.run(Attempt(delivery_id))
    assert (await bench.look(delivery_id)).status == DeliveryStatus.DELIVERED
    assert [request.headers["webhook-id"] for request in receiver.requests] == [str(delivery_id)] * 2


async def test_what_a_dead_worker_had_begun_is_taken_by_another(bench: Bench) -> None:
    async with receiving() as receiver:
        delivery_id = await bench.announce(receiver.url)
        async with bench.database.transaction() as db:
            await db.execute(
                "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')"
                " RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM dead)"
            )
        async with bench.working():
            assert (await bench.look_until_ended(delivery_id)).status == DeliveryStatus.DELIVERED
    assert len(receiver.requests) == 1


# --- beside the pictures ----------------------------------------------------------------------------------


async def test_receivers_that_hang_hold_up_no_work_unit(bench: Bench) -> None:
    hanging = Hanging()
    ran = asyncio.Event()

    async def run_unit(unit: WorkUnit) -> None:
        ran.set()

    async with receiving(hanging) as receiver, bench.working(run_unit):
        for _ in range(20):
            await bench.announce(receiver.url)
        await until(lambda: hanging.under_way == ATTEMPTS_AT_ONCE, "not enough deliveries are under way")
        async with bench.database.transaction() as db:
            await bench.queue.defer(db, [WorkUnit(uuid4(), (uuid4(),))])
        async with bench.database.transaction() as db:
            assert await bench.queue.depth(db) == 1  # deliveries are none
        await asyncio.wait_for(ran.wait(), 3)
        assert hanging.under_way == ATTEMPTS_AT_ONCE
        async with bench.database.transaction() as db:
            assert await deliveries.count_waiting(db) == 20
        hanging.released.set()


async def test_first_attempts_go_before_repeated_ones(bench: Bench) -> None:
    one, others = Hanging(OK), Hanging(OK)
    async with receiving(one, others) as receiver, receiving() as other, bench.working():
        for _ in range(ATTEMPTS_AT_ONCE):
            await bench.announce(receiver.url)
        await until(lambda: one.under_way + others.under_way == ATTEMPTS_AT_ONCE, "not enough are under way")
        repeated = await bench.announce(other.url)
        async with bench.database.transaction() as db:  # as if one attempt of it had failed
            await db.execute("UPDATE delivery SET attempts = 1 WHERE id = %s", [repeated])
            await bench.queue.defer_attempts(db, [Attempt(repeated, 2)])
            await db.execute(
                "DELETE FROM procrastinate_jobs WHERE args->>'delivery_id' = %s AND args->>'number' = '1'",
                [str(repeated)],
            )
        fresh = await bench.announce(other.url)
        one.released.set()  # a single place is free now
        for delivery_id in (repeated, fresh):
            await bench.look_until_ended(delivery_id)
        others.released.set()
    assert [request.headers["webhook-id"] for request in other.requests] == [str(fresh), str(repeated)]


async def test_no_connection_to_the_database_is_held_while_a_receiver_is_waited_for(bench: Bench) -> None:
    hanging = Hanging(OK)
    narrow = Database(bench.database.url, max_connections=1, connect_timeout_s=2)
    await narrow.open()
    async with receiving(hanging) as receiver, Poster(allow_private=True) as poster:
        sending = Deliveries(narrow, bench.queue, poster)
        ids = [await bench.announce(receiver.url) for _ in range(5)]
        runs = [asyncio.create_task(sending.run(Attempt(delivery_id))) for delivery_id in ids]
        await until(lambda: hanging.under_way == len(ids), "they wait for each other")
        await narrow.ping()
        hanging.released.set()
        await asyncio.gather(*runs)
    await narrow.close()
    assert {(await bench.look(delivery_id)).status for delivery_id in ids} == {DeliveryStatus.DELIVERED}


async def test_a_worker_that_is_told_to_stop_ends_what_is_under_way_in_both_queues(bench: Bench) -> None:
    hanging = Hanging(OK)
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run_unit(unit: WorkUnit) -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    async with receiving(hanging) as receiver, bench.working(run_unit) as worker:
        delivery_id = await bench.announce(receiver.url)
        async with bench.database.transaction() as db:
            await bench.queue.defer(db, [WorkUnit(uuid4(), (uuid4(),))])
        await asyncio.wait_for(begun.wait(), 5)
        await until(lambda: hanging.under_way == 1, "nothing was sent")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.2)
        late = await bench.announce(receiver.url)
        hanging.released.set()
        await asyncio.sleep(0.6)
        assert not worker.done()  # the unit has not ended
        may_end.set()
        await asyncio.wait_for(worker, 5)
    assert ended.is_set()
    assert (await bench.look(delivery_id)).status == DeliveryStatus.DELIVERED
    assert (await bench.look(late)).attempts == 0  # nothing new was begun
    assert [name for name, _, _ in await bench.entries()] == [str(late)]


# --- by hand ----------------------------------------------------------------------------------------------


async def test_one_that_was_given_up_begins_anew_when_asked(bench: Bench) -> None:
    async with receiving(b"HTTP/1.1 410 Gone\r\n\r\n", BUSY, OK) as receiver:
        delivery_id = await bench.announce(receiver.url)
        await bench.deliveries.run(Attempt(delivery_id))
        async with bench.database.transaction() as db:
            assert await retry(db, bench.queue, [delivery_id]) == 1
        again = await bench.look(delivery_id)
        assert (again.status, again.attempts, again.last_answer) == (DeliveryStatus.WAITING, 0, "410 Gone")
        async with bench.working():
            delivery = await bench.look_until_ended(delivery_id)
    assert delivery.status == DeliveryStatus.DELIVERED
    # The entry of the announcement is still there and means the same attempt: run at once, one of the two counts.
    assert delivery.attempts in (1, 2)


async def test_one_that_waits_is_due_at_once_when_asked_and_keeps_its_place(bench: Bench) -> None:
    async with receiving(BUSY, BUSY, OK) as receiver, Poster(allow_private=True) as poster:
        sending = Deliveries(bench.database, bench.queue, poster, (0.01, 3600))
        delivery_id = await bench.announce(receiver.url)
        for number in (1, 2):
            await sending.run(Attempt(delivery_id, number))
        async with bench.database.transaction() as db:
            assert await retry(db, bench.queue, [delivery_id]) == 1
        hour, now = (await bench.entries())[-2:]
        assert hour[:2] == now[:2] == (str(delivery_id), 3)
        assert hour[2] > 3000
        assert now[2] == 0
        async with bench.working():
            delivery = await bench.look_until_ended(delivery_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 3)


async def test_one_that_has_arrived_is_never_sent_again(bench: Bench) -> None:
    async with receiving(OK, b"HTTP/1.1 410 Gone\r\n\r\n") as receiver:
        delivered, given_up = [await bench.announce(receiver.url) for _ in range(2)]
        await bench.deliveries.run(Attempt(delivered))
        await bench.deliveries.run(Attempt(given_up))
    queued = await bench.entries()
    for wrong, error in ((delivered, InvalidRequest), (uuid4(), NotFound)):
        with pytest.raises(error, match=str(wrong)):
            async with bench.database.transaction() as db:
                await retry(db, bench.queue, [given_up, wrong])
    assert (await bench.look(given_up)).status == DeliveryStatus.GIVEN_UP
    assert await bench.entries() == queued
    async with bench.database.transaction() as db:
        assert await retry_given_up(db, bench.queue) == 1
    assert (await bench.look(delivered)).status == DeliveryStatus.DELIVERED
    assert (await bench.entries())[len(queued) :] == [(str(given_up), 1, 0)]


async def test_deliveries_that_ended_long_ago_are_removed(bench: Bench) -> None:
    async with receiving(OK, b"HTTP/1.1 410 Gone\r\n\r\n", OK) as receiver:
        ids = [await bench.announce(receiver.url) for _ in range(4)]
        for delivery_id in ids[:3]:
            await bench.deliveries.run(Attempt(delivery_id))
    assert await remove_old_deliveries(bench.database) == 0
    async with bench.database.transaction() as db:
        await db.execute("UPDATE delivery SET created_at = now() - interval '40 days'")
        await db.execute("UPDATE delivery SET ended_at = now() - interval '31 days' WHERE id = ANY(%s)", [ids[:2]])
        await db.execute("UPDATE delivery SET ended_at = now() - interval '29 days' WHERE id = %s", [ids[2]])
    assert await remove_old_deliveries(bench.database) == 2
    assert await remove_old_deliveries(bench.database, min_age=timedelta(days=28)) == 1
    assert (await bench.look(ids[3])).status == DeliveryStatus.WAITING  # one that waits stays, however old


async def test_a_second_registration_takes_the_place_of_the_first(bench: Bench) -> None:
    async with bench.database.transaction() as db:
        assert await webhooks.get(db, bench.application.id) is None
        first = await webhooks.put(
            db, bench.application.id, webhook_id=uuid4(), url="https://a.example/", secret_key="first key"
        )
        second = await webhooks.put(
            db, bench.application.id, webhook_id=uuid4(), url="https://b.example/", secret_key=None
        )
        assert await webhooks.get(db, bench.application.id) == second
    assert (first.url, first.secret_key) == ("https://a.example/", "first key")
    assert (second.url, second.secret_key) == ("https://b.example/", None)
    assert first.id != second.id
    assert second.created_at >= first.created_at
    assert "first key" not in repr(first)
