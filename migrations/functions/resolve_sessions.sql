CREATE FUNCTION lectern.resolve_sessions(p_source text[], p_course text[], p_learner uuid[], p_session text[])
RETURNS TABLE (ordinal bigint, course_id bigint, consent boolean, consent_since timestamptz, erased_until timestamptz,
               session_id bigint, session_day date, session_learner uuid, session_course bigint, last_seq integer,
               has_near_source boolean)
-- plpgsql, because it keeps its plan: planning over all partitions costs more than a batch. The plan may be made while
-- tables are empty or without statistics, so it must not depend on them: every step is a look-up in an index.
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT f.ordinal, c.course_id,
    t.granted, t.since,
    (SELECT max(e.cutoff) FROM lectern.erasure e WHERE e.learner = f.learner),
    n.session_id, n.session_day, n.learner, n.course_id, e.seq,
    -- Few LMSs are known, and an unknown one is rare.
    s.source_id IS NULL AND EXISTS (
      SELECT FROM lectern.source k WHERE lower(rtrim(k.uri, '/')) = lower(rtrim(f.source, '/')))
  FROM unnest(p_source, p_course, p_learner, p_session) WITH ORDINALITY AS f (source, course, learner, session, ordinal)
  LEFT JOIN lectern.source s ON s.uri = f.source
  -- LIMIT keeps each of these one look-up by the whole key. As plain joins, without statistics, every session of a
  -- source was read for each one that was asked for, and every sample of a day.
  LEFT JOIN LATERAL (
    SELECT c.course_id FROM lectern.course c
    WHERE c.source_id = s.source_id AND c.external_id = f.course LIMIT 1) c ON true
  LEFT JOIN LATERAL (
    SELECT t.granted, t.since FROM lectern.consent t
    WHERE t.learner = f.learner AND t.scope = 'analytics' LIMIT 1) t ON true
  LEFT JOIN LATERAL (
    SELECT n.session_id, n.session_day, n.learner, n.course_id FROM lectern.session n
    WHERE n.source_id = s.source_id AND n.external_id = f.session LIMIT 1) n ON true
  LEFT JOIN LATERAL (
    SELECT e.seq FROM lectern.emotion_sample e
    WHERE e.session_day = n.session_day AND e.session_id = n.session_id ORDER BY e.seq DESC LIMIT 1) e ON true
  ORDER BY f.ordinal;
END
$$;
COMMENT ON FUNCTION lectern.resolve_sessions IS
  'What the database knows of the sessions of a batch, in the order given. consent is null if nothing was ever said, and covers '
  'what was captured from consent_since on; a frame captured up to erased_until is erased; no frame of a number above last_seq is stored, and null means that none is. '
  'has_near_source: the LMS is unknown, and a known one differs from it in case or a last slash alone.';
GRANT EXECUTE ON FUNCTION lectern.resolve_sessions TO lectern_ingest;
