"""Deciding matches: where the person of a picture is among the faces of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from visavis.errors import InvalidRequest
from visavis.faces import Calibration
from visavis.store import face_detections, face_matches
from visavis.store.database import Database, Transaction
from visavis.store.face_detections import NearFace, NearTrack
from visavis.store.face_matches import OpenMatch
from visavis.video_records import Appearance, FaceDetection, MatchedFace, VideoStatus
from visavis.videos.probes import Probe, Probes

OTHER_MODEL = "The faces were found with another model. Detect them again."

# Between two frames that show the person, so many intervals may pass; rounding apart, that is one.
_SAME_APPEARANCE = 1.5


class Matches:
    """Runs matches: once when they are asked for, and again when the faces are there."""

    def __init__(self, database: Database, probes: Probes, calibration: Calibration) -> None:
        self._database = database
        self._probes = probes
        self._calibration = calibration

    async def run(self, match_id: UUID) -> None:
        """Describe the picture if nobody has, and decide the match if the faces are there."""
        async with self._database.transaction() as db:
            match = await face_matches.lock_open(db, match_id)
        if match is None:
            return
        if match.embedding is None:
            probe = await self._described(match)
            if probe is None:
                return
        async with self._database.transaction() as db:
            # In the order in which the end of a detection holds them, or the two would wait for each other.
            detection_id = await face_matches.detection_of(db, match_id)
            detection = None if detection_id is None else await face_detections.lock(db, detection_id)
            match = await face_matches.lock_open(db, match_id)
            if match is not None:
                await self._decide(db, match, detection)

    async def give_up(self, match_id: UUID) -> None:
        """A match that takes its worker down, or fails for reasons that nobody foresaw."""
        async with self._database.transaction() as db:
            await face_matches.fail(db, match_id, "The source picture could not be processed.")

    async def _described(self, match: OpenMatch) -> Probe | None:
        try:
            probe = await self._probes.of(match.source_data, match.source_url)
        except InvalidRequest as error:
            async with self._database.transaction() as db:
                await face_matches.fail(db, match.id, error.message)
            return None
        async with self._database.transaction() as db:
            await face_matches.described(
                db, match.id, box=probe.box, model_id=probe.model_id, embedding=probe.embedding
            )
        return probe

    async def _decide(self, db: Transaction, match: OpenMatch, detection: FaceDetection | None) -> None:
        """Decide, if the detection has ended; if it has not, its end brings the match here again."""
        if detection is None or detection.status == VideoStatus.FAILED:
            failure = None if detection is None else detection.failure
            await face_matches.fail(db, match.id, failure or "The face detection has been deleted.")
            return
        if detection.status != VideoStatus.COMPLETED or match.embedding is None:
            return
        if await face_detections.other_models(db, [detection.id], match.model_id or ""):
            await face_matches.fail(db, match.id, OTHER_MODEL)
            return
        # Faces of a track are one chance to be wrong, not hundreds: they are one person in one shot.
        chances = max(1, await face_detections.track_count(db, [detection.id]))
        threshold = self._calibration.identification_threshold(chances, match.false_match_rate)
        near = await face_detections.nearest(db, [detection.id], match.embedding, limit=match.max_faces)
        await face_matches.add_faces(db, match.id, [self._matched(face, threshold) for face in near])
        tracks = await face_detections.near_tracks(db, detection.id, match.embedding, threshold=threshold)
        interval_s = await face_detections.interval_s(db, detection.id)
        await face_matches.add_appearances(
            db, match.id, joined([self._appearance(each, threshold) for each in tracks], interval_s)
        )
        await face_matches.complete(db, match.id, threshold)

    def _matched(self, face: NearFace, threshold: float) -> MatchedFace:
        return MatchedFace(
            id=uuid4(),
            frame_id=face.frame_id,
            time_s=face.time_s,
            box=face.box,
            similarity=face.similarity,
            score=float(self._calibration.score(face.similarity, threshold)),
            has_thumbnail=False,
        )

    def _appearance(self, track: NearTrack, threshold: float) -> Appearance:
        return Appearance(
            id=uuid4(),
            start_s=track.start_s,
            end_s=track.end_s,
            face_count=track.face_count,
            best_frame_id=track.best_frame_id,
            best_time_s=track.best_time_s,
            best_box=track.best_box,
            best_score=float(self._calibration.score(track.best_similarity, threshold)),
            has_thumbnail=False,
        )


def joined(appearances: Sequence[Appearance], interval_s: float) -> list[Appearance]:
    """Appearances with no frame between them that lacks the person, as one: tracks end at cuts and with work units.

    Args:
        appearances: by start.
        interval_s: between two frames.
    """
    together: list[Appearance] = []
    for each in appearances:
        last = together[-1] if together else None
        if last is None or each.start_s > last.end_s + interval_s * _SAME_APPEARANCE:
            together.append(each)
            continue
        best = max(last, each, key=lambda one: one.best_score)
        together[-1] = replace(
            best,
            start_s=last.start_s,
            end_s=max(last.end_s, each.end_s),
            face_count=last.face_count + each.face_count,
        )
    return together
