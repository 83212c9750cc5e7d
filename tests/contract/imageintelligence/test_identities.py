"""Naming people, and what recognition makes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from support import people
from support.client import Json, blob
from support.contract import ContractClient
from support.people import EILEEN, GRACE, LUIS, picture


@dataclass(frozen=True)
class Office:
    """A namespace with one face each of Eileen, Grace and Luis."""

    client: ContractClient
    namespace: str
    first_job: Json
    eileen: str
    grace: str
    luis: str

    def path(self, identity_id: str) -> str:
        return f"/v2/recognition/identities/{self.namespace}/{identity_id}"

    def name(self, *face_ids: str, **fields: str) -> Json:
        return self.client.create_identity(self.namespace, face_ids, **fields)

    def update(self, identity: Json, **change: object) -> Json:
        answer = self.client.patch(self.path(identity["id"]), json=change)
        assert answer.status_code == 200, answer.text
        updated: Json = answer.json()
        return updated

    def get(self, identity: Json) -> Json:
        answer = self.client.get(self.path(identity["id"]))
        assert answer.status_code == 200
        found: Json = answer.json()
        return found

    def face(self, face_id: str) -> Json:
        found: Json = self.client.get(f"/v2/recognition/images/{self.namespace}/{face_id}").json()
        return found

    def group_of(self, face_id: str) -> Json:
        group_id = self.face(face_id)["groupId"]
        found: Json = self.client.get(f"/v2/recognition/groups/{self.namespace}/{group_id}").json()
        return found

    def look(self, *people: str, number: int = 2) -> list[Json]:
        """Another picture of each of some people; the one face of each."""
        job = self.client.recognize(self.namespace, [picture(person, number) for person in people])
        return [image["objects"][0] for image in job["images"]]


@pytest.fixture
def office(ada: ContractClient, namespace: str) -> Office:
    job = ada.recognize(namespace, [picture(EILEEN, 0, "e"), picture(GRACE, 0, "g"), picture(LUIS, 0, "l")])
    eileen, grace, luis = (image["objects"][0]["imageId"] for image in job["images"])
    return Office(ada, namespace, job, eileen, grace, luis)


def ids(things: list[Json]) -> set[str]:
    return {thing["id"] for thing in things}


def group_of(client: ContractClient, namespace: str, seen: Json) -> Json:
    face = client.get(f"/v2/recognition/images/{namespace}/{seen['imageId']}").json()
    found: Json = client.get(f"/v2/recognition/groups/{namespace}/{face['groupId']}").json()
    return found


def linked(group: Json) -> tuple[str | None, str | None]:
    return group.get("identityId"), group.get("linkModifiedBy")


def test_an_identity_may_begin_without_faces(ada: ContractClient, namespace: str) -> None:
    before_ms = int(time.time() * 1000) - 1
    identity = ada.create_identity(namespace, [])
    assert set(identity) == {"id", "namespace", "images", "createdAt"}
    assert (identity["namespace"], identity["images"]) == (namespace, [])
    assert before_ms <= identity["createdAt"] <= time.time() * 1000 + 1
    assert ada.get(f"/v2/recognition/identities/{namespace}/{identity['id']}").json() == identity


def test_an_identity_has_the_faces_it_was_made_of(office: Office) -> None:
    identity = office.name(office.eileen, office.grace, office.eileen, customId="c" * 256)
    assert identity["customId"] == "c" * 256
    assert sorted(face["id"] for face in identity["images"]) == sorted([office.eileen, office.grace])
    assert {face["identityId"] for face in identity["images"]} == {identity["id"]}
    assert office.face(office.eileen)["identityId"] == identity["id"]
    assert "identityId" not in office.face(office.luis)
    assert ids(office.client.identities(office.namespace)) == {identity["id"]}


def test_two_identities_may_have_the_same_custom_id(office: Office) -> None:
    one, other = office.name(customId="same"), office.name(customId="same")
    assert ids(office.client.identities(office.namespace, customIds=["same"])) == {one["id"], other["id"]}


def test_naming_a_face_links_its_group_in_a_humans_name(office: Office) -> None:
    before_ms = int(time.time() * 1000) - 1
    identity = office.name(office.eileen)
    group = office.group_of(office.eileen)
    assert linked(group) == (identity["id"], "MANUAL")
    assert before_ms <= group["linkLastModifiedAt"] <= time.time() * 1000 + 1
    assert linked(office.group_of(office.grace)) == (None, None)


def test_a_named_person_is_recognised_from_then_on(office: Office) -> None:
    identity = office.name(office.eileen)
    eileen, grace = office.look(EILEEN, GRACE)
    assert eileen["identityId"] == identity["id"]
    assert eileen["confidence"] >= 0.5
    assert "identityId" not in grace
    assert office.face(eileen["imageId"])["identityId"] == identity["id"]
    assert ids(office.get(identity)["images"]) == {office.eileen, eileen["imageId"]}


def test_recognition_does_not_touch_a_humans_link(office: Office) -> None:
    identity = office.name(office.eileen)
    before = office.group_of(office.eileen)
    office.look(EILEEN)
    after = office.group_of(office.eileen)
    assert len(after["images"]) == 2
    assert linked(after) == (identity["id"], "MANUAL")
    assert after["linkLastModifiedAt"] == before["linkLastModifiedAt"]


def test_recognition_links_an_unnamed_group_until_a_human_confirms_it(ada: ContractClient, namespace: str) -> None:
    # Two faces of one picture never share a group, so that Eileen beside herself has two.
    twins = ada.recognize(namespace, [blob(people.side_by_side((EILEEN, 0), (EILEEN, 1)))])
    left, right = sorted(twins["images"][0]["objects"], key=lambda face: face["boundingBox"]["xMin"])
    identity = ada.create_identity(namespace, [left["imageId"]])
    assert linked(group_of(ada, namespace, right)) == (None, None)

    [image] = ada.recognize(namespace, [picture(EILEEN, 1)])["images"]
    [seen] = image["objects"]
    assert seen["identityId"] == identity["id"]
    group = group_of(ada, namespace, right)
    assert seen["imageId"] in ids(group["images"])
    assert linked(group) == (identity["id"], "ML")
    assert linked(group_of(ada, namespace, left)) == (identity["id"], "MANUAL")

    path = f"/v2/recognition/identities/{namespace}/{identity['id']}"
    assert ada.patch(path, json={"images": {"add": [seen["imageId"]]}}).status_code == 200
    confirmed = group_of(ada, namespace, right)
    assert linked(confirmed) == (identity["id"], "MANUAL")
    assert confirmed["linkLastModifiedAt"] >= group["linkLastModifiedAt"]


def test_an_emptied_identity_may_be_given_a_face_again(office: Office) -> None:
    identity = office.name(office.grace)
    office.update(identity, images={"remove": [office.grace]})
    [unknown] = office.look(GRACE)
    assert "identityId" not in unknown
    office.update(identity, images={"add": [unknown["imageId"]]})
    assert linked(office.group_of(unknown["imageId"])) == (identity["id"], "MANUAL")
    [known] = office.look(GRACE, number=3)
    assert known["identityId"] == identity["id"]


def test_an_update_adds_removes_and_renames_at_once(office: Office) -> None:
    identity = office.name(office.eileen, customId="old")
    updated = office.update(identity, customId="new", images={"add": [office.grace], "remove": [office.eileen]})
    assert (updated["id"], updated["customId"], updated["createdAt"]) == (identity["id"], "new", identity["createdAt"])
    assert ids(updated["images"]) == {office.grace}
    assert office.get(identity)["images"][0]["id"] == office.grace
    assert "identityId" not in office.face(office.eileen)


def test_a_missing_half_of_an_update_counts_as_empty(office: Office) -> None:
    identity = office.name(office.eileen, customId="name")
    assert ids(office.update(identity, images={"add": [office.grace]})["images"]) == {office.eileen, office.grace}
    assert ids(office.update(identity, images={"remove": [office.eileen]})["images"]) == {office.grace}
    for nothing in ({}, {"images": {}}, {"images": {"add": [], "remove": []}}):
        unchanged = office.update(identity, **nothing)
        assert (unchanged["customId"], ids(unchanged["images"])) == ("name", {office.grace})
    renamed = office.update(identity, customId="other")
    assert (renamed["customId"], ids(renamed["images"])) == ("other", {office.grace})


def test_an_update_may_be_repeated(office: Office) -> None:
    identity = office.name(office.eileen)
    change = {"add": [office.grace], "remove": [office.eileen]}
    once = office.update(identity, images=change)
    twice = office.update(identity, images=change)
    assert ids(once["images"]) == ids(twice["images"]) == {office.grace}


def test_a_face_that_is_named_elsewhere_moves(office: Office) -> None:
    one = office.name(office.eileen, office.grace)
    other = office.name(office.eileen)
    assert ids(office.get(one)["images"]) == {office.grace}
    assert ids(office.get(other)["images"]) == {office.eileen}
    assert linked(office.group_of(office.eileen)) == (other["id"], "MANUAL")
    office.update(one, images={"add": [office.eileen]})
    assert office.get(other)["images"] == []
    assert linked(office.group_of(office.eileen)) == (one["id"], "MANUAL")


def test_removing_the_last_face_keeps_an_identity_that_recognises_nobody(office: Office) -> None:
    identity = office.name(office.eileen, customId="eileen")
    emptied = office.update(identity, images={"remove": [office.eileen]})
    assert (emptied["images"], emptied["customId"]) == ([], "eileen")
    assert office.get(identity)["images"] == []
    group = office.group_of(office.eileen)
    assert linked(group) == (None, None)
    assert "linkLastModifiedAt" not in group
    [seen] = office.look(EILEEN)
    assert "identityId" not in seen


def test_removed_faces_keep_their_group(office: Office) -> None:
    before = office.face(office.eileen)["groupId"]
    identity = office.name(office.eileen, office.grace)
    office.update(identity, images={"remove": [office.eileen]})
    assert office.face(office.eileen)["groupId"] == before


def test_a_deleted_identity_is_gone_and_its_faces_stay(office: Office) -> None:
    identity = office.name(office.eileen)
    [seen] = office.look(EILEEN)
    assert seen["identityId"] == identity["id"]
    groups = ids(office.client.groups(office.namespace))
    faces = ids(office.client.faces(office.namespace))

    answer = office.client.delete(office.path(identity["id"]))
    assert (answer.status_code, answer.json()) == (200, {})

    assert office.client.get(office.path(identity["id"])).status_code == 404
    assert office.client.delete(office.path(identity["id"])).status_code == 404
    assert office.client.patch(office.path(identity["id"]), json={}).status_code == 404
    assert office.client.identities(office.namespace) == []
    assert ids(office.client.groups(office.namespace)) == groups
    assert ids(office.client.faces(office.namespace)) == faces
    assert all("identityId" not in face for face in office.client.faces(office.namespace))
    for group in office.client.groups(office.namespace):
        assert not {"identityId", "linkModifiedBy", "linkLastModifiedAt"} & set(group)
    [stranger] = office.look(EILEEN, number=3)
    assert "identityId" not in stranger


def test_results_are_a_record_that_later_decisions_do_not_change(office: Office) -> None:
    def objects(job: Json) -> list[Json]:
        found = office.client.get(f"/v2/recognition/recognize/{office.namespace}/{job['id']}").json()
        return [face for image in found["images"] for face in image["objects"]]

    before_the_name = objects(office.first_job)
    identity = office.name(office.eileen)
    assert objects(office.first_job) == before_the_name
    second = office.client.recognize(office.namespace, [picture(EILEEN, 1)])
    with_the_name = objects(second)
    assert with_the_name[0]["identityId"] == identity["id"]
    other = office.name(with_the_name[0]["imageId"])
    assert objects(second) == with_the_name
    for each in (identity, other):
        assert office.client.delete(office.path(each["id"])).status_code == 200
    assert objects(second) == with_the_name
    assert objects(office.first_job) == before_the_name


def test_the_same_id_under_another_namespace_is_unknown(office: Office) -> None:
    identity = office.name(office.eileen)
    elsewhere = f"/v2/recognition/identities/{office.namespace}-other/{identity['id']}"
    office.client.create_identity(f"{office.namespace}-other", [])
    answers = [
        office.client.get(elsewhere),
        office.client.patch(elsewhere, json={"customId": "stolen"}),
        office.client.delete(elsewhere),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "customId" not in office.get(identity)


@pytest.mark.parametrize("unknown", ["9a7c1a40-0000-4000-8000-000000000000", "no id of ours", ""])
def test_an_unknown_face_is_refused_and_changes_nothing(office: Office, unknown: str) -> None:
    identity = office.name(office.eileen, customId="kept")
    path = f"/v2/recognition/identities/{office.namespace}"
    refused = [
        office.client.post(path, json={"customId": "refused", "imageIds": [office.grace, unknown]}),
        office.client.patch(
            office.path(identity["id"]), json={"customId": "lost", "images": {"add": [office.grace, unknown]}}
        ),
    ]
    assert [answer.status_code for answer in refused] == [400, 400]
    assert all("image" in answer.json()["error"]["message"] for answer in refused)
    assert "imageIds" in refused[0].json()["error"]["message"]
    assert "images.add" in refused[1].json()["error"]["message"]
    [only] = office.client.identities(office.namespace)
    assert (only["customId"], ids(only["images"])) == ("kept", {office.eileen})
    assert "identityId" not in office.face(office.grace)
