"""Boxes as four columns of a row."""

from __future__ import annotations

from typing import Any

from visavis.records import Box

COLUMNS = ("x_min", "y_min", "x_max", "y_max")


def box_columns(box: Box | None) -> dict[str, float | None]:
    """The columns of a box; empty ones for none."""
    return {name: None if box is None else getattr(box, name) for name in COLUMNS}


def pop_box(row: dict[str, Any]) -> Box | None:
    """Take the columns out of a row; the box that they make, if there is one."""
    edges = [row.pop(name) for name in COLUMNS]
    return None if edges[0] is None else Box(*edges)
