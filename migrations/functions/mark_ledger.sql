-- Keeps a record that was stored as a mark, unless the last one is of this very second. For advance_ledger, which holds
-- the ledger's row.
--
-- A mark stays until 16 times as many came after it as the greatest power of two that divides its number: the latest 16
-- are all there, and of those before, eight for each doubling of age.
CREATE FUNCTION lectern.mark_ledger(p_ledger integer, p_offset bigint, p_timestamp_ms bigint, p_id_hash bigint,
  p_leader_epoch integer)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_newest lectern.ledger_mark;
  v_no bigint;
BEGIN
  SELECT m.* INTO v_newest
  FROM lectern.ledger_mark m WHERE m.ledger_id = p_ledger ORDER BY m.mark_no DESC LIMIT 1;
  -- A clock that was set back does not stop the marks.
  IF v_newest.marked_at BETWEEN v_now - interval '1 second' AND v_now THEN
    RETURN;
  END IF;
  v_no := coalesce(v_newest.mark_no, 0) + 1;
  INSERT INTO lectern.ledger_mark (ledger_id, mark_no, log_offset, timestamp_ms, id_hash, leader_epoch, marked_at)
  VALUES (p_ledger, v_no, p_offset, p_timestamp_ms, p_id_hash, p_leader_epoch, v_now);
  DELETE FROM lectern.ledger_mark m
  WHERE m.ledger_id = p_ledger AND v_no - m.mark_no >= 16 * (m.mark_no & -m.mark_no);
END
$$;
