-- What operators decide: gaps in a log, logs that were made again, rejects that are judged once more, erasure by hand.
--
-- Each decision is one function and one transaction, and leaves a line in audit_log: who (the login, and the name the
-- command gives), when and what, without an id of the LMS.

CREATE FUNCTION lectern.audit(p_action text, p_by text, p_detail jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO lectern.audit_log (actor, action, detail)
  VALUES (session_user, p_action, p_detail || jsonb_build_object('by', p_by))
$$;

-- MARK: the ledger

CREATE FUNCTION lectern.accept_gap(
  p_ledger integer, p_expected_next bigint, p_begin bigint, p_by text, OUT lost bigint, OUT epoch bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
BEGIN
  UPDATE lectern.ingest_ledger l
  SET lost = l.lost + p_begin - l.next_offset, next_offset = p_begin, epoch = l.epoch + 1, updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.next_offset = p_expected_next AND p_begin > p_expected_next
  RETURNING p_begin - p_expected_next, l.epoch INTO accept_gap.lost, accept_gap.epoch;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF003' USING MESSAGE = 'the ledger is not where it was when this was decided';
  END IF;
  PERFORM lectern.audit('ledger.accept_gap', p_by,
    jsonb_build_object('ledger', p_ledger, 'from', p_expected_next, 'to', p_begin));
END
$$;
COMMENT ON FUNCTION lectern.accept_gap IS
  'Counts the offsets [p_expected_next, p_begin) as lost and goes on behind them. The epoch rises, so that a worker that '
  'holds the partition claims it again. LF003 if the ledger moved meanwhile.';

CREATE FUNCTION lectern.accept_beginning(p_ledger integer, p_expected_first bigint, p_by text, OUT lost bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
BEGIN
  UPDATE lectern.ingest_ledger l
  SET lost = l.lost + l.first_offset, first_offset = 0, updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.first_offset = p_expected_first AND p_expected_first > 0
  RETURNING p_expected_first INTO accept_beginning.lost;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF003' USING MESSAGE = 'the ledger is not where it was when this was decided';
  END IF;
  PERFORM lectern.audit('ledger.accept_gap', p_by,
    jsonb_build_object('ledger', p_ledger, 'from', 0, 'to', p_expected_first));
END
$$;
COMMENT ON FUNCTION lectern.accept_beginning IS
  'Counts the offsets before a ledger''s first one as lost. Nothing moves for workers.';

CREATE FUNCTION lectern.new_incarnation(
  p_ledger integer, p_expected_next bigint, p_first bigint, p_by text, OUT ledger_id integer, OUT incarnation integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
DECLARE
  v_old lectern.ingest_ledger;
BEGIN
  -- The old row's epoch rises: whoever holds it is fenced, claims again, and finds the new one.
  UPDATE lectern.ingest_ledger l SET epoch = l.epoch + 1, updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.next_offset = p_expected_next
    AND NOT EXISTS (SELECT FROM lectern.ingest_ledger n
                    WHERE n.cluster_id = l.cluster_id AND n.topic = l.topic AND n.partition = l.partition
                      AND n.incarnation > l.incarnation)
  RETURNING l.* INTO v_old;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF003' USING MESSAGE = 'the ledger is not where it was when this was decided';
  END IF;
  INSERT INTO lectern.ingest_ledger AS l (
    cluster_id, topic, incarnation, partition, consumer_group, first_offset, next_offset)
  VALUES (v_old.cluster_id, v_old.topic, v_old.incarnation + 1, v_old.partition, v_old.consumer_group, p_first, p_first)
  RETURNING l.ledger_id, l.incarnation INTO new_incarnation.ledger_id, new_incarnation.incarnation;
  PERFORM lectern.audit('ledger.new_incarnation', p_by,
    jsonb_build_object('ledger', p_ledger, 'new', new_incarnation.ledger_id, 'first', p_first));
END
$$;
COMMENT ON FUNCTION lectern.new_incarnation IS
  'Begins a new ledger for a log that was made again under its old name; the old row is kept. LF003 if it moved meanwhile.';

CREATE FUNCTION lectern.newest_ledgers(p_cluster text, p_topic text)
RETURNS TABLE (ledger_id integer, partition integer, next_offset bigint, last_offset bigint, last_timestamp_ms bigint,
               last_id_hash bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT ON (l.partition) l.ledger_id, l.partition, l.next_offset, l.last_offset, l.last_timestamp_ms,
    l.last_id_hash
  FROM lectern.ingest_ledger l WHERE l.cluster_id = p_cluster AND l.topic = p_topic
  ORDER BY l.partition, l.incarnation DESC
$$;
COMMENT ON FUNCTION lectern.newest_ledgers IS 'The ledgers of a topic as it is now: of each partition the newest incarnation.';

-- MARK: rejects, judged once more

CREATE FUNCTION lectern.rejects_to_judge(p_ledger integer, p_codes text[], p_after bigint, p_limit integer)
RETURNS TABLE (log_offset bigint, code text, record_timestamp timestamptz, rejected_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.log_offset, r.code, r.record_timestamp, r.rejected_at
  FROM lectern.ingest_reject r
  WHERE r.ledger_id = p_ledger AND r.log_offset > p_after AND (p_codes IS NULL OR r.code = ANY (p_codes))
  ORDER BY r.log_offset LIMIT p_limit
$$;
COMMENT ON FUNCTION lectern.rejects_to_judge IS
  'Rejects of one log behind an offset, of these codes or (null) of all. rejected_at is their version for retry_rejects.';

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
  PERFORM pg_advisory_xact_lock_shared(2, 0);
  v_now := clock_timestamp();

  -- Only rows that nobody judged since they were read; locked in one order, so that two retries cannot wait in a circle.
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
                       WHERE c.learner = f.learner AND c.scope = 'analytics' AND c.granted) THEN 'no_consent'
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

-- MARK: erasure

ALTER TABLE lectern.erasure
  ADD COLUMN sessions_removed bigint NOT NULL DEFAULT 0,
  ADD COLUMN forgotten_at timestamptz;
CREATE INDEX erasure_unforgotten ON lectern.erasure (erasure_id) WHERE reason = 'erasure' AND forgotten_at IS NULL;
COMMENT ON COLUMN lectern.erasure.forgotten_at IS
  'When the learner''s sessions were deleted too, after samples and sums were gone; never after a revocation.';

CREATE FUNCTION lectern.order_erasure(p_learner uuid, p_by text, OUT erasure_id bigint, OUT cutoff timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT e.erasure_id, e.cutoff INTO order_erasure.erasure_id, order_erasure.cutoff
  FROM lectern.erase_learner(p_learner) e;
  PERFORM lectern.audit('erase', p_by, jsonb_build_object('erasure', order_erasure.erasure_id));
END
$$;
COMMENT ON FUNCTION lectern.order_erasure IS 'erase_learner, with a line in audit_log.';

CREATE FUNCTION lectern.forget_sessions(OUT erasure_id bigint, OUT removed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_learner uuid;
  v_cutoff timestamptz;
BEGIN
  -- Without the lock first: mostly there is nothing to do.
  IF NOT EXISTS (SELECT FROM lectern.erasure e
                 WHERE e.reason = 'erasure' AND e.forgotten_at IS NULL AND NOT e.pending) THEN
    RETURN;
  END IF;
  -- Exclusively: a store that was judged in one of these sessions is either done, or looks for the session again.
  PERFORM pg_advisory_xact_lock(2, 0);
  SELECT e.erasure_id, e.learner, e.cutoff INTO forget_sessions.erasure_id, v_learner, v_cutoff
  FROM lectern.erasure e
  WHERE e.reason = 'erasure' AND e.forgotten_at IS NULL AND NOT e.pending
    AND NOT EXISTS (
      SELECT FROM lectern.session n
      WHERE n.learner = e.learner AND n.created_at <= e.cutoff
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
    WHERE n.learner = v_learner AND n.created_at <= v_cutoff
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

-- As in 0002, but for one line: now that sessions of erased learners are deleted, a frame of such a learner is stored only
-- while its session is there. Nobody else's frame pays for it.
CREATE OR REPLACE FUNCTION lectern.store(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_next bigint, p_skipped bigint, p_last_offset bigint,
  p_last_timestamp_ms bigint, p_last_id_hash bigint, p_known_duplicates bigint, p_model integer,
  p_offset bigint[], p_session_day date[], p_session bigint[], p_seq integer[], p_captured timestamptz[],
  p_course bigint[], p_learner uuid[], p_status smallint[], p_faces smallint[], p_quality smallint[],
  p_label smallint[], p_focused smallint[], p_distracted smallint[], p_curious smallint[], p_confused smallint[],
  p_tired smallint[], p_happy smallint[], p_media integer[], p_hint text[],
  p_reject_offset bigint[], p_reject_code text[], p_reject_detail text[], p_reject_time timestamptz[],
  OUT samples bigint, OUT rejects bigint, OUT duplicates bigint, OUT consent_lost bigint, OUT sequence_reused bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_now timestamptz;
  v_suspects uuid[];
  v_lost bigint[];
  v_codes text[];
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
    PERFORM pg_advisory_xact_lock_shared(2, 0);
    v_now := clock_timestamp();
    SELECT array_agg(d.learner) INTO v_suspects
    FROM (SELECT DISTINCT u.learner FROM unnest(p_learner) AS u (learner)) d
    WHERE NOT EXISTS (SELECT FROM lectern.consent c
                      WHERE c.learner = d.learner AND c.scope = 'analytics' AND c.granted)
      OR EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = d.learner);
    IF v_suspects IS NOT NULL THEN
      WITH verdict AS (
        SELECT f.log_offset, CASE
          WHEN EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = f.learner AND e.cutoff >= f.captured_at)
            THEN 'erased'
          WHEN NOT EXISTS (SELECT FROM lectern.consent c
                           WHERE c.learner = f.learner AND c.scope = 'analytics' AND c.granted) THEN 'no_consent'
          -- The session it was judged in was forgotten meanwhile, though the learner consents again.
          WHEN NOT EXISTS (SELECT FROM lectern.session n WHERE n.session_id = f.session_id) THEN 'erased'
          END AS code
        FROM unnest(p_offset, p_learner, p_captured, p_session) AS f (log_offset, learner, captured_at, session_id)
        WHERE f.learner = ANY (v_suspects)
      )
      SELECT array_agg(v.log_offset), array_agg(v.code), count(*) INTO v_lost, v_codes, consent_lost
      FROM verdict v WHERE v.code IS NOT NULL;
      IF consent_lost > 0 THEN
        PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, v_lost, v_codes,
          array_fill('at the time of storing'::text, ARRAY[consent_lost::integer]), NULL, v_now);
      END IF;
    END IF;

    -- (2) Samples. Hardly ever is one of them stored already (the worker has asked `resolve`), and ON CONFLICT makes
    -- every row cost 1.7 times as much: so it is the second try.
    BEGIN
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

    -- What was not inserted met a sample of the same identity, in the table or in this batch: a second delivery, or, with
    -- another capture time, a reused sequence number.
    v_missed := v_total - consent_lost - samples;
    IF v_missed > 0 THEN
      SELECT count(*) FILTER (WHERE m.same), count(*) FILTER (WHERE NOT m.same),
        array_agg(m.log_offset) FILTER (WHERE NOT m.same)
      INTO v_same, sequence_reused, v_reused
      FROM (
        SELECT f.log_offset, e.captured_at = f.captured_at AS same
        FROM unnest(p_offset, p_session_day, p_session, p_seq, p_captured)
          AS f (log_offset, session_day, session_id, seq, captured_at)
        JOIN lectern.emotion_sample e
          ON e.session_day = f.session_day AND e.session_id = f.session_id AND e.seq = f.seq
        WHERE (e.ledger_id, e.log_offset) <> (p_ledger, f.log_offset)
          AND (v_lost IS NULL OR f.log_offset <> ALL (v_lost))
      ) m;
      IF v_same + sequence_reused <> v_missed THEN
        PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);
        -- The sample that was in the way has gone meanwhile (erased): judge the whole batch again.
        RAISE SQLSTATE '40001' USING MESSAGE = 'a stored sample vanished while a batch was stored';
      END IF;
      IF sequence_reused > 0 THEN
        PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, v_reused,
          array_fill('sequence_reused'::text, ARRAY[sequence_reused::integer]),
          array_fill('another capture time is stored'::text, ARRAY[sequence_reused::integer]), NULL, v_now);
      END IF;
      duplicates := duplicates + v_same;
    END IF;
  END IF;

  -- (3) What the worker rejected.
  IF cardinality(p_reject_offset) > 0 THEN
    PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, p_reject_offset, p_reject_code, p_reject_detail,
      p_reject_time, coalesce(v_now, clock_timestamp()));
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
    p_last_offset, p_last_timestamp_ms, p_last_id_hash);
END
$$;

-- MARK: privileges

GRANT EXECUTE ON FUNCTION lectern.newest_ledgers, lectern.rejects_to_judge, lectern.retry_rejects TO lectern_ingest;
GRANT EXECUTE ON FUNCTION lectern.check_secret, lectern.order_erasure, lectern.forget_sessions TO lectern_aggregator;
