-- One address an application. The key must be known as it is: it signs.
CREATE TABLE webhook (
    application_id  uuid PRIMARY KEY REFERENCES application,
    id              uuid NOT NULL UNIQUE,
    url             text NOT NULL,
    secret_key      text,
    created_at      timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp())
);

-- One event on its way to one address. The body goes when the event has arrived; a delivery whose job or namespace is
-- erased goes with it.
CREATE TABLE delivery (
    id               uuid PRIMARY KEY,
    application_id   uuid NOT NULL REFERENCES application,
    job_id           uuid REFERENCES job ON DELETE CASCADE,
    namespace_id     uuid REFERENCES namespace ON DELETE CASCADE,
    event            text NOT NULL CHECK (event IN ('job_ended', 'identity_created', 'identity_updated')),
    url              text NOT NULL,
    body             bytea,
    status           text NOT NULL CHECK (status IN ('waiting', 'delivered', 'given_up')),
    attempts         integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at  timestamptz,
    last_attempt_at  timestamptz,
    last_answer      text,
    created_at       timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    ended_at         timestamptz,
    CHECK ((status = 'waiting') = (ended_at IS NULL)),
    CHECK ((status = 'waiting') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'delivered') = (body IS NULL))
);
CREATE INDEX delivery_newest ON delivery (created_at DESC, id DESC);
CREATE INDEX delivery_waiting ON delivery (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX delivery_job ON delivery (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX delivery_namespace ON delivery (namespace_id) WHERE namespace_id IS NOT NULL;
