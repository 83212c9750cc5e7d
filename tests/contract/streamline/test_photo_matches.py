"""Photo matches: does one photo show the person of the other? Both editions."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image, ImageFilter

from support import people
from support.client import Json
from support.people import EILEEN, GRACE, LUIS, jpeg
from support.server import Server
from support.streamline import FIELDS, NEWER, OLDER, VERSION, StreamlineClient
from visavis import samples
from visavis.media.crops import encode_jpeg

EDITIONS = pytest.mark.parametrize("path", [OLDER, NEWER], ids=["older", "newer"])


# --- verdicts ---------------------------------------------------------------------------------------------


@EDITIONS
def test_the_same_person_is_a_match(bank: StreamlineClient, path: str) -> None:
    told = bank.match(jpeg(EILEEN), jpeg(EILEEN, 1), path, externalReference="customer-17")
    result = told["result"]
    assert result["match"] is True
    assert 0.5 <= result["score"] <= 1
    assert result["percentageScore"] == f"{result['score'] * 100:.2f}%"
    assert (result["isError"], result["errorMessage"]) == (False, None)
    assert told["externalReference"] == "customer-17"
    assert told["requestStatus"] == ("Completed" if path == OLDER else 2)
    if path == NEWER:
        assert result["status"] == "Match"
        assert "same person" in result["comment"]


@EDITIONS
def test_strangers_are_none(bank: StreamlineClient, path: str) -> None:
    told = bank.match(jpeg(EILEEN), jpeg(GRACE), path)
    result = told["result"]
    assert result["match"] is False
    assert 0 <= result["score"] < 0.01
    assert (result["isError"], result["errorMessage"], told["externalReference"]) == (False, None, None)
    if path == NEWER:
        assert result["status"] == "NoMatch"


def test_somebody_who_looks_a_little_like_the_holder_is_no_match(bank: StreamlineClient) -> None:
    result = bank.match(people.sibling(EILEEN, GRACE), jpeg(EILEEN))["result"]
    assert result["match"] is False
    assert result["score"] < 0.5


def test_the_same_picture_has_a_score_near_one(bank: StreamlineClient) -> None:
    assert bank.match(jpeg(LUIS), jpeg(LUIS))["result"]["score"] > 0.9999


@pytest.mark.parametrize(("a", "b"), [((EILEEN, 0), (EILEEN, 2)), ((GRACE, 0), (LUIS, 1)), ((LUIS, 0), (LUIS, 3))])
def test_the_order_of_the_photos_does_not_matter(
    bank: StreamlineClient, a: tuple[str, int], b: tuple[str, int]
) -> None:
    scores = {
        bank.match(jpeg(*one), jpeg(*other), path)["result"]["score"]
        for one, other in ((a, b), (b, a))
        for path in (OLDER, NEWER)
    }
    assert len(scores) == 1


def test_the_command_line_gives_the_same_number_for_the_same_files(
    bank: StreamlineClient, server: Server, tmp_path: Path
) -> None:
    for one, other in (((EILEEN, 0), (EILEEN, 3)), ((EILEEN, 0), (GRACE, 1))):
        score = bank.match(jpeg(*one), jpeg(*other))["result"]["score"]
        a, b = tmp_path / "a.jpg", tmp_path / "b.jpg"
        a.write_bytes(jpeg(*one))
        b.write_bytes(jpeg(*other))
        told = json.loads(server.run("compare", str(a), str(b), "--json").stdout)
        assert told["score"] == pytest.approx(score, abs=1e-6)
        assert told["isMatch"] == (score >= 0.5)


# --- photos -----------------------------------------------------------------------------------------------


@cache
def card(face_px: int, *, second_portrait: bool = False) -> bytes:
    """An identity card of 600 pixels with a printed portrait of Eileen whose face is so wide, as a JPEG file."""
    return encode_jpeg(samples.id_card(EILEEN, face_px=face_px, second_portrait=second_portrait), 80)


@pytest.mark.parametrize("face_px", [80, 50, 40])
def test_a_small_printed_face_on_a_card_is_found_and_matches(
    bank: StreamlineClient, server: Server, face_px: int
) -> None:
    told = bank.match(jpeg(EILEEN, 1), card(face_px), NEWER)
    assert told["result"]["status"] == "Match", told
    record = json.loads(server.run("photomatch", "show", told["id"], "--json").stdout)
    box = record["photos"][1]["face"]["boundingBox"]
    assert (box["xMax"] - box["xMin"]) * 600 == pytest.approx(face_px, rel=0.35)
    assert bank.match(jpeg(GRACE, 1), card(face_px), NEWER)["result"]["status"] == "NoMatch"


def test_the_second_portrait_of_a_card_does_no_harm_in_the_newer_edition(bank: StreamlineClient) -> None:
    twice = card(70, second_portrait=True)
    assert bank.match(jpeg(EILEEN, 1), twice, NEWER)["result"]["status"] == "Match"
    assert "more than one face" in bank.match(jpeg(EILEEN, 1), twice, OLDER)["result"]["errorMessage"]


def lying(data: bytes, image_format: str) -> bytes:
    """The same picture, lying on its side, with a note that says so."""
    image = Image.open(io.BytesIO(data)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees clockwise to see it upright
    file = io.BytesIO()
    image.save(file, image_format, exif=exif, **({"quality": 97} if image_format == "JPEG" else {}))
    return file.getvalue()


def test_a_selfie_that_lies_on_its_side_has_the_score_of_an_upright_one(bank: StreamlineClient) -> None:
    # Near the threshold, where the score is most easily moved, every pixel the same.
    near = people.sibling(EILEEN, GRACE, 0.42)
    upright = bank.match(jpeg(EILEEN), near)["result"]["score"]
    assert 0.05 < upright < 0.95
    assert bank.match(("selfie.png", lying(jpeg(EILEEN), "PNG")), near)["result"]["score"] == upright
    # As a camera would write it, the pixels slightly changed.
    for target in (jpeg(EILEEN, 1), jpeg(GRACE)):
        upright = bank.match(jpeg(EILEEN), target)["result"]["score"]
        told = bank.match(lying(jpeg(EILEEN), "JPEG"), target)["result"]["score"]
        assert told == pytest.approx(upright, abs=0.01)


FORMATS = [
    ("jpeg", "JPEG"),
    ("jpg", "JPEG"),
    ("JPG", "JPEG"),
    ("ico", "ICO"),
    ("png", "PNG"),
    ("bmp", "BMP"),
    ("gif", "GIF"),
    ("tif", "TIFF"),
    ("tiff", "TIFF"),
    ("webp", "WEBP"),
]


@EDITIONS
@pytest.mark.parametrize(("ending", "image_format"), FORMATS)
def test_every_permitted_format_is_compared_and_kept_byte_for_byte(
    bank: StreamlineClient, path: str, ending: str, image_format: str
) -> None:
    data = people.encoded(image_format)
    told = bank.match((f"selfie.{ending}", data), jpeg(EILEEN, 1), path)
    assert told["result"]["match"] is True
    photo_id = told["sourceImage" if path == OLDER else "selfie"]
    for address in (OLDER, NEWER):  # either serves the photos of both
        photo = bank.get(f"{address}/photos/{photo_id}", params=VERSION)
        assert photo.content == data
        assert photo.headers["content-type"].startswith("image/")


def test_without_an_ending_the_type_that_the_client_gives_counts(bank: StreamlineClient) -> None:
    told = bank.match(("selfie", people.encoded("PNG"), "image/png"), ("card", jpeg(EILEEN, 1), "image/jpeg"))
    assert told["result"]["match"] is True


def test_what_the_file_really_is_does_not_matter_to_its_ending(bank: StreamlineClient) -> None:
    assert bank.match(("selfie.png", people.encoded("WEBP")), jpeg(EILEEN, 1))["result"]["match"] is True


# --- what fails, and in which words -----------------------------------------------------------------------


def noise() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(2).integers(0, 255, (200, 200, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def blurred(data: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).filter(ImageFilter.GaussianBlur(9)).save(file, "JPEG")
    return file.getvalue()


# a photo that cannot be compared, and what is said of it
UNUSABLE: list[tuple[str, bytes, str]] = [
    ("nobody in it", people.empty_scene(), "no face"),
    ("noise", noise(), "no face"),
    ("two people", people.side_by_side((EILEEN, 0), (LUIS, 0)), "more than one face"),
    ("a text", b"Dear Sir or Madam,", "could not be read"),
    ("half a file", jpeg(EILEEN)[: len(jpeg(EILEEN)) // 2], "could not be read"),
    ("too blurred", blurred(jpeg(EILEEN)), "too blurred"),
]
UNUSABLE_PHOTOS = pytest.mark.parametrize(
    ("photo", "words"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE]
)


@EDITIONS
@UNUSABLE_PHOTOS
@pytest.mark.parametrize("first", [True, False], ids=["to be verified", "compared with"])
def test_what_cannot_be_compared_fails_and_says_which_photo_and_why(
    bank: StreamlineClient, path: str, photo: bytes, words: str, first: bool
) -> None:
    if words == "more than one face" and path == NEWER and not first:
        pytest.skip("an identity card may show two faces")
    other = jpeg(GRACE)  # somebody else, so that no match outweighs the blur
    told = bank.match(photo, other, path) if first else bank.match(other, photo, path)
    result = told["result"]
    assert told["requestStatus"] == ("Failed" if path == OLDER else 3)
    assert (result["isError"], result["match"], result["score"], result["percentageScore"]) == (True, False, None, None)
    field = FIELDS[path][0 if first else 1]
    assert result["errorMessage"].startswith(f"{field}: ")
    assert words in result["errorMessage"]
    assert FIELDS[path][1 if first else 0] not in result["errorMessage"]
    assert told["completedAt"] is not None
    if path == NEWER:
        assert result["status"] == "Error"


def test_if_both_photos_fail_both_are_told(bank: StreamlineClient) -> None:
    message = bank.match(b"no picture", people.empty_scene())["result"]["errorMessage"]
    first, second = message.split("; SourceImage")[0].split("; TargetImage")
    assert first.startswith("SourceImage: ")
    assert "could not be read" in first
    assert "no face" in second


def test_a_bystander_in_the_background_does_no_harm(bank: StreamlineClient) -> None:
    page = Image.open(io.BytesIO(jpeg(EILEEN))).resize((600, 600))
    page.paste(Image.open(io.BytesIO(jpeg(GRACE))).resize((150, 150)), (0, 0))
    file = io.BytesIO()
    page.save(file, "JPEG")
    assert bank.match(file.getvalue(), jpeg(EILEEN, 1))["result"]["match"] is True


def test_a_blurred_photo_that_matches_all_the_same_is_a_match(bank: StreamlineClient) -> None:
    soft = io.BytesIO()
    Image.open(io.BytesIO(jpeg(EILEEN))).filter(ImageFilter.GaussianBlur(2)).save(soft, "JPEG")
    assert bank.match(soft.getvalue(), jpeg(EILEEN))["result"]["match"] is True


# --- the details ------------------------------------------------------------------------------------------

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")


@EDITIONS
def test_a_new_request_is_pending_with_all_its_fields(bank: StreamlineClient, path: str) -> None:
    created = bank.submit(jpeg(EILEEN), jpeg(EILEEN, 1), path, externalReference="ref").json()
    assert (created["status"], created["externalReference"]) == ("Pending", "ref")
    assert created["requestUri"] == f"{path.removeprefix('/idv')}/{created['id']}?v=2.0"
    for prefix in ("", "/idv"):  # both ways of joining the address
        assert bank.get(prefix + created["requestUri"]).json()["id"] == created["id"]
    told = bank.wait(created["id"], path)
    assert UUID(told["initiatorId"])
    assert told["initiator"].startswith("streamline-")
    received, completed = told["receivedAt"], told["completedAt"]
    assert MOMENT.fullmatch(received)
    assert MOMENT.fullmatch(completed)
    assert datetime.fromisoformat(received) < datetime.fromisoformat(completed)


def test_while_it_is_pending_there_is_no_result_yet(bank: StreamlineClient) -> None:
    # A worker takes one thing after the other: behind this, the requests wait for a moment.
    for path in (OLDER, NEWER):
        busy = [bank.submit(jpeg(GRACE, number), jpeg(GRACE)).json()["id"] for number in range(4)]
        created = bank.submit(jpeg(EILEEN), jpeg(EILEEN, 1), path).json()
        told = bank.get(f"{path}/{created['id']}", params=VERSION).json()
        if told["requestStatus"] in ("Pending", 1):
            assert told["completedAt"] is None
            if path == OLDER:
                assert told["result"] == {
                    "match": False,
                    "score": None,
                    "percentageScore": None,
                    "isError": False,
                    "errorMessage": None,
                }
            else:
                assert set(told["result"].values()) == {None}
        for request_id in busy:
            bank.wait(request_id)
        bank.wait(created["id"], path)


def test_an_unknown_id_is_not_found(bank: StreamlineClient) -> None:
    told = bank.match(jpeg(EILEEN), jpeg(EILEEN, 1))
    for unknown in (str(uuid4()), "1", "not-a-uuid", told["sourceImage"]):
        for path in (OLDER, NEWER):
            assert bank.get(f"{path}/{unknown}", params=VERSION).status_code == 404
    for unknown in (str(uuid4()), "1", told["id"]):
        assert bank.get(f"{OLDER}/photos/{unknown}", params=VERSION).status_code == 404


# --- the record -------------------------------------------------------------------------------------------


def test_every_decision_leaves_a_record(bank: StreamlineClient, server: Server) -> None:
    told = bank.match(jpeg(EILEEN), jpeg(EILEEN, 1), externalReference="customer-18")
    record: Json = json.loads(server.run("photomatch", "show", told["id"], "--json").stdout)
    assert record["verdict"] == "match"
    assert record["score"] == told["result"]["score"]
    assert record["similarity"] >= record["threshold"] == 0.434
    assert record["modelId"]
    assert record["falseMatchRate"] == 1e-4
    assert (record["organization"], record["externalReference"]) == ("bank", "customer-18")
    assert record["applicationId"] == told["initiatorId"]
    assert [photo["id"] for photo in record["photos"]] == [told["sourceImage"], told["targetImage"]]
    for photo in record["photos"]:
        face = photo["face"]
        assert 0 <= face["boundingBox"]["xMin"] < face["boundingBox"]["xMax"] <= 1
        assert 0 < face["sharpness"] < 1
        assert face["facesInPhoto"] == 1
    shown = server.run("photomatch", "show", told["id"]).stdout
    for word in ("match", "similarity", "threshold", "customer-18", "bank", "sharpness"):
        assert word in shown


def test_a_failed_one_leaves_a_record_too(bank: StreamlineClient, server: Server) -> None:
    told = bank.match(people.empty_scene(), jpeg(EILEEN, 1))
    record = json.loads(server.run("photomatch", "show", told["id"], "--json").stdout)
    assert (record["verdict"], record["score"]) == ("error", None)
    assert [photo["leftOut"] for photo in record["photos"]] == ["no_face", None]
    assert record["photos"][0]["face"] is None
    assert record["photos"][1]["face"] is not None
    missing = server.run("photomatch", "show", str(uuid4()), check=False)
    assert missing.returncode == 1
    assert "There is no photo match" in missing.stderr
