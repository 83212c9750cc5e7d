-- add: new groups, with the identities they are linked to
INSERT INTO face_group (id, namespace_id, batch_id, identity_id, link_modified_by, link_modified_at)
SELECT id, %(namespace_id)s, %(batch_id)s, identity_id,
       CASE WHEN identity_id IS NULL THEN NULL ELSE %(author)s END,
       CASE WHEN identity_id IS NULL THEN NULL ELSE clock_timestamp() END
  FROM unnest(%(ids)s::uuid[], %(identity_ids)s::uuid[]) AS new(id, identity_id);

-- get: one group of a namespace
SELECT id, namespace_id, batch_id, identity_id, link_modified_by, link_modified_at, created_at
  FROM face_group WHERE id = %(id)s AND namespace_id = %(namespace_id)s;

-- search_newest: groups of one namespace, newest first; custom and feed ids are those of any of its faces, and looked
-- for here when the ids of the groups are given too. OFFSET 0: of each, its own faces are read.
SELECT id, namespace_id, batch_id, identity_id, link_modified_by, link_modified_at, created_at
  FROM face_group g
 WHERE namespace_id = %(namespace_id)s
   AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
   AND (NOT %(without_custom_id)s OR NOT has_custom_id)
   AND (NOT %(without_feed_id)s OR NOT has_feed_id)
   AND (%(custom_ids)s::text[] IS NULL OR EXISTS (
        SELECT 1 FROM (SELECT custom_id FROM face WHERE group_id = g.id OFFSET 0) AS f
         WHERE f.custom_id = ANY(%(custom_ids)s)))
   AND (%(feed_ids)s::text[] IS NULL OR EXISTS (
        SELECT 1 FROM (SELECT feed_id FROM face WHERE group_id = g.id OFFSET 0) AS f
         WHERE f.feed_id = ANY(%(feed_ids)s)))
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- search_by_faces_newest: groups of one namespace, newest first, whose faces have one of the custom ids, or else one of
-- the feed ids: of each id the first few, for an index has its faces in the order of their groups. Where both are asked for
-- and few faces have the feed ids, the groups of all these are known beforehand; else each is asked by itself, which there
-- ends soon. Groups are asked one by one whether they have an id at all: there are fewer to ask among faces with none.
SELECT g.id, g.namespace_id, batch_id, identity_id, link_modified_by, link_modified_at, g.created_at
  FROM (SELECT DISTINCT created_at, id
          FROM unnest(COALESCE(%(custom_ids)s::text[], %(feed_ids)s)) AS wanted(said)
         CROSS JOIN LATERAL (
               SELECT created_at, id
                 FROM (SELECT DISTINCT group_created_at AS created_at, group_id AS id FROM face
                        WHERE namespace_id = %(namespace_id)s
                          AND CASE WHEN %(custom_ids)s::text[] IS NULL THEN feed_id = said ELSE custom_id = said END
                          AND (%(after)s::timestamptz IS NULL OR group_created_at > %(after)s)
                          AND (%(before)s::timestamptz IS NULL OR group_created_at < %(before)s)
                          AND (NOT %(without_custom_id)s OR custom_id IS NULL)
                          AND (NOT %(without_feed_id)s OR feed_id IS NULL)
                        ORDER BY group_created_at DESC, group_id DESC) AS seen
                WHERE (%(custom_ids)s::text[] IS NULL OR %(feed_ids)s::text[] IS NULL OR
                       CASE WHEN (SELECT count(*) < %(few)s FROM (
                                  SELECT 1 FROM face WHERE namespace_id = %(namespace_id)s AND feed_id = ANY(%(feed_ids)s)
                                   LIMIT %(few)s) AS counted)
                       THEN seen.id IN (
                            SELECT group_id FROM face WHERE namespace_id = %(namespace_id)s AND feed_id = ANY(%(feed_ids)s))
                       ELSE EXISTS (
                            SELECT 1 FROM face
                             WHERE namespace_id = %(namespace_id)s AND group_id = seen.id AND feed_id = ANY(%(feed_ids)s))
                       END)
                  AND (NOT %(without_custom_id)s OR (SELECT NOT has_custom_id FROM face_group WHERE id = seen.id))
                  AND (NOT %(without_feed_id)s OR (SELECT NOT has_feed_id FROM face_group WHERE id = seen.id))
                ORDER BY created_at DESC, id DESC LIMIT %(limit)s + %(offset)s) AS first
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s) AS page
  JOIN face_group g ON g.id = page.id
 ORDER BY g.created_at DESC, g.id DESC;

