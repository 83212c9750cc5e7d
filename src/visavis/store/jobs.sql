-- add: accept a job, at the operating point that its organisation has chosen
INSERT INTO job (id, organization_id, application_id, namespace_id, kind, status, custom_id, feed_id, webhook_url,
                 request, base_url, false_match_rate)
VALUES (%(id)s, %(organization_id)s, %(application_id)s, %(namespace_id)s, %(kind)s, 'in_progress', %(custom_id)s,
        %(feed_id)s, %(webhook_url)s, %(request)s, %(base_url)s,
        (SELECT false_match_rate FROM organization WHERE id = %(organization_id)s))
RETURNING *;

-- add_images: the pictures of a job
INSERT INTO job_image (id, job_id, role, position, status, custom_id, source_url, blob_key)
SELECT id, %(job_id)s, role, position, 'in_progress', custom_id, source_url, blob_key
  FROM unnest(%(ids)s::uuid[], %(roles)s::text[], %(positions)s::integer[], %(custom_ids)s::text[],
              %(source_urls)s::text[], %(blob_keys)s::text[])
       AS new(id, role, position, custom_id, source_url, blob_key);

-- get: one job of an organisation's namespace, or of none
SELECT * FROM job
 WHERE id = %(id)s AND organization_id = %(organization_id)s AND kind = %(kind)s
   AND namespace_id IS NOT DISTINCT FROM %(namespace_id)s;

-- search_newest: jobs of one namespace, or of none, newest first. Of every custom id with every feed id that is asked
-- for, an index gives the newest in this order; the newest of these are the answer. A CASE is settled before the
-- statement is planned: to be read in order where an id is NULL, the index wants to hear it in ORDER BY.
SELECT job.*
  FROM (SELECT found.id
          FROM (SELECT DISTINCT unnest(COALESCE(%(custom_ids)s::text[], '{NULL}')) AS custom_id) AS custom
         CROSS JOIN (SELECT DISTINCT unnest(COALESCE(%(feed_ids)s::text[], '{NULL}')) AS feed_id) AS feed
         CROSS JOIN LATERAL (
               SELECT j.id, j.created_at FROM job j
                WHERE organization_id = %(organization_id)s AND kind = %(kind)s
                  AND CASE WHEN %(namespace_id)s::uuid IS NULL THEN namespace_id IS NULL
                           ELSE namespace_id = %(namespace_id)s END
                  AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
                  AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
                  AND (%(custom_ids)s::text[] IS NULL OR j.custom_id = custom.custom_id)
                  AND (NOT %(without_custom_id)s OR j.custom_id IS NULL)
                  AND (%(feed_ids)s::text[] IS NULL OR j.feed_id = feed.feed_id)
                  AND (NOT %(without_feed_id)s OR j.feed_id IS NULL)
                ORDER BY CASE WHEN %(namespace_id)s::uuid IS NULL THEN namespace_id END DESC,
                         CASE WHEN %(without_feed_id)s THEN j.feed_id END DESC,
                         CASE WHEN %(without_custom_id)s THEN j.custom_id END DESC,
                         created_at DESC, id DESC
                LIMIT %(limit)s + %(offset)s) AS found
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s) AS page
  JOIN job ON job.id = page.id
 ORDER BY created_at DESC, id DESC;

-- search_ids_newest: those of some jobs, newest first
WITH asked AS MATERIALIZED (
     SELECT * FROM job
      WHERE id = ANY(%(ids)s) AND organization_id = %(organization_id)s AND kind = %(kind)s
        AND namespace_id IS NOT DISTINCT FROM %(namespace_id)s)
SELECT * FROM asked
 WHERE (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND (%(custom_ids)s::text[] IS NULL OR custom_id = ANY(%(custom_ids)s))
   AND (NOT %(without_custom_id)s OR custom_id IS NULL)
   AND (%(feed_ids)s::text[] IS NULL OR feed_id = ANY(%(feed_ids)s))
   AND (NOT %(without_feed_id)s OR feed_id IS NULL)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- images_of: the pictures of some jobs, in the order of the requests
SELECT id, job_id, role, position, status, custom_id, source_url, blob_key, left_out
  FROM job_image WHERE job_id = ANY(%(job_ids)s) ORDER BY job_id, role, position;

-- image: one picture of an organisation's jobs of a kind
SELECT i.id, i.job_id, i.role, i.position, i.status, i.custom_id, i.source_url, i.blob_key, i.left_out
  FROM job_image i JOIN job ON job.id = i.job_id
 WHERE i.id = %(id)s AND job.organization_id = %(organization_id)s AND job.kind = %(kind)s;

-- open_images: those of some pictures that have not ended
SELECT id, job_id, role, position, status, custom_id, source_url, blob_key, left_out
  FROM job_image
 WHERE job_id = %(job_id)s AND id = ANY(%(image_ids)s) AND status = 'in_progress'
 ORDER BY role, position;

-- of_unit: the job that a work unit belongs to, whoever owns it
SELECT * FROM job WHERE id = %(id)s;

-- lock: let one transaction at a time end pictures of a job, so that exactly one sees the last one end
SELECT id FROM job WHERE id = %(id)s FOR UPDATE;

-- end_images: pictures have ended; those come back that had not ended before
UPDATE job_image i
   SET status = ended.status, blob_key = COALESCE(ended.blob_key, i.blob_key), ended_at = clock_timestamp()
  FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(blob_keys)s::text[]) AS ended(id, status, blob_key)
 WHERE i.id = ended.id AND i.job_id = %(job_id)s AND i.status = 'in_progress'
RETURNING i.id;

-- is_decidable: has the last picture ended, and the job has not?
SELECT NOT EXISTS (SELECT 1 FROM job_image WHERE job_id = %(id)s AND status = 'in_progress')
  FROM job WHERE id = %(id)s AND status = 'in_progress';

-- leave_out: why pictures do not count
UPDATE job_image i SET left_out = said.reason
  FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS said(id, reason)
 WHERE i.id = said.id AND i.job_id = %(job_id)s;

-- fail_images: pictures had ended well, but nothing can be said of them
UPDATE job_image SET status = %(status)s WHERE job_id = %(job_id)s AND id = ANY(%(ids)s) AND status <> 'in_progress';

-- fail_subjects: nothing can be said of any picture that the job is about
UPDATE job_image SET status = %(status)s WHERE job_id = %(job_id)s AND role = 'subject' AND status <> 'in_progress';

-- finish: end the job when its last picture has ended; no row when some are open, or when it had ended before. Its
-- status is that of the pictures it is about.
UPDATE job
   SET ended_at = clock_timestamp(),
       status = CASE WHEN pictures.failed = 0 THEN 'completed'
                     WHEN pictures.failed = pictures.total THEN 'all_error'
                     ELSE 'partial_error' END
  FROM (SELECT count(*) FILTER (WHERE role = 'subject') AS total,
               count(*) FILTER (WHERE status = 'in_progress') AS open,
               count(*) FILTER (WHERE role = 'subject' AND status NOT IN ('in_progress', 'completed')) AS failed
          FROM job_image WHERE job_id = %(id)s) AS pictures
 WHERE job.id = %(id)s AND job.status = 'in_progress' AND pictures.open = 0
RETURNING job.*;

-- existing: those of some job ids that are known
SELECT id FROM job WHERE id = ANY(%(ids)s);
