-- add: a face that was just found and told who it is
INSERT INTO face (id, namespace_id, job_image_id, group_id, identity_id, identity_by, x_min, y_min, x_max, y_max,
                  landmarks, detection_score, sharpness, is_frontal, width_px, height_px,
                  sighted_identity_id, sighted_score)
VALUES (%(id)s, %(namespace_id)s, %(job_image_id)s, %(group_id)s, %(identity_id)s, %(identity_by)s, %(x_min)s,
        %(y_min)s, %(x_max)s, %(y_max)s, %(landmarks)s, %(detection_score)s, %(sharpness)s, %(is_frontal)s,
        %(width_px)s, %(height_px)s, %(identity_id)s, %(identity_score)s);

-- add_embedding: its embedding
INSERT INTO face_embedding (face_id, namespace_id, model_id, embedding)
VALUES (%(face_id)s, %(namespace_id)s, %(model_id)s, %(embedding)s);

-- get: one face of a namespace
SELECT * FROM face_at_rest WHERE id = %(id)s AND namespace_id = %(namespace_id)s;

-- search_newest: faces of one namespace, newest first
SELECT * FROM face_at_rest
 WHERE namespace_id = %(namespace_id)s
   AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
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
