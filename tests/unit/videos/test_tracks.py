"""Tracks: one person without a break each, described as rarely as can be, and never mistaken for another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.gallery import SIZE, direction, near
from visavis.faces import AlignedFaces, Detections
from visavis.records import Box, FloatArray
from visavis.videos.tracks import DENSE_INTERVAL_S, TrackedFace, Tracker

SAME_PERSON = 0.43
DENSE_S, SPARSE_S = 0.1, 1.0

NOBODY = "."
ADA, GRACE = "A", "G"
HERE = Box(0.3, 0.3, 0.5, 0.6)
ELSEWHERE = Box(0.7, 0.1, 0.9, 0.4)


def embedding_of(person: str) -> FloatArray:
    return direction(ord(person) - ord("A"))


@dataclass
class Describer:
    """Describes faces that carry the number of their true embedding, and counts how often it is asked to."""

    truth: list[FloatArray] = field(default_factory=list)
    described: list[int] = field(default_factory=list)

    def aligned(self, embedding: FloatArray) -> AlignedFaces:
        """A face whose description is this."""
        self.truth.append(embedding)
        crops = np.random.default_rng(int(embedding.argmax())).integers(0, 255, (1, 16, 16, 3), np.uint8)
        crops[0, 0, 0] = (*divmod(len(self.truth) - 1, 256), 0)
        one = Detections(np.array([[0, 0, 9, 9]], np.float32), np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32))
        return AlignedFaces(one, crops, np.ones(1, np.float32), np.ones(1, bool))

    def __call__(self, faces: Sequence[AlignedFaces]) -> FloatArray:
        assert len(faces) > 0
        numbers = [int(face.crops[0, 0, 0, 0]) * 256 + int(face.crops[0, 0, 0, 1]) for face in faces]
        self.described += numbers
        return np.stack([self.truth[number] for number in numbers])


@dataclass
class Film:
    """Frames going through a tracker, and what came of their faces."""

    interval_s: float
    describe: Describer = field(default_factory=Describer)
    given: list[TrackedFace] = field(default_factory=list)
    truth: dict[int, FloatArray] = field(default_factory=dict)  # by id() of a face
    came_back: list[TrackedFace] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self.tracker = Tracker(self.describe, interval_s=self.interval_s, same_person=SAME_PERSON)

    def show(self, *faces: tuple[Box, FloatArray], shot: int = 0) -> None:
        """The next frame."""
        self.repeat(*((box, embedding, self.describe.aligned(embedding)) for box, embedding in faces), shot=shot)

    def repeat(self, *faces: tuple[Box, FloatArray, AlignedFaces], shot: int = 0) -> None:
        """The next frame, with faces that were cut out before."""
        time_s = round(self._number * self.interval_s, 6)
        seen = [
            TrackedFace(self._number, position, time_s, box, 0.9, aligned)
            for position, (box, _, aligned) in enumerate(faces)
        ]
        for face, (_, embedding, _) in zip(seen, faces, strict=True):
            self.truth[id(face)] = embedding
        self.given += seen
        self.came_back += self.tracker.add(time_s, np.full((36, 64, 3), 30 + 90 * shot, np.uint8), seen)
        self._number += 1

    def skip(self, frames: int = 1) -> None:
        """Frames that could not be decoded."""
        self._number += frames

    def end(self) -> dict[int, list[TrackedFace]]:
        """Every face is back, once, with a description like its own; the faces of each track, in order."""
        self.came_back += self.tracker.finish()
        assert sorted(map(id, self.came_back)) == sorted(map(id, self.given))
        tracks: dict[int, list[TrackedFace]] = defaultdict(list)
        for face in self.given:
            assert face.track >= 0
            assert face.embedding is not None
            assert face.aligned is None, "pixels that nobody needs any more"
            tracks[face.track].append(face)
        return tracks

    def mistaken(self) -> list[int]:
        """Frames with a face that has somebody else's description."""
        return [
            face.number
            for face in self.given
            if face.embedding is None or float(face.embedding @ self.truth[id(face)]) < SAME_PERSON
        ]


def shown(people: str, shots: str | None = None, interval_s: float = DENSE_S) -> Film:
    """One place, one letter a frame: who is there, and which shot it is."""
    film = Film(interval_s)
    for person, shot in zip(people, shots or "0" * len(people), strict=True):
        film.show(*([(HERE, embedding_of(person))] if person != NOBODY else []), shot=int(shot))
    return film


def people_of(tracks: dict[int, list[TrackedFace]], film: Film) -> list[tuple[str, int]]:
    """Of each track: who it truly is, and how many faces it has. Nobody's track has two people."""
    told = []
    for faces in tracks.values():
        [person] = {chr(ord("A") + int(film.truth[id(face)].argmax())) for face in faces}
        told.append((person, len(faces)))
    return told


# --- dense frames ---------------------------------------------------------------------------------------------


