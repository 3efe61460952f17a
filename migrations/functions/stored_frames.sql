CREATE FUNCTION lectern.stored_frames(p_session_day date[], p_session bigint[], p_seq integer[])
RETURNS TABLE (ordinal bigint, captured_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT f.ordinal, e.captured_at
  FROM unnest(p_session_day, p_session, p_seq) WITH ORDINALITY AS f (session_day, session_id, seq, ordinal)
  LEFT JOIN LATERAL (
    SELECT e.captured_at FROM lectern.emotion_sample e
    WHERE e.session_day = f.session_day AND e.session_id = f.session_id AND e.seq = f.seq LIMIT 1) e ON true
  ORDER BY f.ordinal;
END
$$;
COMMENT ON FUNCTION lectern.stored_frames IS
  'The capture times of stored samples, in the order given; null where there is none.';
GRANT EXECUTE ON FUNCTION lectern.stored_frames TO lectern_ingest;
