"""What is malformed is refused with 400, says which field is wrong, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.client import Json
from support.contract import ContractClient

NOWHERE: Json = {"url": "ftp://pictures.example/1.jpg"}
UNKNOWN = "9a7c1a40-0000-4000-8000-000000000000"
DEEP = 100_000


def job(**changed: Any) -> Json:
    """A good job with something changed."""
    return {"images": [NOWHERE], **changed}


# a document that is no JSON, or no object; none of them may be read as an empty request
NO_OBJECT: list[bytes] = [
    b"",
    b" ",
    b"{",
    b"nonsense",
    b"null",
    b"true",
    b"5",
    b'"text"',
    b"[]",
    b'[{"images": []}]',
    b"{} {}",
    b"{'images': []}",
    b'{"a": 1,}',
    b'{"a": \x00}',
    b'{"a": "\xff"}',  # no UTF-8
    b'{"a": "\\ud800"}',  # half of a surrogate pair
    b'{"a": "\\udc00\\ud800"}',
    b'{"a": "\\x41"}',
    '{"a": 1}'.encode("utf-16"),
    b"a=1&b=2",
    b"[" * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"unknown": 1' + b"0" * 5000 + b"}",  # a number that Python itself refuses to read
    b'{"unknown": ' + b"[" * DEEP + b"]" * DEEP + b"}",  # in a field that would be ignored
]

BODIES = [
    ("POST", "/v2/recognition/recognize/{ns}"),
    ("POST", "/v2/recognize?namespace={ns}"),
    ("POST", "/v2/recognize/{ns}"),
    ("POST", "/v2/recognition/recognize/{ns}/search"),
    ("POST", "/v2/recognize/search?namespace={ns}"),
    ("POST", "/v2/recognition/images/{ns}/search"),
    ("POST", "/v2/recognition/groups/{ns}/search"),
    ("POST", "/v2/recognition/identities/{ns}/search"),
    ("POST", "/v2/recognition/identities/{ns}"),
    ("PATCH", "/v2/recognition/identities/{ns}/{id}"),
]


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_a_body_that_is_no_json_object_is_refused(ada: ContractClient, namespace: str, method: str, path: str) -> None:
    identity = ada.create_identity(namespace, [], customId="kept")
    url = path.format(ns=namespace, id=identity["id"])
    for body in NO_OBJECT:
        answer = ada.request(method, url, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, body[:40]
        error = answer.json()["error"]
        assert error["code"] == "invalid_request"
        assert 0 < len(error["message"]) < 1000
    assert ada.jobs(namespace) == []
    assert ada.identities(namespace) == [identity]


# what is wrong in a job; the field that the message names
JOBS: list[tuple[Json, str]] = [
    ({}, "images"),
    ({"images": None}, "images"),
    ({"images": []}, "images"),
    ({"images": [NOWHERE] * 65}, "images"),
    ({"images": {}}, "images"),
    ({"images": "ftp://pictures.example/1.jpg"}, "images"),
    ({"images": [[]]}, "images.0"),
    ({"images": ["ftp://pictures.example/1.jpg"]}, "images.0"),
    ({"images": [NOWHERE, None]}, "images.1"),
    ({"images": [{}]}, "images.0"),  # neither
    ({"images": [{"customId": "a"}]}, "images.0"),
    ({"images": [{"url": None, "blob": None}]}, "images.0"),
    ({"images": [NOWHERE, {**NOWHERE, "blob": "aGk="}]}, "images.1"),  # both
    ({"images": [{"url": 5}]}, "images.0.url"),
    ({"images": [{"url": ["http://a/"]}]}, "images.0.url"),
    ({"images": [{"url": "http://a/".ljust(2049, "a")}]}, "images.0.url"),
    ({"images": [{"url": "http://a/\x00"}]}, "images.0.url"),
    ({"images": [{"blob": 5}]}, "images.0.blob"),
    ({"images": [{"blob": {"data": "aGk="}}]}, "images.0.blob"),
    ({"images": [{**NOWHERE, "customId": 5}]}, "images.0.customId"),
    ({"images": [{**NOWHERE, "customId": "c" * 65}]}, "images.0.customId"),
    ({"images": [NOWHERE] * 63 + [{**NOWHERE, "customId": "\x00"}]}, "images.63.customId"),
    (job(customId="c" * 65), "customId"),
    (job(customId=5), "customId"),
    (job(customId=True), "customId"),
    (job(customId=["a"]), "customId"),
    (job(customId="a\x00b"), "customId"),
    (job(feedId="f" * 65), "feedId"),
    (job(feedId=5), "feedId"),
    (job(feedId={}), "feedId"),
    (job(feedId="\x00"), "feedId"),
    (job(webhookUrl="http://a/".ljust(2049, "a")), "webhookUrl"),
    (job(webhookUrl=5), "webhookUrl"),
    (job(webhookUrl="http://a/\x00"), "webhookUrl"),
]


@pytest.mark.parametrize(("body", "field"), JOBS)
def test_a_malformed_job_is_refused(ada: ContractClient, namespace: str, body: Json, field: str) -> None:
    for path in (f"/v2/recognition/recognize/{namespace}", f"/v2/recognize?namespace={namespace}"):
        answer = ada.post(path, json=body)
        assert answer.status_code == 400
        assert field in answer.json()["error"]["message"]
    assert ada.jobs(namespace) == []


# what is wrong in a search, as written on the wire; the field that the message names
SEARCHES: list[tuple[str, str]] = [
    ('{"limit": 0}', "limit"),
    ('{"limit": 101}', "limit"),
    ('{"limit": -1}', "limit"),
    ('{"limit": 1.5}', "limit"),
    ('{"limit": "5"}', "limit"),
    ('{"limit": true}', "limit"),
    ('{"limit": null}', "limit"),
    ('{"limit": [5]}', "limit"),
    ('{"limit": NaN}', "limit"),
    ('{"limit": Infinity}', "limit"),
    ('{"limit": 1e400}', "limit"),
    ('{"offset": -1}', "offset"),
    ('{"offset": 101}', "offset"),
    ('{"offset": 0.5}', "offset"),
    ('{"offset": "0"}', "offset"),
    ('{"offset": NaN}', "offset"),
    ('{"offset": -Infinity}', "offset"),
    ('{"start": NaN}', "start"),
    ('{"start": Infinity}', "start"),
    ('{"start": "2020-01-01"}', "start"),
    ('{"start": -1}', "start"),
    ('{"start": 1e300}', "start"),
    ('{"start": 9' + "9" * 400 + "}", "start"),
    ('{"end": NaN}', "end"),
    ('{"end": -Infinity}', "end"),
    ('{"end": 1e18}', "end"),
    ('{"end": {}}', "end"),
    ('{"sortBy": "other"}', "sortBy"),
    ('{"sortBy": "asc"}', "sortBy"),
    ('{"sortBy": 1}', "sortBy"),
    ('{"ids": "' + UNKNOWN + '"}', "ids"),
    ('{"ids": [5]}', "ids"),
    ('{"ids": [null]}', "ids"),
    (json.dumps({"ids": [UNKNOWN] * 101}), "ids"),
    (json.dumps({"ids": ["\x00"]}), "ids"),
    (json.dumps({"customIds": ["a"] * 21}), "customIds"),
    ('{"customIds": "a"}', "customIds"),
    ('{"customIds": [1]}', "customIds"),
    (json.dumps({"customIds": ["\x00"]}), "customIds"),
    (json.dumps({"feedIds": ["a"] * 21}), "feedIds"),
    ('{"feedIds": {}}', "feedIds"),
    ('{"feedIds": [[]]}', "feedIds"),
    (json.dumps({"feedIds": ["a\x00"]}), "feedIds"),
]


@pytest.mark.parametrize("kind", ["recognize", "images", "groups", "identities"])
@pytest.mark.parametrize(("body", "field"), SEARCHES, ids=[body[:40] for body, _ in SEARCHES])
def test_a_malformed_search_is_refused(ada: ContractClient, kind: str, body: str, field: str) -> None:
    answer = ada.post(f"/v2/recognition/{kind}/anywhere/search", content=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


# what is wrong in a new identity; the field that the message names
IDENTITIES: list[tuple[Json, str]] = [
    ({"imageIds": []}, "imageIds"),
    ({"imageIds": "a"}, "imageIds"),
    ({"imageIds": [5]}, "imageIds"),
    ({"imageIds": [None]}, "imageIds"),
    ({"imageIds": [UNKNOWN]}, "imageIds"),  # no such face
    ({"imageIds": ["no id of ours"]}, "imageIds"),
    ({"imageIds": [""]}, "imageIds"),
    ({"imageIds": ["\x00"]}, "imageIds"),
    ({"customId": "c" * 257}, "customId"),
    ({"customId": 5}, "customId"),
    ({"customId": "\x00"}, "customId"),
]


@pytest.mark.parametrize(("body", "field"), IDENTITIES)
def test_a_malformed_identity_is_refused(ada: ContractClient, namespace: str, body: Json, field: str) -> None:
    answer = ada.post(f"/v2/recognition/identities/{namespace}", json={"customId": "refused", **body})
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]
    assert ada.identities(namespace) == []


TWENTY_ONE = [f"9a7c1a40-0000-4000-8000-{number:012d}" for number in range(21)]

# what is wrong in a change of an identity; the field that the message names
CHANGES: list[tuple[Json, str]] = [
    ({"customId": "c" * 257}, "customId"),
    ({"customId": 5}, "customId"),
    ({"customId": "\x00"}, "customId"),
    ({"images": []}, "images"),
    ({"images": "a"}, "images"),
    ({"images": {"add": None}}, "images.add"),
    ({"images": {"add": "a"}}, "images.add"),
    ({"images": {"add": [5]}}, "images.add"),
    ({"images": {"add": TWENTY_ONE}}, "images.add"),
    ({"images": {"remove": TWENTY_ONE}}, "images.remove"),
    ({"images": {"add": [UNKNOWN, UNKNOWN]}}, "add"),  # the same twice
    ({"images": {"remove": [UNKNOWN, UNKNOWN]}}, "remove"),
    ({"images": {"add": [UNKNOWN]}}, "images.add"),  # no such face
    ({"images": {"remove": [UNKNOWN]}}, "images.remove"),
    ({"images": {"add": ["no id of ours"]}}, "images.add"),
    ({"images": {"add": ["\x00"]}}, "images.add"),
    ({"images": {"add": [UNKNOWN], "remove": [UNKNOWN]}}, "images"),
]


@pytest.mark.parametrize(("body", "field"), CHANGES)
def test_a_malformed_change_is_refused(ada: ContractClient, namespace: str, body: Json, field: str) -> None:
    identity = ada.create_identity(namespace, [], customId="kept")
    path = f"/v2/recognition/identities/{namespace}/{identity['id']}"
    answer = ada.patch(path, json={"customId": "lost", **body})
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]
    assert ada.get(path).json() == identity


def test_a_refusal_does_not_repeat_the_picture(ada: ContractClient, namespace: str) -> None:
    answer = ada.post(f"/v2/recognize/{namespace}", json={"images": [{"url": "http://a/", "blob": "SECRET" * 20_000}]})
    assert answer.status_code == 400
    assert "SECRET" not in answer.text


def test_a_job_with_a_hundred_faults_gets_a_short_answer(ada: ContractClient, namespace: str) -> None:
    answer = ada.post(f"/v2/recognize/{namespace}", json={"images": [{"url": 5, "customId": "c" * 5000}] * 64})
    assert answer.status_code == 400
    assert len(answer.text) < 2000
