"""Searches in the store find what a look at every row would find, in that order, however they go about it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from support.gallery import SIZE, Gallery, direction, make_face, near
from visavis.records import ImageStatus, JobImage, JobKind, NewImage, NewJob, Role, Search
from visavis.store import faces, groups, identities, jobs, migrations
from visavis.store.database import Database, Transaction
from visavis.store.faces import PlacedFace
from visavis.store.groups import GroupTemplate

KINDS = ("jobs", "jobs without a namespace", "faces", "groups", "identities")

# '' is a custom id like any other
CUSTOM_IDS = ["", "staff", "visitor", "1", "2", "3", None]
FEEDS = ["door", "gate", "roof", "cellar", None]
BEGUN = datetime(2024, 2, 29, tzinfo=UTC)
# so few that many things share one: their ids then say which comes first
MOMENTS = [BEGUN + timedelta(minutes=number) for number in range(12)]


@dataclass(frozen=True, slots=True)
class Thing:
    """What a search looks at: a job or a face has one custom id and one feed or none, a group those of its faces."""

    id: UUID
    created_at: datetime
    custom_ids: frozenset[str]
    feed_ids: frozenset[str]

    def fits(self, search: Search) -> bool:
        """Whether it is asked for, said as simply as it can be."""
        return all(
            (
                search.after is None or self.created_at > search.after,
                search.before is None or self.created_at < search.before,
                search.ids is None or self.id in search.ids,
                search.custom_ids is None or self.custom_ids & set(search.custom_ids),
                not search.without_custom_id or not self.custom_ids,
                search.feed_ids is None or self.feed_ids & set(search.feed_ids),
                not search.without_feed_id or not self.feed_ids,
            )
        )


def expected(things: Iterable[Thing], search: Search) -> list[UUID]:
    """The ids that a search is to find, in order."""
    fit = sorted((thing.created_at, thing.id) for thing in things if thing.fits(search))
    if not search.ascending:
        fit.reverse()
    return [thing_id for _, thing_id in fit][search.offset : search.offset + search.limit]


@dataclass(frozen=True, slots=True)
class World:
    """A namespace full of things, beside others that no search may find."""

    gallery: Gallery
    things: dict[str, list[Thing]]

    async def found(self, kind: str, search: Search) -> list[UUID]:
        """The ids that the store finds, in order."""
        place = self.gallery.namespace_id
        async with self.gallery.database.transaction() as db:
            found: Sequence[Any]
            match kind:
                case "jobs" | "jobs without a namespace":
                    found = await jobs.search(
                        db,
                        search,
                        organization_id=self.gallery.organization_id,
                        namespace_id=place if kind == "jobs" else None,
                        kind=JobKind.RECOGNIZE if kind == "jobs" else JobKind.MATCH,
                    )
                case "faces":
                    found = await faces.search(db, place, search)
                case "groups":
                    found = await groups.search(db, place, search)
                case _:
                    found = await identities.search(db, place, search)
        return [thing.id for thing in found]


def one(value: str | None) -> frozenset[str]:
    return frozenset(() if value is None else (value,))


def of_faces(members: Iterable[Thing]) -> tuple[frozenset[str], frozenset[str]]:
    """The custom and feed ids of some faces."""
    known = list(members)
    return (
        frozenset().union(*(face.custom_ids for face in known)),
        frozenset().union(*(face.feed_ids for face in known)),
    )


async def add_job(
    db: Transaction, gallery: Gallery, kind: JobKind, custom_id: str | None, feed_id: str | None, images: int
) -> list[JobImage]:
    """A job whose pictures have custom ids by chance."""
    job_id = uuid4()
    pictures = [
        JobImage(
            id=uuid4(),
            job_id=job_id,
            role=Role.SUBJECT,
            position=position,
            status=ImageStatus.IN_PROGRESS,
            custom_id=random.choice(CUSTOM_IDS),
            source_url=random.choice([None, "https://pictures.example/1.jpg"]),
            blob_key=f"pictures/{job_id}/{position}",
        )
        for position in range(images)
    ]
    await jobs.add(
        db,
        NewJob(kind, tuple(NewImage(data=b"") for _ in pictures), custom_id=custom_id, feed_id=feed_id),
        job_id=job_id,
        organization_id=gallery.organization_id,
        application_id=gallery.application_id,
        namespace_id=gallery.namespace_id if kind == JobKind.RECOGNIZE else None,
        images=pictures,
    )
    return pictures


async def set_moments(db: Transaction, table: str) -> dict[UUID, datetime]:
    """Give rows moments of creation that they share with others."""
    ids = [row[0] async for row in await db.execute(f"SELECT id FROM {table}")]
    moments = {each: random.choice(MOMENTS) for each in ids}
    async with db.cursor() as cursor:
        await cursor.executemany(
            f"UPDATE {table} SET created_at = %s WHERE id = %s", [(moment, each) for each, moment in moments.items()]
        )
    return moments


async def fill(gallery: Gallery, count: int) -> dict[str, list[Thing]]:
    """Jobs, and faces in groups and identities by chance, in one namespace."""
    async with gallery.database.transaction() as db:
        group_ids = [uuid4() for _ in range(count // 2)]
        names: dict[UUID, str | None] = {uuid4(): random.choice(CUSTOM_IDS) for _ in range(count // 4)}
        for identity_id, custom_id in names.items():
            await identities.add(db, gallery.namespace_id, identity_id=identity_id, custom_id=custom_id)
        new = [GroupTemplate(group_id, direction(0), 1, None) for group_id in group_ids]
        await groups.add_all(db, gallery.namespace_id, new, batch_id=uuid4())
        labels: dict[str, dict[UUID, tuple[str | None, str | None]]] = {kind: {} for kind in KINDS}
        members: dict[UUID, list[UUID]] = {each: [] for each in (*group_ids, *names)}
        for number in range(count):
            label = (random.choice(CUSTOM_IDS), random.choice(FEEDS))
            [asked] = await add_job(db, gallery, JobKind.MATCH, *label, images=1)
            labels["jobs without a namespace"][asked.job_id] = label
            pictures = await add_job(db, gallery, JobKind.RECOGNIZE, *label, images=1)
            labels["jobs"][pictures[0].job_id] = label
            # every group has a face; some have many, as some have no custom id, or no feed, in any of them
            group_id = group_ids[number] if number < len(group_ids) else random.choice(group_ids[:10])
            identity_id = random.choice([*names, None, None])
            face = make_face(pictures[0].id, near(direction(0), 0.9))
            await faces.add(db, gallery.namespace_id, [PlacedFace(face, group_id, identity_id, None)])
            labels["faces"][face.id] = (pictures[0].custom_id, label[1])
            for owner in (group_id, identity_id):
                if owner is not None:
                    members[owner].append(face.id)
        moments: dict[UUID, datetime] = {}
        for table in ("job", "face", "face_group", "identity"):
            moments.update(await set_moments(db, table))
    things = {
        kind: [Thing(each, moments[each], one(custom), one(feed)) for each, (custom, feed) in labels[kind].items()]
        for kind in KINDS
    }
    face_of = {thing.id: thing for thing in things["faces"]}
    for group_id in group_ids:
        own = of_faces(face_of[each] for each in members[group_id])
        things["groups"].append(Thing(group_id, moments[group_id], *own))
    for identity_id, custom_id in names.items():
        _, feeds = of_faces(face_of[each] for each in members[identity_id])
        things["identities"].append(Thing(identity_id, moments[identity_id], one(custom_id), feeds))
    return things


async def make_world(database: Database) -> World:
    gallery = await Gallery.make(database)
    things = await fill(gallery, 160)
    for other in (
        await Gallery.make(database, organization="globex", namespace="other"),
        await Gallery.make(database, namespace="other"),
    ):
        others = await fill(other, 10)
        if other.organization_id == gallery.organization_id:
            # jobs that are in no namespace are the organisation's
            things["jobs without a namespace"] += others["jobs without a namespace"]
    async with database.transaction() as db:
        # the others' moments were drawn for all rows anew
        for kind, table in zip(KINDS, ("job", "job", "face", "face_group", "identity"), strict=True):
            moments = {row[0]: row[1] async for row in await db.execute(f"SELECT id, created_at FROM {table}")}
            things[kind] = [replace(thing, created_at=moments[thing.id]) for thing in things[kind]]
    return World(gallery, things)


def searches(things: Sequence[Thing], count: int) -> Iterator[Search]:
    """Searches of every sort; a filter each is there in a third of them."""
    for _ in range(count):
        asked: dict[str, Any] = {
            "limit": random.choice([1, 2, 5, 20, 100]),
            "offset": random.choice([0, 0, 1, 3, 100]),
            "ascending": random.random() < 0.5,
        }
        if random.random() < 0.3:
            asked["after"] = random.choice([*MOMENTS, BEGUN - timedelta(1)]) - timedelta(seconds=random.choice([0, 1]))
        if random.random() < 0.3:
            asked["before"] = random.choice([*MOMENTS, BEGUN + timedelta(1)])
        if random.random() < 0.2:
            asked["ids"] = (*(thing.id for thing in random.sample(things, random.choice([0, 1, 30]))), uuid4())
        for name, one_of in (("custom", CUSTOM_IDS), ("feed", FEEDS)):
            chance = random.random()
            if chance < 0.33:
                known = [each for each in one_of if each is not None]
                # none, some, the same twice, one that nothing has
                wanted = random.choices([*known, "nothing has it"], k=random.choice([0, 1, 1, 2, 4]))
                asked[f"{name}_ids"] = tuple(wanted)
            if chance < 0.03 or 0.33 <= chance < 0.5:
                asked[f"without_{name}_id"] = True
        yield Search(**asked)


@pytest.mark.parametrize("few_faces", [0, 40, 20_000], ids=["never few", "at times", "always few"])
async def test_searches_find_what_a_look_at_every_row_finds(
    database: Database, monkeypatch: pytest.MonkeyPatch, few_faces: int
) -> None:
    monkeypatch.setattr(groups, "_FEW_FACES", few_faces)
    random.seed(few_faces)
    world = await make_world(database)
    for kind in KINDS:
        things = world.things[kind]
        hits = 0
        for search in searches(things, 300):
            wanted = expected(things, search)
            assert await world.found(kind, search) == wanted, (kind, search)
            hits += bool(wanted)
        assert hits > 60  # else nothing was tested


async def test_a_search_finds_nothing_of_other_namespaces_and_organisations(database: Database) -> None:
    random.seed(1)
    world = await make_world(database)
    other = await Gallery.make(database, namespace="nobody has used it")
    for kind in ("jobs", "faces", "groups", "identities"):
        everything = tuple(thing.id for thing in world.things[kind])
        for search in (Search(), Search(ids=everything), Search(feed_ids=("door",)), Search(without_feed_id=True)):
            assert await World(other, {}).found(kind, search) == []


# --- marks ------------------------------------------------------------------------------------------------


class LabelledGallery(Gallery):
    """A gallery whose pictures and jobs have ids, by chance."""

    async def _add_job(self, db: Transaction, pictures: int) -> list[UUID]:
        feed_id = random.choice([None, None, "door"])
        images = await add_job(db, self, JobKind.RECOGNIZE, None, feed_id, images=pictures)
        return [image.id for image in images]

    async def check_marks(self) -> None:
        """Fail unless groups and identities know which ids their faces have."""
        told = await self.rows(
            """SELECT id, has_custom_id, has_feed_id,
                      EXISTS (SELECT 1 FROM face WHERE group_id = g.id AND custom_id IS NOT NULL) AS custom,
                      EXISTS (SELECT 1 FROM face WHERE group_id = g.id AND feed_id IS NOT NULL) AS feed
                 FROM face_group g WHERE namespace_id = %(namespace_id)s"""
        )
        assert [(row["has_custom_id"], row["has_feed_id"]) for row in told] == [
            (row["custom"], row["feed"]) for row in told
        ]
        told = await self.rows(
            """SELECT has_feed_id,
                      EXISTS (SELECT 1 FROM face WHERE identity_id = i.id AND feed_id IS NOT NULL) AS feed
                 FROM identity i WHERE namespace_id = %(namespace_id)s"""
        )
        assert [row["has_feed_id"] for row in told] == [row["feed"] for row in told]


@pytest.mark.parametrize("seed", range(12))
async def test_groups_and_identities_know_which_ids_their_faces_have(database: Database, seed: int) -> None:
    random.seed(seed)
    gallery = await LabelledGallery.make(database)
    assert isinstance(gallery, LabelledGallery)
    # near enough to merge, and to be named apart
    people = [near(direction(person), 0.7) for person in range(3)]
    seen: list[UUID] = []
    named: list[UUID] = []
    for _ in range(25):
        step = random.choice(["enrol", "enrol", "name", "add", "remove", "delete"])
        if step == "enrol" or not seen:
            portraits = [near(random.choice(people), random.uniform(0.6, 1), random.randrange(3, SIZE - 1))]
            seen += [face for picture in await gallery.enrol(*[portraits] * random.choice([1, 2])) for face in picture]
        elif step == "name":
            named.append((await gallery.name(*random.sample(seen, min(3, len(seen))))).id)
        elif named:
            some = random.sample(seen, min(2, len(seen)))
            identity_id = random.choice(named)
            if step == "add":
                await gallery.update(identity_id, add=some)
            elif step == "remove":
                await gallery.update(identity_id, remove=some)
            else:
                await gallery.delete(identity_id)
                named.remove(identity_id)
        await gallery.check()
        await gallery.check_marks()


async def test_groups_that_become_one_know_which_ids_their_faces_have(database: Database) -> None:
    random.seed(1)
    gallery = await LabelledGallery.make(database)
    assert isinstance(gallery, LabelledGallery)
    for person in range(SIZE):
        await gallery.see(direction(person))
    while len(told := await gallery.rows("SELECT id FROM face_group WHERE namespace_id = %(namespace_id)s")) > 1:
        async with database.transaction() as db:
            first, second = random.sample([row["id"] for row in told], 2)
            await groups.merge(db, gallery.namespace_id, (first, second))
        await gallery.check()
        await gallery.check_marks()


# --- migration --------------------------------------------------------------------------------------------


def upgrade(url: str, revision: str) -> None:
    """Bring a database to a revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


