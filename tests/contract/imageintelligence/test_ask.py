"""Ask jobs: questions that faces answer, with examples and without."""

from __future__ import annotations

import pytest

from support import people
from support.client import Json, blob
from support.contract import ContractClient
from support.people import EILEEN, GRACE, LUIS, picture
from support.picture_host import PictureHost

DONE = "COMPLETED_SUCCESSFULLY"


def chosen(job: Json) -> int | None:
    """The place of the chosen picture in the request; None when none answers yes."""
    if "image" not in job["jobResults"]:
        return None
    return [image["id"] for image in job["imageResults"]].index(job["jobResults"]["image"]["id"])


# --- without examples -------------------------------------------------------------------------------------

ABOUT_ANYONE = [
    "Is there a person at the door?",
    "Are there any PEOPLE here?",
    "Do you see a face?",
    "someone there",
    "Is anyone, anyone at all, in the room?",
    "Faces?",
]


@pytest.mark.parametrize("question", ABOUT_ANYONE)
def test_a_question_for_anyone_is_answered_by_the_first_picture_with_a_face(ada: ContractClient, question: str) -> None:
    images = [blob(people.empty_scene()), picture(LUIS), picture(EILEEN)]
    job = ada.ask_about("ask", {"images": images, "question": question})
    assert (job["status"], chosen(job), job["question"]) == (DONE, 1, question)
    assert "examples" not in job


def test_nobody_there_is_an_answer_too(ada: ContractClient) -> None:
    job = ada.ask_about("ask", {"images": [blob(people.empty_scene())], "question": "Is anyone there?"})
    assert (job["status"], job["jobResults"]) == (DONE, {})


# a request that no face answers
NO_QUESTIONS: list[Json] = [
    {"question": "Is the door open?"},
    {"question": ""},
    {"question": "Is there a personality?"},  # no word of those
    {"question": "Is the surface wet?"},
    {"question": "Is anyone there?", "examples": {"no": ["http://192.0.2.1/n.jpg"]}},  # a no without a yes
]


@pytest.mark.parametrize("asked", NO_QUESTIONS)
def test_any_other_question_is_refused_and_hears_what_can_be_asked(
    ada: ContractClient, namespace: str, asked: Json
) -> None:
    answer = ada.post("/v2/ask", json={"images": [picture(EILEEN)], "feedId": namespace, **asked})
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message.startswith("question")
    assert "examples.yes" in message
    assert ada.get("/v2/ask", params={"feedId": namespace}).json() == []


# --- with examples ----------------------------------------------------------------------------------------

# yes examples, no examples, the pictures, the place of the chosen one
BY_EXAMPLES: list[tuple[str, list[bytes], list[bytes], list[Json], int | None]] = [
    ("like the yes example", [people.jpeg(EILEEN, 1)], [], [picture(GRACE), picture(EILEEN)], 1),
    ("like nobody", [people.jpeg(EILEEN, 1)], [], [picture(GRACE), picture(LUIS)], None),
    ("like any of several people", [people.jpeg(EILEEN, 1), people.jpeg(LUIS, 1)], [], [picture(LUIS)], 0),
    (
        "like the no example, not like the yes one",
        [people.jpeg(EILEEN, 1)],
        [people.jpeg(GRACE, 1)],
        [picture(GRACE), picture(EILEEN)],
        1,
    ),
    (
        "more like the no example than like the yes one",
        [people.sibling(EILEEN, GRACE, 0.6)],
        [people.jpeg(EILEEN, 1)],
        [picture(EILEEN)],
        None,
    ),
    (
        "the very picture is an example of both",
        [people.jpeg(EILEEN)],
        [people.jpeg(EILEEN)],
        [picture(EILEEN)],
        None,
    ),
    (
        "in a picture with somebody of each",
        [people.jpeg(EILEEN, 1)],
        [people.jpeg(GRACE, 1)],
        [blob(people.side_by_side((GRACE, 0), (EILEEN, 0)))],
        0,
    ),
    (
        "by the examples that are usable",
        [b"no picture", people.jpeg(EILEEN, 1)],
        [people.empty_scene(), b"no picture"],
        [picture(GRACE), picture(EILEEN)],
        1,
    ),
]


