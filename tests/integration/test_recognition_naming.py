"""A human's word: naming, adding, removing, forgetting."""

from __future__ import annotations

from uuid import uuid4

import pytest

from support.gallery import Gallery, direction, near
from visavis.errors import InvalidRequest, NotFound
from visavis.records import Author
from visavis.store.database import Database

ADA, GRACE, MALLORY = direction(0), direction(1), direction(2)


@pytest.fixture
async def gallery(database: Database) -> Gallery:
    return await Gallery.make(database)


async def link(gallery: Gallery, face_id: object) -> tuple[object, object]:
    group = await gallery.group_of(face_id)  # type: ignore[arg-type]
    return group["identity_id"], group["link_modified_by"]


@pytest.mark.parametrize("author", [Author.MANUAL, Author.REVIEW])
async def test_naming_a_face_links_its_group_in_the_authors_name(gallery: Gallery, author: Author) -> None:
    face, neighbour = await gallery.see(ADA), await gallery.see(near(ADA, 0.8))
    identity = await gallery.name(face, author=author)
    assert await link(gallery, neighbour) == (identity.id, author)
    assert (await gallery.face(face))["identity_by"] == author
    assert (await gallery.face(neighbour))["identity_id"] is None  # nobody said so of this one
    await gallery.check()


@pytest.mark.parametrize("author", [Author.MANUAL, Author.REVIEW])
async def test_the_model_never_overrides_a_human(gallery: Gallery, author: Author) -> None:
    # The face is Ada's to the eye and Grace's by a human's word; the next faces are Ada's again.
    ada = await gallery.name(await gallery.see(ADA))
    stray = await gallery.see(near(ADA, 0.95, 5))
    grace = await gallery.name(stray, author=author)
    before = await gallery.group_of(stray)
    for _ in range(3):
        await gallery.see(near(ADA, 0.95, 5))
        await gallery.see(ADA)
    after = await gallery.group_of(stray)
    assert (after["id"], after["identity_id"], after["link_modified_by"]) == (before["id"], grace.id, author)
    assert after["link_modified_at"] == before["link_modified_at"]
    face = await gallery.face(stray)
    assert (face["identity_id"], face["identity_by"]) == (grace.id, author)
    assert ada.id != grace.id
    await gallery.check()


async def test_the_models_link_becomes_a_humans_when_one_agrees(gallery: Gallery) -> None:
    [[one, other]] = await gallery.enrol([ADA, near(ADA, 0.97, 5)])
    identity = await gallery.name(one)
    assert await link(gallery, other) == (None, None)
    seen = await gallery.see(near(ADA, 0.97, 5))
    assert (await gallery.group_of(seen))["id"] == (await gallery.group_of(other))["id"]
    assert await link(gallery, seen) == (identity.id, Author.MODEL)
    await gallery.update(identity.id, add=[other])
    assert await link(gallery, other) == (identity.id, Author.MANUAL)
    await gallery.see(near(ADA, 0.97, 5))
    assert await link(gallery, other) == (identity.id, Author.MANUAL)
    await gallery.check()


async def test_a_face_that_is_named_out_of_another_persons_group_leaves_it(gallery: Gallery) -> None:
    face, stray = await gallery.see(ADA), await gallery.see(near(ADA, 0.8))
    ada = await gallery.name(face)
    assert (await gallery.group_of(stray))["id"] == (await gallery.group_of(face))["id"]
    grace = await gallery.name(stray)
    assert (await gallery.group_of(stray))["face_ids"] == [stray]
    assert await link(gallery, stray) == (grace.id, Author.MANUAL)
    assert await link(gallery, face) == (ada.id, Author.MANUAL)
    await gallery.check()


async def test_faces_that_leave_one_group_for_one_person_share_a_new_one(gallery: Gallery) -> None:
    kept, *strays = [await gallery.see(near(ADA, 0.9, number)) for number in (5, 6, 7)]
    await gallery.name(kept)
    identity = await gallery.name(*strays)
    assert set((await gallery.group_of(strays[0]))["face_ids"]) == set(strays)
    assert await link(gallery, strays[1]) == (identity.id, Author.MANUAL)
    assert (await gallery.group_of(kept))["face_ids"] == [kept]
    await gallery.check()


