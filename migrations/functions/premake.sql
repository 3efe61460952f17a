CREATE FUNCTION lectern.premake(OUT created integer, OUT last_day date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
  v_today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
  v_missing date[];
  v_day date;
  v_name text;
BEGIN
  created := 0;
  last_day := NULL;
  SELECT array_agg(d.day::date) INTO v_missing
  FROM generate_series(v_today - 14, v_today + 60, '1 day') AS d (day)
  WHERE to_regclass('lectern.emotion_sample_' || to_char(d.day, 'YYYYMMDD')) IS NULL;
  -- A frame's day may be any of these: where one of them is missing its samples cannot be stored, so whoever makes it
  -- is waited for, as is whoever keeps it from being made. Days that are further ahead have time.
  IF v_missing && ARRAY(SELECT generate_series(v_today - 14, v_today + 1, '1 day')::date) THEN
    PERFORM FROM lectern.turn t WHERE t.class = 'premake' FOR UPDATE;
  ELSE
    PERFORM FROM lectern.turn t WHERE t.class = 'premake' FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      v_missing := NULL;
    END IF;
  END IF;
  BEGIN
    FOREACH v_day IN ARRAY coalesce(v_missing, '{}') LOOP
      v_name := 'emotion_sample_' || to_char(v_day, 'YYYYMMDD');
      CONTINUE WHEN to_regclass('lectern.' || v_name) IS NOT NULL;
      -- CREATE … PARTITION OF would wait for every open SELECT on the parent, and everybody behind it.
      EXECUTE format('CREATE TABLE lectern.%I (LIKE lectern.emotion_sample INCLUDING ALL)', v_name);
      EXECUTE format('ALTER TABLE lectern.emotion_sample ATTACH PARTITION lectern.%I FOR VALUES FROM (%L) TO (%L)',
                     v_name, v_day, v_day + 1);
      created := created + 1;
    END LOOP;
  EXCEPTION WHEN lock_not_available THEN
    IF v_day <= v_today + 1 THEN RAISE; END IF;
    created := 0;
  END;
  SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) INTO last_day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'lectern.emotion_sample'::regclass;
END
$$;
COMMENT ON FUNCTION lectern.premake IS
  'Makes the daily partitions of emotion_sample from 14 days back to 60 days ahead. Any worker may call it at any time.';
GRANT EXECUTE ON FUNCTION lectern.premake TO lectern_ingest, lectern_aggregator;
