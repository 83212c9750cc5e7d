-- put: register an application's address, in place of the one before
INSERT INTO webhook (application_id, id, url, secret_key)
VALUES (%(application_id)s, %(id)s, %(url)s, %(secret_key)s)
ON CONFLICT (application_id) DO UPDATE
   SET id = excluded.id, url = excluded.url, secret_key = excluded.secret_key, created_at = excluded.created_at
RETURNING *;

-- get: what an application has registered
SELECT * FROM webhook WHERE application_id = %(application_id)s;
