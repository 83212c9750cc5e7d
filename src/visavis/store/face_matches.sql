-- add: a match that is to be decided, at the organisation's operating point
INSERT INTO face_match (id, organization_id, application_id, file_id, extraction_id, detection_id, max_faces,
                        false_match_rate, source_url, source_data, status)
SELECT %(id)s, id, %(application_id)s, %(file_id)s, %(extraction_id)s, %(detection_id)s, %(max_faces)s,
       false_match_rate, %(source_url)s, %(source_data)s, 'pending'
  FROM organization WHERE id = %(organization_id)s;

-- get: one match of an organisation
SELECT * FROM face_match_told WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- search_newest: matches of an organisation, newest first
SELECT * FROM face_match_told
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- total: how many they are
SELECT count(*) FROM face_match
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s);

-- lock_open: a match that has not ended, held
UPDATE face_match SET status = 'processing'
 WHERE id = %(id)s AND status IN ('pending', 'processing')
RETURNING id, file_id, detection_id, max_faces, false_match_rate, source_url, source_data,
          source_model_id AS model_id, source_embedding AS embedding;

-- detection_of: the detection that a match that has not ended waits for
SELECT detection_id FROM face_match WHERE id = %(id)s AND status IN ('pending', 'processing');

-- described: the face that is looked for
UPDATE face_match
   SET source_model_id = %(model_id)s, source_embedding = %(embedding)s, source_data = NULL,
       x_min = %(x_min)s, y_min = %(y_min)s, x_max = %(x_max)s, y_max = %(y_max)s
 WHERE id = %(id)s AND status IN ('pending', 'processing');

-- waiting: matches that wait for a detection
SELECT id FROM face_match WHERE detection_id = %(detection_id)s AND status IN ('pending', 'processing') ORDER BY id;

-- fail: a match cannot be decided
UPDATE face_match
   SET status = 'failed', failure = %(failure)s, ended_at = clock_timestamp(), source_data = NULL,
       source_embedding = NULL
 WHERE id = %(id)s AND status IN ('pending', 'processing');

-- add_faces: faces beside the person, best first
INSERT INTO matched_face (match_id, rank, id, frame_id, time_s, x_min, y_min, x_max, y_max, similarity, score)
SELECT %(id)s, rank, id, frame_id, time_s, x_min, y_min, x_max, y_max, similarity, score
  FROM json_to_recordset(%(faces)s) AS new(
       rank integer, id uuid, frame_id uuid, time_s double precision, x_min double precision, y_min double precision,
       x_max double precision, y_max double precision, similarity double precision, score double precision);

-- add_appearances: when the person is on screen
INSERT INTO appearance (id, match_id, start_s, end_s, face_count, best_frame_id, best_time_s, x_min, y_min, x_max, y_max,
                        best_score)
SELECT id, %(id)s, start_s, end_s, face_count, best_frame_id, best_time_s, x_min, y_min, x_max, y_max, best_score
  FROM json_to_recordset(%(appearances)s) AS new(
       id uuid, start_s double precision, end_s double precision, face_count integer, best_frame_id uuid,
       best_time_s double precision, x_min double precision, y_min double precision, x_max double precision,
       y_max double precision, best_score double precision);

-- complete: a match is decided
UPDATE face_match
   SET status = 'completed', ended_at = clock_timestamp(), threshold = %(threshold)s, source_data = NULL,
       source_embedding = NULL, match_count = (SELECT count(*) FROM matched_face WHERE match_id = %(id)s),
       start_s = detection.start_s, end_s = detection.end_s, frames_looked_at = detection.frames_looked_at,
       frames_missed = detection.frames_missed, frames_in_file = detection.frames_in_file,
       shortest_missable_s = detection.shortest_missable_s
  FROM face_detection detection
 WHERE face_match.id = %(id)s AND detection.id = face_match.detection_id
   AND face_match.status IN ('pending', 'processing');

-- remove: a match
DELETE FROM face_match WHERE id = %(id)s;

-- faces: faces of a match, best first
SELECT face.id, face.frame_id, face.time_s, x_min, y_min, x_max, y_max, similarity, score,
       frame.thumbnail_key IS NOT NULL AS has_thumbnail
  FROM matched_face face LEFT JOIN frame ON frame.id = face.frame_id
 WHERE match_id = %(id)s ORDER BY rank LIMIT %(limit)s OFFSET %(offset)s;

-- faces_total: how many they are
SELECT count(*) FROM matched_face WHERE match_id = %(id)s;

-- appearances: when the person is on screen
SELECT appearance.id, start_s, end_s, face_count, best_frame_id, best_time_s, x_min, y_min, x_max, y_max, best_score,
       frame.thumbnail_key IS NOT NULL AS has_thumbnail
  FROM appearance LEFT JOIN frame ON frame.id = appearance.best_frame_id
 WHERE match_id = %(id)s ORDER BY start_s, end_s, appearance.id;
