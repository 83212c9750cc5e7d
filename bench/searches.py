"""How long searches take, filter by filter, over HTTP, on a database that has been in use for a year.

    python bench/searches.py [--jobs N] [--faces N] [--rounds N] [--kinds recognize images ...]

Every filter is asked for with the default page (the 20 newest) and with the largest one (100 of them after 0 to 100, in
either order); GET /v2/match has one page, of 100. Each search takes values of its own. A row of the tables is a filter:
how many things, and how many faces or pictures in them, an answer has on average; the times of whole answers; and the
95th percentile of the search in the store alone, which finds the things but does not read what is in them.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from home import fresh_server
from support.client import Client
from support.server import Server
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.translate import moment_from_wire, search_from_wire
from visavis.records import JobKind, Search
from visavis.store import faces, groups, identities, jobs
from visavis.store.database import Database
from visavis.store.embedded import EmbeddedPostgres
from year import FEEDS, NAMESPACE, NEW_FEEDS, OLD_FEEDS, YEAR_S, fill

ORGANIZATIONS = ("acme", "globex", "initech")
LIMIT_MS = 50
LARGE = 1_000
DAY_MS = 24 * 3600 * 1000
POPULAR = ["staff", "visitor", "contractor"]
UNKNOWN = [f"nobody-{number}" for number in range(20)]
# The two halves of the cameras that see staff and visitors.
STAFF_FEEDS, VISITOR_FEEDS = FEEDS[0:40:2], FEEDS[1:40:2]

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Ids and custom ids of one kind of thing, as a client would know them."""

    ids: Sequence[str]
    custom_ids: Sequence[str]
    begun_ms: int

    def some(self, count: int) -> list[str]:
        """Ids of things."""
        return random.sample(self.ids, count)

    def customs(self, count: int) -> list[str]:
        """Custom ids that one thing has, or a few."""
        return random.sample(self.custom_ids, count)

    def day(self) -> Body:
        """A day of the year."""
        start = self.begun_ms + random.randrange(YEAR_S * 1000 - DAY_MS)
        return {"start": start, "end": start + DAY_MS}

    def ago(self, share: float) -> int:
        """A moment, by the share of the year that had passed."""
        return self.begun_ms + round(YEAR_S * 1000 * share)


FILTERS: Mapping[str, Callable[[Known], Body]] = {
    "nothing": lambda _: {},
    "a day": lambda known: known.day(),
    "before the year": lambda known: {"end": known.begun_ms},
    "the first half": lambda known: {"end": known.ago(0.5)},
    "1 id": lambda known: {"ids": known.some(1)},
    "100 ids": lambda known: {"ids": known.some(100)},
    "100 ids, 20 custom ids, 20 feeds": lambda known: {
        "ids": known.some(100),
        "customIds": [*POPULAR, *known.customs(17)],
        "feedIds": random.sample(FEEDS, 20),
    },
    "a rare custom id": lambda known: {"customIds": known.customs(1)},
    "20 rare custom ids": lambda known: {"customIds": known.customs(20)},
    "a popular custom id": lambda _: {"customIds": [random.choice(POPULAR[:2])]},
    "a custom id that was popular": lambda _: {"customIds": POPULAR[2:]},
    "20 custom ids, rare and popular": lambda known: {"customIds": [*POPULAR, *known.customs(17)]},
    "20 unknown custom ids": lambda _: {"customIds": UNKNOWN},
    "no custom id": lambda _: {"customIds": None},
    "a feed": lambda _: {"feedIds": [random.choice(FEEDS[:40])]},
    "20 feeds": lambda _: {"feedIds": random.sample(FEEDS, 20)},
    "the 20 busiest feeds": lambda _: {"feedIds": FEEDS[:20]},
    "feeds that have ended": lambda _: {"feedIds": OLD_FEEDS},
    "feeds before they began": lambda known: {"feedIds": NEW_FEEDS, "end": known.ago(0.5)},
    "20 unknown feeds": lambda _: {"feedIds": UNKNOWN},
    "no feed": lambda _: {"feedIds": None},
    "20 feeds on a day": lambda known: {"feedIds": random.sample(FEEDS, 20), **known.day()},
    "a popular custom id on a day": lambda known: {"customIds": POPULAR[:1], **known.day()},
    "20 custom ids and 20 feeds": lambda known: {
        "customIds": [*POPULAR, *known.customs(17)],
        "feedIds": random.sample(FEEDS, 20),
    },
    "rare custom ids and the busiest feeds": lambda known: {"customIds": known.customs(20), "feedIds": FEEDS[:20]},
    "a popular custom id and 20 feeds, never together": lambda _: {"customIds": ["visitor"], "feedIds": STAFF_FEEDS},
    "a popular custom id and an ended feed": lambda _: {"customIds": ["staff"], "feedIds": OLD_FEEDS[:1]},
    "neither": lambda _: {"customIds": None, "feedIds": None},
    "a feed, no custom id": lambda _: {"customIds": None, "feedIds": [random.choice(FEEDS)]},
    "ended feeds, no custom id": lambda _: {"customIds": None, "feedIds": OLD_FEEDS},
    "a popular custom id, no feed": lambda _: {"customIds": ["contractor"], "feedIds": None},
    "neither, in the first half": lambda known: {"customIds": None, "feedIds": None, "end": known.ago(0.5)},
}
MATCH_FILTERS: Mapping[str, Callable[[Known], Body]] = {
    "nothing": lambda _: {},
    "a day": lambda known: _renamed(known.day()),
    "before the year": lambda known: {"before": known.begun_ms},
    "a rare custom id": lambda known: {"customId": known.customs(1)[0]},
    "a popular custom id": lambda _: {"customId": random.choice(POPULAR[:2])},
    "a custom id that was popular": lambda _: {"customId": POPULAR[2]},
    "an unknown custom id": lambda _: {"customId": UNKNOWN[0]},
    "a feed": lambda _: {"feedId": random.choice(FEEDS[:40])},
    "a feed that has ended": lambda _: {"feedId": random.choice(OLD_FEEDS)},
    "a popular custom id and a feed, never together": lambda _: {"customId": "visitor", "feedId": STAFF_FEEDS[0]},
    "a popular custom id and a feed": lambda _: {"customId": "visitor", "feedId": random.choice(VISITOR_FEEDS)},
    "a feed on a day": lambda known: {"feedId": random.choice(FEEDS), **_renamed(known.day())},
}
KINDS = ("recognize", "images", "groups", "identities", "match")


