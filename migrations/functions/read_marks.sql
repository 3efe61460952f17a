CREATE FUNCTION lectern.read_marks(p_ledgers integer[])
RETURNS TABLE (ledger_id integer, log_offset bigint, timestamp_ms bigint, id_hash bigint, leader_epoch integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m.ledger_id, m.log_offset, m.timestamp_ms, m.id_hash, m.leader_epoch
  FROM lectern.ledger_mark m WHERE m.ledger_id = ANY (p_ledgers) ORDER BY m.ledger_id, m.log_offset
$$;
GRANT EXECUTE ON FUNCTION lectern.read_marks TO lectern_ingest;
