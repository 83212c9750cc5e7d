-- add: a collection
INSERT INTO collection (id, organization_id, name, description, frames_per_second, max_width_px, start_s, end_s,
                        keeps_thumbnails)
VALUES (%(id)s, %(organization_id)s, %(name)s, %(description)s, %(frames_per_second)s, %(max_width_px)s, %(start_s)s,
        %(end_s)s, %(keeps_thumbnails)s);

-- get: one collection of an organisation
SELECT *, (SELECT count(*) FROM collection_file member WHERE member.collection_id = collection.id) AS file_count
  FROM collection WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- search_newest: collections of an organisation, newest first
SELECT *, (SELECT count(*) FROM collection_file member WHERE member.collection_id = collection.id) AS file_count
  FROM collection
 WHERE organization_id = %(organization_id)s
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- by_name: the same, by name
SELECT *, (SELECT count(*) FROM collection_file member WHERE member.collection_id = collection.id) AS file_count
  FROM collection
 WHERE organization_id = %(organization_id)s
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
 ORDER BY name DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- total: how many they are
SELECT count(*) FROM collection
 WHERE organization_id = %(organization_id)s
   AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s);

-- update: name and description
UPDATE collection SET name = COALESCE(%(name)s, name), description = COALESCE(%(description)s, description)
 WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- remove: a collection; its files stay
DELETE FROM collection WHERE id = %(id)s;

-- add_member: put a file into a collection
INSERT INTO collection_file (collection_id, file_id) VALUES (%(id)s, %(file_id)s) ON CONFLICT DO NOTHING;

-- set_detection: which faces of a file the collection has
UPDATE collection_file SET detection_id = %(detection_id)s WHERE collection_id = %(id)s AND file_id = %(file_id)s;

-- remove_member: take a file out of a collection
DELETE FROM collection_file WHERE collection_id = %(id)s AND file_id = %(file_id)s;

-- member: a file in a collection
SELECT * FROM collection_member_told WHERE collection_id = %(id)s AND id = %(file_id)s;

-- members_newest: files in a collection, the last added first
SELECT * FROM collection_member_told
 WHERE collection_id = %(id)s
   AND (%(status)s::text IS NULL OR member_status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR added_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR added_at < %(before)s)
   AND id IN (SELECT f.id FROM video_file f WHERE file_fits(f, %(criteria)s::jsonb))
 ORDER BY added_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- members_by_name: the same, by name
SELECT * FROM collection_member_told
 WHERE collection_id = %(id)s
   AND (%(status)s::text IS NULL OR member_status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR added_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR added_at < %(before)s)
   AND id IN (SELECT f.id FROM video_file f WHERE file_fits(f, %(criteria)s::jsonb))
 ORDER BY filename DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- members_total: how many they are
SELECT count(*) FROM collection_member_told
 WHERE collection_id = %(id)s
   AND (%(status)s::text IS NULL OR member_status = %(status)s)
   AND (%(after)s::timestamptz IS NULL OR added_at >= %(after)s)
   AND (%(before)s::timestamptz IS NULL OR added_at < %(before)s)
   AND id IN (SELECT f.id FROM video_file f WHERE file_fits(f, %(criteria)s::jsonb));

-- of_file: what a file is in every collection that has it
SELECT * FROM collection_member_told WHERE id = %(file_id)s ORDER BY collection_id;

-- of_detection: what a detection's file is in every collection that has these faces
SELECT * FROM collection_member_told WHERE detection_id = %(detection_id)s ORDER BY collection_id;