async def test_a_whole_group_that_is_renamed_stays_one(gallery: Gallery) -> None:
    faces = [await gallery.see(near(ADA, 0.9, number)) for number in (5, 6, 7)]
    await gallery.name(*faces)
    group = (await gallery.group_of(faces[0]))["id"]
    identity = await gallery.name(*faces)
    assert [(await gallery.group_of(face))["id"] for face in faces] == [group] * 3
    assert await link(gallery, faces[0]) == (identity.id, Author.MANUAL)
    await gallery.check()


async def test_a_parted_face_joins_the_group_of_its_person(gallery: Gallery) -> None:
    # Grace's face has strayed into Ada's group; once it has its name it is one of Grace's.
    grace_face = await gallery.see(GRACE)
    grace = await gallery.name(grace_face)
    [[ada_face], [stray]] = await gallery.enrol([ADA], [near(ADA, 0.72, 1)])
    assert (await gallery.group_of(stray))["id"] in {
        (await gallery.group_of(ada_face))["id"],
        (await gallery.group_of(grace_face))["id"],
    }
    await gallery.update(grace.id, add=[stray])
    assert await link(gallery, stray) == (grace.id, Author.MANUAL)
    await gallery.check()


async def test_faces_of_one_picture_may_be_one_person_by_a_humans_word(gallery: Gallery) -> None:
    # A mirror, a collage: the human knows. The groups stay apart nevertheless.
    [[one, other]] = await gallery.enrol([ADA, near(ADA, 0.97, 5)])
    identity = await gallery.name(one, other)
    assert {(await gallery.face(face))["identity_id"] for face in (one, other)} == {identity.id}
    assert len(await gallery.groups()) == 2
    await gallery.check()


async def test_removed_faces_keep_their_group_and_are_no_longer_compared(gallery: Gallery) -> None:
    face, other = await gallery.see(ADA), await gallery.see(GRACE)
    identity = await gallery.name(face, other)
    group = (await gallery.group_of(other))["id"]
    await gallery.update(identity.id, remove=[other])
    assert (await gallery.group_of(other))["id"] == group
    assert await link(gallery, other) == (None, None)
    assert (await gallery.face(await gallery.see(near(GRACE, 0.95))))["identity_id"] is None
    assert (await gallery.face(await gallery.see(near(ADA, 0.95))))["identity_id"] == identity.id
    await gallery.check()


async def test_removing_a_face_that_is_somebody_elses_changes_nothing(gallery: Gallery) -> None:
    ada_face, grace_face = await gallery.see(ADA), await gallery.see(GRACE)
    ada, grace = await gallery.name(ada_face), await gallery.name(grace_face)
    await gallery.update(ada.id, remove=[grace_face])
    assert (await gallery.face(grace_face))["identity_id"] == grace.id
    assert await link(gallery, grace_face) == (grace.id, Author.MANUAL)
    await gallery.check()


async def test_a_forgotten_person_leaves_faces_and_groups(gallery: Gallery) -> None:
    face = await gallery.see(ADA)
    identity = await gallery.name(face)
    seen = await gallery.see(near(ADA, 0.9))
    groups = await gallery.groups()
    await gallery.delete(identity.id)
    assert await gallery.groups() == groups
    for each in (face, seen):
        row = await gallery.face(each)
        assert (row["identity_id"], row["identity_by"]) == (None, None)
    assert await link(gallery, face) == (None, None)
    assert (await gallery.face(seen))["sighted_identity_id"] == identity.id  # the record stays
    assert (await gallery.face(await gallery.see(ADA)))["identity_id"] is None
    await gallery.check()


async def test_what_is_refused_changes_nothing(gallery: Gallery, database: Database) -> None:
    other = await Gallery.make(database)
    face, foreign = await gallery.see(ADA), await other.see(ADA)
    identity = await gallery.name(face)
    for wrong in (uuid4(), foreign):
        with pytest.raises(InvalidRequest):
            await gallery.name(face, wrong)
        with pytest.raises(InvalidRequest):
            await gallery.update(identity.id, add=[wrong], remove=[face])
        with pytest.raises(InvalidRequest):
            await gallery.update(identity.id, remove=[face, wrong])
    with pytest.raises(InvalidRequest):
        await gallery.update(identity.id, add=[face], remove=[face])
    for unknown in (uuid4(), (await other.name()).id):
        with pytest.raises(NotFound):
            await gallery.update(unknown, add=[face])
        with pytest.raises(NotFound):
            await gallery.delete(unknown)
    assert (await gallery.face(face))["identity_id"] == identity.id
    assert (await other.face(foreign))["identity_id"] is None
    await gallery.check()
    await other.check()
