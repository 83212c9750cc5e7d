"""Match jobs: one target, up to 64 pictures, and the first of them that shows the target."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable

import pytest

from support import people
from support.client import Json, blob
from support.contract import ContractClient
from support.links import forged, tampered
from support.people import EILEEN, GRACE, LUIS, picture
from support.picture_host import PictureHost
from support.server import Server

DONE, DOWNLOAD, FORMAT = "COMPLETED_SUCCESSFULLY", "IMAGE_DOWNLOAD_ERROR", "INVALID_IMAGE_FORMAT_ERROR"


def target(host: PictureHost, *pictures: bytes, **fields: str) -> Json:
    return {"class": "person", "images": [host.picture(data) for data in pictures], **fields}


def chosen(job: Json) -> int | None:
    """The place of the chosen picture in the request; None when none was."""
    if "image" not in job["jobResults"]:
        return None
    return [image["id"] for image in job["imageResults"]].index(job["jobResults"]["image"]["id"])


# --- whom is found where ----------------------------------------------------------------------------------

# the target's pictures, the pictures, the place of the one that is chosen
FOUND: list[tuple[str, list[bytes], list[Json], int | None]] = [
    ("in the only picture", [people.jpeg(EILEEN, 1)], [picture(EILEEN)], 0),
    ("in the second", [people.jpeg(EILEEN, 1)], [picture(GRACE), picture(EILEEN)], 1),
    ("in two: the first counts", [people.jpeg(EILEEN, 1)], [picture(LUIS), picture(EILEEN, 2), picture(EILEEN, 1)], 1),
    ("in none", [people.jpeg(EILEEN, 1)], [picture(GRACE), picture(LUIS)], None),
    ("nobody is in any", [people.jpeg(EILEEN, 1)], [blob(people.empty_scene())], None),
    (
        "beside somebody else",
        [people.jpeg(GRACE, 1)],
        [picture(LUIS), blob(people.side_by_side((EILEEN, 0), (GRACE, 0), (LUIS, 0)))],
        1,
    ),
    ("by three pictures", [people.jpeg(LUIS, number) for number in (1, 2, 3)], [picture(GRACE), picture(LUIS)], 1),
    (
        "by pictures of which one is not readable and one shows nobody",
        [b"no picture", people.empty_scene(), people.jpeg(LUIS, 1)],
        [picture(GRACE), picture(LUIS)],
        1,
    ),
    (
        "by the largest face of a picture",
        [people.side_by_side((GRACE, 1))],
        [picture(LUIS), picture(GRACE)],
        1,
    ),
    (
        "two people who look a little like the target are not the target",
        [people.jpeg(EILEEN, 1)],
        [blob(people.sibling(EILEEN, GRACE)), blob(people.sibling(EILEEN, LUIS))],
        None,
    ),
    (
        "after two people who look a little like the target",
        [people.jpeg(EILEEN, 1), people.jpeg(EILEEN, 2)],
        [blob(people.sibling(EILEEN, GRACE)), blob(people.sibling(EILEEN, LUIS)), picture(EILEEN)],
        2,
    ),
    (
        "the third target picture shows somebody else, and is left out",
        [people.jpeg(EILEEN, 1), people.jpeg(GRACE, 1), people.jpeg(EILEEN, 2)],
        [picture(GRACE), picture(EILEEN)],
        1,
    ),
]


@pytest.mark.parametrize(
    ("target_pictures", "images", "place"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND]
)
def test_the_first_picture_that_shows_the_target_is_chosen(
    trusting: ContractClient,
    picture_host: PictureHost,
    target_pictures: list[bytes],
    images: list[Json],
    place: int | None,
) -> None:
    job = trusting.ask_about("match", {"images": images, "target": target(picture_host, *target_pictures)})
    assert job["status"] == DONE
    assert [image["status"] for image in job["imageResults"]] == [DONE] * len(images)
    assert chosen(job) == place
    assert job["jobResults"]["hitl"] is False


def test_both_classes_mean_a_face_and_others_are_named_in_the_refusal(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    eileen = target(picture_host, people.jpeg(EILEEN, 1))
    job = trusting.ask_about("match", {"images": [picture(EILEEN)], "target": {**eileen, "class": "face"}})
    assert chosen(job) == 0
    assert job["jobResults"]["target"]["class"] == "face"
    refused = trusting.post("/v2/match", json={"images": [picture(EILEEN)], "target": {**eileen, "class": "car"}})
    assert refused.status_code == 400
    message = refused.json()["error"]["message"]
    assert "target.class" in message
    assert "person" in message
    assert "face" in message


def test_why_a_target_picture_was_left_out_is_in_the_record(
    trusting: ContractClient, trusting_server: Server, picture_host: PictureHost
) -> None:
    wrong = [
        ([people.jpeg(EILEEN, 1), people.jpeg(GRACE, 1), people.jpeg(EILEEN, 2)], 1, "somebody_else"),
        ([b"no picture", people.jpeg(EILEEN, 1)], 0, "not_readable"),
        ([people.empty_scene(), people.jpeg(EILEEN, 1)], 0, "no_face"),
    ]
    for pictures, place, reason in wrong:
        asked = {"images": [picture(EILEEN)], "target": target(picture_host, *pictures)}
        job = trusting.ask_about("match", asked)
        shown = json.loads(trusting_server.run("jobs", "show", job["id"], "--json").stdout)
        left_out = {image["position"]: image["leftOut"] for image in shown["references"] if "leftOut" in image}
        assert set(left_out) == {place}
        assert left_out[place] == reason
        [decision] = shown["images"][0]["decisions"]
        assert decision["verdict"] is True
        assert decision["similarity"] > decision["threshold"]
        assert decision["score"] > 0.5


# --- the echo ---------------------------------------------------------------------------------------------


def test_a_new_job_repeats_the_target_and_lists_every_picture(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    fields = {"customId": "job", "feedId": "feed", "webhookUrl": f"{picture_host.base_url}/hook"}
    eileen = target(picture_host, people.jpeg(EILEEN, 1), people.jpeg(EILEEN, 2), customId="boss")
    images = [picture(GRACE, custom_id="a"), {"url": picture_host.picture(people.jpeg(EILEEN))}]
    answer = trusting.post("/v2/match", json={"images": images, "target": eileen, **fields})
    job = answer.json()
    assert {name: job[name] for name in fields} == fields
    assert job["status"] == "IN_PROGRESS"
    assert job["jobResults"] == {"target": eileen, "hitl": False}
    assert [image["status"] for image in job["imageResults"]] == ["IN_PROGRESS"] * 2
    assert job["imageResults"][0]["customId"] == "a"
    assert job["imageResults"][1]["url"] == images[1]["url"]


def test_the_answer_of_a_job_without_extras_has_none(trusting: ContractClient, picture_host: PictureHost) -> None:
    eileen = target(picture_host, people.jpeg(EILEEN, 1))
    job = trusting.post("/v2/match/", json={"images": [picture(GRACE)], "target": eileen}).json()
    assert set(job) == {"id", "createdAt", "status", "jobResults", "imageResults"}
    assert trusting.get(f"/v2/match/{job['id']}/").json()["id"] == job["id"]


# --- what breaks ------------------------------------------------------------------------------------------


def test_a_partly_broken_job_finds_the_target_in_what_is_left(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    images = [{"url": picture_host.missing()}, blob(b"no picture"), picture(GRACE), picture(EILEEN)]
    job = trusting.ask_about("match", {"images": images, "target": target(picture_host, people.jpeg(EILEEN, 1))})
    assert job["status"] == "COMPLETED_PARTIAL_ERROR"
    assert [image["status"] for image in job["imageResults"]] == [DOWNLOAD, FORMAT, DONE, DONE]
    assert chosen(job) == 3


def test_a_wholly_broken_job_says_so(trusting: ContractClient, picture_host: PictureHost) -> None:
    images = [{"url": picture_host.missing()}, blob(b"no picture")]
    job = trusting.ask_about("match", {"images": images, "target": target(picture_host, people.jpeg(EILEEN, 1))})
    assert job["status"] == "COMPLETED_ALL_ERROR"
    assert chosen(job) is None


def test_without_a_usable_target_the_job_is_at_fault_not_its_pictures(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    useless = {
        "class": "person",
        "images": [picture_host.missing(), "ftp://no.example/1.jpg", picture_host.picture(people.empty_scene())],
    }
    job = trusting.ask_about("match", {"images": [picture(EILEEN), blob(b"no picture")], "target": useless})
    assert job["status"] == "COMPLETED_ALL_ERROR"
    assert [image["status"] for image in job["imageResults"]] == ["JOB_ERROR"] * 2
    assert chosen(job) is None


def test_a_target_that_is_left_out_does_not_count_as_an_error(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    eileen = target(picture_host, people.jpeg(EILEEN, 1))
    eileen["images"].append(picture_host.missing())
    job = trusting.ask_about("match", {"images": [picture(EILEEN)], "target": eileen})
    assert (job["status"], chosen(job)) == (DONE, 0)


# --- addresses that we gave out ourselves -------------------------------------------------------------------


def test_an_address_of_our_own_copy_is_a_picture_too_although_it_is_private(
    ada: ContractClient, sign_up: Callable[..., ContractClient], namespace: str
) -> None:
    sent = ada.recognize(namespace, [picture(EILEEN, 1)])["images"][0]["proxyUrl"]
    mallory = sign_up("contract-globex")
    others = mallory.recognize(namespace, [picture(EILEEN, 1)])["images"][0]["proxyUrl"]
    altered = [next(tampered(sent)), *list(forged(sent))[:3], others]
    images = [{"url": sent}, *({"url": url} for url in altered)]
    job = ada.ask_about("match", {"images": images, "target": {"class": "person", "images": [sent, altered[0]]}})
    assert [image["status"] for image in job["imageResults"]] == [DONE, *[DOWNLOAD] * len(altered)]
    assert job["imageResults"][0]["url"] == sent
    assert chosen(job) == 0
    nothing = ada.ask_about("match", {"images": images[:1], "target": {"class": "person", "images": [others]}})
    assert nothing["imageResults"][0]["status"] == "JOB_ERROR"


# --- 64 pictures ------------------------------------------------------------------------------------------

LIMIT = 64 * 1024 * 1024


def large_job(host: PictureHost, size: int) -> bytes:
    """A request of exactly this many bytes: 64 pictures, the last of them Eileen's."""
    padded = [*(people.jpeg(GRACE, number % 4) for number in range(63)), people.jpeg(EILEEN)]
    each = (size - 16_384) // 64 * 3 // 4 // 3 * 3
    # What follows the end of a JPEG file is ignored.
    blobs = [base64.b64encode(data + bytes(each - len(data))).decode() for data in padded]
    asked = {"images": [{"blob": each} for each in blobs], "target": target(host, people.jpeg(EILEEN, 1))}
    body = json.dumps(asked).encode()
    return body[:-1] + b" " * (size - len(body)) + b"}"


