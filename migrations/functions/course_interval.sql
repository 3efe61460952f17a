CREATE FUNCTION lectern.course_interval(p_course bigint, p_minimum integer)
RETURNS TABLE (observed_ms bigint, declared_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY m.observed_ms),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY m.declared_ms)
  FROM lectern.interval_mismatch m JOIN lectern.session n USING (session_id) WHERE m.course_id = p_course
  HAVING count(DISTINCT n.learner) >= p_minimum
$$;
COMMENT ON FUNCTION lectern.course_interval IS
  'At which interval a course''s frames come and which one counts for them, where the two disagree for p_minimum learners '
  'or more; no row otherwise.';
GRANT EXECUTE ON FUNCTION lectern.course_interval TO lectern_web, lectern_aggregator, lectern_reader;
