"""Filters by what is known of files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.dialects.cloudglue.filters import criteria_from_text
from visavis.errors import InvalidRequest
from visavis.video_records import Criterion


def one(source: str, **criterion: Any) -> tuple[Criterion, ...]:
    return criteria_from_text(json.dumps({source: [criterion]}))


# a criterion as it is sent, and as it is meant
MEANT = [
    (("metadata", {"path": "a", "operator": "Equal", "valueText": "x"}), ("metadata", ("a",), "equal", "x", ())),
    (
        ("metadata", {"path": "a.b", "operator": "NotEqual", "valueText": ""}),
        ("metadata", ("a", "b"), "not_equal", "", ()),
    ),
    # with the object's own name in front
    (
        ("metadata", {"path": "metadata.a.b", "operator": "Like", "valueText": "%x_"}),
        ("metadata", ("a", "b"), "like", "%x_", ()),
    ),
    # a backslash is a backslash
    (
        ("metadata", {"path": "a", "operator": "Like", "valueText": "x\\"}),
        ("metadata", ("a",), "like", "x\\", ()),
    ),
    (
        ("metadata", {"path": "a", "operator": "In", "valueTextArray": ["x", "y"], "scope": "file"}),
        ("metadata", ("a",), "in", None, ("x", "y")),
    ),
    (
        ("metadata", {"path": "a", "operator": "ContainsAny", "valueTextArray": []}),
        ("metadata", ("a",), "contains_any", None, ()),
    ),
    (
        ("video_info", {"path": "duration_seconds", "operator": "GreaterThan", "valueText": "60"}),
        ("video_info", ("duration_seconds",), "greater_than", "60", ()),
    ),
    (
        ("video_info", {"path": "has_audio", "operator": "Equal", "valueText": "true", "valueTextArray": None}),
        ("video_info", ("has_audio",), "equal", "true", ()),
    ),
    (
        ("file", {"path": "bytes", "operator": "LessThan", "valueText": "5"}),
        ("file", ("bytes",), "less_than", "5", ()),
    ),
    # files are kept with their id; the uri is made of it
    (
        ("file", {"path": "uri", "operator": "Equal", "valueText": "cloudglue://files/abc"}),
        ("file", ("id",), "equal", "abc", ()),
    ),
    (
        ("file", {"path": "uri", "operator": "In", "valueTextArray": ["cloudglue://files/a", "b"]}),
        ("file", ("id",), "in", None, ("a", "b")),
    ),
]


@pytest.mark.parametrize(("sent", "meant"), MEANT)
def test_a_criterion_means_what_it_says(sent: tuple[str, dict[str, Any]], meant: tuple[Any, ...]) -> None:
    source, criterion = sent
    assert one(source, **criterion) == (Criterion(*meant),)


def test_criteria_of_all_kinds_stand_together() -> None:
    text = json.dumps(
        {
            "metadata": [{"path": "a", "operator": "Equal", "valueText": "x"}],
            "file": [{"path": "id", "operator": "Equal", "valueText": "y"}],
            "video_info": None,
            "unknown": 3,
        }
    )
    assert [each.source for each in criteria_from_text(text)] == ["metadata", "file"]


@pytest.mark.parametrize("text", [None, "", "{}", '{"metadata": []}', '{"source_metadata": []}'])
def test_nothing_is_no_filter(text: str | None) -> None:
    assert criteria_from_text(text) == ()


# a filter that is wrong, what the message names
WRONG = [
    ("{", "filter"),
    ("[]", "filter"),
    ('"x"', "filter"),
    ('{"metadata": {}}', "filter.metadata"),
    ('{"metadata": [1]}', "filter.metadata.0"),
    ('{"metadata": [{"operator": "Equal", "valueText": "x"}]}', "path"),
    ('{"metadata": [{"path": "a", "valueText": "x"}]}', "operator"),
    ('{"metadata": [{"path": "a", "operator": "Near", "valueText": "x"}]}', "operator"),
    ('{"metadata": [{"path": "a", "operator": "Equal"}]}', "valueText"),
    ('{"metadata": [{"path": "a", "operator": "Equal", "valueText": 5}]}', "valueText"),
    ('{"metadata": [{"path": "a", "operator": "Equal", "valueTextArray": ["x"]}]}', "valueText"),
    ('{"metadata": [{"path": "a", "operator": "In", "valueText": "x"}]}', "valueTextArray"),
    ('{"metadata": [{"path": "", "operator": "Equal", "valueText": "x"}]}', "path"),
    ('{"metadata": [{"path": "a..b", "operator": "Equal", "valueText": "x"}]}', "path"),
    ('{"metadata": [{"path": "metadata.", "operator": "Equal", "valueText": "x"}]}', "path"),
    ('{"metadata": [{"path": "a", "operator": "Equal", "valueText": "\\u0000"}]}', "U\\+0000"),
    ('{"metadata": [{"path": "\\u0000", "operator": "Equal", "valueText": ""}]}', "U\\+0000"),
    ('{"metadata": [{"path": "a", "operator": "Equal", "valueText": "x", "scope": "segment"}]}', "scope"),
    ('{"video_info": [{"path": "width", "operator": "Equal", "valueText": "x"}]}', "path"),
    ('{"file": [{"path": "sha256", "operator": "Equal", "valueText": "x"}]}', "path"),
    ('{"source_metadata": [{"path": "a", "operator": "Equal", "valueText": "x"}]}', "source_metadata"),
    (json.dumps({"metadata": [{"path": "a", "operator": "Equal", "valueText": "x"}] * 51}), "metadata"),
    ("[" * 100_000, "filter"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_wrong_filter_is_refused(text: str, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        criteria_from_text(text)


@given(st.text())
def test_no_text_breaks_a_filter(text: str) -> None:
    try:
        criteria_from_text(text)
    except InvalidRequest:
        return
