-- add: a detection that waits for its file
INSERT INTO face_detection (id, organization_id, file_id, extraction_id, status)
VALUES (%(id)s, %(organization_id)s, %(file_id)s, %(extraction_id)s, 'pending');

-- get: one detection of an organisation
SELECT * FROM face_detection_told WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- find: one detection, whoever owns it
SELECT * FROM face_detection_told WHERE id = %(id)s;

-- hold: keep others from changing a detection
SELECT id FROM face_detection WHERE id = %(id)s FOR UPDATE;

-- search_newest: detections of an organisation, newest first
SELECT * FROM face_detection_told
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- total: how many they are
SELECT count(*) FROM face_detection
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s);

-- waiting: detections over an extraction that have not begun
SELECT * FROM face_detection_told WHERE extraction_id = %(extraction_id)s AND status = 'pending' ORDER BY created_at, id;

-- unfinished: detections over an extraction that have not ended
SELECT * FROM face_detection_told
 WHERE extraction_id = %(extraction_id)s AND status IN ('pending', 'processing') ORDER BY id;

-- begin: its work units are in the queue
UPDATE face_detection SET status = 'processing' WHERE id = %(id)s AND status = 'pending';

-- complete: all its work units have ended; what they have looked at
UPDATE face_detection
   SET status = 'completed', ended_at = clock_timestamp(),
       face_count = (SELECT count(*) FROM video_face WHERE detection_id = %(id)s),
       track_count = (SELECT count(DISTINCT track) FROM video_face WHERE detection_id = %(id)s),
       start_s = %(start_s)s, end_s = %(end_s)s, frames_looked_at = seen.pictures,
       frames_missed = GREATEST(%(wanted_frames)s - seen.frames, 0), frames_in_file = file.frame_count,
       interval_s = 1 / extraction.frames_per_second,
       shortest_missable_s = CASE
           WHEN %(start_s)s <= 0 AND %(end_s)s >= file.duration_s AND seen.pictures >= file.frame_count THEN 0
           ELSE GREATEST(seen.longest_gap_s, 1 / extraction.frames_per_second) END
  FROM video_file file, frame_extraction extraction,
       (SELECT count(*) AS frames, count(DISTINCT shown_since_s) AS pictures,
               GREATEST(max(gap_s), min(time_s) - %(start_s)s, %(end_s)s - max(time_s),
                        CASE WHEN count(*) = 0 THEN %(end_s)s - %(start_s)s END) AS longest_gap_s
          FROM (SELECT frame.time_s, frame.shown_since_s,
                       frame.time_s - lag(frame.time_s) OVER (ORDER BY number) AS gap_s
                  FROM frame JOIN face_detection own ON own.extraction_id = frame.extraction_id
                 WHERE own.id = %(id)s AND NOT EXISTS (
                       SELECT 1 FROM video_unit unit
                        WHERE unit.detection_id = own.id AND unit.status = 'failed'
                          AND frame.number >= unit.first_number AND frame.number < unit.end_number)) AS looked_at
       ) AS seen
 WHERE face_detection.id = %(id)s AND face_detection.status IN ('pending', 'processing')
   AND file.id = face_detection.file_id AND extraction.id = face_detection.extraction_id;

-- fail: there will be no faces
UPDATE face_detection SET status = 'failed', failure = %(failure)s, ended_at = clock_timestamp()
 WHERE id = %(id)s AND status IN ('pending', 'processing');

-- remove: a detection and its faces, and the work units that would do nothing without it
WITH idle AS (DELETE FROM video_unit WHERE detection_id = %(id)s AND NOT makes_frames)
DELETE FROM face_detection WHERE id = %(id)s;

-- add_faces: faces with their embeddings, some of which may be there already
INSERT INTO video_face (id, detection_id, frame_id, time_s, x_min, y_min, x_max, y_max, detection_score, track,
                        model_id, embedding)
SELECT new.id, %(detection_id)s, frame_id, time_s, x_min, y_min, x_max, y_max, detection_score, track, %(model_id)s,
       described.embedding
  FROM json_to_recordset(%(faces)s) AS new(
       id uuid, frame_id uuid, time_s double precision, x_min double precision, y_min double precision,
       x_max double precision, y_max double precision, detection_score double precision, track bigint)
  JOIN unnest(%(ids)s::uuid[], %(embeddings)b::vector[]) AS described(id, embedding) ON described.id = new.id
ON CONFLICT (id) DO NOTHING;

-- faces: faces of a detection, by time, then from left to right
SELECT face.id, face.detection_id, face.frame_id, face.time_s, x_min, y_min, x_max, y_max, detection_score, track,
       frame.thumbnail_key IS NOT NULL AS has_thumbnail
  FROM (SELECT * FROM video_face WHERE detection_id = %(detection_id)s
         ORDER BY time_s, x_min, id LIMIT %(limit)s OFFSET %(offset)s) AS face
  LEFT JOIN frame ON frame.id = face.frame_id
 ORDER BY face.time_s, x_min, face.id;

-- faces_total: how many they are
SELECT count(*) FROM video_face WHERE detection_id = %(detection_id)s;

-- track_count: people without a break, in some detections
SELECT COALESCE(sum(track_count), 0) FROM face_detection WHERE id = ANY(%(ids)s);

-- other_models: faces that another model has described
SELECT count(*) FROM (SELECT 1 FROM video_face WHERE detection_id = ANY(%(ids)s) AND model_id <> %(model_id)s LIMIT 1)
       AS any_other;

-- nearest: the faces of some detections that are most alike a person, best first
SELECT face.id, face.detection_id, detection.file_id, frame_id, time_s, x_min, y_min, x_max, y_max,
       1 - (embedding <=> %(embedding)s) AS similarity
  FROM video_face face JOIN face_detection detection ON detection.id = face.detection_id
 WHERE face.detection_id = ANY(%(ids)s)
   AND 1 - (embedding <=> %(embedding)s) >= %(least)s
 ORDER BY similarity DESC, time_s, face.id LIMIT %(limit)s;

-- tracks: people without a break who have a face at least so alike, by time
SELECT min(time_s) AS start_s, max(time_s) AS end_s, count(*) AS face_count,
       (array_agg(frame_id ORDER BY similarity DESC, time_s, id))[1] AS best_frame_id,
       (array_agg(time_s ORDER BY similarity DESC, time_s, id))[1] AS best_time_s,
       (array_agg(x_min ORDER BY similarity DESC, time_s, id))[1] AS x_min,
       (array_agg(y_min ORDER BY similarity DESC, time_s, id))[1] AS y_min,
       (array_agg(x_max ORDER BY similarity DESC, time_s, id))[1] AS x_max,
       (array_agg(y_max ORDER BY similarity DESC, time_s, id))[1] AS y_max,
       max(similarity) AS best_similarity
  FROM (SELECT face.*, 1 - (embedding <=> %(embedding)s) AS similarity
          FROM video_face face WHERE detection_id = %(id)s) AS seen
 GROUP BY track
HAVING max(similarity) >= %(threshold)s
 ORDER BY start_s, end_s;

-- interval: the time between two frames of a detection
SELECT interval_s FROM face_detection WHERE id = %(id)s;
