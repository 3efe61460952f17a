-- Moves a ledger on by a step, for store and apply_control.
CREATE FUNCTION lectern.advance_ledger(
  p_ledger integer, p_epoch bigint, p_expected bigint, p_next bigint, p_samples bigint, p_rejects bigint,
  p_duplicates bigint, p_applied bigint, p_skipped bigint, p_last_offset bigint, p_last_timestamp_ms bigint,
  p_last_id_hash bigint, p_last_leader_epoch integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE lectern.ingest_ledger l
  SET next_offset = p_next, samples = l.samples + p_samples, rejects = l.rejects + p_rejects,
      duplicates = l.duplicates + p_duplicates, applied = l.applied + p_applied, skipped = l.skipped + p_skipped,
      last_offset = coalesce(p_last_offset, l.last_offset),
      last_timestamp_ms = CASE WHEN p_last_offset IS NULL THEN l.last_timestamp_ms ELSE p_last_timestamp_ms END,
      last_id_hash = CASE WHEN p_last_offset IS NULL THEN l.last_id_hash ELSE p_last_id_hash END,
      last_leader_epoch = CASE WHEN p_last_offset IS NULL THEN l.last_leader_epoch ELSE p_last_leader_epoch END,
      updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.epoch = p_epoch AND l.next_offset = p_expected;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF001' USING MESSAGE = 'fenced: the ledger moved on or belongs to a newer claim';
  END IF;
  IF p_last_offset IS NOT NULL THEN
    PERFORM lectern.mark_ledger(p_ledger, p_last_offset, p_last_timestamp_ms, p_last_id_hash, p_last_leader_epoch);
  END IF;
END
$$;