def test_one_person_in_a_hundred_frames_is_one_track_described_about_ten_times() -> None:
    film = shown(ADA * 100)
    assert people_of(film.end(), film) == [(ADA, 100)]
    assert len(film.describe.described) <= 12
    assert film.mistaken() == []


def test_no_face_is_described_twice() -> None:
    film = shown(ADA * 25 + GRACE * 30 + NOBODY + ADA * 5)
    film.end()
    assert len(set(film.describe.described)) == len(film.describe.described)


def test_a_drift_is_no_break() -> None:
    film = Film(DENSE_S)
    for number in range(40):
        x = 0.1 + 0.01 * number
        film.show((Box(x, 0.2, x + 0.2, 0.5), embedding_of(ADA)))
    assert people_of(film.end(), film) == [(ADA, 40)]


@pytest.mark.parametrize("before", range(1, 24))
@pytest.mark.parametrize("is_visible", [True, False], ids=["visible", "invisible"])
def test_people_exchanged_at_one_place_are_two_tracks_wherever_the_cut_is(before: int, is_visible: bool) -> None:
    film = shown(ADA * before + GRACE * 15, "0" * before + "01"[is_visible] * 15)
    assert people_of(film.end(), film) == [(ADA, before), (GRACE, 15)]
    assert film.mistaken() == []


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("before", [1, 4, 9, 10, 11, 17])
@pytest.mark.parametrize("is_visible", [True, False], ids=["visible", "invisible"])
def test_a_flash_of_somebody_else_between_two_cuts_is_not_taken_for_the_person_around_it(
    before: int, length: int, is_visible: bool
) -> None:
    film = shown(ADA * before + GRACE * length + ADA * 10, "0" * before + "01"[is_visible] * length + "0" * 10)
    assert people_of(film.end(), film) == [(ADA, before), (GRACE, length), (ADA, 10)]
    assert film.mistaken() == []


def test_a_person_on_both_sides_of_a_cut_is_two_tracks() -> None:
    film = shown(ADA * 20, "0" * 7 + "1" * 13)
    assert people_of(film.end(), film) == [(ADA, 7), (ADA, 13)]


def test_a_person_who_was_away_for_a_frame_is_two_tracks() -> None:
    film = shown(ADA * 5 + NOBODY + ADA * 5)
    assert people_of(film.end(), film) == [(ADA, 5), (ADA, 5)]


def test_frames_that_could_not_be_decoded_end_a_track() -> None:
    film = Film(DENSE_S)
    for number in range(10):
        if number == 5:
            film.skip()
        film.show((HERE, embedding_of(ADA)))
    assert people_of(film.end(), film) == [(ADA, 5), (ADA, 5)]


def test_a_picture_that_stands_still_is_one_track() -> None:
    film = Film(DENSE_S)
    aligned = film.describe.aligned(embedding_of(ADA))
    for _ in range(30):
        film.repeat((HERE, embedding_of(ADA), aligned))
    assert people_of(film.end(), film) == [(ADA, 30)]


def test_two_people_side_by_side_are_two_tracks_in_whatever_order_they_are_found() -> None:
    film = Film(DENSE_S)
    for number in range(30):
        both = [(HERE, embedding_of(ADA)), (ELSEWHERE, embedding_of(GRACE))]
        film.show(*(both if number % 3 else both[::-1]))
    assert sorted(people_of(film.end(), film)) == [(ADA, 30), (GRACE, 30)]


def test_two_people_who_cross_are_never_one() -> None:
    film = Film(DENSE_S)
    for number in range(40):
        left, right = 0.05 + 0.015 * number, 0.65 - 0.015 * number
        film.show(
            (Box(left, 0.3, left + 0.15, 0.6), embedding_of(ADA)),
            (Box(right, 0.32, right + 0.15, 0.62), embedding_of(GRACE)),
        )
    tracks = people_of(film.end(), film)
    assert len(tracks) <= 6
    assert film.mistaken() == []


@pytest.mark.parametrize("before", [1, 5, 9, 10, 11, 20])
def test_two_people_who_change_places_at_a_cut_nobody_sees_are_never_one(before: int) -> None:
    film = Film(DENSE_S)
    for number in range(before + 15):
        places = (HERE, ELSEWHERE) if number < before else (ELSEWHERE, HERE)
        film.show((places[0], embedding_of(ADA)), (places[1], embedding_of(GRACE)))
    assert sorted(people_of(film.end(), film)) == sorted([(ADA, before), (GRACE, before), (ADA, 15), (GRACE, 15)])
    assert film.mistaken() == []


@given(angles=st.lists(st.floats(0, 0.25), min_size=1, max_size=80))
def test_the_description_of_a_neighbour_is_near_the_truth_of_a_face_that_turns(angles: list[float]) -> None:
    film, angle = Film(DENSE_S), 0.0
    for step in angles:
        angle += step
        turned = np.cos(angle) * direction(0) + np.sin(angle) * direction(1)
        film.show((HERE, turned.astype(np.float32)))
    film.end()
    for face in film.given:
        assert face.embedding is not None
        assert float(face.embedding @ film.truth[id(face)]) >= 0.6 - 1e-6


