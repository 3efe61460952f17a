-- What workers and operators may do, as functions. lectern_ingest owns no table privilege: these are its whole world.
--
-- Advisory lock keys are (class, id), always taken in this order: 1 migrate (0) and premake (1), 2 privacy, 3 course.
-- READ COMMITTED is assumed throughout: each statement of a volatile function sees what was committed before it, which is
-- why a lock and the check it protects are never one statement.

-- MARK: partitions

CREATE FUNCTION lectern.premake(OUT created integer, OUT last_day date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
  v_today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
  v_day date;
  v_name text;
BEGIN
  created := 0;
  last_day := NULL;
  -- Somebody else is at it: there is nothing to wait for.
  IF pg_try_advisory_xact_lock(1, 1) THEN
    FOR v_day IN SELECT generate_series(v_today - 14, v_today + 60, '1 day')::date LOOP
      v_name := 'emotion_sample_' || to_char(v_day, 'YYYYMMDD');
      CONTINUE WHEN to_regclass('lectern.' || v_name) IS NOT NULL;
      -- CREATE … PARTITION OF would wait for every open SELECT on the parent, and everybody behind it.
      EXECUTE format('CREATE TABLE lectern.%I (LIKE lectern.emotion_sample INCLUDING ALL)', v_name);
      EXECUTE format('ALTER TABLE lectern.emotion_sample ATTACH PARTITION lectern.%I FOR VALUES FROM (%L) TO (%L)',
                     v_name, v_day, v_day + 1);
      created := created + 1;
    END LOOP;
  END IF;
  SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) INTO last_day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'lectern.emotion_sample'::regclass;
END
$$;
COMMENT ON FUNCTION lectern.premake IS
  'Makes the daily partitions of emotion_sample from 14 days back to 60 days ahead. Any worker may call it at any time.';

-- MARK: the deployment and models

