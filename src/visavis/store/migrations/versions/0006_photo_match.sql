ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check
    CHECK (kind IN ('recognize', 'match', 'detect', 'ask', 'photo_match'));

-- How often two different people may pass for one: what the organisation wants, and what was in force for a job. Between
-- these rates the thresholds are known.
ALTER TABLE organization ADD COLUMN false_match_rate double precision NOT NULL DEFAULT 1e-4
    CHECK (false_match_rate BETWEEN 1e-6 AND 1e-3);
ALTER TABLE job ADD COLUMN false_match_rate double precision NOT NULL DEFAULT 1e-4;

-- Any picture may be left out of what a job decides. Why is a word, and no longer a sentence.
ALTER TABLE job_image DROP CONSTRAINT job_image_check1;

ALTER TABLE probe_face ADD COLUMN sharpness double precision NOT NULL DEFAULT 1,
                       ADD COLUMN is_frontal boolean NOT NULL DEFAULT true;

-- The face of a picture that counted, where a decision is about two pictures: a record, like the decision.
CREATE TABLE counted_face (
    job_image_id     uuid PRIMARY KEY REFERENCES job_image ON DELETE CASCADE,
    job_id           uuid NOT NULL REFERENCES job ON DELETE CASCADE,
    x_min            double precision NOT NULL,
    y_min            double precision NOT NULL,
    x_max            double precision NOT NULL,
    y_max            double precision NOT NULL,
    detection_score  double precision NOT NULL,
    sharpness        double precision NOT NULL,
    is_frontal       boolean NOT NULL,
    face_count       integer NOT NULL CHECK (face_count > 0)
);
CREATE INDEX counted_face_job ON counted_face (job_id);
