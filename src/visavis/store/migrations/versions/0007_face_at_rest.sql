-- Answers hold thousands of faces: what none of them says is not read.
DROP VIEW face_at_rest;
CREATE VIEW face_at_rest AS
SELECT id, namespace_id, group_id, identity_id, x_min, y_min, x_max, y_max,
       detection_score, sharpness, is_frontal, width_px, height_px, custom_id, feed_id, source_url, blob_key, created_at
  FROM face;
