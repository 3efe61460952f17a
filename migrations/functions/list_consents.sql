CREATE FUNCTION lectern.list_consents(
  p_scope text, p_granted boolean, p_after_learner uuid, p_after_scope text, p_limit bigint, p_by text)
RETURNS TABLE (learner uuid, scope text, granted boolean, since timestamptz, event_time timestamptz, recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM lectern.audit('consent.list', p_by, jsonb_build_object('limit', p_limit));
  RETURN QUERY
    SELECT c.learner, c.scope, c.granted, c.since, c.event_time, c.recorded_at
    FROM lectern.consent c
    WHERE (c.scope = p_scope OR p_scope IS NULL) AND (c.granted = p_granted OR p_granted IS NULL)
      AND (p_after_learner IS NULL OR (c.learner, c.scope) > (p_after_learner, p_after_scope))
    ORDER BY c.learner, c.scope LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION lectern.list_consents IS
  'A page of consents in the order of pseudonyms, behind a place; null is no condition. Leaves a line in the audit log.';
GRANT EXECUTE ON FUNCTION lectern.list_consents TO lectern_aggregator;