# A namespace with two groups, as it was stored before faces had the ids of their pictures and jobs.
_BEFORE = """
    INSERT INTO organization (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'acme');
    INSERT INTO application (id, organization_id, name, client_id, client_secret_hash, api_key_hash,
                             subscription_key_hash, scopes)
    SELECT id, id, 'app', 'app', '', '1', '2', '{}' FROM organization;
    INSERT INTO namespace (id, organization_id, name) SELECT id, id, 'office' FROM organization;
    INSERT INTO job (id, organization_id, application_id, namespace_id, kind, status, feed_id)
    SELECT gen_random_uuid(), id, id, id, 'recognize', 'in_progress', feed
      FROM organization, unnest(ARRAY['door', NULL]) AS feed;
    INSERT INTO job_image (id, job_id, position, status, custom_id, source_url, blob_key)
    SELECT gen_random_uuid(), id, row_number() OVER (PARTITION BY id), 'in_progress', custom, 'https://example.com/',
           'key of ' || COALESCE(custom, 'none')
      FROM job, unnest(ARRAY['ada', NULL]) AS custom;
    INSERT INTO identity (id, namespace_id) SELECT gen_random_uuid(), id FROM namespace, generate_series(1, 2);
    -- a group and an identity for each feed
    INSERT INTO face_group (id, namespace_id, batch_id) SELECT job.id, namespace_id, job.id FROM job;
    INSERT INTO face (id, namespace_id, job_image_id, group_id, identity_id, identity_by, x_min, y_min, x_max, y_max,
                      landmarks, detection_score, sharpness, is_frontal, width_px, height_px)
    SELECT image.id, job.namespace_id, image.id, job.id,
           (SELECT id FROM identity ORDER BY id OFFSET CASE WHEN feed_id IS NULL THEN 1 ELSE 0 END LIMIT 1), 'manual',
           0, 0, 1, 1, array_fill(0.5::real, ARRAY[10]), 1, 1, true, 10, 10
      FROM job_image image JOIN job ON job.id = image.job_id"""