-- nearest: for each probe the k groups of one namespace whose centroids are most like it, best first
SELECT probe.position::integer AS probe, nearest.*
  FROM unnest(%(probes)b::vector[]) WITH ORDINALITY AS probe(embedding, position)
 CROSS JOIN LATERAL (
       SELECT t.group_id, 1 - (t.embedding_sum <=> probe.embedding) AS similarity
         FROM group_template t
        WHERE t.namespace_id = %(namespace_id)s AND t.model_id = %(model_id)s
        ORDER BY t.embedding_sum <=> probe.embedding LIMIT %(k)s) AS nearest
 WHERE nearest.similarity >= %(least)s AND nearest.similarity <> 'NaN'
 ORDER BY probe.position, nearest.similarity DESC;

-- templates: the centroids of some groups, with the identity each is linked to
SELECT t.group_id, t.embedding_sum, t.face_count, g.identity_id
  FROM group_template t JOIN face_group g ON g.id = t.group_id
 WHERE t.namespace_id = %(namespace_id)s AND t.model_id = %(model_id)s AND t.group_id = ANY(%(group_ids)s);

-- set_templates: new centroids of some groups
INSERT INTO group_template (group_id, model_id, namespace_id, embedding_sum, face_count)
SELECT group_id, %(model_id)s, %(namespace_id)s, embedding_sum, face_count
  FROM unnest(%(group_ids)s::uuid[], %(sums)b::vector[], %(counts)s::integer[]) AS new(group_id, embedding_sum, face_count)
ON CONFLICT (group_id, model_id) DO UPDATE
   SET embedding_sum = EXCLUDED.embedding_sum, face_count = EXCLUDED.face_count;

-- drop_templates: forget the centroids of some groups, before they are made anew from the faces
DELETE FROM group_template WHERE namespace_id = %(namespace_id)s AND group_id = ANY(%(group_ids)s);

-- remake_templates: the centroids of some groups, from their faces
INSERT INTO group_template (group_id, model_id, namespace_id, embedding_sum, face_count)
SELECT f.group_id, e.model_id, f.namespace_id, sum(e.embedding), count(*)
  FROM face f JOIN face_embedding e ON e.face_id = f.id
 WHERE f.namespace_id = %(namespace_id)s AND f.group_id = ANY(%(group_ids)s)
 GROUP BY f.group_id, e.model_id, f.namespace_id;

-- mark: whether any face of some groups has a custom id, or a feed id
UPDATE face_group g SET has_custom_id = said.has_custom_id, has_feed_id = said.has_feed_id
  FROM (SELECT group_id, count(custom_id) > 0 AS has_custom_id, count(feed_id) > 0 AS has_feed_id
          FROM face WHERE group_id = ANY(%(group_ids)s) GROUP BY group_id) AS said
 WHERE g.id = said.group_id AND g.namespace_id = %(namespace_id)s
   AND (g.has_custom_id <> said.has_custom_id OR g.has_feed_id <> said.has_feed_id);

-- remove_empty: groups that have lost their last face
DELETE FROM face_group g WHERE g.namespace_id = %(namespace_id)s AND g.id = ANY(%(group_ids)s)
   AND NOT EXISTS (SELECT 1 FROM face f WHERE f.group_id = g.id);

-- link: a group gets an identity from the model, unless it has one: the model overrides nobody
UPDATE face_group SET identity_id = %(identity_id)s, link_modified_by = 'model', link_modified_at = clock_timestamp()
 WHERE id = %(id)s AND namespace_id = %(namespace_id)s AND identity_id IS NULL;

