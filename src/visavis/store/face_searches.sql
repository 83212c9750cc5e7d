-- add: a search that a worker is to make, at the organisation's operating point
INSERT INTO face_search (id, organization_id, query, collection_ids, criteria, most, threshold, by_file, by_item_count,
                         false_match_rate, source_url, source_data, status)
SELECT %(id)s, id, %(query)s, %(collection_ids)s, %(criteria)s, %(most)s, %(threshold)s, %(by_file)s,
       %(by_item_count)s, false_match_rate, %(source_url)s, %(source_data)s, 'pending'
  FROM organization WHERE id = %(organization_id)s;

-- state: a search, however far it is
SELECT id, organization_id, query, most AS limit, threshold, by_file, by_item_count, status, failure, created_at,
       (SELECT count(*) FROM search_hit WHERE search_id = face_search.id) AS hit_count,
       (SELECT count(DISTINCT file_id) FROM search_hit WHERE search_id = face_search.id) AS hit_file_count
  FROM face_search WHERE id = %(id)s;

-- get: one search of an organisation that has ended well
SELECT id, organization_id, query, most AS limit, threshold, by_file, by_item_count, status, failure, created_at,
       (SELECT count(*) FROM search_hit WHERE search_id = face_search.id) AS hit_count,
       (SELECT count(DISTINCT file_id) FROM search_hit WHERE search_id = face_search.id) AS hit_file_count
  FROM face_search WHERE id = %(id)s AND organization_id = %(organization_id)s AND status = 'completed';

-- search_newest: searches of an organisation that have ended well, newest first
SELECT id, organization_id, query, most AS limit, threshold, by_file, by_item_count, status, failure, created_at,
       (SELECT count(*) FROM search_hit WHERE search_id = face_search.id) AS hit_count,
       (SELECT count(DISTINCT file_id) FROM search_hit WHERE search_id = face_search.id) AS hit_file_count
  FROM face_search
 WHERE organization_id = %(organization_id)s AND status = 'completed'
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- total: how many they are
SELECT count(*) FROM face_search
 WHERE organization_id = %(organization_id)s AND status = 'completed'
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s);

-- open_search: a search that has not ended, held
SELECT id, most, threshold, false_match_rate, source_url, source_data
  FROM face_search WHERE id = %(id)s AND status IN ('pending', 'processing') FOR UPDATE;

-- gallery: detections that a search looks at, each with a collection
SELECT DISTINCT ON (member.detection_id) member.detection_id, member.collection_id
  FROM face_search search
  JOIN collection ON collection.id = ANY(search.collection_ids) AND collection.organization_id = search.organization_id
  JOIN collection_file member ON member.collection_id = collection.id
  JOIN face_detection detection ON detection.id = member.detection_id AND detection.status = 'completed'
  JOIN video_file f ON f.id = member.file_id AND file_fits(f, search.criteria)
 WHERE search.id = %(id)s
 ORDER BY member.detection_id, member.collection_id;

-- add_hits: what a search has found, best first
INSERT INTO search_hit (search_id, rank, file_id, collection_id, face_id, frame_id, time_s, x_min, y_min, x_max, y_max,
                        score)
SELECT %(id)s, rank, file_id, collection_id, face_id, frame_id, time_s, x_min, y_min, x_max, y_max, score
  FROM json_to_recordset(%(hits)s) AS new(
       rank integer, file_id uuid, collection_id uuid, face_id uuid, frame_id uuid, time_s double precision,
       x_min double precision, y_min double precision, x_max double precision, y_max double precision,
       score double precision);

-- complete: a search has ended
UPDATE face_search SET status = 'completed', source_data = NULL WHERE id = %(id)s;

-- fail: a search cannot be made
UPDATE face_search SET status = 'failed', failure = %(failure)s, source_data = NULL
 WHERE id = %(id)s AND status IN ('pending', 'processing');

-- remove: forget a search
DELETE FROM face_search WHERE id = %(id)s;

-- hits: what a search has found, best first
SELECT hit.file_id, hit.collection_id, hit.face_id, hit.frame_id, hit.time_s, x_min, y_min, x_max, y_max, score,
       frame.thumbnail_key IS NOT NULL AS has_thumbnail
  FROM search_hit hit LEFT JOIN frame ON frame.id = hit.frame_id
 WHERE search_id = %(id)s ORDER BY rank;
