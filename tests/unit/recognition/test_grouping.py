"""Online grouping without a database."""

from __future__ import annotations

from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.gallery import SIZE, direction, near
from visavis.recognition.grouping import JOIN_THRESHOLD, Grouping
from visavis.records import FloatArray
from visavis.store.groups import GroupTemplate

ADA, GRACE = direction(0), direction(1)
ADA_ID, GRACE_ID = uuid4(), uuid4()


def make_group(*members: FloatArray, identity_id: UUID | None = None) -> GroupTemplate:
    return GroupTemplate(uuid4(), np.sum(members, axis=0).astype(np.float32), len(members), identity_id)


def place(grouping: Grouping, *faces: FloatArray, who: list[UUID | None] | None = None) -> list[UUID]:
    """Place the faces of one picture."""
    return grouping.place(np.stack(faces), who or [None] * len(faces))


def test_a_face_joins_the_group_it_is_most_like() -> None:
    ada, grace = make_group(ADA), make_group(GRACE)
    for face, expected in ((near(GRACE, 0.75, 0), grace), (near(ADA, 0.75, 1), ada)):
        grouping = Grouping([ada, grace])
        assert place(grouping, face) == [expected.group_id]
        assert grouping.new_groups() == []


# the cosine to the group's centroid; whether the face joins
@pytest.mark.parametrize(
    ("similarity", "joins"),
    [(1.0, True), (JOIN_THRESHOLD + 0.001, True), (JOIN_THRESHOLD - 0.001, False), (0.0, False), (-1.0, False)],
)
def test_a_face_joins_at_the_threshold(similarity: float, joins: bool) -> None:
    group = make_group(ADA)
    [placed] = place(Grouping([group]), near(ADA, similarity))
    assert (placed == group.group_id) == joins


def test_the_threshold_may_be_another() -> None:
    group = make_group(ADA)
    assert place(Grouping([group], join_threshold=0.9), near(ADA, 0.89)) != [group.group_id]
    assert place(Grouping([group], join_threshold=-0.5), near(ADA, -0.4)) == [group.group_id]


def test_the_length_of_a_sum_does_not_count() -> None:
    large, small = make_group(*[GRACE] * 100), make_group(ADA)
    assert place(Grouping([large, small]), near(ADA, 0.75, 1)) == [small.group_id]


def test_faces_of_one_picture_never_share_a_group() -> None:
    group = make_group(ADA)
    placed = place(Grouping([group]), ADA, ADA, near(ADA, 0.9))
    assert len(set(placed)) == 3
    assert placed.count(group.group_id) == 1


def test_of_two_faces_the_more_alike_gets_the_group_wherever_it_stands() -> None:
    group = make_group(ADA)
    less, more = near(ADA, 0.8, 5), near(ADA, 0.9, 6)
    assert place(Grouping([group]), less, more)[1] == group.group_id
    assert place(Grouping([group]), more, less)[0] == group.group_id


def test_the_loser_takes_the_next_best_group() -> None:
    best, next_best = make_group(ADA), make_group(near(ADA, 0.8, 5))
    placed = place(Grouping([best, next_best]), ADA, near(ADA, 0.95, 6))
    assert placed == [best.group_id, next_best.group_id]


def test_a_face_never_joins_the_group_of_another_identity() -> None:
    group = make_group(ADA, identity_id=ADA_ID)
    assert place(Grouping([group]), ADA, who=[GRACE_ID]) != [group.group_id]
    assert place(Grouping([group]), ADA, who=[ADA_ID]) == [group.group_id]
    assert place(Grouping([group]), ADA, who=[None]) == [group.group_id]


def test_a_group_that_has_got_an_identity_keeps_others_out_at_once() -> None:
    group = make_group(ADA)
    grouping = Grouping([group])
    assert place(grouping, ADA, who=[ADA_ID]) == [group.group_id]
    assert place(grouping, ADA, who=[GRACE_ID]) != [group.group_id]
    assert grouping.newly_linked() == [(group.group_id, ADA_ID)]


