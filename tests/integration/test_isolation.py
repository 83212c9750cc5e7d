"""Ada and Grace work in acme; Mallory in globex sees nothing of theirs, at any endpoint, in any namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.client import Client, Json
from support.people import EILEEN, GRACE, picture
from support.server import Server
from visavis import store
from visavis.store.sql import Queries

ACME, GLOBEX = "isolation-acme", "isolation-globex"
PLACE, OTHER_PLACE = "office", "garden"

# operation -> the kind of thing its id names, and a body; every operation that takes an id
BY_ID: dict[tuple[str, str], tuple[str, Json | None]] = {
    ("GET", "/recognize/{job_id}"): ("job", None),
    ("GET", "/recognize/{namespace}/{job_id}"): ("job", None),
    ("GET", "/recognition/recognize/{namespace}/{job_id}"): ("job", None),
    ("GET", "/recognition/images/{namespace}/{face_id}"): ("face", None),
    ("GET", "/recognition/groups/{namespace}/{group_id}"): ("group", None),
    ("GET", "/recognition/identities/{namespace}/{identity_id}"): ("identity", None),
    ("PATCH", "/recognition/identities/{namespace}/{identity_id}"): ("identity", {"customId": "stolen"}),
    ("DELETE", "/recognition/identities/{namespace}/{identity_id}"): ("identity", None),
}
# the same, of things that are in no namespace
BY_ID_ALONE: dict[tuple[str, str], tuple[str, Json | None]] = {
    ("GET", "/match/{job_id}"): ("match", None),
    ("GET", "/detect/{job_id}"): ("detect", None),
    ("GET", "/ask/{job_id}"): ("ask", None),
    ("GET", "/feedback/{feedback_id}"): ("feedback", None),
    ("POST", "/feedback"): ("match", {"classes": [{"class": "person", "code": "FALSE_POSITIVE"}], "createdAt": 1}),
}
# searches for things that are in no namespace, and a query that finds Ada's
SEARCHES_ALONE: dict[tuple[str, str], tuple[str, str]] = {
    ("GET", "/match"): ("match", "customId=job"),
    ("GET", "/detect"): ("detect", "feedId=feed"),
    ("GET", "/ask"): ("ask", "customId=job&feedId=feed"),
    ("GET", "/feedback"): ("feedback", "jobId={match}"),
}
# what each question is asked beyond the pictures
QUESTIONS: dict[str, Json] = {
    "match": {"target": {"class": "person", "images": ["ftp://pictures.example/t.jpg"]}},
    "detect": {"classes": [{"class": "face"}]},
    "ask": {"question": "Is anyone there?"},
}
# operation -> the kind of thing it finds
SEARCHES: dict[tuple[str, str], str] = {
    ("POST", "/recognize/search"): "job",
    ("POST", "/recognize/{namespace}/search"): "job",
    ("POST", "/recognition/recognize/{namespace}/search"): "job",
    ("POST", "/recognition/images/{namespace}/search"): "face",
    ("POST", "/recognition/groups/{namespace}/search"): "group",
    ("POST", "/recognition/identities/{namespace}/search"): "identity",
}
# operations that make something; what they make stays with the caller
CREATES = [
    ("POST", "/recognize"),
    ("POST", "/recognize/{namespace}"),
    ("POST", "/recognition/recognize/{namespace}"),
    ("POST", "/recognition/identities/{namespace}"),
]
CREATES_ALONE = [("POST", f"/{question}") for question in QUESTIONS]
# operations that touch nobody's data but the caller's own
HARMLESS = {
    ("POST", "/oauth/token"): "gives a token for the caller's own secret, before anybody is signed in",
    ("POST", "/webhooks"): "changes what the token's own application has registered; tested with the webhooks",
}


def address(template: str, namespace: str, thing_id: str = "") -> str:
    """A path of the dialect, with the namespace in the query where the path has none."""
    path = re.sub(r"\{(job|face|group|identity)_id\}", thing_id, template.replace("{namespace}", namespace))
    return f"/v2{path}" if "{namespace}" in template else f"/v2{path}?namespace={namespace}"


@dataclass(frozen=True)
class World:
    """Eileen, known to Ada in the office; and the same person before Mallory, and in Ada's garden."""

    ada: Client
    grace: Client
    mallory: Client
    things: dict[str, str]  # kind -> the id of Ada's
    job: Json

    def ask(self, client: Client, operation: tuple[str, str], namespace: str, thing_id: str = "", **body: Any) -> Any:
        method, template = operation
        return client.request(method, address(template, namespace, thing_id), **body)


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    ada, grace, mallory = (
        Client(server.base_url, server.create_app(organization, name))
        for organization, name in ((ACME, "ada"), (ACME, "grace"), (GLOBEX, "mallory"))
    )
    job = ada.recognize(PLACE, [picture(EILEEN, 0, "eileen")], customId="job", feedId="feed")
    face_id = job["images"][0]["objects"][0]["imageId"]
    identity = ada.create_identity(PLACE, [face_id], customId="eileen")
    things = {"job": job["id"], "face": face_id, "group": identity["images"][0]["groupId"], "identity": identity["id"]}
    for question, asked in QUESTIONS.items():
        images = [{"url": "ftp://pictures.example/1.jpg"}]
        things[question] = ada.ask_about(question, {"images": images, "customId": "job", "feedId": "feed", **asked})[
            "id"
        ]
    said = {"classes": [{"class": "person", "code": "FALSE_NEGATIVE"}], "createdAt": 1}
    things["feedback"] = ada.post("/v2/feedback", json={"jobId": things["match"], **said}).json()["id"]
    yield World(ada, grace, mallory, things, job)
    for client in (ada, grace, mallory):
        client.close()


