"""New faces: who they are recognised as, and which group they join."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from support.gallery import Gallery, direction, near
from visavis.recognition.grouping import JOIN_THRESHOLD, MERGE_THRESHOLD
from visavis.records import Author
from visavis.store.database import Database

ADA, GRACE, MALLORY = direction(0), direction(1), direction(2)


@pytest.fixture
async def gallery(database: Database) -> Gallery:
    return await Gallery.make(database)


# --- groups -----------------------------------------------------------------------------------------------


async def test_faces_of_one_person_share_a_group(gallery: Gallery) -> None:
    first, second = await gallery.see(ADA), await gallery.see(near(ADA, 0.8))
    stranger = await gallery.see(GRACE)
    assert sorted(map(len, await gallery.groups())) == [1, 2]
    assert (await gallery.group_of(first))["id"] == (await gallery.group_of(second))["id"]
    assert (await gallery.group_of(stranger))["id"] != (await gallery.group_of(first))["id"]
    await gallery.check()


async def test_faces_of_one_work_unit_share_a_group_too(gallery: Gallery) -> None:
    await gallery.enrol([ADA], [near(ADA, 0.8)], [GRACE], [near(ADA, 0.9, 5)])
    assert sorted(map(len, await gallery.groups())) == [1, 3]
    await gallery.check()


async def test_a_face_below_the_threshold_starts_a_group(gallery: Gallery) -> None:
    await gallery.see(ADA)
    await gallery.see(near(ADA, JOIN_THRESHOLD - 0.01))
    assert sorted(map(len, await gallery.groups())) == [1, 1]


async def test_a_group_is_compared_by_its_centroid(gallery: Gallery) -> None:
    # Two faces that lean aside to either side: the middle between them is nearer to the third than either of them.
    await gallery.see(near(ADA, 0.8, 5))
    await gallery.see(near(ADA, 0.8, 6))
    assert sorted(map(len, await gallery.groups())) == [2]
    await gallery.see(near(ADA, 0.53, 7))
    assert sorted(map(len, await gallery.groups())) == [1, 2]  # 0.8 * 0.53 would be each face's
    await gallery.see(near(ADA, 0.60, 8))
    assert sorted(map(len, await gallery.groups())) == [1, 3]
    await gallery.check()


async def test_two_faces_of_one_picture_never_share_a_group(gallery: Gallery) -> None:
    await gallery.enrol([ADA, near(ADA, 0.99), near(ADA, 0.98, 5)])
    assert sorted(map(len, await gallery.groups())) == [1, 1, 1]
    await gallery.enrol([ADA, near(ADA, 0.99)])
    assert sorted(map(len, await gallery.groups())) == [1, 2, 2]
    await gallery.check()


async def test_models_are_not_compared(gallery: Gallery) -> None:
    await gallery.enrol([ADA])
    await gallery.enrol([ADA], model_id="another")
    assert sorted(map(len, await gallery.groups())) == [1, 1]


async def test_namespaces_are_not_compared(gallery: Gallery, database: Database) -> None:
    other = await Gallery.make(database)
    face = await gallery.see(ADA)
    await gallery.name(face)
    stranger = await other.see(ADA)
    assert (await other.face(stranger))["identity_id"] is None
    assert await other.groups() == [{stranger}]


async def test_enrolling_nothing_changes_nothing(gallery: Gallery) -> None:
    await gallery.enrol([], [])
    assert await gallery.groups() == []


# --- merging ----------------------------------------------------------------------------------------------


def hinge(between: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two faces too unlike to share a group, and the middle between them."""
    one, other = near(ADA, between, 5), near(ADA, between, 6)
    return one, other, ADA


async def test_groups_that_grow_together_become_one(gallery: Gallery) -> None:
    one, other, middle = hinge(0.68)  # 0.46 alike
    first = await gallery.see(one)
    await gallery.see(other)
    assert sorted(map(len, await gallery.groups())) == [1, 1]
    await gallery.see(near(middle, 0.98, 5))  # to the first, whose centroid moves to the other
    await gallery.see(near(middle, 0.98, 5))
    assert sorted(map(len, await gallery.groups())) == [4]
    assert len((await gallery.group_of(first))["face_ids"]) == 4
    await gallery.check()


