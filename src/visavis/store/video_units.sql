-- add: units for ranges of frames
INSERT INTO video_unit (id, extraction_id, detection_id, makes_frames, position, first_number, end_number)
SELECT id, %(extraction_id)s, %(detection_id)s, %(makes_frames)s, position, first_number, end_number
  FROM unnest(%(ids)s::uuid[], %(positions)s::integer[], %(firsts)s::integer[], %(ends)s::integer[])
       AS new(id, position, first_number, end_number);

-- get: one unit
SELECT * FROM video_unit WHERE id = %(id)s;

-- end: a unit has ended; no row when it had before
UPDATE video_unit SET status = %(status)s WHERE id = %(id)s AND status = 'open' RETURNING *;

-- extraction_open: units that an extraction waits for
SELECT count(*) FROM video_unit WHERE extraction_id = %(id)s AND makes_frames AND status = 'open';

-- extraction_done: units that have made frames
SELECT count(*) FROM video_unit WHERE extraction_id = %(id)s AND makes_frames AND status = 'done';

-- detection_open: units that a detection waits for
SELECT count(*) FROM video_unit WHERE detection_id = %(id)s AND status = 'open';

-- detection_done: units that have looked for faces
SELECT count(*) FROM video_unit WHERE detection_id = %(id)s AND status = 'done';
