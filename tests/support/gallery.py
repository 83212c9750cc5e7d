"""A namespace in a database, filled with faces that nobody was ever photographed for: their embeddings are made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from psycopg.rows import dict_row

from visavis.faces.calibration import SFACE_SECOND_LOOK, Calibration
from visavis.recognition import naming
from visavis.recognition.enrolment import enrol
from visavis.records import (
    Author,
    Box,
    FloatArray,
    Identity,
    ImageStatus,
    JobImage,
    JobKind,
    NewFace,
    NewImage,
    NewJob,
    Role,
)
from visavis.store import applications, jobs, namespaces
from visavis.store.database import Database, Transaction

SIZE = 16
MODEL = "made-up"


def direction(number: int) -> FloatArray:
    """A unit embedding that is like none of another number."""
    embedding = np.zeros(SIZE, np.float32)
    embedding[number] = 1
    return embedding


def near(base: FloatArray, similarity: float, number: int = SIZE - 1) -> FloatArray:
    """A unit embedding of this cosine to ``base``, leaning towards ``direction(number)``."""
    aside = direction(number)
    aside = aside - float(aside @ base) * base
    aside /= np.float32(np.linalg.norm(aside))
    return (similarity * base + np.sqrt(1 - similarity**2) * aside).astype(np.float32)


def make_face(job_image_id: UUID, embedding: FloatArray, *, model_id: str = MODEL) -> NewFace:
    """A face as the engine would have found it."""
    return NewFace(
        id=uuid4(),
        job_image_id=job_image_id,
        box=Box(0.25, 0.25, 0.75, 0.75),
        landmarks_xy=np.full((5, 2), 0.5, np.float32),
        detection_score=0.9,
        sharpness=0.5,
        is_frontal=True,
        width_px=100,
        height_px=120,
        model_id=model_id,
        embedding=embedding,
    )


@dataclass(frozen=True, slots=True)
class Gallery:
    """One namespace. Each method is a transaction of its own."""

    database: Database
    organization_id: UUID
    application_id: UUID
    namespace_id: UUID
    calibration: Calibration = SFACE_SECOND_LOOK

    @classmethod
    async def make(cls, database: Database, *, organization: str = "acme", namespace: str | None = None) -> Gallery:
        """An empty namespace, of a new application of an organisation that may exist."""
        async with database.transaction() as db:
            application_id = await applications.add(
                db,
                organization=organization,
                name=str(uuid4()),
                client_id=str(uuid4()),
                client_secret_hash=uuid4().bytes,
                api_key_hash=uuid4().bytes,
                subscription_key_hash=uuid4().bytes,
                scopes=[],
            )
            application = await applications.get(db, application_id)
            assert application is not None
            place = await namespaces.ensure(db, application.organization_id, namespace or str(uuid4()))
        return cls(database, application.organization_id, application_id, place.id)

    async def enrol(self, *pictures: Sequence[FloatArray], model_id: str = MODEL) -> list[list[UUID]]:
        """Enrol the faces of some pictures as one work unit; the ids of the faces of each."""
        async with self.database.transaction() as db:
            images = await self._add_job(db, len(pictures))
            await namespaces.lock(db, self.namespace_id)
            faces = [
                [make_face(image_id, embedding, model_id=model_id) for embedding in picture]
                for image_id, picture in zip(images, pictures, strict=True)
            ]
            new = [face for picture in faces for face in picture]
            await enrol(db, self.namespace_id, self.calibration, new, batch_id=uuid4())
        return [[face.id for face in picture] for picture in faces]

    async def see(self, embedding: FloatArray) -> UUID:
        """Enrol one picture with one face."""
        [[face_id]] = await self.enrol([embedding])
        return face_id

    async def name(self, *face_ids: UUID, author: Author = Author.MANUAL) -> Identity:
        """Make an identity of some faces."""
        async with self.database.transaction() as db:
            named = await naming.create_identity(
                db, self.namespace_id, custom_id=None, face_ids=face_ids, author=author
            )
        return named.identity

    async def update(
        self,
        identity_id: UUID,
        *,
        add: Sequence[UUID] = (),
        remove: Sequence[UUID] = (),
        author: Author = Author.MANUAL,
    ) -> None:
        """Add faces to an identity and remove others."""
        async with self.database.transaction() as db:
            await naming.update_identity(
                db, self.namespace_id, identity_id, custom_id=None, add=add, remove=remove, author=author
            )

    async def delete(self, identity_id: UUID) -> None:
        """Forget an identity."""
        async with self.database.transaction() as db:
            await naming.delete_identity(db, self.namespace_id, identity_id)

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        """Rows of a statement that asks for ``%(namespace_id)s``."""
        async with self.database.transaction() as db, db.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, {"namespace_id": self.namespace_id})  # type: ignore[arg-type]
            return await cursor.fetchall()

    async def face(self, face_id: UUID) -> dict[str, Any]:
        """One face's row."""
        [row] = [row for row in await self.rows(_FACES) if row["id"] == face_id]
        return row

    async def group_of(self, face_id: UUID) -> dict[str, Any]:
        """The row of a face's group, with ``face_ids``."""
        group_id = (await self.face(face_id))["group_id"]
        [row] = [row for row in await self.rows(_GROUPS) if row["id"] == group_id]
        return row

    async def groups(self) -> list[set[UUID]]:
        """The groups as sets of faces."""
        return [set(row["face_ids"]) for row in await self.rows(_GROUPS)]

    async def check(self) -> None:
        """Fail unless everything that is stored of people agrees."""
        faces = await self.rows(_FACES)
        groups = {row["id"]: row for row in await self.rows(_GROUPS)}
        by_group: dict[UUID, list[dict[str, Any]]] = {group_id: [] for group_id in groups}
        by_identity: dict[UUID, list[dict[str, Any]]] = {}
        for face in faces:
            by_group[face["group_id"]].append(face)
            if face["identity_id"] is not None:
                by_identity.setdefault(face["identity_id"], []).append(face)
        for group_id, members in by_group.items():
            assert members, "a group without a face"
            pictures = [face["job_image_id"] for face in members]
            assert len(pictures) == len(set(pictures)), "two faces of one picture in one group"
            people = {face["identity_id"] for face in members} - {None}
            assert len(people) <= 1, "two people in one group"
            assert groups[group_id]["identity_id"] == (min(people) if people else None), "a link without its face"
        _check_templates(await self.rows(_GROUP_TEMPLATES), by_group)
        _check_templates(await self.rows(_IDENTITY_TEMPLATES), by_identity)

    async def _add_job(self, db: Transaction, pictures: int) -> list[UUID]:
        job_id = uuid4()
        images = [
            JobImage(
                id=uuid4(),
                job_id=job_id,
                role=Role.SUBJECT,
                position=position,
                status=ImageStatus.IN_PROGRESS,
                custom_id=None,
                source_url=None,
                blob_key=f"pictures/{job_id}/{position}",
            )
            for position in range(pictures)
        ]
        await jobs.add(
            db,
            NewJob(JobKind.RECOGNIZE, tuple(NewImage(data=b"") for _ in images)),
            job_id=job_id,
            organization_id=self.organization_id,
            application_id=self.application_id,
            namespace_id=self.namespace_id,
            images=images,
        )
        return [image.id for image in images]


def _check_templates(templates: list[dict[str, Any]], members: dict[UUID, list[dict[str, Any]]]) -> None:
    assert {row["owner_id"] for row in templates} == set(members), "a template without faces, or faces without one"
    for row in templates:
        own = [face["embedding"].to_numpy() for face in members[row["owner_id"]]]
        assert row["face_count"] == len(own)
        np.testing.assert_allclose(row["embedding_sum"].to_numpy(), np.sum(own, axis=0), atol=1e-4)


_FACES = """
    SELECT f.*, e.embedding, e.model_id FROM face f JOIN face_embedding e ON e.face_id = f.id
     WHERE f.namespace_id = %(namespace_id)s"""
_GROUPS = """
    SELECT g.*, array_remove(array_agg(f.id), NULL) AS face_ids FROM face_group g LEFT JOIN face f ON f.group_id = g.id
     WHERE g.namespace_id = %(namespace_id)s GROUP BY g.id"""
_GROUP_TEMPLATES = "SELECT group_id AS owner_id, * FROM group_template WHERE namespace_id = %(namespace_id)s"
_IDENTITY_TEMPLATES = "SELECT identity_id AS owner_id, * FROM identity_template WHERE namespace_id = %(namespace_id)s"
