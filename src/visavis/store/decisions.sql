-- add: what a job says of its pictures
INSERT INTO decision (job_id, job_image_id, position, object_class, verdict, similarity, threshold, score, face_count,
                      model_id, x_min, y_min, x_max, y_max)
SELECT %(job_id)s, new.*
  FROM json_to_recordset(%(decisions)s) AS new(
       job_image_id uuid, position integer, object_class text, verdict boolean, similarity double precision,
       threshold double precision, score double precision, face_count integer, model_id text,
       x_min double precision, y_min double precision, x_max double precision, y_max double precision);

-- of_jobs: what some jobs say of their pictures
SELECT job_image_id, position, object_class, verdict, similarity, threshold, score, face_count, model_id,
       x_min, y_min, x_max, y_max
  FROM decision WHERE job_id = ANY(%(job_ids)s)
 ORDER BY job_image_id, position;
