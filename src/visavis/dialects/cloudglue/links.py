"""Addresses of thumbnails as clients see them: they open without a key."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from visavis.accounts.media_links import MediaLinks
from visavis.video_records import VideoFile

# Addresses of pictures change once an hour, not at every look.
_STEP_S = 3600


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses for one request; ``base_url`` is where the client found us, with no slash at its end."""

    media: MediaLinks
    base_url: str
    ttl_seconds: int

    def frame_url(self, frame_id: UUID) -> str:
        """The small picture of a frame."""
        return self._url(f"frames/{frame_id}")

    def frame_url_if(self, has_thumbnail: bool, frame_id: UUID) -> str | None:
        """The small picture of a frame, where there is one."""
        return self.frame_url(frame_id) if has_thumbnail else None

    def poster_url(self, file_id: UUID) -> str:
        """A file's own picture."""
        return self._url(f"videos/{file_id}/poster")

    def poster_url_of(self, file: VideoFile) -> str | None:
        """A file's own picture, where there is one."""
        return self.poster_url(file.id) if file.has_poster else None

    def _url(self, resource: str) -> str:
        step_seconds = min(_STEP_S, self.ttl_seconds)
        return self.base_url + self.media.make(resource, ttl_seconds=self.ttl_seconds, step_seconds=step_seconds)
