"""The four searches: filters, order, pages."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from support.client import Json
from support.contract import ContractClient
from support.people import EILEEN, GRACE, LUIS, picture

KINDS = ("recognize", "images", "groups", "identities")


@dataclass(frozen=True)
class Album:
    """A namespace whose things all have a label that tests use instead of their ids.

    Jobs 1, 2, 3; faces 1a, 1b, 2a, 3a by job; groups and identities by the person.
    """

    client: ContractClient
    namespace: str
    labels: dict[str, dict[str, str]]  # kind -> id -> label

    def search(self, kind: str, **search: Any) -> list[Json]:
        answer = self.client.post(f"/v2/recognition/{kind}/{self.namespace}/search", json=search)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()
        return found

    def found(self, kind: str, **search: Any) -> set[str]:
        things = self.search(kind, **search)
        labels = {self.labels[kind][thing["id"]] for thing in things}
        assert len(labels) == len(things)
        return labels

    def ids(self, kind: str, *labels: str) -> list[str]:
        return [thing_id for thing_id, label in self.labels[kind].items() if label in labels]


@pytest.fixture(scope="module")
def album(ada: ContractClient, shared_namespace: str) -> Album:
    """Eileen with and without custom ids, Grace without, Luis without a feed; Eileen and Luis have names."""
    place = shared_namespace
    jobs = [
        ada.recognize(place, [picture(EILEEN, 0, "e1"), picture(GRACE)], customId="one", feedId="door"),
        ada.recognize(place, [picture(LUIS, 0, "l1")]),
        ada.recognize(place, [picture(EILEEN, 1, "e2")], customId="three", feedId="gate"),
    ]
    faces = {
        face["imageId"]: f"{number}{letter}"
        for number, job in enumerate(jobs, 1)
        for letter, image in zip("ab", job["images"], strict=False)
        for face in image["objects"]
    }
    of_label = {label: face_id for face_id, label in faces.items()}
    groups = {
        ada.get(f"/v2/recognition/images/{place}/{of_label[face]}").json()["groupId"]: person
        for face, person in (("1a", "eileen"), ("1b", "grace"), ("2a", "luis"), ("3a", "eileen"))
    }
    identities = [
        (ada.create_identity(place, [of_label["1a"], of_label["3a"]], customId="eileen"), "eileen"),
        (ada.create_identity(place, [of_label["2a"]]), "luis"),
        (ada.create_identity(place, [], customId="nobody"), "nobody"),
    ]
    return Album(
        ada,
        place,
        {
            "recognize": {job["id"]: str(number) for number, job in enumerate(jobs, 1)},
            "images": faces,
            "groups": groups,
            "identities": {identity["id"]: label for identity, label in identities},
        },
    )


# the kind, the filters, what is found
FILTERS: list[tuple[str, Json, set[str]]] = [
    ("recognize", {}, {"1", "2", "3"}),
    ("recognize", {"customIds": ["one"]}, {"1"}),  # the job's own
    ("recognize", {"customIds": ["one", "three", "other"]}, {"1", "3"}),
    ("recognize", {"customIds": ["e1"]}, set()),  # a picture's is not the job's
    ("recognize", {"customIds": None}, {"2"}),  # those that have none
    ("recognize", {"feedIds": ["gate"]}, {"3"}),
    ("recognize", {"feedIds": None}, {"2"}),
    ("recognize", {"feedIds": ["door", "gate"], "customIds": ["three"]}, {"3"}),  # both hold
    ("recognize", {"feedIds": ["door"], "customIds": ["three"]}, set()),
    ("recognize", {"feedIds": None, "customIds": None}, {"2"}),
    ("images", {}, {"1a", "1b", "2a", "3a"}),
    ("images", {"customIds": ["e1", "l1"]}, {"1a", "2a"}),  # the picture's
    ("images", {"customIds": ["one"]}, set()),
    ("images", {"customIds": None}, {"1b"}),
    ("images", {"feedIds": ["door"]}, {"1a", "1b"}),  # the job's
    ("images", {"feedIds": None}, {"2a"}),
    ("images", {"feedIds": ["door"], "customIds": None}, {"1b"}),
    ("groups", {}, {"eileen", "grace", "luis"}),
    ("groups", {"customIds": ["e2"]}, {"eileen"}),  # of any of its faces
    ("groups", {"customIds": ["e1", "l1"]}, {"eileen", "luis"}),
    ("groups", {"customIds": None}, {"grace"}),
    ("groups", {"feedIds": ["door"]}, {"eileen", "grace"}),
    ("groups", {"feedIds": ["gate"]}, {"eileen"}),
    ("groups", {"feedIds": None}, {"luis"}),
    ("identities", {}, {"eileen", "luis", "nobody"}),
    ("identities", {"customIds": ["eileen", "nobody"]}, {"eileen", "nobody"}),  # its own
    ("identities", {"customIds": ["e1"]}, set()),
    ("identities", {"customIds": None}, {"luis"}),
    ("identities", {"feedIds": ["door"]}, {"eileen"}),  # of any of its faces
    ("identities", {"feedIds": ["gate", "none"]}, {"eileen"}),
    ("identities", {"feedIds": None}, {"luis", "nobody"}),
]


@pytest.mark.parametrize(("kind", "search", "expected"), FILTERS)
def test_filters_choose(album: Album, kind: str, search: Json, expected: set[str]) -> None:
    assert album.found(kind, **search) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_by_ids_takes_the_ids_of_its_own_kind(album: Album, kind: str) -> None:
    first, second, *_ = album.labels[kind].items()
    assert album.found(kind, ids=[first[0], second[0]]) == {first[1], second[1]}
    assert album.found(kind, ids=[first[0], "no id of ours", "9a7c1a40-0000-4000-8000-000000000000"]) == {first[1]}
    others = [thing for other in KINDS if other != kind for thing in album.labels[other]]
    assert album.found(kind, ids=others) == set()
    assert album.found(kind, ids=["no id of ours"]) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_newest_come_first_unless_asked_otherwise(album: Album, kind: str) -> None:
    default, newest, oldest = album.search(kind), album.search(kind, sortBy="DESC"), album.search(kind, sortBy="ASC")
    ids = [thing["id"] for thing in newest]
    assert [thing["id"] for thing in default] == ids
    assert [thing["id"] for thing in oldest] == ids[::-1]
    moments = [thing["createdAt"] for thing in newest]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_pages_add_up_to_the_whole(album: Album, kind: str, order: str) -> None:
    whole = [thing["id"] for thing in album.search(kind, sortBy=order)]
    for size in (1, 2):
        pages = [album.search(kind, sortBy=order, limit=size, offset=at) for at in range(0, len(whole), size)]
        assert [thing["id"] for page in pages for thing in page] == whole
    assert album.search(kind, sortBy=order, offset=len(whole)) == []
    assert [thing["id"] for thing in album.search(kind, sortBy=order, limit=1.0, offset=1.0)] == whole[1:2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", [1, 1000], ids=["milliseconds", "seconds"])
def test_start_and_end_are_exclusive_moments(album: Album, kind: str, unit: int) -> None:
    things = album.search(kind, sortBy="ASC")
    for thing in things:
        moment = thing["createdAt"]
        asked = moment if unit == 1 else moment / 1000
        later = {each["id"] for each in things if each["createdAt"] > moment}
        earlier = {each["id"] for each in things if each["createdAt"] < moment}
        assert {each["id"] for each in album.search(kind, start=asked)} == later
        assert {each["id"] for each in album.search(kind, end=asked)} == earlier
    first, last = things[0]["createdAt"], things[-1]["createdAt"]
    inside = {each["id"] for each in things if first < each["createdAt"] < last}
    assert {each["id"] for each in album.search(kind, start=first / unit, end=last / unit)} == inside


@pytest.mark.parametrize("kind", KINDS)
def test_whole_seconds_and_far_moments_are_moments(album: Album, kind: str) -> None:
    now_s = int(time.time())
    everything = set(album.labels[kind].values())
    assert album.found(kind, start=now_s - 3600, end=now_s + 3600) == everything
    assert album.found(kind, start=0) == everything
    assert album.found(kind, end=0) == set()
    assert album.found(kind, end=99_999_999_999) == everything  # seconds: the year 5138
    assert album.found(kind, end=100_000_000_000) == set()  # milliseconds: 1973
    assert album.found(kind, start=now_s + 3600) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_allowed_search_is_answered(album: Album, kind: str) -> None:
    texts = [f"{number}" for number in range(20)]
    assert album.search(kind, limit=100, offset=100, ids=texts * 5, customIds=texts, feedIds=texts) == []


@pytest.mark.parametrize("kind", KINDS)
def test_odd_texts_are_looked_for_as_they_are(album: Album, kind: str) -> None:
    odd = ["", "%", "_", "' OR true --", "\\", "{}", "NULL", "e1,e2", "🙂", "x" * 10_000]
    assert album.found(kind, customIds=odd) == set()
    assert album.found(kind, feedIds=odd) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_found_in_a_namespace_that_nobody_has_used(album: Album, kind: str) -> None:
    assert album.client.post(f"/v2/recognition/{kind}/never-used/search", json={}).json() == []
    assert album.client.post(f"/v2/recognition/{kind}/never-used/search/", content=b"{}").json() == []