async def test_the_older_group_stays_when_two_become_one(gallery: Gallery) -> None:
    one, other, middle = hinge(0.68)
    old = (await gallery.group_of(await gallery.see(one)))["id"]
    await gallery.see(other)
    await gallery.see(near(middle, 0.98, 6))  # to the second
    face = await gallery.see(near(middle, 0.98, 6))
    group = await gallery.group_of(face)
    assert (group["id"], len(group["face_ids"])) == (old, 4)


async def test_faces_of_one_picture_keep_their_groups_apart(gallery: Gallery) -> None:
    one, other, middle = hinge(0.68)
    await gallery.enrol([one, other])
    for _ in range(4):
        await gallery.see(near(middle, 0.98, 5))
        await gallery.see(near(middle, 0.98, 6))
    assert len(await gallery.groups()) == 2
    await gallery.check()


async def test_two_identities_keep_their_groups_apart(gallery: Gallery) -> None:
    one, other, middle = hinge(0.68)
    first, second = await gallery.see(one), await gallery.see(other)
    await gallery.name(first)
    await gallery.name(second)
    for _ in range(4):
        await gallery.see(near(middle, 0.98, 5))
        await gallery.see(near(middle, 0.98, 6))
    assert len(await gallery.groups()) == 2
    await gallery.check()


@pytest.mark.parametrize("author", [Author.MANUAL, Author.REVIEW])
async def test_the_group_that_a_human_linked_stays(gallery: Gallery, author: Author) -> None:
    one, other, middle = hinge(0.68)
    await gallery.see(one)  # older, without a name
    named = await gallery.see(other)
    identity = await gallery.name(named, author=author)
    linked = await gallery.group_of(named)
    for _ in range(3):
        await gallery.see(near(middle, 0.98, 5))
    [group] = [await gallery.group_of(named)]
    assert len(await gallery.groups()) == 1
    assert (group["id"], group["identity_id"], group["link_modified_by"]) == (linked["id"], identity.id, author)
    assert group["link_modified_at"] == linked["link_modified_at"]
    await gallery.check()


async def test_groups_below_the_merge_threshold_stay_two(gallery: Gallery) -> None:
    # Both grow, and their centroids stay just under the threshold.
    half = np.sqrt((1 + MERGE_THRESHOLD - 0.02) / 2)
    one, other, _ = hinge(float(half))
    await gallery.enrol([one, other])  # one picture: apart at first
    await gallery.see(one)
    await gallery.see(other)
    assert sorted(map(len, await gallery.groups())) == [2, 2]
    await gallery.check()


# --- recognition ------------------------------------------------------------------------------------------


async def test_a_known_person_is_recognised_with_a_score_of_a_half_at_the_threshold(gallery: Gallery) -> None:
    identity = await gallery.name(await gallery.see(ADA))
    threshold = gallery.calibration.identification_threshold(1)
    seen = await gallery.face(await gallery.see(near(ADA, threshold + 0.001)))
    assert (seen["identity_id"], seen["identity_by"]) == (identity.id, Author.MODEL)
    assert seen["sighted_identity_id"] == identity.id
    assert seen["sighted_score"] == pytest.approx(0.5, abs=0.02)
    assert seen["sighted_score"] >= 0.5


async def test_a_stranger_is_not_recognised(gallery: Gallery) -> None:
    await gallery.name(await gallery.see(ADA))
    threshold = gallery.calibration.identification_threshold(1)
    seen = await gallery.face(await gallery.see(near(ADA, threshold - 0.001)))
    assert (seen["identity_id"], seen["identity_by"], seen["sighted_identity_id"]) == (None, None, None)
    await gallery.check()


async def test_the_threshold_grows_with_the_number_of_people(gallery: Gallery) -> None:
    identity = await gallery.name(await gallery.see(ADA))
    alone, among_ten = (gallery.calibration.identification_threshold(size) for size in (1, 10))
    between = (alone + among_ten) / 2
    known = await gallery.face(await gallery.see(near(ADA, between, 14)))
    assert known["identity_id"] == identity.id
    await gallery.update(identity.id, remove=[known["id"]])
    for number in range(1, 10):
        await gallery.name(await gallery.see(direction(number)))
    assert (await gallery.face(await gallery.see(near(ADA, between, 15))))["identity_id"] is None
    assert (await gallery.face(await gallery.see(near(ADA, among_ten + 0.01, 15))))["identity_id"] == identity.id
    await gallery.check()


