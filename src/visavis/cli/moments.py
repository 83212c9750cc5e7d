"""Moments as an operator reads them."""

from __future__ import annotations

from datetime import UTC, datetime


def told(moment: datetime) -> str:
    """To the second, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
