"""What an application may do."""

from __future__ import annotations

from typing import Final

RECOGNITION_READ: Final = "recognition:read"
RECOGNITION_CREATE: Final = "recognition:create"
RECOGNITION_UPDATE: Final = "recognition:update"
RECOGNITION_REMOVE: Final = "recognition:remove"

ALL_SCOPES: Final = (
    RECOGNITION_READ,
    RECOGNITION_CREATE,
    RECOGNITION_UPDATE,
    RECOGNITION_REMOVE,
    "match:read",
    "match:create",
    "ask:read",
    "ask:create",
    "detect:read",
    "detect:create",
    "feedback:read",
    "feedback:create",
)