def test_64_pictures_that_fill_the_body_to_its_limit_are_taken(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    body = large_job(picture_host, LIMIT)
    assert len(body) == LIMIT
    answer = trusting.post("/v2/match", content=body)
    assert answer.status_code == 200
    assert len(answer.json()["imageResults"]) == 64
    job = trusting.wait_for("match", answer.json())
    assert (job["status"], chosen(job)) == (DONE, 63)


@pytest.mark.parametrize("question", ["match", "detect", "ask"])
@pytest.mark.parametrize("announced", [True, False])
def test_over_the_limit_the_rest_of_the_body_is_not_read(
    trusting: ContractClient, trusting_server: Server, question: str, announced: bool
) -> None:
    sent = 0
    chunk = b" " * (1024 * 1024)
    connection = http.client.HTTPConnection("127.0.0.1", trusting_server.port, timeout=30)
    connection.putrequest("POST", f"/v2/{question}")
    connection.putheader("Authorization", trusting.headers["Authorization"])
    if announced:
        connection.putheader("Content-Length", str(1024 * len(chunk)))
        connection.endheaders()
    else:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        try:
            while sent < 1024:  # a gibibyte, if anybody read it
                connection.send(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
                sent += 1
        except OSError:
            pass
        assert 64 <= sent < 256
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["code"] == "too_large"
    connection.close()


# --- refusals ---------------------------------------------------------------------------------------------

PICTURES: Json = {"images": [{"url": "http://192.0.2.1/1.jpg"}]}
TARGET: Json = {"class": "person", "images": ["http://192.0.2.1/t.jpg"]}

# a request, and the field that the refusal names
REFUSED: list[tuple[Json, str]] = [
    ({"target": TARGET}, "images"),
    ({"images": [], "target": TARGET}, "images"),
    ({"images": [{}], "target": TARGET}, "images.0"),
    ({"images": [{"url": "http://a/", "blob": "aGk="}], "target": TARGET}, "images.0"),
    ({"images": PICTURES["images"] * 65, "target": TARGET}, "images"),
    (PICTURES, "target"),
    ({**PICTURES, "target": None}, "target"),
    ({**PICTURES, "target": {"images": TARGET["images"]}}, "target.class"),
    ({**PICTURES, "target": {**TARGET, "class": "dog"}}, "target.class"),
    ({**PICTURES, "target": {**TARGET, "class": 7}}, "target.class"),
    ({**PICTURES, "target": {"class": "person"}}, "target.images"),
    ({**PICTURES, "target": {**TARGET, "images": []}}, "target.images"),
    ({**PICTURES, "target": {**TARGET, "images": TARGET["images"] * 4}}, "target.images"),
    ({**PICTURES, "target": {**TARGET, "images": [{"url": "http://a/"}]}}, "target.images.0"),
    ({**PICTURES, "target": {**TARGET, "images": ["http://a/".ljust(2049, "a")]}}, "target.images.0"),
    ({**PICTURES, "target": {**TARGET, "customId": "c" * 65}}, "target.customId"),
    ({**PICTURES, "target": TARGET, "customId": "c" * 65}, "customId"),
    ({**PICTURES, "target": TARGET, "feedId": "f" * 65}, "feedId"),
    ({**PICTURES, "target": TARGET, "webhookUrl": "http://a/".ljust(513, "a")}, "webhookUrl"),
    ({**PICTURES, "target": TARGET, "webhookUrl": "ftp://a/"}, "webhookUrl"),
    ({**PICTURES, "target": TARGET, "webhookUrl": "http://"}, "webhookUrl"),
    ({**PICTURES, "target": TARGET, "webhookUrl": "http://[::1"}, "webhookUrl"),
]


@pytest.mark.parametrize(("asked", "field"), REFUSED)
def test_a_malformed_request_is_refused_by_field_and_makes_no_job(
    ada: ContractClient, namespace: str, asked: Json, field: str
) -> None:
    answer = ada.post("/v2/match", json={"feedId": namespace, **asked})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)
    assert ada.get("/v2/match", params={"feedId": namespace}).json() == []
