"""Filters by what is known of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from visavis.dialects.body import parse_json
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.addresses import UPLOADED
from visavis.errors import InvalidRequest
from visavis.video_records import Criterion

_MAX_TEXT = 64 * 1024
_OPERATOR: Final[Mapping[wire.Operator, str]] = {
    "Equal": "equal",
    "NotEqual": "not_equal",
    "LessThan": "less_than",
    "GreaterThan": "greater_than",
    "ContainsAny": "contains_any",
    "ContainsAll": "contains_all",
    "In": "in",
    "Like": "like",
}
_OF_SEVERAL: Final = ("ContainsAny", "ContainsAll", "In")


def criteria_from_text(text: str | None) -> tuple[Criterion, ...]:
    """A filter in a query, where it is JSON text; no text is no filter.

    Raises:
        InvalidRequest: it is none.
    """
    if not text:
        return ()
    if len(text) > _MAX_TEXT:
        raise InvalidRequest(f"filter: may have at most {_MAX_TEXT} characters.")
    return criteria_from_wire(parse_json(text, wire.SearchFilter, within="filter"))


def criteria_from_wire(given: wire.SearchFilter | None) -> tuple[Criterion, ...]:
    """A filter as criteria, which must all hold.

    Raises:
        InvalidRequest: a criterion lacks what its operator needs, or asks for what videos do not have here.
    """
    if given is None:
        return ()
    if given.source_metadata:
        raise InvalidRequest("filter.source_metadata: files have none on this server.")
    return (
        *_criteria("metadata", given.metadata or ()),
        *_criteria("video_info", given.video_info or ()),
        *_criteria("file", given.file or ()),
    )


def _criteria(source: str, given: Sequence[wire.FilterCriterion]) -> list[Criterion]:
    return [_criterion(source, each, f"filter.{source}.{number}") for number, each in enumerate(given)]


def _criterion(source: str, given: wire.FilterCriterion, field: str) -> Criterion:
    if given.scope == "segment":
        raise InvalidRequest(f"{field}.scope: there are no segments on this server, only files.")
    path, operator = _path(source, given.path, field), _OPERATOR[given.operator]
    kept = _id_of_uri if source == "file" and given.path == "uri" else str
    if given.operator in _OF_SEVERAL:
        if given.value_text_array is None:
            raise InvalidRequest(f"{field}.valueTextArray: {given.operator} needs it.")
        return Criterion(source, path, operator, values=tuple(kept(each) for each in given.value_text_array))
    if given.value_text is None:
        raise InvalidRequest(f"{field}.valueText: {given.operator} needs it.")
    return Criterion(source, path, operator, value=kept(given.value_text))


def _path(source: str, path: str, field: str) -> tuple[str, ...]:
    if source != "metadata":
        return ("id",) if path == "uri" else (path,)
    parts = tuple(path.removeprefix("metadata.").split("."))
    if "" in parts:
        raise InvalidRequest(f"{field}.path: must be names with dots between them.")
    return parts


def _id_of_uri(uri: str) -> str:
    """What files have of their uri."""
    return uri.removeprefix(UPLOADED)
