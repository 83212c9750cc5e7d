"""Between the wire's words and ours."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.accounts.media_links import MediaLinks
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.endpoints.context import answer_as
from visavis.dialects.imageintelligence.links import Links
from visavis.dialects.imageintelligence.requests import recognize_from_wire
from visavis.errors import InvalidRequest
from visavis.records import (
    Author,
    Face,
    Group,
    JobKind,
)

LINKS = Links(MediaLinks(b"k" * 32), "http://here", 60)
NOW = datetime(2024, 2, 29, 12, 30, 15, 678_000, UTC)
ID = UUID("9a7c1a40-0000-4000-8000-000000000001")


# --- pictures ---------------------------------------------------------------------------------------------


def decoded(blob: str) -> bytes | None:
    request = wire.RecognizeRequest.model_validate({"images": [{"blob": blob}]})
    return recognize_from_wire(request, "http://here").images[0].data


# a blob as it is sent; the bytes it means
BLOBS = [
    ("aGVsbG8=", b"hello"),
    ("aGVsbG8", b"hello"),  # without padding
    ("data:image/jpeg;base64,aGVsbG8=", b"hello"),
    ("data:image/jpeg;base64,aGVsbG8", b"hello"),
    ("data:;base64,aGVsbG8=", b"hello"),
    ("data:,aGVsbG8=", b"hello"),
    ("aGVs\nbG8=", b"hello"),  # in lines
    ("aGVs\r\nbG8=\r\n", b"hello"),
    (" aGVs bG8= ", b"hello"),
    ("+/+/", b"\xfb\xff\xbf"),
    ("", b""),
    ("data:", b""),
    ("data:image/png;base64", b""),  # no comma, no bytes
    ("!!!", b""),
    ("aGVsbG8=!", b""),
    ("aGVs*bG8=", b""),
    ("a", b""),  # six bits are no byte
    ("東京", b""),
]


@pytest.mark.parametrize(("blob", "data"), BLOBS)
def test_a_blob_is_base64_with_or_without_its_trimmings(blob: str, data: bytes) -> None:
    assert decoded(blob) == data


@given(st.binary(max_size=200), st.booleans(), st.booleans(), st.booleans())
def test_any_bytes_survive_base64(data: bytes, prefixed: bool, in_lines: bool, padded: bool) -> None:
    text = base64.encodebytes(data).decode() if in_lines else base64.b64encode(data).decode()
    text = text if padded else text.replace("=", "")
    assert decoded(f"data:image/png;base64,{text}" if prefixed else text) == data


@given(st.text())
def test_no_text_breaks_the_decoding_of_blobs(text: str) -> None:
    assert isinstance(decoded(text), bytes)


def test_a_job_keeps_the_order_of_its_pictures_and_all_that_was_sent() -> None:
    request = wire.RecognizeRequest.model_validate(
        {
            "images": [{"url": "http://a/"}, {"blob": "aGk=", "customId": "b"}],
            "customId": "c",
            "feedId": "f",
            "webhookUrl": "https://w/",
        }
    )
    job = recognize_from_wire(request, "http://here")
    assert [(image.source_url, image.data, image.custom_id) for image in job.images] == [
        ("http://a/", None, None),
        (None, b"hi", "b"),
    ]
    assert (job.kind, job.custom_id, job.feed_id, job.webhook_url) == (JobKind.RECOGNIZE, "c", "f", "https://w/")


# --- moments ----------------------------------------------------------------------------------------------

# a number on the wire; the moment it means
MOMENTS = [
    (0, datetime(1970, 1, 1, tzinfo=UTC)),
    (1, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
    (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),  # seconds
    (1_700_000_000.5, datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC)),
    (1_700_000_000_123, datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)),  # milliseconds
    (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),  # the last second
    (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),  # the first millisecond
]


@pytest.mark.parametrize(("number", "moment"), MOMENTS)
def test_a_moment_is_seconds_when_small_and_milliseconds_when_large(number: float, moment: datetime) -> None:
    assert translate.moment_from_wire(number, "start") == moment


def test_no_moment_is_no_moment() -> None:
    assert translate.moment_from_wire(None, "start") is None


@pytest.mark.parametrize("number", [-1, -0.001, -1e18, 1e18, 1e300, float("inf"), float("nan")])
def test_what_is_no_moment_since_1970_is_refused_by_name(number: float) -> None:
    with pytest.raises(InvalidRequest, match="start"):
        translate.moment_from_wire(number, "start")


@given(st.datetimes(datetime(1973, 3, 4), datetime(2100, 1, 1)))
def test_a_moment_comes_back_as_the_millisecond_it_was(moment: datetime) -> None:
    kept = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    told = translate.milliseconds(kept)
    assert told == (kept - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert translate.moment_from_wire(told, "start") == kept


# --- ids --------------------------------------------------------------------------------------------------


def test_an_id_is_read_as_it_was_handed_out() -> None:
    thing = uuid4()
    assert translate.id_from_wire(str(thing)) == thing


# other spellings of an id, and what is none
NO_IDS = [
    str(ID).upper(),
    str(ID).replace("-", ""),
    f"{{{ID}}}",
    f"urn:uuid:{ID}",
    f" {ID}",
    f"{ID}\n",
    "",
    "5",
    "no id",
    "\x00",
    "９" + str(ID)[1:],  # a digit to int(), not to us
    "x" * 100_000,
]


@pytest.mark.parametrize("text", NO_IDS)
def test_what_we_never_handed_out_is_no_id(text: str) -> None:
    assert translate.id_from_wire(text) is None
    assert translate.known_ids([text, str(ID)]) == [ID]
    with pytest.raises(InvalidRequest, match=r"images\.add"):
        translate.face_ids_from_wire([str(ID), text], "images.add")


@given(st.text())
def test_no_text_breaks_the_reading_of_ids(text: str) -> None:
    assert translate.id_from_wire(text) is None or str(translate.id_from_wire(text)) == text


def test_faces_are_named_once_and_in_order() -> None:
    other = uuid4()
    assert translate.face_ids_from_wire([str(other), str(ID), str(other)], "imageIds") == [other, ID]


# --- searches ---------------------------------------------------------------------------------------------


def test_an_empty_search_asks_for_the_newest_twenty() -> None:
    search = translate.search_from_wire(wire.SearchRequest.model_validate({}))
    assert (search.limit, search.offset, search.ascending) == (20, 0, False)
    assert (search.ids, search.custom_ids, search.feed_ids, search.after, search.before) == (None,) * 5
    assert not search.without_custom_id
    assert not search.without_feed_id


def test_null_asks_for_those_that_have_none_and_is_not_the_empty_list() -> None:
    search = translate.search_from_wire(wire.SearchRequest.model_validate({"customIds": None, "feedIds": []}))
    assert (search.custom_ids, search.without_custom_id) == (None, True)
    assert (search.feed_ids, search.without_feed_id) == ((), False)


def test_ids_that_cannot_be_ours_find_nothing_rather_than_everything() -> None:
    search = translate.search_from_wire(wire.SearchRequest.model_validate({"ids": ["no id"]}))
    assert search.ids == ()


# --- out --------------------------------------------------------------------------------------------------


def make_face(**changed: object) -> Face:
    fields = {
        "id": ID,
        "namespace_id": ID,
        "group_id": ID,
        "identity_id": None,
        "x_min": 0.1,
        "y_min": 0.2,
        "x_max": 0.3,
        "y_max": 0.4,
        "detection_score": 0.9,
        "sharpness": 0.5,
        "is_frontal": True,
        "width_px": 150,
        "height_px": 200,
        "custom_id": None,
        "feed_id": None,
        "source_url": None,
        "blob_key": "blob",
        "created_at": NOW,
        **changed,
    }
    return Face(**fields)  # type: ignore[arg-type]


def test_a_face_of_a_blob_has_the_address_of_our_copy() -> None:
    assert translate.face_to_wire(make_face(), LINKS)["url"].startswith("http://here/media/")
    assert translate.face_to_wire(make_face(source_url="http://a/"), LINKS)["url"] == "http://a/"


def test_numbers_stay_between_nought_and_one() -> None:
    told = translate.face_to_wire(make_face(detection_score=1.0000001, sharpness=-1e-9), LINKS)
    assert (told["bounding_box_confidence"], told["sharpness"]) == (1, 0)


@pytest.mark.parametrize(("author", "word"), [(Author.MANUAL, "MANUAL"), (Author.REVIEW, "HITL"), (Author.MODEL, "ML")])
def test_a_link_says_who_made_it(author: Author, word: str) -> None:
    told = translate.group_to_wire(Group(ID, ID, ID, ID, author, NOW, NOW), "office", [make_face()], LINKS)
    assert (told["identity_id"], told["link_modified_by"]) == (ID, word)
    assert told["link_last_modified_at"] == translate.milliseconds(NOW) == 1_709_209_815_678


def test_a_group_without_a_link_leaves_its_fields_out() -> None:
    told = translate.group_to_wire(Group(ID, ID, ID, None, None, None, NOW), "office", [], LINKS)
    assert set(json.loads(answer_as(wire.GroupResponse, told).body)) == {
        "id",
        "batchId",
        "namespace",
        "createdAt",
        "images",
    }
