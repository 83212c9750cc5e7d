"""Looking at the frames of a work unit: thumbnails, and the faces in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

import numpy as np

from visavis.faces import AlignedFaces, Detections, FaceEngine
from visavis.jobs.analysis import box_in_fractions
from visavis.media.colours import UInt8Array
from visavis.media.crops import encode_jpeg
from visavis.media.video_frames import SampledFrame, sample_frames
from visavis.records import FloatArray
from visavis.store.frame_extractions import NewFrame
from visavis.video_records import NewVideoFace
from visavis.videos.layout import face_id, frame_id
from visavis.videos.times import Times
from visavis.videos.tracks import TrackedFace, Tracker

_THUMBNAIL_QUALITY = 85

# Tracks of different units have different numbers.
_TRACKS_PER_UNIT = 1_000_000

Keep = Callable[[int, bytes], str]
"""Puts the thumbnail with a number into the storage, now or soon; where it will lie."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to look at, and for what.

    Attributes:
        first_number, end_number: of the frames, the end exclusive.
        detection_id: whose faces are wanted; None: nobody's.
        position: of the work unit.
    """

    extraction_id: UUID
    detection_id: UUID | None
    position: int
    first_number: int
    end_number: int
    times: Times
    max_width_px: int
    seek_points_s: Sequence[float]


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a work unit has found."""

    frames: list[NewFrame]
    faces: list[NewVideoFace]


class Looker:
    """Looks at frames in the thread that calls it; the engine runs in ``engine_thread``, frame by frame, so that
    pictures of other jobs have their turn between two frames."""

    def __init__(self, engine: FaceEngine, engine_thread: Executor) -> None:
        self._engine = engine
        self._engine_thread = engine_thread

    def look(self, video: BinaryIO, task: Task, keep: Keep | None) -> Looked:
        """Look at each frame once.

        Args:
            keep: for thumbnails; None: there are none.
        Raises:
            VideoError: the video cannot be read.
            EngineError: the engine failed.
            StorageError: the storage fails.
        """
        tracker = Tracker(
            self._embed,
            interval_s=task.times.interval_s,
            same_person=self._engine.calibration.default_threshold,
        )
        frames: list[NewFrame] = []
        faces: list[NewVideoFace] = []
        thumbnail: str | None = None
        found: list[tuple[Detections, AlignedFaces]] = []
        for sample in self._samples(video, task):
            number = task.first_number + sample.number
            if keep is not None and not sample.is_repeat:
                thumbnail = keep(number, encode_jpeg(sample.image_rgb, _THUMBNAIL_QUALITY))
            frames.append(
                NewFrame(frame_id(task.extraction_id, number), number, sample.time_s, sample.shown_since_s, thumbnail)
            )
            if task.detection_id is None:
                continue
            if not sample.is_repeat:
                found = self._engine_thread.submit(self._find, sample.image_rgb).result()
            seen = _faces(found, number, sample)
            faces.extend(_stored(each, task) for each in tracker.add(sample.time_s, sample.image_rgb, seen))
        faces.extend(_stored(each, task) for each in tracker.finish())
        return Looked(frames, faces)

    def _samples(self, video: BinaryIO, task: Task) -> Iterator[SampledFrame]:
        times_s = [task.times.of(number) for number in range(task.first_number, task.end_number)]
        return sample_frames(video, times_s, max_width_px=task.max_width_px, seek_points_s=task.seek_points_s)

    def _find(self, image_rgb: UInt8Array) -> list[tuple[Detections, AlignedFaces]]:
        """The faces of a frame, each by itself, so that one is described and its neighbour is not."""
        detections = self._engine.detect(image_rgb)
        rows = [detections[row : row + 1] for row in range(len(detections))]
        return [(row, self._engine.align(image_rgb, row)) for row in rows]

    def _embed(self, faces: Sequence[AlignedFaces]) -> FloatArray:
        described = self._engine_thread.submit(self._engine.embed, faces).result()
        return np.concatenate([each.embeddings for each in described])


def _faces(found: Sequence[tuple[Detections, AlignedFaces]], number: int, sample: SampledFrame) -> list[TrackedFace]:
    size_wh = sample.image_rgb.shape[1], sample.image_rgb.shape[0]
    faces = []
    for position, (detection, aligned) in enumerate(found):
        box = box_in_fractions(detection.boxes_xyxy[0], size_wh)
        if box is not None:
            score = float(detection.detection_scores[0])
            faces.append(TrackedFace(number, position, sample.time_s, box, score, aligned))
    return faces


def _stored(face: TrackedFace, task: Task) -> NewVideoFace:
    if task.detection_id is None or face.embedding is None:
        raise RuntimeError("a face that nobody has asked for, or described")
    return NewVideoFace(
        id=face_id(task.detection_id, face.number, face.position),
        frame_id=frame_id(task.extraction_id, face.number),
        time_s=face.time_s,
        box=face.box,
        detection_score=face.detection_score,
        track=task.position * _TRACKS_PER_UNIT + face.track,
        embedding=face.embedding,
    )
