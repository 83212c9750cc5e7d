"""Searching match, detect and ask jobs: GET with customId, feedId, before and after."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.client import Json
from support.contract import ContractClient

UNKNOWN = "9a7c1a40-0000-4000-8000-000000000000"
# Refused before anything is called, so that such a picture costs no time.
NOWHERE: Json = {"url": "ftp://pictures.example/1.jpg"}

# what each question is asked beyond the pictures
ASKED: dict[str, Json] = {
    "match": {"target": {"class": "person", "images": ["ftp://pictures.example/t.jpg"]}},
    "detect": {"classes": [{"class": "face"}]},
    "ask": {"question": "Is anyone there?"},
}
EACH = pytest.mark.parametrize("question", ASKED)


def send(client: ContractClient, question: str, **fields: Any) -> Json:
    answer = client.post(f"/v2/{question}", json={"images": [NOWHERE], **ASKED[question], **fields})
    assert answer.status_code == 200
    job: Json = answer.json()
    return job


def ids(client: ContractClient, question: str, **query: Any) -> list[str]:
    answer = client.get(f"/v2/{question}", params=query)
    assert answer.status_code == 200
    return [job["id"] for job in answer.json()]


@EACH
def test_jobs_are_found_by_their_ids_and_both_filters_together(
    ada: ContractClient, namespace: str, question: str
) -> None:
    feed = f"{namespace}-{question}"
    one = send(ada, question, customId="one", feedId=feed)["id"]
    two = send(ada, question, customId="two", feedId=feed)["id"]
    elsewhere = send(ada, question, customId="one", feedId=f"{feed}-b")["id"]
    assert ids(ada, question, feedId=feed) == [two, one]  # the newest first
    assert ids(ada, question, feedId=feed, customId="one") == [one]
    assert set(ids(ada, question, customId="one")) >= {one, elsewhere}
    assert ids(ada, question, feedId=feed, customId="") == []
    assert ids(ada, question, feedId=feed.upper()) == []


@EACH
def test_when_nothing_fits_the_answer_is_an_empty_list(ada: ContractClient, namespace: str, question: str) -> None:
    for query in ({"customId": namespace}, {"feedId": namespace}, {"before": 1}, {"after": 4_000_000_000_000}):
        answer = ada.get(f"/v2/{question}", params=query)
        assert (answer.status_code, answer.json()) == (200, [])


@EACH
def test_before_and_after_leave_the_moment_itself_out(ada: ContractClient, namespace: str, question: str) -> None:
    feed = f"{namespace}-{question}"
    jobs = []
    for _ in range(3):
        jobs.append(send(ada, question, feedId=feed))
        time.sleep(0.005)  # moments are told to the millisecond
    first, second, third = (job["id"] for job in jobs)
    moment = jobs[1]["createdAt"]
    assert ids(ada, question, feedId=feed, before=moment) == [first]
    assert ids(ada, question, feedId=feed, after=moment) == [third]
    assert ids(ada, question, feedId=feed, after=moment - 1, before=moment + 1) == [second]
    assert ids(ada, question, feedId=feed, before=moment, after=moment) == []
    seconds = jobs[0]["createdAt"] // 1000  # in seconds, too
    assert ids(ada, question, feedId=feed, after=seconds - 60, before=seconds + 60) == [third, second, first]


@EACH
def test_a_hundred_jobs_at_most(ada: ContractClient, namespace: str, question: str) -> None:
    feed = f"{namespace}-{question}"
    sent = [send(ada, question, feedId=feed)["id"] for _ in range(102)]
    assert ids(ada, question, feedId=feed) == sent[:1:-1]
    assert ids(ada, question, feedId=feed, limit=5, page=2) == sent[:1:-1]  # there are no such parameters


UNREADABLE = ["", "yesterday", "2024-01-01T00:00:00Z", "nan", "inf", "-1", "1e3", "0x10", "1_000", "9" * 17, "9" * 16]


@EACH
@pytest.mark.parametrize("moment", UNREADABLE)
@pytest.mark.parametrize("field", ["before", "after"])
def test_an_unreadable_moment_is_refused(ada: ContractClient, question: str, field: str, moment: str) -> None:
    answer = ada.get(f"/v2/{question}", params={field: moment})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)


@EACH
@pytest.mark.parametrize("field", ["customId", "feedId"])
def test_text_that_cannot_be_is_refused(ada: ContractClient, question: str, field: str) -> None:
    assert ada.get(f"/v2/{question}?{field}=a%00b").status_code == 400
    assert ada.get(f"/v2/{question}?{field}=%FF").json() == []


@EACH
def test_an_unknown_id_is_not_found(ada: ContractClient, question: str) -> None:
    for unknown in (UNKNOWN, "1", "not-an-id", "%00"):
        assert ada.get(f"/v2/{question}/{unknown}").status_code == 404


def test_a_job_is_of_one_kind_only(ada: ContractClient, namespace: str) -> None:
    sent = {question: send(ada, question, feedId=namespace)["id"] for question in ASKED}
    for question, job_id in sent.items():
        assert ids(ada, question, feedId=namespace) == [job_id]
        for other in set(ASKED) - {question}:
            assert ada.get(f"/v2/{other}/{job_id}").status_code == 404
        assert ada.get(f"/v2/recognize/{job_id}?namespace={namespace}").status_code == 404
