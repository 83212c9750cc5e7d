"""Probes as parameters of the statements that search templates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pgvector import Vector

from visavis.records import FloatArray


def probe_parameters(namespace_id: UUID, model_id: str, probes: FloatArray, *, k: int, least: float) -> dict[str, Any]:
    """What every ``nearest`` statement takes.

    Args:
        probes: (N, D) unit embeddings made by ``model_id``.
        k: how many candidates at most for each probe.
        least: the least cosine that counts.
    """
    return {
        "namespace_id": namespace_id,
        "model_id": model_id,
        "probes": [Vector(probe) for probe in probes],
        "k": k,
        "least": least,
    }
