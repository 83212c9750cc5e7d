-- add: faces that are compared with others of their job
INSERT INTO probe_face (id, job_id, job_image_id, x_min, y_min, x_max, y_max, detection_score, sharpness, is_frontal,
                        model_id, embedding)
SELECT new.id, %(job_id)s, new.job_image_id, new.x_min, new.y_min, new.x_max, new.y_max, new.detection_score,
       new.sharpness, new.is_frontal, new.model_id, vectors.embedding
  FROM json_to_recordset(%(faces)s) AS new(
       id uuid, job_image_id uuid, detection_score double precision, sharpness double precision, is_frontal boolean,
       model_id text,
       x_min double precision, y_min double precision, x_max double precision, y_max double precision)
  JOIN unnest(%(ids)s::uuid[], %(embeddings)b::vector[]) AS vectors(id, embedding) USING (id);

-- of_job: the faces of a job that is about to be decided, of each picture the best detection first
SELECT id, job_image_id, x_min, y_min, x_max, y_max, detection_score, sharpness, is_frontal, model_id, embedding
  FROM probe_face WHERE job_id = %(job_id)s
 ORDER BY job_image_id, detection_score DESC, id;

-- remove: the job is decided, nobody needs its embeddings any more
DELETE FROM probe_face WHERE job_id = %(job_id)s;
