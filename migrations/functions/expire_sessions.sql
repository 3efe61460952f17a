CREATE FUNCTION lectern.expire_sessions(p_before date, p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_removed bigint;
BEGIN
  -- No frame is taken for a session this old, so there is nobody to wait for.
  WITH doomed AS (
    SELECT n.session_id FROM lectern.session n
    WHERE n.session_day < least(p_before, (clock_timestamp() AT TIME ZONE 'UTC')::date - 15)
      AND to_regclass('lectern.emotion_sample_' || to_char(n.session_day, 'YYYYMMDD')) IS NULL
      AND NOT EXISTS (SELECT FROM lectern.rollup_dirty d WHERE d.course_id = n.course_id AND d.session_id = n.session_id)
      AND NOT EXISTS (SELECT FROM lectern.session_segment_sum s WHERE s.course_id = n.course_id
                        AND s.session_day = n.session_day AND s.session_id = n.session_id)
      AND NOT EXISTS (SELECT FROM lectern.session_minute_sum s WHERE s.course_id = n.course_id
                        AND s.session_day = n.session_day AND s.session_id = n.session_id)
    LIMIT p_limit
  ), gone AS (
    DELETE FROM lectern.session n USING doomed d WHERE n.session_id = d.session_id
    RETURNING n.source_id, n.external_id
  ), declared AS (
    DELETE FROM lectern.session_declaration d USING gone g
    WHERE d.source_id = g.source_id AND d.external_id = g.external_id
  )
  SELECT count(*) INTO v_removed FROM gone;
  -- What the LMS said of sessions that never opened. By the time it was stored: the LMS's own may be anything.
  DELETE FROM lectern.session_declaration d
  WHERE (d.source_id, d.external_id) IN (
    SELECT o.source_id, o.external_id FROM lectern.session_declaration o
    WHERE o.updated_at < least(p_before, (clock_timestamp() AT TIME ZONE 'UTC')::date - 15)::timestamp AT TIME ZONE 'UTC'
      AND NOT EXISTS (SELECT FROM lectern.session n WHERE n.source_id = o.source_id AND n.external_id = o.external_id)
    LIMIT p_limit);
  DELETE FROM lectern.course_model m
  WHERE NOT EXISTS (SELECT FROM lectern.session_segment_sum s WHERE s.course_id = m.course_id);
  RETURN v_removed;
END
$$;
COMMENT ON FUNCTION lectern.expire_sessions IS
  'Deletes up to p_limit sessions from before a day that have neither samples nor sums any more, and what the LMS said of '
  'them; up to p_limit of what it said before that day of sessions that never opened; forgets the models of '
  'courses without any sum. Returns how many sessions went.';
GRANT EXECUTE ON FUNCTION lectern.expire_sessions TO lectern_aggregator;
