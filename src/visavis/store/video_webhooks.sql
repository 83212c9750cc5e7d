-- add: an address that wants to hear of files
INSERT INTO video_webhook (id, organization_id, application_id, endpoint, secret, description, events)
VALUES (%(id)s, %(organization_id)s, %(application_id)s, %(endpoint)s, %(secret)s, %(description)s, %(events)s)
RETURNING *;

-- get: one address of an organisation
SELECT * FROM video_webhook WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- of_delivery: one address
SELECT * FROM video_webhook WHERE id = %(id)s;

-- listening: the addresses of an organisation in use
SELECT webhook.* FROM video_webhook webhook JOIN application ON application.id = webhook.application_id
 WHERE webhook.organization_id = %(organization_id)s AND is_active AND application.revoked_at IS NULL
 ORDER BY webhook.created_at, webhook.id;

-- search_newest: addresses of an organisation, newest first
SELECT * FROM video_webhook
 WHERE organization_id = %(organization_id)s
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- total: how many they are
SELECT count(*) FROM video_webhook WHERE organization_id = %(organization_id)s;

-- update: what the client wants
UPDATE video_webhook
   SET endpoint = COALESCE(%(endpoint)s, endpoint), description = COALESCE(%(description)s, description),
       events = COALESCE(%(events)s, events), is_active = COALESCE(%(is_active)s, is_active)
 WHERE id = %(id)s AND organization_id = %(organization_id)s
RETURNING *;

-- remove: an address
DELETE FROM video_webhook WHERE id = %(id)s AND organization_id = %(organization_id)s;
