-- add: units for ranges of frames
INSERT INTO video_unit (id, extraction_id, detection_id, makes_frames, position, first_number, end_number)
SELECT id, %(extraction_id)s, %(detection_id)s, %(makes_frames)s, position, first_number, end_number
  FROM unnest(%(ids)s::uuid[], %(positions)s::integer[], %(firsts)s::integer[], %(ends)s::integer[])
       AS new(id, position, first_number, end_number);

-- get: one unit
SELECT * FROM video_unit WHERE id = %(id)s;

-- end: a unit has ended; no row when it had before
UPDATE video_unit SET status = %(status)s WHERE id = %(id)s AND status = 'open' RETURNING *;

-- of_extraction: how far the units are that an extraction waits for
SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'done') AS done
  FROM video_unit WHERE extraction_id = %(id)s AND makes_frames;

-- of_detection: how far the units are that a detection waits for
SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'done') AS done
  FROM video_unit WHERE detection_id = %(id)s;