@pytest.fixture(scope="module")
def seen_by_mallory(world: World) -> Json:
    """The same picture, sent by Mallory to her namespace of the same name."""
    return world.mallory.recognize(PLACE, [picture(EILEEN, 0, "eileen")], customId="job", feedId="feed")


def test_every_operation_of_the_dialect_is_covered_here(world: World) -> None:
    paths = world.ada.get("/v2/openapi.json").json()["paths"]
    operations = {(method.upper(), path.removeprefix("/v2")) for path, methods in paths.items() for method in methods}
    assert operations
    covered = {*BY_ID, *SEARCHES, *CREATES, *BY_ID_ALONE, *SEARCHES_ALONE, *CREATES_ALONE, *HARMLESS}
    assert operations == covered


# --- another organisation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", BY_ID, ids=" ".join)
@pytest.mark.parametrize("namespace", [PLACE, OTHER_PLACE, "never-used"])
def test_mallory_finds_nothing_by_adas_ids(
    world: World, seen_by_mallory: Json, operation: tuple[str, str], namespace: str
) -> None:
    kind, body = BY_ID[operation]
    answer = world.ask(world.mallory, operation, namespace, world.things[kind], json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    nobodys = world.ask(world.mallory, operation, namespace, "9a7c1a40-0000-4000-8000-000000000000", json=body)
    assert nobodys.json() == answer.json()  # not even that it exists


@pytest.mark.parametrize("operation", BY_ID_ALONE, ids=" ".join)
def test_mallory_finds_nothing_by_ids_that_are_in_no_namespace(world: World, operation: tuple[str, str]) -> None:
    adas = world.things[BY_ID_ALONE[operation][0]]
    answer = ask_alone(world.mallory, operation, adas)
    assert answer.status_code == 404
    nobodys = ask_alone(world.mallory, operation, "9a7c1a40-0000-4000-8000-000000000000")
    assert nobodys.json() == answer.json()  # not even that it exists


@pytest.mark.parametrize("operation", SEARCHES_ALONE, ids=" ".join)
def test_mallory_finds_nothing_of_adas_in_no_namespace(world: World, operation: tuple[str, str]) -> None:
    _, query = SEARCHES_ALONE[operation]
    for each in (query.format(**world.things), ""):
        found = world.mallory.get(f"/v2{operation[1]}?{each}")
        assert found.status_code == 200
        assert all(thing not in found.text for thing in world.things.values())


@pytest.mark.parametrize("operation", CREATES_ALONE, ids=" ".join)
def test_what_mallory_asks_is_hers_alone(world: World, operation: tuple[str, str]) -> None:
    question = operation[1].removeprefix("/")
    body = {"images": [{"url": "ftp://pictures.example/1.jpg"}], **QUESTIONS[question], "customId": "hers"}
    made = world.mallory.post(f"/v2/{question}", json=body).json()["id"]
    assert made in {job["id"] for job in world.mallory.get(f"/v2/{question}?customId=hers").json()}
    assert world.ada.get(f"/v2/{question}?customId=hers").json() == []
    assert world.ada.get(f"/v2/{question}/{made}").status_code == 404


@pytest.mark.parametrize("operation", [*BY_ID_ALONE, *SEARCHES_ALONE], ids=" ".join)
def test_grace_finds_what_ada_made_in_no_namespace(world: World, operation: tuple[str, str]) -> None:
    if operation in BY_ID_ALONE:
        answer = ask_alone(world.grace, operation, world.things[BY_ID_ALONE[operation][0]])
        assert answer.status_code == 200
    else:
        kind, query = SEARCHES_ALONE[operation]
        found = world.grace.get(f"/v2{operation[1]}?{query.format(**world.things)}").json()
        assert world.things[kind] in {thing["id"] for thing in found}


def ask_alone(client: Client, operation: tuple[str, str], thing_id: str) -> Any:
    method, template = operation
    body = BY_ID_ALONE[operation][1]
    path = re.sub(r"\{(job|feedback)_id\}", thing_id, template)
    return client.request(method, f"/v2{path}", json=None if body is None else {"jobId": thing_id, **body})


def test_mallory_gets_no_picture_of_adas_faces(world: World) -> None:
    path = f"/v2/recognition/images/{PLACE}/{world.things['face']}"
    assert world.mallory.get(path, headers={"Accept": "image/jpeg"}).status_code == 404


@pytest.mark.parametrize("operation", SEARCHES, ids=" ".join)
def test_mallory_finds_nothing_of_adas_by_search(
    world: World, seen_by_mallory: Json, operation: tuple[str, str]
) -> None:
    adas = world.things[SEARCHES[operation]]
    for namespace in (PLACE, OTHER_PLACE, "never-used"):
        by_ids = world.ask(world.mallory, operation, namespace, json={"ids": list(world.things.values())})
        assert (by_ids.status_code, by_ids.json()) == (200, [])
        everything = world.ask(world.mallory, operation, namespace, json={"limit": 100})
        assert all(thing not in everything.text for thing in world.things.values())
        for search in ({"customIds": ["eileen", "job"]}, {"feedIds": ["feed"]}):
            assert adas not in {
                found["id"] for found in world.ask(world.mallory, operation, namespace, json=search).json()
            }


@pytest.mark.parametrize("operation", CREATES, ids=" ".join)
def test_what_mallory_makes_is_hers_alone(world: World, operation: tuple[str, str]) -> None:
    kind = "identity" if "identities" in operation[1] else "job"
    body = {} if kind == "identity" else {"images": [{"url": "ftp://pictures.example/1.jpg"}]}
    made = world.ask(world.mallory, operation, PLACE, json={**body, "customId": "hers"}).json()["id"]
    for search, found in SEARCHES.items():
        if found == kind:
            ids = [
                thing["id"] for thing in world.ask(world.mallory, search, PLACE, json={"customIds": ["hers"]}).json()
            ]
            assert made in ids
            assert world.ask(world.ada, search, PLACE, json={"customIds": ["hers"]}).json() == []
            assert world.ask(world.ada, search, PLACE, json={"ids": [made]}).json() == []


def test_mallory_cannot_name_adas_faces(world: World, seen_by_mallory: Json) -> None:
    adas = world.things["face"]
    [own] = seen_by_mallory["images"][0]["objects"]
    path = f"/v2/recognition/identities/{PLACE}"
    hers = world.mallory.create_identity(PLACE, [])
    refused = [
        world.mallory.post(path, json={"imageIds": [adas]}),
        world.mallory.post(path, json={"imageIds": [own["imageId"], adas]}),
        world.mallory.patch(f"{path}/{hers['id']}", json={"images": {"add": [adas]}}),
        world.mallory.patch(f"{path}/{hers['id']}", json={"images": {"remove": [adas]}}),
    ]
    assert [answer.status_code for answer in refused] == [400] * 4
    assert world.mallory.delete(f"{path}/{hers['id']}").status_code == 200
    face = world.ada.get(f"/v2/recognition/images/{PLACE}/{adas}").json()
    assert face["identityId"] == world.things["identity"]


def test_a_person_that_ada_knows_is_a_stranger_to_mallory(world: World, seen_by_mallory: Json) -> None:
    [seen] = seen_by_mallory["images"][0]["objects"]
    assert "identityId" not in seen
    groups = world.mallory.groups(PLACE)
    assert [face["id"] for group in groups for face in group["images"]] == [seen["imageId"]]
    assert "identityId" not in groups[0]
    adas_group = world.ada.get(f"/v2/recognition/groups/{PLACE}/{world.things['group']}").json()
    assert seen["imageId"] not in {face["id"] for face in adas_group["images"]}


def test_after_all_that_adas_things_are_as_they_were(world: World) -> None:
    identity = world.ada.get(f"/v2/recognition/identities/{PLACE}/{world.things['identity']}").json()
    assert identity["customId"] == "eileen"
    assert world.things["face"] in {face["id"] for face in identity["images"]}
    job = world.ada.get(f"/v2/recognition/recognize/{PLACE}/{world.things['job']}").json()
    assert job["images"][0]["objects"] == world.job["images"][0]["objects"]


# --- another namespace of the same organisation -----------------------------------------------------------


@pytest.mark.parametrize("operation", BY_ID, ids=" ".join)
@pytest.mark.parametrize("namespace", [OTHER_PLACE, "Office", "office%20", "never-used"])
def test_an_id_is_unknown_in_another_namespace(world: World, operation: tuple[str, str], namespace: str) -> None:
    kind, body = BY_ID[operation]
    assert world.ask(world.ada, operation, namespace, world.things[kind], json=body).status_code == 404


@pytest.mark.parametrize("operation", SEARCHES, ids=" ".join)
def test_a_search_finds_nothing_of_another_namespace(world: World, operation: tuple[str, str]) -> None:
    for namespace in ("Office", "office%20", "never-used"):
        answer = world.ask(world.ada, operation, namespace, json={"ids": list(world.things.values())})
        assert (answer.status_code, answer.json()) == (200, [])


def test_a_face_cannot_be_named_in_another_namespace(world: World) -> None:
    path = f"/v2/recognition/identities/{OTHER_PLACE}"
    identity = world.ada.create_identity(OTHER_PLACE, [])
    refused = [
        world.ada.post(path, json={"imageIds": [world.things["face"]]}),
        world.ada.patch(f"{path}/{identity['id']}", json={"images": {"add": [world.things["face"]]}}),
        world.ada.patch(f"{path}/{identity['id']}", json={"images": {"remove": [world.things["face"]]}}),
    ]
    assert [answer.status_code for answer in refused] == [400] * 3


def test_a_person_of_one_namespace_is_a_stranger_in_another(world: World) -> None:
    job = world.ada.recognize(OTHER_PLACE, [picture(EILEEN)])
    [seen] = job["images"][0]["objects"]
    assert "identityId" not in seen
    groups = world.ada.groups(OTHER_PLACE)
    assert [[face["id"] for face in group["images"]] for group in groups] == [[seen["imageId"]]]


# --- the same organisation --------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [each for each in BY_ID if each[0] == "GET"], ids=" ".join)
def test_grace_finds_what_ada_made(world: World, operation: tuple[str, str]) -> None:
    thing_id = world.things[BY_ID[operation][0]]
    answer = world.ask(world.grace, operation, PLACE, thing_id)
    assert (answer.status_code, answer.json()["id"]) == (200, thing_id)


@pytest.mark.parametrize("operation", SEARCHES, ids=" ".join)
def test_grace_finds_by_search_what_ada_made(world: World, operation: tuple[str, str]) -> None:
    thing_id = world.things[SEARCHES[operation]]
    found = world.ask(world.grace, operation, PLACE, json={"ids": [thing_id]}).json()
    assert [thing["id"] for thing in found] == [thing_id]


def test_grace_recognises_and_changes_whom_ada_has_named(world: World) -> None:
    job = world.grace.recognize(PLACE, [picture(EILEEN, 1), picture(GRACE)])
    [[eileen], [stranger]] = [image["objects"] for image in job["images"]]
    assert eileen["identityId"] == world.things["identity"]
    assert "identityId" not in stranger
    identity = world.grace.create_identity(PLACE, [stranger["imageId"]], customId="grace's")
    path = f"/v2/recognition/identities/{PLACE}/{identity['id']}"
    assert world.ada.patch(path, json={"customId": "ada's"}).json()["customId"] == "ada's"
    assert world.grace.delete(path).json() == {}
    assert world.ada.get(path).status_code == 404


# --- every statement --------------------------------------------------------------------------------------

_PEOPLE = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE)\s+"
    r"(?:face|face_at_rest|face_embedding|face_group|group_template|identity|identity_template)\b"
)
# faces and decisions of one job, and what is said of them, are asked for by the job or by the organisation
_OF_JOBS = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:probe_face|decision|feedback|feedback_class)\b")

