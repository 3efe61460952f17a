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
  PERFORM FROM lectern.turn t WHERE t.class = 'expiry' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
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
GRANT EXECUTE ON FUNCTION lectern.expire_samples TO lectern_aggregator;
