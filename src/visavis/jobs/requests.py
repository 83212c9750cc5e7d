"""What each kind of job asks beyond its pictures: checked where it is born, kept as JSON beside the job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from visavis.records import Box, Job

Request = TypeVar("Request")

MAX_GRID = 128


class Verify(StrEnum):
    """Whether a human looks at what the machine says of a class."""

    NEVER = "never"
    AUTO = "auto"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """Which kind of target is looked for; what the client calls it."""

    object_class: str
    target_custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells over the whole picture, rows from the top, cells from the left; True: what lies there is ignored."""

    ignored: tuple[tuple[bool, ...], ...]

    def __post_init__(self) -> None:
        widths = {len(row) for row in self.ignored}
        if len(widths) != 1:
            raise ValueError("the rows of a grid are of one length, and there is at least one")
        if not (1 <= len(self.ignored) <= MAX_GRID and 1 <= widths.pop() <= MAX_GRID):
            raise ValueError(f"a grid has 1 to {MAX_GRID} rows of 1 to {MAX_GRID} cells")

    def ignores(self, box: Box) -> bool:
        """Whether the centre of a box lies in an ignored cell."""
        rows, columns = len(self.ignored), len(self.ignored[0])
        row = min(int((box.y_min + box.y_max) / 2 * rows), rows - 1)
        column = min(int((box.x_min + box.x_max) / 2 * columns), columns - 1)
        return self.ignored[row][column]


@dataclass(frozen=True, slots=True)
class DetectedClass:
    """One class to be found, and where not to look for it."""

    name: str
    verify: Verify = Verify.AUTO
    exclusion: Grid | None = None


@dataclass(frozen=True, slots=True)
class DetectRequest:
    """The classes to be found, in the order of the request."""

    classes: tuple[DetectedClass, ...]


@dataclass(frozen=True, slots=True)
class AskRequest:
    """A question. ``by_examples``: it is answered by faces like the yes examples, else by any face."""

    question: str
    by_examples: bool


@dataclass(frozen=True, slots=True)
class PhotoMatchRequest:
    """Two photos, each of one person.

    A photo that may be crowded, such as an identity card with its small second portrait, may show several faces of like
    size; the largest counts. ``form``: in whose words the client asked, for the dialect alone. Media types are those
    that the client gave the photos.
    """

    form: str
    subject_media_type: str
    target_media_type: str
    subject_may_be_crowded: bool = False
    target_may_be_crowded: bool = False


def request_to_json(request: MatchRequest | DetectRequest | AskRequest | PhotoMatchRequest) -> Mapping[str, Any]:
    """A request as it is kept."""
    kind: Any = type(request)
    kept: Mapping[str, Any] = _adapter(kind).dump_python(request, mode="json")
    return kept


def request_of(job: Job, kind: type[Request]) -> Request:
    """What a job was asked."""
    asked: Any = kind
    request: Request = _adapter(asked).validate_python(job.request)
    return request


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Making one takes a third of a millisecond, which a search for a hundred jobs would wait for a hundred times.
    return TypeAdapter(kind)
