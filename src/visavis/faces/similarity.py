"""Similarity of embeddings: the cosine, in -1..1."""

from __future__ import annotations

import numpy as np

from visavis.faces.arrays import FloatArray
from visavis.faces.embedding import normalised


def cosine(a: FloatArray, b: FloatArray) -> float:
    """Similarity of two unit vectors (D,), in -1..1."""
    return float(np.clip(np.dot(a, b), -1, 1))


def cosine_matrix(probes: FloatArray, gallery: FloatArray) -> FloatArray:
    """(P, D) and (G, D) unit vectors to (P, G) similarities."""
    similarities: FloatArray = np.clip(probes @ gallery.T, -1, 1)
    return similarities


def mean_embedding(embeddings: FloatArray) -> FloatArray:
    """(N, D) embeddings of one person, N >= 1, to the (D,) template that stands for all of them.

    The normalised mean: the largest single gain in 1:N search where an identity has several pictures.
    """
    if embeddings.ndim != 2 or not len(embeddings):
        raise ValueError(f"a mean needs embeddings of the shape (N, D) with N >= 1, not {embeddings.shape}")
    mean: FloatArray = normalised(embeddings.mean(axis=0, keepdims=True).astype(np.float32))[0]
    return mean