def _renamed(window: Body) -> Body:
    return {"after": window["start"], "before": window["end"]}


def p95(numbers: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(numbers)[max(-(-len(numbers) * 95 // 100) - 1, 0)]


@dataclass(slots=True)
class Times:
    """What some searches took, and what they found."""

    ms: list[float] = field(default_factory=list)
    store_ms: list[float] = field(default_factory=list)
    found: list[int] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)

    def add(self, ms: float, store_ms: float, answer: Sequence[Any]) -> None:
        """One search's answer."""
        self.ms.append(ms)
        self.store_ms.append(store_ms)
        self.found.append(len(answer))
        self.inside.append(sum(len(each.get("images", each.get("imageResults", ()))) for each in answer))

    def extend(self, other: Times, *, least: float = 0, most: float = math.inf) -> None:
        """Other searches too, those whose answers have so many faces or pictures."""
        for ms, store_ms, found, inside in zip(other.ms, other.store_ms, other.found, other.inside, strict=True):
            if least <= inside <= most:
                self.ms.append(ms)
                self.store_ms.append(store_ms)
                self.found.append(found)
                self.inside.append(inside)

    @property
    def p95_ms(self) -> float:
        """The 95th percentile."""
        return p95(self.ms)

    def __str__(self) -> str:
        return (
            f"{statistics.mean(self.found):5.0f} {statistics.mean(self.inside):6.0f} "
            f"{statistics.median(self.ms):7.1f} {self.p95_ms:7.1f} {max(self.ms):7.1f} | {p95(self.store_ms):6.1f}"
        )


def known_of(db: psycopg.Connection, kind: str) -> Known:
    """What a client knows of one kind of thing."""
    table, where = {
        "recognize": ("job", "kind = 'recognize' AND namespace_id = (SELECT namespace_id FROM face LIMIT 1)"),
        "match": ("job", "kind = 'match'"),
        "images": ("face_at_rest", "true"),
        "groups": ("face_at_rest", "true"),
        "identities": ("identity", "true"),
    }[kind]
    rare = f"SELECT DISTINCT custom_id FROM {table} WHERE {where} AND custom_id <> ALL(%s) LIMIT 5000"
    table = "face_group" if kind == "groups" else table
    ids = f"SELECT id FROM {table} WHERE {where} ORDER BY md5(id::text) LIMIT 5000"
    [begun] = db.execute("SELECT min(created_at) FROM job").fetchone() or (datetime.now(UTC),)
    return Known(
        [str(row[0]) for row in db.execute(ids)],
        sorted(row[0] for row in db.execute(rare, [POPULAR])),
        int(begun.timestamp() * 1000) - 1,
    )


def pages(kind: str) -> Mapping[str, Callable[[], Body]]:
    """The pages that one kind of search is asked for."""
    if kind == "match":
        return {"100": dict}
    return {
        "20": dict,
        "100": lambda: {"limit": 100, "offset": random.randrange(101), "sortBy": random.choice(["ASC", "DESC"])},
    }


def ask(client: Client, kind: str, body: Body) -> httpx.Response:
    """Search over HTTP."""
    if kind == "match":
        return client.get("/v2/match", params=body)
    return client.post(f"/v2/recognition/{kind}/{NAMESPACE}/search", json=body)


class Store:
    """The same searches without the server, in one namespace; a context."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, max_connections=1)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Store:
        self._runner.run(self._database.open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._database.close())
        self._runner.close()

    def ms(self, kind: str, body: Body) -> float:
        """How long a search takes."""
        return self._runner.run(self._ms(kind, body))

    async def _ms(self, kind: str, body: Body) -> float:
        async with self._database.transaction() as db:
            cursor = await db.execute(
                "SELECT organization_id, id FROM namespace WHERE name = %s AND organization_id = "
                "(SELECT id FROM organization WHERE name = %s)",
                [NAMESPACE, ORGANIZATIONS[0]],
            )
            [organization_id, namespace_id] = await cursor.fetchone() or (None, None)
            search = _search_of(kind, body)
            begun = time.perf_counter()
            match kind:
                case "recognize" | "match":
                    await jobs.search(
                        db,
                        search,
                        organization_id=organization_id,
                        namespace_id=namespace_id if kind == "recognize" else None,
                        kind=JobKind(kind),
                    )
                case "images":
                    await faces.search(db, namespace_id, search)
                case "groups":
                    await groups.search(db, namespace_id, search)
                case _:
                    await identities.search(db, namespace_id, search)
            return (time.perf_counter() - begun) * 1000


def _search_of(kind: str, body: Body) -> Search:
    if kind != "match":
        return search_from_wire(wire.SearchRequest.model_validate(body))
    return Search(
        limit=100,
        after=moment_from_wire(body.get("after"), "after"),
        before=moment_from_wire(body.get("before"), "before"),
        custom_ids=(body["customId"],) if "customId" in body else None,
        feed_ids=(body["feedId"],) if "feedId" in body else None,
    )


def measure(client: Client, store: Store, kind: str, known: Known, rounds: int) -> dict[tuple[str, str], Times]:
    """Times by page and filter."""
    filters = MATCH_FILTERS if kind == "match" else FILTERS
    times: dict[tuple[str, str], Times] = {}
    for page, page_of in pages(kind).items():
        for name, body_of in filters.items():
            each = times.setdefault((page, name), Times())
            for number in range(rounds + 1):
                body = {**body_of(known), **page_of()}
                begun = time.perf_counter()
                response = ask(client, kind, body)
                ms = (time.perf_counter() - begun) * 1000
                store_ms = store.ms(kind, body)
                if number:  # the first warms caches
                    each.add(ms, store_ms, response.raise_for_status().json())
    return times


def report(kind: str, times: Mapping[tuple[str, str], Times]) -> None:
    """Print one kind's table."""
    print(f"{kind:50} page | found inside  median     p95     max |  store  (ms)")
    for (page, name), each in times.items():
        mark = " *" if each.p95_ms > LIMIT_MS else ""
        print(f"  {name:48} {page:>4} | {each}{mark}")
    for page in pages(kind):
        every = Times()
        for (of_page, _), each in times.items():
            if of_page == page:
                every.extend(each)
        print(f"  {'all':48} {page:>4} | {every}", flush=True)


def run(server: Server, options: argparse.Namespace) -> None:
    """Fill the server's database and search it."""
    clients = [Client(server.base_url, server.create_app(name, "bench")) for name in ORGANIZATIONS]
    embedded = EmbeddedPostgres(server.home / "postgres")
    url = embedded.start()
    begun = time.perf_counter()
    fill(url, ORGANIZATIONS, jobs=options.jobs, faces=options.faces)
    with psycopg.connect(url) as db, Store(url) as store:
        counts = {
            table: (db.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,))[0]
            for table in ("job", "job_image", "face", "face_group", "identity")
        }
        print(", ".join(f"{count:,} {table}" for table, count in counts.items()), end="")
        print(f"; filled in {time.perf_counter() - begun:.0f} s", flush=True)
        slow, filters = [], 0
        common, large, slowest = Times(), Times(), 0.0
        for kind in options.kinds:
            times = measure(clients[0], store, kind, known_of(db, kind), options.rounds)
            report(kind, times)
            filters += len(times)
            slow += [f"{kind}: {name}, {page}" for (page, name), each in times.items() if each.p95_ms > LIMIT_MS]
            for each in times.values():
                common.extend(each, most=LARGE)
                large.extend(each, least=LARGE + 1)
                slowest = max(slowest, p95(each.store_ms))
    embedded.stop()
    print(f"{len(common.ms)} answers with up to {LARGE:,} faces or pictures: 95th percentile {common.p95_ms:.1f} ms")
    if large.ms:
        each_us = statistics.median(ms / inside for ms, inside in zip(large.ms, large.inside, strict=True)) * 1000
        print(f"{len(large.ms)} answers with more: {each_us:.0f} us for each of them")
    print(f"the store alone, the slowest filter and page: 95th percentile {slowest:.1f} ms")
    print(f"{filters - len(slow)} of {filters} filters and pages answer within {LIMIT_MS} ms at the 95th percentile")
    for name in slow:
        print(f"  not: {name}")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Milliseconds a search, filter by filter.")
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--faces", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=30, help="searches a filter and page (default 30)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args(arguments)
    random.seed(1)
    with fresh_server(workers=0) as server:
        run(server, options)


if __name__ == "__main__":
    main(sys.argv[1:])
