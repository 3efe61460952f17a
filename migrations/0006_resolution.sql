-- Frames are resolved by session, not one by one: what a batch asks of the database costs by its sessions, and a frame is
-- looked up alone only where its number is not above all that its session has stored. And epochs never come twice.

DROP FUNCTION lectern.resolve;

CREATE FUNCTION lectern.resolve_sessions(p_source text[], p_course text[], p_learner uuid[], p_session text[])
RETURNS TABLE (ordinal bigint, course_id bigint, consent boolean, erased_until timestamptz, session_id bigint,
               session_day date, session_learner uuid, session_course bigint, last_seq integer)
-- plpgsql, because it keeps its plan: planning over all partitions costs more than a batch. The plan is made when tables may
-- still be empty or without statistics, so it must not depend on them: every step is a look-up in an index.
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT f.ordinal, c.course_id,
    (SELECT t.granted FROM lectern.consent t WHERE t.learner = f.learner AND t.scope = 'analytics'),
    (SELECT max(e.cutoff) FROM lectern.erasure e WHERE e.learner = f.learner),
    n.session_id, n.session_day, n.learner, n.course_id, e.seq
  FROM unnest(p_source, p_course, p_learner, p_session) WITH ORDINALITY AS f (source, course, learner, session, ordinal)
  LEFT JOIN lectern.source s ON s.uri = f.source
  -- LIMIT keeps each of these one look-up by the whole key. As plain joins, without statistics, every session of a source
  -- was read for each one that was asked for, and every sample of a day.
  LEFT JOIN LATERAL (
    SELECT c.course_id FROM lectern.course c
    WHERE c.source_id = s.source_id AND c.external_id = f.course LIMIT 1) c ON true
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
  'What the database knows of the sessions of a batch, in the order given. consent is null if nothing was ever said; a frame '
  'captured up to erased_until is erased; no frame of a number above last_seq is stored, and null means that none is.';

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

-- The same holds for what a batch asks while it is stored: consent and erasure by learner, collisions by key.
ALTER FUNCTION lectern.store SET enable_seqscan = off;
ALTER FUNCTION lectern.store SET enable_hashjoin = off;
ALTER FUNCTION lectern.store SET enable_mergejoin = off;

-- MARK: claims

-- As in 0002, but for the epoch: it comes from the clock, so that no two states of a database ever hand out the same one. A
-- database that was restored from a backup gives its ledgers the same keys once more, and with epochs counted from 1 a
-- worker that held a ledger before would have taken another log's for it.
CREATE OR REPLACE FUNCTION lectern.claim(
  p_cluster text, p_topic text, p_incarnation integer, p_partition integer, p_group text, p_low bigint,
  OUT ledger_id integer, OUT incarnation integer, OUT epoch bigint, OUT next_offset bigint, OUT last_offset bigint,
  OUT last_timestamp_ms bigint, OUT last_id_hash bigint, OUT is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
DECLARE
  v_count bigint;
BEGIN
  incarnation := coalesce(p_incarnation, (
    SELECT max(l.incarnation) FROM lectern.ingest_ledger l
    WHERE l.cluster_id = p_cluster AND l.topic = p_topic AND l.partition = p_partition), 0);
  INSERT INTO lectern.ingest_ledger AS l (cluster_id, topic, incarnation, partition, consumer_group, first_offset, next_offset)
  VALUES (p_cluster, p_topic, claim.incarnation, p_partition, p_group, p_low, p_low)
  ON CONFLICT (cluster_id, topic, incarnation, partition) DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  is_new := v_count = 1;
  UPDATE lectern.ingest_ledger l
  SET epoch = greatest(l.epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
      updated_at = clock_timestamp()
  WHERE l.cluster_id = p_cluster AND l.topic = p_topic AND l.incarnation = claim.incarnation
    AND l.partition = p_partition AND l.consumer_group = p_group
  RETURNING l.ledger_id, l.epoch, l.next_offset, l.last_offset, l.last_timestamp_ms, l.last_id_hash
  INTO claim.ledger_id, claim.epoch, claim.next_offset, claim.last_offset, claim.last_timestamp_ms, claim.last_id_hash;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF002' USING MESSAGE = 'this log is read by another consumer group';
  END IF;
END
$$;
COMMENT ON COLUMN lectern.ingest_ledger.epoch IS
  'Raised by every claim, to the clock in microseconds since 1970; a store under an older epoch is fenced (LF001).';

GRANT EXECUTE ON FUNCTION lectern.resolve_sessions, lectern.stored_frames TO lectern_ingest;
