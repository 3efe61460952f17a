-- A session goes if it was opened up to the time up to which samples are deleted; while there is no consent, all go.
CREATE FUNCTION lectern.forget_sessions(OUT erasure_id bigint, OUT removed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_learner uuid;
  v_until timestamptz;
BEGIN
  -- Without the lock first: mostly there is nothing to do.
  IF NOT EXISTS (SELECT FROM lectern.erasure e
                 WHERE e.reason = 'erasure' AND e.forgotten_at IS NULL AND NOT e.pending) THEN
    RETURN;
  END IF;
  -- Exclusively: a store that was judged in one of these sessions is either done, or looks for the session again.
  LOCK TABLE lectern.privacy_lock IN EXCLUSIVE MODE;
  SELECT e.erasure_id, e.learner, e.ingested_until INTO forget_sessions.erasure_id, v_learner, v_until
  FROM lectern.erasure e
  WHERE e.reason = 'erasure' AND e.forgotten_at IS NULL AND NOT e.pending
    AND NOT EXISTS (
      SELECT FROM lectern.session n
      WHERE n.learner = e.learner AND (n.created_at <= e.ingested_until OR NOT EXISTS (
          SELECT FROM lectern.consent c WHERE c.learner = e.learner AND c.scope = 'analytics' AND c.granted))
        AND (EXISTS (SELECT FROM lectern.rollup_dirty d WHERE d.course_id = n.course_id AND d.session_id = n.session_id)
          OR (NOT EXISTS (SELECT FROM lectern.emotion_sample s
                          WHERE s.session_day = n.session_day AND s.session_id = n.session_id)
            AND (EXISTS (SELECT FROM lectern.session_segment_sum s WHERE s.course_id = n.course_id
                           AND s.session_day = n.session_day AND s.session_id = n.session_id)
              OR EXISTS (SELECT FROM lectern.session_minute_sum s WHERE s.course_id = n.course_id
                           AND s.session_day = n.session_day AND s.session_id = n.session_id)))))
  ORDER BY e.erasure_id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  WITH gone AS (
    DELETE FROM lectern.session n
    WHERE n.learner = v_learner AND (n.created_at <= v_until OR NOT EXISTS (
        SELECT FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = 'analytics' AND c.granted))
      AND NOT EXISTS (SELECT FROM lectern.emotion_sample s
                      WHERE s.session_day = n.session_day AND s.session_id = n.session_id)
    RETURNING n.source_id, n.external_id
  ), declared AS (
    DELETE FROM lectern.session_declaration d USING gone g
    WHERE d.source_id = g.source_id AND d.external_id = g.external_id
  )
  SELECT count(*) INTO removed FROM gone;
  -- A figure that was released between the order and the deletion counted the learner once more.
  IF NOT EXISTS (SELECT FROM lectern.session n WHERE n.learner = v_learner) THEN
    WITH gone AS (
      DELETE FROM lectern.release_contribution r WHERE r.learner = v_learner
      RETURNING r.course_id, r.segment_id, r.minute
    ), departed AS (
      UPDATE lectern.release_cell c SET departed = c.departed + 1
      FROM gone g
      WHERE c.course_id = g.course_id AND c.segment_id IS NOT DISTINCT FROM g.segment_id
        AND c.minute IS NOT DISTINCT FROM g.minute
    )
    UPDATE lectern.report_run r SET invalidated_at = greatest(r.made_at, clock_timestamp())
    WHERE r.invalidated_at IS NULL AND r.course_id IN (SELECT g.course_id FROM gone g);
  END IF;
  UPDATE lectern.erasure e SET sessions_removed = removed, forgotten_at = clock_timestamp()
  WHERE e.erasure_id = forget_sessions.erasure_id;
END
$$;
COMMENT ON FUNCTION lectern.forget_sessions IS
  'Deletes the sessions of one erased learner, once their samples and sums are gone. All null: nothing to do yet.';
GRANT EXECUTE ON FUNCTION lectern.forget_sessions TO lectern_aggregator;
