CREATE FUNCTION lectern.course_models(p_course bigint)
RETURNS TABLE (hash text, trained boolean, evaluation jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  -- Through the sessions, because samples have no index by course: the first sample that matches ends each search.
  SELECT m.hash, m.trained, m.evaluation FROM lectern.model m
  WHERE EXISTS (SELECT FROM lectern.course_model c WHERE c.course_id = p_course AND c.model_id = m.model_id)
    OR EXISTS (
      SELECT FROM lectern.session s
      JOIN lectern.emotion_sample e ON e.session_day = s.session_day AND e.session_id = s.session_id
      WHERE s.course_id = p_course AND e.model_id = m.model_id)
  ORDER BY m.registered_at, m.model_id
$$;
COMMENT ON FUNCTION lectern.course_models IS
  'Which model bundles measured a course''s samples, oldest first. A report must name them.';
GRANT EXECUTE ON FUNCTION lectern.course_models TO lectern_aggregator, lectern_reader, lectern_web;
