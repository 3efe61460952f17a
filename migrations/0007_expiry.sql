-- What is old goes: samples by whole days, sums and what derives from them by age, sessions when nothing refers to them.
--
-- A day of samples is dropped, not deleted row by row, and counted in the same transaction, so that for every ledger
-- rows = samples − erased − expired at every moment. The sums of its sessions are frozen from then on.

CREATE TABLE lectern.course_model (
  course_id  bigint NOT NULL REFERENCES lectern.course,
  model_id   integer NOT NULL REFERENCES lectern.model,
  PRIMARY KEY (course_id, model_id)
);
COMMENT ON TABLE lectern.course_model IS
  'Which models measured samples of a course that have expired: its figures, which outlive them, must go on naming them.';

CREATE OR REPLACE FUNCTION lectern.course_models(p_course bigint)
RETURNS TABLE (hash text, trained boolean, evaluation jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  -- Through the sessions, because samples have no index by course: the first sample that matches ends each search.
  SELECT m.hash, m.trained, m.evaluation FROM lectern.model m
  WHERE EXISTS (SELECT FROM lectern.course_model c WHERE c.course_id = p_course AND c.model_id = m.model_id)
    OR EXISTS (
      SELECT FROM lectern.session s
      JOIN lectern.emotion_sample e ON e.session_day = s.session_day AND e.session_id = s.session_id
      WHERE s.course_id = p_course AND e.model_id = m.model_id)
  ORDER BY m.registered_at, m.model_id
$$;

CREATE FUNCTION lectern.expire_samples(p_keep_days integer, OUT expired_day date, OUT removed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
  -- Frames are taken 14 days late, by the clock of whoever takes them: one day more is for midnight.
  v_before date := (clock_timestamp() AT TIME ZONE 'UTC')::date - greatest(p_keep_days, 15);
  v_name text;
  v_ledgers integer[];
  v_courses bigint[];
  v_models integer[];
  v_counts bigint[];
BEGIN
  removed := 0;
  -- Somebody else is at it.
  IF NOT pg_try_advisory_xact_lock(1, 2) THEN
    RETURN;
  END IF;
  -- What is dirty is computed first: afterwards it could not be.
  SELECT d.name, d.day INTO v_name, expired_day
  FROM (
    -- CASE, because other names may be looked at first.
    SELECT c.relname AS name,
      CASE WHEN c.relname ~ '^emotion_sample_[0-9]{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') END AS day
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'lectern.emotion_sample'::regclass) d
  WHERE d.day < v_before AND NOT EXISTS (SELECT FROM lectern.rollup_dirty r WHERE r.session_day = d.day)
  ORDER BY d.day LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  -- Counted while everybody else goes on; an erasure that deletes from this day waits, or this gives way.
  EXECUTE format('LOCK TABLE lectern.%I IN SHARE MODE', v_name);
  EXECUTE format(
    'SELECT array_agg(c.ledger_id), array_agg(c.course_id), array_agg(c.model_id), array_agg(c.n) FROM (
       SELECT ledger_id, course_id, model_id, count(*) AS n FROM lectern.%I GROUP BY ledger_id, course_id, model_id) c',
    v_name)
  INTO v_ledgers, v_courses, v_models, v_counts;
  INSERT INTO lectern.course_model (course_id, model_id)
  SELECT DISTINCT d.course_id, d.model_id FROM unnest(v_courses, v_models) AS d (course_id, model_id)
  WHERE EXISTS (SELECT FROM lectern.course c WHERE c.course_id = d.course_id)
    AND EXISTS (SELECT FROM lectern.model m WHERE m.model_id = d.model_id)
  ON CONFLICT DO NOTHING;
  -- From here on whoever reads or stores samples waits: for lock_timeout at most while this waits itself, then for as
  -- long as dropping a table takes. A store takes this lock before its ledger's row, and so does this.
  LOCK TABLE ONLY lectern.emotion_sample IN ACCESS EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM lectern.rollup_dirty r WHERE r.session_day = expired_day) THEN
    RAISE SQLSTATE '55P03' USING MESSAGE = 'a day that was to expire is to be computed once more';
  END IF;
  EXECUTE format('DROP TABLE lectern.%I', v_name);
  UPDATE lectern.ingest_ledger l SET expired = l.expired + c.n
  FROM (SELECT u.ledger_id, sum(u.n)::bigint AS n FROM unnest(v_ledgers, v_counts) AS u (ledger_id, n)
        GROUP BY u.ledger_id) c
  WHERE l.ledger_id = c.ledger_id;
  SELECT coalesce(sum(n), 0) INTO removed FROM unnest(v_counts) AS n;
END
$$;
COMMENT ON FUNCTION lectern.expire_samples IS
  'Drops the oldest daily partition that is older than p_keep_days (15 at least) and counts its rows as expired. A null '
  'day: there is none, its sessions are dirty, or another aggregator is at it. 55P03: the table was in use; try later.';

CREATE FUNCTION lectern.oldest_sum_day(p_keep_months integer) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT least(
    ((clock_timestamp() AT TIME ZONE 'UTC')::date - make_interval(months => p_keep_months))::date,
    (SELECT min(CASE WHEN c.relname ~ '^emotion_sample_[0-9]{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') END)
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'lectern.emotion_sample'::regclass))
$$;
COMMENT ON FUNCTION lectern.oldest_sum_day IS
  'The first day whose sums are kept. Never later than the first day whose samples are.';

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
  'them; up to p_limit of what it said before that day of sessions that never opened; forgets the models of courses without any sum. Returns how many sessions went.';

COMMENT ON COLUMN lectern.ingest_ledger.erased IS 'Samples of this log deleted for erasures and revocations.';
COMMENT ON COLUMN lectern.ingest_ledger.expired IS 'Samples of this log dropped with their day.';

GRANT EXECUTE ON FUNCTION lectern.expire_samples, lectern.oldest_sum_day, lectern.expire_sessions TO lectern_aggregator;
