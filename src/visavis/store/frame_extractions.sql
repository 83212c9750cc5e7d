-- add: an extraction, unless there is one like it
INSERT INTO frame_extraction (id, organization_id, file_id, frames_per_second, max_width_px, start_s, end_s,
                              keeps_thumbnails, status)
VALUES (%(id)s, %(organization_id)s, %(file_id)s, %(frames_per_second)s, %(max_width_px)s, %(start_s)s, %(end_s)s,
        %(keeps_thumbnails)s, 'pending')
ON CONFLICT DO NOTHING;

-- same: the extraction of a file with some sampling
SELECT * FROM frame_extraction_told
 WHERE file_id = %(file_id)s AND frames_per_second = %(frames_per_second)s AND max_width_px = %(max_width_px)s
   AND start_s IS NOT DISTINCT FROM %(start_s)s AND end_s IS NOT DISTINCT FROM %(end_s)s
   AND keeps_thumbnails = %(keeps_thumbnails)s AND status <> 'failed';

-- get: one extraction of an organisation
SELECT * FROM frame_extraction_told WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- find: one extraction, whoever owns it
SELECT * FROM frame_extraction_told WHERE id = %(id)s;

-- hold: keep others from changing an extraction
SELECT id FROM frame_extraction WHERE id = %(id)s FOR UPDATE;

-- of_file: extractions of a file, newest first
SELECT * FROM frame_extraction_told
 WHERE file_id = %(file_id)s AND organization_id = %(organization_id)s
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- of_file_total: how many they are
SELECT count(*) FROM frame_extraction WHERE file_id = %(file_id)s AND organization_id = %(organization_id)s;

-- waiting: extractions of a file that wait for it
SELECT * FROM frame_extraction_told WHERE file_id = %(file_id)s AND status = 'pending' ORDER BY created_at, id;

-- begin: its work units are in the queue
UPDATE frame_extraction SET status = 'processing' WHERE id = %(id)s AND status = 'pending';

-- complete: all its work units have ended
UPDATE frame_extraction
   SET status = 'completed', ended_at = clock_timestamp(),
       frame_count = (SELECT count(*) FROM frame WHERE extraction_id = %(id)s)
 WHERE id = %(id)s AND status IN ('pending', 'processing');

-- fail: there will be no frames
UPDATE frame_extraction SET status = 'failed', failure = %(failure)s, ended_at = clock_timestamp()
 WHERE id = %(id)s AND status IN ('pending', 'processing');

-- remove: an extraction and its frames
DELETE FROM frame_extraction WHERE id = %(id)s;

-- existing: those of some ids that are extractions
SELECT id FROM frame_extraction WHERE id = ANY(%(ids)s);

-- add_frames: frames, some of which may be there already
INSERT INTO frame (id, extraction_id, number, time_s, shown_since_s, thumbnail_key)
SELECT id, %(extraction_id)s, number, time_s, shown_since_s, thumbnail_key
  FROM json_to_recordset(%(frames)s) AS new(
       id uuid, number integer, time_s double precision, shown_since_s double precision, thumbnail_key text)
 ORDER BY number
ON CONFLICT (id) DO UPDATE SET thumbnail_key = COALESCE(excluded.thumbnail_key, frame.thumbnail_key);

-- frames: frames of an extraction, by time
SELECT id, extraction_id, time_s, thumbnail_key IS NOT NULL AS has_thumbnail
  FROM frame WHERE extraction_id = %(extraction_id)s
 ORDER BY number LIMIT %(limit)s OFFSET %(offset)s;

-- frames_total: how many they are
SELECT count(*) FROM frame WHERE extraction_id = %(extraction_id)s;

-- thumbnail_key: where the thumbnail of a frame lies
SELECT thumbnail_key FROM frame WHERE id = %(id)s;
