CREATE FUNCTION lectern.accept_beginning(p_ledger integer, p_expected_first bigint, p_by text, OUT lost bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
BEGIN
  UPDATE lectern.ingest_ledger l
  SET lost = l.lost + l.first_offset, first_offset = 0, updated_at = clock_timestamp()
  WHERE l.ledger_id = p_ledger AND l.first_offset = p_expected_first AND p_expected_first > 0
  RETURNING p_expected_first INTO accept_beginning.lost;
  IF NOT FOUND THEN
    RAISE SQLSTATE 'LF003' USING MESSAGE = 'the ledger is not where it was when this was decided';
  END IF;
  PERFORM lectern.audit('ledger.accept_gap', p_by,
    jsonb_build_object('ledger', p_ledger, 'from', 0, 'to', p_expected_first));
END
$$;
COMMENT ON FUNCTION lectern.accept_beginning IS
  'Counts the offsets before a ledger''s first one as lost. Nothing moves for workers.';
