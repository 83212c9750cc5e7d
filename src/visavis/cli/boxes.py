"""Boxes in what commands print as JSON."""

from __future__ import annotations

from visavis.records import Box


def told(box: Box) -> dict[str, float]:
    """The edges, as fractions of the picture."""
    return {"xMin": box.x_min, "yMin": box.y_min, "xMax": box.x_max, "yMax": box.y_max}
