-- False if a newer event was applied before. Sessions are dirtied only if a segment or the frame interval changed.
CREATE FUNCTION lectern.apply_course(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer := lectern.source_key(p_event ->> 'source');
  v_time timestamptz := (p_event ->> 'time')::timestamptz;
  v_data jsonb := p_event -> 'data';
  v_interval integer := (v_data ->> 'frame_interval_ms')::integer;
  v_before integer;
  v_course bigint;
  v_changed bigint;
  v_retired bigint;
BEGIN
  SELECT c.frame_interval_ms INTO v_before
  FROM lectern.course c WHERE c.source_id = v_source AND c.external_id = v_data ->> 'id' FOR UPDATE;
  INSERT INTO lectern.course AS c (source_id, external_id, title, teachers, frame_interval_ms, event_time, event_id)
  VALUES (v_source, v_data ->> 'id', v_data ->> 'title',
          ARRAY(SELECT jsonb_array_elements_text(v_data -> 'teachers')), v_interval, v_time, p_event ->> 'id')
  ON CONFLICT (source_id, external_id) DO UPDATE
  SET title = excluded.title, teachers = excluded.teachers, frame_interval_ms = excluded.frame_interval_ms,
      event_time = excluded.event_time, event_id = excluded.event_id, updated_at = clock_timestamp()
  WHERE c.event_time <= excluded.event_time
  RETURNING c.course_id INTO v_course;
  IF v_course IS NULL THEN
    RETURN false;
  END IF;
  WITH given AS (
    SELECT s ->> 'id' AS external_id, s ->> 'title' AS title, (s ->> 'ordinal')::integer AS ordinal,
      (s ->> 'media_start_ms')::bigint AS media_start_ms, (s ->> 'media_end_ms')::bigint AS media_end_ms,
      (s ->> 'starts_at')::timestamptz AS starts_at, (s ->> 'ends_at')::timestamptz AS ends_at
    FROM jsonb_array_elements(v_data -> 'segments') AS s
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
  IF v_changed + v_retired > 0 OR v_interval IS DISTINCT FROM v_before THEN
    PERFORM lectern.dirty_sessions(v_course, NULL);
  END IF;
  RETURN true;
END
$$;
