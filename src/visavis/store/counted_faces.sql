-- add: the faces that counted in a decision about two pictures
INSERT INTO counted_face (job_image_id, job_id, x_min, y_min, x_max, y_max, detection_score, sharpness, is_frontal,
                          face_count)
SELECT new.job_image_id, %(job_id)s, new.x_min, new.y_min, new.x_max, new.y_max, new.detection_score, new.sharpness,
       new.is_frontal, new.face_count
  FROM json_to_recordset(%(faces)s) AS new(
       job_image_id uuid, x_min double precision, y_min double precision, x_max double precision,
       y_max double precision, detection_score double precision, sharpness double precision, is_frontal boolean,
       face_count integer);

-- of_job: the faces that counted in a job
SELECT job_image_id, x_min, y_min, x_max, y_max, detection_score, sharpness, is_frontal, face_count
  FROM counted_face WHERE job_id = %(job_id)s;
