"""Addresses without their passwords, to be shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

HIDDEN: Final = "***"
_SECRET: Final = ("pass", "secret", "key", "token", "sig")  # in the names of an address's parameters


def without_secrets(value: str) -> str:
    """The text, with the passwords of an address hidden: that before the host, and those among the parameters."""
    if "://" not in value:
        return value
    scheme, _, rest = value.partition("://")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return f"{scheme}://{HIDDEN}"
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    place = rest.partition("?")[0].removeprefix(parts.netloc)  # not parts.path: urlunsplit would drop slashes
    shown = f"{scheme}://{name}{colon}{HIDDEN if colon else ''}{at}{host}{place}"
    parameters = [
        f"{key}={HIDDEN if any(word in key.lower() for word in _SECRET) else each}"
        for key, each in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return f"{shown}?{'&'.join(parameters)}" if parameters else shown
