-- A face says when what it belongs to was made, so that an index of faces lists groups and identities in the order of
-- their searches. A trigger says it for whoever puts a face there, servers of the version before too; the keys keep it true.
ALTER TABLE face_group ADD CONSTRAINT face_group_made UNIQUE (id, created_at);
ALTER TABLE identity ADD CONSTRAINT identity_made UNIQUE (id, created_at);

ALTER TABLE face ADD COLUMN group_created_at timestamptz, ADD COLUMN identity_created_at timestamptz;
UPDATE face
   SET group_created_at = (SELECT created_at FROM face_group WHERE id = face.group_id),
       identity_created_at = (SELECT created_at FROM identity WHERE id = face.identity_id);
ALTER TABLE face
    ALTER COLUMN group_created_at SET NOT NULL,
    ADD CHECK ((identity_id IS NULL) = (identity_created_at IS NULL)),
    DROP CONSTRAINT face_group_id_fkey,
    ADD FOREIGN KEY (group_id, group_created_at) REFERENCES face_group (id, created_at) ON UPDATE CASCADE,
    DROP CONSTRAINT face_identity_id_fkey,
    ADD FOREIGN KEY (identity_id, identity_created_at) REFERENCES identity (id, created_at) ON UPDATE CASCADE;

CREATE FUNCTION tell_when_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.group_created_at := (SELECT created_at FROM face_group WHERE id = NEW.group_id);
    NEW.identity_created_at := (SELECT created_at FROM identity WHERE id = NEW.identity_id);
    RETURN NEW;
END $$;
CREATE TRIGGER face_when_made BEFORE INSERT OR UPDATE OF group_id, identity_id ON face
   FOR EACH ROW EXECUTE FUNCTION tell_when_made();

CREATE INDEX face_group_by_custom_id ON face (namespace_id, custom_id, group_created_at DESC, group_id DESC)
       INCLUDE (feed_id) WHERE custom_id IS NOT NULL;
CREATE INDEX face_group_by_feed_id ON face (namespace_id, feed_id, group_created_at DESC, group_id DESC)
       INCLUDE (custom_id) WHERE feed_id IS NOT NULL;
CREATE INDEX face_identity_by_feed_id ON face (namespace_id, feed_id, identity_created_at DESC, identity_id DESC)
       WHERE feed_id IS NOT NULL AND identity_id IS NOT NULL;

-- These were read for groups and identities too.
DROP INDEX face_custom_id, face_feed_id;
CREATE INDEX face_custom_id ON face (namespace_id, custom_id DESC, created_at DESC, id DESC);
CREATE INDEX face_feed_id ON face (namespace_id, feed_id DESC, created_at DESC, id DESC);

ANALYZE face;
