"""A database that has been in use for a year: jobs, pictures, faces, groups and identities that nobody ever sent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
import psycopg

NAMESPACE = "building"
YEAR_S = 365 * 24 * 3600
LARGEST_GROUP = 1_000
# 40 cameras that have always been there, 5 that were taken down half a year ago, 5 that took their place.
FEEDS = [f"camera-{number:02}" for number in range(50)]
OLD_FEEDS, NEW_FEEDS = FEEDS[40:45], FEEDS[45:]

# What ids occur how often; one is seen by one half of the cameras only, another by the other half.
_UNIQUE, _RARE, _STAFF, _VISITOR, _CONTRACTOR, _NONE = range(6)
_SHARES = [0.42, 0.20, 0.05, 0.05, 0.05, 0.23]
_WORDS = {_STAFF: "staff", _VISITOR: "visitor", _CONTRACTOR: "contractor"}

Texts = Sequence[str]

NULL = r"\N"  # as COPY reads it

_REQUESTS = {
    "match": '{"object_class": "person", "target_custom_id": null}',
    "detect": '{"classes": [{"name": "person", "verify": "auto", "exclusion": null}]}',
    "ask": '{"question": "Is anyone there?", "by_examples": false}',
}
# What jobs that do not recognise say of their pictures: yes to one in three.
_DECIDE = """
    INSERT INTO decision (job_image_id, position, job_id, object_class, verdict, similarity, threshold, score,
                          face_count, model_id, x_min, y_min, x_max, y_max)
    SELECT image.id, 0, job.id, 'person', random() < 0.33, random(), 0.4, random(), 1, 'bench', 0.1, 0.1, 0.3, 0.4
      FROM job JOIN job_image image ON image.job_id = job.id WHERE job.kind <> 'recognize';
    INSERT INTO job_image (id, job_id, role, position, status, source_url, ended_at)
    SELECT gen_random_uuid(), id, 'target', 0, 'completed', 'https://pictures.example/target.jpg', ended_at
      FROM job WHERE kind = 'match'"""
# What adding faces one after the other would have left in these columns.
_MARK = """
    UPDATE face_group SET has_custom_id = said.has_custom_id, has_feed_id = said.has_feed_id
      FROM (SELECT group_id, count(custom_id) > 0 AS has_custom_id, count(feed_id) > 0 AS has_feed_id
              FROM face GROUP BY group_id) AS said
     WHERE face_group.id = said.group_id;
    UPDATE identity SET has_feed_id = true
     WHERE EXISTS (SELECT 1 FROM face WHERE face.identity_id = identity.id AND face.feed_id IS NOT NULL)"""


def fill(url: str, organizations: Sequence[str], *, jobs: int, faces: int) -> None:
    """Fill an empty database for the applications of some organisations, one each.

    Nine of ten jobs are of the first organisation. More than half of its jobs recognise, nearly all of these in one
    namespace, which has all the faces; most others look for matches.
    """
    random = np.random.default_rng(1)
    begun_s = float(int(time.time()) - YEAR_S)
    with psycopg.connect(url) as db:
        owners = [_owner(db, each) for each in organizations]
        namespaces = _add_namespaces(db, owners)
        times_s = begun_s + np.sort(random.uniform(0, YEAR_S - 3600, jobs))
        feeds = _feeds(random, (times_s - begun_s) / YEAR_S)
        ids = _ids(random, jobs)
        enrols = _add_jobs(db, random, ids, times_s, feeds, owners, namespaces)
        pictures = _add_pictures(db, random, ids, times_s, feeds)
        db.execute(_DECIDE)
        seen = np.sort(random.choice(np.flatnonzero(enrols[pictures.jobs]), faces))
        face_times_s = times_s[pictures.jobs[seen]] + random.uniform(1, 60, faces)
        _add_people(db, random, namespaces[0], face_times_s, pictures, seen, feeds)
        db.execute(_MARK)
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Side by side: the place of each picture's job among the jobs, and columns of its row."""

    jobs: np.ndarray
    ids: Texts
    custom_ids: Texts
    source_urls: Texts
    blob_keys: Texts


