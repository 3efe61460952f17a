CREATE FUNCTION lectern.keep_cohort_minimum(p_minimum integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE lectern.deployment d SET cohort_minimum = p_minimum WHERE d.cohort_minimum IS DISTINCT FROM p_minimum
$$;
COMMENT ON FUNCTION lectern.keep_cohort_minimum IS
  'Notes an aggregator''s cohort minimum. Before the first worker there is nowhere to.';
GRANT EXECUTE ON FUNCTION lectern.keep_cohort_minimum TO lectern_aggregator;
