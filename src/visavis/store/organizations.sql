-- list: all organisations, by name
SELECT * FROM organization ORDER BY name;

-- set_false_match_rate: the operating point for jobs that are accepted from now on
UPDATE organization SET false_match_rate = %(false_match_rate)s WHERE name = %(name)s RETURNING *;