def test_a_group_that_had_an_identity_is_not_newly_linked() -> None:
    grouping = Grouping([make_group(ADA, identity_id=ADA_ID)])
    place(grouping, ADA, who=[ADA_ID])
    assert grouping.newly_linked() == []


def test_the_next_picture_may_join_a_new_group() -> None:
    grouping = Grouping([])
    [first] = place(grouping, ADA)
    [second] = place(grouping, near(ADA, 0.9))
    assert first == second
    [new] = grouping.new_groups()
    assert (new.group_id, new.face_count, new.identity_id) == (first, 2, None)
    assert grouping.grown_groups() == [first]


def test_a_new_group_has_the_identity_of_its_face() -> None:
    grouping = Grouping([])
    place(grouping, ADA, who=[ADA_ID])
    assert [group.identity_id for group in grouping.new_groups()] == [ADA_ID]
    assert grouping.newly_linked() == []  # it is made with its link


def test_only_touched_groups_have_changed() -> None:
    touched, untouched = make_group(ADA), make_group(GRACE)
    grouping = Grouping([touched, untouched])
    place(grouping, ADA)
    [changed] = grouping.changed_groups()
    assert (changed.group_id, changed.face_count) == (touched.group_id, 2)
    np.testing.assert_allclose(changed.embedding_sum, 2 * ADA)
    assert grouping.grown_groups() == [touched.group_id]


def test_the_templates_that_were_given_stay_as_they_are() -> None:
    group = make_group(ADA)
    before = group.embedding_sum.copy()
    place(Grouping([group]), near(ADA, 0.9))
    np.testing.assert_array_equal(group.embedding_sum, before)
    assert group.face_count == 1


def test_a_picture_without_faces_changes_nothing() -> None:
    grouping = Grouping([make_group(ADA)])
    assert grouping.place(np.zeros((0, SIZE), np.float32), []) == []
    assert grouping.changed_groups() == []


def test_opposite_faces_cancel_out_and_attract_nobody() -> None:
    group = make_group(ADA, -ADA)
    for face in (ADA, -ADA, GRACE):
        assert place(Grouping([group]), face) != [group.group_id]


units = (
    st.lists(st.integers(-3, 3), min_size=SIZE, max_size=SIZE)
    .filter(any)
    .map(lambda numbers: (np.array(numbers) / np.linalg.norm(numbers)).astype(np.float32))
)
who = st.sampled_from([None, ADA_ID, GRACE_ID])


@given(st.lists(st.lists(st.tuples(units, who), max_size=4), max_size=5), st.lists(st.tuples(units, who), max_size=4))
def test_whatever_is_placed_the_sums_and_identities_agree(pictures: list, at_first: list) -> None:
    given_groups = [make_group(embedding, identity_id=identity_id) for embedding, identity_id in at_first]
    grouping = Grouping(given_groups)
    sums = {group.group_id: group.embedding_sum.astype(np.float64) for group in given_groups}
    counts = {group.group_id: 1 for group in given_groups}
    people = {group.group_id: {group.identity_id} - {None} for group in given_groups}
    for picture in pictures:
        embeddings = np.stack([face for face, _ in picture]) if picture else np.zeros((0, SIZE), np.float32)
        placed = grouping.place(embeddings, [identity_id for _, identity_id in picture])
        assert len(set(placed)) == len(picture)
        for group_id, (face, identity_id) in zip(placed, picture, strict=True):
            sums[group_id] = sums.get(group_id, 0) + face.astype(np.float64)
            counts[group_id] = counts.get(group_id, 0) + 1
            people.setdefault(group_id, set()).update({identity_id} - {None})
    assert all(len(identities) <= 1 for identities in people.values())
    new = {group.group_id for group in grouping.new_groups()}
    assert new == set(sums) - {group.group_id for group in given_groups}
    for group in grouping.changed_groups():
        np.testing.assert_allclose(group.embedding_sum, sums[group.group_id], atol=1e-5)
        assert group.face_count == counts[group.group_id]
        assert {group.identity_id} - {None} == people[group.group_id]
