CREATE FUNCTION lectern.read_consents(p_learner uuid)
RETURNS TABLE (scope text, granted boolean, since timestamptz, event_time timestamptz, recorded_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.scope, c.granted, c.since, c.event_time, c.recorded_at FROM lectern.consent c WHERE c.learner = p_learner ORDER BY c.scope
$$;
COMMENT ON FUNCTION lectern.read_consents IS
  'What was said last of each consent of one learner, and when. Whoever shows it to a person calls note_read as well.';
GRANT EXECUTE ON FUNCTION lectern.read_consents TO lectern_aggregator;