-- relink: after a human decision, links follow the faces: one identity among them links, none or several do not
UPDATE face_group g
   SET identity_id = said.identity_id,
       link_modified_by = CASE WHEN said.identity_id IS NULL THEN NULL ELSE %(author)s END,
       link_modified_at = CASE WHEN said.identity_id IS NULL THEN NULL ELSE clock_timestamp() END
  FROM (SELECT group_id, CASE WHEN count(DISTINCT identity_id) = 1 THEN min(identity_id::text)::uuid END AS identity_id
          FROM face WHERE group_id = ANY(%(group_ids)s) GROUP BY group_id) AS said
 WHERE g.id = said.group_id AND g.namespace_id = %(namespace_id)s AND g.identity_id IS DISTINCT FROM said.identity_id;

-- confirm: a human has named a face of these groups as the person they are linked to already
UPDATE face_group SET link_modified_by = %(author)s, link_modified_at = clock_timestamp()
 WHERE namespace_id = %(namespace_id)s AND id = ANY(%(group_ids)s) AND identity_id = %(identity_id)s
   AND link_modified_by = 'model';

-- unlink: groups lose their identity
UPDATE face_group SET identity_id = NULL, link_modified_by = NULL, link_modified_at = NULL
 WHERE namespace_id = %(namespace_id)s AND identity_id = %(identity_id)s;

-- divided: those of some faces whose groups hold other faces of another identity
SELECT DISTINCT mine.id, mine.group_id
  FROM face mine JOIN face other ON other.group_id = mine.group_id
 WHERE mine.namespace_id = %(namespace_id)s AND mine.id = ANY(%(face_ids)s)
   AND other.identity_id IS NOT NULL AND other.identity_id <> %(identity_id)s;

-- twin: the group most like one of these, near enough to be the same person; faces of one picture, or two
-- identities, are never one person
SELECT mine.group_id AS mine, other.group_id AS other
  FROM group_template mine
  JOIN face_group mine_group ON mine_group.id = mine.group_id
  JOIN group_template other ON other.namespace_id = mine.namespace_id AND other.model_id = mine.model_id
                           AND other.group_id <> mine.group_id
  JOIN face_group other_group ON other_group.id = other.group_id
 WHERE mine.namespace_id = %(namespace_id)s AND mine.model_id = %(model_id)s AND mine.group_id = ANY(%(group_ids)s)
   AND mine.embedding_sum <=> other.embedding_sum <= 1 - %(least)s -- never true of the NaN of a sum that is zero
   AND (mine_group.identity_id IS NULL OR other_group.identity_id IS NULL
        OR mine_group.identity_id = other_group.identity_id)
   AND NOT EXISTS (SELECT 1 FROM face a JOIN face b ON b.job_image_id = a.job_image_id
                    WHERE a.group_id = mine.group_id AND b.group_id = other.group_id)
 ORDER BY mine.embedding_sum <=> other.embedding_sum, mine.group_id, other.group_id LIMIT 1;

-- oldest_of: two groups, that one first which stays when they become one: a human's link, then any link, then age
SELECT id FROM face_group WHERE id = ANY(%(group_ids)s) AND namespace_id = %(namespace_id)s
 ORDER BY CASE link_modified_by WHEN 'manual' THEN 0 WHEN 'review' THEN 0 WHEN 'model' THEN 1 ELSE 2 END, created_at, id;

-- move_faces: all faces of a group go to another
UPDATE face SET group_id = %(into)s WHERE group_id = %(gone)s AND namespace_id = %(namespace_id)s;

-- add_template: the centroid of one group joins that of another
INSERT INTO group_template (group_id, model_id, namespace_id, embedding_sum, face_count)
SELECT %(into)s, model_id, namespace_id, embedding_sum, face_count FROM group_template
 WHERE namespace_id = %(namespace_id)s AND group_id = %(gone)s
ON CONFLICT (group_id, model_id) DO UPDATE
   SET embedding_sum = group_template.embedding_sum + EXCLUDED.embedding_sum,
       face_count = group_template.face_count + EXCLUDED.face_count;

-- remove: a group that has become part of another
DELETE FROM face_group WHERE id = %(gone)s AND namespace_id = %(namespace_id)s;

-- models_of: the models that made the centroids of some groups
SELECT DISTINCT model_id FROM group_template
 WHERE namespace_id = %(namespace_id)s AND group_id = ANY(%(group_ids)s);
