CREATE FUNCTION lectern.read_consent(p_learner uuid, p_scope text)
RETURNS TABLE (granted boolean, event_time timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.granted, c.event_time FROM lectern.consent c WHERE c.learner = p_learner AND c.scope = p_scope
$$;
COMMENT ON FUNCTION lectern.read_consent IS
  'What was said last of one consent, and the time of the event that said it. No row if nothing was ever said.';
GRANT EXECUTE ON FUNCTION lectern.read_consent TO lectern_ingest;