_TRUE_TO_WHEN_MADE = """
    SELECT count(*) FROM face
      JOIN face_group g ON (g.id, g.created_at) = (group_id, group_created_at)
      JOIN identity i ON (i.id, i.created_at) = (face.identity_id, identity_created_at)"""


def test_faces_that_were_there_already_get_their_ids(postgres: str) -> None:
    server, name = postgres.replace("/visavis?", "/postgres?"), "before_searches"
    url = postgres.replace("/visavis?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        upgrade(url, "0003")
        with psycopg.connect(url) as db:
            db.execute(_BEFORE)
        upgrade(url, "head")
        with psycopg.connect(url) as db:
            told = db.execute("SELECT custom_id, feed_id, source_url, blob_key FROM face_at_rest").fetchall()
            assert sorted(told, key=str) == sorted(
                (
                    (custom, feed, "https://example.com/", f"key of {custom or 'none'}")
                    for custom in ("ada", None)
                    for feed in ("door", None)
                ),
                key=str,
            )
            marks = db.execute("SELECT has_custom_id, has_feed_id FROM face_group ORDER BY has_feed_id").fetchall()
            assert marks == [(True, False), (True, True)]
            [first, second] = db.execute("SELECT has_feed_id FROM identity ORDER BY id").fetchall()
            assert (first, second) == ((True,), (False,))
            assert db.execute(_TRUE_TO_WHEN_MADE).fetchone() == (4,)
            # as servers of the version before go on doing, who know nothing of it
            db.execute("UPDATE face SET group_id = (SELECT id FROM face_group LIMIT 1)")
            db.execute("UPDATE face SET identity_id = (SELECT id FROM identity ORDER BY id DESC LIMIT 1)")
            assert db.execute(_TRUE_TO_WHEN_MADE).fetchone() == (4,)
            db.execute("UPDATE face SET identity_id = NULL, identity_by = NULL")
            assert db.execute("SELECT count(*) FROM face WHERE identity_created_at IS NULL").fetchone() == (4,)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
