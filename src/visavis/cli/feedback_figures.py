"""What clients' feedback says of thresholds: the decisions as they are, and as they would be at other ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from visavis.faces import Calibration
from visavis.faces.calibration import DEFAULT_FMR, STRICT_FMR
from visavis.store.feedback import ReviewedDecision

OPERATING_FMRS = (1e-3, DEFAULT_FMR, STRICT_FMR, 1e-6)
DETECTION_SCORES = (0.7, 0.8, 0.9)

ThresholdFor = Callable[[ReviewedDecision], float]


@dataclass(slots=True)
class Point:
    """What would become of decisions at another threshold, counted as they come by.

    What clients reported as wrong is counted apart from what nobody reported, which counts as right.
    """

    setting: float  # the rate that names the threshold, or the threshold itself
    threshold_for: ThresholdFor
    false_positives_left: int = 0
    false_negatives_mended: int = 0
    unreported_yes_lost: int = 0
    unreported_no_gained: int = 0

    def add(self, decision: ReviewedDecision) -> None:
        value = value_of(decision)
        is_yes = value is not None and value >= self.threshold_for(decision)
        if decision.false_positive:
            self.false_positives_left += is_yes
        elif decision.false_negative:
            self.false_negatives_mended += is_yes
        elif decision.verdict:
            self.unreported_yes_lost += not is_yes
        else:
            self.unreported_no_gained += is_yes


class Tally:
    """Decisions of one kind, comparisons or detections, counted as they come by; those reported are kept.

    ``has_rival`` tells when a picture was more like an example of "no" than any threshold asks for.
    """

    def __init__(self, points: Sequence[Point], *, has_rival: Callable[[ReviewedDecision], bool]) -> None:
        self.points = points
        self.decisions = 0
        self.yes = 0
        self.contradictory = 0  # reported in both ways: left out of all that follows
        self.false_positives: list[ReviewedDecision] = []
        self.near_misses: list[ReviewedDecision] = []  # false negatives that a lower threshold may mend
        self.rivalled = 0  # those that none mends, for an example of "no" is nearer
        self.without_face = 0  # those that none mends, for there is nothing to compare
        self.least_threshold, self.most_threshold = math.inf, -math.inf
        self._has_rival = has_rival

    def add(self, decision: ReviewedDecision) -> None:
        self.decisions += 1
        self.yes += decision.verdict
        self.least_threshold = min(self.least_threshold, decision.threshold)
        self.most_threshold = max(self.most_threshold, decision.threshold)
        if decision.false_positive and decision.false_negative:
            self.contradictory += 1
            return
        if decision.false_positive:
            self.false_positives.append(decision)
        elif decision.false_negative:
            self._add_false_negative(decision)
        for point in self.points:
            point.add(decision)

    def _add_false_negative(self, decision: ReviewedDecision) -> None:
        if value_of(decision) is None:
            self.without_face += 1
        elif self._has_rival(decision):
            self.rivalled += 1
        else:
            self.near_misses.append(decision)

    @property
    def false_negatives(self) -> int:
        return len(self.near_misses) + self.rivalled + self.without_face

    @property
    def reported(self) -> int:
        """Decisions that are reported as wrong, without contradiction."""
        return len(self.false_positives) + self.false_negatives


@dataclass(frozen=True, slots=True)
class Spread:
    """The ends and the middle of some numbers."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Spread | None:
        """None when there are none."""
        known = sorted(numbers)
        return cls(known[0], statistics.median(known), known[-1]) if known else None


def comparisons_at(calibration: Calibration) -> Tally:
    """An empty tally of comparisons, at thresholds named by their false match rate."""
    # Cached: there may be millions of decisions, and few numbers of faces.
    threshold = cache(calibration.identification_threshold)

    def has_rival(decision: ReviewedDecision) -> bool:
        # The rival, where it is nearer than the operating point, was the threshold.
        return decision.has_no_examples and decision.threshold > threshold(decision.face_count, DEFAULT_FMR)

    def at(fmr: float) -> ThresholdFor:
        def threshold_for(decision: ReviewedDecision) -> float:
            of_point = threshold(decision.face_count, fmr)
            return max(of_point, decision.threshold) if has_rival(decision) else of_point

        return threshold_for

    return Tally([Point(fmr, at(fmr)) for fmr in OPERATING_FMRS], has_rival=has_rival)


def detections_at(scores: Sequence[float] = DETECTION_SCORES) -> Tally:
    """An empty tally of detections, at thresholds of the detection score."""

    def at(score: float) -> ThresholdFor:
        return lambda _: score

    return Tally([Point(score, at(score)) for score in scores], has_rival=lambda _: False)


def value_of(decision: ReviewedDecision) -> float | None:
    """What the threshold is of: the similarity or the detection score; None when no face was found."""
    return decision.similarity if decision.is_comparison else decision.score


def margins(decisions: Iterable[ReviewedDecision]) -> list[float]:
    """How far decisions lie from their thresholds, either way; those without a face are left out."""
    return [abs(value - each.threshold) for each in decisions if (value := value_of(each)) is not None]


def scores(decisions: Iterable[ReviewedDecision]) -> list[float]:
    """The scores of decisions; those without a face are left out."""
    return [each.score for each in decisions if each.score is not None]
