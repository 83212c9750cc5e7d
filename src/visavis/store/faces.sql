-- add: faces that were just found and told who they are, with what their pictures and jobs say; who gets them has ids
WITH added AS (
     INSERT INTO face (id, namespace_id, job_image_id, group_id, identity_id, identity_by, x_min, y_min, x_max, y_max,
                       landmarks, detection_score, sharpness, is_frontal, width_px, height_px,
                       sighted_identity_id, sighted_score, custom_id, feed_id, source_url, blob_key)
     SELECT new.id, %(namespace_id)s, job_image_id, group_id, identity_id, identity_by, x_min, y_min, x_max, y_max,
            landmarks, detection_score, sharpness, is_frontal, width_px, height_px,
            identity_id, identity_score, job_image.custom_id, job.feed_id, job_image.source_url, job_image.blob_key
       FROM json_to_recordset(%(faces)s) AS new(
            id uuid, job_image_id uuid, group_id uuid, identity_id uuid, identity_by text,
            identity_score double precision, x_min double precision, y_min double precision, x_max double precision,
            y_max double precision, landmarks real[], detection_score double precision, sharpness double precision,
            is_frontal boolean, width_px integer, height_px integer)
       LEFT JOIN job_image ON job_image.id = new.job_image_id
       LEFT JOIN job ON job.id = job_image.job_id
     RETURNING group_id, identity_id, custom_id, feed_id),
identity_marked AS (
     UPDATE identity SET has_feed_id = true FROM added
      WHERE identity.id = added.identity_id AND added.feed_id IS NOT NULL AND NOT identity.has_feed_id)
UPDATE face_group
   SET has_custom_id = face_group.has_custom_id OR said.has_custom_id,
       has_feed_id = face_group.has_feed_id OR said.has_feed_id
  FROM (SELECT group_id, count(custom_id) > 0 AS has_custom_id, count(feed_id) > 0 AS has_feed_id
          FROM added GROUP BY group_id) AS said
 WHERE face_group.id = said.group_id
   AND (said.has_custom_id > face_group.has_custom_id OR said.has_feed_id > face_group.has_feed_id);

-- add_embeddings: their embeddings, all by one model
INSERT INTO face_embedding (face_id, namespace_id, model_id, embedding)
SELECT face_id, %(namespace_id)s, %(model_id)s, embedding
  FROM unnest(%(face_ids)s::uuid[], %(embeddings)b::vector[]) AS new(face_id, embedding);

-- get: one face of a namespace
SELECT * FROM face_at_rest WHERE id = %(id)s AND namespace_id = %(namespace_id)s;

-- search_newest: faces of one namespace, newest first; as jobs are searched
SELECT face.*
  FROM (SELECT found.id
          FROM (SELECT DISTINCT unnest(COALESCE(%(custom_ids)s::text[], '{NULL}')) AS custom_id) AS custom
         CROSS JOIN (SELECT DISTINCT unnest(COALESCE(%(feed_ids)s::text[], '{NULL}')) AS feed_id) AS feed
         CROSS JOIN LATERAL (
               SELECT f.id, f.created_at FROM face f
                WHERE namespace_id = %(namespace_id)s
                  AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
                  AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
                  AND (%(custom_ids)s::text[] IS NULL OR f.custom_id = custom.custom_id)
                  AND (NOT %(without_custom_id)s OR f.custom_id IS NULL)
                  AND (%(feed_ids)s::text[] IS NULL OR f.feed_id = feed.feed_id)
                  AND (NOT %(without_feed_id)s OR f.feed_id IS NULL)
                ORDER BY CASE WHEN %(without_feed_id)s THEN f.feed_id END DESC,
                         CASE WHEN %(without_custom_id)s THEN f.custom_id END DESC,
                         created_at DESC, id DESC
                LIMIT %(limit)s + %(offset)s) AS found
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s) AS page
  JOIN face_at_rest face ON face.id = page.id
 ORDER BY created_at DESC, id DESC;

-- search_ids_newest: those of some faces, newest first
WITH asked AS MATERIALIZED (
     SELECT * FROM face_at_rest WHERE id = ANY(%(ids)s) AND namespace_id = %(namespace_id)s)
SELECT * FROM asked
 WHERE (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND (%(custom_ids)s::text[] IS NULL OR custom_id = ANY(%(custom_ids)s))
   AND (NOT %(without_custom_id)s OR custom_id IS NULL)
   AND (%(feed_ids)s::text[] IS NULL OR feed_id = ANY(%(feed_ids)s))
   AND (NOT %(without_feed_id)s OR feed_id IS NULL)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- of_groups: the faces of some groups of a namespace, oldest first
SELECT * FROM face_at_rest WHERE namespace_id = %(namespace_id)s AND group_id = ANY(%(group_ids)s)
 ORDER BY created_at, id;

-- of_identities: the faces of some identities of a namespace, oldest first
SELECT * FROM face_at_rest WHERE namespace_id = %(namespace_id)s AND identity_id = ANY(%(identity_ids)s)
 ORDER BY created_at, id;

-- sightings: what the results of some pictures say, best detection first
SELECT id AS face_id, job_image_id, x_min, y_min, x_max, y_max, detection_score, sighted_identity_id AS identity_id,
       sighted_score AS identity_score, created_at
  FROM face WHERE job_image_id = ANY(%(job_image_ids)s)
 ORDER BY job_image_id, detection_score DESC, id;

-- chosen: those of some faces that the namespace has, with their group and identity
SELECT id, group_id, identity_id FROM face
 WHERE namespace_id = %(namespace_id)s AND id = ANY(%(ids)s);

-- name: give faces to an identity, whatever they were before
UPDATE face SET identity_id = %(identity_id)s, identity_by = %(author)s
 WHERE namespace_id = %(namespace_id)s AND id = ANY(%(ids)s);

-- unname: take faces away from an identity; those that are not its own stay as they are
UPDATE face SET identity_id = NULL, identity_by = NULL
 WHERE namespace_id = %(namespace_id)s AND id = ANY(%(ids)s) AND identity_id = %(identity_id)s
RETURNING group_id;

-- unname_all: take all faces away from an identity
UPDATE face SET identity_id = NULL, identity_by = NULL
 WHERE namespace_id = %(namespace_id)s AND identity_id = %(identity_id)s
RETURNING group_id;

-- move: put faces into another group
UPDATE face SET group_id = %(group_id)s WHERE namespace_id = %(namespace_id)s AND id = ANY(%(ids)s);
