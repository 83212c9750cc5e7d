-- add: make a namespace unless it is there
INSERT INTO namespace (id, organization_id, name) VALUES (%(id)s, %(organization_id)s, %(name)s)
ON CONFLICT (organization_id, name) DO NOTHING;

-- find: a namespace by its name
SELECT id, organization_id, name FROM namespace WHERE organization_id = %(organization_id)s AND name = %(name)s;

-- lock: let one transaction at a time decide who is who in a namespace
SELECT pg_advisory_xact_lock(hashtextextended('namespace ' || %(id)s::text, 0));
