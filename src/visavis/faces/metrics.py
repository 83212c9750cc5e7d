"""How good a matcher or a grouping is: error rates, the LFW protocol, BCubed.

Similarities compare with ``>=``: a pair at the threshold is a match.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[Any]


def roc(similarities: Floats, is_mated: Labels) -> tuple[Floats, Floats, Floats]:
    """Error rates at every threshold that matters.

    Args:
        similarities: (N,).
        is_mated: (N,) true where both faces are one person's; both kinds must occur.
    Returns:
        Thresholds, falling, of which the first lets nobody pass; FMR, rising; FNMR, falling. (M,) each.
    """
    mated, other = _split(similarities, is_mated)
    thresholds = np.concatenate([[np.inf], np.unique(similarities)[::-1]])
    fmr = 1 - np.searchsorted(other, thresholds, side="left") / len(other)
    fnmr = np.searchsorted(mated, thresholds, side="left") / len(mated)
    return thresholds, fmr, fnmr


def fmr_fnmr_at(threshold: float, similarities: Floats, is_mated: Labels) -> tuple[float, float]:
    """Share of non-mated pairs at or above the threshold, share of mated ones below it."""
    mated, other = _split(similarities, is_mated)
    return float((other >= threshold).mean()), float((mated < threshold).mean())


def threshold_at_fmr(max_fmr: float, similarities: Floats, is_mated: Labels) -> float:
    """The lowest threshold at which no more than ``max_fmr`` of the non-mated pairs pass.

    It needs more than 1 / ``max_fmr`` non-mated pairs to mean anything; with fewer, none may pass.
    """
    _, other = _split(similarities, is_mated)
    allowed = int(max_fmr * len(other))
    if allowed >= len(other):
        return float(other[0])
    # just above the best pair that must not pass
    return float(np.nextafter(other[len(other) - 1 - allowed], np.inf))


def tenfold_accuracy(similarities: Floats, is_mated: Labels, folds: Labels) -> tuple[float, float]:
    """Mean and standard deviation over folds of the accuracy at the threshold best for the other folds.

    Source:
        the protocol of Labeled Faces in the Wild, Huang et al. 2007 (there with ten folds of 600 pairs).
    """
    is_mated = np.asarray(is_mated, dtype=np.bool_)
    accuracies = []
    for fold in np.unique(folds):
        held_out = folds == fold
        threshold = _most_accurate_threshold(similarities[~held_out], is_mated[~held_out])
        said = similarities[held_out] >= threshold
        accuracies.append(float((said == is_mated[held_out]).mean()))
    return float(np.mean(accuracies)), float(np.std(accuracies))


def bcubed(labels: Labels, clusters: Labels) -> tuple[float, float, float]:
    """BCubed precision, recall and F of a grouping; every item counts once.

    Source:
        Bagga and Baldwin 1998; the measure usual for grouping faces, Otto, Wang, Jain 2018.
    """
    both, of_label, of_cluster = _overlaps(labels, clusters)
    precision = float((both / of_cluster).mean())
    recall = float((both / of_label).mean())
    return precision, recall, _harmonic(precision, recall)


def pairwise_f(labels: Labels, clusters: Labels) -> tuple[float, float, float]:
    """Precision, recall and F over pairs of items; large groups dominate. No pair to find or found is 1."""
    both, of_label, of_cluster = _overlaps(labels, clusters)
    right, found, wanted = (float((count - 1).sum()) for count in (both, of_cluster, of_label))
    precision = right / found if found else 1.0
    recall = right / wanted if wanted else 1.0
    return precision, recall, _harmonic(precision, recall)


def _split(similarities: Floats, is_mated: Labels) -> tuple[Floats, Floats]:
    """Sorted similarities of the mated and of the non-mated pairs."""
    mask = np.asarray(is_mated, dtype=np.bool_)
    if mask.shape != np.shape(similarities) or mask.ndim != 1:
        raise ValueError("similarities and is_mated are (N,) both")
    if mask.all() or not mask.any():
        raise ValueError("error rates need mated and non-mated pairs")
    return np.sort(similarities[mask]), np.sort(similarities[~mask])


def _most_accurate_threshold(similarities: Floats, is_mated: Labels) -> float:
    mated, other = _split(similarities, is_mated)
    candidates = np.unique(similarities)
    right = len(mated) - np.searchsorted(mated, candidates) + np.searchsorted(other, candidates)
    best = int(right.argmax())
    # half way down to the next similarity seen: the best guess for pairs not seen
    return float(candidates[max(best - 1, 0) : best + 1].mean())


def _overlaps(labels: Labels, clusters: Labels) -> tuple[Floats, Floats, Floats]:
    """For each item: how many items share its label and cluster, its label, its cluster (itself included)."""
    if np.shape(labels) != np.shape(clusters) or np.ndim(labels) != 1 or not len(labels):
        raise ValueError("labels and clusters are (N,) both, with N >= 1")
    _, label = np.unique(labels, return_inverse=True)
    _, cluster = np.unique(clusters, return_inverse=True)
    cell = label.astype(np.int64) * (int(cluster.max()) + 1) + cluster
    _, cell_of, cell_sizes = np.unique(cell, return_inverse=True, return_counts=True)
    both = cell_sizes[cell_of].astype(np.float64)
    return (
        both,
        np.bincount(label)[label].astype(np.float64),
        np.bincount(cluster)[cluster].astype(np.float64),
    )


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
