-- Every look-up of a batch goes through an index, whatever the statistics say: its plan may be made while tables are
-- empty.
CREATE FUNCTION lectern.store(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_next bigint, p_skipped bigint, p_last_offset bigint,
  p_last_timestamp_ms bigint, p_last_id_hash bigint, p_last_leader_epoch integer, p_known_duplicates bigint, p_model integer, p_has_repeats boolean,
  p_offset bigint[], p_session_day date[], p_session bigint[], p_seq integer[], p_captured timestamptz[],
  p_course bigint[], p_learner uuid[], p_status smallint[], p_faces smallint[], p_quality smallint[],
  p_label smallint[], p_focused smallint[], p_distracted smallint[], p_curious smallint[], p_confused smallint[],
  p_tired smallint[], p_happy smallint[], p_media integer[], p_hint text[], p_event text[],
  p_reject_offset bigint[], p_reject_code text[], p_reject_detail text[], p_reject_time timestamptz[],
  p_reject_source text[], p_reject_course text[], p_reject_event text[],
  OUT samples bigint, OUT rejects bigint, OUT duplicates bigint, OUT consent_lost bigint, OUT sequence_reused bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  v_now timestamptz;
  v_suspects uuid[];
  v_lost bigint[];
  v_codes text[];
  v_sources text[];
  v_courses text[];
  v_events text[];
  v_reused bigint[];
  v_total bigint := cardinality(p_offset);
  v_missed bigint;
  v_same bigint;
BEGIN
  samples := 0;
  rejects := 0;
  duplicates := p_known_duplicates;
  consent_lost := 0;
  sequence_reused := 0;

  -- A fenced caller learns it before it writes; what counts is the check at the end.
  PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);

  IF v_total > 0 THEN
    -- (1) Behind the lock, an erasure or revocation is either committed, and seen by the next statement, or will see
    -- these rows as ingested before its cutoff.
    LOCK TABLE lectern.privacy_lock IN ROW SHARE MODE;
    v_now := clock_timestamp();
    SELECT array_agg(d.learner) INTO v_suspects
    FROM (
      SELECT u.learner, min(u.captured_at) AS first
      FROM unnest(p_learner, p_captured) AS u (learner, captured_at) GROUP BY u.learner) d
    WHERE NOT EXISTS (SELECT FROM lectern.consent c
                      WHERE c.learner = d.learner AND c.scope = 'analytics' AND c.since <= d.first)
      OR EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = d.learner);
    IF v_suspects IS NOT NULL THEN
      WITH verdict AS (
        SELECT f.log_offset, f.course_id, f.event, CASE
          WHEN EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = f.learner AND e.cutoff >= f.captured_at)
            THEN 'erased'
          WHEN NOT EXISTS (SELECT FROM lectern.consent c
                           WHERE c.learner = f.learner AND c.scope = 'analytics' AND c.since <= f.captured_at)
            THEN 'no_consent'
          -- The session it was judged in was forgotten meanwhile, though the learner consents again.
          WHEN NOT EXISTS (SELECT FROM lectern.session n WHERE n.session_id = f.session_id) THEN 'erased'
          END AS code
        FROM unnest(p_offset, p_learner, p_captured, p_session, p_course, p_event)
          AS f (log_offset, learner, captured_at, session_id, course_id, event)
        WHERE f.learner = ANY (v_suspects)
      )
      SELECT array_agg(v.log_offset), array_agg(v.code), array_agg(s.uri), array_agg(c.external_id), array_agg(v.event),
        count(*)
      INTO v_lost, v_codes, v_sources, v_courses, v_events, consent_lost
      FROM verdict v
      LEFT JOIN lectern.course c ON c.course_id = v.course_id
      LEFT JOIN lectern.source s ON s.source_id = c.source_id
      WHERE v.code IS NOT NULL;
      IF consent_lost > 0 THEN
        PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, v_lost, v_codes,
          array_fill('at the time of storing'::text, ARRAY[consent_lost::integer]), NULL, v_sources, v_courses, v_events,
          v_now);
      END IF;
    END IF;

    -- (2) Samples. One of them is hardly ever stored already, since the worker has asked resolve_sessions and
    -- stored_frames, and ON CONFLICT makes every row cost 1.7 times as much: so it is the second try, or the only one
    -- where the batch itself has a key twice.
    BEGIN
      IF p_has_repeats THEN RAISE unique_violation; END IF;
      INSERT INTO lectern.emotion_sample (
        session_id, course_id, log_offset, captured_at, ingested_at, learner, session_day, seq, ledger_id, model_id,
        status, face_count, quality, label, p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy,
        media_pos_ms, segment_hint)
      SELECT f.session_id, f.course_id, f.log_offset, f.captured_at, v_now, f.learner, f.session_day, f.seq, p_ledger,
        p_model, f.status, f.faces, f.quality, f.label, f.p0, f.p1, f.p2, f.p3, f.p4, f.p5, f.media, f.hint
      FROM unnest(p_session, p_course, p_offset, p_captured, p_learner, p_session_day, p_seq, p_status, p_faces,
                  p_quality, p_label, p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy, p_media, p_hint)
        AS f (session_id, course_id, log_offset, captured_at, learner, session_day, seq, status, faces, quality, label,
              p0, p1, p2, p3, p4, p5, media, hint)
      WHERE v_lost IS NULL OR f.log_offset <> ALL (v_lost);
      GET DIAGNOSTICS samples = ROW_COUNT;
    EXCEPTION WHEN unique_violation THEN
      INSERT INTO lectern.emotion_sample (
        session_id, course_id, log_offset, captured_at, ingested_at, learner, session_day, seq, ledger_id, model_id,
        status, face_count, quality, label, p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy,
        media_pos_ms, segment_hint)
      SELECT f.session_id, f.course_id, f.log_offset, f.captured_at, v_now, f.learner, f.session_day, f.seq, p_ledger,
        p_model, f.status, f.faces, f.quality, f.label, f.p0, f.p1, f.p2, f.p3, f.p4, f.p5, f.media, f.hint
      FROM unnest(p_session, p_course, p_offset, p_captured, p_learner, p_session_day, p_seq, p_status, p_faces,
                  p_quality, p_label, p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy, p_media, p_hint)
        AS f (session_id, course_id, log_offset, captured_at, learner, session_day, seq, status, faces, quality, label,
              p0, p1, p2, p3, p4, p5, media, hint)
      WHERE v_lost IS NULL OR f.log_offset <> ALL (v_lost)
      ON CONFLICT DO NOTHING;
      GET DIAGNOSTICS samples = ROW_COUNT;
    END;

    -- What was not inserted met a sample of the same identity, in the table or in this batch: a second delivery, or,
    -- with another capture time, a reused sequence number.
    v_missed := v_total - consent_lost - samples;
    IF v_missed > 0 THEN
      SELECT count(*) FILTER (WHERE m.same), count(*) FILTER (WHERE NOT m.same),
        array_agg(m.log_offset) FILTER (WHERE NOT m.same), array_agg(s.uri) FILTER (WHERE NOT m.same),
        array_agg(c.external_id) FILTER (WHERE NOT m.same), array_agg(m.event) FILTER (WHERE NOT m.same)
      INTO v_same, sequence_reused, v_reused, v_sources, v_courses, v_events
      FROM (
        SELECT f.log_offset, f.course_id, f.event, e.captured_at = f.captured_at AS same
        FROM unnest(p_offset, p_session_day, p_session, p_seq, p_captured, p_course, p_event)
          AS f (log_offset, session_day, session_id, seq, captured_at, course_id, event)
        JOIN lectern.emotion_sample e
          ON e.session_day = f.session_day AND e.session_id = f.session_id AND e.seq = f.seq
        WHERE (e.ledger_id, e.log_offset) <> (p_ledger, f.log_offset)
          AND (v_lost IS NULL OR f.log_offset <> ALL (v_lost))
      ) m
      LEFT JOIN lectern.course c ON c.course_id = m.course_id
      LEFT JOIN lectern.source s ON s.source_id = c.source_id;
      IF v_same + sequence_reused <> v_missed THEN
        PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);
        -- The sample that was in the way has gone meanwhile (erased): judge the whole batch again.
        RAISE SQLSTATE '40001' USING MESSAGE = 'a stored sample vanished while a batch was stored';
      END IF;
      IF sequence_reused > 0 THEN
        PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, v_reused,
          array_fill('sequence_reused'::text, ARRAY[sequence_reused::integer]),
          array_fill('another capture time is stored'::text, ARRAY[sequence_reused::integer]), NULL, v_sources,
          v_courses, v_events, v_now);
      END IF;
      duplicates := duplicates + v_same;
    END IF;
  END IF;

  -- (3) What the worker rejected.
  IF cardinality(p_reject_offset) > 0 THEN
    PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, p_reject_offset, p_reject_code, p_reject_detail,
      p_reject_time, p_reject_source, p_reject_course, p_reject_event, coalesce(v_now, clock_timestamp()));
  END IF;
  rejects := cardinality(p_reject_offset) + consent_lost + sequence_reused;

  -- (4) What has to be computed again.
  IF samples > 0 THEN
    INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
    SELECT DISTINCT f.course_id, f.session_day, f.session_id
    FROM unnest(p_course, p_session_day, p_session) AS f (course_id, session_day, session_id);
  END IF;

  -- (5) The ledger, last, so that its row is locked for as short as can be. A fenced caller undoes everything.
  PERFORM lectern.advance_ledger(p_ledger, p_epoch, p_expected, p_next, samples, rejects, duplicates, 0, p_skipped,
    p_last_offset, p_last_timestamp_ms, p_last_id_hash, p_last_leader_epoch);
END
$$;
COMMENT ON FUNCTION lectern.store IS
  'Stores one batch of one log as one transaction. All sample arrays have one length, rows sorted by (session_day, '
  'session, seq, offset), but for p_event, which may be empty; p_has_repeats says that two of them have one key, '
  'p_known_duplicates are records the caller found stored and sends no row for. '
  'LF001 undoes everything if the ledger is not where the caller left it.';
GRANT EXECUTE ON FUNCTION lectern.store TO lectern_ingest;
