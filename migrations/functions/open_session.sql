CREATE FUNCTION lectern.open_session(
  p_source text, p_session text, p_course bigint, p_learner uuid, p_captured timestamptz, p_interval_ms integer,
  OUT verdict text, OUT session_id bigint, OUT session_day date, OUT learner uuid, OUT course_id bigint,
  OUT frame_interval_ms integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_source integer;
BEGIN
  LOCK TABLE lectern.privacy_lock IN ROW SHARE MODE;
  verdict := CASE
    WHEN EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = p_learner AND e.cutoff >= p_captured) THEN 'erased'
    WHEN NOT EXISTS (SELECT FROM lectern.consent c
                     WHERE c.learner = p_learner AND c.scope = 'analytics' AND c.since <= p_captured) THEN 'no_consent'
    ELSE 'open' END;
  IF verdict <> 'open' THEN
    RETURN;
  END IF;
  SELECT s.source_id INTO STRICT v_source FROM lectern.source s WHERE s.uri = p_source;
  PERFORM lectern.lock_sessions(ARRAY[v_source], ARRAY[p_session]);
  INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
  VALUES (v_source, p_session, (p_captured AT TIME ZONE 'UTC')::date, p_learner, p_course, p_interval_ms)
  ON CONFLICT (source_id, external_id) DO NOTHING;
  SELECT n.session_id, n.session_day, n.learner, n.course_id, n.frame_interval_ms
  INTO STRICT open_session.session_id, open_session.session_day, open_session.learner, open_session.course_id,
    open_session.frame_interval_ms
  FROM lectern.session n WHERE n.source_id = v_source AND n.external_id = p_session;
END
$$;
COMMENT ON FUNCTION lectern.open_session IS
  'Opens a session or finds the open one. verdict: open, or the reject code erased or no_consent and nothing was written. '
  'The caller compares learner and course.';
GRANT EXECUTE ON FUNCTION lectern.open_session TO lectern_ingest;