def _owner(db: psycopg.Connection, organization: str) -> tuple[UUID, UUID]:
    """The ids of an organisation and of its application."""
    row = db.execute(
        "SELECT o.id, a.id FROM organization o JOIN application a ON a.organization_id = o.id WHERE o.name = %s",
        [organization],
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _add_namespaces(db: psycopg.Connection, owners: Sequence[tuple[UUID, UUID]]) -> list[UUID]:
    """Three of the first organisation, one of each other."""
    names = [
        (NAMESPACE, owners[0]),
        ("garden", owners[0]),
        ("garage", owners[0]),
        *((NAMESPACE, o) for o in owners[1:]),
    ]
    ids = [uuid4() for _ in names]
    rows = ((new.hex, owner[0].hex, name) for new, (name, owner) in zip(ids, names, strict=True))
    _copy(db, "namespace (id, organization_id, name)", rows)
    return ids


def _add_jobs(
    db: psycopg.Connection,
    random: np.random.Generator,
    ids: Texts,
    times_s: np.ndarray,
    feeds: Texts,
    owners: Sequence[tuple[UUID, UUID]],
    namespaces: Sequence[UUID],
) -> np.ndarray:
    """Rows of jobs; whether each recognises in the first namespace."""
    count = len(ids)
    owner = np.where(random.random(count) < 0.9, 0, random.integers(1, len(owners), count))
    kinds = random.choice(["recognize", "match", "detect", "ask"], count, p=[0.6, 0.32, 0.05, 0.03])
    places = np.where(owner == 0, random.choice(3, count, p=[0.92, 0.05, 0.03]), owner + 2)
    places = np.where(kinds == "recognize", places, -1)
    customs = _customs(random, "order", feeds, (times_s - times_s[0]) / YEAR_S)
    _copy(
        db,
        "job (id, organization_id, application_id, namespace_id, kind, status, custom_id, feed_id, request, "
        "created_at, ended_at)",
        (
            (
                ids[at],
                owners[owner[at]][0].hex,
                owners[owner[at]][1].hex,
                namespaces[places[at]].hex if places[at] >= 0 else NULL,
                kinds[at],
                "completed",
                customs[at],
                feeds[at],
                _REQUESTS.get(kinds[at], NULL),
                _moment(times_s[at]),
                _moment(times_s[at] + 60),
            )
            for at in range(count)
        ),
    )
    return places == 0


def _add_pictures(
    db: psycopg.Connection, random: np.random.Generator, job_ids: Texts, job_times_s: np.ndarray, job_feeds: Texts
) -> Pictures:
    """Rows of pictures, one to eight a job; half of them were sent as an address."""
    jobs = np.repeat(np.arange(len(job_ids)), random.integers(1, 9, len(job_ids)))
    positions = np.arange(len(jobs)) - np.searchsorted(jobs, jobs)
    ids = _ids(random, len(jobs))
    feeds = [job_feeds[job] for job in jobs]
    customs = _customs(random, "picture", feeds, (job_times_s[jobs] - job_times_s[0]) / YEAR_S)
    sent = random.random(len(jobs)) < 0.5
    addresses = [f"https://pictures.example/{at % 97}/{at}.jpg" if sent[at] else NULL for at in range(len(jobs))]
    keys = [f"{job_ids[job]}/{new}" for job, new in zip(jobs, ids, strict=True)]
    _copy(
        db,
        "job_image (id, job_id, role, position, status, custom_id, source_url, blob_key, ended_at)",
        (
            (
                ids[at],
                job_ids[jobs[at]],
                "subject",
                str(positions[at]),
                "completed",
                customs[at],
                addresses[at],
                keys[at],
                _moment(job_times_s[jobs[at]] + 30),
            )
            for at in range(len(jobs))
        ),
    )
    return Pictures(jobs, ids, customs, addresses, keys)


def _people(random: np.random.Generator, times_s: np.ndarray) -> np.ndarray:
    """The group of each face: most people come once, a few all the time, each within a part of the year."""
    count = len(times_s)
    sizes = np.minimum(1 + np.floor(random.pareto(1.8, count) * 2.2).astype(int), LARGEST_GROUP)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), count)]
    sizes = np.append(sizes, np.ones(count - sizes.sum(), int))
    # Who comes often comes over a longer time; faces in the order of time take the visit nearest to them.
    span = np.clip(sizes / 1000, 0.0, 0.3)
    begin = random.uniform(0, 1, len(sizes)) * (1 - span)
    people = np.repeat(np.arange(len(sizes)), sizes)
    visits = begin[people] + span[people] * random.uniform(0, 1, count)
    groups = np.empty(count, int)
    groups[np.argsort(times_s, kind="stable")] = people[np.argsort(visits, kind="stable")]
    return groups


