-- Makes course edits and aggregators of these courses take turns, by a lock that lasts until the transaction ends; in
-- the order of the keys, so that two batches that share courses cannot wait for each other in a circle. Of 1024 keys:
-- now and then two courses have one, and take turns for nothing.
CREATE FUNCTION lectern.lock_courses(p_course bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM lectern.turn t
  WHERE t.class = 'course' AND t.key = ANY (
    ARRAY(SELECT mod(c.course_id, 1024)::integer FROM unnest(p_course) AS c (course_id)))
  ORDER BY t.key FOR UPDATE;
END
$$;
GRANT EXECUTE ON FUNCTION lectern.lock_courses TO lectern_aggregator;
