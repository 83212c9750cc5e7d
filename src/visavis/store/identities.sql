-- add: a person the client names
INSERT INTO identity (id, namespace_id, custom_id) VALUES (%(id)s, %(namespace_id)s, %(custom_id)s)
RETURNING id, namespace_id, custom_id, created_at;

-- get: one identity of a namespace
SELECT id, namespace_id, custom_id, created_at FROM identity WHERE id = %(id)s AND namespace_id = %(namespace_id)s;

-- some: those of some identities that the namespace has
SELECT id, namespace_id, custom_id, created_at
  FROM identity WHERE namespace_id = %(namespace_id)s AND id = ANY(%(ids)s) ORDER BY created_at, id;

-- set_custom_id: the client's own name for a person
UPDATE identity SET custom_id = %(custom_id)s WHERE id = %(id)s AND namespace_id = %(namespace_id)s;

-- remove: a person is no longer known
DELETE FROM identity WHERE id = %(id)s AND namespace_id = %(namespace_id)s;

-- search_newest: identities of one namespace, newest first; feed ids are those of any of its faces, and looked for here
-- when the ids or custom ids of the identities are given too. OFFSET 0: of each, its own faces are read.
SELECT id, namespace_id, custom_id, created_at
  FROM identity i
 WHERE namespace_id = %(namespace_id)s
   AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
   AND (%(custom_ids)s::text[] IS NULL OR custom_id = ANY(%(custom_ids)s))
   AND (NOT %(without_custom_id)s OR custom_id IS NULL)
   AND (NOT %(without_feed_id)s OR NOT has_feed_id)
   AND (%(feed_ids)s::text[] IS NULL OR EXISTS (
        SELECT 1 FROM (SELECT feed_id FROM face WHERE identity_id = i.id OFFSET 0) AS f
         WHERE f.feed_id = ANY(%(feed_ids)s)))
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- search_by_faces_newest: identities of one namespace, newest first, whose faces have one of the feed ids: of each feed
-- the first few, for an index has its faces in the order of their identities.
SELECT i.id, i.namespace_id, custom_id, i.created_at
  FROM (SELECT DISTINCT created_at, id
          FROM unnest(%(feed_ids)s::text[]) AS wanted(feed_id)
         CROSS JOIN LATERAL (
               SELECT created_at, id
                 FROM (SELECT DISTINCT identity_created_at AS created_at, identity_id AS id FROM face
                        WHERE namespace_id = %(namespace_id)s AND face.feed_id = wanted.feed_id
                          AND identity_id IS NOT NULL AND NOT %(without_feed_id)s
                          AND (%(after)s::timestamptz IS NULL OR identity_created_at > %(after)s)
                          AND (%(before)s::timestamptz IS NULL OR identity_created_at < %(before)s)
                        ORDER BY identity_created_at DESC, identity_id DESC) AS seen
                WHERE NOT %(without_custom_id)s OR (SELECT custom_id IS NULL FROM identity WHERE id = seen.id)
                ORDER BY created_at DESC, id DESC LIMIT %(limit)s + %(offset)s) AS first
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s) AS page
  JOIN identity i ON i.id = page.id
 ORDER BY i.created_at DESC, i.id DESC;

-- gallery_size: how many people a probe is searched among
SELECT count(*) FROM identity_template WHERE namespace_id = %(namespace_id)s AND model_id = %(model_id)s;

-- nearest: for each probe the k people most like it, best first. A person is as near as the mean of their faces, or
-- the centroid of a group that is linked to them, whichever is nearer.
SELECT probe.position::integer AS probe, nearest.*
  FROM unnest(%(probes)b::vector[]) WITH ORDINALITY AS probe(embedding, position)
 CROSS JOIN LATERAL (
       SELECT known.identity_id, max(known.similarity) AS similarity
         FROM (SELECT t.identity_id, 1 - (t.embedding_sum <=> probe.embedding) AS similarity
                 FROM identity_template t
                WHERE t.namespace_id = %(namespace_id)s AND t.model_id = %(model_id)s
                UNION ALL
               SELECT g.identity_id, 1 - (t.embedding_sum <=> probe.embedding)
                 FROM group_template t JOIN face_group g ON g.id = t.group_id
                WHERE t.namespace_id = %(namespace_id)s AND t.model_id = %(model_id)s
                  AND g.identity_id IS NOT NULL) AS known
        -- Opposite embeddings cancel out: such a mean is like nobody, and its cosine, NaN, is greater than any number.
        WHERE known.similarity <> 'NaN'
        GROUP BY known.identity_id
        ORDER BY similarity DESC LIMIT %(k)s) AS nearest
 WHERE nearest.similarity >= %(least)s
 ORDER BY probe.position, nearest.similarity DESC;

-- drop_templates: forget the means of some identities, before they are made anew from the faces
DELETE FROM identity_template WHERE namespace_id = %(namespace_id)s AND identity_id = ANY(%(identity_ids)s);

-- remake_templates: the means of some identities, from their faces
INSERT INTO identity_template (identity_id, model_id, namespace_id, embedding_sum, face_count)
SELECT f.identity_id, e.model_id, f.namespace_id, sum(e.embedding), count(*)
  FROM face f JOIN face_embedding e ON e.face_id = f.id
 WHERE f.namespace_id = %(namespace_id)s AND f.identity_id = ANY(%(identity_ids)s)
 GROUP BY f.identity_id, e.model_id, f.namespace_id;

-- mark: whether any face of some identities has a feed id
UPDATE identity i SET has_feed_id = said.has_feed_id
  FROM (SELECT id, EXISTS (SELECT 1 FROM face f WHERE f.identity_id = identity.id AND f.feed_id IS NOT NULL)
               AS has_feed_id
          FROM identity WHERE id = ANY(%(identity_ids)s)) AS said
 WHERE i.id = said.id AND i.namespace_id = %(namespace_id)s AND i.has_feed_id <> said.has_feed_id;

-- grow_template: one more face joins the mean of an identity
INSERT INTO identity_template (identity_id, model_id, namespace_id, embedding_sum, face_count)
VALUES (%(identity_id)s, %(model_id)s, %(namespace_id)s, %(embedding)s, 1)
ON CONFLICT (identity_id, model_id) DO UPDATE
   SET embedding_sum = identity_template.embedding_sum + EXCLUDED.embedding_sum,
       face_count = identity_template.face_count + 1;
