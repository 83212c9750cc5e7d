"""Comparison: do two pictures show the same person?"""

from __future__ import annotations

from dataclasses import dataclass

from visavis.errors import InvalidRequest
from visavis.faces.arrays import UInt8Array
from visavis.faces.engine import FaceEngine
from visavis.faces.records import Face, Faces
from visavis.faces.similarity import cosine


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The largest face of one picture against the largest of another."""

    similarity: float  # cosine, -1..1
    score: float  # 0..1, exactly 0.5 at the threshold
    probability_same: float  # 0..1, for a 1:1 question at equal priors
    threshold: float  # of the similarity
    is_match: bool  # similarity >= threshold
    false_match_rate: float  # how often two different people would get this threshold's "yes"
    face_a: Face
    face_b: Face


def compare(a: UInt8Array, b: UInt8Array, *, engine: FaceEngine | None = None) -> Comparison:
    """Compare the largest face of picture ``a`` with the largest of ``b``, at the default operating point.

    Args:
        a, b: (H, W, 3) uint8 RGB, upright.
        engine: None loads one for this call, which takes about a second: pass one to compare more than once.
    Raises:
        ValueError: not such arrays.
        InvalidRequest: a picture shows no face; the message says which.
    """
    engine = FaceEngine.load() if engine is None else engine
    faces_a, faces_b = engine.analyze([a, b])
    face_a, face_b = _largest(faces_a, "first"), _largest(faces_b, "second")
    similarity = cosine(face_a.embedding, face_b.embedding)
    calibration = engine.calibration
    threshold = calibration.default_threshold
    return Comparison(
        similarity=similarity,
        score=calibration.score(similarity, threshold),
        probability_same=calibration.probability_same(similarity),
        threshold=threshold,
        is_match=similarity >= threshold,
        false_match_rate=calibration.fmr(threshold),
        face_a=face_a,
        face_b=face_b,
    )


def _largest(faces: Faces, which: str) -> Face:
    if not len(faces):
        raise InvalidRequest(f"No face was found in the {which} picture.")
    return faces.face(faces.largest())
