"""Feedback: kept beside the decision it speaks of, and found again."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.client import Json
from support.contract import ContractClient
from support.people import EILEEN, picture

UNKNOWN = "9a7c1a40-0000-4000-8000-000000000000"
WRONG: list[Json] = [{"class": "face", "code": "FALSE_POSITIVE"}]


@pytest.fixture(scope="module")
def job(ada: ContractClient) -> Json:
    """A detect job that has ended."""
    return ada.ask_about("detect", {"images": [picture(EILEEN)], "classes": [{"class": "face"}, {"class": "person"}]})


def give(client: ContractClient, job: Json, **fields: Any) -> Json:
    answer = client.post(
        "/v2/feedback", json={"jobId": job["id"], "classes": WRONG, "createdAt": 1_700_000_000_123, **fields}
    )
    assert answer.status_code == 200, answer.text
    feedback: Json = answer.json()
    return feedback


def test_feedback_is_answered_and_found_as_it_was_given(ada: ContractClient, job: Json) -> None:
    classes = [*WRONG, {"class": "person", "code": "FALSE_NEGATIVE"}]
    given = give(ada, job, classes=classes)
    assert {name: given[name] for name in ("jobId", "classes", "createdAt")} == {
        "jobId": job["id"],
        "classes": classes,
        "createdAt": 1_700_000_000_123,
    }
    assert ada.get(f"/v2/feedback/{given['id']}").json() == given
    assert given in ada.get("/v2/feedback", params={"jobId": job["id"]}).json()
    assert given in ada.get("/v2/feedback").json()


def test_feedback_changes_no_result(ada: ContractClient, job: Json) -> None:
    give(ada, job)
    again = ada.get(f"/v2/detect/{job['id']}").json()
    assert again["jobResults"][0]["image"]["id"] == job["jobResults"][0]["image"]["id"]
    assert again["imageResults"][0]["objects"] == job["imageResults"][0]["objects"]


def test_a_missing_moment_is_filled_in(ada: ContractClient, job: Json) -> None:
    before = time.time() * 1000
    answer = ada.post("/v2/feedback/", json={"jobId": job["id"], "classes": WRONG})
    assert before - 1 <= answer.json()["createdAt"] <= time.time() * 1000 + 1


@pytest.mark.parametrize("moment", [0, 5, 99_999_999_999, 1_700_000_000_001])
def test_a_moment_is_milliseconds_however_small(ada: ContractClient, job: Json, moment: int) -> None:
    assert give(ada, job, createdAt=moment)["createdAt"] == moment


def test_the_newest_comes_first_and_only_that_of_the_job(ada: ContractClient, namespace: str) -> None:
    jobs = [ada.send_job(namespace, [picture(EILEEN)]) for _ in range(2)]
    first, second = give(ada, jobs[0]), give(ada, jobs[0])
    other = give(ada, jobs[1])
    assert ada.get("/v2/feedback", params={"jobId": jobs[0]["id"]}).json() == [second, first]
    assert ada.get("/v2/feedback", params={"jobId": jobs[1]["id"]}).json() == [other]
    assert ada.get("/v2/feedback").json()[:3] == [other, second, first]


def test_any_job_of_ones_own_is_taken(ada: ContractClient, namespace: str) -> None:
    open_job = ada.send_job(namespace, [picture(EILEEN)])  # of another kind, and perhaps not ended
    assert give(ada, open_job)["jobId"] == open_job["id"]
    assert give(ada, open_job, classes=[{"class": "a class nobody asked", "code": "FALSE_NEGATIVE"}])


@pytest.mark.parametrize("job_id", [UNKNOWN, "1", "", "not-an-id"])
def test_an_unknown_job_is_not_found(ada: ContractClient, job_id: str) -> None:
    answer = ada.post("/v2/feedback", json={"jobId": job_id, "classes": WRONG, "createdAt": 1})
    assert answer.status_code == 404
    assert ada.get("/v2/feedback", params={"jobId": job_id}).json() == []


@pytest.mark.parametrize("feedback_id", [UNKNOWN, "1", "not-an-id"])
def test_unknown_feedback_is_not_found(ada: ContractClient, feedback_id: str) -> None:
    assert ada.get(f"/v2/feedback/{feedback_id}").status_code == 404


# what is sent, and the field that the refusal names
REFUSED: list[tuple[Json, str]] = [
    ({"jobId": None}, "jobId"),
    ({"jobId": 7}, "jobId"),
    ({"classes": None}, "classes"),
    ({"classes": []}, "classes"),
    ({"classes": WRONG * 65}, "classes"),
    ({"classes": [{"code": "FALSE_POSITIVE"}]}, "classes.0.class"),
    ({"classes": [{"class": "c" * 257, "code": "FALSE_POSITIVE"}]}, "classes.0.class"),
    ({"classes": [{"class": "face"}]}, "classes.0.code"),
    ({"classes": [{"class": "face", "code": "TRUE_POSITIVE"}]}, "classes.0.code"),
    ({"createdAt": "2024-01-01"}, "createdAt"),
    ({"createdAt": -1}, "createdAt"),
    ({"createdAt": 1.5}, "createdAt"),
    ({"createdAt": 10**17}, "createdAt"),
]


@pytest.mark.parametrize(("changed", "field"), REFUSED)
def test_malformed_feedback_is_refused_by_field_and_not_kept(
    ada: ContractClient, job: Json, changed: Json, field: str
) -> None:
    before = ada.get("/v2/feedback", params={"jobId": job["id"]}).json()
    answer = ada.post("/v2/feedback", json={"jobId": job["id"], "classes": WRONG, "createdAt": 1, **changed})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)
    assert ada.get("/v2/feedback", params={"jobId": job["id"]}).json() == before
