CREATE FUNCTION lectern.accept_gap(
  p_ledger integer, p_expected_next bigint, p_begin bigint, p_by text, OUT lost bigint, OUT epoch bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
BEGIN
  UPDATE lectern.ingest_ledger l
  SET lost = l.lost + p_begin - l.next_offset, next_offset = p_begin, epoch = l.epoch + 1, updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.next_offset = p_expected_next AND p_begin > p_expected_next
  RETURNING p_begin - p_expected_next, l.epoch INTO accept_gap.lost, accept_gap.epoch;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF003' USING MESSAGE = 'the ledger is not where it was when this was decided';
  END IF;
  PERFORM lectern.audit('ledger.accept_gap', p_by,
    jsonb_build_object('ledger', p_ledger, 'from', p_expected_next, 'to', p_begin));
END
$$;
COMMENT ON FUNCTION lectern.accept_gap IS
  'Counts the offsets [p_expected_next, p_begin) as lost and goes on behind them. The epoch rises, so that a worker that '
  'holds the partition claims it again. LF003 if the ledger moved meanwhile.';
