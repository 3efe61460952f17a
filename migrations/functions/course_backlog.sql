CREATE FUNCTION lectern.course_backlog(p_course bigint, OUT counted_until timestamptz, OUT sessions bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  -- Down to a multiple of five, as all numbers of people that leave the database.
  SELECT min(d.dirtied_at), count(DISTINCT d.session_id) / 5 * 5
  FROM lectern.rollup_dirty d WHERE d.course_id = p_course
$$;
COMMENT ON FUNCTION lectern.course_backlog IS
  'Since when sessions of a course wait to be computed again, and how many, rounded down to a multiple of five. '
  'counted_until is null where none waits: the figures are as new as the samples.';
GRANT EXECUTE ON FUNCTION lectern.course_backlog TO lectern_aggregator, lectern_reader, lectern_web;
