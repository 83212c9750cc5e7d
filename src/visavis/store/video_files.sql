-- add: a file that is to be looked into
INSERT INTO video_file (id, organization_id, application_id, filename, source, source_url, byte_count, sha256, metadata,
                        status)
VALUES (%(id)s, %(organization_id)s, %(application_id)s, %(filename)s, %(source)s, %(source_url)s, %(byte_count)s,
        %(sha256)s, %(metadata)s, 'pending')
RETURNING *;

-- get: one file of an organisation
SELECT * FROM video_file WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- find: one file, whoever owns it
SELECT * FROM video_file WHERE id = %(id)s;

-- lock: one file, held
SELECT * FROM video_file WHERE id = %(id)s FOR UPDATE;

-- search_newest: files of an organisation that fulfil every criterion, newest first
SELECT f.* FROM video_file f
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND file_fits(f, %(criteria)s::jsonb)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- by_name: the same, by name
SELECT f.* FROM video_file f
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND file_fits(f, %(criteria)s::jsonb)
 ORDER BY filename DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- total: how many they are
SELECT count(*) FROM video_file f
 WHERE organization_id = %(organization_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND file_fits(f, %(criteria)s::jsonb);

-- update: what the client says of a file
UPDATE video_file SET filename = COALESCE(%(filename)s, filename), metadata = COALESCE(%(metadata)s::jsonb, metadata)
 WHERE id = %(id)s AND organization_id = %(organization_id)s
RETURNING *;

-- begin: a worker looks into a file; no row when one has begun before
UPDATE video_file SET status = 'processing' WHERE id = %(id)s AND status = 'pending' RETURNING *;

-- received: the bytes of a fetched file are stored
UPDATE video_file SET byte_count = %(byte_count)s, sha256 = %(sha256)s WHERE id = %(id)s;

-- complete: what a file is; no row when it had ended before
UPDATE video_file
   SET status = 'completed', ended_at = clock_timestamp(), media_format = %(media_format)s,
       duration_s = %(duration_s)s, width_px = %(width_px)s, height_px = %(height_px)s, frame_rate = %(frame_rate)s,
       has_variable_rate = %(has_variable_rate)s, frame_count = %(frame_count)s, bitrate_bps = %(bitrate_bps)s,
       has_audio = %(has_audio)s, audio_sample_rate_hz = %(audio_sample_rate_hz)s,
       audio_channels = %(audio_channels)s, seek_points_s = %(seek_points_s)s, has_poster = %(has_poster)s
 WHERE id = %(id)s AND status IN ('pending', 'processing')
RETURNING *;

-- fail: why a file cannot be used; no row when it had ended before
UPDATE video_file SET status = 'failed', failure = %(failure)s, ended_at = clock_timestamp()
 WHERE id = %(id)s AND status IN ('pending', 'processing')
RETURNING *;

-- seek_points: moments of key frames
SELECT seek_points_s FROM video_file WHERE id = %(id)s;

-- remove: a file and all that hangs on it
DELETE FROM video_file WHERE id = %(id)s;

-- existing: those of some ids that are files
SELECT id FROM video_file WHERE id = ANY(%(ids)s);

-- thumbnails: small pictures of a file, by time
SELECT file_id, frame_id, time_s
  FROM (SELECT id AS file_id, NULL::uuid AS frame_id, 0.0 AS time_s FROM video_file
         WHERE id = %(id)s AND organization_id = %(organization_id)s AND has_poster AND %(posters)s
        UNION ALL
        SELECT extraction.file_id, frame.id, frame.time_s
          FROM frame JOIN frame_extraction extraction ON extraction.id = frame.extraction_id
         WHERE extraction.file_id = %(id)s AND extraction.organization_id = %(organization_id)s
           AND frame.thumbnail_key IS NOT NULL AND %(frames)s) AS small
 ORDER BY time_s, frame_id NULLS FIRST LIMIT %(limit)s OFFSET %(offset)s;

-- thumbnails_total: how many they are
SELECT (SELECT count(*) FROM video_file
         WHERE id = %(id)s AND organization_id = %(organization_id)s AND has_poster AND %(posters)s)
     + (SELECT count(*) FROM frame JOIN frame_extraction extraction ON extraction.id = frame.extraction_id
         WHERE extraction.file_id = %(id)s AND extraction.organization_id = %(organization_id)s
           AND frame.thumbnail_key IS NOT NULL AND %(frames)s);
