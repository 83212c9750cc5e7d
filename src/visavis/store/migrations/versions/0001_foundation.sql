-- Moments of resources are kept to the millisecond, as the dialects tell them: a client that pages by the moment of
-- the last one it saw neither misses one nor sees one twice.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE organization (
    id          uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE application (
    id                     uuid PRIMARY KEY,
    organization_id        uuid NOT NULL REFERENCES organization,
    name                   text NOT NULL,
    client_id              text NOT NULL UNIQUE,
    client_secret_hash     bytea NOT NULL,
    api_key_hash           bytea NOT NULL UNIQUE,
    subscription_key_hash  bytea NOT NULL UNIQUE,
    scopes                 text[] NOT NULL,
    created_at             timestamptz NOT NULL DEFAULT now(),
    revoked_at             timestamptz
);
-- a name is free again once its application was revoked
CREATE UNIQUE INDEX application_name ON application (organization_id, name) WHERE revoked_at IS NULL;

-- One secret a purpose (tokens, media addresses), made by the first server that needs it and shared by all.
CREATE TABLE signing_key (
    purpose     text PRIMARY KEY,
    secret      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE namespace (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organization,
    name             text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, name)
);

CREATE TABLE job (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organization,
    application_id   uuid NOT NULL REFERENCES application,
    namespace_id     uuid REFERENCES namespace,
    kind             text NOT NULL CHECK (kind IN ('recognize')),
    status           text NOT NULL CHECK (status IN ('in_progress', 'completed', 'partial_error', 'all_error')),
    custom_id        text,
    feed_id          text,
    webhook_url      text,
    created_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ended_at         timestamptz,
    CHECK ((status = 'in_progress') = (ended_at IS NULL))
);
CREATE INDEX job_newest ON job (organization_id, kind, namespace_id, created_at DESC, id);

CREATE TABLE job_image (
    id          uuid PRIMARY KEY,
    job_id      uuid NOT NULL REFERENCES job ON DELETE CASCADE,
    position    integer NOT NULL CHECK (position >= 0),
    status      text NOT NULL,
    custom_id   text,
    source_url  text,
    blob_key    text,
    ended_at    timestamptz,
    UNIQUE (job_id, position),
    CHECK ((status = 'in_progress') = (ended_at IS NULL))
);

CREATE TABLE identity (
    id            uuid PRIMARY KEY,
    namespace_id  uuid NOT NULL REFERENCES namespace,
    custom_id     text,
    created_at    timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp())
);
CREATE INDEX identity_newest ON identity (namespace_id, created_at DESC, id);

CREATE TABLE face_group (
    id                uuid PRIMARY KEY,
    namespace_id      uuid NOT NULL REFERENCES namespace,
    batch_id          uuid NOT NULL,
    identity_id       uuid REFERENCES identity,
    link_modified_by  text CHECK (link_modified_by IN ('manual', 'review', 'model')),
    link_modified_at  timestamptz,
    created_at        timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CHECK ((identity_id IS NULL) = (link_modified_by IS NULL)),
    CHECK ((identity_id IS NULL) = (link_modified_at IS NULL))
);
CREATE INDEX face_group_newest ON face_group (namespace_id, created_at DESC, id);
CREATE INDEX face_group_identity ON face_group (identity_id) WHERE identity_id IS NOT NULL;

CREATE TABLE face (
    id               uuid PRIMARY KEY,
    namespace_id     uuid NOT NULL REFERENCES namespace,
    job_image_id     uuid NOT NULL REFERENCES job_image ON DELETE CASCADE,
    group_id         uuid NOT NULL REFERENCES face_group,
    identity_id      uuid REFERENCES identity,
    identity_by      text CHECK (identity_by IN ('manual', 'review', 'model')),
    x_min            double precision NOT NULL CHECK (x_min >= 0),
    y_min            double precision NOT NULL CHECK (y_min >= 0),
    x_max            double precision NOT NULL CHECK (x_max <= 1 AND x_max > x_min),
    y_max            double precision NOT NULL CHECK (y_max <= 1 AND y_max > y_min),
    landmarks        real[] NOT NULL CHECK (cardinality(landmarks) = 10),
    detection_score  double precision NOT NULL,
    sharpness        double precision NOT NULL,
    is_frontal       boolean NOT NULL,
    width_px         integer NOT NULL,
    height_px        integer NOT NULL,
    -- What the job said when the picture was processed. A record: no key, for the identity may go, the record stays.
    sighted_identity_id  uuid,
    sighted_score        double precision,
    created_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CHECK ((identity_id IS NULL) = (identity_by IS NULL))
);
CREATE INDEX face_newest ON face (namespace_id, created_at DESC, id);
CREATE INDEX face_job_image ON face (job_image_id);
CREATE INDEX face_group_id ON face (group_id);
CREATE INDEX face_identity ON face (identity_id) WHERE identity_id IS NOT NULL;

-- Vectors lie apart from the columns that change: a new link must not copy 128 floats, and a scan reads nothing else.
CREATE TABLE face_embedding (
    face_id       uuid PRIMARY KEY REFERENCES face ON DELETE CASCADE,
    namespace_id  uuid NOT NULL,
    model_id      text NOT NULL,
    embedding     vector NOT NULL
);

-- The sum of the unit embeddings of a group's (an identity's) faces. Its direction is the centroid, and the cosine
-- operator looks at nothing but the direction.
CREATE TABLE group_template (
    group_id      uuid NOT NULL REFERENCES face_group ON DELETE CASCADE,
    model_id      text NOT NULL,
    namespace_id  uuid NOT NULL,
    embedding_sum vector NOT NULL,
    face_count    integer NOT NULL CHECK (face_count > 0),
    PRIMARY KEY (group_id, model_id)
) WITH (fillfactor = 50);
CREATE INDEX group_template_namespace ON group_template (namespace_id, model_id);

CREATE TABLE identity_template (
    identity_id   uuid NOT NULL REFERENCES identity ON DELETE CASCADE,
    model_id      text NOT NULL,
    namespace_id  uuid NOT NULL,
    embedding_sum vector NOT NULL,
    face_count    integer NOT NULL CHECK (face_count > 0),
    PRIMARY KEY (identity_id, model_id)
) WITH (fillfactor = 50);
CREATE INDEX identity_template_namespace ON identity_template (namespace_id, model_id);

-- A face with what its picture and its job say of it.
CREATE VIEW face_at_rest AS
SELECT face.*, job_image.custom_id, job_image.source_url, job_image.blob_key, job.feed_id
  FROM face
  JOIN job_image ON job_image.id = face.job_image_id
  JOIN job ON job.id = job_image.job_id;
