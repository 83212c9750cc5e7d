from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.faces.metrics import (
    bcubed,
    fmr_fnmr_at,
    pairwise_f,
    roc,
    tenfold_accuracy,
    threshold_at_fmr,
)

SIMILARITIES = np.array([0.9, 0.8, 0.3, 0.5, 0.2, 0.1])
MATED = np.array([1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    ("threshold", "fmr", "fnmr"),
    [
        (0.95, 0, 1),
        (0.9, 0, 2 / 3),  # at the threshold is a match
        (0.5, 1 / 3, 1 / 3),
        (0.0, 1, 0),
    ],
)
def test_error_rates_at_a_threshold(threshold: float, fmr: float, fnmr: float) -> None:
    assert fmr_fnmr_at(threshold, SIMILARITIES, MATED) == pytest.approx((fmr, fnmr))


def test_the_curve_agrees_with_the_rates_at_each_threshold() -> None:
    for threshold, fmr, fnmr in zip(*roc(SIMILARITIES, MATED), strict=True):
        assert fmr_fnmr_at(threshold, SIMILARITIES, MATED) == pytest.approx((fmr, fnmr))


@pytest.mark.parametrize("max_fmr", [0, 0.3, 1 / 3, 0.5, 0.7, 1])
def test_the_threshold_at_a_rate_keeps_the_rate_and_is_the_lowest(max_fmr: float) -> None:
    threshold = threshold_at_fmr(max_fmr, SIMILARITIES, MATED)
    assert fmr_fnmr_at(threshold, SIMILARITIES, MATED)[0] <= max_fmr
    below = np.nextafter(threshold, -1)
    assert max_fmr == 1 or fmr_fnmr_at(float(below), SIMILARITIES, MATED)[0] > max_fmr


def test_tenfold_accuracy_of_separated_pairs_is_one_and_of_noise_about_a_half() -> None:
    random = np.random.default_rng(0)
    folds, mated = np.repeat(np.arange(10), 40), np.tile([0, 1], 200)
    assert tenfold_accuracy(mated * 0.5 + random.uniform(0, 0.4, 400), mated, folds)[0] == 1
    assert tenfold_accuracy(random.uniform(0, 1, 400), mated, folds)[0] == pytest.approx(0.5, abs=0.1)


def test_error_rates_need_both_kinds_of_pairs() -> None:
    with pytest.raises(ValueError, match=r"mated and non-mated"):
        fmr_fnmr_at(0.5, SIMILARITIES, np.ones(6))


def test_bcubed_of_a_worked_example() -> None:
    # two people of three and one pictures; the machine puts one of the three with the other person
    precision, recall, f = bcubed(np.array([0, 0, 0, 1]), np.array([5, 5, 7, 7]))
    assert precision == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert f == pytest.approx(2 * precision * recall / (precision + recall))


def test_pairwise_f_of_a_worked_example() -> None:
    # pairs found: (0, 1) right, (2, 3) wrong; pairs wanted: three
    assert pairwise_f(np.array([0, 0, 0, 1]), np.array([5, 5, 7, 7])) == pytest.approx((1 / 2, 1 / 3, 0.4))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_a_perfect_grouping_scores_one_whatever_the_names(labels: list[int]) -> None:
    truth = np.array(labels)
    assert bcubed(truth, 9 - truth) == pytest.approx((1, 1, 1))
    assert pairwise_f(truth, 9 - truth) == pytest.approx((1, 1, 1))
