"""Detect jobs: classes, zones that are ignored, what is found in each picture and which picture is chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support import people
from support.client import Json, blob
from support.contract import ContractClient
from support.people import EILEEN, GRACE, LUIS, picture
from support.server import Server

DONE = "COMPLETED_SUCCESSFULLY"


def grid(rows: int, columns: int, *ignored: tuple[int, int]) -> list[list[int]]:
    """Zones with these cells (row, column) ignored."""
    return [[int((row, column) in ignored) for column in range(columns)] for row in range(rows)]


def zones(cells: list[list[int]], **fields: Any) -> Json:
    return {"type": "GRID", "zones": cells, **fields}


def found(job: Json) -> list[list[str]]:
    """Of each picture, the classes found in it."""
    return [[each["class"] for each in image["objects"]] for image in job["imageResults"]]


def chosen(job: Json) -> list[int | None]:
    """Of each class, the place of the chosen picture in the request."""
    ids = [image["id"] for image in job["imageResults"]]
    return [ids.index(result["image"]["id"]) if "image" in result else None for result in job["jobResults"]]


def test_faces_are_found_and_the_surest_picture_is_chosen_for_each_class(ada: ContractClient) -> None:
    images = [blob(people.empty_scene(), "nobody"), picture(EILEEN, custom_id="eileen"), picture(LUIS)]
    job = ada.ask_about("detect", {"images": images, "classes": [{"class": "person"}, {"class": "face"}]})
    assert job["status"] == DONE
    assert found(job) == [[], ["person", "face"], ["person", "face"]]
    assert [result["class"] for result in job["jobResults"]] == ["person", "face"]
    confidences = [image["objects"][0]["confidence"] for image in job["imageResults"][1:]]
    best = 1 + confidences.index(max(confidences))
    assert chosen(job) == [best, best]
    for result in job["jobResults"]:
        assert result["hitl"] is False
        assert result["image"]["confidence"] == max(confidences)
        assert result["image"]["url"] == job["imageResults"][best]["url"]
    for image in job["imageResults"][1:]:
        for each in image["objects"]:
            assert each["verdict"] is True
            assert 0.8 <= each["confidence"] <= 1


def test_a_class_that_is_nowhere_has_no_picture(ada: ContractClient) -> None:
    job = ada.ask_about("detect", {"images": [blob(people.empty_scene())], "classes": [{"class": "face"}]})
    assert job["jobResults"] == [{"class": "face", "hitl": False}]
    assert job["imageResults"][0]["objects"] == []
    assert job["status"] == DONE


# --- exclusion zones: two people, the left face centred in the left half, the right one in the right --------

LEFT, RIGHT = (EILEEN, 0), (GRACE, 0)

# the zones, how many of the two pictures (both people; the left one alone) show a face outside of them
EXCLUDED: list[tuple[str, Json, tuple[int, int]]] = [
    ("nothing", zones(grid(2, 2)), (1, 1)),
    ("the left half", zones(grid(1, 2, (0, 0))), (1, 0)),
    ("the right half", zones(grid(1, 2, (0, 1))), (1, 1)),
    ("everything", zones([[1]]), (0, 0)),
    ("everything in 128 x 128 cells", zones([[1] * 128] * 128, size=128), (0, 0)),
    ("the left half, in cells of the vendor's sample", zones([[1] * 8 + [0] * 8] * 16, size=16), (1, 0)),
    ("the left half, rows and cells of different number", zones([[1, 1, 0, 0]] * 3), (1, 0)),
    ("the top row, where no centre lies", zones([[1] * 8] + [[0] * 8] * 7), (1, 1)),
    ("no rows", zones([]), (1, 1)),
    ("without a type", {"zones": [[1]]}, (0, 0)),
]


@pytest.mark.parametrize(("excluded", "seen"), [row[1:] for row in EXCLUDED], ids=[row[0] for row in EXCLUDED])
def test_a_face_with_its_centre_in_an_ignored_cell_does_not_count(
    ada: ContractClient, excluded: Json, seen: tuple[int, int]
) -> None:
    alone = people.on_the_left(LEFT)
    images = [blob(people.side_by_side(LEFT, RIGHT)), blob(alone)]
    asked = {"images": images, "classes": [{"class": "face", "exclusionZones": excluded}, {"class": "person"}]}
    job = ada.ask_about("detect", asked)
    assert tuple(image.count("face") for image in found(job)) == seen
    assert [image.count("person") for image in found(job)] == [1, 1]  # zones are those of one class only


def test_one_class_may_be_asked_with_different_zones(ada: ContractClient) -> None:
    classes = [
        {"class": "face", "exclusionZones": zones(grid(1, 2, (0, 0)))},
        {"class": "face", "exclusionZones": zones(grid(1, 2, (0, 1)))},
    ]
    job = ada.ask_about("detect", {"images": [blob(people.on_the_left(LEFT))], "classes": classes})
    assert chosen(job) == [None, 0]
    assert found(job) == [["face"]]


# --- verify -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish", [{}, {"verify": "NEVER"}, {"verify": "AUTO"}, {"verify": "ALWAYS"}, {"hitl": "ALWAYS"}, {"hitl": "NEVER"}]
)
def test_with_reviews_off_every_wish_for_a_human_is_taken_and_nobody_waits(ada: ContractClient, wish: Json) -> None:
    job = ada.ask_about("detect", {"images": [picture(EILEEN)], "classes": [{"class": "face", **wish}]})
    assert job["status"] == DONE
    assert job["jobResults"][0]["hitl"] is False
    assert chosen(job) == [0]


def test_the_wish_is_kept(ada: ContractClient, server: Server) -> None:
    classes = [{"class": "face", "hitl": "ALWAYS"}, {"class": "person", "verify": "NEVER", "hitl": "ALWAYS"}]
    job = ada.ask_about("detect", {"images": [picture(EILEEN)], "classes": classes})
    shown = json.loads(server.run("jobs", "show", job["id"], "--json").stdout)
    assert [each["verify"] for each in shown["request"]["classes"]] == ["always", "never"]


# --- broken pictures --------------------------------------------------------------------------------------


def test_broken_pictures_have_no_objects_and_do_not_fail_their_neighbours(ada: ContractClient) -> None:
    images = [blob(b"no picture"), {"url": "http://127.0.0.1:1/a.jpg"}, picture(EILEEN)]
    job = ada.ask_about("detect", {"images": images, "classes": [{"class": "face"}]})
    assert job["status"] == "COMPLETED_PARTIAL_ERROR"
    assert [image["status"] for image in job["imageResults"]] == [
        "INVALID_IMAGE_FORMAT_ERROR",
        "IMAGE_DOWNLOAD_ERROR",
        DONE,
    ]
    assert found(job) == [[], [], ["face"]]
    broken = ada.ask_about("detect", {"images": images[:2], "classes": [{"class": "face"}]})
    assert broken["status"] == "COMPLETED_ALL_ERROR"
    assert chosen(broken) == [None]


def test_a_new_job_lists_what_was_asked(ada: ContractClient) -> None:
    fields = {"customId": "job", "feedId": "feed", "webhookUrl": "http://192.0.2.1/hook"}
    asked = {"images": [picture(EILEEN, custom_id="a")], "classes": [{"class": "person"}, {"class": "face"}], **fields}
    job = ada.post("/v2/detect/", json=asked).json()
    assert {name: job[name] for name in fields} == fields
    assert job["status"] == "IN_PROGRESS"
    assert job["jobResults"] == [{"class": "person", "hitl": False}, {"class": "face", "hitl": False}]
    [image] = job["imageResults"]
    assert (image["status"], image["customId"], image["objects"]) == ("IN_PROGRESS", "a", [])


# --- refusals ---------------------------------------------------------------------------------------------

PICTURES: Json = {"images": [{"url": "http://192.0.2.1/1.jpg"}]}
FACE: Json = {"class": "face"}

# the classes, and the field that the refusal names
REFUSED: list[tuple[Any, str]] = [
    (None, "classes"),
    ([], "classes"),
    ("face", "classes"),
    (["face"], "classes.0"),
    ([FACE] * 65, "classes"),
    ([{}], "classes.0.class"),
    ([{"class": None}], "classes.0.class"),
    ([FACE, {"class": "package"}], "classes.1.class"),
    ([{**FACE, "verify": "SOMETIMES"}], "classes.0.verify"),
    ([{**FACE, "verify": "always"}], "classes.0.verify"),
    ([{**FACE, "verify": None}], "classes.0.verify"),
    ([{**FACE, "hitl": "SOMETIMES"}], "classes.0.verify"),
    ([{**FACE, "exclusionZones": {"type": "GRID"}}], "classes.0.exclusionZones.zones"),
    ([{**FACE, "exclusionZones": zones([[0]], type="POLYGON")}], "classes.0.exclusionZones.type"),
    ([{**FACE, "exclusionZones": zones([[2]])}], "classes.0.exclusionZones.zones.0.0"),
    ([{**FACE, "exclusionZones": zones([[-1]])}], "classes.0.exclusionZones.zones.0.0"),
    ([{**FACE, "exclusionZones": zones([[0.5]])}], "classes.0.exclusionZones.zones.0.0"),  # type: ignore[list-item]
    ([{**FACE, "exclusionZones": zones([[True]])}], "classes.0.exclusionZones.zones.0.0"),
    ([{**FACE, "exclusionZones": zones([["1"]])}], "classes.0.exclusionZones.zones.0.0"),  # type: ignore[list-item]
    ([{**FACE, "exclusionZones": zones([[0, 1], [0]])}], "classes.0.exclusionZones"),
    ([{**FACE, "exclusionZones": zones([[]])}], "classes.0.exclusionZones"),
    ([{**FACE, "exclusionZones": zones([[0] * 65])}], "classes.0.exclusionZones"),  # the size is 64 if none is given
    ([{**FACE, "exclusionZones": zones([[0] * 17], size=16)}], "classes.0.exclusionZones"),
    ([{**FACE, "exclusionZones": zones([[0]] * 33, size=32)}], "classes.0.exclusionZones"),
    ([{**FACE, "exclusionZones": zones([[0]], size=0)}], "classes.0.exclusionZones.size"),
    ([{**FACE, "exclusionZones": zones([[0]], size=129)}], "classes.0.exclusionZones.size"),
    ([{**FACE, "exclusionZones": zones([[0]], size=1.5)}], "classes.0.exclusionZones.size"),
]


@pytest.mark.parametrize(("classes", "field"), REFUSED)
def test_malformed_classes_are_refused_by_field_and_make_no_job(
    ada: ContractClient, namespace: str, classes: Any, field: str
) -> None:
    answer = ada.post("/v2/detect", json={**PICTURES, "classes": classes, "feedId": namespace})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(field)
    assert ada.get("/v2/detect", params={"feedId": namespace}).json() == []


def test_a_refused_class_hears_which_there_are(ada: ContractClient) -> None:
    message = ada.post("/v2/detect", json={**PICTURES, "classes": [{"class": "dog"}]}).json()["error"]["message"]
    assert "person, face" in message
