"""What we know, in the wire's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.addresses import uri_of
from visavis.dialects.cloudglue.links import Links
from visavis.records import Box
from visavis.video_records import (
    Appearance,
    Collection,
    CollectionMember,
    Coverage,
    FaceDetection,
    FaceMatch,
    FaceSearch,
    Frame,
    FrameExtraction,
    MatchedFace,
    Page,
    Sampling,
    SearchHit,
    Thumbnail,
    VideoFace,
    VideoFile,
    VideoInfo,
    VideoStatus,
    VideoWebhook,
)

Row = TypeVar("Row")
WireRow = TypeVar("WireRow")

# A face at least so alike is the person's, at whatever operating point is in force: scores are 0.5 there.
SIMILARITY_THRESHOLD = 50.0
_JUST_BELOW = 49.9999

STATUS: dict[VideoStatus, wire.JobStatus] = {
    VideoStatus.PENDING: "pending",
    VideoStatus.PROCESSING: "processing",
    VideoStatus.COMPLETED: "completed",
    VideoStatus.FAILED: "failed",
}


# --- out: numbers -----------------------------------------------------------------------------------------


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def seconds(time_s: float) -> float:
    """Seconds from the start of the video, without the digits that mean nothing."""
    return max(0.0, round(float(time_s), 6))


def similarity(score: float) -> float:
    """A score as a number in 0..100, four digits behind the point; on the same side of 50 as the score of 0.5."""
    rounded = min(max(round(100 * float(score), 4), 0.0), 100.0)
    return _JUST_BELOW if score < 0.5 and rounded >= SIMILARITY_THRESHOLD else rounded


def box_to_wire(box: Box) -> wire.FaceBoundingBox:
    """A box from its upper left corner, no part of it outside the picture."""
    left, top = _fraction(box.x_min), _fraction(box.y_min)
    right, bottom = _fraction(box.x_max), _fraction(box.y_max)
    return wire.FaceBoundingBox(
        left=left, top=top, width=_fraction(max(right - left, 0)), height=_fraction(max(bottom - top, 0))
    )


def _fraction(number: float) -> float:
    return min(max(round(float(number), 6), 0.0), 1.0)


# --- out: resources ---------------------------------------------------------------------------------------


def _rows(page: Page[Row], make: Callable[[Row], WireRow]) -> list[WireRow]:
    return [make(row) for row in page.rows]


def file_to_wire(file: VideoFile, links: Links) -> wire.File:
    """A file, with what is known of it so far."""
    info = file.info
    return wire.File(
        id=file.id,
        status=STATUS[file.status],
        bytes=file.byte_count,
        created_at=milliseconds(file.created_at),
        filename=file.filename,
        uri=uri_of(file.id),
        metadata=None if file.metadata is None else dict(file.metadata),
        media_info=None if info is None else _media_info(info),
        video_info=None if info is None else video_info_to_wire(info),
        thumbnail_url=links.poster_url_of(file),
        source="upload" if file.source == "upload" else "http",
        error=file.failure,
        frame_rate=None if info is None or info.frame_rate is None else round(info.frame_rate, 6),
        frame_count=None if info is None else info.frame_count,
        sha256=file.sha256,
    )


def video_info_to_wire(info: VideoInfo) -> wire.VideoInfo:
    """What a video is."""
    return wire.VideoInfo(
        duration_seconds=seconds(info.duration_s),
        width=info.width_px,
        height=info.height_px,
        format=info.media_format,
        has_audio=info.has_audio,
    )


def _media_info(info: VideoInfo) -> wire.MediaInfo:
    return wire.MediaInfo(
        **dict(video_info_to_wire(info)),
        sample_rate=info.audio_sample_rate_hz,
        channels=info.audio_channels,
        bitrate=info.bitrate_bps,
    )


def thumbnail_to_wire(thumbnail: Thumbnail, links: Links) -> wire.Thumbnail:
    """A small picture; a file's own has the file's id."""
    time = seconds(thumbnail.time_s)
    if thumbnail.frame_id is None:
        return wire.Thumbnail(id=thumbnail.file_id, url=links.poster_url(thumbnail.file_id), time=time, type="file")
    return wire.Thumbnail(id=thumbnail.frame_id, url=links.frame_url(thumbnail.frame_id), time=time, type="frame")


def sampling_to_wire(sampling: Sampling) -> wire.FrameExtractionConfigInForce:
    """Which frames are looked at, with everything that was not said."""
    return wire.FrameExtractionConfigInForce(
        uniform_config=_uniform(sampling),
        thumbnails_config=wire.ThumbnailsConfigInForce(enable_frame_thumbnails=sampling.keeps_thumbnails),
        start_time_seconds=sampling.start_s,
        end_time_seconds=sampling.end_s,
    )


def _uniform(sampling: Sampling) -> wire.UniformConfigInForce:
    return wire.UniformConfigInForce(frames_per_second=sampling.frames_per_second, max_width=sampling.max_width_px)


def _of_job(job: FrameExtraction | FaceDetection | FaceMatch) -> dict[str, Any]:
    """What is told of every job."""
    return {
        "file_id": job.file_id,
        "status": STATUS[job.status],
        "created_at": milliseconds(job.created_at),
        "progress": 1.0 if job.status == VideoStatus.COMPLETED else _fraction(job.progress),
        "error": job.failure,
    }


def extraction_row_to_wire(extraction: FrameExtraction) -> wire.FrameExtractionRow:
    """An extraction without its frames."""
    return wire.FrameExtractionRow(
        frame_extraction_id=extraction.id,
        **_of_job(extraction),
        frame_extraction_config=sampling_to_wire(extraction.sampling),
        frame_count=extraction.frame_count if extraction.status == VideoStatus.COMPLETED else None,
    )


def extraction_to_wire(
    extraction: FrameExtraction, frames: Page[Frame] | None, limit: int, offset: int, links: Links
) -> wire.FrameExtraction:
    """An extraction with a page of its frames, once there are some."""
    told = wire.FrameExtraction(**dict(extraction_row_to_wire(extraction)))
    if frames is None or not frames.total:
        return told
    return told.model_copy(
        update={
            "data": wire.FramePage(
                total=frames.total,
                limit=limit,
                offset=offset,
                frames=_rows(frames, lambda frame: _frame(frame, links)),
            )
        }
    )


def _frame(frame: Frame, links: Links) -> wire.Frame:
    return wire.Frame(
        id=frame.id,
        timestamp=seconds(frame.time_s),
        thumbnail_url=links.frame_url_if(frame.has_thumbnail, frame.id),
    )


def coverage_to_wire(coverage: Coverage | None) -> wire.Coverage | None:
    """How much of a file was looked at."""
    if coverage is None:
        return None
    return wire.Coverage(
        start_time_seconds=seconds(coverage.start_s),
        end_time_seconds=seconds(coverage.end_s),
        frames_looked_at=coverage.frames_looked_at,
        frames_missed=coverage.frames_missed,
        frames_in_file=coverage.frames_in_file,
        shortest_missable_seconds=seconds(coverage.shortest_missable_s),
    )


def detection_to_wire(
    detection: FaceDetection, faces: Page[VideoFace] | None, limit: int, offset: int, links: Links
) -> wire.FaceDetection:
    """A detection with a page of its faces, once it is completed."""
    return wire.FaceDetection(
        face_detection_id=detection.id,
        frame_extraction_id=detection.extraction_id,
        **_of_job(detection),
        coverage=None if faces is None else coverage_to_wire(detection.coverage),
        data=None
        if faces is None
        else wire.FacePage(total=faces.total, limit=limit, offset=offset, faces=faces_to_wire(faces, links)),
    )


def faces_to_wire(faces: Page[VideoFace], links: Links) -> list[wire.DetectedFace]:
    """Faces of a video."""
    return _rows(
        faces,
        lambda face: wire.DetectedFace(
            id=face.id,
            face_bounding_box=box_to_wire(face.box),
            frame_id=face.frame_id,
            timestamp=seconds(face.time_s),
            thumbnail_url=links.frame_url_if(face.has_thumbnail, face.frame_id),
        ),
    )


def detection_row_to_wire(detection: FaceDetection) -> wire.FaceDetectionRow:
    """A row of the list of detections."""
    return wire.FaceDetectionRow(
        job_id=detection.id,
        frame_extraction_id=detection.extraction_id,
        **_of_job(detection),
        total_faces=detection.face_count if detection.status == VideoStatus.COMPLETED else None,
    )


def match_to_wire(
    match: FaceMatch,
    faces: Page[MatchedFace] | None,
    appearances: Sequence[Appearance],
    limit: int,
    offset: int,
    links: Links,
) -> wire.FaceMatch:
    """A match with a page of its faces and all appearances, once it is completed."""
    told = wire.FaceMatch(
        face_match_id=match.id,
        face_detection_id=match.detection_id,
        frame_extraction_id=match.extraction_id,
        **_of_job(match),
        source_face_bounding_box=_source_box(match),
        similarity_threshold=SIMILARITY_THRESHOLD,
    )
    if faces is None:
        return told
    return told.model_copy(
        update={
            "data": wire.MatchPage(
                total=faces.total,
                limit=limit,
                offset=offset,
                faces_matches=_rows(faces, lambda face: _matched(face, links)),
            ),
            "appearances": [_appearance(each, links) for each in appearances],
            "coverage": coverage_to_wire(match.coverage),
        }
    )


def _source_box(match: FaceMatch) -> wire.FaceBoundingBox | None:
    """Known earlier, but the vendor tells it at the end."""
    has_ended = match.status in (VideoStatus.COMPLETED, VideoStatus.FAILED)
    return box_to_wire(match.source_box) if has_ended and match.source_box is not None else None


def _matched(face: MatchedFace, links: Links) -> wire.FaceMatchResult:
    return wire.FaceMatchResult(
        id=face.id,
        face_bounding_box=box_to_wire(face.box),
        similarity=similarity(face.score),
        frame_id=face.frame_id,
        timestamp=seconds(face.time_s),
        thumbnail_url=links.frame_url_if(face.has_thumbnail, face.frame_id),
    )


def _appearance(appearance: Appearance, links: Links) -> wire.Appearance:
    return wire.Appearance(
        id=appearance.id,
        start_time_seconds=seconds(appearance.start_s),
        end_time_seconds=seconds(appearance.end_s),
        face_count=appearance.face_count,
        best=wire.BestOfAppearance(
            frame_id=appearance.best_frame_id,
            timestamp=seconds(appearance.best_time_s),
            face_bounding_box=box_to_wire(appearance.best_box),
            similarity=similarity(appearance.best_score),
            thumbnail_url=links.frame_url_if(appearance.has_thumbnail, appearance.best_frame_id),
        ),
    )


def match_row_to_wire(match: FaceMatch) -> wire.FaceMatchRow:
    """A row of the list of matches."""
    return wire.FaceMatchRow(
        job_id=match.id,
        face_detection_id=match.detection_id,
        frame_extraction_id=match.extraction_id,
        **_of_job(match),
        source_face_bounding_box=_source_box(match),
        match_count=match.match_count if match.status == VideoStatus.COMPLETED else None,
    )


def collection_to_wire(collection: Collection) -> wire.Collection:
    """A collection with how its faces are looked for."""
    return wire.Collection(
        id=collection.id,
        name=collection.name,
        description=collection.description,
        face_detection_config=wire.CollectionFacesInForce(
            frame_extraction_config=wire.UniformFramesInForce(uniform_config=_uniform(collection.sampling)),
            thumbnails_config=wire.ThumbnailsConfigInForce(
                enable_frame_thumbnails=collection.sampling.keeps_thumbnails
            ),
        ),
        created_at=milliseconds(collection.created_at),
        file_count=collection.file_count,
    )


def member_to_wire(member: CollectionMember, links: Links) -> wire.CollectionFile:
    """A file in a collection."""
    return wire.CollectionFile(
        collection_id=member.collection_id,
        file_id=member.file.id,
        added_at=milliseconds(member.added_at),
        status=STATUS[member.status],
        file=file_to_wire(member.file, links),
    )


def member_faces_to_wire(
    member: CollectionMember, faces: Page[VideoFace], limit: int, offset: int, links: Links
) -> wire.FileFaceDetections:
    """The faces of a file in a collection."""
    return wire.FileFaceDetections(
        collection_id=member.collection_id,
        file_id=member.file.id,
        status=STATUS[member.status],
        faces=faces_to_wire(faces, links),
        total=faces.total,
        limit=limit,
        offset=offset,
    )


def search_to_wire(search: FaceSearch, hits: Sequence[SearchHit], links: Links) -> wire.SearchResponse:
    """A search with what it found, best first; by file where that was asked for."""
    found = [_hit(hit, links) for hit in hits]
    groups = _by_file(found, by_item_count=search.by_item_count) if search.by_file else None
    return wire.SearchResponse(
        id=search.id,
        query=search.query,
        group_by_key=None if groups is None else "file",
        group_count=None if groups is None else len(groups),
        results=found if groups is None else groups,
        total=len(found),
        limit=search.limit,
    )


def search_row_to_wire(search: FaceSearch) -> wire.SearchResponse:
    """A row of the list of searches: what was found is told by number only."""
    return wire.SearchResponse(
        id=search.id,
        query=search.query,
        group_by_key="file" if search.by_file else None,
        group_count=search.hit_file_count if search.by_file else None,
        results=[],
        total=search.hit_count,
        limit=search.limit,
    )


def _hit(hit: SearchHit, links: Links) -> wire.FaceSearchResult:
    return wire.FaceSearchResult(
        file_id=hit.file_id,
        collection_id=hit.collection_id,
        face_id=hit.face_id,
        frame_id=hit.frame_id,
        score=similarity(hit.score),
        timestamp=seconds(hit.time_s),
        face_bounding_box=box_to_wire(hit.box),
        thumbnail_url=links.frame_url_if(hit.has_thumbnail, hit.frame_id),
    )


def _by_file(found: Sequence[wire.FaceSearchResult], *, by_item_count: bool) -> list[wire.FaceGroupResult]:
    # sorted() keeps the order of equals: within a file, the best comes first
    files = groupby(sorted(found, key=lambda each: each.file_id), key=lambda each: each.file_id)
    groups = [
        wire.FaceGroupResult(file_id=file_id, matched_items=items, item_count=len(items), best_score=items[0].score)
        for file_id, items in ((file_id, list(each)) for file_id, each in files)
    ]
    if by_item_count:
        return sorted(groups, key=lambda group: (-group.item_count, -group.best_score, group.file_id))
    return sorted(groups, key=lambda group: (-group.best_score, group.file_id))


def webhook_to_wire(webhook: VideoWebhook) -> wire.Webhook:
    """A webhook, with its secret, which this vendor shows on every read."""
    return wire.Webhook(
        id=webhook.id,
        created_at=milliseconds(webhook.created_at),
        webhook_secret=webhook.secret,
        endpoint=webhook.endpoint,
        active=webhook.is_active,
        description=webhook.description,
        subscribed_events=webhook.events,
    )
