CREATE FUNCTION lectern.retry_rejects(
  p_ledger integer, p_model integer, p_version_offset bigint[], p_version timestamptz[],
  p_offset bigint[], p_session_day date[], p_session bigint[], p_seq integer[], p_captured timestamptz[],
  p_course bigint[], p_learner uuid[], p_status smallint[], p_faces smallint[], p_quality smallint[],
  p_label smallint[], p_focused smallint[], p_distracted smallint[], p_curious smallint[], p_confused smallint[],
  p_tired smallint[], p_happy smallint[], p_media integer[], p_hint text[],
  p_same_offset bigint[], p_same_source text[], p_same_session text[], p_same_seq integer[],
  p_same_captured timestamptz[],
  p_reject_offset bigint[], p_reject_code text[], p_reject_detail text[],
  OUT samples bigint, OUT duplicates bigint, OUT rejects bigint, OUT untouched bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_now timestamptz;
  v_held bigint[];
  v_lost bigint[];
  v_codes text[];
  v_stored bigint[];
  v_same bigint[];
  v_reused bigint[];
  v_seen bigint[];
  v_changed bigint;
BEGIN
  samples := 0;
  duplicates := 0;
  rejects := 0;

  -- As in store: behind the lock, an erasure or revocation is either seen below, or will see these rows.
  LOCK TABLE lectern.privacy_lock IN ROW SHARE MODE;
  v_now := clock_timestamp();

  -- Only rows that nobody judged since they were read; locked in one order, so that two retries cannot wait in a
  -- circle.
  SELECT coalesce(array_agg(h.log_offset), '{}') INTO v_held
  FROM (
    SELECT r.log_offset
    FROM lectern.ingest_reject r
    JOIN unnest(p_version_offset, p_version) AS v (log_offset, at) ON v.log_offset = r.log_offset
    WHERE r.ledger_id = p_ledger AND r.rejected_at = v.at
    ORDER BY r.log_offset FOR UPDATE OF r) h;

  -- What lost its consent, its learner, or the session it was judged in.
  SELECT coalesce(array_agg(v.log_offset), '{}'), coalesce(array_agg(v.code), '{}') INTO v_lost, v_codes
  FROM (
    SELECT f.log_offset, CASE
      WHEN EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = f.learner AND e.cutoff >= f.captured_at)
        OR NOT EXISTS (SELECT FROM lectern.session n WHERE n.session_id = f.session_id) THEN 'erased'
      WHEN NOT EXISTS (SELECT FROM lectern.consent c
                       WHERE c.learner = f.learner AND c.scope = 'analytics' AND c.since <= f.captured_at)
        THEN 'no_consent'
      END AS code
    FROM unnest(p_offset, p_session, p_learner, p_captured) AS f (log_offset, session_id, learner, captured_at)
    WHERE f.log_offset = ANY (v_held)) v
  WHERE v.code IS NOT NULL;

  WITH added AS (
    INSERT INTO lectern.emotion_sample AS e (
      session_id, course_id, log_offset, captured_at, ingested_at, learner, session_day, seq, ledger_id, model_id,
      status, face_count, quality, label, p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy,
      media_pos_ms, segment_hint)
    SELECT f.session_id, f.course_id, f.log_offset, f.captured_at, v_now, f.learner, f.session_day, f.seq, p_ledger,
      p_model, f.status, f.faces, f.quality, f.label, f.p0, f.p1, f.p2, f.p3, f.p4, f.p5, f.media, f.hint
    FROM unnest(p_session, p_course, p_offset, p_captured, p_learner, p_session_day, p_seq, p_status, p_faces,
                p_quality, p_label, p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy, p_media, p_hint)
      AS f (session_id, course_id, log_offset, captured_at, learner, session_day, seq, status, faces, quality, label,
            p0, p1, p2, p3, p4, p5, media, hint)
    WHERE f.log_offset = ANY (v_held) AND f.log_offset <> ALL (v_lost)
    ORDER BY f.session_day, f.session_id, f.seq, f.log_offset
    ON CONFLICT DO NOTHING
    RETURNING e.log_offset
  )
  SELECT coalesce(array_agg(a.log_offset), '{}') INTO v_stored FROM added a;

  -- What met a stored sample of its identity, from wherever that came: the frame again, or its number used twice.
  SELECT coalesce(array_agg(m.log_offset) FILTER (WHERE m.same), '{}'),
    coalesce(array_agg(m.log_offset) FILTER (WHERE NOT m.same), '{}')
  INTO v_same, v_reused
  FROM (
    SELECT f.log_offset, e.captured_at = f.captured_at AS same
    FROM unnest(p_offset, p_session_day, p_session, p_seq, p_captured)
      AS f (log_offset, session_day, session_id, seq, captured_at)
    JOIN lectern.emotion_sample e
      ON e.session_day = f.session_day AND e.session_id = f.session_id AND e.seq = f.seq
    WHERE f.log_offset = ANY (v_held) AND f.log_offset <> ALL (v_lost) AND f.log_offset <> ALL (v_stored)) m;
  IF cardinality(v_lost) + cardinality(v_stored) + cardinality(v_same) + cardinality(v_reused)
    <> (SELECT count(*) FROM unnest(p_offset) AS f (log_offset) WHERE f.log_offset = ANY (v_held)) THEN
    RAISE SQLSTATE '40001' USING MESSAGE = 'a stored sample vanished while rejects were judged';
  END IF;

  -- What the caller found stored is a duplicate only while it is stored; else its reject stays as it is.
  SELECT coalesce(array_agg(f.log_offset), '{}') INTO v_seen
  FROM unnest(p_same_offset, p_same_source, p_same_session, p_same_seq, p_same_captured)
    AS f (log_offset, source, session, seq, captured_at)
  JOIN lectern.source s ON s.uri = f.source
  JOIN lectern.session n ON n.source_id = s.source_id AND n.external_id = f.session
  JOIN lectern.emotion_sample e
    ON e.session_day = n.session_day AND e.session_id = n.session_id AND e.seq = f.seq AND e.captured_at = f.captured_at
  WHERE f.log_offset = ANY (v_held);

  UPDATE lectern.ingest_reject r SET code = v.code, detail = v.detail, rejected_at = v_now
  FROM (
    SELECT f.log_offset, f.code, f.detail
    FROM unnest(p_reject_offset, p_reject_code, p_reject_detail) AS f (log_offset, code, detail)
    UNION ALL
    SELECT f.log_offset, f.code, 'at the time of storing' FROM unnest(v_lost, v_codes) AS f (log_offset, code)
    UNION ALL
    SELECT f.log_offset, 'sequence_reused', 'another capture time is stored' FROM unnest(v_reused) AS f (log_offset)
  ) v
  WHERE r.ledger_id = p_ledger AND r.log_offset = v.log_offset AND r.log_offset = ANY (v_held);
  GET DIAGNOSTICS rejects = ROW_COUNT;

  samples := cardinality(v_stored);
  duplicates := cardinality(v_same) + cardinality(v_seen);
  untouched := cardinality(p_version_offset) - samples - duplicates - rejects;
  IF samples + duplicates > 0 THEN
    DELETE FROM lectern.ingest_reject r
    WHERE r.ledger_id = p_ledger AND r.log_offset = ANY (v_stored || v_same || v_seen);
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    IF v_changed <> samples + duplicates THEN
      RAISE SQLSTATE '22023' USING MESSAGE = 'a reject was given two verdicts';
    END IF;
    INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
    SELECT DISTINCT f.course_id, f.session_day, f.session_id
    FROM unnest(p_offset, p_course, p_session_day, p_session) AS f (log_offset, course_id, session_day, session_id)
    WHERE f.log_offset = ANY (v_stored);
    -- Last, as in store. The offsets were taken long ago: next_offset and the sum of the counters stay.
    UPDATE lectern.ingest_ledger l
    SET samples = l.samples + retry_rejects.samples, duplicates = l.duplicates + retry_rejects.duplicates,
        rejects = l.rejects - retry_rejects.samples - retry_rejects.duplicates, updated_at = v_now
    WHERE l.ledger_id = p_ledger;
  END IF;
END
$$;
COMMENT ON FUNCTION lectern.retry_rejects IS
  'Replaces rejects by new verdicts as one transaction: a sample, a duplicate, or another reject. The version arrays name '
  'every reject that was judged and when it was written; one that somebody judged meanwhile stays untouched. Consent and '
  'erasure are checked again, and the counters move with the rows.';
GRANT EXECUTE ON FUNCTION lectern.retry_rejects TO lectern_ingest;
