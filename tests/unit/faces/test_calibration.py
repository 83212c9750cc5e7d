from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.faces import Calibration
from visavis.faces.calibration import SFACE_SECOND_LOOK as SFACE


@pytest.mark.parametrize(("fmr", "threshold"), SFACE.operating_points)
def test_the_operating_points_are_met_exactly(fmr: float, threshold: float) -> None:
    assert SFACE.threshold(fmr) == pytest.approx(threshold)
    assert SFACE.fmr(threshold) == pytest.approx(fmr)


def test_the_named_thresholds_are_those_of_1e_4_and_1e_5() -> None:
    assert (SFACE.default_threshold, SFACE.strict_threshold) == pytest.approx((0.434, 0.501))


@given(st.floats(1e-6, 1e-3))
def test_rate_and_threshold_are_inverse_in_the_known_range(fmr: float) -> None:
    assert SFACE.fmr(SFACE.threshold(fmr)) == pytest.approx(fmr, rel=1e-6)


@pytest.mark.parametrize(
    ("fmr", "threshold"),
    [
        (0.1, 0.372),  # nothing is known above 1e-3
        (1e-12, 0.578),  # nor under 1e-6
    ],
)
def test_outside_the_known_range_the_nearest_point_holds(fmr: float, threshold: float) -> None:
    assert SFACE.threshold(fmr) == pytest.approx(threshold)
    assert 1e-6 * 0.999 <= SFACE.fmr(-1) <= 1e-3 * 1.001
    assert SFACE.fmr(1) == pytest.approx(1e-6)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_a_score_of_a_half_and_more_is_a_yes(similarity_e6: int, threshold_e6: int) -> None:
    similarity, threshold = similarity_e6 / 1e6, threshold_e6 / 1e6
    score = SFACE.score(similarity, threshold)
    assert 0 <= score <= 1
    assert (score >= 0.5) == (similarity >= threshold)
    assert SFACE.score(threshold, threshold) == 0.5


def test_scores_of_many_are_the_scores_of_each() -> None:
    similarities = np.linspace(-1, 1, 9)
    each = [SFACE.score(float(s)) for s in similarities]
    np.testing.assert_allclose(SFACE.score(similarities), each)
    assert SFACE.probability_same(0.344) == 0.5
    assert SFACE.probability_same(similarities).shape == (9,)


@pytest.mark.parametrize(
    ("size", "threshold"),
    [
        (1, 0.434),
        (10, 0.501),
        (100, 0.578),
        (10**9, 0.578),  # there is no lower point to stand on
    ],
)
def test_a_larger_gallery_asks_for_more(size: int, threshold: float) -> None:
    assert SFACE.identification_threshold(size) == pytest.approx(threshold)


@pytest.mark.parametrize(
    ("points", "slope"),
    [
        (((1e-3, 0.3),), 32),  # one point is no curve
        (((1e-4, 0.3), (1e-3, 0.4)), 32),  # rates rise
        (((1e-3, 0.4), (1e-4, 0.4)), 32),  # the threshold stands still
        (((1e-3, 0.3), (1e-4, 0.4)), 0),
        (((2, 0.3), (1e-4, 0.4)), 32),
    ],
)
def test_a_calibration_that_makes_no_sense_is_refused(points: tuple, slope: float) -> None:
    with pytest.raises(ValueError, match=r"operating point|slope"):
        Calibration(points, slope, 0.3)


@pytest.mark.parametrize("call", [lambda: SFACE.threshold(0), lambda: SFACE.identification_threshold(0)])
def test_impossible_questions_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1|at least one"):
        call()  # type: ignore[operator]