CREATE FUNCTION lectern.check_secret(p_fingerprint text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO lectern.deployment (secret_fingerprint) VALUES (p_fingerprint) ON CONFLICT (singleton) DO NOTHING;
  RETURN EXISTS (SELECT FROM lectern.deployment d WHERE d.secret_fingerprint = p_fingerprint);
END
$$;
COMMENT ON FUNCTION lectern.check_secret IS
  'True if the pseudonym secret is this database''s; the first secret that asks becomes it.';

CREATE FUNCTION lectern.register_model(
  p_hash text, p_labels text[], p_trained boolean, p_calibration jsonb, p_evaluation jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_model integer;
BEGIN
  INSERT INTO lectern.model (hash, labels, trained, calibration, evaluation)
  VALUES (p_hash, p_labels, p_trained, p_calibration, p_evaluation)
  ON CONFLICT (hash) DO NOTHING;
  SELECT m.model_id INTO STRICT v_model FROM lectern.model m WHERE m.hash = p_hash;
  RETURN v_model;
END
$$;
COMMENT ON FUNCTION lectern.register_model IS 'Makes a model bundle known, once, and returns its key for samples.';

-- MARK: the ledger

CREATE FUNCTION lectern.claim(
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
  UPDATE lectern.ingest_ledger l SET epoch = l.epoch + 1, updated_at = clock_timestamp()
  WHERE l.cluster_id = p_cluster AND l.topic = p_topic AND l.incarnation = claim.incarnation
    AND l.partition = p_partition AND l.consumer_group = p_group
  RETURNING l.ledger_id, l.epoch, l.next_offset, l.last_offset, l.last_timestamp_ms, l.last_id_hash
  INTO claim.ledger_id, claim.epoch, claim.next_offset, claim.last_offset, claim.last_timestamp_ms, claim.last_id_hash;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF002' USING MESSAGE = 'this log is read by another consumer group';
  END IF;
END
$$;
COMMENT ON FUNCTION lectern.claim IS
  'Makes the caller the only one whose stores are taken for this log, from next_offset on. LF002 for another group''s log.';

CREATE FUNCTION lectern.read_ledgers(p_ledgers integer[])
RETURNS TABLE (ledger_id integer, epoch bigint, next_offset bigint, last_offset bigint, last_timestamp_ms bigint,
               last_id_hash bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT l.ledger_id, l.epoch, l.next_offset, l.last_offset, l.last_timestamp_ms, l.last_id_hash
  FROM lectern.ingest_ledger l WHERE l.ledger_id = ANY (p_ledgers) ORDER BY l.ledger_id
$$;

CREATE FUNCTION lectern.log_progress(p_cluster text, p_topic text)
RETURNS TABLE (partition integer, next_offset bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT ON (l.partition) l.partition, l.next_offset
  FROM lectern.ingest_ledger l WHERE l.cluster_id = p_cluster AND l.topic = p_topic
  ORDER BY l.partition, l.incarnation DESC
$$;
COMMENT ON FUNCTION lectern.log_progress IS 'How far a topic was applied, in the newest incarnation of each partition.';

-- The one way a ledger moves on. Nobody but store and apply_control may call it.
CREATE FUNCTION lectern.advance_ledger(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_next bigint, p_samples bigint, p_rejects bigint,
  p_duplicates bigint, p_applied bigint, p_skipped bigint, p_last_offset bigint, p_last_timestamp_ms bigint,
  p_last_id_hash bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE lectern.ingest_ledger l
  SET next_offset = p_next, samples = l.samples + p_samples, rejects = l.rejects + p_rejects,
      duplicates = l.duplicates + p_duplicates, applied = l.applied + p_applied, skipped = l.skipped + p_skipped,
      last_offset = coalesce(p_last_offset, l.last_offset),
      last_timestamp_ms = CASE WHEN p_last_offset IS NULL THEN l.last_timestamp_ms ELSE p_last_timestamp_ms END,
      last_id_hash = CASE WHEN p_last_offset IS NULL THEN l.last_id_hash ELSE p_last_id_hash END,
      updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.epoch = p_epoch AND l.next_offset = p_expected;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF001' USING MESSAGE = 'fenced: the ledger moved on or belongs to a newer claim';
  END IF;
END
$$;

-- Explains why rows were in the way: those of the same step, stored already or by a newer claim.
CREATE FUNCTION lectern.require_ledger(p_ledger integer, p_epoch bigint, p_expected bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM lectern.ingest_ledger l
                 WHERE l.ledger_id = p_ledger AND l.epoch = p_epoch AND l.next_offset = p_expected) THEN
    RAISE SQLSTATE 'LF001' USING MESSAGE = 'fenced: the ledger moved on or belongs to a newer claim';
  END IF;
END
$$;

-- Writes rejects. A coordinate that is taken means that the whole step was stored before, which the ledger then shows.
CREATE FUNCTION lectern.add_rejects(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_offset bigint[], p_code text[], p_detail text[],
  p_time timestamptz[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_count bigint;
BEGIN
  INSERT INTO lectern.ingest_reject (ledger_id, log_offset, code, detail, record_timestamp, rejected_at)
  SELECT p_ledger, r.log_offset, r.code, r.detail, r.at, p_now
  FROM unnest(p_offset, p_code, p_detail, p_time) AS r (log_offset, code, detail, at)
  ON CONFLICT (ledger_id, log_offset) DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count <> cardinality(p_offset) THEN
    PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);
    RAISE SQLSTATE '23505' USING MESSAGE = 'a record of this log was rejected before';
  END IF;
END
$$;

-- MARK: before recognition

CREATE FUNCTION lectern.resolve(
  p_source text[], p_course text[], p_learner uuid[], p_session text[], p_seq integer[], p_captured timestamptz[])
RETURNS TABLE (ordinal bigint, course_id bigint, consent boolean, erased boolean, session_id bigint, session_day date,
               session_learner uuid, session_course bigint, stored_captured_at timestamptz)
-- plpgsql, because it keeps its plan: planning over all partitions costs more than a batch.
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH frame AS MATERIALIZED (
    SELECT * FROM unnest(p_source, p_course, p_learner, p_session, p_seq, p_captured)
      WITH ORDINALITY AS f (source, course, learner, session, seq, captured_at, ordinal)
  ), known_source AS MATERIALIZED (
    SELECT s.uri, s.source_id FROM (SELECT DISTINCT source FROM frame) d JOIN lectern.source s ON s.uri = d.source
  ), known_course AS MATERIALIZED (
    SELECT d.source, d.course, c.course_id
    FROM (SELECT DISTINCT source, course FROM frame) d
    JOIN known_source s ON s.uri = d.source
    JOIN lectern.course c ON c.source_id = s.source_id AND c.external_id = d.course
  ), known_session AS MATERIALIZED (
    SELECT d.source, d.session, n.session_id, n.session_day, n.learner, n.course_id
    FROM (SELECT DISTINCT source, session FROM frame) d
    JOIN known_source s ON s.uri = d.source
    JOIN lectern.session n ON n.source_id = s.source_id AND n.external_id = d.session
  ), known_learner AS MATERIALIZED (
    SELECT d.learner,
      (SELECT c.granted FROM lectern.consent c WHERE c.learner = d.learner AND c.scope = 'analytics') AS consent,
      (SELECT max(e.cutoff) FROM lectern.erasure e WHERE e.learner = d.learner) AS cutoff
    FROM (SELECT DISTINCT learner FROM frame) d
  )
  SELECT f.ordinal, c.course_id, l.consent, coalesce(f.captured_at <= l.cutoff, false), n.session_id, n.session_day,
    n.learner, n.course_id, e.captured_at
  FROM frame f
  JOIN known_learner l ON l.learner = f.learner
  LEFT JOIN known_course c ON c.source = f.source AND c.course = f.course
  LEFT JOIN known_session n ON n.source = f.source AND n.session = f.session
  -- LIMIT keeps this a look-up in the one partition of the day; a hash join would read every sample there is.
  LEFT JOIN LATERAL (
    SELECT e.captured_at FROM lectern.emotion_sample e
    WHERE e.session_day = n.session_day AND e.session_id = n.session_id AND e.seq = f.seq LIMIT 1) e ON true
  ORDER BY f.ordinal;
END
$$;
COMMENT ON FUNCTION lectern.resolve IS
  'What the database knows of each frame of a batch, in the order given. consent is null if nothing was ever said.';

CREATE FUNCTION lectern.open_session(
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
  INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
  VALUES (v_source, p_session, (p_captured AT TIME ZONE 'UTC')::date, p_learner, p_course, p_interval_ms)
  ON CONFLICT (source_id, external_id) DO NOTHING;
  SELECT n.session_id, n.session_day, n.learner, n.course_id, n.frame_interval_ms
  INTO STRICT open_session.session_id, open_session.session_day, open_session.learner, open_session.course_id,
    open_session.frame_interval_ms
  FROM lectern.session n WHERE n.source_id = v_source AND n.external_id = p_session;
END
$$;
COMMENT ON FUNCTION lectern.open_session IS
  'Opens a session or finds the open one. verdict: open, or the reject code erased or no_consent and nothing was written. '
  'The caller compares learner and course.';

-- MARK: store

CREATE FUNCTION lectern.store(
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
          END AS code
        FROM unnest(p_offset, p_learner, p_captured) AS f (log_offset, learner, captured_at)
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
COMMENT ON FUNCTION lectern.store IS
  'Stores one batch of one log as one transaction. All sample arrays have one length, rows sorted by (session_day, '
  'session, seq, offset); p_known_duplicates are records the caller found stored and sends no row for. LF001 undoes everything if the ledger is not where the caller left it.';

-- MARK: control

CREATE FUNCTION lectern.source_key(p_uri text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer;
BEGIN
  SELECT s.source_id INTO v_source FROM lectern.source s WHERE s.uri = p_uri;
  IF NOT FOUND THEN
    INSERT INTO lectern.source (uri) VALUES (p_uri) ON CONFLICT (uri) DO NOTHING;
    SELECT s.source_id INTO STRICT v_source FROM lectern.source s WHERE s.uri = p_uri;
  END IF;
  RETURN v_source;
END
$$;

-- Dirties the sessions of a course, or one of them, as far as their samples live: older sums are frozen.
CREATE FUNCTION lectern.dirty_sessions(p_course bigint, p_session bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
  SELECT n.course_id, n.session_day, n.session_id
  FROM lectern.session n
  WHERE (n.course_id = p_course OR p_course IS NULL) AND (n.session_id = p_session OR p_session IS NULL)
    AND EXISTS (SELECT FROM lectern.emotion_sample e
                WHERE e.session_day = n.session_day AND e.session_id = n.session_id)
$$;

CREATE FUNCTION lectern.apply_course(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer := lectern.source_key(p_event ->> 'source');
  v_time timestamptz := (p_event ->> 'time')::timestamptz;
  v_course bigint;
  v_changed bigint;
  v_retired bigint;
BEGIN
  INSERT INTO lectern.course AS c (source_id, external_id, title, teachers, event_time, event_id)
  VALUES (v_source, p_event ->> 'course', p_event ->> 'title',
          ARRAY(SELECT jsonb_array_elements_text(p_event -> 'teachers')), v_time, p_event ->> 'id')
  ON CONFLICT (source_id, external_id) DO UPDATE
  SET title = excluded.title, teachers = excluded.teachers, event_time = excluded.event_time,
      event_id = excluded.event_id, updated_at = clock_timestamp()
  WHERE c.event_time <= excluded.event_time
  RETURNING c.course_id INTO v_course;
  IF v_course IS NULL THEN
    RETURN false;
  END IF;
  WITH given AS (
    SELECT s ->> 'id' AS external_id, s ->> 'title' AS title, (s ->> 'ordinal')::integer AS ordinal,
      (s ->> 'mediaStartMs')::bigint AS media_start_ms, (s ->> 'mediaEndMs')::bigint AS media_end_ms,
      (s ->> 'startsAt')::timestamptz AS starts_at, (s ->> 'endsAt')::timestamptz AS ends_at
    FROM jsonb_array_elements(p_event -> 'segments') AS s
  ), kept AS (
    INSERT INTO lectern.segment AS t (
      course_id, external_id, title, ordinal, media_start_ms, media_end_ms, starts_at, ends_at)
    SELECT v_course, g.* FROM given g
    ON CONFLICT (course_id, external_id) DO UPDATE
    SET title = excluded.title, ordinal = excluded.ordinal, media_start_ms = excluded.media_start_ms,
        media_end_ms = excluded.media_end_ms, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
        retired_at = NULL
    WHERE (t.title, t.ordinal, t.media_start_ms, t.media_end_ms, t.starts_at, t.ends_at, t.retired_at)
      IS DISTINCT FROM (excluded.title, excluded.ordinal, excluded.media_start_ms, excluded.media_end_ms,
                        excluded.starts_at, excluded.ends_at, NULL)
    RETURNING 1
  ), retired AS (
    UPDATE lectern.segment t SET retired_at = clock_timestamp()
    WHERE t.course_id = v_course AND t.retired_at IS NULL
      AND NOT EXISTS (SELECT FROM given g WHERE g.external_id = t.external_id)
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM retired) INTO v_changed, v_retired;
  IF v_changed + v_retired > 0 THEN
    PERFORM lectern.dirty_sessions(v_course, NULL);
  END IF;
  RETURN true;
END
$$;

CREATE FUNCTION lectern.apply_session(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer := lectern.source_key(p_event ->> 'source');
  v_session bigint;
BEGIN
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

-- The caller holds the privacy lock exclusively if the event revokes.
CREATE FUNCTION lectern.apply_consent(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_learner uuid := (p_event ->> 'learner')::uuid;
  v_granted boolean := (p_event ->> 'granted')::boolean;
  v_before boolean;
BEGIN
  SELECT c.granted INTO v_before
  FROM lectern.consent c WHERE c.learner = v_learner AND c.scope = p_event ->> 'scope' FOR UPDATE;
  INSERT INTO lectern.consent AS c (learner, scope, granted, event_time, event_id)
  VALUES (v_learner, p_event ->> 'scope', v_granted, (p_event ->> 'time')::timestamptz, p_event ->> 'id')
  ON CONFLICT (learner, scope) DO UPDATE
  SET granted = excluded.granted, event_time = excluded.event_time, event_id = excluded.event_id,
      recorded_at = clock_timestamp()
  WHERE c.event_time < excluded.event_time OR (c.event_time = excluded.event_time AND NOT excluded.granted);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF v_before AND NOT v_granted AND p_event ->> 'scope' = 'analytics' THEN
    INSERT INTO lectern.erasure (learner, reason, cutoff) VALUES (v_learner, 'revocation', clock_timestamp());
  END IF;
  RETURN true;
END
$$;

CREATE FUNCTION lectern.apply_control(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_next bigint, p_skipped bigint, p_last_offset bigint,
  p_last_timestamp_ms bigint, p_last_id_hash bigint, p_events jsonb,
  p_reject_offset bigint[], p_reject_code text[], p_reject_detail text[], p_reject_time timestamptz[],
  OUT applied bigint, OUT superseded bigint, OUT rejects bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_event jsonb;
  v_took boolean;
BEGIN
  applied := 0;
  superseded := 0;
  rejects := cardinality(p_reject_offset);
  IF p_ledger IS NOT NULL THEN
    PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);
  END IF;
  -- A revocation's cutoff is the clock under the exclusive lock: every store is then before it or sees it.
  IF jsonb_path_exists(p_events, '$[*] ? (@.kind == "consent" && @.granted == false)') THEN
    PERFORM pg_advisory_xact_lock(2, 0);
  END IF;
  -- In the order of the log. Control events are few, and what one does depends on those before it.
  FOR v_event IN SELECT e FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t (e, i) ORDER BY i LOOP
    v_took := CASE v_event ->> 'kind'
      WHEN 'course' THEN lectern.apply_course(v_event)
      WHEN 'session' THEN lectern.apply_session(v_event)
      WHEN 'consent' THEN lectern.apply_consent(v_event) END;
    IF v_took IS NULL THEN
      RAISE SQLSTATE '22023' USING MESSAGE = 'unknown kind of control event';
    END IF;
    applied := applied + 1;
    IF NOT v_took THEN
      superseded := superseded + 1;
    END IF;
  END LOOP;
  IF rejects > 0 AND p_ledger IS NOT NULL THEN
    PERFORM lectern.add_rejects(p_ledger, p_epoch, p_expected, p_reject_offset, p_reject_code, p_reject_detail,
      p_reject_time, clock_timestamp());
  END IF;
  IF p_ledger IS NOT NULL THEN
    PERFORM lectern.advance_ledger(p_ledger, p_epoch, p_expected, p_next, 0, rejects, 0, applied, p_skipped,
      p_last_offset, p_last_timestamp_ms, p_last_id_hash);
  END IF;
END
$$;
COMMENT ON FUNCTION lectern.apply_control IS
  'Applies course, session and consent events; the newest event time wins, ties go to revoke. With a ledger it follows '
  'the same rule as store; without (null) the events came from a file or over HTTP.';

-- MARK: erasure

CREATE FUNCTION lectern.erase_learner(p_learner uuid, OUT erasure_id bigint, OUT cutoff timestamptz)
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
  INSERT INTO lectern.erasure AS e (learner, reason, cutoff) VALUES (p_learner, 'erasure', erase_learner.cutoff)
  RETURNING e.erasure_id INTO erase_learner.erasure_id;
END
$$;
COMMENT ON FUNCTION lectern.erase_learner IS
  'Orders the erasure of a learner and withdraws every consent; erase_pending then deletes. A later grant counts again.';

CREATE FUNCTION lectern.erase_pending(
  p_limit integer, OUT erasure_id bigint, OUT removed bigint, OUT finished boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_learner uuid;
  v_cutoff timestamptz;
  v_sessions bigint[];
  v_touched bigint;
BEGIN
  SELECT e.erasure_id, e.learner, e.cutoff INTO erase_pending.erasure_id, v_learner, v_cutoff
  FROM lectern.erasure e WHERE e.pending ORDER BY e.erasure_id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  -- The learner's sessions first: the primary key then finds the samples without an index on the learner.
  WITH victim AS (
    SELECT e.session_day, e.session_id, e.seq
    FROM lectern.session n
    JOIN lectern.emotion_sample e ON e.session_day = n.session_day AND e.session_id = n.session_id
    WHERE n.learner = v_learner AND e.ingested_at <= v_cutoff
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
  SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM dirtied) INTO removed, v_touched;
  finished := removed < p_limit;
  UPDATE lectern.erasure e
  SET samples_removed = e.samples_removed + removed, sessions_touched = e.sessions_touched + v_touched,
      pending = NOT finished, completed_at = CASE WHEN finished THEN clock_timestamp() END
  WHERE e.erasure_id = erase_pending.erasure_id;
END
$$;
COMMENT ON FUNCTION lectern.erase_pending IS
  'Deletes up to p_limit samples of the oldest pending erasure and dirties their sessions. All null: nothing to do, or '
  'another aggregator is at it. Call again until it says so.';

-- MARK: privileges

GRANT EXECUTE ON FUNCTION lectern.premake, lectern.check_secret, lectern.register_model, lectern.claim,
  lectern.read_ledgers, lectern.log_progress, lectern.resolve, lectern.open_session, lectern.store,
  lectern.apply_control TO lectern_ingest;
GRANT EXECUTE ON FUNCTION lectern.erase_learner, lectern.erase_pending, lectern.premake TO lectern_aggregator;