# --- sparse frames --------------------------------------------------------------------------------------------


def test_sparse_frames_link_a_person_wherever_they_are() -> None:
    film = Film(SPARSE_S)
    for number in range(30):
        both = [(HERE, embedding_of(ADA)), (ELSEWHERE, embedding_of(GRACE))]
        film.show(*both) if number % 2 else film.show((ELSEWHERE, embedding_of(ADA)), (HERE, embedding_of(GRACE)))
    assert sorted(people_of(film.end(), film)) == [(ADA, 30), (GRACE, 30)]
    assert len(film.describe.described) == 60
    assert film.mistaken() == []


def test_sparse_frames_do_not_link_another_person_at_the_same_place() -> None:
    film = shown(ADA * 3 + GRACE * 4 + ADA * 2, interval_s=SPARSE_S)
    assert people_of(film.end(), film) == [(ADA, 3), (GRACE, 4), (ADA, 2)]


def test_sparse_frames_do_not_link_a_person_who_was_away_for_a_frame() -> None:
    film = shown(ADA * 3 + NOBODY + ADA * 4 + NOBODY * 3 + ADA, interval_s=SPARSE_S)
    assert people_of(film.end(), film) == [(ADA, 3), (ADA, 4), (ADA, 1)]


@pytest.mark.parametrize(("similarity", "tracks"), [(SAME_PERSON + 0.01, 1), (SAME_PERSON - 0.01, 2)])
def test_sparse_frames_link_from_the_threshold_on(similarity: float, tracks: int) -> None:
    film = Film(SPARSE_S)
    film.show((HERE, direction(0)))
    film.show((HERE, near(direction(0), similarity)))
    assert len(film.end()) == tracks


def test_a_face_is_linked_to_the_one_that_is_most_alike() -> None:
    film = Film(SPARSE_S)
    film.show((HERE, direction(0)), (ELSEWHERE, direction(1)))
    between = (0.7 * direction(0) + 0.6 * direction(1)).astype(np.float32)
    film.show((HERE, between / np.linalg.norm(between)), (ELSEWHERE, direction(0)))
    film.end()
    first_here, first_elsewhere, second_here, second_elsewhere = film.given
    assert second_elsewhere.track == first_here.track
    assert second_here.track == first_elsewhere.track


# --- whatever comes -------------------------------------------------------------------------------------------

boxes = st.builds(
    lambda x, y: Box(x, y, x + 0.2, y + 0.2), st.sampled_from([0.1, 0.14, 0.3, 0.6]), st.sampled_from([0.1, 0.15, 0.6])
)
embeddings = st.builds(
    lambda person, lean, aside: near(direction(person), lean, aside),
    st.integers(0, 3),
    st.sampled_from([1.0, 0.9, 0.7, 0.5]),
    st.integers(4, SIZE - 1),
)
frames = st.tuples(
    st.lists(st.tuples(boxes, embeddings), max_size=4),
    st.integers(0, 1),  # the shot
    st.sampled_from([0, 0, 0, 0, 1, 3]),  # frames that are missing before it
)


@given(story=st.lists(frames, max_size=40), interval_s=st.sampled_from([1 / 30, DENSE_S, DENSE_INTERVAL_S, 0.3, 1.0]))
def test_every_face_comes_back_once_described_and_on_a_track_that_makes_sense(
    story: list[tuple[list[tuple[Box, FloatArray]], int, int]], interval_s: float
) -> None:
    film = Film(interval_s)
    for faces, shot, missing in story:
        film.skip(missing)
        film.show(*faces, shot=shot)
    tracks = film.end()
    assert len(film.describe.described) <= len(film.given)
    for faces_of_track in tracks.values():
        for before, face in pairwise(faces_of_track):
            assert face.number == before.number + 1, "a track with a gap, or with two faces in one frame"
            assert before.embedding is not None
            assert face.embedding is not None
            assert float(before.embedding @ face.embedding) >= SAME_PERSON - 1e-6
    for face in film.given:
        assert face.embedding is not None
        assert float(np.linalg.norm(face.embedding)) == pytest.approx(1, abs=1e-5)


@given(story=st.lists(frames, max_size=40))
def test_sparse_frames_give_every_face_its_own_description(
    story: list[tuple[list[tuple[Box, FloatArray]], int, int]],
) -> None:
    film = Film(SPARSE_S)
    for faces, shot, missing in story:
        film.skip(missing)
        film.show(*faces, shot=shot)
    film.end()
    assert len(film.describe.described) == len(film.given)
    for face in film.given:
        np.testing.assert_array_equal(face.embedding, film.truth[id(face)])
