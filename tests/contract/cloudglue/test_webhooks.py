"""Webhooks: registered, changed, told of files and of files in collections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from cloudglue.sdk.models.webhook_create_request import WebhookCreateRequest
from cloudglue.sdk.models.webhook_update_request import WebhookUpdateRequest

from support.client import Json
from support.cloudglue import Caller, error_of
from support.receiver import Received, Receiver

SECRET_HEADER = "X-Cloudglue-Webhook-Secret"
EVERY = [
    f"{kind}.{what}"
    for kind in ("file.job", "collection.file.job")
    for what in ("processing", "completed", "failed", "deleted")
]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver(lambda path: 200) as running:
        yield running


def register(caller: Caller, endpoint: str, *events: str, **fields: Any) -> Json:
    return caller.post("/webhooks", {"endpoint": endpoint, "subscribed_events": list(events) or EVERY, **fields})


def told(sent: list[Received]) -> list[str]:
    return [each.json["event_type"] for each in sent]


# --- registered -------------------------------------------------------------------------------------------


def test_the_vendors_client_registers_changes_and_removes(newcomer: Caller) -> None:
    hooks = newcomer.webhooks
    made = hooks.create_webhook(
        WebhookCreateRequest(
            endpoint="https://example.com/hook", description="films", subscribed_events=["file.job.completed"]
        )
    )
    assert (made.endpoint, made.description, made.active) == ("https://example.com/hook", "films", True)
    assert [each.value for each in made.subscribed_events] == ["file.job.completed"]
    assert len(made.webhook_secret) >= 32
    assert hooks.get_webhook_by_id(made.id) == made
    changed = hooks.update_webhook(
        made.id, WebhookUpdateRequest(active=False, subscribed_events=["file.job.failed", "segment.job.failed"])
    )
    assert (changed.active, changed.endpoint, changed.webhook_secret) == (False, made.endpoint, made.webhook_secret)
    assert [each.value for each in changed.subscribed_events] == ["file.job.failed", "segment.job.failed"]
    listed = hooks.list_webhooks(limit=10, order="created_at", sort="asc")
    assert ([each.id for each in listed.data], listed.total) == ([made.id], 1)
    gone = hooks.delete_webhook(made.id)
    assert (gone.id, gone.object) == (made.id, "webhook")
    for answer in (newcomer.bare.get(f"/webhooks/{made.id}"), newcomer.bare.delete(f"/webhooks/{made.id}")):
        error_of(answer, 404)
    assert newcomer.get("/webhooks")["total"] == 0


def test_webhooks_have_secrets_of_their_own_and_are_listed_newest_first(newcomer: Caller) -> None:
    made = [register(newcomer, f"https://example.com/{number}") for number in range(3)]
    assert len({each["webhook_secret"] for each in made}) == 3
    assert newcomer.get("/webhooks")["data"] == made[::-1]
    page = newcomer.get("/webhooks", sort="asc", limit=1, offset=1)
    assert (page["data"], page["total"]) == ([made[1]], 3)


def test_an_event_named_twice_is_kept_once(newcomer: Caller) -> None:
    made = register(newcomer, "https://example.com/", "file.job.failed", "file.job.failed", "file.job.deleted")
    assert made["subscribed_events"] == ["file.job.failed", "file.job.deleted"]
    assert "description" not in made


# what of a webhook is wrong
WRONG: list[Json] = [
    {"endpoint": None},
    {"endpoint": ""},
    {"endpoint": "example.com/hook"},
    {"endpoint": "ftp://example.com/hook"},
    {"endpoint": "https://"},
    {"endpoint": "https://example.com/" + "x" * 2048},
    {"endpoint": "https://example.com/\x00"},
    {"subscribed_events": None},
    {"subscribed_events": []},
    {"subscribed_events": ["file.job.started"]},
    {"subscribed_events": "file.job.failed"},
    {"subscribed_events": [5]},
    {"description": 5},
    {"description": "\x00"},
]


@pytest.mark.parametrize("fields", WRONG, ids=lambda value: str(value)[:60])
def test_a_webhook_that_is_wrong_is_refused(newcomer: Caller, fields: Json) -> None:
    body = {"endpoint": "https://example.com/", "subscribed_events": ["file.job.failed"]}
    error_of(newcomer.bare.post("/webhooks", json=body | fields))
    assert newcomer.get("/webhooks")["total"] == 0
    if None not in fields.values():
        made = newcomer.post("/webhooks", body)
        error_of(newcomer.bare.put(f"/webhooks/{made['id']}", json=fields))
        assert newcomer.get(f"/webhooks/{made['id']}") == made


@pytest.mark.parametrize("query", [{"order": "endpoint"}, {"sort": "up"}, {"limit": 101}, {"offset": -1}])
def test_a_query_that_is_wrong_is_refused(newcomer: Caller, query: Json) -> None:
    error_of(newcomer.bare.get("/webhooks", params=query))


# --- told -------------------------------------------------------------------------------------------------


def test_the_life_of_a_file_is_told(newcomer: Caller, receiver: Receiver, short: bytes) -> None:
    hook = register(newcomer, f"{receiver.base_url}/life")
    file = newcomer.upload(short, "short.mp4", a={"b": None})
    made = newcomer.post("/collections", {"collection_type": "face-analysis", "name": "all"})
    newcomer.post(f"/collections/{made['id']}/media", {"file_id": file["id"]})
    newcomer.ended(f"/collections/{made['id']}/videos/{file['id']}")
    receiver.wait_for("/life", 4)  # what has not arrived when a file is deleted never will
    newcomer.bare.delete(f"/files/{file['id']}")
    words = {
        "file.job.processing",
        "file.job.completed",
        "file.job.deleted",
        "collection.file.job.processing",
        "collection.file.job.completed",
        "collection.file.job.deleted",
    }
    sent = receiver.wait_for("/life", len(words))
    assert set(told(sent)) == words
    for each in sent:
        assert each.headers[SECRET_HEADER] == hook["webhook_secret"]
        assert each.headers["Content-Type"] == "application/json"
        assert set(each.json) == {"event_id", "event_type", "payload"}
        assert UUID(each.json["event_id"])
        payload = each.json["payload"]
        assert (payload["file_id"], payload["uri"], payload["filename"]) == (file["id"], file["uri"], "short.mp4")
        assert (payload["bytes"], payload["metadata"]) == (len(short), {"a": {"b": None}})
        of_member = each.json["event_type"].startswith("collection.")
        assert payload.get("collection_id") == (made["id"] if of_member else None)
        assert ("added_at" in payload) == of_member
    assert len({each.json["event_id"] for each in sent}) == len(sent)
    completed = next(each.json for each in sent if each.json["event_type"] == "file.job.completed")
    assert completed["payload"]["status"] == "completed"
    assert completed["payload"]["video_info"]["width"] == 640


def test_a_file_that_fails_is_told(newcomer: Caller, receiver: Receiver) -> None:
    register(newcomer, f"{receiver.base_url}/failed", "file.job.failed")
    newcomer.upload(b"no film")
    [sent] = receiver.wait_for("/failed")
    assert sent.json["payload"]["status"] == "failed"
    assert sent.json["payload"]["error"]


def test_only_what_was_subscribed_to_is_told_and_only_while_active(
    newcomer: Caller, mallory: Caller, receiver: Receiver, short: bytes
) -> None:
    register(mallory, f"{receiver.base_url}/mallory")
    asleep = register(newcomer, f"{receiver.base_url}/asleep")
    newcomer.bare.put(f"/webhooks/{asleep['id']}", json={"active": False})
    register(newcomer, f"{receiver.base_url}/other", "segment.job.completed")
    register(newcomer, f"{receiver.base_url}/done", "file.job.completed")
    newcomer.upload(short)
    assert told(receiver.wait_for("/done")) == ["file.job.completed"]
    assert {each.path for each in receiver.received} & {"/mallory", "/asleep", "/other"} == set()


def test_what_was_not_taken_is_told_again_under_the_same_id(newcomer: Caller, short: bytes) -> None:
    answers = iter([500, 404])
    with Receiver(lambda path: next(answers, 200)) as receiver:
        register(newcomer, f"{receiver.base_url}/again", "file.job.completed")
        newcomer.upload(short)
        sent = receiver.wait_for("/again", 3)
    assert len({each.body for each in sent}) == 1
    assert len({each.json["event_id"] for each in sent}) == 1
