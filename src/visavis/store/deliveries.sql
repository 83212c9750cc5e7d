-- add: an event that waits to be sent, at once
INSERT INTO delivery (id, application_id, job_id, namespace_id, video_webhook_id, file_id, event, url, body, status,
                      next_attempt_at)
VALUES (%(id)s, %(application_id)s, %(job_id)s, %(namespace_id)s, %(video_webhook_id)s, %(file_id)s, %(event)s, %(url)s,
        %(body)s, 'waiting', clock_timestamp())
RETURNING *;

-- get: one delivery, whoever owns it
SELECT * FROM delivery WHERE id = %(id)s;

-- lock: some deliveries, held; in one order, so that two who do this wait for each other only one way
SELECT * FROM delivery WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE;

-- record_attempt: how an attempt went; no row when another run has recorded the same attempt
UPDATE delivery
   SET status = %(status)s,
       body = CASE WHEN %(status)s = 'delivered' THEN NULL ELSE body END,
       attempts = attempts + 1,
       next_attempt_at = CASE WHEN %(status)s = 'waiting'
                              THEN statement_timestamp() + make_interval(secs => %(retry_after_s)s) END,
       last_attempt_at = statement_timestamp(),
       last_answer = %(answer)s,
       ended_at = CASE WHEN %(status)s <> 'waiting' THEN statement_timestamp() END
 WHERE id = %(id)s AND status = 'waiting' AND attempts = %(attempts)s;

-- list_newest: deliveries with the names of those they belong to, newest first
SELECT d.id, o.name AS organization, a.name AS application, d.job_id, d.event, d.url, d.status, d.attempts,
       d.next_attempt_at, d.last_attempt_at, d.last_answer, d.created_at, d.ended_at
  FROM delivery d
  JOIN application a ON a.id = d.application_id
  JOIN organization o ON o.id = a.organization_id
 WHERE (%(organization)s::text IS NULL OR o.name = %(organization)s)
   AND (%(status)s::text IS NULL OR d.status = %(status)s)
   AND (%(job_id)s::uuid IS NULL OR d.job_id = %(job_id)s)
 ORDER BY d.created_at DESC, d.id DESC LIMIT %(limit)s;

-- count_waiting: how many have neither arrived nor been given up
SELECT count(*) FROM delivery WHERE status = 'waiting';

-- make_due: the next attempt of some deliveries is due now; those given up begin anew
UPDATE delivery
   SET status = 'waiting', attempts = CASE status WHEN 'given_up' THEN 0 ELSE attempts END,
       next_attempt_at = clock_timestamp(), ended_at = NULL
 WHERE id = ANY(%(ids)s) AND status <> 'delivered'
RETURNING id, attempts;

-- make_given_up_due: all that were given up begin anew, now
UPDATE delivery
   SET status = 'waiting', attempts = 0, next_attempt_at = clock_timestamp(), ended_at = NULL
 WHERE status = 'given_up'
RETURNING id, attempts;

-- remove_ended: forget what ended before a moment
DELETE FROM delivery WHERE ended_at < %(before)s;

-- remove_of_file: forget what was to be told of a file
DELETE FROM delivery WHERE file_id = %(file_id)s;