# statement -> why it may touch people without naming their namespace
EXCEPTIONS = {
    "faces.sightings": "asks by pictures, which the caller has found through their job, organisation and namespace",
}


def statements() -> dict[str, str]:
    """Every statement of the repositories, without its comment, as ``file.name``."""
    found = {}
    for path in sorted(Path(str(store.__path__[0])).glob("*.sql")):
        queries = Queries(path.read_text(encoding="utf-8"))
        for name in queries:
            lines = queries[name].splitlines()
            found[f"{path.stem}.{name}"] = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    return found


PERSONAL = {name: text for name, text in statements().items() if _PEOPLE.search(text)}


@pytest.mark.parametrize("name", sorted(set(PERSONAL) - set(EXCEPTIONS)))
def test_a_statement_that_touches_people_names_their_namespace(name: str) -> None:
    assert "%(namespace_id)s" in PERSONAL[name]


def test_the_check_of_statements_looks_at_the_right_ones() -> None:
    assert {name.partition(".")[0] for name in PERSONAL} >= {"faces", "groups", "identities"}
    assert len(PERSONAL) > 30
    assert set(EXCEPTIONS) <= set(PERSONAL)


OF_JOBS = {name: text for name, text in statements().items() if _OF_JOBS.search(text)}


@pytest.mark.parametrize("name", sorted(OF_JOBS))
def test_a_statement_that_touches_decisions_names_their_job_or_organisation(name: str) -> None:
    assert re.search(r"%\((job_ids?|organization_id|feedback_id)\)s", OF_JOBS[name])


def test_that_check_looks_at_the_right_ones() -> None:
    assert {name.partition(".")[0] for name in OF_JOBS} == {"probe_faces", "decisions", "feedback"}
