"""The worker's part of a search by face."""

from __future__ import annotations

from uuid import UUID

from visavis.errors import InvalidRequest
from visavis.faces import Calibration
from visavis.store import face_detections, face_searches
from visavis.store.database import Database
from visavis.store.face_detections import NearFace
from visavis.video_records import SearchHit
from visavis.videos.matching import OTHER_MODEL
from visavis.videos.probes import Probes


class SearchWork:
    """Makes searches that a server waits for."""

    def __init__(self, database: Database, probes: Probes, calibration: Calibration) -> None:
        self._database = database
        self._probes = probes
        self._calibration = calibration

    async def run(self, search_id: UUID) -> None:
        """Describe the picture, and find the faces that are most alike."""
        async with self._database.transaction() as db:
            search = await face_searches.open_search(db, search_id)
        if search is None:
            return
        try:
            probe = await self._probes.of(search.source_data, search.source_url)
        except InvalidRequest as error:
            async with self._database.transaction() as db:
                await face_searches.fail(db, search_id, error.message)
            return
        async with self._database.transaction() as db:
            if await face_searches.open_search(db, search_id) is None:
                return
            gallery = await face_searches.gallery(db, search_id)
            if await face_detections.other_models(db, list(gallery), probe.model_id):
                await face_searches.fail(db, search_id, OTHER_MODEL)
                return
            chances = max(1, await face_detections.track_count(db, list(gallery)))
            at = self._calibration.identification_threshold(chances, search.false_match_rate)
            near = await face_detections.nearest(db, list(gallery), probe.embedding, limit=search.most)
            hits = [self._hit(face, gallery[face.detection_id], at) for face in near]
            least = search.threshold
            await face_searches.complete(db, search_id, [hit for hit in hits if least is None or hit.score >= least])

    async def give_up(self, search_id: UUID) -> None:
        """A search that takes its worker down, or fails for reasons that nobody foresaw."""
        async with self._database.transaction() as db:
            await face_searches.fail(db, search_id, "The source picture could not be processed.")

    def _hit(self, face: NearFace, collection_id: UUID, threshold: float) -> SearchHit:
        return SearchHit(
            file_id=face.file_id,
            collection_id=collection_id,
            face_id=face.id,
            frame_id=face.frame_id,
            time_s=face.time_s,
            box=face.box,
            score=float(self._calibration.score(face.similarity, threshold)),
            has_thumbnail=False,
        )
