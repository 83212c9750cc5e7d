-- add: accept a job
INSERT INTO job (id, organization_id, application_id, namespace_id, kind, status, custom_id, feed_id, webhook_url)
VALUES (%(id)s, %(organization_id)s, %(application_id)s, %(namespace_id)s, %(kind)s, 'in_progress', %(custom_id)s,
        %(feed_id)s, %(webhook_url)s)
RETURNING *;

-- add_images: the pictures of a job, in the order of the request
INSERT INTO job_image (id, job_id, position, status, custom_id, source_url, blob_key)
SELECT id, %(job_id)s, position - 1, 'in_progress', custom_id, source_url, blob_key
  FROM unnest(%(ids)s::uuid[], %(custom_ids)s::text[], %(source_urls)s::text[], %(blob_keys)s::text[])
       WITH ORDINALITY AS new(id, custom_id, source_url, blob_key, position);

-- get: one job of an organisation's namespace
SELECT * FROM job
 WHERE id = %(id)s AND organization_id = %(organization_id)s AND namespace_id = %(namespace_id)s AND kind = %(kind)s;

-- search_newest: jobs of one namespace, newest first
SELECT * FROM job
 WHERE organization_id = %(organization_id)s AND namespace_id = %(namespace_id)s AND kind = %(kind)s
   AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
   AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
   AND (%(custom_ids)s::text[] IS NULL OR custom_id = ANY(%(custom_ids)s))
   AND (NOT %(without_custom_id)s OR custom_id IS NULL)
   AND (%(feed_ids)s::text[] IS NULL OR feed_id = ANY(%(feed_ids)s))
   AND (NOT %(without_feed_id)s OR feed_id IS NULL)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- images_of: the pictures of some jobs, in the order of the requests
SELECT id, job_id, position, status, custom_id, source_url, blob_key
  FROM job_image WHERE job_id = ANY(%(job_ids)s) ORDER BY job_id, position;

-- open_images: those of some pictures that have not ended
SELECT i.id, i.job_id, i.position, i.status, i.custom_id, i.source_url, i.blob_key
  FROM job_image i
 WHERE i.job_id = %(job_id)s AND i.id = ANY(%(image_ids)s) AND i.status = 'in_progress'
 ORDER BY i.position;

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

-- finish: end the job when its last picture has ended; no row when some are open, or when it had ended before
UPDATE job
   SET ended_at = clock_timestamp(),
       status = CASE WHEN pictures.failed = 0 THEN 'completed'
                     WHEN pictures.failed = pictures.total THEN 'all_error'
                     ELSE 'partial_error' END
  FROM (SELECT count(*) AS total,
               count(*) FILTER (WHERE status = 'in_progress') AS open,
               count(*) FILTER (WHERE status NOT IN ('in_progress', 'completed')) AS failed
          FROM job_image WHERE job_id = %(id)s) AS pictures
 WHERE job.id = %(id)s AND job.status = 'in_progress' AND pictures.open = 0
RETURNING job.*;

-- existing: those of some job ids that are known
SELECT id FROM job WHERE id = ANY(%(ids)s);
