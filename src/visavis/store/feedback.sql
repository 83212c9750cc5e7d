-- add: keep what a client says of a job; no row when the organisation has no such job
INSERT INTO feedback (id, organization_id, application_id, job_id, said_at)
SELECT %(id)s, job.organization_id, %(application_id)s, job.id, %(said_at)s
  FROM job WHERE job.id = %(job_id)s AND job.organization_id = %(organization_id)s
RETURNING id;

-- add_classes: each class of it, with the decision that it speaks of, if there is one. The answer to a question is of no
-- class, so that any name means it. A false yes is said of the
-- picture that the job has chosen, a false no of that which came nearest among those it did not say yes to.
WITH decided AS (
    SELECT decision.*, job.kind, job_image.position AS place
      FROM decision
      JOIN job_image ON job_image.id = decision.job_image_id
      JOIN job ON job.id = decision.job_id
     WHERE job.id = %(job_id)s AND job.status <> 'in_progress'
), chosen AS (
    SELECT DISTINCT ON (object_class) 'false_positive' AS code, *
      FROM decided
     WHERE CASE kind WHEN 'detect' THEN score IS NOT NULL ELSE verdict END
     ORDER BY object_class, CASE kind WHEN 'detect' THEN score END DESC, place, position
), nearest AS (
    SELECT DISTINCT ON (object_class) 'false_negative' AS code, *
      FROM decided
     WHERE NOT verdict
     ORDER BY object_class, similarity DESC NULLS LAST, score DESC NULLS LAST, place, position
), spoken_of AS (
    SELECT * FROM chosen UNION ALL SELECT * FROM nearest
)
INSERT INTO feedback_class (feedback_id, position, object_class, code, job_image_id, decision_position, verdict,
                            similarity, threshold, score, face_count, model_id)
SELECT %(feedback_id)s, said.number - 1, said.object_class, said.code, spoken_of.job_image_id, spoken_of.position,
       spoken_of.verdict, spoken_of.similarity, spoken_of.threshold, spoken_of.score, spoken_of.face_count,
       spoken_of.model_id
  FROM unnest(%(object_classes)s::text[], %(codes)s::text[]) WITH ORDINALITY AS said(object_class, code, number)
  LEFT JOIN spoken_of ON spoken_of.code = said.code
                     AND (spoken_of.object_class = said.object_class OR spoken_of.kind = 'ask');

-- get: one feedback of an organisation
SELECT id, job_id, said_at, created_at,
       ARRAY(SELECT object_class FROM feedback_class WHERE feedback_id = feedback.id ORDER BY position) AS object_classes,
       ARRAY(SELECT code FROM feedback_class WHERE feedback_id = feedback.id ORDER BY position) AS codes
  FROM feedback
 WHERE id = %(id)s AND organization_id = %(organization_id)s;

-- newest: feedback of an organisation, perhaps on one job, newest first
SELECT id, job_id, said_at, created_at,
       ARRAY(SELECT object_class FROM feedback_class WHERE feedback_id = feedback.id ORDER BY position) AS object_classes,
       ARRAY(SELECT code FROM feedback_class WHERE feedback_id = feedback.id ORDER BY position) AS codes
  FROM feedback
 WHERE organization_id = %(organization_id)s AND (%(job_id)s::uuid IS NULL OR job_id = %(job_id)s)
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s;

-- counts: how much was said of each code, and how much of that speaks of a decision
SELECT feedback_class.code, count(*) AS said, count(job_image_id) AS of_a_decision
  FROM feedback_class
  JOIN feedback ON feedback.id = feedback_class.feedback_id
 WHERE %(organization_id)s::uuid IS NULL OR organization_id = %(organization_id)s
 GROUP BY code;

-- reviewed: every decision once, with what clients say of it. One that they speak of is there as it was in force then.
-- Where a job has pictures that show what to look for, its decisions are comparisons.
WITH comparing AS (
    SELECT job_id, bool_or(role = 'no_example') AS has_no_examples
      FROM job_image
     GROUP BY job_id HAVING bool_or(role IN ('target', 'yes_example'))
), spoken_of AS (
    SELECT DISTINCT ON (c.job_image_id, c.decision_position)
           feedback.job_id, c.job_image_id, c.decision_position, c.verdict, c.similarity, c.threshold, c.score,
           c.face_count, c.model_id,
           bool_or(c.code = 'false_positive') OVER same_decision AS false_positive,
           bool_or(c.code = 'false_negative') OVER same_decision AS false_negative
      FROM feedback_class c
      JOIN feedback ON feedback.id = c.feedback_id
     WHERE c.job_image_id IS NOT NULL
       AND (%(organization_id)s::uuid IS NULL OR feedback.organization_id = %(organization_id)s)
    WINDOW same_decision AS (PARTITION BY c.job_image_id, c.decision_position)
     ORDER BY c.job_image_id, c.decision_position, feedback.created_at DESC
), every AS (
    SELECT * FROM spoken_of
    UNION ALL
    SELECT decision.job_id, decision.job_image_id, decision.position, decision.verdict, decision.similarity,
           decision.threshold, decision.score, decision.face_count, decision.model_id, false, false
      FROM decision
      JOIN job ON job.id = decision.job_id
     WHERE (%(organization_id)s::uuid IS NULL OR job.organization_id = %(organization_id)s)
       AND NOT EXISTS (SELECT 1 FROM spoken_of
                        WHERE spoken_of.job_image_id = decision.job_image_id
                          AND spoken_of.decision_position = decision.position)
)
SELECT comparing.job_id IS NOT NULL AS is_comparison, COALESCE(comparing.has_no_examples, false) AS has_no_examples,
       every.verdict, every.similarity, every.threshold, every.score, every.face_count, every.model_id,
       every.false_positive, every.false_negative
  FROM every
  LEFT JOIN comparing ON comparing.job_id = every.job_id;
