-- Raises LF001 unless the ledger is where the caller expects it: a row was in the way of a step because the same step,
-- or one of a newer claim, was stored before.
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
