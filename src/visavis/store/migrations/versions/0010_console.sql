-- Somebody who uses the web console. Without an organisation: an operator, who sees all of them.
CREATE TABLE console_user (
    id               uuid PRIMARY KEY,
    organization_id  uuid REFERENCES organization,
    name             text NOT NULL,
    password_hash    bytea NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    revoked_at       timestamptz
);
-- a name is free again once its user was revoked
CREATE UNIQUE INDEX console_user_name ON console_user (name) WHERE revoked_at IS NULL;

CREATE TABLE console_session (
    token_hash  bytea PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES console_user ON DELETE CASCADE,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX console_session_user ON console_session (user_id);

-- The list of work has jobs of every kind and namespace, newest first; of the unfinished ones there are always few.
CREATE INDEX job_of_organization ON job (organization_id, created_at DESC);
CREATE INDEX job_unfinished ON job (organization_id, created_at DESC) WHERE ended_at IS NULL;
