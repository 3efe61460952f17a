-- What withdrawal of consent and erasure cover, whenever they come to be applied; course edits beside aggregators; and one
-- cohort minimum for all who release figures.

-- MARK: tombstones

-- Two times of a tombstone that were one: what is deleted is told by when it was stored, what is never stored again by when
-- it was captured. They differ where a withdrawal is applied long after it was made and consent was given anew in between.
ALTER TABLE lectern.erasure ADD COLUMN ingested_until timestamptz;
UPDATE lectern.erasure SET ingested_until = cutoff;
ALTER TABLE lectern.erasure ALTER COLUMN ingested_until SET NOT NULL;
COMMENT ON TABLE lectern.erasure IS
  'Tombstones. What was ingested up to ingested_until is deleted, and a frame captured up to cutoff is never stored again. '
  'A row outlives the log''s retention and the ingest window, so that no replay brings a learner back.';
COMMENT ON COLUMN lectern.erasure.ingested_until IS 'The clock under the exclusive privacy lock.';
COMMENT ON COLUMN lectern.erasure.cutoff IS
  'As ingested_until; of a revocation no later than the consent that was given after it, by the LMS''s time.';

-- As in 0002, but for the tombstone. A control event may be applied days after it was made: by the first worker, after an
-- outage, or to a restored database. Frames captured after a new consent are stored then, too.
CREATE OR REPLACE FUNCTION lectern.apply_consent(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_learner uuid := (p_event ->> 'learner')::uuid;
  v_granted boolean := (p_event ->> 'granted')::boolean;
  v_time timestamptz := (p_event ->> 'time')::timestamptz;
  v_before boolean;
  v_now timestamptz;
BEGIN
  SELECT c.granted INTO v_before
  FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = p_event ->> 'scope' FOR UPDATE;
  INSERT INTO lectern.consent AS c (learner, scope, granted, event_time, event_id)
  VALUES (v_learner, p_event ->> 'scope', v_granted, v_time, p_event ->> 'id')
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = excluded.granted, event_time = excluded.event_time, event_id = excluded.event_id,
      recorded_at = clock_timestamp()
  WHERE c.event_time < excluded.event_time OR (c.event_time = excluded.event_time AND NOT excluded.granted);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_event ->> 'scope' = 'analytics' THEN
    IF v_before AND NOT v_granted THEN
      v_now := clock_timestamp();
      INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until) VALUES (v_learner, 'revocation', v_now, v_now);
    ELSIF v_granted AND NOT v_before THEN
      UPDATE lectern.erasure e SET cutoff = v_time
      WHERE e.learner = v_learner AND e.reason = 'revocation' AND e.cutoff > v_time;
    END IF;
  END IF;
  RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION lectern.erase_learner(p_learner uuid, OUT erasure_id bigint, OUT cutoff timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock(2, 0);
  erase_learner.cutoff := clock_timestamp();
  INSERT INTO lectern.consent AS c (learner, scope, granted, event_time, event_id)
  SELECT p_learner, s, false, erase_learner.cutoff, 'erasure'
  FROM unnest(ARRAY['analytics', 'individual_view', 'research']) AS s
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = false, event_time = greatest(c.event_time, excluded.event_time), event_id = excluded.event_id,
      recorded_at = excluded.event_time;
  INSERT INTO lectern.erasure AS e (learner, reason, cutoff, ingested_until)
  VALUES (p_learner, 'erasure', erase_learner.cutoff, erase_learner.cutoff)
  RETURNING e.erasure_id INTO erase_learner.erasure_id;
END
$$;

-- As in 0002, but for two things. It is finished when no sample is left to delete, not when it deleted few: another erasure
-- of the same learner may have deleted what this one had chosen. And while a learner has no consent, all of the samples go:
-- a clock that was set back must not spare those that were stored just before.
CREATE OR REPLACE FUNCTION lectern.erase_pending(
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

-- As in 0005, but by the time up to which samples are deleted, and all sessions while there is no consent.
CREATE OR REPLACE FUNCTION lectern.forget_sessions(OUT erasure_id bigint, OUT removed bigint)
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
  PERFORM pg_advisory_xact_lock(2, 0);
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

-- MARK: what an operator is told

CREATE FUNCTION lectern.read_consent(p_learner uuid, p_scope text)
RETURNS TABLE (granted boolean, event_time timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.granted, c.event_time FROM lectern.consent c WHERE c.learner = p_learner AND c.scope = p_scope
$$;
COMMENT ON FUNCTION lectern.read_consent IS
  'What was said last of one consent, and the time of the event that said it. No row if nothing was ever said.';
GRANT EXECUTE ON FUNCTION lectern.read_consent TO lectern_ingest;

-- MARK: course edits

-- As in 0002, but it waits for aggregators at these courses, and they for it: one that took the entry of a session which
-- opened meanwhile would compute it with the course as it was before the edit, and nothing would tell it to do so again.
CREATE OR REPLACE FUNCTION lectern.dirty_sessions(p_course bigint, p_session bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(3, mod(c.course_id, 2147483648)::integer)
  FROM (SELECT p_course AS course_id WHERE p_course IS NOT NULL
        UNION SELECT n.course_id FROM lectern.session n WHERE n.session_id = p_session) c;
  INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
  SELECT n.course_id, n.session_day, n.session_id
  FROM lectern.session n
  WHERE (n.course_id = p_course OR p_course IS NULL) AND (n.session_id = p_session OR p_session IS NULL)
    AND EXISTS (SELECT FROM lectern.emotion_sample e
                WHERE e.session_day = n.session_day AND e.session_id = n.session_id);
END
$$;

-- Whoever declares a session and whoever opens it do so one after the other, by a lock on its name: else a session could open
-- and be computed beside a declaration that is not committed yet, and nothing would tell to compute it again. Of few keys,
-- because a batch of declarations holds one each until it ends; the course locks come after these.
CREATE FUNCTION lectern.lock_session(p_source integer, p_session text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_advisory_xact_lock(4, (hashtextextended(p_session, p_source) & 255)::integer)
$$;

CREATE OR REPLACE FUNCTION lectern.apply_session(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer := lectern.source_key(p_event ->> 'source');
  v_session bigint;
BEGIN
  PERFORM lectern.lock_session(v_source, p_event ->> 'session');
  INSERT INTO lectern.session_declaration AS d (source_id, external_id, frame_interval_ms, title, event_time, event_id)
  VALUES (v_source, p_event ->> 'session', (p_event ->> 'frameIntervalMs')::integer, p_event ->> 'title',
          (p_event ->> 'time')::timestamptz, p_event ->> 'id')
  ON CONFLICT (source_id, external_id) DO UPDATE
  SET frame_interval_ms = excluded.frame_interval_ms, title = excluded.title, event_time = excluded.event_time,
      event_id = excluded.event_id, updated_at = clock_timestamp()
  WHERE d.event_time <= excluded.event_time;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  SELECT n.session_id INTO v_session
  FROM lectern.session n WHERE n.source_id = v_source AND n.external_id = p_event ->> 'session';
  IF FOUND THEN
    PERFORM lectern.dirty_sessions(NULL, v_session);
  END IF;
  RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION lectern.open_session(
  p_source text, p_session text, p_course bigint, p_learner uuid, p_captured timestamptz, p_interval_ms integer,
  OUT verdict text, OUT session_id bigint, OUT session_day date, OUT learner uuid, OUT course_id bigint,
  OUT frame_interval_ms integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_source integer;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(2, 0);
  verdict := CASE
    WHEN EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = p_learner AND e.cutoff >= p_captured) THEN 'erased'
    WHEN NOT EXISTS (SELECT FROM lectern.consent c
                     WHERE c.learner = p_learner AND c.scope = 'analytics' AND c.granted) THEN 'no_consent'
    ELSE 'open' END;
  IF verdict <> 'open' THEN
    RETURN;
  END IF;
  SELECT s.source_id INTO STRICT v_source FROM lectern.source s WHERE s.uri = p_source;
  PERFORM lectern.lock_session(v_source, p_session);
  INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
  VALUES (v_source, p_session, (p_captured AT TIME ZONE 'UTC')::date, p_learner, p_course, p_interval_ms)
  ON CONFLICT (source_id, external_id) DO NOTHING;
  SELECT n.session_id, n.session_day, n.learner, n.course_id, n.frame_interval_ms
  INTO STRICT open_session.session_id, open_session.session_day, open_session.learner, open_session.course_id,
    open_session.frame_interval_ms
  FROM lectern.session n WHERE n.source_id = v_source AND n.external_id = p_session;
END
$$;

-- MARK: cohort minimum

ALTER TABLE lectern.deployment
  ADD COLUMN cohort_minimum integer CHECK (cohort_minimum >= 5);
COMMENT ON COLUMN lectern.deployment.cohort_minimum IS
  'Of the aggregator that ran last: whoever else releases or judges figures, as an erasure does, uses the same.';

CREATE FUNCTION lectern.keep_cohort_minimum(p_minimum integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE lectern.deployment d SET cohort_minimum = p_minimum WHERE d.cohort_minimum IS DISTINCT FROM p_minimum
$$;
COMMENT ON FUNCTION lectern.keep_cohort_minimum IS 'Notes an aggregator''s cohort minimum. Before the first worker there is nowhere to.';

GRANT SELECT (cohort_minimum) ON lectern.deployment TO lectern_aggregator;
GRANT EXECUTE ON FUNCTION lectern.keep_cohort_minimum TO lectern_aggregator;
