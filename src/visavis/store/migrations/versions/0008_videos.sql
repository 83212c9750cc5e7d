-- A video as it was sent. Its bytes lie in the storage; what its packets say of it is here once it is completed.
CREATE TABLE video_file (
    id                    uuid PRIMARY KEY,
    organization_id       uuid NOT NULL REFERENCES organization,
    application_id        uuid NOT NULL REFERENCES application,
    filename              text NOT NULL,
    byte_count            bigint,
    sha256                text,
    source                text NOT NULL CHECK (source IN ('upload', 'http')),
    source_url            text,
    metadata              jsonb,
    status                text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    failure               text,
    media_format          text,
    duration_s            double precision,
    width_px              integer,
    height_px             integer,
    frame_rate            double precision,
    has_variable_rate     boolean,
    frame_count           integer,
    bitrate_bps           bigint,
    has_audio             boolean,
    audio_sample_rate_hz  integer,
    audio_channels        integer,
    seek_points_s         double precision[],
    has_poster            boolean NOT NULL DEFAULT false,
    created_at            timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ended_at              timestamptz,
    CHECK ((status IN ('pending', 'processing')) = (ended_at IS NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK (status <> 'completed' OR duration_s IS NOT NULL)
);
CREATE INDEX video_file_newest ON video_file (organization_id, created_at DESC, id DESC);

-- Frames of a file. Who asks for the same frames again gets these.
CREATE TABLE frame_extraction (
    id                 uuid PRIMARY KEY,
    organization_id    uuid NOT NULL REFERENCES organization,
    file_id            uuid NOT NULL REFERENCES video_file ON DELETE CASCADE,
    frames_per_second  double precision NOT NULL,
    max_width_px       integer NOT NULL,
    start_s            double precision,
    end_s              double precision,
    keeps_thumbnails   boolean NOT NULL,
    status             text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    failure            text,
    frame_count        integer,
    created_at         timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ended_at           timestamptz,
    CHECK ((status IN ('pending', 'processing')) = (ended_at IS NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX frame_extraction_newest ON frame_extraction (organization_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX frame_extraction_same
    ON frame_extraction (file_id, frames_per_second, max_width_px, start_s, end_s, keeps_thumbnails)
       NULLS NOT DISTINCT WHERE status <> 'failed';

CREATE TABLE frame (
    id             uuid PRIMARY KEY,
    extraction_id  uuid NOT NULL REFERENCES frame_extraction ON DELETE CASCADE,
    number         integer NOT NULL CHECK (number >= 0),
    time_s         double precision NOT NULL,
    shown_since_s  double precision NOT NULL,
    thumbnail_key  text,
    UNIQUE (extraction_id, number)
);

-- The faces of an extraction's frames. The extraction may go; what was found stays.
CREATE TABLE face_detection (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organization,
    file_id              uuid NOT NULL REFERENCES video_file ON DELETE CASCADE,
    extraction_id        uuid NOT NULL,
    status               text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    failure              text,
    face_count           integer,
    track_count          integer,
    start_s              double precision,
    end_s                double precision,
    frames_looked_at     integer,
    frames_missed        integer,
    frames_in_file       integer,
    shortest_missable_s  double precision,
    interval_s           double precision,
    created_at           timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ended_at             timestamptz,
    CHECK ((status IN ('pending', 'processing')) = (ended_at IS NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK (status <> 'completed' OR interval_s IS NOT NULL)
);
CREATE INDEX face_detection_newest ON face_detection (organization_id, created_at DESC, id DESC);
CREATE INDEX face_detection_file ON face_detection (file_id);
CREATE INDEX face_detection_extraction ON face_detection (extraction_id);

-- Some seconds of a video that one worker takes at a time: the frames from first_number to end_number, exclusive.
CREATE TABLE video_unit (
    id             uuid PRIMARY KEY,
    extraction_id  uuid NOT NULL REFERENCES frame_extraction ON DELETE CASCADE,
    detection_id   uuid REFERENCES face_detection ON DELETE SET NULL,
    makes_frames   boolean NOT NULL,
    position       integer NOT NULL,
    first_number   integer NOT NULL,
    end_number     integer NOT NULL CHECK (end_number > first_number),
    status         text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'failed'))
);
CREATE INDEX video_unit_extraction ON video_unit (extraction_id);
CREATE INDEX video_unit_detection ON video_unit (detection_id) WHERE detection_id IS NOT NULL;

-- As clients and operators are told of them, with the part of the work that is done.
CREATE VIEW frame_extraction_told AS
SELECT id, organization_id, file_id, frames_per_second, max_width_px, start_s, end_s, keeps_thumbnails, status, failure,
       frame_count, created_at, ended_at,
       CASE status WHEN 'completed' THEN 1 ELSE COALESCE(
            (SELECT avg((unit.status <> 'open')::int)::double precision FROM video_unit unit
              WHERE unit.extraction_id = frame_extraction.id AND unit.makes_frames), 0) END AS progress
  FROM frame_extraction;

CREATE VIEW face_detection_told AS
SELECT id, organization_id, file_id, extraction_id, status, failure, face_count, start_s, end_s, frames_looked_at,
       frames_missed, frames_in_file, shortest_missable_s, created_at, ended_at,
       CASE status WHEN 'completed' THEN 1 ELSE COALESCE(
            (SELECT avg((unit.status <> 'open')::int)::double precision FROM video_unit unit
              WHERE unit.detection_id = face_detection.id), 0) END AS progress
  FROM face_detection;

CREATE TABLE video_face (
    id               uuid PRIMARY KEY,
    detection_id     uuid NOT NULL REFERENCES face_detection ON DELETE CASCADE,
    frame_id         uuid NOT NULL,
    time_s           double precision NOT NULL,
    x_min            double precision NOT NULL CHECK (x_min >= 0),
    y_min            double precision NOT NULL CHECK (y_min >= 0),
    x_max            double precision NOT NULL CHECK (x_max <= 1 AND x_max > x_min),
    y_max            double precision NOT NULL CHECK (y_max <= 1 AND y_max > y_min),
    detection_score  double precision NOT NULL,
    track            bigint NOT NULL,
    model_id         text NOT NULL,
    embedding        vector NOT NULL
);
CREATE INDEX video_face_in_order ON video_face (detection_id, time_s, x_min, id);

-- Where a person is in a video. The picture that was sent, and what describes its face, go when the match is decided.
CREATE TABLE face_match (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organization,
    application_id       uuid NOT NULL REFERENCES application,
    file_id              uuid NOT NULL REFERENCES video_file ON DELETE CASCADE,
    extraction_id        uuid NOT NULL,
    detection_id         uuid NOT NULL,
    max_faces            integer NOT NULL CHECK (max_faces > 0),
    false_match_rate     double precision NOT NULL,
    source_url           text,
    source_data          bytea,
    source_model_id      text,
    source_embedding     vector,
    x_min                double precision,
    y_min                double precision,
    x_max                double precision,
    y_max                double precision,
    status               text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    failure              text,
    threshold            double precision,
    match_count          integer,
    start_s              double precision,
    end_s                double precision,
    frames_looked_at     integer,
    frames_missed        integer,
    frames_in_file       integer,
    shortest_missable_s  double precision,
    created_at           timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ended_at             timestamptz,
    CHECK ((status IN ('pending', 'processing')) = (ended_at IS NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CHECK (ended_at IS NULL OR (source_data IS NULL AND source_embedding IS NULL))
);
CREATE INDEX face_match_newest ON face_match (organization_id, created_at DESC, id DESC);
CREATE INDEX face_match_file ON face_match (file_id);
CREATE INDEX face_match_waiting ON face_match (detection_id) WHERE status IN ('pending', 'processing');

CREATE VIEW face_match_told AS
SELECT match.id, match.organization_id, match.application_id, match.file_id, match.extraction_id, match.detection_id,
       match.max_faces, match.status, match.failure, match.x_min, match.y_min, match.x_max, match.y_max,
       match.threshold, match.match_count, match.start_s, match.end_s, match.frames_looked_at, match.frames_missed,
       match.frames_in_file, match.shortest_missable_s, match.created_at, match.ended_at,
       CASE match.status WHEN 'completed' THEN 1 ELSE COALESCE(detection.progress, 0) END AS progress
  FROM face_match match LEFT JOIN face_detection_told detection ON detection.id = match.detection_id;

CREATE TABLE matched_face (
    match_id    uuid NOT NULL REFERENCES face_match ON DELETE CASCADE,
    rank        integer NOT NULL,
    id          uuid NOT NULL,
    frame_id    uuid NOT NULL,
    time_s      double precision NOT NULL,
    x_min       double precision NOT NULL,
    y_min       double precision NOT NULL,
    x_max       double precision NOT NULL,
    y_max       double precision NOT NULL,
    similarity  double precision NOT NULL,
    score       double precision NOT NULL,
    PRIMARY KEY (match_id, rank)
);

CREATE TABLE appearance (
    id             uuid PRIMARY KEY,
    match_id       uuid NOT NULL REFERENCES face_match ON DELETE CASCADE,
    start_s        double precision NOT NULL,
    end_s          double precision NOT NULL CHECK (end_s >= start_s),
    face_count     integer NOT NULL,
    best_frame_id  uuid NOT NULL,
    best_time_s    double precision NOT NULL,
    x_min          double precision NOT NULL,
    y_min          double precision NOT NULL,
    x_max          double precision NOT NULL,
    y_max          double precision NOT NULL,
    best_score     double precision NOT NULL
);
CREATE INDEX appearance_match ON appearance (match_id, start_s);

CREATE TABLE collection (
    id                 uuid PRIMARY KEY,
    organization_id    uuid NOT NULL REFERENCES organization,
    name               text NOT NULL,
    description        text,
    frames_per_second  double precision NOT NULL,
    max_width_px       integer NOT NULL,
    start_s            double precision,
    end_s              double precision,
    keeps_thumbnails   boolean NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    UNIQUE (organization_id, name)
);

CREATE TABLE collection_file (
    collection_id  uuid NOT NULL REFERENCES collection ON DELETE CASCADE,
    file_id        uuid NOT NULL REFERENCES video_file ON DELETE CASCADE,
    detection_id   uuid REFERENCES face_detection ON DELETE SET NULL,
    added_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    PRIMARY KEY (collection_id, file_id)
);
CREATE INDEX collection_file_file ON collection_file (file_id);
CREATE INDEX collection_file_detection ON collection_file (detection_id) WHERE detection_id IS NOT NULL;

-- A search by face. The picture goes when the search has ended.
CREATE TABLE face_search (
    id                uuid PRIMARY KEY,
    organization_id   uuid NOT NULL REFERENCES organization,
    query             text NOT NULL,
    collection_ids    uuid[] NOT NULL,
    criteria          jsonb NOT NULL,
    most              integer NOT NULL CHECK (most > 0),
    threshold         double precision,
    by_file           boolean NOT NULL,
    by_item_count     boolean NOT NULL,
    false_match_rate  double precision NOT NULL,
    source_url        text,
    source_data       bytea,
    status            text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    failure           text,
    created_at        timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CHECK (status IN ('pending', 'processing') OR source_data IS NULL)
);
CREATE INDEX face_search_newest ON face_search (organization_id, created_at DESC, id DESC);

CREATE TABLE search_hit (
    search_id      uuid NOT NULL REFERENCES face_search ON DELETE CASCADE,
    rank           integer NOT NULL,
    file_id        uuid NOT NULL REFERENCES video_file ON DELETE CASCADE,
    collection_id  uuid NOT NULL,
    face_id        uuid NOT NULL,
    frame_id       uuid NOT NULL,
    time_s         double precision NOT NULL,
    x_min          double precision NOT NULL,
    y_min          double precision NOT NULL,
    x_max          double precision NOT NULL,
    y_max          double precision NOT NULL,
    score          double precision NOT NULL,
    PRIMARY KEY (search_id, rank)
);
CREATE INDEX search_hit_file ON search_hit (file_id);

-- Addresses that want to hear of files. The secret is sent along, and so is kept as it is.
CREATE TABLE video_webhook (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organization,
    application_id   uuid NOT NULL REFERENCES application,
    endpoint         text NOT NULL,
    secret           text NOT NULL,
    description      text,
    events           text[] NOT NULL,
    is_active        boolean NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp())
);
CREATE INDEX video_webhook_newest ON video_webhook (organization_id, created_at DESC, id DESC);

-- What tells of a file goes with the file, but for the news that it is gone: hence no key.
ALTER TABLE delivery ADD COLUMN video_webhook_id uuid REFERENCES video_webhook ON DELETE CASCADE,
                     ADD COLUMN file_id uuid;
ALTER TABLE delivery DROP CONSTRAINT delivery_event_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_event_check CHECK (event IN (
    'job_ended', 'identity_created', 'identity_updated',
    'file_processing', 'file_completed', 'file_failed', 'file_deleted',
    'collection_file_processing', 'collection_file_completed', 'collection_file_failed', 'collection_file_deleted'));
CREATE INDEX delivery_video_webhook ON delivery (video_webhook_id) WHERE video_webhook_id IS NOT NULL;
CREATE INDEX delivery_file ON delivery (file_id) WHERE file_id IS NOT NULL;

-- Whether a file fulfils every one of some criteria: [{source, path, operator, value, values}], see Criterion. What is
-- not there fulfils none but "not equal". Numbers compare as numbers where both sides are some; moments of a file are
-- milliseconds since 1970.
CREATE FUNCTION file_fits(f video_file, criteria jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT 1
          FROM jsonb_to_recordset(criteria) AS c(source text, path text[], operator text, value text, values jsonb)
         CROSS JOIN LATERAL (SELECT CASE c.source
               WHEN 'metadata' THEN f.metadata
               WHEN 'video_info' THEN jsonb_build_object('duration_seconds', f.duration_s, 'has_audio', f.has_audio)
               ELSE jsonb_build_object(
                    'bytes', f.byte_count, 'filename', f.filename, 'id', f.id,
                    'created_at', round(extract(epoch FROM f.created_at) * 1000)) END #> c.path AS there) AS at
         CROSS JOIN LATERAL (SELECT NULLIF(at.there, 'null') #>> '{}' AS said) AS text
         CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(at.there) = 'array' THEN at.there
                                         ELSE jsonb_build_array(at.there) END AS every) AS list
         CROSS JOIN LATERAL (
               SELECT count(*) AS asked,
                      count(*) FILTER (WHERE wanted IN (SELECT jsonb_array_elements_text(list.every))) AS found
                 FROM jsonb_array_elements_text(COALESCE(c.values, '[]')) AS wanted) AS sets
         CROSS JOIN LATERAL (SELECT text.said ~ '^-?[0-9]{1,15}(\.[0-9]{1,15})?$'
                                AND c.value ~ '^-?[0-9]{1,15}(\.[0-9]{1,15})?$' AS are_some) AS numbers
         WHERE NOT COALESCE(CASE c.operator
               WHEN 'equal' THEN text.said = c.value
               WHEN 'not_equal' THEN text.said IS DISTINCT FROM c.value
               WHEN 'less_than' THEN CASE WHEN numbers.are_some THEN text.said::numeric < c.value::numeric
                                          ELSE text.said < c.value END
               WHEN 'greater_than' THEN CASE WHEN numbers.are_some THEN text.said::numeric > c.value::numeric
                                             ELSE text.said > c.value END
               WHEN 'like' THEN text.said ILIKE c.value ESCAPE ''
               WHEN 'in' THEN c.values ? text.said
               WHEN 'contains_any' THEN sets.found > 0
               WHEN 'contains_all' THEN sets.asked > 0 AND sets.found = sets.asked END, false))
$$;

-- A file in a collection is as far as its faces are. Faces that somebody has deleted are a failure.
CREATE VIEW collection_member_told AS
SELECT member.collection_id, member.detection_id, member.added_at,
       CASE WHEN file.status = 'failed' THEN 'failed' ELSE COALESCE(detection.status, 'failed') END AS member_status,
       file.*
  FROM collection_file member
  JOIN video_file file ON file.id = member.file_id
  LEFT JOIN face_detection detection ON detection.id = member.detection_id;

-- Applications that may do everything go on doing so.
UPDATE application SET scopes = scopes || '{videos:read,videos:create,videos:update,videos:remove}'
 WHERE scopes @> '{recognition:read,recognition:create,recognition:update,recognition:remove,match:read,match:create,ask:read,ask:create,detect:read,detect:create,feedback:read,feedback:create}';
