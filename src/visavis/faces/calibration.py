"""What a similarity means: thresholds named by their false match rate, and scores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, overload

import numpy as np
import numpy.typing as npt

DEFAULT_FMR = 1e-4
STRICT_FMR = 1e-5

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Operating points and the logistic map of one model under one landmark policy.

    Measured on all pairs of Labeled Faces in the Wild with identities split in two halves. A threshold set on
    one half gave the other half a false match rate up to 4 times off at 1e-4 and 5 times at 1e-5: read every
    rate as an order of magnitude. Rates under ``measured_down_to`` are extrapolated.
    """

    operating_points: tuple[tuple[float, float], ...]  # (false match rate, threshold), rates falling
    slope: float  # of the log odds, per unit of similarity
    midpoint: float  # similarity at which "same person" is as likely as not, at equal priors
    measured_down_to: float = 1e-5

    def __post_init__(self) -> None:
        points = self.operating_points
        if len(points) < 2:
            raise ValueError("a calibration needs at least two operating points")
        if not all(0 < fmr < 1 and -1 <= threshold <= 1 for fmr, threshold in points):
            raise ValueError("an operating point is (rate in 0..1, threshold in -1..1)")
        if not all(a[0] > b[0] and a[1] < b[1] for a, b in pairwise(points)):
            raise ValueError("operating points go from a high rate to a low one, with rising thresholds")
        if not self.slope > 0:
            raise ValueError("the slope is positive: more alike is more likely the same person")

    @property
    def default_threshold(self) -> float:
        """Threshold of the default operating point, false match rate 1e-4."""
        return self.threshold(DEFAULT_FMR)

    @property
    def strict_threshold(self) -> float:
        """Threshold at false match rate 1e-5."""
        return self.threshold(STRICT_FMR)

    def threshold(self, fmr: float) -> float:
        """The threshold that buys this false match rate.

        Linear in log10 of the rate between the operating points; outside them the nearest point's threshold,
        because nothing is known there.
        """
        if not 0 < fmr < 1:
            raise ValueError(f"a false match rate lies between 0 and 1, not {fmr}")
        log_rates, thresholds = self._curve()
        return float(np.interp(np.log10(fmr), log_rates[::-1], thresholds[::-1]))

    def fmr(self, threshold: float) -> float:
        """The false match rate at a threshold: the inverse of :meth:`threshold`, and as bounded.

        The first operating point's rate means "this or more", the last one's "this or less".
        """
        log_rates, thresholds = self._curve()
        return float(10 ** np.interp(threshold, thresholds, log_rates))

    def identification_threshold(self, gallery_size: int, fmr: float = DEFAULT_FMR) -> float:
        """Threshold for a 1:N search: a probe meets every one of ``gallery_size`` identities.

        The rate is divided by the gallery's size, down to the last operating point: for galleries that would
        need less than that, the true rate of false alarms is higher than asked and has to be measured.
        """
        if gallery_size < 1:
            raise ValueError(f"a gallery has at least one identity, not {gallery_size}")
        return self.threshold(max(fmr / gallery_size, self.operating_points[-1][0]))

    @overload
    def score(self, similarity: float, threshold: float | None = None) -> float: ...
    @overload
    def score(self, similarity: Floats, threshold: float | None = None) -> Floats: ...
    def score(self, similarity: float | Floats, threshold: float | None = None) -> float | Floats:
        """Similarity to 0..1, exactly 0.5 at ``threshold`` (None: the default operating point)."""
        at = self.default_threshold if threshold is None else threshold
        return _logistic(self.slope, similarity, at)

    @overload
    def probability_same(self, similarity: float) -> float: ...
    @overload
    def probability_same(self, similarity: Floats) -> Floats: ...
    def probability_same(self, similarity: float | Floats) -> float | Floats:
        """Probability of "same person" in a 1:1 question with equal priors; overstated in a 1:N search."""
        return _logistic(self.slope, similarity, self.midpoint)

    def _curve(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        rates, thresholds = zip(*self.operating_points, strict=True)
        return np.log10(rates), np.array(thresholds, dtype=np.float64)


def _logistic(slope: float, similarity: float | Floats, at: float) -> float | Floats:
    # tanh form: no overflow at either end
    value = 0.5 * (1 + np.tanh(0.5 * slope * (np.asarray(similarity, dtype=np.float64) - at)))
    return float(value) if value.ndim == 0 else value


# YuNet 2023mar and SFace 2021dec with the second look at the landmarks
SFACE_SECOND_LOOK = Calibration(
    operating_points=((1e-3, 0.372), (1e-4, 0.434), (1e-5, 0.501), (1e-6, 0.578)), slope=32.0, midpoint=0.344
)
