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
GRANT EXECUTE ON FUNCTION lectern.oldest_sum_day TO lectern_aggregator;
