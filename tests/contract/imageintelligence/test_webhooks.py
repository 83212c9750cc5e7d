"""Webhooks: the address of a job, the address of an application, and the signatures of both."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from support import people
from support.client import Json, blob
from support.contract import Contract, ContractClient
from support.people import EILEEN, GRACE, picture
from support.picture_host import PictureHost
from support.receiver import Received, Receiver
from support.server import Server

KEY = "a secret of the client's"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def newcomer(trusting_server: Server, namespace: str) -> Iterator[ContractClient]:
    """A client that has registered nothing."""
    credentials = trusting_server.create_app("acme", namespace)
    with ContractClient(trusting_server.base_url, credentials) as client:
        yield client


def register(client: ContractClient, url: str, **fields: Any) -> Json:
    answer = client.post("/v2/webhooks", json={"url": url, **fields})
    assert answer.status_code == 200, answer.text
    webhook: Json = answer.json()
    return webhook


def assert_signed(sent: Received, key: str) -> None:
    """Both ways, each judged by what a receiver would use."""
    expected = "sha256=" + hmac.new(key.encode(), sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["X-Niro-Signature"] == expected
    assert sent.headers["X-II-Signature"] == expected
    headers = dict(sent.headers)
    assert Webhook(key.encode()).verify(sent.body, headers) == sent.json
    with pytest.raises(WebhookVerificationError):
        Webhook(key.encode()).verify(sent.body + b" ", headers)


# --- jobs -------------------------------------------------------------------------------------------------

# how a job is sent, its body beyond the pictures, where it is found afterwards
JOBS: list[tuple[str, str, Json]] = [
    ("/v2/match", "/v2/match/{id}", {"target": {"class": "person", "images": []}}),
    ("/v2/detect", "/v2/detect/{id}", {"classes": [{"class": "face"}]}),
    ("/v2/ask", "/v2/ask/{id}", {"question": "Is anyone there?"}),
    ("/v2/recognition/recognize/{ns}", "/v2/recognition/recognize/{ns}/{id}", {}),
]


@pytest.mark.parametrize(("create", "get", "fields"), JOBS, ids=[row[0] for row in JOBS])
@pytest.mark.parametrize("broken", [False, True])
def test_when_a_job_has_ended_its_address_gets_what_a_client_would(
    newcomer: ContractClient,
    receiver: Receiver,
    picture_host: PictureHost,
    namespace: str,
    create: str,
    get: str,
    fields: Json,
    broken: bool,
) -> None:
    path = f"/hooks/{namespace}"
    images = [blob(b"no picture")] if broken else [picture(EILEEN, custom_id="eileen"), picture(GRACE)]
    asked = {"images": images, "webhookUrl": receiver.base_url + path, **fields}
    if "target" in asked:
        asked["target"] = {**asked["target"], "images": [picture_host.picture(people.jpeg(EILEEN, 1))]}
    made = newcomer.post(create.format(ns=namespace), json=asked).json()
    [sent] = receiver.wait_for(path)
    assert sent.headers["Content-Type"] == "application/json"
    told = sent.json
    assert told["status"] == ("COMPLETED_ALL_ERROR" if broken else "COMPLETED_SUCCESSFULLY")
    assert told == newcomer.get(get.format(ns=namespace, id=made["id"])).json()
    assert "X-Niro-Signature" not in sent.headers  # no key, no signature
    assert "webhook-signature" not in sent.headers


def test_a_key_signs_what_jobs_send_too(newcomer: ContractClient, receiver: Receiver, namespace: str) -> None:
    register(newcomer, f"{receiver.base_url}/events/{namespace}", secretKey=KEY)
    asked = {"images": [picture(EILEEN)], "classes": [{"class": "face"}]}
    newcomer.ask_about("detect", {**asked, "webhookUrl": f"{receiver.base_url}/jobs/{namespace}"})
    [sent] = receiver.wait_for(f"/jobs/{namespace}")
    assert_signed(sent, KEY)
    # A job's webhook goes to the job's address only, and one without goes nowhere.
    newcomer.ask_about("detect", asked)
    assert not [each for each in receiver.received if each.path == f"/events/{namespace}"]


# --- events -----------------------------------------------------------------------------------------------


def test_identities_that_are_made_and_changed_are_told_of(
    newcomer: ContractClient, receiver: Receiver, namespace: str
) -> None:
    path = f"/events/{namespace}"
    register(newcomer, receiver.base_url + path, secretKey=KEY)
    job = newcomer.recognize(namespace, [picture(EILEEN), picture(GRACE)])
    eileen, grace = (image["objects"][0]["imageId"] for image in job["images"])
    made = newcomer.create_identity(namespace, [eileen, grace], customId="somebody")
    [created] = receiver.wait_for(path)
    assert_signed(created, KEY)
    event = created.json
    assert (event["event"], event["id"]) == ("IDENTITY_CREATED", created.headers["webhook-id"])
    assert event["data"] == made
    Contract.published().check_schema("IdentityEvent", event)
    changed = newcomer.patch(f"/v2/recognition/identities/{namespace}/{made['id']}", json={"customId": "else"}).json()
    [_, updated] = receiver.wait_for(path, 2)
    assert (updated.json["event"], updated.json["data"]) == ("IDENTITY_UPDATED", changed)
    # Who loses a face to another has changed, too.
    robber = newcomer.create_identity(namespace, [grace], customId="grace")
    told = {each.json["data"]["id"]: each.json for each in receiver.wait_for(path, 4)[2:]}
    assert {thing_id: each["event"] for thing_id, each in told.items()} == {
        robber["id"]: "IDENTITY_CREATED",
        made["id"]: "IDENTITY_UPDATED",
    }
    assert [face["id"] for face in told[made["id"]]["data"]["images"]] == [eileen]


def test_a_refused_change_is_told_to_nobody(newcomer: ContractClient, receiver: Receiver, namespace: str) -> None:
    path = f"/events/{namespace}"
    register(newcomer, receiver.base_url + path)
    refused = newcomer.post(f"/v2/recognition/identities/{namespace}", json={"imageIds": ["not-a-face"]})
    assert refused.status_code == 400
    newcomer.create_identity(namespace, [], customId="the first")
    [only] = receiver.wait_for(path)
    assert only.json["data"]["customId"] == "the first"


def test_a_second_registration_replaces_the_first(newcomer: ContractClient, receiver: Receiver, namespace: str) -> None:
    first = register(newcomer, f"{receiver.base_url}/first/{namespace}", secretKey=KEY)
    second = register(newcomer, f"{receiver.base_url}/second/{namespace}", secretKey="another secret")
    assert first["id"] != second["id"]
    newcomer.create_identity(namespace, [])
    [sent] = receiver.wait_for(f"/second/{namespace}")
    assert_signed(sent, "another secret")
    register(newcomer, f"{receiver.base_url}/third/{namespace}")  # without a key: nothing is signed any more
    newcomer.create_identity(namespace, [])
    [unsigned] = receiver.wait_for(f"/third/{namespace}")
    assert "webhook-signature" not in unsigned.headers
    assert not [each for each in receiver.received if each.path == f"/first/{namespace}"]


def test_webhooks_are_those_of_one_application(
    newcomer: ContractClient, trusting_server: Server, receiver: Receiver, namespace: str
) -> None:
    register(newcomer, f"{receiver.base_url}/own/{namespace}", secretKey=KEY)
    credentials = trusting_server.create_app("acme", f"{namespace}-colleague")
    with ContractClient(trusting_server.base_url, credentials) as colleague:
        colleague.create_identity(namespace, [], customId="the colleague's")
    newcomer.create_identity(namespace, [], customId="my own")
    [sent] = receiver.wait_for(f"/own/{namespace}")
    assert sent.json["data"]["customId"] == "my own"


def test_a_registration_is_answered_with_whose_it_is(newcomer: ContractClient, namespace: str) -> None:
    webhook = register(newcomer, "https://receiver.example/hook?a=b", secretKey="8 signs!")
    assert webhook["url"] == "https://receiver.example/hook?a=b"
    assert webhook["secretKey"] == "8 signs!"
    assert webhook["application"] == newcomer.token["appName"] == namespace
    assert webhook["organizationId"] == newcomer.token["orgName"] == "acme"
    assert "secretKey" not in register(newcomer, "http://receiver.example/")


# what is sent, and the field that the refusal names
REFUSED: list[tuple[Json, str]] = [
    ({}, "url"),
    ({"url": None}, "url"),
    ({"url": ""}, "url"),
    ({"url": "receiver.example/hook"}, "url"),
    ({"url": "ftp://receiver.example/hook"}, "url"),
    ({"url": "https://"}, "url"),
    ({"url": "https://receiver.example/".ljust(2049, "h")}, "url"),
    ({"url": "https://receiver.example/", "secretKey": "7 signs"}, "secretKey"),
    ({"url": "https://receiver.example/", "secretKey": "s" * 257}, "secretKey"),
    ({"url": "https://receiver.example/", "secretKey": 12345678}, "secretKey"),
    ({"url": "https://receiver.example/", "secretKey": "whsec_not*base64*"}, "secretKey"),
]


@pytest.mark.parametrize(("asked", "field"), REFUSED)
def test_a_malformed_registration_is_refused_by_field(ada: ContractClient, asked: Json, field: str) -> None:
    answer = ada.post("/v2/webhooks", json=asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)


# --- receivers in trouble ---------------------------------------------------------------------------------


def deliveries(server: Server, job: Json) -> list[Json]:
    told: list[Json] = json.loads(server.run("webhooks", "list", "--job", job["id"], "--json").stdout)
    return told


def test_a_private_address_is_not_called_and_the_operator_sees_why(
    ada: ContractClient, server: Server, receiver: Receiver, namespace: str
) -> None:
    path = f"/private/{namespace}"
    job = ada.ask_about(
        "detect",
        {"images": [picture(EILEEN)], "classes": [{"class": "face"}], "webhookUrl": receiver.base_url + path},
    )
    wait_until(lambda: deliveries(server, job)[0]["status"] == "given_up")
    [delivery] = deliveries(server, job)
    assert "address" in delivery["lastAnswer"]
    assert not [each for each in receiver.received if each.path == path]


def test_a_receiver_that_fails_at_first_gets_the_very_same_body_again(newcomer: ContractClient, namespace: str) -> None:
    answers = iter([500, 503])
    with Receiver(lambda path: next(answers, 204)) as shaky:
        register(newcomer, f"{shaky.base_url}/events", secretKey=KEY)
        newcomer.create_identity(namespace, [], customId="again")
        first, second, third = shaky.wait_for("/events", 3)  # after 1 s and 5 s
    assert first.body == second.body == third.body
    assert first.headers["webhook-id"] == third.headers["webhook-id"]
    assert_signed(third, KEY)


def wait_until(holds: Callable[[], bool], *, times: int = 30) -> None:
    for _ in range(times):
        try:
            if holds():
                return
        except (IndexError, subprocess.CalledProcessError):
            pass
    raise AssertionError("it has not come to pass")
