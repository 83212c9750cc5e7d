-- What a client says of a job's decisions.
CREATE TABLE feedback (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organization,
    application_id   uuid NOT NULL REFERENCES application,
    job_id           uuid NOT NULL REFERENCES job ON DELETE CASCADE,
    said_at          timestamptz NOT NULL, -- by the client's clock
    created_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp())
);
CREATE INDEX feedback_newest ON feedback (organization_id, created_at DESC, id DESC);
CREATE INDEX feedback_job ON feedback (job_id);

-- One class of it, beside the decision that it speaks of, as it was in force; none, when nothing was decided then. The
-- picture is no key: it may be erased, what was said of its decision stays.
CREATE TABLE feedback_class (
    feedback_id        uuid NOT NULL REFERENCES feedback ON DELETE CASCADE,
    position           integer NOT NULL CHECK (position >= 0),
    object_class       text NOT NULL,
    code               text NOT NULL CHECK (code IN ('false_positive', 'false_negative')),
    job_image_id       uuid,
    decision_position  integer,
    verdict            boolean,
    similarity         double precision,
    threshold          double precision,
    score              double precision,
    face_count         integer,
    model_id           text,
    PRIMARY KEY (feedback_id, position),
    CHECK (num_nulls(job_image_id, decision_position, verdict, threshold, face_count, model_id) IN (0, 6)),
    CHECK (job_image_id IS NOT NULL OR num_nonnulls(similarity, score) = 0)
);
