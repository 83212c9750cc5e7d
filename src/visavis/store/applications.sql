-- add_organization: make an organisation, or find the one that has the name
WITH made AS (
    INSERT INTO organization (id, name) VALUES (%(id)s, %(name)s)
    ON CONFLICT (name) DO NOTHING
    RETURNING id
)
SELECT id FROM made
UNION ALL
SELECT id FROM organization WHERE name = %(name)s
LIMIT 1;

-- add: make an application
INSERT INTO application (id, organization_id, name, client_id, client_secret_hash, api_key_hash,
                         subscription_key_hash, scopes)
VALUES (%(id)s, %(organization_id)s, %(name)s, %(client_id)s, %(client_secret_hash)s, %(api_key_hash)s,
        %(subscription_key_hash)s, %(scopes)s);

-- get: one application by its id, revoked or not
SELECT a.id, a.organization_id, o.name AS organization, a.name, a.client_id, a.scopes, a.created_at, a.revoked_at
  FROM application a JOIN organization o ON o.id = a.organization_id
 WHERE a.id = %(id)s;

-- by_client_id: one application that may still sign in, with the hash of its secret
SELECT a.id, a.client_secret_hash
  FROM application a
 WHERE a.client_id = %(client_id)s AND a.revoked_at IS NULL;

-- by_subscription_key: one application in force by the hash of its key
SELECT a.id, a.organization_id, o.name AS organization, a.name, a.client_id, a.scopes, a.created_at, a.revoked_at
  FROM application a JOIN organization o ON o.id = a.organization_id
 WHERE a.subscription_key_hash = %(key_hash)s AND a.revoked_at IS NULL;

-- by_api_key: one application in force by the hash of its key
SELECT a.id, a.organization_id, o.name AS organization, a.name, a.client_id, a.scopes, a.created_at, a.revoked_at
  FROM application a JOIN organization o ON o.id = a.organization_id
 WHERE a.api_key_hash = %(key_hash)s AND a.revoked_at IS NULL;

-- list: all applications, by organisation and name
SELECT a.id, a.organization_id, o.name AS organization, a.name, a.client_id, a.scopes, a.created_at, a.revoked_at
  FROM application a JOIN organization o ON o.id = a.organization_id
 ORDER BY o.name, a.name, a.created_at;

-- revoke: end an application's access; none is returned when there is no such application in force
UPDATE application a SET revoked_at = now()
  FROM organization o
 WHERE o.id = a.organization_id AND o.name = %(organization)s AND a.name = %(name)s AND a.revoked_at IS NULL
RETURNING a.id;

-- signing_key: the secret of a purpose, made on first use
WITH made AS (
    INSERT INTO signing_key (purpose, secret) VALUES (%(purpose)s, %(secret)s)
    ON CONFLICT (purpose) DO NOTHING
    RETURNING secret
)
SELECT secret FROM made
UNION ALL
SELECT secret FROM signing_key WHERE purpose = %(purpose)s
LIMIT 1;