def _add_people(
    db: psycopg.Connection,
    random: np.random.Generator,
    namespace_id: UUID,
    times_s: np.ndarray,
    pictures: Pictures,
    seen: np.ndarray,
    job_feeds: Texts,
) -> None:
    """Rows of faces, one in each of the pictures ``seen``, with their groups and identities."""
    group_of_face = _people(random, times_s)
    count = int(group_of_face.max()) + 1
    begun_s = np.full(count, np.inf)
    np.minimum.at(begun_s, group_of_face, times_s)
    identities = _add_identities(db, random, namespace_id, begun_s, np.bincount(group_of_face, minlength=count))
    group_ids = _ids(random, count)
    batch = uuid4().hex
    _copy(
        db,
        "face_group (id, namespace_id, batch_id, identity_id, link_modified_by, link_modified_at, created_at)",
        (
            (
                group_ids[group],
                namespace_id.hex,
                batch,
                identities[group],
                NULL if identities[group] == NULL else "manual",
                NULL if identities[group] == NULL else _moment(begun_s[group] + 3600),
                _moment(begun_s[group]),
            )
            for group in np.argsort(begun_s, kind="stable")
        ),
    )
    ids = _ids(random, len(times_s))
    landmarks = "{" + ",".join(f"0.{number}1234567" for number in range(10)) + "}"
    numbers = random.uniform(0, 0.5, (len(times_s), 6))
    _copy(
        db,
        "face (id, namespace_id, job_image_id, group_id, identity_id, identity_by, x_min, y_min, x_max, y_max, "
        "landmarks, detection_score, sharpness, is_frontal, width_px, height_px, custom_id, feed_id, source_url, "
        "blob_key, created_at)",
        (
            (
                ids[at],
                namespace_id.hex,
                pictures.ids[picture],
                group_ids[group_of_face[at]],
                identities[group_of_face[at]],
                NULL if identities[group_of_face[at]] == NULL else "manual",
                *(f"{number + least:.12f}" for number, least in zip(numbers[at, :4], (0, 0, 0.5, 0.5), strict=True)),
                landmarks,
                *(f"{number + 0.5:.12f}" for number in numbers[at, 4:]),
                "t",
                "180",
                "220",
                pictures.custom_ids[picture],
                job_feeds[pictures.jobs[picture]],
                pictures.source_urls[picture],
                pictures.blob_keys[picture],
                _moment(times_s[at]),
            )
            for at, picture in sorted(enumerate(seen), key=lambda pair: times_s[pair[0]])
        ),
    )


def _add_identities(
    db: psycopg.Connection, random: np.random.Generator, namespace_id: UUID, begun_s: np.ndarray, sizes: np.ndarray
) -> list[str]:
    """Rows of identities; the one of each group, or none. A sixth of the groups have one, oftener the large ones."""
    count = len(sizes)
    weights = sizes**0.3
    named = np.sort(random.choice(count, count // 6, replace=False, p=weights / weights.sum()))
    # One person in ten has two groups.
    people, first = np.unique(np.arange(len(named)) - (np.arange(len(named)) % 10 == 9), return_inverse=True)
    ids = _ids(random, len(people))
    customs = _customs(random, "person", [NULL] * len(people), np.zeros(len(people)))
    named_s = np.full(len(people), np.inf)
    np.minimum.at(named_s, first, begun_s[named] + 3600)
    _copy(
        db,
        "identity (id, namespace_id, custom_id, created_at)",
        (
            (ids[person], namespace_id.hex, customs[person], _moment(named_s[person]))
            for person in np.argsort(named_s, kind="stable")
        ),
    )
    of_group = [NULL] * count
    for group, person in zip(named, first, strict=True):
        of_group[group] = ids[person]
    return of_group


def _feeds(random: np.random.Generator, moments: np.ndarray) -> list[str]:
    """A feed, or none, for each moment 0..1 of the year; the first feeds see more than the others."""
    weights = 1 / (np.arange(50) + 10)
    weights[40:] = weights[20]
    drawn = random.choice(50, len(moments), p=weights / weights.sum())
    taken_down = (drawn >= 40) & (drawn < 45) & (moments > 0.5)
    not_there_yet = (drawn >= 45) & (moments <= 0.5)
    drawn = drawn + 5 * taken_down - 5 * not_there_yet
    return [FEEDS[at] if has else NULL for at, has in zip(drawn, random.random(len(moments)) < 0.85, strict=True)]


def _customs(random: np.random.Generator, word: str, feeds: Texts, moments: np.ndarray) -> list[str]:
    """A custom id, or none, for each moment 0..1 of the year."""
    kinds = random.choice(len(_SHARES), len(feeds), p=_SHARES)
    few = random.integers(0, max(len(feeds) // 25, 1), len(feeds))  # each about five times
    half = {feed: number % 2 for number, feed in enumerate(FEEDS)}
    customs = []
    for at, (kind, feed) in enumerate(zip(kinds.tolist(), feeds, strict=True)):
        if kind == _UNIQUE:
            customs.append(f"{word}-{at}")
        elif kind == _RARE:
            customs.append(f"{word}-few-{few[at]}")
        elif kind == _NONE:
            customs.append(NULL)
        elif kind in (_STAFF, _VISITOR) and feed in half:
            customs.append(_WORDS[(_STAFF, _VISITOR)[half[feed]]])
        elif kind == _CONTRACTOR and moments[at] > 0.3:  # they have left
            customs.append(NULL)
        else:
            customs.append(_WORDS[kind])
    return customs


def _ids(random: np.random.Generator, count: int) -> list[str]:
    text = random.bytes(16 * count).hex()
    return [text[at : at + 32] for at in range(0, len(text), 32)]


def _moment(seconds: float) -> str:
    return np.datetime64(round(seconds * 1000), "ms").item().isoformat() + "Z"


def _copy(db: psycopg.Connection, into: str, rows: Iterable[Sequence[str]]) -> None:
    with db.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        block: list[str] = []
        for row in rows:
            block.append("\t".join(row) + "\n")
            if len(block) == 10_000:
                copy.write("".join(block))
                block.clear()
        copy.write("".join(block))