@pytest.mark.parametrize(
    ("yes", "no", "images", "place"), [row[1:] for row in BY_EXAMPLES], ids=[row[0] for row in BY_EXAMPLES]
)
def test_examples_say_what_is_meant(
    trusting: ContractClient,
    picture_host: PictureHost,
    yes: list[bytes],
    no: list[bytes],
    images: list[Json],
    place: int | None,
) -> None:
    examples: Json = {"yes": [picture_host.picture(data) for data in yes]}
    if no:
        examples["no"] = [picture_host.picture(data) for data in no]
    job = trusting.ask_about("ask", {"images": images, "question": "Is it her?", "examples": examples})
    assert (job["status"], chosen(job)) == (DONE, place)
    assert job["examples"] == examples


def test_without_a_usable_yes_example_the_job_is_at_fault(trusting: ContractClient, picture_host: PictureHost) -> None:
    examples = {"yes": [picture_host.missing()], "no": [picture_host.picture(people.jpeg(GRACE))]}
    asked = {"images": [picture(EILEEN)] * 2, "question": "Is it her?", "examples": examples}
    job = trusting.ask_about("ask", asked)
    assert job["status"] == "COMPLETED_ALL_ERROR"
    assert [image["status"] for image in job["imageResults"]] == ["JOB_ERROR"] * 2
    assert job["jobResults"] == {}


def test_a_new_job_repeats_the_question(ada: ContractClient) -> None:
    examples = {"yes": ["ftp://no.example/1.jpg"] * 3, "no": ["ftp://no.example/2.jpg"]}
    fields = {"customId": "job", "feedId": "feed", "webhookUrl": "http://192.0.2.1/hook", "question": "q" * 256}
    job = ada.post("/v2/ask", json={"images": [picture(EILEEN)], "examples": examples, **fields}).json()
    assert {name: job[name] for name in fields} == fields
    assert (job["status"], job["examples"], job["jobResults"]) == ("IN_PROGRESS", examples, {})


def test_broken_pictures_do_not_fail_their_neighbours(ada: ContractClient) -> None:
    images = [blob(b"no picture"), picture(EILEEN)]
    job = ada.ask_about("ask", {"images": images, "question": "Is anyone there?"})
    assert job["status"] == "COMPLETED_PARTIAL_ERROR"
    assert chosen(job) == 1


PICTURES: Json = {"images": [{"url": "http://192.0.2.1/1.jpg"}]}
ADDRESS = "http://192.0.2.1/e.jpg"

# a request, and the field that the refusal names
REFUSED: list[tuple[Json, str]] = [
    (PICTURES, "question"),
    ({**PICTURES, "question": None}, "question"),
    ({**PICTURES, "question": ["anyone?"]}, "question"),
    ({**PICTURES, "question": "anyone?".ljust(257, "?")}, "question"),
    ({**PICTURES, "question": "anyone\x00?"}, "question"),
    ({**PICTURES, "question": "anyone?", "examples": []}, "examples"),
    ({**PICTURES, "question": "anyone?", "examples": {"yes": []}}, "examples.yes"),
    ({**PICTURES, "question": "anyone?", "examples": {"yes": [ADDRESS] * 4}}, "examples.yes"),
    ({**PICTURES, "question": "anyone?", "examples": {"yes": [ADDRESS], "no": []}}, "examples.no"),
    ({**PICTURES, "question": "anyone?", "examples": {"yes": [ADDRESS.ljust(2049, "e")]}}, "examples.yes.0"),
    ({**PICTURES, "question": "anyone?", "examples": {"yes": [7]}}, "examples.yes.0"),
    ({"question": "anyone?"}, "images"),
]


@pytest.mark.parametrize(("asked", "field"), REFUSED)
def test_a_malformed_request_is_refused_by_field_and_makes_no_job(
    ada: ContractClient, namespace: str, asked: Json, field: str
) -> None:
    answer = ada.post("/v2/ask", json={"feedId": namespace, **asked})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)
    assert ada.get("/v2/ask", params={"feedId": namespace}).json() == []
