-- The caller holds the lock on the session's name (lock_batch). False if a newer event was applied before.
CREATE FUNCTION lectern.apply_session(p_event jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_source integer := lectern.source_key(p_event ->> 'source');
  v_data jsonb := p_event -> 'data';
  v_session bigint;
BEGIN
  INSERT INTO lectern.session_declaration AS d (source_id, external_id, frame_interval_ms, title, event_time, event_id)
  VALUES (v_source, v_data ->> 'id', (v_data ->> 'frame_interval_ms')::integer, v_data ->> 'title',
          (p_event ->> 'time')::timestamptz, p_event ->> 'id')
  ON CONFLICT (source_id, external_id) DO UPDATE
  SET frame_interval_ms = excluded.frame_interval_ms, title = excluded.title, event_time = excluded.event_time,
      event_id = excluded.event_id, updated_at = clock_timestamp()
  WHERE d.event_time <= excluded.event_time;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  SELECT n.session_id INTO v_session
  FROM lectern.session n WHERE n.source_id = v_source AND n.external_id = v_data ->> 'id';
  IF FOUND THEN
    PERFORM lectern.dirty_sessions(NULL, v_session);
  END IF;
  RETURN true;
END
$$;
