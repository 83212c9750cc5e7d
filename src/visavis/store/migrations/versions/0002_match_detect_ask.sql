ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CHECK (kind IN ('recognize', 'match', 'detect', 'ask'));

-- What a kind of job is asked beyond its pictures, and where the client found us: links in its webhook begin with that.
ALTER TABLE job ADD COLUMN request jsonb, ADD COLUMN base_url text;

-- A job has pictures that it is about, and perhaps others that show what to look for. Of these, one may be left out.
ALTER TABLE job_image ADD COLUMN role text NOT NULL DEFAULT 'subject'
    CHECK (role IN ('subject', 'target', 'yes_example', 'no_example'));
ALTER TABLE job_image ADD COLUMN left_out text CHECK (left_out IS NULL OR role <> 'subject');
ALTER TABLE job_image DROP CONSTRAINT job_image_job_id_position_key;
ALTER TABLE job_image ADD UNIQUE (job_id, role, position);

-- Faces of a job whose pictures are compared with one another. Biometric data, kept no longer than needed: the
-- transaction that decides the job removes them.
CREATE TABLE probe_face (
    id               uuid PRIMARY KEY,
    job_id           uuid NOT NULL REFERENCES job ON DELETE CASCADE,
    job_image_id     uuid NOT NULL REFERENCES job_image ON DELETE CASCADE,
    x_min            double precision NOT NULL CHECK (x_min >= 0),
    y_min            double precision NOT NULL CHECK (y_min >= 0),
    x_max            double precision NOT NULL CHECK (x_max <= 1 AND x_max > x_min),
    y_max            double precision NOT NULL CHECK (y_max <= 1 AND y_max > y_min),
    detection_score  double precision NOT NULL,
    model_id         text NOT NULL,
    embedding        vector NOT NULL
);
CREATE INDEX probe_face_job ON probe_face (job_id);
CREATE INDEX probe_face_image ON probe_face (job_image_id);

-- What a job says of one picture and one thing that was asked of it: a record, never changed. The box is that of the
-- face that decided; without a face there is none.
CREATE TABLE decision (
    job_image_id     uuid NOT NULL REFERENCES job_image ON DELETE CASCADE,
    position         integer NOT NULL CHECK (position >= 0),
    job_id           uuid NOT NULL REFERENCES job ON DELETE CASCADE,
    object_class     text NOT NULL,
    verdict          boolean NOT NULL,
    -- similarity: of two faces, against that threshold; without one, the threshold is of the detection score
    similarity       double precision,
    threshold        double precision NOT NULL,
    score            double precision CHECK (score BETWEEN 0 AND 1),
    face_count       integer NOT NULL CHECK (face_count >= 0),
    model_id         text NOT NULL,
    x_min            double precision,
    y_min            double precision,
    x_max            double precision,
    y_max            double precision,
    created_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    PRIMARY KEY (job_image_id, position),
    CHECK (num_nulls(x_min, y_min, x_max, y_max, score) IN (0, 5)),
    CHECK (score IS NOT NULL OR NOT verdict)
);
CREATE INDEX decision_job ON decision (job_id);
