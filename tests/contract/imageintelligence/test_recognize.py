"""Recognise jobs: every spelling, the echo, the pictures and what became of each."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from support import people
from support.client import Json, blob
from support.contract import ContractClient
from support.links import forged, tampered
from support.people import EILEEN, GRACE, LUIS, picture
from support.picture_host import PictureHost

UNKNOWN = "9a7c1a40-0000-4000-8000-000000000000"
# Refused before anything is called, so that such a picture costs no time.
NOWHERE: Json = {"url": "ftp://pictures.example/1.jpg"}


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- spellings --------------------------------------------------------------------------------------------

# how a job is created, found by search and read; {ns} is the namespace, {id} the job
SPELLINGS = [
    ("/v2/recognition/recognize/{ns}", "/v2/recognition/recognize/{ns}/search", "/v2/recognition/recognize/{ns}/{id}"),
    ("/v2/recognize/{ns}", "/v2/recognize/{ns}/search", "/v2/recognize/{ns}/{id}"),  # short, by path
    ("/v2/recognize?namespace={ns}", "/v2/recognize/search?namespace={ns}", "/v2/recognize/{id}?namespace={ns}"),
    ("/v2/recognize/?namespace={ns}", "/v2/recognize/search/?namespace={ns}", "/v2/recognize/{id}/?namespace={ns}"),
    ("/v2/recognize/{ns}/", "/v2/recognize/{ns}/search/", "/v2/recognize/{ns}/{id}/"),  # trailing slashes
    (
        "/v2/recognition/recognize/{ns}/",
        "/v2/recognition/recognize/{ns}/search/",
        "/v2/recognition/recognize/{ns}/{id}/",
    ),
]


@pytest.mark.parametrize(("create", "search", "get"), SPELLINGS)
def test_a_job_is_the_same_under_every_spelling(
    ada: ContractClient, namespace: str, create: str, search: str, get: str
) -> None:
    made = ada.post(create.format(ns=namespace), json={"images": [NOWHERE], "customId": "one"})
    assert made.status_code == 200
    ended = ada.wait(namespace, made.json())
    for _, other_search, other_get in SPELLINGS:
        assert ada.get(other_get.format(ns=namespace, id=ended["id"])).json() == ended
        assert ada.post(other_search.format(ns=namespace), json={}).json() == [ended]
    assert ada.get(get.format(ns=namespace, id=ended["id"])).json()["customId"] == "one"
    assert ada.post(search.format(ns=namespace), json={"customIds": ["one"]}).json() == [ended]


# a request that has a namespace nowhere, or an empty one
WITHOUT_NAMESPACE = [
    ("POST", "/v2/recognize"),  # the spelling of a path that has none
    ("POST", "/v2/recognize?namespace="),
    ("POST", "/v2/recognize/search"),
    ("POST", "/v2/recognize/search?namespace="),
    ("GET", f"/v2/recognize/{UNKNOWN}"),
    ("GET", f"/v2/recognize/{UNKNOWN}?namespace="),
]


@pytest.mark.parametrize(("method", "path"), WITHOUT_NAMESPACE)
def test_a_request_without_a_namespace_is_refused(ada: ContractClient, method: str, path: str) -> None:
    answer = ada.request(method, path, json={"images": [NOWHERE]} if method == "POST" else None)
    assert answer.status_code == 400
    assert "namespace" in answer.json()["error"]["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_body_is_read_as_json_whatever_its_content_type(
    ada: ContractClient, namespace: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    body = json.dumps({"images": [NOWHERE], "customId": "plain"})
    made = ada.post(f"/v2/recognize/{namespace}", content=body, headers=headers)
    assert made.status_code == 200
    found = ada.post(f"/v2/recognize/{namespace}/search", content='{"customIds": ["plain"]}', headers=headers)
    assert [job["id"] for job in found.json()] == [made.json()["id"]]


# --- namespaces -------------------------------------------------------------------------------------------

# names that the rules allow, however odd
ODD_NAMES = [
    "a/b",  # %2F does not divide the path
    "/",
    "search",  # the name of an operation
    "recognize",
    "Köln 東京 🙂",
    "100%",
    "%2F",  # has to be encoded twice
    "a+b&c=d?e#f;g",
    " ",
    "..",
    "x'; DROP TABLE face; --",
    "n" * 128,
    "東" * 128,  # 128 characters, 1152 bytes of path
]


def quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_of_128_characters_is_a_namespace_of_its_own(ada: ContractClient, namespace: str, name: str) -> None:
    path = quoted(name)
    job = ada.send_job(path, [NOWHERE], customId=namespace)
    assert [found["id"] for found in ada.jobs(path, customIds=[namespace])] == [job["id"]]
    by_query = ada.post(f"/v2/recognize/search?namespace={path}", json={"customIds": [namespace]})
    assert [found["id"] for found in by_query.json()] == [job["id"]]
    identity = ada.create_identity(path, [], customId=namespace)
    assert identity["namespace"] == name
    assert ada.get(f"/v2/recognition/identities/{path}/{identity['id']}").json() == identity
    elsewhere = [other for other in ("a", "b", "a%2fB", "%25") if other != path]
    assert [ada.jobs(other, customIds=[namespace]) for other in elsewhere] == [[]] * len(elsewhere)


# a namespace as it is sent, that nobody can have
BAD_NAMESPACES = [
    "n" * 129,
    quoted("東" * 129),
    "a%00b",  # PostgreSQL has no such text
    "%00",
    "%FF",  # no UTF-8
    "a%C3",  # half a character
    "%ED%A0%80",  # half of a surrogate pair
]


@pytest.mark.parametrize("name", BAD_NAMESPACES)
def test_a_namespace_that_is_no_name_is_refused_everywhere(ada: ContractClient, name: str) -> None:
    answers = [
        ada.post(f"/v2/recognition/recognize/{name}", json={"images": [NOWHERE]}),
        ada.post(f"/v2/recognize/{name}", json={"images": [NOWHERE]}),
        ada.post(f"/v2/recognition/recognize/{name}/search", json={}),
        ada.get(f"/v2/recognize/{name}/{UNKNOWN}"),
        ada.get(f"/v2/recognition/images/{name}/{UNKNOWN}"),
        ada.post(f"/v2/recognition/images/{name}/search", json={}),
        ada.get(f"/v2/recognition/groups/{name}/{UNKNOWN}"),
        ada.post(f"/v2/recognition/groups/{name}/search", json={}),
        ada.post(f"/v2/recognition/identities/{name}", json={}),
        ada.post(f"/v2/recognition/identities/{name}/search", json={}),
        ada.get(f"/v2/recognition/identities/{name}/{UNKNOWN}"),
        ada.patch(f"/v2/recognition/identities/{name}/{UNKNOWN}", json={}),
        ada.delete(f"/v2/recognition/identities/{name}/{UNKNOWN}"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert all("namespace" in answer.json()["error"]["message"] for answer in answers)


@pytest.mark.parametrize("name", BAD_NAMESPACES)
def test_a_namespace_that_is_no_name_is_refused_in_the_query_too(ada: ContractClient, name: str) -> None:
    answers = [
        ada.post(f"/v2/recognize?namespace={name}", json={"images": [NOWHERE]}),
        ada.post(f"/v2/recognize/search?namespace={name}", json={}),
        ada.get(f"/v2/recognize/{UNKNOWN}?namespace={name}"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert all("namespace" in answer.json()["error"]["message"] for answer in answers)


# --- the echo ---------------------------------------------------------------------------------------------


def test_a_new_job_is_in_progress_and_lists_every_picture(ada: ContractClient, namespace: str) -> None:
    fields = {"customId": "job", "feedId": "feed", "webhookUrl": "http://192.0.2.1/hook"}
    job = ada.send_job(namespace, [{**NOWHERE, "customId": "a"}, picture(EILEEN, custom_id="b"), NOWHERE], **fields)
    assert {name: job[name] for name in fields} == fields
    assert job["status"] == "IN_PROGRESS"
    assert [image["status"] for image in job["images"]] == ["IN_PROGRESS"] * 3
    assert [image["objects"] for image in job["images"]] == [[]] * 3
    assert [image.get("customId") for image in job["images"]] == ["a", "b", None]
    assert [image["url"] for image in job["images"]][::2] == [NOWHERE["url"]] * 2
    assert len({image["id"] for image in job["images"]}) == 3
    ended = ada.wait(namespace, job)
    assert {name: ended[name] for name in ("id", "createdAt", *fields)} == {
        name: job[name] for name in ("id", "createdAt", *fields)
    }


def test_what_was_not_sent_is_not_echoed(ada: ContractClient, namespace: str) -> None:
    job = ada.post(
        f"/v2/recognize/{namespace}",
        json={"images": [NOWHERE], "customId": None, "feedId": None, "webhookUrl": None, "unknown": {"a": [None]}},
    ).json()
    assert set(job) == {"id", "status", "createdAt", "images"}


def test_the_largest_allowed_job_keeps_its_order(ada: ContractClient, namespace: str) -> None:
    images = [
        {"url": f"ftp://pictures.example/{number}".ljust(2048, "x"), "customId": f"{number}".zfill(64)}
        for number in range(64)
    ]
    job = ada.recognize(
        namespace, images, customId="c" * 64, feedId="f" * 64, webhookUrl="http://192.0.2.1/".ljust(2048, "w")
    )
    assert [(image["url"], image["customId"]) for image in job["images"]] == [
        (image["url"], image["customId"]) for image in images
    ]
    assert len({image["id"] for image in job["images"]}) == 64
    assert job["status"] == "COMPLETED_ALL_ERROR"


def test_lengths_count_characters_not_bytes(ada: ContractClient, namespace: str) -> None:
    job = ada.recognize(namespace, [{**NOWHERE, "customId": "🙂" * 64}], customId="東" * 64, feedId="")
    assert job["images"][0]["customId"] == "🙂" * 64
    assert (job["customId"], job["feedId"]) == ("東" * 64, "")


# --- pictures and their statuses --------------------------------------------------------------------------

DONE, DOWNLOAD, FORMAT = "COMPLETED_SUCCESSFULLY", "IMAGE_DOWNLOAD_ERROR", "INVALID_IMAGE_FORMAT_ERROR"

# a picture, its status, how many faces; the order is that of the job
MIXED: list[tuple[str, Json, str, int]] = [
    ("a JPEG", picture(EILEEN), DONE, 1),
    ("the same again", picture(EILEEN), DONE, 1),
    ("nobody in it", blob(people.empty_scene()), DONE, 0),
    ("two people", blob(people.side_by_side((GRACE, 0), (LUIS, 0))), DONE, 2),
    ("PNG behind a data: prefix", {"blob": "data:image/png;base64," + base64_text(people.encoded("PNG"))}, DONE, 1),
    ("WEBP", blob(people.encoded("WEBP")), DONE, 1),
    ("BMP", blob(people.encoded("BMP")), DONE, 1),
    ("GIF", blob(people.encoded("GIF")), DONE, 1),
    ("TIFF", blob(people.encoded("TIFF")), DONE, 1),
    ("base64 in lines", {"blob": base64.encodebytes(people.jpeg(EILEEN)).decode()}, DONE, 1),
    ("base64 without padding", {"blob": base64_text(people.jpeg(EILEEN)).rstrip("=")}, DONE, 1),
    ("no base64", {"blob": "!!!"}, FORMAT, 0),
    ("no ASCII", {"blob": "東京"}, FORMAT, 0),
    ("a text", blob(b"Dear Sir or Madam,"), FORMAT, 0),
    ("a truncated file", blob(people.jpeg(EILEEN)[: len(people.jpeg(EILEEN)) // 2]), FORMAT, 0),
    ("the first bytes of a file", blob(people.jpeg(EILEEN)[:3]), FORMAT, 0),
    ("nothing", {"blob": ""}, FORMAT, 0),
    ("nothing behind a data: prefix", {"blob": "data:image/jpeg;base64,"}, FORMAT, 0),
    ("a loopback address", {"url": "http://127.0.0.1:1/a.jpg"}, DOWNLOAD, 0),
    ("a private address", {"url": "http://10.0.0.1/a.jpg"}, DOWNLOAD, 0),
    ("the metadata of a cloud", {"url": "http://169.254.169.254/latest/meta-data"}, DOWNLOAD, 0),
    ("loopback in IPv6", {"url": "http://[::1]/a.jpg"}, DOWNLOAD, 0),
    ("loopback in disguise", {"url": "http://2130706433/a.jpg"}, DOWNLOAD, 0),
    ("a file", {"url": "file:///etc/passwd"}, DOWNLOAD, 0),
    ("another scheme", NOWHERE, DOWNLOAD, 0),
    ("no address", {"url": "not an address"}, DOWNLOAD, 0),
    ("an empty address", {"url": ""}, DOWNLOAD, 0),
    ("a malformed address", {"url": "http://[::1"}, DOWNLOAD, 0),
]


@pytest.fixture(scope="module")
def mixed(ada: ContractClient, shared_namespace: str) -> Json:
    """A job of every kind of picture."""
    return ada.recognize(shared_namespace, [{**sent, "customId": label} for label, sent, _, _ in MIXED], feedId="mixed")


@pytest.mark.parametrize("number", range(len(MIXED)), ids=[label for label, *_ in MIXED])
def test_each_picture_has_its_own_status(mixed: Json, number: int) -> None:
    label, sent, status, faces = MIXED[number]
    image = mixed["images"][number]
    assert (image["customId"], image["status"], len(image["objects"])) == (label, status, faces)
    if "url" in sent:
        assert image["url"] == sent["url"]


def test_a_bad_picture_does_not_fail_its_neighbours(mixed: Json) -> None:
    assert mixed["status"] == "COMPLETED_PARTIAL_ERROR"


def test_repeated_pictures_are_separate(mixed: Json) -> None:
    first, again = mixed["images"][:2]
    assert first["id"] != again["id"]
    assert first["objects"][0]["boundingBox"] == again["objects"][0]["boundingBox"]
    assert first["objects"][0]["imageId"] != again["objects"][0]["imageId"]


def test_boxes_are_fractions_where_the_faces_are(mixed: Json) -> None:
    for image in mixed["images"]:
        for face in image["objects"]:
            box = face["boundingBox"]
            assert 0 <= box["xMin"] < box["xMax"] <= 1
            assert 0 <= box["yMin"] < box["yMax"] <= 1
            assert 0 <= face["confidence"] <= 1
            assert "identityId" not in face
    [one, other] = mixed["images"][3]["objects"]
    middles = sorted((face["boundingBox"]["xMin"] + face["boundingBox"]["xMax"]) / 2 for face in (one, other))
    assert 0.1 < middles[0] < 0.4
    assert 0.6 < middles[1] < 0.9


def test_our_copy_of_a_picture_opens_without_a_token_and_has_the_very_bytes(mixed: Json) -> None:
    for number, data in ((0, people.jpeg(EILEEN)), (4, people.encoded("PNG")), (13, b"Dear Sir or Madam,")):
        image = mixed["images"][number]
        for url in (image["url"], image["proxyUrl"]):
            opened = httpx.get(url)
            assert opened.status_code == 200
            assert opened.content == data
    assert httpx.get(mixed["images"][0]["proxyUrl"]).headers["content-type"] == "image/jpeg"
    assert not httpx.get(mixed["images"][13]["proxyUrl"]).headers["content-type"].startswith("text/html")


def test_an_altered_address_of_our_copy_does_not_open(mixed: Json) -> None:
    url, other = (mixed["images"][number]["proxyUrl"] for number in (0, 1))
    assert {httpx.get(each).status_code for each in tampered(url, step=6)} == {403}
    assert {httpx.get(each).status_code for each in forged(url)} == {403}
    exchanged = f"{url.partition('?')[0]}?{other.partition('?')[2]}"
    assert httpx.get(exchanged).status_code == 403
    climbing = url.replace("/media/pictures/", "/media/pictures/..%2F..%2F")
    assert httpx.get(climbing).status_code == 403
    assert httpx.get(url).status_code == 200


def test_a_result_stays_as_it_is(ada: ContractClient, shared_namespace: str, mixed: Json) -> None:
    again = ada.get(f"/v2/recognition/recognize/{shared_namespace}/{mixed['id']}").json()
    assert without_links(again) == without_links(mixed)


def without_links(job: Json) -> Json:
    images = [{key: value for key, value in image.items() if key not in ("url", "proxyUrl")} for image in job["images"]]
    return {**job, "images": images}


# --- pictures behind addresses ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paths(picture_host: PictureHost) -> None:
    """Paths of the picture host that behave as they are called."""
    eileen = people.jpeg(EILEEN)
    picture_host.answer("/eileen.jpg", 200, {}, eileen)
    picture_host.answer("/moved", 302, {"Location": "/eileen.jpg"}, b"")
    picture_host.answer("/moved-to-file", 302, {"Location": "file:///etc/passwd"}, b"")
    picture_host.answer("/round", 302, {"Location": "/round"}, b"")
    picture_host.answer("/picture-of-404", 404, {}, eileen)
    picture_host.answer("/text", 200, {"Content-Type": "image/jpeg"}, b"I am no picture")
    picture_host.answer("/empty", 200, {}, b"")
    picture_host.answer("/large", 200, {"Content-Length": str(21 * 1024 * 1024)}, b"")


# a path of the picture host, the status, how many faces
FETCHED = [
    ("/eileen.jpg", DONE, 1),
    ("/moved", DONE, 1),
    ("/moved-to-file", DOWNLOAD, 0),
    ("/round", DOWNLOAD, 0),  # for ever
    ("/picture-of-404", DOWNLOAD, 0),  # 404 with a picture as its body
    ("/large", DOWNLOAD, 0),  # says that it has more than 20 MiB
    ("/text", FORMAT, 0),  # whatever its Content-Type says
    ("/empty", FORMAT, 0),
]


@pytest.mark.usefixtures("paths")
def test_pictures_are_fetched_from_their_addresses(
    trusting: ContractClient, picture_host: PictureHost, unused_port: int
) -> None:
    refused = {"url": f"http://127.0.0.1:{unused_port}/eileen.jpg"}
    images = [{"url": picture_host.base_url + path} for path, _, _ in FETCHED] + [refused]
    job = trusting.recognize("street", images)
    assert job["status"] == "COMPLETED_PARTIAL_ERROR"
    seen = [(image["status"], len(image["objects"])) for image in job["images"]]
    assert seen == [(status, faces) for _, status, faces in FETCHED] + [(DOWNLOAD, 0)]
    assert [image["url"] for image in job["images"]] == [image["url"] for image in images]
    for image in job["images"][:2]:
        assert httpx.get(image["proxyUrl"]).content == people.jpeg(EILEEN)
    assert all("proxyUrl" not in image for image in job["images"] if image["status"] == DOWNLOAD)
    [face, *_] = trusting.faces("street")
    assert face["url"].startswith(picture_host.base_url)


def test_a_job_whose_pictures_are_all_good_is_completed_successfully(
    trusting: ContractClient, picture_host: PictureHost
) -> None:
    job = trusting.recognize("square", [{"url": picture_host.picture(people.jpeg(EILEEN))}, blob(people.empty_scene())])
    assert job["status"] == "COMPLETED_SUCCESSFULLY"


@pytest.fixture
def unused_port() -> int:
    """A port that refuses connections."""
    from support.server import free_port

    return free_port()