async def test_identities_without_faces_do_not_make_recognition_stricter(gallery: Gallery) -> None:
    identity = await gallery.name(await gallery.see(ADA))
    for _ in range(50):
        await gallery.name()
    seen = await gallery.face(await gallery.see(near(ADA, gallery.calibration.identification_threshold(1) + 0.01)))
    assert seen["identity_id"] == identity.id


async def test_of_two_faces_of_one_picture_the_more_alike_is_the_person(gallery: Gallery) -> None:
    identity = await gallery.name(await gallery.see(ADA))
    [[less, more]] = await gallery.enrol([near(ADA, 0.8, 5), near(ADA, 0.9, 6)])
    assert (await gallery.face(less))["identity_id"] is None
    assert (await gallery.face(more))["identity_id"] == identity.id
    await gallery.check()


async def test_a_face_is_the_person_it_is_most_like(gallery: Gallery) -> None:
    await gallery.name(await gallery.see(ADA))
    grace = await gallery.name(await gallery.see(GRACE))
    between = near(GRACE, 0.8, 0)  # 0.6 like Ada
    assert (await gallery.face(await gallery.see(between)))["identity_id"] == grace.id
    await gallery.check()


async def test_a_person_is_as_near_as_the_mean_of_their_faces(gallery: Gallery) -> None:
    sides = [await gallery.see(near(ADA, 0.7, number)) for number in (5, 6, 7)]
    identity = await gallery.name(*sides)
    # 0.4 like each face, 0.53 like their mean
    probe = near(ADA, 0.57, 9)
    assert (await gallery.face(await gallery.see(probe)))["identity_id"] == identity.id
    await gallery.check()


async def test_a_recognised_face_makes_the_person_easier_to_recognise(gallery: Gallery) -> None:
    identity = await gallery.name(await gallery.see(ADA))
    for number in (5, 6, 7):
        await gallery.see(near(ADA, 0.8, number))
    [template] = await gallery.rows("SELECT * FROM identity_template WHERE namespace_id = %(namespace_id)s")
    assert (template["identity_id"], template["face_count"]) == (identity.id, 4)
    await gallery.check()


async def test_an_identity_of_opposite_faces_recognises_nobody(gallery: Gallery) -> None:
    # Their sum has no direction, and the cosine to it is no number.
    await gallery.name(await gallery.see(ADA), await gallery.see(-ADA))
    stranger = await gallery.face(await gallery.see(GRACE))
    assert stranger["identity_id"] is None
    assert stranger["sighted_score"] is None
    await gallery.check()


# --- two workers ------------------------------------------------------------------------------------------


async def test_a_new_person_that_two_workers_see_at_once_gets_one_group(gallery: Gallery) -> None:
    seen = await asyncio.gather(*(gallery.enrol([near(ADA, 0.95, 5 + number)]) for number in range(6)))
    assert await gallery.groups() == [{face_id for [[face_id]] in seen}]
    await gallery.check()


async def test_a_person_who_is_named_while_they_are_seen_stays_one_person(gallery: Gallery) -> None:
    face = await gallery.see(ADA)
    identity, *_ = await asyncio.gather(
        gallery.name(face), *(gallery.enrol([near(ADA, 0.95, 5 + number)]) for number in range(6))
    )
    assert len(await gallery.groups()) == 1
    group = await gallery.group_of(face)
    assert (group["identity_id"], group["link_modified_by"]) == (identity.id, Author.MANUAL)
    await gallery.check()


async def test_people_who_are_named_and_forgotten_at_once_leave_nothing_behind(gallery: Gallery) -> None:
    faces = [await gallery.see(near(ADA, 0.9, 5 + number)) for number in range(4)]

    async def name_and_forget(number: int) -> None:
        identity = await gallery.name(faces[number])
        await gallery.see(near(ADA, 0.9, 5 + number))
        await gallery.delete(identity.id)

    await asyncio.gather(*(name_and_forget(number) for number in range(4)))
    assert [(await gallery.face(face))["identity_id"] for face in faces] == [None] * 4
    assert await gallery.rows("SELECT * FROM identity_template WHERE namespace_id = %(namespace_id)s") == []
    await gallery.check()
