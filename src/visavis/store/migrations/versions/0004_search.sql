-- A face says itself what its picture and its job say of it. None of that changes once there is a face.
ALTER TABLE face ADD COLUMN custom_id text, ADD COLUMN feed_id text, ADD COLUMN source_url text, ADD COLUMN blob_key text;
UPDATE face
   SET custom_id = job_image.custom_id, feed_id = job.feed_id,
       source_url = job_image.source_url, blob_key = job_image.blob_key
  FROM job_image JOIN job ON job.id = job_image.job_id
 WHERE job_image.id = face.job_image_id;

-- A face as it is told: without what only the engine and the results of jobs need.
DROP VIEW face_at_rest;
CREATE VIEW face_at_rest AS
SELECT id, namespace_id, job_image_id, group_id, identity_id, identity_by, x_min, y_min, x_max, y_max,
       detection_score, sharpness, is_frontal, width_px, height_px, custom_id, feed_id, source_url, blob_key, created_at
  FROM face;

-- Whether any of its faces has one. To find those of which no face has one, each would have to be looked at.
ALTER TABLE face_group ADD COLUMN has_custom_id boolean NOT NULL DEFAULT false,
                       ADD COLUMN has_feed_id boolean NOT NULL DEFAULT false;
UPDATE face_group
   SET has_custom_id = said.has_custom_id, has_feed_id = said.has_feed_id
  FROM (SELECT group_id, count(custom_id) > 0 AS has_custom_id, count(feed_id) > 0 AS has_feed_id
          FROM face GROUP BY group_id) AS said
 WHERE face_group.id = said.group_id;
ALTER TABLE identity ADD COLUMN has_feed_id boolean NOT NULL DEFAULT false;
UPDATE identity SET has_feed_id = true
 WHERE EXISTS (SELECT 1 FROM face WHERE face.identity_id = identity.id AND face.feed_id IS NOT NULL);

-- Indexes in the order of the answers, which can be read from either end. What is the same in all rows that a search
-- looks at comes first, also where that is nothing: hence DESC in all columns but those that are never empty.
DROP INDEX job_newest, face_newest, face_group_newest, identity_newest;

CREATE INDEX job_newest ON job (organization_id, kind, namespace_id DESC, created_at DESC, id DESC);
CREATE INDEX job_custom_id ON job (organization_id, kind, namespace_id DESC, custom_id DESC, created_at DESC, id DESC);
CREATE INDEX job_feed_id ON job (organization_id, kind, namespace_id DESC, feed_id DESC, created_at DESC, id DESC);
CREATE INDEX job_both_ids
    ON job (organization_id, kind, namespace_id DESC, feed_id DESC, custom_id DESC, created_at DESC, id DESC);

CREATE INDEX face_newest ON face (namespace_id, created_at DESC, id DESC);
CREATE INDEX face_custom_id ON face (namespace_id, custom_id DESC, created_at DESC, id DESC) INCLUDE (group_id);
CREATE INDEX face_feed_id ON face (namespace_id, feed_id DESC, created_at DESC, id DESC) INCLUDE (group_id, identity_id);
CREATE INDEX face_both_ids ON face (namespace_id, feed_id DESC, custom_id DESC, created_at DESC, id DESC);

-- A face of a group, or of an identity, that has one of some ids is found without a look at the faces themselves.
DROP INDEX face_group_id, face_identity;
CREATE INDEX face_group_id ON face (group_id) INCLUDE (namespace_id, custom_id, feed_id);
CREATE INDEX face_identity ON face (identity_id) INCLUDE (feed_id) WHERE identity_id IS NOT NULL;

CREATE INDEX face_group_newest ON face_group (namespace_id, created_at DESC, id DESC);
CREATE INDEX identity_newest ON identity (namespace_id, created_at DESC, id DESC);
CREATE INDEX identity_custom_id ON identity (namespace_id, custom_id);

ANALYZE job, face, face_group, identity;
