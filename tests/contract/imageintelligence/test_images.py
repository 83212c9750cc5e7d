"""One face: as JSON, and as a picture. One group."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image

from support import people
from support.client import Json, blob
from support.contract import ContractClient
from support.links import forged, tampered
from support.people import EILEEN, GRACE, LUIS, picture


@pytest.fixture(scope="module")
def job(ada: ContractClient, shared_namespace: str) -> Json:
    """Eileen twice, and Grace beside Luis."""
    return ada.recognize(
        shared_namespace,
        [picture(EILEEN, 0, "a"), picture(EILEEN, 1, "b"), blob(people.side_by_side((GRACE, 0), (LUIS, 0)))],
        feedId="feed",
    )


@pytest.fixture(scope="module")
def place(shared_namespace: str, job: Json) -> str:
    """The namespace, once the job has ended in it."""
    return shared_namespace


def test_a_face_has_every_field_that_has_a_value(ada: ContractClient, place: str, job: Json) -> None:
    [seen] = job["images"][0]["objects"]
    face = ada.get(f"/v2/recognition/images/{place}/{seen['imageId']}").json()
    assert set(face) == {
        *("id", "customId", "feedId", "url", "boundingBox", "boundingBoxConfidence", "type", "groupId"),
        *("isFrontal", "sharpness", "width", "height", "createdAt"),
    }
    assert face["id"] == seen["imageId"]
    assert face["boundingBox"] == seen["boundingBox"]
    assert face["boundingBoxConfidence"] == seen["confidence"]
    assert face["createdAt"] == seen["createdAt"] >= job["createdAt"]
    assert (face["customId"], face["feedId"], face["type"]) == ("a", "feed", "FACE")
    assert 0 <= face["sharpness"] <= 1
    assert httpx.get(face["url"]).content == people.jpeg(EILEEN)


def test_get_search_and_group_tell_the_same_of_a_face(ada: ContractClient, place: str, job: Json) -> None:
    def plain(face: Json) -> Json:
        return {key: value for key, value in face.items() if key != "url"}

    faces = ada.faces(place)
    assert len(faces) == 4
    for face in faces:
        assert plain(ada.get(f"/v2/recognition/images/{place}/{face['id']}/").json()) == plain(face)
        group = ada.get(f"/v2/recognition/groups/{place}/{face['groupId']}").json()
        assert plain(face) in [plain(member) for member in group["images"]]


# the Accept header; whether the picture is meant
ACCEPTED = [
    ("image/jpeg", True),
    ("IMAGE/JPEG; q=0.9", True),
    ("application/json", False),
    ("*/*", False),
    ("image/png", False),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ("", False),
]


@pytest.mark.parametrize(("accept", "is_picture"), ACCEPTED)
def test_the_accept_header_chooses_between_json_and_the_picture(
    ada: ContractClient, place: str, job: Json, accept: str, is_picture: bool
) -> None:
    [seen] = job["images"][0]["objects"]
    answer = ada.get(f"/v2/recognition/images/{place}/{seen['imageId']}", headers={"Accept": accept})
    assert answer.status_code == (302 if is_picture else 200)


def test_the_picture_of_a_face_opens_without_a_token_and_has_the_size_that_was_told(
    ada: ContractClient, place: str, job: Json
) -> None:
    for face in ada.faces(place):
        redirect = ada.get(f"/v2/recognition/images/{place}/{face['id']}", headers={"Accept": "image/jpeg"})
        opened = httpx.get(redirect.headers["location"])
        assert opened.status_code == 200
        assert opened.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(opened.content)) as crop:
            assert (crop.format, crop.size) == ("JPEG", (face["width"], face["height"]))


def test_an_altered_address_of_a_face_does_not_open(ada: ContractClient, place: str, job: Json) -> None:
    url, other = (
        ada.get(f"/v2/recognition/images/{place}/{face['id']}", headers={"Accept": "image/jpeg"}).headers["location"]
        for face in ada.faces(place, limit=2)
    )
    assert {httpx.get(each).status_code for each in tampered(url, step=5)} == {403}
    assert {httpx.get(each).status_code for each in forged(url)} == {403}
    exchanged = f"{url.partition('?')[0]}?{other.partition('?')[2]}"
    assert httpx.get(exchanged).status_code == 403
    assert httpx.get(url).status_code == 200


def test_an_address_whose_id_is_broken_does_not_open_either(ada: ContractClient, place: str, job: Json) -> None:
    [seen] = job["images"][0]["objects"]
    path = f"/v2/recognition/images/{place}/{seen['imageId']}"
    url = ada.get(path, headers={"Accept": "image/jpeg"}).headers["location"]
    for broken in (seen["imageId"].replace("-", "1", 1), "x", seen["imageId"][:-1]):
        assert httpx.get(url.replace(seen["imageId"], broken)).status_code == 403


def test_a_stored_picture_can_run_nothing_in_a_browser(job: Json) -> None:
    opened = httpx.get(job["images"][0]["proxyUrl"])
    assert opened.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in opened.headers["content-security-policy"]
    assert "private" in opened.headers["cache-control"]


def test_every_face_is_in_exactly_one_group_and_people_do_not_share_any(
    ada: ContractClient, place: str, job: Json
) -> None:
    groups = ada.groups(place)
    members = [face["id"] for group in groups for face in group["images"]]
    assert sorted(members) == sorted(face["id"] for face in ada.faces(place))
    assert sorted(len(group["images"]) for group in groups) == [1, 1, 2]
    [pair] = [group for group in groups if len(group["images"]) == 2]
    assert {face["customId"] for face in pair["images"]} == {"a", "b"}


def test_a_group_without_a_name_has_no_link(ada: ContractClient, place: str, job: Json) -> None:
    for group in ada.groups(place):
        assert set(group) == {"id", "batchId", "namespace", "createdAt", "images"}
        assert group["namespace"] == place
        assert all(face["groupId"] == group["id"] for face in group["images"])


def test_the_batch_is_the_run_that_formed_the_group(ada: ContractClient, namespace: str) -> None:
    ada.recognize(namespace, [picture(EILEEN), picture(GRACE)])
    [one, other] = ada.groups(namespace)
    assert one["batchId"] == other["batchId"]
    ada.recognize(namespace, [picture(LUIS), picture(GRACE, 1)])
    batches = {group["id"]: group["batchId"] for group in ada.groups(namespace)}
    assert len(batches) == 3
    assert batches[one["id"]] == batches[other["id"]] == one["batchId"]
    assert len(set(batches.values())) == 2
