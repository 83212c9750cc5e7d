-- add: make a user; none is returned when there is no such organisation. Only NULL, asked for as such, is an operator.
WITH asked AS (
    SELECT id, name FROM organization WHERE name = %(organization)s
    UNION ALL
    SELECT NULL, NULL WHERE %(organization)s::text IS NULL
), made AS (
    INSERT INTO console_user (id, organization_id, name, password_hash)
    SELECT %(id)s, asked.id, %(name)s, %(password_hash)s FROM asked
    RETURNING *
)
SELECT made.id, made.name, made.organization_id, asked.name AS organization, made.created_at, made.revoked_at
  FROM made CROSS JOIN asked;

-- list: all users, by organisation and name; operators first
SELECT u.id, u.name, u.organization_id, o.name AS organization, u.created_at, u.revoked_at
  FROM console_user u LEFT JOIN organization o ON o.id = u.organization_id
 ORDER BY o.name NULLS FIRST, u.name, u.created_at;

-- by_name_with_hash: one user who may still sign in, with the hash of the password
SELECT u.id, u.name, u.organization_id, o.name AS organization, u.created_at, u.revoked_at, u.password_hash
  FROM console_user u LEFT JOIN organization o ON o.id = u.organization_id
 WHERE u.name = %(name)s AND u.revoked_at IS NULL;

-- revoke: end a user's access and sessions; none is returned when there is no such user in force
WITH revoked AS (
    UPDATE console_user SET revoked_at = now() WHERE name = %(name)s AND revoked_at IS NULL RETURNING id
), ended AS (
    DELETE FROM console_session s USING revoked WHERE s.user_id = revoked.id
)
SELECT id FROM revoked;

-- add_session: begin a session. Expired ones go; those that somebody else is deleting just now need no waiting for.
WITH expired AS (
    DELETE FROM console_session WHERE token_hash IN (
        SELECT token_hash FROM console_session WHERE expires_at <= now() FOR UPDATE SKIP LOCKED)
)
INSERT INTO console_session (token_hash, user_id, expires_at)
VALUES (%(token_hash)s, %(user_id)s, now() + make_interval(secs => %(lasts_s)s));

-- of_session: the user whose session it is; a sign-in that crossed a revocation may have left one, which opens nothing
SELECT u.id, u.name, u.organization_id, o.name AS organization, u.created_at, u.revoked_at
  FROM console_session s
  JOIN console_user u ON u.id = s.user_id
  LEFT JOIN organization o ON o.id = u.organization_id
 WHERE s.token_hash = %(token_hash)s AND s.expires_at > now() AND u.revoked_at IS NULL;

-- remove_session: end a session
DELETE FROM console_session WHERE token_hash = %(token_hash)s;
