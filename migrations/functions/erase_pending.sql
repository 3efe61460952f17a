-- It has finished when no sample is left to delete, not when it deleted few: another erasure of the same learner may
-- have deleted what this one had chosen. While a learner has no consent, all of the samples go, since a clock that was
-- set back must not spare those that were stored just before.
CREATE FUNCTION lectern.erase_pending(
  p_limit integer, OUT erasure_id bigint, OUT removed bigint, OUT finished boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_learner uuid;
  v_until timestamptz;
  v_chosen bigint;
  v_touched bigint;
BEGIN
  SELECT e.erasure_id, e.learner, e.ingested_until INTO erase_pending.erasure_id, v_learner, v_until
  FROM lectern.erasure e WHERE e.pending ORDER BY e.erasure_id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  -- The learner's sessions first: the primary key then finds the samples without an index on the learner.
  WITH victim AS MATERIALIZED (
    SELECT e.session_day, e.session_id, e.seq
    FROM lectern.session n
    JOIN lectern.emotion_sample e ON e.session_day = n.session_day AND e.session_id = n.session_id
    WHERE n.learner = v_learner AND (e.ingested_at <= v_until OR NOT EXISTS (
      SELECT FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = 'analytics' AND c.granted))
    LIMIT p_limit
  ), gone AS (
    DELETE FROM lectern.emotion_sample e USING victim v
    WHERE e.session_day = v.session_day AND e.session_id = v.session_id AND e.seq = v.seq
    RETURNING e.ledger_id, e.course_id, e.session_day, e.session_id
  ), dirtied AS (
    INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
    SELECT DISTINCT g.course_id, g.session_day, g.session_id FROM gone g
    RETURNING session_id
  ), counted AS (
    UPDATE lectern.ingest_ledger l SET erased = l.erased + c.n
    FROM (SELECT g.ledger_id, count(*) AS n FROM gone g GROUP BY g.ledger_id ORDER BY g.ledger_id) c
    WHERE l.ledger_id = c.ledger_id
  )
  SELECT (SELECT count(*) FROM victim), (SELECT count(*) FROM gone), (SELECT count(*) FROM dirtied)
  INTO v_chosen, removed, v_touched;
  finished := v_chosen < p_limit;
  UPDATE lectern.erasure e
  SET samples_removed = e.samples_removed + removed, sessions_touched = e.sessions_touched + v_touched,
      pending = NOT finished, completed_at = CASE WHEN finished THEN clock_timestamp() END
  WHERE e.erasure_id = erase_pending.erasure_id;
END
$$;
COMMENT ON FUNCTION lectern.erase_pending IS
  'Deletes up to p_limit samples of the oldest pending erasure and dirties their sessions. All null: nothing to do, or '
  'another aggregator is at it. Call again until it says so.';
GRANT EXECUTE ON FUNCTION lectern.erase_pending TO lectern_aggregator;
