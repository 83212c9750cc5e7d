"""1:1 questions: does a picture show the person that other pictures show?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.faces import Calibration, cosine_matrix
from visavis.faces.calibration import DEFAULT_FMR
from visavis.faces.similarity import mean_embedding
from visavis.records import FloatArray


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one picture, and by which of its faces.

    Attributes:
        row: of the face that decided.
        score: 0..1, exactly 0.5 at the threshold.
        comparisons: how many chances there were to say yes; the threshold grows with them.
    """

    row: int
    is_match: bool
    similarity: float
    threshold: float
    score: float
    comparisons: int


def odd_one_out(embeddings: FloatArray, calibration: Calibration) -> int | None:
    """Which one of three or more pictures shows somebody else than all others do, if one does.

    The others must be of one mind: each pair of them is one person at the default threshold. The odd one is more
    probably somebody else than the same person as their mean. With two pictures, nobody can say which is the wrong one.

    Args:
        embeddings: (N, D) unit length, one a picture.
    """
    if len(embeddings) < 3:
        return None
    similarities = cosine_matrix(embeddings, embeddings)
    worst: tuple[float, int] | None = None
    for row in range(len(embeddings)):
        others = np.delete(np.arange(len(embeddings)), row)
        if similarities[np.ix_(others, others)].min() < calibration.default_threshold:
            continue
        similarity = float(embeddings[row] @ mean_embedding(embeddings[others]))
        if calibration.probability_same(similarity) < 0.5 and (worst is None or similarity < worst[0]):
            worst = similarity, row
    return None if worst is None else worst[1]


def verify_pair(a: FloatArray, b: FloatArray, calibration: Calibration, fmr: float) -> Verdict:
    """Whether two faces, (D,) each, are one person, at the operating point of a false match rate."""
    return _verdict(cosine_matrix(a[None], b[None])[:, 0], None, 1, calibration, fmr)


def verify(faces: FloatArray, target: FloatArray, calibration: Calibration, fmr: float = DEFAULT_FMR) -> Verdict:
    """Whether one of a picture's faces is the person that some target pictures show, taken together as their mean.

    The most alike face decides. Many faces are many chances to be wrong, so that the false match rate of the
    operating point is divided by them: it is that of the picture as a whole. A mean is nearer to everybody than one
    picture is: measured (bench/targets.py), the rate stays about the same when it is divided by the target's pictures.

    Args:
        faces: (N, D) embeddings of one picture, N >= 1.
        target: (T, D) embeddings of one person, T >= 1.
        fmr: of the operating point.
    """
    similarities = cosine_matrix(faces, mean_embedding(target)[None])[:, 0]
    return _verdict(similarities, None, len(faces) * len(target), calibration, fmr)


def verify_among(
    faces: FloatArray, yes: FloatArray, no: FloatArray, calibration: Calibration, fmr: float = DEFAULT_FMR
) -> Verdict:
    """Whether one of a picture's faces is like one of some examples, and more so than like any of some others.

    For each face the threshold lies just above its similarity to the most alike of the others, where that is more.

    Args:
        faces: (N, D) embeddings of one picture, N >= 1.
        yes: (Y, D), Y >= 1, of any number of people.
        no: (M, D), M may be 0.
        fmr: of the operating point.
    """
    to_yes = cosine_matrix(faces, yes).max(axis=1)
    to_no = cosine_matrix(faces, no).max(axis=1) if len(no) else None
    return _verdict(to_yes, to_no, len(faces) * len(yes), calibration, fmr)


def _verdict(
    similarities: FloatArray, rivals: FloatArray | None, comparisons: int, calibration: Calibration, fmr: float
) -> Verdict:
    thresholds = np.full(len(similarities), calibration.identification_threshold(comparisons, fmr))
    if rivals is not None:
        thresholds = np.maximum(thresholds, np.nextafter(rivals.astype(np.float64), 2))
    row = int((similarities - thresholds).argmax())
    similarity, threshold = float(similarities[row]), float(thresholds[row])
    return Verdict(
        row=row,
        is_match=similarity >= threshold,
        similarity=similarity,
        threshold=threshold,
        score=float(calibration.score(similarity, threshold)),
        comparisons=comparisons,
    )
