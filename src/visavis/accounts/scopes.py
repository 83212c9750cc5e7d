"""What an application may do."""

from __future__ import annotations

from typing import Final

RECOGNITION_READ: Final = "recognition:read"
RECOGNITION_CREATE: Final = "recognition:create"
RECOGNITION_UPDATE: Final = "recognition:update"
RECOGNITION_REMOVE: Final = "recognition:remove"
MATCH_READ: Final = "match:read"
MATCH_CREATE: Final = "match:create"
ASK_READ: Final = "ask:read"
ASK_CREATE: Final = "ask:create"
DETECT_READ: Final = "detect:read"
DETECT_CREATE: Final = "detect:create"
FEEDBACK_READ: Final = "feedback:read"
FEEDBACK_CREATE: Final = "feedback:create"
VIDEOS_READ: Final = "videos:read"
VIDEOS_CREATE: Final = "videos:create"
VIDEOS_UPDATE: Final = "videos:update"
VIDEOS_REMOVE: Final = "videos:remove"

OF_PICTURES: Final = (
    RECOGNITION_READ,
    RECOGNITION_CREATE,
    RECOGNITION_UPDATE,
    RECOGNITION_REMOVE,
    MATCH_READ,
    MATCH_CREATE,
    ASK_READ,
    ASK_CREATE,
    DETECT_READ,
    DETECT_CREATE,
    FEEDBACK_READ,
    FEEDBACK_CREATE,
)
OF_VIDEOS: Final = (VIDEOS_READ, VIDEOS_CREATE, VIDEOS_UPDATE, VIDEOS_REMOVE)
ALL_SCOPES: Final = OF_PICTURES + OF_VIDEOS
