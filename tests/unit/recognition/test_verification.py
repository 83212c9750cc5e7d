"""1:1 questions, on embeddings that are made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.gallery import direction, near
from visavis.faces.calibration import SFACE_SECOND_LOOK as CALIBRATION
from visavis.recognition.verification import odd_one_out, verify, verify_among

ADA, GRACE, MALLORY = direction(0), direction(1), direction(2)
THRESHOLD = CALIBRATION.default_threshold


# --- the odd one out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_of_three_who_is_somebody_else_is_noticed_wherever_it_stands(place: int) -> None:
    pictures = [near(ADA, 0.9, 5), near(ADA, 0.9, 6)]
    pictures.insert(place, GRACE)
    assert odd_one_out(np.stack(pictures), CALIBRATION) == place


# the pictures; none of them is left out
NOBODY_IS_ODD = [
    ("one picture", [ADA]),
    ("two people: who is the wrong one?", [ADA, GRACE]),
    ("three people: nobody agrees", [ADA, GRACE, MALLORY]),
    ("three alike", [near(ADA, 0.9, 5), near(ADA, 0.9, 6), near(ADA, 0.9, 7)]),
    ("a bad picture of the same person: more probably her than not", [ADA, near(ADA, 0.9, 6), near(ADA, 0.38, 7)]),
]


@pytest.mark.parametrize("pictures", [row[1] for row in NOBODY_IS_ODD], ids=[row[0] for row in NOBODY_IS_ODD])
def test_nobody_is_left_out_without_good_reason(pictures: list[np.ndarray]) -> None:
    assert odd_one_out(np.stack(pictures), CALIBRATION) is None


def test_two_who_agree_only_just_are_enough_and_less_is_not() -> None:
    for similarity, odd in ((THRESHOLD + 0.01, 2), (THRESHOLD - 0.01, None)):
        assert odd_one_out(np.stack([ADA, near(ADA, similarity, 6), GRACE]), CALIBRATION) == odd


# --- verify -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("similarity", "is_match"), [(0.99, True), (0.44, True), (0.43, False), (0.0, False)])
def test_a_face_is_the_target_from_the_threshold_up(similarity: float, is_match: bool) -> None:
    verdict = verify(near(ADA, similarity)[None], ADA[None], CALIBRATION)
    assert verdict.is_match is is_match
    assert verdict.similarity == pytest.approx(similarity, abs=1e-6)
    assert verdict.threshold == THRESHOLD
    assert (verdict.score >= 0.5) is is_match


def test_two_neighbours_who_look_like_the_target_below_the_threshold_are_not_chosen() -> None:
    siblings = np.stack([near(ADA, THRESHOLD - 0.02, 5), near(ADA, THRESHOLD - 0.01, 6)])
    for each in siblings:
        assert not verify(each[None], ADA[None], CALIBRATION).is_match
    assert not verify(siblings, ADA[None], CALIBRATION).is_match


def test_the_most_alike_face_of_a_picture_decides() -> None:
    verdict = verify(np.stack([GRACE, near(ADA, 0.7), MALLORY]), ADA[None], CALIBRATION)
    assert (verdict.row, verdict.is_match, verdict.comparisons) == (1, True, 3)


def test_a_crowd_has_no_more_chances_to_be_wrong_than_a_portrait() -> None:
    lookalike = near(ADA, 0.45)
    assert verify(lookalike[None], ADA[None], CALIBRATION).is_match
    crowd = np.stack([lookalike, *(direction(number) for number in range(1, 11))])
    verdict = verify(crowd, ADA[None], CALIBRATION)
    assert not verdict.is_match
    assert verdict.threshold == CALIBRATION.identification_threshold(11) > THRESHOLD


def test_target_pictures_count_together_and_raise_the_threshold() -> None:
    face, target = near(ADA, 0.6, 4), np.stack([near(ADA, 0.7, 5), near(ADA, 0.7, 6), near(ADA, 0.7, 7)])
    alone = [verify(face[None], each[None], CALIBRATION) for each in target]
    together = verify(face[None], target, CALIBRATION)
    assert not any(each.is_match for each in alone)
    assert together.is_match
    assert together.threshold == CALIBRATION.identification_threshold(3) > THRESHOLD


# --- examples ---------------------------------------------------------------------------------------------


def examples(*embeddings: np.ndarray) -> np.ndarray:
    return np.array(embeddings, np.float32).reshape(-1, len(ADA))


def test_like_one_of_several_people_is_enough() -> None:
    verdict = verify_among(near(GRACE, 0.8)[None], examples(ADA, GRACE), examples(), CALIBRATION)
    assert verdict.is_match
    assert verdict.comparisons == 2


def test_closer_to_no_than_to_yes_is_no_and_says_so_by_its_threshold() -> None:
    face = near(ADA, 0.7, 5)
    verdict = verify_among(face[None], examples(ADA), examples(near(face, 0.8, 6)), CALIBRATION)
    assert not verdict.is_match
    assert verdict.score < 0.5
    assert verdict.threshold == pytest.approx(0.8, abs=1e-6)
    assert verify_among(face[None], examples(ADA), examples(near(face, 0.6, 6)), CALIBRATION).is_match


def test_equally_close_to_both_is_no() -> None:
    verdict = verify_among(near(ADA, 0.9)[None], examples(ADA), examples(ADA), CALIBRATION)
    assert not verdict.is_match


def test_a_face_that_means_no_does_not_hide_one_that_means_yes() -> None:
    faces = np.stack([near(ADA, 0.95, 5), near(ADA, 0.6, 6)])
    verdict = verify_among(faces, examples(ADA), examples(faces[0]), CALIBRATION)
    assert (verdict.row, verdict.is_match) == (1, True)


@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_yes_and_a_score_from_one_half_up_are_the_same(faces: int, yes: int, no: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((faces + yes + no, len(ADA))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    verdict = verify_among(vectors[:faces], vectors[faces : faces + yes], vectors[faces + yes :], CALIBRATION)
    assert verdict.is_match == (verdict.score >= 0.5) == (verdict.similarity >= verdict.threshold)
    if verdict.is_match and no:
        assert verdict.similarity > (vectors[verdict.row] @ vectors[faces + yes :].T).max()
