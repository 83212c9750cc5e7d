-- list_newest: work of every organisation or one, newest first: all of it, or a video and what was asked of it. Each part
-- is cut before progress is counted.
SELECT work.id, work.kind, COALESCE(work.custom_id, file.filename) AS name, o.name AS organization, work.status,
       work.failure, work.progress, work.file_id, work.created_at, work.ended_at
  FROM (SELECT id FROM organization WHERE %(organization)s::text IS NULL OR name = %(organization)s) AS asked
 CROSS JOIN LATERAL (
       (SELECT job.id, job.kind, job.custom_id, job.organization_id, job.status, NULL AS failure,
               CASE WHEN job.ended_at IS NOT NULL THEN 1 ELSE
                    (SELECT COALESCE(avg((status <> 'in_progress')::int), 0)::double precision FROM job_image
                      WHERE job_id = job.id) END AS progress,
               NULL::uuid AS file_id, job.created_at, job.ended_at
          FROM job WHERE job.organization_id = asked.id AND %(file_id)s::uuid IS NULL
           AND (NOT %(unfinished)s OR job.ended_at IS NULL)
         ORDER BY job.created_at DESC LIMIT %(limit)s)
       UNION ALL
       (SELECT id, 'video', NULL, organization_id, status, failure, (ended_at IS NOT NULL)::int, id, created_at,
               ended_at
          FROM video_file
         WHERE organization_id = asked.id AND (%(file_id)s::uuid IS NULL OR id = %(file_id)s)
           AND (NOT %(unfinished)s OR ended_at IS NULL)
         ORDER BY created_at DESC LIMIT %(limit)s)
       UNION ALL
       (SELECT id, 'frame_extraction', NULL, organization_id, status, failure, progress, file_id, created_at, ended_at
          FROM frame_extraction_told
         WHERE organization_id = asked.id AND (%(file_id)s::uuid IS NULL OR file_id = %(file_id)s)
           AND (NOT %(unfinished)s OR ended_at IS NULL)
         ORDER BY created_at DESC LIMIT %(limit)s)
       UNION ALL
       (SELECT id, 'face_detection', NULL, organization_id, status, failure, progress, file_id, created_at, ended_at
          FROM face_detection_told
         WHERE organization_id = asked.id AND (%(file_id)s::uuid IS NULL OR file_id = %(file_id)s)
           AND (NOT %(unfinished)s OR ended_at IS NULL)
         ORDER BY created_at DESC LIMIT %(limit)s)
       UNION ALL
       (SELECT id, 'face_match', NULL, organization_id, status, failure, progress, file_id, created_at, ended_at
          FROM face_match_told
         WHERE organization_id = asked.id AND (%(file_id)s::uuid IS NULL OR file_id = %(file_id)s)
           AND (NOT %(unfinished)s OR ended_at IS NULL)
         ORDER BY created_at DESC LIMIT %(limit)s)) AS work
  JOIN organization o ON o.id = work.organization_id
  LEFT JOIN video_file file ON file.id = work.file_id
 ORDER BY work.created_at DESC, work.id DESC LIMIT %(limit)s;

-- find: one piece of work, of any organisation or one
SELECT work.id, work.kind, COALESCE(work.custom_id, file.filename) AS name, o.name AS organization, work.status,
       work.failure, work.progress, work.file_id, work.created_at, work.ended_at
  FROM (SELECT job.id, job.kind, job.custom_id, job.organization_id, job.status, NULL AS failure,
               (SELECT COALESCE(avg((status <> 'in_progress')::int), 0)::double precision FROM job_image
                 WHERE job_id = job.id) AS progress,
               NULL::uuid AS file_id, job.created_at, job.ended_at
          FROM job WHERE id = %(id)s
        UNION ALL
        SELECT id, 'video', NULL, organization_id, status, failure, (ended_at IS NOT NULL)::int, id, created_at,
               ended_at
          FROM video_file WHERE id = %(id)s
        UNION ALL
        SELECT id, 'frame_extraction', NULL, organization_id, status, failure, progress, file_id, created_at, ended_at
          FROM frame_extraction_told WHERE id = %(id)s
        UNION ALL
        SELECT id, 'face_detection', NULL, organization_id, status, failure, progress, file_id, created_at, ended_at
          FROM face_detection_told WHERE id = %(id)s
        UNION ALL
        SELECT id, 'face_match', NULL, organization_id, status, failure, progress, file_id, created_at, ended_at
          FROM face_match_told WHERE id = %(id)s) AS work
  JOIN organization o ON o.id = work.organization_id
  LEFT JOIN video_file file ON file.id = work.file_id
 WHERE %(organization)s::text IS NULL OR o.name = %(organization)s;
