-- Writes rejects. A coordinate that is taken means that the whole step was stored before, which the ledger then shows.
CREATE FUNCTION lectern.add_rejects(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_offset bigint[], p_code text[], p_detail text[],
  p_time timestamptz[], p_source text[], p_course text[], p_event text[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_count bigint;
BEGIN
  INSERT INTO lectern.ingest_reject (
    ledger_id, log_offset, code, detail, record_timestamp, source, course, event_id, rejected_at)
  SELECT p_ledger, r.log_offset, r.code, r.detail, r.at, r.source, r.course, r.event, p_now
  FROM unnest(p_offset, p_code, p_detail, p_time, p_source, p_course, p_event)
    AS r (log_offset, code, detail, at, source, course, event)
  ON CONFLICT (ledger_id, log_offset) DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count <> cardinality(p_offset) THEN
    PERFORM lectern.require_ledger(p_ledger, p_epoch, p_expected);
    RAISE SQLSTATE '23505' USING MESSAGE = 'a record of this log was rejected before';
  END IF;
END
$$;
