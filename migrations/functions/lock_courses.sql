-- Makes course edits and aggregators of these courses take turns, by a lock that lasts until the transaction ends; in
-- the order of the keys, so that two batches that share courses cannot wait for each other in a circle.
CREATE FUNCTION lectern.lock_courses(p_course bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(3, k.key)
  FROM (
    SELECT DISTINCT mod(c.course_id, 2147483648)::integer AS key
    FROM unnest(p_course) AS c (course_id) WHERE c.course_id IS NOT NULL ORDER BY 1) k;
END
$$;
