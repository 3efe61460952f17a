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
GRANT EXECUTE ON FUNCTION lectern.rejects_to_judge TO lectern_ingest;
